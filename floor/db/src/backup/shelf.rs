//! Where backups lie: in a folder, or in a bucket of an object store.

use std::path::{Path, PathBuf};

use kernel::{Problem, Result};

use super::{
    Manifest,
    bucket::{Access, Bucket, S3},
    folder::{Folder, Half as HalfFolder},
    pieces::{Fetching, Sending},
};

/// A place for backups.
#[derive(Clone, Debug)]
pub struct Shelf {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(Folder),
    Bucket(Bucket),
}

/// A whole backup on a shelf.
#[derive(Clone, Debug)]
pub struct Found {
    at: Spot,
    /// What it says of itself.
    pub manifest: Manifest,
}

/// Where one backup lies.
#[derive(Clone, Debug)]
pub(super) enum Spot {
    Folder(PathBuf),
    Bucket(Bucket),
}

/// A backup that is being made and does not count yet.
pub(super) enum Half {
    Folder(HalfFolder),
    Bucket(Bucket),
}

impl Found {
    pub(super) fn new(at: Spot, manifest: Manifest) -> Self {
        Self { at, manifest }
    }

    /// Where it lies: the path of its folder, or its address in an object store.
    pub fn address(&self) -> String {
        match &self.at {
            Spot::Folder(folder) => folder.display().to_string(),
            Spot::Bucket(bucket) => bucket.address(),
        }
    }

    /// Where one of its files lies.
    pub(super) fn address_of(&self, file: &str) -> String {
        match &self.at {
            Spot::Folder(folder) => folder.join(file).display().to_string(),
            Spot::Bucket(bucket) => bucket.below(file).address(),
        }
    }

    /// Opens one of its files for reading.
    pub(super) async fn open(&self, file: &str) -> Result<(super::copy::From, Fetching)> {
        match &self.at {
            Spot::Folder(folder) => super::folder::open(&folder.join(file)),
            Spot::Bucket(bucket) => bucket.below(file).fetch().await,
        }
    }

    /// The newest first.
    pub(super) fn in_order(mut all: Vec<Self>) -> Vec<Self> {
        all.sort_by_key(|found| std::cmp::Reverse((found.manifest.at_micros, found.address())));
        all
    }
}

impl Shelf {
    /// The shelf in a folder, which must be there when it is used.
    ///
    /// # Errors
    /// [`Problem::Conflict`] for an address of something that is no folder.
    pub fn new(at: &str) -> Result<Self> {
        if at.is_empty() || at.contains("://") {
            return Err(Problem::conflict(
                super::PLACE,
                format!(
                    "“{at}” is no folder and no bucket. Backups go to a folder, of another disk or of another machine \
                     mounted here, or to an object store: s3://bucket/prefix."
                ),
            ));
        }
        Ok(Self { place: Place::Folder(Folder::new(Path::new(at))) })
    }

    /// Whether an address is one of an object store.
    pub fn is_bucket(at: &str) -> bool {
        at.starts_with(S3)
    }

    /// The shelf in a bucket, which must be there: `s3://bucket/prefix`. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with words for an address that names no bucket, and for an endpoint that cannot be used.
    pub fn bucket(at: &str, access: &Access) -> Result<Self> {
        Ok(Self { place: Place::Bucket(Bucket::open(at, access)?) })
    }

    /// Its address, for people.
    pub fn address(&self) -> String {
        match &self.place {
            Place::Folder(folder) => folder.path().display().to_string(),
            Place::Bucket(bucket) => bucket.address(),
        }
    }

    /// All backups, the newest first. What has no manifest is none.
    ///
    /// # Errors
    /// When the place cannot be read, and when a backup on it cannot be used: it may be the newest, so nothing is said of
    /// the others.
    pub async fn all(&self) -> Result<Vec<Found>> {
        Ok(Found::in_order(self.each().await?.into_iter().collect::<Result<_>>()?))
    }

    /// The whole backups, the newest first, and what is wrong with the others.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn whole(&self) -> Result<(Vec<Found>, Vec<Problem>)> {
        let (mut whole, mut spoilt) = (Vec::new(), Vec::new());
        for one in self.each().await? {
            match one {
                Ok(found) => whole.push(found),
                Err(problem) => spoilt.push(problem),
            }
        }
        Ok((Found::in_order(whole), spoilt))
    }

    async fn each(&self) -> Result<Vec<Result<Found>>> {
        match &self.place {
            Place::Folder(folder) => folder.each(),
            Place::Bucket(bucket) => bucket.each().await,
        }
    }

    /// Whether a folder is there, which nobody makes but whoever looks after the machine. A bucket is not asked.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with a remedy when it is not.
    pub fn is_there(&self) -> Result<()> {
        match &self.place {
            Place::Folder(folder) => folder.is_there(),
            Place::Bucket(_) => Ok(()),
        }
    }

    /// The backup that lies at this very place, or else the newest of those below it.
    ///
    /// # Errors
    /// When there is none, or its manifest cannot be used.
    pub async fn find(&self) -> Result<Found> {
        let here = match &self.place {
            Place::Folder(folder) => folder.here()?,
            Place::Bucket(bucket) => bucket.here().await?,
        };
        let found = match here {
            Some(found) => Some(found),
            None => self.all().await?.into_iter().next(),
        };
        found.ok_or_else(|| {
            super::unusable(format!(
                "There is no whole backup in {}. A backup is a folder with {} and the copy beside it.",
                self.address(),
                super::MANIFEST
            ))
        })
    }

    /// Removes a backup: first it stops counting, then its bytes go.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(&self, found: &Found) -> Result<()> {
        match (&self.place, &found.at) {
            (Place::Folder(shelf), Spot::Folder(folder)) => shelf.remove(folder),
            (_, Spot::Bucket(bucket)) => bucket.remove().await,
            (Place::Bucket(_), Spot::Folder(_)) => Err(Problem::bug("a backup of another shelf")),
        }
    }

    /// Begins a backup. A place that cannot be used is found out here, before anything is copied.
    pub(super) async fn begin(&self, name: &str) -> Result<Half> {
        match &self.place {
            Place::Folder(folder) => Ok(Half::Folder(folder.begin(name)?)),
            Place::Bucket(bucket) => {
                bucket.answers().await?;
                Ok(Half::Bucket(bucket.below(name)))
            }
        }
    }
}

/// A backup among others that cannot be used: it may be the newest, so none is picked.
pub(super) fn spoilt(address: &str, problem: &Problem) -> Problem {
    super::unusable(format!(
        "{address} cannot be used: {problem} It may be the newest backup there, so no other is taken in its place. Name the \
         one that is meant, or move this one away."
    ))
}

impl Half {
    /// Begins the copy's file. `plain` is about how many bytes will be packed into it.
    pub(super) async fn create(&self, file: &str, plain: u64) -> Result<(super::copy::To, Sending)> {
        match self {
            Self::Folder(half) => half.create(file),
            Self::Bucket(bucket) => bucket.below(file).send(plain).await,
        }
    }

    /// Finishes it: from now on it counts.
    pub(super) async fn put(&self, manifest: Manifest) -> Result<Found> {
        match self {
            Self::Folder(half) => half.put(manifest),
            Self::Bucket(bucket) => bucket.put(manifest).await,
        }
    }

    /// Removes what there is of it.
    pub(super) async fn forget(&self) {
        match self {
            Self::Folder(half) => half.forget(),
            Self::Bucket(bucket) => {
                let _ = bucket.remove().await;
            }
        }
    }
}
