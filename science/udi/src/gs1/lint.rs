//! What the dictionary asks of a component's content, by the names of GS1's syntax tests.

use crate::{check, date::Date};

/// A test of one component. Those that need a list which is not ours to keep (countries, currencies, package types,
/// coupons, company prefixes) are not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linter {
    /// The last digit is a check digit.
    Csum,
    /// The last two characters are a check pair.
    CsumAlpha,
    /// A day, or 00 for some day of the month.
    Yymmd0,
    Yymmdd,
    Yyyymmdd,
    Hh,
    Mi,
    Ss,
    Hhmi,
    Zero,
    NonZero,
    NoZeroPrefix,
    HasNonDigit,
    Hyphen,
    YesNo,
    Winding,
    Sex,
    /// Which piece of how many.
    PieceOfTotal,
    PositionInSequence,
    Latitude,
    Longitude,
}

impl Linter {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "csum" => Self::Csum,
            "csumalpha" => Self::CsumAlpha,
            "yymmd0" => Self::Yymmd0,
            "yymmdd" => Self::Yymmdd,
            "yyyymmdd" => Self::Yyyymmdd,
            "hh" => Self::Hh,
            "mi" => Self::Mi,
            "ss" => Self::Ss,
            "hhmi" => Self::Hhmi,
            "zero" => Self::Zero,
            "nonzero" => Self::NonZero,
            "nozeroprefix" => Self::NoZeroPrefix,
            "hasnondigit" => Self::HasNonDigit,
            "hyphen" => Self::Hyphen,
            "yesno" => Self::YesNo,
            "winding" => Self::Winding,
            "iso5218" => Self::Sex,
            "pieceoftotal" => Self::PieceOfTotal,
            "posinseqslash" => Self::PositionInSequence,
            "latitude" => Self::Latitude,
            "longitude" => Self::Longitude,
            _ => return None,
        })
    }

    /// What is wrong, in words; nothing for what passes.
    pub fn fault(self, data: &str) -> Option<&'static str> {
        let (passes, words) = match self {
            Self::Csum => (check::digit_fits(data), CHECK_DIGIT),
            Self::CsumAlpha => (check::pair_fits(data), "the check pair does not fit"),
            Self::Yymmd0 => (day(data, true), NO_DAY),
            Self::Yymmdd => (day(data, false), NO_DAY),
            Self::Yyyymmdd => (data.len() == 8 && long_day(data), NO_DAY),
            Self::Hh => (below(data, 24), NO_TIME),
            Self::Mi | Self::Ss => (below(data, 60), NO_TIME),
            Self::Hhmi => {
                let time = data.split_at_checked(2);
                (time.is_some_and(|(hh, mi)| below(hh, 24) && below(mi, 60)), NO_TIME)
            }
            Self::Zero => (!data.is_empty() && data.bytes().all(|b| b == b'0'), "must be zero"),
            Self::NonZero => (is_number(data) && data.bytes().any(|b| b != b'0'), "must not be zero"),
            Self::NoZeroPrefix => (
                data.bytes().all(|b| b.is_ascii_digit()) && !data.starts_with('0'),
                "must not begin with a zero",
            ),
            Self::HasNonDigit => (data.bytes().any(|b| !b.is_ascii_digit()), "must not be digits only"),
            Self::Hyphen => (!data.is_empty() && data.bytes().all(|b| b == b'-'), "must be a minus sign"),
            Self::YesNo => (["0", "1"].contains(&data), "must be 0 or 1"),
            Self::Winding => (["0", "1", "9"].contains(&data), "must be 0, 1 or 9"),
            Self::Sex => (["0", "1", "2", "9"].contains(&data), "must be 0, 1, 2 or 9"),
            Self::PieceOfTotal => (piece_of_total(data), "is no piece of a total"),
            Self::PositionInSequence => (position(data), "is no position in a sequence"),
            Self::Latitude => (data.len() == 10 && at_most(data, 1_800_000_000), "is no latitude"),
            Self::Longitude => (data.len() == 10 && at_most(data, 3_600_000_000), "is no longitude"),
        };
        (!passes).then_some(words)
    }
}

/// What is said of a check digit that is another than it should be.
pub(crate) const CHECK_DIGIT: &str = "the check digit does not fit";
const NO_DAY: &str = "there is no such day";
const NO_TIME: &str = "there is no such time";

fn is_number(data: &str) -> bool {
    !data.is_empty() && data.bytes().all(|b| b.is_ascii_digit())
}

/// Two digits below a number.
fn below(data: &str, end: u8) -> bool {
    data.len() == 2 && is_number(data) && data.parse::<u8>().is_ok_and(|n| n < end)
}

fn at_most(data: &str, most: u64) -> bool {
    is_number(data) && data.parse::<u64>().is_ok_and(|n| n <= most)
}

/// YYMMDD. No century within anybody's life ends in a year that is no leap year, so any will do.
fn day(data: &str, or_none: bool) -> bool {
    data.len() == 6 && is_number(data) && long_day(&format!("20{data}")) && (or_none || !data.ends_with("00"))
        || or_none && data.len() == 6 && is_number(data) && some_day(data)
}

/// YYMM00.
fn some_day(data: &str) -> bool {
    data.ends_with("00") && data.get(2..4).is_some_and(|month| (1..=12).contains(&month.parse().unwrap_or(0)))
}

/// YYYYMMDD.
fn long_day(data: &str) -> bool {
    let part = |from, to| data.get(from..to).filter(|t| is_number(t)).and_then(|t| t.parse::<u16>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(4, 6), part(6, 8)) else { return false };
    day > 0 && Date::day(year, month as u8, day as u8).is_some()
}

fn piece_of_total(data: &str) -> bool {
    let Some((piece, total)) = data.split_at_checked(data.len() / 2) else { return false };
    data.len().is_multiple_of(2)
        && is_number(data)
        && piece.bytes().any(|b| b != b'0')
        && total.bytes().any(|b| b != b'0')
        && piece <= total
}

/// `2/3`.
fn position(data: &str) -> bool {
    let Some((place, end)) = data.split_once('/') else { return false };
    let number =
        |text: &str| (is_number(text) && !text.starts_with('0')).then(|| text.parse::<u64>().ok()).flatten();
    matches!((number(place), number(end)), (Some(place), Some(end)) if place <= end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of GS1's syntax tests, from the folder named by `BATON_CORPUS`.
    #[test]
    fn as_the_syntax_tests_say() {
        let Some(folder) = std::env::var_os("BATON_CORPUS") else {
            return eprintln!("SKIPPED: BATON_CORPUS names no folder with gs1_linter_vectors.tsv");
        };
        let file = std::path::PathBuf::from(folder).join("barcode-udi/gs1_linter_vectors.tsv");
        let text = std::fs::read_to_string(file).unwrap();
        let (mut judged, mut wrong) = (std::collections::BTreeMap::new(), Vec::new());
        for line in text.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [name, verdict, input, error, ..] = columns[..] else { panic!("{line}") };
            let quoted = input.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
            let input = quoted.map_or(input.to_owned(), |t| t.replace("\"\"", "\""));
            let input = input.replace("\\\"", "\"").replace("\\\\", "\\");
            let Some(linter) = name.strip_prefix("gs1_lint_").and_then(Linter::named) else { continue };
            *judged.entry(name.to_owned()).or_insert(0) += 1;
            if linter.fault(&input).is_none() != (verdict == "PASS") {
                wrong.push(format!("{name} {verdict} {input:?} {error}"));
            }
        }
        assert!(judged.len() >= 19, "{judged:?}");
        assert_eq!(wrong, Vec::<String>::new());
    }
}
