//! Cells that a spreadsheet program would run as a formula.
//!
//! A cell beginning with one of [`STARTS`] is written with an apostrophe in front, which spreadsheet programs
//! show as text (OWASP, "CSV Injection"). So that a file reads back as it was, a cell that already has
//! apostrophes before such a character gets one more, and reading takes exactly one away. Plain negative and
//! signed numbers are left alone: they compute nothing, and other programs read them.

use std::borrow::Cow;

/// The first characters that make a formula, full-width forms included.
const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn after_apostrophes(cell: &str) -> Option<(bool, &str)> {
    let rest = cell.trim_start_matches('\'');
    rest.starts_with(STARTS).then_some((rest.len() < cell.len(), rest))
}

fn plain_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    all(whole) && all(part)
}

/// The cell as it is written.
pub(crate) fn neutral(cell: &str) -> Cow<'_, str> {
    match after_apostrophes(cell) {
        Some((had, _)) if had || !plain_number(cell) => Cow::Owned(format!("'{cell}")),
        _ => Cow::Borrowed(cell),
    }
}

/// The cell as it was before [`neutral`].
pub(crate) fn original(mut cell: String) -> String {
    if cell.starts_with('\'') && matches!(after_apostrophes(&cell), Some((true, _))) {
        cell.remove(0);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_marked_and_numbers_are_not() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-12.50", "-12.50"),
            ("+1", "+1"),
            ("-2+cmd|' /C calc'!A0", "'-2+cmd|' /C calc'!A0"),
            ("'=1", "''=1"),
            ("'-1", "''-1"),
            ("'plain", "'plain"),
            ("＝1", "'＝1"),
            ("", ""),
        ] {
            assert_eq!(neutral(cell), written);
            assert_eq!(original(written.to_owned()), cell);
        }
    }
}
