//! `cargo xtask bench`: measurements of the release program, one JSON line a figure.
//!
//! Each line carries the disk's measured rate of durable writes, because the same program on another disk gives
//! other figures.

mod backup;
mod browse;
mod build;
mod client;
mod disk;
mod import;
mod memory;
mod server;
mod udi;
mod verify;
mod writes;

use std::cell::OnceCell;
use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::json;

use crate::process;
use crate::workspace::Workspace;

/// What to measure, and against what.
#[derive(clap::Args)]
pub struct Args {
    /// The scenarios to run; without any, all that are not marked "by name only" in --list
    names: Vec<String>,
    /// List the scenarios
    #[arg(long)]
    list: bool,
    /// Devices of the demonstration hospital
    #[arg(long, default_value_t = 100_000)]
    devices: u32,
    /// Rows of the file that is imported
    #[arg(long, default_value_t = 100_000)]
    rows: u32,
    /// People using the pages at once
    #[arg(long, default_value_t = 50)]
    users: u32,
    /// Measure this program instead of building one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Let the pages lie in a PostgreSQL of their own instead of SQLite
    #[arg(long)]
    postgres: bool,
    /// How long they use them, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    #[command(flatten)]
    pages: Pages,
}

/// Where the pages are and who reads them.
#[derive(clap::Args)]
struct Pages {
    /// Measure the pages of a server that runs already: http://HOST:PORT
    #[arg(long, value_name = "URL", requires = "email", requires = "password")]
    base: Option<String>,
    /// Sign in as; without it, the manager that `baton demo --json` names
    #[arg(long, env = "BATON_BENCH_EMAIL", requires = "password")]
    email: Option<String>,
    /// The password of --email
    #[arg(long, env = "BATON_BENCH_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// The list of devices
    #[arg(long, default_value = "/devices")]
    list_path: String,
    /// The list searched for {}
    #[arg(long, default_value = "/devices?q={}")]
    search_path: String,
    /// The short address of the device with the tag {}
    #[arg(long, default_value = "/d/{}")]
    tag_path: String,
}

/// One measurement, by name.
struct Scenario {
    name: &'static str,
    about: &'static str,
    by_name_only: bool,
    run: fn(&Bench<'_>) -> Result<Vec<Figure>>,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "fsync",
        about: "durable 4 KiB writes a second of this disk",
        by_name_only: false,
        run: disk::run,
    },
    Scenario {
        name: "idle-memory",
        about: "resident memory of the served demo after 10 s",
        by_name_only: false,
        run: memory::run,
    },
    Scenario {
        name: "pages",
        about: "lists, tag search, serial search and device page under --users people, and the memory this takes",
        by_name_only: false,
        run: browse::run,
    },
    Scenario {
        name: "writes",
        about: "changes a second, acknowledged and durable, 8 people, SQLite and PostgreSQL",
        by_name_only: false,
        run: writes::run,
    },
    Scenario { name: "import", about: "a CSV file of --rows devices", by_name_only: false, run: import::run },
    Scenario {
        name: "udi",
        about: "device identifiers read from a file and printed as JSON, on one core",
        by_name_only: false,
        run: udi::run,
    },
    Scenario {
        name: "verify",
        about: "the check of the sealed record of --devices",
        by_name_only: false,
        run: verify::run,
    },
    Scenario {
        name: "backup",
        about: "a backup of --devices on SQLite while --users people read (by name only; 500,000 are about ten gigabytes)",
        by_name_only: true,
        run: backup::run,
    },
    Scenario {
        name: "cold-build",
        about: "cargo build --release from nothing, in a folder of its own (by name only)",
        by_name_only: true,
        run: build::run,
    },
];

/// What the scenarios share.
struct Bench<'a> {
    workspace: &'a Workspace,
    args: &'a Args,
    /// Scratch space on the disk that is measured; emptied by nobody, ignored by git.
    folder: PathBuf,
    /// The release program, once it is built.
    built: OnceCell<PathBuf>,
}

/// One measured number with the number it should not miss.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    /// The most it may be.
    at_most: Option<f64>,
    /// The least it may be.
    at_least: Option<f64>,
    /// What else belongs to it: counts, errors.
    detail: serde_json::Value,
}

impl Figure {
    fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            at_most: None,
            at_least: None,
            detail: serde_json::Value::Null,
        }
    }

    fn at_most(self, limit: f64) -> Self {
        Self { at_most: Some(limit), ..self }
    }

    fn at_least(self, limit: f64) -> Self {
        Self { at_least: Some(limit), ..self }
    }

    fn detail(self, detail: serde_json::Value) -> Self {
        Self { detail, ..self }
    }

    fn line(&self, scenario: &str, fsyncs_per_second: f64) -> String {
        let mut line = json!({
            "scenario": scenario,
            "figure": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "fsyncs_per_second": rounded(fsyncs_per_second),
            "load": load(),
        });
        if let Some(limit) = self.at_most {
            line["at_most"] = json!(limit);
            line["met"] = json!(self.value <= limit);
        }
        if let Some(limit) = self.at_least {
            line["at_least"] = json!(limit);
            line["met"] = json!(self.value >= limit);
        }
        if !self.detail.is_null() {
            line["detail"] = self.detail.clone();
        }
        line.to_string()
    }
}

impl Bench<'_> {
    /// The release program, built first. The build is no part of any figure.
    fn program(&self) -> Result<PathBuf> {
        if let Some(program) = self.built.get().or(self.args.program.as_ref()) {
            return Ok(program.clone());
        }
        if !self.workspace.has("baton") {
            bail!("there is nothing to measure: the workspace has no package `baton` yet");
        }
        let mut command = process::cargo();
        command.args(["build", "--release", "-p", "baton"]).current_dir(&self.workspace.root);
        process::run(&mut command)?;
        Ok(self.built.get_or_init(|| self.workspace.target.join("release/baton")).clone())
    }
}

/// Runs the scenarios; one that cannot run is reported and does not keep the others from running.
pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    if args.list {
        for scenario in SCENARIOS {
            println!("{:<12} {}", scenario.name, scenario.about);
        }
        return Ok(true);
    }
    let chosen = choose(&args.names)?;
    let bench = Bench { workspace, args, folder: workspace.target.join("bench"), built: OnceCell::new() };
    fs::create_dir_all(&bench.folder)?;
    let fsyncs = disk::fsyncs_per_second(&bench.folder)?;
    let mut good = true;
    for scenario in chosen {
        match (scenario.run)(&bench) {
            Ok(figures) => {
                figures.iter().for_each(|figure| println!("{}", figure.line(scenario.name, fsyncs)))
            }
            Err(error) => {
                eprintln!("{}: not measured: {error:#}", scenario.name);
                good = false;
            }
        }
    }
    Ok(good)
}

fn choose(names: &[String]) -> Result<Vec<&'static Scenario>> {
    for name in names {
        if !SCENARIOS.iter().any(|scenario| scenario.name == name) {
            let known: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
            bail!("there is no scenario `{name}`; there are {}", known.join(", "));
        }
    }
    let wanted = |scenario: &&Scenario| {
        if names.is_empty() { !scenario.by_name_only } else { names.iter().any(|name| name == scenario.name) }
    };
    Ok(SCENARIOS.iter().filter(wanted).collect())
}

/// How many processes wanted to run in the last minute: on a machine that does other things, figures are worse.
fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_one_line_of_json_that_says_whether_it_was_met() {
        let line = Figure::new("list_page_p95", 31.256, "ms").at_most(30.0).line("pages", 812.5);
        let value: serde_json::Value = serde_json::from_str(&line).expect("one JSON value");
        assert_eq!((line.lines().count(), &value["value"], &value["met"]), (1, &json!(31.26), &json!(false)));
        assert_eq!(value["fsyncs_per_second"], json!(812.5));
        let line = Figure::new("durable_writes", 1_999.0, "1/s").at_least(2_000.0).line("writes", 812.5);
        let value: serde_json::Value = serde_json::from_str(&line).expect("one JSON value");
        assert_eq!((&value["at_least"], &value["met"]), (&json!(2_000.0), &json!(false)));
    }

    #[test]
    fn what_takes_long_runs_by_name_only() {
        let all = choose(&[]).expect("the usual ones");
        assert!(all.iter().all(|scenario| scenario.name != "cold-build"));
        assert_eq!(choose(&["cold-build".to_owned()]).expect("by name").len(), 1);
        assert!(choose(&["nonsense".to_owned()]).is_err());
    }
}
