//! The check of the record: every batch, every event, every row.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use kernel::{Instant, OrgId, Result};
use uuid::Uuid;

use super::{
    Batch, Fault, Leaf, PublicKey, Record, closer,
    events::Table,
    rows,
    sums::{Parts, Secret, Sums},
    unpack,
};
use crate::{Db, Row, Tx, vals};

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
        account.faults.extend(closer::sealed(db, org, &known, &odd).await?);
        account.faults.extend(closer::strays(db, org, &odd).await?);
    }
    account.faults.sort_by_key(age);
    account.faults.extend(closer::unsealed(db, org, &known.queue).await?);
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
pub(super) struct Extent {
    /// The number of the last batch.
    pub last: i64,
    /// Events in all batches, as these say.
    sealed: i64,
    /// What waits for its seal.
    pub queue: Arc<HashSet<Uuid>>,
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
pub(super) async fn queued(tx: &mut Tx, org: OrgId) -> Result<Vec<Uuid>> {
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
pub(super) async fn batches(db: &Db, org: OrgId, after: i64, last: i64) -> Result<Vec<Row>> {
    crate::read!(db, org, |tx| tx.all(BATCHES, &vals![org, after, last, 4_u32]).await)
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
