//! Filing the record of changes for lists of the past, from its beginning and then as it grows.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use db::{Db, Engine, Tx, feed};
use kernel::{Actor, Instant, OrgId, Problem, Result, ScopeSet};
use tokio::time::Instant as Moment;
use uuid::Uuid;
use web::{App, Duty};

use super::store::{self, KINDS, Progress};
use crate::permit;

/// Versions filed in one transaction.
const AT_ONCE: u32 = 4_000;
/// How long somebody who asks for a list waits until what was recorded meanwhile is filed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Filing goes on by itself, so that whoever asks finds little left to do.
pub(crate) fn duties() -> Vec<Duty> {
    vec![Duty {
        name: "fleet.device.file",
        every: Duration::from_secs(30),
        run: |app| Box::pin(async move { file_all(&app).await }),
    }]
}

async fn file_all(app: &App) -> Result<()> {
    let (db, behind) = (app.db(), behind(app));
    for org in identity::org::list(db).await? {
        file(db, org.id, behind).await?;
    }
    Ok(())
}

/// Files all that was recorded in an organisation, as far as it has settled; see [`feed::settled`] for `behind`.
///
/// # Errors
/// As a write.
pub async fn file(db: &Db, org: OrgId, behind: Duration) -> Result<()> {
    loop {
        let begun = Moment::now();
        if !step(db, org, behind).await? {
            return Ok(());
        }
        // The first filing of a large record takes minutes; others want to write as well.
        tokio::time::sleep(begun.elapsed()).await;
    }
}

/// By how much the clocks of servers may differ. One program writes to a file, by one clock.
fn behind(app: &App) -> Duration {
    match app.db().engine() {
        Engine::Sqlite => Duration::ZERO,
        Engine::Postgres => app.room::<web::api::Settings>().cloned().unwrap_or_default().behind,
    }
}

/// Makes sure that somebody may look back and that what was recorded is filed, so that a list as of `at` can be read;
/// files it if need be.
///
/// # Errors
/// [`Problem::Forbidden`] without the permission for the history of any device; [`Problem::Conflict`] with code `fleet.then.filing` when that takes longer than somebody wants to wait, or when this
/// server only reads and another one has not filed it yet; else as a write.
pub async fn ready(app: &App, who: &Actor, at: Instant) -> Result<()> {
    if matches!(
        who.scope(permit::DEVICE_HISTORY),
        ScopeSet::Only { sites, departments } if sites.is_empty() && departments.is_empty()
    ) {
        return Err(Problem::Forbidden { permit: permit::DEVICE_HISTORY.0 });
    }
    let (db, org, behind, begun) = (app.db(), who.org, behind(app), Moment::now());
    loop {
        let left = left(db, org, behind).await?;
        let open = match &left {
            Left::Nothing => return Ok(()),
            Left::All => true,
            Left::Some { earliest } => *earliest <= at,
        };
        if db.only_reads() || begun.elapsed() > PATIENCE {
            if !open {
                return Ok(());
            }
            return Err(Problem::conflict("fleet.then.filing", words(&left, db.only_reads())));
        }
        // What takes longer is gone on with in the background.
        if let Ok(stepped) = tokio::time::timeout(PATIENCE, step(db, org, behind)).await {
            stepped?;
        }
    }
}

fn words(left: &Left, only_reads: bool) -> String {
    let what = match left {
        Left::Some { .. } => "The last changes are",
        _ => "The record of all changes is",
    };
    if only_reads {
        return format!(
            "{what} not filed for lists of the past yet, and this server only reads: one that writes files it, within a \
             minute where one runs. Single records of the past can be read here; nothing is lost."
        );
    }
    format!("{what} still being filed for lists of the past. Ask again in a minute; nothing is lost.")
}

/// What is not filed yet.
#[derive(Debug)]
enum Left {
    Nothing,
    /// Changes, the earliest of the next ones recorded then.
    Some {
        earliest: Instant,
    },
    /// The filing has not come to the end of what was there when it began.
    All,
}

async fn left(db: &Db, org: OrgId, behind: Duration) -> Result<Left> {
    let settled = feed::settled(db, behind).await?;
    db::read!(db, org, |tx| {
        let Some(progress) = store::progress(tx, org).await?.filter(Progress::is_whole) else {
            return Ok(Left::All);
        };
        let touched = feed::touched(tx, org, progress.position, settled, AT_ONCE).await?;
        let ours = touched.iter().filter(|t| is_filed(&t.entity)).map(|t| t.recorded_at);
        Ok(match ours.min() {
            Some(earliest) => Left::Some { earliest },
            // What is left aside is passed over by the next step that files anything, unless it is very much.
            None if touched.len() < AT_ONCE as usize => Left::Nothing,
            None => Left::Some { earliest: Instant::from_micros(0) },
        })
    })
}

fn is_filed(entity: &str) -> bool {
    KINDS.contains(&entity)
}

/// Files a little; says whether there may be more.
async fn step(db: &Db, org: OrgId, behind: Duration) -> Result<bool> {
    let settled = feed::settled(db, behind).await?;
    // An idle server writes nothing.
    if db::read!(db, org, |tx| nothing_new(tx, org, settled).await)? {
        return Ok(false);
    }
    let ended = db::write!(db, org, |tx| {
        let Some(progress) = store::progress(tx, org).await? else {
            let position = feed::last(tx, org, settled).await?;
            store::begin(tx, org, Progress { stage: 0, after: Uuid::nil(), position }).await?;
            return Ok(None);
        };
        let next = match progress.kind() {
            Some(kind) => file_lives(tx, org, kind, progress).await?,
            None => file_changes(tx, org, progress, settled).await?,
        };
        if next.is_whole() && !progress.is_whole() {
            return Ok(Some((progress, next)));
        }
        store::go_on(tx, org, progress, next).await?;
        Ok(None)
    })?;
    if let Some((progress, next)) = ended {
        // Very many rows, of which the engine knows nothing yet. Lists are read from when it says that they are whole.
        db.learn().await;
        db::write!(db, org, |tx| {
            // Whoever filed at the same time may have come here first.
            if store::progress(tx, org).await? == Some(progress) {
                store::go_on(tx, org, progress, next).await?;
            }
            Ok(())
        })?;
    }
    Ok(true)
}

async fn nothing_new(tx: &mut Tx, org: OrgId, settled: feed::Settled) -> Result<bool> {
    match store::progress(tx, org).await? {
        Some(progress) if progress.is_whole() => {
            Ok(feed::touched(tx, org, progress.position, settled, 1).await?.is_empty())
        }
        _ => Ok(false),
    }
}

/// The next lives of a kind of the first filing.
async fn file_lives(tx: &mut Tx, org: OrgId, kind: &str, progress: Progress) -> Result<Progress> {
    let lives = store::next_lives(tx, org, kind, progress.after, AT_ONCE).await?;
    let Some(last) = lives.last() else {
        return Ok(Progress { stage: progress.stage + 1, after: Uuid::nil(), ..progress });
    };
    store::file(tx, org, kind, &lives, false).await?;
    Ok(Progress { after: last.id, ..progress })
}

/// What changed since: each life that did is filed anew, whole, so that it does not matter in which order, or how
/// often, its changes come by.
async fn file_changes(
    tx: &mut Tx,
    org: OrgId,
    progress: Progress,
    settled: feed::Settled,
) -> Result<Progress> {
    let touched = feed::touched(tx, org, progress.position, settled, AT_ONCE / 4).await?;
    let mut changed: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for one in touched.iter().filter(|t| is_filed(&t.entity)) {
        changed.entry(&one.entity).or_default().insert(one.entity_id);
    }
    for (kind, ids) in changed {
        let lives = store::lives_of(tx, org, kind, &ids.into_iter().collect::<Vec<_>>()).await?;
        store::file(tx, org, kind, &lives, true).await?;
    }
    let position = touched.last().map_or(progress.position, |last| last.event);
    Ok(Progress { position, ..progress })
}
