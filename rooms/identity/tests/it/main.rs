//! Identity, on both engines and with every first commit failing.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must stop")]

mod accounts;
mod made;
mod pages;
mod people;
mod sites;
mod trees;

const ROOMS: &[db::RoomSchema] = &[identity::SCHEMA];
