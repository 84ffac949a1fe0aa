//! The margin: what people add to any record, beside what its room keeps of it.
//!
//! A room names the kinds of records of its own that have a margin ([`Nouns::join`]) and shows the margin's sections on
//! their pages; it knows nothing else of what is written there. `README.md` beside says what is promised.

pub mod document;
mod history;
mod limits;
mod noun;
pub mod permit;
mod posted;
mod sight;

pub use history::{Before, entry, life};
pub use limits::Limits;
pub use noun::{Find, Noun, Nouns, Subject};

use db::{File, RoomSchema};
use web::{Room, Route};

/// The tables and statements.
pub const SCHEMA: RoomSchema = RoomSchema {
    room: "margin",
    number: 50,
    files: &[File::both(1, "document", include_str!("../migrations/0001_document.sql"))],
    unrecorded: &[
        ("stored_file", "bytes by their content; the documents that name them are on record"),
        ("stored_sum", "derived from the files"),
    ],
    statements: &[document::history::ALL, document::store::ALL],
    truths: db::check::Truths {
        tallies: &[],
        searched: &[],
        files: document::store::FILES,
        checks: &[document::store::check],
    },
    records: &[document::store::RECORD],
};

/// The margin, for the list of rooms.
pub fn room() -> Room {
    let routes: Vec<Route> =
        [document::pages::routes(), document::api::routes()].into_iter().flatten().collect();
    Room {
        name: "margin",
        schema: SCHEMA,
        routes,
        permits: permit::ALL,
        menu: Vec::new(),
        jobs: Vec::new(),
        duties: Vec::new(),
        sights: sight::sights(),
        answers: |_| {},
    }
}
