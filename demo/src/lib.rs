//! The demonstration hospital **Northfield Health**: three sites, or as many as its devices need, eight years, every
//! move by the rules.
//!
//! [`create`] fills an empty database from a seed. Everything in it is invented but the mix of devices, which is
//! that of acute hospitals ([`facts`]). First the lives of all devices are outlined (`lives`), then each is
//! told move by move (`story`) through the pure rules of the fleet, and written down in batches (`keep`).
//!
//! **Invariant:** the same seed, size and day give the same hospital; [`fingerprint`] says so.

mod beside;
mod catalogue;
mod chance;
mod days;
pub mod facts;
pub mod house;
mod keep;
mod leave;
mod letters;
mod lives;
mod mark;
mod nomenclature;
mod pen;
mod people;
mod print;
mod story;
mod tags;
mod towns;
mod use_of;
mod words;
mod world;

use std::{sync::Arc, time::Duration};

use db::{Db, Fresh, RoomSchema};
use identity::account::Hasher;
use jiff::civil::date;
use kernel::{Date, FieldError, Instant, OrgId, Problem, Result, Role};
use serde::{Deserialize, Serialize};

pub use mark::{Held, SCHEMA, held};
pub use people::PASSWORD;
pub use print::fingerprint;

use crate::{chance::Chance, days::Days, keep::Batch, world::World};

/// What hospital to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The seed of all chance.
    pub seed: u64,
    /// Devices in the house today.
    pub devices: u32,
    /// The day on which the demonstration begins.
    pub today: Date,
}

impl Default for Options {
    /// 14,000 devices on 13 October 2026.
    fn default() -> Self {
        Self { seed: 20_261_013, devices: 14_000, today: date(2026, 10, 13) }
    }
}

impl Options {
    /// Whether such a hospital can be made.
    ///
    /// # Errors
    /// [`Problem::Invalid`] with the fields.
    pub fn check(&self) -> Result<()> {
        const MOST: u32 = 1_000_000;
        let years = date(1990, 1, 1)..=date(2199, 12, 31);
        let mut fields = Vec::new();
        if !(1..=MOST).contains(&self.devices) {
            let message = format!("A demonstration has from 1 to {MOST} devices.");
            fields.push(FieldError { field: "devices".into(), message });
        }
        if !years.contains(&self.today) {
            let message = format!("Its day lies between {} and {}.", years.start(), years.end());
            fields.push(FieldError { field: "today".into(), message });
        }
        if fields.is_empty() { Ok(()) } else { Err(Problem::Invalid { fields }) }
    }
}

/// One account to sign in with; the password is [`PASSWORD`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Whose.
    pub name: String,
    /// The e-mail to sign in with.
    pub email: String,
    /// What they may try out.
    pub role: Role,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The organisation.
    pub org: OrgId,
    /// One sign-in for each role.
    pub sign_ins: Vec<SignIn>,
    /// Devices in the house today.
    pub devices: u64,
    /// Devices on record, those that left or have not come yet included.
    pub records: u64,
    /// Events in the history of devices.
    pub events: u64,
    /// Buildings, floors and rooms.
    pub places: u64,
    /// The last moment of the story: half past seven on the day chosen.
    pub ends_at: Instant,
}

/// Tables so large that their indexes are made after their rows; see [`create_fresh`].
pub const LARGE: &[&str] = &["device", "event", "search_doc", "then_device", "then_state"];
/// Rows a transaction where others may wait.
const ROWS: usize = 1_000;

/// Fills an empty database with the demonstration hospital. `progress` gets a sentence now and then.
///
/// # Errors
/// [`Problem::Conflict`] when the database holds an organisation already, [`Problem::Invalid`] for a day without
/// eight years before it, [`Problem::Bug`] where a rule of the fleet refused a move of the generator; what was
/// written until then stays, and [`held`] calls it begun.
pub async fn create(db: &Db, options: &Options, progress: impl Fn(&str)) -> Result<Summary> {
    make(db, ROWS, options, progress).await
}

/// The same in a place that holds nothing, begun with [`LARGE`]: much faster, and what was cut short leaves nothing.
/// `rooms` are those the place was begun with.
///
/// # Errors
/// As [`create`] and [`Fresh::finish`].
pub async fn create_fresh(
    fresh: Fresh,
    rooms: &[RoomSchema],
    options: &Options,
    progress: impl Fn(&str),
) -> Result<(Db, Summary)> {
    let made = make(fresh.db(), fresh.rows_a_batch(), options, &progress).await?;
    let db = fresh.finish(rooms, &progress).await?;
    progress("Filing names for lists of the past.");
    fleet::device::then::file(&db, made.org, Duration::ZERO).await?;
    db.learn_bulk().await;
    Ok((db, made))
}

async fn make(db: &Db, rows: usize, options: &Options, progress: impl Fn(&str)) -> Result<Summary> {
    let there = identity::org::list(db).await?;
    if let Some(org) = there.first() {
        return Err(Problem::conflict(
            "demo.not_empty",
            format!("This database already holds {}. Name an empty one for the demonstration.", org.name),
        ));
    }
    options.check()?;
    let days = Days::until(options.today)?;
    let hash = Hasher::new().hash(PASSWORD).await?;
    let root = Chance::seeded(options.seed);
    let world = World::build(options.devices, days, root, &hash)?;
    let sign_ins = sign_ins(&world);
    keep::house(db, &world, options, &sign_ins).await?;
    progress("Sites, places, people, makers and models are there.");
    let mut summary = Summary {
        org: world.house.org.id,
        sign_ins,
        devices: 0,
        records: 0,
        events: 0,
        places: world.house.places.len() as u64,
        ends_at: world.days.horizon,
    };
    devices(db, Arc::new(world), (options.devices, rows), &mut summary, progress).await?;
    keep::filed(db, summary.org).await?;
    mark::done(db, summary.org).await?;
    Ok(summary)
}

/// Tells the lives on one thread and writes them on this one.
async fn devices(
    db: &Db,
    world: Arc<World>,
    (count, rows): (u32, usize),
    summary: &mut Summary,
    progress: impl Fn(&str),
) -> Result<()> {
    // A batch or a few ahead keep both sides busy and memory bounded.
    let ahead = (4 * ROWS / rows).max(1);
    let (out, mut inbox) = tokio::sync::mpsc::channel::<Batch>(ahead);
    let teller = tokio::task::spawn_blocking(move || {
        let lives = lives::outline(count, &world.days, &world.house, &world.root);
        keep::tell(&world, &lives, rows, &out)
    });
    let every = u64::from(count / 20).max(5_000);
    let mut said = 0;
    while let Some(batch) = inbox.recv().await {
        keep::batch(db, summary.org, &batch).await?;
        summary.records += batch.devices.len() as u64;
        summary.devices += batch.devices.iter().filter(|d| d.state.in_inventory()).count() as u64;
        summary.events += batch.entries.len() as u64;
        if summary.records / every > said {
            said = summary.records / every;
            progress(&format!("{} devices with {} events.", summary.records, summary.events));
        }
    }
    teller.await.map_err(Problem::bug)?
}

fn sign_ins(world: &World) -> Vec<SignIn> {
    world
        .staff
        .shown()
        .map(|(person, role)| SignIn { name: person.name.clone(), email: person.email.clone(), role })
        .collect()
}
