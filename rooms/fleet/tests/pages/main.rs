//! The fleet's pages through the front door, and its store and invariants on both engines.

mod catalogue;
mod forms;
mod house;
mod invariants;
mod lists;
mod record;
