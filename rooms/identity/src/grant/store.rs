//! The grants' rows.

use db::{
    Row, Select, Tx, Val,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{OrgId, PersonId, Problem, Result, Scope};

use super::{GrantId, RoleGrant};

db::statements! {
    /// One grant of a person.
    GET = "SELECT id, version, person_id, role, scope_kind, scope_id, ended_at FROM role_grant \
           WHERE org_id = $1 AND person_id = $2 AND id = $3";
    /// What a person holds now.
    OF_PERSON = "SELECT id, version, person_id, role, scope_kind, scope_id, ended_at FROM role_grant \
                 WHERE org_id = $1 AND person_id = $2 AND ended_at IS NULL ORDER BY id";
    /// What a person holds or held.
    EVER = "SELECT id, version, person_id, role, scope_kind, scope_id, ended_at FROM role_grant \
            WHERE org_id = $1 AND person_id = $2 ORDER BY id DESC LIMIT 200";
    /// Everything held now.
    ACTIVE = "SELECT id, version, person_id, role, scope_kind, scope_id, ended_at FROM role_grant \
              WHERE org_id = $1 AND ended_at IS NULL ORDER BY id";
    /// Active people who are administrators of the whole organisation.
    ADMINISTRATORS = "SELECT COUNT(DISTINCT g.person_id) AS n FROM role_grant g JOIN person p \
                      ON p.org_id = g.org_id AND p.id = g.person_id WHERE g.org_id = $1 \
                      AND g.ended_at IS NULL AND g.role = $2 AND g.scope_kind = 'org' AND p.active";
    /// Adds one.
    ADD = "INSERT INTO role_grant (org_id, id, version, person_id, role, scope_kind, scope_id, ended_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Ends one.
    END = "UPDATE role_grant SET version = $4, ended_at = $5 \
           WHERE org_id = $1 AND id = $2 AND version = $3 AND ended_at IS NULL";
}

/// What a grant's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "role_grant",
    key: "id",
    columns: &["id", "version", "person_id", "role", "scope_kind", "scope_id", "ended_at"],
    rebuild: |after| rebuilt(after, columns),
};

fn columns(grant: &RoleGrant) -> Vec<Val> {
    let (kind, id) = parts(grant.scope);
    vals![grant.id, grant.version, grant.person, grant.role.code(), kind, id, grant.ended_at].to_vec()
}

/// Where the grant of a row stands.
pub(crate) fn scope_of(row: &Row) -> Result<Scope> {
    let kind: String = row.get("scope_kind")?;
    match (kind.as_str(), row.get::<Option<uuid::Uuid>>("scope_id")?) {
        ("org", None) => Ok(Scope::Org),
        ("site", Some(id)) => Ok(Scope::Site(kernel::Id::from_uuid(id))),
        ("department", Some(id)) => Ok(Scope::Department(kernel::Id::from_uuid(id))),
        _ => Err(Problem::bug(format!("a grant with the scope {kind}"))),
    }
}

fn read(row: &Row) -> Result<RoleGrant> {
    let scope = scope_of(row)?;
    Ok(RoleGrant {
        id: row.get("id")?,
        version: row.get("version")?,
        person: row.get("person_id")?,
        role: row.parse("role")?,
        scope,
        ended_at: row.get("ended_at")?,
    })
}

fn parts(scope: Scope) -> (&'static str, Option<uuid::Uuid>) {
    match scope {
        Scope::Org => ("org", None),
        Scope::Site(id) => ("site", Some(id.uuid())),
        Scope::Department(id) => ("department", Some(id.uuid())),
    }
}

pub(super) async fn get(tx: &mut Tx, org: OrgId, person: PersonId, id: GrantId) -> Result<RoleGrant> {
    let row = tx.find(GET, &vals![org, person, id]).await?;
    row.as_ref().map(read).transpose()?.ok_or_else(|| Problem::not_found("this role"))
}

/// What a person holds now.
pub(crate) async fn of_person(tx: &mut Tx, org: OrgId, person: PersonId) -> Result<Vec<RoleGrant>> {
    tx.all(OF_PERSON, &vals![org, person]).await?.iter().map(read).collect()
}

/// What a person holds or held, newest first.
pub(crate) async fn of_person_ever(tx: &mut Tx, org: OrgId, person: PersonId) -> Result<Vec<RoleGrant>> {
    tx.all(EVER, &vals![org, person]).await?.iter().map(read).collect()
}

/// What these people hold now.
pub(crate) async fn of_people(tx: &mut Tx, org: OrgId, people: &[PersonId]) -> Result<Vec<RoleGrant>> {
    let mut select = Select::new(
        "SELECT g.id, g.version, g.person_id, g.role, g.scope_kind, g.scope_id, g.ended_at FROM role_grant g",
        "g",
        org,
    );
    select.filter("g.ended_at IS NULL", []).one_of("g.person_id", people.iter().map(|id| (*id).into()));
    select.all(tx).await?.iter().map(read).collect()
}

/// Everything held now in the organisation.
pub(crate) async fn active(tx: &mut Tx, org: OrgId) -> Result<Vec<RoleGrant>> {
    tx.all(ACTIVE, &vals![org]).await?.iter().map(read).collect()
}

/// How many active people are administrators of the whole organisation.
pub(super) async fn administrators(tx: &mut Tx, org: OrgId) -> Result<i64> {
    tx.one(ADMINISTRATORS, &vals![org, kernel::Role::Administrator.code()]).await?.get("n")
}

pub(super) async fn insert(tx: &mut Tx, org: OrgId, grant: &RoleGrant) -> Result<()> {
    let row: Vec<Val> = vals![org].into_iter().chain(columns(grant)).collect();
    tx.execute(ADD, &row).await.map(drop)
}

pub(super) async fn end(tx: &mut Tx, org: OrgId, before: i64, grant: &RoleGrant) -> Result<u64> {
    tx.execute(END, &vals![org, grant.id, before, grant.version, grant.ended_at]).await
}
