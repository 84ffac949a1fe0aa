//! Devices: one physical managed item each, known to people by its asset tag.

pub mod actions;
pub(crate) mod api;
pub mod between;
pub mod evidence;
pub mod former;
pub mod list;
pub mod moves;
pub(crate) mod pages;
pub mod rules;
pub mod search;
pub mod state;
pub mod store;
mod tag;
pub mod text;
pub mod then;
pub mod unretire;

use kernel::{Date, DepartmentId, Id, Instant, Money, SiteId};
use serde::{Deserialize, Serialize};

pub use evidence::{Answer, Disposal, DisposalMethod, Evidence, Move, Need, Release, SignerRole};
pub use moves::{Draft, Facts, Possible, baseline, begin, moves, plan};
pub use rules::{Edit, HoldTest, Spot};
pub use state::{Kind, OutFor, State, TRANSITIONS, Transition};
pub use tag::{Serial, Tag};
pub use text::Text;

use crate::{ModelId, RiskLevel};

/// Identifies a device.
pub type DeviceId = Id<Device>;

/// Marker: a building, floor or room.
pub enum Place {}
/// Identifies a place.
pub type PlaceId = Id<Place>;

/// Marker: one import of a file of devices.
pub enum Import {}
/// Identifies an import.
pub type ImportId = Id<Import>;

coded! {
    /// Whose the device is, beside the state it is in.
    pub enum Tenure ("tenure") {
        /// The hospital's own.
        Owned = "owned", "Owned";
        /// Lent to the hospital.
        LoanIn = "loan_in", "Borrowed";
        /// Rented by the hospital.
        Rental = "rental", "Rented";
        /// Here on trial.
        Demo = "demo", "On trial";
    }
}

coded! {
    /// How a device is kept in order. Alternate equipment management (AEM) is that of CMS S&C 14-07.
    pub enum Strategy ("maintenance strategy") {
        /// As the manufacturer says.
        Oem = "oem", "Manufacturer’s schedule";
        /// AEM with scheduled maintenance of the hospital's own design.
        AemPm = "aem_pm", "AEM, own schedule";
        /// AEM with less maintenance than the manufacturer recommends.
        AemReduced = "aem_reduced", "AEM, reduced";
        /// Repaired when it fails; no scheduled maintenance.
        RunToFail = "run_to_fail", "Run to failure";
        /// By condition or by meter.
        Condition = "condition", "By condition or meter";
        /// As a law or licence prescribes.
        ByLaw = "by_law", "Set by law";
    }
}

coded! {
    /// How the hospital came to hold a device fit for use.
    pub enum Acceptance ("kind of acceptance") {
        /// It passed an inspection recorded here.
        Inspection = "inspection", "Inspected";
        /// It was already in use when the fleet was imported; nobody here saw its inspection.
        Baseline = "baseline", "In use before it was imported";
    }
}

coded! {
    /// What has not been decided about a device. Gaps are listed; they refuse nothing but a move into service.
    pub enum Gap ("gap") {
        /// No owner department.
        Owner = "owner", "Owner not decided yet";
        /// Neither the device nor its type has a risk level.
        RiskLevel = "risk_level", "Risk level not decided yet";
        /// No maintenance strategy.
        Strategy = "strategy", "Maintenance strategy not decided yet";
    }
}

/// What the clock of planned maintenance does while a device is in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PmClock {
    /// Maintenance falls due; what falls due on a device not located keeps accruing.
    Runs,
    /// Stands still until the device is to return, and then a check comes first.
    Paused,
    /// Stands still by order of an investigation; nobody touches the device.
    Frozen,
    /// Has ended.
    Stopped,
    /// Has never begun.
    None,
}

/// A hold beside the state: a failed test or a repair keeps the device from use until a named test lifts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hold {
    /// Why it must not be used.
    pub reason: String,
    /// The test whose passing lifts the hold.
    pub released_by: String,
}

/// Under what agreement somebody else has the device, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Loan {
    /// The agreement, by number or name.
    pub agreement: String,
    /// The last day of the loan.
    pub ends_on: Date,
}

/// One physical managed item. The serialised record is the version kept in the record of changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Device {
    /// Its identifier.
    pub id: DeviceId,
    /// 1 when first recorded, one more with each change.
    pub version: i64,
    /// The asset tag as written on the sticker; a [`Tag`].
    pub tag: String,
    /// The maker's serial number; a [`Serial`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The maker gave it no serial number; excludes one.
    pub serial_less: bool,
    /// The unique device identifier as scanned, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udi: Option<String>,
    /// What it is one of.
    pub model: ModelId,
    /// The system it is a component of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<DeviceId>,
    /// The site it belongs to.
    pub site: SiteId,
    /// The place in that site where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// The department that owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<DepartmentId>,
    /// The state it is in.
    pub state: State,
    /// Since when it is in that state.
    pub state_since: Instant,
    /// Its last receipt, finding or release from quarantine: to be used, it needs an inspection passed at or
    /// after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inspect_after: Option<Instant>,
    /// When it was last accepted for use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Instant>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_as: Option<Acceptance>,
    /// A hold, whatever the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The loan it is out on; present exactly in the state `LoanedOut`, except that an imported one may lack it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loan: Option<Loan>,
    /// Its own risk level, where it differs from that of its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskLevel>,
    /// Why it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_reason: Option<String>,
    /// How it is kept in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// Whose it is.
    pub tenure: Tenure,
    /// The agreement of a tenure other than owned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// The last day of that agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_ends_on: Option<Date>,
    /// When the hospital got it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquired_on: Option<Date>,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Free words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The import that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportId>,
    /// When its import was undone. Such a device counts as never recorded and its tag as never used: as of a moment
    /// before, it is read all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Instant>,
}

impl Device {
    /// The key under which the tag is unique; see [`Tag::key`].
    pub fn tag_key(&self) -> String {
        kernel::key(&self.tag)
    }

    /// The device's own risk level, else that of its model or type, else undecided.
    pub fn effective_risk(&self, inherited: Option<RiskLevel>) -> Option<RiskLevel> {
        self.risk.or(inherited)
    }

    /// What nobody has decided yet about a device on the inventory: listed as gaps, never refused.
    pub fn undecided(&self, inherited_risk: Option<RiskLevel>) -> Vec<Gap> {
        if !self.state.in_inventory() || self.removed_at.is_some() {
            return Vec::new();
        }
        let missing = [
            (self.department.is_none(), Gap::Owner),
            (self.effective_risk(inherited_risk).is_none(), Gap::RiskLevel),
            (self.strategy.is_none(), Gap::Strategy),
        ];
        missing.into_iter().filter(|(lacks, _)| *lacks).map(|(_, gap)| gap).collect()
    }

    /// Whether it was accepted at or after its last receipt, finding or release. A baseline acceptance counts.
    pub fn is_accepted(&self) -> bool {
        self.accepted_at.is_some_and(|at| self.inspect_after.is_none_or(|after| at >= after))
    }

    /// Whether it may be used on a patient now: in service and not held.
    pub fn may_be_used(&self) -> bool {
        self.state == State::InService && self.hold.is_none() && self.removed_at.is_none()
    }

    /// What the clock of planned maintenance does. A spare that is held or awaits an inspection cannot return to
    /// use without a check, so its clock pauses.
    pub fn pm_clock(&self) -> PmClock {
        match self.state {
            State::OutOfService(_) if self.hold.is_some() || !self.is_accepted() => PmClock::Paused,
            state => state.pm_clock(),
        }
    }

    /// The state in the words of the page; a held device reads “Do not use”, whatever else it is.
    pub fn on_page(&self) -> &'static str {
        match (&self.hold, self.state) {
            (Some(_), State::Quarantined) | (None, _) => self.state.on_page(),
            (Some(_), state) if state.in_inventory() => "Do not use",
            (Some(_), state) => state.on_page(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! reads_back {
        ($($list:ty),+) => {$(
            for value in <$list>::ALL {
                assert_eq!(value.code().parse::<$list>().as_ref(), Ok(value));
                assert!(!value.on_page().is_empty());
            }
        )+};
    }

    #[test]
    fn every_code_reads_back() {
        reads_back!(
            Tenure,
            Strategy,
            Acceptance,
            Gap,
            Kind,
            OutFor,
            RiskLevel,
            Need,
            SignerRole,
            DisposalMethod
        );
    }
}
