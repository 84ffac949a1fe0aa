//! Current rows against their events, by version.

use kernel::{Id, Result};

use super::{MOST, Report};
use crate::{RoomSchema, Sql, Tx, vals};

const COLUMNS_SQLITE: &str = "SELECT name FROM pragma_table_info($1)";
const COLUMNS_POSTGRES: &str = "SELECT CAST(column_name AS TEXT) AS name FROM information_schema.columns \
                                WHERE table_schema = current_schema() AND table_name = $1";
const ENTITIES: Sql = Sql::new("SELECT DISTINCT entity FROM event ORDER BY entity");
const GAPS: Sql = Sql::new(
    "SELECT entity, entity_id, COUNT(*) AS n, MIN(version) AS first, MAX(version) AS last FROM event \
     GROUP BY org_id, entity, entity_id HAVING MIN(version) <> 1 OR MAX(version) <> COUNT(*) LIMIT $1",
);

/// Every record has as many events as versions, every event's record is there.
pub(super) async fn check(tx: &mut Tx, all: &[RoomSchema], report: &mut Report) -> Result<()> {
    let unrecorded: Vec<&str> =
        all.iter().flat_map(|r| r.unrecorded.iter().map(|(table, _)| *table)).collect();
    let mut recorded = Vec::new();
    for table in crate::backup::tables(tx).await? {
        let columns = columns(tx, &table).await?;
        let has = |name: &str| columns.iter().any(|c| c == name);
        if has("org_id") && has("version") && !unrecorded.contains(&table.as_str()) {
            let id = if has("id") { "id" } else { "org_id" };
            rows(tx, &table, id, report).await?;
            recorded.push(table);
        }
    }
    for row in tx.all(ENTITIES, &vals![]).await? {
        let entity: String = row.get("entity")?;
        if !recorded.contains(&entity) {
            report
                .fault("record", format!("events tell of “{entity}”, and there is no such table of records"));
        }
    }
    for row in tx.all(GAPS, &vals![MOST]).await? {
        let (entity, id): (String, Id<()>) = (row.get("entity")?, row.get("entity_id")?);
        let (n, first, last): (i64, i64, i64) = (row.get("n")?, row.get("first")?, row.get("last")?);
        report.fault("record", format!("{entity} {id}: {n} events for the versions {first} to {last}"));
    }
    report.looked(format!("the versions of all records in {} tables against their events", recorded.len()));
    Ok(())
}

async fn columns(tx: &mut Tx, table: &str) -> Result<Vec<String>> {
    let ask = if tx.engine() == crate::Engine::Sqlite { COLUMNS_SQLITE } else { COLUMNS_POSTGRES };
    tx.all(Sql::new(ask), &vals![table]).await?.iter().map(|row| row.get("name")).collect()
}

async fn rows(tx: &mut Tx, table: &str, id: &str, report: &mut Report) -> Result<()> {
    let newest = format!(
        "SELECT e.org_id, e.entity_id, MAX(e.version) AS version FROM event e WHERE e.entity = '{table}' \
         GROUP BY e.org_id, e.entity_id"
    );
    let differs = format!(
        "SELECT t.{id} AS id, t.version AS stands, e.version AS told FROM \"{table}\" t LEFT JOIN ({newest}) e \
         ON e.org_id = t.org_id AND e.entity_id = t.{id} WHERE e.version IS NULL OR e.version <> t.version LIMIT $1"
    );
    for row in tx.all(Sql::built(differs), &vals![MOST]).await? {
        let (id, stands): (Id<()>, i64) = (row.get("id")?, row.get("stands")?);
        let told =
            row.get::<Option<i64>>("told")?.map_or_else(|| "none".to_owned(), |v| format!("version {v}"));
        report.fault("record", format!("{table} {id} is at version {stands}, its newest event is {told}"));
    }
    let gone = format!(
        "SELECT e.entity_id AS id FROM ({newest}) e LEFT JOIN \"{table}\" t ON t.org_id = e.org_id \
         AND t.{id} = e.entity_id WHERE t.org_id IS NULL LIMIT $1"
    );
    for row in tx.all(Sql::built(gone), &vals![MOST]).await? {
        report.fault("record", format!("{table} {} has events and is not there", row.get::<Id<()>>("id")?));
    }
    Ok(())
}
