//! Device types by the API. They are added with the first model that names them.

use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, keyset, mended, versions},
    carry_out,
};

use super::{DeviceType, RiskLevel, actions, store};
use crate::{catalogue::READ, model::list, permit};

const TAG: &str = "types";

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Asked {
    /// A part of the name.
    q: Option<String>,
    /// Only types whose risk level is not decided yet.
    undecided: Option<bool>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// One of the list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceTypeListed")]
struct Listed {
    #[serde(flatten)]
    one: DeviceType,
    /// Devices of it in sight that have not left.
    devices: i64,
}

/// What is changed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// Its name.
    name: String,
    /// The risk level of every device of this type that has none of its own.
    risk: Option<RiskLevel>,
    /// Why it is changed; no field of the type.
    reason: Option<String>,
}

pub(crate) fn routes() -> Vec<Route> {
    let (view, edit) = (Gate::Permit(permit::MODEL_VIEW), Gate::Permit(permit::MODEL_EDIT));
    vec![
        Route::api(
            Operation::get("/api/v1/types", TAG, "The types, by name")
                .query::<Asked>()
                .gives::<Page<Listed>>(),
            view,
            all,
        ),
        Route::api(
            Operation::get("/api/v1/types/{id}", TAG, "One device type").gives_record::<DeviceType>(),
            view,
            one,
        ),
        Route::api(
            Operation::patch::<Fields>("/api/v1/types/{id}", TAG, "Change its name or risk level")
                .gives_record::<DeviceType>(),
            edit,
            change,
        ),
        Route::api(
            Operation::get("/api/v1/types/{id}/history", TAG, "Its versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            view,
            history,
        ),
    ]
}

async fn all(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let who = call.actor();
    let (all, counts) = db::read!(call.app.db(), who.org, |tx| {
        Ok((store::list(tx, who.org, READ).await?, list::of_types(tx, who).await?))
    })?;
    let words = kernel::fold(asked.q.as_deref().unwrap_or_default());
    let fits = |one: &DeviceType| {
        words.split(' ').all(|word| one.key().contains(word))
            && (asked.undecided != Some(true) || one.risk.is_none())
    };
    let listed = |one: DeviceType| {
        let devices = counts.get(&one.id.uuid()).copied().unwrap_or(0);
        Listed { one, devices }
    };
    let found = all.into_iter().filter(fits).map(listed).collect();
    Ok(Page::cut(found, &keyset, |listed| listed.one.id.uuid()).answer(&call)?)
}

async fn one(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this device type")?);
    let found = db::read!(call.app.db(), who.org, |tx| store::get(tx, who.org, id).await)?;
    Ok(Answer::record(&found, found.version)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let who = call.actor();
    let (id, asked) = (call.id("id", "this device type")?, call.query::<Paged>()?);
    let page = db::read!(call.app.db(), who.org, |tx| {
        store::get(tx, who.org, id).await?;
        versions(tx, who.org, ("device_type", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "this device type")?);
    Ok(carry_out!(call, "fleet.device_type.change", |tx, who| {
        who.need_everywhere(permit::MODEL_EDIT)?;
        let now = store::get(tx, who.org, id).await?;
        let fields: Fields = mended(&Fields { name: now.name, risk: now.risk, reason: None }, &changes)?;
        let to = (fields.name.as_str(), fields.risk);
        let after = actions::change(tx, who, id, seen.of(now.version), to, fields.reason.clone()).await?;
        Answer::record(&after, after.version)
    })?)
}
