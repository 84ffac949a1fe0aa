//! Workbooks (XLSX, ECMA-376) as the text that [`crate::Reader`] reads.
//!
//! One sheet is written cell by cell as comma-separated lines: row 7 of the sheet is line 7 of the text, so that errors
//! name the row a person sees. Values are written as they stand in the sheet: texts to the letter, whole numbers without a
//! point, dates as ISO days, formulas by the value that the program kept. What a merged cell says holds for all rows that
//! it covers. The file is unpacked once against limits before anything else reads it.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, Cursor, Read, Write},
};

use calamine::{DataRef, Reader as _, Xlsx, XlsxError};

use crate::{Limits, Writer, column_letter};

/// Most bytes of a workbook as it is sent.
pub const MOST_BYTES: usize = 40 * 1024 * 1024;
/// Most bytes of all its parts unpacked.
const MOST_UNPACKED: u64 = 800 * 1024 * 1024;
/// Most bytes of the texts and formats, which are held in memory.
const MOST_SHARED: u64 = 96 * 1024 * 1024;
/// Most parts.
const MOST_PARTS: usize = 4_096;
/// Most bytes of the text that a sheet becomes.
const MOST_TEXT: u64 = 100 * 1024 * 1024;
/// Rows of the largest sheet that programs write.
const MOST_ROWS: u32 = 1_048_576;
/// Rows among which the header is looked for.
const HEADER_WITHIN: usize = 30;
/// Merged areas that are followed.
const MOST_MERGED: usize = 100_000;

/// Stands for a line break within a cell, which would end the line: the line separator of Unicode.
pub(crate) const BREAK: char = '\u{2028}';

/// Why a workbook cannot be read, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// It is something else.
    #[error("this is {what}; {remedy}")]
    Other {
        /// What it is: “a ZIP archive without a workbook”.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// It would need too much.
    #[error("the workbook {what}; save the list alone as a new workbook, or as “CSV UTF-8”, and try again")]
    TooLarge {
        /// What is too much of it.
        what: String,
    },
    /// More columns than are taken.
    #[error(
        "sheet “{sheet}”, cell {cell}: more than {limit} columns hold something; remove those that are not needed"
    )]
    TooManyColumns {
        /// The sheet.
        sheet: String,
        /// The first cell beyond.
        cell: String,
        /// The limit.
        limit: usize,
    },
    /// No sheet holds a list.
    #[error(
        "{searched}: no row of column names with rows below it; put the names of the columns into the first row of the list"
    )]
    NoList {
        /// The sheets that were looked at.
        searched: String,
    },
    /// No sheet of this name.
    #[error("there is no sheet “{name}”; the workbook has {there}")]
    NoSheet {
        /// The name that was asked for.
        name: String,
        /// The sheets there are.
        there: String,
    },
    /// It is damaged.
    #[error(
        "the workbook is damaged: {why}; open it in a spreadsheet program, save it again and try once more"
    )]
    Damaged {
        /// Where, as far as it is known.
        why: String,
    },
    /// The text could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether a file begins like a workbook or what people take for one.
pub fn is_like(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(&OLE)
}

/// How old Excel workbooks and encrypted new ones begin.
const OLE: [u8; 4] = [0xD0, 0xCF, 0x11, 0xE0];

/// A workbook that passed the limits.
pub struct Workbook {
    inner: Xlsx<Cursor<Vec<u8>>>,
    sheets: Vec<String>,
}

/// What was written of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The sheet.
    pub sheet: String,
    /// The row of the column names, from 1.
    pub header: u32,
    /// Rows above it that hold something and are left out.
    pub above: u32,
}

impl Workbook {
    /// Opens a workbook.
    ///
    /// # Errors
    /// [`WorkbookError`] when it is none, is protected by a password, is damaged, or is larger than the limits.
    pub fn open(bytes: Vec<u8>) -> Result<Self, WorkbookError> {
        if bytes.starts_with(&OLE) {
            let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
            let protected = bytes.windows(name.len()).any(|window| window == name);
            return Err(if protected {
                let remedy = "take the password away in the spreadsheet program, save it and try again";
                WorkbookError::Other { what: "a workbook protected by a password", remedy }
            } else {
                let remedy = "open it, save it as “Excel workbook (.xlsx)” or “CSV UTF-8” and try again";
                WorkbookError::Other { what: "an old Excel workbook (XLS)", remedy }
            });
        }
        if bytes.len() > MOST_BYTES {
            return Err(too_large(format!("has more than {} MB", MOST_BYTES / 1024 / 1024)));
        }
        unpack(&bytes)?;
        let mut inner: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
        let sheets = inner.sheet_names();
        // Charts stand among the sheets and hold no cells.
        let sheets = sheets.into_iter().filter(|name| inner.worksheet_cells_reader(name).is_ok()).collect();
        Ok(Self { inner, sheets })
    }

    /// The names of its sheets, in their order.
    pub fn sheets(&self) -> &[String] {
        &self.sheets
    }

    /// Writes a sheet as text: the one of a name, or the first with a row of column names and rows below it.
    ///
    /// # Errors
    /// [`WorkbookError`] when there is no such sheet, it holds no list, or it cannot be read to its end.
    pub fn write(&mut self, sheet: Option<&str>, into: &mut impl Write) -> Result<Written, WorkbookError> {
        let quoted =
            |names: &[String]| names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
        let candidates: Vec<String> = match sheet {
            None => self.sheets.clone(),
            Some(name) => match self.sheets.iter().find(|s| s.to_lowercase() == name.trim().to_lowercase()) {
                Some(found) => vec![found.clone()],
                None => {
                    return Err(WorkbookError::NoSheet {
                        name: name.to_owned(),
                        there: quoted(&self.sheets),
                    });
                }
            },
        };
        for name in &candidates {
            let merged = self.inner.merge_cells_by_sheet_name(name).map_err(damaged)?;
            if merged.len() > MOST_MERGED {
                return Err(too_large(format!("has more than {MOST_MERGED} merged areas")));
            }
            let mut cells = self.inner.worksheet_cells_reader(name).map_err(damaged)?;
            let mut rows = Rows::new(name, merged);
            while let Some(cell) = cells.next_cell().map_err(damaged)? {
                rows.cell(cell.get_position(), cell.get_value())?;
                rows.pour(into)?;
            }
            if let Some(written) = rows.end(into)? {
                return Ok(written);
            }
        }
        Err(WorkbookError::NoList { searched: quoted(&candidates) })
    }
}

fn too_large(what: String) -> WorkbookError {
    WorkbookError::TooLarge { what }
}

fn damaged(error: XlsxError) -> WorkbookError {
    match error {
        XlsxError::Password => WorkbookError::Other {
            what: "a workbook protected by a password",
            remedy: "take the password away in the spreadsheet program, save it and try again",
        },
        error => WorkbookError::Damaged { why: error.to_string() },
    }
}

/// Unpacks every part and throws it away: what a file says of its sizes is not believed.
fn unpack(bytes: &[u8]) -> Result<(), WorkbookError> {
    let broken = |error: zip::result::ZipError| WorkbookError::Damaged { why: error.to_string() };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    if !has("xl/workbook.xml") {
        let remedy = "open it, save it as “Excel workbook (.xlsx)” or “CSV UTF-8” and try again";
        let what = if has("xl/workbook.bin") {
            "a binary Excel workbook (XLSB)"
        } else if has("content.xml") {
            "an OpenDocument file"
        } else if has("word/document.xml") {
            "a text document (DOCX)"
        } else {
            "a ZIP archive without a workbook"
        };
        return Err(WorkbookError::Other { what, remedy });
    }
    if archive.len() > MOST_PARTS {
        return Err(too_large(format!("has more than {MOST_PARTS} parts")));
    }
    let mut left = MOST_UNPACKED;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(broken)?;
        let held = !part.name().map_err(broken)?.to_ascii_lowercase().contains("worksheets/");
        let most = if held { left.min(MOST_SHARED) } else { left };
        let size = io::copy(&mut part.take(most + 1), &mut io::sink())
            .map_err(|error| WorkbookError::Damaged { why: error.to_string() })?;
        if size > most {
            return Err(too_large("unpacks to far more than a list needs".to_owned()));
        }
        left -= size;
    }
    Ok(())
}

/// A row on its way: its number from 0 and its texts.
type Row = (u32, Vec<String>);

/// The rows of one sheet on their way to lines.
struct Rows<'s> {
    sheet: &'s str,
    /// Merged areas that begin at a cell and cover rows below it: last row, by row and column.
    merged: HashMap<(u32, u32), u32>,
    /// What such areas say in the columns of the rows below: last row and text.
    covering: HashMap<u32, (u32, String)>,
    row: Row,
    ready: VecDeque<Row>,
    /// Known once enough rows were seen.
    header: Option<u32>,
    width: usize,
    above: u32,
    /// The line that comes next, from 0.
    line: u32,
    /// Bytes of text so far.
    text: u64,
    data: bool,
}

impl<'s> Rows<'s> {
    fn new(sheet: &'s str, merged: Vec<calamine::Dimensions>) -> Self {
        let below = merged.into_iter().filter(|area| area.start.0 < area.end.0);
        Self {
            sheet,
            merged: below.map(|area| (area.start, area.end.0)).collect(),
            covering: HashMap::new(),
            row: (0, Vec::new()),
            ready: VecDeque::new(),
            header: None,
            width: 0,
            above: 0,
            line: 0,
            text: 0,
            data: false,
        }
    }

    fn cell(&mut self, (row, column): (u32, u32), value: &DataRef<'_>) -> Result<(), WorkbookError> {
        if row != self.row.0 {
            if row < self.row.0 {
                let why =
                    format!("row {} of sheet “{}” stands after row {}", row + 1, self.sheet, self.row.0 + 1);
                return Err(WorkbookError::Damaged { why });
            }
            if row >= MOST_ROWS {
                let why = format!("sheet “{}” has a row {}", self.sheet, u64::from(row) + 1);
                return Err(WorkbookError::Damaged { why });
            }
            self.close(row);
        }
        let text = text_of(value);
        if text.is_empty() {
            return Ok(());
        }
        let limit = Limits::default().columns;
        let at = usize::try_from(column).unwrap_or(usize::MAX);
        if at >= limit {
            let cell = format!("{}{}", column_letter(at), row + 1);
            return Err(WorkbookError::TooManyColumns { sheet: self.sheet.to_owned(), cell, limit });
        }
        if let Some(last) = self.merged.remove(&(row, column)) {
            self.covering.insert(column, (last, text.clone()));
        }
        self.put(at, text);
        Ok(())
    }

    fn put(&mut self, at: usize, text: String) {
        let cells = &mut self.row.1;
        if cells.len() <= at {
            cells.resize(at + 1, String::new());
        }
        if let Some(cell) = cells.get_mut(at) {
            *cell = text;
        }
    }

    /// Ends the present row, and the rows before `next` that only merged areas fill.
    fn close(&mut self, next: u32) {
        while self.row.0 < next {
            let row = self.row.0;
            // A merged area alone makes no row: those that it covers hold something else too.
            if self.row.1.iter().any(|cell| !cell.is_empty()) {
                let covering: Vec<(u32, String)> =
                    self.covering.iter().map(|(column, (_, text))| (*column, text.clone())).collect();
                for (column, text) in covering {
                    let at = usize::try_from(column).unwrap_or(0);
                    if self.row.1.get(at).is_none_or(String::is_empty) {
                        self.put(at, text);
                    }
                }
                self.ready.push_back((row, std::mem::take(&mut self.row.1)));
            }
            self.row = (if self.covering.is_empty() { next } else { row + 1 }, Vec::new());
            let now = self.row.0;
            self.covering.retain(|_, (last, _)| *last >= now);
        }
    }

    /// Writes the rows that are ready.
    fn pour(&mut self, into: &mut impl Write) -> Result<(), WorkbookError> {
        if self.header.is_none() {
            if self.ready.len() < HEADER_WITHIN {
                return Ok(());
            }
            self.find_header();
        }
        let Some(header) = self.header else { return Ok(()) };
        while let Some((row, mut cells)) = self.ready.pop_front() {
            if row < header {
                self.above += 1;
                continue;
            }
            while self.line < row {
                into.write_all(b"\r\n")?;
                self.line += 1;
            }
            if row == header {
                // A column between others is called by its letter.
                cells.iter_mut().enumerate().filter(|(_, name)| name.is_empty()).for_each(|(at, name)| {
                    *name = format!("Column {}", column_letter(at));
                });
                self.width = cells.len();
            } else {
                self.data = true;
                if cells.len() < self.width {
                    cells.resize(self.width, String::new());
                }
            }
            self.text += cells.iter().map(|cell| cell.len() as u64 + 1).sum::<u64>();
            if self.text > MOST_TEXT {
                return Err(too_large(format!("holds more than {} MB of text", MOST_TEXT / 1024 / 1024)));
            }
            Writer::new(&mut *into).write(&cells)?;
            self.line += 1;
        }
        Ok(())
    }

    /// The row of column names: the first of those at the beginning with at least half as many cells as the widest, all
    /// of them words and no two alike.
    fn find_header(&mut self) {
        let filled = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count();
        let widest = self.ready.iter().map(|(_, cells)| filled(cells)).max().unwrap_or(0);
        let names = |cells: &[String]| {
            let mut words: Vec<String> =
                cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.to_lowercase()).collect();
            let all = words.len();
            words.sort_unstable();
            words.dedup();
            words.len() == all && words.iter().all(|word| word.chars().any(char::is_alphabetic))
        };
        let found = self.ready.iter().find(|(_, cells)| filled(cells) * 2 >= widest && names(cells));
        // Where no row looks like it, the first says what is wrong with it when it is read.
        self.header = found.or_else(|| self.ready.front()).map(|(row, _)| *row);
    }

    /// Ends the sheet; nothing when it holds no list.
    fn end(mut self, into: &mut impl Write) -> Result<Option<Written>, WorkbookError> {
        self.close(self.row.0 + 1);
        if self.header.is_none() {
            if self.ready.len() < 2 {
                return Ok(None);
            }
            self.find_header();
            if self.ready.back().map(|(row, _)| *row) == self.header {
                return Ok(None);
            }
        }
        self.pour(into)?;
        let Some(header) = self.header.filter(|_| self.data) else { return Ok(None) };
        Ok(Some(Written { sheet: self.sheet.to_owned(), header: header + 1, above: self.above }))
    }
}

/// A cell as a person sees it, without blanks around it, on one line.
fn text_of(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::Error(error) => error.to_string(),
        DataRef::DateTime(at) if at.is_datetime() && at.as_f64() >= 1.0 => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second) {
                (0, 0, 0) => date,
                _ => format!("{date} {hour:02}:{minute:02}:{second:02}"),
            }
        }
        DataRef::DateTime(at) => at.as_f64().to_string(),
    };
    let plain = |c: char| !matches!(c, '\n' | '\r' | '\0');
    if text.chars().all(plain) {
        return text.trim().to_owned();
    }
    text.trim().replace("\r\n", "\n").replace('\r', "\n").replace('\0', "").replace('\n', &BREAK.to_string())
}
