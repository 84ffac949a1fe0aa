//! Who may see what was recorded about what: said by the room of each record.

use std::collections::{BTreeMap, BTreeSet};

use db::{Tx, gate};
use futures::future::BoxFuture;
use kernel::{Actor, Instant, Permit, Result};
use serde_json::Value;
use uuid::Uuid;

/// Whether somebody sees a record as it was, given as JSON.
pub type Sees = Box<dyn Fn(&Value) -> bool + Send + Sync>;

/// The kind and id of the record that something was added to.
pub type Of = fn(&Value) -> Option<(&str, Uuid)>;

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
    /// Of what was added to another record: which one. Then whoever sees that one today sees this.
    pub of: Option<Of>,
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

/// Which of these records, each of a kind and as it was, were added to a record that somebody sees today. What was added
/// to none is seen too.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn added_to_seen(
    tx: &mut Tx,
    who: &Actor,
    sights: &[Sight],
    records: &[(&Sight, &Value)],
) -> Result<Vec<bool>> {
    let mut wanted: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for (sight, record) in records {
        if let Some((kind, id)) = sight.of.and_then(|of| of(record)) {
            wanted.entry(kind).or_default().insert(id);
        }
    }
    let mut seen: BTreeSet<(&str, Uuid)> = BTreeSet::new();
    for (kind, ids) in wanted {
        let Some(sight) = sights.iter().find(|sight| sight.entity == kind) else { continue };
        let sees = (sight.sees)(tx, who).await?;
        let today = gate::these_as_of(tx, who.org, kind, ids, Instant::from_micros(i64::MAX)).await?;
        seen.extend(today.iter().filter(|event| sees(&event.after)).map(|event| (kind, event.entity_id)));
    }
    let is_seen = |(sight, record): &(&Sight, &Value)| match sight.of {
        None => true,
        Some(of) => of(record).is_some_and(|of| seen.contains(&of)),
    };
    Ok(records.iter().map(is_seen).collect())
}
