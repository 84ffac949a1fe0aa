//! Each guard of a move, refused and satisfied.

use fleet::RiskLevel;
use fleet::device::{
    Acceptance, Answer, Device, Disposal, Draft, Evidence, Hold, Loan, Move, Need, OutFor, PmClock, State,
    Tenure, baseline, begin, moves, plan,
};
use kernel::TimeZone;

use crate::made::{day, draft, evidence, facts, in_repair, in_service, rules, through, to, without};

const REPAIR: State = State::OutOfService(OutFor::Repair);

/// The move is refused by this one rule without the evidence, and accepted with it.
fn asks(device: &Device, state: State, need: Need, rule: &str) {
    let at = device.state_since.plus_seconds(400 * 86_400);
    let poor = Move { to: state, at, evidence: without(need) };
    assert_eq!(rules(plan(device, &facts(), &poor)), [rule], "{}", state.code());
    assert_eq!(plan(device, &facts(), &to(state, at)).unwrap().state, state);
}

#[test]
fn each_piece_of_evidence_is_asked_for() {
    let planned = through(&[]);
    asks(&planned, State::Ordered, Need::PurchaseOrder, "fleet.device.purchase_order");
    let ordered = through(&[State::Ordered]);
    asks(&ordered, State::Received, Need::OrderLine, "fleet.device.order_line");
    let received = through(&[State::Ordered, State::Received]);
    asks(&received, State::Returned, Need::Reason, "fleet.device.reason");
    let inspected = through(&[State::Ordered, State::Received, State::IncomingInspection]);
    asks(&inspected, State::InService, Need::Inspection, "fleet.device.inspection");
    asks(&inspected, State::Received, Need::Reason, "fleet.device.reason");
    asks(&inspected, State::PendingDisposal, Need::Reason, "fleet.device.reason");
    let used = in_service();
    asks(&used, REPAIR, Need::Reason, "fleet.device.reason");
    asks(&used, State::LoanedOut, Need::Agreement, "fleet.device.agreement");
    asks(&used, State::LoanedOut, Need::AgreementEndsOn, "fleet.device.agreement_ends_on");
    asks(&used, State::NotLocated, Need::SearchNote, "fleet.device.search_note");
    asks(&used, State::Quarantined, Need::Incident, "fleet.device.incident");
    asks(&used, State::Quarantined, Need::Custodian, "fleet.device.custodian");
    asks(&used, State::Quarantined, Need::Preserved, "fleet.device.preserved");
    let kept = plan(&used, &facts(), &to(State::Quarantined, day(5))).unwrap();
    asks(&kept, REPAIR, Need::Release, "fleet.device.release");
    asks(&kept, REPAIR, Need::Reason, "fleet.device.reason");
    let lost = plan(&used, &facts(), &to(State::NotLocated, day(5))).unwrap();
    asks(&lost, State::Retired, Need::Signature, "fleet.device.signature");
    let leaving = plan(&in_repair(), &facts(), &to(State::PendingDisposal, day(6))).unwrap();
    asks(&leaving, State::Retired, Need::Disposal, "fleet.device.disposal");
}

#[test]
fn all_unmet_rules_come_at_once() {
    let mut device = through(&[State::Ordered, State::Received, State::IncomingInspection]);
    device.department = None;
    device.strategy = None;
    device.hold = Some(Hold { reason: "leak".into(), released_by: "safety test".into() });
    let undecided = fleet::device::Facts { inherited_risk: None, ..facts() };
    let bare = Move { to: State::InService, at: day(3), evidence: Evidence::default() };
    assert_eq!(
        rules(plan(&device, &undecided, &bare)),
        [
            "fleet.device.owner",
            "fleet.device.risk",
            "fleet.device.strategy",
            "fleet.device.hold",
            "fleet.device.inspection"
        ]
    );
}

#[test]
fn a_risk_level_of_its_own_satisfies_where_the_type_has_none() {
    let mut device = through(&[State::Ordered, State::Received, State::IncomingInspection]);
    let undecided = fleet::device::Facts { inherited_risk: None, ..facts() };
    let accept = to(State::InService, day(4));
    assert_eq!(rules(plan(&device, &undecided, &accept)), ["fleet.device.risk"]);
    device.risk = Some(RiskLevel::Low);
    let used = plan(&device, &undecided, &accept).unwrap();
    assert_eq!((used.accepted_at, used.accepted_as), (Some(day(4)), Some(Acceptance::Inspection)));
    assert_eq!((used.version, used.state_since), (device.version + 1, day(4)));
}

#[test]
fn a_hold_keeps_from_use_and_from_lending_but_not_from_disposal() {
    let mut device = in_repair();
    device.hold = Some(Hold { reason: "leak".into(), released_by: "safety test".into() });
    assert_eq!(rules(plan(&device, &facts(), &to(State::InService, day(6)))), ["fleet.device.hold"]);
    assert_eq!(rules(plan(&device, &facts(), &to(State::LoanedOut, day(6)))), ["fleet.device.hold"]);
    let leaving = plan(&device, &facts(), &to(State::PendingDisposal, day(6))).unwrap();
    assert!(plan(&leaving, &facts(), &to(State::Retired, day(7))).is_ok());
}

#[test]
fn receipt_asks_for_a_serial_number_or_the_mark_that_there_is_none() {
    let mut device = through(&[State::Ordered]);
    device.serial = None;
    let receive = to(State::Received, day(2));
    assert_eq!(rules(plan(&device, &facts(), &receive)), ["fleet.device.serial"]);
    device.serial_less = true;
    assert_eq!(plan(&device, &facts(), &receive).unwrap().inspect_after, Some(day(2)));
}

#[test]
fn what_was_found_or_released_is_inspected_before_use() {
    let lost = plan(&in_service(), &facts(), &to(State::NotLocated, day(5))).unwrap();
    let found = plan(&lost, &facts(), &to(State::IncomingInspection, day(6))).unwrap();
    assert_eq!(found.inspect_after, Some(day(6)));
    assert!(!found.is_accepted());
    let kept = plan(&in_service(), &facts(), &to(State::Quarantined, day(5))).unwrap();
    let spare = State::OutOfService(OutFor::Stored);
    let released = plan(&kept, &facts(), &to(spare, day(6))).unwrap();
    assert_eq!((released.inspect_after, released.accepted_at), (Some(day(6)), Some(day(4))));
    assert_eq!(released.pm_clock(), PmClock::Paused);
    for state in [State::InService, State::LoanedOut] {
        let poor = Move { to: state, at: day(7), evidence: without(Need::Inspection) };
        assert_eq!(rules(plan(&released, &facts(), &poor)), ["fleet.device.inspection"]);
        let used = plan(&released, &facts(), &to(state, day(7))).unwrap();
        assert_eq!((used.is_accepted(), used.accepted_at), (true, Some(day(7))));
    }
}

#[test]
fn an_inspection_counts_on_moves_into_use_only_and_names_who_made_it() {
    let kept = plan(&in_service(), &facts(), &to(State::Quarantined, day(5))).unwrap();
    assert_eq!(plan(&kept, &facts(), &to(REPAIR, day(5))).unwrap().accepted_at, Some(day(4)));
    let anonymous = Evidence { inspected_by: None, ..evidence() };
    let back = Move { to: State::InService, at: day(6), evidence: anonymous };
    assert_eq!(rules(plan(&in_repair(), &facts(), &back)), ["fleet.device.inspection"]);
    let none = Move { evidence: Evidence { inspection_passed: false, ..back.evidence.clone() }, ..back };
    assert_eq!(plan(&in_repair(), &facts(), &none).unwrap().accepted_at, Some(day(4)));
}

#[test]
fn only_what_is_not_our_own_goes_back_from_out_of_service() {
    let mut device = in_repair();
    assert_eq!(rules(plan(&device, &facts(), &to(State::Returned, day(6)))), ["fleet.device.tenure"]);
    device.tenure = Tenure::Rental;
    assert!(plan(&device, &facts(), &to(State::Returned, day(6))).is_ok());
    let rejected = through(&[State::Ordered, State::Received, State::IncomingInspection, State::Received]);
    assert!(plan(&rejected, &facts(), &to(State::Returned, day(6))).is_ok());
}

#[test]
fn a_loss_is_written_off_only_after_the_policy_period() {
    let lost = plan(&in_service(), &facts(), &to(State::NotLocated, day(5))).unwrap();
    let early = day(5 + 365).plus_seconds(-1);
    assert_eq!(rules(plan(&lost, &facts(), &to(State::Retired, early))), ["fleet.device.lost_after"]);
    assert!(plan(&lost, &facts(), &to(State::Retired, day(5 + 365))).is_ok());
}

#[test]
fn every_question_of_disposal_needs_words() {
    let leaving = plan(&in_repair(), &facts(), &to(State::PendingDisposal, day(6))).unwrap();
    let mut retire = to(State::Retired, day(7));
    let full = retire.evidence.disposal.clone().unwrap();
    let blank = Disposal {
        patient_data: Answer::Done(" ".into()),
        tracked: Answer::NotApplicable("".into()),
        ..full
    };
    retire.evidence.disposal = Some(blank);
    let refusals = plan(&leaving, &facts(), &retire).unwrap_err();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].rule, "fleet.device.disposal_answer");
    assert!(refusals[0].message.contains("patient data, notice to the maker"), "{}", refusals[0].message);
}

#[test]
fn a_loan_is_recorded_and_ends_with_its_state() {
    let lent = plan(&in_service(), &facts(), &to(State::LoanedOut, day(5))).unwrap();
    let ends_on = evidence().agreement_ends_on.unwrap();
    assert_eq!(lent.loan, Some(Loan { agreement: "as written".into(), ends_on }));
    assert_eq!(plan(&lent, &facts(), &to(REPAIR, day(6))).unwrap().loan, None);
    let mut short = to(State::LoanedOut, day(5));
    short.evidence.agreement_ends_on = Some(day(4).date_in(&TimeZone::UTC));
    assert_eq!(rules(plan(&in_service(), &facts(), &short)), ["fleet.device.agreement_ends_on"]);
    short.evidence.agreement_ends_on = Some(day(5).date_in(&TimeZone::UTC));
    assert!(plan(&in_service(), &facts(), &short).is_ok());
}

#[test]
fn moves_are_dated_between_the_present_state_and_now() {
    let device = in_service();
    assert_eq!(rules(plan(&device, &facts(), &to(REPAIR, day(3)))), ["fleet.device.before_state"]);
    assert_eq!(rules(plan(&device, &facts(), &to(REPAIR, day(3_651)))), ["fleet.device.future"]);
    assert!(plan(&device, &facts(), &to(REPAIR, device.state_since)).is_ok());
    assert!(plan(&device, &facts(), &to(REPAIR, facts().now)).is_ok());
}

#[test]
fn an_illegal_move_says_what_is_possible() {
    let kept = plan(&in_service(), &facts(), &to(State::Quarantined, day(5))).unwrap();
    let refusal = &plan(&kept, &facts(), &to(State::InService, day(6))).unwrap_err()[0];
    assert_eq!(refusal.rule, "fleet.device.transition");
    assert!(refusal.remedy.contains("released from investigation"), "{}", refusal.remedy);
    let refusal = &plan(&in_repair(), &facts(), &to(REPAIR, day(6))).unwrap_err()[0];
    assert_eq!(refusal.message, "It already is “In repair”.");
    let cancelled = through(&[State::Cancelled]);
    let refusal = &plan(&cancelled, &facts(), &to(State::Ordered, day(6))).unwrap_err()[0];
    assert_eq!(refusal.message, "“Cancelled” is an end state; nothing follows it.");
    let used = in_service();
    let refusal = &plan(&used, &facts(), &to(State::Retired, day(6))).unwrap_err()[0];
    assert!(refusal.remedy.contains("“In repair”, “Spare”, “Stored”, “On loan”"), "{}", refusal.remedy);
}

#[test]
fn a_device_whose_import_was_undone_accepts_nothing() {
    let mut device = in_service();
    device.removed_at = Some(day(5));
    assert_eq!(rules(plan(&device, &facts(), &to(REPAIR, day(6)))), ["fleet.device.removed"]);
    assert!(moves(&device, &facts()).is_empty());
    assert!(device.undecided(None).is_empty());
}

#[test]
fn the_page_sees_each_legal_move_with_what_it_asks_for_and_what_is_missing() {
    let mut device = in_repair();
    device.strategy = None;
    let possible = moves(&device, &facts());
    let targets: Vec<&str> = possible.iter().map(|p| p.to.code()).collect();
    assert_eq!(
        targets,
        [
            "in_service",
            "out_of_service_stored",
            "out_of_service_seasonal",
            "loaned_out",
            "not_located",
            "quarantined",
            "pending_disposal",
            "returned"
        ]
    );
    assert_eq!(possible[0].unmet.iter().map(|r| r.rule).collect::<Vec<_>>(), ["fleet.device.strategy"]);
    assert!(possible[0].needs.is_empty());
    assert_eq!(possible[5].needs, [Need::Incident, Need::Custodian, Need::Preserved]);
    assert_eq!(possible[7].unmet[0].rule, "fleet.device.tenure");
    let waiting = through(&[State::Ordered, State::Received, State::IncomingInspection]);
    assert_eq!(moves(&waiting, &facts())[0].needs, [Need::Inspection]);
    assert!(moves(&through(&[State::Cancelled]), &facts()).is_empty());
}

#[test]
fn a_device_begins_planned_ordered_or_received() {
    for (state, need, rule) in [
        (State::Planned, Need::BudgetRequest, "fleet.device.budget_request"),
        (State::Ordered, Need::PurchaseOrder, "fleet.device.purchase_order"),
        (State::Received, Need::OrderLine, "fleet.device.order_line"),
    ] {
        let poor = Move { to: state, at: day(0), evidence: without(need) };
        assert_eq!(rules(begin(&draft(), &facts(), &poor)), [rule]);
        let device = begin(&draft(), &facts(), &to(state, day(0))).unwrap();
        assert_eq!((device.version, device.state, device.state_since), (1, state, day(0)));
        assert_eq!(device.inspect_after.is_some(), state == State::Received);
    }
    assert_eq!(rules(begin(&draft(), &facts(), &to(State::InService, day(0)))), ["fleet.device.beginning"]);
    assert_eq!(rules(begin(&draft(), &facts(), &to(State::Planned, day(9_999)))), ["fleet.device.future"]);
}

#[test]
fn an_imported_device_carries_a_baseline_and_is_never_refused_for_what_is_undecided() {
    let mut bare = Draft { department: None, ..draft() };
    bare.fields.strategy = None;
    bare.fields.serial = None;
    let undecided = fleet::device::Facts { inherited_risk: None, ..facts() };
    let device = baseline(&bare, &undecided, State::InService, day(0)).unwrap();
    assert_eq!((device.accepted_as, device.accepted_at), (Some(Acceptance::Baseline), Some(day(0))));
    let gaps: Vec<&str> = device.undecided(None).iter().map(|g| g.code()).collect();
    assert_eq!(gaps, ["owner", "risk_level", "strategy"]);
    assert!(device.may_be_used());
    let waiting = baseline(&bare, &undecided, State::Received, day(0)).unwrap();
    assert_eq!((waiting.accepted_as, waiting.inspect_after), (None, Some(day(0))));
    let inspected = baseline(&bare, &undecided, State::IncomingInspection, day(0)).unwrap();
    assert_eq!((inspected.accepted_as, inspected.inspect_after), (None, Some(day(0))));
    let retired = baseline(&bare, &undecided, State::Retired, day(0)).unwrap();
    assert!(retired.undecided(None).is_empty());
}

#[test]
fn a_baseline_counts_for_going_back_into_service_until_the_device_was_lost_or_kept() {
    let spare = baseline(&draft(), &facts(), State::OutOfService(OutFor::Stored), day(0)).unwrap();
    let back = Move { to: State::InService, at: day(1), evidence: without(Need::Inspection) };
    let used = plan(&spare, &facts(), &back).unwrap();
    assert_eq!(used.accepted_as, Some(Acceptance::Baseline));
    let lost = plan(&used, &facts(), &to(State::NotLocated, day(2))).unwrap();
    let found = plan(&lost, &facts(), &to(State::IncomingInspection, day(3))).unwrap();
    let again = Move { at: day(4), ..back };
    assert_eq!(rules(plan(&found, &facts(), &again)), ["fleet.device.inspection"]);
}
