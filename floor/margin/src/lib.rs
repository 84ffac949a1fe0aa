//! The margin: what people add to any record, beside what its room keeps of it.
//!
//! A room names the kinds of records of its own that have a margin ([`Nouns::join`]) and shows the margin's sections on
//! their pages; it knows nothing else of what is written there. `README.md` beside says what is promised.

pub mod comment;
pub mod document;
mod history;
pub mod label;
mod limits;
mod noun;
mod people;
pub mod permit;
mod posted;
mod sections;
mod sight;

pub use history::{Before, entry, life};
pub use limits::Limits;
pub use noun::{Find, Noun, Nouns, Subject};
pub use people::{Known, Named, People};
pub use sections::Margin;

use db::{File, RoomSchema};
use web::{MenuGroup, MenuItem, Room, Route, look::Icon};

/// The tables and statements.
pub const SCHEMA: RoomSchema = RoomSchema {
    room: "margin",
    number: 50,
    files: &[
        File::both(1, "document", include_str!("../migrations/0001_document.sql")),
        File::both(2, "comment", include_str!("../migrations/0002_comment.sql")),
        File::both(3, "label", include_str!("../migrations/0003_label.sql")),
    ],
    unrecorded: &[
        ("stored_file", "bytes by their content; the documents that name them are on record"),
        ("stored_sum", "derived from the files"),
        ("label_count", "derived from the labels that records wear"),
        ("mention", "who has seen what mentions them; whom a comment mentions is on record with it"),
    ],
    statements: &[
        comment::history::ALL,
        comment::store::ALL,
        document::history::ALL,
        document::store::ALL,
        label::history::ALL,
        label::store::ALL,
    ],
    truths: db::check::Truths {
        tallies: &[],
        searched: &[],
        files: document::store::FILES,
        checks: &[document::store::check, label::store::check],
    },
    records: &[
        comment::store::RECORD,
        document::store::RECORD,
        label::store::RECORD,
        label::store::LABELLING,
    ],
};

/// The margin, for the list of rooms.
pub fn room() -> Room {
    let routes: Vec<Route> = [
        comment::pages::routes(),
        comment::api::routes(),
        comment::mention_routes(),
        document::pages::routes(),
        document::api::routes(),
        label::pages::routes(),
        label::api::routes(),
    ]
    .into_iter()
    .flatten()
    .collect();
    Room {
        name: "margin",
        schema: SCHEMA,
        routes,
        permits: permit::ALL,
        menu: menu(),
        jobs: Vec::new(),
        duties: Vec::new(),
        sights: sight::sights(),
        answers: |_| {},
    }
}

fn menu() -> Vec<MenuItem> {
    vec![MenuItem {
        group: MenuGroup::Work,
        label: "Mentions",
        href: "/mentions",
        icon: Icon::Inbox,
        permit: permit::MENTION_VIEW,
        on_phone: true,
        count: Some(comment::unread),
    }]
}
