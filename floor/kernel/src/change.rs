//! What one change to one record looked like: the unit of the record of changes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Instant;

/// One change to one record, handed to the gate inside the transaction that makes it.
#[derive(Clone, Debug)]
pub struct Change {
    /// What was done, `room.noun.verb`: `fleet.device.move`.
    pub action: &'static str,
    /// The kind of record, which is the name of its table: `device`.
    pub entity: &'static str,
    /// Which record.
    pub id: Uuid,
    /// The record's version after the change; the first is 1.
    pub version: i64,
    /// The record before; `None` when it did not exist.
    pub before: Option<Value>,
    /// The record after. Records are never deleted, so there always is one.
    pub after: Value,
    /// When the fact became true, if that is not when we learned it.
    pub valid_at: Option<Instant>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
}

/// One field's change, for history pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldChange {
    /// The field's name in the record.
    pub field: String,
    /// Its value before; null when absent.
    pub before: Value,
    /// Its value after; null when absent.
    pub after: Value,
}

impl FieldChange {
    /// The fields in which two records differ, in name order. `version` is left out: it always differs.
    pub fn between(before: Option<&Value>, after: &Value) -> Vec<Self> {
        let empty = serde_json::Map::new();
        let old = before.and_then(Value::as_object).unwrap_or(&empty);
        let new = after.as_object().unwrap_or(&empty);
        let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .filter(|name| name.as_str() != "version")
            .map(|name| Self {
                field: name.clone(),
                before: old.get(name).cloned().unwrap_or(Value::Null),
                after: new.get(name).cloned().unwrap_or(Value::Null),
            })
            .filter(|c| c.before != c.after)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_only_what_differs() {
        let changes = FieldChange::between(
            Some(&json!({"tag": "A", "note": "x", "version": 1})),
            &json!({"tag": "A", "place": "ICU", "version": 2}),
        );
        let fields: Vec<&str> = changes.iter().map(|c| c.field.as_str()).collect();
        assert_eq!(fields, ["note", "place"]);
    }
}
