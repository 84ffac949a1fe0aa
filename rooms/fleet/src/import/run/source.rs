//! The bytes of an uploaded file, read piece by piece as records in batches.
//!
//! At most a few megabytes are held, however large the file is: a batch that would need more than the window holds
//! ends early, and the next one begins where it ended.

use std::io::{self, Read};

use db::{Db, blob};
use kernel::{OrgId, Problem, Result};
use sheet::{Error, FileError, Layout, Position, Reader, Record};

use super::ImportRun;

/// Bytes kept ahead of the reader: more than the longest record the reader takes, in UTF-16.
pub(crate) const AHEAD: usize = 3 * 1024 * 1024;

/// A part of a file that moves forward.
pub(crate) struct Window {
    org: OrgId,
    blob: blob::BlobId,
    /// Length of the file.
    length: u64,
    /// Offset in the file of the first byte held.
    start: u64,
    bytes: Vec<u8>,
}

/// One record of a file, or why it is none.
#[derive(Debug)]
pub(crate) enum Line {
    /// Its cells.
    Record(Record),
    /// Its cells cannot be told apart.
    Bad { line: u64, message: String },
}

impl Line {
    /// Where it begins in the file.
    pub(crate) const fn number(&self) -> u64 {
        match self {
            Self::Record(record) => record.line,
            Self::Bad { line, .. } => *line,
        }
    }
}

/// Some records and where the next ones begin.
pub(crate) struct Batch {
    pub(crate) lines: Vec<Line>,
    pub(crate) next: Position,
    /// Whether the file ends here.
    pub(crate) ended: bool,
}

/// Gives what is held and then says whether more would come.
pub(crate) struct Tail<'a> {
    pub(crate) left: &'a [u8],
    pub(crate) ended: bool,
}

impl Read for Tail<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.left.read(into)
    }
}

/// Whether a file error only means that the window ends here.
pub(crate) fn is_edge(error: &FileError) -> bool {
    matches!(error, FileError::Io { source, .. } if source.kind() == io::ErrorKind::WouldBlock)
}

/// A file that cannot be read, in words.
pub(crate) fn unreadable(error: &FileError) -> Problem {
    let mut words = error.to_string();
    if let Some(first) = words.get(..1).map(str::to_uppercase) {
        words.replace_range(..1, &first);
    }
    Problem::conflict(UNREADABLE, format!("{words}."))
}

/// Code of a file that cannot be read.
pub(crate) const UNREADABLE: &str = "fleet.import.file";

impl Window {
    pub(crate) fn of(org: OrgId, run: &ImportRun) -> Self {
        let length = u64::try_from(run.bytes).unwrap_or(0);
        Self { org, blob: run.blob, length, start: 0, bytes: Vec::new() }
    }

    fn ended(&self) -> bool {
        self.start + self.bytes.len() as u64 >= self.length
    }

    /// Holds the bytes from an offset on.
    async fn reach(&mut self, db: &Db, from: u64) -> Result<()> {
        let piece = blob::PIECE as u64;
        if from < self.start || from > self.start + self.bytes.len() as u64 {
            self.start = from / piece * piece;
            self.bytes.clear();
        }
        let whole = usize::try_from((from - self.start) / piece * piece).map_err(Problem::bug)?;
        self.bytes.drain(..whole);
        self.start += whole as u64;
        while self.bytes.len() < AHEAD && !self.ended() {
            let next = (self.start + self.bytes.len() as u64) / piece;
            let number = i64::try_from(next).map_err(Problem::bug)?;
            let more = db::read!(db, self.org, |tx| blob::piece(tx, self.org, self.blob, number).await)?;
            let more = more.ok_or_else(|| {
                Problem::conflict(UNREADABLE, "The file of this import is no longer kept. Upload it again.")
            })?;
            self.bytes.extend_from_slice(&more);
        }
        Ok(())
    }

    /// The next records from a position on, at most `most`.
    ///
    /// # Errors
    /// [`Problem::Conflict`] when the file cannot be read any further, with place and remedy.
    pub(crate) async fn batch(
        &mut self,
        db: &Db,
        layout: &Layout,
        from: Position,
        most: usize,
    ) -> Result<Batch> {
        self.reach(db, from.byte).await?;
        let skip = usize::try_from(from.byte - self.start).map_err(Problem::bug)?;
        let tail = Tail { left: self.bytes.get(skip..).unwrap_or_default(), ended: self.ended() };
        let mut reader = Reader::at(tail, layout.clone(), from);
        let mut lines = Vec::with_capacity(most);
        while lines.len() < most {
            let before = reader.position();
            match reader.next() {
                None => return Ok(Batch { lines, next: reader.position(), ended: true }),
                Some(Ok(record)) => lines.push(Line::Record(record)),
                Some(Err(Error::Row(error))) => {
                    lines.push(Line::Bad { line: error.line, message: error.to_string() });
                }
                Some(Err(Error::File(error))) if is_edge(&error) && !lines.is_empty() => {
                    return Ok(Batch { lines, next: before, ended: false });
                }
                Some(Err(Error::File(error))) => return Err(unreadable(&error)),
            }
        }
        Ok(Batch { lines, next: reader.position(), ended: false })
    }
}
