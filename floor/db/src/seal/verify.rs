//! The check of the record: every batch, every event, every row.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use kernel::{Instant, OrgId, Problem, Result};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Batch, Fault, Leaf, PublicKey, Record, fault::Named, rows, unpack};
use crate::{Db, Row, Select, Tx, gate, vals};

crate::statements! {
    /// Batches with their leaves, in the order of the chain.
    BATCHES = "SELECT number, events, tree, previous, sealed_at, sealed_by, next_by, note, root, signature, \
               leaves FROM event_seal WHERE org_id = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4";
    /// The events between two ids.
    BETWEEN = "SELECT id, entity, entity_id, version, action, recorded_at, valid_at, actor_id, actor_name, via, \
               request_id, reason, before, after, hash FROM event \
               WHERE org_id = $1 AND id >= $2 AND id <= $3 ORDER BY id LIMIT $4";
    /// Events by id, for those that nobody knows.
    IDS = "SELECT id, entity, entity_id FROM event WHERE org_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Whether a record of a kind has events.
    KIND = "SELECT entity FROM event WHERE org_id = $1 AND entity = $2 AND entity_id = $3 LIMIT 1";
}

/// Every statement of the check with its name.
pub const VERIFIED: &[crate::Named] = ALL;

const EVENTS: &str = "SELECT e.id, e.entity, e.entity_id, e.version, e.action, e.recorded_at, e.valid_at, e.actor_id, \
    e.actor_name, e.via, e.request_id, e.reason, e.before, e.after, e.hash FROM event e";

/// Batches checked at the same time.
const AT_ONCE: usize = 3;
/// Events read at a time.
const EVENTS_AT_ONCE: usize = 2_000;
/// Faults after which counting on helps nobody.
pub const MOST_FAULTS: usize = 10_000;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Batches checked.
    pub batches: i64,
    /// Events in them.
    pub sealed: i64,
    /// Events that wait for their seal.
    pub unsealed: i64,
    /// Rows compared with their last event.
    pub rows: i64,
    /// The root of the last batch.
    pub root: Option<[u8; 32]>,
    /// When the last batch was closed.
    pub sealed_at: Option<Instant>,
    /// The keys, each with the first batch that it signed.
    pub keys: Vec<(i64, PublicKey)>,
    /// The batch that has the expected root.
    pub expected: Option<i64>,
    /// What is wrong, the oldest first; at most [`MOST_FAULTS`].
    pub faults: Vec<Fault>,
}

/// What is known from elsewhere than the database, against which the chain is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    /// A root that was noted elsewhere.
    pub root: Option<[u8; 32]>,
    /// The keys of the installation; when none are known, any key is taken for one.
    pub keys: Vec<PublicKey>,
    /// The batch that the installation sealed last, by number and root.
    pub last: Option<(i64, [u8; 32])>,
}

/// Checks the record of one organisation: that the chain of batches is whole, that each event is what was sealed,
/// that none is missing or was put in, and that each row of `records` is what its last event says. The chain must
/// agree with the anchor: what stands in the database alone could have been sealed by anybody who can write there. `told`
/// hears how many events were checked.
///
/// It reads in many short transactions, so a server can go on writing meanwhile.
///
/// # Errors
/// As reads; what is wrong with the record is no error but a [`Fault`].
pub async fn verify(
    db: &Db,
    org: OrgId,
    records: &[Record],
    anchor: &Anchor,
    told: &(dyn Fn(i64) + Sync),
) -> Result<Account> {
    let mut account = Account::default();
    let (events, last, queue) = crate::read!(db, org, |tx| extent(tx, org).await)?;
    account.unsealed = i64::try_from(queue.len()).unwrap_or(i64::MAX);
    let queue = Arc::new(queue);
    chain(db, org, (last, &queue), anchor, (&mut account, told)).await?;
    let waiting: Vec<Uuid> = queue.iter().copied().collect();
    for some in waiting.chunks(EVENTS_AT_ONCE) {
        account.faults.extend(crate::read!(db, org, |tx| unsealed(tx, org, some).await)?);
    }
    let gone = account.faults.iter().filter(|f| matches!(f, Fault::Gone(_))).count();
    let known = account.sealed + account.unsealed - i64::try_from(gone).unwrap_or(i64::MAX);
    if known != events {
        account.faults.extend(crate::read!(db, org, |tx| strays(tx, org).await)?);
    }
    crate::read!(db, org, |tx| name_records(tx, org, records, &mut account.faults).await)?;
    for record in records {
        let (compared, faults) = rows::check(db, org, record).await?;
        account.rows += compared;
        account.faults.extend(faults);
    }
    account.faults.truncate(MOST_FAULTS);
    Ok(account)
}

/// How many events there are, the last batch, and what waits, in one snapshot.
async fn extent(tx: &mut Tx, org: OrgId) -> Result<(i64, i64, HashSet<Uuid>)> {
    let last = tx.find(super::LAST_NUMBER, &vals![org]).await?.map_or(Ok(0), |row| row.get("number"))?;
    Ok((gate::count(tx, org).await?, last, queued(tx, org).await?.into_iter().collect()))
}

/// Every event that waits for its seal.
async fn queued(tx: &mut Tx, org: OrgId) -> Result<Vec<Uuid>> {
    let (mut ids, mut last) = (Vec::new(), Uuid::nil());
    loop {
        let rows = tx.all(super::WAITING, &vals![org, last, 1_000_u32]).await?;
        let Some(end) = rows.last() else { return Ok(ids) };
        last = end.get("id")?;
        for row in &rows {
            ids.extend(unpack(&row.get::<Vec<u8>>("ids")?));
        }
    }
}

/// Follows the chain and checks the events of each batch beside it.
async fn chain(
    db: &Db,
    org: OrgId,
    (last, queue): (i64, &Arc<HashSet<Uuid>>),
    anchor: &Anchor,
    (account, told): (&mut Account, &(dyn Fn(i64) + Sync)),
) -> Result<()> {
    let mut link = Link { org, number: 0, root: [0; 32], next_by: None };
    let mut running: JoinSet<Result<Vec<Fault>>> = JoinSet::new();
    let (mut found, mut held) = (Vec::new(), false);
    while link.number < last {
        let after = link.number;
        let rows = crate::read!(db, org, |tx| tx.all(BATCHES, &vals![org, after, last, 4_u32]).await)?;
        if rows.is_empty() {
            found.push(Fault::Batch { number: after + 1, what: "it is missing" });
            break;
        }
        for row in &rows {
            let number: i64 = row.get("number")?;
            let Some((batch, packed)) = read(row) else {
                found.push(Fault::Batch { number, what: "it cannot be read" });
                link = Link { number, ..link };
                continue;
            };
            found.extend(link.follow(&batch, &packed));
            if anchor.root == Some(batch.root) {
                account.expected = Some(number);
            }
            held |= anchor.last == Some((number, batch.root));
            if account.note(&batch) && !anchor.keys.is_empty() && !anchor.keys.contains(&batch.sealed_by) {
                found.push(Fault::Stranger { number, key: batch.sealed_by });
            }
            told(account.sealed);
            while running.len() >= AT_ONCE {
                found.extend(joined(running.join_next().await)?);
            }
            let (db, queue) = (db.clone(), Arc::clone(queue));
            running.spawn(async move { contents(&db, org, number, Leaf::unpack(&packed), &queue).await });
        }
    }
    while let Some(done) = running.join_next().await {
        found.extend(joined(Some(done))?);
    }
    if anchor.root.is_some() && account.expected.is_none() {
        found.push(Fault::Root);
    }
    if let Some((number, _)) = anchor.last.filter(|_| !held) {
        found.push(Fault::Cut { number });
    }
    found.sort_by_key(|fault| match fault {
        // What says that the chain as a whole is not ours comes before what may follow from that.
        Fault::Root | Fault::Cut { .. } | Fault::Stranger { .. } => (0, 0),
        Fault::Batch { number, .. } | Fault::Key { number, .. } => (*number, 0),
        Fault::Altered(e) | Fault::Gone(e) | Fault::Requeued(e) => (e.batch.unwrap_or(i64::MAX), 1),
        _ => (i64::MAX, 2),
    });
    account.faults.extend(found);
    Ok(())
}

/// What was sealed of one record: its events by their ids, each with the number of its batch. Every batch is looked
/// through: 64 bytes an event of the organisation.
///
/// # Errors
/// As reads.
pub async fn of_record(db: &Db, org: OrgId, record: Uuid) -> Result<BTreeMap<Uuid, (i64, Leaf)>> {
    let (mut found, mut number) = (BTreeMap::new(), 0_i64);
    loop {
        let rows = crate::read!(db, org, |tx| tx.all(BATCHES, &vals![org, number, i64::MAX, 4_u32]).await)?;
        let Some(end) = rows.last() else { return Ok(found) };
        number = end.get("number")?;
        for row in &rows {
            let batch: i64 = row.get("number")?;
            let leaves = Leaf::unpack(&row.get::<Vec<u8>>("leaves")?);
            found.extend(leaves.into_iter().filter(|l| l.record == record).map(|l| (l.id, (batch, l))));
        }
    }
}

fn joined(done: Option<Result<Result<Vec<Fault>>, tokio::task::JoinError>>) -> Result<Vec<Fault>> {
    done.map_or_else(|| Ok(Vec::new()), |done| done.map_err(Problem::bug)?)
}

fn read(row: &Row) -> Option<(Batch, Vec<u8>)> {
    Some((Batch::from_row(row).ok()?, row.get("leaves").ok()?))
}

impl Account {
    /// Counts a batch; says whether it is the first one signed with its key.
    fn note(&mut self, batch: &Batch) -> bool {
        self.batches += 1;
        self.sealed += batch.events;
        self.root = Some(batch.root);
        self.sealed_at = Some(batch.sealed_at);
        let another = self.keys.last().is_none_or(|(_, key)| *key != batch.sealed_by);
        if another {
            self.keys.push((batch.number, batch.sealed_by));
        }
        another
    }
}

/// Where the check stands in the chain.
struct Link {
    org: OrgId,
    number: i64,
    root: [u8; 32],
    next_by: Option<PublicKey>,
}

impl Link {
    /// Goes on to a batch, and says what is wrong with it.
    fn follow(&mut self, batch: &Batch, packed: &[u8]) -> Vec<Fault> {
        let mut faults = Vec::new();
        let number = batch.number;
        if number != self.number + 1 {
            faults.push(Fault::Batch { number: self.number + 1, what: "it is missing" });
        } else if batch.previous != self.root {
            faults.push(Fault::Batch { number, what: "it does not follow the batch before" });
        }
        if let Some(what) = batch.flaw(self.org, packed) {
            faults.push(Fault::Batch { number, what });
        }
        if self.next_by.is_some_and(|key| key != batch.sealed_by) {
            faults.push(Fault::Key { number, key: batch.sealed_by, note: batch.note.clone() });
        }
        *self = Self { number, root: batch.root, next_by: Some(batch.next_by), ..*self };
        faults
    }
}

/// Compares the events of one batch with its leaves.
async fn contents(
    db: &Db,
    org: OrgId,
    number: i64,
    leaves: Vec<Leaf>,
    queue: &HashSet<Uuid>,
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for some in leaves.chunks(EVENTS_AT_ONCE) {
        let rows = crate::read!(db, org, |tx| events(tx, org, some).await)?;
        let mut met = HashMap::with_capacity(rows.len());
        for row in &rows {
            let id: Uuid = row.get("id")?;
            met.insert(id, whole(row, org));
        }
        for leaf in some {
            let named =
                || Named { batch: Some(number), event: leaf.id, entity: None, record: Some(leaf.record) };
            match met.get(&leaf.id) {
                None => faults.push(Fault::Gone(named())),
                Some(hash) if *hash != Some(leaf.hash) => faults.push(Fault::Altered(named())),
                Some(_) if queue.contains(&leaf.id) => faults.push(Fault::Requeued(named())),
                Some(_) => {}
            }
        }
        if faults.len() > MOST_FAULTS {
            break;
        }
    }
    Ok(faults)
}

/// The hash of an event's content, if it is also the one that stands beside it.
fn whole(row: &Row, org: OrgId) -> Option<[u8; 32]> {
    let hash = gate::content_hash(row, org).ok()?;
    (row.get::<Vec<u8>>("hash").ok()? == hash).then_some(hash)
}

/// The events of some leaves, and perhaps others. Leaves stand in the order of their ids, so their events mostly
/// lie side by side; where they do not, each is looked up.
async fn events(tx: &mut Tx, org: OrgId, leaves: &[Leaf]) -> Result<Vec<Row>> {
    let (Some(first), Some(last)) = (leaves.first(), leaves.last()) else { return Ok(Vec::new()) };
    let most = leaves.len() * 3 / 2 + 1;
    let rows =
        tx.all(BETWEEN, &vals![org, first.id, last.id, i64::try_from(most).unwrap_or(i64::MAX)]).await?;
    if rows.len() < most {
        return Ok(rows);
    }
    let ids: Vec<Uuid> = leaves.iter().map(|leaf| leaf.id).collect();
    by_id(tx, org, &ids).await
}

async fn by_id(tx: &mut Tx, org: OrgId, ids: &[Uuid]) -> Result<Vec<Row>> {
    let mut rows = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let mut select = Select::new(EVENTS, "e", org);
        select.one_of("e.id", some.iter().map(|id| (*id).into()));
        rows.extend(select.all(tx).await?);
    }
    Ok(rows)
}

/// Events that wait for their seal: they must be there, and each must have the hash of its content.
async fn unsealed(tx: &mut Tx, org: OrgId, ids: &[Uuid]) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut met = HashMap::with_capacity(ids.len());
    for row in by_id(tx, org, ids).await? {
        met.insert(
            row.get::<Uuid>("id")?,
            (whole(&row, org).is_some(), row.get("entity").ok(), row.get("entity_id").ok()),
        );
    }
    for event in ids {
        let named = |entity, record| Named { batch: None, event: *event, entity, record };
        match met.remove(event) {
            None => faults.push(Fault::Gone(named(None, None))),
            Some((false, entity, record)) => faults.push(Fault::Altered(named(entity, record))),
            Some(_) => {}
        }
    }
    Ok(faults)
}

/// Events that are neither sealed nor waiting. Reads all ids, which only a record that does not add up costs.
async fn strays(tx: &mut Tx, org: OrgId) -> Result<Vec<Fault>> {
    let mut known = queued(tx, org).await?;
    let mut number = 0;
    loop {
        let rows = tx.all(BATCHES, &vals![org, number, i64::MAX, 4_u32]).await?;
        let Some(end) = rows.last() else { break };
        number = end.get("number")?;
        for row in &rows {
            known.extend(Leaf::unpack(&row.get::<Vec<u8>>("leaves")?).iter().map(|leaf| leaf.id));
        }
    }
    known.sort_unstable();
    let (mut faults, mut last) = (Vec::new(), Uuid::nil());
    loop {
        let rows = tx.all(IDS, &vals![org, last, 5_000_u32]).await?;
        let Some(end) = rows.last() else { return Ok(faults) };
        last = end.get("id")?;
        for row in &rows {
            let event: Uuid = row.get("id")?;
            if known.binary_search(&event).is_err() {
                let (entity, record) = (row.get("entity").ok(), row.get("entity_id").ok());
                faults.push(Fault::Inserted(Named { batch: None, event, entity, record }));
            }
        }
    }
}

/// Finds the kinds of the records that faults know by their ids only.
async fn name_records(tx: &mut Tx, org: OrgId, records: &[Record], faults: &mut [Fault]) -> Result<()> {
    const LOOKED_UP: usize = 100;
    for fault in faults.iter_mut().take(LOOKED_UP) {
        let (Fault::Altered(named) | Fault::Gone(named) | Fault::Requeued(named)) = fault else { continue };
        let (None, Some(id)) = (&named.entity, named.record) else { continue };
        for record in records {
            if tx.find(KIND, &vals![org, record.table, id]).await?.is_some() {
                named.entity = Some(record.table.to_owned());
                break;
            }
        }
    }
    Ok(())
}
