//! Names and the errors of short texts that must be readable on a sticker, a page or in a URL.

use serde::{Deserialize, Serialize};

/// Why a tag, serial number or name could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing left after trimming, or nothing that can be compared.
    #[error("The {what} is empty; write at least one letter or digit.")]
    Empty {
        /// What it is, in words.
        what: &'static str,
    },
    /// Too long.
    #[error("The {what} has {length} characters; shorten it to at most {limit}.")]
    TooLong {
        /// What it is, in words.
        what: &'static str,
        /// Characters found.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A character that does not print: a line break, a tabulator, a zero-width mark.
    #[error("The {what} contains an invisible character (U+{code:04X}); type it again by hand without it.")]
    Invisible {
        /// What it is, in words.
        what: &'static str,
        /// The character's code point.
        code: u32,
    },
    /// A tag that cannot stand in a web address.
    #[error("The {what} “{text}” cannot stand in the address /d/…; leave out / ? # and use more than dots.")]
    Address {
        /// What it is, in words.
        what: &'static str,
        /// The text.
        text: String,
    },
}

/// Format characters print nothing and would make two tags look the same that compare as different.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Most bytes of a key: it stands in an index, and an index entry of PostgreSQL holds 2,704. Folding takes some
/// characters apart; 200 Hangul syllables come to 1,800 bytes.
const LONGEST_KEY: usize = 2_000;

/// Trims a text and refuses what is empty, too long (in characters) or does not print.
pub(crate) fn printable(what: &'static str, text: &str, limit: usize) -> Result<String, TextError> {
    let text = text.trim();
    if let Some(c) = text.chars().find(|c| invisible(*c)) {
        return Err(TextError::Invisible { what, code: u32::from(c) });
    }
    let key = kernel::key(text);
    if key.is_empty() {
        return Err(TextError::Empty { what });
    }
    let length = text.chars().count();
    if length > limit || key.len() > LONGEST_KEY {
        return Err(TextError::TooLong { what, length, limit });
    }
    Ok(text.to_owned())
}

/// The name of a company, a device type or a model: 1 to 200 printable characters, single-spaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// [`TextError`] when it is empty, longer than 200 characters or contains what does not print.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = printable("name", text, 200)?;
        Ok(Self(text.split_whitespace().collect::<Vec<_>>().join(" ")))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which it is unique: [`kernel::fold`].
    pub fn key(&self) -> String {
        kernel::fold(&self.0)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl TryFrom<String> for Name {
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
    fn names_are_single_spaced_and_compared_folded() {
        let name = Name::parse("  Océan   Medical ").unwrap();
        assert_eq!(name.as_str(), "Océan Medical");
        assert_eq!(name.key(), "ocean medical");
        assert_eq!(Name::parse(" \u{301} "), Err(TextError::Empty { what: "name" }));
        assert!(matches!(Name::parse("a\u{200b}b"), Err(TextError::Invisible { code: 0x200b, .. })));
        assert!(matches!(Name::parse(&"x".repeat(201)), Err(TextError::TooLong { length: 201, .. })));
    }

    proptest! {
        #[test]
        fn a_parsed_name_parses_to_itself(text in any::<String>()) {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(!name.key().is_empty());
            }
        }
    }
}
