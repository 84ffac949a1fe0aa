//! Rules about fields, holds and the words of a device.

use fleet::RiskLevel;
use fleet::device::rules::{edit, release_hold, set_hold};
use fleet::device::{Device, Edit, Hold, HoldTest, Serial, State, Tenure};
use jiff::civil::date;
use proptest::prelude::*;

use crate::made::{day, draft, facts, in_repair, in_service, rules, through, to};

fn edited(device: &Device, change: impl FnOnce(&mut Edit)) -> Result<Device, Vec<fleet::Refusal>> {
    let mut fields = Edit::of(device).unwrap();
    change(&mut fields);
    edit(device, &facts(), &fields)
}

#[test]
fn an_edit_that_changes_nothing_leaves_no_version() {
    let device = in_service();
    assert_eq!(edited(&device, |_| ()).unwrap(), device);
    let other = edited(&device, |f| f.notes = Some("new battery".into())).unwrap();
    assert_eq!(other.version, device.version + 1);
}

#[test]
fn a_serial_number_excludes_the_mark_that_there_is_none() {
    let device = in_service();
    assert_eq!(rules(edited(&device, |f| f.serial_less = true)), ["fleet.device.serial_less"]);
    assert_eq!(rules(edited(&device, |f| f.serial = None)), ["fleet.device.serial"]);
    let marked = edited(&device, |f| {
        f.serial = None;
        f.serial_less = true;
    });
    assert!(marked.unwrap().serial.is_none());
    let mut imported = device;
    imported.serial = None;
    assert!(edited(&imported, |f| f.notes = Some("no plate".into())).is_ok());
    assert!(edited(&imported, |f| f.serial = Some(Serial::parse("1").unwrap())).is_ok());
}

#[test]
fn a_risk_level_of_its_own_needs_a_reason() {
    let device = in_service();
    assert_eq!(rules(edited(&device, |f| f.risk = Some(RiskLevel::Low))), ["fleet.device.risk_reason"]);
    let low = edited(&device, |f| {
        f.risk = Some(RiskLevel::Low);
        f.risk_reason = Some(" teaching only ".into());
    });
    assert_eq!(low.unwrap().risk_reason.as_deref(), Some("teaching only"));
    let dropped = edited(&device, |f| f.risk_reason = Some("left over".into())).unwrap();
    assert_eq!(dropped.risk_reason, None);
}

#[test]
fn what_was_decided_stays_decided_in_service() {
    let device = in_service();
    assert_eq!(rules(edited(&device, |f| f.strategy = None)), ["fleet.device.strategy"]);
    assert!(edited(&in_repair(), |f| f.strategy = None).is_ok());
    let mut own = device;
    own.risk = Some(RiskLevel::High);
    own.risk_reason = Some("r".into());
    let undecided = fleet::device::Facts { inherited_risk: None, ..facts() };
    let fields = Edit { risk: None, ..Edit::of(&own).unwrap() };
    assert_eq!(rules(edit(&own, &undecided, &fields)), ["fleet.device.risk"]);
    assert!(edit(&own, &facts(), &fields).is_ok());
}

#[test]
fn acquisition_lies_between_1950_and_today() {
    let device = in_service();
    let today = facts().now.date_in(&facts().zone);
    for bad in [date(1949, 12, 31), today.tomorrow().unwrap()] {
        assert_eq!(rules(edited(&device, |f| f.acquired_on = Some(bad))), ["fleet.device.acquired_on"]);
    }
    for good in [date(1950, 1, 1), today] {
        assert!(edited(&device, |f| f.acquired_on = Some(good)).is_ok());
    }
}

#[test]
fn a_tenure_other_than_owned_has_an_agreement_and_its_last_day() {
    let device = in_service();
    assert_eq!(rules(edited(&device, |f| f.tenure = Tenure::Demo)), ["fleet.device.tenure_agreement"]);
    let rented = edited(&device, |f| {
        f.tenure = Tenure::Rental;
        f.agreement = Some("R-9".into());
        f.agreement_ends_on = Some(date(2037, 1, 1));
    });
    assert!(rented.is_ok());
    let mut imported = device;
    imported.tenure = Tenure::LoanIn;
    assert!(edited(&imported, |f| f.notes = Some("x".into())).is_ok());
}

#[test]
fn a_removed_device_is_not_edited() {
    let mut device = in_service();
    device.removed_at = Some(day(9));
    assert_eq!(rules(edited(&device, |_| ())), ["fleet.device.removed"]);
}

fn leak() -> Hold {
    Hold { reason: "Leakage current too high".into(), released_by: "Electrical safety test".into() }
}

#[test]
fn a_hold_has_reason_and_test_and_stands_alone() {
    let device = in_service();
    let held = set_hold(&device, leak()).unwrap();
    assert_eq!((held.may_be_used(), held.on_page(), held.version), (false, "Do not use", device.version + 1));
    assert_eq!(rules(set_hold(&held, leak())), ["fleet.device.hold_twice"]);
    let silent = Hold { reason: " ".into(), ..leak() };
    assert_eq!(rules(set_hold(&device, silent)), ["fleet.device.hold_words"]);
    let planned = through(&[]);
    assert_eq!(rules(set_hold(&planned, leak())), ["fleet.device.hold_inventory"]);
}

#[test]
fn a_hold_is_lifted_by_the_named_test_passed_with_its_result() {
    let held = set_hold(&in_service(), leak()).unwrap();
    let passed =
        HoldTest { test: "electrical  SAFETY test".into(), passed: true, result: "82 µA, limit 100".into() };
    let free = release_hold(&held, &passed).unwrap();
    assert_eq!((free.hold.clone(), free.version), (None, held.version + 1));
    assert_eq!(rules(release_hold(&free, &passed)), ["fleet.device.hold_none"]);
    let other = HoldTest { test: "Performance test".into(), ..passed.clone() };
    assert_eq!(rules(release_hold(&held, &other)), ["fleet.device.hold_test"]);
    let failed = HoldTest { passed: false, ..passed.clone() };
    assert_eq!(rules(release_hold(&held, &failed)), ["fleet.device.hold_result"]);
    let mute = HoldTest { result: String::new(), ..passed };
    assert_eq!(rules(release_hold(&held, &mute)), ["fleet.device.hold_result"]);
}

#[test]
fn the_record_reads_back_and_leaves_out_what_is_absent() {
    let device = in_service();
    let record = serde_json::to_value(&device).unwrap();
    assert_eq!(record["state"], "in_service");
    assert_eq!(record["accepted_as"], "inspection");
    for absent in ["parent", "hold", "loan", "risk", "price", "removed_at"] {
        assert!(record.get(absent).is_none(), "{absent}");
    }
    assert_eq!(serde_json::from_value::<Device>(record).unwrap(), device);
    let kept = Device { state: State::Quarantined, ..device };
    assert_eq!(kept.on_page(), "Do not use, kept for investigation");
}

proptest! {
    #[test]
    fn life_support_is_high_risk_and_only_the_device_itself_overrides_its_type(
        own in prop::option::of(prop::sample::select(RiskLevel::ALL)),
        of_type in prop::option::of(prop::sample::select(RiskLevel::ALL)),
    ) {
        let device = Device { risk: own, ..in_service() };
        let risk = device.effective_risk(of_type);
        prop_assert_eq!(risk, own.or(of_type));
        if risk == Some(RiskLevel::LifeSupport) {
            prop_assert!(risk.is_some_and(RiskLevel::is_high_risk));
        }
        if own.is_none() && of_type == Some(RiskLevel::LifeSupport) {
            prop_assert!(risk.is_some_and(RiskLevel::is_high_risk));
        }
    }
}

#[test]
fn a_new_device_begins_at_version_one() {
    let begun = fleet::device::begin(&draft(), &facts(), &to(State::Planned, day(0))).unwrap();
    assert_eq!(begun.version, 1);
    for state in State::ALL {
        assert_eq!(fleet::device::baseline(&draft(), &facts(), *state, day(0)).unwrap().version, 1);
    }
}
