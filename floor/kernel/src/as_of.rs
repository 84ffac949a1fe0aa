//! The moment of the past that somebody asks about.

use jiff::{Timestamp, civil::DateTime};

use crate::{Instant, TimeZone};

/// An instant somebody wants to look back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The instant.
    pub at: Instant,
    /// A day was asked for, without a time: its end is meant.
    whole_day: bool,
}

impl AsOf {
    /// Reads a day (its end is meant) or `2025-03-01T12:00` in a site's time zone, or an instant that says its own:
    /// `2025-03-01T12:00:00Z`.
    ///
    /// # Errors
    /// A sentence that says what to write instead.
    pub fn read(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(at) = text.parse::<Timestamp>() {
            if at.to_zoned(TimeZone::UTC).year() < 1 {
                return Err(format!("“{text}” is earlier than any record."));
            }
            return Ok(Self { at: Instant::from_micros(at.as_microsecond()), whole_day: false });
        }
        if let Ok(at) = text.parse::<DateTime>()
            && text.contains(['T', 't', ' '])
        {
            return Ok(Self { at: Instant::of_civil(at, zone), whole_day: false });
        }
        if text.contains(':') {
            return Err(format!(
                "“{text}” is not an instant. Write it as 2025-03-01T12:00:00Z, or a day as 2025-03-01."
            ));
        }
        let day = crate::read_day(text)?;
        if day.year() < 1 {
            return Err(format!("“{text}” is earlier than any record."));
        }
        let after = day.tomorrow().map_err(|_| format!("“{text}” is later than any record."))?;
        let next = Instant::at_start_of(after, zone);
        Ok(Self { at: Instant::from_micros(next.micros() - 1), whole_day: true })
    }

    /// Refuses a day that has not come yet: of it nothing is known, and what is so now would be taken for what will be. Today
    /// has come, although it has not ended.
    ///
    /// # Errors
    /// A sentence that names both days.
    pub fn come(self, now: Instant, zone: &TimeZone) -> Result<Self, String> {
        let (day, today) = (self.at.date_in(zone), now.date_in(zone));
        if day <= today {
            return Ok(self);
        }
        let (day, today) = (day.strftime("%-d %b %Y"), today.strftime("%-d %b %Y"));
        Err(format!("{day} has not come yet; today is {today}."))
    }

    /// `on 1 Mar 2025, 12:00`, or `at the end of 1 Mar 2025`.
    pub fn words(self, zone: &TimeZone) -> String {
        if self.whole_day {
            format!("at the end of {}", self.at.date_in(zone).strftime("%-d %b %Y"))
        } else {
            format!("on {}", self.at.on_page(zone))
        }
    }

    /// The parameter that leads to exactly this instant's second.
    pub fn code(at: Instant, zone: &TimeZone) -> String {
        // The next full second, so that what was recorded within this one is included.
        at.plus_seconds(1).timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_means_its_end_and_a_time_itself() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let day = AsOf::read("2025-03-01", &zone).unwrap();
        assert_eq!(day.at.to_string(), "2025-03-02T04:59:59.999999Z");
        assert_eq!(day.words(&zone), "at the end of 1 Mar 2025");
        let noon = AsOf::read("2025-03-01T12:00", &zone).unwrap();
        assert_eq!(noon.at.to_string(), "2025-03-01T17:00:00Z");
        assert_eq!(noon.words(&zone), "on 1 Mar 2025, 12:00");
        assert_eq!(AsOf::read("2025-03-01T17:00:00Z", &zone), Ok(noon));
        assert_eq!(AsOf::read("2025-03-01T18:00+01:00", &zone), Ok(noon));
        assert_eq!(AsOf::read("1 Mar 2025", &zone), Ok(day));
        let early = Instant::of_civil(jiff::civil::date(2025, 3, 1).at(0, 5, 0, 0), &zone);
        assert_eq!(day.come(early, &zone), Ok(day));
        let refused = day.come(early.plus_seconds(-600), &zone).unwrap_err();
        assert_eq!(refused, "1 Mar 2025 has not come yet; today is 28 Feb 2025.");
        for bad in ["", "yesterday", "2025-02-30", "11/10/2026", "9999-12-31"] {
            assert!(AsOf::read(bad, &zone).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = AsOf::read(&text, &TimeZone::UTC);
        }
    }
}
