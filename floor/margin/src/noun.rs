//! Which records people may add something to. A room says it of its own: one line a noun.

use std::sync::Arc;

use db::Tx;
use futures::future::BoxFuture;
use kernel::{Actor, OrgId, Permit, Problem, Reach, Result};
use uuid::Uuid;
use web::App;

/// A record as somebody sees it who may.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its organisation.
    pub org: OrgId,
    /// The kind of record: the name of its table.
    pub noun: &'static str,
    /// Which one.
    pub id: Uuid,
    /// What people call it: `NH-104207`.
    pub name: String,
    /// Its page.
    pub href: String,
    /// The page of all of its kind, with its name: it stands before the record on the way there.
    pub list: (&'static str, &'static str),
    /// Where it stands; none for what belongs to the whole organisation, to which only somebody adds who may do so
    /// everywhere.
    pub reach: Option<Reach>,
}

impl Subject {
    /// Whether somebody may do this to it.
    pub fn allows(&self, who: &Actor, permit: Permit) -> bool {
        self.need(who, permit).is_ok()
    }

    /// Refuses whoever may not do this to it.
    ///
    /// # Errors
    /// [`Problem::Forbidden`].
    pub fn need(&self, who: &Actor, permit: Permit) -> Result<()> {
        match self.reach {
            Some(reach) => who.need(permit, reach),
            None => who.need_everywhere(permit),
        }
    }

    /// The way to a page of what was added to it.
    pub(crate) fn crumbs(&self) -> Vec<(String, String)> {
        let (label, href) = self.list;
        vec![(label.to_owned(), href.to_owned()), (self.name.clone(), self.href.clone())]
    }
}

/// Finds a record for somebody: [`Problem::NotFound`] where they may not see it.
pub type Find = for<'a> fn(&'a mut Tx, &'a Actor, Uuid) -> BoxFuture<'a, Result<Subject>>;

/// A kind of record that people may add something to.
#[derive(Clone, Copy)]
pub struct Noun {
    /// The name of its table, which stands in addresses: `device`.
    pub name: &'static str,
    /// Finds one.
    pub find: Find,
}

/// The kinds that rooms have named.
#[derive(Clone, Default)]
pub struct Nouns(Arc<[Noun]>);

impl Nouns {
    /// Adds kinds to what the program keeps in memory; a room calls it in its `answers`.
    pub fn join(kept: &mut http::Extensions, more: &[Noun]) {
        let there = kept.get::<Self>().cloned().unwrap_or_default();
        kept.insert(Self(there.0.iter().chain(more).copied().collect()));
    }

    /// All kinds of a running program.
    pub(crate) fn of(app: &App) -> Self {
        app.room::<Self>().cloned().unwrap_or_default()
    }

    /// A record for somebody.
    ///
    /// # Errors
    /// [`Problem::NotFound`] for a kind that nobody named, and for a record that does not exist or is out of sight.
    pub async fn find(&self, tx: &mut Tx, who: &Actor, noun: &str, id: Uuid) -> Result<Subject> {
        let known = self.0.iter().find(|known| known.name == noun);
        let known = known.ok_or_else(|| Problem::not_found(format!("records called “{noun}”")))?;
        (known.find)(tx, who, id).await
    }
}
