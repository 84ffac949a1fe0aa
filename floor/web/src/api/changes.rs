//! The feed of changes: everything that was recorded, in an order in which a reader that goes on from where it stopped
//! misses nothing, as far as its token sees.

use std::collections::{HashMap, HashSet};

use db::{Event, feed};
use kernel::{Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Answer, Call, Fault, Settings,
    shown::Version,
    sight::{Sees, Sight, Sights, added_to_seen},
};

/// Changes looked at in one request, seen or not.
const MOST: usize = 5_000;
/// Changes read at a time.
const BATCH: u32 = 500;
/// The place after all that has been recorded.
const LATEST: &str = "latest";

#[derive(Deserialize, JsonSchema)]
pub(super) struct Asked {
    /// Where to go on: `next` of the answer before. Left out, it begins with the first change on record; `latest`
    /// begins after the last one.
    after: Option<String>,
    /// Changes an answer.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<u32>,
    /// Only changes of these kinds of records.
    #[serde(default)]
    entity: Vec<String>,
}

/// Changes in their order.
#[derive(Serialize, JsonSchema)]
pub(super) struct Changes {
    /// The changes, oldest first.
    items: Vec<Version>,
    /// Where to go on; keep it, also when there are no items.
    next: String,
    /// Whether more can be read at once; if not, ask again later.
    more: bool,
}

pub(super) async fn list(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query_as_it_came()?;
    let settings = call.app.room::<Settings>().cloned().unwrap_or_default();
    let Sights(sights) =
        call.app.room::<Sights>().cloned().ok_or_else(|| Problem::bug("nobody says who sees what"))?;
    check_kinds(&asked.entity, &sights)?;
    let settled = feed::settled(call.app.db(), settings.behind).await?;
    let who = call.actor();
    if asked.after.as_deref() == Some(LATEST) {
        let last = db::read!(call.app.db(), who.org, |tx| feed::last(tx, who.org, settled).await)?;
        return Ok(Answer::json(&Changes {
            items: Vec::new(),
            next: last.simple().to_string(),
            more: false,
        })?);
    }
    let words = "Send `next` of the answer before, as it came.";
    let after = asked.after.as_deref().map(Uuid::parse_str).transpose();
    let mut after = after.map_err(|_| Problem::invalid("?after", words))?.unwrap_or(Uuid::nil());
    let to_come =
        db::read!(call.app.db(), who.org, |tx| feed::is_to_come(tx, who.org, after, settings.behind).await)?;
    if to_come {
        let words = "This place is later than now, so what is recorded until then would be missed. Send `next` of the answer \
                     before, or begin with `latest`.";
        return Err(Problem::invalid("?after", words).into());
    }
    let limit = asked.limit.unwrap_or(100) as usize;
    let found = db::read!(call.app.db(), who.org, |tx| {
        let mut sees: HashMap<&'static str, Sees> = HashMap::new();
        for sight in sights.iter() {
            sees.insert(sight.entity, (sight.sees)(tx, who).await?);
        }
        let (mut items, mut looked) = (Vec::new(), 0);
        loop {
            let events = feed::after(tx, who.org, after, settled, BATCH).await?;
            let ended = events.len() < BATCH as usize;
            let records: Vec<(&Sight, &Value)> = events.iter().filter_map(|e| kind_of(&sights, e)).collect();
            let added = added_to_seen(tx, who, &sights, &records).await?;
            let ids: Vec<Uuid> =
                events.iter().filter(|e| kind_of(&sights, e).is_some()).map(|e| e.id.uuid()).collect();
            let hidden: HashSet<Uuid> =
                ids.into_iter().zip(added).filter(|(_, seen)| !seen).map(|(id, _)| id).collect();
            for event in events {
                if items.len() == limit {
                    return Ok(Changes { items, next: after.simple().to_string(), more: true });
                }
                after = event.id.uuid();
                looked += 1;
                let wanted = asked.entity.is_empty() || asked.entity.contains(&event.entity);
                let seen =
                    sees.get(event.entity.as_str()).filter(|_| wanted && !hidden.contains(&event.id.uuid()));
                items.extend(seen.and_then(|sees| visible(&event, sees)));
            }
            if ended || looked >= MOST {
                return Ok(Changes { items, next: after.simple().to_string(), more: !ended });
            }
        }
    })?;
    Ok(Answer::json(&found)?)
}

/// The kind of the record that a change is of, where a room says who sees it.
fn kind_of<'a>(sights: &'a [Sight], event: &'a Event) -> Option<(&'a Sight, &'a Value)> {
    sights.iter().find(|sight| sight.entity == event.entity).map(|sight| (sight, &event.after))
}

/// Refuses kinds of records that do not exist: the answer would be empty for ever.
fn check_kinds(asked: &[String], sights: &[Sight]) -> Result<()> {
    let unknown = asked.iter().find(|kind| !sights.iter().any(|sight| sight.entity == *kind));
    let Some(unknown) = unknown else { return Ok(()) };
    let known: Vec<&str> = sights.iter().map(|sight| sight.entity).collect();
    let words = format!("There are no records called “{unknown}”. Kinds are: {}.", known.join(", "));
    Err(Problem::invalid("?entity", words))
}

/// A change as far as it is seen. Of a record that left what one sees, it is said that it did, and not where it went.
fn visible(event: &Event, sees: &Sees) -> Option<Version> {
    if sees(&event.after) {
        return Some(event.into());
    }
    let Some(Value::Object(before)) = &event.before else { return None };
    let mut was = event.after.clone();
    for (name, value) in before {
        was.as_object_mut()?.insert(name.clone(), value.clone());
    }
    sees(&was).then(|| Version { changed: Vec::new(), record: None, reason: None, ..event.into() })
}
