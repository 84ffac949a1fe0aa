//! Device types by the API. They are added with the first model that names them.

use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, at, keyset, mended, versions},
    carry_out,
};

use super::{Codes, DeviceType, Nomenclature, RiskLevel, Values, actions, store};
use crate::{UsefulLife, catalogue::READ, model::list, permit};

const TAG: &str = "types";

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Asked {
    /// Parts of the name, or codes.
    q: Option<String>,
    /// Only types whose risk level is not decided yet.
    undecided: Option<bool>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A device type, and what follows from its risk level.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceTypeShown")]
struct Shown {
    #[serde(flatten)]
    one: DeviceType,
    /// Whether its devices keep patients alive; null while the risk level is not decided.
    life_support: Option<bool>,
    /// Whether its devices count as high-risk: life support or high; null while the risk level is not decided.
    high_risk: Option<bool>,
}

impl Shown {
    fn of(one: DeviceType) -> Self {
        let life_support = one.risk.map(|risk| risk == RiskLevel::LifeSupport);
        Self { life_support, high_risk: one.risk.map(RiskLevel::is_high_risk), one }
    }
}

/// One of the list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceTypeListed")]
struct Listed {
    #[serde(flatten)]
    one: Shown,
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
    /// The product code of the FDA: three letters.
    product_code: Option<String>,
    /// The code of a GMDN term: five digits.
    gmdn: Option<String>,
    /// The EMDN code: a letter and up to six pairs of digits.
    emdn: Option<String>,
    /// The UMDNS code: five digits, `16-491`.
    umdns: Option<String>,
    /// How long devices of it last; changed whole.
    useful_life: Option<UsefulLife>,
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
            Operation::get("/api/v1/types/{id}", TAG, "One device type").gives_record::<Shown>(),
            view,
            one,
        ),
        Route::api(
            Operation::patch::<Fields>("/api/v1/types/{id}", TAG, "Change what is decided about it")
                .gives_record::<Shown>(),
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
    let fits =
        |one: &DeviceType| one.answers(&words) && (asked.undecided != Some(true) || one.risk.is_none());
    let listed = |one: DeviceType| {
        let devices = counts.get(&one.id.uuid()).copied().unwrap_or(0);
        Listed { one: Shown::of(one), devices }
    };
    let found = all.into_iter().filter(fits).map(listed).collect();
    Ok(Page::cut(found, &keyset, |listed| listed.one.one.id.uuid()).answer(&call)?)
}

async fn one(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this device type")?);
    let found = db::read!(call.app.db(), who.org, |tx| store::get(tx, who.org, id).await)?;
    Ok(shown(found)?)
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

fn shown(one: DeviceType) -> Result<Answer> {
    let version = one.version;
    Answer::record(&Shown::of(one), version)
}

impl Fields {
    fn of(now: DeviceType) -> Self {
        let Values { name, risk, codes, useful_life } = now.values();
        let Codes { product_code, gmdn, emdn, umdns } = codes;
        Self { name, risk, product_code, gmdn, emdn, umdns, useful_life, reason: None }
    }

    fn values(self) -> Result<Values> {
        let code = |of| match of {
            Nomenclature::ProductCode => &self.product_code,
            Nomenclature::Gmdn => &self.gmdn,
            Nomenclature::Emdn => &self.emdn,
            Nomenclature::Umdns => &self.umdns,
        };
        let mut errors = Vec::new();
        let codes = Codes::read(|of| code(of).as_deref().unwrap_or_default(), &mut errors);
        web::form::check(errors)?;
        Ok(Values { name: self.name, risk: self.risk, codes, useful_life: self.useful_life })
    }
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "this device type")?);
    carry_out!(call, "fleet.device_type.change", |tx, who| {
        who.need_everywhere(permit::MODEL_EDIT)?;
        let now = store::get(tx, who.org, id).await?;
        let seen = seen.of(now.version);
        let fields: Fields = mended(&Fields::of(now), &changes)?;
        let reason = fields.reason.clone();
        shown(actions::change(tx, who, id, seen, &fields.values()?, reason).await?)
    })
    .map_err(|problem| at(problem, &LIFE).into())
}

/// Where the body has what a form has in two fields.
const LIFE: [(&str, &str); 2] = [("life_years", "useful_life.years"), ("life_source", "useful_life.source")];
