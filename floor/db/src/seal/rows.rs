//! Rows against the last event of their record.

use std::{fmt::Write as _, sync::Arc};

use kernel::{OrgId, Problem, Result};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

use super::{AT_ONCE, Fault, Record, Wanted, fault::RowFault, verify::MOST_FAULTS};
use crate::{
    Db, Engine, Sql, Tx,
    sweep::{Cell, Passing},
    vals,
};

/// Rows compared in one read.
const PAGE: u32 = 5_000;

/// What was found: how many rows were compared, and what is wrong.
type Found = (i64, Vec<Fault>);

/// Compares all rows of some tables, and looks for rows that are gone.
pub(super) async fn check(db: &Db, org: OrgId, records: &[Record]) -> Result<Found> {
    let (mut all, mut running) = ((0, Vec::new()), JoinSet::new());
    for record in records {
        let record = Arc::new(*record);
        let mut from = None;
        while all.1.len() <= MOST_FAULTS {
            let to = crate::read!(db, org, |tx| end(tx, org, &record, from).await)?;
            take_turn(&mut running, &mut all).await?;
            running.spawn(page(db.clone(), org, Arc::clone(&record), (from, to)));
            if to.is_none() {
                break;
            }
            from = to;
        }
        take_turn(&mut running, &mut all).await?;
        running.spawn(gone(db.clone(), org, record));
    }
    while !running.is_empty() {
        add(&mut all, running.join_next().await)?;
    }
    all.1.sort_by_key(|fault| match fault {
        Fault::Row { table, id, .. } => (records.iter().position(|r| r.table == *table), *id),
        _ => (None, Uuid::nil()),
    });
    Ok(all)
}

/// Waits until another piece may be begun.
async fn take_turn(running: &mut JoinSet<Result<Found>>, all: &mut Found) -> Result<()> {
    while running.len() >= AT_ONCE {
        add(all, running.join_next().await)?;
    }
    Ok(())
}

fn add(all: &mut Found, done: Option<Result<Result<Found>, JoinError>>) -> Result<()> {
    let Some(done) = done else { return Ok(()) };
    let (compared, faults) = done.map_err(Problem::bug)??;
    all.0 += compared;
    all.1.extend(faults);
    Ok(())
}

/// The last id of the page after one; none when the page is the last.
async fn end(tx: &mut Tx, org: OrgId, record: &Record, from: Option<Uuid>) -> Result<Option<Uuid>> {
    let Record { table, key, .. } = record;
    // SQLite takes anything for an id; a page ends with one that is.
    let is_id = match tx.engine() {
        Engine::Sqlite => format!(" AND length(d.{key}) = 16"),
        Engine::Postgres => String::new(),
    };
    let sql = Sql::built(format!(
        "SELECT d.{key} AS record_key FROM {table} d WHERE d.org_id = $1 AND d.{key} > $2{is_id} ORDER BY d.{key} \
         LIMIT 1 OFFSET {PAGE}"
    ));
    let end = tx.find(sql, &vals![org, from.unwrap_or(Uuid::nil())]).await?;
    end.map(|row| row.get("record_key")).transpose()
}

/// Compares the rows after one id and up to another.
async fn page(
    db: Db,
    org: OrgId,
    record: Arc<Record>,
    (from, to): (Option<Uuid>, Option<Uuid>),
) -> Result<Found> {
    let Record { table, key, columns, .. } = *record;
    let columns: String = columns.iter().map(|column| format!("d.{column}, ")).collect();
    let mut vals = vals![org, table].to_vec();
    let mut bounds = String::new();
    for (id, sign) in [(from, ">"), (to, "<=")] {
        if let Some(id) = id {
            vals.push(id.into());
            let _ = write!(bounds, " AND d.{key} {sign} ${}", vals.len());
        }
    }
    let sql = Sql::built(format!(
        "SELECT d.{key}, {columns}e.after FROM {table} d LEFT JOIN event e \
         ON e.org_id = d.org_id AND e.entity = $2 AND e.entity_id = d.{key} \
         AND e.version = (SELECT MAX(l.version) FROM event l WHERE l.org_id = d.org_id AND l.entity = $2 \
         AND l.entity_id = d.{key}) WHERE d.org_id = $1{bounds}"
    ));
    db.sweep(org, (sql, vals), (0, Vec::new()), move |found, row| {
        found.0 += 1;
        found.1.extend(compare(&record, row)?);
        Ok(())
    })
    .await
}

fn compare(record: &Record, row: &dyn Passing) -> Result<Option<Fault>> {
    // SQLite takes anything for an id.
    let id = row.cell(0)?.uuid().unwrap_or(Uuid::nil());
    let fault = |name, what| Some(Fault::Row { table: record.table, id, name, what });
    let Ok(after) = row.cell(record.columns.len() + 1)?.text() else {
        return Ok(fault(None, RowFault::Inserted));
    };
    let Ok(after) = serde_json::from_str::<Value>(after) else {
        // The event itself was altered, and is named for that.
        return Ok(None);
    };
    let Ok(wanted) = (record.rebuild)(&after) else {
        return Ok(fault(name(&after), RowFault::Columns(vec!["(the last event is not such a record)"])));
    };
    let mut differing = Vec::new();
    for (n, (column, wanted)) in record.columns.iter().zip(&wanted).enumerate() {
        if !fits(row.cell(n + 1)?, wanted) {
            differing.push(*column);
        }
    }
    Ok(if differing.is_empty() { None } else { fault(name(&after), RowFault::Columns(differing)) })
}

fn fits(cell: Cell<'_>, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Is(val) => cell.is(val),
        Wanted::Hashed(hash) => cell.text().is_ok_and(|held| {
            let held = Sha256::digest(held);
            held.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == *hash
        }),
        Wanted::Anything => true,
    }
}

/// How people know a record: its tag, else its name.
fn name(after: &Value) -> Option<String> {
    ["tag", "name", "file_name"].iter().find_map(|field| after.get(field)?.as_str()).map(str::to_owned)
}

/// Records whose row is gone.
async fn gone(db: Db, org: OrgId, record: Arc<Record>) -> Result<Found> {
    let Record { table, key, .. } = *record;
    let missing = Sql::built(format!(
        "SELECT e.entity_id, e.after FROM event e LEFT JOIN {table} d ON d.org_id = e.org_id \
         AND d.{key} = e.entity_id WHERE e.org_id = $1 AND e.entity = $2 AND e.version = 1 AND d.org_id IS NULL \
         LIMIT 1000"
    ));
    db.sweep(org, (missing, vals![org, table].to_vec()), (0, Vec::new()), move |found, row| {
        let after = row.cell(1)?.text().ok().and_then(|text| serde_json::from_str(text).ok());
        let name = after.as_ref().and_then(name);
        let id = row.cell(0)?.uuid().unwrap_or(Uuid::nil());
        found.1.push(Fault::Row { table, id, name, what: RowFault::Gone });
        Ok(())
    })
    .await
}
