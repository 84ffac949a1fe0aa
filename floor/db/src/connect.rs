//! Reaching a database and bringing it to this program's schema.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
    str::FromStr as _,
    time::Duration,
};

use kernel::{Instant, Problem, Result};
use sqlx::{
    ConnectOptions as _, Connection as _, PgPool, SqliteConnection, SqlitePool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Engine, RoomSchema,
    fault::problem,
    open::Pools,
    schema::{LEASE_TABLE, check_not_newer, migrate_until, migrations, wall_off},
};

/// Readers beside the one writer of an SQLite file.
const READERS: u32 = 4;

/// Opens an SQLite file: WAL, one writer, several readers, every acknowledged write on the disk.
pub(crate) async fn sqlite(path: &Path, rooms: &[RoomSchema]) -> Result<(Pools, Option<File>)> {
    let lock = lock_beside(path)?;
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
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(None)
        .max_lifetime(None)
        .after_release(|conn, _| Box::pin(is_whole(conn)))
        // An import writes tens of megabytes; bringing them over in larger steps writes hot pages less often.
        .connect_with(base.clone().pragma("cache_size", "-16000").pragma("wal_autocheckpoint", "8000"))
        .await
        .map_err(|e| cannot_open(path, &e))?;
    migrate_sqlite(&writer, rooms).await?;
    let readers = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(READERS)
        .acquire_timeout(Duration::from_secs(10))
        .after_release(|conn, _| Box::pin(is_whole(conn)))
        .connect_with(base.pragma("query_only", "on").pragma("cache_size", "-8000"))
        .await
        .map_err(|e| cannot_open(path, &e))?;
    Ok((Pools::Sqlite { writer, readers }, Some(lock)))
}

/// Whether a connection may be used again. On a full or failing disk SQLite ends the transaction by itself; the
/// driver's `ROLLBACK` then finds none, and it would count the transaction as open for ever after. Such a connection
/// is closed, and the next write opens another.
async fn is_whole(conn: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // A rollback that was only begun is through once this is answered.
    conn.ping().await?;
    Ok(!conn.is_in_transaction())
}

/// Takes the file for this process. The lock lies beside it, because SQLite's own locks come and go.
fn lock_beside(path: &Path) -> Result<File> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        Problem::conflict(
            "db.folder",
            format!(
                "{what} {} ({error}). Choose another folder, or make this one writable for the user that runs \
                 Baton. Nothing was changed.",
                folder.display()
            ),
        )
    };
    fs::create_dir_all(folder).map_err(|e| refused("Cannot create the folder", &e))?;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(name))
        .map_err(|e| refused("Cannot write in the folder", &e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Problem::conflict(
            "db.in_use",
            format!(
                "Another Baton already uses {}. Stop it first, or use PostgreSQL if several servers shall share \
                 one database. Nothing was changed.",
                path.display()
            ),
        )),
        Err(TryLockError::Error(e)) => Err(refused("Cannot lock the database in", &e)),
    }
}

fn cannot_open(path: &Path, error: &sqlx::Error) -> Problem {
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
pub(crate) async fn postgres(url: &str, rooms: &[RoomSchema]) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|e| Problem::conflict("db.url", format!("The PostgreSQL address cannot be read: {e}.")))?
        .application_name("baton")
        .disable_statement_logging();
    let place = format!("{}:{}", options.get_host(), options.get_port());
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await
        .map_err(|e| {
            Problem::conflict(
                "db.open",
                format!(
                    "PostgreSQL at {place} cannot be reached: {e}. Check that it runs, that the database and \
                     the user exist and that the password is right."
                ),
            )
        })?;
    check_version(&pool).await?;
    migrate_postgres(&pool, rooms).await?;
    Ok(Pools::Postgres(pool))
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
