//! Reading a file of devices: which column is what, and what each row says.
//!
//! **Invariant:** nothing here guesses. A header that may mean two things is marked to be checked, a date or an
//! amount that can be read two ways refuses its row with the choice that would settle it, and every row of the
//! file gets exactly one verdict.

mod api;
mod cell;
pub mod columns;
pub mod names;
mod pages;
pub mod row;
pub mod run;
mod words_of;
pub mod work;

pub use cell::{
    amount::AmountStyle,
    date::{DateOrder, When},
};
pub use columns::{Field, Mapping, MappingError, Match};
pub use pages::routes;
pub use row::{Draft, Options, RowProblem, RowVerdict, Seen, Severity, Survey, Words, parse};
pub use run::{Counts, ImportRun, RunState, Setup, Verdict};
pub use work::{Work, drive, jobs};
