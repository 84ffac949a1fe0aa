//! Reading a JSON body, and changing a record by some of its fields.

use kernel::{FieldError, Problem, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::plain;
use crate::form::never_typed;

/// Most levels of a body; nothing here has more than a few.
const DEEPEST: usize = 32;

/// Reads a body of JSON text.
///
/// # Errors
/// The sentence for a text that is no JSON.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|e| format!("The body is not JSON: {e}."))
}

/// Reads a value of a type.
///
/// # Errors
/// [`Problem::Invalid`], at each field.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    let mut errors = Vec::new();
    hidden(&value, &mut String::new(), &mut errors, 0);
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path.replace('[', ".").replace(']', "") };
        Problem::invalid(path, plain::words(&error.inner().to_string()))
    })
}

/// Refuses characters that no key types: nobody sees them, and PostgreSQL keeps no NUL.
fn hidden(value: &Value, path: &mut String, errors: &mut Vec<FieldError>, depth: usize) {
    if depth > DEEPEST {
        errors.push(FieldError { field: path.clone().into(), message: "It is nested too deeply.".into() });
        return;
    }
    let length = path.len();
    let mut within = |key: &str, value: &Value, errors: &mut Vec<FieldError>| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        hidden(value, path, errors, depth + 1);
        path.truncate(length);
    };
    match value {
        Value::String(text) => {
            if let Some(c) = text.chars().find(|c| never_typed(*c)) {
                let message = format!("It holds an invisible character (U+{:04X}).", u32::from(c));
                errors.push(FieldError { field: path.clone().into(), message });
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                within(&place.to_string(), item, errors);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                if name.chars().any(never_typed) {
                    let message = "A name holds an invisible character.".to_owned();
                    errors.push(FieldError { field: "".into(), message });
                    continue;
                }
                within(name, field, errors);
            }
        }
        _ => {}
    }
}

/// The fields of a record with some of them changed: those the request names. Null takes a value away (RFC 7396).
///
/// # Errors
/// As [`read`].
pub fn mended<T: Serialize + DeserializeOwned>(present: &T, changes: &Value) -> Result<T> {
    let mut fields = serde_json::to_value(present).map_err(Problem::bug)?;
    let (Some(all), Some(changes)) = (fields.as_object_mut(), changes.as_object()) else {
        return Err(Problem::invalid("", "The body must be an object of the fields to change."));
    };
    for (name, value) in changes {
        // Fields are replaced whole: none of them is an object that is changed in parts.
        all.insert(name.clone(), value.clone());
    }
    read(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        name: String,
        code: Option<String>,
        beds: Option<i64>,
    }

    #[test]
    fn what_a_change_does_not_name_stays() {
        let now = Fields { name: "General".into(), code: Some("G".into()), beds: Some(9) };
        let after = mended(&now, &json!({"code": null, "beds": 10})).unwrap();
        assert_eq!(after, Fields { name: "General".into(), code: None, beds: Some(10) });
        for (changes, at) in [
            (json!({"beds": "many"}), "beds"),
            (json!({"bed": 1}), "bed"),
            (json!({"name": "a\u{0}"}), "name"),
            (json!({"name": null}), "name"),
            (json!([]), ""),
        ] {
            let Err(Problem::Invalid { fields }) = mended(&now, &changes) else { panic!("{changes}") };
            assert_eq!(fields[0].field, at, "{changes}");
        }
    }
}
