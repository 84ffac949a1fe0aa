//! A whole organisation's fleet as a folder of files, out and in.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use db::Db;
use kernel::{Actor, Instant, Keyset, Problem, Result};
use sheet::Writer;

use super::{
    around::{Around, devices_then},
    described,
    list::{BATCH, rows},
    names,
};
use crate::{device::list::Wanted, permit};

/// The file of devices.
pub const DEVICES: &str = "devices.csv";
/// Files of names in the order in which they come in.
const NAMES: [&str; 7] =
    ["sites.csv", "places.csv", "departments.csv", "companies.csv", "owners.csv", "types.csv", "models.csv"];
/// Rows of names a transaction.
const AT_ONCE: usize = 500;

fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    let remedy = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "Make room on that disk, or name a folder on another one"
        }
        _ => "Name another folder, or make this one writable for the user that runs Baton",
    };
    Problem::conflict(
        "fleet.export.folder",
        format!(
            "{} cannot be written ({error}). {remedy}. An earlier export there is as it was.",
            path.display()
        ),
    )
}

/// Writes every file; `tell` hears each name with its rows. With `as_of`, everything as it was known at that instant,
/// devices in the order in which they came on record. Files of an earlier export are replaced when all of the new ones
/// are whole and on the disk.
///
/// # Errors
/// [`Problem::Conflict`] when the folder cannot be written; [`Problem::Forbidden`] for whoever may not take the
/// whole fleet out.
pub async fn write(
    db: &Db,
    who: &Actor,
    folder: &Path,
    as_of: Option<Instant>,
    mut tell: impl FnMut(&str, u64),
) -> Result<()> {
    who.need_everywhere(permit::EXPORT_RUN)?;
    std::fs::create_dir_all(folder).map_err(|e| cannot_write(folder, &e))?;
    let around = db::read!(db, who.org, |tx| match as_of {
        Some(at) => Around::then(tx, who.org, at).await,
        None => Around::now(tx, who.org).await,
    })?;
    let mut parts = Vec::new();
    for table in names::tables(&around)? {
        let mut part = Part::begin(folder, table.file)?;
        let mut writer = Writer::new(Vec::new());
        writer.write(table.columns).map_err(Problem::bug)?;
        for row in &table.rows {
            writer.write(row.iter().map(|cell| cell.replace('\0', ""))).map_err(Problem::bug)?;
        }
        part.add(writer)?;
        part.end()?;
        parts.push(part);
        tell(table.file, table.rows.len() as u64);
    }
    parts.push(match as_of {
        Some(at) => devices_as_known(db, who, folder, (&around, at), tell).await?,
        None => devices(db, who, folder, tell).await?,
    });
    parts.into_iter().try_for_each(Part::put_in_place)?;
    // The names as well must outlive a power cut.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| cannot_write(folder, &e))
}

/// A file that grows beside its place and is put there when it is whole; one that is dropped before is removed.
struct Part {
    path: PathBuf,
    place: PathBuf,
    file: File,
}

impl Part {
    fn begin(folder: &Path, name: &str) -> Result<Self> {
        let (path, place) = (folder.join(format!(".{name}.part")), folder.join(name));
        let file = File::create(&path).map_err(|e| cannot_write(&place, &e))?;
        Ok(Self { path, place, file })
    }

    /// Adds what was written.
    fn add(&mut self, written: Writer<Vec<u8>>) -> Result<()> {
        let bytes = written.finish().map_err(Problem::bug)?;
        self.file.write_all(&bytes).map_err(|e| cannot_write(&self.place, &e))
    }

    fn end(&self) -> Result<()> {
        self.file.sync_all().map_err(|e| cannot_write(&self.place, &e))
    }

    fn put_in_place(self) -> Result<()> {
        std::fs::rename(&self.path, &self.place).map_err(|e| cannot_write(&self.place, &e))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // In its place already, or of no use to anybody.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn devices(db: &Db, who: &Actor, folder: &Path, mut tell: impl FnMut(&str, u64)) -> Result<Part> {
    let mut part = Part::begin(folder, DEVICES)?;
    let mut writer = Writer::new(Vec::new());
    writer.write(described::fields().map(|f| f.code())).map_err(Problem::bug)?;
    part.add(writer)?;
    let wanted = Wanted { left_too: true, ..Wanted::default() };
    let mut keyset = Keyset { after: None, limit: BATCH };
    let mut count = 0;
    loop {
        let mut writer = Writer::new(Vec::new());
        let (written, next) =
            db::read!(db, who.org, |tx| rows(tx, who, &wanted, &keyset, &mut writer).await)?;
        part.add(writer)?;
        count += written;
        tell(DEVICES, count);
        let Some(next) = next else { break };
        keyset.after = Some(next);
    }
    part.end()?;
    Ok(part)
}

/// Devices as they were known at an instant, with the names of then.
async fn devices_as_known(
    db: &Db,
    who: &Actor,
    folder: &Path,
    (around, at): (&Around, Instant),
    mut tell: impl FnMut(&str, u64),
) -> Result<Part> {
    let mut part = Part::begin(folder, DEVICES)?;
    let mut writer = Writer::new(Vec::new());
    writer.write(described::fields().map(|f| f.code())).map_err(Problem::bug)?;
    part.add(writer)?;
    let by_id = around.by_id();
    let (mut after, mut count) = (None, 0);
    // Events do not change, so each batch may be read in a snapshot of its own.
    while let Some((last, devices)) = db::read!(db, who.org, |tx| devices_then(tx, who.org, at, after).await)?
    {
        after = Some(last);
        let mut writer = Writer::new(Vec::new());
        for (device, parent) in devices {
            writer.write(by_id.describe(device, parent)?.cells()).map_err(Problem::bug)?;
            count += 1;
        }
        part.add(writer)?;
        tell(DEVICES, count);
    }
    tell(DEVICES, count);
    part.end()?;
    Ok(part)
}

/// Whether a folder holds any file that an export writes.
pub fn is_export(folder: &Path) -> bool {
    NAMES.iter().chain([&DEVICES]).any(|file| folder.join(file).is_file())
}

/// Closes the places and departments that a folder says are closed; after its devices came in, some of which may have
/// left from there.
///
/// # Errors
/// [`Problem::Conflict`] with file, line and reason.
pub async fn close_names(db: &Db, who: &Actor, folder: &Path) -> Result<()> {
    who.need_everywhere(permit::IMPORT_RUN)?;
    for file in ["departments.csv", "places.csv"] {
        let rows = names::read(folder, file)?;
        for some in rows.rchunks(AT_ONCE) {
            db::write!(db, who.org, |tx| names::close(tx, who, file, some).await)?;
        }
    }
    Ok(())
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
