//! What is different between two past instants.

use kernel::{FieldChange, Instant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Moment, Operation, Page, at, changes_shown, keyset},
};

use super::TAG;
use crate::{
    device::{DeviceId, between},
    permit,
};

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    /// The earlier instant.
    from: Moment,
    /// The later one; left out, now.
    to: Option<Moment>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A device that is not the same at two instants.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceDifference")]
struct Difference {
    device: DeviceId,
    /// Its tag: the later one.
    tag: String,
    /// `added`, `removed` with its import, or `changed`.
    what: &'static str,
    /// When the first change of that time was recorded.
    first_at: Instant,
    /// The fields that differ.
    fields: Vec<FieldChange>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![Route::api(
        Operation::get(
            "/api/v1/devices/changes",
            TAG,
            "What is different between two instants, as known then",
        )
        .about("What was changed and changed back is no difference. In the order of the first change.")
        .query::<Asked>()
        .gives::<Page<Difference>>(),
        Gate::Permit(permit::DEVICE_HISTORY),
        differences,
    )]
}

async fn differences(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let who = call.actor();
    let to = asked.to.as_ref().map(|to| to.of(&call, "to")).transpose()?;
    let moments = (asked.from.of(&call, "from")?, to.unwrap_or(who.at));
    let slice = db::read!(call.app.db(), who.org, |tx| between::page(tx, who, moments, &keyset).await)
        .map_err(|problem| at(problem, &[("to", "?to")]))?;
    let shown = |d: between::Difference| {
        let event = d.after.as_ref().or(d.before.as_ref());
        Some(Difference {
            device: DeviceId::from_uuid(event?.entity_id),
            what: d.fate().code(),
            first_at: d.first_at,
            fields: changes_shown(d.fields.clone()),
            tag: d.tag,
        })
    };
    let items = slice.rows.into_iter().filter_map(shown).collect();
    Ok(Page::new(items, slice.next.as_ref()).answer(&call)?)
}
