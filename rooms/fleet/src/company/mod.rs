//! Companies: the makers of models today; vendors, owners and servicers as rooms arrive that need them.

pub mod actions;
pub(crate) mod api;
pub(crate) mod pages;
pub mod store;

use kernel::Id;
use serde::{Deserialize, Serialize};

use crate::Name;

/// Identifies a company.
pub type CompanyId = Id<Company>;

/// A company by the name that stands on its products. Unique by [`Company::key`] within an organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Company {
    /// Its identifier.
    pub id: CompanyId,
    /// 1 when first recorded, one more with each change.
    pub version: i64,
    /// The name as people write it.
    pub name: String,
}

impl Company {
    /// A company's first version.
    pub fn new(id: CompanyId, name: Name) -> Self {
        Self { id, version: 1, name: name.into() }
    }

    /// The next version under another name.
    #[must_use]
    pub fn renamed(&self, name: Name) -> Self {
        Self { id: self.id, version: self.version + 1, name: name.into() }
    }

    /// The key under which the name is unique: `“PHÍLIPS  Med”` and `“Philips med”` are one company.
    pub fn key(&self) -> String {
        kernel::fold(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_of_case_accent_and_space_is_one_company() {
        let company = Company::new(CompanyId::new(), Name::parse("PHÍLIPS  Med").unwrap());
        let renamed = company.renamed(Name::parse("Philips med").unwrap());
        assert_eq!(company.key(), renamed.key());
        assert_eq!((company.version, renamed.version), (1, 2));
        assert_eq!(company.id, renamed.id);
    }
}
