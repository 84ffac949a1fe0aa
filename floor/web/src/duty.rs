//! What a server does again and again, unasked.

use std::{sync::Arc, time::Duration};

use db::Wall;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{Instant, Problem, Result};
use tokio::sync::watch;

use crate::App;

const EVERY: Wall = Wall::All("a duty serves all organisations");

/// One duty. Several servers may do it at once, so it must not matter who comes first.
#[derive(Clone, Copy)]
pub struct Duty {
    /// `room.noun.verb`.
    pub name: &'static str,
    /// How often; the first time one interval after the start.
    pub every: Duration,
    /// Does it. Should look with a read before it writes, so that an idle server writes nothing.
    pub run: fn(App) -> BoxFuture<'static, Result<()>>,
}

/// The duties of the floor itself.
pub fn of_floor() -> Vec<Duty> {
    vec![
        Duty {
            name: "floor.tally.fold",
            every: Duration::from_secs(15),
            run: |app| Box::pin(async move { db::tally::fold_all(app.db()).await }),
        },
        Duty {
            name: "floor.event.seal",
            every: Duration::from_secs(60),
            run: |app| Box::pin(async move { seal(&app).await }),
        },
        Duty {
            name: "floor.command.forget",
            every: Duration::from_secs(3600),
            run: |app| Box::pin(async move { forget_commands(&app).await }),
        },
        Duty {
            name: "floor.blob.sweep",
            every: Duration::from_secs(3600),
            run: |app| Box::pin(async move { sweep_files(&app).await }),
        },
    ]
}

/// Seals what was recorded since the last time, where this server holds the key. The hour of a seal is the machine's,
/// whatever the pages' clock says.
///
/// # Errors
/// As [`db::seal::Sealer::seal`]; the other organisations' records are sealed all the same.
pub async fn seal(app: &App) -> Result<()> {
    let Some(sealer) = app.room::<Arc<db::seal::Sealer>>() else { return Ok(()) };
    let mut done = Ok(());
    for waiting in db::read!(app.db(), EVERY, |tx| db::seal::unsealed(tx).await)? {
        // One organisation's trouble does not hold the others up.
        done = done.and(sealer.seal(app.db(), waiting.org, Instant::machine_now()).await.map(drop));
    }
    done
}

async fn forget_commands(app: &App) -> Result<()> {
    let old = app.now().plus_seconds(-db::command::KEPT_FOR);
    if db::read!(app.db(), EVERY, |tx| db::command::any_before(tx, old).await)? {
        let forgotten = db::write!(app.db(), EVERY, |tx| db::command::forget_before(tx, old).await)?;
        tracing::debug!(forgotten, "old commands forgotten");
    }
    Ok(())
}

/// Files of uploads that ended with their server.
async fn sweep_files(app: &App) -> Result<()> {
    let old = Instant::machine_now().plus_seconds(-db::blob::LEFT_AFTER);
    let swept = db::blob::sweep(app.db(), old).await?;
    if swept > 0 {
        tracing::info!(swept, "files of uploads that never ended were thrown away");
    }
    Ok(())
}

/// Does all duties until told to stop, each at its own times: one that takes long, such as a backup or the first filing of
/// a large record, holds up no other. One that fails is done again at its next time.
pub async fn keep(app: App, duties: Vec<Duty>, stop: watch::Receiver<bool>) {
    futures::future::join_all(duties.iter().map(|duty| again(&app, duty, stop.clone()))).await;
}

async fn again(app: &App, duty: &Duty, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(duty.every) => {}
        }
        once(app, duty).await;
    }
}

/// Does one duty now.
pub async fn once(app: &App, duty: &Duty) {
    let run = std::panic::AssertUnwindSafe((duty.run)(app.clone())).catch_unwind().await;
    let done = run.unwrap_or_else(|_| Err(Problem::bug("the duty panicked")));
    if let Err(problem) = done.or_else(|problem| match problem {
        // Said in the log already, once.
        Problem::Away { .. } => Ok(()),
        other => Err(other),
    }) {
        tracing::warn!(duty = duty.name, error = %problem, "a duty failed; it is tried again");
    }
}
