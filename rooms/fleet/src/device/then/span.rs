//! From the versions of a record to the spans of time in which it was known to be one thing.

use kernel::{Instant, TimeZone};

/// The end of a span that has none yet.
pub(super) const OPEN: i64 = i64::MAX;
/// The quarter of [`OPEN`].
pub(super) const OPEN_QUARTER: i64 = 1_000_000;

/// Something known to be so from one instant until another, which is not included; microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span<T> {
    pub from: i64,
    pub until: i64,
    pub known: T,
}

/// The spans of a record whose versions were recorded at these instants, in the order of the versions.
///
/// Known at an instant is the highest version recorded until then. Where a version was recorded after a higher one, by a
/// clock that was behind, or at the same instant, it was never known.
pub(super) fn spans<T>(versions: Vec<(Instant, T)>) -> Vec<Span<T>> {
    let mut until = OPEN;
    let mut spans: Vec<Span<T>> = Vec::with_capacity(versions.len());
    for (at, known) in versions.into_iter().rev() {
        let from = at.micros();
        if from < until {
            spans.push(Span { from, until, known });
            until = from;
        }
    }
    spans.reverse();
    spans
}

/// What `part` of each span says, where it says anything; neighbours that say the same are one span.
pub(super) fn parts<T, P: PartialEq>(spans: &[Span<T>], part: impl Fn(&T) -> Option<P>) -> Vec<Span<P>> {
    let mut parts: Vec<Span<P>> = Vec::new();
    for span in spans {
        let Some(known) = part(&span.known) else { continue };
        match parts.last_mut() {
            Some(last) if last.until == span.from && last.known == known => last.until = span.until,
            _ => parts.push(Span { from: span.from, until: span.until, known }),
        }
    }
    parts
}

/// The quarter of a year in which an instant lies, counted from the year 0, by UTC.
pub(super) fn quarter(micros: i64) -> i64 {
    if micros == OPEN {
        return OPEN_QUARTER;
    }
    let day = Instant::from_micros(micros).date_in(&TimeZone::UTC);
    i64::from(day.year()) * 4 + i64::from((day.month() - 1) / 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn quarters_follow_one_another() {
        let of = |day: &str| {
            quarter(format!("{day}T12:00:00Z").parse::<jiff::Timestamp>().unwrap().as_microsecond())
        };
        assert_eq!(of("2026-03-31") + 1, of("2026-04-01"));
        assert_eq!(of("2026-12-31") + 1, of("2027-01-01"));
        assert_eq!(of("2026-01-01"), of("2026-03-31"));
        assert!(of("2999-12-31") < quarter(OPEN));
    }

    proptest! {
        /// At every instant the spans say what the definition says: the highest version recorded until then.
        #[test]
        fn spans_say_what_was_known(times in prop::collection::vec(0_i64..12, 1..8), asked in 0_i64..14) {
            let versions: Vec<(Instant, usize)> = times.iter().enumerate().map(|(n, t)| (at(*t), n)).collect();
            let by_definition = versions.iter().rev().find(|(t, _)| t.micros() <= asked).map(|(_, n)| *n);
            let spans = spans(versions);
            let known: Vec<usize> =
                spans.iter().filter(|s| s.from <= asked && asked < s.until).map(|s| s.known).collect();
            prop_assert_eq!(known, by_definition.into_iter().collect::<Vec<_>>());
            prop_assert!(spans.windows(2).all(|two| two[0].until == two[1].from), "they follow one another");
        }

        /// A part is known exactly where its span is, and no two neighbours say the same.
        #[test]
        fn parts_are_as_few_as_can_be(values in prop::collection::vec(0_u8..4, 1..9), asked in 0_i64..10) {
            let whole = spans(values.iter().enumerate().map(|(n, v)| (at(n as i64), *v)).collect());
            let parts = parts(&whole, |v| (*v < 3).then_some(v / 2));
            let at_then = |from: i64, until: i64| from <= asked && asked < until;
            let expected = whole.iter().find(|s| at_then(s.from, s.until)).filter(|s| s.known < 3).map(|s| s.known / 2);
            prop_assert_eq!(parts.iter().find(|s| at_then(s.from, s.until)).map(|s| s.known), expected);
            prop_assert!(parts.windows(2).all(|two| two[0].until < two[1].from || two[0].known != two[1].known));
        }
    }
}
