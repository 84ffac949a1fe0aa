//! Models by the API.

use kernel::{Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, at, keyset, mended, versions},
    carry_out,
};

use super::{Model, ModelId, actions, list, store};
use crate::{Company, CompanyId, DeviceType, DeviceTypeId, RiskLevel, company, device_type, permit};

const TAG: &str = "models";

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Asked {
    /// Words of the name of the model, its maker or its type.
    q: Option<String>,
    /// Only models of this type.
    r#type: Option<DeviceTypeId>,
    /// Only models of this maker.
    maker: Option<CompanyId>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A model in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ModelListed")]
struct Listed {
    id: ModelId,
    name: String,
    /// The name of its maker.
    maker: String,
    /// The name of its type.
    r#type: String,
    /// The risk level of that type.
    risk: Option<RiskLevel>,
    /// Devices of it in sight that have not left.
    devices: i64,
}

/// A model with its maker and type.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ModelShown")]
struct Shown {
    #[serde(flatten)]
    model: Model,
    maker: Company,
    r#type: DeviceType,
}

/// A model by names, as a form has them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// The name of its maker; recorded too if it is new.
    maker: String,
    /// The name or number on the nameplate.
    name: String,
    /// What it is, whoever makes it; needed for a model that is new.
    r#type: Option<String>,
}

/// What is changed of a model.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// The name or number on the nameplate.
    name: String,
    /// The name of its type; recorded too if it is new.
    r#type: String,
    /// Why it is changed; no field of the model.
    reason: Option<String>,
}

pub(crate) fn routes() -> Vec<Route> {
    let (view, edit) = (Gate::Permit(permit::MODEL_VIEW), Gate::Permit(permit::MODEL_EDIT));
    vec![
        Route::api(
            Operation::get("/api/v1/models", TAG, "The models, by name")
                .query::<Asked>()
                .gives::<Page<Listed>>(),
            view,
            models,
        ),
        Route::api(
            Operation::post(
                "/api/v1/models",
                TAG,
                "The model of a maker and name, recorded now if it is new",
            )
            .takes::<New>()
            .gives_record::<Shown>(),
            edit,
            find_or_add,
        ),
        Route::api(
            Operation::get("/api/v1/models/{id}", TAG, "One model").gives_record::<Shown>(),
            view,
            model,
        ),
        Route::api(
            Operation::patch::<Fields>("/api/v1/models/{id}", TAG, "Give it another name or type")
                .about("Its devices take the risk level of the new type.")
                .gives_record::<Shown>(),
            edit,
            change,
        ),
        Route::api(
            Operation::get("/api/v1/models/{id}/history", TAG, "Its versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            view,
            history,
        ),
    ]
}

async fn models(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let wanted = list::Wanted {
        text: asked.q.unwrap_or_default().chars().take(200).collect(),
        device_type: asked.r#type,
        company: asked.maker,
    };
    let who = call.actor();
    let (slice, counts) = db::read!(call.app.db(), who.org, |tx| {
        let slice = list::page(tx, who, &wanted, &keyset).await?;
        let ids: Vec<ModelId> = slice.rows.iter().map(|m| m.id).collect();
        let counts = list::of_models(tx, who, &ids).await?;
        Ok((slice, counts))
    })?;
    let listed = |m: list::Listed| Listed {
        devices: counts.get(&m.id.uuid()).copied().unwrap_or(0),
        id: m.id,
        name: m.name,
        maker: m.company,
        r#type: m.type_name,
        risk: m.risk,
    };
    let items = slice.rows.into_iter().map(listed).collect();
    Ok(Page::new(items, slice.next.as_ref()).answer(&call)?)
}

async fn shown(tx: &mut db::Tx, org: kernel::OrgId, id: ModelId) -> Result<Answer> {
    let model = store::get(tx, org, id).await?;
    let maker = company::store::get(tx, org, model.company).await?;
    let kind = device_type::store::get(tx, org, model.device_type).await?;
    let version = model.version;
    Answer::record(&Shown { model, maker, r#type: kind }, version)
}

async fn model(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this model")?);
    Ok(db::read!(call.app.db(), who.org, |tx| shown(tx, who.org, id).await)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let (who, id, asked) = (call.actor(), call.id("id", "this model")?, call.query::<Paged>()?);
    let page = db::read!(call.app.db(), who.org, |tx| {
        store::get(tx, who.org, id).await?;
        versions(tx, who.org, ("model", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

/// The fields by which the action knows those of the body.
fn named(problem: Problem) -> Fault {
    at(problem, &[("model", "name")]).into()
}

async fn find_or_add(call: Call) -> Result<Answer, Fault> {
    call.actor().need_everywhere(permit::MODEL_EDIT)?;
    let new: New = call.body()?;
    carry_out!(call, "fleet.model.add", |tx, who| {
        let kind = new.r#type.as_deref().unwrap_or_default();
        let id = actions::find_or_add(tx, who, &new.maker, kind, &new.name).await?;
        shown(tx, who.org, id).await
    })
    .map_err(named)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "this model")?);
    carry_out!(call, "fleet.model.change", |tx, who| {
        who.need_everywhere(permit::MODEL_EDIT)?;
        let now = store::get(tx, who.org, id).await?;
        let kind = device_type::store::get(tx, who.org, now.device_type).await?;
        let fields: Fields = mended(&Fields { name: now.name, r#type: kind.name, reason: None }, &changes)?;
        let names = (fields.name.as_str(), fields.r#type.as_str());
        actions::change(tx, who, id, seen.of(now.version), names, fields.reason.clone()).await?;
        shown(tx, who.org, id).await
    })
    .map_err(Fault::from)
}
