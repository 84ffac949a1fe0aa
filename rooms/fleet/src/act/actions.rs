//! What people do with an act: prepare, choose, look, begin, undo.

use db::{Tx, job};
use kernel::{Actor, Keyset, Problem, Result};

use super::{
    Act, ActId, ActState, Change, Counts, Item, MOST, Outcome, Reaches,
    store::{self, Draft},
    work::{self, Judge},
};
use crate::{
    device::{Device, DeviceId, list::Wanted},
    permit,
};

/// The job that carries an act on.
pub const RUN: &str = "fleet.act.run";
/// The job that takes it back.
pub const UNDO: &str = "fleet.act.undo";

/// Devices looked at and written at once: with its event and its item, three rows each.
pub(super) const BATCH: usize = 300;

fn may(who: &Actor) -> Result<()> {
    if who.may_somewhere(permit::DEVICE_EDIT) {
        return Ok(());
    }
    Err(Problem::Forbidden { permit: permit::DEVICE_EDIT.0 })
}

/// The devices of a search as they stand, in the order of the list; at most one more than an act may hold.
///
/// # Errors
/// As [`Tx::all`].
pub async fn found(tx: &mut Tx, who: &Actor, wanted: &Wanted) -> Result<Vec<DeviceId>> {
    let mut ids = Vec::new();
    let mut keyset = Keyset { after: None, limit: 1_000 };
    loop {
        let page = crate::device::list::page(tx, who, wanted, &keyset).await?;
        ids.extend(page.rows.iter().map(|row| row.id));
        match page.next {
            Some(next) if ids.len() <= MOST => keyset.after = Some(next),
            _ => return Ok(ids),
        }
    }
}

/// Refuses an act on nothing, or on more than one may hold.
///
/// # Errors
/// [`Problem::Invalid`].
pub fn must_fit(n: usize) -> Result<()> {
    if n == 0 {
        return Err(Problem::invalid("device", "No device is chosen. Tick some, or choose all that match."));
    }
    if n > MOST {
        let most = kernel::thousands(MOST as i64);
        let words = format!("More than {most} devices match. Narrow the search and change them in parts.");
        return Err(Problem::invalid("device", words));
    }
    Ok(())
}

/// Begins a draft. Its devices are added with [`put`].
///
/// # Errors
/// [`Problem::Forbidden`] for somebody who may change no device.
pub async fn prepare(tx: &mut Tx, who: &Actor, query: &str) -> Result<Draft> {
    may(who)?;
    let draft = Draft {
        id: ActId::new(),
        by: who.person,
        made_at: who.at,
        query: query.to_owned(),
        change: Change::default(),
        reason: String::new(),
    };
    store::add_draft(tx, who.org, &draft).await?;
    Ok(draft)
}

/// Adds devices to a draft, as they stand now, from a place on; those out of sight are left aside.
///
/// # Errors
/// As [`Tx::all`].
pub async fn put(tx: &mut Tx, who: &Actor, id: ActId, from: i64, ids: &[DeviceId]) -> Result<i64> {
    let devices = work::load(tx, who.org, ids).await?;
    let seen: Vec<(DeviceId, i64)> = ids
        .iter()
        .filter_map(|id| devices.get(id))
        .filter(|device| device.removed_at.is_none() && who.may(permit::DEVICE_VIEW, device.reach()))
        .map(|device| (device.id, device.version))
        .collect();
    store::add_items(tx, who.org, id, from, &seen).await?;
    Ok(from + seen.len() as i64)
}

/// A draft of one's own.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn my_draft(tx: &mut Tx, who: &Actor, id: ActId) -> Result<Draft> {
    may(who)?;
    let draft = store::draft(tx, who.org, id).await?;
    draft.filter(|draft| draft.by == who.person).ok_or_else(|| Problem::not_found("this change"))
}

/// Keeps what is chosen so far.
///
/// # Errors
/// As [`my_draft`].
pub async fn choose(tx: &mut Tx, who: &Actor, id: ActId, change: &Change, reason: &str) -> Result<()> {
    my_draft(tx, who, id).await?;
    store::change_draft(tx, who.org, id, change, reason).await
}

/// What would become of one device.
#[derive(Clone, Debug)]
pub struct Look {
    /// As it is.
    pub before: Device,
    /// As it would become, or why it is left alone.
    pub after: std::result::Result<Device, String>,
}

/// What an act would do.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// How many would come to what.
    pub counts: Counts,
    /// The first devices that would change.
    pub changed: Vec<Look>,
    /// Why devices would be left alone, each with how many and the first tags.
    pub refused: Vec<(String, i64, Vec<String>)>,
}

/// Devices shown of each kind.
const SHOWN: usize = 12;

impl Preview {
    fn add(&mut self, before: &Device, looked: std::result::Result<Device, String>) {
        self.counts.devices += 1;
        match looked {
            Ok(after) if after.version == before.version => self.counts.same += 1,
            Ok(after) => {
                self.counts.changed += 1;
                if self.changed.len() < SHOWN {
                    self.changed.push(Look { before: before.clone(), after: Ok(after) });
                }
            }
            Err(words) => {
                self.counts.refused += 1;
                match self.refused.iter_mut().find(|(known, ..)| *known == words) {
                    Some((_, n, tags)) => {
                        *n += 1;
                        if tags.len() < SHOWN {
                            tags.push(before.tag.clone());
                        }
                    }
                    None => self.refused.push((words, 1, vec![before.tag.clone()])),
                }
            }
        }
    }
}

/// What a choice would do to the devices of a draft, looked at one by one; nothing is saved.
///
/// # Errors
/// As [`my_draft`].
pub async fn preview(tx: &mut Tx, who: &Actor, id: ActId, change: &Change, reason: &str) -> Result<Preview> {
    my_draft(tx, who, id).await?;
    let mut preview = Preview::default();
    let mut judge = Judge::new(Reaches::of(who), change.clone(), reason.to_owned());
    let mut after = -1;
    loop {
        let items = store::items(tx, who.org, id, after, BATCH as u32).await?;
        let Some(last) = items.last() else { return Ok(preview) };
        after = last.seq;
        let devices = work::load_items(tx, who.org, &items).await?;
        for item in &items {
            let Some(device) = devices.get(&item.device) else { continue };
            preview.add(device, judge.of(tx, who, item, device).await?);
        }
    }
}

/// Begins to carry out a draft.
///
/// # Errors
/// [`Problem::Invalid`] without a change or a reason; as [`my_draft`].
pub async fn begin(tx: &mut Tx, who: &Actor, id: ActId, change: &Change, reason: &str) -> Result<Act> {
    let draft = my_draft(tx, who, id).await?;
    if change.is_empty() {
        return Err(Problem::invalid("form", "Nothing is chosen to change. Set at least one field."));
    }
    let reason = reason.trim();
    if reason.is_empty() {
        let words = "Write why. It stands in the history of each device.";
        return Err(Problem::invalid("reason", words));
    }
    crate::device::Text::Words
        .refusal("fleet.act.reason", Some(&reason.to_owned()))
        .map_or(Ok(()), |refusal| Err(Problem::from(refusal)))?;
    let devices = store::counts(tx, who.org, id).await?.devices;
    let act = Act {
        id,
        version: 1,
        state: ActState::Running,
        by: who.person,
        by_name: who.name.clone(),
        begun_at: who.at,
        query: draft.query,
        change: change.clone(),
        reason: reason.to_owned(),
        within: Reaches::of(who),
        counts: Counts { devices, ..Counts::default() },
    };
    store::add(tx, who, &act).await?;
    store::end_draft(tx, who.org, id).await?;
    job::add(tx, who.org, RUN, &id.to_string(), who.at).await?;
    Ok(act)
}

/// An act in sight: one's own, or any for whoever may change devices everywhere.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn visible(tx: &mut Tx, who: &Actor, id: ActId) -> Result<Act> {
    may(who)?;
    let act = store::find(tx, who.org, id).await?;
    act.filter(|act| sees(who, act)).ok_or_else(|| Problem::not_found("this change"))
}

fn sees(who: &Actor, act: &Act) -> bool {
    (act.by.is_some() && act.by == who.person)
        || who.scope(permit::DEVICE_EDIT) == kernel::ScopeSet::Everywhere
}

/// Acts in sight, the newest first.
///
/// # Errors
/// [`Problem::Forbidden`] for somebody who may change no device.
pub async fn list(tx: &mut Tx, who: &Actor, mut before: Option<ActId>, limit: u32) -> Result<Vec<Act>> {
    may(who)?;
    let mut seen: Vec<Act> = Vec::new();
    loop {
        let some = store::list(tx, who.org, before, limit).await?;
        let more = some.len() == limit as usize;
        before = some.last().map(|act| act.id);
        let room = limit as usize - seen.len();
        seen.extend(some.into_iter().filter(|act| sees(who, act)).take(room));
        if !more || seen.len() == limit as usize {
            return Ok(seen);
        }
    }
}

/// What an undo would leave as it is: devices that somebody changed since, each with the fields.
#[derive(Clone, Debug, Default)]
pub struct Since {
    /// How many would be given back.
    pub free: i64,
    /// How many stay as they are.
    pub changed: i64,
    /// The first of these: tag, and the fields that were changed since.
    pub named: Vec<(String, Vec<String>)>,
}

/// Looks whether what an act changed is still as it left it.
///
/// # Errors
/// As [`visible`].
pub async fn look_before_undo(tx: &mut Tx, who: &Actor, act: &Act) -> Result<Since> {
    let mut since = Since::default();
    let mut after = -1;
    loop {
        let items = store::items_of(tx, who.org, act.id, Outcome::Changed, (after, BATCH as u32)).await?;
        let Some(last) = items.last() else { return Ok(since) };
        after = last.seq;
        let devices = work::load_items(tx, who.org, &items).await?;
        for Item { device, touched, .. } in &items {
            let (Some(device), Some(touched)) = (devices.get(device), touched) else { continue };
            let fields = touched.changed_since(device)?;
            if fields.is_empty() {
                since.free += 1;
                continue;
            }
            since.changed += 1;
            if since.named.len() < SHOWN {
                since.named.push((device.tag.clone(), fields));
            }
        }
    }
}

/// Begins to take an act back.
///
/// # Errors
/// [`Problem::Conflict`] unless it is done; as [`visible`].
pub async fn begin_undo(tx: &mut Tx, who: &Actor, act: &Act) -> Result<Act> {
    visible(tx, who, act.id).await?;
    if act.state != ActState::Done {
        let words = match act.state {
            ActState::Undone | ActState::Undoing => "It is undone already.",
            _ => "It is still under way. Wait until it is done.",
        };
        return Err(Problem::conflict("fleet.act.state", words));
    }
    let to = Act {
        state: ActState::Undoing,
        by: who.person,
        by_name: who.name.clone(),
        within: Reaches::of(who),
        ..act.clone()
    };
    let after = store::keep(tx, who, "fleet.act.undo", act, to).await?;
    job::add(tx, who.org, UNDO, &act.id.to_string(), who.at).await?;
    Ok(after)
}
