//! Which backups are kept.

use std::collections::BTreeSet;

use kernel::{Instant, TimeZone};
use serde::{Deserialize, Serialize};

/// How many backups are kept: the newest of so many days, weeks and months that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keep {
    /// Days.
    pub daily: usize,
    /// Weeks, from Monday on.
    pub weekly: usize,
    /// Months.
    pub monthly: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { daily: 7, weekly: 5, monthly: 12 }
    }
}

/// Which day, week or month a date falls in.
type Span = fn(kernel::Date) -> (i16, i16);

/// The places in `made` of backups that are no longer kept. The newest is always kept.
pub fn surplus(made: &[Instant], keep: Keep, zone: &TimeZone) -> Vec<usize> {
    let mut order: Vec<usize> = (0..made.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(made[i]));
    let mut kept: BTreeSet<usize> = order.first().copied().into_iter().collect();
    let spans: [(usize, Span); 3] = [
        (keep.daily, |d| (d.year(), d.day_of_year())),
        (keep.weekly, |d| (d.iso_week_date().year(), d.iso_week_date().week().into())),
        (keep.monthly, |d| (d.year(), d.month().into())),
    ];
    for (most, span) in spans {
        let mut seen = BTreeSet::new();
        for &i in &order {
            if seen.len() < most && seen.insert(span(made[i].date_in(zone))) {
                kept.insert(i);
            }
        }
    }
    order.into_iter().filter(|i| !kept.contains(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    fn at(day: i64, hour: i64) -> Instant {
        // Monday 5 January 2026, 00:00 UTC.
        Instant::from_micros(1_767_571_200_000_000).plus_seconds(day * DAY + hour * 3600)
    }

    fn left(made: &[Instant], keep: Keep) -> Vec<Instant> {
        let gone = surplus(made, keep, &TimeZone::UTC);
        (0..made.len()).filter(|i| !gone.contains(i)).map(|i| made[i]).collect()
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_stays() {
        let made: Vec<Instant> = (0..60).flat_map(|day| [at(day, 2), at(day, 14)]).collect();
        let keep = Keep { daily: 3, weekly: 2, monthly: 3 };
        // Days 57, 58, 59; the week before ends on day 55 (a Sunday); January ends on day 26, February on day 54.
        let wanted = vec![at(26, 14), at(54, 14), at(55, 14), at(57, 14), at(58, 14), at(59, 14)];
        assert_eq!(left(&made, keep), wanted);
    }

    #[test]
    fn the_newest_stays_even_when_nothing_is_to_be_kept() {
        let keep = Keep { daily: 0, weekly: 0, monthly: 0 };
        assert_eq!(left(&[at(1, 0), at(3, 0), at(2, 0)], keep), [at(3, 0)]);
        assert!(surplus(&[], keep, &TimeZone::UTC).is_empty());
    }

    proptest! {
        #[test]
        fn thinning_out_twice_is_thinning_out_once(
            hours in proptest::collection::vec(0_i64..20_000, 0..60), daily in 0_usize..9, weekly in 0_usize..6,
        ) {
            let made: Vec<Instant> = hours.iter().map(|h| at(0, *h)).collect();
            let keep = Keep { daily, weekly, monthly: 4 };
            let once = left(&made, keep);
            prop_assert!(once.len() <= daily + weekly + 4 + 1);
            prop_assert_eq!(left(&once, keep), once.clone());
            prop_assert_eq!(once.iter().max(), made.iter().max());
        }
    }
}
