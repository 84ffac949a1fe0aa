//! Lists of devices as they were known at a past instant.
//!
//! The record of changes says what each device was known to be at any instant, but not quickly which devices were, say, in
//! repair at one site: for that every life would have to be read. So the lives are filed by time ([`keep`]): for each
//! device the spans in which nothing of what lists ask for changed ([`span`]), with what it was and where it stood apart
//! from its state, which changes more often. A list of the past is read from the file ([`list`]) and its rows are shown
//! from the record itself.
//!
//! The file follows from the record alone and is written from there, never by the change itself. Whoever asks for a list
//! first has filed what was recorded meanwhile, so no list is older than the last few seconds.

mod ask;
mod check;
mod keep;
pub mod list;
mod source;
mod span;
mod store;
mod way;
mod words;

pub(crate) use check::{ALL as CHECKS, check};
pub(crate) use keep::duties;
pub use keep::{file, ready};
pub(crate) use store::ALL as STATEMENTS;
pub use store::{Filing, Known, devices_are_filed};
