//! `baton import …`

use std::{
    collections::BTreeMap,
    fs::File,
    io::{IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Subcommand;
use db::Db;
use fleet::{
    device::ImportId,
    export::folder,
    import::{
        DateOrder, Field, ImportRun, RunState, Setup, drive,
        names::Doubt,
        run::{Progress, actions, kind_words, upload::Receiver},
    },
};
use kernel::{Clock, Currency, OrgId, SiteId};
use serde_json::{Value, json};

use super::{
    Call, fail,
    out::{self, note},
};

/// Commands about imports.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import a CSV file or a workbook (XLSX) of devices: every row is checked, then those that are ready are saved.
    Devices(Devices),
    /// Import a folder that `baton export` wrote.
    Folder(Folder),
    /// Take out everything an import brought.
    Undo(Undo),
}

/// Import a CSV file or a workbook (XLSX) of devices. Rows that are refused are listed and stay out; the command then still succeeds. It
/// ends with status 2 when the file cannot be read at all.
#[derive(Debug, clap::Args)]
pub struct Devices {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A JSON object that says what each column becomes, {"Inventory no.": "tag", …}; other columns are left out.
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// The sheet of a workbook; without it the first that holds a list.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Check only, and save nothing to the fleet.
    #[arg(long)]
    dry_run: bool,
    /// How dates are written where the columns do not prove it: iso, day_first, month_first or serial.
    #[arg(long, value_name = "ORDER", value_parser = date_order)]
    date_order: Option<DateOrder>,
    /// Currency of prices that name none.
    #[arg(long)]
    currency: Option<Currency>,
    /// Site of rows that name none, by its name.
    #[arg(long)]
    site: Option<String>,
    /// Add sites that are not on record, in the time zone and currency of --site or of the organisation.
    #[arg(long)]
    create_sites: bool,
    /// What happens to rows with a maker, model or place in doubt: ask (they wait), likeliest or as_written.
    #[arg(long, value_name = "WAY", default_value = "ask")]
    doubt: Doubt,
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
}

/// Import a folder that `baton export` wrote. What is on record already is left alone.
#[derive(Debug, clap::Args)]
pub struct Folder {
    /// The folder.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
}

/// Take out everything an import brought, as long as nothing depends on it.
#[derive(Debug, clap::Args)]
pub struct Undo {
    /// The import, as its report names it.
    #[arg(value_name = "ID")]
    id: ImportId,
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
}

fn date_order(text: &str) -> Result<DateOrder, String> {
    match text {
        "iso" => Ok(DateOrder::Iso),
        "day_first" | "day-first" => Ok(DateOrder::DayFirst),
        "month_first" | "month-first" => Ok(DateOrder::MonthFirst),
        "serial" => Ok(DateOrder::Serial),
        _ => Err("write iso, day_first, month_first or serial".to_owned()),
    }
}

/// Runs one of them.
///
/// # Errors
/// When the database is in trouble, or the import cannot be undone.
pub async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let db = call.open().await.map_err(|refused| match refused.downcast_ref() {
        Some(kernel::Problem::Conflict { code, message }) if *code == db::IN_USE => {
            anyhow::anyhow!("{message} A running Baton takes lists of devices on its page /devices/imports.")
        }
        _ => refused,
    })?;
    match command {
        Command::Devices(args) => devices(&call, &db, args).await?,
        Command::Folder(args) => whole(&call, &db, args).await?,
        Command::Undo(args) => undo(&call, &db, args).await?,
    }
    db.close().await;
    Ok(())
}

/// What was chosen on the command line.
#[derive(Default)]
struct Chosen {
    map: Option<BTreeMap<String, Field>>,
    dates: Option<DateOrder>,
    currency: Option<Currency>,
    site: Option<SiteId>,
    create_sites: bool,
    doubt: Doubt,
    sheet: Option<String>,
}

impl Chosen {
    fn apply(&self, setup: &mut Setup) {
        if let Some(map) = &self.map {
            setup.columns.clone_from(map);
            setup.unsure.clear();
        }
        if let Some(order) = self.dates {
            let dates = setup.columns.values().copied().filter(|f| f.is_date());
            setup.dates = dates.map(|f| (f, order)).collect();
        }
        setup.currency = self.currency.or(setup.currency);
        setup.site = self.site.or(setup.site);
        setup.create_sites |= self.create_sites;
        setup.doubt = self.doubt;
    }
}

async fn devices(call: &Call, db: &Db, args: Devices) -> anyhow::Result<()> {
    let org = call.org(db, args.org.as_deref()).await?;
    let site = match &args.site {
        None => None,
        Some(name) => {
            let found = db::read!(db, org, |tx| identity::site::find_by_name(tx, org, name).await)?;
            Some(found.with_context(|| format!("There is no site “{name}”."))?.id)
        }
    };
    let map = args.map.as_deref().map(read_map).transpose()?;
    let chosen = Chosen {
        map,
        dates: args.date_order,
        currency: args.currency,
        site,
        create_sites: args.create_sites,
        doubt: args.doubt,
        sheet: args.sheet,
    };
    let run = one(call, db, org, &args.file, &chosen, args.dry_run).await?;
    report(call, &run, args.dry_run);
    Ok(())
}

fn read_map(path: &Path) -> anyhow::Result<BTreeMap<String, Field>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("{} cannot be read.", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a mapping.", path.display()))
}

/// Sends, checks and runs one file. A file that cannot be read ends the program with status 2.
async fn one(
    call: &Call,
    db: &Db,
    org: OrgId,
    file: &Path,
    chosen: &Chosen,
    dry_run: bool,
) -> anyhow::Result<ImportRun> {
    let who = call.operator(org);
    let sent = match send(db, &who, file, chosen).await {
        Ok(sent) => sent,
        Err(error) => unreadable(call, db, &error).await,
    };
    let id = sent.id;
    if sent.state == RunState::Uploaded {
        let why = sent.mapping().check().err().map(|e| e.to_string()).unwrap_or_default();
        let error = anyhow::anyhow!("{why} Say it with --map.");
        unreadable(call, db, &error).await;
    }
    go_on(db, org, id).await?;
    let checked = db::read!(db, org, |tx| actions::visible(tx, &who, id).await)?;
    if checked.state == RunState::Failed {
        let error = anyhow::anyhow!("{}", checked.error.unwrap_or_default());
        unreadable(call, db, &error).await;
    }
    if !dry_run && checked.counts.new > 0 {
        let who = call.operator(org);
        db::write!(db, org, |tx| {
            let run = actions::visible(tx, &who, id).await?;
            actions::begin_run(tx, &who, &run).await
        })?;
        go_on(db, org, id).await?;
    }
    Ok(db::read!(db, org, |tx| actions::visible(tx, &who, id).await)?)
}

async fn send(db: &Db, who: &kernel::Actor, file: &Path, chosen: &Chosen) -> anyhow::Result<ImportRun> {
    let mut input = File::open(file).with_context(|| format!("{} cannot be opened.", file.display()))?;
    let mut receiver = Receiver::new(db, who.org).sheet(chosen.sheet.clone());
    let mut part = vec![0; 1024 * 1024];
    loop {
        let got = input.read(&mut part).with_context(|| format!("{} cannot be read.", file.display()))?;
        if got == 0 {
            break;
        }
        receiver.push(part.get(..got).unwrap_or_default()).await?;
    }
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(receiver.finish_with(who, &name, |_, setup| chosen.apply(setup)).await?)
}

/// Nothing of the file could be used.
async fn unreadable(call: &Call, db: &Db, error: &anyhow::Error) -> ! {
    let _ = fail(call.json, error);
    db.close().await;
    std::process::exit(2)
}

/// Goes on with an import to the end of its present work, with the progress on a terminal.
async fn go_on(db: &Db, org: OrgId, id: ImportId) -> anyhow::Result<()> {
    let watched = std::io::stderr().is_terminal();
    let tell = |_: &ImportRun, at: &Progress| {
        if watched {
            out::remark(format_args!("\r{:<20} {:>9} of {:<9}", at.phase.on_page(), at.done, at.total));
        }
    };
    let driven = drive(db, &Clock::Machine, org, id, tell).await;
    if watched {
        out::remark(format_args!("\r{:<45}\r", ""));
    }
    Ok(driven?)
}

fn problems(run: &ImportRun) -> Vec<Value> {
    let mut sorted: Vec<_> = run.counts.refusals.iter().collect();
    sorted.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
    sorted
        .into_iter()
        .map(|(kind, tally)| json!({ "kind": kind, "count": tally.count, "first": tally.first }))
        .collect()
}

fn account(run: &ImportRun) -> Value {
    let counts = &run.counts;
    json!({
        "ok": run.state != RunState::Failed,
        "import": run.id,
        "state": run.state.code(),
        "rows": counts.rows,
        "new": counts.new,
        "same": counts.same,
        "refused": counts.refused,
        "devices": counts.devices,
        "problems": problems(run),
    })
}

fn report(call: &Call, run: &ImportRun, dry_run: bool) {
    let counts = &run.counts;
    let done = if dry_run {
        format!("{} of {} rows are ready; nothing was saved.", counts.new, counts.rows)
    } else {
        format!("{} devices imported from {} rows.", counts.devices, counts.rows)
    };
    let mut words = format!("{done} {} on record already, {} refused.", counts.same, counts.refused);
    for (kind, tally) in &counts.refusals {
        words.push_str(&format!("\n  {:>7}  {}", tally.count, kind_words(kind)));
        for example in &tally.first {
            words.push_str(&format!("\n           {}", example.message));
        }
    }
    if let Some(error) = &run.error {
        words.push_str(&format!("\n{error}"));
    }
    words.push_str(&format!("\nImport {}", run.id));
    call.say(&account(run), &words);
}

async fn whole(call: &Call, db: &Db, args: Folder) -> anyhow::Result<()> {
    let org = call.org(db, args.org.as_deref()).await?;
    anyhow::ensure!(
        folder::is_export(&args.folder),
        "{} holds no file of an export (sites.csv, …, devices.csv). Name the folder that `baton export` wrote.",
        args.folder.display()
    );
    let watched = std::io::stderr().is_terminal();
    folder::read_names(db, &call.operator(org), &args.folder, |file, rows| {
        if watched {
            note!("{rows:>9} rows  {file}");
        }
    })
    .await?;
    let devices = args.folder.join(folder::DEVICES);
    if !devices.exists() {
        folder::close_names(db, &call.operator(org), &args.folder).await?;
        call.say(&json!({ "ok": true }), "Names imported; the folder holds no devices.csv.");
        return Ok(());
    }
    let run = one(call, db, org, &devices, &Chosen::default(), false).await?;
    folder::close_names(db, &call.operator(org), &args.folder).await?;
    report(call, &run, false);
    Ok(())
}

async fn undo(call: &Call, db: &Db, args: Undo) -> anyhow::Result<()> {
    let org = call.org(db, args.org.as_deref()).await?;
    let who = call.operator(org);
    db::write!(db, org, |tx| {
        let run = actions::visible(tx, &who, args.id).await?;
        actions::begin_undo(tx, &who, &run).await
    })?;
    go_on(db, org, args.id).await?;
    let run = db::read!(db, org, |tx| actions::visible(tx, &who, args.id).await)?;
    anyhow::ensure!(run.state == RunState::Undone, "{}", run.error.unwrap_or_default());
    let value = json!({ "ok": true, "import": run.id, "state": run.state.code() });
    call.say(&value, &format!("Undone. Nothing of {} is left in the fleet.", run.file_name));
    Ok(())
}
