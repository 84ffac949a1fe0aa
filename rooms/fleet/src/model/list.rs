//! The list of models, and how many devices there are of a model, a type or a maker.

use std::collections::{BTreeMap, BTreeSet};

use db::{Row, Select, Tx, Val, vals};
use kernel::{Actor, Cursor, Keyset, Problem, Result, ScopeSet, SiteId, Slice};
use uuid::Uuid;

use super::ModelId;
use crate::{
    CompanyId, DeviceTypeId, RiskLevel,
    device::{State, store},
    permit,
};

/// One row of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The model.
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// Who makes it.
    pub company: String,
    /// What it is.
    pub type_name: String,
    /// Its own risk level, else that of its type.
    pub risk: Option<RiskLevel>,
}

/// What the list shall hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Words, each of which must stand in the name of the model, its maker or its type; or a device identifier.
    pub text: String,
    /// Only models of this type.
    pub device_type: Option<DeviceTypeId>,
    /// Only models of this maker.
    pub company: Option<CompanyId>,
}

const HEAD: &str = "SELECT m.id, m.name, m.name_key, c.name AS company, t.name AS type_name, COALESCE(m.risk, t.risk) AS risk FROM model m \
    JOIN company c ON c.org_id = m.org_id AND c.id = m.company_id \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id";

const BY_MODEL: &str = "SELECT d.model_id AS id, COUNT(*) AS n FROM device d";

db::statements! {
    /// The type and the maker of every model.
    WHAT_MODELS_ARE = "SELECT m.id, m.type_id, m.company_id FROM model m WHERE m.org_id = $1";
}

/// A word as a pattern that finds it anywhere, its own signs taken literally.
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

/// One page of the list, by name.
///
/// # Errors
/// As [`Tx::all`].
pub async fn page(tx: &mut Tx, who: &Actor, wanted: &Wanted, keyset: &Keyset) -> Result<Slice<Listed>> {
    let mut select = Select::new(HEAD, "m", who.org);
    let identified = super::store::find_by_code(tx, who.org, &wanted.text).await?;
    if let Some(id) = identified {
        select.filter("m.id = {}", [id.into()]);
    }
    let words = if identified.is_some() { String::new() } else { kernel::fold(&wanted.text) };
    for word in words.split(' ').filter(|w| !w.is_empty()) {
        let condition = "(m.name_key LIKE {} ESCAPE '\\' OR c.name_key LIKE {} ESCAPE '\\' \
                         OR t.name_key LIKE {} ESCAPE '\\')";
        select.filter(condition, [pattern(word), pattern(word), pattern(word)]);
    }
    if let Some(id) = wanted.device_type {
        select.filter("m.type_id = {}", [id.into()]);
    }
    if let Some(id) = wanted.company {
        select.filter("m.company_id = {}", [id.into()]);
    }
    select.page("m.name_key", "m.id", false, false, keyset.after.as_ref(), keyset.limit + 1);
    let rows: Vec<Listed> = select.all(tx).await?.iter().map(listed).collect::<Result<_>>()?;
    Ok(Slice::cut(rows, keyset.limit, |last| Cursor { after: kernel::fold(&last.name), id: last.id.uuid() }))
}

fn listed(row: &Row) -> Result<Listed> {
    Ok(Listed {
        id: row.get("id")?,
        name: row.get("name")?,
        company: row.get("company")?,
        type_name: row.get("type_name")?,
        risk: row.parse_opt("risk")?,
    })
}

/// How many devices there are, in the actor's sight and not gone.
pub type Counts = BTreeMap<Uuid, i64>;

/// Devices of each model. Read from the kept counts, which know sites; what somebody sees through departments is
/// counted, which are some thousand devices at most.
async fn counts(tx: &mut Tx, who: &Actor) -> Result<Counts> {
    let (sites, departments) = match who.scope(permit::DEVICE_VIEW) {
        ScopeSet::Everywhere => (None, BTreeSet::new()),
        ScopeSet::Only { sites, departments } => (Some(sites), departments),
    };
    let of_sites: Option<Vec<SiteId>> = sites.as_ref().map(|sites| sites.iter().copied().collect());
    let kept = db::tally::whole(tx, who.org, store::BY_MODEL, of_sites.as_deref()).await?;
    let read = |(word, n): (String, i64)| Ok((word.parse().map_err(Problem::bug)?, n));
    let mut counts: Counts = kept.into_iter().map(read).collect::<Result<_>>()?;
    if !departments.is_empty() {
        let mut select = Select::new(BY_MODEL, "d", who.org);
        select.one_of("d.department_id", departments.iter().map(|id| Val::from(*id)));
        select.by_index("device_by_department");
        for site in sites.unwrap_or_default() {
            select.filter("d.site_id <> {}", [site.into()]);
        }
        select.filter("d.removed_at IS NULL", []);
        let here = State::ALL.iter().filter(|s| !s.kind().is_terminal()).map(|s| Val::from(s.code()));
        select.one_of("d.state", here).ending("GROUP BY d.model_id", []);
        for row in select.all(tx).await? {
            *counts.entry(row.get("id")?).or_default() += row.get::<i64>("n")?;
        }
    }
    Ok(counts)
}

/// Devices of each of these models.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_models(tx: &mut Tx, who: &Actor, models: &[ModelId]) -> Result<Counts> {
    let mut counts = counts(tx, who).await?;
    counts.retain(|id, _| models.iter().any(|model| model.uuid() == *id));
    Ok(counts)
}

/// Devices of each type.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_types(tx: &mut Tx, who: &Actor) -> Result<Counts> {
    summed(tx, who, "type_id").await
}

/// Devices of each maker.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_companies(tx: &mut Tx, who: &Actor) -> Result<Counts> {
    summed(tx, who, "company_id").await
}

async fn summed(tx: &mut Tx, who: &Actor, by: &str) -> Result<Counts> {
    let counts = counts(tx, who).await?;
    let mut sums = Counts::new();
    for row in tx.all(WHAT_MODELS_ARE, &vals![who.org]).await? {
        if let Some(n) = counts.get(&row.get("id")?) {
            *sums.entry(row.get(by)?).or_default() += n;
        }
    }
    Ok(sums)
}
