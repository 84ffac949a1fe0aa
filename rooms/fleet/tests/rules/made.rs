//! A device, its facts and full evidence, for the tests to take something away from.

use fleet::device::{
    Answer, Device, DeviceId, Disposal, DisposalMethod, Draft, Edit, Evidence, Facts, Move, Need, OutFor,
    Release, Serial, SignerRole, State, Strategy, Tag, Tenure, begin, plan,
};
use fleet::{ModelId, Refusal, RiskLevel};
use kernel::{DepartmentId, Instant, SiteId, TimeZone};

/// The first second of 2026, UTC, and so many days later.
pub fn day(days: i64) -> Instant {
    Instant::from_micros(1_767_225_600_000_000).plus_seconds(days * 86_400)
}

/// A year's policy, a decided type, and a present ten years on.
pub fn facts() -> Facts {
    Facts {
        inherited_risk: Some(RiskLevel::High),
        lost_after_days: Facts::LOST_AFTER_DAYS,
        now: day(3_650),
        zone: TimeZone::UTC,
    }
}

pub fn fields() -> Edit {
    Edit {
        tag: Tag::parse("NH-104207").unwrap(),
        serial: Some(Serial::parse("VP3-4412087").unwrap()),
        serial_less: false,
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
    }
}

pub fn draft() -> Draft {
    Draft {
        id: DeviceId::new(),
        fields: fields(),
        parent: None,
        site: SiteId::new(),
        place: None,
        department: Some(DepartmentId::new()),
        import: None,
    }
}

pub fn disposal() -> Disposal {
    let done = || Answer::Done("certificate 17, K. Ode".into());
    Disposal {
        method: DisposalMethod::Recycle,
        decontaminated: done(),
        patient_data: done(),
        hazards: done(),
        registration: Answer::NotApplicable("no source, no laser".into()),
        network: done(),
        accounting: done(),
        tracked: Answer::NotApplicable("not a tracked device".into()),
    }
}

/// Evidence that meets every need.
pub fn evidence() -> Evidence {
    let words = || Some("as written".to_owned());
    Evidence {
        reason: words(),
        budget_request: words(),
        purchase_order: words(),
        incident: words(),
        custodian: words(),
        preserved: words(),
        release: Some(Release { name: "R. Amsel".into(), role: SignerRole::RiskManagement }),
        agreement: words(),
        agreement_ends_on: Some(day(36_500).date_in(&TimeZone::UTC)),
        search_note: words(),
        signed_by: words(),
        loss_reviewed_on: None,
        inspection_passed: true,
        inspected_by: words(),
        disposal: Some(disposal()),
    }
}

pub fn to(state: State, at: Instant) -> Move {
    Move { to: state, at, evidence: evidence() }
}

/// The device after these states in turn, a day apart from day 0, with full evidence.
pub fn through(states: &[State]) -> Device {
    let mut device = begin(&draft(), &facts(), &to(State::Planned, day(0))).unwrap();
    for (state, days) in states.iter().zip(1..) {
        device = plan(&device, &facts(), &to(*state, day(days))).unwrap();
    }
    device
}

/// A device that may be used, accepted on day 4.
pub fn in_service() -> Device {
    through(&[State::Ordered, State::Received, State::IncomingInspection, State::InService])
}

/// A device in the drawer, in repair since day 5.
pub fn in_repair() -> Device {
    plan(&in_service(), &facts(), &to(State::OutOfService(OutFor::Repair), day(5))).unwrap()
}

/// Evidence that meets every need but one.
pub fn without(need: Need) -> Evidence {
    let mut rest = evidence();
    match need {
        Need::Reason => rest.reason = Some("  ".into()),
        Need::BudgetRequest => rest.budget_request = None,
        Need::PurchaseOrder | Need::OrderLine => rest.purchase_order = None,
        Need::Incident => rest.incident = None,
        Need::Custodian => rest.custodian = None,
        Need::Preserved => rest.preserved = None,
        Need::Release => rest.release = None,
        Need::Agreement => rest.agreement = None,
        Need::AgreementEndsOn => rest.agreement_ends_on = None,
        Need::SearchNote => rest.search_note = None,
        Need::Signature => rest.signed_by = None,
        Need::Inspection => rest.inspection_passed = false,
        Need::Disposal => rest.disposal = None,
    }
    rest
}

/// The codes of the rules that refused.
pub fn rules<T: std::fmt::Debug>(result: Result<T, Vec<Refusal>>) -> Vec<&'static str> {
    let refusals = result.unwrap_err();
    assert!(
        refusals.iter().all(|r| r.remedy.len() > 10 && r.message.ends_with('.') && r.remedy.ends_with('.'))
    );
    refusals.iter().map(|r| r.rule).collect()
}
