//! When work is done at a site: the hours of each weekday, and the holidays.

use jiff::civil::Time;
use kernel::{Date, FieldError};
use serde::{Deserialize, Serialize};

use crate::entry::fault;

/// Hours of one weekday, local time, `HH:MM`; `24:00` ends a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hours {
    /// From.
    pub from: String,
    /// To, later than `from`.
    pub to: String,
}

/// A day on which no work is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Holiday {
    /// The date.
    pub date: Date,
    /// Its name.
    pub name: String,
}

/// A site's calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Calendar {
    /// Monday to Sunday; `None` is closed.
    pub week: [Option<Hours>; 7],
    /// Holidays by date.
    pub holidays: Vec<Holiday>,
}

impl Default for Calendar {
    /// Monday to Friday, 07:00 to 17:00, no holidays.
    fn default() -> Self {
        let day = || Some(Hours { from: "07:00".to_owned(), to: "17:00".to_owned() });
        Self { week: [day(), day(), day(), day(), day(), None, None], holidays: Vec::new() }
    }
}

/// The weekdays with the form fields of their hours.
pub(crate) const DAYS: [(&str, &str, &str); 7] = [
    ("Monday", "mon_from", "mon_to"),
    ("Tuesday", "tue_from", "tue_to"),
    ("Wednesday", "wed_from", "wed_to"),
    ("Thursday", "thu_from", "thu_to"),
    ("Friday", "fri_from", "fri_to"),
    ("Saturday", "sat_from", "sat_to"),
    ("Sunday", "sun_from", "sun_to"),
];

/// Most holidays a calendar holds.
const MOST_HOLIDAYS: usize = 400;

impl Calendar {
    /// Whether work is done on a date at all.
    pub fn is_working_day(&self, date: Date) -> bool {
        let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.week.get(day).is_some_and(Option::is_some) && !self.holidays.iter().any(|h| h.date == date)
    }

    /// The hours in a few words: "Mon–Fri 07:00–17:00, 2 holidays".
    pub fn in_words(&self) -> String {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let mut parts: Vec<String> = Vec::new();
        let mut day = 0;
        while day < 7 {
            match self.week.get(day) {
                Some(Some(hours)) => day = push_run(&self.week, &names, day, hours, &mut parts),
                _ => day += 1,
            }
        }
        if parts.is_empty() {
            parts.push("closed all week".to_owned());
        }
        match self.holidays.len() {
            0 => {}
            1 => parts.push("1 holiday".to_owned()),
            n => parts.push(format!("{n} holidays")),
        }
        parts.join(", ")
    }

    /// Reads the calendar form: `value` gives a field's text. Both hours blank is a closed day.
    pub fn read<'v>(value: impl Fn(&str) -> &'v str, errors: &mut Vec<FieldError>) -> Self {
        let mut week: [Option<Hours>; 7] = Default::default();
        for (slot, (day, from, to)) in week.iter_mut().zip(DAYS) {
            *slot = read_hours(day, from, value(from), value(to), errors);
        }
        Self { week, holidays: read_holidays(value("holidays"), errors) }
    }

    /// The holidays as the form shows them, one a line.
    pub fn holiday_lines(&self) -> String {
        self.holidays.iter().map(|h| format!("{} {}", h.date, h.name)).collect::<Vec<_>>().join("\n")
    }
}

/// Adds one run of equal days that begins at `first`; returns the day after it.
fn push_run(
    week: &[Option<Hours>; 7],
    names: &[&str; 7],
    first: usize,
    hours: &Hours,
    parts: &mut Vec<String>,
) -> usize {
    let length = week.iter().skip(first).take_while(|day| day.as_ref() == Some(hours)).count().max(1);
    let name = |day: usize| names.get(day).copied().unwrap_or_default();
    let days = match length {
        1 => name(first).to_owned(),
        _ => format!("{}–{}", name(first), name(first + length - 1)),
    };
    parts.push(format!("{days} {}–{}", hours.from, hours.to));
    first + length
}

fn read_hours(
    day: &str,
    field: &'static str,
    from: &str,
    to: &str,
    errors: &mut Vec<FieldError>,
) -> Option<Hours> {
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() && to.is_empty() {
        return None;
    }
    match (minutes(from), minutes(to)) {
        (Some(a), Some(b)) if a < b => Some(Hours { from: clock(a), to: clock(b) }),
        (Some(_), Some(_)) => {
            fault(errors, field, format!("{day} ends before it begins. Write the earlier time first."));
            None
        }
        _ => {
            fault(errors, field, format!("{day} needs two times such as 07:00 and 17:00, or none."));
            None
        }
    }
}

/// Minutes since midnight of `HH:MM`; 24:00 is allowed.
fn minutes(text: &str) -> Option<u32> {
    if text == "24:00" {
        return Some(24 * 60);
    }
    let padded = if text.len() == 4 { format!("0{text}") } else { text.to_owned() };
    let time: Time = padded.parse().ok().filter(|_| padded.len() == 5)?;
    Some(u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs()))
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn read_holidays(text: &str, errors: &mut Vec<FieldError>) -> Vec<Holiday> {
    let mut holidays: Vec<Holiday> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (date, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let name: String = name.trim().chars().take(80).collect();
        match date.parse::<Date>() {
            Ok(date) if date.to_string() == line.get(..10).unwrap_or_default() && !name.is_empty() => {
                holidays.retain(|h| h.date != date);
                holidays.push(Holiday { date, name });
            }
            _ => {
                let message =
                    format!("“{line}” is not a holiday. Write date and name: 2026-12-25 Christmas Day.");
                fault(errors, "holidays", message);
                break;
            }
        }
    }
    if holidays.len() > MOST_HOLIDAYS {
        fault(errors, "holidays", format!("A calendar holds at most {MOST_HOLIDAYS} holidays."));
    }
    holidays.sort_by_key(|h| h.date);
    holidays
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(pairs: &[(&'static str, &'static str)]) -> (Calendar, Vec<FieldError>) {
        let fields: BTreeMap<&str, &str> = pairs.iter().copied().collect();
        let mut errors = Vec::new();
        let calendar = Calendar::read(|name| fields.get(name).copied().unwrap_or_default(), &mut errors);
        (calendar, errors)
    }

    #[test]
    fn the_usual_week_is_monday_to_friday() {
        let calendar = Calendar::default();
        assert_eq!(calendar.in_words(), "Mon–Fri 07:00–17:00");
        assert!(calendar.is_working_day(jiff::civil::date(2026, 10, 13)));
        assert!(!calendar.is_working_day(jiff::civil::date(2026, 10, 17)));
    }

    #[test]
    fn a_calendar_is_read_from_its_form() {
        let (calendar, errors) = read(&[
            ("mon_from", "7:00"),
            ("mon_to", "17:00"),
            ("sat_from", "00:00"),
            ("sat_to", "24:00"),
            ("holidays", "2026-12-25 Christmas Day\n\n2026-11-26 Thanksgiving"),
        ]);
        assert_eq!(errors, []);
        assert_eq!(calendar.in_words(), "Mon 07:00–17:00, Sat 00:00–24:00, 2 holidays");
        assert_eq!(calendar.holiday_lines(), "2026-11-26 Thanksgiving\n2026-12-25 Christmas Day");
        assert!(!calendar.is_working_day(jiff::civil::date(2026, 11, 26)));
    }

    #[test]
    fn impossible_hours_and_dates_are_refused() {
        for (field, value, other) in [
            ("tue_from", "25:00", "tue_to"),
            ("tue_from", "17:00", "tue_to"),
            ("holidays", "2026-02-30 Nothing", "tue_to"),
            ("holidays", "Christmas", "tue_to"),
            ("holidays", "2026-12-25", "tue_to"),
        ] {
            let to = if field == "holidays" { "" } else { "07:00" };
            let (_, errors) = read(&[(field, value), (other, to)]);
            assert_eq!(errors.len(), 1, "{field} {value}");
        }
    }
}
