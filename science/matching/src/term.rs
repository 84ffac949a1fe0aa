//! Spellings of terms that a hospital uses: types of devices, departments, units, buildings, floors.

use crate::{
    gather::{Alike, Certain},
    text::{is_slip, only_difference, tokens},
};

/// Words that hold others together, and what every department is.
const SMALL: &[&str] =
    &["of", "the", "and", "for", "de", "und", "der", "la", "le", "et", "department", "dept"];

/// A term as it is compared.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    words: Vec<String>,
    /// Texts with the same key are one term.
    pub(crate) key: String,
}

impl Form {
    pub(crate) fn of(text: &str) -> Self {
        let all: Vec<String> = tokens(text).into_iter().map(singular).collect();
        let telling: Vec<String> =
            all.iter().filter(|word| !SMALL.contains(&word.as_str())).cloned().collect();
        let words = if telling.is_empty() { all } else { telling };
        let mut sorted = words.clone();
        sorted.sort_unstable();
        Self { key: sorted.join(" "), words }
    }

    /// How alike two terms are, if they could be one.
    pub(crate) fn alike(&self, other: &Self) -> Option<Alike> {
        if let Some((a, b)) = only_difference(&self.words, &other.words)
            && is_slip(a, b)
        {
            return Some(Alike {
                score: 0.92,
                certain: Certain::WhereRare,
                reason: format!("“{a}” read as “{b}”"),
            });
        }
        let asked = |score, reason| Some(Alike { score, certain: Certain::No, reason });
        if self.key == other.key {
            return asked(0.95, "the same words".to_owned());
        }
        if let Some(read) = shortened(&self.words, &other.words) {
            return asked(0.8, read);
        }
        let (short, long) = if self.words.len() < other.words.len() { (self, other) } else { (other, self) };
        let [initials] = short.words.as_slice() else { return None };
        let firsts: String = long.words.iter().filter_map(|word| word.chars().next()).collect();
        if initials.chars().count() >= 3 && *initials == firsts {
            return asked(
                0.7,
                format!("“{initials}” read as the first letters of “{}”", long.words.join(" ")),
            );
        }
        None
    }
}

/// A word without the “s” of the plural.
fn singular(word: String) -> String {
    match word.strip_suffix('s') {
        Some(one)
            if one.chars().count() >= 4 && !one.ends_with('s') && one.chars().all(char::is_alphabetic) =>
        {
            one.to_owned()
        }
        _ => word,
    }
}

/// Why two terms of equally many words are one, where words of one begin words of the other.
fn shortened(one: &[String], other: &[String]) -> Option<String> {
    if one.len() != other.len() {
        return None;
    }
    let mut left: Vec<&String> = other.iter().collect();
    let mut rest = Vec::new();
    for word in one {
        match left.iter().position(|there| *there == word) {
            Some(at) => drop(left.remove(at)),
            None => rest.push(word),
        }
    }
    let mut read = Vec::new();
    for word in rest {
        let letters = |word: &str| word.chars().count() >= 3 && word.chars().all(char::is_alphabetic);
        let begins = |there: &&String| {
            letters(word) && letters(there) && (there.starts_with(word) || word.starts_with(there.as_str()))
        };
        let at = left.iter().position(begins)?;
        read.push(format!("“{word}” read as “{}”", left.remove(at)));
    }
    (!read.is_empty()).then(|| read.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_plural_say_nothing() {
        let key = |text: &str| Form::of(text).key;
        assert_eq!(key("Infusion pumps, volumetric"), key("VOLUMETRIC INFUSION PUMP"));
        assert_eq!(key("Department of Surgery"), key("Surgery Department"));
        assert_ne!(key("ICU 1"), key("ICU 2"));
        assert_ne!(key("Glass"), key("Glas"));
    }

    #[test]
    fn what_is_shortened_is_asked() {
        for (one, other, expected) in [
            ("PUMP INF VOLUMETRIC", "Volumetric infusion pump", Some(Certain::No)),
            ("Vent ICU", "ICU ventilator", Some(Certain::No)),
            ("ICU", "Intensive care unit", Some(Certain::No)),
            ("Infusion pump", "Infusoin pump", Some(Certain::WhereRare)),
            ("Infusion pump", "Syringe pump", None),
            ("Ward 1", "Ward 2", None),
            ("OR 1", "OR 11", None),
        ] {
            let certain = Form::of(one).alike(&Form::of(other)).map(|alike| alike.certain);
            assert_eq!(certain, expected, "{one} {other}");
        }
    }
}
