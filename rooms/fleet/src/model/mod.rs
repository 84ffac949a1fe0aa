//! Models: one maker's product, of which the hospital has devices.

pub mod actions;
pub(crate) mod api;
pub mod list;
pub(crate) mod pages;
pub mod store;

use kernel::Id;
use serde::{Deserialize, Serialize};

use crate::{CompanyId, DeviceTypeId, Name};

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
}

impl Model {
    /// A model's first version.
    pub fn new(id: ModelId, company: CompanyId, device_type: DeviceTypeId, name: Name) -> Self {
        Self { id, version: 1, company, device_type, name: name.into() }
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
}
