//! The free texts of a device: what each may hold, asked by forms, imports and rules alike, so that an export always
//! imports back.

use std::borrow::Cow;

use crate::{Refusal, TextError, name::printable};

/// A kind of free text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The unique device identifier as scanned. Scanners send its separators, which print nothing. Those in use have
    /// less than 200 characters; 500 of four bytes each still fit an index entry of PostgreSQL (2,704 bytes).
    Udi,
    /// The number or name of an agreement.
    Agreement,
    /// A number or name that a maker gave a product.
    Number,
    /// Why a risk level differs from that of the type.
    RiskReason,
    /// Why a device must not be used.
    HoldReason,
    /// The test that lifts a hold.
    HoldTest,
    /// What a test measured.
    Result,
    /// Free words about a device.
    Notes,
    /// Why something was done, and each piece of evidence: a number, a name, a few sentences.
    Words,
}

impl Text {
    /// Most characters. A cell of an import holds 65,536 bytes, more than any of these takes.
    pub const fn limit(self) -> usize {
        match self {
            Self::Agreement | Self::Number => 200,
            Self::Udi | Self::HoldTest => 500,
            Self::RiskReason | Self::HoldReason | Self::Words => 2_000,
            Self::Result | Self::Notes => 10_000,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Udi => "UDI",
            Self::Agreement => "agreement",
            Self::Number => "text",
            Self::RiskReason | Self::HoldReason => "reason",
            Self::HoldTest => "test",
            Self::Result => "result",
            Self::Notes => "text of the notes",
            Self::Words => "text",
        }
    }

    /// Whether a character that prints nothing may stand in it.
    const fn takes(self, control: char) -> bool {
        match self {
            // Group and record separator and end of transmission, as GS1 and ISO/IEC 15434 use them.
            Self::Udi => matches!(control, '\u{1d}' | '\u{1e}' | '\u{4}'),
            Self::Agreement | Self::Number => false,
            _ => matches!(control, '\n' | '\t'),
        }
    }

    /// The text without blanks around it, its lines ended as everywhere here; browsers and Windows end them otherwise.
    pub(crate) fn trimmed(text: &str) -> String {
        text.trim().replace("\r\n", "\n").replace('\r', "\n")
    }

    /// Reads a text as typed, scanned or imported; it may be empty unless it names an agreement or a
    /// product.
    ///
    /// # Errors
    /// [`TextError`] when it is too long or holds a character that does not print.
    pub fn read(self, text: &str) -> Result<String, TextError> {
        if matches!(self, Self::Agreement | Self::Number) {
            return printable(self.name(), text, self.limit());
        }
        let text = Self::trimmed(text);
        let what = self.name();
        if let Some(c) = text.chars().find(|c| c.is_control() && !self.takes(*c)) {
            return Err(TextError::Invisible { what, code: u32::from(c) });
        }
        let length = text.chars().count();
        if length > self.limit() {
            return Err(TextError::TooLong { what, length, limit: self.limit() });
        }
        Ok(text)
    }

    /// What keeps a text from being stored, said by a rule. An empty one is another rule's matter.
    pub(crate) fn refusal(self, rule: &'static str, text: Option<&String>) -> Option<Refusal> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        let (message, remedy): (Cow<'static, str>, String) = match self.read(text).err()? {
            TextError::TooLong { what, length, limit } => (
                format!("The {what} has {length} characters.").into(),
                format!("Shorten it to at most {limit}."),
            ),
            error => (error.to_string().into(), "Nothing else needs to be changed.".to_owned()),
        };
        Some(Refusal::new(rule, message, remedy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_text_has_its_limit_and_its_characters() {
        assert_eq!(Text::Udi.read("(01)006\u{1d}21A").unwrap(), "(01)006\u{1d}21A");
        assert!(matches!(Text::Udi.read("a\nb"), Err(TextError::Invisible { code: 10, .. })));
        assert_eq!(Text::Notes.read(" a\r\nb\tc\r").unwrap(), "a\nb\tc");
        assert!(matches!(Text::Notes.read("a\0b"), Err(TextError::Invisible { code: 0, .. })));
        assert!(matches!(Text::Agreement.read("a\tb"), Err(TextError::Invisible { code: 9, .. })));
        let long = "ä".repeat(2_001);
        let refusal = Text::Words.refusal("fleet.device.reason", Some(&long)).unwrap();
        assert_eq!(refusal.to_string(), "The text has 2001 characters. Shorten it to at most 2000.");
        assert_eq!(Text::Words.refusal("fleet.device.reason", None), None);
        assert_eq!(Text::Agreement.refusal("fleet.device.agreement", Some(&" ".to_owned())), None);
    }

    proptest! {
        #[test]
        fn whatever_is_taken_reads_back(text in any::<String>()) {
            for kind in [Text::Udi, Text::Agreement, Text::HoldTest, Text::Notes] {
                if let Ok(read) = kind.read(&text) {
                    prop_assert_eq!(kind.read(&read), Ok(read.clone()));
                    prop_assert!(!read.contains(['\0', '\r']));
                }
            }
        }
    }
}
