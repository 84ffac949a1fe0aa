//! The input as a growing window of UTF-8 bytes, decoded from UTF-16 where needed.

use std::io::{self, Read};

use crate::Encoding;

/// Bytes asked of the input at once.
const BLOCK: usize = 64 * 1024;
/// Stands for half a UTF-16 character. No UTF-8 text holds it, so the check of the cell finds its exact place.
const BROKEN: u8 = 0xFF;

/// Unread text: from the start of the present record to as far as has been read.
pub(crate) struct Source<R> {
    input: R,
    encoding: Encoding,
    /// Bytes of an unfinished UTF-16 unit or pair.
    pending: Vec<u8>,
    text: Vec<u8>,
    start: usize,
    ended: bool,
    /// Offset in the input of `text[start]`.
    byte: u64,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(input: R, encoding: Encoding, byte: u64) -> Self {
        Self { input, encoding, pending: Vec::new(), text: Vec::new(), start: 0, ended: false, byte }
    }

    /// Opens an input at its beginning: reads the byte order mark and takes the encoding from it.
    pub(crate) fn detect(input: R) -> io::Result<Self> {
        let mut source = Self::new(input, Encoding::Utf8, 0);
        // A reader may return few bytes at a time; four decide about marks and file types.
        while source.text.len() < 4 && source.more()? {}
        let (encoding, mark) = match source.text.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8, 3),
            [0xFF, 0xFE, ..] => (Encoding::Utf16Le, 2),
            [0xFE, 0xFF, ..] => (Encoding::Utf16Be, 2),
            _ => (Encoding::Utf8, 0),
        };
        source.byte = mark as u64;
        if encoding == Encoding::Utf8 {
            source.start = mark;
        } else {
            source.encoding = encoding;
            source.pending = std::mem::take(&mut source.text).split_off(mark);
            source.decode();
        }
        Ok(source)
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(crate) fn byte(&self) -> u64 {
        self.byte
    }

    /// The text from the start of the present record to as far as has been read.
    pub(crate) fn window(&self) -> &[u8] {
        &self.text[self.start..]
    }

    /// Reads another block behind the window; false at the end of the input.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.text.drain(..self.start);
            self.start = 0;
        }
        let target = if self.encoding == Encoding::Utf8 { &mut self.text } else { &mut self.pending };
        let had = target.len();
        target.resize(had + BLOCK, 0);
        let got = loop {
            match self.input.read(&mut target[had..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    target.truncate(had);
                    return Err(error);
                }
                Ok(got) => break got.min(BLOCK),
            }
        };
        target.truncate(had + got);
        self.ended = got == 0;
        let had = self.text.len();
        if self.encoding == Encoding::Utf8 {
            return Ok(!self.ended);
        }
        self.decode();
        // At the end half a character may still come out of `pending`.
        Ok(!self.ended || self.text.len() > had)
    }

    /// Gives up the bytes before `len` of the window.
    pub(crate) fn take(&mut self, len: usize) {
        let taken = &self.text[self.start..self.start + len];
        self.byte += match self.encoding {
            Encoding::Utf8 => len as u64,
            Encoding::Utf16Le | Encoding::Utf16Be => utf16_len(taken),
        };
        self.start += len;
    }

    /// Moves the whole characters of `pending` into the window.
    fn decode(&mut self) {
        let unit = |pair: &[u8]| match (self.encoding, pair) {
            (Encoding::Utf16Be, [a, b]) => u16::from_be_bytes([*a, *b]),
            (_, [a, b]) => u16::from_le_bytes([*a, *b]),
            _ => 0,
        };
        let mut at = 0;
        while at + 2 <= self.pending.len() {
            let first = unit(&self.pending[at..at + 2]);
            let mut units = 1;
            let decoded = if (0xD800..0xDC00).contains(&first) {
                let Some(second) = self.pending.get(at + 2..at + 4).map(unit) else {
                    if self.ended {
                        self.text.push(BROKEN);
                        at += 2;
                    }
                    break;
                };
                let pair = char::decode_utf16([first, second]).next().and_then(Result::ok);
                units = if pair.is_some() { 2 } else { 1 };
                pair
            } else {
                char::from_u32(first.into())
            };
            match decoded {
                Some(c) => self.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => self.text.push(BROKEN),
            }
            at += units * 2;
        }
        self.pending.drain(..at);
        if self.ended && !self.pending.is_empty() {
            self.pending.clear();
            self.text.push(BROKEN);
        }
    }
}

/// The length in UTF-16 of text given in UTF-8: four bytes for what UTF-8 writes in four, else two.
fn utf16_len(utf8: &[u8]) -> u64 {
    utf8.iter()
        .map(|b| match b {
            0x80..0xC0 => 0,
            0xF0..0xF8 => 4,
            _ => 2,
        })
        .sum()
}
