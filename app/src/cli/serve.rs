//! `baton serve`

use std::net::SocketAddr;

use anyhow::Context as _;
use db::{Db, Place};
use kernel::Clock;
use serde_json::json;

use super::Call;
use crate::{backup::Plan, front, logs, ops, rooms, upgrade};

/// Serve a hospital.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port to listen on, such as 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Only show things: nothing is written to the database, which may be another server’s or a standby.
    #[arg(long)]
    read_only: bool,
    /// PostgreSQL: a backup was made by other means, and the database may be brought to this version’s schema.
    #[arg(long)]
    backup_made: bool,
}

/// Opens the database and serves it.
///
/// # Errors
/// When the database cannot be used, is a demonstration, or the port is taken.
pub async fn run(mut call: Call, args: Args) -> anyhow::Result<()> {
    if let Some(listen) = args.listen {
        call.config.listen = listen;
    }
    logs::begin(&call.config);
    ops::recorder();
    let doors = front::Doors::open(&call.config).await?;
    let url = doors.url()?;
    if !args.read_only {
        // Found out now, and not in the night.
        if let Some(plan) = Plan::of(&call.config).context("backup_to")? {
            plan.look();
        }
    }
    let db = open(&call, &args).await?;
    refuse_demo(&db).await?;
    if let Some(standby) = &call.config.database_reads {
        db.read_also_from(standby)?;
    }
    let sealer = match args.read_only {
        true => None,
        false => Some(crate::sealing::sealer(&db, &call.config).await?),
    };
    let house = front::build(db.clone(), Clock::Machine, &call.config, sealer);
    tracing::info!(address = url, database = call.config.shown().database, "serving");
    let open = db.wall_is_open().await?;
    if open {
        tracing::warn!("{WALL_IS_OPEN}");
    }
    let ahead = db.clock_ahead().await?;
    if ahead.unsigned_abs() > u64::from(call.config.api_changes_behind) {
        tracing::warn!(
            "This machine’s clock differs from that of PostgreSQL by {ahead} s, and api_changes_behind allows {} s: \
             whoever follows the feed of changes may miss some. Set the clocks right by NTP.",
            call.config.api_changes_behind
        );
    }
    // To standard output and not to the log: whoever reads the code may claim the installation.
    let set_up = identity::org::list(&db).await?.is_empty();
    let set_up = set_up.then(|| format!("{url}/set-up?code={}", house.set_up_code));
    let warnings: Vec<&str> = open.then_some(WALL_IS_OPEN).into_iter().collect();
    let words = match &set_up {
        Some(address) => format!("Nothing is set up yet. Open {address}"),
        None => format!("Baton answers at {url}"),
    };
    call.say(&json!({ "ok": true, "url": url, "set_up": set_up, "warnings": warnings }), &words);
    front::run(house, doors).await
}

/// Opens the database and brings it up to date; for a server that only shows things, as it is.
async fn open(call: &Call, args: &Args) -> anyhow::Result<Db> {
    if args.read_only {
        return Ok(Place::read_beside(&call.config.database, &rooms::schemas()).await?.for_reading());
    }
    upgrade::before(&call.config, args.backup_made, |words| tracing::info!("{words}")).await?;
    Ok(Db::open(&call.config.database, &rooms::schemas()).await?)
}

/// Said at every start until it is mended.
const WALL_IS_OPEN: &str = "The PostgreSQL role that Baton uses is a superuser or has BYPASSRLS, so the second wall \
    between organisations, row-level security, does not bind it. Make a plain role that owns the database (CREATE ROLE \
    baton LOGIN NOSUPERUSER NOBYPASSRLS) and name it in the address of the database.";

/// A demonstration's passwords stand in the README; such a database must not be served as a real one.
async fn refuse_demo(db: &Db) -> anyhow::Result<()> {
    let demo = identity::org::list(db).await?.into_iter().find(|org| org.demo);
    if let Some(org) = demo {
        anyhow::bail!(
            "This database holds the demonstration hospital {}, whose passwords are public. Serve it with `baton \
             demo`, or name another database with --database.",
            org.name
        );
    }
    Ok(())
}
