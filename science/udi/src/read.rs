//! Finding out what a text is, and reading it.

use crate::{
    Agency, Date, Field, Udi, Warning, check,
    date::century,
    gs1::{self, CHECK_DIGIT, Element, GS, Link, Rules},
    hibc, isbt,
};

/// Links of all years are read.
const RULES: Rules = Rules { unknown: false, link: Link { words: true, short_gtin: true } };
/// Readings of one text that are told.
const TOLD: usize = 10;
/// Readings that are looked for.
const LOOKED_FOR: usize = 200;
/// Parts that are tried to find them: a text made to be read in very many ways is not worth more.
const TRIED: usize = 2_000;
/// The longest of [`USUAL`] elements.
const ELEMENT: usize = 34;
/// The longest text that is read: no symbol holds more.
const LONGEST: usize = 4_096;

/// Reads a code. FNC1 is byte 29 or `^`; two digits of a year are those nearest to `now`, a year.
///
/// ```
/// let udi = udi::parse("(01)00208851107345(17)150331", 2026);
/// assert_eq!(udi.di.as_deref(), Some("00208851107345"));
/// assert_eq!(udi.expiry.map(|day| day.to_string()).as_deref(), Some("2015-03-31"));
/// ```
pub fn parse(text: &str, now: u16) -> Udi {
    let (symbology, text) = mark(text);
    let by_mark = symbology.is_some_and(|mark| ["]C1", "]e0", "]d2", "]Q3", "]J1"].contains(&mark));
    let mut udi = read(text, by_mark, now);
    udi.symbology = symbology.map(str::to_owned);
    udi
}

/// The scanner's mark, `]` and two characters, and the rest.
fn mark(text: &str) -> (Option<&str>, &str) {
    match text.as_bytes() {
        [b']', letter, _, ..] if letter.is_ascii_alphabetic() && text.is_char_boundary(3) => {
            let (mark, rest) = text.split_at(3);
            (Some(mark), rest)
        }
        _ => (None, text),
    }
}

fn read(text: &str, by_mark: bool, now: u16) -> Udi {
    if text.len() > LONGEST {
        return malformed(None, "it is longer than any code");
    }
    // A blank at the end of a HIBC symbol may be its check character.
    let bare = text.trim();
    match bare.as_bytes() {
        [b'+', ..] => hibc::read(text.trim_start(), now),
        [b'=' | b'&', ..] => isbt::read(bare),
        [b'(', ..] => of_elements(gs1::in_brackets(&closed_up(bare), RULES), now),
        [b'h' | b'H', ..] if bare.contains("://") => of_elements(gs1::of_link(bare, RULES), now),
        [b'^', ..] => gs1_string(bare, true, now),
        [] => malformed(None, "it is empty"),
        [digit, ..] if digit.is_ascii_digit() => {
            number(bare, by_mark, now).unwrap_or_else(|| gs1_string(bare, by_mark, now))
        }
        _ if bare.starts_with(GS) => gs1_string(bare, true, now),
        _ => no_flag(bare, now),
    }
}

fn malformed(agency: Option<Agency>, what: &'static str) -> Udi {
    let mut udi = Udi { agency, ..Udi::nothing() };
    udi.warn(Warning::Malformed(what));
    udi
}

/// Blanks between bracketed parts, as people set them.
fn closed_up(text: &str) -> String {
    let (mut closed, mut blanks) = (String::with_capacity(text.len()), 0);
    for c in text.chars() {
        match c {
            ' ' => blanks += 1,
            '(' => {
                blanks = 0;
                closed.push(c);
            }
            c => {
                if !closed.ends_with(')') {
                    closed.extend(std::iter::repeat_n(' ', blanks));
                }
                blanks = 0;
                closed.push(c);
            }
        }
    }
    closed
}

/// A GTIN of any length with nothing before or behind it, as catalogues have it. Eight digits may also be a date.
fn number(text: &str, by_mark: bool, now: u16) -> Option<Udi> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if by_mark || !(digits && GTIN.contains(&text.len())) {
        return None;
    }
    let date = || gs1::elements(text, RULES).is_ok_and(|all| all.iter().all(|e| e.fault.is_none()));
    let is_date = text.len() == 8 && !check::digit_fits(text) && date();
    (!is_date).then(|| gtin(text, now))
}

/// Digits that a GTIN may have.
const GTIN: [usize; 4] = [8, 12, 13, 14];

fn gtin(digits: &str, now: u16) -> Udi {
    of_elements(gs1::elements(&format!("01{digits:0>14}"), RULES), now)
}

/// Reads a device identifier of which the agency is known, as registers have it. One that is not valid is kept as it is.
///
/// ```
/// use udi::{Agency, identifier};
/// assert!(identifier(Agency::Hibcc, "A123BJC5D6E71").ok);
/// assert!(!identifier(Agency::Gs1, "10884521062857").ok);
/// ```
pub fn identifier(agency: Agency, text: &str) -> Udi {
    let text = text.trim();
    let digits = GTIN.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let read = match agency {
        Agency::Gs1 => digits.then(|| gtin(text, 2000)),
        Agency::Hibcc => hibc::bare(text).or_else(|| with_check(text)),
        Agency::Iccbba => isbt::bare(text),
    };
    read.unwrap_or_else(|| {
        let mut udi = malformed(Some(agency), "it has not the form of its agency");
        udi.di = Some(text.to_owned());
        udi
    })
}

/// A HIBCC identifier to which its check character was left.
fn with_check(text: &str) -> Option<Udi> {
    let mut udi = hibc::read(&format!("+{text}"), 2000);
    udi.warn(Warning::Mended("The check character of the symbol was left behind it."));
    (udi.ok && udi.fields.len() == 3).then_some(udi)
}

/// HIBCC without its flag, or an identifier alone.
fn no_flag(text: &str, now: u16) -> Udi {
    let flagged = hibc::read(&format!("+{text}"), now);
    let alone = isbt::bare(text).or_else(|| hibc::bare(text));
    match (flagged.ok, alone) {
        // Its last digit may be the unit of measure or the check character.
        (true, Some(alone)) => return agreed(vec![mended(flagged), alone]),
        (true, None) => return mended(flagged),
        (false, Some(alone)) => return alone,
        (false, None) => {}
    }
    // The check character over the text as it stands.
    let body = text.len().checked_sub(1).and_then(|at| text.split_at_checked(at));
    let own = body.filter(|(body, last)| check::hibc(body).is_some_and(|c| [c] == last.as_bytes()));
    if let Some((body, right)) = own.and_then(|(body, _)| Some((body, check::hibc(&format!("+{body}"))?))) {
        let whole = hibc::read(&format!("+{body}{}", char::from(right)), now);
        if whole.ok {
            return mended(whole);
        }
    }
    if flagged.di.is_some() && text.contains('/') {
        return flagged;
    }
    malformed(None, "it has no form that an agency gives")
}

fn mended(mut udi: Udi) -> Udi {
    udi.warn(Warning::Mended("The flag “+” before it is missing."));
    udi
}

/// An element string as a scanner gives it.
fn gs1_string(text: &str, by_mark: bool, now: u16) -> Udi {
    let text = text.replace('^', "\u{1d}");
    let (first, rest) = text.strip_prefix(GS).map_or((false, text.as_str()), |rest| (true, rest));
    let as_it_is = gs1::elements(rest, RULES);
    if first || by_mark || rest.contains(GS) {
        return of_elements(as_it_is, now);
    }
    // No separator came: perhaps the scanner drops them.
    let mut ways = Cuts::of(rest).found;
    ways.retain(|way| as_it_is.as_ref() != Ok(way));
    let plain = of_elements(as_it_is.clone(), now);
    if ways.is_empty() {
        return plain;
    }
    ways.extend(as_it_is.ok());
    ways.sort_by_key(|way| rank(way));
    let readings: Vec<Udi> = ways.into_iter().take(TOLD).map(|way| of_elements(Ok(way), now)).collect();
    agreed(readings)
}

/// Identifiers that stand on devices; others do not make a text ambiguous.
const USUAL: &[&str] =
    &["01", "10", "11", "13", "15", "17", "20", "21", "22", "30", "37", "240", "241", "250", "251", "8012"];

/// The ways to cut a text into elements where no separator says where they end.
#[derive(Default)]
struct Cuts {
    found: Vec<Vec<Element>>,
    before: Vec<Element>,
    tried: usize,
}

impl Cuts {
    fn of(text: &str) -> Self {
        let mut cuts = Self::default();
        cuts.go_on(text);
        cuts
    }

    fn go_on(&mut self, text: &str) {
        if text.is_empty() {
            self.found.push(self.before.clone());
            return;
        }
        let known = |ai: &&str| text.starts_with(*ai) && self.before.iter().all(|e| e.ai != **ai);
        if !USUAL.iter().any(known) {
            return;
        }
        // The longest first: it is what the text says as it is.
        let ends = (1..=text.len().min(ELEMENT)).rev();
        for (some, rest) in ends.filter_map(|end| text.split_at_checked(end)) {
            if self.found.len() >= LOOKED_FOR || self.tried >= TRIED {
                return;
            }
            self.tried += 1;
            let Ok(one) = gs1::elements(some, RULES) else { continue };
            if one.len() != 1 {
                continue;
            }
            let before = self.before.len();
            let fixed = one.first().is_some_and(|e| !gs1::separated(&e.ai));
            self.before.extend(one);
            self.go_on(rest);
            self.before.truncate(before);
            if fixed {
                break;
            }
        }
    }
}

/// The likelier comes first: with fewer faults, then with more parts.
fn rank(way: &[Element]) -> (usize, std::cmp::Reverse<usize>) {
    (way.iter().filter(|e| e.fault.is_some()).count(), std::cmp::Reverse(way.len()))
}

/// What all readings say, and the readings.
fn agreed(readings: Vec<Udi>) -> Udi {
    let Some(mut all) = readings.first().cloned() else { return Udi::nothing() };
    for other in &readings {
        let same = all.fields.iter().zip(&other.fields).take_while(|(a, b)| a == b).count();
        all.fields.truncate(same);
        let keep = |mine: &mut Option<String>, theirs: &Option<String>| {
            if mine != theirs {
                *mine = None;
            }
        };
        keep(&mut all.di, &other.di);
        keep(&mut all.lot, &other.lot);
        keep(&mut all.serial, &other.serial);
        all.expiry = all.expiry.filter(|day| other.expiry == Some(*day));
        all.manufactured = all.manufactured.filter(|day| other.manufactured == Some(*day));
        all.quantity = all.quantity.filter(|n| other.quantity == Some(*n));
        all.ok |= other.ok;
    }
    all.level = all.level.filter(|_| all.di.is_some());
    all.warnings.clear();
    all.warn(Warning::Ambiguous);
    all.candidates = readings;
    all
}

/// What elements say.
fn of_elements(elements: Result<Vec<Element>, gs1::Fault>, now: u16) -> Udi {
    let elements = match elements {
        Ok(elements) => elements,
        Err(fault) => return malformed(Some(Agency::Gs1), fault.what),
    };
    let mut udi = Udi::of(Agency::Gs1);
    udi.ok = true;
    let company = gs1::company(&elements);
    for element in elements {
        let (ai, value) = (element.ai.as_str(), element.value.as_str());
        if let Some(what) = element.fault {
            udi.ok = false;
            udi.warn(match what {
                CHECK_DIGIT => Warning::CheckDiffers,
                what => Warning::Field { code: ai.to_owned(), what },
            });
        }
        let text = || Some(value.to_owned());
        match ai {
            "01" => {
                udi.di = text();
                udi.level = value.bytes().next().map(|b| b - b'0');
            }
            "10" => udi.lot = text(),
            "21" => udi.serial = text(),
            "17" => udi.expiry = day(value, now),
            "7003" => udi.expiry = udi.expiry.or_else(|| minute(value, now)),
            "11" => udi.manufactured = day(value, now),
            "30" | "37" => udi.quantity = value.parse().ok(),
            _ => {}
        }
        let title = element.title;
        udi.fields.push(Field { code: element.ai, value: element.value, title });
    }
    for (code, what) in company {
        udi.warn(Warning::Company { code, what });
    }
    udi
}

/// `YYMMDD`.
fn day(text: &str, now: u16) -> Option<Date> {
    let part = |from| text.get(from..from + 2)?.parse::<u8>().ok();
    Date::day(century(part(0)?.into(), now), part(2)?, part(4)?)
}

/// `YYMMDDhhmm`.
fn minute(text: &str, now: u16) -> Option<Date> {
    let part = |from| text.get(from..from + 2)?.parse::<u8>().ok();
    day(text.get(..6)?, now)?.at(part(6)?, part(8)?)
}

/// Writes a GS1 code as elements: identifier, dates, lot, serial number. None where something is not valid: a wrong check
/// digit is not passed on.
pub fn gs1_written(udi: &Udi) -> Option<Vec<Element>> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    pairs.extend(udi.di.clone().map(|di| ("01", di)));
    let digits = |date: &Date| format!("{:02}{:02}{:02}", date.year % 100, date.month, date.day.unwrap_or(0));
    pairs.extend(udi.manufactured.as_ref().map(|date| ("11", digits(date))));
    pairs.extend(udi.expiry.as_ref().map(|date| ("17", digits(date))));
    pairs.extend(udi.lot.clone().map(|lot| ("10", lot)));
    pairs.extend(udi.serial.clone().map(|serial| ("21", serial)));
    let text: String =
        pairs.iter().map(|(ai, value)| format!("({ai}){}", value.replace('(', "\\("))).collect();
    let elements = gs1::in_brackets(&text, Rules::default()).ok()?;
    elements.iter().all(|e| e.fault.is_none()).then_some(elements)
}
