//! Companies: the makers of models today; vendors, owners and servicers as rooms arrive that need them.

pub mod actions;
pub(crate) mod api;
mod entry;
mod owner;
pub(crate) mod pages;
mod show;
pub mod store;

use kernel::Id;
use serde::{Deserialize, Serialize};

pub use self::owner::{MOST, Owner};
use crate::Name;

/// Identifies a company.
pub type CompanyId = Id<Company>;

/// A company by the name that stands on its products. All its names are unique by their keys within an organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Company {
    /// Its identifier.
    pub id: CompanyId,
    /// 1 when first recorded, one more with each change.
    pub version: i64,
    /// The name as people write it.
    pub name: String,
    /// Other names under which people and files know it: former ones, those of its parts, common misspellings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// To whom it belonged and belongs, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
}

/// What is changed of a company.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Its name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Its owners over time.
    pub owners: Vec<Owner>,
}

impl Company {
    /// A company's first version.
    pub fn new(id: CompanyId, name: Name) -> Self {
        Self { id, version: 1, name: name.into(), aliases: Vec::new(), owners: Vec::new() }
    }

    /// What may be changed of it, as it is.
    pub fn values(&self) -> Values {
        Values { name: self.name.clone(), aliases: self.aliases.clone(), owners: self.owners.clone() }
    }

    /// The key under which the name is unique: `“PHÍLIPS  Med”` and `“Philips med”` are one company.
    pub fn key(&self) -> String {
        kernel::fold(&self.name)
    }

    /// The keys of all its names, its own first.
    pub fn keys(&self) -> Vec<String> {
        std::iter::once(&self.name).chain(&self.aliases).map(|name| kernel::fold(name)).collect()
    }

    /// To whom it belongs on a day.
    pub fn owner_on(&self, day: kernel::Date) -> Option<&Owner> {
        self.owners.iter().find(|one| one.held_on(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_of_case_accent_and_space_is_one_company() {
        let company = Company::new(CompanyId::new(), Name::parse("PHÍLIPS  Med").unwrap());
        let other = Company::new(CompanyId::new(), Name::parse("Philips med").unwrap());
        assert_eq!(company.key(), other.key());
        assert_eq!(company.keys(), [company.key()]);
    }

    #[test]
    fn a_record_of_before_reads_back_as_it_is() {
        let old = serde_json::json!({"id": CompanyId::new(), "version": 3, "name": "Helion"});
        let company: Company = serde_json::from_value(old.clone()).unwrap();
        assert!(company.aliases.is_empty() && company.owners.is_empty());
        assert_eq!(serde_json::to_value(&company).unwrap(), old);
    }
}
