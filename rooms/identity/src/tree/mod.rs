//! The two trees below a site, of places and of departments: what their nodes share. Each noun says what it is and
//! where it may stand; finding, moving, closing and reopening, and the page, are the same for both.

mod actions;
pub(crate) mod api;
pub(crate) mod pages;
mod store;

use std::fmt::Debug;

use db::{Row, Sql, Tx, Val};
use futures::future::BoxFuture;
use kernel::{Actor, FieldError, Id, Instant, Reach, Result, SiteId};
use maud::Markup;
use serde::{Serialize, de::DeserializeOwned};
use web::Form;

pub(crate) use actions::{close, close_as_listed, keep, move_to, open_again, open_parent, reopen, save};
pub(crate) use store::{find, get, list, parent_key, path, rebuild};

use crate::{filled::Filled, tally::Stand};

/// The words and statements of one tree.
pub(crate) struct Tree {
    /// What a node is called, and the entity of its events: `place`.
    pub(crate) noun: &'static str,
    /// The last part of its addresses: `places`.
    pub(crate) path: &'static str,
    /// One node by `$1` organisation and `$2` id.
    pub(crate) get: Sql,
    /// All of a site by `$1` organisation and `$2` site, the outer kinds first.
    pub(crate) list: Sql,
    /// Adds one: the columns of [`store::columns`].
    pub(crate) add: Sql,
    /// Changes one: the same columns, then the version it has.
    pub(crate) change: Sql,
    /// Actions as events name them: add, move, close, reopen.
    pub(crate) actions: [&'static str; 4],
    /// The field of its name.
    pub(crate) name_field: &'static str,
    /// The field of its parent.
    pub(crate) parent_field: &'static str,
    /// The button that adds a node inside one.
    pub(crate) add_inside: &'static str,
}

/// What every node has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Core<'n, M> {
    pub(crate) id: Id<M>,
    pub(crate) version: i64,
    pub(crate) site: SiteId,
    pub(crate) parent: Option<Id<M>>,
    pub(crate) name: &'n str,
    pub(crate) code: Option<&'n str>,
    pub(crate) closed_at: Option<Instant>,
}

/// A node of one of the trees.
pub(crate) trait Node:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// What its id names.
    type Mark: 'static;
    /// Its tree.
    const TREE: Tree;

    /// What it shares with all nodes.
    fn core(&self) -> Core<'_, Self::Mark>;
    /// The same one version later, under a parent, open or closed.
    fn changed(&self, parent: Option<Id<Self::Mark>>, closed_at: Option<Instant>) -> Self;
    /// Reads a row.
    fn read(row: &Row) -> Result<Self>;
    /// What its table holds besides the columns all nodes have.
    fn own(&self) -> Vec<Val>;
    /// Its kind in the store and in sentences: `building`, `unit`.
    fn kind(&self) -> &'static str;
    /// Why it may not stand there; `above` is `None` under the site itself, `outer` says whether something stands in it.
    fn misplaced(&self, above: Option<&Self>, outer: bool) -> Option<String>;
    /// What a role must reach to change one, or to put one under the site itself.
    fn reach(site: SiteId, id: Option<Id<Self::Mark>>) -> Reach;
    /// Where records stand that are in it.
    fn stand(id: Id<Self::Mark>) -> Stand;

    /// The fields that its own page changes.
    fn fields(filled: Filled<'_>, present: &Self) -> Markup;
    /// A line under its answer.
    fn note(&self) -> Option<String>;
    /// The fields of a node inside it; `None` where none may stand.
    fn fields_inside(&self, filled: Filled<'_>) -> Option<Markup>;
    /// Changes what the fields of its page say.
    fn change<'a>(&'a self, tx: &'a mut Tx, who: &'a Actor, form: &'a Form) -> BoxFuture<'a, Result<Self>>;
    /// Adds a node inside it.
    fn add<'a>(&'a self, tx: &'a mut Tx, who: &'a Actor, form: &'a Form) -> BoxFuture<'a, Result<Self>>;
}

/// Whether a node is the one with this id or stands somewhere in it.
pub(crate) fn is_within<N: Node>(all: &[N], node: Option<Id<N::Mark>>, outer: Id<N::Mark>) -> bool {
    let mut at = node;
    // A tree is never deeper than it has nodes, whatever the rows say.
    for _ in 0..=all.len() {
        match at {
            None => return false,
            Some(id) if id == outer => return true,
            Some(id) => at = all.iter().map(Node::core).find(|n| n.id == id).and_then(|n| n.parent),
        }
    }
    true
}

/// The nodes under which one may be moved, with the way to each; not where it stands now.
pub(crate) fn homes<'n, N: Node>(all: &'n [N], node: &N) -> Vec<&'n N> {
    let core = node.core();
    let outer = all.iter().any(|n| n.core().parent == Some(core.id));
    let may = |above: &&N| {
        let there = above.core();
        there.closed_at.is_none()
            && Some(there.id) != core.parent
            && !is_within(all, Some(there.id), core.id)
            && node.misplaced(Some(above), outer).is_none()
    };
    all.iter().filter(may).collect()
}

/// One field's error, as the whole problem.
fn fault(field: &'static str, message: impl Into<String>) -> kernel::Problem {
    kernel::Problem::Invalid { fields: vec![FieldError { field: field.into(), message: message.into() }] }
}

/// The doors of a noun to its part of this module, so that other rooms name the noun only.
macro_rules! doors {
    ($noun:ty, $id:ty) => {
        /// One of them, if the organisation has it.
        ///
        /// # Errors
        /// As [`db::Tx::find`].
        pub async fn find(tx: &mut db::Tx, org: kernel::OrgId, id: $id) -> kernel::Result<Option<$noun>> {
            $crate::tree::find(tx, org, id).await
        }

        /// One of them.
        ///
        /// # Errors
        /// [`kernel::Problem::NotFound`] when the organisation has none with this id.
        pub async fn get(tx: &mut db::Tx, org: kernel::OrgId, id: $id) -> kernel::Result<$noun> {
            $crate::tree::get(tx, org, id).await
        }

        /// All of a site, closed ones too: the outer kinds first, each by name. Asks no permission.
        ///
        /// # Errors
        /// As [`db::Tx::all`].
        pub async fn list(
            tx: &mut db::Tx,
            org: kernel::OrgId,
            site: kernel::SiteId,
        ) -> kernel::Result<Vec<$noun>> {
            $crate::tree::list(tx, org, site).await
        }

        /// The way to one, the outermost first and itself last.
        ///
        /// # Errors
        /// [`kernel::Problem::NotFound`] when the organisation has none with this id.
        pub async fn path(tx: &mut db::Tx, org: kernel::OrgId, id: $id) -> kernel::Result<Vec<$noun>> {
            $crate::tree::path(tx, org, id).await
        }

        /// Stores one made elsewhere, complete with its id: imports and the demonstration hospital. Asks no permission
        /// and trusts the kind.
        ///
        /// # Errors
        /// [`kernel::Problem::Invalid`] on its name when a sibling has it.
        pub async fn keep(tx: &mut db::Tx, who: &kernel::Actor, new: &$noun) -> kernel::Result<()> {
            $crate::tree::keep(tx, who, new).await
        }

        /// Moves one with all that is in it under another parent of its site; `None` is the site itself.
        ///
        /// # Errors
        /// [`kernel::Problem::Forbidden`] without `identity.site.manage` there and here; [`kernel::Problem::Invalid`]
        /// where its kind may not stand, in itself, or under what is closed; [`kernel::Problem::Stale`] when somebody
        /// changed it since `version`.
        pub async fn move_to(
            tx: &mut db::Tx,
            who: &kernel::Actor,
            id: $id,
            version: i64,
            (parent, reason): (Option<$id>, Option<String>),
            sent: $crate::Sent<'_>,
        ) -> kernel::Result<$noun> {
            $crate::tree::move_to(tx, who, id, version, (parent, reason), sent).await
        }

        /// Closes one that a list says was closed then, unless something is in it. Asks no permission; for whoever brings
        /// whole lists in.
        ///
        /// # Errors
        /// As [`db::Tx::execute`].
        pub async fn close_as_listed(
            tx: &mut db::Tx,
            who: &kernel::Actor,
            node: &$noun,
            at: kernel::Instant,
            tally: $crate::tally::Tally,
        ) -> kernel::Result<bool> {
            $crate::tree::close_as_listed(tx, who, node, at, tally).await
        }

        /// Closes one when nothing is in it: nothing can be put there any more, its history stays. `tally` is asked
        /// what stands there.
        ///
        /// # Errors
        /// [`kernel::Problem::Invalid`] when something is in it, with what, or without a reason; else as [`move_to`].
        pub async fn close(
            tx: &mut db::Tx,
            who: &kernel::Actor,
            id: $id,
            version: i64,
            (reason, tally): (&str, Option<$crate::tally::Tally>),
            sent: $crate::Sent<'_>,
        ) -> kernel::Result<$noun> {
            $crate::tree::close(tx, who, id, version, (reason, tally), sent).await
        }

        /// Opens a closed one again.
        ///
        /// # Errors
        /// [`kernel::Problem::Invalid`] while what it stands in is closed; else as [`move_to`].
        pub async fn reopen(
            tx: &mut db::Tx,
            who: &kernel::Actor,
            id: $id,
            version: i64,
            sent: $crate::Sent<'_>,
        ) -> kernel::Result<$noun> {
            $crate::tree::reopen(tx, who, id, version, sent).await
        }
    };
}
pub(crate) use doors;
