//! A backup of the served demonstration while people read its pages.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::browse::{Readers, Times};
use super::server::{self, Demo};
use super::{Bench, Figure};
use crate::process;

/// The most seconds that ten gigabytes may take.
const LIMIT: f64 = 180.0;
const LIMIT_BYTES: f64 = 10e9;
/// How much longer than without a backup nineteen of twenty pages may take.
const SLOWER: f64 = 2.0;

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let (program, devices) = (bench.program()?, bench.args.devices);
    let demo = Demo::start(&program, &bench.folder.join("demo"), devices)?;
    let database = server::database(&bench.folder.join(format!("demo-{devices}")))?;
    let (email, password) = demo.manager()?;
    let readers = Readers::new(demo.base(), (&email, &password), bench.args)?;
    let until = Instant::now() + Duration::from_secs(bench.args.seconds);
    let alone = whole(readers.read(&|| Instant::now() >= until)?)?;

    let shelf = bench.folder.join("backup");
    let _ = fs::remove_dir_all(&shelf);
    // The program makes no folder that it is to back up to: it could be where a disk should be mounted.
    fs::create_dir_all(&shelf)?;
    let bytes = fs::metadata(&database)?.len() as f64;
    let mut backup = Command::new(&program);
    backup.args(["db", "backup", "--to"]).arg(&shelf);
    backup.arg("--database").arg(format!("sqlite://{}", database.display()));
    let done = AtomicBool::new(false);
    let begun = AtomicBool::new(false);
    let (seconds, during) = thread::scope(|scope| {
        let backing_up = scope.spawn(|| -> Result<f64> {
            // People sign in first.
            while !begun.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(10));
            }
            let started = Instant::now();
            let ended = process::run(&mut backup);
            done.store(true, Ordering::SeqCst);
            ended.map(|()| started.elapsed().as_secs_f64())
        });
        let during = readers.read(&|| {
            begun.store(true, Ordering::SeqCst);
            done.load(Ordering::SeqCst)
        });
        begun.store(true, Ordering::SeqCst);
        let Ok(seconds) = backing_up.join() else { bail!("the backup panicked") };
        Ok((seconds?, whole(during?)?))
    })?;
    let _ = fs::remove_dir_all(&shelf);
    let detail = serde_json::json!({ "bytes": bytes, "devices": devices });
    let mut figures =
        vec![Figure::new("backup", seconds, "s").at_most(LIMIT * bytes / LIMIT_BYTES).detail(detail)];
    for (page, during) in during {
        let Some((_, alone)) = alone.iter().find(|(name, _)| *name == page) else {
            bail!("no {page} was read without the backup; give it more time with --seconds")
        };
        let detail = serde_json::json!({ "without": alone, "users": bench.args.users });
        figures.push(
            Figure::new(format!("{page}_p95_during"), during, "ms").at_most(alone * SLOWER).detail(detail),
        );
    }
    Ok(figures)
}

/// Pages that failed were not fast.
fn whole(times: Times) -> Result<Vec<(&'static str, f64)>> {
    if let Some(error) = &times.first_error {
        bail!("{} requests failed, the first: {error}", times.errors);
    }
    Ok(times.p95())
}
