//! Random histories: whatever is asked, a device's life obeys the handbook's invariants.

use std::{cell::RefCell, collections::BTreeMap};

use fleet::device::{
    Acceptance, Device, Evidence, Facts, Kind, Move, Need, State, Strategy as Upkeep, Tenure, Transition,
    begin, moves, plan,
};
use fleet::{Refusal, RiskLevel};
use kernel::Instant;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use crate::made::{self, day, draft, evidence};

/// One step: which target, whether any state may be chosen or only a legal one, what is missing, how long after.
#[derive(Clone, Debug)]
struct Step {
    pick: usize,
    wild: bool,
    missing: Vec<Need>,
    hours: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let missing = prop_oneof![
        4 => Just(Vec::new()),
        1 => prop::collection::vec(prop::sample::select(Need::ALL), 1..6),
    ];
    let step = (any::<usize>(), prop::bool::weighted(0.15), missing, -12_i64..400)
        .prop_map(|(pick, wild, missing, hours)| Step { pick, wild, missing, hours });
    prop::collection::vec(step, 1..60)
}

fn brought(missing: &[Need]) -> Evidence {
    let mut rest = evidence();
    for need in missing {
        let poorer = made::without(*need);
        match need {
            Need::Reason => rest.reason = poorer.reason,
            Need::BudgetRequest => rest.budget_request = poorer.budget_request,
            Need::PurchaseOrder | Need::OrderLine => rest.purchase_order = poorer.purchase_order,
            Need::Incident => rest.incident = poorer.incident,
            Need::Custodian => rest.custodian = poorer.custodian,
            Need::Preserved => rest.preserved = poorer.preserved,
            Need::Release => rest.release = poorer.release,
            Need::Agreement => rest.agreement = poorer.agreement,
            Need::AgreementEndsOn => rest.agreement_ends_on = poorer.agreement_ends_on,
            Need::SearchNote => rest.search_note = poorer.search_note,
            Need::Signature => rest.signed_by = poorer.signed_by,
            Need::Inspection => rest.inspection_passed = poorer.inspection_passed,
            Need::Disposal => rest.disposal = poorer.disposal,
        }
    }
    rest
}

/// What the test itself remembers of a history, apart from the device.
#[derive(Default)]
struct Witness {
    /// The last receipt, finding or release.
    check_due: Option<Instant>,
    /// The last inspection passed on a move into use.
    passed: Option<Instant>,
    entered: BTreeMap<&'static str, usize>,
}

impl Witness {
    fn saw(&mut self, from: Kind, mv: &Move) {
        *self.entered.entry(mv.to.kind().code()).or_default() += 1;
        let found = from == Kind::NotLocated && mv.to.kind() == Kind::IncomingInspection;
        if mv.to.kind() == Kind::Received || found || from == Kind::Quarantined {
            self.check_due = Some(mv.at);
        }
        if mv.evidence.inspection_passed && matches!(mv.to, State::InService | State::LoanedOut) {
            self.passed = Some(mv.at);
        }
    }
}

fn accepted(
    w: &mut Witness,
    before: &Device,
    after: &Device,
    mv: &Move,
    now: Instant,
) -> Result<(), TestCaseError> {
    let from = before.state.kind();
    prop_assert!(Transition::find(from, mv.to.kind()).is_some(), "only listed moves");
    prop_assert!(!from.is_terminal(), "end states end");
    prop_assert_eq!(after.state, mv.to);
    prop_assert_eq!((after.state_since, after.version), (mv.at, before.version + 1));
    prop_assert!(before.state_since <= mv.at && mv.at <= now, "history is monotone");
    if from == Kind::Quarantined {
        prop_assert!(mv.evidence.release.is_some(), "quarantine is left by signature only");
        prop_assert_eq!(mv.to.kind(), Kind::OutOfService);
    }
    w.saw(from, mv);
    if matches!(mv.to, State::InService | State::LoanedOut) {
        let passed = w.passed.filter(|at| w.check_due.is_none_or(|due| *at >= due));
        prop_assert!(
            passed.is_some(),
            "used only after an inspection passed since the last receipt or finding"
        );
        prop_assert!(after.is_accepted());
        prop_assert_eq!(after.accepted_as, Some(Acceptance::Inspection));
    }
    if mv.to == State::InService {
        prop_assert!(after.department.is_some() && after.strategy.is_some());
    }
    prop_assert_eq!(after.loan.is_some(), mv.to == State::LoanedOut);
    Ok(())
}

/// What a page offers as open to a full form may still be refused for its date.
const DATES: [&str; 3] = ["fleet.device.future", "fleet.device.before_state", "fleet.device.lost_after"];

fn live(first: &Device, facts: &mut Facts, steps: &[Step]) -> Result<Witness, TestCaseError> {
    let mut w = Witness { check_due: first.inspect_after, ..Witness::default() };
    let mut device = first.clone();
    for step in steps {
        let at = device.state_since.plus_seconds(step.hours * 3_600);
        // Now and then the move is dated ahead of the clock.
        facts.now = if step.pick % 23 == 0 { at.plus_seconds(-60) } else { at.plus_seconds(60) };
        let open = moves(&device, facts);
        let to = match (step.wild || open.is_empty(), open.len()) {
            (true, _) => State::ALL[step.pick % State::ALL.len()],
            (false, n) => open[step.pick % n].to,
        };
        let mv = Move { to, at, evidence: brought(&step.missing) };
        let before = device.clone();
        match plan(&device, facts, &mv) {
            Ok(after) => {
                accepted(&mut w, &before, &after, &mv, facts.now)?;
                device = after;
            }
            Err(refusals) => {
                prop_assert!(!refusals.is_empty());
                prop_assert!(
                    refusals.iter().all(|r| !r.remedy.trim().is_empty() && !r.message.trim().is_empty())
                );
                prop_assert!(refusals.iter().all(|r| r.rule.starts_with("fleet.device.")));
                prop_assert_eq!(&before, &device);
                let promised = open.iter().find(|p| p.to == to);
                if let Some(p) = promised.filter(|p| p.unmet.is_empty() && step.missing.is_empty()) {
                    let date = |r: &Refusal| DATES.contains(&r.rule);
                    prop_assert!(refusals.iter().all(date), "{} was offered: {refusals:?}", p.verb);
                }
            }
        }
    }
    Ok(w)
}

#[test]
fn every_history_keeps_the_invariants() {
    let reached = RefCell::new(BTreeMap::<&'static str, usize>::new());
    let cases = 4_000;
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let origin = (
        prop::sample::select(vec![State::Planned, State::Ordered, State::Received]),
        prop::option::weighted(0.9, Just(Upkeep::Oem)),
        prop::option::weighted(0.9, prop::sample::select(RiskLevel::ALL)),
        prop::sample::select(Tenure::ALL),
    );
    let outcome = runner.run(&(origin, steps()), |((state, strategy, inherited_risk, tenure), steps)| {
        let mut draft = draft();
        draft.fields.strategy = strategy;
        draft.fields.tenure = tenure;
        draft.fields.agreement = Some("A-1".into());
        draft.fields.agreement_ends_on = evidence().agreement_ends_on;
        let mut facts = Facts { inherited_risk, lost_after_days: 5, ..made::facts() };
        let first = begin(&draft, &facts, &made::to(state, day(0)))
            .map_err(|r| TestCaseError::fail(format!("{r:?}")))?;
        let witness = live(&first, &mut facts, &steps)?;
        for (kind, times) in witness.entered {
            *reached.borrow_mut().entry(kind).or_default() += times;
        }
        Ok(())
    });
    outcome.unwrap();
    let reached = reached.into_inner();
    println!("reached: {reached:?}");
    for kind in ["in_service", "quarantined", "not_located", "retired", "loaned_out", "returned"] {
        let times = reached.get(kind).copied().unwrap_or(0);
        assert!(times >= 300, "{kind} reached only {times} times in {cases} histories: {reached:?}");
    }
}
