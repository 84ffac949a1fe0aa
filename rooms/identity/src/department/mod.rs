//! A department below a site, or a unit below a department: who owns devices, and where rights may end.

mod actions;
pub(crate) mod api;
mod node;
pub(crate) mod pages;
mod store;

use std::{fmt, str::FromStr};

use kernel::{DepartmentId, Instant, SiteId};
use serde::{Deserialize, Serialize};

pub use actions::{Draft, add, change, find_or_add};
pub(crate) use pages::routes;
pub use store::subtree;
pub(crate) use store::{ALL, RECORD, all, with_parents};

crate::tree::doors!(Department, DepartmentId);

/// What kind it is. A department stands under its site, a unit under a department.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DepartmentKind {
    /// A department of the site.
    Department,
    /// A unit or ward of a department.
    Unit,
}

impl DepartmentKind {
    /// The kind that stands at this depth: under a site, or under a department.
    pub const fn under(has_parent: bool) -> Self {
        if has_parent { Self::Unit } else { Self::Department }
    }

    /// The stable name in the store.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Unit => "unit",
        }
    }

    /// The word on a page.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::Department => "Department",
            Self::Unit => "Unit",
        }
    }
}

impl fmt::Display for DepartmentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for DepartmentKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "department" => Ok(Self::Department),
            "unit" => Ok(Self::Unit),
            _ => Err(format!("“{text}” is neither department nor unit")),
        }
    }
}

/// A department or unit as it stands on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// Its version on record, from 1.
    pub version: i64,
    /// The site it belongs to.
    pub site: SiteId,
    /// For a unit, its department.
    pub parent: Option<DepartmentId>,
    /// Department or unit.
    pub kind: DepartmentKind,
    /// Its name, unique among its siblings when folded.
    pub name: String,
    /// A short code, if the hospital uses one.
    pub code: Option<String>,
    /// The cost centre its devices are charged to.
    pub cost_centre: Option<String>,
    /// Since when it owns nothing any more; closed departments stay on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
}
