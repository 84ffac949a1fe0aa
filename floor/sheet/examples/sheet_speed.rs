//! How long 100,000 rows take to read: `cargo run --release -p sheet --example sheet_speed`.

use std::{io, time::Instant};

use sheet::{Reader, Writer};

fn main() -> io::Result<()> {
    let mut writer = Writer::new(Vec::new());
    writer.write((0..20).map(|i| format!("column {i}")))?;
    for row in 0..100_000 {
        writer.write((0..20).map(|i| match i {
            0 => format!("NH-{row:06}"),
            7 => format!("a note, with \"quotes\" on row {row}"),
            _ => format!("value {i} {}", row % 977),
        }))?;
    }
    let bytes = writer.finish()?;
    for _ in 0..3 {
        let begun = Instant::now();
        let reader = Reader::open(bytes.as_slice()).map_err(io::Error::other)?;
        let rows = reader.filter(Result::is_ok).count();
        let seconds = begun.elapsed().as_secs_f64();
        let rate = bytes.len() as f64 / 1e6 / seconds;
        println!("{rows} rows, {:.1} MB in {seconds:.3} s, {rate:.0} MB/s", bytes.len() as f64 / 1e6);
    }
    Ok(())
}
