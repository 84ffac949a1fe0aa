//! The answer of a device's page: can I use it, and what is open; the worst first.

use kernel::{Date, Instant, TimeZone};
use web::look::Tone;

use super::{
    known::Known,
    words::{day, day_of},
};
use crate::{
    device::{Acceptance, Device, Gap, OutFor, State, Tenure},
    model::show::{distance, tone},
};

/// Characters the answer line holds.
const LINE: usize = 90;

/// The answer line and what did not fit into it.
pub(super) fn answer(known: &Known, now: Instant) -> (String, String) {
    let mut first = String::new();
    let mut rest: Vec<String> = Vec::new();
    for sentence in sentences(known, now) {
        let fits = first.chars().count() + 1 + sentence.chars().count() <= LINE;
        if first.is_empty() {
            first = sentence;
        } else if fits && rest.is_empty() {
            first = format!("{first} {sentence}");
        } else {
            rest.push(sentence);
        }
    }
    (first, rest.join(" "))
}

/// Everything there is to say, the worst first.
fn sentences(known: &Known, now: Instant) -> Vec<String> {
    let device = &known.device;
    let mut all = Vec::new();
    if let Some(hold) = device.hold.as_ref().filter(|_| device.state.in_inventory()) {
        all.push(format!("Do not use: {}.", bare(&hold.reason)));
        all.push(format!("It is lifted by: {}.", bare(&hold.released_by)));
    }
    all.push(state(known, now));
    if let Some(ended) = agreement_over(device, now.date_in(&known.zone)) {
        all.push(ended);
    }
    all.extend(support(known, now.date_in(&known.zone)));
    if let Some(gaps) = gaps(&device.undecided(known.inherited_risk())) {
        all.push(gaps);
    }
    all
}

/// A text as the end of a sentence: without its own full stop.
fn bare(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

fn state(known: &Known, now: Instant) -> String {
    let device = &known.device;
    let zone = &known.zone;
    let since = day_of(device.state_since, zone);
    let place = known.place_name();
    match device.state {
        State::InService if imported_into(device) => {
            format!("In service at {place}, in use before it was imported on {since}.")
        }
        State::InService => format!("In service at {place} since {since}."),
        State::OutOfService(OutFor::Repair) => format!("In repair since {since}, at {place}."),
        State::OutOfService(OutFor::Stored) if !device.is_accepted() => {
            format!("Spare at {place} since {since}; inspect it before use.")
        }
        State::OutOfService(OutFor::Stored) => format!("Spare at {place} since {since}."),
        State::OutOfService(OutFor::Seasonal) => format!("Stored at {place} since {since}."),
        State::LoanedOut => loan(device, now, zone, &since),
        State::NotLocated => format!("Not located since {since}. It was last known at {place}."),
        State::Quarantined => format!("Do not use: kept for investigation since {since}, at {place}."),
        State::Planned => format!("Planned since {since}, not ordered yet."),
        State::Ordered => format!("Ordered on {since}, not received yet."),
        State::Received => format!("Received on {since}. Do not use before its incoming inspection."),
        State::IncomingInspection => {
            format!("In incoming inspection since {since}. Do not use before it has passed.")
        }
        State::PendingDisposal => format!("Being disposed since {since}. Do not use."),
        State::Retired => format!("Retired on {since}. It is kept in history."),
        State::Returned => format!("Returned on {since}. It is kept in history."),
        State::Cancelled => format!("Cancelled on {since}. It never arrived."),
    }
}

fn imported_into(device: &Device) -> bool {
    device.accepted_as == Some(Acceptance::Baseline) && device.accepted_at == Some(device.state_since)
}

fn loan(device: &Device, now: Instant, zone: &TimeZone, since: &str) -> String {
    match &device.loan {
        None => format!("On loan since {since}; the agreement is not on record."),
        Some(loan) if loan.ends_on < now.date_in(zone) => {
            format!("On loan, and {} ended on {}.", bare(&loan.agreement), day(loan.ends_on))
        }
        Some(loan) => format!("On loan until {} under {}.", day(loan.ends_on), bare(&loan.agreement)),
    }
}

/// Somebody else's device whose agreement has ended.
fn agreement_over(device: &Device, today: Date) -> Option<String> {
    let ended = device.agreement_ends_on.filter(|end| *end < today)?;
    let theirs = device.tenure != Tenure::Owned && device.state.in_inventory();
    theirs.then(|| {
        format!("Its agreement as {} ended on {}.", device.tenure.on_page().to_lowercase(), day(ended))
    })
}

/// Support that has ended, or that ends before anything new could be bought and put to use.
fn support(known: &Known, today: Date) -> Option<String> {
    let end = known.about.support_end.as_ref().filter(|_| known.device.state.in_inventory())?;
    let verb = match tone(end.on, today) {
        Tone::Crit => "ended",
        Tone::Warn => "ends",
        _ => return None,
    };
    Some(format!("Support of the {} {verb} {}, on {}.", known.model, distance(end.on, today), day(end.on)))
}

/// “Owner, risk level and maintenance strategy are not decided yet.”
pub(super) fn gaps(gaps: &[Gap]) -> Option<String> {
    let names: Vec<&str> = gaps
        .iter()
        .map(|gap| match gap {
            Gap::Owner => "owner",
            Gap::RiskLevel => "risk level",
            Gap::Strategy => "maintenance strategy",
        })
        .collect();
    let list = match names.as_slice() {
        [] => return None,
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    };
    let verb = if names.len() == 1 { "is" } else { "are" };
    let mut letters = list.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    Some(format!("{first}{} {verb} not decided yet.", letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Milestone;
    use crate::{
        CompanyId, DeviceTypeId, ModelId, RiskLevel,
        device::{DeviceId, Draft, Edit, Facts, Hold, Strategy, Tag, baseline},
    };
    use jiff::civil::date;
    use kernel::{DepartmentId, SiteId};

    const NOW: Instant = Instant::from_micros(1_791_892_800_000_000);

    fn known(state: State) -> Known {
        let fields = Edit {
            tag: Tag::parse("NH-1").unwrap(),
            serial: None,
            serial_less: true,
            udi: None,
            model: ModelId::new(),
            risk: None,
            risk_reason: None,
            strategy: Some(Strategy::Oem),
            tenure: Tenure::Owned,
            agreement: None,
            agreement_ends_on: None,
            acquired_on: None,
            price: None,
            notes: None,
        };
        let draft = Draft {
            id: DeviceId::new(),
            fields,
            parent: None,
            site: SiteId::new(),
            place: None,
            department: Some(DepartmentId::new()),
            import: None,
        };
        let facts = Facts { inherited_risk: None, lost_after_days: 365, now: NOW, zone: TimeZone::UTC };
        let device = baseline(&draft, &facts, state, NOW.plus_seconds(-86_400 * 10)).unwrap();
        Known {
            device,
            model: "VP-3".into(),
            company_id: CompanyId::new(),
            company: "Helion Medical".into(),
            type_id: DeviceTypeId::new(),
            type_name: "Infusion pump".into(),
            about: crate::model::About::default(),
            type_risk: Some(RiskLevel::High),
            type_life: None,
            site: "General".into(),
            zone: TimeZone::UTC,
            place: vec!["ICU 2 West".into()],
            owner: Vec::new(),
            parent: None,
        }
    }

    #[test]
    fn a_device_in_use_says_where_and_since_when() {
        let mut it = known(State::InService);
        let imported = "In service at ICU 2 West, in use before it was imported on 3 Oct 2026.";
        assert_eq!(answer(&it, NOW).0, imported);
        it.device.accepted_as = Some(Acceptance::Inspection);
        assert_eq!(answer(&it, NOW).0, "In service at ICU 2 West since 3 Oct 2026.");
    }

    #[test]
    fn support_that_ends_is_said_of_devices_that_are_here() {
        let mut it = known(State::InService);
        let today = NOW.date_in(&TimeZone::UTC);
        let end = |on: Date| Milestone { on, source: "Letter".into(), learnt_on: today };
        it.about.support_end = Some(end(today.yesterday().unwrap()));
        let (_, rest) = answer(&it, NOW);
        assert!(rest.starts_with("Support of the VP-3 ended 1 day ago, on "), "{rest}");
        it.about.support_end = Some(end(date(2031, 1, 1)));
        assert!(!answer(&it, NOW).1.contains("Support"));
    }

    #[test]
    fn a_hold_comes_first_and_names_the_test() {
        let mut it = known(State::InService);
        it.device.hold = Some(Hold { reason: "flow above limit.".into(), released_by: "flow test".into() });
        let (line, rest) = answer(&it, NOW);
        assert_eq!(line, "Do not use: flow above limit. It is lifted by: flow test.");
        assert!(rest.starts_with("In service at ICU 2 West"), "{rest}");
    }

    #[test]
    fn gaps_are_named_in_one_sentence() {
        let mut it = known(State::OutOfService(OutFor::Repair));
        it.type_risk = None;
        it.device.department = None;
        it.device.strategy = None;
        let (line, rest) = answer(&it, NOW);
        assert_eq!(line, "In repair since 3 Oct 2026, at ICU 2 West.");
        assert_eq!(rest, "Owner, risk level and maintenance strategy are not decided yet.");
        assert_eq!(gaps(&[Gap::Owner]).unwrap(), "Owner is not decided yet.");
    }

    #[test]
    fn every_state_has_a_sentence() {
        for state in State::ALL {
            let (line, _) = answer(&known(*state), NOW);
            assert!(line.ends_with('.') && line.len() > 20, "{line}");
        }
    }
}
