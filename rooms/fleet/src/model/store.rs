//! Models in the database.

use db::{
    Row, Tx, Val,
    check::Report,
    seal::{Record, rebuilt},
    vals,
};
use futures::future::BoxFuture;
use kernel::{Money, OrgId, Problem, Result};

use super::{About, End, Identifier, ListPrice, Milestone, Model, ModelId, OwnRisk};
use crate::{CompanyId, UsefulLife};

/// The columns of a model, in the order of [`columns`] but for its name's key.
macro_rules! columns {
    () => {
        "id, version, name, company_id, type_id, catalogue_number, edition, identifiers, sale_end_on, \
         sale_end_source, sale_end_learnt_on, support_end_on, support_end_source, support_end_learnt_on, \
         life_end_on, life_end_source, life_end_learnt_on, list_price_minor, list_price_currency, list_price_on, \
         life_years, life_source, risk, risk_reason"
    };
}

db::statements! {
    /// One model.
    GET = concat!("SELECT ", columns!(), " FROM model WHERE org_id = $1 AND id = $2");
    /// All models, by name.
    LIST = concat!("SELECT ", columns!(), " FROM model WHERE org_id = $1 ORDER BY name_key LIMIT $2");
    /// One by its maker and its name's key.
    BY_NAME =
        concat!("SELECT ", columns!(), " FROM model WHERE org_id = $1 AND company_id = $2 AND name_key = $3");
    /// Adds one.
    ADD = concat!(
        "INSERT INTO model (org_id, ", columns!(), ", name_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
         $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)"
    );
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE model SET version = $4, name = $5, company_id = $6, type_id = $7, catalogue_number = $8, \
              edition = $9, identifiers = $10, sale_end_on = $11, sale_end_source = $12, sale_end_learnt_on = $13, \
              support_end_on = $14, support_end_source = $15, support_end_learnt_on = $16, life_end_on = $17, \
              life_end_source = $18, life_end_learnt_on = $19, list_price_minor = $20, list_price_currency = $21, \
              list_price_on = $22, life_years = $23, life_source = $24, risk = $25, risk_reason = $26, \
              name_key = $27 WHERE org_id = $1 AND id = $2 AND version = $3";
    /// How many devices of a model are in service without a risk level of their own.
    BY_TYPE = "SELECT COUNT(*) AS n FROM device WHERE org_id = $1 AND model_id = $2 AND state = $3 AND risk IS NULL \
               AND removed_at IS NULL";
    /// The model that an identifier belongs to.
    BY_DI = "SELECT model_id FROM model_di WHERE org_id = $1 AND di = $2";
    /// A model gets an identifier.
    ADD_DI = "INSERT INTO model_di (org_id, di, model_id) VALUES ($1, $2, $3)";
    /// A model loses an identifier.
    DROP_DI = "DELETE FROM model_di WHERE org_id = $1 AND di = $2 AND model_id = $3";
    /// Models with identifiers, in id order after a given one, each with how many lead to it.
    WITH_DIS = "SELECT m.org_id, m.id, m.identifiers, \
                (SELECT COUNT(*) FROM model_di i WHERE i.org_id = m.org_id AND i.model_id = m.id) AS n \
                FROM model m WHERE m.org_id = $1 AND m.id > $2 ORDER BY m.id LIMIT 500";
    /// Every organisation. all organisations: the check of a database looks at each.
    EVERY_ORG = "SELECT org_id FROM org";
}

/// What a model's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "model",
    key: "id",
    columns: &[
        "id",
        "version",
        "name",
        "company_id",
        "type_id",
        "catalogue_number",
        "edition",
        "identifiers",
        "sale_end_on",
        "sale_end_source",
        "sale_end_learnt_on",
        "support_end_on",
        "support_end_source",
        "support_end_learnt_on",
        "life_end_on",
        "life_end_source",
        "life_end_learnt_on",
        "list_price_minor",
        "list_price_currency",
        "list_price_on",
        "life_years",
        "life_source",
        "risk",
        "risk_reason",
        "name_key",
    ],
    rebuild: |after| rebuilt(after, columns),
};

fn columns(noun: &Model) -> Vec<Val> {
    let about = &noun.about;
    let mut all = vals![noun.id, noun.version, &noun.name, noun.company, noun.device_type].to_vec();
    let identifiers =
        serde_json::to_string(&about.identifiers).ok().filter(|_| !about.identifiers.is_empty());
    all.extend(vals![about.catalogue_number.as_ref(), about.edition.as_ref(), identifiers]);
    for end in End::ALL.map(|end| about.end(end)) {
        all.extend(vals![end.map(|e| e.on), end.map(|e| &e.source), end.map(|e| e.learnt_on)]);
    }
    let price = about.list_price;
    let life = about.useful_life.as_ref();
    let own = about.own_risk.as_ref();
    all.extend(vals![
        price.map(|p| p.price.minor),
        price.map(|p| p.price.currency.to_string()),
        price.map(|p| p.on),
        life.map(|l| i64::from(l.years)),
        life.map(|l| &l.source),
        own.map(|own| own.level.code()),
        own.map(|own| &own.reason),
        noun.key()
    ]);
    all
}

fn end_from(row: &Row, end: End) -> Result<Option<Milestone>> {
    let [on, source, learnt_on] = Milestone::fields(end.field());
    let (Some(on), Some(source), Some(learnt_on)) = (row.get(&on)?, row.get(&source)?, row.get(&learnt_on)?)
    else {
        return Ok(None);
    };
    Ok(Some(Milestone { on, source, learnt_on }))
}

fn price_from(row: &Row) -> Result<Option<ListPrice>> {
    let minor: Option<i64> = row.get("list_price_minor")?;
    let (Some(minor), Some(currency), Some(on)) =
        (minor, row.get("list_price_currency")?, row.get("list_price_on")?)
    else {
        return Ok(None);
    };
    Ok(Some(ListPrice { price: Money { minor, currency }, on }))
}

fn identifiers_from(row: &Row) -> Result<Vec<Identifier>> {
    let text: Option<String> = row.get("identifiers")?;
    text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(Problem::bug))
}

fn about_from(row: &Row) -> Result<About> {
    let (level, reason): (_, Option<String>) = (row.parse_opt("risk")?, row.get("risk_reason")?);
    Ok(About {
        catalogue_number: row.get("catalogue_number")?,
        edition: row.get("edition")?,
        identifiers: identifiers_from(row)?,
        sale_end: end_from(row, End::Sale)?,
        support_end: end_from(row, End::Support)?,
        life_end: end_from(row, End::Life)?,
        list_price: price_from(row)?,
        useful_life: UsefulLife::from_row(row)?,
        own_risk: level.zip(reason).map(|(level, reason)| OwnRisk { level, reason }),
    })
}

fn from_row(row: &Row) -> Result<Model> {
    Ok(Model {
        id: row.get("id")?,
        version: row.get("version")?,
        company: row.get("company_id")?,
        device_type: row.get("type_id")?,
        name: row.get("name")?,
        about: about_from(row)?,
    })
}

/// One model.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: ModelId) -> Result<Model> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this model"))
}

/// All models by name, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, limit: u32) -> Result<Vec<Model>> {
    tx.all(LIST, &vals![org, limit]).await?.iter().map(from_row).collect()
}

/// One by its maker and its name, in any spelling of case, accents and blanks.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_name(tx: &mut Tx, org: OrgId, company: CompanyId, name: &str) -> Result<Option<Model>> {
    let row = tx.find(BY_NAME, &vals![org, company, kernel::fold(name)]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The model that a device identifier belongs to, as its agency writes it.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_di(tx: &mut Tx, org: OrgId, di: &str) -> Result<Option<ModelId>> {
    tx.find(BY_DI, &vals![org, di]).await?.map(|row| row.get("model_id")).transpose()
}

/// The model whose device identifier a text is or holds: typed, or scanned from a label whatever its device.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_code(tx: &mut Tx, org: OrgId, code: &str) -> Result<Option<ModelId>> {
    for di in Identifier::readings(code) {
        if let Some(id) = find_by_di(tx, org, &di).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Adds one.
///
/// # Errors
/// Invalid when the name is taken, or one of its identifiers.
pub async fn add(tx: &mut Tx, org: OrgId, noun: &Model) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await.map(drop).map_err(|p| refusal(p, noun))?;
    keep_dis(tx, org, &[], noun).await
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; invalid when the name is taken, or one of its identifiers.
pub async fn change(tx: &mut Tx, org: OrgId, before: &Model, noun: &Model) -> Result<()> {
    let mut vals = vals![org, noun.id, noun.version - 1].to_vec();
    vals.extend(columns(noun).into_iter().skip(1));
    if tx.execute(CHANGE, &vals).await.map_err(|p| refusal(p, noun))? == 1 {
        return keep_dis(tx, org, &before.about.identifiers, noun).await;
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

/// Makes [`find_by_di`] say what the model says.
async fn keep_dis(tx: &mut Tx, org: OrgId, before: &[Identifier], noun: &Model) -> Result<()> {
    let after = &noun.about.identifiers;
    let in_one = |all: &[Identifier], di: &str| all.iter().any(|one| one.di == di);
    for gone in before.iter().filter(|one| !in_one(after, &one.di)) {
        tx.execute(DROP_DI, &vals![org, &gone.di, noun.id]).await?;
    }
    for new in after.iter().filter(|one| !in_one(before, &one.di)) {
        if let Some(other) = find_by_di(tx, org, &new.di).await? {
            let other = get(tx, org, other).await?;
            let words = format!(
                "{} is on record as an identifier of {}. One belongs to one model.",
                new.di, other.name
            );
            return Err(Problem::invalid("identifiers", words));
        }
        tx.execute(ADD_DI, &vals![org, &new.di, noun.id]).await?;
    }
    Ok(())
}

/// Whether every identifier leads to its model, for [`db::check::Truths`].
pub(crate) fn check<'t>(tx: &'t mut Tx, report: &'t mut Report) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        for org in tx.all(EVERY_ORG, &vals![]).await? {
            let org: OrgId = org.get("org_id")?;
            let mut after = ModelId::from_uuid(uuid::Uuid::nil());
            loop {
                let rows = tx.all(WITH_DIS, &vals![org, after]).await?;
                let Some(last) = rows.last() else { break };
                after = last.get("id")?;
                for row in &rows {
                    check_one(tx, org, row, report).await?;
                }
            }
        }
        report.looked("device identifiers against their models");
        Ok(())
    })
}

async fn check_one(tx: &mut Tx, org: OrgId, row: &Row, report: &mut Report) -> Result<()> {
    let (id, n): (ModelId, i64) = (row.get("id")?, row.get("n")?);
    let all = identifiers_from(row)?;
    for one in &all {
        if find_by_di(tx, org, &one.di).await? != Some(id) {
            report.fault("models", format!("the identifier {} of model {id} does not lead to it", one.di));
        }
    }
    if n != i64::try_from(all.len()).unwrap_or(i64::MAX) {
        report.fault("models", format!("{n} identifiers lead to model {id}, which has {}", all.len()));
    }
    Ok(())
}

/// How many devices of a model are in service and have their risk level from it or its type, if from anywhere.
///
/// # Errors
/// As [`Tx::all`].
pub async fn in_service_by_type(tx: &mut Tx, org: OrgId, id: ModelId) -> Result<i64> {
    tx.one(BY_TYPE, &vals![org, id, crate::device::State::InService.code()]).await?.get("n")
}

fn refusal(problem: Problem, noun: &Model) -> Problem {
    if problem.code() == db::UNIQUE {
        return Problem::invalid("name", format!("“{}” is already on record for this maker.", noun.name));
    }
    problem
}
