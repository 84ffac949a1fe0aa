//! Bringing a backup back, to a place that holds nothing.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Seek as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use kernel::{Problem, Result};

use super::{
    Found, Manifest, Part, copy, facts,
    folder::sync_folder,
    make::{POSTGRES_FILE, SQLITE_FILE},
    place, postgres, sqlite, unusable,
};
use crate::{
    Db, Place, RoomSchema, Sql, Wall, connect,
    place::{Lies, beside},
    schema::{check_not_newer, migrations},
    vals,
};

const QUICK_CHECK: Sql = Sql::new("SELECT quick_check AS said FROM pragma_quick_check LIMIT 20");

/// What was brought back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup's manifest.
    pub manifest: Manifest,
}

/// Brings a backup into a place that holds nothing; it keeps the schema it had, and the next start brings that up to
/// date. Whole or not at all: an SQLite file is made beside its name and renamed, PostgreSQL does it in one transaction.
///
/// # Errors
/// [`Problem::Conflict`] with words for a backup that is damaged, of a newer version or of the other engine, and for a
/// place that holds anything. Nothing is changed then.
pub async fn restore(found: &Found, url: &str, rooms: &[RoomSchema]) -> Result<Restored> {
    let manifest = &found.manifest;
    let mut all = vec![crate::FLOOR];
    all.extend_from_slice(rooms);
    check_not_newer(&migrations(&all, manifest.engine()?), &manifest.steps)?;
    let target = Place::take(url)?;
    let lies = target.empty().await?;
    match (&lies, manifest.part()?.name.as_str()) {
        (Lies::File(path), SQLITE_FILE) => file(found, path).await?,
        (Lies::Server(hosts), POSTGRES_FILE) => {
            postgres::restore(url, at_hand(found).await?).await?;
            let db = Db::over(connect::postgres_as_it_is(hosts), &[], None);
            let checked = same_counts(&db, manifest).await;
            db.close().await;
            checked?;
        }
        (_, _) => {
            return Err(unusable(format!(
                "The backup is of {}, and {} is an address of the other engine. Name a place of the backup’s engine \
                 with --database. Nothing was changed.",
                if manifest.engine == "sqlite" { "SQLite" } else { "PostgreSQL" },
                crate::place::without_secrets(url)
            )));
        }
    }
    Ok(Restored { manifest: manifest.clone() })
}

/// Unpacks an SQLite file beside its place, looks at it, and gives it its name.
async fn file(found: &Found, target: &Path) -> Result<()> {
    let aside = beside(target, &format!(".restoring-{:08x}", rand::random::<u32>()));
    let done = match unpack(found, &aside).await {
        Ok(()) => look(&aside, &found.manifest).await,
        refused => refused,
    };
    let done = done.and_then(|()| {
        let folder = target.parent().unwrap_or(Path::new("."));
        let named = fs::rename(&aside, target).and_then(|()| sync_folder(folder));
        named.map_err(|e| place("The backup is whole but could not be given its name in", folder, &e))
    });
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(&aside, end));
    }
    done
}

async fn unpack(found: &Found, aside: &Path) -> Result<()> {
    let part = found.manifest.part()?;
    let from = found.address_of(&part.name);
    let (packed, fetching) = found.open(&part.name).await?;
    let to = File::options().write(true).create_new(true).mode(0o600).open(aside);
    let mut to = to.map_err(|e| place("Cannot write", aside, &e))?;
    let most = part.plain_bytes;
    let unpacked = copy::gently(move || {
        let copied = copy::unpack(packed, &mut to, most);
        to.sync_all()?;
        Ok(copied)
    });
    let (unpacked, fetched) = tokio::join!(unpacked, fetching.run());
    fetched?;
    match unpacked.map_err(|e| place("Cannot write", aside, &e))? {
        Ok(got) if got.plain == part.plain_bytes => same(&got, part, &from),
        Ok(got) => {
            same(&got, part, &from)?;
            Err(damaged(
                &from,
                &format!("{} bytes are packed in it instead of {}", got.plain, part.plain_bytes),
            ))
        }
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            Err(place("Cannot write", aside, &error))
        }
        Err(error) => {
            let how = format!("{error} instead of {} bytes with {}", part.bytes, part.sha256);
            Err(damaged(&from, &how))
        }
    }
}

/// Whether the packed bytes are those that the backup was made of.
fn same(got: &copy::Copied, part: &Part, from: &str) -> Result<()> {
    if (got.bytes, &got.sha256) == (part.bytes, &part.sha256) {
        return Ok(());
    }
    let how = format!(
        "its content is not what it was when the backup was made: {} bytes with SHA-256 {} instead of {} bytes with {}",
        got.bytes, got.sha256, part.bytes, part.sha256
    );
    Err(damaged(from, &how))
}

fn damaged(file: &str, how: &str) -> Problem {
    unusable(format!("The backup is damaged: {file} ({how}). Use another backup. Nothing was changed."))
}

/// The packed bytes of a backup in a file without a name, which is gone with its handle; they are those of which the
/// backup was made.
async fn at_hand(found: &Found) -> Result<File> {
    let part = found.manifest.part()?;
    let from = found.address_of(&part.name);
    let (packed, fetching) = found.open(&part.name).await?;
    let folder = std::env::temp_dir();
    let unwritten = |e: std::io::Error| {
        let words = "A copy of the backup, which pg_restore reads, could not be written to";
        place(&format!("{words} TMPDIR,"), &folder, &e)
    };
    let file = nameless(&folder).map_err(unwritten)?;
    let to = copy::To::file(file.try_clone().map_err(unwritten)?);
    let (carried, fetched) = tokio::join!(copy::gently(move || copy::carry(packed, to, 0)), fetching.run());
    fetched?;
    same(&carried.map_err(unwritten)?, part, &from)?;
    (&file).rewind().map_err(unwritten)?;
    Ok(file)
}

/// A file for our eyes only that no folder lists any more.
fn nameless(folder: &Path) -> std::io::Result<File> {
    let path = folder.join(format!("baton-restore-{:016x}", rand::random::<u64>()));
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// Whether an unpacked file is a sound database that holds what the manifest says.
async fn look(file: &Path, manifest: &Manifest) -> Result<()> {
    let db = sqlite::beside_others(file).await?;
    let checked = crate::read!(db, Wall::All("whether a backup is whole"), |tx| {
        let said = tx.all(QUICK_CHECK, &vals![]).await?;
        let said: Vec<String> = said.iter().map(|row| row.get("said")).collect::<Result<_>>()?;
        if said != ["ok"] {
            return Err(damaged(&file.display().to_string(), &said.join("; ")));
        }
        Ok(())
    });
    let checked = match checked {
        Ok(()) => same_counts(&db, manifest).await,
        refused => refused,
    };
    db.close().await;
    checked
}

async fn same_counts(db: &Db, manifest: &Manifest) -> Result<()> {
    let rows: BTreeMap<String, i64> =
        crate::read!(db, Wall::All("whether a backup is whole"), |tx| facts::rows(tx).await)?;
    let differs = |(table, n): (&String, &i64)| {
        let there = rows.get(table).copied().unwrap_or_default();
        (there != *n).then(|| format!("{table} has {there} rows instead of {n}"))
    };
    let wrong: Vec<String> = manifest.rows.iter().filter_map(differs).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(unusable(format!("The backup does not hold what its manifest says: {}.", wrong.join(", "))))
}
