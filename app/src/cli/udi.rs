//! `baton udi …`

use std::io::{self, BufRead as _, BufReader, BufWriter, ErrorKind, Read, Write};

use anyhow::Context as _;
use clap::Subcommand;
use kernel::{Instant, TimeZone};

/// Commands about unique device identifiers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read codes from standard input, one a line, and print what each says as a line of JSON.
    ///
    /// GS1 element strings with separators (byte 29 or ^) or without, in brackets, as links; HIBCC; ICCBBA; numbers alone.
    Parse(Parse),
}

/// How codes are read.
#[derive(Debug, clap::Args)]
pub struct Parse {
    /// The present year: two digits of a year are understood as the year nearest to it. Without it, this machine's.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1950..=9000))]
    year: Option<u16>,
}

/// Runs one of them.
///
/// # Errors
/// When standard input or output fails.
pub fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Parse(Parse { year }) = command;
    let now = match year {
        Some(year) => *year,
        None => u16::try_from(Instant::machine_now().date_in(&TimeZone::UTC).year())
            .context("this machine’s clock shows no year of ours; say it with --year")?,
    };
    let from = BufReader::with_capacity(BUFFER, io::stdin().lock());
    let to = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    match parse(from, to, now) {
        // Whoever read has what it wanted.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.context("reading codes and printing what they say"),
    }
}

/// Bytes read and written at once.
const BUFFER: usize = 1 << 16;

fn parse(mut from: BufReader<impl Read>, mut to: impl Write, now: u16) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.read_until(b'\n', &mut line)? == 0 {
            return to.flush();
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text));
        serde_json::to_writer(&mut to, &::udi::parse(&text, now))?;
        to.write_all(b"\n")?;
        // Whoever sends one code and waits for what it says is answered.
        if from.buffer().is_empty() {
            to.flush()?;
        }
    }
}
