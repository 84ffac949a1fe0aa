//! The whole house in process: rights, and the rules every route and statement keeps.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod full_disk;
mod hospital;
mod matrix;
mod plans;
mod rights;
mod rules;
