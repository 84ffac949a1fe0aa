//! `cargo xtask check`: what one runs after each edit, cheapest first.

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{process, tidy};

/// Formatting, house rules, clippy. Stops at the first that finds something.
pub fn run(workspace: &Workspace) -> Result<bool> {
    let mut format = process::cargo();
    format.args(["fmt", "--all", "--", "--check"]).current_dir(&workspace.root);
    if !process::succeeds(&mut format)? {
        eprintln!("remedy: cargo fmt --all");
        return Ok(false);
    }
    if !tidy::run(workspace, &tidy::Args::default())? {
        return Ok(false);
    }
    let mut clippy = process::cargo();
    clippy
        .args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
        .current_dir(&workspace.root);
    process::succeeds(&mut clippy)
}
