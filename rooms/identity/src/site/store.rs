//! The sites' rows.

use db::{
    Row, Tx, Val,
    seal::{Record, Wanted},
    vals,
};
use kernel::{OrgId, Problem, Result, SiteId};
use serde::Deserialize as _;

use super::Site;

db::statements! {
    /// One site.
    GET = "SELECT id, version, name, code, time_zone, currency, beds, calendar FROM site \
           WHERE org_id = $1 AND id = $2";
    /// All sites by name.
    LIST = "SELECT id, version, name, code, time_zone, currency, beds, calendar FROM site \
            WHERE org_id = $1 ORDER BY name_key, id";
    /// The site with a folded name.
    BY_NAME = "SELECT id, version, name, code, time_zone, currency, beds, calendar FROM site \
               WHERE org_id = $1 AND name_key = $2";
    /// Adds one.
    ADD = "INSERT INTO site (org_id, id, version, name, name_key, code, time_zone, currency, beds, calendar) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Changes one.
    CHANGE = "UPDATE site SET version = $4, name = $5, name_key = $6, code = $7, time_zone = $8, currency = $9, \
              beds = $10, calendar = $11 WHERE org_id = $1 AND id = $2 AND version = $3";
}

/// What a site's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "site",
    key: "id",
    columns: &["id", "version", "name", "name_key", "code", "time_zone", "currency", "beds", "calendar"],
    rebuild: |after| {
        let site = Site::deserialize(after).map_err(Problem::bug)?;
        Ok(columns(&site)?.into_iter().map(Wanted::Is).collect())
    },
};

fn read(row: &Row) -> Result<Site> {
    let calendar: String = row.get("calendar")?;
    Ok(Site {
        id: row.get("id")?,
        version: row.get("version")?,
        name: row.get("name")?,
        code: row.get("code")?,
        time_zone: row.get("time_zone")?,
        currency: row.get("currency")?,
        beds: row.get("beds")?,
        calendar: serde_json::from_str(&calendar).map_err(Problem::bug)?,
    })
}

/// One site.
///
/// # Errors
/// [`Problem::NotFound`] when the organisation has none with this id.
pub async fn get(tx: &mut Tx, org: OrgId, id: SiteId) -> Result<Site> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(read).transpose()?.ok_or_else(|| Problem::not_found("the site"))
}

/// All sites of an organisation by name. Asks no permission: cut it down before showing it.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId) -> Result<Vec<Site>> {
    tx.all(LIST, &vals![org]).await?.iter().map(read).collect()
}

/// The site whose name is the same when folded (case, accents, width and blanks left aside).
///
/// # Errors
/// As [`Tx::find`].
pub async fn find_by_name(tx: &mut Tx, org: OrgId, name: &str) -> Result<Option<Site>> {
    tx.find(BY_NAME, &vals![org, kernel::fold(name)]).await?.as_ref().map(read).transpose()
}

fn calendar(site: &Site) -> Result<String> {
    serde_json::to_string(&site.calendar).map_err(Problem::bug)
}

fn columns(site: &Site) -> Result<Vec<Val>> {
    let row = vals![
        site.id,
        site.version,
        &site.name,
        kernel::fold(&site.name),
        site.code.as_deref(),
        &site.time_zone,
        site.currency,
        site.beds,
        calendar(site)?,
    ];
    Ok(row.to_vec())
}

pub(super) async fn insert(tx: &mut Tx, org: OrgId, site: &Site) -> Result<()> {
    let row: Vec<Val> = vals![org].into_iter().chain(columns(site)?).collect();
    tx.execute(ADD, &row).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, org: OrgId, before: i64, site: &Site) -> Result<u64> {
    let row = vals![
        org,
        site.id,
        before,
        site.version,
        &site.name,
        kernel::fold(&site.name),
        site.code.as_deref(),
        &site.time_zone,
        site.currency,
        site.beds,
        calendar(site)?,
    ];
    tx.execute(CHANGE, &row).await
}
