//! The slot through which a room above says how many of its records stand at each place and department.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use kernel::{Actor, DepartmentId, Result, SiteId};
use web::App;

use crate::place::PlaceId;

/// How many records stand where, each place and department by itself without those below it.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// By place.
    pub places: BTreeMap<PlaceId, i64>,
    /// By owner department.
    pub departments: BTreeMap<DepartmentId, i64>,
}

/// Counts records at a site for the tree on its page; kept in [`App::room`] by whoever can count. The numbers
/// must be cut down to what the actor may see.
#[derive(Clone, Copy)]
pub struct Tally {
    /// What is counted, for one and for many: `("device", "devices")`.
    pub noun: (&'static str, &'static str),
    /// Counts.
    pub count: fn(App, Actor, SiteId) -> BoxFuture<'static, Result<Counts>>,
}

impl Tally {
    /// "1 device", "12 devices".
    pub(crate) fn in_words(&self, n: i64) -> String {
        format!("{n} {}", if n == 1 { self.noun.0 } else { self.noun.1 })
    }
}
