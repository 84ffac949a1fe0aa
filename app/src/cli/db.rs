//! `baton db …`

use axum::body::Body;
use clap::Subcommand;
use db::backup::{self, Asked, Compared, Drilled, Found, Shelf};
use http::{Request, StatusCode};
use kernel::{Clock, Problem};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Call, out::note};
use crate::{
    config::shown,
    front, rooms,
    upgrade::{self, VERSION},
};

/// Commands about the database.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring the database to this version’s schema. What it was is kept before.
    Migrate {
        /// PostgreSQL: a backup was made by other means, and the database may be brought to this version’s schema.
        #[arg(long)]
        backup_made: bool,
    },
    /// Make a backup: the database with all files in it, while others use it.
    Backup {
        /// The folder of backups, or s3://bucket/prefix; without it, `backup_to`.
        #[arg(long, value_name = "PLACE")]
        to: Option<String>,
    },
    /// Bring a backup back, to a place that holds nothing.
    Restore {
        /// The backup, or a folder or bucket of backups, of which the newest is taken.
        #[arg(value_name = "FROM")]
        from: String,
    },
    /// Check the database: the engine’s own check, schema, versions, kept counts, words, files.
    Check,
    /// Bring a backup back to a scratch place, start it, compare it with the live database row by row.
    Drill {
        /// The backup, or a folder or bucket of backups; without it, the newest in `backup_to`.
        #[arg(value_name = "BACKUP")]
        from: Option<String>,
        /// PostgreSQL: an empty database to restore to. Nothing is left in it.
        #[arg(long, value_name = "URL")]
        scratch: Option<String>,
    },
}

/// Runs one of them.
///
/// # Errors
/// When it cannot be done; for a check and a drill also when something was found.
pub async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Migrate { backup_made } => migrate(&call, backup_made).await,
        Command::Backup { to } => back_up(&call, to).await,
        Command::Restore { from } => restore(&call, &from).await,
        Command::Check => check(&call).await,
        Command::Drill { from, scratch } => drill(&call, from, scratch).await,
    }
}

async fn migrate(call: &Call, backup_made: bool) -> anyhow::Result<()> {
    let waiting = ::db::waiting(&call.config.database, &rooms::schemas()).await?;
    let kept = upgrade::before(&call.config, backup_made, |words| note!("{words}")).await?;
    ::db::Db::open_existing(&call.config.database, &rooms::schemas()).await?.close().await;
    let words = match waiting.steps.len() {
        0 => "The database has this version’s schema already.".to_owned(),
        n => format!("{n} steps were applied; the database has this version’s schema."),
    };
    let kept = kept.map(|found| found.address());
    call.say(&json!({ "ok": true, "steps": waiting.steps, "kept": kept }), &words);
    Ok(())
}

fn shelf(call: &Call, named: Option<String>, remedy: &str) -> anyhow::Result<Shelf> {
    let to = named.or_else(|| call.config.backup_to.clone());
    let to = to.ok_or_else(|| anyhow::anyhow!("{remedy}, or set `backup_to`."))?;
    crate::shelf::at(&call.config, &to)
}

async fn back_up(call: &Call, to: Option<String>) -> anyhow::Result<()> {
    let shelf = shelf(call, to, "Name a place for backups with --to")?;
    let began = std::time::Instant::now();
    let asked = Asked {
        url: &call.config.database,
        shelf: &shelf,
        program: VERSION,
        rate: call.config.backup_bytes(),
    };
    let found = backup::make(asked).await?;
    let seconds = began.elapsed().as_secs_f64();
    let words = format!("{} in {seconds:.1} s.", told(&found));
    let value =
        json!({ "ok": true, "backup": found.address(), "manifest": found.manifest, "seconds": seconds });
    call.say(&value, &words);
    Ok(())
}

/// A backup in words.
fn told(found: &Found) -> String {
    let manifest = &found.manifest;
    format!(
        "{} holds {} rows of {} tables as of {}, {} bytes",
        found.address(),
        kernel::thousands(manifest.rows.values().sum()),
        manifest.rows.len(),
        manifest.at,
        kernel::thousands(manifest.bytes().cast_signed()),
    )
}

async fn restore(call: &Call, from: &str) -> anyhow::Result<()> {
    let found = crate::shelf::at(&call.config, from)?.find().await?;
    backup::restore(&found, &call.config.database, &rooms::schemas()).await?;
    let mut words = format!(
        "{}. It is in {} now, as Baton {} left it.",
        told(&found),
        shown(&call.config.database),
        found.manifest.baton
    );
    if call.config.seal_witness().exists() {
        words.push_str(
            "\nIf more was sealed since than the backup holds, nothing is sealed until you say why: `baton audit resume \
             --reason \"…\"`.",
        );
    }
    call.say(&json!({ "ok": true, "backup": found.address(), "manifest": found.manifest }), &words);
    Ok(())
}

async fn check(call: &Call) -> anyhow::Result<()> {
    let waiting = ::db::waiting(&call.config.database, &rooms::schemas()).await?;
    anyhow::ensure!(
        waiting.steps.is_empty(),
        "The database is of an earlier version. Bring it up to date first: `baton db migrate`. Nothing was changed."
    );
    let db = ::db::Db::beside_others(&call.config.database).await?;
    let report = ::db::check::check(&db, &rooms::schemas()).await;
    db.close().await;
    let report = report?;
    let faults: Vec<Value> =
        report.faults.iter().map(|f| json!({ "check": f.check, "fault": f.words })).collect();
    let sound = faults.is_empty();
    let mut words: Vec<String> = report.looked.iter().map(|what| format!("Looked at {what}.")).collect();
    words.extend(report.faults.iter().map(|f| format!("FAULT {}: {}", f.check, f.words)));
    words.push(if sound {
        "The database is sound.".to_owned()
    } else {
        format!("{} faults were found.", faults.len())
    });
    call.say(&json!({ "ok": sound, "looked": report.looked, "faults": faults }), &words.join("\n"));
    found_faults(sound)
}

/// What was found has been printed; only the status is left.
fn found_faults(sound: bool) -> anyhow::Result<()> {
    if sound { Ok(()) } else { Err(super::Told.into()) }
}

async fn drill(call: &Call, from: Option<String>, scratch: Option<String>) -> anyhow::Result<()> {
    let found = shelf(call, from, "Name the backup, or the folder of backups: `baton db drill PLACE`")?
        .find()
        .await?;
    let began = std::time::Instant::now();
    let config = call.config.clone();
    let start = async |copy| answers(copy, &config).await;
    let live = &call.config.database;
    let drilled = backup::drill(&found, live, scratch.as_deref(), &rooms::schemas(), start).await?;
    let seconds = began.elapsed().as_secs_f64();
    let good = drilled.faults.is_empty();
    let tables: Vec<Value> = drilled.tables.iter().map(as_json).collect();
    let value = json!({
        "ok": good, "backup": found.address(), "at": found.manifest.at, "seconds": seconds,
        "tables": tables, "faults": drilled.faults,
    });
    call.say(&value, &in_words(&found, &drilled, seconds));
    found_faults(good)
}

/// The restored copy answers as a server would.
async fn answers(copy: ::db::Db, config: &crate::config::Config) -> kernel::Result<()> {
    let house = front::build(copy, Clock::Machine, config, None);
    let ask = Request::get("/readyz").body(Body::empty()).map_err(Problem::bug)?;
    match house.router.oneshot(ask).await {
        Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
        _ => Err(Problem::conflict(
            "backup.unusable",
            "The backup was brought back, and a server on it is not ready.",
        )),
    }
}

fn as_json(t: &Compared) -> Value {
    json!({
        "table": t.table, "same": t.same, "added": t.added, "changed": t.changed, "gone": t.gone, "told": t.told,
        "named": t.named,
    })
}

fn in_words(found: &Found, drilled: &Drilled, seconds: f64) -> String {
    let mut lines = vec![
        format!("{}.", told(found)),
        format!("{:<20} {:>12} {:>9} {:>9} {:>9} {:>9}", "table", "same", "added", "changed", "gone", "told"),
    ];
    for t in &drilled.tables {
        lines.push(format!(
            "{:<20} {:>12} {:>9} {:>9} {:>9} {:>9}",
            t.table, t.same, t.added, t.changed, t.gone, t.told
        ));
    }
    lines.extend(drilled.faults.iter().map(|fault| format!("FAULT {fault}")));
    lines.push(if drilled.faults.is_empty() {
        format!(
            "The backup was restored, started and compared row by row in {seconds:.1} s. What changed since is told by \
             events; tables that hold no records come and go."
        )
    } else {
        format!("The drill found {} faults.", drilled.faults.len())
    });
    lines.join("\n")
}
