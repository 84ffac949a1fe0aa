//! Baton: healthcare technology management in one program.
//!
//! `baton demo` shows a demonstration hospital, `baton serve` serves a real one, the other commands do from a
//! terminal what pages do. Every command explains itself with `--help`. The program is a library so that its
//! tests can put the whole house together in process.

// Printing ends no command: see `cli::out`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod arenas;
mod backup;
pub mod cli;
pub mod config;
pub mod front;
mod logs;
mod notify;
mod ops;
mod proxy;
pub mod rooms;
mod sealing;
mod shelf;
pub mod upgrade;
