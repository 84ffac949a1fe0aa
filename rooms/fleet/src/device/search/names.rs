//! What the names in a search mean: the type called so, or else all types whose names hold its words.

use db::{Select, Tx, Val};
use kernel::{OrgId, Result};
use uuid::Uuid;

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Type,
    Company,
    Model,
    Site,
    Department,
    Place,
}

/// More of them than this are not meant by one name.
pub(super) const MOST: usize = 5_000;

/// What is known of one that has a name: its folded name, and the same with what lies around it.
const TYPES: &str = "SELECT x.id, x.name_key, x.name_key AS whole FROM device_type x";
const COMPANIES: &str = "SELECT x.company_id AS id, x.name_key, x.name_key AS whole FROM company_called x";
const MODELS: &str = "SELECT x.id, x.name_key, c.name_key || ' ' || x.name_key AS whole FROM model x \
    JOIN company c ON c.org_id = x.org_id AND c.id = x.company_id";
const SITES: &str = "SELECT x.id, x.name_key, x.name_key AS whole FROM site x";
const DEPARTMENTS: &str = "SELECT x.id, x.name_key, s.name_key || ' ' || x.name_key AS whole FROM department x \
    JOIN site s ON s.org_id = x.org_id AND s.id = x.site_id";
const PLACES: &str = "SELECT x.id, x.name_key, COALESCE(u.name_key || ' ', '') || x.name_key AS whole FROM place x \
    LEFT JOIN place u ON u.org_id = x.org_id AND u.id = x.parent_id";

/// A word of a name, and of what lies around it. The signs of a pattern are taken literally.
const BY_NAME: &str = "x.name_key LIKE {} ESCAPE '\\'";
const BY_MAKER: &str = "(c.name_key || ' ' || x.name_key) LIKE {} ESCAPE '\\'";
const BY_SITE: &str = "(s.name_key || ' ' || x.name_key) LIKE {} ESCAPE '\\'";
const BY_PLACE: &str = "(COALESCE(u.name_key || ' ', '') || x.name_key) LIKE {} ESCAPE '\\'";

const BELOW_PLACES: &str = "SELECT x.id FROM place x";
const BELOW_DEPARTMENTS: &str = "SELECT x.id FROM department x";
/// What stands directly below is found by the key of what it stands in.
const BELOW: &str = "x.parent_key";

impl Kind {
    const fn head(self) -> &'static str {
        match self {
            Self::Type => TYPES,
            Self::Company => COMPANIES,
            Self::Model => MODELS,
            Self::Site => SITES,
            Self::Department => DEPARTMENTS,
            Self::Place => PLACES,
        }
    }

    const fn by_word(self) -> &'static str {
        match self {
            Self::Type | Self::Company | Self::Site => BY_NAME,
            Self::Model => BY_MAKER,
            Self::Department => BY_SITE,
            Self::Place => BY_PLACE,
        }
    }

    /// Whose parts belong to it.
    const fn below(self) -> Option<&'static str> {
        match self {
            Self::Department => Some(BELOW_DEPARTMENTS),
            Self::Place => Some(BELOW_PLACES),
            _ => None,
        }
    }
}

/// A word as a pattern that finds it anywhere.
fn pattern(word: &str) -> Val {
    let mut text = String::from("%");
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push('%');
    text.into()
}

/// Those that a name means: all that are called exactly so, alone or with what lies around them; if none is, all whose
/// names hold its words. With them whatever stands in a place or belongs to a department. `None` when it means more than
/// [`MOST`].
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn meant(tx: &mut Tx, org: OrgId, kind: Kind, name: &str) -> Result<Option<Vec<Uuid>>> {
    let name = kernel::fold(name);
    let mut ids = match name.parse::<Uuid>() {
        Ok(id) => vec![id],
        Err(_) => called(tx, org, kind, &name).await?,
    };
    let mut level = ids.clone();
    while let Some(head) = kind.below().filter(|_| !level.is_empty() && ids.len() <= MOST) {
        let mut select = Select::new(head, "x", org);
        select.one_of(BELOW, level.iter().map(|id| Val::from(*id)));
        let below = select.all(tx).await?;
        level = below.iter().map(|row| row.get("id")).collect::<Result<_>>()?;
        level.retain(|id| !ids.contains(id));
        ids.extend(&level);
    }
    Ok((ids.len() <= MOST).then_some(ids))
}

pub(super) async fn called(tx: &mut Tx, org: OrgId, kind: Kind, name: &str) -> Result<Vec<Uuid>> {
    let mut select = Select::new(kind.head(), "x", org);
    for word in name.split(' ').filter(|word| !word.is_empty()) {
        select.filter(kind.by_word(), [pattern(word)]);
    }
    select.ending("LIMIT {}", [(MOST as i64 + 1).into()]);
    let rows = select.all(tx).await?;
    let (mut exact, mut all) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in &rows {
        let id: Uuid = row.get("id")?;
        all.push(id);
        if row.get::<String>("name_key")? == name || row.get::<String>("whole")? == name {
            exact.push(id);
        }
    }
    let mut meant = if exact.is_empty() { all } else { exact };
    // A maker has several names.
    meant.sort_unstable();
    meant.dedup();
    Ok(meant)
}

/// The name on record that is nearest to one that means nothing.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn nearest(tx: &mut Tx, org: OrgId, kind: Kind, name: &str) -> Result<Option<String>> {
    let mut select = Select::new(kind.head(), "x", org);
    select.ending("LIMIT {}", [(MOST as i64).into()]);
    let rows = select.all(tx).await?;
    let names: Vec<String> = rows.iter().map(|row| row.get("name_key")).collect::<Result<_>>()?;
    Ok(kernel::query::nearest(name, names.iter().map(String::as_str)).map(str::to_owned))
}
