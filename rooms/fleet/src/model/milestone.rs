//! Days on which a maker ends something, and what a model costs: facts from outside, each with where it is from.

use jiff::civil::date;
use kernel::{Currency, Date, FieldError, Money};
use serde::{Deserialize, Serialize};

use crate::device::Text;

/// Days beyond these are typing errors.
const FROM: Date = date(1950, 1, 1);
const TO: Date = date(2150, 1, 1);

/// A day that the maker, or whoever supports the model, has named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// The day.
    pub on: Date,
    /// Where it is known from, in words: a letter of the maker, a contract.
    pub source: String,
    /// The day on which the hospital learnt it.
    pub learnt_on: Date,
}

/// What the maker asks for one, and when that was so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPrice {
    /// The price of one device.
    pub price: Money,
    /// The day of the list or offer.
    pub on: Date,
}

fn fault(errors: &mut Vec<FieldError>, field: &str, message: impl Into<String>) {
    errors.push(FieldError { field: field.to_owned().into(), message: message.into() });
}

/// Reads a day, or none from a blank.
fn day(field: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<Date> {
    if text.trim().is_empty() {
        return None;
    }
    kernel::read_day(text).map_err(|message| fault(errors, field, message)).ok()
}

/// A day that cannot be in the future: it was read, or learnt, by then.
fn past(field: &str, day: Date, today: Date, errors: &mut Vec<FieldError>) {
    if day > today || day < FROM {
        fault(errors, field, format!("{day} is not a day from {FROM} to today."));
    }
}

impl Milestone {
    /// The names of its fields in forms and files: the day, its source, when it was learnt.
    pub fn fields(name: &str) -> [String; 3] {
        [format!("{name}_on"), format!("{name}_source"), format!("{name}_learnt_on")]
    }

    /// Reads it from three texts. Day and source are both blank or none; when it was learnt is today if nothing is said.
    /// What cannot be read is told at [`Self::fields`].
    pub fn read(
        name: &str,
        [on, source, learnt_on]: [&str; 3],
        today: Date,
        errors: &mut Vec<FieldError>,
    ) -> Option<Self> {
        if [on, source, learnt_on].iter().all(|text| text.trim().is_empty()) {
            return None;
        }
        let [at_on, _, at_learnt] = Self::fields(name);
        let count = errors.len();
        if on.trim().is_empty() {
            fault(errors, &at_on, "The day is missing. Write it, or leave all three fields empty.");
        }
        let on = day(&at_on, on, errors);
        let learnt_on = day(&at_learnt, learnt_on, errors).unwrap_or(today);
        if errors.len() > count {
            return None;
        }
        let this = on.map(|on| Self { on, source: source.to_owned(), learnt_on });
        Self::checked(name, this, today, errors)
    }

    /// Checks one that came whole, as [`Self::read`] checks texts.
    pub(crate) fn checked(
        name: &str,
        this: Option<Self>,
        today: Date,
        errors: &mut Vec<FieldError>,
    ) -> Option<Self> {
        let Self { on, source, learnt_on } = this?;
        let [at_on, at_source, at_learnt] = Self::fields(name);
        let count = errors.len();
        if !(FROM..TO).contains(&on) {
            fault(errors, &at_on, format!("{on} is not a day from {FROM} to {TO}."));
        }
        past(&at_learnt, learnt_on, today, errors);
        if source.trim().is_empty() {
            fault(errors, &at_source, "Say where the day is from: a letter of the maker, a contract.");
        }
        let source = Text::Words.read(&source).map_err(|e| fault(errors, &at_source, e.to_string()));
        let source = source.unwrap_or_default();
        (errors.len() == count).then_some(Self { on, source, learnt_on })
    }
}

impl ListPrice {
    /// The names of its fields in forms and files: the amount and the day of the list.
    pub const FIELDS: [&'static str; 2] = ["list_price", "list_price_on"];

    /// Reads it from two texts; the day is today if nothing is said. What cannot be read is told at [`Self::FIELDS`].
    pub fn read(
        [amount, on]: [&str; 2],
        currency: Currency,
        today: Date,
        errors: &mut Vec<FieldError>,
    ) -> Option<Self> {
        let [at_price, at_on] = Self::FIELDS;
        if amount.trim().is_empty() {
            if !on.trim().is_empty() {
                fault(errors, at_price, "The price is missing. Write it, or leave its day empty too.");
            }
            return None;
        }
        let price = Money::parse(amount, currency).map_err(|e| fault(errors, at_price, format!("{e}.")));
        let count = errors.len();
        let on = day(at_on, on, errors).unwrap_or(today);
        if errors.len() > count {
            return None;
        }
        Self::checked(price.ok().map(|price| Self { price, on }), today, errors)
    }

    /// Checks one that came whole, as [`Self::read`] checks texts.
    pub(crate) fn checked(this: Option<Self>, today: Date, errors: &mut Vec<FieldError>) -> Option<Self> {
        let this = this?;
        let [at_price, at_on] = Self::FIELDS;
        let count = errors.len();
        if this.price.minor < 0 {
            fault(errors, at_price, "A price is zero or more.");
        }
        past(at_on, this.on, today, errors);
        (errors.len() == count).then_some(this)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = date(2026, 10, 13);

    fn read(texts: [&str; 3]) -> Result<Option<Milestone>, Vec<String>> {
        let mut errors = Vec::new();
        let read = Milestone::read("support_end", texts, TODAY, &mut errors);
        if errors.is_empty() { Ok(read) } else { Err(errors.iter().map(|e| e.field.to_string()).collect()) }
    }

    #[test]
    fn a_day_comes_with_its_source() {
        assert_eq!(read(["", " ", ""]), Ok(None));
        let on = read(["2027-09-30", " Letter of the maker ", ""]).unwrap().unwrap();
        assert_eq!(
            (on.on, on.source.as_str(), on.learnt_on),
            (date(2027, 9, 30), "Letter of the maker", TODAY)
        );
        for (texts, fields) in [
            (["2027-09-30", "", ""], &["support_end_source"][..]),
            (["", "Letter", ""], &["support_end_on"]),
            (["", "", "2026-01-01"], &["support_end_on"]),
            (["soon", "Letter", "2026-01-01"], &["support_end_on"]),
            (["1900-01-01", "Letter", ""], &["support_end_on"]),
            (["2027-09-30", "Letter", "2026-10-14"], &["support_end_learnt_on"]),
            (["3/4/2027", "", "x"], &["support_end_on", "support_end_learnt_on"]),
        ] {
            assert_eq!(read(texts), Err(fields.iter().map(|f| (*f).to_owned()).collect()), "{texts:?}");
        }
    }

    #[test]
    fn a_price_is_of_a_day() {
        let usd: Currency = "USD".parse().unwrap();
        let read = |texts| {
            let mut errors = Vec::new();
            let read = ListPrice::read(texts, usd, TODAY, &mut errors);
            (
                read.map(|p| (p.price.minor, p.on)),
                errors.iter().map(|e| e.field.to_string()).collect::<Vec<_>>(),
            )
        };
        assert_eq!(read(["4120.50", ""]), (Some((412_050, TODAY)), vec![]));
        assert_eq!(read(["", ""]), (None, vec![]));
        assert_eq!(read(["", "2026-01-01"]), (None, vec!["list_price".to_owned()]));
        assert_eq!(read(["-1", "2026-01-01"]), (None, vec!["list_price".to_owned()]));
        assert_eq!(read(["1", "2027-01-01"]), (None, vec!["list_price_on".to_owned()]));
        assert_eq!(read(["1,000", "x"]).1, ["list_price", "list_price_on"]);
    }
}
