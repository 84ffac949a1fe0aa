//! What stands in a database, read in one snapshot: its steps, its organisations, how many rows each table has.

use std::collections::BTreeMap;

use kernel::{Id, Result};

use super::Org;
use crate::{Engine, Sql, Tx, has_table, vals};

const TABLES_SQLITE: Sql = Sql::new(
    "SELECT m.name AS name FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~' \
     AND m.sql NOT LIKE 'CREATE VIRTUAL%' AND NOT EXISTS (SELECT 1 FROM sqlite_master v \
     WHERE v.sql LIKE 'CREATE VIRTUAL%' AND substr(m.name, 1, length(v.name) + 1) = v.name || '_') ORDER BY m.name",
);
const TABLES_POSTGRES: Sql = Sql::new(
    "SELECT CAST(c.relname AS TEXT) AS name FROM pg_class c WHERE c.relkind = 'r' \
     AND c.relnamespace = current_schema()::regnamespace ORDER BY CAST(c.relname AS TEXT) COLLATE \"C\"",
);
const STEPS: Sql = Sql::new("SELECT version FROM _sqlx_migrations ORDER BY version");
const ORGS: Sql = Sql::new("SELECT org_id, name FROM org ORDER BY name, org_id");
const ROOTS: Sql = Sql::new(
    "SELECT s.org_id, s.root FROM event_seal s WHERE s.number = \
     (SELECT MAX(l.number) FROM event_seal l WHERE l.org_id = s.org_id) ORDER BY s.org_id",
);
const VERSION_SQLITE: Sql = Sql::new("SELECT sqlite_version() AS version");
const VERSION_POSTGRES: Sql = Sql::new("SELECT current_setting('server_version') AS version");

/// The tables that hold rows of ours, by name; what an engine makes beside them for its indexes is left out.
pub(crate) async fn tables(tx: &mut Tx) -> Result<Vec<String>> {
    let look = if tx.engine() == Engine::Sqlite { TABLES_SQLITE } else { TABLES_POSTGRES };
    tx.all(look, &vals![]).await?.iter().map(|row| row.get("name")).collect()
}

/// The steps of the schema that were applied.
pub(crate) async fn steps(tx: &mut Tx) -> Result<Vec<i64>> {
    tx.all(STEPS, &vals![]).await?.iter().map(|row| row.get("version")).collect()
}

/// How many rows each table has.
pub(crate) async fn rows(tx: &mut Tx) -> Result<BTreeMap<String, i64>> {
    let mut counts = BTreeMap::new();
    for table in tables(tx).await? {
        let count = Sql::built(format!("SELECT COUNT(*) AS n FROM \"{table}\""));
        let n = tx.one(count, &vals![]).await?.get("n")?;
        counts.insert(table, n);
    }
    Ok(counts)
}

/// The organisations of a database of whatever version.
pub(crate) async fn orgs(tx: &mut Tx) -> Result<Vec<Org>> {
    if !has_table(tx, "org").await? {
        return Ok(Vec::new());
    }
    let rows = tx.all(ORGS, &vals![]).await?;
    rows.iter()
        .map(|row| Ok(Org { id: row.get::<Id<()>>("org_id")?.to_string(), name: row.get("name")? }))
        .collect()
}

/// The newest root of each organisation's sealed record.
pub(super) async fn roots(tx: &mut Tx) -> Result<BTreeMap<String, String>> {
    if !has_table(tx, "event_seal").await? {
        return Ok(BTreeMap::new());
    }
    let hex = |root: Vec<u8>| root.iter().map(|byte| format!("{byte:02x}")).collect();
    let rows = tx.all(ROOTS, &vals![]).await?;
    rows.iter().map(|row| Ok((row.get::<Id<()>>("org_id")?.to_string(), hex(row.get("root")?)))).collect()
}

/// The engine's name and version.
pub(super) async fn engine(tx: &mut Tx) -> Result<(String, String)> {
    let (name, ask) = match tx.engine() {
        Engine::Sqlite => ("sqlite", VERSION_SQLITE),
        Engine::Postgres => ("postgres", VERSION_POSTGRES),
    };
    Ok((name.to_owned(), tx.one(ask, &vals![]).await?.get("version")?))
}
