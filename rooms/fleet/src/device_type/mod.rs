//! Device types: what a device is, whoever made it; they carry the risk level.

pub mod actions;
pub(crate) mod api;
mod codes;
pub(crate) mod pages;
mod show;
pub mod store;

use kernel::Id;
use serde::{Deserialize, Serialize};

pub use codes::{CodeError, Codes, Nomenclature};

use crate::{Name, UsefulLife};

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
    /// What it is called in the nomenclatures.
    #[serde(flatten)]
    pub codes: Codes,
    /// How long devices of it last, unless model or device say otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub useful_life: Option<UsefulLife>,
}

/// What people decide about a type: everything but its id and version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// Its name, as typed.
    pub name: String,
    /// Its risk level.
    pub risk: Option<RiskLevel>,
    /// Its codes.
    pub codes: Codes,
    /// How long devices of it last.
    pub useful_life: Option<UsefulLife>,
}

impl DeviceType {
    /// A device type's first version, of which no more is known than name and risk.
    pub fn new(id: DeviceTypeId, name: Name, risk: Option<RiskLevel>) -> Self {
        let (codes, useful_life) = (Codes::default(), None);
        Self { id, version: 1, name: name.into(), risk, codes, useful_life }
    }

    /// What was decided about it so far.
    pub fn values(&self) -> Values {
        let Self { name, risk, codes, useful_life, .. } = self.clone();
        Values { name, risk, codes, useful_life }
    }

    /// Whether words of a search stand in its name or are one of its codes, each of them. `words` are folded.
    pub(crate) fn answers(&self, words: &str) -> bool {
        let key = self.key();
        let coded = |word: &str| self.codes.known().any(|(_, code)| kernel::fold(code) == word);
        words.split(' ').all(|word| key.contains(word) || coded(word))
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
    fn a_record_of_before_the_codes_reads_back() {
        let old = serde_json::json!({ "id": DeviceTypeId::new(), "version": 3, "name": "Pump", "risk": "H" });
        let kind: DeviceType = serde_json::from_value(old.clone()).unwrap();
        assert_eq!((kind.version, &kind.codes, &kind.useful_life), (3, &Codes::default(), &None));
        assert_eq!(serde_json::to_value(&kind).unwrap(), old);
    }

    #[test]
    fn a_type_is_found_by_its_name_and_codes() {
        let name = Name::parse("Infusion pump").unwrap();
        let mut kind = DeviceType::new(DeviceTypeId::new(), name, None);
        kind.codes.umdns = Some("13-215".into());
        assert!(kind.answers("pump") && kind.answers("13-215 infusion") && kind.answers(""));
        assert!(!kind.answers("13") && !kind.answers("pump frn"));
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
