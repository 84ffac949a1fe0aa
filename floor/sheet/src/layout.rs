//! How a file is laid out, where reading stands in it, and the limits that keep reading in bounded memory.

use serde::{Deserialize, Serialize};

/// The character encodings that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// UTF-16, little end first, with a byte order mark.
    Utf16Le,
    /// UTF-16, big end first, with a byte order mark.
    Utf16Be,
}

/// What must be known to read a file from the middle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The byte between cells.
    pub delimiter: u8,
    /// The character encoding.
    pub encoding: Encoding,
    /// The column names, trimmed; blank where a column has none.
    pub header: Vec<String>,
    /// The sheet of a workbook that the text was written from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

impl Layout {
    /// A column for a message: its name, or `column C`'s letter when it has none.
    pub fn column(&self, index: usize) -> String {
        match self.header.get(index) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => column_letter(index),
        }
    }
}

/// Where reading stands: before the record that would come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Offset in the file, in bytes of the file as it is (marks included).
    pub byte: u64,
    /// The physical line there, from 1.
    pub line: u64,
    /// Records handed out so far, those left out with a [`crate::RowError`] included.
    pub record: u64,
}

/// What is refused because of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest record in bytes of UTF-8; a longer one ends the file.
    pub record: usize,
    /// Longest cell in bytes of UTF-8; a longer one costs its row.
    pub cell: usize,
    /// Most columns.
    pub columns: usize,
}

impl Default for Limits {
    /// 1 MiB a record, 64 KiB a cell, 200 columns.
    fn default() -> Self {
        Self { record: 1024 * 1024, cell: 64 * 1024, columns: 200 }
    }
}

/// The letter a spreadsheet program shows over a column: 0 is A, 26 is AA.
pub fn column_letter(index: usize) -> String {
    let mut letters = Vec::new();
    let mut left = index + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + (left % 26) as u8));
        left /= 26;
    }
    letters.iter().rev().collect()
}

/// Delimiters that are looked for, the likeliest first.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Lines that decide.
const LINES: usize = 20;

/// The delimiter of a text, from the non-blank lines at its beginning.
///
/// A delimiter must occur in the first line; the one that most lines have as often as the first line wins, then
/// the one that occurs more often. Without any it is the comma (a single column).
pub(crate) fn delimiter(text: &[u8]) -> u8 {
    let lines = counts(text);
    let Some((first, rest)) = lines.split_first() else { return b',' };
    let mut best = (b',', 0.0, 0);
    for (i, delimiter) in DELIMITERS.into_iter().enumerate().filter(|(i, _)| first[*i] > 0) {
        let same = rest.iter().filter(|line| line[i] == first[i]).count();
        let agreement = if rest.is_empty() { 1.0 } else { same as f64 / rest.len() as f64 };
        if best.2 == 0 || (agreement, first[i]) > (best.1, best.2) {
            best = (delimiter, agreement, first[i]);
        }
    }
    best.0
}

/// How often each delimiter stands outside quotes, for each non-blank record. The last record is left out when
/// the text breaks off in it and others came before.
fn counts(text: &[u8]) -> Vec<[usize; 4]> {
    let mut lines = Vec::new();
    let (mut line, mut filled, mut quoted, mut at_start) = ([0; 4], false, false, true);
    for (i, &byte) in text.iter().enumerate() {
        if quoted {
            quoted = byte != b'"' || text.get(i + 1) == Some(&b'"');
            // The second half of a doubled quote reads as an opening one and opens again: the state is the same.
            at_start = !quoted;
            continue;
        }
        let delimiter = DELIMITERS.iter().position(|d| *d == byte);
        match byte {
            b'"' if at_start => quoted = true,
            b'\n' | b'\r' if filled => {
                lines.push(line);
                (line, filled) = ([0; 4], false);
                if lines.len() == LINES {
                    return lines;
                }
            }
            _ => {
                if let Some(d) = delimiter {
                    line[d] += 1;
                }
                filled |= !byte.is_ascii_whitespace();
            }
        }
        filled |= quoted;
        at_start = delimiter.is_some() || matches!(byte, b'\n' | b'\r');
    }
    if filled && lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        let letters: Vec<String> = [0, 25, 26, 51, 52, 701, 702].map(column_letter).into();
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn the_delimiter_is_what_the_lines_agree_on() {
        for (text, expected) in [
            ("tag,maker\n1,Helion\n", b','),
            ("tag;maker;price\n1;Helion;4,50\n2;Helion;3,20\n", b';'),
            ("\"Price, net\"|tag\n1|2\n", b'|'),
            ("tag\tnotes\nA\tone, two, three\n", b'\t'),
            ("tag;notes\nA;\"one; two;\n three;\"\nB;x\n", b';'),
            ("tag;notes\nA;\"say \"\"one;\"\" two\"\n", b';'),
            ("tag\nA\n", b','),
            ("", b','),
        ] {
            assert_eq!(char::from(delimiter(text.as_bytes())), char::from(expected), "{text}");
        }
    }
}
