//! What the words of a question meant at a past instant.

use std::collections::HashSet;

use db::{Row, Tx, vals};
use kernel::{Instant, OrgId, Result};
use uuid::Uuid;

use super::store;

/// Candidates for one word; what is found by it more often is not looked up but met on the way.
pub(super) const MOST: i64 = 3_000;

/// One word of a question: devices fit that were known by an identifier with a word that begins so, or that were of, or
/// stood at, something called so.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    word: String,
    pub models: HashSet<Uuid>,
    pub sites: HashSet<Uuid>,
    pub places: HashSet<Uuid>,
    pub departments: HashSet<Uuid>,
}

/// What a device was known by.
pub(super) struct KnownBy {
    pub tag: String,
    pub serial: Option<String>,
    pub udi: Option<String>,
    pub model: Uuid,
    pub site: Uuid,
    pub place: Option<Uuid>,
    pub department: Option<Uuid>,
}

impl Meant {
    /// Whether a device fits.
    pub fn fits(&self, device: &KnownBy) -> bool {
        let among = |ids: &HashSet<Uuid>, id: Option<Uuid>| id.is_some_and(|id| ids.contains(&id));
        let named = [Some(&device.tag), device.serial.as_ref(), device.udi.as_ref()];
        self.models.contains(&device.model)
            || self.sites.contains(&device.site)
            || among(&self.places, device.place)
            || among(&self.departments, device.department)
            || named
                .into_iter()
                .flatten()
                .any(|text| kernel::words(text).iter().any(|word| word.starts_with(&self.word)))
    }

    /// Devices that may have been known by an identifier with this word: those that are found by it today or had it once.
    /// `None` when there are too many to say.
    pub async fn identified(&self, tx: &mut Tx, org: OrgId) -> Result<Option<Vec<Uuid>>> {
        let mut ids = db::search::ids(tx, org, "device", &self.word, MOST).await?;
        let once = tx.all(store::ONCE, &vals![org, beginning(&self.word), MOST]).await?;
        for row in &once {
            ids.push(row.get("device_id")?);
        }
        Ok((ids.len() < MOST as usize && once.len() < MOST as usize).then_some(ids))
    }
}

/// The pattern of texts that hold a word which begins so. Words are letters and digits, so it needs no escapes.
fn beginning(word: &str) -> String {
    format!("% {word}%")
}

/// What each word of a text meant.
pub(super) async fn meant(tx: &mut Tx, org: OrgId, at: Instant, text: &str) -> Result<Vec<Meant>> {
    let words = kernel::words(text);
    let mut all = Vec::with_capacity(words.len());
    let models = if words.is_empty() { Vec::new() } else { models(tx, org, at).await? };
    for word in words {
        let mut meant = Meant {
            models: HashSet::new(),
            sites: HashSet::new(),
            places: HashSet::new(),
            departments: HashSet::new(),
            word,
        };
        let (mut types, mut companies) = (HashSet::new(), HashSet::new());
        for row in tx.all(store::CALLED, &vals![org, at, beginning(&meant.word)]).await? {
            let kind: String = row.get("kind")?;
            let ids = match kind.as_str() {
                "site" => &mut meant.sites,
                "place" => &mut meant.places,
                "department" => &mut meant.departments,
                "company" => &mut companies,
                "device_type" => &mut types,
                _ => &mut meant.models,
            };
            ids.insert(row.get("id")?);
        }
        let made = models.iter().filter(|m| types.contains(&m.device_type) || companies.contains(&m.company));
        meant.models.extend(made.map(|m| m.id));
        all.push(meant);
    }
    Ok(all)
}

/// What a model was.
pub(super) struct Model {
    pub id: Uuid,
    pub device_type: Uuid,
    pub company: Uuid,
}

/// The models that were on record.
pub(super) async fn models(tx: &mut Tx, org: OrgId, at: Instant) -> Result<Vec<Model>> {
    let read = |row: &Row| {
        Ok(Model { id: row.get("id")?, device_type: row.get("type_id")?, company: row.get("company_id")? })
    };
    tx.all(store::MODELS, &vals![org, at]).await?.iter().map(read).collect()
}

/// The types that were on record without a risk level.
pub(super) async fn riskless(tx: &mut Tx, org: OrgId, at: Instant) -> Result<HashSet<Uuid>> {
    tx.all(store::RISKLESS, &vals![org, at]).await?.iter().map(|row| row.get("id")).collect()
}
