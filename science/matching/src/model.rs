//! Spellings of one maker’s models: “VP3”, “VP-3” and “Helion VP 3” are one model, “VP3” and “VP4” are two.
//!
//! Two models that differ in a digit, a sign or the end of a word are never read as one: versions differ in just these.

use std::collections::HashSet;

use crate::{
    gather::{Alike, Certain},
    name,
    text::{is_slip, joined, only_difference, tokens},
};

/// Words before a number that say only that it is a model.
const BEFORE: &[&str] = &["model", "mod", "modell", "modelo", "modele", "modello", "type", "typ", "no", "nr"];

/// Words that say what a device is and not which.
const KINDS: &[&str] = &[
    "analyser",
    "analyzer",
    "bed",
    "cart",
    "console",
    "defibrillator",
    "device",
    "doppler",
    "ecg",
    "ekg",
    "electrosurgical",
    "generator",
    "infusion",
    "lamp",
    "laser",
    "light",
    "machine",
    "microscope",
    "monitor",
    "oximeter",
    "patient",
    "printer",
    "probe",
    "pump",
    "recorder",
    "scanner",
    "series",
    "syringe",
    "system",
    "table",
    "ultrasound",
    "unit",
    "ventilator",
    "volumetric",
    "warmer",
    "washer",
    "workstation",
];

/// A model as it is compared.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    tokens: Vec<String>,
    /// Texts with the same key are one model.
    pub(crate) key: String,
    /// The key with letters that look like digits as digits, where digits stand beside them.
    looks: String,
}

impl Form {
    /// Of a text, without the words of its maker and “Model” before it.
    pub(crate) fn of(text: &str, maker: &HashSet<String>) -> Self {
        let all = tokens(text);
        let before = |token: &&String| maker.contains(*token) || BEFORE.contains(&token.as_str());
        let kept = all.len() - all.iter().take_while(before).count();
        // A model that is called like its maker keeps its last word.
        let tokens = all[all.len() - kept.max(usize::from(!all.is_empty()))..].to_vec();
        let looks = |token: &String| match token.chars().any(|c| c.is_ascii_digit()) {
            true => token.replace('o', "0").replace(['i', 'l'], "1"),
            false => token.clone(),
        };
        let looks = joined(&tokens.iter().map(looks).collect::<Vec<_>>());
        Self { key: joined(&tokens), looks, tokens }
    }

    /// How alike two models are, if they could be one.
    pub(crate) fn alike(&self, other: &Self) -> Option<Alike> {
        let alike = |score, certain, reason: String| Some(Alike { score, certain, reason });
        if self.looks == other.looks {
            return alike(0.9, Certain::No, "letters and digits that look alike".to_owned());
        }
        if let Some((a, b)) = only_difference(&self.tokens, &other.tokens)
            && is_slip(a, b)
        {
            let certain = if ends_differ(a, b) { Certain::No } else { Certain::WhereRare };
            return alike(0.92, certain, format!("“{a}” read as “{b}”"));
        }
        let extra = extra(&self.tokens, &other.tokens).or_else(|| extra(&other.tokens, &self.tokens))?;
        alike(0.8, Certain::No, format!("the same but for “{}”", extra.join(" ")))
    }
}

/// The words that name a company, folded.
pub(crate) fn maker_words(maker: &str) -> HashSet<String> {
    tokens(maker).into_iter().filter(|word| name::telling(word) >= 1.0).collect()
}

/// Whether two words differ in how they end, as versions do.
fn ends_differ(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let stem = |word: &str| word.chars().take(word.chars().count().saturating_sub(1)).collect::<String>();
    long.starts_with(short) || stem(a) == stem(b)
}

/// The words that one text has and another has not, where these are kinds of devices and all others are the same.
fn extra<'t>(long: &'t [String], short: &[String]) -> Option<Vec<&'t str>> {
    if short.is_empty() || long.len() <= short.len() {
        return None;
    }
    let mut left = short.iter().peekable();
    let mut extra = Vec::new();
    for token in long {
        if left.peek() == Some(&token) {
            left.next();
        } else {
            extra.push(token.as_str());
        }
    }
    let kinds = extra.iter().all(|word| KINDS.contains(word));
    (left.peek().is_none() && kinds).then_some(extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::of(text, &maker_words("Helion Medical GmbH"))
    }

    #[test]
    fn spellings_of_one_model_have_one_key() {
        for text in ["VP3", "vp-3", "VP 3", "V.P.3", "Helion VP3", "HELION Model VP-3", " vp3 "] {
            assert_eq!(form(text).key, "vp3", "{text}");
        }
        assert_eq!(form("Helion").key, "helion");
        assert_ne!(form("VP3 Plus").key, "vp3");
    }

    #[test]
    fn versions_are_never_taken_for_one_another() {
        for (one, other, expected) in [
            ("VP3", "VP4", None),
            ("Corvus 20-1", "Corvus 201", None),
            ("VP3", "VP3+", None),
            ("Lumen A", "Lumen B", None),
            ("Lumena", "Lumenb", Some(Certain::No)),
            ("Lumen", "Lumens", Some(Certain::No)),
            ("Infusor Space", "Infsuor Space", Some(Certain::WhereRare)),
            ("VP30", "VP3O", Some(Certain::No)),
            ("VP3", "VP3 Infusion Pump", Some(Certain::No)),
            ("VP3", "VP3 Rev B", None),
        ] {
            let certain = form(one).alike(&form(other)).map(|alike| alike.certain);
            assert_eq!(certain, expected, "{one} {other}");
            assert_eq!(form(other).alike(&form(one)).map(|alike| alike.certain), expected, "{other} {one}");
        }
    }
}
