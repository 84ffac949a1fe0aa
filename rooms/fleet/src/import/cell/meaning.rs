//! What the words of a file mean: our closed lists, the words of other systems for them, and what is nearest to a
//! word that nobody knows.

use super::words::{self, yes_no};
use crate::{
    RiskLevel,
    device::{State, Strategy, Tenure},
    import::Field,
};

/// Fields whose cells are words that a person may settle once for the whole file.
pub(in crate::import) const FIELDS: [Field; 7] = [
    Field::State,
    Field::Risk,
    Field::TypeRisk,
    Field::Strategy,
    Field::Tenure,
    Field::SerialLess,
    Field::Site,
];

/// By what a word is looked up among those that a person settled: case, accents and blanks do not count.
pub(in crate::import) fn key(cell: &str) -> String {
    kernel::fold(cell)
}

/// A value of one of our lists: its code and its words on the page.
type Ours = (&'static str, &'static str);

fn ours<T: Copy>(all: &[T], code: fn(T) -> &'static str, page: fn(T) -> &'static str) -> Vec<Ours> {
    all.iter().map(|v| (code(*v), page(*v))).collect()
}

/// The values a field can have, with their words; none for sites, which are no closed list.
pub(in crate::import) fn choices(field: Field) -> Vec<Ours> {
    match field {
        Field::State => ours(State::ALL, State::code, State::on_page),
        Field::Risk | Field::TypeRisk => ours(RiskLevel::ALL, RiskLevel::code, RiskLevel::on_page),
        Field::Strategy => ours(Strategy::ALL, Strategy::code, Strategy::on_page),
        Field::Tenure => ours(Tenure::ALL, Tenure::code, Tenure::on_page),
        Field::SerialLess => vec![("true", "Yes"), ("false", "No")],
        _ => Vec::new(),
    }
}

/// Whether a word that is not known leaves the field open instead of keeping the row out.
pub(in crate::import) const fn may_stay_open(field: Field) -> bool {
    matches!(field, Field::Risk | Field::TypeRisk | Field::Strategy)
}

/// The code of the value that a word is read as without anybody's help.
pub(in crate::import) fn read(field: Field, cell: &str) -> Option<&'static str> {
    match field {
        Field::State => words::state(cell).map(State::code),
        Field::Risk | Field::TypeRisk => words::risk(cell).map(RiskLevel::code),
        Field::Strategy => words::strategy(cell).map(Strategy::code),
        Field::Tenure => words::tenure(cell).map(Tenure::code),
        Field::SerialLess => yes_no(cell).map(|yes| if yes { "true" } else { "false" }),
        _ => None,
    }
}

/// The value whose words are nearest to one that is not known: a known word stands within it or it within one, or
/// a few letters differ. None when nothing is near.
pub(in crate::import) fn nearest(field: Field, cell: &str) -> Option<Ours> {
    let text = kernel::words(cell).join(" ");
    if text.chars().count() < 3 {
        return None;
    }
    let all = choices(field);
    let others = words::others(field);
    let known = all.iter().flat_map(|(code, page)| [(*code, *page), (*code, *code)]);
    let known = known.chain(others.iter().flat_map(|(code, words)| words.split(" | ").map(|w| (*code, w))));
    let mut best: Option<(usize, &str)> = None;
    for (code, word) in known {
        let near = nearness(&text, &kernel::words(word).join(" "));
        if near > best.map_or(0, |(most, _)| most) {
            best = Some((near, code));
        }
    }
    let (_, code) = best?;
    all.into_iter().find(|(own, _)| *own == code)
}

/// How near two words are; 0 is not near at all. Whole words in common rank before a few wrong letters.
fn nearness(text: &str, word: &str) -> usize {
    let within =
        |outer: &str, inner: &str| inner.len() >= 3 && format!(" {outer} ").contains(&format!(" {inner} "));
    if within(text, word) {
        return 1_000 + word.len();
    }
    if within(word, text) {
        return 500 + text.len();
    }
    let letters = text.chars().count().min(word.chars().count());
    match differing_letters(text, word) {
        wrong if wrong * 3 <= letters => 100_usize.saturating_sub(wrong),
        _ => 0,
    }
}

/// Levenshtein's distance: how many letters must be put in, taken out or changed.
fn differing_letters(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut now = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = before[j] + usize::from(x != *y);
            now.push(changed.min(before[j + 1] + 1).min(now[j] + 1));
        }
        before = now;
    }
    before.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_word_nobody_knows_has_a_nearest_one() {
        for (field, word, expected) in [
            (Field::State, "In Use (OR)", Some("In service")),
            (Field::State, "Actve", Some("In service")),
            (Field::State, "Retierd", Some("Retired")),
            (Field::State, "Repair - vendor", Some("In repair")),
            (Field::State, "Mothballed", None),
            (Field::State, "Z", None),
            (Field::Risk, "High (4)", Some("High")),
            (Field::Tenure, "Leased / 36 months", Some("Rented")),
            (Field::Site, "Lakeside", None),
        ] {
            assert_eq!(nearest(field, word).map(|(_, page)| page), expected, "{word}");
        }
    }

    #[test]
    fn every_choice_reads_as_itself() {
        for field in FIELDS {
            for (code, page) in choices(field) {
                assert_eq!((read(field, page), read(field, code)), (Some(code), Some(code)), "{page}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_distance_is_one(a in "[a-d]{0,8}", b in "[a-d]{0,8}", c in "[a-d]{0,8}") {
            prop_assert_eq!(differing_letters(&a, &a), 0);
            prop_assert_eq!(differing_letters(&a, &b), differing_letters(&b, &a));
            prop_assert!(differing_letters(&a, &c) <= differing_letters(&a, &b) + differing_letters(&b, &c));
        }
    }
}
