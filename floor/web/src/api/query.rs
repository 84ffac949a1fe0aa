//! Parameters of a query, read by the schema that the document shows.

use std::collections::BTreeMap;

use kernel::{FieldError, Problem, Result};
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Param, fault::PARAMETER, plain};
use crate::form::never_typed;

/// The fields of a flat struct as parameters.
pub(crate) fn params<T: JsonSchema>() -> Vec<Param> {
    let mut generator = schemars::generate::SchemaSettings::draft2020_12()
        .with(|s| {
            s.inline_subschemas = true;
            s.meta_schema = None;
        })
        .into_generator();
    let schema = Value::from(T::json_schema(&mut generator));
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, field)| Param {
            name: name.clone(),
            schema: Schema::try_from(said(field)).unwrap_or_default(),
            required: required.contains(&name.as_str()),
        })
        .collect()
}

/// A query cannot say null, so a parameter that may be left out is never null.
fn said(field: &Value) -> Value {
    let mut field = field.clone();
    if let Some(kinds) = field["type"].as_array()
        && let Some(kind) = kinds.iter().find(|k| *k != "null").cloned()
    {
        field["type"] = kind;
    }
    if let Some(fields) = field.as_object_mut() {
        if let Some(values) = fields.get_mut("enum").and_then(Value::as_array_mut) {
            values.retain(|v| !v.is_null());
        }
        if fields.get("default").is_some_and(Value::is_null) {
            fields.remove("default");
        }
    }
    if let Some(first) = field["anyOf"].as_array().and_then(|any| any.iter().find(|s| s["type"] != "null")) {
        let mut first = first.clone();
        if let (Some(said), true) = (field.get("description"), first.is_object()) {
            first["description"] = said.clone();
        }
        return first;
    }
    if let Some(fields) = field.as_object_mut() {
        fields.retain(|_, v| !v.is_null());
    }
    field
}

/// Reads a query. A parameter that is not known is refused: it would look as if it had narrowed something.
///
/// # Errors
/// [`Problem::Invalid`], each at its parameter.
pub(crate) fn read<T: DeserializeOwned>(params: &[Param], query: &str) -> Result<T> {
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        given.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let mut errors = Vec::new();
    let mut fault = |name: &str, message: String| errors.push(wrong(name, message));
    let mut fields = Map::new();
    for (name, values) in given {
        let Some(param) = params.iter().find(|p| p.name == name) else {
            let known: Vec<&str> = params.iter().map(|p| p.name.as_str()).collect();
            fault(&name, format!("There is no such parameter. Known here: {}.", list(&known)));
            continue;
        };
        if values.iter().any(|v| v.chars().any(never_typed)) {
            fault(&name, "It holds a character that no key types.".to_owned());
            continue;
        }
        match value(param, &values) {
            Ok(value) => {
                fields.insert(name, value);
            }
            Err(message) => fault(&name, message),
        }
    }
    for param in params.iter().filter(|p| p.required && !fields.contains_key(&p.name)) {
        fault(&param.name, format!("“{}” is missing.", param.name));
    }
    if errors.is_empty() {
        match serde_path_to_error::deserialize(Value::Object(fields)) {
            Ok(read) => return Ok(read),
            Err(error) => {
                let name = error.path().to_string();
                let name = name.split(['.', '[']).next().unwrap_or_default();
                errors.push(wrong(name, plain::words(&error.inner().to_string())));
            }
        }
    }
    Err(Problem::Invalid { fields: errors })
}

fn wrong(name: &str, message: String) -> FieldError {
    FieldError { field: format!("{PARAMETER}{name}").into(), message }
}

fn list(known: &[&str]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

fn value(param: &Param, values: &[String]) -> Result<Value, String> {
    let schema = param.schema.as_value();
    if schema["type"] == "array" {
        let most = schema["maxItems"].as_u64().unwrap_or(50);
        if values.len() as u64 > most {
            return Err(format!("It may be given {most} times at most."));
        }
        let items: Result<Vec<Value>, String> = values.iter().map(|v| one(&schema["items"], v)).collect();
        return items.map(Value::Array);
    }
    match values {
        [only] => one(schema, only),
        _ => Err("It may be given once only.".to_owned()),
    }
}

fn one(schema: &Value, text: &str) -> Result<Value, String> {
    match schema["type"].as_str() {
        Some("integer") => {
            let number: i64 = text.parse().map_err(|_| format!("“{text}” is not a whole number."))?;
            let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
            if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                let (least, most) = (least.unwrap_or(i64::MIN), most.unwrap_or(i64::MAX));
                return Err(format!("Write a number from {least} to {most}."));
            }
            Ok(number.into())
        }
        Some("boolean") => text.parse().map(Value::Bool).map_err(|_| "Write true or false.".to_owned()),
        _ => {
            let length = text.chars().count() as u64;
            if schema["maxLength"].as_u64().is_some_and(|most| length > most) {
                return Err("It is too long.".to_owned());
            }
            if schema["minLength"].as_u64().is_some_and(|least| length < least) {
                return Err("It is too short.".to_owned());
            }
            Ok(text.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize, JsonSchema)]
    struct Asked {
        /// Words.
        #[schemars(length(max = 9))]
        q: Option<String>,
        #[serde(default)]
        state: Vec<String>,
        #[schemars(range(min = 1, max = 200))]
        limit: Option<u32>,
        left: Option<bool>,
    }

    fn asked(query: &str) -> Result<Asked> {
        read(&params::<Asked>(), query)
    }

    #[test]
    fn parameters_are_read_by_their_schema() {
        let read = asked("q=vp+3&state=a&state=b&limit=7&left=true").unwrap();
        assert_eq!(
            read,
            Asked {
                q: Some("vp 3".into()),
                state: vec!["a".into(), "b".into()],
                limit: Some(7),
                left: Some(true)
            }
        );
        for (query, at) in [
            ("stat=a", "?stat"),
            ("limit=0", "?limit"),
            ("limit=201", "?limit"),
            ("limit=x", "?limit"),
            ("left=yes", "?left"),
            ("q=a&q=b", "?q"),
            ("q=%00", "?q"),
            ("q=0123456789", "?q"),
        ] {
            let Err(Problem::Invalid { fields }) = asked(query) else { panic!("{query}") };
            assert_eq!(fields[0].field, at, "{query}");
        }
    }

    #[test]
    fn no_parameter_is_null() {
        for param in params::<Asked>() {
            let text = param.schema.as_value().to_string();
            assert!(!text.contains("null"), "{text}");
        }
    }
}
