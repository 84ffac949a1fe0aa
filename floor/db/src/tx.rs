//! One transaction, the same on both engines.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use kernel::{OrgId, Problem, Result};
use sqlx::{AssertSqlSafe, Postgres, Sqlite, query::Query};

use crate::{
    Engine, Plans, Row, Sql, Val,
    conn::Conn,
    fault::{DISK, problem},
    tail::Later,
    tally,
    writer::Held,
};

/// A statement that takes longer is told to who asks for it (`log = "info,db=debug"`).
const SLOW: Duration = Duration::from_millis(20);

/// A transaction that is open now. Rooms see only this, [`Row`] and [`Val`].
pub struct Tx {
    conn: Either,
    /// What ended the transaction before its time: after trouble with the disk SQLite is outside it, and a further
    /// statement would be kept at once, by itself.
    ended: Option<Problem>,
    /// Rows written per table.
    written: BTreeMap<String, u64>,
    /// Changes recorded per entity, which is the table's name.
    pub(crate) recorded: BTreeMap<&'static str, u64>,
    /// The ids of recorded events, 16 bytes each, to be queued for the seal with the commit.
    pub(crate) unsealed: BTreeMap<OrgId, Vec<u8>>,
    /// Comings and goings to be written with the commit.
    pub(crate) tallies: BTreeMap<tally::Place, i64>,
    /// Rows to be written with the commit, or before something reads them.
    pub(crate) later: Later,
    /// Whether commands are looked for before they are carried out.
    pub(crate) looks: bool,
    /// Where to note plans, if anybody asked.
    plans: Option<Plans>,
}

enum Either {
    Sqlite(Held),
    Postgres(Conn<Postgres>),
}

impl Tx {
    pub(crate) fn sqlite(conn: Held) -> Self {
        Self::over(Either::Sqlite(conn))
    }

    pub(crate) fn postgres(conn: Conn<Postgres>) -> Self {
        Self::over(Either::Postgres(conn))
    }

    fn over(conn: Either) -> Self {
        Self {
            conn,
            ended: None,
            written: BTreeMap::new(),
            recorded: BTreeMap::new(),
            unsealed: BTreeMap::new(),
            tallies: BTreeMap::new(),
            later: Later::default(),
            looks: false,
            plans: None,
        }
    }

    /// Which engine this runs on; only the floor asks.
    pub fn engine(&self) -> Engine {
        match self.conn {
            Either::Sqlite(_) => Engine::Sqlite,
            Either::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement that changes rows and says how many.
    ///
    /// # Errors
    /// A broken uniqueness or reference comes back as [`Problem::Conflict`] with code `db.unique` or
    /// `db.reference`, which the noun turns into its own words; contention as [`Problem::Busy`].
    pub async fn execute(&mut self, sql: Sql, vals: &[Val]) -> Result<u64> {
        self.write_before(sql.text()).await?;
        self.run(sql, vals.to_vec()).await
    }

    pub(crate) async fn run(&mut self, sql: Sql, vals: Vec<Val>) -> Result<u64> {
        self.still_open()?;
        self.note_plan(&sql, &vals).await?;
        let table = sql.written_table().map(str::to_owned);
        let rows = self.send(&sql, vals).await?;
        self.note(table, rows);
        Ok(rows)
    }

    /// Sends a statement that changes rows, and says how many.
    pub(crate) async fn send(&mut self, sql: &Sql, vals: Vec<Val>) -> Result<u64> {
        match &mut self.conn {
            Either::Sqlite(conn) => {
                bind_sqlite(sql, vals).execute(conn.held()?).await.map(|done| done.rows_affected())
            }
            Either::Postgres(conn) => {
                bind_postgres(sql, vals).execute(conn.held()?).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|e| self.failed(problem(e, sql.text())))
    }

    /// Refuses to go on in a transaction that the engine has ended.
    fn still_open(&self) -> Result<()> {
        self.ended.clone().map_or(Ok(()), Err)
    }

    /// Notes an error after which neither the transaction nor the connection is of any use.
    fn failed(&mut self, problem: Problem) -> Problem {
        if problem.code() == DISK {
            self.ended = Some(problem.clone());
            match &mut self.conn {
                Either::Sqlite(conn) => conn.spoil(),
                Either::Postgres(conn) => conn.spoil(),
            }
        }
        problem
    }

    /// Changes those columns of a row whose values are others than before, by a statement given by what stands before
    /// and after them; says how many rows it found. SQLite writes every index anew that has a column which is set, were it
    /// to the same value, and all of them when a reference to the same table is set.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn change(
        &mut self,
        (head, tail): (&'static str, &'static str),
        keys: &[Val],
        columns: &[&'static str],
        (before, after): (&[Val], &[Val]),
    ) -> Result<u64> {
        debug_assert!(
            columns.len() == before.len() && columns.len() == after.len(),
            "a value for each column"
        );
        let (mut text, mut vals) = (head.to_owned(), keys.to_vec());
        for ((column, before), after) in columns.iter().zip(before).zip(after) {
            if before != after {
                vals.push(after.clone());
                let _ = write!(text, ", {column} = ${}", vals.len());
            }
        }
        let _ = write!(text, " {tail}");
        self.execute(Sql::built(text), &vals).await
    }

    /// Runs a statement and returns all rows.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn all(&mut self, sql: Sql, vals: &[Val]) -> Result<Vec<Row>> {
        self.write_before(sql.text()).await?;
        self.still_open()?;
        self.note_plan(&sql, vals).await?;
        let table = sql.written_table().map(str::to_owned);
        let begun = Instant::now();
        let rows: Vec<Row> = match &mut self.conn {
            Either::Sqlite(conn) => bind_sqlite(&sql, vals.to_vec())
                .fetch_all(conn.held()?)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Either::Postgres(conn) => bind_postgres(&sql, vals.to_vec())
                .fetch_all(conn.held()?)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(|e| self.failed(problem(e, sql.text())))?;
        let took = begun.elapsed();
        if took > SLOW {
            // Its text holds no values.
            tracing::debug!(ms = took.as_millis(), rows = rows.len(), sql = sql.text(), "a slow statement");
        }
        self.note(table, rows.len() as u64);
        Ok(rows)
    }

    /// Runs a statement that returns at most one row.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn find(&mut self, sql: Sql, vals: &[Val]) -> Result<Option<Row>> {
        Ok(self.all(sql, vals).await?.into_iter().next())
    }

    /// Runs a statement that must return a row, such as a count.
    ///
    /// # Errors
    /// [`Problem::Bug`] when there is none; else as [`Tx::execute`].
    pub async fn one(&mut self, sql: Sql, vals: &[Val]) -> Result<Row> {
        let text = sql.text().to_owned();
        self.find(sql, vals).await?.ok_or_else(|| Problem::bug(format!("no row from: {text}")))
    }

    /// Inserts many rows with one statement per few hundred rows, for bulk work.
    ///
    /// `head` is the statement up to and including `VALUES`; every row binds the same number of values.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn insert_many(&mut self, head: &'static str, rows: Vec<Vec<Val>>) -> Result<u64> {
        self.insert_many_ending(head, rows, "").await
    }

    /// Inserts many rows by a statement that goes on after them, as with `ON CONFLICT`.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn insert_many_ending(
        &mut self,
        head: &'static str,
        rows: Vec<Vec<Val>>,
        tail: &'static str,
    ) -> Result<u64> {
        self.write_before(head).await?;
        self.insert_rows(head, rows, tail).await
    }

    pub(crate) async fn insert_rows(
        &mut self,
        head: &'static str,
        rows: Vec<Vec<Val>>,
        tail: &'static str,
    ) -> Result<u64> {
        let Some(width) = rows.first().map(Vec::len) else { return Ok(0) };
        // SQLite takes 32,766 parameters a statement and PostgreSQL 65,535. Powers of two keep the texts few, so
        // that the statement cache holds them all.
        let most = (8_000 / width.max(1)).clamp(1, 128);
        let (mut done, mut left, mut rows) = (0, rows.len(), rows.into_iter());
        while left > 0 {
            let count = 1 << left.min(most).ilog2();
            left -= count;
            let vals: Vec<Val> = rows.by_ref().take(count).flatten().collect();
            let text = values(self.engine(), (head, tail), (count, width), 0);
            done += self.run(Sql::built(text), vals).await?;
        }
        Ok(done)
    }

    /// Runs a statement without values as it stands, such as one that makes a table.
    pub(crate) async fn plain(&mut self, sql: String) -> Result<()> {
        let text = sql.clone();
        match &mut self.conn {
            Either::Sqlite(conn) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn.held()?).await.map(drop),
            Either::Postgres(conn) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn.held()?).await.map(drop),
        }
        .map_err(|e| problem(e, &text))
    }

    pub(crate) fn watched(self, plans: Option<Plans>) -> Self {
        Self { plans, ..self }
    }

    /// Notes a statement's plan, once for each text, when somebody watches.
    async fn note_plan(&mut self, sql: &Sql, vals: &[Val]) -> Result<()> {
        let Some(plans) = self.plans.clone().filter(|plans| !plans.knows(sql.text())) else { return Ok(()) };
        plans.note(sql.text(), self.plan(sql, vals).await?);
        Ok(())
    }

    /// Notes a statement that is sent as a part of another one, as if it were sent by itself.
    pub(crate) async fn note_part(&mut self, ends: (&str, &str), rows: &[Vec<Val>]) -> Result<()> {
        if self.plans.is_none() {
            return Ok(());
        }
        let size = (rows.len(), rows.first().map_or(0, Vec::len));
        let sql = Sql::built(values(self.engine(), ends, size, 0));
        self.note_plan(&sql, &rows.concat()).await
    }

    /// How SQLite would go about a statement, step by step; nothing on PostgreSQL, which plans by its statistics.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub async fn plan(&mut self, sql: &Sql, vals: &[Val]) -> Result<Vec<String>> {
        use sqlx::Row as _;
        let Either::Sqlite(conn) = &mut self.conn else { return Ok(Vec::new()) };
        let explain = Sql::built(format!("EXPLAIN QUERY PLAN {}", sql.text()));
        let rows = bind_sqlite(&explain, vals.to_vec()).fetch_all(conn.held()?).await;
        let rows = rows.map_err(|e| problem(e, sql.text()))?;
        Ok(rows.iter().map(|row| row.get("detail")).collect())
    }

    /// Whether it wrote rows of a table.
    pub(crate) fn wrote(&self, table: &str) -> bool {
        self.written.contains_key(table)
    }

    fn note(&mut self, table: Option<String>, rows: u64) {
        if let (Some(table), true) = (table, rows > 0) {
            *self.written.entry(table).or_default() += rows;
        }
    }

    /// Refuses a transaction that changed recorded tables without recording as many changes.
    fn check_recorded(&self, unrecorded: &[&str]) -> Result<()> {
        for (table, rows) in &self.written {
            let recorded = self.recorded.get(table.as_str()).copied().unwrap_or(0);
            if recorded < *rows && !unrecorded.contains(&table.as_str()) {
                return Err(Problem::bug(format!(
                    "{rows} rows of {table} were written but {recorded} changes recorded; every write goes \
                     through the gate"
                )));
            }
        }
        Ok(())
    }

    /// What every write does last: its check, then what was left for its end.
    pub(crate) async fn finish(&mut self, unrecorded: &[&str]) -> Result<()> {
        self.still_open()?;
        self.check_recorded(unrecorded)?;
        self.write_last().await
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self.conn {
            Either::Sqlite(tx) => tx.commit().await,
            Either::Postgres(tx) => tx.commit().await.map_err(crate::fault::commit_problem),
        }
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        if self.ended.is_some() {
            // The engine has done it, and the connection closes with this.
            return Ok(());
        }
        match self.conn {
            Either::Sqlite(tx) => tx.rollback().await,
            Either::Postgres(tx) => tx.rollback().await.map_err(|e| problem(e, "ROLLBACK")),
        }
    }

    /// Asks the engine to prepare a statement without running it, for the test that prepares all of them.
    ///
    /// # Errors
    /// [`Problem::Bug`] with the engine's words when it does not understand the statement.
    pub async fn prepare(&mut self, sql: Sql) -> Result<()> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        let text = AssertSqlSafe(sql.text().to_owned()).into_sql_str();
        match &mut self.conn {
            Either::Sqlite(conn) => conn.held()?.prepare(text).await.map(|_| ()),
            Either::Postgres(conn) => conn.held()?.prepare(text).await.map(|_| ()),
        }
        .map_err(|e| problem(e, sql.text()))
    }
}

/// A statement that inserts so many rows of so many values, after so many that were bound before.
pub(crate) fn values(
    engine: Engine,
    (head, tail): (&str, &str),
    (rows, width): (usize, usize),
    before: usize,
) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(head.len() + rows * width * 7 + tail.len());
    text.push_str(head);
    for row in 0..rows {
        text.push_str(if row == 0 { " (" } else { ", (" });
        for col in 1..=width {
            if col > 1 {
                text.push_str(", ");
            }
            // To SQLite `$7` is a name, and it looks each one up among all others: with thousands of them
            // that costs more than the insert. `?` has none.
            let _ = match engine {
                Engine::Sqlite => text.write_char('?'),
                Engine::Postgres => write!(text, "${}", before + row * width + col),
            };
        }
        text.push(')');
    }
    text.push_str(tail);
    text
}

macro_rules! binder {
    ($name:ident, $db:ty, $args:ty) => {
        fn $name(sql: &Sql, vals: Vec<Val>) -> Query<'static, $db, $args> {
            let query = sqlx::query::<$db>(AssertSqlSafe(sql.text().to_owned()));
            let mut query = query.persistent(sql.is_kept());
            for val in vals {
                query = match val {
                    Val::Text(v) => query.bind(v),
                    Val::Int(v) => query.bind(v),
                    Val::Real(v) => query.bind(v),
                    Val::Bool(v) => query.bind(v),
                    Val::Uuid(v) => query.bind(v),
                    Val::Bytes(v) => query.bind(v),
                };
            }
            query
        }
    };
}
binder!(bind_sqlite, Sqlite, sqlx::sqlite::SqliteArguments);
binder!(bind_postgres, Postgres, sqlx::postgres::PgArguments);
