//! A device's life in lanes: where it was and in which state, from its versions on record.

use db::Event;
use jiff::civil::date;
use kernel::{Date, Id, Instant, TimeZone};
use web::look::{Lane, LaneMark, LifeLine, MarkKind, Tone};

use super::{names::Names, words::state_of};
use crate::device::Device;

/// How many versions the picture is drawn from, the newest first.
pub(super) const DRAWN: u32 = 300;

/// One version that could be read as a device, with the instant from which it was true.
struct Moment {
    from: f64,
    device: Device,
}

/// The picture; `None` while there is nothing to draw.
pub(super) fn lanes(
    device: &Device,
    events: &[Event],
    names: &Names,
    zone: &TimeZone,
    now: Instant,
) -> Option<LifeLine> {
    let moments: Vec<Moment> = events
        .iter()
        .rev()
        .filter_map(|event| {
            let device = serde_json::from_value(event.after.clone()).ok()?;
            Some(Moment { from: year(event.valid_at, zone), device })
        })
        .collect();
    // What was before the record began nobody can draw, however old the device is.
    let begun = moments.first()?.from;
    let today = year(now, zone);
    let margin = ((today - begun) * 0.015).max(SHORTEST);
    let (from, to) = (begun - margin, today + margin.max((today - begun) * 0.05));
    let place = |d: &Device| names.short(d.place.map_or(d.site.uuid(), Id::uuid));
    let state = |d: &Device| {
        if d.removed_at.is_some() {
            "Removed".to_owned()
        } else {
            state_of(d.state, d.hold.is_some()).word().to_owned()
        }
    };
    let mut lanes = vec![
        Lane { name: "Where".to_owned(), spans: spans(&moments, today, place), marks: Vec::new() },
        Lane { name: "State".to_owned(), spans: spans(&moments, today, state), marks: Vec::new() },
        Lane { name: "Holds".to_owned(), spans: Vec::new(), marks: holds(&moments) },
    ];
    lanes.retain(|lane| !lane.spans.is_empty() || !lane.marks.is_empty());
    Some(LifeLine {
        name: format!("Life of {} since {:.0}: where it was, and its states", device.tag, begun.floor()),
        from,
        to,
        ticks: ticks(from, to),
        today: (today, "Today".to_owned()),
        plans: Vec::new(),
        lanes,
    })
}

/// Less than two days each side of a device recorded today.
const SHORTEST: f64 = 0.005;

/// Days or months along the foot of a life of less than two years; longer ones are told in years.
fn ticks(from: f64, to: f64) -> Vec<(f64, String)> {
    let span = to - from;
    if span >= 2.0 {
        return Vec::new();
    }
    // The steps leave each label about 90 px.
    let (days, months) = match span {
        s if s < 0.03 => (1, 0),
        s if s < 0.2 => (7, 0),
        s if s < 0.9 => (0, 1),
        _ => (0, 3),
    };
    let words = if months > 0 { "%b %Y" } else { "%-d %b" };
    let Some(mut at) = day_at(from) else { return Vec::new() };
    if months > 0 {
        at = at.first_of_month();
    }
    let mut ticks = Vec::new();
    while year_of(at) <= to {
        if year_of(at) >= from && (months == 0 || (at.month() - 1) % months == 0) {
            ticks.push((year_of(at), at.strftime(words).to_string()));
        }
        let step = if months > 0 { jiff::Span::new().months(1) } else { jiff::Span::new().days(days) };
        let Ok(next) = at.checked_add(step) else { break };
        at = next;
    }
    ticks
}

/// The day on which a fraction of a year falls.
fn day_at(at: f64) -> Option<Date> {
    #[expect(clippy::cast_possible_truncation, reason = "years and days of a year fit easily")]
    let (whole, days) = (at.floor() as i16, (at.fract() * 366.0) as i64);
    Date::new(whole, 1, 1).ok()?.checked_add(jiff::Span::new().days(days)).ok()
}

/// Neighbouring versions that say the same become one span; a device that has left has none.
fn spans(moments: &[Moment], today: f64, says: impl Fn(&Device) -> String) -> Vec<(f64, f64, String)> {
    let mut spans: Vec<(f64, f64, String)> = Vec::new();
    let mut open: Option<(f64, String)> = None;
    for moment in moments {
        let gone = moment.device.state.kind().is_terminal() || moment.device.removed_at.is_some();
        let now_says = (!gone).then(|| says(&moment.device));
        if open.as_ref().map(|(_, words)| words) == now_says.as_ref() {
            continue;
        }
        if let Some((from, words)) = open.take() {
            spans.push((from, moment.from.max(from), words));
        }
        open = now_says.map(|words| (moment.from, words));
    }
    if let Some((from, words)) = open {
        spans.push((from, today.max(from), words));
    }
    spans
}

/// Each time the device was put on hold; red while it still is.
fn holds(moments: &[Moment]) -> Vec<LaneMark> {
    let mut marks: Vec<LaneMark> = Vec::new();
    let mut held = false;
    for moment in moments {
        match (&moment.device.hold, held) {
            (Some(hold), false) => {
                let label: String = hold.reason.chars().take(40).collect();
                marks.push(LaneMark { at: moment.from, kind: MarkKind::Notice, tone: Tone::Crit, label });
                held = true;
            }
            (None, true) => {
                if let Some(last) = marks.last_mut() {
                    last.tone = Tone::Plain;
                }
                held = false;
            }
            _ => {}
        }
    }
    marks
}

/// An instant as a year with a fraction.
fn year(at: Instant, zone: &TimeZone) -> f64 {
    let day = at.date_in(zone);
    let start = Instant::at_start_of(date(day.year(), 1, 1), zone).micros();
    #[expect(clippy::cast_precision_loss, reason = "a year’s microseconds fit a double exactly")]
    let share = (at.micros() - start) as f64 / (365.25 * 86_400e6);
    f64::from(day.year()) + share.clamp(0.0, 0.999)
}

fn year_of(day: Date) -> f64 {
    f64::from(day.year()) + (f64::from(day.day_of_year()) - 1.0) / 366.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_have_fractions() {
        let zone = TimeZone::UTC;
        let mid = Instant::at_start_of(date(2026, 7, 2), &zone);
        assert!((year(mid, &zone) - 2026.498).abs() < 0.001);
        assert!((year_of(date(2026, 7, 2)) - 2026.497).abs() < 0.001);
    }

    #[test]
    fn a_short_life_is_told_in_days_or_months() {
        let words = |from, to| ticks(from, to).into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        assert!(words(2020.0, 2026.8).is_empty());
        assert_eq!(words(2026.0, 2026.24), ["Jan 2026", "Feb 2026", "Mar 2026"]);
        assert_eq!(words(2025.3, 2026.8).first().map(String::as_str), Some("Jul 2025"));
        let days = words(2026.775, 2026.79);
        assert!(days.contains(&"13 Oct".to_owned()) && days.len() < 8, "{days:?}");
    }
}
