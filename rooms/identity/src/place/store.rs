//! The places' rows.

use db::{Row, Tx, vals};
use kernel::{OrgId, Problem, Result, SiteId};
use uuid::Uuid;

use super::{Place, PlaceId, PlaceKind};

db::statements! {
    /// One place.
    GET = "SELECT id, version, site_id, parent_id, kind, name, code FROM place WHERE org_id = $1 AND id = $2";
    /// All places of a site, kind by kind from the outside in, then by name.
    LIST = "SELECT id, version, site_id, parent_id, kind, name, code FROM place \
            WHERE org_id = $1 AND site_id = $2 ORDER BY kind, name_key, id";
    /// The place of a kind with a folded name under a parent.
    BY_NAME = "SELECT id, version, site_id, parent_id, kind, name, code FROM place \
               WHERE org_id = $1 AND parent_key = $2 AND kind = $3 AND name_key = $4";
    /// Adds one.
    ADD = "INSERT INTO place (org_id, id, version, site_id, parent_id, parent_key, kind, name, name_key, code) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Gives one another name and code.
    RENAME = "UPDATE place SET version = $4, name = $5, name_key = $6, code = $7 \
              WHERE org_id = $1 AND id = $2 AND version = $3";
}

fn read(row: &Row) -> Result<Place> {
    Ok(Place {
        id: row.get("id")?,
        version: row.get("version")?,
        site: row.get("site_id")?,
        parent: row.get("parent_id")?,
        kind: row.parse("kind")?,
        name: row.get("name")?,
        code: row.get("code")?,
    })
}

/// One place, if the organisation has it.
///
/// # Errors
/// As [`Tx::find`].
pub async fn find(tx: &mut Tx, org: OrgId, id: PlaceId) -> Result<Option<Place>> {
    tx.find(GET, &vals![org, id]).await?.as_ref().map(read).transpose()
}

/// One place.
///
/// # Errors
/// [`Problem::NotFound`] when the organisation has none with this id.
pub async fn get(tx: &mut Tx, org: OrgId, id: PlaceId) -> Result<Place> {
    find(tx, org, id).await?.ok_or_else(|| Problem::not_found("the place"))
}

/// All places of a site: buildings, floors, rooms, each kind by name. Asks no permission.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, site: SiteId) -> Result<Vec<Place>> {
    tx.all(LIST, &vals![org, site]).await?.iter().map(read).collect()
}

/// The way to a place, the outermost first and the place itself last.
///
/// # Errors
/// [`Problem::NotFound`] when the organisation has none with this id.
pub async fn path(tx: &mut Tx, org: OrgId, id: PlaceId) -> Result<Vec<Place>> {
    let mut way = vec![get(tx, org, id).await?];
    while let Some(parent) = way.last().and_then(|place| place.parent) {
        way.push(get(tx, org, parent).await?);
    }
    way.reverse();
    Ok(way)
}

/// The id under which siblings are compared: the parent's, or the site's for a top place.
fn parent_key(site: SiteId, parent: Option<PlaceId>) -> Uuid {
    parent.map_or(site.uuid(), PlaceId::uuid)
}

pub(super) async fn by_name(
    tx: &mut Tx,
    org: OrgId,
    site: SiteId,
    parent: Option<PlaceId>,
    kind: PlaceKind,
    name: &str,
) -> Result<Option<Place>> {
    let row =
        tx.find(BY_NAME, &vals![org, parent_key(site, parent), kind.code(), kernel::fold(name)]).await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn insert(tx: &mut Tx, org: OrgId, place: &Place) -> Result<()> {
    let row = vals![
        org,
        place.id,
        place.version,
        place.site,
        place.parent,
        parent_key(place.site, place.parent),
        place.kind.code(),
        &place.name,
        kernel::fold(&place.name),
        place.code.as_deref(),
    ];
    tx.execute(ADD, &row).await.map(drop)
}

pub(super) async fn rename(tx: &mut Tx, org: OrgId, before: i64, place: &Place) -> Result<u64> {
    let row = vals![
        org,
        place.id,
        before,
        place.version,
        &place.name,
        kernel::fold(&place.name),
        place.code.as_deref(),
    ];
    tx.execute(RENAME, &row).await
}
