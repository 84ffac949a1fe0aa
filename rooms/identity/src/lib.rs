//! Identity: the organisation and its sites, their two trees, the people and what each may do where.
//!
//! Everything else in the house stands on this room. Rooms above read sites, places and departments here, and
//! get an [`kernel::Actor`] whose grants this room has opened up. `README.md` beside says what the room promises
//! and what it never does.

pub mod account;
mod ask;
pub mod department;
mod entry;
mod filled;
mod front;
pub mod grant;
mod home;
mod life;
mod named;
pub mod org;
pub mod permit;
pub mod person;
pub mod place;
mod sent;
pub mod session;
pub mod setup;
mod sight;
pub mod site;
pub mod tally;
pub mod token;
mod trace;
mod tree;

pub use front::Front;
pub use sent::Sent;
pub use setup::set_up_code;

use db::{File, RoomSchema};
use web::{MenuGroup, MenuItem, Room, Route, look::icon::Icon};

/// The room's tables and statements.
pub const SCHEMA: RoomSchema = RoomSchema {
    room: "identity",
    number: 2,
    files: &[
        File::both(1, "identity", include_str!("../migrations/0001_identity.sql")),
        File::both(2, "closed", include_str!("../migrations/0002_closed.sql")),
        File::both(3, "token", include_str!("../migrations/0003_token.sql")),
    ],
    unrecorded: &[
        ("session", "who is signed in now; sign-ins stand in the log"),
        ("sign_in", "when each person signed in first and last; the sign-ins stand in the log"),
        ("sign_in_try", "failures of the last minutes, forgotten after a while"),
        ("api_token_use", "when a token was last used, to the hour; its making and end are on record"),
        ("person_look", "how pages look to one person; no fact about the hospital"),
    ],
    statements: &[
        org::ALL,
        site::ALL,
        place::ALL,
        department::ALL,
        person::ALL,
        grant::ALL,
        session::ALL,
        account::ALL,
        token::ALL,
    ],
    truths: db::check::Truths::NONE,
    records: &[
        org::RECORD,
        site::RECORD,
        place::RECORD,
        department::RECORD,
        person::RECORD,
        grant::RECORD,
        token::RECORD,
    ],
};

/// The room, for the list in `app`.
pub fn room() -> Room {
    let routes: Vec<Route> = [
        home::routes(),
        setup::routes(),
        account::routes(),
        account::api::routes(),
        person::routes(),
        person::api::routes(),
        site::routes(),
        site::api::routes(),
        place::routes(),
        place::api::routes(),
        department::routes(),
        department::api::routes(),
        org::routes(),
        org::api::routes(),
        token::routes(),
    ]
    .into_iter()
    .flatten()
    .collect();
    Room {
        name: "identity",
        schema: SCHEMA,
        routes,
        permits: permit::ALL,
        menu: menu(),
        jobs: Vec::new(),
        duties: Vec::new(),
        sights: sight::sights(),
        answers: |kept| {
            kept.insert(margin::People(person::named));
        },
    }
}

fn menu() -> Vec<MenuItem> {
    let item = |label, href, icon, permit| MenuItem {
        group: MenuGroup::Settings,
        label,
        href,
        icon,
        permit,
        on_phone: false,
        count: None,
    };
    vec![
        item("People", "/people", Icon::Users, permit::PERSON_VIEW),
        item("Sites and places", "/sites", Icon::MapPin, permit::SITE_VIEW),
        item("Organisation", "/organisation", Icon::Settings, permit::ORG_MANAGE),
    ]
}
