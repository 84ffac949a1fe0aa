//! A civil date as people type it. What can be read two ways is never guessed.

use jiff::civil::Date;

/// How a date is written where a person types one; also the example beside the field.
pub const EXAMPLE: &str = "2026-10-13";

/// Reads a date typed by hand: `2026-10-13`, `20261013`, `13 Oct 2026`, `Oct 13, 2026`, and with the month as a
/// number where only one reading exists (`13/10/2026`).
///
/// # Errors
/// One sentence that says what is wrong and what to write instead.
pub fn read_day(text: &str) -> Result<Date, String> {
    let text = text.trim();
    let unknown = || format!("“{text}” is not a date. Write it as {EXAMPLE} or 13 Oct 2026.");
    let parts = parts(text).ok_or_else(unknown)?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    if let [first, second, year] = parts.as_slice()
        && [first, second, year].iter().all(|part| part.len() <= 2 || is_word(part))
        && !is_word(year)
    {
        return Err(format!("“{text}” has a year of two digits. Write all four: {EXAMPLE}."));
    }
    let (year, month, day) = match parts.as_slice() {
        [one] if one.len() == 8 && !is_word(one) => {
            let (year, rest) = one.split_at(4);
            let (month, day) = rest.split_at(2);
            (year, number(month), day)
        }
        [year, month, day] if year.len() == 4 && !is_word(year) => (*year, month_of(month), *day),
        [first, second, year] if is_word(first) => (*year, month_of(first), *second),
        [first, second, year] if is_word(second) => (*year, month_of(second), *first),
        [first, second, year] => {
            let (day, month) = which_is_day(text, first, second, year)?;
            (*year, Some(month), day)
        }
        _ => return Err(unknown()),
    };
    let year = number(year).filter(|_| year.len() == 4).ok_or_else(unknown)?;
    let (month, day) = (month.ok_or_else(unknown)?, number(day).ok_or_else(unknown)?);
    civil(year, month, day)
        .ok_or_else(|| format!("“{text}” is not in the calendar. Correct the day or the month."))
}

/// Runs of digits and of letters, whatever stands between them; an ordinal's ending is dropped. `None` when there are
/// signs no date has.
fn parts(text: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in text.chars() {
        let same =
            (c.is_ascii_digit() && last.is_ascii_digit()) || (c.is_alphabetic() && last.is_alphabetic());
        match c {
            _ if same => parts.last_mut()?.push(c),
            _ if c.is_ascii_digit() || c.is_alphabetic() => parts.push(c.to_string()),
            ' ' | '-' | '/' | '.' | ',' | '‐' | '‑' | '–' | '\u{a0}' => {}
            _ => return None,
        }
        last = c;
    }
    parts.retain(|part| !["st", "nd", "rd", "th", "of"].contains(&part.to_lowercase().as_str()));
    Some(parts)
}

fn is_word(part: &str) -> bool {
    part.starts_with(char::is_alphabetic)
}

/// Of two numbers before the year, the one that must be the day, and the month.
fn which_is_day<'t>(
    text: &str,
    first: &'t str,
    second: &'t str,
    year: &str,
) -> Result<(&'t str, i32), String> {
    match (number(first), number(second)) {
        (Some(a), Some(b)) if a > 12 || a == b => Ok((first, b)),
        (Some(a), Some(b)) if b > 12 => Ok((second, a)),
        (Some(a), Some(b)) => {
            let reading = |month: i32, day: i32| civil(number(year)?, month, day);
            let iso = reading(b, a).map_or_else(|| EXAMPLE.to_owned(), |date| date.to_string());
            let other = reading(a, b).map_or_else(|| EXAMPLE.to_owned(), |date| date.to_string());
            Err(format!("“{text}” can be read two ways. Write {iso} or {other}."))
        }
        _ => Err(format!("“{text}” is not a date. Write it as {EXAMPLE} or 13 Oct 2026.")),
    }
}

fn number(text: &str) -> Option<i32> {
    text.parse().ok().filter(|_| text.len() <= 4)
}

/// A month by number, or by at least the first three letters of its English name.
fn month_of(text: &str) -> Option<i32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = text.to_lowercase();
    match NAMES.iter().position(|name| word.len() >= 3 && name.starts_with(&word)) {
        Some(at) => i32::try_from(at + 1).ok(),
        None => number(text),
    }
}

fn civil(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_date_is_read_as_people_write_it() {
        for text in [
            "2026-11-05",
            " 2026-11-05 ",
            "2026/11/5",
            "2026.11.05",
            "20261105",
            "5 Nov 2026",
            "05 november 2026",
            "5. November 2026",
            "5-Nov-2026",
            "5Nov2026",
            "5th of November 2026",
            "Nov 5, 2026",
            "November 5th, 2026",
            "2026 Nov 5",
        ] {
            assert_eq!(read_day(text).map(|d| d.to_string()).as_deref(), Ok("2026-11-05"), "{text}");
        }
        for (text, day) in [
            ("13/10/2026", "2026-10-13"),
            ("10/13/2026", "2026-10-13"),
            ("05.05.2026", "2026-05-05"),
            ("1 Sept 2026", "2026-09-01"),
            ("29 Feb 2024", "2024-02-29"),
        ] {
            assert_eq!(read_day(text).map(|d| d.to_string()).as_deref(), Ok(day), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_says_what_to_write() {
        for (text, says) in [
            ("10/11/2026", "can be read two ways. Write 2026-11-10 or 2026-10-11."),
            ("5 Nov 26", "year of two digits"),
            ("11/5/26", "year of two digits"),
            ("31 Feb 2026", "not in the calendar"),
            ("2026-13-01", "not in the calendar"),
            ("45/50/2026", "not in the calendar"),
            ("yesterday", "Write it as 2026-10-13 or 13 Oct 2026."),
            ("2026", "is not a date"),
            ("5 Nov", "is not a date"),
            ("5 Nob 2026", "is not a date"),
            ("5 Nov 2026 14:30", "is not a date"),
            ("123456789", "is not a date"),
            ("", "is not a date"),
        ] {
            let said = read_day(text).expect_err(text);
            assert!(said.contains(says), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn every_date_reads_back_in_both_spellings(days in 0_i32..60_000) {
            let date = Date::constant(1950, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            prop_assert_eq!(read_day(&date.to_string()), Ok(date));
            prop_assert_eq!(read_day(&date.strftime("%-d %b %Y").to_string()), Ok(date));
            prop_assert_eq!(read_day(&date.strftime("%B %-d, %Y").to_string()), Ok(date));
        }

        #[test]
        fn nothing_typed_breaks_it(text in any::<String>()) {
            let _ = read_day(&text);
        }
    }
}
