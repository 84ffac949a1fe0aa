//! Where backups lie.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use kernel::{Problem, Result};

use super::{MANIFEST, Manifest, place};

/// A folder of backups.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// A whole backup on a shelf.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// How names of folders begin in which a backup is being made.
const HALF: &str = ".half-";
/// After this long a half backup was left behind by something that was cut short.
const LEFT_AFTER: Duration = Duration::from_secs(24 * 3600);

impl Shelf {
    /// The shelf at a place; the folder is made with the first backup.
    ///
    /// # Errors
    /// [`Problem::Conflict`] for an address of something that is no folder.
    pub fn new(at: &str) -> Result<Self> {
        if at.is_empty() || at.contains("://") {
            return Err(Problem::conflict(
                super::PLACE,
                format!(
                    "“{at}” is no folder. Backups go to a folder: of another disk, or of another machine mounted here."
                ),
            ));
        }
        Ok(Self { folder: PathBuf::from(at) })
    }

    /// The shelf's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All whole backups, the newest first. What cannot be read as one is passed over.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn all(&self) -> Result<Vec<Found>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(place("Cannot read the folder", &self.folder, &error)),
        };
        let whole = |entry: fs::DirEntry| {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let folder = entry.path();
            Manifest::read(&folder).ok().filter(|_| !hidden).map(|manifest| Found { folder, manifest })
        };
        let mut all: Vec<Found> = entries.flatten().filter_map(whole).collect();
        all.sort_by(|a, b| (b.manifest.at_micros, &b.folder).cmp(&(a.manifest.at_micros, &a.folder)));
        Ok(all)
    }

    /// The backup in a folder, or the newest one below it.
    ///
    /// # Errors
    /// When there is none, or its manifest cannot be used.
    pub fn find(from: &Path) -> Result<Found> {
        if from.join(MANIFEST).is_file() {
            return Ok(Found { folder: from.to_owned(), manifest: Manifest::read(from)? });
        }
        let newest = Self { folder: from.to_owned() }.all()?.into_iter().next();
        newest.ok_or_else(|| {
            super::unusable(format!(
                "There is no whole backup in {}. A backup is a folder with {MANIFEST} and the copy beside it.",
                from.display()
            ))
        })
    }

    /// Begins a backup: a folder in which it is made, for our eyes only.
    pub(super) fn begin(&self, name: &str) -> Result<PathBuf> {
        let half = self.folder.join(format!("{HALF}{name}"));
        let made = fs::create_dir_all(&self.folder).and_then(|()| {
            std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700).create(&half)
        });
        made.map_err(|e| place("The backup could not be written to", &self.folder, &e))?;
        Ok(half)
    }

    /// Puts a finished backup on the shelf: from now on it counts.
    pub(super) fn put(&self, half: &Path, name: &str) -> Result<PathBuf> {
        let whole = self.folder.join(name);
        let put = sync_folder(half)
            .and_then(|()| fs::rename(half, &whole))
            .and_then(|()| sync_folder(&self.folder));
        put.map_err(|e| place("The backup could not be put into", &self.folder, &e))?;
        self.sweep();
        Ok(whole)
    }

    /// Removes what makers of backups left behind that were cut short. What cannot be removed is tried again.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let old = |at: SystemTime| at.elapsed().is_ok_and(|age| age > LEFT_AFTER);
            let left = entry.metadata().and_then(|about| about.modified()).is_ok_and(old);
            if left && entry.file_name().to_string_lossy().starts_with(HALF) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Removes a backup: first it stops counting, then its bytes go.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, found: &Found) -> Result<()> {
        let name = found.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let going = self.folder.join(format!("{HALF}gone-{name}"));
        let gone = fs::rename(&found.folder, &going).and_then(|()| fs::remove_dir_all(&going));
        gone.map_err(|e| place("An old backup could not be removed from", &self.folder, &e))
    }
}

/// Brings a folder's own list of files to the disk.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}
