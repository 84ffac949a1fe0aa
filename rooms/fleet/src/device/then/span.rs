//! From the versions of a record to the spans of time in which it was known to be one thing.

use kernel::Instant;

/// The end of a span that has none yet.
pub(super) const OPEN: i64 = i64::MAX;

/// The shelf of spans that have not ended, and of the few that are longer than any other shelf takes.
const OPEN_SHELF: i64 = -1;
/// Spans of up to a day lie on the lowest level, up to four on the next, and so on; the highest takes 180 years.
const LEVELS: i64 = 9;
const DAY: i64 = 86_400_000_000;
/// Shelves of one level.
const A_LEVEL: i64 = 1_000_000_000;

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

/// The longest span of a level, in microseconds, and how far apart the beginnings of its shelves are.
const fn width(level: i64) -> i64 {
    DAY << (2 * level)
}

fn shelf_of(level: i64, beginning: i64) -> i64 {
    level * A_LEVEL + beginning.div_euclid(width(level))
}

/// The shelf on which a span lies: by its length, then by its beginning.
pub(super) fn shelf(from: i64, until: i64) -> i64 {
    let length = until.saturating_sub(from);
    (0..LEVELS).find(|level| length <= width(*level)).map_or(OPEN_SHELF, |level| shelf_of(level, from))
}

/// The shelves on which every span lies that holds an instant. A span that does cannot have begun longer ago than it is
/// long, so of each level it is one of two shelves, and of what lies there a good part does hold it, however long the
/// record is.
pub(super) fn shelves(at: i64) -> impl Iterator<Item = i64> + Clone {
    let of_levels =
        (0..LEVELS).flat_map(move |level| [shelf_of(level, at - width(level)), shelf_of(level, at)]);
    std::iter::once(OPEN_SHELF).chain(of_levels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Instant {
        Instant::from_micros(micros)
    }

    proptest! {
        /// Whatever holds an instant is found on its shelves, of whatever length it is.
        #[test]
        fn a_span_lies_on_the_shelves_of_each_instant_it_holds(
            from in 0..300_000 * DAY, length in prop_oneof![1..DAY, 1..400 * DAY, 1..120_000 * DAY], part in 0.0..1.0,
        ) {
            let at = from + ((length - 1) as f64 * part) as i64;
            prop_assert!(shelves(at).any(|s| s == shelf(from, from + length)));
            prop_assert!(shelves(at).any(|s| s == shelf(from, OPEN)));
        }

        /// And most of what it does not hold is not there: no shelf of an instant has spans that began eight lengths before.
        #[test]
        fn what_is_far_away_is_on_other_shelves(from in 0..30_000 * DAY, days in 1_i64..4_000, away in 9_i64..50) {
            let shelf = shelf(from, from + days * DAY);
            prop_assert!(shelves(from + away * days * DAY).all(|s| s != shelf));
        }

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
