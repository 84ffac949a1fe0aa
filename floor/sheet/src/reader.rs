//! The streaming reader.

use std::{borrow::Cow, io::Read};

use crate::{
    Encoding, Error, FileError, Layout, Limits, Position, RowError, RowFault, column_letter,
    formula::original,
    layout,
    scan::{Broken, Found, Scan, Span, Stop},
    source::Source,
    workbook::BREAK,
};

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The first physical line, from 1.
    pub line: u64,
    /// One cell for each column of the header.
    pub cells: Vec<String>,
    /// The first cell whose bytes are no UTF-8 and were read as Windows-1252, the encoding of old Western programs.
    pub recoded: Option<usize>,
}

impl Record {
    /// Whether no cell holds anything but white space.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Reads records one by one; an [`Iterator`] that ends after the first [`FileError`].
///
/// Memory: one block of 64 KiB, one record (at most [`Limits::record`]) and its cells.
pub struct Reader<R> {
    source: Source<R>,
    layout: Layout,
    limits: Limits,
    line: u64,
    records: u64,
    done: bool,
    found: Found,
}

impl<R: Read> Reader<R> {
    /// Opens a file at its beginning and reads its header.
    ///
    /// # Errors
    /// A [`FileError`] when this is no text file, is empty or has no usable header.
    pub fn open(input: R) -> Result<Self, FileError> {
        Self::open_with(input, None, Limits::default())
    }

    /// Opens a file with a delimiter chosen by the person and with other limits.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_with(input: R, delimiter: Option<u8>, limits: Limits) -> Result<Self, FileError> {
        let io = |source| FileError::Io { line: 1, source };
        let mut source = Source::detect(input).map_err(io)?;
        if let Some(what) = foreign(source.window()) {
            return Err(FileError::NotText { what });
        }
        // Enough text to decide about the delimiter, however little the input gives at a time.
        while source.window().len() < 16 * 1024 && source.more().map_err(io)? {}
        let layout = Layout { delimiter: b',', encoding: source.encoding(), header: Vec::new(), sheet: None };
        let found = Found::default();
        let mut reader = Self { source, layout, limits, line: 1, records: 0, done: false, found };
        let declared = reader.declared_delimiter();
        reader.layout.delimiter =
            delimiter.or(declared).unwrap_or_else(|| layout::delimiter(reader.source.window()));
        reader.read_header()?;
        Ok(reader)
    }

    /// Goes on reading at a position an earlier reader of the same file was at; `input` must stand at
    /// [`Position::byte`].
    pub fn at(input: R, layout: Layout, position: Position) -> Self {
        Self {
            source: Source::new(input, layout.encoding, position.byte),
            layout,
            limits: Limits::default(),
            line: position.line,
            records: position.record,
            done: false,
            found: Found::default(),
        }
    }

    /// Where the next record begins.
    pub fn position(&self) -> Position {
        Position { byte: self.source.byte(), line: self.line, record: self.records }
    }

    /// Delimiter, encoding and header: with a [`Position`] all that [`Reader::at`] needs.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The column names.
    pub fn header(&self) -> &[String] {
        &self.layout.header
    }

    /// Spreadsheet programs write `sep=;` as a first line and read it as the delimiter's name.
    fn declared_delimiter(&mut self) -> Option<u8> {
        let window = self.source.window();
        let delimiter = match window.get(..5)? {
            [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte @ (b',' | b';' | b'\t' | b'|')] => *byte,
            _ => return None,
        };
        let len = match window.get(5..)? {
            [b'\r', b'\n', ..] => 7,
            [b'\r' | b'\n', ..] => 6,
            _ => return None,
        };
        self.source.take(len);
        self.line += 1;
        Some(delimiter)
    }

    fn read_header(&mut self) -> Result<(), FileError> {
        let columns = self.limits.columns;
        if !self.scan(columns)? {
            return Err(FileError::Empty);
        }
        let line = self.line;
        if self.found.more_filled {
            return Err(FileError::TooManyColumns { line, limit: columns });
        }
        if let Some(reason) = self.fault() {
            return Err(FileError::BadHeader { line, reason });
        }
        let mut names: Vec<String> = self.cells()?.0.iter().map(|name| name.trim().to_owned()).collect();
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        if !names.iter().any(|name| name.chars().any(char::is_alphabetic)) {
            return Err(FileError::NoHeader { line });
        }
        check_names(&names, line)?;
        self.layout.header = names;
        self.take();
        Ok(())
    }

    /// Scans the next record that is not a blank line; false at the end.
    fn scan(&mut self, keep: usize) -> Result<bool, FileError> {
        loop {
            let scan = Scan {
                source: &mut self.source,
                delimiter: self.layout.delimiter,
                limits: self.limits,
                keep,
            };
            let (line, limit) = (self.line, self.limits.record);
            scan.record(&mut self.found).map_err(|stop| match stop {
                Stop::Io(source) => FileError::Io { line, source },
                Stop::Long => FileError::LongRecord { line, limit },
                Stop::Nul { lines_before } => FileError::Nul { line: line + lines_before },
            })?;
            if self.found.len == 0 {
                return Ok(false);
            }
            if !self.blank_line() {
                return Ok(true);
            }
            self.take();
        }
    }

    fn blank_line(&self) -> bool {
        let [Span { bytes, quoted: false, .. }] = self.found.spans.as_slice() else { return false };
        // In a file of one column a line of blanks is a value; elsewhere it is a line someone left.
        let one_column = self.layout.header.len() == 1;
        let mut cell = self.source.window()[bytes.clone()].iter();
        self.found.cells == 1 && if one_column { bytes.is_empty() } else { cell.all(u8::is_ascii_whitespace) }
    }

    fn take(&mut self) {
        self.source.take(self.found.len);
        self.line += self.found.lines;
    }

    /// What is wrong with the cells of the record found.
    fn fault(&self) -> Option<RowFault> {
        let (broken, cell) = self.found.broken?;
        let column = self.layout.column(cell);
        Some(match broken {
            Broken::OpenQuote => RowFault::OpenQuote { column },
            Broken::AfterQuote if self.found.first_line.is_some() => RowFault::OpenQuote { column },
            Broken::AfterQuote => RowFault::AfterQuote { column },
            Broken::LongCell => RowFault::LongCell { column, limit: self.limits.cell },
        })
    }

    /// The text of the cells found, and which of them is the first that was read as Windows-1252.
    fn cells(&self) -> Result<(Vec<String>, Option<usize>), FileError> {
        let window = self.source.window();
        let mut cells = Vec::with_capacity(self.layout.header.len().max(self.found.spans.len()));
        let mut recoded = None;
        for (index, span) in self.found.spans.iter().enumerate() {
            let bytes = &window[span.bytes.clone()];
            let text = match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) if self.layout.encoding == Encoding::Utf8 => {
                    recoded = recoded.or(Some(index));
                    encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0
                }
                Err(error) => return Err(self.half(span, index, error.valid_up_to())),
            };
            let text = if span.doubled { text.replace("\"\"", "\"") } else { text.into_owned() };
            let text = original(text);
            let text = match self.layout.sheet {
                Some(_) if text.contains(BREAK) => text.replace(BREAK, "\n"),
                _ => text,
            };
            cells.push(text);
        }
        Ok((cells, recoded))
    }

    /// Half a character of UTF-16 with its place.
    fn half(&self, span: &Span, index: usize, valid: usize) -> FileError {
        let before = &self.source.window()[..span.bytes.start + valid];
        FileError::Utf16 { line: self.line + line_ends(before), column: self.layout.column(index) }
    }

    fn read(&mut self) -> Result<Option<Record>, Error> {
        let expected = self.layout.header.len();
        if !self.scan(expected)? {
            return Ok(None);
        }
        let (line, found) = (self.line, self.found.cells);
        let fault = self.fault().or({
            if found < expected {
                Some(RowFault::TooFew { found, expected })
            } else if self.found.more_filled {
                Some(RowFault::TooMany { found, expected })
            } else {
                None
            }
        });
        let Some(fault) = fault else {
            let (cells, recoded) = self.cells()?;
            self.nameless(line, &cells)?;
            self.take();
            self.records += 1;
            return Ok(Some(Record { line, cells, recoded }));
        };
        if let Some(first) = self.found.first_line {
            // A row of several lines that does not fit is taken for a stray quote: only its first line is given
            // up. The lines after it are scanned once more and no oftener, since a line that leaves an open quote
            // open has only doubled quotes in it and so opens none when it is scanned from its start.
            (self.found.len, self.found.lines) = (first, 1);
        } else {
            // The text of a row that is left out must be text all the same.
            self.cells()?;
        }
        self.take();
        self.records += 1;
        Err(RowError { line, fault }.into())
    }

    fn nameless(&self, line: u64, cells: &[String]) -> Result<(), FileError> {
        for (index, cell) in cells.iter().enumerate() {
            if self.layout.header.get(index).is_some_and(String::is_empty) && !cell.trim().is_empty() {
                let value = cell.trim().chars().take(40).collect();
                return Err(FileError::Nameless { line, column: column_letter(index), value });
            }
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read().transpose();
        self.done = match &next {
            None => true,
            Some(Err(error)) => error.is_fatal(),
            Some(Ok(_)) => false,
        };
        next
    }
}

fn line_ends(bytes: &[u8]) -> u64 {
    let ends = bytes.iter().enumerate().filter(|(i, b)| match b {
        b'\n' => true,
        b'\r' => bytes.get(i + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u64
}

fn check_names(names: &[String], line: u64) -> Result<(), FileError> {
    for (second, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let same = |other: &String| other.to_lowercase() == name.to_lowercase();
        if let Some(first) = names[..second].iter().position(same) {
            let (first, second) = (column_letter(first), column_letter(second));
            return Err(FileError::DuplicateName { line, name: name.clone(), first, second });
        }
    }
    Ok(())
}

/// File types people upload by mistake, by how they begin.
fn foreign(start: &[u8]) -> Option<&'static str> {
    let text = start.get(..start.len().min(64)).unwrap_or_default().trim_ascii_start().to_ascii_lowercase();
    match start {
        [b'P', b'K', 3, 4, ..] => Some("an Excel workbook (XLSX) or a ZIP archive"),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Some("an old Excel workbook (XLS)"),
        [b'%', b'P', b'D', b'F', ..] => Some("a PDF document"),
        [0x1F, 0x8B, ..] => Some("a compressed file (gzip)"),
        _ if [&b"<html"[..], b"<!doctype html", b"<table", b"<?xml"].iter().any(|s| text.starts_with(s)) => {
            Some("a web page or XML document")
        }
        _ => None,
    }
}
