//! Finds the cells of one record in the window.

use std::{io, ops::Range};

use crate::{Limits, source::Source};

/// A cell's bytes in the window, quotes around it left out.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) bytes: Range<usize>,
    /// Whether doubled quotes stand in it.
    pub(crate) doubled: bool,
    /// Whether quotes stand around it.
    pub(crate) quoted: bool,
}

/// Why a record's cells cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    OpenQuote,
    AfterQuote,
    LongCell,
}

/// One record as found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) spans: Vec<Span>,
    /// Cells, those beyond the ones kept in `spans` included.
    pub(crate) cells: usize,
    /// Whether a cell beyond the kept ones is filled.
    pub(crate) more_filled: bool,
    /// The first fault and the index of its cell.
    pub(crate) broken: Option<(Broken, usize)>,
    /// Bytes of the record, its line end included.
    pub(crate) len: usize,
    /// Line ends passed.
    pub(crate) lines: u64,
    /// Bytes of the first line, its end included, when a quoted cell went on to a second.
    pub(crate) first_line: Option<usize>,
}

/// Why scanning cannot go on.
pub(crate) enum Stop {
    Io(io::Error),
    Long,
    Nul { lines_before: u64 },
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(crate) struct Scan<'a, R> {
    pub(crate) source: &'a mut Source<R>,
    pub(crate) delimiter: u8,
    pub(crate) limits: Limits,
    /// How many spans to keep.
    pub(crate) keep: usize,
}

enum After {
    Delimiter,
    RecordEnd,
}

impl<R: io::Read> Scan<'_, R> {
    /// Scans the record at the start of the window; `found.len` is 0 at the end of the input.
    pub(crate) fn record(mut self, found: &mut Found) -> Result<(), Stop> {
        found.spans.clear();
        *found = Found { spans: std::mem::take(&mut found.spans), ..Found::default() };
        if self.byte(0)?.is_none() {
            return Ok(());
        }
        let mut at = 0;
        loop {
            let span = if self.byte(at)? == Some(b'"') {
                match self.quoted(&mut at, found)? {
                    Some(span) => span,
                    None => return Ok(()),
                }
            } else {
                let start = at;
                self.plain(&mut at, found)?;
                Span { bytes: start..at, doubled: false, quoted: false }
            };
            self.keep(span, found);
            if matches!(self.after(&mut at, found)?, After::RecordEnd) {
                found.len = at;
                return if at > self.limits.record { Err(Stop::Long) } else { Ok(()) };
            }
        }
    }

    /// The byte at an offset of the window, reading on where needed; `None` at the end of the input.
    fn byte(&mut self, at: usize) -> Result<Option<u8>, Stop> {
        loop {
            if let Some(byte) = self.source.window().get(at) {
                return Ok(Some(*byte));
            }
            if at > self.limits.record {
                return Err(Stop::Long);
            }
            if !self.source.more()? {
                return Ok(None);
            }
        }
    }

    /// Passes unquoted text up to a delimiter, a line end or the end of the input.
    fn plain(&mut self, at: &mut usize, found: &Found) -> Result<(), Stop> {
        loop {
            let window = self.source.window();
            let rest = window.get(*at..).unwrap_or_default();
            let stop = |b: &u8| *b == self.delimiter || matches!(*b, b'\n' | b'\r' | 0);
            match rest.iter().position(stop) {
                Some(n) => {
                    *at += n;
                    return if window[*at] == 0 {
                        Err(Stop::Nul { lines_before: found.lines })
                    } else {
                        Ok(())
                    };
                }
                None => *at += rest.len(),
            }
            if self.byte(*at)?.is_none() {
                return Ok(());
            }
        }
    }

    /// Passes a quoted cell; `None` when it is broken over more than its first line, so that the record ends
    /// there with its first line.
    fn quoted(&mut self, at: &mut usize, found: &mut Found) -> Result<Option<Span>, Stop> {
        *at += 1;
        let start = *at;
        let mut doubled = false;
        let fault = loop {
            let window = self.source.window();
            let rest = window.get(*at..).unwrap_or_default();
            let n = rest.iter().position(|b| matches!(*b, b'"' | b'\n' | b'\r' | 0)).unwrap_or(rest.len());
            *at += n;
            if *at - start > self.limits.cell && found.first_line.is_some() {
                break Broken::LongCell;
            }
            match self.byte(*at)? {
                None => break Broken::OpenQuote,
                Some(0) => return Err(Stop::Nul { lines_before: found.lines }),
                Some(b'"') if self.byte(*at + 1)? == Some(b'"') => {
                    doubled = true;
                    *at += 2;
                }
                Some(b'"') => {
                    let span = Span { bytes: start..*at, doubled, quoted: true };
                    *at += 1;
                    let next = self.byte(*at)?;
                    if next.is_none_or(|b| b == self.delimiter || matches!(b, b'\n' | b'\r')) {
                        return Ok(Some(span));
                    }
                    break Broken::AfterQuote;
                }
                Some(b'\n' | b'\r') => {
                    self.line_end(at, found)?;
                    found.first_line.get_or_insert(*at);
                }
                // More was read, and it is ordinary text.
                Some(_) => {}
            }
        };
        found.broken.get_or_insert((fault, found.cells));
        if let Some(first) = found.first_line {
            // A cell opened on an earlier line of this record counts as well: its line is the one given up.
            (found.len, found.lines) = (first, 1);
            return Ok(None);
        }
        // Still on the first line: the rest of the cell is passed as plain text.
        self.plain(at, found)?;
        Ok(Some(Span { bytes: start..*at, doubled, quoted: true }))
    }

    fn keep(&self, span: Span, found: &mut Found) {
        if span.bytes.len() > self.limits.cell {
            found.broken.get_or_insert((Broken::LongCell, found.cells));
        }
        if found.cells < self.keep {
            found.spans.push(span);
        } else {
            found.more_filled |= self.source.window()[span.bytes].iter().any(|b| !b.is_ascii_whitespace());
        }
        found.cells += 1;
    }

    /// Passes the delimiter or line end after a cell.
    fn after(&mut self, at: &mut usize, found: &mut Found) -> Result<After, Stop> {
        match self.byte(*at)? {
            Some(byte) if byte == self.delimiter => {
                *at += 1;
                Ok(After::Delimiter)
            }
            Some(_) => {
                self.line_end(at, found)?;
                Ok(After::RecordEnd)
            }
            None => Ok(After::RecordEnd),
        }
    }

    /// Passes one LF, CRLF or CR.
    fn line_end(&mut self, at: &mut usize, found: &mut Found) -> Result<(), Stop> {
        let crlf = self.byte(*at)? == Some(b'\r') && self.byte(*at + 1)? == Some(b'\n');
        *at += if crlf { 2 } else { 1 };
        found.lines += 1;
        Ok(())
    }
}
