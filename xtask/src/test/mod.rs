//! `cargo xtask test`: the one command that runs all tests, on a fresh machine too.

pub mod browser;
mod tally;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::needs::{self, BrowserTools, Missing};
use crate::postgres::{Durability, Postgres};
use crate::process;
use crate::workspace::Workspace;

use tally::Tally;

/// Which tests, and what to do without.
#[derive(clap::Args)]
pub struct Args {
    /// Add the tests that take hours
    #[arg(long)]
    long: bool,
    /// Do without a suite that this machine cannot run
    #[arg(long, value_enum, value_name = "SUITE", value_delimiter = ',')]
    without: Vec<Suite>,
    /// Never install packages; name what is missing instead
    #[arg(long)]
    no_install: bool,
    /// Arguments for cargo test, which then runs alone: `-- -p fleet`, `-- -p fleet -- state`
    #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
    cargo: Vec<String>,
}

/// A part of the tests that needs more of the machine than a Rust toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Suite {
    /// The store tests on PostgreSQL
    Postgres,
    /// The journeys in Chromium
    Browser,
}

/// Where the PostgreSQL of this run is.
enum Server {
    /// Waived with `--without postgres`.
    None,
    /// `BATON_TEST_POSTGRES` was set by the caller, who also cleans up.
    Given,
    /// Ours to start: the folder of its programs.
    Own(PathBuf),
}

impl Args {
    fn waived(&self, suite: Suite) -> bool {
        self.without.contains(&suite)
    }

    /// The arguments pick some of cargo's tests, so the journeys are not wanted.
    fn narrowed(&self) -> bool {
        !self.cargo.is_empty()
    }
}

/// Prepares, runs, sums up. `Ok(false)` when a test failed or a suite could not run.
pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let (server, tools) = match prepare(workspace, args) {
        Ok(found) => found,
        Err(missing) => {
            for entry in &missing {
                eprintln!("\n{}", entry.message());
            }
            return Ok(false);
        }
    };
    let mut notes = Vec::new();
    let postgres = match server {
        Server::Own(programs) => Some(Postgres::start(&programs, &workspace.target, Durability::None)?),
        Server::Given | Server::None => None,
    };
    let environment = environment(workspace, args, postgres.as_ref(), &mut notes);
    let mut tally = Tally::default();
    let mut good = cargo_tests(workspace, args, &environment, &mut tally)?;
    if let Some(tools) = &tools {
        // The journeys run even after failures: one run should show everything that is wrong.
        good &= browser::run(workspace, tools, &environment, &mut tally)?;
    } else if args.narrowed() {
        notes.push("browser: not run, the arguments pick tests of cargo's".into());
    } else if args.waived(Suite::Browser) {
        notes.push("browser: not run, waived with --without browser".into());
    } else {
        notes.push("browser: there are no journeys yet (browser/journeys/*.test.mjs)".into());
    }
    drop(postgres);
    for note in &notes {
        println!("{note}");
    }
    println!("{}", if good { "every suite that ran passed" } else { "FAILED, see above" });
    tally.print();
    Ok(good && tally.failed() == 0)
}

/// Everything missing is named at once, before an hour of tests is spent.
fn prepare(workspace: &Workspace, args: &Args) -> Result<(Server, Option<BrowserTools>), Vec<Missing>> {
    let may_install = !args.no_install;
    let mut missing = Vec::new();
    let server = if args.waived(Suite::Postgres) {
        Server::None
    } else if std::env::var_os("BATON_TEST_POSTGRES").is_some() {
        Server::Given
    } else {
        match needs::postgres(may_install, &workspace.target) {
            Ok(programs) => Server::Own(programs),
            Err(entry) => {
                missing.push(entry);
                Server::None
            }
        }
    };
    let mut tools = None;
    if !args.waived(Suite::Browser) && !args.narrowed() && browser::has_journeys(workspace) {
        match needs::browser(may_install, &workspace.target) {
            Ok(found) => tools = Some(found),
            Err(entries) => missing.extend(entries),
        }
    }
    if missing.is_empty() { Ok((server, tools)) } else { Err(missing) }
}

/// What the tests are told, with a line for the reader about each choice.
fn environment(
    workspace: &Workspace,
    args: &Args,
    postgres: Option<&Postgres>,
    notes: &mut Vec<String>,
) -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    if let Some(postgres) = postgres {
        variables.push(("BATON_TEST_POSTGRES", postgres.url()));
        notes.push(format!("postgres: private {}", postgres.version()));
    } else if args.waived(Suite::Postgres) {
        variables.push(("BATON_WITHOUT_POSTGRES", "1".into()));
        notes.push("postgres: store tests ran on SQLite only, waived with --without postgres".into());
    } else {
        notes.push("postgres: the one BATON_TEST_POSTGRES names".into());
    }
    match corpus(workspace) {
        Some(folder) => {
            notes.push("corpus: public data found".into());
            variables.push(("BATON_CORPUS", folder));
        }
        None => notes.push("corpus: tests on public data were skipped, BATON_CORPUS is not set".into()),
    }
    if args.long {
        variables.push(("BATON_LONG", "1".into()));
    }
    variables
}

/// The folder of public data: the one named, else the one beside the checkout.
fn corpus(workspace: &Workspace) -> Option<String> {
    if let Ok(named) = std::env::var("BATON_CORPUS") {
        return Some(named);
    }
    let beside = workspace.root.join("../shared/data").canonicalize().ok()?;
    Some(beside.to_string_lossy().into_owned())
}

fn cargo_tests(
    workspace: &Workspace,
    args: &Args,
    environment: &[(&'static str, String)],
    tally: &mut Tally,
) -> Result<bool> {
    let mut command = process::cargo();
    command.arg("test").current_dir(&workspace.root).envs(environment.iter().cloned());
    let split = args.cargo.iter().position(|word| word == "--").unwrap_or(args.cargo.len());
    let (for_cargo, for_tests) = args.cargo.split_at(split);
    if !picks_packages(for_cargo) {
        command.arg("--workspace");
    }
    // The defaults of `cargo test` are what we want: unit, integration and documentation tests, examples built,
    // no benchmarks, the dev profile.
    command.arg("--no-fail-fast").args(for_cargo).args(for_tests);
    let status = watch(&mut command, tally, Tally::read_cargo)?;
    Ok(status)
}

fn picks_packages(words: &[String]) -> bool {
    words.iter().any(|word| {
        word.starts_with("-p") || word.starts_with("--package") || word == "--workspace" || word == "--all"
    })
}

fn watch(command: &mut Command, tally: &mut Tally, read: fn(&mut Tally, &str)) -> Result<bool> {
    Ok(process::watch(command, |line| read(tally, line))?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_pick_packages_replace_the_whole_workspace() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(picks_packages(&words("-p fleet")));
        assert!(picks_packages(&words("--package=fleet")));
        assert!(!picks_packages(&words("--release")));
        assert!(!picks_packages(&words("state_machine")));
    }
}
