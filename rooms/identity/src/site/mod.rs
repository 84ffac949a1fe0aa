//! A site: one hospital or clinic, with its time zone, currency, beds and calendar. The root of both trees.

mod actions;
pub(crate) mod api;
mod calendar;
mod edit;
mod pages;
mod show;
mod store;

use db::Tx;
use kernel::{Actor, Currency, FieldError, Result, ScopeSet, SiteId, TimeZone};
use serde::{Deserialize, Serialize};

pub use actions::{add, change, keep, set_calendar};
pub use calendar::{Calendar, Holiday, Hours};
pub(crate) use pages::routes;
pub(crate) use show::{back, see};
pub(crate) use store::{ALL, RECORD};
pub use store::{find_by_name, get, list};

use crate::{
    department,
    entry::{self, fault},
    org, permit,
};

/// A site as it stands on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its version on record, from 1.
    pub version: i64,
    /// Its name, unique in the organisation when folded.
    pub name: String,
    /// A short code, if the hospital uses one.
    pub code: Option<String>,
    /// The IANA time zone of its dates.
    pub time_zone: String,
    /// The currency of its prices.
    pub currency: Currency,
    /// Licensed beds.
    pub beds: Option<i64>,
    /// When work is done there.
    pub calendar: Calendar,
}

impl Site {
    /// The time zone; UTC if the machine no longer knows it.
    pub fn zone(&self) -> TimeZone {
        org::zone(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// What people type about a site.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// A short code; may be blank.
    pub code: String,
    /// An IANA time zone.
    pub time_zone: String,
    /// An ISO 4217 currency code.
    pub currency: String,
    /// Licensed beds; may be blank.
    pub beds: String,
}

/// A site's facts, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub(crate) name: String,
    pub(crate) code: Option<String>,
    pub(crate) time_zone: String,
    pub(crate) currency: Currency,
    pub(crate) beds: Option<i64>,
}

/// More beds than any hospital has.
const MOST_BEDS: i64 = 100_000;

impl Draft {
    /// Checks every field; `None` when `errors` grew. Fields: `site_name`, `site_code`, `time_zone`, `currency`,
    /// `beds`.
    pub fn check(&self, errors: &mut Vec<FieldError>) -> Option<Facts> {
        let before = errors.len();
        let name = entry::name("site_name", "The site’s name", &self.name, errors);
        let code = entry::code("site_code", "The site’s code", &self.code, errors);
        let time_zone = org::check_zone(&self.time_zone, errors);
        let currency = org::check_currency(&self.currency, errors);
        let beds = check_beds(self.beds.trim(), errors);
        (errors.len() == before).then_some(())?;
        Some(Facts { name, code, time_zone: time_zone?, currency: currency?, beds })
    }
}

/// The sites an actor may see: those in reach of `identity.site.view`, and those of departments in reach.
///
/// # Errors
/// As [`Tx::all`].
pub async fn seen_by(tx: &mut Tx, who: &Actor) -> Result<Vec<Site>> {
    let mut all = list(tx, who.org).await?;
    if let ScopeSet::Only { sites, departments } = who.scope(permit::SITE_VIEW) {
        let mut seen = sites;
        if !departments.is_empty() {
            let all = department::all(tx, who.org).await?;
            seen.extend(all.iter().filter(|d| departments.contains(&d.id)).map(|d| d.site));
        }
        all.retain(|site| seen.contains(&site.id));
    }
    Ok(all)
}

fn check_beds(text: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let beds = text.replace([',', ' '], "").parse().ok().filter(|beds| (0..=MOST_BEDS).contains(beds));
    if beds.is_none() {
        fault(errors, "beds", format!("“{text}” is not a number of beds. Write 0 or more, such as 420."));
    }
    beds
}

/// A site's name where it stands beside others of its organisation: the words both begin with are left out, so
/// “Northfield General” of “Northfield Health” is “General”.
pub fn short_name<'s>(site: &'s str, organisation: &str) -> &'s str {
    let mut rest = site;
    for word in organisation.split_whitespace() {
        match rest.split_once(char::is_whitespace) {
            Some((first, after)) if kernel::fold(first) == kernel::fold(word) => rest = after.trim_start(),
            _ => break,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_leaves_out_what_the_organisation_says() {
        for (site, short) in [
            ("Northfield General", "General"),
            ("northfield  East Wing", "East Wing"),
            ("Northfield Health Centre", "Centre"),
            ("Northfield", "Northfield"),
            ("St Anne’s", "St Anne’s"),
        ] {
            assert_eq!(short_name(site, "Northfield Health"), short);
        }
    }

    #[test]
    fn beds_are_zero_or_more() {
        for (text, beds) in [("", None), ("0", Some(0)), ("1,400", Some(1400))] {
            let mut errors = Vec::new();
            assert_eq!(check_beds(text, &mut errors), beds);
            assert_eq!(errors, []);
        }
        for text in ["-1", "many", "1.5", "9999999"] {
            let mut errors = Vec::new();
            assert_eq!(check_beds(text, &mut errors), None);
            assert_eq!(errors.len(), 1, "{text}");
        }
    }
}
