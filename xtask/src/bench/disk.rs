//! How often a second this disk makes a small write durable: the ceiling of all acknowledged writes.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Bench, Figure};

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    Ok(vec![Figure::new("fsync", fsyncs_per_second(&bench.folder)?, "1/s")])
}

/// Appends 4 KiB and waits for the disk, again and again for a second.
pub fn fsyncs_per_second(folder: &Path) -> Result<f64> {
    let path = folder.join(format!("fsync-{}", std::process::id()));
    let mut file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let block = [0x5a_u8; 4096];
    let started = Instant::now();
    let mut written = 0_u32;
    while started.elapsed() < Duration::from_secs(1) {
        file.write_all(&block)?;
        file.sync_data()?;
        written += 1;
    }
    let rate = f64::from(written) / started.elapsed().as_secs_f64();
    fs::remove_file(&path)?;
    Ok(rate)
}
