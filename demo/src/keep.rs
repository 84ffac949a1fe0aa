//! Writing the hospital down: first what stands still, then the devices with their histories.
//!
//! Lives are told on a thread of their own and handed over in batches, so memory stays bounded and telling and
//! writing overlap. A batch is one transaction and holds devices whole: the row, every event and the words by which it is
//! found.

use std::time::Duration;

use db::{Db, Tx, feed, gate::Seeded};
use fleet::{
    Device, company,
    device::{
        self,
        then::{Filing, devices_are_filed},
    },
    device_type, model,
};
use identity::{department, grant, org, person, place, site};
use kernel::{Actor, Change, Id, OrgId, Problem, Result};
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    Options, SignIn,
    catalogue::{MAKERS, PRODUCTS},
    letters,
    lives::{Life, Lives},
    mark,
    pen::Stand,
    story,
    world::World,
};

/// Rows a transaction of what stands still.
const ROWS: usize = 1_000;
/// The person who set the organisation up: its administrator.
const ADMINISTRATOR: usize = 3;

/// Devices with their histories, for one transaction.
#[derive(Default)]
pub struct Batch {
    /// As they are today.
    pub devices: Vec<Device>,
    /// All that happened to them.
    pub entries: Vec<Seeded>,
    /// The words by which each is found.
    pub words: Vec<(db::search::Of, String)>,
    /// What lists of the past are read from.
    pub filing: Filing,
}

impl Batch {
    fn rows(&self) -> usize {
        self.devices.len() + self.words.len() + self.entries.len()
    }
}

/// Writes organisation, sites, places, departments, people, makers, types and models; the organisation never stands
/// without its mark.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn house(db: &Db, world: &World, options: &Options, sign_ins: &[SignIn]) -> Result<()> {
    let org = world.house.org.id;
    let who = &world.actor(ADMINISTRATOR, world.days.beginning());
    db::write!(db, org, |tx| {
        org::keep(tx, who, &world.house.org).await?;
        mark::begin(tx, org, options, sign_ins).await?;
        for site in &world.house.sites {
            site::keep(tx, who, site).await?;
        }
        Ok(())
    })?;
    for departments in world.house.departments.chunks(ROWS / 2) {
        db::write!(db, org, |tx| {
            for department in departments {
                department::keep(tx, who, department).await?;
            }
            Ok(())
        })?;
    }
    let staff = world.staff.people.chunks(ROWS / 4).zip(world.staff.grants.chunks(ROWS / 4));
    for (people, grants) in staff {
        db::write!(db, org, |tx| {
            for (person, grant) in people.iter().zip(grants) {
                person::keep(tx, who, person).await?;
                grant::keep(tx, who, grant).await?;
            }
            Ok(())
        })?;
    }
    for places in world.house.places.chunks(ROWS / 2) {
        db::write!(db, org, |tx| {
            for place in places {
                place::keep(tx, who, place).await?;
            }
            Ok(())
        })?;
    }
    db::write!(db, org, |tx| catalogue(tx, who, world).await)
}

async fn catalogue(tx: &mut Tx, who: &Actor, world: &World) -> Result<()> {
    let org = world.house.org.id;
    let mut chance = world.root.stream(3);
    let mut entries = Vec::new();
    let mut note = |action, entity, id: Uuid, after| {
        let change =
            Change { action, entity, id, version: 1, before: None, after, valid_at: None, reason: None };
        entries.push(Seeded::new(who, &change, Id::seeded(who.at, chance.bytes())));
    };
    for noun in &world.companies {
        company::store::add(tx, org, noun).await?;
        note("fleet.company.add", "company", noun.id.uuid(), json(noun)?);
    }
    for noun in &world.types {
        device_type::store::add(tx, org, noun).await?;
        note("fleet.device_type.add", "device_type", noun.id.uuid(), json(noun)?);
    }
    for (item, noun) in world.models.iter().enumerate() {
        let versions = letters::versions(noun, item, &world.days)?;
        let mut before = None;
        for (at, noun) in &versions {
            let who = world.actor(ADMINISTRATOR, *at);
            let action = if before.is_none() { "fleet.model.add" } else { "fleet.model.change" };
            let after = json(noun)?;
            let change = Change {
                action,
                entity: "model",
                id: noun.id.uuid(),
                version: noun.version,
                before: before.replace(after.clone()),
                after,
                valid_at: None,
                reason: None,
            };
            entries.push(Seeded::new(&who, &change, Id::seeded(who.at, chance.bytes())));
        }
        if let Some((_, last)) = versions.last() {
            model::store::add(tx, org, last).await?;
        }
    }
    tx.record_seeded(&entries).await
}

fn json(noun: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(noun).map_err(Problem::bug)
}

/// Tells all lives and hands them over in batches of about so many rows; ends early when nobody takes them any more.
///
/// # Errors
/// [`Problem::Bug`] naming rule and device where a rule of the fleet refused.
pub fn tell(world: &World, lives: &Lives, rows: usize, out: &mpsc::Sender<Batch>) -> Result<()> {
    let mut batch = Batch::default();
    for run in &lives.runs {
        let mut stands: Vec<Stand> = Vec::new();
        for number in run.clone() {
            let life = &lives.all[number];
            let system = if life.parent.is_some() { stands.as_slice() } else { &[] };
            let told = story::tell(world, life, number, system)?;
            let full = batch.rows() + told.entries.len() + 2 > rows;
            if full && out.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
            batch.words.push((told.device.words_of(), words(world, life, &told.device)));
            batch.filing.add(world.house.org.id, told.device.id.uuid(), told.known);
            batch.devices.push(told.device);
            batch.entries.extend(told.entries);
            if life.is_system {
                stands = told.stands;
            }
        }
    }
    // The receiver may have gone; it says why itself.
    let _ = out.blocking_send(batch);
    Ok(())
}

/// Writes one batch.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn batch(db: &Db, org: OrgId, batch: &Batch) -> Result<()> {
    db::write!(db, org, |tx| {
        device::store::add_many(tx, org, &batch.devices).await?;
        tx.record_seeded(&batch.entries).await?;
        batch.filing.keep(tx, org).await?;
        db::search::put_new(tx, org, "device", &batch.words).await
    })
}

/// Says that all devices are filed for lists of the past.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn filed(db: &Db, org: OrgId) -> Result<()> {
    let settled = feed::settled(db, Duration::ZERO).await?;
    db::write!(db, org, |tx| {
        let last = feed::last(tx, org, settled).await?;
        devices_are_filed(tx, org, last).await
    })
}

/// The words by which a device is found, as [`device::store::index`] would gather them.
fn words(world: &World, life: &Life, device: &Device) -> String {
    let product = &PRODUCTS[life.product];
    let place = device.place.and_then(|id| world.house.name_of(id.uuid()));
    let site = world.house.name_of(device.site.uuid());
    let department = device.department.and_then(|id| world.house.name_of(id.uuid()));
    let known = [device.serial.as_deref(), device.udi.as_deref(), place, site, department];
    let mut text =
        format!("{} {} {} {}", device.tag, product.name, MAKERS[product.maker], product.device_type);
    for part in known.into_iter().flatten() {
        text.push(' ');
        text.push_str(part);
    }
    text
}
