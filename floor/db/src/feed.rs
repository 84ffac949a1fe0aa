//! The record of changes in an order in which a reader that goes on from where it stopped misses nothing.
//!
//! Events are read by their ids, which carry the moment they were made, but a transaction that made an early id may
//! commit after one that made a late id. So nothing is read that is not [`settled`]: younger than the beginning of the
//! oldest transaction still under way, or than a margin by which the clocks of servers may differ.
//!
//! **Invariant:** ids are made inside the transaction that writes them, by the clock of its server. Whatever is not
//! visible to a reading that begins after [`settled`] was asked, was begun before and counted, or begins later; in both
//! cases its ids are later than the answer. On SQLite there is one writer at a time, whose ids follow all that is committed,
//! also when it is a second process ([`crate::Place::join`]) and when the clock was put back while the server was down
//! ([`go_on`]); so everything that is committed has settled, and there is no margin.

use std::time::Duration;

use kernel::{Id, Instant, OrgId, Result};
use uuid::Uuid;

use crate::{Db, Engine, Event, Row, Sql, Tx, Wall, gate::EventMark, vals};

crate::statements! {
    /// Changes between two ids, in their order.
    BETWEEN = "SELECT id, entity, entity_id, version, action, recorded_at, valid_at, actor_id, actor_name, via, \
               request_id, reason, before, after, hash FROM event \
               WHERE org_id = $1 AND id > $2 AND id < $3 ORDER BY id LIMIT $4";
    /// What changed between two ids, in their order, without what it became.
    TOUCHED = "SELECT id, entity, entity_id, recorded_at FROM event WHERE org_id = $1 AND id > $2 AND id < $3 \
               ORDER BY id LIMIT $4";
    /// Each record's first change after one instant and up to another, in the order in which they were recorded. A version
    /// whose forerunner was recorded in that time too is no first one. The empty text keeps SQLite from reading every
    /// change of every record of the kind instead of those of that time.
    FIRST = "SELECT e.id, e.entity, e.entity_id, e.recorded_at FROM event e WHERE e.org_id = $1 \
             AND e.entity || '' = $2 AND (e.recorded_at, e.id) > ($3, $4) AND e.recorded_at <= $5 \
             AND NOT EXISTS (SELECT 1 FROM event l WHERE l.org_id = e.org_id AND l.entity = e.entity \
             AND l.entity_id = e.entity_id AND l.version = e.version - 1 AND l.recorded_at > $6) \
             ORDER BY e.recorded_at, e.id LIMIT $7";
    /// The last change before an id.
    LAST = "SELECT id FROM event WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT 1";
    /// The last change of all organisations: an id of each, then the last of it.
    LAST_OF_ALL = "WITH RECURSIVE o(id) AS (SELECT (SELECT org_id FROM event ORDER BY org_id LIMIT 1) AS id UNION ALL \
                   SELECT (SELECT org_id FROM event WHERE org_id > o.id ORDER BY org_id LIMIT 1) FROM o \
                   WHERE o.id IS NOT NULL) SELECT (SELECT e.id FROM event e WHERE e.org_id = o.id ORDER BY e.id DESC \
                   LIMIT 1) AS id FROM o WHERE o.id IS NOT NULL";
}

/// When the oldest transaction under way began, by the clock of the database server. Sessions of other roles are not
/// seen, so all servers use one role.
const OLDEST: Sql = Sql::new(
    "SELECT CAST(EXTRACT(EPOCH FROM MIN(xact_start)) * 1000000 AS BIGINT) AS begun FROM pg_stat_activity \
     WHERE datname = current_database() AND pid <> pg_backend_pid()",
);

/// The id before which all changes are visible to a transaction that begins from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled(Uuid);

/// Finds out up to where the record of changes has settled. Asked in a transaction of its own, which must end before
/// the one that reads begins.
///
/// # Errors
/// As a read.
pub async fn settled(db: &Db, margin: Duration) -> Result<Settled> {
    if db.engine() == Engine::Sqlite {
        return Ok(Settled(Uuid::max()));
    }
    let begun: Option<i64> =
        crate::read!(db, Wall::All("what is under way"), |tx| tx.one(OLDEST, &[]).await?.get("begun"))?;
    let now = Instant::machine_now();
    let at = begun.map_or(now, |begun| now.min(Instant::from_micros(begun)));
    let margin = i64::try_from(margin.as_micros()).unwrap_or(i64::MAX);
    let at = Instant::from_micros(at.micros().saturating_sub(margin));
    Ok(Settled(Id::<EventMark>::seeded(at, [0; 10]).uuid()))
}

/// Has all ids of this process follow the last change on record; for the one process that writes an SQLite file, before
/// its first write.
///
/// # Errors
/// As a read.
pub(crate) async fn go_on(db: &Db) -> Result<()> {
    crate::read!(db, Wall::All("where ids go on"), |tx| {
        for row in tx.all(LAST_OF_ALL, &[]).await? {
            // SQLite takes anything for an id. The check of the record names what is none; it keeps nobody from working.
            if let Ok(last) = row.get("id") {
                kernel::go_on_after(last);
            }
        }
        Ok(())
    })
}

/// Whether an id is of a time to come, by more than a margin, and later than all that is on record: nobody was ever told
/// of it.
///
/// # Errors
/// As [`Tx::all`].
pub async fn is_to_come(tx: &mut Tx, org: OrgId, id: Uuid, margin: Duration) -> Result<bool> {
    let margin = i64::try_from(margin.as_micros()).unwrap_or(i64::MAX);
    let latest = Instant::from_micros(Instant::machine_now().micros().saturating_add(margin));
    Ok(id > Id::<EventMark>::seeded(latest, [u8::MAX; 10]).uuid() && id > newest(tx, org).await?)
}

/// Changes after an id, as far as they have settled, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn after(tx: &mut Tx, org: OrgId, after: Uuid, settled: Settled, limit: u32) -> Result<Vec<Event>> {
    let rows = tx.all(BETWEEN, &vals![org, after, settled.0, limit]).await?;
    rows.iter().map(Event::from_row).collect()
}

/// The id of the last change that has settled: a place to go on from that misses nothing that follows.
///
/// # Errors
/// As [`Tx::all`].
pub async fn last(tx: &mut Tx, org: OrgId, settled: Settled) -> Result<Uuid> {
    let row = tx.find(LAST, &vals![org, settled.0]).await?;
    row.map_or(Ok(Uuid::nil()), |row| row.get("id"))
}

/// The id of the last change on record; nil when there is none.
pub(crate) async fn newest(tx: &mut Tx, org: OrgId) -> Result<Uuid> {
    last(tx, org, Settled(Uuid::max())).await
}

/// That a record changed.
#[derive(Clone, Debug)]
pub struct Touched {
    /// The event that tells how.
    pub event: Uuid,
    /// The kind of record.
    pub entity: String,
    /// Which record.
    pub entity_id: Uuid,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// What changed after an id, as far as it has settled, at most `limit` changes.
///
/// # Errors
/// As [`Tx::all`].
pub async fn touched(
    tx: &mut Tx,
    org: OrgId,
    after: Uuid,
    settled: Settled,
    limit: u32,
) -> Result<Vec<Touched>> {
    tx.all(TOUCHED, &vals![org, after, settled.0, limit]).await?.iter().map(touch).collect()
}

/// The first change of each record of a kind after one instant and up to another, in the order in which they were recorded,
/// going on after a change; at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn first_between(
    tx: &mut Tx,
    org: OrgId,
    entity: &str,
    (from, to): (Instant, Instant),
    after: Option<(Instant, Uuid)>,
    limit: u32,
) -> Result<Vec<Touched>> {
    let (at, id) = after.unwrap_or((from, Uuid::max()));
    tx.all(FIRST, &vals![org, entity, at, id, to, from, limit]).await?.iter().map(touch).collect()
}

fn touch(row: &Row) -> Result<Touched> {
    Ok(Touched {
        event: row.get("id")?,
        entity: row.get("entity")?,
        entity_id: row.get("entity_id")?,
        recorded_at: row.get("recorded_at")?,
    })
}
