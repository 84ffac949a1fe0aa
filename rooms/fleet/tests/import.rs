//! Importing files of devices into the store, on both engines.
#![expect(clippy::unwrap_used, reason = "shared steps of the tests")]

#[path = "importing/bad.rs"]
mod bad;
#[path = "importing/house.rs"]
mod house;
#[path = "importing/round.rs"]
mod round;
#[path = "importing/runs.rs"]
mod runs;
#[path = "ugly.rs"]
mod ugly;

use db::RoomSchema;

/// The tables that imports need.
const ROOMS: &[RoomSchema] = &[identity::SCHEMA, fleet::SCHEMA];
