//! `baton audit show`: the life of one record, in words, and whether it is as it was sealed.

use std::collections::BTreeMap;

use db::{
    Db, Event,
    seal::{self, Leaf},
};
use kernel::{Instant, OrgId};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{
    api::{Sights, Version, shown},
    past::{self, Words},
};

use super::{
    Call,
    audit::{beside, hex, records},
    out::out,
};
use crate::rooms;

/// Events read at a time.
const AT_ONCE: u32 = 500;

/// What is known of the life of one record.
struct Life {
    org: OrgId,
    kind: &'static str,
    id: Uuid,
    /// The oldest first.
    events: Vec<Event>,
    /// What was sealed of it, by event, with the number of the batch.
    sealed: BTreeMap<Uuid, (i64, Leaf)>,
}

/// Prints the life of the record that somebody names.
///
/// # Errors
/// When there is no such record, and when the database cannot be read.
pub(super) async fn show(call: &Call, wanted: &str, org: Option<&str>) -> anyhow::Result<()> {
    let db = beside(call).await?;
    let org = call.org(&db, org).await?;
    let Some((kind, id)) = find(&db, org, wanted).await? else {
        anyhow::bail!(
            "There is no record “{wanted}”. Write an asset tag, person/ and an e-mail address, an id, or a kind and an \
             id. Kinds are: {}.",
            records().iter().map(|r| r.table).collect::<Vec<_>>().join(", ")
        );
    };
    // First what was sealed: what is written and sealed meanwhile is then merely not known to be.
    let sealed = seal::of_record(&db, org, id).await?;
    let (mut events, mut below) = (Vec::new(), i64::MAX);
    loop {
        let some = db::read!(&db, org, |tx| db::gate::life(tx, org, kind, id, below, AT_ONCE).await)?;
        let Some(last) = some.last() else { break };
        below = last.version;
        events.extend(some);
    }
    events.reverse();
    let life = Life { org, kind, id, events, sealed };
    if call.json {
        out!("{}", life.value()?);
    } else {
        let words = words(&db, &life).await?;
        life.print(&words);
    }
    db.close().await;
    Ok(())
}

/// What the ids in the record's values lead to, by the names of today.
async fn words(db: &Db, life: &Life) -> anyhow::Result<Words<'static>> {
    let sights = Sights(rooms::rooms().into_iter().flat_map(|room| room.sights).collect());
    let values: Vec<&Value> = life.events.iter().flat_map(|e| e.before.iter().chain([&e.after])).collect();
    let now = Instant::from_micros(i64::MAX);
    let names = db::read!(db, life.org, |tx| past::names(tx, life.org, &sights, &values, now).await)?;
    Ok(Words { names, zone: None })
}

/// The kind and id of a record.
async fn find(db: &Db, org: OrgId, wanted: &str) -> anyhow::Result<Option<(&'static str, Uuid)>> {
    let (kind, word) = wanted.split_once('/').unwrap_or(("", wanted));
    let kinds: Vec<&'static str> =
        records().iter().map(|r| r.table).filter(|table| kind.is_empty() || *table == kind).collect();
    if let Ok(id) = word.parse::<Uuid>() {
        for table in kinds {
            let known = db::read!(db, org, |tx| db::gate::life(tx, org, table, id, i64::MAX, 1).await)?;
            if !known.is_empty() {
                return Ok(Some((table, id)));
            }
        }
        return Ok(None);
    }
    let found = match kind {
        "" | "device" => {
            let devices = db::read!(db, org, |tx| fleet::device::actions::known_by_tag(tx, org, word).await)?;
            devices.first().map(|device| ("device", device.id.uuid()))
        }
        "person" => {
            let person = db::read!(db, org, |tx| identity::person::find_by_email(tx, org, word).await)?;
            person.map(|person| ("person", person.id.uuid()))
        }
        _ => None,
    };
    Ok(found)
}

impl Life {
    /// What is wrong with an event, if anything: its content against its hash, and its hash against the seal.
    fn flaw(&self, event: &Event) -> Option<&'static str> {
        if !event.is_whole(self.org) {
            return Some("ALTERED SINCE IT WAS RECORDED");
        }
        let (_, leaf) = self.sealed.get(&event.id.uuid())?;
        (event.hash != leaf.hash).then_some("NOT WHAT WAS SEALED")
    }

    fn batch(&self, event: &Event) -> Option<i64> {
        self.sealed.get(&event.id.uuid()).map(|(number, _)| *number)
    }

    /// Events that were sealed and are not there, with their batches.
    fn gone(&self) -> Vec<(Uuid, i64)> {
        let here = |id: &Uuid| self.events.iter().any(|event| event.id.uuid() == *id);
        let gone = self.sealed.iter().filter(|(id, _)| !here(id));
        gone.map(|(id, (number, _))| (*id, *number)).collect()
    }

    fn value(&self) -> kernel::Result<Value> {
        let one = |event: &Event| {
            let mut value = shown(&Version::from(event))?;
            value["hash"] = hex(&event.hash).into();
            value["sealed_in_batch"] = self.batch(event).into();
            value["whole"] = self.flaw(event).is_none().into();
            Ok(value)
        };
        let gone: Vec<Value> =
            self.gone().iter().map(|(id, batch)| json!({ "id": id, "sealed_in_batch": batch })).collect();
        let events = self.events.iter().map(one).collect::<kernel::Result<Vec<Value>>>()?;
        let whole = gone.is_empty() && self.events.iter().all(|event| self.flaw(event).is_none());
        Ok(json!({
            "ok": true, "entity": self.kind, "id": self.id, "whole": whole, "events": events, "gone": gone,
        }))
    }

    fn print(&self, words: &Words<'_>) {
        let name = words.names.get(&self.id).map(|name| format!("{name}, ")).unwrap_or_default();
        out!("{name}{} {}", self.kind, self.id);
        self.events.iter().for_each(|event| self.print_event(event, words));
        let gone = self.gone();
        for (id, batch) in &gone {
            out!("\nGONE: event {id} of this record was sealed in batch {batch} and is not there.");
        }
        let flaws = self.events.iter().filter(|event| self.flaw(event).is_some()).count() + gone.len();
        let sealed = self.events.iter().filter(|event| self.batch(event).is_some()).count();
        let all = self.events.len();
        match flaws {
            0 => out!("\n{all} versions, {sealed} of them sealed, each as it was recorded."),
            n => out!(
                "\n{all} versions, {sealed} of them sealed. NOT WHOLE: {n} are not as they were recorded."
            ),
        }
        out!(
            "`baton audit verify` checks the seals themselves, and what the record is today against its events."
        );
    }

    fn print_event(&self, event: &Event, words: &Words<'_>) {
        let flaw = self.flaw(event).map(|flaw| format!("  {flaw}")).unwrap_or_default();
        let seal = self.batch(event).map_or_else(|| "not sealed yet".to_owned(), |n| format!("batch {n}"));
        out!(
            "\n{}  version {}  {}  by {} ({}), {seal}{flaw}",
            event.recorded_at,
            event.version,
            event.action,
            event.actor_name,
            event.via
        );
        if event.valid_at != event.recorded_at {
            out!("  True since {}", event.valid_at);
        }
        if let Some(reason) = &event.reason {
            out!("  Reason: {reason}");
        }
        let said = |field: &str, value: &Value| Some(words.of(field, value)).filter(|text| !text.is_empty());
        if event.before.is_none()
            && let Value::Object(fields) = &event.after
        {
            for (field, value) in fields {
                if let Some(text) = said(field, value) {
                    out!("  {}: {text}", past::label(field));
                }
            }
        }
        for change in event.changes() {
            let side = |value| said(&change.field, value).unwrap_or_else(|| "nothing".to_owned());
            out!("  {}: {} -> {}", past::label(&change.field), side(&change.before), side(&change.after));
        }
        out!("  event {}  request {}", event.id, event.request_id);
    }
}
