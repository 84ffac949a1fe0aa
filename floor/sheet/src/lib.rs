//! Spreadsheet-like text files as records, with the exact place of every error.
//!
//! [`Reader`] streams a CSV file of any size in bounded memory: at most one record and one block of input are
//! held. It finds the encoding (UTF-8, UTF-16 with a byte order mark; cells that are no UTF-8 are read as Windows-1252, and
//! the record says so) and the delimiter, checks the header, and
//! tells errors that end the file ([`FileError`]) from errors that cost one row ([`RowError`]). Reading can stop
//! after any record and go on later from [`Reader::position`] with [`Reader::at`].
//!
//! [`Writer`] writes files that this reader gives back unchanged and that no spreadsheet program takes for
//! formulas.
//!
//! The record grammar is RFC 4180 with the leniency real exports need: line ends may be LF, CRLF or CR, a quote
//! inside an unquoted cell is an ordinary character, blank lines are skipped, and a quote that is opened and
//! never properly closed costs its own line only (see [`RowError`]).
//!
//! The splitting is our own rather than the `csv` crate's because that crate grows a record without limit,
//! closes an open quote at the end of the file without a word and accepts text after a closing quote; the tests
//! compare the two on well-formed files.

mod error;
mod formula;
mod layout;
mod reader;
mod scan;
mod source;
pub mod workbook;
mod writer;

pub use error::{Error, FileError, RowError, RowFault};
pub use layout::{Encoding, Layout, Limits, Position, column_letter};
pub use reader::{Reader, Record};
pub use workbook::Workbook;
pub use writer::Writer;
