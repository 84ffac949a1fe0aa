//! Typed identifiers.

use std::{cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr, sync::Mutex};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{Timestamp, Uuid, timestamp::context::ContextV7};

use crate::Instant;

/// What makes each id of this process later than the one before, whatever the clock does.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A UUID that says what it identifies, so a site's id cannot be passed where a device's is wanted.
///
/// Ids are UUIDv7 made by us, never by the database: they sort by the moment they were made and can be known
/// before the row exists.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

/// Marker: an organisation, the wall between customers.
pub enum Org {}
/// Marker: a person with an account.
pub enum Person {}
/// Marker: a site, the root of a tree of places.
pub enum Site {}
/// Marker: a department or unit.
pub enum Department {}

/// Identifies an organisation.
pub type OrgId = Id<Org>;
/// Identifies a person.
pub type PersonId = Id<Person>;
/// Identifies a site.
pub type SiteId = Id<Site>;
/// Identifies a department or unit.
pub type DepartmentId = Id<Department>;

impl<T> Id<T> {
    /// A new identifier carrying the present moment in its upper 48 bits, or that of the one before, where the clock was
    /// put back.
    pub fn new() -> Self {
        Self(Uuid::new_v7(Timestamp::now(&ORDER)), PhantomData)
    }

    /// An identifier for a chosen moment and chosen randomness, so that generated data is the same each time.
    pub fn seeded(at: Instant, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid(), PhantomData)
    }

    /// Wraps a UUID that is known to identify a `T`.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID, for the store.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The same identifier read as another kind; for tables that hold ids of several kinds.
    pub const fn cast<U>(self) -> Id<U> {
        Id(self.0, PhantomData)
    }
}

/// From now on, every new identifier of this process is later than this one, also where the clock is behind it.
pub fn go_on_after(last: Uuid) {
    if let Some(at) = last.get_timestamp() {
        let (seconds, nanos) = at.to_unix();
        // Whatever of its millisecond is left goes by with it.
        let nanos = nanos - nanos % 1_000_000 + 1_000_000;
        let (seconds, nanos) = (seconds + u64::from(nanos / 1_000_000_000), nanos % 1_000_000_000);
        Uuid::new_v7(Timestamp::from_unix(&ORDER, seconds, nanos));
    }
}

impl<T> Default for Id<T> {
    fn default() -> Self {
        Self::new()
    }
}
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl<T> FromStr for Id<T> {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(s).map(Self::from_uuid)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Uuid::deserialize(d).map(Self::from_uuid)
    }
}

/// Names one request in logs, on error pages and in the record of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A new name, short enough to read over the phone.
    pub fn new() -> Self {
        let hex = Uuid::now_v7().simple().to_string();
        Self(hex[20..].to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_moment_they_were_made() {
        let ids: Vec<OrgId> = (0..1_000).map(|_| Id::new()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn seeded_ids_repeat() {
        let at = Instant::from_micros(1_700_000_000_000_000);
        assert_eq!(OrgId::seeded(at, [7; 10]), OrgId::seeded(at, [7; 10]));
        assert_ne!(OrgId::seeded(at, [7; 10]), OrgId::seeded(at, [8; 10]));
    }

    #[test]
    fn request_ids_differ() {
        assert_ne!(RequestId::new(), RequestId::new());
    }
}
