//! The list of models, and how many devices there are of a model, a type or a maker.

use std::collections::BTreeMap;

use db::{Row, Select, Tx, Val};
use kernel::{Actor, Cursor, Keyset, Result, Slice};
use uuid::Uuid;

use super::ModelId;
use crate::{CompanyId, DeviceTypeId, RiskLevel, device::State, permit};

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
    /// The risk level of that type.
    pub risk: Option<RiskLevel>,
}

/// What the list shall hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Words, each of which must stand in the name of the model, its maker or its type.
    pub text: String,
    /// Only models of this type.
    pub device_type: Option<DeviceTypeId>,
    /// Only models of this maker.
    pub company: Option<CompanyId>,
}

const HEAD: &str = "SELECT m.id, m.name, m.name_key, c.name AS company, t.name AS type_name, t.risk FROM model m \
    JOIN company c ON c.org_id = m.org_id AND c.id = m.company_id \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id";

const BY_MODEL: &str = "SELECT d.model_id AS id, COUNT(*) AS n FROM device d";
const BY_TYPE: &str = "SELECT m.type_id AS id, COUNT(*) AS n FROM device d \
    JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id";
const BY_COMPANY: &str = "SELECT m.company_id AS id, COUNT(*) AS n FROM device d \
    JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id";

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
    for word in kernel::fold(&wanted.text).split(' ').filter(|w| !w.is_empty()) {
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

async fn counts(tx: &mut Tx, who: &Actor, mut select: Select, end: &'static str) -> Result<Counts> {
    select.filter("d.removed_at IS NULL", []);
    let here = State::ALL.iter().filter(|s| !s.kind().is_terminal()).map(|s| Val::from(s.code()));
    select.one_of("d.state", here);
    select.within(&who.scope(permit::DEVICE_VIEW), "d.site_id", "d.department_id");
    select.ending(end, []);
    select.all(tx).await?.iter().map(|row| Ok((row.get("id")?, row.get("n")?))).collect()
}

/// Devices of each of these models.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_models(tx: &mut Tx, who: &Actor, models: &[ModelId]) -> Result<Counts> {
    let mut select = Select::new(BY_MODEL, "d", who.org);
    select.one_of("d.model_id", models.iter().map(|id| Val::from(*id)));
    counts(tx, who, select, "GROUP BY d.model_id").await
}

/// Devices of each type.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_types(tx: &mut Tx, who: &Actor) -> Result<Counts> {
    counts(tx, who, Select::new(BY_TYPE, "d", who.org), "GROUP BY m.type_id").await
}

/// Devices of each maker.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_companies(tx: &mut Tx, who: &Actor) -> Result<Counts> {
    counts(tx, who, Select::new(BY_COMPANY, "d", who.org), "GROUP BY m.company_id").await
}
