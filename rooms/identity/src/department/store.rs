//! The departments' rows.

use std::collections::BTreeSet;

use db::{Row, Tx, vals};
use kernel::{DepartmentId, OrgId, Problem, Result, SiteId};
use uuid::Uuid;

use super::Department;

db::statements! {
    /// One department.
    GET = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre FROM department \
           WHERE org_id = $1 AND id = $2";
    /// All departments of a site, departments before units, then by name.
    LIST = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre FROM department \
            WHERE org_id = $1 AND site_id = $2 ORDER BY kind, name_key, id";
    /// All departments of the organisation.
    EVERY = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre FROM department \
             WHERE org_id = $1 ORDER BY site_id, kind, name_key, id";
    /// A department and the units below it; the tree has two levels.
    SUBTREE = "SELECT id FROM department WHERE org_id = $1 AND (id = $2 OR parent_id = $2)";
    /// The one with a folded name under a parent.
    BY_NAME = "SELECT id, version, site_id, parent_id, kind, name, code, cost_centre FROM department \
               WHERE org_id = $1 AND parent_key = $2 AND name_key = $3";
    /// Adds one.
    ADD = "INSERT INTO department (org_id, id, version, site_id, parent_id, parent_key, kind, name, name_key, \
           code, cost_centre) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Changes one.
    CHANGE = "UPDATE department SET version = $4, name = $5, name_key = $6, code = $7, cost_centre = $8 \
              WHERE org_id = $1 AND id = $2 AND version = $3";
}

fn read(row: &Row) -> Result<Department> {
    Ok(Department {
        id: row.get("id")?,
        version: row.get("version")?,
        site: row.get("site_id")?,
        parent: row.get("parent_id")?,
        kind: row.parse("kind")?,
        name: row.get("name")?,
        code: row.get("code")?,
        cost_centre: row.get("cost_centre")?,
    })
}

/// One department, if the organisation has it.
///
/// # Errors
/// As [`Tx::find`].
pub async fn find(tx: &mut Tx, org: OrgId, id: DepartmentId) -> Result<Option<Department>> {
    tx.find(GET, &vals![org, id]).await?.as_ref().map(read).transpose()
}

/// One department.
///
/// # Errors
/// [`Problem::NotFound`] when the organisation has none with this id.
pub async fn get(tx: &mut Tx, org: OrgId, id: DepartmentId) -> Result<Department> {
    find(tx, org, id).await?.ok_or_else(|| Problem::not_found("the department"))
}

/// All departments and units of a site, departments first, each kind by name. Asks no permission.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, site: SiteId) -> Result<Vec<Department>> {
    tx.all(LIST, &vals![org, site]).await?.iter().map(read).collect()
}

/// All departments and units of the organisation, site by site.
pub(crate) async fn all(tx: &mut Tx, org: OrgId) -> Result<Vec<Department>> {
    tx.all(EVERY, &vals![org]).await?.iter().map(read).collect()
}

/// The way to a department, outermost first and itself last.
///
/// # Errors
/// [`Problem::NotFound`] when the organisation has none with this id.
pub async fn path(tx: &mut Tx, org: OrgId, id: DepartmentId) -> Result<Vec<Department>> {
    let here = get(tx, org, id).await?;
    Ok(match here.parent {
        Some(parent) => vec![get(tx, org, parent).await?, here],
        None => vec![here],
    })
}

/// A department with all units below it: what a role held there reaches. Empty for an unknown id.
///
/// # Errors
/// As [`Tx::all`].
pub async fn subtree(tx: &mut Tx, org: OrgId, id: DepartmentId) -> Result<BTreeSet<DepartmentId>> {
    tx.all(SUBTREE, &vals![org, id]).await?.iter().map(|row| row.get("id")).collect()
}

fn parent_key(site: SiteId, parent: Option<DepartmentId>) -> Uuid {
    parent.map_or(site.uuid(), DepartmentId::uuid)
}

pub(super) async fn by_name(
    tx: &mut Tx,
    org: OrgId,
    site: SiteId,
    parent: Option<DepartmentId>,
    name: &str,
) -> Result<Option<Department>> {
    let row = tx.find(BY_NAME, &vals![org, parent_key(site, parent), kernel::fold(name)]).await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn insert(tx: &mut Tx, org: OrgId, department: &Department) -> Result<()> {
    let row = vals![
        org,
        department.id,
        department.version,
        department.site,
        department.parent,
        parent_key(department.site, department.parent),
        department.kind.code(),
        &department.name,
        kernel::fold(&department.name),
        department.code.as_deref(),
        department.cost_centre.as_deref(),
    ];
    tx.execute(ADD, &row).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, org: OrgId, before: i64, department: &Department) -> Result<u64> {
    let row = vals![
        org,
        department.id,
        before,
        department.version,
        &department.name,
        kernel::fold(&department.name),
        department.code.as_deref(),
        department.cost_centre.as_deref(),
    ];
    tx.execute(CHANGE, &row).await
}
