//! Whose a maker was, and when.

use kernel::{Date, FieldError};
use serde::{Deserialize, Serialize};

use super::CompanyId;
use crate::device::{Text, pages::words::day};

/// Most owners of one maker over time, and most other names of it.
pub const MOST: usize = 30;

/// A time during which a maker belonged to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// To whom it belonged.
    pub company: CompanyId,
    /// The first day; nothing when nobody knows since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day; nothing while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where it is known from, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A first and a last day, where they are known.
type Days = (Option<Date>, Option<Date>);

impl Owner {
    /// Whether it held on a day.
    pub fn held_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// In words: `since 1 Jan 2020`, `from 3 Mar 2001 until 31 Dec 2019`.
    pub(crate) fn time(&self) -> String {
        match (self.from, self.until) {
            (Some(from), Some(until)) => format!("from {} until {}", day(from), day(until)),
            (Some(from), None) => format!("since {}", day(from)),
            (None, Some(until)) => format!("until {}", day(until)),
            (None, None) => "since an unknown day".to_owned(),
        }
    }

    /// The days that it shares with another time; `None` when there are none.
    fn shared(&self, (from, until): Days) -> Option<Days> {
        let from = self.from.max(from);
        let until = match (self.until, until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        (from.is_none() || until.is_none() || from <= until).then_some((from, until))
    }

    /// Checks the owners of a maker and puts them into their order: no time that ends before it begins, none during which
    /// it belongs to itself, none in which two own it. What is wrong with the one at position `n` is told at
    /// `{field}_{n}`, `{field}_until_{n}` and `{field}_source_{n}`.
    pub(super) fn checked_all(
        field: &str,
        company: CompanyId,
        all: &[Self],
        errors: &mut Vec<FieldError>,
    ) -> Vec<Self> {
        let mut checked: Vec<Self> = Vec::new();
        for (n, one) in all.iter().enumerate() {
            let mut wrong = |part: &str, message: String| {
                errors.push(FieldError { field: format!("{field}{part}_{n}").into(), message });
            };
            if one.company == company {
                wrong("", "A maker does not belong to itself.".to_owned());
            }
            if one.from > one.until && one.until.is_some() {
                wrong("_until", "It ends before it begins.".to_owned());
            } else if checked.iter().any(|other| other.shared((one.from, one.until)).is_some()) {
                wrong(
                    "",
                    "Another owner held it on some of these days. Say when that one’s time ended.".to_owned(),
                );
            }
            let source = one.source.as_deref().filter(|text| !text.trim().is_empty());
            let source = source.map(|text| Text::Words.read(text)).transpose();
            let source = source.map_err(|e| wrong("_source", e.to_string())).unwrap_or_default();
            checked.push(Self { source, ..one.clone() });
        }
        if all.len() > MOST {
            errors.push(FieldError {
                field: "owners".into(),
                message: format!("A maker has at most {MOST} owners."),
            });
        }
        checked.sort_by_key(|one| one.from);
        checked
    }
}

/// Steps up to owners of owners that are looked at; no group is so deep.
const STEPS: usize = 1_000;

/// A maker that would belong to itself by way of others: by whom, given the owners of every maker but the one that is
/// changed, and those it would get.
pub(super) fn circle(
    company: CompanyId,
    owners: &[Owner],
    owners_of: impl Fn(CompanyId) -> Vec<Owner>,
) -> Option<CompanyId> {
    let mut open: Vec<(CompanyId, CompanyId, Days)> =
        owners.iter().map(|one| (one.company, one.company, (one.from, one.until))).collect();
    for _ in 0..STEPS {
        let (first, at, time) = open.pop()?;
        for above in owners_of(at) {
            let Some(shared) = above.shared(time) else { continue };
            if above.company == company {
                return Some(first);
            }
            open.push((first, above.company, shared));
        }
    }
    open.first().map(|(first, ..)| *first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn owner(company: CompanyId, from: Option<i16>, until: Option<i16>) -> Owner {
        let (first, last) = (|y| date(y, 1, 1), |y| date(y, 12, 31));
        Owner { company, from: from.map(first), until: until.map(last), source: None }
    }

    fn wrong(company: CompanyId, all: &[Owner]) -> Vec<String> {
        let mut errors = Vec::new();
        Owner::checked_all("owner", company, all, &mut errors);
        errors.into_iter().map(|e| e.field.to_string()).collect()
    }

    #[test]
    fn owners_follow_each_other() {
        let [it, a, b] = [(); 3].map(|()| CompanyId::new());
        let one_after_another = [owner(b, Some(2010), None), owner(a, None, Some(2009))];
        assert!(wrong(it, &one_after_another).is_empty());
        let mut errors = Vec::new();
        let all = Owner::checked_all("owner", it, &one_after_another, &mut errors);
        assert_eq!(all.iter().map(|o| o.company).collect::<Vec<_>>(), [a, b]);
        assert!(all[0].held_on(date(2009, 12, 31)) && !all[0].held_on(date(2010, 1, 1)));
        assert!(all[1].held_on(date(2010, 1, 1)) && !all[1].held_on(date(2009, 12, 31)));
        assert_eq!(wrong(it, &[owner(a, None, Some(2010)), owner(b, Some(2010), None)]), ["owner_1"]);
        assert_eq!(wrong(it, &[owner(a, Some(2010), Some(2009))]), ["owner_until_0"]);
        assert_eq!(wrong(it, &[owner(it, None, None)]), ["owner_0"]);
    }

    #[test]
    fn two_may_own_each_other_one_after_the_other_only() {
        let [a, b] = [(); 2].map(|()| CompanyId::new());
        let of =
            |known: HashMap<CompanyId, Vec<Owner>>| move |id| known.get(&id).cloned().unwrap_or_default();
        let known = HashMap::from([(b, vec![owner(a, Some(2000), Some(2009))])]);
        assert_eq!(circle(a, &[owner(b, Some(2010), None)], of(known.clone())), None);
        assert_eq!(circle(a, &[owner(b, Some(2009), None)], of(known)), Some(b));
    }

    proptest! {
        /// What is let in one after another never lets a maker belong to itself on any day.
        #[test]
        fn no_day_has_a_circle(steps in proptest::collection::vec((0_usize..5, 0_usize..5, 2000_i16..2006, 0_i16..4), 0..40)) {
            let ids = [(); 5].map(|()| CompanyId::new());
            let mut known: HashMap<CompanyId, Vec<Owner>> = HashMap::new();
            for (of, by, from, years) in steps {
                let mut owners = known.get(&ids[of]).cloned().unwrap_or_default();
                owners.push(owner(ids[by], Some(from), (years < 3).then_some(from + years)));
                let others = |id| known.get(&id).cloned().unwrap_or_default();
                if wrong(ids[of], &owners).is_empty() && circle(ids[of], &owners, others).is_none() {
                    known.insert(ids[of], owners);
                }
            }
            for day in (2000..2010).map(|year| date(year, 6, 1)) {
                for start in ids {
                    let mut at = start;
                    for _ in 0..ids.len() {
                        let above = known.get(&at).and_then(|all| all.iter().find(|o| o.held_on(day)));
                        let Some(above) = above else { break };
                        at = above.company;
                        prop_assert_ne!(at, start);
                    }
                }
            }
        }
    }
}
