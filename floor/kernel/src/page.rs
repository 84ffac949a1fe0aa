//! Keyset pages: the next page starts after a row, never at an offset.

use serde::{Deserialize, Serialize};

/// Where a page starts: the sort key and id of the row before it, as opaque text for a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The sort value of the last row seen.
    pub after: String,
    /// Its id, which breaks ties.
    pub id: uuid::Uuid,
}

impl Cursor {
    /// The cursor as it stands in a URL.
    pub fn encode(&self) -> String {
        let hex: String = self.after.bytes().map(|b| format!("{b:02x}")).collect();
        format!("{}.{hex}", self.id.simple())
    }

    /// Reads a cursor back; anything else is `None`, and the list starts at its beginning.
    pub fn decode(text: &str) -> Option<Self> {
        let (id, hex) = text.split_once('.')?;
        let id = uuid::Uuid::try_parse(id).ok()?;
        if hex.len() % 2 != 0 || !hex.is_ascii() {
            return None;
        }
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok()).collect();
        Some(Self { after: String::from_utf8(bytes?).ok()?, id })
    }
}

/// Which page is wanted.
#[derive(Clone, Debug)]
pub struct Keyset {
    /// Start after this row; `None` is the first page.
    pub after: Option<Cursor>,
    /// Rows a page, 50 on lists.
    pub limit: u32,
}

impl Default for Keyset {
    fn default() -> Self {
        Self { after: None, limit: 50 }
    }
}

/// One page of rows.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The rows, at most the limit.
    pub rows: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<Cursor>,
}

impl<T> Slice<T> {
    /// Cuts a result of up to `limit + 1` rows to a page; the extra row only proves that more follow.
    pub fn cut(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = if more { rows.last().map(cursor) } else { None };
        Self { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursors_read_back(after in any::<String>(), id in any::<u128>()) {
            let cursor = Cursor { after, id: uuid::Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = Cursor::decode(&text);
        }
    }
}
