//! The tables each room brings, and how they come into being.

use kernel::{Instant, Problem, Result};
use sqlx::{AssertSqlSafe, SqlSafeStr as _, migrate::Migration};

use crate::{Engine, Named, Sql, Tx, fault::problem, seal::Record, vals};

/// One migration file of a room. Files are never changed once released; a later file corrects an earlier one.
#[derive(Clone, Copy, Debug)]
pub struct File {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl File {
    /// A file both engines understand.
    pub const fn both(number: i64, name: &'static str, sql: &'static str) -> Self {
        Self { number, name, sqlite: sql, postgres: sql }
    }

    /// A file that must differ between the engines.
    pub const fn each(number: i64, name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { number, name, sqlite, postgres }
    }
}

/// What one room keeps in the database.
#[derive(Clone, Copy, Debug)]
pub struct RoomSchema {
    /// The room's name.
    pub room: &'static str,
    /// Its place in the order of migrations; never changes, at most 999.
    pub number: i64,
    /// Its migration files.
    pub files: &'static [File],
    /// Tables whose rows are not records of the hospital and so leave no event, each with the reason.
    pub unrecorded: &'static [(&'static str, &'static str)],
    /// Its statements, noun by noun.
    pub statements: &'static [&'static [Named]],
    /// Its recorded tables, and how each row follows from its last event.
    pub records: &'static [Record],
    /// What it keeps twice, for the check of a database.
    pub truths: crate::check::Truths,
}

/// The floor's own tables.
pub const FLOOR: RoomSchema = RoomSchema {
    room: "floor",
    number: 1,
    files: &[
        File::both(1, "floor", include_str!("../migrations/0001_floor.sql")),
        File::each(
            2,
            "search",
            include_str!("../migrations/0002_search.sqlite.sql"),
            include_str!("../migrations/0002_search.pg.sql"),
        ),
        File::each(
            3,
            "seal",
            include_str!("../migrations/0003_seal.sqlite.sql"),
            include_str!("../migrations/0003_seal.pg.sql"),
        ),
        File::both(4, "backup", include_str!("../migrations/0004_backup.sql")),
        File::each(
            5,
            "words",
            include_str!("../migrations/0005_words.sqlite.sql"),
            include_str!("../migrations/0005_words.pg.sql"),
        ),
        File::each(
            6,
            "tally",
            include_str!("../migrations/0006_tally.sqlite.sql"),
            include_str!("../migrations/0006_tally.pg.sql"),
        ),
        File::each(
            7,
            "area",
            include_str!("../migrations/0007_area.sqlite.sql"),
            include_str!("../migrations/0007_area.pg.sql"),
        ),
    ],
    unrecorded: &[
        ("event", "it is the record"),
        ("event_unsealed", "events that wait for their seal"),
        ("event_seal", "the seals over the record"),
        ("command", "what was already carried out, forgotten after a while"),
        ("counter", "the last number given out"),
        ("tally", "derived from records"),
        ("backup_note", "when the installation was last backed up; no fact about the hospital"),
        ("lease", "who does a duty now"),
        ("job", "work waiting"),
        ("blob_piece", "bytes whose record is elsewhere"),
        ("blob_loose", "bytes on their way to a record"),
        ("search_doc", "derived from records"),
        ("search_words", "derived from records"),
        ("search_text", "derived from records"),
    ],
    statements: &[
        crate::feed::ALL,
        crate::gate::ALL,
        crate::command::ALL,
        crate::counter::ALL,
        crate::tally::ALL,
        crate::lease::ALL,
        crate::job::ALL,
        crate::blob::ALL,
        crate::seal::ALL,
        crate::seal::SEALED_BY,
        crate::seal::VERIFIED,
        crate::backup::note::ALL,
    ],
    records: &[],
    truths: crate::check::Truths::NONE,
};

/// Tables of the floor that row-level security leaves open: reached only through walled tables, or belonging to
/// the installation. The search table holds word lists and ids; an operator such as `@@` could not use its index
/// behind a policy, because it is not leakproof.
pub(crate) const OPEN: &[&str] = &["lease", "search_doc"];

/// The statements of a file for one engine, comments left out. A statement ends with `;` at the end of a line.
fn steps(file: &File, engine: Engine) -> Vec<String> {
    let text = if engine == Engine::Sqlite { file.sqlite } else { file.postgres };
    let bare: String = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or("").trim_end())
        .filter(|line| !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    bare.split(";\n")
        .map(str::trim)
        .filter(|step| !step.is_empty())
        .map(|step| if engine == Engine::Postgres { for_postgres(step) } else { step.to_owned() })
        .collect()
}

/// Text sorts by code point on SQLite; PostgreSQL is told to do the same, so keyset pages agree.
fn for_postgres(step: &str) -> String {
    step.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .map(|word| match word.strip_prefix("TEXT") {
            Some(rest) if rest.chars().all(|c| !c.is_ascii_alphanumeric()) => {
                format!("TEXT COLLATE \"C\"{rest}")
            }
            _ => word.to_owned(),
        })
        .collect()
}

/// All migrations of these rooms for one engine, a step each.
pub(crate) fn migrations(rooms: &[RoomSchema], engine: Engine) -> Vec<Migration> {
    let mut all = Vec::new();
    for room in rooms {
        for file in room.files {
            for (step, sql) in steps(file, engine).into_iter().enumerate() {
                let version = room.number * 1_000_000 + file.number * 1_000 + step as i64 + 1;
                let name = format!("{} {:04} {} step {}", room.room, file.number, file.name, step + 1);
                let sql = AssertSqlSafe(sql).into_sql_str();
                let kind = sqlx::migrate::MigrationType::Simple;
                all.push(Migration::new(version, name.into(), kind, sql, false));
            }
        }
    }
    all
}

/// Refuses a database that holds steps this program does not know.
pub(crate) fn check_not_newer(known: &[Migration], applied: &[i64]) -> Result<()> {
    match applied.iter().find(|v| !known.iter().any(|m| m.version == **v)) {
        None => Ok(()),
        Some(step) => Err(Problem::conflict(
            "db.newer",
            format!(
                "This database was written by a newer version of Baton (it has schema step {step}, which this \
                 version does not know). Install that version or a later one, or restore a backup made before \
                 the upgrade. Nothing was changed."
            ),
        )),
    }
}

/// Walls every table that has an `org_id` off by row-level security: a second door behind the statements.
pub(crate) async fn wall_off(pool: &sqlx::PgPool) -> Result<()> {
    const TABLES: &str = "SELECT c.relname::text AS name FROM pg_class c \
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id' \
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND NOT c.relforcerowsecurity";
    let names: Vec<String> =
        sqlx::query_scalar(TABLES).fetch_all(pool).await.map_err(|e| problem(e, TABLES))?;
    for name in names.into_iter().filter(|n| !OPEN.contains(&n.as_str())) {
        let wall = format!(
            "CREATE POLICY org_wall ON {name} USING (current_setting('baton.org', true) = '*' OR \
             org_id = CAST(NULLIF(current_setting('baton.org', true), '*') AS uuid)); \
             ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
        );
        sqlx::raw_sql(AssertSqlSafe(wall)).execute(pool).await.map_err(|e| problem(e, "CREATE POLICY"))?;
    }
    Ok(())
}

/// Deletes nothing, changes nothing: the names of all steps, for `baton db` and for tests.
pub fn step_names(rooms: &[RoomSchema], engine: Engine) -> Vec<String> {
    migrations(rooms, engine).iter().map(|m| m.description.to_string()).collect()
}

/// What a start of this program would do to the schema of a database that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The steps that would be applied, in words.
    pub steps: Vec<String>,
    /// The organisations in it, by name.
    pub organisations: Vec<String>,
}

/// Looks what a start would do; nothing is changed. An empty place waits for nothing that anybody could lose.
///
/// # Errors
/// As [`crate::Place::found`], and for a database of a newer version.
pub async fn waiting(url: &str, rooms: &[RoomSchema]) -> Result<Waiting> {
    let place = match crate::Place::beside_others(url) {
        Err(Problem::Conflict { code: "db.missing", .. }) => return Ok(Waiting::default()),
        other => other?,
    };
    if place.found().await? == crate::Found::Nothing {
        return Ok(Waiting::default());
    }
    let mut all = vec![FLOOR];
    all.extend_from_slice(rooms);
    let db = place.look().await?;
    let known = migrations(&all, db.engine());
    let wall = crate::Wall::All("whose database is brought up to date");
    let there =
        crate::read!(db, wall, |tx| Ok((crate::backup::steps(tx).await?, crate::backup::orgs(tx).await?)));
    db.close().await;
    let (applied, orgs) = there?;
    check_not_newer(&known, &applied)?;
    let waits = known.iter().filter(|m| !applied.contains(&m.version));
    Ok(Waiting {
        steps: waits.map(|m| m.description.to_string()).collect(),
        organisations: orgs.into_iter().map(|org| org.name).collect(),
    })
}

/// The rows of a whole table as text, in key order; for tests and checks that compare databases.
///
/// # Errors
/// [`Problem::Bug`] when the table does not exist.
pub async fn dump(tx: &mut Tx, table: &'static str, order: &'static str) -> Result<Vec<Vec<Option<String>>>> {
    let rows = tx.all(Sql::built(format!("SELECT * FROM {table} ORDER BY {order}")), &vals![]).await?;
    rows.iter()
        .map(|row| {
            let mut names = row.columns();
            names.sort();
            names.iter().map(|name| row.as_text(name)).collect()
        })
        .collect()
}

/// Whether a table exists; asked of a database whose version is not known yet.
///
/// # Errors
/// As [`Tx::all`].
pub async fn has_table(tx: &mut Tx, name: &str) -> Result<bool> {
    const SQLITE: Sql = Sql::new("SELECT name FROM sqlite_master WHERE type = 'table' AND name = $1");
    const POSTGRES: Sql = Sql::new("SELECT relname FROM pg_class WHERE oid = to_regclass($1)");
    let look = if tx.engine() == Engine::Sqlite { SQLITE } else { POSTGRES };
    Ok(tx.find(look, &vals![name]).await?.is_some())
}

/// Where a duty of the installation is noted before any migration has run.
pub(crate) const LEASE_TABLE: &str = "CREATE TABLE IF NOT EXISTS lease (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until_at BIGINT NOT NULL)";

/// How long one server may hold the duty of migrating before another may take over.
pub(crate) fn migrate_until(now: Instant) -> Instant {
    now.plus_seconds(120)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_files_into_single_statements() {
        let file = File::both(
            1,
            "x",
            "-- a; b\nCREATE TABLE a (\n  x TEXT, -- why;\n  y TEXT NOT NULL\n);\n\nCREATE INDEX i ON a (x);\n",
        );
        assert_eq!(
            steps(&file, Engine::Sqlite),
            ["CREATE TABLE a (\n  x TEXT,\n  y TEXT NOT NULL\n)", "CREATE INDEX i ON a (x)"]
        );
        assert_eq!(
            steps(&file, Engine::Postgres)[0],
            "CREATE TABLE a (\n  x TEXT COLLATE \"C\",\n  y TEXT COLLATE \"C\" NOT NULL\n)"
        );
    }
}
