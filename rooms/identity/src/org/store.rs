//! The organisations' rows.

use db::{
    Db, Row, Tx, Val, Wall,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{OrgId, Problem, Result};

use super::Org;

db::statements! {
    /// One organisation.
    GET = "SELECT org_id, version, name, base_url, host, time_zone, currency, demo FROM org WHERE org_id = $1";
    /// Which organisation answers at a host. all organisations: the host picks one before any is known.
    AT_HOST = "SELECT org_id, version, name, base_url, host, time_zone, currency, demo FROM org WHERE host = $1";
    /// Every organisation by name. all organisations: the installation's own list, and who is the sole one.
    LIST = "SELECT org_id, version, name, base_url, host, time_zone, currency, demo FROM org \
            ORDER BY name, org_id LIMIT $1";
    /// How many there are. all organisations: set-up is open while there is none.
    COUNT = "SELECT COUNT(*) AS n FROM org";
    /// Adds one.
    ADD = "INSERT INTO org (org_id, version, name, base_url, host, time_zone, currency, demo) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Changes its facts.
    CHANGE = "UPDATE org SET version = $3, name = $4, base_url = $5, host = $6, time_zone = $7, currency = $8 \
              WHERE org_id = $1 AND version = $2";
}

/// What an organisation's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "org",
    key: "org_id",
    columns: &["version", "name", "base_url", "host", "time_zone", "currency", "demo"],
    rebuild: |after| rebuilt(after, |org: &Org| columns(org).split_off(1)),
};

fn read(row: &Row) -> Result<Org> {
    Ok(Org {
        id: row.get("org_id")?,
        version: row.get("version")?,
        name: row.get("name")?,
        base_url: row.get("base_url")?,
        host: row.get("host")?,
        time_zone: row.get("time_zone")?,
        currency: row.get("currency")?,
        demo: row.get("demo")?,
    })
}

/// One organisation.
///
/// # Errors
/// [`Problem::NotFound`] when there is none with this id.
pub async fn get(tx: &mut Tx, org: OrgId) -> Result<Org> {
    let row = tx.find(GET, &vals![org]).await?;
    row.as_ref().map(read).transpose()?.ok_or_else(|| Problem::not_found("the organisation"))
}

/// Most organisations one installation lists.
const MANY: u32 = 10_000;

/// All organisations of the installation by name, for the command line.
///
/// # Errors
/// As a read of the database.
pub async fn list(db: &Db) -> Result<Vec<Org>> {
    db::read!(db, Wall::All("the installation’s own list"), |tx| first(tx, MANY).await)
}

/// The first organisations of the installation by name; needs a transaction over all organisations.
pub(crate) async fn first(tx: &mut Tx, limit: u32) -> Result<Vec<Org>> {
    tx.all(LIST, &vals![limit]).await?.iter().map(read).collect()
}

/// How many organisations there are; needs a transaction over all organisations.
pub(crate) async fn count(tx: &mut Tx) -> Result<i64> {
    tx.one(COUNT, &[]).await?.get("n")
}

/// The organisation whose address has this host.
pub(crate) async fn at_host(tx: &mut Tx, host: &str) -> Result<Option<Org>> {
    tx.find(AT_HOST, &vals![host]).await?.as_ref().map(read).transpose()
}

fn columns(org: &Org) -> Vec<Val> {
    let row = vals![
        org.id,
        org.version,
        &org.name,
        org.base_url.as_deref(),
        org.host.as_deref(),
        &org.time_zone,
        org.currency,
        org.demo,
    ];
    row.to_vec()
}

pub(super) async fn insert(tx: &mut Tx, org: &Org) -> Result<()> {
    tx.execute(ADD, &columns(org)).await.map(drop)
}

pub(super) async fn update(tx: &mut Tx, before: i64, org: &Org) -> Result<u64> {
    let row = vals![
        org.id,
        before,
        org.version,
        &org.name,
        org.base_url.as_deref(),
        org.host.as_deref(),
        &org.time_zone,
        org.currency,
    ];
    tx.execute(CHANGE, &row).await
}
