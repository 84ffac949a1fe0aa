//! The check of a sealed record: every batch, every event, every row.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Bench, Figure, server};
use crate::process;

/// The most seconds that ten million events may take.
const LIMIT: f64 = 60.0;
const LIMIT_EVENTS: f64 = 10_000_000.0;

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let program = bench.program()?;
    let devices = bench.args.devices.to_string();
    let folder = bench.folder.join(format!("demo-{devices}"));
    let mut demo = Command::new(&program);
    demo.args(["demo", "--no-serve", "--devices", &devices, "--data-dir"]).arg(&folder);
    process::run(&mut demo)?;
    let database = format!("sqlite://{}", server::database(&folder)?.display());
    let audit = |command: &str| -> Result<(Value, f64)> {
        let started = Instant::now();
        let mut call = Command::new(&program);
        call.args(["audit", command, "--json", "--database", &database]);
        let printed = process::read(&mut call)?;
        let last = printed.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        Ok((last.context("`baton audit` printed no JSON line")?, started.elapsed().as_secs_f64()))
    };
    let (sealed, sealing) = audit("seal")?;
    let (account, seconds) = audit("verify")?;
    let account = account["organisations"][0].clone();
    let events = account["sealed_events"].as_f64().context("no sealed_events")?;
    let detail = serde_json::json!({
        "events": events, "rows": account["rows"], "batches": account["batches"], "faults": account["faults"],
    });
    let mut figures = vec![
        Figure::new("audit_verify", seconds, "s").at_most(LIMIT * events / LIMIT_EVENTS).detail(detail),
        Figure::new("audit_verify_events", events / seconds, "1/s"),
    ];
    if sealed["sealed"].as_f64().is_some_and(|n| n > 0.0) {
        figures.push(Figure::new("audit_seal", sealing, "s").detail(sealed));
    }
    Ok(figures)
}
