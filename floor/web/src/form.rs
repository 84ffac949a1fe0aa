//! Reading a posted form.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use db::command::CommandId;
use kernel::{Date, FieldError, Id, Problem, Result};
use maud::{Markup, html};

use crate::{App, stop::Stop};

/// A posted form: each field with its values, the bytes as they came, and the path they were sent to.
#[derive(Clone, Debug, Default)]
pub struct Form {
    fields: BTreeMap<String, Vec<String>>,
    raw: Vec<u8>,
    path: String,
}

impl Form {
    /// A field's text, trimmed; empty when it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|v| v.first()).map_or("", |v| v.trim())
    }

    /// A field's text exactly as typed, for passwords.
    pub fn exact(&self, name: &str) -> &str {
        self.fields.get(name).and_then(|v| v.first()).map_or("", String::as_str)
    }

    /// A field's text, or `None` when it is blank.
    pub fn some(&self, name: &str) -> Option<String> {
        let text = self.text(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// All values of a field, for checkboxes.
    pub fn all(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a checkbox was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Reads a field that must not be blank.
    pub fn need(&self, name: &'static str, label: &str, errors: &mut Vec<FieldError>) -> String {
        let text = self.text(name).to_owned();
        if text.is_empty() {
            errors.push(FieldError { field: name.into(), message: format!("{label} is missing.") });
        }
        text
    }

    /// Parses a field that may be blank.
    pub fn parse<T: std::str::FromStr>(
        &self,
        name: &'static str,
        wanted: &str,
        errors: &mut Vec<FieldError>,
    ) -> Option<T> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => {
                errors.push(FieldError {
                    field: name.into(), message: format!("“{text}” is not {wanted}.")
                });
                None
            }
        }
    }

    /// Reads a date that may be blank, as people write dates.
    pub fn day(&self, name: &'static str, errors: &mut Vec<FieldError>) -> Option<Date> {
        let text = self.some(name)?;
        kernel::read_day(&text)
            .map_err(|message| errors.push(FieldError { field: name.into(), message }))
            .ok()
    }

    /// The record's version when the form was shown, for the check that nobody changed it meanwhile.
    pub fn version(&self) -> i64 {
        self.text("version").parse().unwrap_or(0)
    }

    /// The command id the form carries; a form without one counts as a new command each time.
    pub fn command(&self) -> CommandId {
        self.text("command").parse().unwrap_or_else(|_| Id::new())
    }

    /// What was sent, for the fingerprint of the command.
    pub fn content(&self) -> &[u8] {
        &self.raw
    }

    /// Refuses fields that hold characters which neither print nor part lines or the elements of a scanned code. No
    /// key types them, and PostgreSQL keeps no NUL. Every posted command passes here.
    ///
    /// # Errors
    /// [`Problem::Invalid`], at each such field.
    pub fn printable(&self) -> Result<()> {
        let hidden = |value: &String| value.chars().find(|c| never_typed(*c));
        let fault = |(name, values): (&String, &Vec<String>)| {
            let code = u32::from(values.iter().find_map(hidden)?);
            let message = format!("It holds an invisible character (U+{code:04X}). Type it again by hand.");
            Some(FieldError { field: name.clone().into(), message })
        };
        check(self.fields.iter().filter_map(fault).collect())
    }

    /// The path it was sent to, which names the record, for the fingerprint of the command.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Builds a form from pairs, for tests.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            form.fields.entry((*name).to_owned()).or_default().push((*value).to_owned());
            form.raw.extend_from_slice(format!("{name}={value}&").as_bytes());
        }
        form
    }
}

/// Control characters but those that free text and scanned codes hold: tabs and line ends, group and record separators
/// and the end of transmission of GS1 and ISO/IEC 15434.
pub(crate) fn never_typed(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{1d}' | '\u{1e}' | '\u{4}')
}

/// Ends the reading of a form: the errors, if there were any.
///
/// # Errors
/// [`Problem::Invalid`] with all of them.
pub fn check(errors: Vec<FieldError>) -> Result<()> {
    if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid { fields: errors }) }
}

/// The hidden field that makes a form's command apply once, however often it is sent.
pub fn once() -> Markup {
    html! { input type="hidden" name="command" value=(CommandId::new()); }
}

impl FromRequest<App> for Form {
    type Rejection = Stop;
    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let path = request.uri().path().to_owned();
        let raw = Bytes::from_request(request, app).await.map_err(|e| {
            Stop(Problem::invalid(
                "form",
                format!("The form could not be read ({e}). Shorten it and send it again."),
            ))
        })?;
        let pairs = form_urlencoded::parse(&raw);
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Ok(Self { fields, raw: raw.to_vec(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_key_types_is_refused_at_its_field() {
        let form = Form::from_pairs(&[("notes", "a\r\n\tb"), ("udi", "(01)1\u{1d}21A"), ("test", "a\0b")]);
        let Err(Problem::Invalid { fields }) = form.printable() else { panic!("it was taken") };
        assert_eq!(fields.iter().map(|f| &*f.field).collect::<Vec<_>>(), ["test"]);
        assert!(fields[0].message.contains("U+0000"), "{fields:?}");
        assert!(Form::from_pairs(&[("a", "\u{7f}")]).printable().is_err());
        assert!(Form::from_pairs(&[("a", "Öl 日本 😀")]).printable().is_ok());
    }
}
