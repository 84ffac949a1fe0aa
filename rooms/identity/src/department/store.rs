//! The departments' statements.

use std::collections::BTreeSet;

use db::{Select, Tx, seal::Record, vals};
use kernel::{DepartmentId, OrgId, Result, SiteId};

use super::Department;
use crate::tree::{self, Node as _, parent_key};

db::statements! {
    /// One department.
    GET = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre, closed_at FROM department \
           WHERE org_id = $1 AND id = $2";
    /// All departments of a site, departments before units, then by name.
    LIST = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre, closed_at FROM department \
            WHERE org_id = $1 AND site_id = $2 ORDER BY kind, name_key, id";
    /// All departments of the organisation.
    EVERY = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre, closed_at FROM department \
             WHERE org_id = $1 ORDER BY site_id, kind, name_key, id";
    /// A department and the units below it; the tree has two levels.
    SUBTREE = "SELECT id FROM department WHERE org_id = $1 AND (id = $2 OR parent_id = $2)";
    /// The one with a folded name under a parent.
    BY_NAME = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre, closed_at FROM department \
               WHERE org_id = $1 AND parent_key = $2 AND name_key = $3";
    /// Adds one.
    ADD = "INSERT INTO department (org_id, id, version, site_id, parent_id, parent_key, kind, name, name_key, code, \
           closed_at, cost_centre) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Changes one.
    CHANGE = "UPDATE department SET version = $3, site_id = $4, parent_id = $5, parent_key = $6, kind = $7, \
              name = $8, name_key = $9, code = $10, closed_at = $11, cost_centre = $12 \
              WHERE org_id = $1 AND id = $2 AND version = $13";
}

/// What a row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "department",
    key: "id",
    columns: &[
        "id",
        "version",
        "site_id",
        "parent_id",
        "parent_key",
        "kind",
        "name",
        "name_key",
        "code",
        "closed_at",
        "cost_centre",
    ],
    rebuild: tree::rebuild::<Department>,
};

/// All departments and units of the organisation, site by site.
pub(crate) async fn all(tx: &mut Tx, org: OrgId) -> Result<Vec<Department>> {
    tx.all(EVERY, &vals![org]).await?.iter().map(Department::read).collect()
}

/// These departments, and the ones that those of them that are units belong to.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn with_parents(tx: &mut Tx, org: OrgId, ids: &[DepartmentId]) -> Result<Vec<Department>> {
    let found = these(tx, org, ids).await?;
    let above: BTreeSet<DepartmentId> = found.iter().filter_map(|department| department.parent).collect();
    let above: Vec<DepartmentId> = above.into_iter().filter(|id| !ids.contains(id)).collect();
    Ok(found.into_iter().chain(these(tx, org, &above).await?).collect())
}

async fn these(tx: &mut Tx, org: OrgId, ids: &[DepartmentId]) -> Result<Vec<Department>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = Select::new(
        "SELECT d.id, d.version, d.site_id, d.parent_id, d.kind, d.name, d.code, d.cost_centre, d.closed_at \
         FROM department d",
        "d",
        org,
    );
    select.one_of("d.id", ids.iter().map(|id| (*id).into()));
    select.all(tx).await?.iter().map(Department::read).collect()
}

/// A department with all units below it: what a role held there reaches. Empty for an unknown id.
///
/// # Errors
/// As [`Tx::all`].
pub async fn subtree(tx: &mut Tx, org: OrgId, id: DepartmentId) -> Result<BTreeSet<DepartmentId>> {
    tx.all(SUBTREE, &vals![org, id]).await?.iter().map(|row| row.get("id")).collect()
}

pub(super) async fn by_name(
    tx: &mut Tx,
    org: OrgId,
    site: SiteId,
    parent: Option<DepartmentId>,
    name: &str,
) -> Result<Option<Department>> {
    let row = tx.find(BY_NAME, &vals![org, parent_key(site, parent), kernel::fold(name)]).await?;
    row.as_ref().map(Department::read).transpose()
}
