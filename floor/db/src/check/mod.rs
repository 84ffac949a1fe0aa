//! Whether a database is sound: the engine's own check, the schema, and what is kept twice for speed.
//!
//! What events say of the contents of records is another question, which `baton audit` answers; here their versions
//! are compared. Nothing is changed.

mod kept;
mod record;
mod schema;

use futures::future::BoxFuture;
use kernel::{Problem, Result};

use crate::{Db, Engine, RoomSchema, Sql, Tx, Wall, vals};

/// What a room keeps twice, and how it is found out from its records.
#[derive(Clone, Copy, Debug)]
pub struct Truths {
    /// Kept counts by name, each with the statement that counts again: `org_id`, `site_id`, `department_id`, `word`, `n`.
    pub tallies: &'static [(&'static str, &'static str)],
    /// Kinds of records that are found by their words, each with the statement that lists them: `org_id`, `id`.
    pub searched: &'static [(&'static str, &'static str)],
    /// Statements that list the files records name: `org_id`, `blob_id`, `bytes`.
    pub files: &'static [&'static str],
    /// Whatever else can be told from the records.
    pub checks: &'static [Check],
}

/// A check of a room's own, in the snapshot of all the others.
pub type Check = for<'t> fn(&'t mut Tx, &'t mut Report) -> BoxFuture<'t, Result<()>>;

impl Truths {
    /// Of a room that keeps nothing twice.
    pub const NONE: Self = Self { tallies: &[], searched: &[], files: &[], checks: &[] };
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which check found it.
    pub check: &'static str,
    /// What is wrong, where.
    pub words: String,
}

/// What a check looked at, and what it found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The checks that were made, in words.
    pub looked: Vec<String>,
    /// What is wrong; at most a few dozen of each kind.
    pub faults: Vec<Fault>,
}

impl Report {
    /// Notes a check that was made.
    pub fn looked(&mut self, words: impl Into<String>) {
        self.looked.push(words.into());
    }

    /// Notes what is wrong.
    pub fn fault(&mut self, check: &'static str, words: impl Into<String>) {
        self.faults.push(Fault { check, words: words.into() });
    }
}

/// Faults of one kind that are named before the rest is left out.
const MOST: i64 = 20;

const INTEGRITY: Sql = Sql::new("SELECT integrity_check AS said FROM pragma_integrity_check LIMIT 20");
const REFERENCES: Sql =
    Sql::new("SELECT \"table\" AS child, rowid AS row, parent FROM pragma_foreign_key_check LIMIT 20");
const WORDS: Sql = Sql::new("INSERT INTO search_words (search_words) VALUES ('integrity-check')");
const UNCHECKED: Sql = Sql::new(
    "SELECT CAST(conrelid::regclass AS TEXT) AS child, CAST(conname AS TEXT) AS name FROM pg_constraint \
     WHERE contype = 'f' AND NOT convalidated AND connamespace = current_schema()::regnamespace",
);
const BAD_INDEXES: Sql = Sql::new(
    "SELECT CAST(indexrelid::regclass AS TEXT) AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
     WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace",
);

/// Checks a database of this program's schema, in one snapshot.
///
/// # Errors
/// When the database cannot be read. What is wrong in it is in the report.
pub async fn check(db: &Db, rooms: &[RoomSchema]) -> Result<Report> {
    let mut all = vec![crate::FLOOR];
    all.extend_from_slice(rooms);
    let mut report = Report::default();
    if db.engine() == Engine::Sqlite {
        words(db, &mut report).await?;
    }
    schema::check(db, &all, &mut report).await?;
    let mut tx = db.begin_read(Wall::All("a check looks at all organisations")).await?;
    let done = look(&mut tx, &all, &mut report).await;
    Db::end_read(tx, done).await?;
    Ok(report)
}

async fn look(tx: &mut Tx, all: &[RoomSchema], report: &mut Report) -> Result<()> {
    match tx.engine() {
        Engine::Sqlite => sqlite(tx, report).await?,
        Engine::Postgres => postgres(tx, report).await?,
    }
    record::check(tx, all, report).await?;
    kept::tallies(tx, all, report).await?;
    kept::searched(tx, all, report).await?;
    kept::files(tx, all, report).await?;
    for check in all.iter().flat_map(|room| room.truths.checks) {
        check(tx, report).await?;
    }
    Ok(())
}

/// The word index looks at itself by a statement that writes nothing but needs a writer.
async fn words(db: &Db, report: &mut Report) -> Result<()> {
    let mut tx = db.attempts(Wall::All("a check looks at all organisations")).begin().await?;
    let done = tx.execute(WORDS, &vals![]).await;
    tx.rollback().await?;
    report.looked("the word index, by its own check");
    match done {
        Err(Problem::Bug { source }) => report.fault("words", format!("the word index is damaged: {source}")),
        other => drop(other?),
    }
    Ok(())
}

async fn sqlite(tx: &mut Tx, report: &mut Report) -> Result<()> {
    report.looked("every page of the file, by SQLite’s integrity check");
    match tx.all(INTEGRITY, &vals![]).await {
        Err(problem) => report.fault("engine", format!("the file cannot be read whole: {problem:?}")),
        Ok(rows) => {
            for row in rows {
                let said: String = row.get("said")?;
                if said != "ok" {
                    report.fault("engine", said);
                }
            }
        }
    }
    report.looked("every reference from one record to another");
    for row in tx.all(REFERENCES, &vals![]).await? {
        let (child, parent): (String, String) = (row.get("child")?, row.get("parent")?);
        let number: Option<i64> = row.get("row")?;
        let number = number.map_or_else(String::new, |n| format!(" (row {n})"));
        report.fault("references", format!("{child}{number} names a {parent} that is not there"));
    }
    Ok(())
}

async fn postgres(tx: &mut Tx, report: &mut Report) -> Result<()> {
    report.looked(
        "that PostgreSQL enforces every reference and trusts every index (pg_amcheck reads their pages)",
    );
    for row in tx.all(UNCHECKED, &vals![]).await? {
        let (child, name): (String, String) = (row.get("child")?, row.get("name")?);
        report.fault("references", format!("{child}: the reference {name} was never validated"));
    }
    for row in tx.all(BAD_INDEXES, &vals![]).await? {
        report.fault("engine", format!("the index {} is not valid; REINDEX it", row.get::<String>("name")?));
    }
    // Counting reads every row of every table, and with it every page that holds one.
    let tables = crate::backup::rows(tx).await?;
    report.looked(format!(
        "{} rows in {} tables, by reading them",
        tables.values().sum::<i64>(),
        tables.len()
    ));
    Ok(())
}
