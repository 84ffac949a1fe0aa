//! The companies that one text names: makers joined by signs, a brand and the company it belongs to, importers.

/// A company named in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<'t> {
    pub text: &'t str,
    /// It only brings in what another one makes.
    pub imports: bool,
}

/// Words after which an importer is named.
const IMPORTERS: &[&str] = &[
    "imported by",
    "importer",
    "importador",
    "importadora",
    "importado por",
    "distributor",
    "distributed by",
    "distribuidor",
];

/// Words between two names of which both are worth looking for.
const BETWEEN: &[&str] = &[
    "doing business as",
    "also known as",
    "formerly known as",
    "trading as",
    "formerly",
    "previously",
    "d/b/a",
    "f/k/a",
    "a.k.a.",
    "aka",
    "dba",
    "t/a",
    "a division of",
    "an division of",
    "division of",
    "a subsidiary of",
    "subsidiary of",
    "a unit of",
    "a part of",
    "part of",
    "a member of",
    "a company of",
    "a business of",
    "a business unit of",
];

/// Divides a text. Nothing is left out but signs.
pub(super) fn of(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for some in text.split(['|', ';', '\n']) {
        let mut imports = false;
        for one in split_at_words(some, IMPORTERS) {
            for own in split_at_words(one, BETWEEN) {
                parts.extend(divided(own).map(|text| Part { text, imports }));
            }
            imports = true;
        }
    }
    parts
}

/// At brackets, and at strokes with a blank beside them.
fn divided(text: &str) -> impl Iterator<Item = &str> {
    let stroke = |at: usize| {
        let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
        blank(text[..at].chars().next_back()) || blank(text[at + 1..].chars().next())
    };
    let mut ends: Vec<usize> = text
        .char_indices()
        .filter(|(at, c)| matches!(c, '(' | ')') || *c == '/' && stroke(*at))
        .map(|(at, _)| at)
        .collect();
    ends.push(text.len());
    let mut from = 0;
    ends.into_iter()
        .map(move |end| {
            let part = &text[from..end];
            from = (end + 1).min(text.len());
            part
        })
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric() && c != '&'))
        .filter(|part| !part.is_empty())
}

/// Divides a text at some words, which stand by themselves and in any case.
fn split_at_words<'t>(text: &'t str, words: &[&str]) -> Vec<&'t str> {
    let (mut parts, mut rest, mut from) = (Vec::new(), text, 0);
    while let Some((at, length)) = next_word(&rest[from..], words) {
        parts.push(&rest[..from + at]);
        rest = &rest[from + at + length..];
        from = 0;
    }
    parts.push(rest);
    parts
}

/// Where the first of some words begins, and how long it is.
fn next_word(text: &str, words: &[&str]) -> Option<(usize, usize)> {
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.char_indices().find_map(|(at, _)| {
        if !ends(text[..at].chars().next_back()) {
            return None;
        }
        let fits = |word: &&&str| {
            text.get(at..at + word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word))
                && ends(text[at + word.len()..].chars().next())
        };
        words.iter().find(fits).map(|word| (at, word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_company_is_found() {
        for (text, wanted) in [
            ("Philips", &["Philips"][..]),
            (
                "DADE BEHRING INC. || Imported by: SIEMENS/VELEZLAB",
                &["DADE BEHRING INC", "-SIEMENS/VELEZLAB"],
            ),
            ("Invivo, a division of Philips Medical Systems.", &["Invivo", "Philips Medical Systems"]),
            (
                "Micro Therapeutics, Inc, d/b/a ev3 Neurovascular",
                &["Micro Therapeutics, Inc", "ev3 Neurovascular"],
            ),
            ("Abbott Medical Optics (AMO) Inc", &["Abbott Medical Optics", "AMO", "Inc"]),
            ("Covidien llc; Covidien", &["Covidien llc", "Covidien"]),
            ("SIEMENS AG/ Siemens Medical Systems", &["SIEMENS AG", "Siemens Medical Systems"]),
            ("Importer: ABBOTT DE COLOMBIA S.A", &["-ABBOTT DE COLOMBIA S.A"]),
            ("Tenacity akademie", &["Tenacity akademie"]),
            (" || ; () / ", &[]),
        ] {
            let found: Vec<String> =
                of(text).iter().map(|p| format!("{}{}", if p.imports { "-" } else { "" }, p.text)).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
