//! What people do with an import: check, run, stop, undo. Each step is on record and starts a job.

use db::{Tx, blob, job};
use kernel::{Actor, Problem, Result, ScopeSet};

use super::{Counts, ImportRun, MayAdd, Phase, Progress, RunState, Setup, Within, store};
use crate::{device::ImportId, permit};

/// The job that carries any step of an import on.
pub const CHECK: &str = "fleet.import.check";
/// See [`CHECK`].
pub const RUN: &str = "fleet.import.run";
/// See [`CHECK`].
pub const UNDO: &str = "fleet.import.undo";

/// Code of a file without a column for tag or model.
pub const NO_MAPPING: &str = "fleet.import.mapping";

/// Tags named when something is in the way.
pub const NAMED: u32 = 20;

fn may(who: &Actor) -> Result<()> {
    if who.may_somewhere(permit::IMPORT_RUN) {
        return Ok(());
    }
    Err(Problem::Forbidden { permit: permit::IMPORT_RUN.0 })
}

/// Whether an actor reaches all places that an import may touch: a department is reached with its site.
async fn covers(tx: &mut Tx, who: &Actor, within: &Within) -> Result<bool> {
    let (sites, departments) = match (who.scope(permit::IMPORT_RUN), within) {
        (ScopeSet::Everywhere, _) => return Ok(true),
        (ScopeSet::Only { .. }, Within::Everywhere) => return Ok(false),
        (ScopeSet::Only { sites, departments }, Within::Only { sites: s, .. }) if s.is_subset(&sites) => {
            (sites, departments)
        }
        (ScopeSet::Only { .. }, Within::Only { .. }) => return Ok(false),
    };
    let Within::Only { departments: wanted, .. } = within else { return Ok(false) };
    for department in wanted.difference(&departments) {
        let found = identity::department::find(tx, who.org, *department).await?;
        if found.is_none_or(|d| !sites.contains(&d.site)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// An import out of reach is as if it were not there: its rows tell of places the actor may not see.
async fn must_cover(tx: &mut Tx, who: &Actor, run: &ImportRun) -> Result<()> {
    may(who)?;
    if covers(tx, who, &run.within).await? { Ok(()) } else { Err(Problem::not_found("this import")) }
}

/// Refuses to save in the name of an actor what only the one who had it checked might add.
fn must_add(who: &Actor, run: &ImportRun) -> Result<()> {
    let mine = MayAdd::of(who);
    let places = match (&mine.places, &run.may_add.places) {
        (Within::Everywhere, _) => true,
        (Within::Only { .. }, Within::Everywhere) => false,
        (Within::Only { sites, departments }, Within::Only { sites: s, departments: d }) => {
            s.is_subset(sites) && d.is_subset(departments)
        }
    };
    if places && (mine.models || !run.may_add.models) {
        return Ok(());
    }
    Err(Problem::conflict(
        "fleet.import.may_add",
        format!(
            "It was checked for {}, who may add names that you may not. Check it again, then import.",
            run.by_name
        ),
    ))
}

/// The next version of an import in another state, in the name of whoever moves it on.
fn moved(run: &ImportRun, who: &Actor, state: RunState) -> ImportRun {
    ImportRun { state, by: who.person, by_name: who.name.clone(), error: None, ..run.clone() }
}

fn from_start(run: &ImportRun, phase: Phase, total: u64, counts: Counts) -> Progress {
    Progress { step: 0, phase, wave: 0, waves: 0, position: run.start, done: 0, total, counts }
}

/// A job to go on with an import. A command that works itself leaves it for later, in case it is killed.
async fn later(tx: &mut Tx, who: &Actor, kind: &'static str, id: ImportId) -> Result<()> {
    let wait = if who.via == kernel::Via::Cli { 120 } else { 0 };
    job::add(tx, who.org, kind, &id.to_string(), who.at.plus_seconds(wait)).await.map(drop)
}

/// An import in sight of the actor: one whose reach is within the actor's own.
///
/// # Errors
/// [`Problem::Forbidden`] without the permission anywhere; [`Problem::NotFound`].
pub async fn visible(tx: &mut Tx, who: &Actor, id: ImportId) -> Result<ImportRun> {
    may(who)?;
    let run = store::get(tx, who.org, id).await?;
    must_cover(tx, who, &run).await?;
    Ok(run)
}

/// Imports in sight of the actor, the newest first.
///
/// # Errors
/// [`Problem::Forbidden`] without the permission anywhere.
pub async fn list(
    tx: &mut Tx,
    who: &Actor,
    mut before: Option<ImportId>,
    limit: u32,
) -> Result<Vec<ImportRun>> {
    may(who)?;
    let mut seen = Vec::new();
    loop {
        let some = store::list(tx, who.org, before, limit).await?;
        let more = some.len() == limit as usize;
        before = some.last().map(|run| run.id);
        for run in some {
            if seen.len() < limit as usize && covers(tx, who, &run.within).await? {
                seen.push(run);
            }
        }
        if !more || seen.len() == limit as usize {
            return Ok(seen);
        }
    }
}

/// Where the work on an import stands.
///
/// # Errors
/// As [`visible`].
pub async fn progress(tx: &mut Tx, who: &Actor, id: ImportId) -> Result<Option<Progress>> {
    visible(tx, who, id).await?;
    store::progress(tx, who.org, id).await
}

/// Judges every row, again or for the first time, with what a person chose. Nothing is saved to the fleet.
///
/// # Errors
/// [`Problem::Conflict`] while it is busy or after devices came in, or without a column for tag and model;
/// [`Problem::NotFound`] as for [`begin_run`].
pub async fn begin_check(tx: &mut Tx, who: &Actor, run: &ImportRun, setup: Setup) -> Result<ImportRun> {
    must_cover(tx, who, run).await?;
    let open = run.state.is_open() || run.state == RunState::Failed && run.counts.devices == 0;
    run.must(open, "checked")?;
    let to = ImportRun {
        may_add: MayAdd::of(who),
        as_at: who.at,
        setup,
        reading: None,
        counts: Counts::default(),
        ..moved(run, who, RunState::Checking)
    };
    to.mapping().check().map_err(|e| Problem::conflict(NO_MAPPING, e.to_string()))?;
    let after = store::keep(tx, who, "fleet.import.check", run, to).await?;
    let bytes = u64::try_from(run.bytes).unwrap_or(0);
    store::begin(tx, who.org, run.id, &from_start(run, Phase::Clear, bytes, Counts::default())).await?;
    later(tx, who, CHECK, run.id).await?;
    Ok(after)
}

/// Saves the devices of all rows that are ready.
///
/// # Errors
/// [`Problem::Conflict`] unless it is checked, at least one row is ready, and the actor may add whatever it may add;
/// [`Problem::NotFound`] for somebody who could not import all of it.
pub async fn begin_run(tx: &mut Tx, who: &Actor, run: &ImportRun) -> Result<ImportRun> {
    must_cover(tx, who, run).await?;
    run.must(run.state == RunState::Checked, "run")?;
    must_add(who, run)?;
    if run.counts.new == 0 {
        return Err(Problem::conflict(
            "fleet.import.nothing",
            "No row is ready to be imported. Look at what needs a look, or choose other columns and check again.",
        ));
    }
    let after = store::keep(tx, who, "fleet.import.run", run, moved(run, who, RunState::Running)).await?;
    let waves = store::progress(tx, who.org, run.id).await?.map_or(0, |p| p.waves);
    let begun = from_start(run, Phase::Bring, run.counts.new, run.counts.clone());
    store::begin(tx, who.org, run.id, &Progress { waves, ..begun }).await?;
    later(tx, who, RUN, run.id).await?;
    Ok(after)
}

/// Stops an import. Before it ran, its file is thrown away; once it ran, what came in stays until it is undone.
///
/// # Errors
/// [`Problem::Conflict`] when there is nothing to stop; [`Problem::NotFound`] as for [`begin_run`].
pub async fn cancel(tx: &mut Tx, who: &Actor, run: &ImportRun) -> Result<ImportRun> {
    must_cover(tx, who, run).await?;
    let begun = run.state == RunState::Running;
    let early = run.state.is_open()
        || run.state == RunState::Checking
        || run.state == RunState::Failed && run.counts.devices == 0;
    run.must(begun || early, "stopped")?;
    let mut to = moved(run, who, RunState::Cancelled);
    if begun && let Some(progress) = store::progress(tx, who.org, run.id).await? {
        to.counts = progress.counts;
    }
    if early {
        blob::forget(tx, who.org, run.blob).await?;
    }
    store::keep(tx, who, "fleet.import.cancel", run, to).await
}

/// Takes out everything an import brought.
///
/// # Errors
/// [`Problem::Conflict`] naming the devices that were changed since, or that hold devices of another origin;
/// [`Problem::NotFound`] as for [`begin_run`].
pub async fn begin_undo(tx: &mut Tx, who: &Actor, run: &ImportRun) -> Result<ImportRun> {
    must_cover(tx, who, run).await?;
    run.must(run.may_undo(), "undone")?;
    in_the_way(tx, who, run.id).await?;
    let after = store::keep(tx, who, "fleet.import.undo", run, moved(run, who, RunState::Undoing)).await?;
    let begun = from_start(run, Phase::Undo, run.counts.devices, run.counts.clone());
    store::begin(tx, who.org, run.id, &begun).await?;
    later(tx, who, UNDO, run.id).await?;
    Ok(after)
}

/// What keeps an import from being undone, by tag and at most a few more than are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InTheWay {
    /// Devices that somebody changed since.
    pub changed: Vec<String>,
    /// Systems that hold a device of another origin.
    pub holding: Vec<String>,
}

impl InTheWay {
    /// Whether the import can be undone.
    pub fn is_free(&self) -> bool {
        self.changed.is_empty() && self.holding.is_empty()
    }
}

/// What stands in the way of undoing an import; nothing for somebody who may not undo it.
///
/// # Errors
/// As [`Tx::all`].
pub async fn look_before_undo(tx: &mut Tx, who: &Actor, run: &ImportRun) -> Result<Option<InTheWay>> {
    if !run.may_undo() || must_cover(tx, who, run).await.is_err() {
        return Ok(None);
    }
    let (changed, holding) = store::in_the_way(tx, who.org, run.id, NAMED + 1).await?;
    Ok(Some(InTheWay { changed, holding }))
}

/// Refuses to undo while something depends on what the import brought.
pub(crate) async fn in_the_way(tx: &mut Tx, who: &Actor, id: ImportId) -> Result<()> {
    let (changed, holding) = store::in_the_way(tx, who.org, id, NAMED + 1).await?;
    let named = |tags: &[String]| {
        let more = if tags.len() > NAMED as usize { " and more" } else { "" };
        format!("{}{more}", tags.get(..NAMED as usize).unwrap_or(tags).join(", "))
    };
    let mut words = Vec::new();
    if !changed.is_empty() {
        words.push(format!("Changed since the import: {}.", named(&changed)));
    }
    if !holding.is_empty() {
        words.push(format!("Systems that now hold devices from elsewhere: {}.", named(&holding)));
    }
    if words.is_empty() {
        return Ok(());
    }
    Err(Problem::conflict(
        "fleet.import.in_use",
        format!(
            "This import cannot be undone as a whole. {} Its devices stay; retire or correct them one by one.",
            words.join(" ")
        ),
    ))
}
