//! Opening a database, and reading and writing it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use kernel::{OrgId, Problem, Result};
use sqlx::Sqlite;
use tokio::time::Instant as Moment;

use crate::{
    Place, Plans, RoomSchema, Sql, Tx, beside, command,
    fault::problem,
    idle::Idle,
    place::Lies,
    reach::Server,
    standby::Standby,
    writer::{Held, Writer},
};

/// Which database engine runs underneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one, in a file.
    Sqlite,
    /// PostgreSQL 15 or later.
    Postgres,
}

/// Whose rows a transaction may touch. On PostgreSQL row-level security enforces it; on SQLite the statements
/// alone do, which a test reads.
#[derive(Clone, Copy, Debug)]
pub enum Wall {
    /// One organisation.
    Org(OrgId),
    /// All of them; the text says why, for readers.
    All(&'static str),
}

impl From<OrgId> for Wall {
    fn from(org: OrgId) -> Self {
        Self::Org(org)
    }
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    pools: Pools,
    unrecorded: Vec<&'static str>,
    fail_first_commit: AtomicBool,
    plans: OnceLock<Plans>,
    /// Where reads go that may be a few seconds old.
    standby: OnceLock<Standby>,
    /// Whether writes are refused before they begin.
    only_reads: AtomicBool,
    /// Whether another process holds the file, and writes take care of its ids.
    beside: AtomicBool,
    /// How often this process changed a table, by name.
    changed: Mutex<BTreeMap<&'static str, u64>>,
    /// Why the last write could not reach the disk; nothing once one did.
    trouble: Mutex<Option<String>>,
    /// Since when PostgreSQL has looked at all rows; held while it does.
    learned: tokio::sync::Mutex<Option<(Moment, Look)>>,
    /// Held for the life of the process so that a second server on the same file is refused.
    _lock: Option<std::fs::File>,
}

pub(crate) enum Pools {
    Sqlite { writer: Writer, readers: Idle<Sqlite> },
    Postgres(Box<Server>),
}

/// How long a write goes on after contention before the caller is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// Attempts beside other writers before a write asks to be alone. On PostgreSQL the first of two to commit wins, so that
/// short writes in a row would send a longer one back for ever.
const BESIDE_OTHERS: u32 = 4;

/// What PostgreSQL looks at; what comes later holds what comes before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    /// How rows are spread.
    Spread,
    /// Which pages everybody sees.
    Pages,
}

impl Look {
    const fn statement(self) -> &'static str {
        match self {
            Self::Spread => "ANALYZE",
            Self::Pages => "VACUUM (ANALYZE)",
        }
    }
}

/// How a transaction stands to others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It reads, beside everybody.
    Read,
    /// It writes beside other writers; on SQLite one at a time.
    Beside,
    /// It writes alone: waits until the present writers are done, and later ones wait for it.
    Alone,
}

impl Turn {
    fn begin_postgres(self, org: &str) -> String {
        // A lock of a table, unlike an advisory one, is waited for before the snapshot is taken. `lease` is there before
        // any migration.
        let (kind, lock) = match self {
            Self::Read => ("REPEATABLE READ READ ONLY", ""),
            Self::Beside => ("SERIALIZABLE", "; LOCK TABLE lease IN ROW SHARE MODE"),
            Self::Alone => ("SERIALIZABLE", "; LOCK TABLE lease IN EXCLUSIVE MODE"),
        };
        format!("BEGIN ISOLATION LEVEL {kind}; SET LOCAL baton.org = '{org}'{lock}")
    }
}

/// Runs a write: `BEGIN`, the body, the gate's check, `COMMIT`; contention runs the body again.
///
/// ```text
/// let device = db::write!(db, who.org, |tx| {
///     let device = store::get(tx, who.org, id).await?;
///     actions::retire(tx, who, device).await
/// })?;
/// ```
///
/// The body may run several times, so nothing outside the database may happen in it. It is an inline block and
/// not a closure because an async closure that borrows its surroundings cannot yet be proven `Send` for all
/// lifetimes, which a request handler must be.
#[macro_export]
macro_rules! write {
    ($db:expr, $wall:expr, |$tx:ident| $body:expr) => {{
        let mut attempts = $db.attempts($wall);
        loop {
            match attempts.begin().await {
                Err(problem) => break Err(problem),
                Ok(mut open) => {
                    let $tx = &mut open;
                    let out: ::kernel::Result<_> = async { $body }.await;
                    if let Some(done) = attempts.end(open, out).await {
                        break done;
                    }
                }
            }
        }
    }};
}

/// Reads in one snapshot: `db::read!(db, who.org, |tx| store::get(tx, who.org, id).await)`.
#[macro_export]
macro_rules! read {
    ($db:expr, $wall:expr, |$tx:ident| $body:expr) => {{
        match $db.begin_read($wall).await {
            Err(problem) => Err(problem),
            Ok(mut open) => {
                let $tx = &mut open;
                let out: ::kernel::Result<_> = async { $body }.await;
                $crate::Db::end_read(open, out).await
            }
        }
    }};
}

/// The attempts of one write; only [`write!`] uses it.
pub struct Attempts<'d> {
    db: &'d Db,
    wall: Wall,
    made: u32,
    begun: Instant,
    /// Whether commands are looked for before they are carried out.
    looks: bool,
}

impl Attempts<'_> {
    fn is_patient(&self) -> bool {
        self.begun.elapsed() < PATIENCE
    }

    /// Opens the next attempt's transaction.
    ///
    /// # Errors
    /// [`Problem::Busy`] when the database stays out of reach.
    pub async fn begin(&mut self) -> Result<Tx> {
        loop {
            self.made += 1;
            let turn = if self.made > BESIDE_OTHERS { Turn::Alone } else { Turn::Beside };
            match self.db.begin(self.wall, turn).await {
                Err(Problem::Busy { .. }) if self.is_patient() => backoff(self.made).await,
                Ok(mut tx) => {
                    if self.db.inner.beside.load(Ordering::Relaxed) {
                        beside::follow(&mut tx, self.wall).await?;
                    }
                    tx.looks = self.looks;
                    return Ok(tx);
                }
                Err(problem) => {
                    self.db.note_trouble(Some(&problem));
                    return Err(problem);
                }
            }
        }
    }

    /// Commits or rolls back; `None` asks for another attempt.
    pub async fn end<T>(&mut self, mut tx: Tx, out: Result<T>) -> Option<Result<T>> {
        let inner = &self.db.inner;
        let unlooked = tx.carries_command() && !self.looks;
        let checked = match out {
            Ok(out) => tx.finish(&inner.unrecorded).await.map(|()| out),
            refused => refused,
        };
        let done = match checked {
            Ok(_) if self.made == 1 && inner.fail_first_commit.load(Ordering::Relaxed) => {
                tx.rollback().await.and(Err(Problem::Busy { retry_after: 0 }))
            }
            Ok(out) => {
                let changed = self.db.watched(&tx);
                if inner.beside.load(Ordering::Relaxed) {
                    beside::clear().await;
                }
                let done = tx.commit().await.map(|()| out);
                // Also after a commit of which nobody knows how it ended.
                self.db.note_changed(&changed);
                done
            }
            Err(refused) => match tx.rollback().await {
                Ok(()) => Err(refused),
                // What it was refused for was never kept: it runs again.
                Err(lost @ Problem::Busy { .. }) => Err(lost),
                Err(error) => {
                    // The first error is the one to report; a connection whose rollback fails is not used again.
                    tracing::warn!(%error, "a rollback failed; its connection is closed and another one opened");
                    Err(refused)
                }
            },
        };
        self.db.note_trouble(done.as_ref().err());
        match done {
            // Perhaps because its command was carried out before: then it gets that answer and not a refusal.
            Err(ref refused) if unlooked && command::may_be_known(refused) => {
                self.looks = true;
                None
            }
            // Somebody sent the same command at the same time.
            Err(ref refused) if self.looks && command::is_taken(refused) => None,
            Err(Problem::Busy { .. }) if self.is_patient() => {
                backoff(self.made).await;
                None
            }
            done => Some(done),
        }
    }
}

impl Db {
    /// Opens a database by its URL (`sqlite://path` or `postgres://…`), creates it where there is none, brings it
    /// to this program's schema and takes it for this process.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with words and a remedy for: an unknown URL, a folder that cannot be written, a
    /// second server on the same file, another program's database, a database of a newer version, a PostgreSQL
    /// that does not answer or is older than 15.
    pub async fn open(url: &str, rooms: &[RoomSchema]) -> Result<Self> {
        Place::take(url)?.open(rooms).await
    }

    /// Opens a database that must be there already; a mistyped address creates nothing.
    ///
    /// # Errors
    /// As [`Db::open`], and [`Problem::Conflict`] with code `db.missing` when there is none.
    pub async fn open_existing(url: &str, rooms: &[RoomSchema]) -> Result<Self> {
        Place::take_existing(url)?.open_existing(rooms).await
    }

    /// Opens a database that somebody else may be serving, for looking after it: no migration runs and nothing is taken
    /// for this process.
    ///
    /// # Errors
    /// As [`Db::open_existing`].
    pub async fn beside_others(url: &str) -> Result<Self> {
        let pools = match Place::beside_others(url)?.whole().await? {
            Lies::File(path) => crate::connect::sqlite_beside_others(&path).await?,
            Lies::Server(hosts) => crate::connect::postgres_beside_others(&hosts),
        };
        Ok(Self::over(pools, &[crate::FLOOR], None))
    }

    pub(crate) fn over(pools: Pools, rooms: &[RoomSchema], lock: Option<std::fs::File>) -> Self {
        let unrecorded = rooms.iter().flat_map(|r| r.unrecorded.iter().map(|(table, _)| *table)).collect();
        let inner = Inner {
            pools,
            unrecorded,
            fail_first_commit: AtomicBool::new(false),
            plans: OnceLock::new(),
            standby: OnceLock::new(),
            only_reads: AtomicBool::new(false),
            beside: AtomicBool::new(false),
            changed: Mutex::default(),
            trouble: Mutex::new(None),
            learned: tokio::sync::Mutex::new(None),
            _lock: lock,
        };
        Self { inner: Arc::new(inner) }
    }

    /// From now on reads on a PostgreSQL standby what may be a few seconds old ([`crate::may_lag`]).
    ///
    /// # Errors
    /// [`Problem::Conflict`] when the address is none, or this database is no PostgreSQL.
    pub fn read_also_from(&self, url: &str) -> Result<()> {
        if self.engine() == Engine::Sqlite {
            return Err(Problem::conflict("db.url", "Only a PostgreSQL database has standbys to read from."));
        }
        let server = crate::connect::to_read(&crate::hosts::Hosts::of(url)?, 16);
        let _ = self.inner.standby.set(Standby::new(server));
        Ok(())
    }

    /// Whether some reads go to a standby.
    pub fn reads_elsewhere(&self) -> bool {
        self.inner.standby.get().is_some()
    }

    /// From now on refuses every write with words, before it begins.
    #[must_use]
    pub fn for_reading(self) -> Self {
        self.inner.only_reads.store(true, Ordering::Relaxed);
        self
    }

    /// From now on writes as a second process beside the one that holds the file.
    pub(crate) fn into_second(self) -> Self {
        self.inner.beside.store(true, Ordering::Relaxed);
        self
    }

    /// Whether every write is refused.
    pub fn only_reads(&self) -> bool {
        self.inner.only_reads.load(Ordering::Relaxed)
    }

    /// Why the last write of this process could not reach the disk, in words; nothing once a write did again.
    pub fn trouble(&self) -> Option<String> {
        self.inner.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often this process has changed a table since it was first asked about. Whoever keeps rows of it in memory
    /// keeps this number with them. What other servers change is not counted.
    pub fn changes_of(&self, table: &'static str) -> u64 {
        let mut changed = self.inner.changed.lock().unwrap_or_else(PoisonError::into_inner);
        *changed.entry(table).or_default()
    }

    /// The tables a transaction wrote that somebody asked about.
    fn watched(&self, tx: &Tx) -> Vec<&'static str> {
        let changed = self.inner.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.keys().copied().filter(|table| tx.wrote(table)).collect()
    }

    fn note_changed(&self, tables: &[&'static str]) {
        let mut changed = self.inner.changed.lock().unwrap_or_else(PoisonError::into_inner);
        tables.iter().for_each(|table| *changed.entry(table).or_default() += 1);
    }

    /// Notes what a write came to; refusals of its own say nothing about the disk.
    fn note_trouble(&self, problem: Option<&Problem>) {
        let now = match problem {
            None => None,
            Some(Problem::Conflict { code, message }) if *code == crate::DISK => Some(message.clone()),
            Some(_) => return,
        };
        let mut known = self.inner.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*known, &now) {
            (None, Some(words)) => tracing::error!(problem = words, "writes do not reach the disk"),
            (Some(_), None) => tracing::info!("writes reach the disk again"),
            _ => {}
        }
        *known = now;
    }

    /// Which engine runs underneath.
    pub fn engine(&self) -> Engine {
        match self.inner.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// The file that SQLite keeps it in.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match &self.inner.pools {
            Pools::Sqlite { readers, .. } => {
                Some(readers.pool().connect_options().get_filename().to_path_buf())
            }
            Pools::Postgres(_) => None,
        }
    }

    /// Whether row-level security does not bind the role in use, so that statements alone keep organisations apart.
    ///
    /// # Errors
    /// As a read.
    pub async fn wall_is_open(&self) -> Result<bool> {
        const ROLE: Sql =
            Sql::new("SELECT rolsuper OR rolbypassrls AS free FROM pg_roles WHERE rolname = current_user");
        if self.engine() == Engine::Sqlite {
            return Ok(false);
        }
        crate::read!(self, Wall::All("what the role may do"), |tx| tx.one(ROLE, &[]).await?.get("free"))
    }

    /// By how many seconds this machine's clock is before (or, below zero, behind) that of a PostgreSQL server.
    ///
    /// # Errors
    /// As a read.
    pub async fn clock_ahead(&self) -> Result<i64> {
        const NOW: Sql =
            Sql::new("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now");
        if self.engine() == Engine::Sqlite {
            return Ok(0);
        }
        let there: i64 =
            crate::read!(self, Wall::All("what time it is"), |tx| tx.one(NOW, &[]).await?.get("now"))?;
        Ok((kernel::Instant::machine_now().micros() - there) / 1_000_000)
    }

    /// Whether a write could begin now: takes the place of a writer and gives it back, and writes nothing.
    ///
    /// # Errors
    /// What keeps it from beginning.
    pub async fn can_write(&self) -> Result<()> {
        self.begin(Wall::All("whether a write could begin"), Turn::Beside).await?.rollback().await
    }

    /// Makes every write fail at its first commit and run again; tests run in this mode to prove that bodies may
    /// run twice.
    pub fn fail_first_commits(&self, on: bool) {
        self.inner.fail_first_commit.store(on, Ordering::Relaxed);
    }

    /// Brings SQLite's log over into the file and empties it, if nobody is reading from it just now.
    pub(crate) async fn bring_log_over(&self) -> Result<()> {
        let Pools::Sqlite { writer, .. } = &self.inner.pools else { return Ok(()) };
        let done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer.pool()).await;
        match done.map_err(|e| problem(e, "wal_checkpoint")) {
            Err(Problem::Busy { .. }) | Ok(_) => Ok(()),
            Err(refused) => Err(refused),
        }
    }

    /// Has PostgreSQL look at how rows are spread, on which its plans rest. It does so by itself, but only a minute or more
    /// after a bulk came in, and until then a list may take seconds. SQLite's plans rest on the statements. Where it cannot
    /// be done, that is logged: what follows is slower for a while, and no less true.
    pub async fn learn(&self) {
        self.look_at_all(Look::Spread).await;
    }

    /// The same after very many rows came in: sums up what was counted, and has PostgreSQL note besides which pages
    /// everybody sees. Only then are lists read from their indexes alone. It takes as long as reading what came in.
    pub async fn learn_bulk(&self) {
        if let Err(error) = crate::tally::fold_all(self).await {
            tracing::warn!(%error, "what was counted is not summed up; lists count more slowly until it is");
        }
        self.look_at_all(Look::Pages).await;
    }

    async fn look_at_all(&self, look: Look) {
        let Pools::Postgres(server) = &self.inner.pools else { return };
        let asked = Moment::now();
        let mut learned = self.inner.learned.lock().await;
        if learned.is_some_and(|(begun, looked)| begun >= asked && looked >= look) {
            // Somebody else had it looked at while this one waited.
            return;
        }
        let begun = Moment::now();
        match server.run_beside(look.statement()).await {
            Ok(()) => *learned = Some((begun, look)),
            Err(error) => tracing::warn!(
                %error,
                "PostgreSQL did not look at the new rows; lists may be slow until it does so by itself"
            ),
        }
    }

    /// From now on notes how SQLite goes about each statement; the test of plans looks at them.
    pub fn watch_plans(&self) -> Plans {
        self.inner.plans.get_or_init(Plans::default).clone()
    }

    /// Closes all connections after their present work.
    pub async fn close(&self) {
        match &self.inner.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.pool().close().await;
            }
            Pools::Postgres(server) => {
                if let Some(standby) = self.inner.standby.get() {
                    standby.close().await;
                }
                server.close().await;
            }
        }
    }

    #[doc(hidden)]
    pub fn attempts(&self, wall: impl Into<Wall>) -> Attempts<'_> {
        Attempts { db: self, wall: wall.into(), made: 0, begun: Instant::now(), looks: false }
    }

    #[doc(hidden)]
    pub async fn begin_read(&self, wall: impl Into<Wall>) -> Result<Tx> {
        self.begin(wall.into(), Turn::Read).await
    }

    #[doc(hidden)]
    pub async fn end_read<T>(tx: Tx, out: Result<T>) -> Result<T> {
        tx.rollback().await?;
        out
    }

    async fn begin(&self, wall: Wall, turn: Turn) -> Result<Tx> {
        Ok(self.begun(wall, turn).await?.watched(self.inner.plans.get().cloned()))
    }

    async fn begun(&self, wall: Wall, turn: Turn) -> Result<Tx> {
        let write = turn != Turn::Read;
        if write && self.only_reads() {
            return Err(Problem::ReadOnly);
        }
        match &self.inner.pools {
            Pools::Sqlite { writer, .. } if write => writer.begin().await.map(Held::Turn).map(Tx::sqlite),
            Pools::Sqlite { readers, .. } => {
                let begun = readers.begin("BEGIN").await;
                begun.map(Held::Alone).map(Tx::sqlite).map_err(|e| problem(e, "BEGIN"))
            }
            Pools::Postgres(server) => {
                let org = match wall {
                    Wall::Org(org) => org.to_string(),
                    Wall::All(_) => "*".to_owned(),
                };
                let begin = turn.begin_postgres(&org);
                if let Some(standby) =
                    self.inner.standby.get().filter(|_| !write && crate::standby::is_enough())
                    && let Some(conn) = standby.begin(server, &begin).await
                {
                    return Ok(Tx::postgres(conn));
                }
                server.begin(&begin).await.map(Tx::postgres)
            }
        }
    }
}

/// Waits a random part of a time that doubles up to an eighth of a second, so that those who met once meet no more.
async fn backoff(attempt: u32) {
    let most = 2_000_u64 << attempt.min(6);
    tokio::time::sleep(Duration::from_micros(rand::random_range(most / 4..=most))).await;
}
