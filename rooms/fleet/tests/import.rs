//! Importing files of devices into the store, on both engines.
#![expect(clippy::unwrap_used, reason = "shared steps of the tests")]

#[path = "importing/bad.rs"]
mod bad;
#[path = "shared/counts.rs"]
mod counts;
#[expect(dead_code, reason = "the pages' tests have more to ask of it")]
#[path = "pages/house.rs"]
mod hospital;
#[path = "importing/house.rs"]
mod house;
#[path = "importing/names.rs"]
mod names;
#[path = "importing/pages.rs"]
mod pages;
#[path = "importing/round.rs"]
mod round;
#[path = "importing/runs.rs"]
mod runs;
#[path = "ugly.rs"]
mod ugly;
#[path = "importing/workbooks.rs"]
mod workbooks;

use db::RoomSchema;

/// The tables that imports need.
const ROOMS: &[RoomSchema] = &[identity::SCHEMA, fleet::SCHEMA];
