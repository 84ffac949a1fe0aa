//! The tokens' rows.

use db::{
    Row, Tx,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{Instant, OrgId, PersonId, Problem, Result};
use serde::Serialize;

use super::{Listed, Token, TokenId};

db::statements! {
    /// Whose token this is, and what the door must know of them.
    HOLDER = "SELECT t.id, t.version, t.person_id, t.name, t.token_hash, t.permits, t.scopes, t.created_at, t.expires_at, \
              t.revoked_at, u.used_at, p.name AS person_name, p.active FROM api_token t \
              JOIN person p ON p.org_id = t.org_id AND p.id = t.person_id \
              LEFT JOIN api_token_use u ON u.org_id = t.org_id AND u.token_id = t.id \
              WHERE t.org_id = $1 AND t.token_hash = $2";
    /// One token.
    GET = "SELECT t.id, t.version, t.person_id, t.name, t.token_hash, t.permits, t.scopes, t.created_at, t.expires_at, \
           t.revoked_at, u.used_at, p.name AS person_name FROM api_token t \
           JOIN person p ON p.org_id = t.org_id AND p.id = t.person_id \
           LEFT JOIN api_token_use u ON u.org_id = t.org_id AND u.token_id = t.id \
           WHERE t.org_id = $1 AND t.id = $2";
    /// All tokens, the newest first.
    LIST = "SELECT t.id, t.version, t.person_id, t.name, t.token_hash, t.permits, t.scopes, t.created_at, t.expires_at, \
            t.revoked_at, u.used_at, p.name AS person_name FROM api_token t \
            JOIN person p ON p.org_id = t.org_id AND p.id = t.person_id \
            LEFT JOIN api_token_use u ON u.org_id = t.org_id AND u.token_id = t.id \
            WHERE t.org_id = $1 ORDER BY t.id DESC LIMIT $2";
    /// One person's tokens, the newest first.
    OF_PERSON = "SELECT t.id, t.version, t.person_id, t.name, t.token_hash, t.permits, t.scopes, t.created_at, t.expires_at, \
                 t.revoked_at, u.used_at, p.name AS person_name FROM api_token t \
                 JOIN person p ON p.org_id = t.org_id AND p.id = t.person_id \
                 LEFT JOIN api_token_use u ON u.org_id = t.org_id AND u.token_id = t.id \
                 WHERE t.org_id = $1 AND t.person_id = $2 ORDER BY t.id DESC LIMIT $3";
    /// Adds one.
    ADD = "INSERT INTO api_token (org_id, id, version, person_id, name, token_hash, permits, scopes, created_at, \
           expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)";
    /// Revokes one.
    REVOKE = "UPDATE api_token SET version = $4, revoked_at = $5 WHERE org_id = $1 AND id = $2 AND version = $3";
    /// Notes that one was used.
    USED = "INSERT INTO api_token_use (org_id, token_id, used_at) VALUES ($1, $2, $3) \
            ON CONFLICT (org_id, token_id) DO UPDATE SET used_at = $3";
}

/// What a token's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "api_token",
    key: "id",
    columns: &[
        "id",
        "version",
        "person_id",
        "name",
        "token_hash",
        "permits",
        "scopes",
        "created_at",
        "expires_at",
        "revoked_at",
    ],
    rebuild: |after| {
        rebuilt(after, |t: &Token| {
            vals![
                t.id,
                t.version,
                t.person,
                &t.name,
                bytes(&t.sha256),
                json(t.permits.as_ref()),
                json(t.scopes.as_ref()),
                t.created_at,
                t.expires_at,
                t.revoked_at
            ]
            .to_vec()
        })
    },
};

/// A list as its column holds it.
fn json<T: Serialize>(list: Option<&Vec<T>>) -> Option<String> {
    list.map(|list| serde_json::to_string(list).unwrap_or_default())
}

/// Hexadecimal digits as bytes.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

/// Most tokens a list reads.
pub(super) const READ: u32 = 10_000;

/// Whoever holds a token, good or not.
pub(crate) struct Holder {
    pub(crate) token: Token,
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) used_at: Option<Instant>,
}

fn read(row: &Row) -> Result<Token> {
    let list = |column: &str| row.get::<Option<String>>(column);
    Ok(Token {
        id: row.get("id")?,
        version: row.get("version")?,
        person: row.get("person_id")?,
        name: row.get("name")?,
        permits: list("permits")?.map(|t| serde_json::from_str(&t)).transpose().map_err(Problem::bug)?,
        scopes: list("scopes")?.map(|t| serde_json::from_str(&t)).transpose().map_err(Problem::bug)?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        revoked_at: row.get("revoked_at")?,
        sha256: row.get::<Vec<u8>>("token_hash")?.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

fn listed(row: &Row) -> Result<Listed> {
    Ok(Listed { token: read(row)?, person_name: row.get("person_name")?, used_at: row.get("used_at")? })
}

/// Whoever holds a token.
pub(crate) async fn holder(tx: &mut Tx, org: OrgId, hash: &[u8]) -> Result<Option<Holder>> {
    let Some(row) = tx.find(HOLDER, &vals![org, hash]).await? else { return Ok(None) };
    Ok(Some(Holder {
        token: read(&row)?,
        name: row.get("person_name")?,
        active: row.get("active")?,
        used_at: row.get("used_at")?,
    }))
}

pub(super) async fn get(tx: &mut Tx, org: OrgId, id: TokenId) -> Result<Listed> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(listed).transpose()?.ok_or_else(|| Problem::not_found("this token"))
}

pub(super) async fn list(tx: &mut Tx, org: OrgId) -> Result<Vec<Listed>> {
    tx.all(LIST, &vals![org, READ]).await?.iter().map(listed).collect()
}

pub(super) async fn of_person(tx: &mut Tx, org: OrgId, person: PersonId) -> Result<Vec<Listed>> {
    tx.all(OF_PERSON, &vals![org, person, READ]).await?.iter().map(listed).collect()
}

pub(super) async fn insert(tx: &mut Tx, org: OrgId, token: &Token) -> Result<()> {
    let row = vals![
        org,
        token.id,
        token.version,
        token.person,
        &token.name,
        bytes(&token.sha256),
        json(token.permits.as_ref()),
        json(token.scopes.as_ref()),
        token.created_at,
        token.expires_at,
    ];
    tx.execute(ADD, &row).await.map(drop)
}

pub(super) async fn revoke(tx: &mut Tx, org: OrgId, before: i64, token: &Token) -> Result<u64> {
    tx.execute(REVOKE, &vals![org, token.id, before, token.version, token.revoked_at]).await
}

pub(super) async fn used(tx: &mut Tx, org: OrgId, id: TokenId, at: Instant) -> Result<()> {
    tx.execute(USED, &vals![org, id, at]).await.map(drop)
}
