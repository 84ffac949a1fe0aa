//! A whole organisation's fleet as a folder of files, out and in.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use db::Db;
use kernel::{Actor, Keyset, Problem, Result};
use sheet::Writer;

use super::{
    described,
    list::{BATCH, rows},
    names,
};
use crate::{device::list::Wanted, permit};

/// The file of devices.
pub const DEVICES: &str = "devices.csv";
/// Files of names in the order in which they come in.
const NAMES: [&str; 6] =
    ["sites.csv", "places.csv", "departments.csv", "companies.csv", "types.csv", "models.csv"];
/// Rows of names a transaction.
const AT_ONCE: usize = 500;

fn cannot_write(file: &str, error: &std::io::Error) -> Problem {
    Problem::conflict(
        "fleet.export.folder",
        format!("{file} cannot be written ({error}). Name another folder, or make room on the disk."),
    )
}

/// Writes every file; `tell` hears each name with its rows. Files of an earlier export are written over.
///
/// # Errors
/// [`Problem::Conflict`] when the folder cannot be written; [`Problem::Forbidden`] for whoever may not take the
/// whole fleet out.
pub async fn write(db: &Db, who: &Actor, folder: &Path, mut tell: impl FnMut(&str, u64)) -> Result<()> {
    who.need_everywhere(permit::EXPORT_RUN)?;
    std::fs::create_dir_all(folder).map_err(|e| cannot_write(&folder.display().to_string(), &e))?;
    let tables = db::read!(db, who.org, |tx| names::tables(tx, who.org).await)?;
    for table in tables {
        let failed = |e: std::io::Error| cannot_write(table.file, &e);
        let mut writer = begin(folder, table.file)?;
        writer.write(table.columns).map_err(failed)?;
        for row in &table.rows {
            writer.write(row.iter().map(|cell| cell.replace('\0', ""))).map_err(failed)?;
        }
        writer.finish().and_then(|mut out| out.flush()).map_err(failed)?;
        tell(table.file, table.rows.len() as u64);
    }
    devices(db, who, folder, tell).await
}

fn begin(folder: &Path, file: &str) -> Result<Writer<BufWriter<File>>> {
    let output = File::create(folder.join(file)).map_err(|e| cannot_write(file, &e))?;
    Ok(Writer::new(BufWriter::new(output)))
}

async fn devices(db: &Db, who: &Actor, folder: &Path, mut tell: impl FnMut(&str, u64)) -> Result<()> {
    let failed = |e: std::io::Error| cannot_write(DEVICES, &e);
    let mut writer = begin(folder, DEVICES)?;
    writer.write(described::fields().map(|f| f.code())).map_err(failed)?;
    let wanted = Wanted { left_too: true, ..Wanted::default() };
    let mut keyset = Keyset { after: None, limit: BATCH };
    let mut count = 0;
    loop {
        let (written, next) =
            db::read!(db, who.org, |tx| rows(tx, who, &wanted, &keyset, &mut writer).await)?;
        count += written;
        tell(DEVICES, count);
        let Some(next) = next else { break };
        keyset.after = Some(next);
    }
    writer.finish().and_then(|mut out| out.flush()).map_err(failed)
}

/// Brings the names of a folder in: what is on record already is left alone. The devices come in as an import of
/// [`DEVICES`].
///
/// # Errors
/// [`Problem::Conflict`] with file, line and reason; batches before it stay, and bringing the folder in again
/// goes on.
pub async fn read_names(db: &Db, who: &Actor, folder: &Path, mut tell: impl FnMut(&str, u64)) -> Result<()> {
    who.need_everywhere(permit::IMPORT_RUN)?;
    for file in NAMES {
        let rows = names::read(folder, file)?;
        for some in rows.chunks(AT_ONCE) {
            db::write!(db, who.org, |tx| names::bring(tx, who, file, some).await.map(drop))?;
        }
        tell(file, rows.len() as u64);
    }
    Ok(())
}
