//! Who sees what was recorded of the margin: whoever sees the record it was written beside.

use futures::FutureExt as _;
use serde_json::Value;
use uuid::Uuid;
use web::api::{Sees, Sight};

use crate::permit;

pub(crate) fn sights() -> Vec<Sight> {
    let added = |entity, many, named, beside| Sight {
        entity,
        many,
        named,
        beside,
        needs: None,
        sees: |_, _| std::future::ready(Ok(Box::new(|_: &Value| true) as Sees)).boxed(),
        of: Some(subject),
    };
    let mut all = vec![
        added(
            "document",
            "Documents",
            "title",
            &[("record", "Record"), ("kind", "Kind"), ("removed_at", "Removed")],
        ),
        added(
            "comment",
            "Comments",
            "author",
            &[("record", "Record"), ("words", "Words"), ("retracted_at", "Retracted")],
        ),
        added("labelling", "Labels on records", "name", &[("record", "Record"), ("worn", "Worn")]),
    ];
    all.push(Sight {
        entity: "label",
        many: "Labels",
        named: "name",
        beside: &[],
        needs: Some(permit::LABEL_PUT),
        sees: |_, who| {
            let may = who.may_somewhere(permit::LABEL_PUT);
            std::future::ready(Ok(Box::new(move |_: &Value| may) as Sees)).boxed()
        },
        of: None,
    });
    all
}

/// The record that something was added to.
fn subject(record: &Value) -> Option<(&str, Uuid)> {
    Some((record["noun"].as_str()?, record["record"].as_str()?.parse().ok()?))
}
