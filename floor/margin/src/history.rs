//! What was written in the margin of a record, for the record's own history.

use db::{Event, Tx};
use kernel::{Instant, Result, TimeZone};
use uuid::Uuid;
use web::look::Entry;

use crate::{Subject, comment, document, label};

/// Before which event a page of a history begins; as text it stands in addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Before {
    at: Instant,
    id: Uuid,
}

impl Before {
    /// The newest of all.
    pub const NOW: Self = Self { at: Instant::from_micros(i64::MAX), id: Uuid::max() };

    /// What is older than an event.
    pub fn event(event: &Event) -> Self {
        Self { at: event.recorded_at, id: event.id.uuid() }
    }

    /// Reads it from an address; anything else is the beginning.
    pub fn read(text: &str) -> Self {
        let parts = text.split_once('.');
        let read = parts.and_then(|(at, id)| Some((at.parse().ok()?, Uuid::try_parse(id).ok()?)));
        read.map_or(Self::NOW, |(micros, id)| Self { at: Instant::from_micros(micros), id })
    }
}

impl std::fmt::Display for Before {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at.micros(), self.id.simple())
    }
}

/// What was added to a record and done to that, before a moment, the newest first, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn life(tx: &mut Tx, subject: &Subject, before: Before, limit: u32) -> Result<Vec<Event>> {
    let before = (before.at, before.id);
    let mut all = document::history::of(tx, subject, before, limit).await?;
    all.extend(comment::history::of(tx, subject, before, limit).await?);
    all.extend(label::history::of(tx, subject, before, limit).await?);
    all.sort_by_key(|event| std::cmp::Reverse(Before::event(event)));
    all.truncate(limit as usize);
    Ok(all)
}

/// One of them as an entry of the record's history.
pub fn entry(event: &Event, zone: &TimeZone) -> Entry {
    match event.entity.as_str() {
        "comment" => comment::history::entry(event, zone, true),
        "labelling" => label::history::entry(event, zone),
        _ => document::history::entry(event, zone, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let before = Before { at: Instant::from_micros(1_791_892_800_000_000), id: Uuid::now_v7() };
        assert_eq!(Before::read(&before.to_string()), before);
        assert_eq!(Before::read("x"), Before::NOW);
    }
}
