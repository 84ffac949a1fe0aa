//! What was done with labels on a record, in the words of a history.

use db::{Event, Tx, vals};
use kernel::{Instant, Result, TimeZone};
use uuid::Uuid;
use web::look::{Entry, Icon, Tone};

use crate::Subject;

db::statements! {
    /// Labels put on a record and taken off before an event, the newest first.
    LIFE = "SELECT e.id, e.entity, e.entity_id, e.version, e.action, e.recorded_at, e.valid_at, e.actor_id, \
            e.actor_name, e.via, e.request_id, e.reason, e.before, e.after, e.hash FROM labelling g \
            JOIN event e ON e.org_id = g.org_id AND e.entity = 'labelling' AND e.entity_id = g.id \
            WHERE g.org_id = $1 AND g.noun = $2 AND g.record_id = $3 AND (e.recorded_at, e.id) < ($4, $5) \
            ORDER BY e.recorded_at DESC, e.id DESC LIMIT $6";
}

/// Labels put on a record and taken off before a moment, the newest first, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn of(
    tx: &mut Tx,
    subject: &Subject,
    (at, id): (Instant, Uuid),
    limit: u32,
) -> Result<Vec<Event>> {
    let vals = vals![subject.org, subject.noun, subject.id, at, id, limit];
    tx.all(LIFE, &vals).await?.iter().map(Event::from_row).collect()
}

/// One of them as an entry.
pub(crate) fn entry(event: &Event, zone: &TimeZone) -> Entry {
    let name = event.after["name"].as_str().unwrap_or_default();
    let what = if event.after["worn"] == true {
        format!("Label “{name}” put on")
    } else {
        format!("Label “{name}” taken off")
    };
    Entry {
        when: event.recorded_at.on_page(zone),
        when_iso: event.recorded_at.timestamp().to_string(),
        what,
        changes: Vec::new(),
        who: Some(event.actor_name.clone()),
        reason: None,
        link: None,
        tone: Tone::Plain,
        icon: Some(Icon::Tag),
    }
}
