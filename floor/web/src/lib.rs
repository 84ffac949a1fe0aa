//! The manners of Baton's pages: how they look and how their files are served.
//!
//! * [`assets`] embeds the stylesheet, script, typeface and marks, and serves them under names
//!   that carry a hash of their content, so that a browser may keep them for a year.
//! * [`look`] holds the components every page is made of. They are pure functions from data to
//!   markup: no database, no session, no request. A page engineer feeds data and gets a page that
//!   reads well on a desktop, on a phone, in the dark and on paper, with and without script.
//!
//! No hospital rule lives here.

pub mod api;
mod app;
pub mod assets;
pub mod cookie;
mod ctx;
pub mod download;
pub mod duty;
pub mod form;
mod guard;
pub mod look;
pub mod past;
mod room;
mod serve;
mod stop;
mod tls;
pub mod worker;

pub use app::{App, Door, House, OrgFacts, Visitor};
pub use ctx::{Ctx, Guest, Page, Reply};
pub use duty::Duty;
pub use form::Form;
pub use room::{Count, Gate, JobKind, MenuGroup, MenuItem, Room, Route};
pub use serve::{redirecting, router, serve};
pub use stop::Stop;
pub use tls::Tls;

/// What the floor itself serves.
pub fn routes() -> Vec<Route> {
    let mut all = api::routes();
    all.extend(past::routes());
    all
}
