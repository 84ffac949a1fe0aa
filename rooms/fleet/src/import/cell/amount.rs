//! Amounts of money as files write them. Whether `1,250` is one thousand or one and a quarter is settled by the
//! rest of the column or by the person, never guessed.

use kernel::{Currency, Money};
use serde::{Deserialize, Serialize};

/// Which character a column writes before the decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmountStyle {
    /// Not proven: amounts that can be read two ways are refused.
    #[default]
    Unproven,
    /// `4,120.50`
    Point,
    /// `4.120,50`
    Comma,
}

/// Why a cell is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::import) enum AmountFault {
    #[error("“{0}” is not an amount; write it as 4120.50")]
    Unknown(String),
    #[error("“{0}” can be read with decimals or with thousands; choose the decimal sign for this column")]
    Ambiguous(String),
    #[error("“{0}” is negative; write what was paid")]
    Negative(String),
    #[error("“{0}” is in {1}, but the row says {2}; correct one of them")]
    Currency(String, &'static str, Currency),
    #[error("“{0}” has no currency; add a column for it or choose one for the file")]
    NoCurrency(String),
}

/// What the amounts of a column say about its decimal sign, gathered cell by cell.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::import) struct Signs {
    point: bool,
    comma: bool,
}

impl Signs {
    pub(in crate::import) fn see(&mut self, cell: &str) {
        match split(cell).and_then(|(_, digits)| proves(&digits)) {
            Some(AmountStyle::Point) => self.point = true,
            Some(AmountStyle::Comma) => self.comma = true,
            _ => {}
        }
    }

    pub(in crate::import) const fn style(self) -> AmountStyle {
        match (self.point, self.comma) {
            (true, false) => AmountStyle::Point,
            (false, true) => AmountStyle::Comma,
            _ => AmountStyle::Unproven,
        }
    }
}

/// Whether a cell looks like an amount.
pub(in crate::import) fn is_like(cell: &str) -> bool {
    split(cell).is_some()
}

/// Reads an amount. `currency` is that of the row's own cell; `fallback` that of the file.
pub(in crate::import) fn parse(
    cell: &str,
    style: AmountStyle,
    currency: Option<Currency>,
    fallback: Option<Currency>,
) -> Result<Money, AmountFault> {
    let given = || cell.trim().to_owned();
    let (mark, digits) = split(cell).ok_or_else(|| {
        let inner = cell.trim().trim_start_matches(['-', '−', '(']).trim_end_matches([')', '-']);
        if inner != cell.trim() && split(inner).is_some() {
            AmountFault::Negative(given())
        } else {
            AmountFault::Unknown(given())
        }
    })?;
    let currency = match mark {
        None => currency.or(fallback),
        Some(mark) => match currency.or(fallback) {
            Some(known) if mark.fits(known) => Some(known),
            Some(known) if currency.is_some() => {
                return Err(AmountFault::Currency(given(), mark.words(), known));
            }
            _ => mark.alone(),
        },
    };
    let currency = currency.ok_or_else(|| AmountFault::NoCurrency(given()))?;
    let plain = plain(&digits, style, currency.decimals()).ok_or_else(|| AmountFault::Ambiguous(given()))?;
    // Database dumps write more zeros than the currency has decimals.
    let shortest =
        if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
    Money::parse(shortest, currency).map_err(|_| AmountFault::Unknown(given()))
}

/// A sign or code of a currency beside the digits.
#[derive(Clone, Copy)]
enum Mark {
    Dollar,
    Euro,
    Pound,
    Code(Currency),
}

impl Mark {
    fn fits(self, currency: Currency) -> bool {
        match self {
            Self::Dollar => currency.as_str().ends_with('D'),
            Self::Euro => currency.as_str() == "EUR",
            Self::Pound => currency.as_str() == "GBP",
            Self::Code(code) => code == currency,
        }
    }

    /// The currency when nothing else says: many countries have dollars.
    fn alone(self) -> Option<Currency> {
        match self {
            Self::Dollar => None,
            Self::Euro => "EUR".parse().ok(),
            Self::Pound => "GBP".parse().ok(),
            Self::Code(code) => Some(code),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Dollar => "dollars",
            Self::Euro => "euros",
            Self::Pound => "pounds",
            Self::Code(_) => "another currency",
        }
    }
}

/// The currency sign and the digits with their separators.
fn split(cell: &str) -> Option<(Option<Mark>, String)> {
    let compact: String = cell.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '’')).collect();
    let edge = |c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-' | '(' | ')');
    let digits = compact.trim_matches(edge);
    let mark = match compact.replacen(digits, "", 1).as_str() {
        "" => None,
        "$" | "US$" => Some(Mark::Dollar),
        "€" => Some(Mark::Euro),
        "£" => Some(Mark::Pound),
        code => Some(Mark::Code(code.parse().ok()?)),
    };
    // `4.120,-` is a Dutch and German way to write no decimals.
    let digits = &digits.replace(",-", ",00").replace(".-", ".00");
    let fine = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    (fine && grouped(digits)).then(|| (mark, digits.clone()))
}

/// Whether the separators stand where they can: groups of three before the last one.
fn grouped(digits: &str) -> bool {
    let parts: Vec<&str> = digits.split(['.', ',']).collect();
    let [first, middle @ .., last] = parts.as_slice() else { return true };
    let separators: Vec<char> = digits.chars().filter(|c| !c.is_ascii_digit()).collect();
    let Some((end, before)) = separators.split_last() else { return true };
    let one_kind = before.windows(2).all(|w| w[0] == w[1]);
    let thousands = middle.is_empty() || first.len() <= 3 && middle.iter().all(|g| g.len() == 3);
    // The same separator twice can only be for thousands.
    one_kind && thousands && !last.is_empty() && (!before.contains(end) || last.len() == 3)
}

/// The style an amount proves by itself.
fn proves(digits: &str) -> Option<AmountStyle> {
    let last = digits.rfind(['.', ','])?;
    let (this, other) = if digits.as_bytes()[last] == b'.' {
        (AmountStyle::Point, AmountStyle::Comma)
    } else {
        (AmountStyle::Comma, AmountStyle::Point)
    };
    let separators: Vec<char> = digits.chars().filter(|c| !c.is_ascii_digit()).collect();
    let repeated = separators.len() > 1 && separators.iter().all(|c| Some(c) == separators.first());
    if repeated {
        return Some(other);
    }
    // One separator with three digits after it, unless more stand in front of it than a group of thousands has.
    let doubtful = separators.len() == 1 && digits.len() - last == 4 && last <= 3 && !digits.starts_with('0');
    (!doubtful).then_some(this)
}

/// Digits with `.` before the decimals; `None` when nothing tells.
fn plain(digits: &str, style: AmountStyle, decimals: u32) -> Option<String> {
    let Some(last) = digits.rfind(['.', ',']) else { return Some(digits.to_owned()) };
    // What an amount proves by itself ranks before the rest of its column.
    let own = proves(digits);
    let decimal = match own.unwrap_or(style) {
        AmountStyle::Point => '.',
        AmountStyle::Comma => ',',
        AmountStyle::Unproven => return None,
    };
    // `4,120` in a column of decimal commas would have three decimals, which few currencies have.
    if own.is_none() && digits[last..].starts_with(decimal) && decimals < 3 {
        return None;
    }
    let sign = |c: char| if c == decimal { Some('.') } else { c.is_ascii_digit().then_some(c) };
    Some(digits.chars().filter_map(sign).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, style: AmountStyle) -> String {
        let eur = "EUR".parse().ok();
        parse(cell, style, None, eur)
            .map_or_else(|e| e.to_string(), |m| format!("{} {}", m.plain(), m.currency))
    }

    #[test]
    fn amounts_that_read_one_way_are_read() {
        for (cell, expected) in [
            ("4120", "4120.00 EUR"),
            ("4120.5", "4120.50 EUR"),
            ("4,120.00", "4120.00 EUR"),
            ("4.120,00", "4120.00 EUR"),
            ("4 120,00 €", "4120.00 EUR"),
            ("4'120.50", "4120.50 EUR"),
            ("1,250,000", "1250000.00 EUR"),
            ("CHF 12.00", "12.00 CHF"),
            ("£12.00", "12.00 GBP"),
            ("4120.5000", "4120.50 EUR"),
            ("4120.500", "4120.50 EUR"),
            ("4.120,-", "4120.00 EUR"),
            ("0,125", "refused"),
        ] {
            if expected == "refused" {
                assert!(read(cell, AmountStyle::Unproven).starts_with('“'), "{cell}");
            } else {
                assert_eq!(read(cell, AmountStyle::Unproven), expected, "{cell}");
            }
        }
    }

    #[test]
    fn the_column_settles_what_reads_two_ways() {
        assert!(read("4,120", AmountStyle::Unproven).contains("choose the decimal sign"));
        assert_eq!(read("4,120", AmountStyle::Point), "4120.00 EUR");
        assert_eq!(read("4.120", AmountStyle::Comma), "4120.00 EUR");
        assert!(read("4,120", AmountStyle::Comma).contains("4,120"));
        let mut signs = Signs::default();
        for cell in ["4,120", "12", "3,20"] {
            signs.see(cell);
        }
        assert_eq!(signs.style(), AmountStyle::Comma);
    }

    #[test]
    fn what_is_no_amount_is_refused_in_words() {
        for (cell, words) in [
            ("about 5", "is not an amount"),
            ("1,2,3", "is not an amount"),
            ("12.3.4,5", "is not an amount"),
            ("-5.00", "negative"),
            ("(5.00)", "negative"),
        ] {
            assert!(
                read(cell, AmountStyle::Point).contains(words),
                "{cell}: {}",
                read(cell, AmountStyle::Point)
            );
        }
        let usd = "USD".parse().ok();
        assert!(parse("€5", AmountStyle::Point, usd, None).unwrap_err().to_string().contains("euros"));
        assert!(parse("$5", AmountStyle::Point, None, None).unwrap_err().to_string().contains("no currency"));
        assert_eq!(parse("$5", AmountStyle::Point, None, usd).map(|m| m.minor), Ok(500));
        assert!(read("$5", AmountStyle::Point).contains("no currency"));
    }
}
