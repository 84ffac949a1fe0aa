//! Recording a device and changing what is known of it.

use db::Tx;
use kernel::{Actor, Date, DepartmentId, FieldError, Id, Instant, Money, Problem, Result, SiteId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, mended},
    carry_out,
    form::check,
};

use super::{Shown, TAG, shown, spot};
use crate::{
    ModelId, RiskLevel,
    device::{Device, Draft, Edit, Evidence, Move, PlaceId, Serial, State, Strategy, Tag, Tenure, actions},
    model, permit,
};

/// What is known of a device and changed together.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// The asset tag as written on the sticker.
    tag: String,
    /// The maker's serial number.
    serial: Option<String>,
    /// The maker gave it no serial number.
    #[serde(default)]
    serial_less: bool,
    /// The unique device identifier as scanned, whole.
    udi: Option<String>,
    /// What it is one of.
    model: ModelId,
    /// Its own risk level, where it differs from that of its type.
    risk: Option<RiskLevel>,
    /// Why it differs.
    risk_reason: Option<String>,
    /// How it is kept in order.
    strategy: Option<Strategy>,
    /// Whose it is.
    #[serde(default = "owned")]
    tenure: Tenure,
    /// The agreement of a tenure other than owned.
    agreement: Option<String>,
    /// The last day of that agreement.
    agreement_ends_on: Option<Date>,
    /// When the hospital got it.
    acquired_on: Option<Date>,
    /// What it cost.
    price: Option<Money>,
    /// Free words.
    notes: Option<String>,
    /// Why it is changed; no field of the device.
    reason: Option<String>,
}

const fn owned() -> Tenure {
    Tenure::Owned
}

/// A device to record for the first time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// The asset tag as written on the sticker.
    tag: String,
    /// The maker's serial number.
    serial: Option<String>,
    /// The maker gave it no serial number.
    #[serde(default)]
    serial_less: bool,
    /// The unique device identifier as scanned, whole.
    udi: Option<String>,
    /// What it is one of.
    model: ModelId,
    /// Its own risk level, where it differs from that of its type.
    risk: Option<RiskLevel>,
    /// Why it differs.
    risk_reason: Option<String>,
    /// How it is kept in order.
    strategy: Option<Strategy>,
    /// Whose it is.
    #[serde(default = "owned")]
    tenure: Tenure,
    /// The agreement of a tenure other than owned.
    agreement: Option<String>,
    /// The last day of that agreement.
    agreement_ends_on: Option<Date>,
    /// When the hospital got it.
    acquired_on: Option<Date>,
    /// What it cost.
    price: Option<Money>,
    /// Free words.
    notes: Option<String>,
    /// Its site.
    site: SiteId,
    /// The place in that site.
    place: Option<PlaceId>,
    /// The department that owns it.
    department: Option<DepartmentId>,
    /// The state it begins in: `planned`, `ordered` or `received`.
    #[serde(default = "received")]
    state: State,
    /// Since when; left out, now.
    at: Option<jiff::Timestamp>,
    /// What it stands on: the budget request of a planned one, the purchase order of others.
    #[serde(default)]
    evidence: Evidence,
}

const fn received() -> State {
    State::Received
}

impl From<&Device> for Fields {
    fn from(d: &Device) -> Self {
        Self {
            tag: d.tag.clone(),
            serial: d.serial.clone(),
            serial_less: d.serial_less,
            udi: d.udi.clone(),
            model: d.model,
            risk: d.risk,
            risk_reason: d.risk_reason.clone(),
            strategy: d.strategy,
            tenure: d.tenure,
            agreement: d.agreement.clone(),
            agreement_ends_on: d.agreement_ends_on,
            acquired_on: d.acquired_on,
            price: d.price,
            notes: d.notes.clone(),
            reason: None,
        }
    }
}

impl New {
    fn fields(&self) -> Fields {
        Fields {
            tag: self.tag.clone(),
            serial: self.serial.clone(),
            serial_less: self.serial_less,
            udi: self.udi.clone(),
            model: self.model,
            risk: self.risk,
            risk_reason: self.risk_reason.clone(),
            strategy: self.strategy,
            tenure: self.tenure,
            agreement: self.agreement.clone(),
            agreement_ends_on: self.agreement_ends_on,
            acquired_on: self.acquired_on,
            price: self.price,
            notes: self.notes.clone(),
            reason: None,
        }
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::api(
            Operation::post("/api/v1/devices", TAG, "Record a device for the first time")
                .takes::<New>()
                .adds()
                .gives_record::<Shown>(),
            Gate::Permit(permit::DEVICE_ADD),
            new,
        ),
        Route::api(
            Operation::patch::<Fields>("/api/v1/devices/{id}", TAG, "Change what is known of a device")
                .about("Its state, place, owner, system and hold are changed by acts of their own.")
                .gives_record::<Shown>(),
            Gate::Permit(permit::DEVICE_EDIT),
            change,
        ),
    ]
}

/// The fields as the rules take them.
async fn edit(tx: &mut Tx, who: &Actor, fields: &Fields) -> Result<Edit> {
    let mut errors: Vec<FieldError> = Vec::new();
    let mut fault = |field: &'static str, message: String| {
        errors.push(FieldError { field: field.into(), message });
    };
    let tag = Tag::parse(&fields.tag).map_err(|e| fault("tag", e.to_string())).ok();
    let serial = fields.serial.as_deref().map(Serial::parse).transpose();
    let serial = serial.map_err(|e| fault("serial", e.to_string())).ok().flatten();
    if fields.price.is_some_and(|p| p.minor < 0) {
        fault("price.minor", "A price is zero or more.".to_owned());
    }
    match model::store::get(tx, who.org, fields.model).await {
        Err(Problem::NotFound { .. }) => fault("model", "There is no such model.".to_owned()),
        other => drop(other?),
    }
    check(errors)?;
    let tag = tag.ok_or_else(|| Problem::invalid("tag", "The tag is missing."))?;
    Ok(Edit {
        tag,
        serial,
        serial_less: fields.serial_less,
        udi: fields.udi.clone(),
        model: fields.model,
        risk: fields.risk,
        risk_reason: fields.risk_reason.clone(),
        strategy: fields.strategy,
        tenure: fields.tenure,
        agreement: fields.agreement.clone(),
        agreement_ends_on: fields.agreement_ends_on,
        acquired_on: fields.acquired_on,
        price: fields.price,
        notes: fields.notes.clone(),
    })
}

async fn new(call: Call) -> Result<Answer, Fault> {
    let new: New = call.body()?;
    Ok(carry_out!(call, "fleet.device.add", |tx, who| {
        let to = (Some(new.site), new.place, new.department);
        let spot = spot::chosen(tx, who, permit::DEVICE_ADD, to).await?;
        let draft = Draft {
            id: Id::new(),
            fields: edit(tx, who, &new.fields()).await?,
            parent: None,
            site: spot.site,
            place: spot.place,
            department: spot.department,
            import: None,
        };
        let at = new.at.map_or(who.at, |at| Instant::from_micros(at.as_microsecond()));
        let mv = Move { to: new.state, at, evidence: new.evidence.clone() };
        let device = actions::add(tx, who, &draft, &mv).await?;
        Ok(shown::answer(tx, who, device.id).await?.added(format!("/api/v1/devices/{}", device.id)))
    })?)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "this device")?);
    Ok(carry_out!(call, "fleet.device.edit", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        who.need(permit::DEVICE_EDIT, now.reach())?;
        let seen = seen.of(now.version);
        // An outdated request says so before it says what else is wrong with it.
        if now.version != seen {
            return Err(Problem::Stale { current: now.version });
        }
        let fields: Fields = mended(&Fields::from(&now), &changes)?;
        let reason = fields.reason.clone();
        let edit = edit(tx, who, &fields).await?;
        actions::edit(tx, who, now, seen, &edit, reason).await?;
        shown::answer(tx, who, id).await
    })?)
}
