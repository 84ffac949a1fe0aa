//! Companies in the database.

use db::{
    Row, Tx, Val,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{OrgId, Problem, Result};

use super::{Company, CompanyId};

db::statements! {
    /// One company.
    GET = "SELECT id, version, name FROM company WHERE org_id = $1 AND id = $2";
    /// All companies, by name.
    LIST = "SELECT id, version, name FROM company WHERE org_id = $1 ORDER BY name_key LIMIT $2";
    /// One by its name's key.
    BY_NAME = "SELECT id, version, name FROM company WHERE org_id = $1 AND name_key = $2";
    /// Adds one.
    ADD = "INSERT INTO company (org_id, id, version, name, name_key) VALUES ($1, $2, $3, $4, $5)";
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE company SET version = $4, name = $5, name_key = $6 WHERE org_id = $1 AND id = $2 AND version \
              = $3";
}

/// What a company's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "company",
    key: "id",
    columns: &["id", "version", "name", "name_key"],
    rebuild: |after| rebuilt(after, columns),
};

fn columns(noun: &Company) -> Vec<Val> {
    vals![noun.id, noun.version, &noun.name, noun.key()].to_vec()
}

fn from_row(row: &Row) -> Result<Company> {
    Ok(Company { id: row.get("id")?, version: row.get("version")?, name: row.get("name")? })
}

/// One company.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: CompanyId) -> Result<Company> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this company"))
}

/// All companies by name, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, limit: u32) -> Result<Vec<Company>> {
    tx.all(LIST, &vals![org, limit]).await?.iter().map(from_row).collect()
}

/// One by its name, in any spelling of case, accents and blanks.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_name(tx: &mut Tx, org: OrgId, name: &str) -> Result<Option<Company>> {
    let row = tx.find(BY_NAME, &vals![org, kernel::fold(name)]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Adds one.
///
/// # Errors
/// A conflict when the name is taken.
pub async fn add(tx: &mut Tx, org: OrgId, noun: &Company) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await.map(drop).map_err(|p| refusal(p, noun))
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; a conflict when the name is taken.
pub async fn change(tx: &mut Tx, org: OrgId, noun: &Company) -> Result<()> {
    let vals = vals![org, noun.id, noun.version - 1, noun.version, &noun.name, noun.key()];
    if tx.execute(CHANGE, &vals).await.map_err(|p| refusal(p, noun))? == 1 {
        return Ok(());
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

fn refusal(problem: Problem, noun: &Company) -> Problem {
    if problem.code() == db::UNIQUE {
        return Problem::invalid("name", format!("“{}” is already on record.", noun.name));
    }
    problem
}
