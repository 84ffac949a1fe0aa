//! Failed sign-ins, when people signed in, and how pages look to them.

use db::{Tx, vals};
use kernel::{Instant, OrgId, PersonId, Result};

use super::{Look, Tries, density_code};

db::statements! {
    /// Failures under a name.
    TRIES = "SELECT tries, last_at FROM sign_in_try WHERE org_id = $1 AND name = $2";
    /// Notes failures under a name.
    SET_TRIES = "INSERT INTO sign_in_try (org_id, name, tries, last_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (org_id, name) DO UPDATE SET tries = $3, last_at = $4";
    /// Forgets the failures under a name.
    NO_TRIES = "DELETE FROM sign_in_try WHERE org_id = $1 AND name = $2";
    /// Forgets failures that no longer count.
    FORGET = "DELETE FROM sign_in_try WHERE org_id = $1 AND last_at < $2";
    /// Notes a sign-in.
    SIGNED_IN = "INSERT INTO sign_in (org_id, person_id, first_at, last_at) VALUES ($1, $2, $3, $3) \
                 ON CONFLICT (org_id, person_id) DO UPDATE SET last_at = $3";
    /// When a person last signed in.
    LAST = "SELECT last_at FROM sign_in WHERE org_id = $1 AND person_id = $2";
    /// Keeps how pages look.
    LOOK = "INSERT INTO person_look (org_id, person_id, theme, density, single_keys) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (org_id, person_id) DO UPDATE SET theme = $3, density = $4, single_keys = $5";
}

pub(super) async fn tries(tx: &mut Tx, org: OrgId, name: &str) -> Result<Tries> {
    match tx.find(TRIES, &vals![org, name]).await? {
        Some(row) => Ok(Tries { count: row.get("tries")?, last_at: row.get("last_at")? }),
        None => Ok(Tries::NONE),
    }
}

pub(super) async fn set_tries(tx: &mut Tx, org: OrgId, name: &str, tries: Tries) -> Result<()> {
    tx.execute(SET_TRIES, &vals![org, name, tries.count, tries.last_at]).await.map(drop)
}

pub(super) async fn no_tries(tx: &mut Tx, org: OrgId, name: &str) -> Result<()> {
    tx.execute(NO_TRIES, &vals![org, name]).await.map(drop)
}

pub(super) async fn forget_tries(tx: &mut Tx, org: OrgId, before: Instant) -> Result<()> {
    tx.execute(FORGET, &vals![org, before]).await.map(drop)
}

pub(crate) async fn signed_in(tx: &mut Tx, org: OrgId, person: PersonId, at: Instant) -> Result<()> {
    tx.execute(SIGNED_IN, &vals![org, person, at]).await.map(drop)
}

pub(crate) async fn last_sign_in(tx: &mut Tx, org: OrgId, person: PersonId) -> Result<Option<Instant>> {
    tx.find(LAST, &vals![org, person]).await?.map(|row| row.get("last_at")).transpose()
}

pub(super) async fn look(tx: &mut Tx, org: OrgId, person: PersonId, look: Look) -> Result<()> {
    let row = vals![org, person, look.theme.value(), density_code(look.density), look.single_keys];
    tx.execute(LOOK, &row).await.map(drop)
}
