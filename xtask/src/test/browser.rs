//! The journeys in a real browser against the real program.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::tally::Tally;
use super::watch;
use crate::needs::BrowserTools;
use crate::process;
use crate::workspace::Workspace;

/// Whether there is anything to run.
pub fn has_journeys(workspace: &Workspace) -> bool {
    fs::read_dir(workspace.root.join("browser/journeys"))
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().ends_with(".test.mjs"))
}

/// Builds the program, installs the scripts' packages, runs the journeys.
pub fn run(
    workspace: &Workspace,
    tools: &BrowserTools,
    environment: &[(&'static str, String)],
    tally: &mut Tally,
) -> Result<bool> {
    let mut command = script(workspace, tools, "run.mjs")?;
    command.envs(environment.iter().cloned());
    watch(&mut command, tally, Tally::read_node)
}

/// A Node script of `browser/` with what all of them are told: the program and the browser.
pub fn script(workspace: &Workspace, tools: &BrowserTools, name: &str) -> Result<Command> {
    if !workspace.has("baton") {
        bail!("browser/{name} drives the program `baton`, and the workspace has no such package yet");
    }
    let folder = workspace.root.join("browser");
    install_packages(&folder)?;
    // The dev profile: what the tests have just built is linked once more and nothing else is compiled.
    // As the cargo tests built it: `cargo build` would choose other features and compile half the house again.
    process::run(process::cargo().args(["test", "--workspace", "--no-run"]).current_dir(&workspace.root))?;
    let mut command = Command::new("node");
    command.arg(name).current_dir(&folder);
    command.env("BATON_BIN", workspace.target.join("debug/baton"));
    command.env("BATON_CHROMIUM", &tools.chromium);
    Ok(command)
}

/// `npm ci` when the lock file is another than the one last installed.
fn install_packages(folder: &Path) -> Result<()> {
    let lock = fs::read(folder.join("package-lock.json"))?;
    let installed = folder.join("node_modules/.installed-lock.json");
    if fs::read(&installed).is_ok_and(|last| last == lock) {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command
        .args(["ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", "--include=dev"])
        .current_dir(folder);
    process::run(&mut command)?;
    fs::write(installed, lock)?;
    Ok(())
}
