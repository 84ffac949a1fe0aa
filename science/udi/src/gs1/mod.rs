//! GS1: element strings as scanners give them, as people read them (in brackets), and as links.
//!
//! GS1 General Specifications 26, sections 3 and 7; the identifiers are those of the GS1 Barcode Syntax Dictionary.

mod dictionary;
mod element;
mod link;
mod lint;

pub use dictionary::Entry;
pub use element::{Element, Fault, GS, Link, Rules, brackets, elements, in_brackets, joined};
pub use link::{link, of_link};

pub(crate) use element::{company, separated};
pub(crate) use lint::CHECK_DIGIT;
