//! The writer.

use std::io::{self, Write};

use crate::formula::neutral;

/// Writes records as RFC 4180 CSV (CRLF line ends) that [`crate::Reader`] gives back unchanged.
///
/// Cells that a spreadsheet program would run as formulas get an apostrophe in front, which the reader removes.
/// What the reader refuses does not come back: cells over its limits, and a header it would not accept.
pub struct Writer<W> {
    output: W,
    delimiter: u8,
}

impl<W: Write> Writer<W> {
    /// Writes comma-separated UTF-8 without a byte order mark.
    pub const fn new(output: W) -> Self {
        Self { output, delimiter: b',' }
    }

    /// Uses another delimiter: `;` for spreadsheet programs set to a decimal comma.
    #[must_use]
    pub const fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Writes a byte order mark, by which spreadsheet programs know UTF-8. Call it before the first record.
    ///
    /// # Errors
    /// Those of the output.
    pub fn mark(&mut self) -> io::Result<()> {
        self.output.write_all(b"\xEF\xBB\xBF")
    }

    /// Writes one record.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a cell with a NUL character, which no reader of text files takes;
    /// otherwise those of the output.
    pub fn write<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) -> io::Result<()> {
        let mut count = 0;
        let mut blank = true;
        for cell in cells {
            let cell = neutral(cell.as_ref());
            if count > 0 {
                self.output.write_all(&[self.delimiter])?;
            }
            self.cell(&cell)?;
            blank &= cell.is_empty();
            count += 1;
        }
        // A record of one empty cell must not look like a blank line.
        let ending: &[u8] = if count == 1 && blank { b"\"\"\r\n" } else { b"\r\n" };
        self.output.write_all(ending)
    }

    /// Flushes and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }

    fn cell(&mut self, cell: &str) -> io::Result<()> {
        let special = |b: u8| b == self.delimiter || matches!(b, b'"' | b'\r' | b'\n');
        if cell.bytes().any(|b| b == 0) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a cell holds a NUL character"));
        }
        // Quotes around blanks at the edge keep programs that trim from changing the cell; quotes around a
        // semicolon or tab keep the delimiter recognisable.
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_whitespace);
        let quoted = cell.bytes().any(|b| special(b) || matches!(b, b',' | b';' | b'\t' | b'|'))
            || edge(cell.as_bytes().first())
            || edge(cell.as_bytes().last());
        if !quoted {
            return self.output.write_all(cell.as_bytes());
        }
        self.output.write_all(b"\"")?;
        self.output.write_all(cell.replace('"', "\"\"").as_bytes())?;
        self.output.write_all(b"\"")
    }
}
