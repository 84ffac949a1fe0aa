//! A retirement that was recorded in error is taken back by a compensating event, and by two people: one says that it
//! was an error and why, another looks and approves. Nothing of the retirement is undone or hidden.
//!
//! **Invariant:** whoever asked does not approve. The device comes back awaiting an inspection, like one that was found:
//! nobody knows what happened to it while it counted as gone. A request stands as long as it is the last version of the
//! device; whoever changes the device meanwhile must be asked anew, for what is there then.

use db::Tx;
use kernel::{Actor, Instant, OrgId, PersonId, Result};

use super::{
    Device, DeviceId, State, Text,
    actions::{keep, mine},
};
use crate::{Refusal, permit};

/// Somebody said that the retirement was an error.
const ASK: &str = "fleet.device.unretire_ask";
/// Nothing came of it.
const DECLINE: &str = "fleet.device.unretire_decline";
/// It was taken back.
const APPROVE: &str = "fleet.device.unretire";

/// A request to take a retirement back, waiting for somebody else's approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who asks.
    pub by: Option<PersonId>,
    /// Their name.
    pub name: String,
    /// Since when.
    pub at: Instant,
    /// Why it was an error.
    pub reason: String,
}

impl Asked {
    /// Whether this person may approve, as far as the request goes: a person, and not the one who asks.
    pub fn may_approve(&self, who: &Actor) -> bool {
        who.person.is_some() && who.person != self.by
    }
}

/// The request that waits for a device, if one does.
///
/// # Errors
/// As [`Tx::all`].
pub async fn asked(tx: &mut Tx, org: OrgId, device: &Device) -> Result<Option<Asked>> {
    if device.state != State::Retired {
        return Ok(None);
    }
    let last = db::gate::life(tx, org, "device", device.id.uuid(), i64::MAX, 1).await?;
    let Some(event) = last.into_iter().next().filter(|event| event.action == ASK) else { return Ok(None) };
    Ok(Some(Asked {
        by: event.actor_id.map(PersonId::from_uuid),
        name: event.actor_name,
        at: event.recorded_at,
        reason: event.reason.unwrap_or_default(),
    }))
}

/// Every rule a request does not meet.
///
/// # Errors
/// All of them at once.
pub fn check_ask(device: &Device, waiting: Option<&Asked>, reason: &str) -> Result<(), Vec<Refusal>> {
    let mut unmet = Vec::new();
    if device.state != State::Retired {
        unmet.push(Refusal::new(
            "fleet.device.unretire_state",
            format!("It is “{}”.", device.state.on_page()),
            "Only a retirement is taken back; look at what else it can be moved to.",
        ));
    }
    if let Some(asked) = waiting {
        unmet.push(Refusal::new(
            "fleet.device.unretire_twice",
            format!("{} has asked already.", asked.name),
            "Have somebody else approve or decline that request.",
        ));
    }
    let reason = reason.to_owned();
    if reason.trim().is_empty() {
        unmet.push(Refusal::new(
            "fleet.device.reason",
            "Taking a retirement back needs a reason.",
            "Write how the error was noticed, and where the device is.",
        ));
    }
    unmet.extend(Text::Words.refusal("fleet.device.reason", Some(&reason)));
    if unmet.is_empty() { Ok(()) } else { Err(unmet) }
}

/// The device after an approved request, one version on.
///
/// # Errors
/// Refused for whoever asked, and where nobody did.
pub fn approved(device: &Device, waiting: Option<&Asked>, who: &Actor) -> Result<Device, Refusal> {
    let Some(asked) = waiting else { return Err(nobody_asked()) };
    if !asked.may_approve(who) {
        return Err(Refusal::new(
            "fleet.device.unretire_approver",
            "Whoever asks for it does not approve it.",
            "Have somebody else look at the device and approve.",
        ));
    }
    Ok(Device {
        version: device.version + 1,
        state: State::IncomingInspection,
        state_since: who.at,
        inspect_after: Some(who.at),
        ..device.clone()
    })
}

fn nobody_asked() -> Refusal {
    Refusal::new(
        "fleet.device.unretire_none",
        "No request waits for this device, or it was changed since.",
        "Say first why its retirement was an error.",
    )
}

/// Says that a device was retired in error.
///
/// # Errors
/// The refusals of [`check_ask`]; forbidden without [`permit::DEVICE_END`]; [`kernel::Problem::Stale`].
pub async fn ask(tx: &mut Tx, who: &Actor, id: DeviceId, seen: i64, reason: &str) -> Result<Device> {
    let before = mine(tx, who, id, seen, permit::DEVICE_END).await?;
    let waiting = asked(tx, who.org, &before).await?;
    check_ask(&before, waiting.as_ref(), reason).map_err(|unmet| Refusal::problem(&unmet))?;
    let after = Device { version: before.version + 1, ..before.clone() };
    keep(tx, who, ASK, &before, &after, Some(Text::trimmed(reason))).await?;
    Ok(after)
}

/// Takes a retirement back that somebody else said was an error.
///
/// # Errors
/// The refusals of [`approved`]; forbidden without [`permit::DEVICE_UNRETIRE`]; [`kernel::Problem::Stale`].
pub async fn approve(tx: &mut Tx, who: &Actor, id: DeviceId, seen: i64) -> Result<Device> {
    let before = mine(tx, who, id, seen, permit::DEVICE_UNRETIRE).await?;
    let waiting = asked(tx, who.org, &before).await?;
    let after = approved(&before, waiting.as_ref(), who)?;
    let words = waiting.map(|asked| format!("{} asked for it: {}", asked.name, asked.reason));
    keep(tx, who, APPROVE, &before, &after, words).await?;
    Ok(after)
}

/// Lets a request lapse: the approver declines it, or the one who asked takes it back.
///
/// # Errors
/// Refused where nobody asked; forbidden without [`permit::DEVICE_END`]; [`kernel::Problem::Stale`].
pub async fn decline(
    tx: &mut Tx,
    who: &Actor,
    id: DeviceId,
    seen: i64,
    reason: Option<String>,
) -> Result<Device> {
    let before = mine(tx, who, id, seen, permit::DEVICE_END).await?;
    if asked(tx, who.org, &before).await?.is_none() {
        return Err(nobody_asked().into());
    }
    let after = Device { version: before.version + 1, ..before.clone() };
    keep(tx, who, DECLINE, &before, &after, reason).await?;
    Ok(after)
}
