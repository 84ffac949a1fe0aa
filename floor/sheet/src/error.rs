//! What can be wrong with a file, and with a row, in sentences that name the place and the remedy.

use std::io;

/// Why reading stopped, or why one row was left out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read any further.
    #[error(transparent)]
    File(#[from] FileError),
    /// This row cannot be used; the next one may be.
    #[error(transparent)]
    Row(#[from] RowError),
}

impl Error {
    /// Whether nothing more can be read from this file.
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// A fault of the whole file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing but blank lines.
    #[error("the file is empty; export it again with a first line of column names")]
    Empty,
    /// Recognised as something that is not a text file.
    #[error(
        "this is {what}, not a text file; open it in a spreadsheet program, save it as “CSV UTF-8” and try again"
    )]
    NotText {
        /// What it is: "an Excel workbook".
        what: &'static str,
    },
    /// A NUL byte, which no text file holds.
    #[error(
        "line {line}: a NUL byte; this looks like a spreadsheet or another binary file, save it as “CSV UTF-8” and try again"
    )]
    Nul {
        /// The physical line.
        line: u64,
    },
    /// Half of a surrogate pair, or half of a code unit, in a UTF-16 file.
    #[error(
        "line {line}, column {column}: half of a UTF-16 character; save the file as “CSV UTF-8” and try again"
    )]
    Utf16 {
        /// The physical line.
        line: u64,
        /// The column's name, or its letter when it has none.
        column: String,
    },
    /// A record longer than [`crate::Limits::record`].
    #[error(
        "line {line}: the row is longer than {limit} bytes; look for a missing line end or an open quote there"
    )]
    LongRecord {
        /// The record's first line.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// More columns than [`crate::Limits::columns`].
    #[error("line {line}: the header has more than {limit} columns; remove those that are not needed")]
    TooManyColumns {
        /// The header's line.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// The first row holds no words.
    #[error(
        "line {line}: no column names; the first line must name the columns, such as “Asset tag,Maker,Model”"
    )]
    NoHeader {
        /// The line of the first row.
        line: u64,
    },
    /// The header row itself is malformed.
    #[error("line {line}: the header cannot be read: {reason}")]
    BadHeader {
        /// The header's line.
        line: u64,
        /// What is wrong with it.
        reason: RowFault,
    },
    /// Two columns of one name.
    #[error("line {line}: columns {first} and {second} are both named “{name}”; rename or remove one")]
    DuplicateName {
        /// The header's line.
        line: u64,
        /// The name.
        name: String,
        /// Letter of the first.
        first: String,
        /// Letter of the second.
        second: String,
    },
    /// A column without a name that has values.
    #[error(
        "line {line}: column {column} has the value “{value}” but no name in the header; name the column or empty it"
    )]
    Nameless {
        /// The line of the value.
        line: u64,
        /// The column's letter.
        column: String,
        /// The beginning of the value.
        value: String,
    },
    /// The file could not be read.
    #[error("line {line}: reading the file failed: {source}")]
    Io {
        /// The line reached.
        line: u64,
        /// The cause.
        source: io::Error,
    },
}

/// A row that was left out.
///
/// A quote that is opened and not properly closed would swallow the rows after it. When such a cell runs past
/// its first line, only that first line is given up and reading goes on with the next one, so a single stray
/// quote costs one row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct RowError {
    /// The record's first physical line.
    pub line: u64,
    /// What is wrong.
    pub fault: RowFault,
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// Fewer cells than the header.
    #[error("{found} cells where the header has {expected}; add the missing ones")]
    TooFew {
        /// Cells found.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// More cells than the header, and the extra ones are not blank.
    #[error(
        "{found} cells where the header has {expected}; put quotes around a cell that contains the delimiter"
    )]
    TooMany {
        /// Cells found.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// A quote opened in this row is never closed.
    #[error(
        "column {column}: the quote opened here is not closed; close it, or double it if it belongs to the text"
    )]
    OpenQuote {
        /// The column's name or letter.
        column: String,
    },
    /// Text between a closing quote and the next delimiter.
    #[error("column {column}: text after a closing quote; double the quotes that belong to the text")]
    AfterQuote {
        /// The column's name or letter.
        column: String,
    },
    /// A cell longer than [`crate::Limits::cell`].
    #[error("column {column}: the cell is longer than {limit} bytes; shorten it, or look for an open quote")]
    LongCell {
        /// The column's name or letter.
        column: String,
        /// The limit in bytes.
        limit: usize,
    },
}
