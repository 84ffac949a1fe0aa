//! The table of application identifiers: the GS1 Barcode Syntax Dictionary as GS1 publishes it, read once.

use std::sync::LazyLock;

use super::lint::Linter;

/// The dictionary's text, release 2026-01-27 (Apache License 2.0, © GS1 AISBL and others; see its head).
const TEXT: &str = include_str!("../../gs1-syntax-dictionary.txt");

/// One application identifier.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Two to four digits.
    pub ai: String,
    /// What it is called, such as `BATCH/LOT`.
    pub title: &'static str,
    /// Whether its length is known from its first digits, so that no separator follows.
    pub(crate) predefined: bool,
    /// Whether it may stand in the query of a Digital Link.
    pub(crate) data_attribute: bool,
    pub(crate) components: Vec<Component>,
    /// Each must be fulfilled: one of these groups is there with it.
    pub(crate) requires: Vec<Vec<Vec<&'static str>>>,
    /// What must not be there with it.
    pub(crate) excludes: Vec<&'static str>,
    /// For a primary key of Digital Links: sequences of those that may follow it in the path.
    pub(crate) qualifiers: Option<Vec<Vec<&'static str>>>,
}

/// A part of an identifier's data.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub set: Set,
    pub least: usize,
    pub most: usize,
    pub optional: bool,
    pub linters: Vec<Linter>,
}

/// Characters that a component may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// Digits.
    Numeric,
    /// Character set 82.
    Text,
    /// Character set 39.
    Upper,
    /// base64url.
    Base64,
}

impl Entry {
    /// The fewest and the most characters of its data.
    pub(crate) fn length(&self) -> (usize, usize) {
        let least = self.components.iter().filter(|c| !c.optional).map(|c| c.least).sum();
        (least, self.components.iter().map(|c| c.most).sum())
    }
}

/// All identifiers, found by the first digits of a text.
pub(crate) struct Dictionary {
    entries: Vec<Entry>,
    /// For each pair of first digits, where its entries begin and end.
    by_pair: [(usize, usize); 100],
}

/// The dictionary.
pub(crate) fn dictionary() -> &'static Dictionary {
    static READ: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::read(TEXT));
    &READ
}

impl Dictionary {
    fn read(text: &'static str) -> Self {
        let mut entries: Vec<Entry> = text.lines().flat_map(entries_of).collect();
        entries.sort_by(|a, b| a.ai.cmp(&b.ai));
        let mut by_pair = [(0, 0); 100];
        for (pair, place) in by_pair.iter_mut().enumerate() {
            let pair = format!("{pair:02}");
            let from = entries.partition_point(|e| e.ai.as_str() < pair.as_str());
            let to = from + entries.iter().skip(from).take_while(|e| e.ai.starts_with(&pair)).count();
            *place = (from, to);
        }
        Self { entries, by_pair }
    }

    /// The identifier that a text begins with. No identifier begins another.
    pub fn at(&self, text: &str) -> Option<&Entry> {
        let [a, b, ..] = text.as_bytes() else { return None };
        if !(a.is_ascii_digit() && b.is_ascii_digit()) {
            return None;
        }
        let (from, to) = *self.by_pair.get(usize::from(a - b'0') * 10 + usize::from(b - b'0'))?;
        self.entries.get(from..to)?.iter().find(|entry| text.starts_with(&entry.ai))
    }

    /// The identifier of this name.
    pub fn named(&self, ai: &str) -> Option<&Entry> {
        self.at(ai).filter(|entry| entry.ai == ai)
    }
}

/// `3100-3105 *? N6 req=01,02 ex=310n # NET WEIGHT (kg)`
fn entries_of(line: &'static str) -> Vec<Entry> {
    let (rule, title) = line.split_once('#').unwrap_or((line, ""));
    let mut words = rule.split_whitespace().peekable();
    let Some(ais) = words.next() else { return Vec::new() };
    let flags = words.next_if(|w| w.starts_with(['*', '?'])).unwrap_or_default();
    let (mut components, mut requires) = (Vec::new(), Vec::new());
    let (mut excludes, mut qualifiers) = (Vec::new(), None);
    for word in words {
        match word.split_once('=') {
            Some(("req", groups)) => {
                requires.push(groups.split(',').map(|group| group.split('+').collect()).collect());
            }
            Some(("ex", patterns)) => excludes.extend(patterns.split(',')),
            Some(("dlpkey", ways)) => {
                qualifiers = Some(ways.split('|').map(|way| way.split(',').collect()).collect());
            }
            _ if word == "dlpkey" => qualifiers = Some(Vec::new()),
            _ => components.extend(component(word)),
        }
    }
    let entry = Entry {
        ai: String::new(),
        title: title.trim(),
        predefined: flags.contains('*'),
        data_attribute: flags.contains('?'),
        components,
        requires,
        excludes,
        qualifiers,
    };
    each_of(ais).map(|ai| Entry { ai, ..entry.clone() }).collect()
}

/// `91-99` and `01`.
fn each_of(ais: &str) -> impl Iterator<Item = String> {
    let (first, last) = ais.split_once('-').unwrap_or((ais, ais));
    let width = first.len();
    let number = |ai: &str| ai.parse::<u32>().unwrap_or_default();
    (number(first)..=number(last)).map(move |n| format!("{n:0width$}"))
}

/// `N13,csum,gcppos1` and `[X..17]`.
fn component(word: &str) -> Option<Component> {
    let mut parts = word.split(',');
    let kind = parts.next()?;
    let inner = kind.trim_matches(['[', ']']);
    let (set, length) = inner.split_at_checked(1)?;
    let set = match set {
        "N" => Set::Numeric,
        "X" => Set::Text,
        "Y" => Set::Upper,
        "Z" => Set::Base64,
        _ => return None,
    };
    let (least, most) = match length.strip_prefix("..") {
        Some(most) => (1, most.parse().ok()?),
        None => (length.parse().ok()?, length.parse().ok()?),
    };
    let linters = parts.filter_map(Linter::named).collect();
    Some(Component { set, least, most, optional: inner != kind, linters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let rules = TEXT.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit()));
        for line in rules {
            let entries = entries_of(line);
            assert!(!entries.is_empty() && entries.iter().all(|e| !e.components.is_empty()), "{line}");
        }
        let all = &dictionary().entries;
        assert!(all.len() > 500, "{}", all.len());
        for entry in all {
            assert_eq!(dictionary().named(&entry.ai).map(|e| &e.ai), Some(&entry.ai));
            let longer = all.iter().filter(|e| e.ai != entry.ai && e.ai.starts_with(&entry.ai));
            assert_eq!(longer.count(), 0, "{} begins another", entry.ai);
            let (least, most) = entry.length();
            assert!(!entry.predefined || least == most, "{}", entry.ai);
        }
    }

    #[test]
    fn an_identifier_knows_its_data() {
        let lot = dictionary().named("10").unwrap();
        assert_eq!((lot.title, lot.predefined, lot.length()), ("BATCH/LOT", false, (1, 20)));
        let gtin = dictionary().at("0109520123456788").unwrap();
        assert_eq!((gtin.ai.as_str(), gtin.predefined, gtin.length()), ("01", true, (14, 14)));
        assert_eq!(gtin.qualifiers.as_deref(), Some(&[vec!["22", "10", "21"], vec!["235"]][..]));
        assert_eq!(dictionary().named("8003").unwrap().length(), (14, 30));
        assert!(
            dictionary().at("05").is_none()
                && dictionary().at("1").is_none()
                && dictionary().at("éé").is_none()
        );
    }
}
