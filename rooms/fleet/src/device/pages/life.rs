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
    let first = moments.first()?.from;
    let today = year(now, zone);
    let begun = device.acquired_on.map_or(first, |on| year_of(on).min(first));
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
        from: (begun - 0.08).min(today - 1.0),
        to: today + ((today - begun) * 0.05).max(0.25),
        today: (today, "Today".to_owned()),
        plans: Vec::new(),
        lanes,
    })
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
    #[expect(clippy::cast_precision_loss, reason = "a year's microseconds fit a double exactly")]
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
}
