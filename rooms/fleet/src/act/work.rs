//! The work on an act, some hundred devices a transaction, resumable after each.
//!
//! **Invariant:** a device and the note of what became of it are one transaction, so each is changed once, whoever is
//! killed or comes second.

use std::collections::HashMap;

use db::{Db, Select, Tx, Val};
use kernel::{Actor, Change as Event, Clock, OrgId, Problem, Reach, Result, SiteId, Via};
use serde_json::Value;

use super::{
    Act, ActId, ActState, Change, Item, Outcome, Reaches, Touched,
    actions::{BATCH, RUN, UNDO},
    store,
};
use crate::{
    ModelId, Refusal,
    device::{self, Device, DeviceId, Facts},
};

/// Devices by their ids, as they stand.
pub(super) async fn load(tx: &mut Tx, org: OrgId, ids: &[DeviceId]) -> Result<HashMap<DeviceId, Device>> {
    let mut select = Select::new(device::store::WHOLE, "d", org);
    select.one_of("d.id", ids.iter().map(|id| Val::from(*id)));
    let rows = select.all(tx).await?;
    rows.iter().map(|row| device::store::from_row(row).map(|device| (device.id, device))).collect()
}

/// The devices of some items.
pub(super) async fn load_items(tx: &mut Tx, org: OrgId, items: &[Item]) -> Result<HashMap<DeviceId, Device>> {
    let ids: Vec<DeviceId> = items.iter().map(|item| item.device).collect();
    load(tx, org, &ids).await
}

/// Says what becomes of each device. What the rules must know of a model at a site is read once.
pub(super) struct Judge {
    within: Reaches,
    change: Change,
    reason: String,
    facts: HashMap<(ModelId, SiteId), Facts>,
}

impl Judge {
    pub(super) fn new(within: Reaches, change: Change, reason: String) -> Self {
        Self { within, change, reason, facts: HashMap::new() }
    }

    /// The device as it becomes, itself where it is already so, or why it is left alone.
    pub(super) async fn of(
        &mut self,
        tx: &mut Tx,
        who: &Actor,
        item: &Item,
        device: &Device,
    ) -> Result<std::result::Result<Device, String>> {
        if device.removed_at.is_some() || !self.within.view.holds(device.reach()) {
            return Ok(Err("It is no longer on record within your reach.".to_owned()));
        }
        let key = (device.model, device.site);
        let facts = match self.facts.get(&key) {
            Some(facts) => facts,
            None => {
                let facts = device::actions::facts(tx, who, device.model, device.site).await?;
                self.facts.entry(key).or_insert(facts)
            }
        };
        let after = match self.change.of(device, facts, &self.reason) {
            Ok(after) => after,
            Err(refusals) => return Ok(Err(said(&refusals))),
        };
        if after.version == device.version {
            return Ok(Ok(after));
        }
        if let Some(words) = self.may(device, &after) {
            return Ok(Err(words));
        }
        if device.version != item.seen {
            return Ok(Err(
                "Somebody changed it after it was chosen. Look at it, and change it again.".to_owned()
            ));
        }
        Ok(Ok(after))
    }

    /// Which right is missing.
    fn may(&self, before: &Device, after: &Device) -> Option<String> {
        let (here, there) = (before.reach(), after.reach());
        if self.change.edits() && !self.within.edit.holds(here) {
            return Some("You may not change devices where it stands.".to_owned());
        }
        let moves =
            (before.site, before.place, before.department) != (after.site, after.place, after.department);
        let within = |reach: Reach| self.within.transfer.holds(reach);
        (moves && !(within(here) && within(there)))
            .then(|| "You may not move devices from where it stands to there.".to_owned())
    }
}

fn said(refusals: &[Refusal]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The event of a device that an act changed, which names the act.
fn event(action: &'static str, act: &Act, before: &Device, after: &Device) -> Result<Event> {
    let json = |device: &Device| serde_json::to_value(device).map_err(Problem::bug);
    let mut event = Event {
        action,
        entity: "device",
        id: after.id.uuid(),
        version: after.version,
        before: Some(json(before)?),
        after: json(after)?,
        valid_at: None,
        reason: Some(act.reason.clone()),
    };
    if let Value::Object(after) = &mut event.after {
        after.insert("act".to_owned(), act.id.to_string().into());
    }
    Ok(event)
}

/// Writes a changed device, brings its components along, and keeps the words by which they are found.
async fn write(
    tx: &mut Tx,
    who: &Actor,
    (act, action): (&Act, &'static str),
    (before, after): (&Device, &Device),
    events: &mut Vec<Event>,
) -> Result<()> {
    device::store::change(tx, who.org, before, after).await?;
    events.push(event(action, act, before, after)?);
    let stays = (before.site, before.place, before.department) == (after.site, after.place, after.department);
    if stays && before.model == after.model {
        return Ok(());
    }
    device::store::index(tx, who.org, after.id).await?;
    if !stays {
        // Events of components are written after that of their system.
        tx.record_many(who, std::mem::take(events)).await?;
        device::actions::follow(tx, who, after, Some(act.reason.clone())).await?;
    }
    Ok(())
}

/// Whoever did the last step, in a job.
fn actor(act: &Act, org: OrgId, at: kernel::Instant) -> Actor {
    let mut who = Actor::system(org, &act.by_name, Via::Job, at);
    who.person = act.by;
    who
}

/// Goes on with an act until it is done.
///
/// # Errors
/// When the database is in trouble; calling again goes on where this ended.
pub async fn drive(db: &Db, clock: &Clock, org: OrgId, id: ActId) -> Result<()> {
    loop {
        let at = clock.now();
        let more = db::write!(db, org, |tx| {
            let Some(act) = store::find(tx, org, id).await? else { return Ok(false) };
            let who = actor(&act, org, at);
            match act.state {
                ActState::Running => some(tx, &who, &act).await,
                ActState::Undoing => some_back(tx, &who, &act).await,
                ActState::Done | ActState::Undone => Ok(false),
            }
        })?;
        if !more {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}

/// Changes the next devices; `false` when none was left and the act is done.
async fn some(tx: &mut Tx, who: &Actor, act: &Act) -> Result<bool> {
    let items = store::items_of(tx, who.org, act.id, Outcome::Waiting, (-1, BATCH as u32)).await?;
    if items.is_empty() {
        end(tx, who, act, ActState::Done, "fleet.act.done").await?;
        return Ok(false);
    }
    let mut judge = Judge::new(act.within.clone(), act.change.clone(), act.reason.clone());
    let mut events = Vec::with_capacity(items.len());
    let devices = load_items(tx, who.org, &items).await?;
    for mut item in items {
        // A system that was changed before it in this batch may have taken it along.
        let read = devices.get(&item.device).filter(|device| device.parent.is_none()).cloned();
        let before = match read {
            Some(device) => device,
            None => device::store::get(tx, who.org, item.device).await?,
        };
        match judge.of(tx, who, &item, &before).await? {
            Ok(after) if after.version == before.version => item.outcome = Outcome::Same,
            Ok(after) => {
                write(tx, who, (act, "fleet.device.bulk"), (&before, &after), &mut events).await?;
                item.outcome = Outcome::Changed;
                item.touched = Some(Touched::between(&before, &after)?);
            }
            Err(words) => (item.outcome, item.words) = (Outcome::Refused, Some(words)),
        }
        store::end_item(tx, who.org, act.id, &item).await?;
    }
    tx.record_many(who, events).await?;
    Ok(true)
}

/// Gives the last changed devices back what the act changed; `false` when none was left and the act is undone.
async fn some_back(tx: &mut Tx, who: &Actor, act: &Act) -> Result<bool> {
    let items = store::items_back(tx, who.org, act.id, Outcome::Changed, BATCH as u32).await?;
    if items.is_empty() {
        end(tx, who, act, ActState::Undone, "fleet.act.undone").await?;
        return Ok(false);
    }
    let mut events = Vec::with_capacity(items.len());
    let devices = load_items(tx, who.org, &items).await?;
    for mut item in items {
        let read = devices.get(&item.device).filter(|device| device.parent.is_none()).cloned();
        let before = match read {
            Some(device) => device,
            None => device::store::get(tx, who.org, item.device).await?,
        };
        match back(act, &item, &before)? {
            Ok(after) => {
                write(tx, who, (act, "fleet.device.bulk_undo"), (&before, &after), &mut events).await?;
                item.outcome = Outcome::Undone;
            }
            Err(words) => (item.outcome, item.words) = (Outcome::Kept, Some(words)),
        }
        store::end_item(tx, who.org, act.id, &item).await?;
    }
    tx.record_many(who, events).await?;
    Ok(true)
}

/// The device with what the act changed given back, or why it stays as it is.
fn back(act: &Act, item: &Item, before: &Device) -> Result<std::result::Result<Device, String>> {
    let Some(touched) = &item.touched else { return Ok(Err("Nothing of it was changed.".to_owned())) };
    if before.removed_at.is_some() {
        return Ok(Err("The import that brought it was undone.".to_owned()));
    }
    let since = touched.changed_since(before)?;
    if !since.is_empty() {
        return Ok(Err(format!("Changed since: {}.", since.join(", "))));
    }
    let after = touched.given_back(before)?;
    let moves = (before.site, before.place, before.department) != (after.site, after.place, after.department);
    let within = if moves { &act.within.transfer } else { &act.within.edit };
    if !(within.holds(before.reach()) && within.holds(after.reach())) {
        return Ok(Err("Whoever undid it may not change devices there.".to_owned()));
    }
    Ok(Ok(after))
}

async fn end(tx: &mut Tx, who: &Actor, act: &Act, state: ActState, action: &'static str) -> Result<()> {
    let counts = store::counts(tx, who.org, act.id).await?;
    store::keep(tx, who, action, act, Act { state, counts, ..act.clone() }).await.map(drop)
}

/// The jobs that carry acts on and take them back.
pub fn jobs() -> Vec<web::JobKind> {
    fn go(app: web::App, job: db::job::Job) -> futures::future::BoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let id: ActId = job.payload.parse().map_err(Problem::bug)?;
            drive(app.db(), app.clock(), job.org, id).await
        })
    }
    [RUN, UNDO].map(|kind| web::JobKind { kind, run: go }).to_vec()
}

/// Drafts that nobody came back to are thrown away after a day.
const KEPT_SECONDS: i64 = 24 * 3600;

/// Throws old drafts away, again and again.
pub fn duties() -> Vec<web::Duty> {
    vec![web::Duty {
        name: "fleet.act.sweep",
        every: std::time::Duration::from_secs(3600),
        run: |app| Box::pin(async move { sweep(&app).await }),
    }]
}

async fn sweep(app: &web::App) -> Result<()> {
    let before = app.now().plus_seconds(-KEPT_SECONDS);
    for org in identity::org::list(app.db()).await? {
        let org = org.id;
        let old = db::read!(app.db(), org, |tx| store::old_drafts(tx, org, before).await)?;
        for id in old {
            let mut below = 0;
            loop {
                below += 1_000;
                let gone = db::write!(app.db(), org, |tx| store::end_items(tx, org, id, below).await)?;
                if gone == 0 {
                    break;
                }
            }
            db::write!(app.db(), org, |tx| store::end_draft(tx, org, id).await)?;
        }
    }
    Ok(())
}
