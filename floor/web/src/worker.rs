//! Carries out jobs, one after the other, until told to stop.

use std::time::Duration;

use db::{Engine, Wall, job};
use futures::FutureExt as _;
use kernel::{Problem, Result};
use tokio::sync::watch;

use crate::App;

/// Between two looks for work.
const IDLE: Duration = Duration::from_millis(250);
/// Between two looks while the database cannot be reached or written.
const TROUBLED: Duration = Duration::from_secs(2);

const EVERY: Wall = Wall::All("the worker serves all organisations");

/// Takes jobs as they fall due. `stop` turns true when the server shuts down; the job in hand then finishes its
/// present batch by itself or is taken up again later.
pub async fn work(app: App, mut stop: watch::Receiver<bool>) {
    let holder = uuid::Uuid::now_v7().to_string();
    take_over(&app).await;
    while !*stop.borrow() {
        let mut pause = IDLE;
        let busy = match turn(&app, &holder).await {
            Ok(busy) => busy,
            Err(problem) => {
                // A disk may be full and a server away for hours: said once, by the store.
                if app.db().trouble().is_none() && !matches!(problem, Problem::Away { .. }) {
                    tracing::warn!(error = words(&problem), "the worker could not look for jobs");
                }
                pause = TROUBLED;
                false
            }
        };
        if !busy {
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

/// Takes over at once what a server before us left unfinished. Nobody else can be at it where one process has the file;
/// on PostgreSQL another server may be, and its hold runs out by itself.
async fn take_over(app: &App) {
    if app.db().engine() != Engine::Sqlite {
        return;
    }
    match db::write!(app.db(), EVERY, |tx| job::free(tx, app.now()).await) {
        Ok(0) => {}
        Ok(jobs) => tracing::info!(jobs, "taking over what was left unfinished"),
        Err(error) => tracing::warn!(%error, "what was left unfinished waits until its hold runs out"),
    }
}

/// Does the next due job, if there is one; `false` when there is nothing to do.
///
/// # Errors
/// When the database cannot be reached. A job's own failure is noted on the job.
pub async fn turn(app: &App, holder: &str) -> Result<bool> {
    // Looking costs a read; taking costs a write. Look first, so that an idle server writes nothing.
    let waiting = db::read!(app.db(), EVERY, |tx| job::due(tx, app.now()).await)?;
    if !waiting {
        return Ok(false);
    }
    let Some(taken) = db::write!(app.db(), EVERY, |tx| job::take(tx, holder, app.now()).await)? else {
        // Another server was quicker at this one; there may be more.
        return Ok(true);
    };
    let outcome = match app.jobs().iter().find(|k| k.kind == taken.kind) {
        None => Err(Problem::bug(format!("no room carries out {}", taken.kind))),
        Some(kind) => {
            let run = std::panic::AssertUnwindSafe((kind.run)(app.clone(), taken.clone()));
            let renewing = keep(app, &taken, holder);
            tokio::select! {
                done = run.catch_unwind() => done.unwrap_or_else(|_| Err(Problem::bug("the job panicked"))),
                lost = renewing => Err(lost),
            }
        }
    };
    match outcome {
        Ok(()) => db::write!(app.db(), EVERY, |tx| job::done(tx, &taken, holder).await)?,
        Err(problem) => {
            let said = words(&problem);
            let attempt = taken.attempts + 1;
            tracing::warn!(kind = taken.kind, attempt, error = said, "a job failed");
            let blameless = [db::DISK, "away"].contains(&problem.code());
            db::write!(app.db(), EVERY, |tx| match blameless {
                true => job::put_back(tx, &taken, holder, app.now(), &said).await,
                false => job::failed(tx, &taken, holder, app.now(), &said).await,
            })?;
        }
    }
    Ok(true)
}

/// Keeps a long job in hand; ends only when it was lost to another server.
async fn keep(app: &App, taken: &job::Job, holder: &str) -> Problem {
    loop {
        tokio::time::sleep(Duration::from_secs(job::HELD_FOR as u64 / 3)).await;
        match db::write!(app.db(), EVERY, |tx| job::renew(tx, taken, holder, app.now()).await) {
            Ok(true) => {}
            Ok(false) => return Problem::bug("the job was taken over by another server"),
            Err(problem) => tracing::warn!(error = %problem, "a job could not be kept in hand"),
        }
    }
}

fn words(problem: &Problem) -> String {
    match problem {
        Problem::Bug { source } => source.to_string(),
        other => other.to_string(),
    }
}
