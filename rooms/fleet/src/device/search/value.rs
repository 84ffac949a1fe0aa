//! Numbers, days and their ranges in a search.

use jiff::{Span, ToSpan as _};
use kernel::{Currency, Date, Money, query::Test};

/// Days of a range, its ends with it; an end that is missing is open.
pub(super) type Days = (Option<Date>, Option<Date>);

/// Amounts of a range in minor units, its ends with it; an end that is missing is open.
pub(super) type Amounts = (Option<i64>, Option<i64>);

/// The ranges of days that a test asks for.
///
/// # Errors
/// One sentence that says what is wrong and what to write instead.
pub(super) fn days(test: &Test, today: Date) -> Result<Vec<Days>, String> {
    let day = |text: &str| day(text, today);
    let before = |date: Date| date.yesterday().ok();
    let after = |date: Date| date.tomorrow().ok();
    Ok(match test {
        Test::OneOf(values) => values
            .iter()
            .map(|value| day(value).map(|(from, to)| (Some(from), Some(to))))
            .collect::<Result<_, _>>()?,
        Test::Below(value) => vec![(None, before(day(value)?.0))],
        Test::UpTo(value) => vec![(None, Some(day(value)?.1))],
        Test::Above(value) => vec![(after(day(value)?.1), None)],
        Test::From(value) => vec![(Some(day(value)?.0), None)],
        Test::Between(from, to) => vec![(Some(day(from)?.0), Some(day(to)?.1))],
    })
}

/// First and last day of what was written: a day, a month, a year, `today`, or so many days, weeks, months or years from
/// today (`30d`, `-2y`).
fn day(text: &str, today: Date) -> Result<(Date, Date), String> {
    let text = text.trim();
    let wrong = || format!("“{text}” is no date. Write 2026-10-13, 2026-10, 2026, today, 30d or -2y.");
    if text.eq_ignore_ascii_case("today") {
        return Ok((today, today));
    }
    if let Some(span) = span(text) {
        let there = today.checked_add(span).map_err(|_| wrong())?;
        return Ok((there, there));
    }
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let number = |part: &str| part.parse::<i16>().ok().filter(|_| digits(part));
    let parts: Vec<&str> = text.split('-').collect();
    let month = |year: i16, month: i16| Date::new(year, i8::try_from(month).ok()?, 1).ok();
    let found = match parts.as_slice() {
        [year] if year.len() == 4 => {
            number(year).and_then(|year| Some((month(year, 1)?, month(year, 12)?.last_of_month())))
        }
        [year, of] if year.len() == 4 => number(year)
            .zip(number(of))
            .and_then(|(year, of)| month(year, of))
            .map(|first| (first, first.last_of_month())),
        _ => return kernel::read_day(text).map(|day| (day, day)),
    };
    found.ok_or_else(wrong)
}

/// `30d`, `2w`, `-6m`, `10y`.
fn span(text: &str) -> Option<Span> {
    let unit = text.chars().last()?.to_ascii_lowercase();
    let number = text.get(..text.len() - 1)?;
    let number: i32 = number.strip_prefix('+').unwrap_or(number).parse().ok()?;
    if number.unsigned_abs() > 50_000 {
        return None;
    }
    match unit {
        'd' => Some(number.days()),
        'w' => Some(number.weeks()),
        'm' => Some(number.months()),
        'y' if number.unsigned_abs() < 1_000 => Some(number.years()),
        _ => None,
    }
}

/// The ranges of days in which something was acquired that is so many years old. Seven years old is what has seen seven
/// years and not yet eight.
///
/// # Errors
/// As [`days`].
pub(super) fn acquired_by_age(test: &Test, today: Date) -> Result<Vec<Days>, String> {
    let ago = |text: &str| years(text).and_then(|years| ago(years, today).ok_or_else(|| too_old(text)));
    let after = |date: Date| date.tomorrow().ok();
    Ok(match test {
        Test::OneOf(values) => values
            .iter()
            .map(|value| {
                let old = years(value)?;
                let next = self::ago(old.floor() + 1.0, today).ok_or_else(|| too_old(value))?;
                Ok((after(next), Some(ago(value)?)))
            })
            .collect::<Result<_, String>>()?,
        Test::Below(value) => vec![(after(ago(value)?), None)],
        Test::UpTo(value) => vec![(Some(ago(value)?), None)],
        Test::Above(value) => vec![(None, ago(value)?.yesterday().ok())],
        Test::From(value) => vec![(None, Some(ago(value)?))],
        Test::Between(least, most) => vec![(Some(ago(most)?), Some(ago(least)?))],
    })
}

fn too_old(text: &str) -> String {
    format!("“{text}” years is too long.")
}

fn years(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches(['y', 'Y']).parse::<f64>().ok();
    let known = number.filter(|years| (0.0..1_000.0).contains(years));
    known.ok_or_else(|| format!("“{text}” is no number of years. Write age:>7 or age:5..10."))
}

/// The day so many years ago: whole years by the calendar, the rest in days.
fn ago(years: f64, today: Date) -> Option<Date> {
    let whole = years.floor();
    let days = ((years - whole) * 365.25).round();
    // Both are small whole numbers.
    let there = today.checked_sub((whole as i32).years()).ok()?;
    there.checked_sub((days as i32).days()).ok()
}

/// The least and the most in minor units, for each range of prices that a test asks for in a currency.
///
/// # Errors
/// As [`days`].
pub(super) fn prices(test: &Test, currency: Currency) -> Result<Vec<Amounts>, String> {
    let minor = |text: &str| {
        let read = Money::parse(text, currency).map(|money| money.minor);
        read.map_err(|_| {
            format!("“{text}” is no amount. Write digits without separators, such as cost:>=5000 or cost:>=5000EUR.")
        })
    };
    Ok(match test {
        Test::OneOf(values) => {
            values.iter().map(|value| minor(value).map(|n| (Some(n), Some(n)))).collect::<Result<_, _>>()?
        }
        Test::Below(value) => vec![(None, Some(minor(value)? - 1))],
        Test::UpTo(value) => vec![(None, Some(minor(value)?))],
        Test::Above(value) => vec![(Some(minor(value)? + 1), None)],
        Test::From(value) => vec![(Some(minor(value)?), None)],
        Test::Between(from, to) => vec![(Some(minor(from)?), Some(minor(to)?))],
    })
}

/// The currency that amounts of a test end with, and the test without it.
pub(super) fn currency_of(test: &Test) -> (Option<Currency>, Test) {
    let mut named = None;
    let mut take = |text: &String| {
        let at = text.len().saturating_sub(3);
        match text.get(at..).and_then(|code| code.parse::<Currency>().ok()) {
            Some(currency) => {
                named = Some(currency);
                text.get(..at).unwrap_or_default().trim().to_owned()
            }
            None => text.clone(),
        }
    };
    let test = match test {
        Test::OneOf(values) => Test::OneOf(values.iter().map(take).collect()),
        Test::Below(value) => Test::Below(take(value)),
        Test::UpTo(value) => Test::UpTo(take(value)),
        Test::Above(value) => Test::Above(take(value)),
        Test::From(value) => Test::From(take(value)),
        Test::Between(from, to) => Test::Between(take(from), take(to)),
    };
    (named, test)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::query::Query;
    use proptest::prelude::*;

    fn test(text: &str) -> Test {
        Query::parse(&format!("x:{text}")).terms[0].test.clone()
    }

    fn date(text: &str) -> Option<Date> {
        Some(text.parse().unwrap())
    }

    fn today() -> Date {
        "2026-10-13".parse().unwrap()
    }

    #[test]
    fn days_months_years_and_spans() {
        let days = |text: &str| days(&test(text), today()).unwrap();
        assert_eq!(days("2019"), [(date("2019-01-01"), date("2019-12-31"))]);
        assert_eq!(days("2024-02"), [(date("2024-02-01"), date("2024-02-29"))]);
        assert_eq!(
            days("2024-02-29,today"),
            [(date("2024-02-29"), date("2024-02-29")), (date("2026-10-13"), date("2026-10-13"))]
        );
        assert_eq!(days("\"13 Oct 2026\""), [(date("2026-10-13"), date("2026-10-13"))]);
        assert_eq!(days("<2019"), [(None, date("2018-12-31"))]);
        assert_eq!(days("<=2019-03"), [(None, date("2019-03-31"))]);
        assert_eq!(days(">2019"), [(date("2020-01-01"), None)]);
        assert_eq!(days(">=2019"), [(date("2019-01-01"), None)]);
        assert_eq!(days("2019..2021-06"), [(date("2019-01-01"), date("2021-06-30"))]);
        assert_eq!(days("<=30d"), [(None, date("2026-11-12"))]);
        assert_eq!(days(">=-2y"), [(date("2024-10-13"), None)]);
    }

    #[test]
    fn what_is_no_date_says_so() {
        for text in ["soon", "2019-13", "99", "2024-02-30", "99999999y", "06/11/19"] {
            assert!(days(&test(text), today()).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_count_whole_years_by_the_calendar() {
        let ages = |text: &str| acquired_by_age(&test(text), today()).unwrap();
        assert_eq!(ages("7"), [(date("2018-10-14"), date("2019-10-13"))]);
        assert_eq!(ages(">7"), [(None, date("2019-10-12"))]);
        assert_eq!(ages(">=7"), [(None, date("2019-10-13"))]);
        assert_eq!(ages("<7"), [(date("2019-10-14"), None)]);
        assert_eq!(ages("<=7"), [(date("2019-10-13"), None)]);
        assert_eq!(ages("5..10y"), [(date("2016-10-13"), date("2021-10-13"))]);
        assert_eq!(ages(">0.5"), [(None, date("2026-04-12"))]);
        assert!(acquired_by_age(&test(">old"), today()).is_err());
        assert!(acquired_by_age(&test(">-1"), today()).is_err());
    }

    #[test]
    fn prices_are_read_in_the_units_of_their_currency() {
        let yen: Currency = "JPY".parse().unwrap();
        let dollar: Currency = "USD".parse().unwrap();
        assert_eq!(prices(&test(">=5000"), dollar), Ok(vec![(Some(500_000), None)]));
        assert_eq!(prices(&test("<0.5"), dollar), Ok(vec![(None, Some(49))]));
        assert_eq!(prices(&test("5..10"), yen), Ok(vec![(Some(5), Some(10))]));
        assert!(prices(&test(">5,000"), dollar).is_err());
        assert_eq!(currency_of(&test(">5000JPY")), (Some(yen), Test::Above("5000".into())));
        assert_eq!(currency_of(&test("5000")), (None, test("5000")));
    }

    proptest! {
        /// Every day is in exactly one of before, within and after a date that reads.
        #[test]
        fn before_within_and_after_leave_no_day_out(text in "(20[0-9]{2}(-[01][0-9](-[0-3][0-9])?)?|-?[0-9]{1,3}[dwmy])", shift in -40_000_i32..40_000) {
            let (below, is, above) = (test(&format!("<{text}")), test(&text), test(&format!(">{text}")));
            prop_assume!(days(&is, today()).is_ok());
            let day = today().checked_add(shift.days()).unwrap();
            let within = |test: &Test| {
                let ranges = days(test, today()).unwrap();
                ranges.iter().any(|(a, b)| a.is_none_or(|a| a <= day) && b.is_none_or(|b| day <= b))
            };
            let n = [below, is, above].iter().filter(|test| within(test)).count();
            prop_assert_eq!(n, 1);
        }
    }
}
