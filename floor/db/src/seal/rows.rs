//! Rows against the last event of their record.

use kernel::{OrgId, Result};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Fault, Record, Wanted, fault::RowFault, verify::MOST_FAULTS};
use crate::{Db, Row, Sql, Tx, Val, vals};

/// Rows compared in one read.
const PAGE: u32 = 500;

/// Compares all rows of one table: how many, and what is wrong with them.
pub(super) async fn check(db: &Db, org: OrgId, record: &Record) -> Result<(i64, Vec<Fault>)> {
    let (mut compared, mut faults, mut last) = (0, Vec::new(), Uuid::nil());
    loop {
        let page =
            crate::read!(db, org, |tx| tx.all(page(record), &vals![org, last, record.table, PAGE]).await)?;
        let Some(end) = page.last() else { break };
        last = end.get("record_key")?;
        compared += i64::try_from(page.len()).unwrap_or(i64::MAX);
        for row in &page {
            faults.extend(compare(record, row)?);
        }
        if faults.len() > MOST_FAULTS {
            break;
        }
    }
    faults.extend(crate::read!(db, org, |tx| gone(tx, org, record).await)?);
    Ok((compared, faults))
}

/// Rows with the last event of each.
fn page(record: &Record) -> Sql {
    let Record { table, key, columns, .. } = record;
    let columns: String = columns.iter().map(|column| format!("d.{column}, ")).collect();
    Sql::built(format!(
        "SELECT d.{key} AS record_key, {columns}e.after AS last_after FROM {table} d LEFT JOIN event e \
         ON e.org_id = d.org_id AND e.entity = $3 AND e.entity_id = d.{key} \
         AND e.version = (SELECT MAX(l.version) FROM event l WHERE l.org_id = d.org_id AND l.entity = $3 \
         AND l.entity_id = d.{key}) WHERE d.org_id = $1 AND d.{key} > $2 ORDER BY d.{key} LIMIT $4"
    ))
}

fn compare(record: &Record, row: &Row) -> Result<Option<Fault>> {
    let id: Uuid = row.get("record_key")?;
    let fault = |name, what| Some(Fault::Row { table: record.table, id, name, what });
    let Ok(Some(after)) = row.get::<Option<String>>("last_after") else {
        return Ok(fault(None, RowFault::Inserted));
    };
    let Ok(after) = serde_json::from_str::<Value>(&after) else {
        // The event itself was altered, and is named for that.
        return Ok(None);
    };
    let name = name(&after);
    let Ok(wanted) = (record.rebuild)(&after) else {
        return Ok(fault(name, RowFault::Columns(vec!["(the last event is not such a record)"])));
    };
    let differing: Vec<&'static str> = record
        .columns
        .iter()
        .zip(&wanted)
        .filter(|(column, wanted)| !row.fits(column, wanted))
        .map(|(column, _)| *column)
        .collect();
    Ok(if differing.is_empty() { None } else { fault(name, RowFault::Columns(differing)) })
}

/// How people know a record: its tag, else its name.
fn name(after: &Value) -> Option<String> {
    ["tag", "name", "file_name"].iter().find_map(|field| after.get(field)?.as_str()).map(str::to_owned)
}

/// Records whose row is gone.
async fn gone(tx: &mut Tx, org: OrgId, record: &Record) -> Result<Vec<Fault>> {
    let Record { table, key, .. } = record;
    let missing = Sql::built(format!(
        "SELECT e.entity_id, e.after FROM event e LEFT JOIN {table} d ON d.org_id = e.org_id \
         AND d.{key} = e.entity_id WHERE e.org_id = $1 AND e.entity = $2 AND e.version = 1 AND d.org_id IS NULL \
         LIMIT 1000"
    ));
    let rows = tx.all(missing, &vals![org, *table]).await?;
    rows.iter()
        .map(|row| {
            let after: Option<String> = row.get("after").ok();
            let after = after.and_then(|text| serde_json::from_str(&text).ok());
            let name = after.as_ref().and_then(name);
            Ok(Fault::Row { table: record.table, id: row.get("entity_id")?, name, what: RowFault::Gone })
        })
        .collect()
}

impl Row {
    fn fits(&self, column: &str, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Is(val) => self.holds(column, val),
            Wanted::Hashed(hash) => self.get::<Option<String>>(column).is_ok_and(|held| {
                let held = held.map(Sha256::digest);
                held.is_some_and(|held| {
                    held.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == *hash
                })
            }),
            Wanted::Anything => true,
        }
    }

    /// Whether a column holds exactly this.
    fn holds(&self, column: &str, val: &Val) -> bool {
        match val {
            Val::Text(v) => self.get::<Option<String>>(column).is_ok_and(|held| held == *v),
            Val::Int(v) => self.get::<Option<i64>>(column).is_ok_and(|held| held == *v),
            Val::Real(v) => self.get::<Option<f64>>(column).is_ok_and(|held| held == *v),
            Val::Bool(v) => self.get::<Option<bool>>(column).is_ok_and(|held| held == *v),
            Val::Uuid(v) => self.get::<Option<Uuid>>(column).is_ok_and(|held| held == *v),
            Val::Bytes(v) => self.get::<Option<Vec<u8>>>(column).is_ok_and(|held| held == *v),
        }
    }
}
