//! Backups in folders. One is made under a name that begins with a dot, brought to the disk and then renamed.

use std::{
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use kernel::{Problem, Result};

use super::{
    Found, MANIFEST, Manifest, PLACE,
    copy::{From, To},
    pieces::{Fetching, Sending},
    place,
    shelf::{Spot, spoilt},
};

/// A folder of backups.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A folder in which a backup is being made.
pub(super) struct Half {
    shelf: Folder,
    path: PathBuf,
    name: String,
}

/// How names of folders begin in which a backup is being made.
const HALF: &str = ".half-";
/// After this long a half backup was left behind by something that was cut short.
pub(super) const LEFT_AFTER: Duration = Duration::from_secs(24 * 3600);

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the folder is there. It is never made here: a disk that is not mounted would be taken for an empty one.
    pub(super) fn is_there(&self) -> Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        let named = self.path.display();
        if self.path.exists() {
            return Err(Problem::conflict(
                PLACE,
                format!("{named} is no folder. Name a folder for backups."),
            ));
        }
        Err(Problem::conflict(
            PLACE,
            format!(
                "The folder {named} is not there. If it is on another disk or machine, see that this is mounted. A new \
                 one is made by hand: mkdir {named}"
            ),
        ))
    }

    /// Each backup that has a manifest: a whole one, or why it cannot be used.
    pub(super) fn each(&self) -> Result<Vec<Result<Found>>> {
        self.is_there()?;
        let unread = |e| place("Cannot read the folder", &self.path, &e);
        let mut each = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let folder = entry.path();
            // What cannot be looked into may well hold one.
            let without = fs::symlink_metadata(folder.join(MANIFEST))
                .is_err_and(|e| matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory));
            if hidden || without {
                continue;
            }
            each.push(match Manifest::read(&folder) {
                Ok(manifest) => Ok(Found::new(Spot::Folder(folder), manifest)),
                Err(problem) => Err(spoilt(&folder.display().to_string(), &problem)),
            });
        }
        Ok(each)
    }

    /// The backup that this folder itself is.
    pub(super) fn here(&self) -> Result<Option<Found>> {
        if !self.path.join(MANIFEST).is_file() {
            return Ok(None);
        }
        let manifest = Manifest::read(&self.path)?;
        Ok(Some(Found::new(Spot::Folder(self.path.clone()), manifest)))
    }

    /// Begins a backup: a folder in which it is made, for our eyes only.
    pub(super) fn begin(&self, name: &str) -> Result<Half> {
        let half = self.path.join(format!("{HALF}{name}"));
        self.is_there()?;
        let made = fs::DirBuilder::new().mode(0o700).create(&half);
        made.map_err(|e| place("The backup could not be written to", &self.path, &e))?;
        Ok(Half { shelf: self.clone(), path: half, name: name.to_owned() })
    }

    /// Removes what makers of backups left behind that were cut short. What cannot be removed is tried again.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        for entry in entries.flatten() {
            let old = |at: SystemTime| at.elapsed().is_ok_and(|age| age > LEFT_AFTER);
            let left = entry.metadata().and_then(|about| about.modified()).is_ok_and(old);
            if left && entry.file_name().to_string_lossy().starts_with(HALF) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Removes a backup: first it stops counting, then its bytes go.
    pub(super) fn remove(&self, folder: &Path) -> Result<()> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let going = self.path.join(format!("{HALF}gone-{name}"));
        let gone = fs::rename(folder, &going).and_then(|()| fs::remove_dir_all(&going));
        gone.map_err(|e| place("An old backup could not be removed from", &self.path, &e))
    }
}

impl Half {
    pub(super) fn create(&self, file: &str) -> Result<(To, Sending)> {
        let to = File::options().write(true).create_new(true).mode(0o600).open(self.path.join(file));
        let to = to.map_err(|e| place("The backup could not be written to", &self.path, &e))?;
        Ok((To::file(to), Sending::nothing()))
    }

    /// Writes the manifest, brings all to the disk and gives it its name.
    pub(super) fn put(&self, manifest: Manifest) -> Result<Found> {
        manifest.write(&self.path)?;
        let whole = self.shelf.path.join(&self.name);
        let put = sync_folder(&self.path)
            .and_then(|()| fs::rename(&self.path, &whole))
            .and_then(|()| sync_folder(&self.shelf.path));
        put.map_err(|e| place("The backup could not be put into", &self.shelf.path, &e))?;
        self.shelf.sweep();
        Ok(Found::new(Spot::Folder(whole), manifest))
    }

    pub(super) fn forget(&self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Opens a file of a backup.
pub(super) fn open(file: &Path) -> Result<(From, Fetching)> {
    let opened = File::open(file).map_err(|e| place("Cannot read", file, &e))?;
    Ok((From::File(opened), Fetching::nothing()))
}

/// Brings a folder's own list of files to the disk.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}
