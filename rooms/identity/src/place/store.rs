//! The places' statements.

use db::{Tx, seal::Record, vals};
use kernel::{OrgId, Result, SiteId};

use super::{Place, PlaceId, PlaceKind};
use crate::tree::{self, Node as _, parent_key};

db::statements! {
    /// One place.
    GET = "SELECT id, version, site_id, parent_id, kind, name, code, closed_at FROM place \
           WHERE org_id = $1 AND id = $2";
    /// All places of a site, kind by kind from the outside in, then by name.
    LIST = "SELECT id, version, site_id, parent_id, kind, name, code, closed_at FROM place \
            WHERE org_id = $1 AND site_id = $2 ORDER BY kind, name_key, id";
    /// The place of a kind with a folded name under a parent.
    BY_NAME = "SELECT id, version, site_id, parent_id, kind, name, code, closed_at FROM place \
               WHERE org_id = $1 AND parent_key = $2 AND kind = $3 AND name_key = $4";
    /// Adds one.
    ADD = "INSERT INTO place (org_id, id, version, site_id, parent_id, parent_key, kind, name, name_key, code, \
           closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Changes one.
    CHANGE = "UPDATE place SET version = $3, site_id = $4, parent_id = $5, parent_key = $6, kind = $7, name = $8, \
              name_key = $9, code = $10, closed_at = $11 WHERE org_id = $1 AND id = $2 AND version = $12";
}

/// What a row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "place",
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
    ],
    rebuild: tree::rebuild::<Place>,
};

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
    row.as_ref().map(Place::read).transpose()
}
