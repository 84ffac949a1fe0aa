//! Models by the API.

use kernel::{Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, at, keyset, mended, versions},
    carry_out,
};

use super::{About, Identifier, ListPrice, Milestone, Model, ModelId, OwnRisk, Values, actions, list, store};
use crate::{
    Company, CompanyId, DeviceType, DeviceTypeId, RiskLevel, UsefulLife, company, device_type, permit,
};

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
    /// Its own risk level, else that of its type.
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
    /// The risk level of its devices that have none of their own: its own, else that of its type.
    risk: Option<RiskLevel>,
    /// How long its devices last: its own useful life, else that of its type.
    effective_life: Option<UsefulLife>,
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
    /// The number under which it is ordered (REF).
    catalogue_number: Option<String>,
    /// The version or configuration on the nameplate.
    edition: Option<String>,
    /// Its UDI device identifiers; changed whole.
    identifiers: Vec<Identifier>,
    /// When it is sold no more; changed whole.
    sale_end: Option<Milestone>,
    /// When it is supported no more; changed whole.
    support_end: Option<Milestone>,
    /// When its maker wants it out of use; changed whole.
    life_end: Option<Milestone>,
    /// What one costs; changed whole.
    list_price: Option<ListPrice>,
    /// How long its devices last, where that differs from its type; changed whole.
    useful_life: Option<UsefulLife>,
    /// Its risk level, where it differs from its type’s; changed whole.
    own_risk: Option<OwnRisk>,
    /// Why it is changed; no field of the model.
    reason: Option<String>,
}

impl Fields {
    fn of(model: Model, type_name: String) -> Self {
        let About {
            catalogue_number,
            edition,
            identifiers,
            sale_end,
            support_end,
            life_end,
            list_price,
            useful_life,
            own_risk,
        } = model.about;
        Self {
            name: model.name,
            r#type: type_name,
            catalogue_number,
            edition,
            identifiers,
            sale_end,
            support_end,
            life_end,
            list_price,
            useful_life,
            own_risk,
            reason: None,
        }
    }

    fn values(self) -> Values {
        let about = About {
            catalogue_number: self.catalogue_number,
            edition: self.edition,
            identifiers: self.identifiers,
            sale_end: self.sale_end,
            support_end: self.support_end,
            life_end: self.life_end,
            list_price: self.list_price,
            useful_life: self.useful_life,
            own_risk: self.own_risk,
        };
        Values { name: self.name, type_name: self.r#type, about }
    }
}

/// Where the body has in one object what a form has in several fields.
const PARTS: [(&str, &str); 15] = [
    ("sale_end_on", "sale_end.on"),
    ("sale_end_source", "sale_end.source"),
    ("sale_end_learnt_on", "sale_end.learnt_on"),
    ("support_end_on", "support_end.on"),
    ("support_end_source", "support_end.source"),
    ("support_end_learnt_on", "support_end.learnt_on"),
    ("life_end_on", "life_end.on"),
    ("life_end_source", "life_end.source"),
    ("life_end_learnt_on", "life_end.learnt_on"),
    ("list_price", "list_price.price"),
    ("list_price_on", "list_price.on"),
    ("life_years", "useful_life.years"),
    ("life_source", "useful_life.source"),
    ("risk", "own_risk.level"),
    ("risk_reason", "own_risk.reason"),
];

/// What is wrong with the identifier at a position: `di_quantity_3` of a form is `identifiers.3.quantity` of a body.
fn of_body(problem: Problem) -> Problem {
    let mut fields = match at(problem, &PARTS) {
        Problem::Invalid { fields } => fields,
        other => return other,
    };
    for field in &mut fields {
        let place = field.field.strip_prefix("di_").and_then(|rest| {
            let (part, n) = rest.rsplit_once('_').unwrap_or(("di", rest));
            n.parse::<usize>().ok().map(|n| format!("identifiers.{n}.{part}"))
        });
        if let Some(place) = place {
            field.field = place.into();
        }
    }
    Problem::Invalid { fields }
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
            Operation::patch::<Fields>("/api/v1/models/{id}", TAG, "Change what is on record about it")
                .about("Its devices take the risk level of a new type, or its own.")
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
    let risk = model.risk(kind.risk);
    let effective_life = model.about.useful_life.clone().or_else(|| kind.useful_life.clone());
    Answer::record(&Shown { model, maker, r#type: kind, risk, effective_life }, version)
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
        let seen = seen.of(now.version);
        let fields: Fields = mended(&Fields::of(now, kind.name), &changes)?;
        let reason = fields.reason.clone();
        actions::change(tx, who, id, seen, &fields.values(), reason).await?;
        shown(tx, who.org, id).await
    })
    .map_err(|problem| of_body(problem).into())
}
