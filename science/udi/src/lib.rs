//! Unique device identifiers: what the codes on medical devices say, and how they are written.
//!
//! Three agencies issue them, each with ways of writing: GS1 (element strings with and without separators, in brackets, as
//! links), HIBCC (one symbol or two) and ICCBBA. [`parse`] takes what a scanner or a person gives, finds out which it is
//! and says what it holds. It never guesses: where a scanner dropped the separators and a text can be read in several
//! ways, all of them are told, the likeliest first.
//!
//! Sources: GS1 General Specifications 26 and the GS1 Barcode Syntax Dictionary; GS1 Digital Link URI Syntax 1.6;
//! ANSI/HIBC 2.6 and 1.3; ISBT 128 Standard Technical Specification; FDA's table of UDI formats by issuing agency.

pub mod check;
mod date;
pub mod gs1;
mod hibc;
mod isbt;
mod read;

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

pub use date::Date;
pub use hibc::written as hibc_written;
pub use read::{gs1_written, identifier, parse};

/// Who issues an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Agency {
    /// GS1.
    Gs1,
    /// Health Industry Business Communications Council.
    Hibcc,
    /// International Council for Commonality in Blood Banking Automation.
    Iccbba,
}

impl Agency {
    /// As it is written in data: `GS1`, `HIBCC`, `ICCBBA`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gs1 => "GS1",
            Self::Hibcc => "HIBCC",
            Self::Iccbba => "ICCBBA",
        }
    }
}

impl Serialize for Agency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Udi {
    /// Whether it is valid for its agency. A device identifier need not be in it: a secondary symbol has none.
    pub ok: bool,
    /// Who issued it, as far as its form tells.
    pub agency: Option<Agency>,
    /// The device identifier: a GTIN of 14 digits, LIC with PCN and unit of measure, or an ICCBBA product.
    pub di: Option<String>,
    /// The level of packaging as the identifier tells it: a GTIN's indicator digit, HIBCC's unit of measure.
    pub level: Option<u8>,
    /// Lot or batch.
    pub lot: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Until when it may be used.
    pub expiry: Option<Date>,
    /// When it was made.
    pub manufactured: Option<Date>,
    /// ISBT 128's number of the donation.
    pub donation: Option<String>,
    /// How many it is.
    pub quantity: Option<u64>,
    /// Everything in it, in its order.
    pub fields: Vec<Field>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// Where it can be read in several ways: each, the likeliest first. What they do not agree on is told nowhere else.
    pub candidates: Vec<Udi>,
    /// The mark by which the scanner says what symbol it read, such as `]d2`.
    pub symbology: Option<String>,
}

/// A part of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What marks it: an application identifier, a data identifier, or the name of its place.
    pub code: String,
    /// Its data.
    pub value: String,
    /// What the agency calls it; empty where it says nothing.
    pub title: &'static str,
}

/// Something about a code that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Its check character is another than it should be.
    CheckDiffers,
    /// Why it cannot be read.
    Malformed(&'static str),
    /// The part marked so says what cannot be.
    Field {
        /// The part's code.
        code: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The part marked so must not stand alone, or not with the others.
    Company {
        /// The part's code.
        code: String,
        /// What is wrong with its company.
        what: &'static str,
    },
    /// It can be read in several ways: separators are missing, or a check character may be part of it.
    Ambiguous,
    /// It was read although something was not as it should be.
    Mended(&'static str),
}

impl Warning {
    /// A word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CheckDiffers => "check_differs",
            Self::Malformed(_) => "malformed",
            Self::Field { .. } => "field",
            Self::Company { .. } => "company",
            Self::Ambiguous => "ambiguous",
            Self::Mended(_) => "mended",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CheckDiffers => f.write_str("The check character does not fit."),
            Self::Malformed(what) | Self::Mended(what) => write!(f, "{what}"),
            Self::Field { code, what } | Self::Company { code, what } => write!(f, "{code}: {what}"),
            Self::Ambiguous => f.write_str("It can be read in several ways."),
        }
    }
}

/// A word for programs and a sentence for people.
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut both = to.serialize_struct("Warning", 2)?;
        both.serialize_field("code", self.code())?;
        both.serialize_field("message", &self.to_string())?;
        both.end()
    }
}

impl Udi {
    pub(crate) fn of(agency: Agency) -> Self {
        Self { agency: Some(agency), ..Self::nothing() }
    }

    pub(crate) const fn nothing() -> Self {
        Self {
            agency: None,
            ok: false,
            di: None,
            level: None,
            lot: None,
            serial: None,
            expiry: None,
            manufactured: None,
            donation: None,
            quantity: None,
            fields: Vec::new(),
            warnings: Vec::new(),
            candidates: Vec::new(),
            symbology: None,
        }
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub(crate) fn field(&mut self, code: &str, value: &str) {
        self.fields.push(Field { code: code.to_owned(), value: value.to_owned(), title: "" });
    }

    /// Takes over what a second symbol says.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.lot = self.lot.take().or(other.lot);
        self.serial = self.serial.take().or(other.serial);
        self.expiry = self.expiry.or(other.expiry);
        self.manufactured = self.manufactured.or(other.manufactured);
        self.quantity = self.quantity.or(other.quantity);
        self.fields.extend(other.fields);
        for warning in other.warnings {
            self.warn(warning);
        }
    }
}
