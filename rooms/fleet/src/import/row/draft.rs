//! A device as a row of a file describes it.

use kernel::{Date, Money};
use serde::{Deserialize, Serialize};

use crate::{
    Name, RiskLevel,
    device::{Serial, State, Strategy, Tag, Tenure},
    import::When,
};

/// A device as a row describes it; names are not yet looked up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is documented at the Field of the same name")]
pub struct Draft {
    pub tag: Tag,
    pub serial: Option<Serial>,
    pub serial_less: bool,
    pub udi: Option<String>,
    pub maker: Option<Name>,
    pub device_type: Option<Name>,
    pub type_risk: Option<RiskLevel>,
    /// The model, or the catalogue number where the model is blank.
    pub model: Option<Name>,
    pub site: Option<Name>,
    pub building: Option<Name>,
    pub floor: Option<Name>,
    pub room: Option<Name>,
    pub department: Option<Name>,
    pub unit: Option<Name>,
    pub cost_centre: Option<String>,
    /// In service where the row does not say.
    pub state: State,
    pub state_since: Option<When>,
    pub hold_reason: Option<String>,
    pub hold_released_by: Option<String>,
    pub lent_under: Option<String>,
    pub lent_until: Option<Date>,
    pub inspect_after: Option<When>,
    pub risk: Option<RiskLevel>,
    pub risk_reason: Option<String>,
    pub strategy: Option<Strategy>,
    /// Owned where the row does not say.
    pub tenure: Tenure,
    pub agreement: Option<String>,
    pub agreement_ends_on: Option<Date>,
    pub acquired_on: Option<Date>,
    pub accepted_on: Option<When>,
    pub price: Option<Money>,
    pub parent_tag: Option<Tag>,
    pub notes: Option<String>,
}

impl Draft {
    /// What the device is, as exactly as the row says it.
    pub fn model_or_type(&self) -> Option<&Name> {
        self.model.as_ref().or(self.device_type.as_ref())
    }
}
