//! Instants, civil dates and the clock.
//!
//! Instants are microseconds since 1970-01-01T00:00:00Z; dates are civil dates in a site's own time zone. All
//! date arithmetic happens here in Rust with [`jiff`], never in SQL, so both databases agree.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

pub use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A moment, in microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// Wraps microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The present moment by the machine's clock. Ask a [`Clock`] instead wherever one is at hand.
    pub fn machine_now() -> Self {
        Self(jiff::Timestamp::now().as_microsecond())
    }

    /// The first instant of a civil date in a time zone.
    pub fn at_start_of(date: Date, zone: &TimeZone) -> Self {
        Self::of_civil(date.at(0, 0, 0, 0), zone)
    }

    /// The instant of a civil date and time in a time zone; in a gap or fold the earlier reading is taken.
    pub fn of_civil(at: jiff::civil::DateTime, zone: &TimeZone) -> Self {
        zone.to_ambiguous_timestamp(at).compatible().map_or(Self(0), |t| Self(t.as_microsecond()))
    }

    /// The civil date on which this instant falls in a time zone.
    pub fn date_in(self, zone: &TimeZone) -> Date {
        zone.to_datetime(self.timestamp()).date()
    }

    /// The instant as a [`jiff::Timestamp`], clamped to what jiff can hold.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// `13 Oct 2026, 08:00` in a time zone: the way pages print an instant.
    pub fn on_page(self, zone: &TimeZone) -> String {
        self.timestamp().to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// This instant moved by a number of seconds.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// Where "now" comes from: the machine, the machine shifted (the demonstration's clock), or a hand in a test.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    Machine,
    /// The machine's clock moved by so many microseconds; it runs on.
    Shifted(i64),
    /// Stands still until a test moves it.
    Hand(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that shows `at` now and runs on from there.
    pub fn starting_at(at: Instant) -> Self {
        Self::Shifted(at.micros() - Instant::machine_now().micros())
    }

    /// A clock that stands at `at` until [`Clock::advance`] moves it.
    pub fn hand(at: Instant) -> Self {
        Self::Hand(Arc::new(AtomicI64::new(at.micros())))
    }

    /// The present moment by this clock.
    pub fn now(&self) -> Instant {
        match self {
            Self::Machine => Instant::machine_now(),
            Self::Shifted(by) => Instant(Instant::machine_now().micros() + by),
            Self::Hand(at) => Instant(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a hand-driven clock forward; a running clock is left alone.
    pub fn advance(&self, seconds: i64) {
        if let Self::Hand(at) = self {
            at.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        }
    }

    /// Whether this clock shows something else than the machine's time, which pages then say.
    pub const fn is_shifted(&self) -> bool {
        matches!(self, Self::Shifted(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_at_local_midnight() -> Result<(), jiff::Error> {
        let zone = TimeZone::get("America/New_York")?;
        let start = Instant::at_start_of(jiff::civil::date(2026, 7, 1), &zone);
        assert_eq!(start.to_string(), "2026-07-01T04:00:00Z");
        assert_eq!(start.date_in(&zone), jiff::civil::date(2026, 7, 1));
        assert_eq!(start.plus_seconds(-1).date_in(&zone), jiff::civil::date(2026, 6, 30));
        Ok(())
    }

    #[test]
    fn a_hand_clock_moves_only_when_told() {
        let clock = Clock::hand(Instant::from_micros(5));
        assert_eq!(clock.now(), clock.now());
        clock.advance(2);
        assert_eq!(clock.now().micros(), 2_000_005);
    }
}
