//! The days of the eight years, and the working hours in them.

use jiff::{ToSpan as _, civil::Weekday};
use kernel::{Date, Instant, Problem, Result, TimeZone};

use crate::chance::Chance;

/// The time zone of all three sites.
pub const ZONE: &str = "America/New_York";

/// Years of life before today.
pub const YEARS: i16 = 8;

/// The days from the first import to today, counted from 0.
#[derive(Clone, Debug)]
pub struct Days {
    first: Date,
    /// The instants at which the days begin, today's included.
    begins: Vec<Instant>,
    /// Nothing has happened after this: half past seven this morning.
    pub horizon: Instant,
    /// The zone in which days are counted.
    pub zone: TimeZone,
}

impl Days {
    /// The eight years up to a date.
    ///
    /// # Errors
    /// [`Problem::Invalid`] for a date that has no eight years before it or no years after it in the calendar.
    pub fn until(today: Date) -> Result<Self> {
        let bad = |e| Problem::invalid("today", format!("{today} cannot be the demonstration's day: {e}."));
        let zone = TimeZone::get(ZONE).map_err(Problem::bug)?;
        let first = today.checked_sub(YEARS.years()).map_err(bad)?;
        let begins: Vec<Instant> = first
            .series(1.day())
            .take_while(|d| *d <= today)
            .map(|d| Instant::at_start_of(d, &zone))
            .collect();
        let last = begins.last().copied().unwrap_or(Instant::from_micros(0));
        Ok(Self { first, begins, horizon: last.plus_seconds(7 * 3_600 + 1_800), zone })
    }

    /// The number of today.
    pub fn today(&self) -> i32 {
        i32::try_from(self.begins.len()).unwrap_or(i32::MAX) - 1
    }

    /// The date of a day, which may lie before the first or after today.
    pub fn date(&self, day: i32) -> Date {
        self.first.checked_add(day.days()).unwrap_or(self.first)
    }

    /// The day itself, or the next on which people work: no weekend, no New Year, Fourth of July or Christmas.
    pub fn working(&self, day: i32) -> i32 {
        let free = |day: i32| {
            let date = self.date(day);
            matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
                || matches!((date.month(), date.day()), (1, 1) | (7, 4) | (12, 25))
        };
        (day..).find(|day| !free(*day)).unwrap_or(day)
    }

    /// A moment in the working hours of a day from 0 on, or of the next working day; `None` when that lies after
    /// the horizon.
    pub fn moment(&self, day: i32, chance: &mut Chance) -> Option<Instant> {
        let begin = usize::try_from(self.working(day)).ok().and_then(|day| self.begins.get(day))?;
        let at = begin.plus_seconds(i64::from(chance.between(7 * 3_600 + 900, 16 * 3_600 + 900)));
        (at <= self.horizon).then_some(at)
    }

    /// The day on which an instant falls.
    pub fn day_of(&self, at: Instant) -> i32 {
        i32::try_from(self.begins.partition_point(|begin| *begin <= at)).unwrap_or(i32::MAX) - 1
    }

    /// The first morning, 06:00: when the organisation is set up.
    pub fn beginning(&self) -> Instant {
        self.begins.first().copied().unwrap_or(Instant::from_micros(0)).plus_seconds(6 * 3_600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn moments_fall_into_working_hours_and_never_after_the_horizon() {
        let days = Days::until(date(2026, 10, 13)).unwrap();
        assert_eq!(days.date(days.today()), date(2026, 10, 13));
        assert_eq!(days.date(0), date(2018, 10, 13));
        let mut chance = Chance::seeded(1);
        for day in 0..=days.today() {
            let Some(at) = days.moment(day, &mut chance) else {
                assert!(day >= days.today() - 3);
                continue;
            };
            let local = days.zone.to_datetime(at.timestamp());
            assert!((7..17).contains(&local.hour()), "{local}");
            assert!(!matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday));
            assert_eq!(days.date(days.day_of(at)), local.date());
        }
    }
}
