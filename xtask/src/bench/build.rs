//! How long a newcomer's first build takes, downloads aside.

use std::fs;
use std::time::Instant;

use anyhow::Result;

use super::{Bench, Figure};
use crate::process;

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let mut fetch = process::cargo();
    process::run(fetch.arg("fetch").current_dir(&bench.workspace.root))?;
    let target = bench.folder.join("cold-build");
    let _ = fs::remove_dir_all(&target);
    let mut command = process::cargo();
    command.args(["build", "--release"]).current_dir(&bench.workspace.root).env("CARGO_TARGET_DIR", &target);
    let started = Instant::now();
    let result = process::run(&mut command);
    let seconds = started.elapsed().as_secs_f64();
    let _ = fs::remove_dir_all(&target);
    result?;
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let detail = serde_json::json!({ "cores": cores });
    Ok(vec![Figure::new("cold_release_build", seconds, "s").at_most(480.0).detail(detail)])
}
