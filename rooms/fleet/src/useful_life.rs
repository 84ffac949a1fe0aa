//! How long devices last in use, and who says so.

use db::Row;
use kernel::{FieldError, Problem, Result};
use serde::{Deserialize, Serialize};

use crate::device::Text;

/// How many years devices of a kind are of use, with where that is known from: the books of accountants, a maker and a
/// hospital’s own experience say different numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsefulLife {
    /// Years from acquisition to the usual replacement, 1 to 99.
    #[schemars(range(min = 1, max = 99))]
    pub years: u16,
    /// Where the number is from, in words.
    pub source: String,
}

impl UsefulLife {
    /// The longest that is believed, in years.
    pub const LONGEST: u16 = 99;
    /// The fields of a form that hold it: years and source.
    pub const FIELDS: [&'static str; 2] = ["life_years", "life_source"];

    /// Reads it from two texts, of which both are blank or none. What cannot be read is told at [`Self::FIELDS`].
    pub fn read(years: &str, source: &str, errors: &mut Vec<FieldError>) -> Option<Self> {
        let (years, source) = (years.trim(), source.trim());
        if years.is_empty() && source.is_empty() {
            return None;
        }
        let count = errors.len();
        let mut wrong = |at: usize, message: String| {
            errors.push(FieldError { field: Self::FIELDS[at].into(), message });
        };
        let whole: Option<u16> = years.parse().ok().filter(|n| (1..=Self::LONGEST).contains(n));
        if years.is_empty() {
            wrong(0, "How many years is missing. Write it, or leave the source empty too.".to_owned());
        } else if whole.is_none() {
            wrong(0, format!("“{years}” is not a number of years from 1 to {}.", Self::LONGEST));
        }
        if source.is_empty() {
            wrong(1, "Say where the years are from: the maker, a standard, your own records.".to_owned());
        }
        let source = Text::Words.read(source).map_err(|e| wrong(1, e.to_string())).unwrap_or_default();
        if errors.len() > count {
            return None;
        }
        whole.map(|years| Self { years, source })
    }

    /// Reads the columns `life_years` and `life_source`.
    pub(crate) fn from_row(row: &Row) -> Result<Option<Self>> {
        let (years, source): (Option<i64>, Option<String>) =
            (row.get("life_years")?, row.get("life_source")?);
        let years = years.map(u16::try_from).transpose().map_err(Problem::bug)?;
        Ok(years.zip(source).map(|(years, source)| Self { years, source }))
    }

    /// Reads one that came whole, as [`Self::read`] reads texts.
    pub(crate) fn checked(this: Option<Self>, errors: &mut Vec<FieldError>) -> Option<Self> {
        this.and_then(|life| Self::read(&life.years.to_string(), &life.source, errors))
    }

    /// `1 year`, `9 years`.
    pub fn on_page(&self) -> String {
        if self.years == 1 { "1 year".to_owned() } else { format!("{} years", self.years) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_come_with_their_source() {
        let mut errors = Vec::new();
        assert_eq!(UsefulLife::read(" ", "", &mut errors), None);
        let life = UsefulLife::read("9", " Own records ", &mut errors).unwrap();
        assert_eq!(
            (life.years, life.source.as_str(), life.on_page().as_str()),
            (9, "Own records", "9 years")
        );
        assert!(errors.is_empty());
        for (years, source, fields) in [
            ("9", "", &["life_source"][..]),
            ("", "the maker", &["life_years"]),
            ("0", "the maker", &["life_years"]),
            ("100", "the maker", &["life_years"]),
            ("ten", " ", &["life_years", "life_source"]),
        ] {
            let mut errors = Vec::new();
            assert_eq!(UsefulLife::read(years, source, &mut errors), None);
            assert_eq!(errors.iter().map(|e| &*e.field).collect::<Vec<_>>(), fields, "{years} {source}");
        }
    }
}
