//! Views by the API.

use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, mended},
    carry_out,
};

use super::{Draft, View, actions};
use crate::{
    device::{list::Sort, search::Day},
    permit,
};

const TAG: &str = "views";

/// What a view is made of.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ViewFields")]
struct Fields {
    /// Its name, unique among those of its person.
    name: String,
    /// The search, in the query language; empty for all devices.
    #[serde(default)]
    query: String,
    /// The order of the list.
    #[serde(default)]
    sort: Sort,
    /// Whether all see it.
    #[serde(default)]
    shared: bool,
}

impl Fields {
    fn draft(self) -> Draft {
        Draft { name: self.name, query: self.query, sort: self.sort, shared: self.shared }
    }
}

/// The views in sight.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Views")]
struct All {
    /// By name: one's own, and those that others share.
    items: Vec<View>,
}

pub(crate) fn routes() -> Vec<Route> {
    let view = Gate::Permit(permit::DEVICE_VIEW);
    let (get, post) = (Operation::get, Operation::post);
    vec![
        Route::api(get("/api/v1/views", TAG, "The views in sight, by name").gives::<All>(), view, list),
        Route::api(
            post("/api/v1/views", TAG, "Save a search under a name")
                .takes::<Fields>()
                .adds()
                .gives_record::<View>(),
            view,
            add,
        ),
        Route::api(get("/api/v1/views/{id}", TAG, "One view").gives_record::<View>(), view, one),
        Route::api(
            Operation::patch::<Fields>("/api/v1/views/{id}", TAG, "Change a view").gives_record::<View>(),
            view,
            change,
        ),
        Route::api(
            post("/api/v1/views/{id}/remove", TAG, "Remove a view").checked().gives_record::<View>(),
            view,
            remove,
        ),
    ]
}

fn day(call: &Call) -> Day {
    Day::of(call.now(), &call.org.zone)
}

async fn list(call: Call) -> Result<Answer, Fault> {
    let who = call.actor();
    let items = db::read!(call.app.db(), who.org, |tx| actions::list(tx, who).await)?;
    Ok(Answer::json(&All { items })?)
}

async fn one(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this view")?);
    let view = db::read!(call.app.db(), who.org, |tx| actions::visible(tx, who, id).await)?;
    Ok(Answer::record(&view, view.version)?)
}

async fn add(call: Call) -> Result<Answer, Fault> {
    let (draft, day) = (call.body::<Fields>()?.draft(), day(&call));
    Ok(carry_out!(call, "fleet.view.add", |tx, who| {
        let view = actions::add(tx, who, &draft, &day).await?;
        Ok(Answer::record(&view, view.version)?.added(format!("/api/v1/views/{}", view.id)))
    })?)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "this view")?);
    let day = day(&call);
    Ok(carry_out!(call, "fleet.view.change", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        let seen = seen.of(now.version);
        let Draft { name, query, sort, shared } = now.draft();
        let fields: Fields = mended(&Fields { name, query, sort, shared }, &changes)?;
        let view = actions::change(tx, who, (id, seen), &fields.draft(), &day).await?;
        Answer::record(&view, view.version)
    })?)
}

async fn remove(call: Call) -> Result<Answer, Fault> {
    let (seen, id) = (call.seen()?, call.id("id", "this view")?);
    Ok(carry_out!(call, "fleet.view.remove", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        let view = actions::remove(tx, who, id, seen.of(now.version)).await?;
        Answer::record(&view, view.version)
    })?)
}
