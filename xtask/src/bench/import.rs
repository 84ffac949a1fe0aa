//! A file of devices into an organisation that has none.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Bench, Figure, server};
use crate::process;

const HEADER: &str = "Asset tag,Serial number,Manufacturer,Model,Device type,Site,Department,Location,Status,\
                      Acquired on,Purchase price,Notes";
const MAKERS: &[&str] =
    &["Northlight Medical", "Veda Systems", "Harbour Instruments", "Ostwald & Sohn", "Kestrel"];
const TYPES: &[&str] =
    &["Infusion pump", "Patient monitor", "Defibrillator", "Ventilator", "Ultrasound scanner"];
const SITES: &[&str] = &["Main hospital", "West clinic", "Harbour clinic"];
const UNITS: &[&str] = &["Intensive care", "Surgery", "Emergency", "Radiology", "Paediatrics", "Cardiology"];

/// The scenario.
pub fn run(bench: &Bench<'_>) -> Result<Vec<Figure>> {
    let program = bench.program()?;
    let rows = bench.args.rows;
    let file = bench.folder.join(format!("import-{rows}.csv"));
    write_file(&file, rows)?;
    // A demonstration hospital of one device is an organisation that is set up and otherwise nearly empty.
    let folder = bench.folder.join("import");
    let mut demo = Command::new(&program);
    demo.args(["demo", "--fresh", "--no-serve", "--devices", "1", "--data-dir"]).arg(&folder);
    process::run(&mut demo)?;
    let database = format!("sqlite://{}", server::database(&folder)?.display());
    let mut command = Command::new(&program);
    command.args(["import", "devices"]).arg(&file).args([
        "--create-sites",
        "--json",
        "--database",
        &database,
    ]);
    let started = Instant::now();
    let printed = process::read(&mut command)?;
    let seconds = started.elapsed().as_secs_f64();
    let report: Value = printed
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok())
        .context("`baton import devices --json` printed no JSON line")?;
    fs::remove_file(&file)?;
    let figure = Figure::new("csv_import", seconds, "s").at_most(15.0 * f64::from(rows) / 100_000.0);
    let detail = serde_json::json!({ "rows": rows, "report": report });
    Ok(vec![figure.detail(detail), Figure::new("csv_import_rows", f64::from(rows) / seconds, "1/s")])
}

/// Rows as a hospital's own list has them: many devices of few models, some cells empty.
fn write_file(path: &Path, rows: u32) -> Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "{HEADER}")?;
    for number in 0..rows {
        writeln!(out, "{}", row(number))?;
    }
    out.flush()?;
    Ok(())
}

fn row(number: u32) -> String {
    let pick = |list: &'static [&'static str], divisor: u32| {
        let index = usize::try_from(number / divisor).unwrap_or_default() % list.len();
        list.get(index).copied().unwrap_or_default()
    };
    let maker = pick(MAKERS, 1);
    let kind = pick(TYPES, 5);
    let model = format!("{}-{}", kind.get(..2).unwrap_or_default().to_uppercase(), 100 + number % 40);
    let location = format!("Room {}", 100 + number % 300);
    let acquired = format!("20{:02}-{:02}-{:02}", 10 + number % 15, 1 + number % 12, 1 + number % 28);
    let price = format!("{}.{:02}", 500 + number % 40_000, number % 100);
    let note = if number.is_multiple_of(7) { "\"moved, see list\"" } else { "" };
    let (site, unit) = (pick(SITES, 25), pick(UNITS, 75));
    format!(
        "B{number:06},SN{:08},{maker},{model},{kind},{site},{unit},{location},In service,{acquired},{price},{note}",
        number.wrapping_mul(7_919) % 100_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_cell_for_every_column_and_its_own_tag() {
        let columns = HEADER.split(',').count();
        for number in [0, 1, 7, 99_999] {
            let row = row(number).replace("\"moved, see list\"", "moved");
            assert_eq!(row.split(',').count(), columns, "{row}");
            assert!(row.starts_with(&format!("B{number:06},")));
        }
    }
}
