//! Who sees what was recorded of the margin: whoever sees the record it was written beside.

use futures::FutureExt as _;
use serde_json::Value;
use uuid::Uuid;
use web::api::{Sees, Sight};

pub(crate) fn sights() -> Vec<Sight> {
    vec![Sight {
        entity: "document",
        many: "Documents",
        named: "title",
        beside: &[("record", "Record"), ("kind", "Kind"), ("removed_at", "Removed")],
        needs: None,
        sees: |_, _| std::future::ready(Ok(Box::new(|_: &Value| true) as Sees)).boxed(),
        of: Some(subject),
    }]
}

/// The record that something was added to.
fn subject(record: &Value) -> Option<(&str, Uuid)> {
    Some((record["noun"].as_str()?, record["record"].as_str()?.parse().ok()?))
}
