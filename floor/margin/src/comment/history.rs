//! What was done to comments, in the words of a history.

use db::{Event, Tx, vals};
use kernel::{Instant, Result, TimeZone};
use uuid::Uuid;
use web::look::{Change, Entry, Icon, Tone};

use crate::Subject;

db::statements! {
    /// What was done to the comments on a record before an event, the newest first.
    LIFE = "SELECT e.id, e.entity, e.entity_id, e.version, e.action, e.recorded_at, e.valid_at, e.actor_id, \
            e.actor_name, e.via, e.request_id, e.reason, e.before, e.after, e.hash FROM comment c \
            JOIN event e ON e.org_id = c.org_id AND e.entity = 'comment' AND e.entity_id = c.id \
            WHERE c.org_id = $1 AND c.noun = $2 AND c.record_id = $3 AND (e.recorded_at, e.id) < ($4, $5) \
            ORDER BY e.recorded_at DESC, e.id DESC LIMIT $6";
}

/// What was done to the comments on a record before a moment, the newest first, at most `limit`.
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

/// Characters of a comment in a history.
const SHORT: usize = 200;

/// One version as an entry. `linked` leads to the comment, where other records stand beside it.
pub(crate) fn entry(event: &Event, zone: &TimeZone, linked: bool) -> Entry {
    let (what, icon) = match event.action.as_str() {
        "margin.comment.edit" => ("Comment changed", Icon::Pencil),
        "margin.comment.retract" => ("Comment retracted", Icon::Undo),
        _ => ("Commented", Icon::Mail),
    };
    let words = |text: Option<&str>| {
        let text = text.filter(|text| !text.is_empty())?;
        let mut short: String = text.chars().take(SHORT).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        Some(short)
    };
    let before = event.before.as_ref().and_then(|before| words(before["words"].as_str()));
    let after = words(event.after["words"].as_str());
    let changes =
        if before == after { Vec::new() } else { vec![Change { field: "Words".to_owned(), before, after }] };
    Entry {
        when: event.recorded_at.on_page(zone),
        when_iso: event.recorded_at.timestamp().to_string(),
        what: what.to_owned(),
        changes,
        who: Some(event.actor_name.clone()),
        reason: event.reason.clone(),
        link: linked.then(|| ("Open".to_owned(), format!("/comments/{}", event.entity_id))),
        tone: Tone::Plain,
        icon: Some(icon),
    }
}
