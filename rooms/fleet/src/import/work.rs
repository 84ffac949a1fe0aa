//! The work on an import, batch by batch, resumable after each.
//!
//! **Invariant:** a batch and the note that it is done are one transaction, and the note is only taken by whoever
//! knows how many batches were kept before. So a batch is kept once, whoever is killed or comes second.

pub(crate) mod bring;
pub(crate) mod build;
pub(crate) mod judge;
pub(crate) mod known;
pub(crate) mod link;
mod missing;
mod names;
mod survey;
mod undo;

use db::Db;
use kernel::{Clock, Instant, OrgId, Problem, Result};

use super::{
    Seen,
    run::{ImportRun, Phase, Progress, RunState, actions, source::Window, store},
};
use crate::device::ImportId;

/// An import in hand.
pub struct Work {
    pub(crate) db: Db,
    pub(crate) org: OrgId,
    pub(crate) run: ImportRun,
    pub(crate) progress: Progress,
    pub(crate) window: Window,
    pub(crate) seen: Option<Seen>,
    pub(crate) known: known::Known,
    names: Option<std::sync::Arc<super::names::Names>>,
    /// Whether everything is done.
    done: bool,
}

impl Work {
    /// Takes an import in hand; `None` when there is nothing to do for it now.
    ///
    /// # Errors
    /// As [`db::Tx::all`].
    pub async fn open(db: &Db, org: OrgId, id: ImportId) -> Result<Option<Self>> {
        let found = db::read!(db, org, |tx| {
            let run = store::find(tx, org, id).await?;
            Ok((run, store::progress(tx, org, id).await?))
        })?;
        let (Some(run), Some(progress)) = found else { return Ok(None) };
        if !run.state.is_busy() {
            return Ok(None);
        }
        let window = Window::of(org, &run);
        let (db, seen, known) = (db.clone(), None, known::Known::default());
        Ok(Some(Self { db, org, run, progress, window, seen, known, names: None, done: false }))
    }

    /// Where the work stands.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The import as it stands.
    pub const fn run(&self) -> &ImportRun {
        &self.run
    }

    /// Does one batch; `false` when there was nothing left to do.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with code `fleet.import.taken_over` when the import was stopped or another worker goes
    /// on with it; others when the database is in trouble. What the file is to blame for ends the import as failed
    /// and is no error here.
    pub async fn step(&mut self, at: Instant) -> Result<bool> {
        if self.done {
            return Ok(false);
        }
        let stepped = match self.progress.phase {
            Phase::Clear => self.clear().await,
            Phase::Survey => self.survey(at).await,
            Phase::Judge => self.judge(at).await,
            Phase::Link => self.link(at).await,
            Phase::Bring => self.bring(at).await,
            Phase::Undo => self.undo(at).await,
        };
        match stepped {
            Err(Problem::Conflict { code, message }) if code != store::TAKEN_OVER && code != db::DISK => {
                self.fail(at, message).await?;
                Ok(false)
            }
            Err(problem) => Err(problem),
            Ok(()) => Ok(true),
        }
    }

    /// Throws away the verdicts of an earlier check.
    async fn clear(&mut self) -> Result<()> {
        let (org, id, from) = (self.org, self.run.id, self.progress.step);
        let next = db::write!(self.db, org, |tx| {
            let mut next = Progress { step: from + 1, ..self.progress.clone() };
            store::must_be(tx, org, id, RunState::Checking).await?;
            if !store::clear(tx, org, id).await? {
                next.phase = Phase::Survey;
            }
            store::step(tx, org, id, from, &next).await?;
            Ok(next)
        })?;
        self.progress = next;
        Ok(())
    }

    /// Ends the import because of something its file or its people must mend.
    async fn fail(&mut self, at: Instant, message: String) -> Result<()> {
        let (org, id) = (self.org, self.run.id);
        let who = self.run.actor(org, at);
        let run = db::write!(self.db, org, |tx| {
            let run = store::get(tx, org, id).await?;
            if !run.state.is_busy() {
                return Ok(run);
            }
            let counts = if run.state == RunState::Checking {
                run.counts.clone()
            } else {
                self.progress.counts.clone()
            };
            let to =
                ImportRun { state: RunState::Failed, error: Some(message.clone()), counts, ..run.clone() };
            store::keep(tx, &who, "fleet.import.fail", &run, to).await
        })?;
        self.run = run;
        self.done = true;
        Ok(())
    }

    /// Marks the work as done.
    pub(crate) fn end(&mut self, run: ImportRun) {
        self.run = run;
        self.done = true;
    }
}

/// So many devices change how the rows of a hospital are spread.
const MANY: u64 = 1_000;

/// Goes on with an import until it is done, stopped, or taken over by another worker.
///
/// # Errors
/// When the database is in trouble; calling again goes on where this ended.
pub async fn drive(
    db: &Db,
    clock: &Clock,
    org: OrgId,
    id: ImportId,
    mut tell: impl FnMut(&ImportRun, &Progress),
) -> Result<()> {
    let Some(mut work) = Work::open(db, org, id).await? else { return Ok(()) };
    loop {
        match work.step(clock.now()).await {
            Ok(true) => tell(work.run(), work.progress()),
            Ok(false) => break,
            Err(Problem::Conflict { code, .. }) if code == store::TAKEN_OVER => return Ok(()),
            Err(problem) => return Err(problem),
        }
        // Parsing is work for the processor; others get their turn between batches.
        tokio::task::yield_now().await;
    }
    if work.run().state == RunState::Done && work.run().counts.devices >= MANY {
        db.learn_bulk().await;
    }
    Ok(())
}

/// The jobs that carry imports on.
pub fn jobs() -> Vec<web::JobKind> {
    fn go(app: web::App, job: db::job::Job) -> futures::future::BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let id: ImportId = job.payload.parse().map_err(Problem::bug)?;
            drive(app.db(), app.clock(), job.org, id, |_, _| ()).await
        })
    }
    [actions::CHECK, actions::RUN, actions::UNDO].map(|kind| web::JobKind { kind, run: go }).to_vec()
}
