//! A closer look at events: each looked up by its id, for the parts of the record that do not add up and for what waits.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kernel::{OrgId, Problem, Result};
use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

use super::{
    AT_ONCE, Fault, Leaf,
    fault::Named,
    sums::Parts,
    verify::{BATCHES, Extent, MOST_FAULTS, batches, queued},
};
use crate::{Db, Sql, Tx, Val, gate, vals};

/// Events looked up in one read.
const EVENTS_AT_ONCE: usize = 2_000;
/// Ids read in one read.
const IDS_AT_ONCE: usize = 20_000;

/// Looks up each sealed event that belongs to some parts.
pub(super) async fn sealed(db: &Db, org: OrgId, known: &Extent, odd: &Arc<Parts>) -> Result<Vec<Fault>> {
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

/// Looks up events that wait for their seal: they must be there, and each must have the hash of its content.
pub(super) async fn unsealed(db: &Db, org: OrgId, queue: &HashSet<Uuid>) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    let waiting: Vec<Uuid> = queue.iter().copied().collect();
    for some in waiting.chunks(EVENTS_AT_ONCE) {
        let mut met = by_id(db, org, some).await?;
        for event in some {
            let named = |entity, record| Named { batch: None, event: *event, entity, record };
            match met.remove(event) {
                None => faults.push(Fault::Gone(named(None, None))),
                Some(Met { hash: None, entity, record }) => {
                    faults.push(Fault::Altered(named(entity, record)));
                }
                Some(_) => {}
            }
        }
    }
    Ok(faults)
}

/// Events of some parts that are neither sealed nor waiting. Reads all ids, which only a record that does not add up
/// costs.
pub(super) async fn strays(db: &Db, org: OrgId, odd: &Arc<Parts>) -> Result<Vec<Fault>> {
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

fn joined(done: Option<Result<Result<Vec<Fault>>, JoinError>>) -> Result<Vec<Fault>> {
    done.map_or_else(|| Ok(Vec::new()), |done| done.map_err(Problem::bug)?)
}
