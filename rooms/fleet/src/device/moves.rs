//! Moves from state to state: what is legal, what is still missing, and the device that results.
//!
//! **Invariant:** every function here is pure and either returns the next version of a device or all unmet rules
//! at once; a refusal changes nothing. Guards bind moves made here. An imported device may lack what they ask for
//! ([`super::Device::undecided`] lists it) and keeps the state it came with.

use kernel::{DepartmentId, Instant, SiteId, TimeZone};

use super::{
    Acceptance, Device, DeviceId, ImportId, Kind, Loan, Move, Need, OutFor, PlaceId, State, Tenure,
    Transition, evidence::needs, rules::Edit,
};
use crate::{Refusal, RiskLevel};

/// What the rules must know about the world, read by whoever asks.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The risk level of the device's model, else that of its type.
    pub inherited_risk: Option<RiskLevel>,
    /// After how many days a device that was not located may be written off; house policy.
    pub lost_after_days: u32,
    /// The present moment.
    pub now: Instant,
    /// The time zone of the device's site, in which days are counted.
    pub zone: TimeZone,
}

impl Facts {
    /// The policy of a house that has not decided one: a year.
    pub const LOST_AFTER_DAYS: u32 = 365;
}

/// A move that is legal now, for the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Possible {
    /// Into which state.
    pub to: State,
    /// The verb.
    pub verb: &'static str,
    /// The words on the button.
    pub name: &'static str,
    /// The evidence its form asks for.
    pub needs: Vec<Need>,
    /// Rules that the device does not meet as it stands; no evidence in the form would.
    pub unmet: Vec<Refusal>,
}

/// A device about to be recorded for the first time.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The identifier it shall have.
    pub id: DeviceId,
    /// What is known about it.
    pub fields: Edit,
    /// The system it is a component of; checked by [`super::rules::check_parent`].
    pub parent: Option<DeviceId>,
    /// Its site.
    pub site: SiteId,
    /// Its place.
    pub place: Option<PlaceId>,
    /// Its owner.
    pub department: Option<DepartmentId>,
    /// The import that brings it.
    pub import: Option<ImportId>,
}

/// Every legal move out of the device's state with the evidence it asks for and what the device still lacks.
/// Empty for end states and for a device whose import was undone.
pub fn moves(device: &Device, facts: &Facts) -> Vec<Possible> {
    if device.removed_at.is_some() {
        return Vec::new();
    }
    let mut possible = Vec::new();
    for step in Transition::from(device.state.kind()) {
        for to in State::ALL.iter().copied().filter(|s| s.kind() == step.to && *s != device.state) {
            let unmet = standing(device, facts, to, facts.now);
            let needs = asked(device, to);
            possible.push(Possible { to, verb: step.verb, name: step.name, needs, unmet });
        }
    }
    possible
}

/// The device after a move, one version on.
///
/// # Errors
/// All unmet rules at once, each with its remedy. A move that is not in the table of moves is refused without
/// asking for its evidence.
pub fn plan(device: &Device, facts: &Facts, mv: &Move) -> Result<Device, Vec<Refusal>> {
    let mut unmet: Vec<Refusal> = Vec::new();
    unmet.extend(removed(device));
    unmet.extend(mv.evidence.texts());
    unmet.extend(dated(device, facts, mv.at));
    let legal = Transition::find(device.state.kind(), mv.to.kind()).is_some() && device.state != mv.to;
    if legal {
        unmet.extend(standing(device, facts, mv.to, mv.at));
        let day = mv.at.date_in(&facts.zone);
        let mut asked = asked(device, mv.to);
        // Whoever says that an inspection was passed says who did it, even where none was asked for.
        if into_use(mv.to) && mv.evidence.inspection_passed && !asked.contains(&Need::Inspection) {
            asked.push(Need::Inspection);
        }
        unmet.extend(asked.into_iter().filter_map(|need| need.unmet(&mv.evidence, day)));
    } else {
        unmet.push(unlisted(device.state, mv.to));
    }
    if unmet.is_empty() { Ok(moved(device, mv)) } else { Err(unmet) }
}

/// A new device in the first state of its life here: planned, ordered, or received when it came without either.
///
/// # Errors
/// All unmet rules: those of the state entered and those of [`super::rules::edit`].
pub fn begin(draft: &Draft, facts: &Facts, mv: &Move) -> Result<Device, Vec<Refusal>> {
    let blank = blank(draft, mv.to, mv.at);
    let mut unmet = draft.fields.unmet(None, facts);
    unmet.extend(mv.evidence.texts());
    if mv.at > facts.now {
        unmet.push(in_the_future());
    }
    if matches!(mv.to, State::Planned | State::Ordered | State::Received) {
        unmet.extend(standing(&blank, facts, mv.to, mv.at));
        let day = mv.at.date_in(&facts.zone);
        let asked = needs(None, mv.to.kind());
        unmet.extend(asked.iter().filter_map(|need| need.unmet(&mv.evidence, day)));
    } else {
        unmet.push(Refusal::new(
            "fleet.device.beginning",
            format!("A new device cannot begin as “{}”.", mv.to.on_page()),
            "Begin as Planned, Ordered or Received, and move it on from there.",
        ));
    }
    if unmet.is_empty() { Ok(blank) } else { Err(unmet) }
}

/// A device taken over from a file in the state it is in there. In use or on the shelf it carries a baseline
/// acceptance, which says that it was in use before and nobody here saw its inspection.
///
/// # Errors
/// Unmet rules of its fields, such as a date that cannot be. What nobody has decided is never refused, nor is a
/// missing serial number or agreement.
pub fn baseline(draft: &Draft, facts: &Facts, state: State, at: Instant) -> Result<Device, Vec<Refusal>> {
    let mut device = blank(draft, state, at);
    if matches!(state.kind(), Kind::InService | Kind::OutOfService | Kind::LoanedOut) {
        device.accepted_at = Some(at);
        device.accepted_as = Some(Acceptance::Baseline);
    }
    if state == State::IncomingInspection {
        device.inspect_after = Some(at);
    }
    let mut unmet = draft.fields.sound(facts);
    if at > facts.now {
        unmet.push(in_the_future());
    }
    if unmet.is_empty() { Ok(device) } else { Err(unmet) }
}

fn blank(draft: &Draft, state: State, at: Instant) -> Device {
    let bare = Device {
        id: draft.id,
        version: 0,
        tag: String::new(),
        serial: None,
        serial_less: false,
        udi: None,
        model: draft.fields.model,
        parent: draft.parent,
        site: draft.site,
        place: draft.place,
        department: draft.department,
        state,
        state_since: at,
        inspect_after: (state == State::Received).then_some(at),
        accepted_at: None,
        accepted_as: None,
        hold: None,
        loan: None,
        risk: None,
        risk_reason: None,
        strategy: None,
        tenure: Tenure::Owned,
        agreement: None,
        agreement_ends_on: None,
        acquired_on: None,
        price: None,
        notes: None,
        import: draft.import,
        removed_at: None,
    };
    draft.fields.applied(&bare)
}

/// The device as the move leaves it; the rules have been asked.
fn moved(device: &Device, mv: &Move) -> Device {
    let from = device.state.kind();
    let mut next = device.clone();
    next.version += 1;
    next.state = mv.to;
    next.state_since = mv.at;
    let found = from == Kind::NotLocated && mv.to == State::IncomingInspection;
    if mv.to == State::Received || found || from == Kind::Quarantined {
        next.inspect_after = Some(mv.at);
    }
    if into_use(mv.to) && mv.evidence.inspection_passed {
        next.accepted_at = Some(mv.at);
        next.accepted_as = Some(Acceptance::Inspection);
    }
    next.loan = match (mv.to, &mv.evidence.agreement, mv.evidence.agreement_ends_on) {
        (State::LoanedOut, Some(agreement), Some(ends_on)) => {
            Some(Loan { agreement: agreement.trim().to_owned(), ends_on })
        }
        _ => None,
    };
    next
}

/// A borrower uses a device as we do, so lending it needs the same inspection and no hold.
const fn into_use(to: State) -> bool {
    matches!(to, State::InService | State::LoanedOut)
}

/// The evidence that this move of this device asks for.
fn asked(device: &Device, to: State) -> Vec<Need> {
    let mut asked = needs(Some(device.state.kind()), to.kind()).to_vec();
    if into_use(to) && !device.is_accepted() {
        asked.push(Need::Inspection);
    }
    asked
}

/// The rules a device meets or does not meet as it stands, whatever evidence comes along.
fn standing(device: &Device, facts: &Facts, to: State, at: Instant) -> Vec<Refusal> {
    let mut unmet = Vec::new();
    match to {
        State::Received if device.serial.is_none() && !device.serial_less => unmet.push(no_serial()),
        State::InService => unmet.extend(undecided(device, facts)),
        State::Returned => unmet.extend(own_device(device)),
        State::Retired if device.state == State::NotLocated => unmet.extend(too_early(device, facts, at)),
        _ => {}
    }
    if let Some(hold) = device.hold.as_ref().filter(|_| into_use(to)) {
        unmet.push(Refusal::new(
            "fleet.device.hold",
            format!("It is on hold: {}.", hold.reason),
            format!("Record that this test was passed: {}.", hold.released_by),
        ));
    }
    unmet
}

/// Guards ask for decisions where an import only lists them.
fn undecided(device: &Device, facts: &Facts) -> Vec<Refusal> {
    let mut unmet = Vec::new();
    if device.department.is_none() {
        unmet.push(super::rules::no_owner());
    }
    if device.effective_risk(facts.inherited_risk).is_none() {
        unmet.push(super::rules::no_risk());
    }
    if device.strategy.is_none() {
        unmet.push(super::rules::no_strategy());
    }
    unmet
}

pub(super) fn no_serial() -> Refusal {
    Refusal::new(
        "fleet.device.serial",
        "A device in the house is known by its serial number.",
        "Enter the serial number from the nameplate, or mark the device as having none.",
    )
}

/// From out of service, only what is not the hospital's own goes back to somebody.
fn own_device(device: &Device) -> Option<Refusal> {
    let own = matches!(device.state, State::OutOfService(_)) && device.tenure == Tenure::Owned;
    own.then(|| {
        Refusal::new(
            "fleet.device.tenure",
            "It is the hospital’s own; only a borrowed, rented or trial device goes back to its owner.",
            "Start its disposal instead, or correct its tenure.",
        )
    })
}

fn too_early(device: &Device, facts: &Facts, at: Instant) -> Option<Refusal> {
    let from = device.state_since.plus_seconds(i64::from(facts.lost_after_days) * 86_400);
    (at < from).then(|| {
        Refusal::new(
            "fleet.device.lost_after",
            format!(
                "It may be written off {} days after it was reported not located.",
                facts.lost_after_days
            ),
            format!("Keep looking until {}.", from.on_page(&facts.zone)),
        )
    })
}

pub(super) fn removed(device: &Device) -> Option<Refusal> {
    device.removed_at.map(|_| {
        Refusal::new(
            "fleet.device.removed",
            "The import that brought this device was undone.",
            "Import or record the device again; its tag counts as never used.",
        )
    })
}

/// History is monotone: a move is dated neither before the present state began nor in the future.
fn dated(device: &Device, facts: &Facts, at: Instant) -> Option<Refusal> {
    if at > facts.now {
        return Some(in_the_future());
    }
    (at < device.state_since).then(|| {
        let since = device.state_since.on_page(&facts.zone);
        Refusal::new(
            "fleet.device.before_state",
            format!("It is “{}” only since {since}.", device.state.on_page()),
            "Date the move at or after that moment.",
        )
    })
}

fn in_the_future() -> Refusal {
    Refusal::new("fleet.device.future", "The move is dated in the future.", "Date it now or earlier.")
}

fn unlisted(from: State, to: State) -> Refusal {
    let rule = "fleet.device.transition";
    if from.kind().is_terminal() {
        return Refusal::new(
            rule,
            format!("“{}” is an end state; nothing follows it.", from.on_page()),
            match from {
                State::Retired => {
                    "If it was retired in error, have that approved: “Retired in error” on its page."
                }
                _ => "If the device is here after all, record it again under a new tag.",
            },
        );
    }
    if from == to {
        return Refusal::new(
            rule,
            format!("It already is “{}”.", from.on_page()),
            "Choose another state, or leave it as it is.",
        );
    }
    let open: Vec<String> = Transition::from(from.kind())
        .flat_map(|step| State::ALL.iter().filter(move |s| s.kind() == step.to && **s != from))
        .map(|s| format!("“{}”", s.on_page()))
        .collect();
    let remedy = match (from, to) {
        (State::Quarantined, _) => {
            let shelf = OutFor::Stored.on_page();
            format!(
                "Have it released from investigation first, to “{}” or “{shelf}”.",
                OutFor::Repair.on_page()
            )
        }
        _ => format!("From here it can go to {}.", open.join(", ")),
    };
    Refusal::new(rule, format!("No device goes from “{}” to “{}”.", from.on_page(), to.on_page()), remedy)
}
