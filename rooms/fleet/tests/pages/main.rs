//! The fleet's pages through the front door, and its store and invariants on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]

mod acts;
mod catalogue;
mod comments;
#[path = "../shared/counts.rs"]
mod counts;
mod documents;
mod forms;
mod house;
mod invariants;
mod labels;
mod lists;
mod locations;
mod makers;
mod models;
mod record;
mod search;
mod views;
