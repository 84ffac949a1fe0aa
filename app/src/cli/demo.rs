//! `baton demo`

use std::{net::SocketAddr, path::PathBuf, time::Instant as Moment};

use anyhow::Context as _;
use db::{Db, Wall};
use kernel::{Clock, Date, Instant, TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Call;
use crate::{front, logs, ops};

/// Create a demonstration hospital and serve it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many devices it shall have.
    #[arg(long, default_value_t = 14_000, value_name = "N")]
    devices: u32,
    /// Folder that keeps it.
    #[arg(long, default_value = "./baton-demo", value_name = "FOLDER")]
    data_dir: PathBuf,
    /// Throw away what the folder keeps and begin anew.
    #[arg(long)]
    fresh: bool,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The demonstration's today, at which its history ends and its clock starts at 08:00.
    #[arg(long, default_value = "2026-10-13", value_name = "DATE")]
    today: Date,
    /// Create it and stop.
    #[arg(long)]
    no_serve: bool,
}

/// What the folder keeps beside the database.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    devices: u32,
    today: Date,
    password: String,
    sign_ins: Vec<SignIn>,
}

/// An account of the demonstration.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SignIn {
    name: String,
    email: String,
    role: String,
}

const FILE: &str = "baton.sqlite";
const NOTE: &str = "demo.json";

/// Creates the hospital if the folder does not hold it yet, and serves it on this machine only.
///
/// # Errors
/// When the folder cannot be used or the port is taken.
pub async fn run(mut call: Call, args: Args) -> anyhow::Result<()> {
    anyhow::ensure!(
        !call.database_named,
        "`baton demo` keeps its own database in --data-dir; leave --database out."
    );
    if call.config.log == "info" {
        "warn".clone_into(&mut call.config.log);
    }
    logs::begin(&call.config);
    ops::recorder();
    call.config.tls_in_front = false;
    call.config.listen = SocketAddr::from(([127, 0, 0, 1], args.port));
    // The port first: creating a hospital for nothing would be a pity.
    let listener = front::listen(call.config.listen).await?;
    call.config.database = format!("sqlite://{}", args.data_dir.join(FILE).display());
    if args.fresh {
        throw_away(&args.data_dir)?;
    }
    let (db, note) = open_or_create(&call, &args).await?;
    if args.no_serve {
        db.close().await;
        return Ok(());
    }
    let clock = Clock::starting_at(start(&db, args.today).await?);
    let house = front::build(db, clock, &call.config);
    announce(&call, listener.local_addr()?, &note);
    front::run(house, listener).await
}

async fn open_or_create(call: &Call, args: &Args) -> anyhow::Result<(Db, Note)> {
    let path = args.data_dir.join(NOTE);
    if let Ok(text) = std::fs::read_to_string(&path) {
        let note: Note = serde_json::from_str(&text)
            .with_context(|| format!("{} cannot be read; use --fresh.", path.display()))?;
        anyhow::ensure!(
            (note.devices, note.today) == (args.devices, args.today),
            "{} holds a demonstration of {} devices up to {}. Use --fresh to begin anew, or name another \
             --data-dir.",
            args.data_dir.display(),
            note.devices,
            note.today
        );
        return Ok((call.open().await?, note));
    }
    // A database without its note was left by a creation that did not finish.
    throw_away(&args.data_dir)?;
    let began = Moment::now();
    let db = call.open().await?;
    let options = demo::Options { devices: args.devices, today: args.today, ..demo::Options::default() };
    let quiet = call.json;
    let summary = demo::create(&db, &options, |words| {
        if !quiet {
            eprintln!("{words}");
        }
    })
    .await?;
    if !quiet {
        eprintln!(
            "Created {} devices with {} changes on record in {:.1} s.",
            summary.devices,
            summary.events,
            began.elapsed().as_secs_f64()
        );
    }
    let sign_ins = summary.sign_ins.into_iter().map(|who| SignIn {
        name: who.name,
        email: who.email,
        role: who.role.on_page().to_owned(),
    });
    let note = Note {
        devices: args.devices,
        today: args.today,
        password: demo::PASSWORD.to_owned(),
        sign_ins: sign_ins.collect(),
    };
    std::fs::write(&path, serde_json::to_string_pretty(&note)?)
        .with_context(|| format!("{} cannot be written.", path.display()))?;
    Ok((db, note))
}

/// Removes the files of an earlier demonstration, and nothing else.
fn throw_away(folder: &std::path::Path) -> anyhow::Result<()> {
    for name in [NOTE, FILE, "baton.sqlite-wal", "baton.sqlite-shm"] {
        let path = folder.join(name);
        if path.exists() {
            std::fs::remove_file(&path).with_context(|| format!("{} cannot be removed.", path.display()))?;
        }
    }
    Ok(())
}

/// 08:00 of the demonstration's today in New York, or just after the last change on record: time does not run
/// backwards when a demonstration is started a second time.
async fn start(db: &Db, today: Date) -> anyhow::Result<Instant> {
    let zone = TimeZone::get("America/New_York")?;
    let eight = Instant::of_civil(today.at(8, 0, 0, 0), &zone);
    let last =
        db::read!(db, Wall::All("the demonstration’s clock"), |tx| db::gate::last_recorded(tx).await)?;
    Ok(last.map_or(eight, |last| eight.max(last.plus_seconds(1))))
}

fn announce(call: &Call, address: SocketAddr, note: &Note) {
    let sign_ins: Vec<_> = note
        .sign_ins
        .iter()
        .map(|who| {
            json!({ "name": who.name, "email": who.email, "role": who.role, "password": note.password })
        })
        .collect();
    let value = json!({
        "ok": true,
        "url": format!("http://{address}"),
        "password": note.password,
        "sign_ins": sign_ins,
    });
    let mut words = format!("The demonstration hospital is at http://{address}\n\nSign in as\n");
    for who in &note.sign_ins {
        words.push_str(&format!("  {:<36} {:<18} {}\n", who.email, who.role, who.name));
    }
    words.push_str(&format!("with the password {}\n\nCtrl C stops it; the folder keeps it.", note.password));
    call.say(&value, &words);
}
