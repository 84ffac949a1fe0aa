//! Reaching a database and bringing it to this program's schema.

use std::{fs::File, io::ErrorKind, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use kernel::{Instant, Problem, Result};
use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgPool, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions, SqliteSynchronous,
    },
};

use crate::{
    Engine, RoomSchema,
    fault::problem,
    hosts::{Hosts, STANDBY, takes_writes},
    idle::Idle,
    open::Pools,
    reach::Server,
    schema::{LEASE_TABLE, check_not_newer, migrate_until, migrations, wall_off},
    writer::Writer,
};

/// Readers beside the one writer of an SQLite file, or of a server that is only read.
const READERS: u32 = 4;
/// One connection that is not kept at hand; see [`Idle`].
const ONE_MORE: u32 = 1;
/// Rows read ahead of who takes them. SQLite runs on a thread of its own; the more it may hand over at once, the less
/// often the two wait for each other.
const ROWS_AHEAD: usize = 512;

/// Makes an SQLite file where there is none, for its owner only; SQLite gives the files beside it the same rights.
fn make_private(path: &Path) -> Result<()> {
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(cannot_open(path, &sqlx::Error::Io(error)))
        }
        _ => Ok(()),
    }
}

/// Opens an SQLite file: WAL, one writer, several readers, every acknowledged write on the disk.
pub(crate) async fn sqlite(path: &Path, rooms: &[RoomSchema]) -> Result<Pools> {
    make_private(path)?;
    let base = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("temp_store", "memory")
        .disable_statement_logging();
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(None)
        .max_lifetime(None)
        // An import writes tens of megabytes; bringing them over in larger steps writes hot pages less often.
        .connect_with(base.clone().pragma("cache_size", "-16000").pragma("wal_autocheckpoint", "8000"))
        .await
        .map_err(|e| cannot_open(path, &e))?;
    migrate_sqlite(&writer, rooms).await?;
    let readers = SqlitePoolOptions::new()
        .min_connections(1)
        .test_before_acquire(false)
        .max_connections(READERS + ONE_MORE)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(
            base.row_buffer_size(ROWS_AHEAD).pragma("query_only", "on").pragma("cache_size", "-16000"),
        )
        .await
        .map_err(|e| cannot_open(path, &e))?;
    Ok(Pools::Sqlite { writer: Writer::new(writer), readers: Idle::new(readers) })
}

/// Opens a new SQLite file to be filled: one connection, no journal, nothing waits for the disk. Worth nothing until
/// it is synced.
pub(crate) async fn sqlite_to_fill(path: &Path, cache_kb: u32, rooms: &[RoomSchema]) -> Result<SqlitePool> {
    make_private(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .locking_mode(SqliteLockingMode::Exclusive)
        .foreign_keys(true)
        .pragma("cache_size", format!("-{cache_kb}"))
        // Indexes are sorted by as many threads, in files where memory does not hold them.
        .pragma("threads", "2")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = pool.connect_with(options).await.map_err(|e| cannot_open(path, &e))?;
    migrate_sqlite(&pool, rooms).await?;
    Ok(pool)
}

/// Opens an SQLite file for a look.
pub(crate) async fn sqlite_as_it_is(path: &Path) -> Result<Pools> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options);
    let pool = pool.await.map_err(|e| cannot_open(path, &e))?;
    Ok(Pools::Sqlite { writer: Writer::new(pool.clone()), readers: Idle::new(pool) })
}

/// Opens an SQLite file that somebody else may be writing, for reading only.
pub(crate) async fn sqlite_to_read(path: &Path) -> Result<Pools> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "memory")
        .row_buffer_size(ROWS_AHEAD)
        .pragma("cache_size", "-16000")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS + ONE_MORE)
        .acquire_timeout(Duration::from_secs(60))
        .connect_with(options);
    let pool = pool.await.map_err(|e| cannot_open(path, &e))?;
    Ok(Pools::Sqlite { writer: Writer::new(pool.clone()), readers: Idle::new(pool) })
}

/// Refuses a database whose schema is not exactly this program's.
pub(crate) async fn check_is_ours(pools: &Pools, rooms: &[RoomSchema]) -> Result<()> {
    const STEPS: &str = "SELECT version FROM _sqlx_migrations";
    let (known, applied) = match pools {
        Pools::Sqlite { readers, .. } => (
            migrations(rooms, Engine::Sqlite),
            sqlx::query_scalar::<_, i64>(STEPS).fetch_all(readers.pool()).await,
        ),
        Pools::Postgres(server) => {
            (migrations(rooms, Engine::Postgres), sqlx::query_scalar(STEPS).fetch_all(server.pool()).await)
        }
    };
    let applied = applied.map_err(|e| problem(e, STEPS))?;
    check_not_newer(&known, &applied)?;
    if known.iter().all(|step| applied.contains(&step.version)) {
        return Ok(());
    }
    Err(Problem::conflict(
        "db.older",
        "This database has not been brought to this version's schema yet. Start `baton serve` with it once, then \
         try again. Nothing was changed.",
    ))
}

/// Opens an SQLite file beside whoever serves it: one connection, no migration.
pub(crate) async fn sqlite_beside_others(path: &Path) -> Result<Pools> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(2))
        .foreign_keys(true)
        .pragma("temp_store", "memory")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = pool.connect_with(options).await.map_err(|e| cannot_open(path, &e))?;
    Ok(Pools::Sqlite { writer: Writer::new(pool.clone()), readers: Idle::new(pool) })
}

pub(crate) fn cannot_open(path: &Path, error: &sqlx::Error) -> Problem {
    Problem::conflict(
        "db.open",
        format!(
            "Cannot open {}: {error}. Check that it is a Baton database, that the disk is not full and that its \
             folder can be written. Nothing was changed.",
            path.display()
        ),
    )
}

async fn migrate_sqlite(pool: &SqlitePool, rooms: &[RoomSchema]) -> Result<()> {
    let known = migrations(rooms, Engine::Sqlite);
    let exists: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
            .fetch_one(pool)
            .await
            .map_err(|e| problem(e, "reading the schema"))?;
    if exists > 0 {
        let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations")
            .fetch_all(pool)
            .await
            .map_err(|e| problem(e, "reading the schema"))?;
        check_not_newer(&known, &applied)?;
    }
    run(Migrator::with_migrations(known), pool).await
}

async fn run<'a, A>(mut migrator: Migrator, at: A) -> Result<()>
where
    A: sqlx::Acquire<'a>,
    <A::Connection as std::ops::Deref>::Target: sqlx::migrate::Migrate,
{
    migrator.set_locking(false);
    migrator.run(at).await.map_err(|e| {
        Problem::conflict(
            "db.migrate",
            format!(
                "The database could not be brought to this version's schema: {e}. The steps before it are kept; \
                 start again after mending the cause, or restore a backup."
            ),
        )
    })
}

/// Opens a PostgreSQL database.
pub(crate) async fn postgres(hosts: &Hosts, rooms: &[RoomSchema]) -> Result<Pools> {
    let (conn, first) = hosts.connect(true).await?;
    let _ = conn.close().await;
    let server = server(hosts, &first, 16, true);
    check_version(server.pool()).await?;
    migrate_postgres(server.pool(), rooms).await?;
    Ok(Pools::Postgres(server))
}

/// Opens a PostgreSQL database for a look.
pub(crate) fn postgres_as_it_is(hosts: &Hosts) -> Pools {
    Pools::Postgres(to_read(hosts, 1))
}

/// Opens a PostgreSQL database for reading only.
pub(crate) fn postgres_to_read(hosts: &Hosts) -> Pools {
    Pools::Postgres(to_read(hosts, READERS))
}

/// Opens a PostgreSQL database as it is, for reading and for a note: no migration.
pub(crate) fn postgres_beside_others(hosts: &Hosts) -> Pools {
    Pools::Postgres(server(hosts, hosts.first(), 2, true))
}

pub(crate) fn to_read(hosts: &Hosts, most: u32) -> Box<Server> {
    let only =
        |options: &PgConnectOptions| options.clone().options([("default_transaction_read_only", "on")]);
    let hosts = hosts.each(only);
    server(&hosts, hosts.first(), most, false)
}

/// Statements are short and many at a time. Compiling one, or dividing it among processes, takes longer than it does: of
/// fifty people who read lists each would wait for the processes of all others.
const PLANS: &str = "SET jit = off; SET max_parallel_workers_per_gather = 0";

/// The connections to a server that has just answered; they are made as they are needed. Of several servers only one
/// takes writes at a time: when another one does, connections lead there from then on.
fn server(hosts: &Hosts, first: &PgConnectOptions, most: u32, to_write: bool) -> Box<Server> {
    let pool = PgPoolOptions::new()
        .max_connections(most + ONE_MORE)
        .acquire_timeout(Duration::from_secs(10))
        .after_connect(move |conn, _| {
            Box::pin(async move {
                conn.execute(PLANS).await?;
                if !to_write || takes_writes(conn).await? {
                    return Ok(());
                }
                Err(sqlx::Error::Protocol(STANDBY.to_owned()))
            })
        })
        .connect_lazy_with(first.clone());
    Box::new(Server::new(pool, hosts.clone(), first.clone(), to_write))
}

async fn check_version(pool: &PgPool) -> Result<()> {
    let version: i32 = sqlx::query_scalar("SELECT CAST(current_setting('server_version_num') AS int4)")
        .fetch_one(pool)
        .await
        .map_err(|e| problem(e, "server_version_num"))?;
    if version < 150_000 {
        return Err(Problem::conflict(
            "db.version",
            format!("PostgreSQL {} is too old; Baton needs 15 or later.", version / 10_000),
        ));
    }
    Ok(())
}

/// Brings PostgreSQL to this version's schema; servers that start together take turns through a lease row.
async fn migrate_postgres(pool: &PgPool, rooms: &[RoomSchema]) -> Result<()> {
    let known = migrations(rooms, Engine::Postgres);
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await
        .map_err(|e| problem(e, "reading the schema"))?;
    if exists {
        let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations")
            .fetch_all(pool)
            .await
            .map_err(|e| problem(e, "reading the schema"))?;
        check_not_newer(&known, &applied)?;
    }
    let holder = uuid::Uuid::now_v7().to_string();
    // Two servers may both find the table missing; the one that comes second may be told so.
    let _ = sqlx::query(LEASE_TABLE).execute(pool).await;
    take_turn(pool, &holder).await?;
    let done = match run(Migrator::with_migrations(known), pool).await {
        Ok(()) => wall_off(pool).await,
        refused => refused,
    };
    let left = sqlx::query("DELETE FROM lease WHERE name = 'migrate' AND holder = $1")
        .bind(&holder)
        .execute(pool)
        .await;
    done.and(left.map(drop).map_err(|e| problem(e, "leaving the migration lease")))
}

async fn take_turn(pool: &PgPool, holder: &str) -> Result<()> {
    loop {
        let now = Instant::machine_now();
        let taken = sqlx::query(sqlx::AssertSqlSafe(crate::lease::TAKE.text().to_owned()))
            .bind("migrate")
            .bind(holder)
            .bind(migrate_until(now).micros())
            .bind(now.micros())
            .execute(pool)
            .await
            .map_err(|e| problem(e, "taking the migration lease"))?;
        if taken.rows_affected() == 1 {
            return Ok(());
        }
        tracing::info!("another server is bringing the database up to date; waiting");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
