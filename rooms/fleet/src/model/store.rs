//! Models in the database.

use db::{
    Row, Tx, Val,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{OrgId, Problem, Result};

use super::{Model, ModelId};
use crate::CompanyId;

db::statements! {
    /// One model.
    GET = "SELECT id, version, name, company_id, type_id FROM model WHERE org_id = $1 AND id = $2";
    /// All models, by name.
    LIST = "SELECT id, version, name, company_id, type_id FROM model WHERE org_id = $1 ORDER BY name_key LIMIT $2";
    /// One by its maker and its name's key.
    BY_NAME = "SELECT id, version, name, company_id, type_id FROM model \
               WHERE org_id = $1 AND company_id = $2 AND name_key = $3";
    /// Adds one.
    ADD = "INSERT INTO model (org_id, id, version, name, name_key, company_id, type_id) VALUES ($1, $2, $3, $4, \
           $5, $6, $7)";
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE model SET version = $4, name = $5, name_key = $6, company_id = $7, type_id = $8 WHERE org_id \
              = $1 AND id = $2 AND version = $3";
    /// How many devices of a model are in service without a risk level of their own.
    BY_TYPE = "SELECT COUNT(*) AS n FROM device WHERE org_id = $1 AND model_id = $2 AND state = $3 AND risk IS NULL \
               AND removed_at IS NULL";
}

/// What a model's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "model",
    key: "id",
    columns: &["id", "version", "name", "name_key", "company_id", "type_id"],
    rebuild: |after| rebuilt(after, columns),
};

fn columns(noun: &Model) -> Vec<Val> {
    vals![noun.id, noun.version, &noun.name, noun.key(), noun.company, noun.device_type].to_vec()
}

fn from_row(row: &Row) -> Result<Model> {
    Ok(Model {
        id: row.get("id")?,
        version: row.get("version")?,
        company: row.get("company_id")?,
        device_type: row.get("type_id")?,
        name: row.get("name")?,
    })
}

/// One model.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: ModelId) -> Result<Model> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this model"))
}

/// All models by name, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, limit: u32) -> Result<Vec<Model>> {
    tx.all(LIST, &vals![org, limit]).await?.iter().map(from_row).collect()
}

/// One by its maker and its name, in any spelling of case, accents and blanks.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_name(tx: &mut Tx, org: OrgId, company: CompanyId, name: &str) -> Result<Option<Model>> {
    let row = tx.find(BY_NAME, &vals![org, company, kernel::fold(name)]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Adds one.
///
/// # Errors
/// A conflict when the name is taken.
pub async fn add(tx: &mut Tx, org: OrgId, noun: &Model) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await.map(drop).map_err(|p| refusal(p, noun))
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; a conflict when the name is taken.
pub async fn change(tx: &mut Tx, org: OrgId, noun: &Model) -> Result<()> {
    let vals = vals![
        org,
        noun.id,
        noun.version - 1,
        noun.version,
        &noun.name,
        noun.key(),
        noun.company,
        noun.device_type
    ];
    if tx.execute(CHANGE, &vals).await.map_err(|p| refusal(p, noun))? == 1 {
        return Ok(());
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

/// How many devices of a model are in service and have their risk level from its type, if from anywhere.
///
/// # Errors
/// As [`Tx::all`].
pub async fn in_service_by_type(tx: &mut Tx, org: OrgId, id: ModelId) -> Result<i64> {
    tx.one(BY_TYPE, &vals![org, id, crate::device::State::InService.code()]).await?.get("n")
}

fn refusal(problem: Problem, noun: &Model) -> Problem {
    if problem.code() == db::UNIQUE {
        return Problem::invalid("name", format!("“{}” is already on record for this maker.", noun.name));
    }
    problem
}
