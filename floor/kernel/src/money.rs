//! Money in integer minor units; currencies never mix.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The currencies of ISO 4217 list one as of 1 January 2026, in which prices can stand: without funds, metals, units of
/// account and codes for tests; and those withdrawn in the years before (ANG, BGN, CUC, HRK, SLL, ZWL), in which older prices
/// do. In order.
const CURRENCIES: [[u8; 3]; 161] = [
    *b"AED", *b"AFN", *b"ALL", *b"AMD", *b"ANG", *b"AOA", *b"ARS", *b"AUD", *b"AWG", *b"AZN", *b"BAM",
    *b"BBD", *b"BDT", *b"BGN", *b"BHD", *b"BIF", *b"BMD", *b"BND", *b"BOB", *b"BRL", *b"BSD", *b"BTN",
    *b"BWP", *b"BYN", *b"BZD", *b"CAD", *b"CDF", *b"CHF", *b"CLP", *b"CNY", *b"COP", *b"CRC", *b"CUC",
    *b"CUP", *b"CVE", *b"CZK", *b"DJF", *b"DKK", *b"DOP", *b"DZD", *b"EGP", *b"ERN", *b"ETB", *b"EUR",
    *b"FJD", *b"FKP", *b"GBP", *b"GEL", *b"GHS", *b"GIP", *b"GMD", *b"GNF", *b"GTQ", *b"GYD", *b"HKD",
    *b"HNL", *b"HRK", *b"HTG", *b"HUF", *b"IDR", *b"ILS", *b"INR", *b"IQD", *b"IRR", *b"ISK", *b"JMD",
    *b"JOD", *b"JPY", *b"KES", *b"KGS", *b"KHR", *b"KMF", *b"KPW", *b"KRW", *b"KWD", *b"KYD", *b"KZT",
    *b"LAK", *b"LBP", *b"LKR", *b"LRD", *b"LSL", *b"LYD", *b"MAD", *b"MDL", *b"MGA", *b"MKD", *b"MMK",
    *b"MNT", *b"MOP", *b"MRU", *b"MUR", *b"MVR", *b"MWK", *b"MXN", *b"MYR", *b"MZN", *b"NAD", *b"NGN",
    *b"NIO", *b"NOK", *b"NPR", *b"NZD", *b"OMR", *b"PAB", *b"PEN", *b"PGK", *b"PHP", *b"PKR", *b"PLN",
    *b"PYG", *b"QAR", *b"RON", *b"RSD", *b"RUB", *b"RWF", *b"SAR", *b"SBD", *b"SCR", *b"SDG", *b"SEK",
    *b"SGD", *b"SHP", *b"SLE", *b"SLL", *b"SOS", *b"SRD", *b"SSP", *b"STN", *b"SVC", *b"SYP", *b"SZL",
    *b"THB", *b"TJS", *b"TMT", *b"TND", *b"TOP", *b"TRY", *b"TTD", *b"TWD", *b"TZS", *b"UAH", *b"UGX",
    *b"USD", *b"UYU", *b"UZS", *b"VED", *b"VES", *b"VND", *b"VUV", *b"WST", *b"XAF", *b"XCD", *b"XCG",
    *b"XOF", *b"XPF", *b"YER", *b"ZAR", *b"ZMW", *b"ZWG", *b"ZWL",
];

/// An ISO 4217 alphabetic code of a currency, such as `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Currency([u8; 3]);

/// Why an amount could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// No currency of ISO 4217.
    #[error("“{0}” is not a currency of ISO 4217; write the three letters of one, such as USD")]
    Currency(String),
    /// Not a plain decimal amount.
    #[error("“{0}” is not an amount; write digits with at most {1} decimals, such as 4120.50")]
    Amount(String, u32),
}

impl Currency {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        // Only three capital letters are ever kept here; XXX is ISO 4217's own code for "no currency".
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimals of the minor unit (ISO 4217 list one, 2024 edition): 0 for JPY, 3 for KWD, else 2.
    pub fn decimals(self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(s: &str) -> Result<Self, MoneyError> {
        let code = match s.trim().as_bytes() {
            [a, b, c] => Some([a, b, c].map(u8::to_ascii_uppercase)),
            _ => None,
        };
        let known = code.filter(|code| CURRENCIES.binary_search(code).is_ok());
        known.map(Self).ok_or_else(|| MoneyError::Currency(s.to_owned()))
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount in the smallest unit of its currency (cents for USD).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Money {
    /// Minor units, negative for a credit.
    pub minor: i64,
    /// The currency of those units.
    pub currency: Currency,
}

impl Money {
    /// Reads a plain decimal amount: digits, an optional `.` and no more decimals than the currency has.
    ///
    /// # Errors
    /// [`MoneyError::Amount`] for anything else, thousands separators and symbols included: guessing whether
    /// `1,250` is one thousand or one and a quarter is the importer's work, with the whole column in sight.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Amount(text.to_owned(), currency.decimals());
        let trimmed = text.trim();
        let (negative, digits) = trimmed.strip_prefix('-').map_or((false, trimmed), |rest| (true, rest));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let decimals = currency.decimals() as usize;
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > decimals {
            return Err(bad());
        }
        let joined = format!("{whole}{part:0<decimals$}");
        let minor: i64 = joined.parse().map_err(|_| bad())?;
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }

    /// The amount as plain digits, `4120.50`: what files carry.
    pub fn plain(self) -> String {
        let decimals = self.currency.decimals() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }
}

impl fmt::Display for Money {
    /// `$4,120.50`, `€12.00`, `CHF 3.00`: the way pages print an amount.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.plain();
        let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |d| ("−", d));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let grouped = crate::text::grouped(whole);
        let mark = match self.currency.as_str() {
            "USD" => "$".to_owned(),
            "EUR" => "€".to_owned(),
            "GBP" => "£".to_owned(),
            other => format!("{other} "),
        };
        let cents = if part.is_empty() { String::new() } else { format!(".{part}") };
        write!(f, "{sign}{mark}{grouped}{cents}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plain_text_reads_back(minor in any::<i32>(), code in prop::sample::select(vec!["USD", "JPY", "KWD"])) {
            let money = Money { minor: minor.into(), currency: code.parse().unwrap() };
            prop_assert_eq!(Money::parse(&money.plain(), money.currency), Ok(money));
        }
    }

    #[test]
    fn only_currencies_that_exist_are_taken() {
        assert!(CURRENCIES.is_sorted());
        for good in ["USD", " eur ", "XAF", "ZWG", "XCG", "HRK"] {
            assert!(good.parse::<Currency>().is_ok(), "{good}");
        }
        for bad in ["XXQ", "XXX", "XAU", "ABC", "US", "USDX", "U$D", "ÜÜ", ""] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
        // Every currency with another number of decimals than two is one that exists.
        let odd = CURRENCIES.iter().filter(|code| Currency(**code).decimals() != 2).count();
        assert_eq!(odd, 16 + 7);
    }

    #[test]
    fn prints_and_refuses() {
        let usd: Currency = "usd".parse().unwrap();
        assert_eq!(Money::parse("4120.5", usd).unwrap().to_string(), "$4,120.50");
        assert_eq!(Money { minor: -5, currency: usd }.to_string(), "−$0.05");
        for bad in ["", "1,250", "$3", "1.234", "1e3", "--1", "99999999999999999999"] {
            assert!(Money::parse(bad, usd).is_err(), "{bad}");
        }
    }
}
