//! Labels by the API.

use kernel::{Id, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, mended},
    carry_out,
};

use super::{Label, LabelId, actions, store};
use crate::{Nouns, permit};

const TAG: &str = "labels";

/// A label with how many records wear it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LabelListed")]
struct Listed {
    #[serde(flatten)]
    label: Label,
    /// Devices that wear it, seen or not.
    devices: i64,
    /// Models that wear it.
    models: i64,
}

/// What a label says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LabelFields")]
struct Fields {
    /// Its name, of at most 40 characters.
    name: String,
}

/// Which label.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LabelChosen")]
struct Chosen {
    /// Its id.
    label: LabelId,
}

/// Labels.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Labels")]
struct All<T> {
    /// By name.
    items: Vec<T>,
}

pub(crate) fn routes() -> Vec<Route> {
    let (put, manage) = (Gate::Permit(permit::LABEL_PUT), Gate::Permit(permit::LABEL_MANAGE));
    let (get, post) = (Operation::get, Operation::post);
    vec![
        Route::api(get("/api/v1/labels", TAG, "All labels, by name").gives::<All<Listed>>(), put, list),
        Route::api(
            post("/api/v1/labels", TAG, "Make a label").takes::<Fields>().adds().gives_record::<Label>(),
            manage,
            add,
        ),
        Route::api(
            Operation::patch::<Fields>("/api/v1/labels/{id}", TAG, "Give a label another name")
                .gives_record::<Label>(),
            manage,
            rename,
        ),
        Route::api(
            get("/api/v1/labels/on/{noun}/{record}", TAG, "The labels that a record wears")
                .about("`noun` is the `entity` of the feed of changes: `device` or `model`.")
                .gives::<All<Label>>(),
            Gate::SignedIn,
            worn,
        ),
        Route::api(
            post("/api/v1/labels/on/{noun}/{record}", TAG, "Put a label on a record")
                .takes::<Chosen>()
                .gives::<All<Label>>(),
            put,
            put_on,
        ),
        Route::api(
            post("/api/v1/labels/off/{noun}/{record}", TAG, "Take a label off a record")
                .takes::<Chosen>()
                .gives::<All<Label>>(),
            put,
            take_off,
        ),
    ]
}

fn record(call: &Call) -> Result<Uuid> {
    call.id::<()>("record", "this record").map(Id::uuid)
}

async fn list(call: Call) -> Result<Answer, Fault> {
    let who = call.actor();
    Ok(db::read!(call.app.db(), who.org, |tx| {
        let counts = store::counts(tx, who.org).await?;
        let of = |id: LabelId, noun: &str| counts.get(&(id, noun.to_owned())).copied().unwrap_or(0);
        let items = store::list(tx, who.org).await?;
        let items = items.into_iter().map(|label| Listed {
            devices: of(label.id, "device"),
            models: of(label.id, "model"),
            label,
        });
        Answer::json(&All { items: items.collect() })
    })?)
}

async fn add(call: Call) -> Result<Answer, Fault> {
    let fields = call.body::<Fields>()?;
    Ok(carry_out!(call, "margin.label.add", |tx, who| {
        let label = actions::add(tx, who, &fields.name).await?;
        Ok(Answer::record(&label, label.version)?.added(format!("/api/v1/labels/{}", label.id)))
    })?)
}

async fn rename(call: Call) -> Result<Answer, Fault> {
    let (seen, changes) = (call.seen()?, call.changes()?);
    let id = call.id("id", "this label")?;
    Ok(carry_out!(call, "margin.label.rename", |tx, who| {
        who.need_everywhere(permit::LABEL_MANAGE)?;
        let now = store::get(tx, who.org, id).await?;
        let fields: Fields = mended(&Fields { name: now.name.clone() }, &changes)?;
        let label = actions::rename(tx, who, (id, seen.of(now.version)), &fields.name).await?;
        Answer::record(&label, label.version)
    })?)
}

async fn worn(call: Call) -> Result<Answer, Fault> {
    let (nouns, record, who) = (Nouns::of(&call.app), record(&call)?, call.actor());
    Ok(db::read!(call.app.db(), who.org, |tx| {
        let subject = nouns.find(tx, who, call.part("noun"), record).await?;
        Answer::json(&All { items: store::of(tx, who.org, subject.noun, subject.id).await? })
    })?)
}

async fn put_on(call: Call) -> Result<Answer, Fault> {
    let (chosen, nouns, record) = (call.body::<Chosen>()?, Nouns::of(&call.app), record(&call)?);
    Ok(carry_out!(call, "margin.label.put", |tx, who| {
        let subject = nouns.find(tx, who, call.part("noun"), record).await?;
        actions::put(tx, who, &subject, chosen.label).await?;
        Answer::json(&All { items: store::of(tx, who.org, subject.noun, subject.id).await? })
    })?)
}

async fn take_off(call: Call) -> Result<Answer, Fault> {
    let (chosen, nouns, record) = (call.body::<Chosen>()?, Nouns::of(&call.app), record(&call)?);
    Ok(carry_out!(call, "margin.label.take_off", |tx, who| {
        let subject = nouns.find(tx, who, call.part("noun"), record).await?;
        actions::take_off(tx, who, &subject, chosen.label).await?;
        Answer::json(&All { items: store::of(tx, who.org, subject.noun, subject.id).await? })
    })?)
}
