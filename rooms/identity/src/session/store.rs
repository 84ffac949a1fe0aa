//! The sessions' rows.

use db::{Row, Tx, vals};
use kernel::{Instant, OrgId, PersonId, Result, Role, Scope};

use super::{IDLE, Session, SessionId};
use crate::grant;

db::statements! {
    /// Whose token this is, and what the door must know of them: a row for each role they hold, or one without.
    HOLDER = "SELECT s.id, s.seen_at, s.expires_at, p.id AS person_id, p.name, p.email, p.active, \
              p.must_change_password, l.theme, l.density, l.single_keys, g.role, g.scope_kind, g.scope_id \
              FROM session s \
              JOIN person p ON p.org_id = s.org_id AND p.id = s.person_id \
              LEFT JOIN person_look l ON l.org_id = s.org_id AND l.person_id = s.person_id \
              LEFT JOIN role_grant g ON g.org_id = s.org_id AND g.person_id = s.person_id AND g.ended_at IS NULL \
              WHERE s.org_id = $1 AND s.token_hash = $2 ORDER BY g.id";
    /// One person's sessions that are still good, the latest used first.
    LIST = "SELECT id, person_id, created_at, seen_at, expires_at, browser, address, token_hash FROM session \
            WHERE org_id = $1 AND person_id = $2 AND seen_at > $3 AND expires_at > $4 ORDER BY seen_at DESC, id";
    /// Begins one.
    ADD = "INSERT INTO session (org_id, token_hash, id, person_id, created_at, seen_at, expires_at, browser, \
           address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Notes that it was used.
    SEEN = "UPDATE session SET seen_at = $3 WHERE org_id = $1 AND token_hash = $2 AND seen_at < $3";
    /// Ends the one with a token.
    END_TOKEN = "DELETE FROM session WHERE org_id = $1 AND token_hash = $2";
    /// Ends one of a person's.
    END_ONE = "DELETE FROM session WHERE org_id = $1 AND person_id = $2 AND id = $3";
    /// Ends all of a person's but one.
    END_ALL = "DELETE FROM session WHERE org_id = $1 AND person_id = $2 AND token_hash <> $3";
    /// Forgets a person's sessions that have ended by themselves.
    FORGET = "DELETE FROM session WHERE org_id = $1 AND person_id = $2 AND (seen_at <= $3 OR expires_at <= $4)";
}

/// Whoever holds a token.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) active: bool,
    pub(crate) must_change_password: bool,
    pub(crate) theme: Option<String>,
    pub(crate) density: Option<String>,
    pub(crate) single_keys: Option<bool>,
    pub(crate) seen_at: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) roles: Vec<(Role, Scope)>,
}

/// Whoever holds a token, good or not.
pub(crate) async fn holder(tx: &mut Tx, org: OrgId, token_hash: &[u8]) -> Result<Option<Holder>> {
    let rows = tx.all(HOLDER, &vals![org, token_hash]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut roles = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(role) = row.parse_opt("role")? {
            roles.push((role, grant::scope_of(row)?));
        }
    }
    Ok(Some(Holder {
        person: row.get("person_id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        active: row.get("active")?,
        must_change_password: row.get("must_change_password")?,
        theme: row.get("theme")?,
        density: row.get("density")?,
        single_keys: row.get("single_keys")?,
        seen_at: row.get("seen_at")?,
        expires_at: row.get("expires_at")?,
        roles,
    }))
}

fn read(row: &Row) -> Result<(Session, Vec<u8>)> {
    let session = Session {
        id: row.get("id")?,
        person: row.get("person_id")?,
        created_at: row.get("created_at")?,
        seen_at: row.get("seen_at")?,
        expires_at: row.get("expires_at")?,
        browser: row.get("browser")?,
        address: row.get("address")?,
    };
    Ok((session, row.get("token_hash")?))
}

pub(super) async fn list(
    tx: &mut Tx,
    org: OrgId,
    person: PersonId,
    at: Instant,
) -> Result<Vec<(Session, Vec<u8>)>> {
    tx.all(LIST, &vals![org, person, at.plus_seconds(-IDLE), at]).await?.iter().map(read).collect()
}

pub(super) async fn insert(tx: &mut Tx, org: OrgId, hash: &[u8], session: &Session) -> Result<()> {
    let row = vals![
        org,
        hash,
        session.id,
        session.person,
        session.created_at,
        session.seen_at,
        session.expires_at,
        &session.browser,
        &session.address,
    ];
    tx.execute(ADD, &row).await.map(drop)
}

pub(super) async fn seen(tx: &mut Tx, org: OrgId, hash: &[u8], at: Instant) -> Result<u64> {
    tx.execute(SEEN, &vals![org, hash, at]).await
}

pub(super) async fn end_token(tx: &mut Tx, org: OrgId, hash: &[u8]) -> Result<u64> {
    tx.execute(END_TOKEN, &vals![org, hash]).await
}

pub(super) async fn end_one(tx: &mut Tx, org: OrgId, person: PersonId, id: SessionId) -> Result<u64> {
    tx.execute(END_ONE, &vals![org, person, id]).await
}

pub(super) async fn end_all(tx: &mut Tx, org: OrgId, person: PersonId, but: &[u8]) -> Result<u64> {
    tx.execute(END_ALL, &vals![org, person, but]).await
}

pub(super) async fn forget_ended(tx: &mut Tx, org: OrgId, person: PersonId, at: Instant) -> Result<u64> {
    tx.execute(FORGET, &vals![org, person, at.plus_seconds(-IDLE), at]).await
}
