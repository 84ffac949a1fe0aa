//! The words of a file and what they may mean, as the API says and takes them.

use std::collections::BTreeMap;

use super::{Field, cell::meaning, names, run::ImportRun};

/// Words that nobody has given a meaning yet, with their rows.
pub(super) fn open(run: &ImportRun, field: Field, words: &[(String, u64)]) -> BTreeMap<String, u64> {
    if run.is_own() || !meaning::FIELDS.contains(&field) || field == Field::Site {
        return BTreeMap::new();
    }
    let settled = run.setup.words.get(&field);
    let is_open = |word: &str| {
        let said = settled.is_some_and(|words| words.contains_key(&meaning::key(word)));
        !said && meaning::read(field, word).is_none()
    };
    words.iter().filter(|(word, _)| is_open(word)).cloned().collect()
}

/// Whether a word of this field may be given this meaning.
pub(super) fn may_mean(field: Field, code: &str) -> bool {
    match field {
        Field::Site => code.parse::<kernel::SiteId>().is_ok(),
        field if names::FIELDS.contains(&field) => code.is_empty() || crate::Name::parse(code).is_ok(),
        _ if code.is_empty() => meaning::may_stay_open(field),
        _ => {
            meaning::FIELDS.contains(&field)
                && meaning::choices(field).iter().any(|(known, _)| *known == code)
        }
    }
}

/// Words under the keys by which cells are compared.
pub(super) fn keyed(words: BTreeMap<String, String>) -> BTreeMap<String, String> {
    words.into_iter().map(|(word, code)| (meaning::key(&word), code)).collect()
}
