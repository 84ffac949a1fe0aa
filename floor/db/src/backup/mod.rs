//! Backups: a whole database, its files with it, in a place of its own that says what it holds.
//!
//! Files that people add lie in the table `blob_piece`, so a copy of the database has them. A backup is the copy and a
//! [`Manifest`] beside it, in a folder or in an object store, and half of one is never taken for a whole one: a folder
//! is made under a name that begins with a dot, brought to the disk and only then renamed; in a store, the manifest is
//! put last, and what has none is no backup. `docs/adr/0008-backups-copy-frozen-pages.md` says why `SQLite` is copied
//! the way it is, `docs/adr/0013-object-stores.md` how a store is spoken to.

mod bucket;
mod compare;
mod copy;
mod drill;
mod facts;
mod folder;
mod keep;
mod make;
mod manifest;
pub mod note;
mod pieces;
mod postgres;
mod restore;
mod shelf;
mod sqlite;

pub use bucket::{Access, Keys};
pub use compare::{Compared, compare};
pub use drill::{Drilled, drill};
pub(crate) use facts::{orgs, rows, steps, tables};
pub use keep::{Keep, surplus};
pub use make::{Asked, make};
pub use manifest::{Manifest, Org, Part};
pub use restore::{Restored, restore};
pub use shelf::{Found, Shelf};

use kernel::Problem;

/// The only layout of a backup there is until now.
pub const FORMAT: u32 = 1;
/// The file in which a backup says what it holds.
pub const MANIFEST: &str = "manifest.json";

/// A refusal about a backup that is damaged or cannot be used by this program.
pub const UNUSABLE: &str = "backup.unusable";
/// A refusal because a place cannot be read or written.
pub const PLACE: &str = "backup.place";

/// A refusal to use a backup, with what would help.
fn unusable(words: impl Into<String>) -> Problem {
    Problem::conflict(UNUSABLE, words)
}

/// A place that cannot be read or written.
fn place(what: &str, path: &std::path::Path, error: &dyn std::fmt::Display) -> Problem {
    Problem::conflict(PLACE, format!("{what} {} ({error}).", path.display()))
}
