//! Taking the fleet out as files that import back.
//!
//! Every file is written by `sheet::Writer`, so no cell is taken for a formula by a spreadsheet program, and each
//! is read back to the letter: the header of the list of devices is how an import knows our own export.

mod api;
pub(crate) mod around;
pub(crate) mod described;
pub mod folder;
mod list;
mod names;
mod nouns;

pub use list::routes;
