//! What became of the last backup and the last drill, where every server and its figures find it.

use kernel::{Instant, Result};

use crate::{Tx, has_table, vals};

crate::statements! {
    /// Notes an outcome instead of the one before.
    NOTE = "INSERT INTO backup_note (kind, ended_well, at, place, words) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (kind, ended_well) DO UPDATE SET at = excluded.at, place = excluded.place, \
            words = excluded.words";
    /// All outcomes; there are at most four.
    NOTES = "SELECT kind, ended_well, at, place, words FROM backup_note ORDER BY kind, ended_well";
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A backup.
    Backup,
    /// A restore drill.
    Drill,
}

impl Kind {
    /// Its word in the table and the figures.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Drill => "drill",
        }
    }
}

/// One outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// `backup` or `drill`.
    pub kind: String,
    /// Whether it ended well.
    pub ended_well: bool,
    /// When it ended; of a backup that ended well, the instant whose state it holds.
    pub at: Instant,
    /// Where the backup lies.
    pub place: String,
    /// What there is to say of it.
    pub words: String,
}

/// Notes an outcome. In a database whose schema has no room for it yet, nothing is noted.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn put(
    tx: &mut Tx,
    kind: Kind,
    ended_well: bool,
    at: Instant,
    place: &str,
    words: &str,
) -> Result<()> {
    if !has_table(tx, "backup_note").await? {
        return Ok(());
    }
    tx.execute(NOTE, &vals![kind.code(), ended_well, at, place, words]).await.map(drop)
}

/// The last outcomes. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn all(tx: &mut Tx) -> Result<Vec<Note>> {
    let rows = tx.all(NOTES, &vals![]).await?;
    let read = |row: &crate::Row| {
        Ok(Note {
            kind: row.get("kind")?,
            ended_well: row.get("ended_well")?,
            at: row.get("at")?,
            place: row.get("place")?,
            words: row.get("words")?,
        })
    };
    rows.iter().map(read).collect()
}

/// The last outcome of a kind, good or bad.
pub fn of(notes: &[Note], kind: Kind, ended_well: bool) -> Option<&Note> {
    notes.iter().find(|note| note.kind == kind.code() && note.ended_well == ended_well)
}
