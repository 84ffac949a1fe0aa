//! Device types in the database.

use db::{
    Row, Tx, Val,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{OrgId, Problem, Result};

use super::{Codes, DeviceType, DeviceTypeId};
use crate::UsefulLife;

db::statements! {
    /// One device type.
    GET = "SELECT id, version, name, risk, product_code, gmdn, emdn, umdns, life_years, life_source FROM device_type \
           WHERE org_id = $1 AND id = $2";
    /// All device types, by name.
    LIST = "SELECT id, version, name, risk, product_code, gmdn, emdn, umdns, life_years, life_source FROM device_type \
            WHERE org_id = $1 ORDER BY name_key LIMIT $2";
    /// One by its name's key.
    BY_NAME = "SELECT id, version, name, risk, product_code, gmdn, emdn, umdns, life_years, life_source FROM device_type \
               WHERE org_id = $1 AND name_key = $2";
    /// Adds one.
    ADD = "INSERT INTO device_type (org_id, id, version, name, name_key, risk, product_code, gmdn, emdn, umdns, life_years, life_source) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE device_type SET version = $4, name = $5, name_key = $6, risk = $7, product_code = $8, \
              gmdn = $9, emdn = $10, umdns = $11, life_years = $12, life_source = $13 \
              WHERE org_id = $1 AND id = $2 AND version = $3";
}

/// What a device type's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "device_type",
    key: "id",
    columns: &[
        "id",
        "version",
        "name",
        "name_key",
        "risk",
        "product_code",
        "gmdn",
        "emdn",
        "umdns",
        "life_years",
        "life_source",
    ],
    rebuild: |after| rebuilt(after, columns),
};

fn columns(noun: &DeviceType) -> Vec<Val> {
    let mut all = vals![noun.id, noun.version].to_vec();
    all.extend(values(noun));
    all
}

/// The columns that a change writes.
fn values(noun: &DeviceType) -> Vec<Val> {
    let Codes { product_code, gmdn, emdn, umdns } = &noun.codes;
    let life = noun.useful_life.as_ref();
    vals![
        &noun.name,
        noun.key(),
        noun.risk.map(|r| r.code()),
        product_code.as_ref(),
        gmdn.as_ref(),
        emdn.as_ref(),
        umdns.as_ref(),
        life.map(|l| i64::from(l.years)),
        life.map(|l| &l.source)
    ]
    .to_vec()
}

fn from_row(row: &Row) -> Result<DeviceType> {
    let codes = Codes {
        product_code: row.get("product_code")?,
        gmdn: row.get("gmdn")?,
        emdn: row.get("emdn")?,
        umdns: row.get("umdns")?,
    };
    Ok(DeviceType {
        id: row.get("id")?,
        version: row.get("version")?,
        risk: row.parse_opt("risk")?,
        name: row.get("name")?,
        codes,
        useful_life: UsefulLife::from_row(row)?,
    })
}

/// One device type.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: DeviceTypeId) -> Result<DeviceType> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this device type"))
}

/// All device types by name, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, limit: u32) -> Result<Vec<DeviceType>> {
    tx.all(LIST, &vals![org, limit]).await?.iter().map(from_row).collect()
}

/// One by its name, in any spelling of case, accents and blanks.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_name(tx: &mut Tx, org: OrgId, name: &str) -> Result<Option<DeviceType>> {
    let row = tx.find(BY_NAME, &vals![org, kernel::fold(name)]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Adds one.
///
/// # Errors
/// A conflict when the name is taken.
pub async fn add(tx: &mut Tx, org: OrgId, noun: &DeviceType) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await.map(drop).map_err(|p| refusal(p, noun))
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; a conflict when the name is taken.
pub async fn change(tx: &mut Tx, org: OrgId, noun: &DeviceType) -> Result<()> {
    let mut vals = vals![org, noun.id, noun.version - 1, noun.version].to_vec();
    vals.extend(values(noun));
    if tx.execute(CHANGE, &vals).await.map_err(|p| refusal(p, noun))? == 1 {
        return Ok(());
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

fn refusal(problem: Problem, noun: &DeviceType) -> Problem {
    if problem.code() == db::UNIQUE {
        return Problem::invalid("name", format!("“{}” is already on record.", noun.name));
    }
    problem
}
