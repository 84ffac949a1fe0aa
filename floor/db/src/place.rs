//! Where a database lies, taken for this process before anything is done there.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use kernel::{Problem, Result};
use sqlx::{
    Connection as _, Executor,
    postgres::PgConnection,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use crate::{Db, Fresh, RoomSchema, connect, fault::problem, fresh::unwritten, hosts::Hosts};

/// The place of a database. While it is held, no other Baton can use an SQLite file there.
pub struct Place {
    at: At,
}

enum At {
    /// A file by its real name, and the lock beside it unless others may use it meanwhile.
    File { path: PathBuf, lock: Option<File> },
    /// PostgreSQL, which lets several servers in.
    Server(Hosts),
}

/// Where a database is, for whoever copies it or brings it back.
pub(crate) enum Lies {
    File(PathBuf),
    Server(Hosts),
}

/// The code of the refusal of a file that another process holds.
pub const IN_USE: &str = "db.in_use";

/// What a place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No table at all.
    Nothing,
    /// A database of Baton, of whatever version.
    Baton,
}

impl Place {
    /// Takes a place in which a database may be created; the folder of an SQLite file is made.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with a remedy for an address that is none, a folder that cannot be written, and a
    /// file that another Baton uses.
    pub fn take(url: &str) -> Result<Self> {
        Self::at(url, Hold::Create)
    }

    /// Takes a place that must hold a database already; nothing is created.
    ///
    /// # Errors
    /// As [`Place::take`], and when there is no file.
    pub fn take_existing(url: &str) -> Result<Self> {
        Self::at(url, Hold::Existing)
    }

    /// A place that somebody else may be using, for reading beside them; it is not taken.
    ///
    /// # Errors
    /// [`Problem::Conflict`] for an address that is none, and when there is no file.
    pub fn beside_others(url: &str) -> Result<Self> {
        Self::at(url, Hold::Nothing)
    }

    fn at(url: &str, hold: Hold) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            let path = real(Path::new(path));
            if hold != Hold::Create && !path.is_file() {
                return Err(missing(&path.display().to_string()));
            }
            let lock = if hold == Hold::Nothing { None } else { Some(lock_beside(&path)?) };
            return Ok(Self { at: At::File { path, lock } });
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self { at: At::Server(Hosts::of(url)?) });
        }
        Err(Problem::conflict(
            "db.url",
            format!(
                "“{}” is not a database address. Write sqlite://path/to/baton.sqlite or \
                 postgres://user@host/database.",
                without_secrets(url)
            ),
        ))
    }

    /// What lies there. Only looks: nothing is written.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with code `db.foreign` when it is another program's, or when it cannot be read.
    pub async fn found(&self) -> Result<Found> {
        match &self.at {
            At::File { path, .. } => {
                if fs::metadata(path).map_or(0, |file| file.len()) == 0 {
                    return Ok(Found::Nothing);
                }
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                let conn = SqliteConnection::connect_with(&options);
                let mut conn = conn.await.map_err(|e| connect::cannot_open(path, &e))?;
                let tables =
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
                let names: Vec<String> = sqlx::query_scalar(tables)
                    .fetch_all(&mut conn)
                    .await
                    .map_err(|e| connect::cannot_open(path, &e))?;
                let found = whose(&mut conn, names, &path.display().to_string()).await;
                let _ = conn.close().await;
                found
            }
            At::Server(hosts) => {
                let (mut conn, _) = hosts.connect(false).await?;
                // Tables that an extension brought are nobody's data.
                let tables = "SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm') \
                    AND c.relnamespace = current_schema()::regnamespace AND NOT EXISTS \
                    (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";
                let names: Vec<String> =
                    sqlx::query_scalar(tables).fetch_all(&mut conn).await.map_err(|e| problem(e, tables))?;
                let name = hosts.database().to_owned();
                let found = whose(&mut conn, names, &name).await;
                let _: Result<(), _> = PgConnection::close(conn).await;
                found
            }
        }
    }

    /// Opens what is there for reading only and as it is: no migration runs, nothing is written.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn look(&self) -> Result<Db> {
        let pools = match &self.at {
            At::File { path, .. } => connect::sqlite_as_it_is(path).await?,
            At::Server(hosts) => connect::postgres_as_it_is(hosts),
        };
        Ok(Db::over(pools, &[], None))
    }

    /// Opens a database for reading beside whoever uses it: it is not taken, no migration runs, nothing is written.
    ///
    /// # Errors
    /// As [`Place::take_existing`]; [`Problem::Conflict`] with code `db.older` or `db.newer` when its schema is not
    /// this program's.
    pub async fn read_beside(url: &str, rooms: &[RoomSchema]) -> Result<Db> {
        let mut all = vec![crate::FLOOR];
        all.extend_from_slice(rooms);
        let pools = match Self::beside_others(url)?.whole().await? {
            Lies::File(path) => connect::sqlite_to_read(&path).await?,
            Lies::Server(hosts) => connect::postgres_to_read(&hosts.answering().await?),
        };
        connect::check_is_ours(&pools, &all).await?;
        Ok(Db::over(pools, &all, None))
    }

    /// Opens a database for small writes beside the process that holds its file; no migration runs. What such writes may
    /// not touch, [`crate::beside`] says.
    ///
    /// # Errors
    /// As [`Place::read_beside`].
    pub async fn join(url: &str, rooms: &[RoomSchema]) -> Result<Db> {
        let mut all = vec![crate::FLOOR];
        all.extend_from_slice(rooms);
        let pools = match Self::beside_others(url)?.whole().await? {
            Lies::File(path) => connect::sqlite_beside_others(&path).await?,
            Lies::Server(hosts) => connect::postgres_beside_others(&hosts.answering().await?),
        };
        connect::check_is_ours(&pools, &all).await?;
        let db = Db::over(pools, &all, None);
        Ok(if db.engine() == crate::Engine::Sqlite { db.into_second() } else { db })
    }

    /// Removes the database, if there is one; the place stays taken.
    ///
    /// # Errors
    /// When a file cannot be removed, and on PostgreSQL always: only its owner can drop a database.
    pub fn throw_away(&self) -> Result<()> {
        let At::File { path, .. } = &self.at else {
            return Err(Problem::conflict(
                "db.throw_away",
                "A PostgreSQL database is not thrown away from here. Drop it and create it anew (DROP DATABASE, \
                 CREATE DATABASE), or name another.",
            ));
        };
        for end in ["", "-wal", "-shm"] {
            let file = beside(path, end);
            match fs::remove_file(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let words = format!("{} cannot be removed ({error}).", file.display());
                    return Err(Problem::conflict("db.throw_away", words));
                }
            }
        }
        Ok(())
    }

    /// Begins to fill an empty place with very many rows; see [`crate::fresh`].
    ///
    /// # Errors
    /// As [`Db::open`], and [`Problem::Conflict`] with code `db.not_empty` when the place holds anything.
    pub async fn fill(self, rooms: &[RoomSchema], large: &[&str]) -> Result<Fresh> {
        if self.found().await? != Found::Nothing {
            return Err(Problem::conflict(
                "db.not_empty",
                "There is a database already. Nothing was changed.",
            ));
        }
        Fresh::begin(self, rooms, large).await
    }

    /// The name under which a file is filled; nothing on a server.
    pub(crate) fn making(&self) -> Option<PathBuf> {
        match &self.at {
            At::File { path, .. } => Some(beside(path, ".making")),
            At::Server(_) => None,
        }
    }

    /// Gives a synced file the database's name, for good.
    pub(crate) fn put_in(&self, made: &Path) -> Result<()> {
        let At::File { path, .. } = &self.at else { return Ok(()) };
        // Left beside an empty file they would be taken for parts of the new one.
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(path, end));
        }
        let moved = fs::rename(made, path).and_then(|()| File::open(folder_of(path))?.sync_all());
        moved.map_err(|e| unwritten(path, &e))
    }

    /// Opens the database and brings it to this program's schema; an empty place gets a new one.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open(self, rooms: &[RoomSchema]) -> Result<Db> {
        self.found().await?;
        let mut all = vec![crate::FLOOR];
        all.extend_from_slice(rooms);
        let (pools, lock) = match self.at {
            At::File { path, lock } => (connect::sqlite(&path, &all).await?, lock),
            At::Server(hosts) => (connect::postgres(&hosts, &all).await?, None),
        };
        let db = Db::over(pools, &all, lock);
        if db.engine() == crate::Engine::Sqlite {
            crate::feed::go_on(&db).await?;
        }
        Ok(db)
    }

    /// Opens a database that must be there already.
    ///
    /// # Errors
    /// As [`Place::open`], and [`Problem::Conflict`] with code `db.missing` when the place is empty.
    pub async fn open_existing(self, rooms: &[RoomSchema]) -> Result<Db> {
        if self.found().await? == Found::Nothing {
            return Err(missing(&self.name()));
        }
        self.open(rooms).await
    }

    /// The file's path, or the database's name.
    fn name(&self) -> String {
        match &self.at {
            At::File { path, .. } => path.display().to_string(),
            At::Server(hosts) => hosts.database().to_owned(),
        }
    }

    /// Where the database is that must be there.
    pub(crate) async fn whole(&self) -> Result<Lies> {
        if self.found().await? == Found::Nothing {
            return Err(missing(&self.name()));
        }
        Ok(self.lies())
    }

    /// Where a database can be put: nothing is there, not even what an earlier one left beside its file.
    pub(crate) async fn empty(&self) -> Result<Lies> {
        let full = |what: &str| {
            Problem::conflict(
                "db.not_empty",
                format!(
                    "{what} A backup is brought back only to a place that holds nothing: name another with --database, \
                     or move what is there aside. Nothing was changed."
                ),
            )
        };
        if self.found().await? != Found::Nothing {
            return Err(full(&format!("{} holds a database.", self.name())));
        }
        let At::File { path, .. } = &self.at else { return Ok(self.lies()) };
        let left = ["-wal", "-journal"].map(|end| beside(path, end));
        if let Some(file) = left.iter().find(|file| fs::metadata(file).is_ok_and(|about| about.len() > 0)) {
            return Err(full(&format!(
                "{} is left of a database and may hold its last changes.",
                file.display()
            )));
        }
        Ok(self.lies())
    }

    fn lies(&self) -> Lies {
        match &self.at {
            At::File { path, .. } => Lies::File(path.clone()),
            At::Server(hosts) => Lies::Server(hosts.clone()),
        }
    }
}

/// How a place is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Create,
    Existing,
    Nothing,
}

/// An address up to where secrets may begin.
pub(crate) fn without_secrets(url: &str) -> &str {
    url.split('?').next().and_then(|url| url.split('@').next_back()).unwrap_or_default()
}

fn missing(name: &str) -> Problem {
    Problem::conflict(
        "db.missing",
        format!(
            "There is no Baton database in {name}. Check the spelling of --database; a new one is made by `baton \
             serve` and `baton demo` only. Nothing was changed."
        ),
    )
}

/// The name SQLite will come to in the end: through links, from the root. Two servers that reach one file by two
/// names must meet at one lock.
fn real(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many links in a row as Linux follows.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder_of(&path).join(target);
    }
    match (fs::canonicalize(folder_of(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file beside another whose name goes on like this.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(end);
    path.with_file_name(name)
}

/// Takes the file for this process. The lock lies beside it, because SQLite's own locks come and go.
fn lock_beside(path: &Path) -> Result<File> {
    let folder = folder_of(path);
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
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .map_err(|e| refused("Cannot write in the folder", &e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Problem::conflict(
            IN_USE,
            format!(
                "Another Baton already uses {}. Stop it first, or use PostgreSQL if several servers shall share \
                 one database. Nothing was changed.",
                path.display()
            ),
        )),
        Err(TryLockError::Error(e)) => Err(refused("Cannot lock the database in", &e)),
    }
}

/// Whose tables these are. Ours began with the floor's first step; a list of steps without a step, or the table of
/// leases alone, is what a start that was cut short leaves.
async fn whose<'c, C, D>(conn: &'c mut C, names: Vec<String>, place: &str) -> Result<Found>
where
    D: sqlx::Database,
    &'c mut C: Executor<'c, Database = D>,
    for<'a> D::Arguments: sqlx::IntoArguments<D>,
    i64: sqlx::Type<D> + for<'r> sqlx::Decode<'r, D>,
    usize: sqlx::ColumnIndex<D::Row>,
    (i64,): for<'r> sqlx::FromRow<'r, D::Row>,
{
    const STEPS: &str = "SELECT COUNT(*) FROM _sqlx_migrations WHERE description LIKE 'floor 0001 %'";
    let names: BTreeSet<String> = names.into_iter().collect();
    let steps: i64 = if names.contains("_sqlx_migrations") {
        sqlx::query_scalar(STEPS).fetch_one(conn).await.map_err(|e| problem(e, STEPS))?
    } else {
        0
    };
    if steps > 0 {
        return Ok(Found::Baton);
    }
    if names.iter().all(|name| name == "_sqlx_migrations" || name == "lease") {
        return Ok(Found::Nothing);
    }
    let some: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    Err(Problem::conflict(
        "db.foreign",
        format!(
            "{place} belongs to another program: it holds tables that are not Baton's ({}). Name an empty \
             database or one of Baton's with --database. Nothing was changed.",
            some.join(", ")
        ),
    ))
}
