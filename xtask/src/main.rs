//! The project's own tool: `cargo xtask <command>`.
//!
//! It precedes everything else, so it depends on little, builds in seconds, and needs nothing on the machine
//! beyond git and the Rust toolchain. What the tests need on top of that, `test` sets up itself.

mod bench;
mod check;
mod install;
mod needs;
mod postgres;
mod process;
mod release;
mod scaffold;
mod shots;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Tests, house rules, skeletons and measurements of the Baton workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every test, setting up PostgreSQL, Chromium and Node on the way
    Test(test::Args),
    /// The fast inner loop: formatting, house rules, clippy with warnings denied
    Check,
    /// The house rules: sizes, names, layers, SQL, markup, words
    Tidy(tidy::Args),
    /// Write the skeleton of something new
    New(scaffold::Args),
    /// Measure; one JSON line a figure
    Bench(bench::Args),
    /// Take the screenshots of the documentation again
    Shots(shots::Args),
    /// Build the archive that people install, with its bill of materials and sums
    Release(release::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `false` means that the command did its work and found faults, which it has already printed.
fn run(cli: Cli) -> Result<bool> {
    let workspace = Workspace::open()?;
    match cli.command {
        Command::Test(args) => test::run(&workspace, &args),
        Command::Check => check::run(&workspace),
        Command::Tidy(args) => tidy::run(&workspace, &args),
        Command::New(args) => scaffold::run(&workspace, &args),
        Command::Bench(args) => bench::run(&workspace, &args),
        Command::Shots(args) => shots::run(&workspace, &args),
        Command::Release(args) => release::run(&workspace, &args),
    }
}
