//! Views in the database.

use db::{
    Row, Tx, Val,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{OrgId, PersonId, Problem, Result};

use super::{View, ViewId};
use crate::device::list::Sort;

db::statements! {
    /// One view.
    GET = "SELECT id, version, name, query, sort, by_id, by_name, shared, removed FROM saved_view \
           WHERE org_id = $1 AND id = $2";
    /// The views of one person, by name.
    OWN = "SELECT id, version, name, query, sort, by_id, by_name, shared, removed FROM saved_view \
           WHERE org_id = $1 AND by_id = $2 AND NOT removed ORDER BY name_key, id LIMIT 200";
    /// The shared views, by name.
    SHARED = "SELECT id, version, name, query, sort, by_id, by_name, shared, removed FROM saved_view \
              WHERE org_id = $1 AND shared AND NOT removed ORDER BY name_key, id LIMIT 200";
    /// Adds one.
    ADD = "INSERT INTO saved_view (org_id, id, version, name, query, sort, by_id, by_name, shared, removed, name_key) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE saved_view SET version = $4, name = $5, query = $6, sort = $7, by_id = $8, by_name = $9, \
              shared = $10, removed = $11, name_key = $12 WHERE org_id = $1 AND id = $2 AND version = $3";
}

/// What a view's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "saved_view",
    key: "id",
    columns: &["id", "version", "name", "query", "sort", "by_id", "by_name", "shared", "removed", "name_key"],
    rebuild: |after| rebuilt(after, columns),
};

fn columns(noun: &View) -> Vec<Val> {
    vals![
        noun.id,
        noun.version,
        &noun.name,
        &noun.query,
        noun.sort.code(),
        noun.by,
        &noun.by_name,
        noun.shared,
        noun.removed,
        kernel::fold(&noun.name)
    ]
    .to_vec()
}

fn from_row(row: &Row) -> Result<View> {
    let sort: String = row.get("sort")?;
    Ok(View {
        id: row.get("id")?,
        version: row.get("version")?,
        name: row.get("name")?,
        query: row.get("query")?,
        sort: Sort::from_code(&sort),
        by: row.get("by_id")?,
        by_name: row.get("by_name")?,
        shared: row.get("shared")?,
        removed: row.get("removed")?,
    })
}

/// One view that was not removed.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: ViewId) -> Result<View> {
    let row = tx.find(GET, &vals![org, id]).await?;
    let view = row.as_ref().map(from_row).transpose()?.filter(|view| !view.removed);
    view.ok_or_else(|| Problem::not_found("this view"))
}

/// The views of one person, by name.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of(tx: &mut Tx, org: OrgId, person: PersonId) -> Result<Vec<View>> {
    tx.all(OWN, &vals![org, person]).await?.iter().map(from_row).collect()
}

/// The views that all see, by name.
///
/// # Errors
/// As [`Tx::all`].
pub async fn shared(tx: &mut Tx, org: OrgId) -> Result<Vec<View>> {
    tx.all(SHARED, &vals![org]).await?.iter().map(from_row).collect()
}

/// Adds one.
///
/// # Errors
/// Invalid when its person has one of this name.
pub async fn add(tx: &mut Tx, org: OrgId, noun: &View) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await.map(drop).map_err(|p| refusal(p, noun))
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; invalid when its person has one of this name.
pub async fn change(tx: &mut Tx, org: OrgId, noun: &View) -> Result<()> {
    let mut vals = vals![org, noun.id, noun.version - 1].to_vec();
    vals.extend(columns(noun).into_iter().skip(1));
    if tx.execute(CHANGE, &vals).await.map_err(|p| refusal(p, noun))? == 1 {
        return Ok(());
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

fn refusal(problem: Problem, noun: &View) -> Problem {
    if problem.code() == db::UNIQUE {
        return Problem::invalid(
            "name",
            format!("“{}” is already the name of a view. Choose another.", noun.name),
        );
    }
    problem
}
