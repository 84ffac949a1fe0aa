//! Bringing a backup back, to a place that holds nothing.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use kernel::{Problem, Result};

use super::{
    Found, Manifest, copy, facts,
    make::{POSTGRES_FILE, SQLITE_FILE},
    place, postgres,
    shelf::sync_folder,
    sqlite, unusable,
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
            whole(found).await?;
            postgres::restore(url, found.folder.join(POSTGRES_FILE)).await?;
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
    let part = found.manifest.part()?.clone();
    let from = found.folder.join(&part.name);
    let packed = File::open(&from).map_err(|e| place("Cannot read", &from, &e))?;
    let to = File::options().write(true).create_new(true).mode(0o600).open(aside);
    let mut to = to.map_err(|e| place("Cannot write", aside, &e))?;
    let most = part.plain_bytes;
    let unpacked = copy::gently(move || {
        let copied = copy::unpack(packed, &mut to, most);
        to.sync_all()?;
        Ok(copied)
    });
    let unpacked = unpacked.await.map_err(|e| place("Cannot write", aside, &e))?;
    match unpacked {
        Ok(got)
            if (got.bytes, got.plain, got.sha256 == part.sha256) == (part.bytes, part.plain_bytes, true) =>
        {
            Ok(())
        }
        Ok(_) => Err(damaged(&from, "its content is not what it was when the backup was made")),
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            Err(place("Cannot write", aside, &error))
        }
        Err(error) => Err(damaged(&from, &error.to_string())),
    }
}

fn damaged(file: &Path, how: &str) -> Problem {
    unusable(format!(
        "The backup is damaged: {} ({how}). Use another backup. Nothing was changed.",
        file.display()
    ))
}

/// Whether the bytes of a backup are those it was made of, without unpacking them.
async fn whole(found: &Found) -> Result<()> {
    let part = found.manifest.part()?.clone();
    let from: PathBuf = found.folder.join(&part.name);
    let file = File::open(&from).map_err(|e| place("Cannot read", &from, &e))?;
    let sum = copy::gently(move || copy::sum(file)).await.map_err(|e| place("Cannot read", &from, &e))?;
    if (sum.bytes, &sum.sha256) == (part.bytes, &part.sha256) {
        return Ok(());
    }
    Err(damaged(&from, "its content is not what it was when the backup was made"))
}

/// Whether an unpacked file is a sound database that holds what the manifest says.
async fn look(file: &Path, manifest: &Manifest) -> Result<()> {
    let db = sqlite::beside_others(file).await?;
    let checked = crate::read!(db, Wall::All("whether a backup is whole"), |tx| {
        let said = tx.all(QUICK_CHECK, &vals![]).await?;
        let said: Vec<String> = said.iter().map(|row| row.get("said")).collect::<Result<_>>()?;
        if said != ["ok"] {
            return Err(damaged(file, &said.join("; ")));
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
