//! Fields and values of records in words, whatever their kind.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::{Instant, TimeZone};
use serde_json::Value;
use uuid::Uuid;

use crate::api::is_instant;

/// `password_changed_at` as people read it: `Password changed at`.
pub fn label(field: &str) -> String {
    let words = field.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What values are called.
pub struct Words<'a> {
    /// The names of the records whose ids stand in values.
    pub names: BTreeMap<Uuid, String>,
    /// The zone in which people read instants; without one they stay as programs write them.
    pub zone: Option<&'a TimeZone>,
}

impl Words<'_> {
    /// The value of a field; an id is the name of what it leads to. Nothing for none.
    pub fn of(&self, field: &str, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::String(text) => self.text(field, text),
            Value::Array(all) if all.is_empty() => "none".to_owned(),
            Value::Array(all) => all.iter().map(|v| self.of(field, v)).collect::<Vec<_>>().join(", "),
            Value::Object(all) => {
                let part = |(field, value): (&String, &Value)| {
                    format!("{}: {}", label(field), self.of(field, value))
                };
                all.iter().filter(|(_, value)| !value.is_null()).map(part).collect::<Vec<_>>().join("; ")
            }
            Value::Number(n) => match n.as_i64() {
                Some(micros) if is_instant(field) => self.at(Instant::from_micros(micros)),
                _ => n.to_string(),
            },
        }
    }

    /// An instant.
    pub fn at(&self, at: Instant) -> String {
        self.zone.map_or_else(|| at.to_string(), |zone| at.on_page(zone))
    }

    fn text(&self, field: &str, text: &str) -> String {
        if is_instant(field)
            && let Ok(at) = text.parse::<Timestamp>()
        {
            return self.at(Instant::from_micros(at.as_microsecond()));
        }
        let name = text.parse::<Uuid>().ok().and_then(|id| self.names.get(&id).cloned());
        name.unwrap_or_else(|| text.to_owned())
    }
}
