//! Models: one maker's product, of which the hospital has devices.

mod about;
pub mod actions;
pub(crate) mod api;
mod entry;
mod identifier;
pub mod list;
mod milestone;
pub(crate) mod pages;
pub(crate) mod show;
pub mod store;

use kernel::Id;
use serde::{Deserialize, Serialize};

pub use about::{About, End, OwnRisk};
pub use identifier::{Identifier, Issuer, MOST, Package, Written};
pub use milestone::{ListPrice, Milestone};

use crate::{CompanyId, DeviceTypeId, Name, RiskLevel};

/// Identifies a model.
pub type ModelId = Id<Model>;

/// A maker's model. Unique by company and [`Model::key`] within an organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Model {
    /// Its identifier.
    pub id: ModelId,
    /// 1 when first recorded, one more with each change.
    pub version: i64,
    /// Who makes it.
    pub company: CompanyId,
    /// What it is, whoever makes it.
    pub device_type: DeviceTypeId,
    /// The model name or number as it stands on the nameplate.
    pub name: String,
    /// What else is known of it.
    #[serde(flatten)]
    pub about: About,
}

/// What people decide about a model: everything but its id, version and maker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    /// Its name, as typed.
    pub name: String,
    /// The name of its type; recorded too if it is new.
    pub type_name: String,
    /// What else is known of it.
    pub about: About,
}

impl Model {
    /// A model's first version.
    pub fn new(id: ModelId, company: CompanyId, device_type: DeviceTypeId, name: Name) -> Self {
        Self { id, version: 1, company, device_type, name: name.into(), about: About::default() }
    }

    /// The risk level of its devices that have none of their own, given that of its type.
    pub fn risk(&self, type_risk: Option<RiskLevel>) -> Option<RiskLevel> {
        self.about.own_risk.as_ref().map(|own| own.level).or(type_risk)
    }

    /// The key under which the name is unique for its company.
    pub fn key(&self) -> String {
        kernel::fold(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_reads_back() {
        let name = Name::parse("Vent 840").unwrap();
        let model = Model::new(ModelId::new(), CompanyId::new(), DeviceTypeId::new(), name);
        let text = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), model);
        assert_eq!(model.key(), "vent 840");
    }

    #[test]
    fn a_record_of_before_reads_back_as_it_is() {
        let (id, company, device_type) = (ModelId::new(), CompanyId::new(), DeviceTypeId::new());
        let old = serde_json::json!({
            "id": id, "version": 2, "company": company, "device_type": device_type, "name": "Vent 840",
        });
        let model: Model = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(model.about, About::default());
        assert_eq!(serde_json::to_value(&model).unwrap(), old);
    }

    #[test]
    fn a_model_may_differ_from_its_type() {
        let name = Name::parse("Vent 840").unwrap();
        let mut model = Model::new(ModelId::new(), CompanyId::new(), DeviceTypeId::new(), name);
        assert_eq!(model.risk(None), None);
        assert_eq!(model.risk(Some(RiskLevel::Low)), Some(RiskLevel::Low));
        model.about.own_risk = Some(OwnRisk { level: RiskLevel::High, reason: "Transport".into() });
        assert_eq!(model.risk(Some(RiskLevel::Low)), Some(RiskLevel::High));
    }
}
