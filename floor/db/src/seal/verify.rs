//! The check of the record: every batch, every event, every row.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use kernel::{Instant, OrgId, Problem, Result};
use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

use super::{
    AT_ONCE, Batch, Fault, Leaf, PublicKey, Record,
    events::Table,
    fault::Named,
    rows,
    sums::{Parts, Secret, Sums},
    unpack,
};
use crate::{Db, Row, Sql, Tx, Val, gate, vals};

crate::statements! {
    /// Batches with their leaves, in the order of the chain.
    BATCHES = "SELECT number, events, tree, previous, sealed_at, sealed_by, next_by, note, root, signature, \
               leaves FROM event_seal WHERE org_id = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4";
    /// How many events were sealed, as the batches say.
    SEALED = "SELECT CAST(COALESCE(SUM(events), 0) AS BIGINT) AS n FROM event_seal WHERE org_id = $1";
    /// Whether a record of a kind has events.
    KIND = "SELECT entity FROM event WHERE org_id = $1 AND entity = $2 AND entity_id = $3 LIMIT 1";
}

/// Every statement of the check with its name.
pub const VERIFIED: &[crate::Named] = ALL;

/// Events looked at one by one in one read.
const EVENTS_AT_ONCE: usize = 2_000;
/// Ids read in one read.
const IDS_AT_ONCE: usize = 20_000;
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
/// agree with the anchor: what stands in the database alone could have been sealed by anybody who can write there.
///
/// What was sealed and what is there are first summed and compared, part by part, for which the events are read as they
/// lie on the disk; only where the sums differ, each event is looked up. It reads in many short transactions, so a server
/// can go on writing meanwhile.
///
/// # Errors
/// As reads; what is wrong with the record is no error but a [`Fault`].
pub async fn verify(db: &Db, org: OrgId, records: &[Record], anchor: &Anchor) -> Result<Account> {
    let mut account = Account::default();
    let table = Table::look(db).await?;
    let known = crate::read!(db, org, |tx| extent(tx, org).await)?;
    account.unsealed = known.unsealed();
    let odd = if table.is_mostly_others(known.sealed.saturating_add(known.unsealed())) {
        chain(db, org, (known.last, anchor), &mut account, |_| {}).await?;
        Parts::all()
    } else {
        let secret = Secret::new();
        let mut sealed = Sums::new(secret);
        let there = table.sum(db, org, secret, &known.queue);
        let said = chain(db, org, (known.last, anchor), &mut account, |leaves| {
            leaves.iter().for_each(|leaf| sealed.add(leaf.id, &leaf.hash));
        });
        let (there, ()) = tokio::try_join!(there, said)?;
        sealed.differing(&there)
    };
    if !odd.is_empty() {
        let odd = Arc::new(odd);
        account.faults.extend(closer(db, org, &known, &odd).await?);
        account.faults.extend(strays(db, org, &odd).await?);
    }
    account.faults.sort_by_key(age);
    let waiting: Vec<Uuid> = known.queue.iter().copied().collect();
    for some in waiting.chunks(EVENTS_AT_ONCE) {
        account.faults.extend(unsealed(db, org, some).await?);
    }
    crate::read!(db, org, |tx| name_records(tx, org, records, &mut account.faults).await)?;
    let (compared, faults) = rows::check(db, org, records).await?;
    account.rows = compared;
    account.faults.extend(faults);
    account.faults.truncate(MOST_FAULTS);
    Ok(account)
}

/// What comes first in an account: what says that the chain as a whole is not ours, before what may follow from that.
fn age(fault: &Fault) -> (i64, u8) {
    match fault {
        Fault::Root | Fault::Cut { .. } | Fault::Stranger { .. } => (0, 0),
        Fault::Batch { number, .. } | Fault::Key { number, .. } => (*number, 0),
        Fault::Altered(e) | Fault::Gone(e) | Fault::Requeued(e) => (e.batch.unwrap_or(i64::MAX), 1),
        _ => (i64::MAX, 2),
    }
}

/// What an organisation had on record when the check began.
struct Extent {
    /// The number of the last batch.
    last: i64,
    /// Events in all batches, as these say.
    sealed: i64,
    /// What waits for its seal.
    queue: Arc<HashSet<Uuid>>,
}

impl Extent {
    fn unsealed(&self) -> i64 {
        i64::try_from(self.queue.len()).unwrap_or(i64::MAX)
    }
}

async fn extent(tx: &mut Tx, org: OrgId) -> Result<Extent> {
    let last = tx.find(super::LAST_NUMBER, &vals![org]).await?.map_or(Ok(0), |row| row.get("number"))?;
    let sealed = tx.one(SEALED, &vals![org]).await?.get("n")?;
    let queue = Arc::new(queued(tx, org).await?.into_iter().collect());
    Ok(Extent { last, sealed, queue })
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

/// Follows the chain, and hands on the leaves of each batch.
async fn chain(
    db: &Db,
    org: OrgId,
    (last, anchor): (i64, &Anchor),
    account: &mut Account,
    mut leaves: impl FnMut(&[Leaf]),
) -> Result<()> {
    let mut link = Link { org, number: 0, root: [0; 32], next_by: None };
    let mut held = false;
    while link.number < last {
        let rows = batches(db, org, link.number, last).await?;
        if rows.is_empty() {
            account.faults.push(Fault::Batch { number: link.number + 1, what: "it is missing" });
            break;
        }
        for row in &rows {
            let number: i64 = row.get("number")?;
            let Some((batch, packed)) = read(row) else {
                account.faults.push(Fault::Batch { number, what: "it cannot be read" });
                link = Link { number, ..link };
                continue;
            };
            account.faults.extend(link.follow(&batch, &packed));
            if anchor.root == Some(batch.root) {
                account.expected = Some(number);
            }
            held |= anchor.last == Some((number, batch.root));
            if account.note(&batch) && !anchor.keys.is_empty() && !anchor.keys.contains(&batch.sealed_by) {
                account.faults.push(Fault::Stranger { number, key: batch.sealed_by });
            }
            leaves(&Leaf::unpack(&packed));
        }
    }
    if anchor.root.is_some() && account.expected.is_none() {
        account.faults.push(Fault::Root);
    }
    if let Some((number, _)) = anchor.last.filter(|_| !held) {
        account.faults.push(Fault::Cut { number });
    }
    Ok(())
}

/// The next few batches.
async fn batches(db: &Db, org: OrgId, after: i64, last: i64) -> Result<Vec<Row>> {
    crate::read!(db, org, |tx| tx.all(BATCHES, &vals![org, after, last, 4_u32]).await)
}

/// Looks each sealed event up that belongs to some parts.
async fn closer(db: &Db, org: OrgId, known: &Extent, odd: &Arc<Parts>) -> Result<Vec<Fault>> {
    let mut running: JoinSet<Result<Vec<Fault>>> = JoinSet::new();
    let (mut found, mut number) = (Vec::new(), 0);
    loop {
        let rows = batches(db, org, number, known.last).await?;
        let Some(end) = rows.last() else { break };
        number = end.get("number")?;
        for row in &rows {
            let (number, Ok(packed)) = (row.get("number")?, row.get::<Vec<u8>>("leaves")) else { continue };
            let mut leaves = Leaf::unpack(&packed);
            leaves.retain(|leaf| odd.hold(leaf.id));
            while running.len() >= AT_ONCE {
                found.extend(joined(running.join_next().await)?);
            }
            let (db, queue) = (db.clone(), Arc::clone(&known.queue));
            running.spawn(async move { contents(&db, org, number, &leaves, &queue).await });
        }
    }
    while !running.is_empty() {
        found.extend(joined(running.join_next().await)?);
    }
    Ok(found)
}

/// What was sealed of one record: its events by their ids, each with the number of its batch. Every batch is looked
/// through: 64 bytes an event of the organisation.
///
/// # Errors
/// As reads.
pub async fn of_record(db: &Db, org: OrgId, record: Uuid) -> Result<BTreeMap<Uuid, (i64, Leaf)>> {
    let (mut found, mut number) = (BTreeMap::new(), 0_i64);
    loop {
        let rows = batches(db, org, number, i64::MAX).await?;
        let Some(end) = rows.last() else { return Ok(found) };
        number = end.get("number")?;
        for row in &rows {
            let batch: i64 = row.get("number")?;
            let leaves = Leaf::unpack(&row.get::<Vec<u8>>("leaves")?);
            found.extend(leaves.into_iter().filter(|l| l.record == record).map(|l| (l.id, (batch, l))));
        }
    }
}

fn joined(done: Option<Result<Result<Vec<Fault>>, JoinError>>) -> Result<Vec<Fault>> {
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

/// Compares events of one batch with their leaves.
async fn contents(
    db: &Db,
    org: OrgId,
    number: i64,
    leaves: &[Leaf],
    queue: &HashSet<Uuid>,
) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for some in leaves.chunks(EVENTS_AT_ONCE) {
        let ids: Vec<Uuid> = some.iter().map(|leaf| leaf.id).collect();
        let met = by_id(db, org, &ids).await?;
        for leaf in some {
            let named =
                || Named { batch: Some(number), event: leaf.id, entity: None, record: Some(leaf.record) };
            match met.get(&leaf.id) {
                None => faults.push(Fault::Gone(named())),
                Some(event) if event.hash != Some(leaf.hash) => faults.push(Fault::Altered(named())),
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

/// An event as it was found.
struct Met {
    /// Its hash, if that is the hash of its content.
    hash: Option<[u8; 32]>,
    entity: Option<String>,
    record: Option<Uuid>,
}

/// Those of some events that are there.
async fn by_id(db: &Db, org: OrgId, ids: &[Uuid]) -> Result<HashMap<Uuid, Met>> {
    let places: Vec<String> = (0..ids.len()).map(|n| format!("${}", n + 2)).collect();
    let sql = format!(
        "SELECT {} FROM event e WHERE e.org_id = $1 AND e.id IN ({})",
        gate::COLUMNS,
        places.join(", ")
    );
    let vals = std::iter::once(org.into()).chain(ids.iter().map(|id| Val::from(*id))).collect();
    db.sweep(org, (Sql::built(sql).once(), vals), HashMap::new(), move |met, row| {
        let event = Met {
            hash: gate::whole(row, org),
            entity: row.cell(gate::ENTITY)?.text().ok().map(str::to_owned),
            record: row.cell(gate::ENTITY_ID)?.uuid().ok(),
        };
        met.insert(row.cell(gate::ID)?.uuid()?, event);
        Ok(())
    })
    .await
}

/// Events that wait for their seal: they must be there, and each must have the hash of its content.
async fn unsealed(db: &Db, org: OrgId, ids: &[Uuid]) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let mut met = by_id(db, org, ids).await?;
    for event in ids {
        let named = |entity, record| Named { batch: None, event: *event, entity, record };
        match met.remove(event) {
            None => faults.push(Fault::Gone(named(None, None))),
            Some(Met { hash: None, entity, record }) => faults.push(Fault::Altered(named(entity, record))),
            Some(_) => {}
        }
    }
    Ok(faults)
}

/// Events of some parts that are neither sealed nor waiting. Reads all ids, which only a record that does not add up
/// costs.
async fn strays(db: &Db, org: OrgId, odd: &Arc<Parts>) -> Result<Vec<Fault>> {
    let mut found: Vec<Named> = Vec::new();
    let mut after = None;
    loop {
        let page = ids(db, org, after, odd).await?;
        found.extend(page.odd);
        if page.read < IDS_AT_ONCE {
            break;
        }
        after = page.last;
    }
    // What was written since then waits, or is sealed, by now.
    let mut known = crate::read!(db, org, |tx| known(tx, org, odd).await)?;
    known.sort_unstable();
    found.retain(|event| known.binary_search(&event.event).is_err());
    found.truncate(MOST_FAULTS);
    Ok(found.into_iter().map(Fault::Inserted).collect())
}

/// Some events in the order of their ids.
#[derive(Default)]
struct Page {
    read: usize,
    /// The last one's id as it is bound.
    last: Option<Val>,
    /// Those that belong to the parts in question.
    odd: Vec<Named>,
}

async fn ids(db: &Db, org: OrgId, after: Option<Val>, odd: &Arc<Parts>) -> Result<Page> {
    let more = if after.is_some() { "AND e.id > $2 " } else { "" };
    let sql = format!(
        "SELECT e.id, e.entity, e.entity_id FROM event e WHERE e.org_id = $1 {more}ORDER BY e.id LIMIT {IDS_AT_ONCE}"
    );
    let vals = std::iter::once(org.into()).chain(after).collect();
    let odd = Arc::clone(odd);
    db.sweep(org, (Sql::built(sql), vals), Page::default(), move |page, row| {
        let id = row.cell(0)?;
        // SQLite takes anything for an id; what is no bytes comes before all that is.
        let event = id.uuid().unwrap_or(Uuid::nil());
        page.read += 1;
        page.last =
            Some(id.uuid().map(Val::from).or_else(|_| id.bytes().map(Val::from)).unwrap_or(event.into()));
        if odd.hold(event) {
            let (entity, record) = (row.cell(1)?.text().ok().map(str::to_owned), row.cell(2)?.uuid().ok());
            page.odd.push(Named { batch: None, event, entity, record });
        }
        Ok(())
    })
    .await
}

/// Every event of some parts that waits or was sealed.
async fn known(tx: &mut Tx, org: OrgId, odd: &Parts) -> Result<Vec<Uuid>> {
    let mut known = queued(tx, org).await?;
    let mut number = 0;
    loop {
        let rows = tx.all(BATCHES, &vals![org, number, i64::MAX, 4_u32]).await?;
        let Some(end) = rows.last() else { return Ok(known) };
        number = end.get("number")?;
        for row in &rows {
            let leaves = Leaf::unpack(&row.get::<Vec<u8>>("leaves")?);
            known.extend(leaves.iter().map(|leaf| leaf.id).filter(|id| odd.hold(*id)));
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
