//! Device types: what a device is, whoever made it; they carry the risk level.

pub mod actions;
pub(crate) mod api;
pub(crate) mod pages;
pub mod store;

use kernel::Id;
use serde::{Deserialize, Serialize};

use crate::Name;

/// Identifies a device type.
pub type DeviceTypeId = Id<DeviceType>;

coded! {
    /// How much harm a failure may do.
    ///
    /// Decided for the device type; a single device may override it with a reason. Since CMS S&C 14-07 (2013) risk
    /// no longer decides what is on the inventory (everything is), only priority, the high-risk list and whether
    /// an alternate maintenance programme needs closer review.
    pub enum RiskLevel ("risk level") {
        /// Keeps a patient alive.
        LifeSupport = "LS", "Life support";
        /// Failure risks serious injury or death of a patient or of staff.
        High = "H", "High";
        /// Failure may delay or mislead care.
        Medium = "M", "Medium";
        /// Failure does no harm worth naming.
        Low = "L", "Low";
    }
}

impl RiskLevel {
    /// Whether the device counts as high-risk: life support or high. Derived here and stored nowhere, so the two
    /// can never disagree.
    pub const fn is_high_risk(self) -> bool {
        matches!(self, Self::LifeSupport | Self::High)
    }
}

/// A generic class such as “Infusion pump, general purpose”. Unique by [`DeviceType::key`] within an organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeviceType {
    /// Its identifier.
    pub id: DeviceTypeId,
    /// 1 when first recorded, one more with each change.
    pub version: i64,
    /// The name as people write it.
    pub name: String,
    /// The risk of every device of this type; `None` until somebody has decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskLevel>,
}

impl DeviceType {
    /// A device type's first version.
    pub fn new(id: DeviceTypeId, name: Name, risk: Option<RiskLevel>) -> Self {
        Self { id, version: 1, name: name.into(), risk }
    }

    /// The key under which the name is unique.
    pub fn key(&self) -> String {
        kernel::fold(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_risk_is_life_support_or_high() {
        let high: Vec<&str> = RiskLevel::ALL.iter().filter(|r| r.is_high_risk()).map(|r| r.code()).collect();
        assert_eq!(high, ["LS", "H"]);
    }

    #[test]
    fn an_undecided_risk_leaves_no_trace_in_the_record() {
        let name = Name::parse("Infusion pump").unwrap();
        let kind = DeviceType::new(DeviceTypeId::new(), name, None);
        let record = serde_json::to_value(&kind).unwrap();
        assert!(record.get("risk").is_none());
        assert_eq!(serde_json::from_value::<DeviceType>(record).unwrap(), kind);
    }
}
