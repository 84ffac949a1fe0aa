//! Who may see what was recorded about what: said by the room of each record.

use db::Tx;
use futures::future::BoxFuture;
use kernel::{Actor, Permit, Result};
use serde_json::Value;

/// Whether somebody sees a record as it was, given as JSON.
pub type Sees = Box<dyn Fn(&Value) -> bool + Send + Sync>;

/// Whose history a kind of record shows.
#[derive(Clone, Copy)]
pub struct Sight {
    /// The kind of record: its table's name.
    pub entity: &'static str,
    /// What many of them are called on a page: `Makers`.
    pub many: &'static str,
    /// The field of a record that holds its name.
    pub named: &'static str,
    /// Fields that stand beside the name in a list, with their headings: a role says little without whose it is.
    pub beside: &'static [(&'static str, &'static str)],
    /// The permission without which nothing of it is seen; none where everybody sees something.
    pub needs: Option<Permit>,
    /// What an actor sees of it.
    pub sees: for<'a> fn(&'a mut Tx, &'a Actor) -> BoxFuture<'a, Result<Sees>>,
}

impl Sight {
    /// Whether somebody may see any of it.
    pub fn is_open_to(&self, who: &Actor) -> bool {
        self.needs.is_none_or(|permit| who.may_somewhere(permit))
    }
}

/// The sights of all rooms.
#[derive(Clone)]
pub struct Sights(pub std::sync::Arc<[Sight]>);
