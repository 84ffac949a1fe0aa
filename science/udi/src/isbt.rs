//! ICCBBA: data structures of ISBT 128 as they stand on medical products of human origin (ISBT 128 Standard Technical
//! Specification; FDA's table of UDI formats). Read and shown, not written.

use crate::{Agency, Date, Udi, Warning};

/// Reads a text that begins with `=` or `&`. Blanks between structures are left out, as people type them.
pub(crate) fn read(text: &str) -> Udi {
    let mut udi = Udi::of(Agency::Iccbba);
    let joined: String = text.chars().filter(|c| *c != ' ').collect();
    let mut rest = joined.as_str();
    udi.ok = true;
    while !rest.is_empty() {
        let Some((code, value, after)) = structure(rest) else {
            udi.ok = false;
            udi.warn(Warning::Malformed("a part of it has no form that is known"));
            return udi;
        };
        rest = after;
        udi.field(code, value);
        let held = Some(value.to_owned());
        match code {
            "=/" | "=)" => udi.di = held,
            "=," => udi.serial = held,
            "=" => udi.donation = held,
            "&,1" | "&)" => udi.lot = held,
            _ => {
                let day = day(value);
                if day.is_none() {
                    udi.ok = false;
                    udi.warn(Warning::Malformed("there is no such day"));
                }
                match code {
                    "=>" => udi.expiry = day,
                    _ => udi.manufactured = day,
                }
            }
        }
    }
    udi
}

/// The first structure: its data identifier, its data, and what follows.
fn structure(text: &str) -> Option<(&'static str, &str, &str)> {
    const KNOWN: [(&str, usize); 8] =
        [("=/", 16), ("=,", 6), ("=>", 6), ("=}", 6), ("&,1", 18), ("=)", 10), ("&)", 10), ("=", 15)];
    let (code, length) = KNOWN.into_iter().find(|(code, _)| text.starts_with(code))?;
    let (value, rest) = text.get(code.len()..)?.split_at_checked(length)?;
    value.bytes().all(|b| b.is_ascii_alphanumeric()).then_some((code, value, rest))
}

/// `cYYJJJ`: the century (9 is 1900, 0 is 2000), the year, the day in it.
fn day(text: &str) -> Option<Date> {
    let number = |from, to| -> Option<u16> { text.get(from..to)?.parse().ok() };
    let century = match number(0, 1)? {
        9 => 1900,
        later => 2000 + 100 * later,
    };
    Date::of_year(century + number(1, 3)?, number(3, 6)?)
}

/// The identifier alone: facility, five characters of the product's code and three of its own, or that of a bag.
pub(crate) fn bare(text: &str) -> Option<Udi> {
    let all = text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if !(all && text.len() == 16 && text.starts_with(|c: char| c.is_ascii_uppercase())) {
        return None;
    }
    let mut udi = Udi::of(Agency::Iccbba);
    udi.di = Some(text.to_owned());
    udi.field("=/", text);
    udi.ok = true;
    Some(udi)
}
