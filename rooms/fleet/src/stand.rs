//! How many devices stand where: what the trees of a site show, what keeps a place or department open, and how many
//! are built into a system.

use db::{Select, Tx, Val, vals};
use futures::future::BoxFuture;
use identity::tally::{Counts, Stand, Tally};
use kernel::{Actor, OrgId, Result, SiteId};
use web::App;

use crate::{
    device::{DeviceId, State},
    permit,
};

// Grouping by an expression keeps SQLite from walking all devices in the order of their states.
db::statements! {
    /// Devices at one place.
    AT_PLACE = "SELECT d.state || '' AS state, COUNT(*) AS n FROM device d WHERE d.org_id = $1 AND d.place_id = $2 \
                AND d.removed_at IS NULL GROUP BY d.state || ''";
    /// Devices of one owner.
    OF_OWNER = "SELECT d.state || '' AS state, COUNT(*) AS n FROM device d WHERE d.org_id = $1 AND d.department_id = $2 \
                AND d.removed_at IS NULL GROUP BY d.state || ''";
}

const AT_PLACES: &str = "SELECT d.place_id AS id, COUNT(*) AS n FROM device d";
const OF_OWNERS: &str = "SELECT d.department_id AS id, COUNT(*) AS n FROM device d";

/// The answer to identity's question.
pub(crate) const TALLY: Tally =
    Tally { noun: ("device", "devices"), count: |app, who, site| Box::pin(counts(app, who, site)), inside };

const OF_SYSTEMS: &str = "SELECT d.parent_id AS id, COUNT(*) AS n FROM device d";

/// How many components each of these devices has; those without are left out.
pub(crate) async fn parts(tx: &mut Tx, org: OrgId, systems: &[DeviceId]) -> Result<Counts> {
    if systems.is_empty() {
        return Ok(Counts::new());
    }
    let mut select = Select::new(OF_SYSTEMS, "d", org);
    select.one_of("d.parent_id", systems.iter().map(|id| Val::from(*id))).filter("d.removed_at IS NULL", []);
    select.ending("GROUP BY d.parent_id", []);
    select.all(tx).await?.iter().map(|row| Ok((row.get("id")?, row.get("n")?))).collect()
}

/// Devices that have not left, in the actor's sight.
async fn counts(app: App, who: Actor, site: SiteId) -> Result<Counts> {
    db::read!(app.db(), who.org, |tx| {
        let mut counts = Counts::new();
        for (head, known, end) in [
            (AT_PLACES, "d.place_id IS NOT NULL", "GROUP BY d.place_id"),
            (OF_OWNERS, "d.department_id IS NOT NULL", "GROUP BY d.department_id"),
        ] {
            let mut select = Select::new(head, "d", who.org);
            // Left to itself SQLite takes the index of places or owners, and reads those of all sites.
            select
                .by_index("device_by_site")
                .filter("d.site_id = {}", [site.into()])
                .filter("d.removed_at IS NULL", [])
                .filter(known, []);
            select.one_of("d.state", here().map(|state| Val::from(state.code())));
            select.within(&who.scope(permit::DEVICE_VIEW), "d.site_id", "d.department_id");
            select.ending(end, []);
            for row in select.all(tx).await? {
                counts.insert(row.get("id")?, row.get("n")?);
            }
        }
        Ok(counts)
    })
}

fn here() -> impl Iterator<Item = State> {
    State::ALL.iter().copied().filter(|state| !state.kind().is_terminal())
}

fn inside<'t>(tx: &'t mut Tx, org: OrgId, stand: Stand) -> BoxFuture<'t, Result<i64>> {
    Box::pin(async move {
        let rows = match stand {
            Stand::Place(id) => tx.all(AT_PLACE, &vals![org, id]).await?,
            Stand::Department(id) => tx.all(OF_OWNER, &vals![org, id]).await?,
        };
        let mut sum = 0;
        for row in rows {
            // What has left is history and keeps nothing open.
            let state: State = row.parse("state")?;
            if !state.kind().is_terminal() {
                let n: i64 = row.get("n")?;
                sum += n;
            }
        }
        Ok(sum)
    })
}
