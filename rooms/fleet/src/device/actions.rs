//! What people do to a device: permit, rule, store, record.
//!
//! Every function runs inside the caller's transaction and leaves exactly one event a changed device. A device
//! out of the actor's sight is not found; one in sight but out of reach is forbidden.

use db::{Tx, vals};
use kernel::{Actor, Change, OrgId, Permit, Problem, Reach, Result, TimeZone};
use serde_json::Value;

use super::{
    Device, DeviceId, Draft, Edit, Facts, Hold, HoldTest, Kind, Move, Spot, State, Text, begin, former, plan,
    rules, store,
};
use crate::{Refusal, RiskLevel, permit};

db::statements! {
    /// What the rules must know about a device to be: the risk level of its model or type, and its site's time zone.
    FACTS = "SELECT COALESCE(m.risk, t.risk) AS risk, s.time_zone FROM model m \
             JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
             JOIN site s ON s.org_id = m.org_id AND s.id = $3 WHERE m.org_id = $1 AND m.id = $2";
}

impl Device {
    /// Where the device stands, as far as rights go.
    pub fn reach(&self) -> Reach {
        Reach { site: Some(self.site), department: self.department }
    }

    /// Whether it is found by the same words as an earlier version.
    fn is_called_as(&self, before: &Self) -> bool {
        (&self.tag, &self.serial, &self.udi) == (&before.tag, &before.serial, &before.udi)
            && (self.model, self.site, self.place, self.department)
                == (before.model, before.site, before.place, before.department)
    }

    /// The change that leads from an earlier version to this one.
    fn change(&self, action: &'static str, before: Option<&Self>, reason: Option<String>) -> Change {
        let json = |device: &Self| serde_json::to_value(device).unwrap_or(Value::Null);
        Change {
            action,
            entity: "device",
            id: self.id.uuid(),
            version: self.version,
            before: before.map(json),
            after: json(self),
            valid_at: None,
            reason: reason.filter(|r| !r.trim().is_empty()),
        }
    }

    /// The event of a device that an import brought. One in use carries its baseline acceptance in the name of
    /// the event: nobody here saw its inspection.
    pub fn imported(&self) -> Change {
        let action = match self.accepted_as {
            Some(super::Acceptance::Baseline) => "fleet.device.baseline",
            _ => "fleet.device.import",
        };
        self.change(action, None, None)
    }

    /// The event of a device whose import was undone.
    pub fn import_undone(&self, before: &Self) -> Change {
        self.change("fleet.device.import_undone", Some(before), None)
    }

    /// The event of a move, carrying its evidence beside the record.
    pub fn moved(&self, before: Option<&Self>, mv: &Move) -> Change {
        let mut change = self.change("fleet.device.state", before, mv.evidence.reason.clone());
        change.valid_at = Some(mv.at);
        if let (Value::Object(after), Ok(evidence)) = (&mut change.after, serde_json::to_value(&mv.evidence))
        {
            after.insert("evidence".to_owned(), evidence);
        }
        change
    }
}

/// What the rules must know about a device of this model at this site.
///
/// # Errors
/// [`Problem::NotFound`] when the model or the site does not exist.
pub async fn facts(tx: &mut Tx, who: &Actor, model: crate::ModelId, site: kernel::SiteId) -> Result<Facts> {
    let row = tx
        .find(FACTS, &vals![who.org, model, site])
        .await?
        .ok_or_else(|| Problem::not_found("this model or site"))?;
    let zone: String = row.get("time_zone")?;
    Ok(Facts {
        inherited_risk: row.parse_opt::<RiskLevel>("risk")?,
        lost_after_days: Facts::LOST_AFTER_DAYS,
        now: who.at,
        zone: TimeZone::get(&zone).map_err(Problem::bug)?,
    })
}

/// A device that the actor may see.
///
/// # Errors
/// [`Problem::NotFound`] for one that does not exist, was removed, or is out of sight.
pub async fn visible(tx: &mut Tx, who: &Actor, id: DeviceId) -> Result<Device> {
    seen(who, store::get(tx, who.org, id).await?)
}

/// A device, unless it was removed or the actor may not see it.
fn seen(who: &Actor, device: Device) -> Result<Device> {
    if device.removed_at.is_some() || !who.may(permit::DEVICE_VIEW, device.reach()) {
        return Err(Problem::not_found("this device"));
    }
    Ok(device)
}

/// A device that the actor may see, by its tag or by one it carried before.
///
/// # Errors
/// As [`visible`].
pub async fn visible_by_tag(tx: &mut Tx, who: &Actor, tag: &str) -> Result<Device> {
    let missing = || Problem::not_found(format!("device {tag}"));
    let device = match store::find_by_tag(tx, who.org, tag).await? {
        Some(device) => device,
        None => {
            let former = former::find(tx, who.org, tag).await?.ok_or_else(missing)?;
            store::get(tx, who.org, former.device).await?
        }
    };
    if who.may(permit::DEVICE_VIEW, device.reach()) { Ok(device) } else { Err(missing()) }
}

/// Devices that ever went by a tag, whoever may see them: the one that has it first.
///
/// # Errors
/// As [`Tx::all`].
pub async fn known_by_tag(tx: &mut Tx, org: OrgId, tag: &str) -> Result<Vec<Device>> {
    let mut devices = store::ever_by_tag(tx, org, tag).await?;
    if let Some(former) = former::find(tx, org, tag).await? {
        devices.push(store::get(tx, org, former.device).await?);
    }
    devices.sort_by_key(|device| device.removed_at.is_some());
    Ok(devices)
}

/// Devices that the actor may see and that ever went by a tag: now, before, or until their import was undone. For
/// looking back; which of them is meant depends on the moment.
///
/// # Errors
/// [`Problem::NotFound`] when there is none.
pub async fn ever_by_tag(tx: &mut Tx, who: &Actor, tag: &str) -> Result<Vec<Device>> {
    let mut devices = known_by_tag(tx, who.org, tag).await?;
    devices.retain(|device| who.may(permit::DEVICE_VIEW, device.reach()));
    if devices.is_empty() { Err(Problem::not_found(format!("device {tag}"))) } else { Ok(devices) }
}

/// The device that something is done to: by its id, or as this transaction has read it, which saves reading it again.
#[derive(Clone, Debug)]
pub enum Which {
    /// By its id.
    Id(DeviceId),
    /// As it stands.
    Read(Box<Device>),
}

impl From<DeviceId> for Which {
    fn from(id: DeviceId) -> Self {
        Self::Id(id)
    }
}

impl From<Device> for Which {
    fn from(device: Device) -> Self {
        Self::Read(Box::new(device))
    }
}

async fn found(tx: &mut Tx, who: &Actor, which: Which) -> Result<Device> {
    match which {
        Which::Id(id) => visible(tx, who, id).await,
        Which::Read(device) => seen(who, *device),
    }
}

/// A device in sight and in reach, still at the version the actor saw.
pub(super) async fn mine(
    tx: &mut Tx,
    who: &Actor,
    which: impl Into<Which>,
    seen: i64,
    permit: Permit,
) -> Result<Device> {
    let device = found(tx, who, which.into()).await?;
    still(who, device, seen, permit)
}

fn still(who: &Actor, device: Device, seen: i64, permit: Permit) -> Result<Device> {
    who.need(permit, device.reach())?;
    if device.version != seen {
        return Err(Problem::Stale { current: device.version });
    }
    Ok(device)
}

/// Several refusals as one problem.
fn refused(refusals: Vec<Refusal>) -> Problem {
    Refusal::problem(&refusals)
}

/// Records a device for the first time: planned, ordered or received.
///
/// # Errors
/// The refusals of [`begin`]; a tag or serial number already in use.
pub async fn add(tx: &mut Tx, who: &Actor, draft: &Draft, mv: &Move) -> Result<Device> {
    who.need(permit::DEVICE_ADD, Reach { site: Some(draft.site), department: draft.department })?;
    let facts = facts(tx, who, draft.fields.model, draft.site).await?;
    let device = begin(draft, &facts, mv).map_err(refused)?;
    former::must_be_new(tx, who.org, &device).await?;
    store::add(tx, who.org, &device).await?;
    let mut change = device.moved(None, mv);
    change.action = "fleet.device.add";
    tx.record(who, change).await?;
    store::index(tx, who.org, device.id).await?;
    Ok(device)
}

/// Changes what is known of a device.
///
/// # Errors
/// The refusals of [`rules::edit`]; a tag or serial number already in use; [`Problem::Stale`].
pub async fn edit(
    tx: &mut Tx,
    who: &Actor,
    which: impl Into<Which>,
    seen: i64,
    fields: &Edit,
    reason: Option<String>,
) -> Result<Device> {
    let before = mine(tx, who, which, seen, permit::DEVICE_EDIT).await?;
    let facts = facts(tx, who, fields.model, before.site).await?;
    let after = rules::edit(&before, &facts, fields).map_err(refused)?;
    keep(tx, who, "fleet.device.edit", &before, &after, reason).await?;
    Ok(after)
}

/// Writes a changed device with its event and its words; an unchanged one is left alone.
pub(super) async fn keep(
    tx: &mut Tx,
    who: &Actor,
    action: &'static str,
    before: &Device,
    after: &Device,
    reason: Option<String>,
) -> Result<()> {
    if after.version == before.version {
        return Ok(());
    }
    Text::Words.refusal("fleet.device.reason", reason.as_ref()).map_or(Ok(()), Err)?;
    store::change(tx, who.org, before, after).await?;
    former::leave(tx, who.org, before, after, who.at).await?;
    tx.record(who, after.change(action, Some(before), reason)).await?;
    if after.is_called_as(before) { Ok(()) } else { store::index(tx, who.org, after.id).await }
}

/// Moves a device, with all its components, to another place or owner.
///
/// # Errors
/// The refusals of [`rules::transfer`], and of [`rules::follow`] for each component; forbidden where the actor may not transfer into the new place.
pub async fn transfer(
    tx: &mut Tx,
    who: &Actor,
    which: impl Into<Which>,
    seen: i64,
    to: Spot,
    reason: Option<String>,
) -> Result<Device> {
    let before = mine(tx, who, which, seen, permit::DEVICE_TRANSFER).await?;
    who.need(permit::DEVICE_TRANSFER, Reach { site: Some(to.site), department: to.department })?;
    let after = rules::transfer(&before, to).map_err(refused)?;
    keep(tx, who, "fleet.device.transfer", &before, &after, reason.clone()).await?;
    follow(tx, who, &after, reason).await?;
    Ok(after)
}

/// Brings everything below a device to where it is.
pub(crate) async fn follow(tx: &mut Tx, who: &Actor, parent: &Device, reason: Option<String>) -> Result<()> {
    let mut parents = vec![parent.clone()];
    while let Some(parent) = parents.pop() {
        for child in store::children(tx, who.org, parent.id).await? {
            let moved = rules::follow(&child, &parent)?;
            keep(tx, who, "fleet.device.follow", &child, &moved, reason.clone()).await?;
            parents.push(moved);
        }
    }
    Ok(())
}

/// The permission a move between two states takes.
pub fn permit_for(from: State, to: State) -> Permit {
    match to.kind() {
        Kind::Cancelled | Kind::PendingDisposal | Kind::Retired | Kind::Returned => permit::DEVICE_END,
        _ if from.kind() == Kind::Quarantined => permit::DEVICE_RELEASE,
        _ => permit::DEVICE_STATE,
    }
}

/// Moves a device to another state.
///
/// # Errors
/// The refusals of [`plan`], each with what would satisfy it; [`Problem::Stale`].
pub async fn change_state(
    tx: &mut Tx,
    who: &Actor,
    which: impl Into<Which>,
    seen: i64,
    mv: &Move,
) -> Result<Device> {
    let before = found(tx, who, which.into()).await?;
    let permit = permit_for(before.state, mv.to);
    let before = still(who, before, seen, permit)?;
    let facts = facts(tx, who, before.model, before.site).await?;
    let after = plan(&before, &facts, mv).map_err(refused)?;
    store::change(tx, who.org, &before, &after).await?;
    tx.record(who, after.moved(Some(&before), mv)).await?;
    Ok(after)
}

/// Puts a device on hold: “Do not use” until a named test is passed.
///
/// # Errors
/// The refusals of [`rules::set_hold`]; [`Problem::Stale`].
pub async fn hold(
    tx: &mut Tx,
    who: &Actor,
    which: impl Into<Which>,
    seen: i64,
    hold: Hold,
) -> Result<Device> {
    let before = mine(tx, who, which, seen, permit::DEVICE_STATE).await?;
    let reason = hold.reason.clone();
    let after = rules::set_hold(&before, hold).map_err(refused)?;
    keep(tx, who, "fleet.device.hold", &before, &after, Some(reason)).await?;
    Ok(after)
}

/// Lifts a hold by the test it names.
///
/// # Errors
/// The refusals of [`rules::release_hold`]; [`Problem::Stale`].
pub async fn lift_hold(
    tx: &mut Tx,
    who: &Actor,
    which: impl Into<Which>,
    seen: i64,
    test: &HoldTest,
) -> Result<Device> {
    let before = mine(tx, who, which, seen, permit::DEVICE_STATE).await?;
    let after = rules::release_hold(&before, test).map_err(refused)?;
    let words = format!("{}: {}", test.test.trim(), test.result.trim());
    keep(tx, who, "fleet.device.lift_hold", &before, &after, Some(words)).await?;
    Ok(after)
}

/// Makes a device a component of another, or of none.
///
/// # Errors
/// The refusals of [`rules::attach`]: circles, another site, a parent that left or has no owner;
/// [`Problem::Stale`].
pub async fn attach(
    tx: &mut Tx,
    who: &Actor,
    which: impl Into<Which>,
    seen: i64,
    parent: Option<DeviceId>,
    reason: Option<String>,
) -> Result<Device> {
    let before = mine(tx, who, which, seen, permit::DEVICE_TRANSFER).await?;
    let after = match parent {
        None => rules::detach(&before),
        Some(parent) => {
            let above = store::above(tx, who.org, parent).await?;
            let parent = visible(tx, who, parent).await?;
            who.need(permit::DEVICE_TRANSFER, parent.reach())?;
            rules::attach(&before, &parent, &above)?
        }
    };
    let action = if parent.is_some() { "fleet.device.attach" } else { "fleet.device.detach" };
    keep(tx, who, action, &before, &after, reason.clone()).await?;
    follow(tx, who, &after, reason).await?;
    Ok(after)
}
