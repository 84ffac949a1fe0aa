//! The manners of Baton's pages: how they look and how their files are served.
//!
//! * [`assets`] embeds the stylesheet, script, typeface and marks, and serves them under names
//!   that carry a hash of their content, so that a browser may keep them for a year.
//! * [`look`] holds the components every page is made of. They are pure functions from data to
//!   markup: no database, no session, no request. A page engineer feeds data and gets a page that
//!   reads well on a desktop, on a phone, in the dark and on paper, with and without script.
//!
//! No hospital rule lives here.

pub mod assets;
pub mod look;
