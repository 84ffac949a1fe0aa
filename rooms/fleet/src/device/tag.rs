//! Asset tags and serial numbers as parsed text.

use serde::{Deserialize, Serialize};

use crate::{TextError, name::printable};

/// An asset tag: the number on the sticker, 1 to 40 printable characters.
///
/// It stands in the short address `/d/TAG`, so it holds none of `/ ? #` and is not made of dots alone. Unique
/// by [`Tag::key`] among all tags ever used; a tag is never given out twice: see [`super::former`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

/// A maker's serial number, 1 to 80 printable characters. Unique by [`Serial::key`] for a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(String);

impl Tag {
    /// Reads a tag as typed, scanned or imported.
    ///
    /// # Errors
    /// [`TextError`] when it is empty, longer than 40 characters, does not print, or cannot stand in `/d/TAG`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = printable("asset tag", text, 40)?;
        // The folded key goes into addresses too, and folding turns a full-width `／` or `℀` into a plain `/`.
        let breaks_address = |t: &str| t.contains(['/', '?', '#']) || t.chars().all(|c| c == '.');
        if breaks_address(&text) || breaks_address(&kernel::key(&text)) {
            return Err(TextError::Address { what: "asset tag", text });
        }
        Ok(Self(text))
    }

    /// The tag as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The case-folded key under which the tag is unique and found.
    pub fn key(&self) -> String {
        kernel::key(&self.0)
    }
}

impl Serial {
    /// Reads a serial number as typed, scanned or imported.
    ///
    /// # Errors
    /// [`TextError`] when it is empty, longer than 80 characters or does not print.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        printable("serial number", text, 80).map(Self)
    }

    /// The serial number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The case-folded key under which it is unique for a model.
    pub fn key(&self) -> String {
        kernel::key(&self.0)
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}
impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.0
    }
}
impl TryFrom<String> for Tag {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text)
    }
}
impl TryFrom<String> for Serial {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_are_lenient_where_they_can_be() {
        for good in ["NH-104207", " 7 ", "A,B", "Ünit 4", "50%", "..1"] {
            assert!(Tag::parse(good).is_ok(), "{good}");
        }
        assert_eq!(Tag::parse(" nh-104207 ").unwrap().key(), Tag::parse("NH- 104207").unwrap().key());
    }

    #[test]
    fn tags_that_break_an_address_are_refused_with_a_remedy() {
        for bad in ["A/B", "A?", "#1", ".", "..", "A／B", "℀"] {
            let error = Tag::parse(bad).unwrap_err();
            assert!(matches!(error, TextError::Address { .. }), "{bad}");
            assert!(error.to_string().contains("leave out"), "{error}");
        }
    }

    #[test]
    fn empty_long_and_invisible_texts_are_refused() {
        assert!(matches!(Tag::parse("  "), Err(TextError::Empty { .. })));
        assert!(Tag::parse(&"9".repeat(40)).is_ok());
        assert!(matches!(Tag::parse(&"9".repeat(41)), Err(TextError::TooLong { limit: 40, .. })));
        assert!(matches!(Tag::parse("A\u{feff}1"), Err(TextError::Invisible { .. })));
        assert!(Serial::parse("SN 4/4 #2?").is_ok());
        assert!(Serial::parse(&"x".repeat(80)).is_ok());
        assert!(matches!(Serial::parse(&"x".repeat(81)), Err(TextError::TooLong { limit: 80, .. })));
        assert!(matches!(Serial::parse("a\nb"), Err(TextError::Invisible { code: 10, .. })));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_reads_back(text in any::<String>()) {
            if let Ok(tag) = Tag::parse(&text) {
                prop_assert_eq!(Tag::parse(tag.as_str()), Ok(tag.clone()));
                prop_assert!(!tag.key().is_empty() && !tag.key().contains(['/', '?', '#']));
            }
            if let Ok(serial) = Serial::parse(&text) {
                prop_assert_eq!(Serial::parse(serial.as_str()), Ok(serial));
            }
        }
    }
}
