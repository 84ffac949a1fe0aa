//! The schema as it stands against the one this program's migrations make.

use std::collections::BTreeMap;

use kernel::{Problem, Result};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::Report;
use crate::{Db, Engine, RoomSchema, Sql, Tx, Wall, fault::problem, schema::migrations, vals};

/// Everything with a text of its own, by name. The list of applied steps is the migrator's own.
const SQLITE: &str = "SELECT m.type || ' ' || m.name AS name, m.sql AS made FROM sqlite_master m \
                      WHERE m.sql IS NOT NULL AND m.name <> '_sqlx_migrations' ORDER BY 1";
/// Columns, indexes, constraints and walls, described by the catalogue's own functions without the schema's name.
const POSTGRES: &str = "\
    SELECT 'column ' || CAST(c.relname AS TEXT) || '.' || CAST(a.attname AS TEXT) AS name, \
        format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || \
        COALESCE(' COLLATE ' || CAST(l.collname AS TEXT), '') AS made \
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
        LEFT JOIN pg_collation l ON l.oid = a.attcollation \
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname <> '_sqlx_migrations' \
    UNION ALL SELECT 'index ' || CAST(i.relname AS TEXT), \
        replace(pg_get_indexdef(i.oid), ' ' || current_schema() || '.', ' ') \
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid \
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname <> '_sqlx_migrations' \
    UNION ALL SELECT 'constraint ' || CAST(c.relname AS TEXT) || '.' || CAST(k.conname AS TEXT), \
        replace(pg_get_constraintdef(k.oid), ' ' || current_schema() || '.', ' ') \
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname <> '_sqlx_migrations' \
    ORDER BY 1";
const WALLS: Sql = Sql::new(
    "SELECT CAST(c.relname AS TEXT) AS name, c.relrowsecurity AND c.relforcerowsecurity AND EXISTS \
     (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'org_wall') AS walled FROM pg_class c \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped \
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace",
);

type Made = BTreeMap<String, String>;

/// Compares the two, and names what is missing, more or other.
pub(super) async fn check(db: &Db, all: &[RoomSchema], report: &mut Report) -> Result<()> {
    let wanted = match db.engine() {
        Engine::Sqlite => in_memory(all).await?,
        Engine::Postgres => aside(db, all).await?,
    };
    let look = if db.engine() == Engine::Sqlite { SQLITE } else { POSTGRES };
    let mut tx = db.begin_read(Wall::All("a check looks at all organisations")).await?;
    let there = made(&mut tx, look).await;
    let walls = if db.engine() == Engine::Postgres { tx.all(WALLS, &vals![]).await } else { Ok(Vec::new()) };
    let there = Db::end_read(tx, there).await?;
    for (name, text) in &wanted {
        match there.get(name) {
            None => report.fault("schema", format!("{name} is missing")),
            Some(other) if other != text => {
                report.fault("schema", format!("{name} is not what it must be: {other} instead of {text}"));
            }
            Some(_) => {}
        }
    }
    for name in there.keys().filter(|name| !wanted.contains_key(*name)) {
        report.fault("schema", format!("{name} is there and no migration made it"));
    }
    for row in walls? {
        let name: String = row.get("name")?;
        if !row.get::<bool>("walled")? && !crate::schema::OPEN.contains(&name.as_str()) {
            report.fault("schema", format!("table {name} has no row-level security"));
        }
    }
    report.looked(format!("{} tables, columns, indexes and constraints of the schema", wanted.len()));
    Ok(())
}

/// What the migrations make of an empty SQLite database.
async fn in_memory(all: &[RoomSchema]) -> Result<Made> {
    let failed = |e| problem(e, "a schema in memory");
    let mut conn = SqliteConnection::connect("sqlite::memory:").await.map_err(failed)?;
    for step in migrations(all, Engine::Sqlite) {
        sqlx::raw_sql(AssertSqlSafe(step.sql.as_str().to_owned()))
            .execute(&mut conn)
            .await
            .map_err(failed)?;
    }
    let rows: Vec<(String, String)> = sqlx::query_as(SQLITE).fetch_all(&mut conn).await.map_err(failed)?;
    let _ = conn.close().await;
    Ok(rows.into_iter().collect())
}

/// What the migrations make in an empty schema of the same PostgreSQL, in a transaction that is never kept.
async fn aside(db: &Db, all: &[RoomSchema]) -> Result<Made> {
    let mut tx = db.attempts(Wall::All("a check looks at all organisations")).begin().await?;
    let name = format!("baton_check_{:08x}", rand::random::<u32>());
    let done = async {
        tx.plain(format!("CREATE SCHEMA {name}")).await?;
        tx.plain(format!("SET LOCAL search_path TO {name}")).await?;
        // Made before any step, and so not as the step that names it would have made it.
        tx.plain(crate::schema::LEASE_TABLE.to_owned()).await?;
        for step in migrations(all, Engine::Postgres) {
            tx.plain(step.sql.as_str().to_owned()).await?;
        }
        made(&mut tx, POSTGRES).await
    }
    .await;
    tx.rollback().await?;
    done.map_err(|e| match e {
        Problem::Bug { source } => Problem::conflict(
            "db.check",
            format!(
                "The schema could not be made a second time to compare with ({source}). The role needs the right \
                 CREATE on its database."
            ),
        ),
        other => other,
    })
}

async fn made(tx: &mut Tx, look: &'static str) -> Result<Made> {
    let rows = tx.all(Sql::new(look), &vals![]).await?;
    rows.iter().map(|row| Ok((row.get("name")?, row.get("made")?))).collect()
}
