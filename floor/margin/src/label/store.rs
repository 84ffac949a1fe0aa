//! Labels in the database.

use std::collections::BTreeMap;

use db::{
    Row, Select, Tx, Val,
    check::Report,
    seal::{Record, rebuilt},
    vals,
};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{OrgId, Problem, Result};
use uuid::Uuid;

use super::{Label, LabelId, Labelling, MOST};

db::statements! {
    /// One label.
    GET = "SELECT id, version, name FROM label WHERE org_id = $1 AND id = $2";
    /// All labels, by name.
    LIST = "SELECT id, version, name FROM label WHERE org_id = $1 ORDER BY name_key LIMIT $2";
    /// Adds one.
    ADD = "INSERT INTO label (org_id, id, version, name, name_key) VALUES ($1, $2, $3, $4, $5)";
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE label SET version = $4, name = $5, name_key = $6 WHERE org_id = $1 AND id = $2 AND version = $3";
    /// What is between a label and a record.
    BETWEEN = "SELECT id, version, label_id, noun, record_id, name, worn FROM labelling \
               WHERE org_id = $1 AND label_id = $2 AND noun = $3 AND record_id = $4";
    /// The first time that a label is put on a record.
    PUT = "INSERT INTO labelling (org_id, id, version, label_id, noun, record_id, name, worn) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// It is taken off, or put on again.
    TURN = "UPDATE labelling SET version = $4, name = $5, worn = $6 WHERE org_id = $1 AND id = $2 AND version = $3";
    /// The labels that a record wears, by name.
    OF = "SELECT l.id, l.version, l.name FROM labelling g JOIN label l ON l.org_id = g.org_id AND l.id = g.label_id \
          WHERE g.org_id = $1 AND g.noun = $2 AND g.record_id = $3 AND g.worn ORDER BY l.name_key";
    /// So many records more wear a label.
    COUNT = "INSERT INTO label_count (org_id, label_id, noun, n) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (org_id, label_id, noun) DO UPDATE SET n = label_count.n + excluded.n";
    /// How many wear each.
    COUNTS = "SELECT label_id, noun, n FROM label_count WHERE org_id = $1 AND n <> 0";
}

const WORN: &str =
    "SELECT g.record_id, l.name FROM labelling g JOIN label l ON l.org_id = g.org_id AND l.id = g.label_id";

/// What a label's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "label",
    key: "id",
    columns: &["id", "version", "name", "name_key"],
    rebuild: |after| rebuilt(after, columns),
};

/// What the row between a label and a record must be by its last event.
pub(crate) const LABELLING: Record = Record {
    table: "labelling",
    key: "id",
    columns: &["id", "version", "label_id", "noun", "record_id", "name", "worn"],
    rebuild: |after| rebuilt(after, between_columns),
};

fn columns(noun: &Label) -> Vec<Val> {
    vals![noun.id, noun.version, &noun.name, noun.key()].to_vec()
}

fn between_columns(noun: &Labelling) -> Vec<Val> {
    vals![noun.id, noun.version, noun.label, &noun.noun, noun.record, &noun.name, noun.worn].to_vec()
}

fn from_row(row: &Row) -> Result<Label> {
    Ok(Label { id: row.get("id")?, version: row.get("version")?, name: row.get("name")? })
}

const RECOUNT: db::Sql = db::Sql::new(
    "SELECT COALESCE(c.n, 0) AS kept, g.n AS counted, g.label_id FROM (SELECT org_id, label_id, noun, COUNT(*) AS n \
     FROM labelling WHERE worn GROUP BY org_id, label_id, noun) g LEFT JOIN label_count c ON c.org_id = g.org_id \
     AND c.label_id = g.label_id AND c.noun = g.noun WHERE COALESCE(c.n, 0) <> g.n LIMIT 20",
);
const TOO_MANY: db::Sql = db::Sql::new(
    "SELECT c.label_id, c.n AS kept FROM label_count c WHERE c.n <> 0 AND NOT EXISTS (SELECT 1 FROM labelling g \
     WHERE g.org_id = c.org_id AND g.label_id = c.label_id AND g.noun = c.noun AND g.worn) LIMIT 20",
);

/// The kept counts are those of the records that wear a label.
pub(crate) fn check<'t>(tx: &'t mut Tx, report: &'t mut Report) -> BoxFuture<'t, Result<()>> {
    async move {
        for row in tx.all(RECOUNT, &vals![]).await? {
            let (id, kept, counted): (LabelId, i64, i64) =
                (row.get("label_id")?, row.get("kept")?, row.get("counted")?);
            report.fault("counts", format!("the label {id} is worn by {counted}, and {kept} are noted"));
        }
        for row in tx.all(TOO_MANY, &vals![]).await? {
            let (id, kept): (LabelId, i64) = (row.get("label_id")?, row.get("kept")?);
            report.fault("counts", format!("the label {id} is worn by none, and {kept} are noted"));
        }
        report.looked("the counts of labels");
        Ok(())
    }
    .boxed()
}

/// One label.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: LabelId) -> Result<Label> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this label"))
}

/// All labels of an organisation, by name.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId) -> Result<Vec<Label>> {
    tx.all(LIST, &vals![org, MOST as i64]).await?.iter().map(from_row).collect()
}

/// How many records of each kind wear each label.
///
/// # Errors
/// As [`Tx::all`].
pub async fn counts(tx: &mut Tx, org: OrgId) -> Result<BTreeMap<(LabelId, String), i64>> {
    let rows = tx.all(COUNTS, &vals![org]).await?;
    rows.iter().map(|row| Ok(((row.get("label_id")?, row.get("noun")?), row.get("n")?))).collect()
}

/// The labels that a record wears, by name.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of(tx: &mut Tx, org: OrgId, noun: &str, record: Uuid) -> Result<Vec<Label>> {
    tx.all(OF, &vals![org, noun, record]).await?.iter().map(from_row).collect()
}

/// What the labels say that these records wear, by record.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_many(
    tx: &mut Tx,
    org: OrgId,
    noun: &str,
    records: impl IntoIterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, Vec<String>>> {
    let mut select = Select::new(WORN, "g", org);
    select.filter("g.noun = {}", [noun.into()]).filter("g.worn", []);
    select.one_of("g.record_id", records.into_iter().map(Val::from));
    select.ending("ORDER BY l.name_key", []);
    let mut all: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for row in select.all(tx).await? {
        all.entry(row.get("record_id")?).or_default().push(row.get("name")?);
    }
    Ok(all)
}

/// Adds a label.
///
/// # Errors
/// Invalid at `name` when it is taken.
pub(super) async fn add(tx: &mut Tx, org: OrgId, noun: &Label) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await.map(drop).map_err(|problem| taken(problem, noun))
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; invalid at `name` when it is taken.
pub(super) async fn change(tx: &mut Tx, org: OrgId, noun: &Label) -> Result<()> {
    let vals = vals![org, noun.id, noun.version - 1, noun.version, &noun.name, noun.key()];
    if tx.execute(CHANGE, &vals).await.map_err(|problem| taken(problem, noun))? == 1 {
        return Ok(());
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

fn taken(problem: Problem, noun: &Label) -> Problem {
    match problem.code() {
        db::UNIQUE => Problem::invalid("name", format!("There is a label “{}” already.", noun.name)),
        _ => problem,
    }
}

/// What is between a label and a record, if there ever was anything.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn between(
    tx: &mut Tx,
    org: OrgId,
    label: LabelId,
    noun: &str,
    record: Uuid,
) -> Result<Option<Labelling>> {
    let Some(row) = tx.find(BETWEEN, &vals![org, label, noun, record]).await? else { return Ok(None) };
    Ok(Some(Labelling {
        id: row.get("id")?,
        version: row.get("version")?,
        label: row.get("label_id")?,
        noun: row.get("noun")?,
        record: row.get("record_id")?,
        name: row.get("name")?,
        worn: row.get("worn")?,
    }))
}

/// Writes what is between a label and a record now, and counts it.
///
/// # Errors
/// [`Problem::Busy`] when somebody does the same at this moment: the write runs again and finds it.
pub(super) async fn set(tx: &mut Tx, org: OrgId, noun: &Labelling) -> Result<()> {
    let busy = || Problem::Busy { retry_after: 1 };
    if noun.version == 1 {
        let vals: Vec<Val> = vals![org].into_iter().chain(between_columns(noun)).collect();
        let put = tx.execute(PUT, &vals).await;
        put.map_err(|problem| if problem.code() == db::UNIQUE { busy() } else { problem })?;
    } else {
        let vals = vals![org, noun.id, noun.version - 1, noun.version, &noun.name, noun.worn];
        if tx.execute(TURN, &vals).await? != 1 {
            return Err(busy());
        }
    }
    let n: i64 = if noun.worn { 1 } else { -1 };
    tx.execute(COUNT, &vals![org, noun.label, &noun.noun, n]).await.map(drop)
}
