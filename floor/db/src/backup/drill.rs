//! The restore drill: a backup is brought back, opened and compared with the database it was made of.

use std::{collections::BTreeMap, path::PathBuf};

use kernel::{Instant, Problem, Result};

use super::{
    Compared, Found, compare,
    note::{self, Kind},
    restore::restore,
    sqlite,
};
use crate::{
    Db, Place, RoomSchema, Wall, connect,
    place::{Lies, beside},
};

/// What a drill found.
#[derive(Clone, Debug)]
pub struct Drilled {
    /// How each table stands in the backup and in the live database.
    pub tables: Vec<Compared>,
    /// Rows that differ and must not; the drill ended well if there are none.
    pub faults: Vec<String>,
}

/// Tables whose rows are no records and come and go by themselves: what they hold now says nothing of the backup.
fn comes_and_goes(rooms: &[RoomSchema]) -> BTreeMap<&'static str, &'static str> {
    let all = std::iter::once(&crate::FLOOR).chain(rooms);
    all.flat_map(|room| room.unrecorded.iter().copied()).filter(|(table, _)| *table != "event").collect()
}

/// A place for the copy that is gone afterwards.
enum Scratch {
    Folder(PathBuf),
    /// An empty PostgreSQL database that somebody named.
    Named(String),
}

/// Restores a backup to a scratch place, opens it as a server would (which brings it to this version's schema), lets
/// `look` try it, compares every table with the live database row by row, and removes the scratch. What became of it is
/// noted in the live database. PostgreSQL needs the address of an empty database as the scratch place.
///
/// # Errors
/// As [`super::restore`]; when the live database or the scratch place cannot be used. What differs is in the answer.
pub async fn drill<F: Future<Output = Result<()>>>(
    found: &Found,
    live_url: &str,
    scratch: Option<&str>,
    rooms: &[RoomSchema],
    look: impl FnOnce(Db) -> F,
) -> Result<Drilled> {
    let lies = Place::beside_others(live_url)?.whole().await?;
    let live = match &lies {
        Lies::File(path) => sqlite::beside_others(path).await?,
        Lies::Server(hosts) => Db::over(connect::postgres_beside_others(hosts), &[crate::FLOOR], None),
    };
    let drilled = match place(&lies, scratch).await {
        Ok(scratch) => {
            let drilled = within(found, &live, &scratch, rooms, look).await;
            let cleared = clear(scratch, rooms).await;
            drilled.and_then(|drilled| cleared.map(|()| drilled))
        }
        Err(refused) => Err(refused),
    };
    let words = match &drilled {
        Ok(drilled) if drilled.faults.is_empty() => {
            let rows: u64 = drilled.tables.iter().map(|t| t.same + t.changed + t.gone).sum();
            format!("{rows} rows in {} tables", drilled.tables.len())
        }
        Ok(drilled) => drilled.faults.join("; ").chars().take(2_000).collect(),
        Err(problem) => format!("{problem}"),
    };
    let well = drilled.as_ref().is_ok_and(|drilled| drilled.faults.is_empty());
    let at = found.address();
    crate::write!(live, Wall::All("backups hold all organisations"), |tx| {
        note::put(tx, Kind::Drill, well, Instant::machine_now(), &at, &words).await
    })?;
    live.close().await;
    drilled
}

/// A scratch place holds nothing before, because nothing is left of it afterwards.
async fn place(lies: &Lies, scratch: Option<&str>) -> Result<Scratch> {
    match (lies, scratch) {
        (_, Some(url)) => {
            Place::take(url)?.empty().await?;
            Ok(Scratch::Named(url.to_owned()))
        }
        (Lies::File(path), None) => {
            Ok(Scratch::Folder(beside(path, &format!(".drill-{:08x}", rand::random::<u32>()))))
        }
        (Lies::Server(_), None) => Err(Problem::conflict(
            "backup.scratch",
            "On PostgreSQL a drill needs an empty database to restore to: make one (CREATE DATABASE baton_drill OWNER \
             baton) and name it with --scratch postgres://…/baton_drill. Its tables are removed afterwards.",
        )),
    }
}

async fn within<F: Future<Output = Result<()>>>(
    found: &Found,
    live: &Db,
    scratch: &Scratch,
    rooms: &[RoomSchema],
    look: impl FnOnce(Db) -> F,
) -> Result<Drilled> {
    let url = match scratch {
        Scratch::Folder(folder) => format!("sqlite://{}", folder.join("baton.sqlite").display()),
        Scratch::Named(url) => url.clone(),
    };
    restore(found, &url, rooms).await?;
    let copy = Db::open(&url, rooms).await?;
    let done = match beside_each_other(&copy, live).await {
        Ok(tables) => look(copy.clone()).await.map(|()| judge(tables, rooms)),
        refused => refused.map(|_| Drilled { tables: Vec::new(), faults: Vec::new() }),
    };
    copy.close().await;
    done
}

async fn beside_each_other(copy: &Db, live: &Db) -> Result<Vec<Compared>> {
    let all = || Wall::All("a drill compares all organisations");
    let mut first = copy.begin_read(all()).await?;
    let mut second = live.begin_read(all()).await?;
    let compared = compare(&mut first, &mut second).await;
    first.rollback().await?;
    second.rollback().await?;
    compared
}

/// Records must be the same unless an event tells of a change since; files and seals never
/// change, though files may go.
fn judge(tables: Vec<Compared>, rooms: &[RoomSchema]) -> Drilled {
    let loose = comes_and_goes(rooms);
    let bad = |t: &&Compared| match t.table.as_str() {
        "blob_piece" => t.changed > 0,
        "event_seal" => t.changed + t.gone > 0,
        // A step that the live database has had since is no fault of the backup.
        "_sqlx_migrations" => t.changed + t.gone > 0,
        table => !loose.contains_key(table) && t.untold() > 0,
    };
    let words = |t: &Compared| {
        format!("{}: {} rows differ and no event tells why ({})", t.table, t.untold(), t.named.join(", "))
    };
    let faults = tables.iter().filter(bad).map(words).collect();
    Drilled { tables, faults }
}

async fn clear(scratch: Scratch, rooms: &[RoomSchema]) -> Result<()> {
    match scratch {
        Scratch::Folder(folder) => {
            let _ = std::fs::remove_dir_all(&folder);
            Ok(())
        }
        Scratch::Named(url) => {
            let taken = Place::take(&url)?;
            if taken.found().await? == crate::Found::Nothing {
                return Ok(());
            }
            if url.starts_with("sqlite://") {
                return taken.throw_away();
            }
            let db = taken.open(rooms).await?;
            let done = drop_tables(&db).await;
            db.close().await;
            done
        }
    }
}

async fn drop_tables(db: &Db) -> Result<()> {
    let mut tx = db.attempts(Wall::All("a drill leaves nothing behind")).begin().await?;
    for table in super::tables(&mut tx).await? {
        tx.plain(format!("DROP TABLE \"{table}\" CASCADE")).await?;
    }
    tx.commit().await
}
