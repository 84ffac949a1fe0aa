//! Rules about a device that are not moves: its fields, its place in a system, holds.

use jiff::civil::date;
use kernel::{Date, DepartmentId, Money, SiteId};

use super::{
    Device, DeviceId, Facts, Hold, PlaceId, Serial, State, Strategy, Tag, Tenure, Text,
    moves::{no_serial, removed},
};
use crate::{ModelId, Refusal, RiskLevel, refusal::given};

/// No device in use is older; an earlier date is a typing error.
const EARLIEST_ACQUISITION: Date = date(1950, 1, 1);

/// The fields of a device that are edited together. State, place, owner, parent and hold have verbs of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The asset tag.
    pub tag: Tag,
    /// The serial number.
    pub serial: Option<Serial>,
    /// The maker gave it none.
    pub serial_less: bool,
    /// The unique device identifier as scanned.
    pub udi: Option<String>,
    /// What it is one of.
    pub model: ModelId,
    /// Its own risk level.
    pub risk: Option<RiskLevel>,
    /// Why it differs from its type's; dropped when `risk` is `None`.
    pub risk_reason: Option<String>,
    /// How it is kept in order.
    pub strategy: Option<Strategy>,
    /// Whose it is.
    pub tenure: Tenure,
    /// The agreement of a tenure other than owned.
    pub agreement: Option<String>,
    /// The last day of that agreement.
    pub agreement_ends_on: Option<Date>,
    /// When the hospital got it.
    pub acquired_on: Option<Date>,
    /// What it cost.
    pub price: Option<Money>,
    /// Free words.
    pub notes: Option<String>,
}

/// A site, a place in it and an owner: what a transfer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The site.
    pub site: SiteId,
    /// The place in that site.
    pub place: Option<PlaceId>,
    /// The owner department.
    pub department: Option<DepartmentId>,
}

/// A test made to lift a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldTest {
    /// Its name, which must be the one the hold names.
    pub test: String,
    /// Whether it was passed.
    pub passed: bool,
    /// The result in words.
    pub result: String,
}

impl Edit {
    /// The fields as they are, to be changed and handed to [`edit`].
    ///
    /// # Errors
    /// [`crate::TextError`] when the stored tag or serial number would not be taken today.
    pub fn of(device: &Device) -> Result<Self, crate::TextError> {
        Ok(Self {
            tag: Tag::parse(&device.tag)?,
            serial: device.serial.as_deref().map(Serial::parse).transpose()?,
            serial_less: device.serial_less,
            udi: device.udi.clone(),
            model: device.model,
            risk: device.risk,
            risk_reason: device.risk_reason.clone(),
            strategy: device.strategy,
            tenure: device.tenure,
            agreement: device.agreement.clone(),
            agreement_ends_on: device.agreement_ends_on,
            acquired_on: device.acquired_on,
            price: device.price,
            notes: device.notes.clone(),
        })
    }

    /// The rules that hold for every device, imported ones included.
    pub(super) fn sound(&self, facts: &Facts) -> Vec<Refusal> {
        let mut unmet: Vec<Refusal> = self.texts().collect();
        if self.serial.is_some() && self.serial_less {
            unmet.push(Refusal::new(
                "fleet.device.serial_less",
                "It has a serial number and is marked as having none.",
                "Remove the mark, or the serial number.",
            ));
        }
        if self.risk.is_some() && !given(self.risk_reason.as_ref()) {
            unmet.push(Refusal::new(
                "fleet.device.risk_reason",
                "A risk level of its own, apart from its type’s, needs a reason.",
                "Write why this device differs, or leave the risk level to its type.",
            ));
        }
        let today = facts.now.date_in(&facts.zone);
        if self.acquired_on.is_some_and(|on| on > today || on < EARLIEST_ACQUISITION) {
            unmet.push(Refusal::new(
                "fleet.device.acquired_on",
                "The date of acquisition is in the future or before 1950.",
                format!("Give a date from {EARLIEST_ACQUISITION} to {today}, or leave it empty."),
            ));
        }
        unmet
    }

    /// Texts that are too long or hold what does not print.
    fn texts(&self) -> impl Iterator<Item = Refusal> {
        [
            (Text::Udi, "fleet.device.udi", &self.udi),
            (Text::RiskReason, "fleet.device.risk_reason", &self.risk_reason),
            (Text::Agreement, "fleet.device.agreement", &self.agreement),
            (Text::Notes, "fleet.device.notes", &self.notes),
        ]
        .into_iter()
        .filter_map(|(text, rule, words)| text.refusal(rule, words.as_ref()))
    }

    /// Every rule these fields do not meet; `before` is `None` for a device being recorded for the first time.
    /// What an imported device lacks is not asked for, but what is known may not be taken away again.
    pub(super) fn unmet(&self, before: Option<&Device>, facts: &Facts) -> Vec<Refusal> {
        let mut unmet = self.sound(facts);
        let new_tenure = before.is_none_or(|d| d.tenure != self.tenure) && self.tenure != Tenure::Owned;
        if new_tenure && (!given(self.agreement.as_ref()) || self.agreement_ends_on.is_none()) {
            unmet.push(Refusal::new(
                "fleet.device.tenure_agreement",
                format!("“{}” needs an agreement and its last day.", self.tenure.on_page()),
                "Give the agreement’s number or name and its last day.",
            ));
        }
        let Some(device) = before else { return unmet };
        let known = device.serial.is_some() || device.serial_less;
        if known && device.state.in_inventory() && self.serial.is_none() && !self.serial_less {
            unmet.push(no_serial());
        }
        if device.state == State::InService {
            if device.effective_risk(facts.inherited_risk).is_some()
                && self.risk.or(facts.inherited_risk).is_none()
            {
                unmet.push(no_risk());
            }
            if device.strategy.is_some() && self.strategy.is_none() {
                unmet.push(no_strategy());
            }
        }
        unmet
    }

    /// The device with these fields, one version on.
    pub(super) fn applied(&self, device: &Device) -> Device {
        let text = |t: &Option<String>| t.as_deref().map(Text::trimmed).filter(|t| !t.is_empty());
        Device {
            version: device.version + 1,
            tag: self.tag.clone().into(),
            serial: self.serial.clone().map(Into::into),
            serial_less: self.serial_less,
            udi: text(&self.udi),
            model: self.model,
            risk: self.risk,
            risk_reason: self.risk.and_then(|_| text(&self.risk_reason)),
            strategy: self.strategy,
            tenure: self.tenure,
            agreement: text(&self.agreement),
            agreement_ends_on: self.agreement_ends_on,
            acquired_on: self.acquired_on,
            price: self.price,
            notes: text(&self.notes),
            ..device.clone()
        }
    }
}

/// The device with other fields, one version on. `facts.inherited_risk` is that of the model edited to.
///
/// # Errors
/// All unmet rules at once.
pub fn edit(device: &Device, facts: &Facts, fields: &Edit) -> Result<Device, Vec<Refusal>> {
    let mut unmet = fields.unmet(Some(device), facts);
    unmet.extend(removed(device));
    if !unmet.is_empty() {
        return Err(unmet);
    }
    let after = fields.applied(device);
    // What says the same as before is no change, and leaves no version.
    let same = Device { version: device.version, ..after.clone() } == *device;
    Ok(if same { device.clone() } else { after })
}

pub(super) fn no_owner() -> Refusal {
    Refusal::new(
        "fleet.device.owner",
        "A device in service belongs to a department.",
        "Transfer it to its owner department.",
    )
}

pub(super) fn no_risk() -> Refusal {
    Refusal::new(
        "fleet.device.risk",
        "A device in service has a decided risk level.",
        "Decide the risk level of its type, or of this device with a reason.",
    )
}

pub(super) fn no_strategy() -> Refusal {
    Refusal::new(
        "fleet.device.strategy",
        "A device in service has a decided maintenance strategy.",
        "Decide the maintenance strategy on the device.",
    )
}

/// Whether a device may become a component of another. `ancestors` are those of the parent, in any order.
///
/// # Errors
/// A refusal when the parent is the device itself or below it, stands on another site, or left the inventory.
pub fn check_parent(child: &Device, parent: &Device, ancestors: &[DeviceId]) -> Result<(), Refusal> {
    if child.id == parent.id {
        return Err(Refusal::new(
            "fleet.device.parent_self",
            "A device cannot be a component of itself.",
            "Choose the system it is built into.",
        ));
    }
    if ancestors.contains(&child.id) {
        return Err(Refusal::new(
            "fleet.device.parent_cycle",
            format!("{} is itself below {}.", parent.tag, child.tag),
            format!("Take {} out of {} first, or choose another system.", parent.tag, child.tag),
        ));
    }
    if child.site != parent.site {
        return Err(Refusal::new(
            "fleet.device.parent_site",
            format!("{} stands on another site.", parent.tag),
            format!("Transfer {} to that site first.", child.tag),
        ));
    }
    if parent.removed_at.is_some() || parent.state.kind().is_terminal() {
        return Err(Refusal::new(
            "fleet.device.parent_gone",
            format!("{} is no longer there.", parent.tag),
            "Choose a system that is still in the house.",
        ));
    }
    Ok(())
}

/// The device as a component of another, one version on: it takes over the place and the owner of its parent.
///
/// # Errors
/// The refusals of [`check_parent`] and [`follow`], or that of a removed device.
pub fn attach(child: &Device, parent: &Device, ancestors: &[DeviceId]) -> Result<Device, Refusal> {
    removed(child).map_or(Ok(()), Err)?;
    check_parent(child, parent, ancestors)?;
    Ok(Device { parent: Some(parent.id), ..follow(child, parent)? })
}

/// The device as nobody's component, one version on; it stays where it is. An already free one is unchanged.
#[must_use]
pub fn detach(child: &Device) -> Device {
    let step = i64::from(child.parent.is_some());
    Device { version: child.version + step, parent: None, ..child.clone() }
}

/// A component after its parent was transferred, one version on: components go where their system goes.
///
/// # Errors
/// Refused where a component in service would lose its owner, because its system has none.
pub fn follow(child: &Device, parent: &Device) -> Result<Device, Refusal> {
    if loses_owner(child, parent.department) {
        return Err(Refusal::new(
            "fleet.device.parent_owner",
            format!(
                "{} is in service and belongs to a department; as a component of {} it would belong to none.",
                child.tag, parent.tag
            ),
            format!("Give {} its owner department first, or leave {} out of it.", parent.tag, child.tag),
        ));
    }
    Ok(Device {
        version: child.version + 1,
        site: parent.site,
        place: parent.place,
        department: parent.department,
        ..child.clone()
    })
}

/// Whether a device in service would be left without the owner it has. One that was imported without an owner has
/// none to lose.
fn loses_owner(device: &Device, to: Option<DepartmentId>) -> bool {
    device.state == State::InService && device.department.is_some() && to.is_none()
}

/// The device at another place or with another owner, one version on. Whoever stores it takes its components
/// along with [`follow`].
///
/// # Errors
/// Refused for a component, which goes where its system goes, and where a device in service would lose its owner.
pub fn transfer(device: &Device, to: Spot) -> Result<Device, Vec<Refusal>> {
    let mut unmet: Vec<Refusal> = removed(device).into_iter().collect();
    if device.parent.is_some() {
        unmet.push(Refusal::new(
            "fleet.device.component",
            "It is a component and stands where its system stands.",
            "Transfer the system, or take the device out of it first.",
        ));
    }
    if loses_owner(device, to.department) {
        unmet.push(no_owner());
    }
    if !unmet.is_empty() {
        return Err(unmet);
    }
    Ok(Device {
        version: device.version + 1,
        site: to.site,
        place: to.place,
        department: to.department,
        ..device.clone()
    })
}

/// The device on hold, one version on. A hold keeps it from use, not from disposal or from being returned.
///
/// # Errors
/// Refused without a reason and the test that will lift it, outside the inventory, or on top of another hold.
pub fn set_hold(device: &Device, hold: Hold) -> Result<Device, Vec<Refusal>> {
    let mut unmet: Vec<Refusal> = removed(device).into_iter().collect();
    if hold.reason.trim().is_empty() || hold.released_by.trim().is_empty() {
        unmet.push(Refusal::new(
            "fleet.device.hold_words",
            "A hold says why the device must not be used and which test lifts it.",
            "Write the reason and name the test.",
        ));
    }
    unmet.extend(Text::HoldReason.refusal("fleet.device.hold_words", Some(&hold.reason)));
    unmet.extend(Text::HoldTest.refusal("fleet.device.hold_test", Some(&hold.released_by)));
    if !device.state.in_inventory() {
        unmet.push(Refusal::new(
            "fleet.device.hold_inventory",
            format!("It is “{}” and nobody could use it.", device.state.on_page()),
            "Put devices on hold from their receipt on.",
        ));
    }
    if let Some(present) = &device.hold {
        unmet.push(Refusal::new(
            "fleet.device.hold_twice",
            format!("It is on hold already: {}.", present.reason),
            format!("Lift that hold first by the test it names: {}.", present.released_by),
        ));
    }
    if unmet.is_empty() {
        let hold =
            Hold { reason: Text::trimmed(&hold.reason), released_by: Text::trimmed(&hold.released_by) };
        Ok(Device { version: device.version + 1, hold: Some(hold), ..device.clone() })
    } else {
        Err(unmet)
    }
}

/// The device without its hold, one version on.
///
/// # Errors
/// Refused unless the test is the one the hold names, was passed, and has its result in words.
pub fn release_hold(device: &Device, done: &HoldTest) -> Result<Device, Vec<Refusal>> {
    let Some(hold) = &device.hold else {
        return Err(vec![Refusal::new(
            "fleet.device.hold_none",
            "It is not on hold.",
            "Nothing needs to be lifted; look at its state.",
        )]);
    };
    let mut unmet: Vec<Refusal> = removed(device).into_iter().collect();
    if kernel::fold(&hold.released_by) != kernel::fold(&done.test) {
        unmet.push(Refusal::new(
            "fleet.device.hold_test",
            "Another test was made than the one this hold asks for.",
            format!("Make and record this test: {}.", hold.released_by),
        ));
    }
    unmet.extend(Text::Result.refusal("fleet.device.hold_result", Some(&done.result)));
    if !done.passed || done.result.trim().is_empty() {
        unmet.push(Refusal::new(
            "fleet.device.hold_result",
            "A hold is lifted by a passed test with its result.",
            "Record the result in words once the test was passed.",
        ));
    }
    if unmet.is_empty() {
        Ok(Device { version: device.version + 1, hold: None, ..device.clone() })
    } else {
        Err(unmet)
    }
}
