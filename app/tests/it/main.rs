//! The whole house in process: rights, and the rules every route and statement keeps; and the program itself, as it is
//! called from a terminal.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must stop")]

mod api;
mod as_of;
mod away;
mod backup;
mod bucket;
mod cluster;
mod crash;
mod demonstration;
mod disk;
mod full_disk;
mod hospital;
mod matrix;
mod past;
mod places;
mod plans;
mod postgres_tls;
mod program;
mod ready;
mod rights;
mod rules;
mod sealing;
mod servers;
mod showing;
mod store;
mod tamper;
mod terminal;
mod tls;
mod upgrade;
mod walls;
