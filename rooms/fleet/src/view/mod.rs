//! Views: searches of the list of devices that people keep under a name, for themselves or for everybody.

pub mod actions;
pub(crate) mod api;
pub(crate) mod pages;
pub mod store;

use kernel::{Id, PersonId};
use serde::{Deserialize, Serialize};

use crate::device::list::Sort;

/// Identifies a view.
pub type ViewId = Id<View>;

/// Most views of one person.
pub const MOST: usize = 50;

/// A search under a name. A view belongs to whoever saved it; a shared one is seen by all, each of whom finds with it what
/// they may see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct View {
    /// Its identifier.
    pub id: ViewId,
    /// 1 when first saved, one more with each change.
    pub version: i64,
    /// Its name, unique among those of its person.
    pub name: String,
    /// The search, in the query language; empty for all devices.
    pub query: String,
    /// The order of the list.
    pub sort: Sort,
    /// Who saved it.
    pub by: PersonId,
    /// Their name then.
    pub by_name: String,
    /// Whether all see it.
    pub shared: bool,
    /// Whether it was removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// What is typed about a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// The search.
    pub query: String,
    /// The order.
    pub sort: Sort,
    /// Whether all see it.
    pub shared: bool,
}

impl View {
    /// What may be changed of it, as it is.
    pub fn draft(&self) -> Draft {
        Draft { name: self.name.clone(), query: self.query.clone(), sort: self.sort, shared: self.shared }
    }
}
