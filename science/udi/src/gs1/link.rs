//! GS1 Digital Link: the same data as the address of a page (GS1 Digital Link Standard: URI Syntax 1.6).

use super::{
    Element, Fault, Rules,
    dictionary::{Entry, dictionary},
    element::{in_brackets, separated},
};

/// Words that earlier editions allowed for identifiers in the path.
const WORDS: &[(&str, &str)] = &[
    ("gtin", "01"),
    ("itip", "8006"),
    ("gmn", "8013"),
    ("cpid", "8010"),
    ("gln", "414"),
    ("party", "417"),
    ("gsrnp", "8017"),
    ("gsrn", "8018"),
    ("gcn", "255"),
    ("sscc", "00"),
    ("gdti", "253"),
    ("ginc", "401"),
    ("gsin", "402"),
    ("grai", "8003"),
    ("giai", "8004"),
    ("cpv", "22"),
    ("lot", "10"),
    ("ser", "21"),
    ("cpsn", "8011"),
    ("refno", "8020"),
    ("srin", "8019"),
];

/// Whether a character may stand in an address at all (RFC 3986 appendix A, and what percent signs stand for).
fn may_stand(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Reads the elements of a link.
///
/// # Errors
/// Where the text is no link, or says what no element string may.
pub fn of_link(text: &str, rules: Rules) -> Result<Vec<Element>, Fault> {
    let fault = |what| Fault { at: 0, what };
    if let Some(at) = text.bytes().position(|b| !may_stand(b)) {
        return Err(Fault { at, what: "it holds a character that no link has" });
    }
    let rest = ["https://", "http://", "HTTPS://", "HTTP://"].iter().find_map(|s| text.strip_prefix(s));
    let rest = rest.ok_or_else(|| fault("a link begins with http:// or https://"))?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (domain, path) = before.split_once('/').unwrap_or((before, ""));
    if domain.is_empty() {
        return Err(fault("the link names no server"));
    }
    let parts: Vec<&str> = path.split('/').collect();
    let (key, mut found) =
        of_path(&parts, rules).ok_or_else(|| fault("the path holds no identifier with its data"))?;
    let in_path: Vec<String> = found.iter().skip(1).map(|(ai, _)| ai.clone()).collect();
    let ways = key.qualifiers.as_deref().unwrap_or_default();
    for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else { continue };
        if !name.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let known = dictionary().named(name);
        if !(known.is_some_and(|entry| entry.data_attribute)
            || known.is_none() && rules.unknown && name.len() == 2)
        {
            return Err(fault("an identifier of the query does not belong there"));
        }
        let could_follow =
            |way: &Vec<&str>| way.contains(&name) && in_path.iter().all(|ai| way.contains(&ai.as_str()));
        if ways.iter().any(could_follow) {
            return Err(fault("an identifier of the query belongs into the path"));
        }
        found.push((name.to_owned(), value.to_owned()));
    }
    let mut all: Vec<Element> = Vec::with_capacity(found.len());
    for (ai, value) in &found {
        if all.iter().any(|element| element.ai == *ai) {
            return Err(fault("an identifier stands there twice"));
        }
        let value = unescaped(value).ok_or_else(|| fault("a percent sign is not followed by two digits"))?;
        let value = if *ai == "01" { full(value, rules) } else { value };
        let one = in_brackets(&format!("({ai}){}", value.replace('(', "\\(")), rules)?;
        if let Some(what) = one.iter().find_map(|element| element.fault) {
            return Err(fault(what));
        }
        all.extend(one);
    }
    Ok(all)
}

/// The primary key at the end of a path with its qualifiers, and all of them with their data.
fn of_path(parts: &[&str], rules: Rules) -> Option<(&'static Entry, Vec<(String, String)>)> {
    // From the right: a stem may hold anything, and the last key with its qualifiers is meant.
    let pairs_from = |start: usize| {
        let tail = parts.get(start..)?;
        if tail.is_empty() || !tail.len().is_multiple_of(2) {
            return None;
        }
        let mut found = Vec::new();
        for pair in tail.chunks(2) {
            let [name, value] = pair else { return None };
            found.push((number(name, rules)?, (*value).to_owned()));
        }
        let (key, rest) = found.split_first()?;
        let entry = dictionary().named(&key.0)?;
        let ways = entry.qualifiers.as_ref()?;
        let names: Vec<&str> = rest.iter().map(|(ai, _)| ai.as_str()).collect();
        let fits = names.is_empty() || ways.iter().any(|way| in_order(&names, way));
        (fits && found.iter().all(|(_, value)| !value.is_empty())).then_some((entry, found))
    };
    (0..parts.len()).rev().find_map(pairs_from)
}

/// Whether names come in the order in which a sequence has them.
fn in_order(names: &[&str], sequence: &[&str]) -> bool {
    let mut left = sequence.iter();
    names.iter().all(|name| left.any(|one| one == name))
}

fn number(name: &str, rules: Rules) -> Option<String> {
    if name.bytes().all(|b| b.is_ascii_digit()) {
        return dictionary().named(name).map(|entry| entry.ai.clone());
    }
    let word = WORDS.iter().find(|(word, _)| rules.link.words && *word == name);
    word.map(|(_, ai)| (*ai).to_owned())
}

/// A GTIN with all its digits.
fn full(value: String, rules: Rules) -> String {
    let short = rules.link.short_gtin && [8, 12, 13].contains(&value.len());
    if short { format!("{value:0>14}") } else { value }
}

fn unescaped(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?);
                rest = after;
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Writes elements as a link below a stem such as `https://id.gs1.org`: the key with its qualifiers as path, all else as
/// query. None where there is no key.
pub fn link(stem: &str, elements: &[Element]) -> Option<String> {
    let key = elements.iter().find_map(|element| {
        let entry = dictionary().named(&element.ai)?;
        entry.qualifiers.as_ref().map(|ways| (element, ways))
    });
    let (key, ways) = key?;
    let has = |ai: &&str| elements.iter().any(|element| element.ai == **ai);
    let way = ways.iter().max_by_key(|way| way.iter().filter(|ai| has(ai)).count());
    let in_path: Vec<&str> = way.into_iter().flatten().copied().filter(|ai| has(ai)).collect();
    let mut text = format!("{}/{}/{}", stem.trim_end_matches('/'), key.ai, escaped(&key.value));
    for ai in &in_path {
        for element in elements.iter().filter(|element| element.ai == **ai) {
            text.push_str(&format!("/{}/{}", element.ai, escaped(&element.value)));
        }
    }
    let others = elements.iter().filter(|e| !std::ptr::eq(*e, key) && !in_path.contains(&e.ai.as_str()));
    // Those of one length first, as in an element string.
    let mut others: Vec<&Element> = others.collect();
    others.sort_by_key(|element| separated(&element.ai));
    for (n, element) in others.iter().enumerate() {
        let sign = if n == 0 { '?' } else { '&' };
        text.push_str(&format!("{sign}{}={}", element.ai, escaped(&element.value)));
    }
    Some(text)
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
