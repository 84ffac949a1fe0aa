//! The gate: every change to a record passes here, in the transaction that makes it.
//!
//! An event row says who did what to which record when, why and through which request, what the record was and
//! what it is now. The row is also the version of the record from that moment on, so any record can be read as
//! it was known at a past instant. Each row carries the SHA-256 of its own content.

use kernel::{Actor, Change, Id, Instant, Org, OrgId, Problem, Result};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    Row, Select, Tx, Val,
    sweep::{Cell, Passing},
    vals,
};

crate::statements! {
    /// All versions of one record, newest first.
    LIFE = "SELECT id, entity, entity_id, version, action, recorded_at, valid_at, actor_id, actor_name, via, \
            request_id, reason, before, after, hash FROM event \
            WHERE org_id = $1 AND entity = $2 AND entity_id = $3 AND version < $4 \
            ORDER BY version DESC LIMIT $5";
    /// One record as known at an instant. The plus keeps SQLite from reading everything recorded before instead of
    /// the few versions of the record.
    AS_OF = "SELECT id, entity, entity_id, version, action, recorded_at, valid_at, actor_id, actor_name, via, \
             request_id, reason, before, after, hash FROM event \
             WHERE org_id = $1 AND entity = $2 AND entity_id = $3 AND +recorded_at <= $4 \
             ORDER BY version DESC LIMIT 1";
    /// Every record of a kind as known at an instant, in id order after a given id.
    ALL_AS_OF = "SELECT id, entity, entity_id, version, action, recorded_at, valid_at, actor_id, actor_name, \
                 via, request_id, reason, before, after, hash FROM event e \
                 WHERE e.org_id = $1 AND e.entity = $2 AND e.entity_id > $3 AND +e.recorded_at <= $4 \
                 AND e.version = (SELECT MAX(l.version) FROM event l WHERE l.org_id = e.org_id \
                 AND l.entity = e.entity AND l.entity_id = e.entity_id AND +l.recorded_at <= $4) \
                 ORDER BY e.entity_id LIMIT $5";
    /// all organisations: the newest change of the installation, for the demonstration's clock.
    LAST = "SELECT MAX(recorded_at) AS last FROM event";
    /// How many changes are on record.
    COUNT = "SELECT COUNT(*) AS n FROM event WHERE org_id = $1";
}

const THESE_AS_OF: &str = "SELECT id, entity, entity_id, version, action, recorded_at, valid_at, actor_id, actor_name, \
                           via, request_id, reason, before, after, hash FROM event e";
const LAST_KNOWN: &str = "e.version = (SELECT MAX(l.version) FROM event l WHERE l.org_id = e.org_id \
                          AND l.entity = e.entity AND l.entity_id = e.entity_id AND +l.recorded_at <= {})";
/// Records changes.
pub(crate) const INSERT: &str = "INSERT INTO event (org_id, id, entity, entity_id, version, action, recorded_at, valid_at, \
                      actor_id, actor_name, via, request_id, reason, before, after, hash) VALUES";

/// Marks the ids of events.
pub enum EventMark {}

/// One event as it stands on record.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: Id<EventMark>,
    /// The kind of record: the table's name.
    pub entity: String,
    /// Which record.
    pub entity_id: Uuid,
    /// The record's version from here on.
    pub version: i64,
    /// What was done.
    pub action: String,
    /// When we knew it.
    pub recorded_at: Instant,
    /// When it became true.
    pub valid_at: Instant,
    /// Who, if a person.
    pub actor_id: Option<Uuid>,
    /// Their name at that time.
    pub actor_name: String,
    /// How it came in.
    pub via: String,
    /// The request it came with.
    pub request_id: String,
    /// Why.
    pub reason: Option<String>,
    /// The fields that changed, with their values before; `None` for a new record.
    pub before: Option<Value>,
    /// The whole record after.
    pub after: Value,
    /// SHA-256 of all of the above.
    pub hash: Vec<u8>,
}

impl Event {
    /// Reads one from the columns of the table, all of them.
    ///
    /// # Errors
    /// [`Problem::Bug`] for a row that is no event.
    pub fn from_row(row: &Row) -> Result<Self> {
        let json = |text: String| serde_json::from_str(&text).map_err(Problem::bug);
        Ok(Self {
            id: row.get("id")?,
            entity: row.get("entity")?,
            entity_id: row.get("entity_id")?,
            version: row.get("version")?,
            action: row.get("action")?,
            recorded_at: row.get("recorded_at")?,
            valid_at: row.get("valid_at")?,
            actor_id: row.get("actor_id")?,
            actor_name: row.get("actor_name")?,
            via: row.get("via")?,
            request_id: row.get("request_id")?,
            reason: row.get("reason")?,
            before: row.get::<Option<String>>("before")?.map(json).transpose()?,
            after: json(row.get("after")?)?,
            hash: row.get("hash")?,
        })
    }

    /// Each changed field with its value before and after, in name order.
    pub fn changes(&self) -> Vec<kernel::FieldChange> {
        let Some(Value::Object(old)) = &self.before else { return Vec::new() };
        old.iter()
            .map(|(field, before)| kernel::FieldChange {
                field: field.clone(),
                before: before.clone(),
                after: self.after.get(field).cloned().unwrap_or(Value::Null),
            })
            .collect()
    }

    /// Whether the stored hash is the hash of the stored content.
    pub fn is_whole(&self, org: OrgId) -> bool {
        self.hash == self.content_hash(org)
    }

    /// The hash of the content as it is here.
    pub fn content_hash(&self, org: OrgId) -> [u8; 32] {
        let before = self.before.as_ref().map(Value::to_string);
        let content = Content {
            org,
            id: self.id.uuid(),
            entity: &self.entity,
            entity_id: self.entity_id,
            version: self.version,
            action: &self.action,
            recorded_at: self.recorded_at,
            valid_at: self.valid_at,
            actor_id: self.actor_id,
            actor_name: &self.actor_name,
            via: &self.via,
            request_id: &self.request_id,
            reason: self.reason.as_deref(),
            before: before.as_deref(),
            after: &self.after.to_string(),
        };
        content.hash()
    }
}

/// What an event's hash covers.
struct Content<'a> {
    org: Id<Org>,
    id: Uuid,
    entity: &'a str,
    entity_id: Uuid,
    version: i64,
    action: &'a str,
    recorded_at: Instant,
    valid_at: Instant,
    actor_id: Option<Uuid>,
    actor_name: &'a str,
    via: &'a str,
    request_id: &'a str,
    reason: Option<&'a str>,
    before: Option<&'a str>,
    after: &'a str,
}

impl Content<'_> {
    /// SHA-256 over every field, each preceded by its length (or by all ones when absent), so that no two
    /// different events share one text.
    fn hash(&self) -> [u8; 32] {
        let mut sha = Sha256::new();
        let mut put = |bytes: Option<&[u8]>| {
            sha.update(bytes.map_or(u64::MAX, |b| b.len() as u64).to_be_bytes());
            sha.update(bytes.unwrap_or_default());
        };
        put(Some(self.org.uuid().as_bytes()));
        put(Some(self.id.as_bytes()));
        put(Some(self.entity.as_bytes()));
        put(Some(self.entity_id.as_bytes()));
        put(Some(&self.version.to_be_bytes()));
        put(Some(self.action.as_bytes()));
        put(Some(&self.recorded_at.micros().to_be_bytes()));
        put(Some(&self.valid_at.micros().to_be_bytes()));
        put(self.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        put(Some(self.actor_name.as_bytes()));
        put(Some(self.via.as_bytes()));
        put(Some(self.request_id.as_bytes()));
        put(self.reason.map(str::as_bytes));
        put(self.before.map(str::as_bytes));
        put(Some(self.after.as_bytes()));
        sha.finalize().into()
    }
}

impl Tx {
    /// Records one change in the transaction that makes it.
    ///
    /// # Errors
    /// As [`Tx::execute`]; a second event for the same version of a record is a conflict, at the latest when the write
    /// ends.
    pub async fn record(&mut self, who: &Actor, change: Change) -> Result<()> {
        self.record_many(who, vec![change]).await
    }

    /// Records many changes made by one act.
    ///
    /// # Errors
    /// As [`Tx::record`].
    pub async fn record_many(&mut self, who: &Actor, changes: Vec<Change>) -> Result<()> {
        let mut rows = Vec::with_capacity(changes.len());
        let ids = self.unsealed.entry(who.org).or_default();
        for change in &changes {
            let id = Id::new();
            ids.extend(id.uuid().as_bytes());
            rows.push(event_row(who, change, id));
            *self.recorded.entry(change.entity).or_default() += 1;
        }
        self.later.events.extend(rows);
        self.write_many_events().await
    }

    /// Records changes with chosen event ids and moments; for generated data, which must be the same each time.
    ///
    /// # Errors
    /// As [`Tx::record`].
    pub async fn record_seeded(&mut self, changes: &[Seeded]) -> Result<()> {
        for change in changes {
            *self.recorded.entry(change.entity).or_default() += 1;
            self.unsealed.entry(change.org).or_default().extend(change.id.as_bytes());
        }
        self.later.events.extend(changes.iter().map(|c| c.row.clone()));
        self.write_many_events().await
    }
}

/// A change with a chosen event id, written out and hashed ahead: most of the work of recording it, which bulk
/// work does on another thread than the database's.
#[derive(Clone, Debug)]
pub struct Seeded {
    org: OrgId,
    id: Uuid,
    entity: &'static str,
    row: Vec<Val>,
}

impl Seeded {
    /// Writes one change out.
    pub fn new(who: &Actor, change: &Change, id: Id<EventMark>) -> Self {
        Self { org: who.org, id: id.uuid(), entity: change.entity, row: event_row(who, change, id) }
    }
}

/// The columns of an event in the order of [`passing_hash`].
pub(crate) const COLUMNS: &str = "e.id, e.entity, e.entity_id, e.version, e.action, e.recorded_at, e.valid_at, e.actor_id, \
                                  e.actor_name, e.via, e.request_id, e.reason, e.before, e.after, e.hash";
/// The place of the id in [`COLUMNS`].
pub(crate) const ID: usize = 0;
/// The place of the kind of record.
pub(crate) const ENTITY: usize = 1;
/// The place of the record's id.
pub(crate) const ENTITY_ID: usize = 2;
/// The place of the hash.
pub(crate) const HASH: usize = 14;

/// The hash of an event's content as it is stored now, if its own hash is the same. None for one that holds what no event
/// ever holds.
pub(crate) fn whole(row: &dyn Passing, org: OrgId) -> Option<[u8; 32]> {
    let hash = content_hash(row, org).ok()?;
    (row.cell(HASH).ok()?.bytes().ok()? == hash).then_some(hash)
}

/// # Errors
/// [`kernel::Problem::Bug`] when a column holds what no event ever holds.
fn content_hash(row: &dyn Passing, org: OrgId) -> Result<[u8; 32]> {
    let text = |column| row.cell(column)?.text();
    let some_text = |column| row.cell(column)?.opt().map(Cell::text).transpose();
    let at = |column| Ok::<_, kernel::Problem>(Instant::from_micros(row.cell(column)?.int()?));
    let content = Content {
        org,
        id: row.cell(ID)?.uuid()?,
        entity: text(ENTITY)?,
        entity_id: row.cell(ENTITY_ID)?.uuid()?,
        version: row.cell(3)?.int()?,
        action: text(4)?,
        recorded_at: at(5)?,
        valid_at: at(6)?,
        actor_id: row.cell(7)?.opt().map(Cell::uuid).transpose()?,
        actor_name: text(8)?,
        via: text(9)?,
        request_id: text(10)?,
        reason: some_text(11)?,
        before: some_text(12)?,
        after: text(13)?,
    };
    Ok(content.hash())
}

fn event_row(who: &Actor, change: &Change, id: Id<EventMark>) -> Vec<Val> {
    let before = change.before.as_ref().map(|old| {
        let changed = kernel::FieldChange::between(Some(old), &change.after);
        Value::Object(changed.into_iter().map(|c| (c.field, c.before)).collect::<Map<_, _>>()).to_string()
    });
    let after = change.after.to_string();
    let valid_at = change.valid_at.unwrap_or(who.at);
    let via = via_code(who);
    let content = Content {
        org: who.org,
        id: id.uuid(),
        entity: change.entity,
        entity_id: change.id,
        version: change.version,
        action: change.action,
        recorded_at: who.at,
        valid_at,
        actor_id: who.person.map(Id::uuid),
        actor_name: &who.name,
        via,
        request_id: who.request.as_str(),
        reason: change.reason.as_deref(),
        before: before.as_deref(),
        after: &after,
    };
    let hash = content.hash().to_vec();
    vals![
        who.org,
        id,
        change.entity,
        change.id,
        change.version,
        change.action,
        who.at,
        valid_at,
        who.person,
        &who.name,
        via,
        who.request.as_str(),
        change.reason.clone(),
        before,
        after,
        hash,
    ]
    .to_vec()
}

fn via_code(who: &Actor) -> &'static str {
    match who.via {
        kernel::Via::Page => "page",
        kernel::Via::Cli => "cli",
        kernel::Via::Job => "job",
        kernel::Via::Api => "api",
        kernel::Via::Demo => "demo",
    }
}

/// The life of one record, newest first, starting below a version (`i64::MAX` for the newest).
///
/// # Errors
/// As [`Tx::all`].
pub async fn life(
    tx: &mut Tx,
    org: OrgId,
    entity: &str,
    id: Uuid,
    below: i64,
    limit: u32,
) -> Result<Vec<Event>> {
    let rows = tx.all(LIFE, &vals![org, entity, id, below, limit]).await?;
    rows.iter().map(Event::from_row).collect()
}

/// One record as it was known at an instant; `None` if it was not known yet.
///
/// # Errors
/// As [`Tx::all`].
pub async fn as_of(tx: &mut Tx, org: OrgId, entity: &str, id: Uuid, at: Instant) -> Result<Option<Event>> {
    tx.find(AS_OF, &vals![org, entity, id, at]).await?.as_ref().map(Event::from_row).transpose()
}

/// These records of a kind as they were known at an instant, in id order; those not known yet are left out.
///
/// # Errors
/// As [`Tx::all`].
pub async fn these_as_of(
    tx: &mut Tx,
    org: OrgId,
    entity: &str,
    ids: impl IntoIterator<Item = Uuid>,
    at: Instant,
) -> Result<Vec<Event>> {
    let mut select = Select::new(THESE_AS_OF, "e", org);
    select.filter("e.entity = {}", [entity.into()]);
    select.one_of("e.entity_id", ids.into_iter().map(Val::from));
    select.filter(LAST_KNOWN, [at.into()]).ending("ORDER BY e.entity_id", []);
    select.all(tx).await?.iter().map(Event::from_row).collect()
}

/// All records of a kind as they were known at an instant, in id order after `after`, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn all_as_of(
    tx: &mut Tx,
    org: OrgId,
    entity: &str,
    at: Instant,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Event>> {
    let rows = tx.all(ALL_AS_OF, &vals![org, entity, after.unwrap_or(Uuid::nil()), at, limit]).await?;
    rows.iter().map(Event::from_row).collect()
}

/// How many changes one organisation has on record.
///
/// # Errors
/// As [`Tx::all`].
pub async fn count(tx: &mut Tx, org: OrgId) -> Result<i64> {
    tx.one(COUNT, &vals![org]).await?.get("n")
}

/// When the newest change of the whole installation was recorded. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn last_recorded(tx: &mut Tx) -> Result<Option<Instant>> {
    tx.one(LAST, &vals![]).await?.get("last")
}
