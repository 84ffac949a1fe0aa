//! Dates as carriers hold them: some know no day.

use std::fmt;

use serde::{Serialize, Serializer};

/// A date of which the day, or the hour of the day, may be known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// Of the month; none where only the month is known. For an expiry that is the last day.
    pub day: Option<u8>,
    /// 0 to 23, where it is known.
    pub hour: Option<u8>,
    /// 0 to 59, where it is known.
    pub minute: Option<u8>,
}

impl Date {
    /// A day of the calendar; day 0 stands for "some day of the month". None when there is no such day.
    pub(crate) fn day(year: u16, month: u8, day: u8) -> Option<Self> {
        let last = last_day(year, month)?;
        (day <= last).then_some(Self { year, month, day: (day > 0).then_some(day), hour: None, minute: None })
    }

    /// A day by its number in the year, from 1.
    pub(crate) fn of_year(year: u16, number: u16) -> Option<Self> {
        let mut left = number.checked_sub(1)?;
        for month in 1..=12 {
            let days = u16::from(last_day(year, month)?);
            if left < days {
                return Self::day(year, month, u8::try_from(left + 1).ok()?);
            }
            left -= days;
        }
        None
    }

    pub(crate) fn at_hour(self, hour: u8) -> Option<Self> {
        (hour < 24).then_some(Self { hour: Some(hour), ..self })
    }

    pub(crate) fn at(self, hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { hour: Some(hour), minute: Some(minute), ..self })
    }

    /// The last day on which it holds: that of the month where the day is not known.
    pub fn last_day(&self) -> u8 {
        self.day.or_else(|| last_day(self.year, self.month)).unwrap_or(28)
    }
}

/// `2026-11-23`, `2026-11` where the day is not known, `2026-11-23T16` or `2026-11-23T16:05` with the time.
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)?;
        let Some(day) = self.day else { return Ok(()) };
        write!(f, "-{day:02}")?;
        let Some(hour) = self.hour else { return Ok(()) };
        write!(f, "T{hour:02}")?;
        self.minute.map_or(Ok(()), |minute| write!(f, ":{minute:02}"))
    }
}

fn last_day(year: u16, month: u8) -> Option<u8> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => return None,
    })
}

/// The year that two digits mean (GS1 General Specifications 7.12): from 49 years before the present one to 50 after it.
pub(crate) fn century(two: u16, now: u16) -> u16 {
    let this = now - now % 100 + two;
    if this > now + 50 {
        this - 100
    } else if this + 49 < now {
        this + 100
    } else {
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_mean_a_year_near_now() {
        for (two, now, year) in [
            (26, 2026, 2026),
            (76, 2026, 2076),
            (77, 2026, 1977),
            (99, 2026, 1999),
            (0, 2026, 2000),
            (49, 1999, 2049),
            (50, 1999, 1950),
        ] {
            assert_eq!(century(two, now), year, "{two} in {now}");
        }
    }

    #[test]
    fn days_of_the_year_are_days_of_months() {
        assert_eq!(Date::of_year(2020, 250), Date::day(2020, 9, 6));
        assert_eq!(Date::of_year(2020, 366), Date::day(2020, 12, 31));
        assert_eq!(Date::of_year(2021, 366), None);
        assert_eq!(Date::of_year(2021, 0), None);
        assert_eq!(Date::day(2021, 2, 29), None);
        assert_eq!(
            Date::day(2024, 2, 0).map(|d| (d.to_string(), d.last_day())),
            Some(("2024-02".to_owned(), 29))
        );
    }
}
