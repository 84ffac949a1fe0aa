//! The language of searches: `type:"infusion pump" age:>7 -state:retired icu`.
//!
//! Terms stand side by side and all of them hold. A term is a word, or a field with a test: values of which any may
//! hold (`site:General,Lakeside`), a comparison (`cost:>=5000`), a range whose ends belong to it (`acquired:2019..2021`).
//! Quotes hold words together, a quote inside them is written twice, and `-` before a term takes out what it finds. Any
//! text reads as some query: what a field and its values mean, and whether there is such a field, is for the noun that
//! is searched.

use std::fmt;

use crate::fold;

/// Longest text that is read; what comes after is left aside.
pub const LONGEST: usize = 2_000;

/// A search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What must hold, all of it, in the order it was written.
    pub terms: Vec<Term>,
}

/// One thing that must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// It must not hold.
    pub not: bool,
    /// What is looked at, as it was written in small letters; a bare word has none.
    pub field: Option<String>,
    /// What is asked of it.
    pub test: Test,
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It is one of these; none where nothing was written behind the colon. A bare word is one.
    OneOf(Vec<String>),
    /// It is less.
    Below(String),
    /// It is less or just that.
    UpTo(String),
    /// It is more.
    Above(String),
    /// It is more or just that.
    From(String),
    /// It is in the range, the ends with it.
    Between(String, String),
}

impl Query {
    /// Reads a query.
    pub fn parse(text: &str) -> Self {
        let text: String = text.chars().take(LONGEST).collect();
        let mut rest = text.trim_start();
        let mut terms = Vec::new();
        while !rest.is_empty() {
            let (term, after) = Term::read(rest);
            terms.extend(term);
            rest = after.trim_start();
        }
        Self { terms }
    }

    /// The bare words, which every noun looks for in its own way.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let bare = self.terms.iter().filter(|term| !term.not && term.field.is_none());
        bare.flat_map(|term| term.test.values())
    }

    /// The terms of a field, in the order they were written.
    pub fn of<'q>(&'q self, field: &'q str) -> impl Iterator<Item = &'q Term> {
        self.terms.iter().filter(move |term| term.field.as_deref() == Some(field))
    }

    /// The query with a term in the place of another.
    #[must_use]
    pub fn with(&self, index: usize, term: Term) -> Self {
        let mut terms = self.terms.clone();
        if let Some(place) = terms.get_mut(index) {
            *place = term;
        }
        Self { terms }
    }

    /// The query without a term.
    #[must_use]
    pub fn without(&self, index: usize) -> Self {
        let terms = self.terms.iter().enumerate().filter(|(at, _)| *at != index);
        Self { terms: terms.map(|(_, term)| term.clone()).collect() }
    }

    /// The query in which a field is one of these values and nothing else is asked for it; without values, in which
    /// nothing is. What it is not stays.
    #[must_use]
    pub fn asking(&self, field: &str, values: Vec<String>) -> Self {
        let is_it = |term: &Term| {
            !term.not && term.field.as_deref() == Some(field) && matches!(term.test, Test::OneOf(_))
        };
        let at = self.terms.iter().position(is_it);
        let mut terms: Vec<Term> = self.terms.iter().filter(|term| !is_it(term)).cloned().collect();
        if !values.is_empty() {
            let term = Term { not: false, field: Some(field.to_owned()), test: Test::OneOf(values) };
            terms.insert(at.unwrap_or(terms.len()).min(terms.len()), term);
        }
        Self { terms }
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

impl Term {
    /// A field that is one of these values.
    pub fn one_of(field: &str, values: impl IntoIterator<Item = String>) -> Self {
        Self { not: false, field: Some(field.to_owned()), test: Test::OneOf(values.into_iter().collect()) }
    }

    /// Reads the first term of a text that begins with no blank; says what is left.
    fn read(text: &str) -> (Option<Self>, &str) {
        let (not, body) = match text.strip_prefix('-') {
            Some(body) if !body.is_empty() && !body.starts_with(char::is_whitespace) => (true, body),
            _ => (false, text),
        };
        if let Some((field, value)) = field_of(body) {
            let (test, rest) = Test::read(value);
            return (Some(Self { not, field: Some(field), test }), rest);
        }
        let (word, rest) = piece(body, &[]);
        let term = Self { not, field: None, test: Test::OneOf(vec![word]) };
        // A dash alone, or empty quotes, ask for nothing.
        let says = term.test.values().any(|value| value.chars().any(|c| !c.is_whitespace() && c != '-'));
        (says.then_some(term), rest)
    }
}

/// The field that a term begins with, and what follows its colon. What only looks like one is a word: an address
/// (`https://…`), a network address (`00:1E:C0:4A:7B:12`).
fn field_of(text: &str) -> Option<(String, &str)> {
    let (name, value) = text.split_once(':')?;
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic())
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    let folded = fold(name);
    let is_address = value.starts_with("//");
    let is_hexadecimal =
        folded.len() == 2 && folded.bytes().all(|b| b.is_ascii_hexdigit()) && begins_hexadecimal(value);
    // Of some letters, folding leaves nothing.
    (is_name(name) && is_name(&folded) && !is_address && !is_hexadecimal).then_some((folded, value))
}

/// `1E:`, as a network address goes on.
fn begins_hexadecimal(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b, b':', ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

/// Reads a value up to a blank or one of `ends`, quotes taken away; says what is left, beginning with what ended it.
fn piece<'t>(text: &'t str, ends: &[char]) -> (String, &'t str) {
    let mut value = String::new();
    let mut quoted = false;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' if quoted && letters.peek().is_some_and(|(_, next)| *next == '"') => {
                letters.next();
                value.push('"');
            }
            '"' => quoted = !quoted,
            _ if !quoted && (letter.is_whitespace() || ends.contains(&letter)) => {
                return (value, text.get(at..).unwrap_or_default());
            }
            _ => value.push(letter),
        }
    }
    (value, "")
}

impl Test {
    /// Reads what follows a colon; says what is left.
    fn read(text: &str) -> (Self, &str) {
        type Make = fn(String) -> Test;
        let comparisons: [(&str, Make); 6] = [
            ("<=", Self::UpTo),
            (">=", Self::From),
            ("≤", Self::UpTo),
            ("≥", Self::From),
            ("<", Self::Below),
            (">", Self::Above),
        ];
        for (sign, make) in comparisons {
            if let Some(value) = text.strip_prefix(sign) {
                let (value, rest) = piece(value, &[]);
                return (make(value), rest);
            }
        }
        if let Some((test, rest)) = Self::range(text) {
            return (test, rest);
        }
        let mut values = Vec::new();
        let mut rest = text;
        loop {
            let (value, after) = piece(rest, &[',']);
            if !value.trim().is_empty() {
                values.push(value);
            }
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => return (Self::OneOf(values), after),
            }
        }
    }

    /// `2019..2021`, `2019..` and `..2021`, outside quotes.
    fn range(text: &str) -> Option<(Self, &str)> {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (written, rest) = text.split_at(end);
        if written.contains(['"', ',']) {
            return None;
        }
        let (from, to) = written.split_once("..")?;
        let test = match (from.is_empty(), to.is_empty()) {
            (false, false) => Self::Between(from.to_owned(), to.to_owned()),
            (false, true) => Self::From(from.to_owned()),
            (true, false) => Self::UpTo(to.to_owned()),
            (true, true) => return None,
        };
        Some((test, rest))
    }

    /// The values it names.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let (all, one, two): (&[String], Option<&String>, Option<&String>) = match self {
            Self::OneOf(values) => (values, None, None),
            Self::Below(v) | Self::UpTo(v) | Self::Above(v) | Self::From(v) => (&[], Some(v), None),
            Self::Between(from, to) => (&[], Some(from), Some(to)),
        };
        all.iter().chain(one).chain(two).map(String::as_str)
    }
}

/// A value as it is written: in quotes where it would read as something else.
fn written(f: &mut fmt::Formatter<'_>, value: &str, bare: bool) -> fmt::Result {
    let signs = [',', '"'];
    let needs = value.is_empty()
        || value.chars().any(|c| c.is_whitespace() || signs.contains(&c))
        || value.contains("..")
        || value.starts_with(['<', '>', '≤', '≥'])
        || value.starts_with("//")
        || begins_hexadecimal(value)
        || (bare && (value.starts_with('-') || field_of(value).is_some()));
    if needs { write!(f, "\"{}\"", value.replace('"', "\"\"")) } else { f.write_str(value) }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("-")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}:")?;
        }
        match &self.test {
            Test::OneOf(values) => {
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    written(f, value, self.field.is_none())?;
                }
                Ok(())
            }
            Test::Below(value) => f.write_str("<").and_then(|()| written(f, value, false)),
            Test::UpTo(value) => f.write_str("<=").and_then(|()| written(f, value, false)),
            Test::Above(value) => f.write_str(">").and_then(|()| written(f, value, false)),
            Test::From(value) => f.write_str(">=").and_then(|()| written(f, value, false)),
            Test::Between(from, to) => write!(f, "{from}..{to}"),
        }
    }
}

impl fmt::Display for Query {
    /// As it is read back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

/// The name among `known` that is nearest to one that is not among them: what was probably meant. `None` where none is
/// near: more than a third of its letters would have to change.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let name = fold(name);
    let most = name.chars().count().div_ceil(3).max(1);
    let begins = |known: &str| name.chars().count() >= 2 && known.starts_with(&name);
    let near = known.into_iter().map(|known| {
        let far = if begins(known) { 0 } else { distance(&name, known) };
        (far, known)
    });
    near.filter(|(far, _)| *far <= most).min_by_key(|(far, _)| *far).map(|(_, known)| known)
}

/// Letters to be put in, taken out, changed or swapped with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    let at = |rows: &[Vec<usize>], i: usize, j: usize| {
        rows.get(i).and_then(|row| row.get(j)).copied().unwrap_or(usize::MAX / 2)
    };
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let left = row.last().copied().unwrap_or_default() + 1;
            let mut best = left.min(at(&rows, i, j + 1) + 1).min(at(&rows, i, j) + usize::from(from != to));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                best = best.min(at(&rows, i - 1, j - 1) + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    at(&rows, a.len(), b.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn term(text: &str) -> Term {
        let query = Query::parse(text);
        assert_eq!(query.terms.len(), 1, "{text}: {query:?}");
        query.terms[0].clone()
    }

    fn one_of(values: &[&str]) -> Test {
        Test::OneOf(values.iter().map(|v| (*v).to_owned()).collect())
    }

    #[test]
    fn the_example_of_the_design() {
        let query = Query::parse(r#"type:"infusion pump" pm:<=30d -state:retired icu"#);
        assert_eq!(query.to_string(), r#"type:"infusion pump" pm:<=30d -state:retired icu"#);
        assert_eq!(query.terms[0].test, one_of(&["infusion pump"]));
        assert_eq!(query.terms[1].test, Test::UpTo("30d".into()));
        assert!(query.terms[2].not && !query.terms[3].not);
        assert_eq!(query.words().collect::<Vec<_>>(), ["icu"]);
    }

    #[test]
    fn tests_of_every_kind() {
        assert_eq!(term("site:General,Lakeside").test, one_of(&["General", "Lakeside"]));
        assert_eq!(term(r#"site:"St Anne's","a,b""#).test, one_of(&["St Anne's", "a,b"]));
        assert_eq!(term("acquired:2019..2021").test, Test::Between("2019".into(), "2021".into()));
        assert_eq!(term("acquired:2019..").test, Test::From("2019".into()));
        assert_eq!(term("acquired:..2021").test, Test::UpTo("2021".into()));
        assert_eq!(term("cost:≥5000").test, Test::From("5000".into()));
        assert_eq!(term("age:<3").test, Test::Below("3".into()));
        assert_eq!(term("type:").test, one_of(&[]));
        assert_eq!(term(r#"serial:"12""3""#).test, one_of(&["12\"3"]));
        assert_eq!(term("TYPE:pump").field.as_deref(), Some("type"));
    }

    #[test]
    fn what_only_looks_like_a_field_is_a_word() {
        for text in
            ["https://biomed.example/d/NH-104207", "00:1E:C0:4A:7B:12", "AA:BB:CC:4A:7B:12", "(01)0081:x"]
        {
            assert_eq!(term(text).field, None, "{text}");
            assert_eq!(term(text).test, one_of(&[text]));
        }
        assert_eq!(Query::parse(" - \"\" -- ").terms, []);
        assert_eq!(term(r#""type:x""#).field, None);
        assert_eq!(term(r#""type:x""#).to_string(), r#""type:x""#);
    }

    #[test]
    fn a_field_is_asked_anew_where_it_stood() {
        let query = Query::parse("site:A pump state:spare -site:B");
        let asked = query.asking("site", vec!["C".into(), "St D".into()]);
        assert_eq!(asked.to_string(), r#"site:C,"St D" pump state:spare -site:B"#);
        assert_eq!(asked.asking("site", vec![]).to_string(), "pump state:spare -site:B");
        assert_eq!(
            query.asking("risk", vec!["H".into()]).to_string(),
            "site:A pump state:spare -site:B risk:H"
        );
    }

    #[test]
    fn the_nearest_field_is_offered() {
        let fields = ["type", "maker", "model", "tag", "serial", "site", "state"];
        assert_eq!(nearest("sirial", fields), Some("serial"));
        assert_eq!(nearest("ser", fields), Some("serial"));
        assert_eq!(nearest("stae", fields), Some("state"));
        assert_eq!(nearest("tpye", fields), Some("type"));
        assert_eq!(nearest("colour", fields), None);
    }

    proptest! {
        #[test]
        fn any_text_reads_and_reads_back(text in any::<String>()) {
            let query = Query::parse(&text);
            prop_assert_eq!(Query::parse(&query.to_string()), query);
        }

        #[test]
        fn what_looks_like_a_query_reads_back(text in r#"(-?([a-z]{1,5}:)?(<=|>|\.\.)?["a-c., 0:-]{0,6} ?){0,5}"#) {
            let query = Query::parse(&text);
            prop_assert_eq!(Query::parse(&query.to_string()), query);
        }

        #[test]
        fn any_values_are_written_so_that_they_read_back(
            values in proptest::collection::vec(r#"[^\s](.{0,8}[^\s])?"#, 1..4), not in any::<bool>()
        ) {
            let term = Term { not, ..Term::one_of("site", values) };
            let query = Query { terms: vec![term] };
            prop_assert_eq!(Query::parse(&query.to_string()), query);
        }
    }
}
