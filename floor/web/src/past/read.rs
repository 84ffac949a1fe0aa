//! What was on record, as far as somebody sees it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use db::{Event, Tx, feed, gate};
use kernel::{Actor, Cursor, FieldChange, Instant, Keyset, OrgId, Problem, Result, Slice};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    App,
    api::{Sees, Sight, Sights, added_to_seen},
};

/// Records looked at in one go.
const BATCH: u32 = 200;
/// Records looked at for one page; whoever sees few of many goes on to the next page.
const MOST: usize = 4_000;
/// Later than everything.
const NOW: Instant = Instant::from_micros(i64::MAX);

/// The kinds of records, as their rooms list them.
pub(super) fn kinds(app: &App) -> Result<Sights> {
    app.room::<Sights>().cloned().ok_or_else(|| Problem::bug("nobody says who sees what"))
}

/// A kind by its name.
///
/// # Errors
/// [`Problem::NotFound`] for what is no kind, [`Problem::Forbidden`] where somebody may see nothing of it.
pub(super) fn kind(app: &App, who: &Actor, entity: &str) -> Result<Sight> {
    let found = kinds(app)?.0.iter().find(|sight| sight.entity == entity).copied();
    let found = found.ok_or_else(|| Problem::not_found(format!("records called “{entity}”")))?;
    match found.needs {
        Some(permit) if !found.is_open_to(who) => Err(Problem::Forbidden { permit: permit.0 }),
        _ => Ok(found),
    }
}

/// What somebody sees of a kind: of what it was, and of what it is.
struct Eyes<'k> {
    sees: Sees,
    kind: &'k Sight,
    kinds: &'k Sights,
}

impl<'k> Eyes<'k> {
    async fn of(tx: &mut Tx, who: &Actor, (kind, kinds): (&'k Sight, &'k Sights)) -> Result<Self> {
        Ok(Self { sees: (kind.sees)(tx, who).await?, kind, kinds })
    }

    /// Those of these records that were in sight then and are today.
    async fn seen(&self, tx: &mut Tx, who: &Actor, then: Vec<Event>) -> Result<Vec<Event>> {
        let then: Vec<Event> = then.into_iter().filter(|event| (self.sees)(&event.after)).collect();
        let ids: Vec<Uuid> = then.iter().map(|event| event.entity_id).collect();
        let today = gate::these_as_of(tx, who.org, self.kind.entity, ids, NOW).await?;
        let today: Vec<Event> = today.into_iter().filter(|event| (self.sees)(&event.after)).collect();
        let records: Vec<_> = today.iter().map(|event| (self.kind, &event.after)).collect();
        let added = added_to_seen(tx, who, &self.kinds.0, &records).await?;
        let seen: BTreeSet<Uuid> =
            today.iter().zip(added).filter(|(_, seen)| *seen).map(|(event, _)| event.entity_id).collect();
        Ok(then.into_iter().filter(|event| seen.contains(&event.entity_id)).collect())
    }
}

/// One page of the records of a kind as they were known at an instant, in the order of their ids.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn records(
    tx: &mut Tx,
    who: &Actor,
    kind: (&Sight, &Sights),
    at: Instant,
    keyset: &Keyset,
) -> Result<Slice<Event>> {
    let eyes = Eyes::of(tx, who, kind).await?;
    let (mut after, mut found, mut looked) = (keyset.after.as_ref().map(|c| c.id), Vec::new(), 0);
    let want = keyset.limit as usize + 1;
    while found.len() < want && looked < MOST {
        let events = gate::all_as_of(tx, who.org, kind.0.entity, at, after, BATCH).await?;
        let Some(last) = events.last() else { break };
        after = Some(last.entity_id);
        looked += events.len();
        found.extend(eyes.seen(tx, who, events).await?);
    }
    let cursor = |id: Uuid| Cursor { after: String::new(), id };
    if found.len() < want && looked >= MOST {
        return Ok(Slice { rows: found, next: after.map(cursor) });
    }
    found.truncate(want);
    Ok(Slice::cut(found, keyset.limit, |last| cursor(last.entity_id)))
}

/// One record as it was known at an instant.
///
/// # Errors
/// [`Problem::NotFound`] when it was not on record then, or is out of sight.
pub(super) async fn record(
    tx: &mut Tx,
    who: &Actor,
    kind: (&Sight, &Sights),
    id: Uuid,
    at: Instant,
) -> Result<Event> {
    let eyes = Eyes::of(tx, who, kind).await?;
    let then = gate::as_of(tx, who.org, kind.0.entity, id, at).await?;
    let seen = eyes.seen(tx, who, then.into_iter().collect()).await?.pop();
    seen.ok_or_else(|| Problem::not_found("a record of this at that moment"))
}

/// A record that is not the same at two instants.
pub(super) struct Difference {
    /// What it was; nothing if it was not on record yet.
    pub before: Option<Event>,
    /// What it is.
    pub after: Event,
    /// When the first change between the two was recorded.
    pub first_at: Instant,
    /// In which fields they differ.
    pub fields: Vec<FieldChange>,
    event: Uuid,
}

/// One page of the records of a kind that differ between two instants, in the order of their first change.
///
/// # Errors
/// [`Problem::Invalid`] on `to` when it is not later than `from`; else as [`Tx::all`].
pub(super) async fn differences(
    tx: &mut Tx,
    who: &Actor,
    kind: (&Sight, &Sights),
    (from, to): (Instant, Instant),
    keyset: &Keyset,
) -> Result<Slice<Difference>> {
    if to <= from {
        return Err(Problem::invalid("to", "This must be later than the beginning."));
    }
    let eyes = Eyes::of(tx, who, kind).await?;
    let mut place = keyset.after.as_ref().map(|c| (Instant::from_micros(c.after.parse().unwrap_or(0)), c.id));
    let (mut found, want) = (Vec::new(), keyset.limit as usize + 1);
    while found.len() < want {
        let first = feed::first_between(tx, who.org, kind.0.entity, (from, to), place, BATCH).await?;
        let Some(last) = first.last() else { break };
        place = Some((last.recorded_at, last.event));
        let ids: Vec<Uuid> = first.iter().map(|change| change.entity_id).collect();
        let by_id =
            |events: Vec<Event>| events.into_iter().map(|e| (e.entity_id, e)).collect::<HashMap<_, _>>();
        let mut before = by_id(gate::these_as_of(tx, who.org, kind.0.entity, ids.clone(), from).await?);
        let after = gate::these_as_of(tx, who.org, kind.0.entity, ids, to).await?;
        let mut after = by_id(eyes.seen(tx, who, after).await?);
        for change in first {
            let Some(after) = after.remove(&change.entity_id) else { continue };
            let before = before.remove(&change.entity_id);
            let fields = FieldChange::between(before.as_ref().map(|event| &event.after), &after.after);
            if !fields.is_empty() {
                let (first_at, event) = (change.recorded_at, change.event);
                found.push(Difference { before, after, first_at, fields, event });
            }
        }
    }
    found.truncate(want);
    Ok(Slice::cut(found, keyset.limit, |last| Cursor {
        after: last.first_at.micros().to_string(),
        id: last.event,
    }))
}

/// The names of the records whose ids stand in these values, as they were known at an instant.
///
/// # Errors
/// As [`Tx::all`].
pub async fn names(
    tx: &mut Tx,
    org: OrgId,
    Sights(kinds): &Sights,
    values: &[&Value],
    at: Instant,
) -> Result<BTreeMap<Uuid, String>> {
    let mut ids = BTreeSet::new();
    values.iter().for_each(|value| gather(value, &mut ids));
    let mut names = BTreeMap::new();
    for kind in kinds.iter() {
        for event in gate::these_as_of(tx, org, kind.entity, ids.iter().copied(), at).await? {
            names.insert(event.entity_id, name(kind, &event.after));
        }
    }
    Ok(names)
}

fn gather(value: &Value, ids: &mut BTreeSet<Uuid>) {
    match value {
        Value::String(text) => ids.extend(text.parse::<Uuid>().ok()),
        Value::Array(all) => all.iter().for_each(|value| gather(value, ids)),
        Value::Object(all) => all.values().for_each(|value| gather(value, ids)),
        _ => {}
    }
}

/// What a record is called.
pub(super) fn name(kind: &Sight, record: &Value) -> String {
    match &record[kind.named] {
        Value::String(text) => text.clone(),
        _ => record["id"].as_str().unwrap_or_default().to_owned(),
    }
}
