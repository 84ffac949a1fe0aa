//! Backups that a server makes by itself, and thinning them out.

use std::time::Duration;

use db::{
    Wall,
    backup::{
        self, Asked, Found, Keep, Shelf,
        note::{self, Kind, Note},
    },
    lease,
};
use kernel::{Id, Instant, Problem, Result, TimeZone};
use tokio::sync::watch;
use web::App;

use crate::{config::Config, upgrade::VERSION};

/// The duty that one server at a time does.
const LEASE: &str = "backup";
/// Seconds for which the duty is taken; it is renewed while a backup is being made.
const HELD_FOR: i64 = 120;
/// Between two looks whether one is due.
const LOOK: Duration = Duration::from_secs(20);
/// Seconds until a backup that failed is tried again.
const AGAIN: i64 = 900;

const EVERY: Wall = Wall::All("a backup holds all organisations");

/// When backups are made, and where they go.
#[derive(Clone, Debug)]
pub struct Plan {
    url: String,
    shelf: Shelf,
    /// Hours after the last one; else at an hour of the day.
    every: Option<u32>,
    at: (i8, i8),
    keep: Keep,
    rate: Option<u64>,
    zone: TimeZone,
}

impl Plan {
    /// The plan of a configuration; nothing when it names no place.
    ///
    /// # Errors
    /// When the place is neither folder nor bucket, and when there are no keys for the bucket.
    pub fn of(config: &Config) -> anyhow::Result<Option<Self>> {
        let Some(to) = &config.backup_to else { return Ok(None) };
        Ok(Some(Self {
            url: config.database.clone(),
            shelf: crate::shelf::at(config, to)?,
            every: config.backup_every,
            at: config.backup_hour().unwrap_or_default(),
            keep: config.backup_keep,
            rate: config.backup_bytes(),
            zone: TimeZone::system(),
        }))
    }

    /// Says now, and not in the night, that the place is not there. A server goes on without: whether a disk is mounted
    /// is no reason to keep a hospital waiting.
    pub fn look(&self) {
        if let Err(error) = self.shelf.is_there() {
            tracing::error!(%error, "backup_to: no backup can be made there");
        }
    }

    /// Whether a backup is due, by what became of the last ones. The first is due at once.
    fn due(&self, notes: &[Note], now: Instant) -> bool {
        let last = |well| note::of(notes, Kind::Backup, well).map(|note| note.at);
        if last(false).is_some_and(|at| at.plus_seconds(AGAIN) > now) {
            return false;
        }
        let Some(good) = last(true) else { return true };
        match self.every {
            Some(hours) => good.plus_seconds(i64::from(hours) * 3600) <= now,
            None => good < self.slot(now),
        }
    }

    /// The last time the hour struck, up to now.
    fn slot(&self, now: Instant) -> Instant {
        let (hour, minute) = self.at;
        let today = now.date_in(&self.zone);
        let at = |day: kernel::Date| Instant::of_civil(day.at(hour, minute, 0, 0), &self.zone);
        let slot = at(today);
        if slot <= now { slot } else { today.yesterday().map_or(slot, at) }
    }
}

/// Makes backups as they fall due until told to stop. Of several servers one makes each.
pub async fn keep(app: App, plan: Plan, mut stop: watch::Receiver<bool>) {
    let holder = Id::<Plan>::new().to_string();
    while !*stop.borrow() {
        match turn(&app, &plan, &holder).await {
            Ok(None) => {}
            Ok(Some(found)) => {
                let bytes = found.manifest.bytes();
                tracing::info!(backup = found.address(), bytes, "a backup was made");
            }
            // Said in the log already, once.
            Err(Problem::Away { .. }) => {}
            Err(error) => {
                tracing::error!(%error, "no backup could be made; it is tried again in a quarter of an hour")
            }
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Makes a backup if one is due and no other server is at it.
async fn turn(app: &App, plan: &Plan, holder: &str) -> Result<Option<Found>> {
    let due = async || {
        if identity::org::list(app.db()).await?.is_empty() {
            return Ok(false);
        }
        let notes = db::read!(app.db(), EVERY, |tx| note::all(tx).await)?;
        Ok::<_, Problem>(plan.due(&notes, Instant::machine_now()))
    };
    // A read first, so that an idle server writes nothing; and again, because another may have just made one.
    if !due().await? || !hold(app, holder).await? {
        return Ok(None);
    }
    let made = match due().await {
        Ok(true) => {
            let asked = Asked { url: &plan.url, shelf: &plan.shelf, program: VERSION, rate: plan.rate };
            tokio::select! {
                made = backup::make(asked) => made.map(Some),
                () = renew(app, holder) => Ok(None),
            }
        }
        other => other.map(|_| None),
    };
    db::write!(app.db(), EVERY, |tx| lease::leave(tx, LEASE, holder).await)?;
    if let Ok(Some(found)) = &made {
        thin(plan, found).await;
    }
    made
}

async fn hold(app: &App, holder: &str) -> Result<bool> {
    let now = Instant::machine_now();
    db::write!(app.db(), EVERY, |tx| lease::take(tx, LEASE, holder, now, now.plus_seconds(HELD_FOR)).await)
}

/// Keeps the duty while a backup is being made; ends only when another server has it.
async fn renew(app: &App, holder: &str) {
    loop {
        tokio::time::sleep(Duration::from_secs(HELD_FOR as u64 / 3)).await;
        if matches!(hold(app, holder).await, Ok(false)) {
            tracing::warn!("another server makes the backup now");
            return;
        }
    }
}

/// Removes backups that are no longer kept: those of the same organisations, and no others that lie beside them.
async fn thin(plan: &Plan, newest: &Found) {
    let ours = |found: &Found| {
        let orgs = &newest.manifest.organisations;
        found.manifest.organisations.iter().any(|org| orgs.iter().any(|own| own.id == org.id))
    };
    let (all, spoilt) = match plan.shelf.whole().await {
        Ok(all) => all,
        Err(error) => return tracing::warn!(%error, "old backups could not be looked at"),
    };
    for error in spoilt {
        tracing::warn!(%error, "a backup is damaged; it stays, and counts for nothing");
    }
    let all: Vec<Found> = all.into_iter().filter(ours).collect();
    let made: Vec<Instant> = all.iter().map(|found| found.manifest.instant()).collect();
    for i in backup::surplus(&made, plan.keep, &plan.zone) {
        match plan.shelf.remove(&all[i]).await {
            Ok(()) => tracing::info!(backup = all[i].address(), "an old backup was removed"),
            Err(error) => tracing::warn!(%error, "an old backup stays"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(every: Option<u32>) -> Plan {
        let config = Config { backup_to: Some("x".into()), backup_every: every, ..Config::default() };
        let zone = TimeZone::get("America/New_York").unwrap();
        Plan { zone, ..Plan::of(&config).unwrap().unwrap() }
    }

    fn at(text: &str) -> Instant {
        Instant::of_civil(text.trim_end_matches('Z').parse().unwrap(), &TimeZone::UTC)
    }

    fn noted(well: bool, when: &str) -> Note {
        let (place, words) = (String::new(), String::new());
        Note { kind: "backup".into(), ended_well: well, at: at(when), place, words }
    }

    #[test]
    fn one_a_day_at_its_hour_where_the_machine_stands() {
        let plan = plan(None);
        let due = |notes: &[Note], now| plan.due(notes, at(now));
        assert!(due(&[], "2026-03-02T12:00:00Z"), "the first at once");
        let last = [noted(true, "2026-03-02T12:00:00Z")];
        assert!(!due(&last, "2026-03-03T07:29:59Z"));
        assert!(due(&last, "2026-03-03T07:30:00Z"), "02:30 in New York");
        let last = [noted(true, "2026-03-07T07:30:05Z")];
        // On 8 March the clocks go from 02:00 to 03:00: the hour that is missing strikes with the one after.
        assert!(!due(&last, "2026-03-08T07:29:00Z"));
        assert!(due(&last, "2026-03-08T07:31:00Z"));
    }

    #[test]
    fn a_failure_is_tried_again_after_a_while() {
        let notes = [noted(true, "2026-03-01T12:00:00Z"), noted(false, "2026-03-02T12:00:00Z")];
        assert!(!plan(Some(6)).due(&notes, at("2026-03-02T12:14:59Z")));
        assert!(plan(Some(6)).due(&notes, at("2026-03-02T12:15:00Z")));
        let good = [noted(true, "2026-03-02T12:00:00Z")];
        assert!(!plan(Some(6)).due(&good, at("2026-03-02T17:59:59Z")));
        assert!(plan(Some(6)).due(&good, at("2026-03-02T18:00:00Z")));
    }
}
