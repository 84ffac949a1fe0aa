//! The slot through which a room above says how many of its records stand at each place and department.

use std::collections::BTreeMap;

use db::Tx;
use futures::future::BoxFuture;
use kernel::{Actor, DepartmentId, OrgId, Result, SiteId};
use uuid::Uuid;
use web::App;

use crate::place::PlaceId;

/// How many records stand where, by the id of the place or department, each by itself without those below it.
pub type Counts = BTreeMap<Uuid, i64>;

/// Where records stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// At a place.
    Place(PlaceId),
    /// Owned by a department.
    Department(DepartmentId),
}

/// Counts the records of a room above; kept in [`App::room`] by whoever can count.
#[derive(Clone, Copy)]
pub struct Tally {
    /// What is counted, for one and for many: `("device", "devices")`.
    pub noun: (&'static str, &'static str),
    /// Counts at a site for the trees on its page, cut down to what the actor may see.
    pub count: fn(App, Actor, SiteId) -> BoxFuture<'static, Result<Counts>>,
    /// All that stands at one of them, seen or not: what keeps it from being closed.
    pub inside: for<'t> fn(&'t mut Tx, OrgId, Stand) -> BoxFuture<'t, Result<i64>>,
}

impl Tally {
    /// "1 device", "12 devices".
    pub(crate) fn in_words(&self, n: i64) -> String {
        format!("{} {}", kernel::thousands(n), if n == 1 { self.noun.0 } else { self.noun.1 })
    }
}
