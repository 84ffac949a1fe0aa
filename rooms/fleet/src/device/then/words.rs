//! What the words of a question meant at a past instant.

use std::collections::HashSet;

use db::{Row, Tx, vals};
use kernel::{Instant, OrgId, Result};
use uuid::Uuid;

use super::store::{self, is_plain};

/// Devices that are looked up for one word; what is found by it more often is not.
const MOST: i64 = 3_000;

/// One word of a question: devices fit that were known by an identifier with a word that begins so, or that were of, or
/// stood at, something called so. Places and departments are many, and are looked up where devices are asked for.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    pub word: String,
    pub models: HashSet<Uuid>,
    pub sites: HashSet<Uuid>,
    /// Devices that may have been known by such an identifier: those found by it today or that had it once. `None` when
    /// there are too many to say.
    pub devices: Option<Vec<Uuid>>,
}

/// The pattern of texts that hold a word which begins so. Words are letters and digits, so it needs no escapes.
pub(super) fn beginning(word: &str) -> String {
    format!("% {word}%")
}

/// What each word of a text meant.
pub(super) async fn meant(tx: &mut Tx, org: OrgId, at: Instant, text: &str) -> Result<Vec<Meant>> {
    let words = kernel::words(text);
    let mut all = Vec::with_capacity(words.len());
    let known = if words.is_empty() { Vec::new() } else { models(tx, org, at).await? };
    for word in words {
        let devices = identified(tx, org, &word).await?;
        let (mut models, mut sites) = (HashSet::new(), HashSet::new());
        let (mut types, mut companies) = (HashSet::new(), HashSet::new());
        for row in tx.all(store::CALLED, &vals![org, at, beginning(&word)]).await? {
            let kind: String = row.get("kind")?;
            let ids = match kind.as_str() {
                "site" => &mut sites,
                "company" => &mut companies,
                "device_type" => &mut types,
                _ => &mut models,
            };
            ids.insert(row.get("id")?);
        }
        let made = known.iter().filter(|m| types.contains(&m.device_type) || companies.contains(&m.company));
        models.extend(made.map(|m| m.id));
        all.push(Meant { word, models, sites, devices });
    }
    Ok(all)
}

async fn identified(tx: &mut Tx, org: OrgId, word: &str) -> Result<Option<Vec<Uuid>>> {
    if is_plain(word) {
        // Most words without digits are names of things, and found in the names of so many devices that looking there says
        // nothing.
        let next = tx.find(store::IDENTIFIER, &vals![org, word]).await?;
        let next: Option<String> = next.map(|row| row.get("words")).transpose()?;
        if next.is_none_or(|next| !next.starts_with(word)) {
            return Ok(Some(Vec::new()));
        }
    }
    let mut ids = db::search::ids(tx, org, "device", word, MOST).await?;
    let once = tx.all(store::ONCE, &vals![org, beginning(word), MOST]).await?;
    for row in &once {
        ids.push(row.get("device_id")?);
    }
    Ok((ids.len() < MOST as usize && once.len() < MOST as usize).then_some(ids))
}

/// What a model was.
pub(super) struct Model {
    pub id: Uuid,
    pub device_type: Uuid,
    pub company: Uuid,
    /// Whether it had no risk level of its own.
    pub riskless: bool,
}

/// The models that were on record.
pub(super) async fn models(tx: &mut Tx, org: OrgId, at: Instant) -> Result<Vec<Model>> {
    let read = |row: &Row| {
        Ok(Model {
            id: row.get("id")?,
            device_type: row.get("type_id")?,
            company: row.get("company_id")?,
            riskless: row.get("no_risk")?,
        })
    };
    tx.all(store::MODELS, &vals![org, at]).await?.iter().map(read).collect()
}

/// The types that were on record without a risk level.
pub(super) async fn riskless(tx: &mut Tx, org: OrgId, at: Instant) -> Result<HashSet<Uuid>> {
    tx.all(store::RISKLESS, &vals![org, at]).await?.iter().map(|row| row.get("id")).collect()
}
