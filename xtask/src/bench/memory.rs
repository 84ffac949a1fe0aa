//! What the program holds in memory while nobody asks it for anything.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use super::server::Demo;
use super::{Bench, Figure};

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    // Making the hospital takes memory that serving it does not.
    drop(Demo::start(&bench.program()?, &bench.folder.join("demo"), bench.args.devices)?);
    let demo = Demo::start(&bench.program()?, &bench.folder.join("demo"), bench.args.devices)?;
    sleep(Duration::from_secs(10));
    let figure = Figure::new("idle_resident_memory", demo.resident_megabytes()?, "MB").at_most(60.0);
    Ok(vec![figure.detail(serde_json::json!({ "devices": bench.args.devices }))])
}
