//! `baton demo`

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant as Moment,
};

use db::{Db, Found, Place, Wall};
use demo::{Held, SignIn};
use kernel::{Clock, Date, Instant, TimeZone};
use serde_json::{Value, json};

use super::{Call, out::note};
use crate::{config::shown, front, logs, ops, rooms};

/// Create a demonstration hospital and serve it on this machine only.
///
/// It lies in an embedded file in --data-dir, or in the database that --database names, which must be empty or hold
/// this demonstration already. BATON_DATABASE and the configuration file are left aside here: they name a real
/// hospital's database.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many devices it shall have.
    #[arg(long, default_value_t = 14_000, value_name = "N")]
    devices: u32,
    /// Folder that keeps it, instead of --database [default: ./baton-demo].
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Throw away the demonstration that is there and begin anew. Never throws anything else away.
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

impl Args {
    fn options(&self) -> demo::Options {
        demo::Options { devices: self.devices, today: self.today, ..demo::Options::default() }
    }
}

const FOLDER: &str = "./baton-demo";
const FILE: &str = "baton.sqlite";

/// Creates the hospital if its place does not hold it yet, and serves it on this machine only.
///
/// # Errors
/// When the place cannot be used or holds anything else, or the port is taken.
pub async fn run(mut call: Call, args: Args) -> anyhow::Result<()> {
    args.options().check()?;
    place(&mut call, &args)?;
    if call.config.log == "info" {
        "warn".clone_into(&mut call.config.log);
    }
    logs::begin(&call.config);
    ops::recorder();
    call.config.tls_in_front = false;
    // A demonstration does not lie among the backups of a hospital.
    call.config.backup_to = None;
    (call.config.tls_certificate, call.config.tls_key, call.config.redirect_from) = (None, None, None);
    call.config.listen = SocketAddr::from(([127, 0, 0, 1], args.port));
    if args.no_serve {
        let (db, sign_ins) = open_or_create(&call, &args).await?;
        db.close().await;
        let words = format!("The demonstration hospital is in {}.", shown(&call.config.database));
        call.say(&account(&call, &sign_ins), &words);
        return Ok(());
    }
    // The port first: creating a hospital for nothing would be a pity.
    let doors = front::Doors::open(&call.config).await?;
    let (db, sign_ins) = open_or_create(&call, &args).await?;
    let clock = Clock::starting_at(start(&db, args.today).await?);
    let sealer = crate::sealing::sealer(&db, &call.config).await?;
    let house = front::build(db, clock, &call.config, Some(sealer));
    announce(&call, &doors.url()?, &sign_ins);
    front::run(house, doors).await
}

/// Settles where the demonstration lies.
fn place(call: &mut Call, args: &Args) -> anyhow::Result<()> {
    if call.database_named {
        anyhow::ensure!(args.data_dir.is_none(), "Name --data-dir or --database, not both.");
        return Ok(());
    }
    if call.config.database != crate::config::Config::default().database {
        note!(
            "Leaving {} aside: without --database the demonstration keeps to its own folder.",
            shown(&call.config.database)
        );
    }
    let folder = args.data_dir.as_deref().unwrap_or(Path::new(FOLDER));
    call.config.database = format!("sqlite://{}", folder.join(FILE).display());
    Ok(())
}

/// Opens the demonstration that is there, or makes it. Whatever no demonstration made is refused and stays as it is.
async fn open_or_create(call: &Call, args: &Args) -> anyhow::Result<(Db, Vec<SignIn>)> {
    // Nothing is looked at, let alone thrown away, before the place is taken.
    let place = Place::take(&call.config.database)?;
    let held = match place.found().await? {
        Found::Nothing => Held::Nothing,
        Found::Baton => {
            let db = place.look().await?;
            let held = demo::held(&db).await;
            db.close().await;
            held?
        }
    };
    let name = shown(&call.config.database);
    match held {
        Held::Hospital(org) => anyhow::bail!(
            "{name} holds {org}, which is no demonstration. Nothing was changed. Name another --data-dir, or an \
             empty --database."
        ),
        Held::Whole(made, sign_ins) if !args.fresh => {
            anyhow::ensure!(
                (made.devices, made.today) == (args.devices, args.today),
                "{name} holds a demonstration of {0} devices up to {1}. Say `--devices {0} --today {1}` to open it, name \
                 another place to make one there, or throw it away and begin anew with --fresh.",
                made.devices,
                made.today
            );
            return Ok((place.open(&rooms::schemas()).await?, sign_ins));
        }
        Held::Nothing => {}
        Held::Whole(..) | Held::Begun => place.throw_away()?,
    }
    create(call, args, place).await
}

async fn create(call: &Call, args: &Args, place: Place) -> anyhow::Result<(Db, Vec<SignIn>)> {
    let began = Moment::now();
    // What was sealed of an earlier demonstration went with it.
    crate::sealing::forget(&call.config)?;
    let tell = |words: &str| {
        if !call.json {
            note!("{words}");
        }
    };
    let (options, schemas) = (args.options(), rooms::schemas());
    let (db, summary) = if place.found().await? == Found::Nothing {
        let fresh = place.fill(&schemas, demo::LARGE).await?;
        demo::create_fresh(fresh, &schemas, &options, tell).await?
    } else {
        let db = place.open(&schemas).await?;
        let summary = demo::create(&db, &options, tell).await?;
        (db, summary)
    };
    tell(&format!(
        "Created {} devices with {} changes on record in {:.1} s.",
        summary.devices,
        summary.events,
        began.elapsed().as_secs_f64()
    ));
    Ok((db, summary.sign_ins))
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

fn account(call: &Call, sign_ins: &[SignIn]) -> Value {
    let sign_ins: Vec<_> = sign_ins
        .iter()
        .map(|who| {
            let role = who.role.on_page();
            json!({ "name": who.name, "email": who.email, "role": role, "password": demo::PASSWORD })
        })
        .collect();
    json!({
        "ok": true,
        "database": shown(&call.config.database),
        "password": demo::PASSWORD,
        "sign_ins": sign_ins,
    })
}

fn announce(call: &Call, url: &str, sign_ins: &[SignIn]) {
    let mut value = account(call, sign_ins);
    value["url"] = json!(url);
    let mut words = format!("The demonstration hospital is at {url}\n\nSign in as\n");
    for who in sign_ins {
        words.push_str(&format!("  {:<36} {:<18} {}\n", who.email, who.role.on_page(), who.name));
    }
    words.push_str(&format!("with the password {}\n\nCtrl C stops it; its data stay.", demo::PASSWORD));
    call.say(&value, &words);
}
