//! Reading a file of devices: which column is what, and what each row says.
//!
//! **Invariant:** nothing here guesses. A header that may mean two things is marked to be checked, a date or an
//! amount that can be read two ways refuses its row with the choice that would settle it, and every row of the
//! file gets exactly one verdict.

mod amount;
pub mod columns;
mod date;
mod draft;
mod names;
pub mod row;
mod seen;
mod words;

pub use amount::AmountStyle;
pub use columns::{Field, Mapping, MappingError, Match};
pub use date::{DateOrder, When};
pub use draft::Draft;
pub use row::{Options, RowProblem, RowVerdict, Severity, Survey, parse};
pub use seen::Seen;
