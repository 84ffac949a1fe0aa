//! Dates as files write them. A date that can be read two ways is never guessed.

use jiff::civil::{Date, date};
use kernel::Instant;
use serde::{Deserialize, Serialize};

/// How a column writes dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Year first, or with the month in letters; `6/11/2019` is refused, `13/11/2019` can be read one way only.
    #[default]
    Iso,
    /// `6/11/2019` is 6 November.
    DayFirst,
    /// `6/11/2019` is June 11.
    MonthFirst,
    /// Days since 1899-12-30, as spreadsheet programs count.
    Serial,
}

/// A day or, in our own exports, an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A civil date at the device's site.
    On(Date),
    /// An instant.
    At(Instant),
}

/// Why a cell is not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::import) enum DateFault {
    #[error("“{0}” is not a date; write it as 2026-10-31")]
    Unknown(String),
    #[error("“{0}” can be read with the day or the month first; choose the date order for this column")]
    Ambiguous(String),
    #[error("“{0}” has a year of two digits; write four, or choose the date order for this column")]
    ShortYear(String),
    #[error("“{0}” does not exist in the calendar; correct the day or the month")]
    Impossible(String),
    #[error("“{0}” is after today ({1}); correct it, or check whether day and month are swapped")]
    Future(String, Date),
    #[error("“{0}” is before 1950; correct the year")]
    TooEarly(String),
}

/// What the values of a column say about its order, gathered cell by cell.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::import) struct Signs {
    day_first: bool,
    month_first: bool,
    serial: bool,
    other: bool,
}

impl Signs {
    pub(in crate::import) fn see(&mut self, cell: &str) {
        let text = day_part(cell);
        match numbers(text) {
            Some([first, second, year]) if first.len() <= 2 => {
                // Two-digit years are taken for 20xx; only 29 February could tell, and it needs a leap year.
                let year = if year.len() == 4 { small(year) } else { 2000 + small(year) };
                let exists = |month: &str, day: &str| whole(year, small(month), small(day)).is_some();
                // A day that exists in neither order proves nothing.
                match (exists(second, first), exists(first, second)) {
                    (true, false) => self.day_first = true,
                    (false, true) => self.month_first = true,
                    _ => self.other = true,
                }
            }
            None if serial(text).is_some() => self.serial = true,
            _ => self.other = true,
        }
    }

    /// The order that is proven; `Iso` when nothing is, or when the column contradicts itself.
    pub(in crate::import) const fn order(self) -> DateOrder {
        match (self.day_first, self.month_first, self.serial, self.other) {
            (true, false, ..) => DateOrder::DayFirst,
            (false, true, ..) => DateOrder::MonthFirst,
            (false, false, true, false) => DateOrder::Serial,
            _ => DateOrder::Iso,
        }
    }
}

impl DateOrder {
    /// The order that the values of a column prove: one value such as `13/11/2019` proves the day first, as long
    /// as none proves the month first.
    pub fn detect<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut signs = Signs::default();
        values.into_iter().filter(|v| !super::words::is_blank(v)).for_each(|v| signs.see(v));
        signs.order()
    }
}

/// Whether a cell looks like a date at all.
pub(in crate::import) fn is_like(cell: &str) -> bool {
    let text = day_part(cell);
    numbers(text).is_some()
        || compact(text).is_some()
        || with_letters(text).is_some()
        || serial(text).is_some()
}

/// What programs write when they have no date.
pub(in crate::import) fn stands_for_none(date: Date) -> bool {
    [date_of(1900, 1, 1), date_of(1899, 12, 30), date_of(1899, 12, 31), date_of(1753, 1, 1), date_of(1, 1, 1)]
        .contains(&date)
}

const fn date_of(year: i16, month: i8, day: i8) -> Date {
    date(year, month, day)
}

/// Reads a date of a column. `end` allows days after today.
pub(in crate::import) fn parse(
    cell: &str,
    order: DateOrder,
    today: Date,
    end: bool,
) -> Result<Date, DateFault> {
    let text = day_part(cell);
    let day = read(text, cell, order, today, end)?;
    if stands_for_none(day) {
        return Ok(day);
    }
    if day.year() < 1950 {
        return Err(DateFault::TooEarly(cell.to_owned()));
    }
    if day > today && !end {
        return Err(DateFault::Future(cell.to_owned(), today));
    }
    Ok(day)
}

/// Reads a day, or an instant as our exports write it.
pub(in crate::import) fn parse_when(cell: &str, order: DateOrder, today: Date) -> Result<When, DateFault> {
    let day = parse(cell, order, today, false)?;
    // RFC 3339 with an offset; without one a time of day says nothing without a zone.
    match cell.trim().parse::<jiff::Timestamp>() {
        Ok(at) if cell.contains('T') => Ok(When::At(Instant::from_micros(at.as_microsecond()))),
        _ => Ok(When::On(day)),
    }
}

fn read(text: &str, cell: &str, order: DateOrder, today: Date, end: bool) -> Result<Date, DateFault> {
    let given = || cell.to_owned();
    let whole = |y, m, d| whole(y, m, d).ok_or_else(|| DateFault::Impossible(given()));
    let ordered = order == DateOrder::DayFirst || order == DateOrder::MonthFirst;
    if let Some([a, b, c]) = numbers(text) {
        if a.len() == 4 && b.len() <= 2 && c.len() <= 2 {
            return whole(small(a), small(b), small(c));
        }
        let short = c.len() == 2;
        if a.len() > 2 || b.len() > 2 || !(short || c.len() == 4) {
            return Err(DateFault::Unknown(given()));
        }
        if short && !ordered {
            return Err(DateFault::ShortYear(given()));
        }
        let year = if short { full_year(small(c), today, end) } else { small(c) };
        return match (order, small(a), small(b)) {
            (DateOrder::DayFirst, day, month) | (DateOrder::MonthFirst, month, day) => {
                whole(year, month, day)
            }
            (_, a, b) if a > 12 => whole(year, b, a),
            (_, a, b) if b > 12 || a == b => whole(year, a, b),
            _ => Err(DateFault::Ambiguous(given())),
        };
    }
    if let Some((day, month, year)) = with_letters(text) {
        let year = if year < 100 { full_year(year, today, end) } else { year };
        return whole(year, month, day);
    }
    if let Some([y, m, d]) = compact(text) {
        return whole(y, m, d);
    }
    match serial(text) {
        Some(days) if order == DateOrder::Serial => date_of(1899, 12, 30)
            .checked_add(jiff::Span::new().days(days))
            .map_err(|_| DateFault::Impossible(given())),
        _ => Err(DateFault::Unknown(given())),
    }
}

fn whole(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The cell without a time of day.
fn day_part(cell: &str) -> &str {
    let cell = cell.trim();
    match cell.split_once([' ', 'T']) {
        Some((day, time)) if time.contains(':') && day.starts_with(|c: char| c.is_ascii_digit()) => day,
        _ => match cell.find(':').and_then(|colon| cell[..colon].rfind(' ')) {
            Some(space) => cell[..space].trim_end(),
            None => cell,
        },
    }
}

/// Three groups of digits with one kind of separator between them.
fn numbers(text: &str) -> Option<[&str; 3]> {
    let separator = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '/' | '-' | '.'))?;
    let mut parts = text.split(separator);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    let digits = |p: &&str| (1..=4).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    (parts.next().is_none() && three.iter().all(digits)).then_some(three)
}

/// `20191106`.
fn compact(text: &str) -> Option<[i32; 3]> {
    let plausible = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    (plausible && (text.starts_with("19") || text.starts_with("20")))
        .then(|| [small(&text[..4]), small(&text[4..6]), small(&text[6..])])
}

/// `6 Nov 2019`, `06-NOV-19`, `November 6, 2019`, `6. März 2020`: day, month, year.
fn with_letters(text: &str) -> Option<(i32, i32, i32)> {
    if !text.contains(char::is_alphabetic) {
        return None;
    }
    let words = kernel::words(text);
    let [a, b, c] =
        words.iter().filter(|w| *w != "de").map(String::as_str).collect::<Vec<_>>().try_into().ok()?;
    let number =
        |w: &str, most: usize| (w.len() <= most && w.bytes().all(|b| b.is_ascii_digit())).then(|| small(w));
    let (day, name) = if a.starts_with(|c: char| c.is_ascii_digit()) { (a, b) } else { (b, a) };
    Some((number(day, 2)?, month(name)?, number(c, 4).filter(|_| c.len() != 3)?))
}

/// The month by its name in English, German, French or Spanish, shortened to three letters or more.
fn month(name: &str) -> Option<i32> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "januar", "janner", "janvier", "enero"],
        &["february", "februar", "fevrier", "febrero"],
        &["march", "marz", "maerz", "mars", "marzo"],
        &["april", "avril", "abril"],
        &["may", "mai", "mayo"],
        &["june", "juni", "juin", "junio"],
        &["july", "juli", "juillet", "julio"],
        &["august", "aout", "agosto"],
        &["september", "septembre", "septiembre", "sept"],
        &["october", "oktober", "octobre", "octubre"],
        &["november", "novembre", "noviembre"],
        &["december", "dezember", "decembre", "diciembre"],
    ];
    // `jui` could be June or July in French.
    let fits = |full: &&str| name.len() >= 3 && name != "jui" && full.starts_with(name);
    MONTHS.iter().position(|names| names.iter().any(fits)).map(|i| i as i32 + 1)
}

/// Days of a spreadsheet program between 1954 and 2064, `43775` or `43775.5`.
fn serial(text: &str) -> Option<i32> {
    let (days, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    (days.len() == 5 && digits(days) && digits(part))
        .then(|| small(days))
        .filter(|d| (20_000..=60_000).contains(d))
}

/// The century of a two-digit year: never in the future, except for days on which something ends.
fn full_year(short: i32, today: Date, end: bool) -> i32 {
    let latest = i32::from(today.year()) + if end { 30 } else { 0 };
    if 2000 + short > latest { 1900 + short } else { 2000 + short }
}

/// A number of at most five digits.
fn small(digits: &str) -> i32 {
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = date(2026, 10, 31);

    fn iso(cell: &str, order: DateOrder) -> String {
        parse(cell, order, TODAY, false).map_or_else(|e| e.to_string(), |d| d.to_string())
    }

    #[test]
    fn dates_that_read_one_way_are_read() {
        for (cell, expected) in [
            ("2019-11-06", "2019-11-06"),
            ("2019/11/6", "2019-11-06"),
            ("20191106", "2019-11-06"),
            (" 2019-11-06 00:00:00 ", "2019-11-06"),
            ("2019-11-06T08:15:00Z", "2019-11-06"),
            ("13/11/2019 3:15 PM", "2019-11-13"),
            ("11/13/2019", "2019-11-13"),
            ("5.5.2019", "2019-05-05"),
            ("6 Nov 2019", "2019-11-06"),
            ("06-NOV-19", "2019-11-06"),
            ("November 6, 2019 12:00", "2019-11-06"),
            ("6. März 2020", "2020-03-06"),
            ("6 de agosto de 2020", "2020-08-06"),
            ("1 févr. 1999", "1999-02-01"),
        ] {
            assert_eq!(iso(cell, DateOrder::Iso), expected, "{cell}");
        }
    }

    #[test]
    fn the_order_decides_and_is_never_guessed() {
        assert!(iso("06/11/2019", DateOrder::Iso).contains("choose the date order"));
        assert!(iso("13/11/19", DateOrder::Iso).contains("two digits"));
        assert_eq!(iso("06/11/2019", DateOrder::DayFirst), "2019-11-06");
        assert_eq!(iso("06/11/2019", DateOrder::MonthFirst), "2019-06-11");
        assert_eq!(iso("06/11/19", DateOrder::DayFirst), "2019-11-06");
        assert_eq!(iso("06/11/87", DateOrder::MonthFirst), "1987-06-11");
        assert!(iso("06/13/2019", DateOrder::DayFirst).contains("does not exist"));
        assert_eq!(iso("43775", DateOrder::Serial), "2019-11-06");
        assert!(iso("43775", DateOrder::Iso).contains("is not a date"));
        assert_eq!(parse("31.12.29", DateOrder::DayFirst, TODAY, true), Ok(date(2029, 12, 31)));
    }

    #[test]
    fn impossible_days_are_refused_in_words() {
        for (cell, words) in [
            ("2023-02-31", "does not exist"),
            ("31/02/2023", "does not exist"),
            ("2023-13-01", "does not exist"),
            ("2026-11-01", "after today (2026-10-31)"),
            ("1912-01-01", "before 1950"),
            ("soon", "is not a date"),
            ("2019", "is not a date"),
            ("6/2019", "is not a date"),
            ("1/2/3", "is not a date"),
        ] {
            assert!(iso(cell, DateOrder::Iso).contains(words), "{cell}: {}", iso(cell, DateOrder::Iso));
        }
        assert!(stands_for_none(parse("1900-01-01", DateOrder::Iso, TODAY, false).unwrap()));
    }

    #[test]
    fn a_column_proves_its_order() {
        assert_eq!(DateOrder::detect(["06/11/2019", "13/11/2019", "NULL"]), DateOrder::DayFirst);
        assert_eq!(DateOrder::detect(["06/11/2019", "11/13/2019", "2019-01-01"]), DateOrder::MonthFirst);
        assert_eq!(DateOrder::detect(["13/11/2019", "11/13/2019"]), DateOrder::Iso);
        assert_eq!(DateOrder::detect(["31/02/2019", "11/13/2019"]), DateOrder::MonthFirst);
        assert_eq!(DateOrder::detect(["43775", "", "43001"]), DateOrder::Serial);
        assert_eq!(DateOrder::detect(["43775", "2019-01-01"]), DateOrder::Iso);
    }

    #[test]
    fn our_own_instants_are_kept() {
        let at = parse_when("2019-11-06T08:15:00.5Z", DateOrder::Iso, TODAY).unwrap();
        assert_eq!(at, When::At(Instant::from_micros(1_573_028_100_500_000)));
        assert_eq!(parse_when("2019-11-06 08:15", DateOrder::Iso, TODAY), Ok(When::On(date(2019, 11, 6))));
    }
}
