//! HIBCC: primary and secondary symbols, apart or together, and provider symbols (ANSI/HIBC 2.6 Supplier Labeling
//! Standard; ANSI/HIBC 1.3 Provider Applications Standard).

use crate::{Agency, Date, Udi, Warning, check, date::century};

/// The most characters of a lot or serial number.
const NUMBER: usize = 18;

/// Reads a text that begins with the flag `+`, blanks at its end included: a blank may be a check character.
pub(crate) fn read(text: &str, now: u16) -> Udi {
    let one = symbol(text, now);
    if one.ok {
        return one;
    }
    // Two symbols in a row, each with its own flag and check character.
    let seconds = text.match_indices('+').map(|(at, _)| at).filter(|at| *at > 0);
    let both = seconds.filter_map(|at| {
        let (first, second) = text.split_at_checked(at)?;
        second.get(1..)?.starts_with(|c: char| c == '$' || c.is_ascii_digit()).then_some(())?;
        let mut whole = symbol(first, now);
        let more = symbol(second, now);
        let linked = first.bytes().last() == second.bytes().rev().nth(1);
        if !(whole.ok && whole.di.is_some() && more.ok && more.di.is_none() && linked) {
            return None;
        }
        whole.absorb(more);
        Some(whole)
    });
    both.into_iter().next().unwrap_or(one)
}

/// Reads one symbol. A check character that does not fit makes it invalid, with what it says.
fn symbol(text: &str, now: u16) -> Udi {
    let mut udi = Udi::of(Agency::Hibcc);
    let Some(last) = text.len().checked_sub(1).filter(|_| text.is_ascii()) else {
        udi.warn(Warning::Malformed("it holds characters that HIBC does not have"));
        return udi;
    };
    let (body, mark) = text.split_at(last);
    let fits = check::hibc(body).map(|wanted| mark.as_bytes() == [wanted]);
    let content = body.strip_prefix('+').unwrap_or_default();
    let read = match content.as_bytes() {
        [b'/', ..] => provider(content, &mut udi),
        [first, ..] if first.is_ascii_uppercase() => supplier(content, &mut udi, now),
        [first, ..] if *first == b'$' || first.is_ascii_digit() => linked(content, &mut udi, now),
        _ => Err("nothing follows the flag that a symbol may begin with"),
    };
    match (read, fits) {
        (Err(what), _) => udi.warn(Warning::Malformed(what)),
        (Ok(()), None) => udi.warn(Warning::Malformed("it holds characters that HIBC does not have")),
        (Ok(()), Some(false)) => udi.warn(Warning::CheckDiffers),
        (Ok(()), Some(true)) => udi.ok = true,
    }
    udi
}

type Read = Result<(), &'static str>;

/// A primary, and what else stands in the same symbol.
fn supplier(content: &str, udi: &mut Udi, now: u16) -> Read {
    let (primary, more) = content.split_once('/').map_or((content, None), |(p, m)| (p, Some(m)));
    identifier(primary, udi)?;
    let Some(more) = more else { return Ok(()) };
    for (n, part) in more.split('/').enumerate() {
        match part.as_bytes() {
            [b'$', ..] => secondary(part, udi, now)?,
            [b'S', ..] => serial(&part[1..], udi)?,
            [b'Q', ..] => quantity(&part[1..], udi)?,
            _ if part.starts_with("16D") => udi.manufactured = Some(dated(&part[3..], udi, "16D")?),
            _ if part.starts_with("14D") => udi.expiry = Some(dated(&part[3..], udi, "14D")?),
            [digit, ..] if n == 0 && digit.is_ascii_digit() => secondary(part, udi, now)?,
            _ => return Err("a part of it has no form that is known"),
        }
    }
    Ok(())
}

/// `LIC PCN U/M`: the device identifier.
pub(crate) fn identifier(text: &str, udi: &mut Udi) -> Read {
    let alphanumeric = |t: &str| t.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if !alphanumeric(text) {
        return Err("a product's number has letters and digits only");
    }
    if !(6..=23).contains(&text.len()) {
        return Err("a product's number has 1 to 18 characters");
    }
    let (labeler, rest) = text.split_at(4);
    let (product, unit) = rest.split_at(rest.len() - 1);
    if !labeler.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Err("a labeler's code begins with a letter");
    }
    if !unit.bytes().all(|b| b.is_ascii_digit()) {
        return Err("the unit of measure is a digit");
    }
    udi.di = Some(text.to_owned());
    udi.level = unit.parse().ok();
    udi.field("LIC", labeler);
    udi.field("PCN", product);
    udi.field("U/M", unit);
    Ok(())
}

/// A secondary in a symbol of its own: it ends with the check character of its primary.
fn linked(content: &str, udi: &mut Udi, now: u16) -> Read {
    let last = content.len().checked_sub(1).ok_or("it is too short")?;
    let (data, link) = content.split_at(last);
    secondary(data, udi, now)?;
    udi.field("link", link);
    Ok(())
}

/// What a secondary says: expiry, and lot or serial number.
fn secondary(data: &str, udi: &mut Udi, now: u16) -> Read {
    if let Some(rest) = data.strip_prefix("$$") {
        let (rest, by_serial) = rest.strip_prefix('+').map_or((rest, false), |rest| (rest, true));
        let (rest, counted) = match rest.as_bytes() {
            [b'8', ..] if !by_serial => (quantified(rest, 2, udi)?, true),
            [b'9', ..] if !by_serial => (quantified(rest, 5, udi)?, true),
            _ => (rest, false),
        };
        let rest = expiring(rest, counted, udi, now)?;
        return if by_serial { serial(rest, udi) } else { lot(rest, udi) };
    }
    if let Some(rest) = data.strip_prefix("$+") {
        return serial(rest, udi);
    }
    if let Some(rest) = data.strip_prefix('$') {
        return lot(rest, udi);
    }
    let (day, rest) = data.split_at_checked(5).ok_or("the date is too short")?;
    udi.expiry = Some(of_year(day, now).ok_or("there is no such day")?);
    udi.field("expiry", day);
    lot(rest, udi)
}

/// The quantity behind `8` or `9`, and what follows.
fn quantified<'t>(text: &'t str, digits: usize, udi: &mut Udi) -> Result<&'t str, &'static str> {
    let (count, rest) =
        text.get(1..).and_then(|t| t.split_at_checked(digits)).ok_or("the quantity is too short")?;
    quantity(count, udi)?;
    Ok(rest)
}

/// The date that the next digit announces, and what follows it. Behind a quantity there may be none.
fn expiring<'t>(text: &'t str, counted: bool, udi: &mut Udi, now: u16) -> Result<&'t str, &'static str> {
    let form = match text.as_bytes() {
        [b'0' | b'1', ..] => 1,
        [digit @ b'2'..=b'7', ..] => digit - b'0',
        _ if counted => return Ok(text),
        _ => return Err("the form of the date is not known"),
    };
    let (skip, length) = match form {
        1 => (0, 4),
        2 | 3 => (1, 6),
        4 => (1, 8),
        5 => (1, 5),
        6 => (1, 7),
        _ => return text.get(1..).ok_or("it is too short"),
    };
    let cut = text.get(skip..).and_then(|t| t.split_at_checked(length));
    let date = cut.and_then(|(digits, _)| date(form, digits, now));
    match (cut, date) {
        (Some((digits, rest)), Some(date)) => {
            udi.expiry = Some(date);
            udi.field("expiry", digits);
            Ok(rest)
        }
        // What looks like a month begins a lot.
        _ if counted && form == 1 => Ok(text),
        _ => Err("there is no such day"),
    }
}

fn date(form: u8, digits: &str, now: u16) -> Option<Date> {
    let two = |at: usize| number(digits.get(at..at + 2)?);
    let year = |at: usize| two(at).map(|y| century(y, now));
    let day = |year: Option<u16>, month: Option<u16>, day: u16| {
        Date::day(year?, u8::try_from(month?).ok()?, u8::try_from(day).ok()?)
    };
    let real = |d: Option<u16>| d.filter(|d| *d > 0);
    match form {
        1 => day(year(2), two(0), 0),
        2 => day(year(4), two(0), real(two(2))?),
        3 => day(year(0), two(2), real(two(4))?),
        4 => day(year(0), two(2), real(two(4))?)?.at_hour(u8::try_from(two(6)?).ok()?),
        5 => of_year(digits, now),
        _ => of_year(digits.get(..5)?, now)?.at_hour(u8::try_from(two(5)?).ok()?),
    }
}

/// `YYJJJ`.
fn of_year(digits: &str, now: u16) -> Option<Date> {
    Date::of_year(century(number(digits.get(..2)?)?, now), number(digits.get(2..5)?)?)
}

/// `YYYYMMDD`.
fn dated(digits: &str, udi: &mut Udi, code: &str) -> Result<Date, &'static str> {
    let part = |from, to| digits.get(from..to).and_then(number);
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8).filter(|d| *d > 0));
    let date = digits.len() == 8 && year.is_some() && month.is_some() && day.is_some();
    let date = date.then(|| Date::day(year?, u8::try_from(month?).ok()?, u8::try_from(day?).ok()?)).flatten();
    udi.field(code, digits);
    date.ok_or("there is no such day")
}

fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn lot(text: &str, udi: &mut Udi) -> Read {
    if text.len() > NUMBER {
        return Err("a lot has at most 18 characters");
    }
    if !text.is_empty() {
        udi.lot = Some(text.to_owned());
        udi.field("lot", text);
    }
    Ok(())
}

fn serial(text: &str, udi: &mut Udi) -> Read {
    if text.is_empty() || text.len() > NUMBER {
        return Err("a serial number has 1 to 18 characters");
    }
    udi.serial = Some(text.to_owned());
    udi.field("serial", text);
    Ok(())
}

fn quantity(digits: &str, udi: &mut Udi) -> Read {
    let count = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    udi.quantity = Some(count.ok_or("a quantity has digits only")?);
    udi.field("quantity", digits);
    Ok(())
}

/// What a provider labels: where and what, then its data; further things behind `/`. Shown, not understood.
fn provider(content: &str, udi: &mut Udi) -> Read {
    let mut parts = content.get(1..).unwrap_or_default().split('/');
    let first = parts.next().unwrap_or_default();
    let (flags, data) = first.split_at_checked(2).ok_or("a provider's symbol names where and what")?;
    let what = flags.bytes().all(|b| b.is_ascii_uppercase()) && within(data);
    if !what {
        return Err("a provider's symbol names where and what, and has 1 to 15 characters");
    }
    udi.field(flags, data);
    for part in parts {
        let (flag, data) = part.split_at_checked(1).ok_or("a part of it is empty")?;
        if !flag.bytes().all(|b| b.is_ascii_uppercase()) || !within(data) {
            return Err("a part of it names nothing, or has not 1 to 15 characters");
        }
        udi.field(flag, data);
    }
    Ok(())
}

fn within(data: &str) -> bool {
    (1..=15).contains(&data.len())
}

/// Writes a device identifier with lot, serial number and dates as one symbol. None where something cannot be written.
pub fn written(udi: &Udi) -> Option<String> {
    let di = udi.di.as_deref()?;
    identifier(di, &mut Udi::of(Agency::Hibcc)).ok()?;
    let mut text = format!("+{di}");
    let digits = |date: &Date| Some(format!("{:02}{:02}{:02}", date.year % 100, date.month, date.day?));
    let may = |value: &str| {
        (1..=NUMBER).contains(&value.len()) && check::hibc(value).is_some() && !value.contains('/')
    };
    for number in udi.lot.iter().chain(&udi.serial) {
        may(number).then_some(())?;
    }
    match (&udi.expiry, &udi.lot, &udi.serial) {
        (None, None, None) => {}
        (None, Some(lot), _) => text.push_str(&format!("/${lot}")),
        (None, None, Some(serial)) => text.push_str(&format!("/$+{serial}")),
        (Some(date), lot, serial) => {
            let form = match (date.day, date.hour) {
                (None, _) => format!("{:02}{:02}", date.month, date.year % 100),
                (Some(_), None) => format!("3{}", digits(date)?),
                (Some(_), Some(hour)) => format!("4{}{hour:02}", digits(date)?),
            };
            match (lot, serial) {
                (None, Some(serial)) => text.push_str(&format!("/$$+{form}{serial}")),
                (lot, _) => text.push_str(&format!("/$${form}{}", lot.as_deref().unwrap_or_default())),
            }
        }
    }
    if let (Some(serial), true) = (&udi.serial, udi.lot.is_some()) {
        text.push_str(&format!("/S{serial}"));
    }
    if let Some(date) = &udi.manufactured {
        text.push_str(&format!("/16D{:04}{:02}{:02}", date.year, date.month, date.day?));
    }
    if let Some(count) = udi.quantity {
        text.push_str(&format!("/Q{count}"));
    }
    text.push(char::from(check::hibc(&text)?));
    Some(text)
}

/// The field list of a bare identifier.
pub(crate) fn bare(text: &str) -> Option<Udi> {
    let mut udi = Udi::of(Agency::Hibcc);
    identifier(text, &mut udi).ok()?;
    udi.ok = true;
    Some(udi)
}
