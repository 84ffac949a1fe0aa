//! The organisation: the wall between customers. Its address decides which requests it answers.

mod actions;
pub(crate) mod api;
mod pages;
mod store;

use http::Uri;
use kernel::{Currency, FieldError, OrgId, TimeZone};
use serde::{Deserialize, Serialize};

pub use actions::{change, keep};
pub(crate) use pages::{currency_field, routes, zone_field};
pub(crate) use store::{ALL, RECORD, at_host, count, first};
pub use store::{get, list};

use crate::entry::{self, fault};

/// An organisation as it stands on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its version on record, from 1.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Where its pages are, `https://baton.example.org`; goes into QR codes.
    pub base_url: Option<String>,
    /// The host of `base_url`, lower-case, with its port if one is given; unique in the installation.
    pub host: Option<String>,
    /// The IANA time zone in which organisation-wide instants are printed.
    pub time_zone: String,
    /// The currency of organisation-wide sums.
    pub currency: Currency,
    /// Whether this is the generated demonstration hospital.
    pub demo: bool,
}

impl Org {
    /// The time zone; UTC if the machine no longer knows it.
    pub fn zone(&self) -> TimeZone {
        zone(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// What people type about an organisation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// Where its pages are; blank answers any host while this is the only organisation.
    pub base_url: String,
    /// An IANA time zone.
    pub time_zone: String,
    /// An ISO 4217 currency code.
    pub currency: String,
}

/// An organisation's facts, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub(crate) name: String,
    pub(crate) base_url: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) time_zone: String,
    pub(crate) currency: Currency,
}

impl Draft {
    /// Checks every field; `None` when `errors` grew. Fields: `org_name`, `base_url`, `time_zone`, `currency`.
    pub fn check(&self, errors: &mut Vec<FieldError>) -> Option<Facts> {
        let before = errors.len();
        let name = entry::name("org_name", "The organisation’s name", &self.name, errors);
        let address = address(&self.base_url, errors);
        let time_zone = check_zone(&self.time_zone, errors);
        let currency = check_currency(&self.currency, errors);
        let (base_url, host) = address.unzip();
        (errors.len() == before).then_some(())?;
        Some(Facts { name, base_url, host, time_zone: time_zone?, currency: currency? })
    }
}

/// A time zone by its IANA name.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().filter(|_| !name.is_empty())
}

/// Reads the field `time_zone`.
pub(crate) fn check_zone(text: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    let text = text.trim();
    let known = zone(text).map(|zone| zone.iana_name().unwrap_or(text).to_owned());
    if known.is_none() {
        let message = match text {
            "" => "Choose the time zone: dates and hours follow it.".to_owned(),
            _ => format!("“{text}” is not a time zone. Write one such as America/New_York."),
        };
        fault(errors, "time_zone", message);
    }
    known
}

/// Reads the field `currency`.
pub(crate) fn check_currency(text: &str, errors: &mut Vec<FieldError>) -> Option<Currency> {
    let read: Result<Currency, kernel::MoneyError> = text.parse();
    read.map_err(|e| fault(errors, "currency", format!("{e}."))).ok()
}

/// Reads the field `base_url` into the address without a trailing slash, and its host.
fn address(text: &str, errors: &mut Vec<FieldError>) -> Option<(String, String)> {
    let text = text.trim().trim_end_matches('/');
    if text.is_empty() {
        return None;
    }
    let found = parse_address(text);
    if found.is_none() {
        fault(
            errors,
            "base_url",
            format!(
                "“{text}” is not an address Baton can answer at. Write https://, the host, and nothing after it: \
                 https://baton.example.org."
            ),
        );
    }
    found
}

fn parse_address(text: &str) -> Option<(String, String)> {
    let uri: Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?.to_ascii_lowercase(), uri.authority()?);
    let usual = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let plain = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
    let named = authority.host().trim_matches(['[', ']', '.']).chars().any(char::is_alphanumeric);
    if !plain || !named || authority.as_str().contains('@') || authority.as_str().ends_with(':') {
        return None;
    }
    let name = authority.host().to_ascii_lowercase();
    // Browsers leave the usual port out of the Host header, so it is left out here.
    let host = match authority.port_u16() {
        Some(port) if port != usual => format!("{name}:{port}"),
        None if authority.as_str() != authority.host() => return None,
        _ => name,
    };
    Some((format!("{scheme}://{host}"), host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_its_host() {
        for (text, host) in [
            ("https://Baton.Example.org", Some("baton.example.org")),
            ("https://baton.example.org/", Some("baton.example.org")),
            ("https://baton.example.org:443", Some("baton.example.org")),
            ("http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("http://[::1]:8080", Some("[::1]:8080")),
            ("baton.example.org", None),
            ("https://", None),
            ("https://a b", None),
            ("ftp://baton.example.org", None),
            ("https://baton.example.org/sub", None),
            ("https://baton.example.org?x=1", None),
            ("https://me@baton.example.org", None),
            ("https://baton.example.org:x", None),
            ("https://bätön.example", None),
        ] {
            let mut errors = Vec::new();
            let found = address(text, &mut errors);
            assert_eq!(found.as_ref().map(|(_, host)| host.as_str()), host, "{text}");
            assert_eq!(errors.len(), usize::from(host.is_none()), "{text}");
        }
    }

    #[test]
    fn zones_and_currencies_must_exist() {
        let draft = Draft {
            name: "Northfield Health".into(),
            base_url: String::new(),
            time_zone: "america/new_york".into(),
            currency: "usd".into(),
        };
        let facts = draft.check(&mut Vec::new()).unwrap();
        assert_eq!((facts.time_zone.as_str(), facts.currency.as_str()), ("America/New_York", "USD"));
        let mut errors = Vec::new();
        let bad = Draft { time_zone: "Mars/Olympus".into(), currency: "dollars".into(), ..draft };
        assert!(bad.check(&mut errors).is_none());
        assert_eq!(errors.iter().map(|e| &*e.field).collect::<Vec<_>>(), ["time_zone", "currency"]);
    }
}
