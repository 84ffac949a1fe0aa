//! Places by the API.

use kernel::SiteId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, mended},
    carry_out,
};

use super::{Draft, Place, PlaceId, PlaceKind, add, rename};
use crate::{
    Sent,
    named::named,
    permit, site,
    tree::api::{self, Paths, address, answer, mine},
};

const TAG: &str = "places";

/// A place to add.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// Building, floor or room.
    kind: PlaceKind,
    /// Its name.
    name: String,
    /// A short code.
    code: Option<String>,
    /// The place it stands in; left out, it stands under the site itself.
    parent: Option<PlaceId>,
}

/// What is changed of a place.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// Its name.
    name: String,
    /// A short code.
    code: Option<String>,
}

pub(crate) fn routes() -> Vec<Route> {
    let paths = Paths {
        all: "/api/v1/sites/{id}/places",
        one: "/api/v1/sites/{id}/places/{place}",
        history: "/api/v1/sites/{id}/places/{place}/history",
        relocate: "/api/v1/sites/{id}/places/{place}/move",
        close: "/api/v1/sites/{id}/places/{place}/close",
        reopen: "/api/v1/sites/{id}/places/{place}/reopen",
    };
    let manage = Gate::Permit(permit::SITE_MANAGE);
    let mut routes = api::routes::<Place>(&paths, TAG);
    routes.extend([
        Route::api(
            Operation::post(paths.all, TAG, "Add a building, floor or room")
                .takes::<New>()
                .adds()
                .gives_record::<Place>(),
            manage,
            new,
        ),
        Route::api(
            Operation::patch::<Fields>(paths.one, TAG, "Give it another name or code")
                .gives_record::<Place>(),
            manage,
            change,
        ),
    ]);
    routes
}

async fn new(call: Call) -> Result<Answer, Fault> {
    let (at, new): (SiteId, New) = (call.id("id", "the site")?, call.body()?);
    let draft =
        Draft { parent: new.parent, kind: new.kind, name: new.name, code: new.code.unwrap_or_default() };
    carry_out!(call, "identity.place.add", |tx, who| {
        site::see(tx, who, at).await?;
        let place = add(tx, who, at, &draft, Sent::claimed()).await?;
        Ok(answer(&place)?.added(address(&place)))
    })
    .map_err(named)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes) = (call.seen()?, call.changes()?);
    carry_out!(call, "identity.place.rename", |tx, who| {
        let place: Place = mine(tx, who, &call).await?;
        let now = Fields { name: place.name.clone(), code: place.code.clone() };
        let fields: Fields = mended(&now, &changes)?;
        let typed = (fields.name.as_str(), fields.code.as_deref().unwrap_or_default());
        answer(&rename(tx, who, place.id, seen.of(place.version), typed, Sent::claimed()).await?)
    })
    .map_err(named)
}
