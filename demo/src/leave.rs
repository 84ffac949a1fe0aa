//! How a device leaves: disposed of, lost, or given back.

use fleet::device::{Evidence, OutFor, State};
use kernel::{Problem, Role};

use crate::{facts::Fact, lives::Life, pen::Pen, words};

/// Out of use, out of its system, to the workshop, disposed of.
///
/// # Errors
/// [`Problem::Bug`] naming rule and device where a rule of the fleet refused.
pub fn retire(pen: &mut Pen<'_>, life: &Life, fact: &Fact, from: i32) -> Result<(), Problem> {
    let because = |reason: &str| Evidence { reason: Some(reason.to_owned()), ..Evidence::default() };
    let reason = *pen.chance.pick(words::ENDS);
    if pen.device.parent.is_some() {
        pen.detach(from)?;
    }
    let day = from + pen.chance.between(0, 2);
    let out = if reason == words::ENDS[0] { OutFor::Stored } else { OutFor::Repair };
    if !pen.go(day, Role::Technician, State::OutOfService(out), because(reason))? {
        return Ok(());
    }
    let day = pen.today() + pen.chance.between(2, 14);
    if !pen.go(day, Role::Lead, State::PendingDisposal, because(reason))? {
        return Ok(());
    }
    let by = pen.technician();
    let disposal = Some(words::disposal(fact, life.tag, &by, &mut pen.chance));
    let day = pen.today() + pen.chance.between(2, 20);
    pen.go(day, Role::Lead, State::Retired, Evidence { disposal, ..Evidence::default() }).map(drop)
}

/// Looked for, not found, written off after the policy's year.
///
/// # Errors
/// [`Problem::Bug`] naming rule and device where a rule of the fleet refused.
pub fn lose(pen: &mut Pen<'_>, reported: i32) -> Result<(), Problem> {
    if pen.device.parent.is_some() {
        pen.detach(reported)?;
    }
    let note = Some((*pen.chance.pick(words::SEARCHES)).to_owned());
    let search = Evidence { search_note: note, ..Evidence::default() };
    if !pen.go(reported, Role::Technician, State::NotLocated, search)? {
        return Ok(());
    }
    let day = pen.today() + 367 + pen.chance.between(0, 20);
    let signed = Evidence { signed_by: Some("Grace Whitfield".to_owned()), ..Evidence::default() };
    pen.go(day, Role::Manager, State::Retired, signed).map(drop)
}

/// A guest goes back to its owner.
///
/// # Errors
/// [`Problem::Bug`] naming rule and device where a rule of the fleet refused.
pub fn give_back(pen: &mut Pen<'_>, on: i32) -> Result<(), Problem> {
    let reason = Evidence { reason: Some("Agreement ends".to_owned()), ..Evidence::default() };
    if pen.go(on, Role::Technician, State::OutOfService(OutFor::Stored), reason.clone())? {
        let day = pen.today() + pen.chance.between(0, 3);
        pen.go(day, Role::Lead, State::Returned, reason)?;
    }
    Ok(())
}
