//! What was done to documents, in the words of a history.

use db::{Event, Tx, vals};
use kernel::{Instant, Result, TimeZone};
use serde_json::Value;
use uuid::Uuid;
use web::look::{Change, Entry, Icon, Tone};

use super::Kind;
use crate::Subject;

db::statements! {
    /// What was done to the documents of a record before an event, the newest first.
    LIFE = "SELECT e.id, e.entity, e.entity_id, e.version, e.action, e.recorded_at, e.valid_at, e.actor_id, \
            e.actor_name, e.via, e.request_id, e.reason, e.before, e.after, e.hash FROM document d \
            JOIN event e ON e.org_id = d.org_id AND e.entity = 'document' AND e.entity_id = d.id \
            WHERE d.org_id = $1 AND d.noun = $2 AND d.record_id = $3 AND (e.recorded_at, e.id) < ($4, $5) \
            ORDER BY e.recorded_at DESC, e.id DESC LIMIT $6";
}

/// What was done to the documents of a record before a moment, the newest first, at most `limit`.
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

/// One version as an entry. `named` says the document’s title and leads to it, where other records stand beside it.
pub(crate) fn entry(event: &Event, zone: &TimeZone, named: bool) -> Entry {
    let (what, icon) = match event.action.as_str() {
        "margin.document.add" => ("Document added", Icon::Plus),
        "margin.document.change" => ("Document changed", Icon::Pencil),
        "margin.document.remove" => ("Document removed", Icon::Trash),
        _ => ("Document", Icon::FileText),
    };
    let changes = event.changes().into_iter().filter_map(|change| {
        let field = match change.field.as_str() {
            "title" => "Title",
            "kind" => "Kind",
            "valid_from" => "Valid from",
            "valid_until" => "Valid until",
            _ => return None,
        };
        Some(Change { field: field.to_owned(), before: words(&change.before), after: words(&change.after) })
    });
    let title = event.after["title"].as_str().unwrap_or_default().to_owned();
    Entry {
        when: event.recorded_at.on_page(zone),
        when_iso: event.recorded_at.timestamp().to_string(),
        what: what.to_owned(),
        changes: changes.collect(),
        who: Some(event.actor_name.clone()),
        reason: event.reason.clone(),
        link: named.then(|| (title, format!("/documents/{}", event.entity_id))),
        tone: Tone::Plain,
        icon: Some(icon),
    }
}

fn words(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    Some(Kind::of_code(text).map_or_else(|| text.to_owned(), |kind| kind.on_page().to_owned()))
}
