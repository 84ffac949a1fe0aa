//! Element strings.

use std::fmt;

use super::{
    dictionary::{Entry, Set, dictionary},
    lint::Linter,
};
use crate::check::CSET_82;

/// The separator FNC1 as a scanner sends it: ASCII 29, group separator.
pub const GS: char = '\u{1d}';

/// What is taken beyond the letter of the standard.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Identifiers that the dictionary does not know are taken as they are.
    pub unknown: bool,
    /// What links allow.
    pub link: Link,
}

/// What links allow that standards of different years do not agree on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    /// Words instead of numbers: `/gtin/…/ser/…`.
    pub words: bool,
    /// A GTIN with fewer digits than 14.
    pub short_gtin: bool,
}

/// One identifier with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The application identifier, two to four digits.
    pub ai: String,
    /// Its data.
    pub value: String,
    /// What the identifier is called; empty for one that is not known.
    pub title: &'static str,
    /// What is wrong with the data, if anything.
    pub fault: Option<&'static str>,
}

/// Why a text is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte it begins at.
    pub at: usize,
    /// What is wrong, in words.
    pub what: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at character {})", self.what, self.at + 1)
    }
}

impl std::error::Error for Fault {}

fn fault<T>(at: usize, what: &'static str) -> Result<T, Fault> {
    Err(Fault { at, what })
}

/// Reads an element string without the FNC1 that tells scanners what follows; separators are [`GS`].
///
/// Data of the right length that says something impossible, such as a wrong check digit, is an element with a fault.
///
/// # Errors
/// Where the text cannot be cut into elements.
pub fn elements(text: &str, rules: Rules) -> Result<Vec<Element>, Fault> {
    let (mut all, mut at) = (Vec::with_capacity(4), 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if all.is_empty() && rest.starts_with(GS) {
            return fault(at, "there is no identifier between the separators");
        }
        let (element, used) = first(rest, rules).map_err(|f| Fault { at: at + f.at, ..f })?;
        all.push(element);
        at += used;
        // A separator that is not needed harms nobody.
        at += usize::from(text.get(at..).is_some_and(|rest| rest.starts_with(GS)));
    }
    if all.is_empty() { fault(0, "there is no identifier") } else { Ok(all) }
}

/// The first element of a text, and how many bytes it takes.
pub(crate) fn first(text: &str, rules: Rules) -> Result<(Element, usize), Fault> {
    let Some(entry) = dictionary().at(text) else { return unknown(text, rules) };
    let start = entry.ai.len();
    let data = text.get(start..).unwrap_or_default();
    let (least, most) = entry.length();
    let end = data.find(GS).unwrap_or(data.len());
    let end = if entry.predefined { end.min(most) } else { end };
    if end < least {
        return fault(start, "there are too few characters");
    }
    if end > most {
        return fault(start, "there are too many characters");
    }
    let value =
        data.get(..end).ok_or(Fault { at: start, what: "it holds a character that is not allowed" })?;
    let fault = judge(entry, value).map_err(|f| Fault { at: start + f.at, ..f })?;
    let element = Element { ai: entry.ai.clone(), value: value.to_owned(), title: entry.title, fault };
    Ok((element, start + end))
}

/// An identifier of two digits, with all data up to the next separator.
fn unknown(text: &str, rules: Rules) -> Result<(Element, usize), Fault> {
    let end = text.find(GS).unwrap_or(text.len());
    let known = text.get(..2).filter(|ai| rules.unknown && ai.bytes().all(|b| b.is_ascii_digit()));
    let (Some(ai), Some(value)) = (known, text.get(2..end).filter(|value| !value.is_empty())) else {
        return fault(0, "there is no such identifier");
    };
    if !value.bytes().all(|b| Set::Text.has(b)) {
        return fault(2, "it holds a character that is not allowed");
    }
    Ok((Element { ai: ai.to_owned(), value: value.to_owned(), title: "", fault: None }, end))
}

/// Whether data is what an identifier asks for: an error where it has another form, else what is wrong with it.
fn judge(entry: &Entry, value: &str) -> Result<Option<&'static str>, Fault> {
    let (mut at, mut wrong) = (0, None);
    for component in &entry.components {
        let rest = value.get(at..).unwrap_or_default();
        if rest.is_empty() && component.optional {
            break;
        }
        let part = rest.get(..component.most.min(rest.len())).unwrap_or(rest);
        if part.len() < component.least {
            return fault(at, "there are too few characters");
        }
        if let Some(odd) = part.bytes().position(|b| !component.set.has(b)) {
            return fault(at + odd, "it holds a character that is not allowed");
        }
        wrong = wrong.or_else(|| component.linters.iter().find_map(|linter: &Linter| linter.fault(part)));
        at += part.len();
    }
    if at < value.len() { fault(at, "there are too many characters") } else { Ok(wrong) }
}

impl Set {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Numeric => byte.is_ascii_digit(),
            Self::Text => CSET_82.contains(&byte),
            Self::Upper => byte.is_ascii_digit() || byte.is_ascii_uppercase() || b"#-/".contains(&byte),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"-_=".contains(&byte),
        }
    }
}

/// Reads an element string as people read it: `(01)09520123456788(10)ABC1`. A bracket within data is written `\(`.
///
/// # Errors
/// As [`elements`].
pub fn in_brackets(text: &str, rules: Rules) -> Result<Vec<Element>, Fault> {
    let (mut all, mut at) = (Vec::with_capacity(4), 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(open) = rest.strip_prefix('(') else {
            return fault(at, "an identifier in brackets must come here");
        };
        let Some((ai, data)) = open.split_once(')') else { return fault(at, "the bracket is not closed") };
        if !(2..=4).contains(&ai.len()) || !ai.bytes().all(|b| b.is_ascii_digit()) {
            return fault(at + 1, "an identifier has two to four digits");
        }
        let (value, used) = until_bracket(data);
        let start = at + ai.len() + 2;
        if value.is_empty() {
            return fault(start, "there is no data");
        }
        let known = dictionary().named(ai);
        if known.is_none() && !rules.unknown {
            return fault(at + 1, "there is no such identifier");
        }
        let wrong = match known {
            Some(entry) => judge(entry, &value).map_err(|f| Fault { at: start + f.at, ..f })?,
            None if value.bytes().all(|b| Set::Text.has(b)) => None,
            None => return fault(start, "it holds a character that is not allowed"),
        };
        let title = known.map_or("", |entry| entry.title);
        all.push(Element { ai: ai.to_owned(), value, title, fault: wrong });
        at = start + used;
    }
    if all.is_empty() { fault(0, "there is no identifier") } else { Ok(all) }
}

/// Data up to the next bracket that is not part of it, and how many bytes that took.
fn until_bracket(data: &str) -> (String, usize) {
    let (mut value, mut used) = (String::new(), 0);
    let mut chars = data.chars().peekable();
    while let Some(c) = chars.next_if(|c| *c != '(') {
        used += c.len_utf8();
        let escaped = c == '\\' && chars.peek() == Some(&'(');
        if escaped {
            used += 1;
            chars.next();
        }
        value.push(if escaped { '(' } else { c });
    }
    (value, used)
}

/// Whether a separator must follow an identifier's data when more comes.
pub(crate) fn separated(ai: &str) -> bool {
    dictionary().at(ai).is_none_or(|entry| !entry.predefined)
}

/// Writes elements as a scanner gives them, separators only where they are needed.
pub fn joined(elements: &[Element]) -> String {
    let mut text = String::new();
    for (n, element) in elements.iter().enumerate() {
        text.push_str(&element.ai);
        text.push_str(&element.value);
        if n + 1 < elements.len() && separated(&element.ai) {
            text.push(GS);
        }
    }
    text
}

/// Writes elements as people read them.
pub fn brackets(elements: &[Element]) -> String {
    let each = elements.iter().map(|e| format!("({}){}", e.ai, e.value.replace('(', "\\(")));
    each.collect()
}

/// What is wrong with the company that elements keep: each that needs another which is not there, or that must not stand
/// with one that is. Another code on the same device may have what is missing.
pub(crate) fn company(elements: &[Element]) -> Vec<(String, &'static str)> {
    let mut wrong = Vec::new();
    let there = |pattern: &&str, but: &str| elements.iter().any(|e| e.ai != but && fits(pattern, &e.ai));
    for element in elements {
        let Some(entry) = dictionary().named(&element.ai) else { continue };
        let fulfilled =
            |groups: &Vec<Vec<&str>>| groups.iter().any(|group| group.iter().all(|p| there(p, "")));
        if !entry.requires.iter().all(fulfilled) {
            wrong.push((element.ai.clone(), "it belongs to another identifier that is not there"));
        }
        if entry.excludes.iter().any(|pattern| there(pattern, &element.ai)) {
            wrong.push((element.ai.clone(), "it must not stand with another that is there"));
        }
    }
    wrong
}

/// Whether an identifier is one of a pattern such as `310n`.
fn fits(pattern: &str, ai: &str) -> bool {
    pattern.len() == ai.len() && pattern.bytes().zip(ai.bytes()).all(|(p, a)| p == b'n' || p == a)
}
