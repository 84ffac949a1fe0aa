//! The past by the API.

use kernel::{FieldChange, Instant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::read;
use crate::api::{Answer, Call, Fault, Moment, Page, Version, at, changes_shown, keyset};

/// Which instant, and which page.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PastAsked")]
pub(super) struct Asked {
    /// The instant: the records as they were known then.
    at: Moment,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// Which instant.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PastAt")]
pub(super) struct At {
    /// The instant: the record as it was known then.
    at: Moment,
}

/// Which two instants, and which page.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PastBetween")]
pub(super) struct Between {
    /// The earlier instant.
    from: Moment,
    /// The later instant.
    to: Moment,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// A record that is not the same at two instants.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PastDifference")]
pub(super) struct Difference {
    /// When the first change between the two was recorded.
    first_at: Instant,
    /// In which fields they differ.
    fields: Vec<FieldChange>,
    /// The record at the earlier instant; null if it was not on record yet.
    before: Option<Version>,
    /// The record at the later instant.
    after: Version,
}

pub(super) async fn list(call: Call) -> Result<Answer, Fault> {
    let (asked, kind) = (call.query::<Asked>()?, read::kind(&call.app, call.actor(), call.part("kind"))?);
    let kinds = read::kinds(&call.app)?;
    let (who, keyset) = (call.actor(), keyset(asked.after.as_deref(), asked.limit)?);
    let at = asked.at.of(&call, "at")?;
    let slice =
        db::read!(call.app.db(), who.org, |tx| read::records(tx, who, (&kind, &kinds), at, &keyset).await)?;
    let items: Vec<Version> = slice.rows.iter().map(Version::from).collect();
    Ok(Page::new(items, slice.next.as_ref()).answer(&call)?)
}

pub(super) async fn record(call: Call) -> Result<Answer, Fault> {
    let (asked, kind) = (call.query::<At>()?, read::kind(&call.app, call.actor(), call.part("kind"))?);
    let kinds = read::kinds(&call.app)?;
    let (who, id) = (call.actor(), call.id::<()>("id", "a record of this")?);
    let at = asked.at.of(&call, "at")?;
    let event =
        db::read!(call.app.db(), who.org, |tx| read::record(tx, who, (&kind, &kinds), id.uuid(), at).await)?;
    Ok(Answer::json(&Version::from(&event))?)
}

pub(super) async fn differences(call: Call) -> Result<Answer, Fault> {
    let (asked, kind) = (call.query::<Between>()?, read::kind(&call.app, call.actor(), call.part("kind"))?);
    let kinds = read::kinds(&call.app)?;
    let (who, keyset) = (call.actor(), keyset(asked.after.as_deref(), asked.limit)?);
    let between = (asked.from.of(&call, "from")?, asked.to.of(&call, "to")?);
    let slice =
        db::read!(call.app.db(), who.org, |tx| read::differences(tx, who, (&kind, &kinds), between, &keyset)
            .await)
        .map_err(|problem| at(problem, &[("to", "?to")]))?;
    let shown = |d: &read::Difference| Difference {
        first_at: d.first_at,
        fields: changes_shown(d.fields.clone()),
        before: d.before.as_ref().map(Version::from),
        after: Version::from(&d.after),
    };
    Ok(Page::new(slice.rows.iter().map(shown).collect(), slice.next.as_ref()).answer(&call)?)
}
