//! How pages write a device: its address, its state, its risk, days, ages and counts.

use axum::response::{IntoResponse as _, Redirect, Response};
use kernel::{Date, Instant, TimeZone};
use maud::Markup;
use web::look::{self, Risk};

use crate::{
    RiskLevel,
    device::{Device, OutFor, State},
};

/// A device's short address: `/d/NH-104207`. What cannot stand in a path is percent-encoded.
pub(crate) fn href(tag: &str) -> String {
    let mut path = String::from("/d/");
    for byte in tag.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// A page of a device: `under("NH-1", "history")` is `/d/NH-1/history`.
pub(crate) fn under(tag: &str, page: &str) -> String {
    format!("{}/{page}", href(tag))
}

/// Sends on to the proper spelling of a tag that was typed in another one.
pub(super) fn respelt(asked: &str, device: &Device, page: &str, query: Option<&str>) -> Option<Response> {
    if asked == device.tag {
        return None;
    }
    let mut to = if page.is_empty() { href(&device.tag) } else { under(&device.tag, page) };
    if let Some(query) = query.filter(|q| !q.is_empty()) {
        to.push('?');
        to.push_str(query);
    }
    Some(Redirect::to(&to).into_response())
}

/// The mark of a state; a hold wins over any state on the inventory.
pub(in crate::device) fn state_of(state: State, held: bool) -> look::State {
    if held && state.in_inventory() && state != State::Quarantined {
        return look::State::DoNotUse;
    }
    match state {
        State::Planned => look::State::Planned,
        State::Ordered => look::State::Ordered,
        State::Received => look::State::Received,
        State::IncomingInspection => look::State::IncomingInspection,
        State::InService => look::State::InService,
        State::OutOfService(OutFor::Repair) => look::State::InRepair,
        State::OutOfService(OutFor::Stored) => look::State::Spare,
        State::OutOfService(OutFor::Seasonal) => look::State::Stored,
        State::LoanedOut => look::State::OnLoan,
        State::NotLocated => look::State::NotLocated,
        State::Quarantined => look::State::Quarantined,
        State::PendingDisposal => look::State::BeingDisposed,
        State::Retired => look::State::Retired,
        State::Returned => look::State::Returned,
        State::Cancelled => look::State::Cancelled,
    }
}

/// The mark with its word.
pub(super) fn state_mark(state: State, held: bool) -> Markup {
    let state = state_of(state, held);
    look::state_mark(state, state.word())
}

/// The mark of a risk level.
pub(crate) const fn risk_of(risk: Option<RiskLevel>) -> Risk {
    match risk {
        Some(RiskLevel::LifeSupport) => Risk::LifeSupport,
        Some(RiskLevel::High) => Risk::High,
        Some(RiskLevel::Medium) => Risk::Medium,
        Some(RiskLevel::Low) => Risk::Low,
        None => Risk::Undecided,
    }
}

/// The risk letter of a row, with its spoken name.
pub(crate) fn risk_letter(risk: Option<RiskLevel>) -> Markup {
    let mark = risk_of(risk);
    let spoken = match mark {
        Risk::LifeSupport => "Life support",
        Risk::Undecided => "Risk not decided yet",
        Risk::High => "High risk",
        Risk::Medium => "Medium risk",
        Risk::Low => "Low risk",
    };
    look::risk_mark(mark, spoken)
}

/// `13 Oct 2026`.
pub(crate) fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// The day on which an instant falls, `13 Oct 2026`.
pub(super) fn day_of(at: Instant, zone: &TimeZone) -> String {
    day(at.date_in(zone))
}

/// An instant for a `datetime` attribute: RFC 3339 with the zone's offset.
pub(super) fn machine_time(at: Instant, zone: &TimeZone) -> String {
    at.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Years since a day, with one decimal; `None` for a day that is still to come.
pub(super) fn age(since: Option<Date>, today: Date) -> Option<String> {
    let since = since.filter(|s| *s <= today)?;
    let days = since.until(today).ok()?.get_days();
    // Tenths of a year of 365.25 days, rounded half up, in whole numbers.
    let tenths = (i64::from(days) * 400 + 7_305) / 14_610;
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}

pub(crate) use kernel::thousands as count;

/// `1 device`, `12 devices`.
pub(crate) fn devices(n: i64) -> String {
    if n == 1 { "1 device".to_owned() } else { format!("{} devices", count(n)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn addresses_hold_any_tag() {
        assert_eq!(href("NH-104207"), "/d/NH-104207");
        assert_eq!(href("A,B 50%"), "/d/A%2CB%2050%25");
        assert_eq!(under("Ü 1", "move"), "/d/%C3%9C%201/move");
    }

    #[test]
    fn ages_and_counts_read_well() {
        assert_eq!(age(Some(date(2019, 6, 11)), date(2026, 10, 13)).as_deref(), Some("7.3"));
        assert_eq!(age(Some(date(2026, 10, 13)), date(2026, 10, 13)).as_deref(), Some("0.0"));
        assert_eq!(age(Some(date(2026, 10, 14)), date(2026, 10, 13)), None);
        assert_eq!(age(None, date(2026, 10, 13)), None);
        assert_eq!((count(0), count(999), count(14_012)), ("0".into(), "999".into(), "14,012".into()));
    }

    #[test]
    fn a_hold_is_read_as_do_not_use_while_the_device_is_here() {
        assert_eq!(state_of(State::InService, true), look::State::DoNotUse);
        assert_eq!(state_of(State::Retired, true), look::State::Retired);
        assert_eq!(state_of(State::Quarantined, true), look::State::Quarantined);
    }

    proptest! {
        #[test]
        fn an_address_is_plain_ascii_and_reads_back(tag in any::<String>()) {
            let path = href(&tag);
            prop_assert!(path.bytes().all(|b| b.is_ascii_graphic()));
            let rest = path.strip_prefix("/d/").unwrap();
            prop_assert!(!rest.contains('/') && !rest.contains('?') && !rest.contains('#'));
        }
    }
}
