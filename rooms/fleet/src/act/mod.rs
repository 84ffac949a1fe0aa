//! Acts: one change of many devices, with a preview before and one undo after.
//!
//! **Invariant:** an act touches only devices as they stood when it was prepared; what somebody changed meanwhile is left
//! alone and named. Undoing it gives back the fields it changed, where nobody changed them since. It keeps those fields
//! as they were and as they became, never a copy of a device.

pub mod actions;
pub(crate) mod api;
pub(crate) mod pages;
pub mod store;
pub mod work;

use std::collections::BTreeMap;

use kernel::{Actor, Date, DepartmentId, Id, Instant, Money, PersonId, Problem, Result, SiteId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Refusal, RiskLevel,
    device::{Device, DeviceId, Edit, Facts, PlaceId, Spot, Strategy, Tenure, rules},
    import::run::Within,
    permit,
};

/// Identifies an act.
pub type ActId = Id<Act>;

/// Most devices of one act.
pub const MOST: usize = 20_000;

coded! {
    /// Where an act stands.
    pub enum ActState ("state of an act") {
        /// Devices are being changed.
        Running = "running", "Changing";
        /// Every device is changed, or left alone with its reason.
        Done = "done", "Done";
        /// What it changed is being given back.
        Undoing = "undoing", "Being undone";
        /// What it changed is given back, but for what was changed since.
        Undone = "undone", "Undone";
    }
}

impl ActState {
    /// Whether a job works on it.
    pub const fn is_busy(self) -> bool {
        matches!(self, Self::Running | Self::Undoing)
    }
}

coded! {
    /// What became of a device in an act.
    pub enum Outcome ("outcome") {
        /// Nothing yet.
        Waiting = "waiting", "Waiting";
        /// It was changed.
        Changed = "changed", "Changed";
        /// It was already so.
        Same = "same", "Already so";
        /// A rule or a right stands against it, or somebody changed it meanwhile.
        Refused = "refused", "Left alone";
        /// It was given back what the act had changed.
        Undone = "undone", "Undone";
        /// The act is undone, but this device was changed since and stays as it is.
        Kept = "kept", "Changed since, stays";
    }
}

/// What becomes of a field that may be empty: this, or nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum To<T> {
    /// It becomes this.
    Set(T),
    /// It becomes empty.
    Clear,
}

impl<T: Clone> To<T> {
    fn value(&self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value.clone()),
            Self::Clear => None,
        }
    }
}

/// What becomes of each field of many devices; a field that is left out stays as it is on each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// The site that a place and an owner are at: devices at other sites are left alone, unless they shall move there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Devices at other sites move to `site`. Place and owner that are not set become empty, for they were elsewhere.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub move_there: bool,
    /// The place at `site`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<To<PlaceId>>,
    /// The owner at `site`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<To<DepartmentId>>,
    /// The device's own risk level; empty, its type's holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<To<RiskLevel>>,
    /// How it is kept in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<To<Strategy>>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenure: Option<Tenure>,
    /// The agreement of a tenure other than owned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<To<String>>,
    /// The last day of that agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_ends_on: Option<To<Date>>,
    /// When the hospital got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquired_on: Option<To<Date>>,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<To<Money>>,
    /// Free words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<To<String>>,
}

impl Change {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        !self.edits() && !self.moves()
    }

    /// Whether it changes what is known of a device.
    pub const fn edits(&self) -> bool {
        self.risk.is_some()
            || self.strategy.is_some()
            || self.tenure.is_some()
            || self.agreement.is_some()
            || self.agreement_ends_on.is_some()
            || self.acquired_on.is_some()
            || self.price.is_some()
            || self.notes.is_some()
    }

    /// Whether it changes where a device stands or whose it is.
    pub const fn moves(&self) -> bool {
        self.place.is_some() || self.department.is_some() || self.move_there
    }

    /// The device as it becomes, one version on; the device itself where it is already so. `reason` is kept with a risk
    /// level of its own.
    ///
    /// # Errors
    /// All unmet rules at once.
    pub fn of(&self, device: &Device, facts: &Facts, reason: &str) -> Result<Device, Vec<Refusal>> {
        let mut after = device.clone();
        if self.edits() {
            after = rules::edit(device, facts, &self.edit(device, reason)?)?;
        }
        if self.moves() {
            let to = self.spot(device)?;
            if to != (Spot { site: after.site, place: after.place, department: after.department }) {
                after = rules::transfer(&after, to)?;
            }
        }
        let same = Device { version: device.version, ..after.clone() } == *device;
        after.version = device.version + i64::from(!same);
        Ok(after)
    }

    fn edit(&self, device: &Device, reason: &str) -> Result<Edit, Vec<Refusal>> {
        let mut edit = Edit::of(device).map_err(|error| {
            let remedy = "Correct it on the device’s own page first.";
            vec![Refusal::new("fleet.device.text", error.to_string(), remedy)]
        })?;
        if let Some(to) = &self.risk {
            edit.risk = to.value();
            edit.risk_reason = to.value().map(|_| reason.to_owned());
        }
        if let Some(to) = &self.strategy {
            edit.strategy = to.value();
        }
        if let Some(tenure) = self.tenure {
            edit.tenure = tenure;
            if tenure == Tenure::Owned {
                (edit.agreement, edit.agreement_ends_on) = (None, None);
            }
        }
        if let Some(to) = &self.agreement {
            edit.agreement = to.value();
        }
        if let Some(to) = &self.agreement_ends_on {
            edit.agreement_ends_on = to.value();
        }
        if let Some(to) = &self.acquired_on {
            edit.acquired_on = to.value();
        }
        if let Some(to) = &self.price {
            edit.price = to.value();
        }
        if let Some(to) = &self.notes {
            edit.notes = to.value();
        }
        Ok(edit)
    }

    fn spot(&self, device: &Device) -> Result<Spot, Vec<Refusal>> {
        let now = Spot { site: device.site, place: device.place, department: device.department };
        let there = self.site.unwrap_or(device.site);
        if there != device.site && !self.move_there {
            return Err(vec![Refusal::new(
                "fleet.act.site",
                "It is at another site than the place or owner.",
                "Choose a place and owner of its own site, or move it to that site.",
            )]);
        }
        let stays = there == device.site;
        Ok(Spot {
            site: there,
            place: self.place.as_ref().map_or(now.place.filter(|_| stays), To::value),
            department: self.department.as_ref().map_or(now.department.filter(|_| stays), To::value),
        })
    }
}

/// How many devices of an act came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ActCounts")]
pub struct Counts {
    /// All of it.
    pub devices: i64,
    /// Changed; after an undo, those that could not be given back.
    pub changed: i64,
    /// Already so.
    pub same: i64,
    /// Left alone.
    pub refused: i64,
    /// Given back.
    pub undone: i64,
}

/// Where somebody may do what acts do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaches {
    /// Where devices may be seen.
    pub view: Within,
    /// Where what is known of a device may be changed.
    pub edit: Within,
    /// Where devices may be moved, and to where.
    pub transfer: Within,
}

impl Reaches {
    /// Those of an actor.
    pub fn of(who: &Actor) -> Self {
        let within = |permit| Within::from(who.scope(permit));
        Self {
            view: within(permit::DEVICE_VIEW),
            edit: within(permit::DEVICE_EDIT),
            transfer: within(permit::DEVICE_TRANSFER),
        }
    }
}

/// One change of many devices. The serialised record is the version kept in the record of changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// Its identifier.
    pub id: ActId,
    /// 1 when it began, one more with each step.
    pub version: i64,
    /// Where it stands.
    pub state: ActState,
    /// Who did the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// Their name then.
    pub by_name: String,
    /// When it began.
    pub begun_at: Instant,
    /// The search whose devices it holds; empty where they were picked one by one.
    pub query: String,
    /// What it does.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// Where whoever did the last step may change what is known of devices, and may move them; kept with it, because its
    /// jobs run without them.
    pub within: Reaches,
    /// What became of its devices.
    pub counts: Counts,
}

/// The fields of a device that an act changed, by their names in its record; what was not there is null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Touched {
    /// As they were.
    pub before: BTreeMap<String, Value>,
    /// As they became.
    pub after: BTreeMap<String, Value>,
}

fn fields(device: &Device) -> Result<serde_json::Map<String, Value>> {
    match serde_json::to_value(device).map_err(Problem::bug)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Problem::bug("a device is no object")),
    }
}

impl Touched {
    /// What is different between two versions of a device, but for the version itself.
    ///
    /// # Errors
    /// [`Problem::Bug`] only.
    pub fn between(before: &Device, after: &Device) -> Result<Self> {
        let (before, after) = (fields(before)?, fields(after)?);
        let mut touched = Self::default();
        for name in before.keys().chain(after.keys()).filter(|name| *name != "version") {
            let (was, is) = (before.get(name), after.get(name));
            if was != is {
                touched.before.insert(name.clone(), was.cloned().unwrap_or(Value::Null));
                touched.after.insert(name.clone(), is.cloned().unwrap_or(Value::Null));
            }
        }
        Ok(touched)
    }

    /// The names of those fields that do not read as the act left them.
    ///
    /// # Errors
    /// [`Problem::Bug`] only.
    pub fn changed_since(&self, device: &Device) -> Result<Vec<String>> {
        let now = fields(device)?;
        let as_left = |(name, value): &(&String, &Value)| now.get(*name).unwrap_or(&Value::Null) == *value;
        Ok(self.after.iter().filter(|field| !as_left(field)).map(|(name, _)| name.clone()).collect())
    }

    /// The device with those fields as they were before the act, one version on.
    ///
    /// # Errors
    /// [`Problem::Bug`] only.
    pub fn given_back(&self, device: &Device) -> Result<Device> {
        let mut now = fields(device)?;
        for (name, value) in &self.before {
            match value {
                Value::Null => now.remove(name),
                value => now.insert(name.clone(), value.clone()),
            };
        }
        let back: Device = serde_json::from_value(Value::Object(now)).map_err(Problem::bug)?;
        Ok(Device { version: device.version + 1, ..back })
    }
}

/// One device of an act.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its place in the act.
    pub seq: i64,
    /// Which device.
    pub device: DeviceId,
    /// Its version when the act was prepared.
    pub seen: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// What was changed of it.
    pub touched: Option<Touched>,
    /// Why it was left alone.
    pub words: Option<String>,
}
