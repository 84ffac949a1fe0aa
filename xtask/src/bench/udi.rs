//! Device identifiers of every form, as scanners and registers give them, read one after the other.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};

use super::{Bench, Figure};

/// Codes in the file.
const CODES: u32 = 2_000_000;
/// The fewest that are read a second.
const LEAST: f64 = 500_000.0;

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let program = bench.program()?;
    let file = bench.folder.join("udi.txt");
    let mut to = BufWriter::new(File::create(&file)?);
    for number in 0..CODES {
        writeln!(to, "{}", code(number))?;
    }
    to.into_inner()?.sync_all()?;
    let mut parse = Command::new(program);
    parse.args(["udi", "parse", "--year", "2026"]).stdin(File::open(&file)?).stdout(Stdio::null());
    let started = Instant::now();
    let ended = parse.status()?;
    let seconds = started.elapsed().as_secs_f64();
    fs::remove_file(&file)?;
    if !ended.success() {
        bail!("`baton udi parse` ended with {ended}");
    }
    let detail = serde_json::json!({ "codes": CODES });
    Ok(vec![Figure::new("udi_codes", f64::from(CODES) / seconds, "1/s").at_least(LEAST).detail(detail)])
}

/// One of ten forms: three with separators, two without that can be read in one way or in several, a bracketed one, a link,
/// a number alone, and two of HIBCC.
fn code(number: u32) -> String {
    let item = gtin(number);
    let serial = number % 100_000;
    match number % 10 {
        0..=2 => format!("]d201{item}17290331^10L{serial:05}^21SN{number:08}"),
        3 => format!("01{item}17290331"),
        4 => format!("01{item}1729033110L2{serial:05}"),
        5 => format!("(01){item}(17)290331(10)L{serial:05}(21)SN{number:08}"),
        6 => format!("https://id.gs1.org/01/{item}/10/L{serial:05}?17=290331"),
        7 => item,
        8 => hibc(&format!("+B999P{serial:05}1")),
        _ => hibc(&format!("+B999P{serial:05}1/$$3290331L{serial:05}/SSN{number:08}")),
    }
}

/// A GTIN of fourteen digits with its check digit (GS1 General Specifications 7.9).
fn gtin(number: u32) -> String {
    let body = format!("1061414{:06}", number % 1_000_000);
    let sum: u32 =
        body.bytes().rev().zip([3, 1].into_iter().cycle()).map(|(b, w)| u32::from(b - b'0') * w).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// A symbol with its check character (ANSI/HIBC 2.6, appendix B).
fn hibc(text: &str) -> String {
    const SET: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
    let sum: usize = text.bytes().filter_map(|b| SET.iter().position(|c| *c == b)).sum();
    format!("{text}{}", SET.get(sum % 43).copied().map_or(' ', char::from))
}
