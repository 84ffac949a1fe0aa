//! What a backup says of itself.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Write as _},
    path::Path,
};

use kernel::{Instant, Problem, Result};
use serde::{Deserialize, Serialize};

use super::{FORMAT, MANIFEST, place, unusable};
use crate::Engine;

/// Everything that is known of a backup without opening its copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of the backup; see [`FORMAT`].
    pub format: u32,
    /// The version of Baton that made it.
    pub baton: String,
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// The engine's own version.
    pub engine_version: String,
    /// The instant whose state it holds, for people.
    pub at: String,
    /// The same in microseconds since 1970, UTC.
    pub at_micros: i64,
    /// Steps of the schema that had been applied.
    pub steps: Vec<i64>,
    /// Whose data it holds.
    pub organisations: Vec<Org>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// Its files beside the manifest.
    pub files: Vec<Part>,
    /// The newest root of the sealed record of changes of each organisation, by its id, as `baton audit` takes it.
    #[serde(default)]
    pub audit_roots: BTreeMap<String, String>,
}

/// An organisation in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Org {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name in the backup's folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// Length of what is packed in it.
    pub plain_bytes: u64,
}

impl Manifest {
    /// The instant whose state the backup holds.
    pub fn instant(&self) -> Instant {
        Instant::from_micros(self.at_micros)
    }

    /// Which engine it was made from.
    ///
    /// # Errors
    /// When this program knows no such engine.
    pub fn engine(&self) -> Result<Engine> {
        match self.engine.as_str() {
            "sqlite" => Ok(Engine::Sqlite),
            "postgres" => Ok(Engine::Postgres),
            other => Err(unusable(format!(
                "The backup is of an engine “{other}” that this version does not know."
            ))),
        }
    }

    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|part| part.bytes).sum()
    }

    /// The only file it has in this layout.
    ///
    /// # Errors
    /// When it names none.
    pub(super) fn part(&self) -> Result<&Part> {
        let plain =
            |part: &&Part| Path::new(&part.name).components().count() == 1 && !part.name.starts_with('.');
        self.files.first().filter(plain).ok_or_else(|| unusable("The backup’s manifest names no file."))
    }

    /// Reads one from its text.
    ///
    /// # Errors
    /// When it is none, or of a later layout.
    pub fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Layout {
            format: u32,
        }
        let bad = |e: serde_json::Error| unusable(format!("The backup’s {MANIFEST} cannot be read ({e})."));
        let layout: Layout = serde_json::from_str(text).map_err(bad)?;
        if layout.format > FORMAT {
            return Err(unusable(format!(
                "The backup was made by a newer version of Baton (its layout is {}, and this version knows {FORMAT}). \
                 Use that version or a later one. Nothing was changed.",
                layout.format
            )));
        }
        serde_json::from_str(text).map_err(bad)
    }

    /// Reads the manifest of a backup's folder.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut text = String::new();
        let opened = File::open(folder.join(MANIFEST));
        let read = opened.and_then(|file| file.take(16 << 20).read_to_string(&mut text));
        read.map_err(|e| place("There is no backup that can be read in", folder, &e))?;
        Self::parse(&text)
    }

    /// Writes it into a backup's folder and brings it to the disk.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(Problem::bug)?;
        let written = File::create(folder.join(MANIFEST)).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|e| place("The backup could not be written to", folder, &e))
    }
}
