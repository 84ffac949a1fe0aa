//! Companies in the database.

use db::{
    Row, Tx, Val,
    check::Report,
    seal::{Record, rebuilt},
    vals,
};
use futures::future::BoxFuture;
use kernel::{FieldError, OrgId, Problem, Result};
use serde::de::DeserializeOwned;

use super::{Company, CompanyId};

db::statements! {
    /// One company.
    GET = "SELECT id, version, name, aliases, owners FROM company WHERE org_id = $1 AND id = $2";
    /// All companies, by name.
    LIST = "SELECT id, version, name, aliases, owners FROM company WHERE org_id = $1 ORDER BY name_key LIMIT $2";
    /// One by the key of any of its names.
    BY_NAME = "SELECT c.id, c.version, c.name, c.aliases, c.owners FROM company_called n \
               JOIN company c ON c.org_id = n.org_id AND c.id = n.company_id WHERE n.org_id = $1 AND n.name_key = $2";
    /// Adds one.
    ADD = "INSERT INTO company (org_id, id, version, name, aliases, owners, name_key) \
           VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE company SET version = $4, name = $5, aliases = $6, owners = $7, name_key = $8 \
              WHERE org_id = $1 AND id = $2 AND version = $3";
    /// A company gets a name.
    ADD_NAME = "INSERT INTO company_called (org_id, name_key, company_id) VALUES ($1, $2, $3)";
    /// A company loses a name.
    DROP_NAME = "DELETE FROM company_called WHERE org_id = $1 AND name_key = $2 AND company_id = $3";
    /// The names that lead to a company.
    NAMES = "SELECT name_key FROM company_called WHERE org_id = $1 AND company_id = $2";
    /// Every organisation with companies. all organisations: the check of a database looks at each.
    ORGS_WITH_SOME = "SELECT DISTINCT org_id FROM company";
}

/// What a company's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "company",
    key: "id",
    columns: &["id", "version", "name", "aliases", "owners", "name_key"],
    rebuild: |after| rebuilt(after, columns),
};

fn columns(noun: &Company) -> Vec<Val> {
    let aliases = serde_json::to_string(&noun.aliases).ok().filter(|_| !noun.aliases.is_empty());
    let owners = serde_json::to_string(&noun.owners).ok().filter(|_| !noun.owners.is_empty());
    vals![noun.id, noun.version, &noun.name, aliases, owners, noun.key()].to_vec()
}

/// A list that a column holds as JSON.
fn list_from<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Vec<T>> {
    let text: Option<String> = row.get(column)?;
    text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(Problem::bug))
}

fn from_row(row: &Row) -> Result<Company> {
    Ok(Company {
        id: row.get("id")?,
        version: row.get("version")?,
        name: row.get("name")?,
        aliases: list_from(row, "aliases")?,
        owners: list_from(row, "owners")?,
    })
}

/// One company.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: CompanyId) -> Result<Company> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this company"))
}

/// All companies by name, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, limit: u32) -> Result<Vec<Company>> {
    tx.all(LIST, &vals![org, limit]).await?.iter().map(from_row).collect()
}

/// One by its name or another name of it, in any spelling of case, accents and blanks.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_name(tx: &mut Tx, org: OrgId, name: &str) -> Result<Option<Company>> {
    let row = tx.find(BY_NAME, &vals![org, kernel::fold(name)]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Adds one.
///
/// # Errors
/// Invalid when one of its names is taken.
pub async fn add(tx: &mut Tx, org: OrgId, noun: &Company) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    keeps_apart(tx, org, noun).await?;
    tx.execute(ADD, &vals).await.map(drop).map_err(|p| refusal(p, noun))?;
    keep_names(tx, org, &[], noun).await
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; invalid when one of its names is taken.
pub async fn change(tx: &mut Tx, org: OrgId, before: &Company, noun: &Company) -> Result<()> {
    keeps_apart(tx, org, noun).await?;
    let mut vals = vals![org, noun.id, noun.version - 1].to_vec();
    vals.extend(columns(noun).into_iter().skip(1));
    if tx.execute(CHANGE, &vals).await.map_err(|p| refusal(p, noun))? == 1 {
        return keep_names(tx, org, &before.keys(), noun).await;
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

/// A name belongs to one company.
async fn keeps_apart(tx: &mut Tx, org: OrgId, noun: &Company) -> Result<()> {
    let mut wrong = Vec::new();
    for (n, name) in std::iter::once(&noun.name).chain(&noun.aliases).enumerate() {
        let Some(other) = find_by_name(tx, org, name).await?.filter(|other| other.id != noun.id) else {
            continue;
        };
        let message = if kernel::fold(name) == other.key() {
            format!("“{}” is already on record.", other.name)
        } else {
            format!("“{name}” is on record as another name of {}.", other.name)
        };
        let field = if n == 0 { "name" } else { "aliases" };
        wrong.push(FieldError { field: field.into(), message });
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::Invalid { fields: wrong }) }
}

/// Makes [`find_by_name`] say what the company says.
async fn keep_names(tx: &mut Tx, org: OrgId, before: &[String], noun: &Company) -> Result<()> {
    let after = noun.keys();
    for gone in before.iter().filter(|key| !after.contains(key)) {
        tx.execute(DROP_NAME, &vals![org, gone, noun.id]).await?;
    }
    for new in after.iter().filter(|key| !before.contains(key)) {
        tx.execute(ADD_NAME, &vals![org, new, noun.id]).await.map_err(|p| refusal(p, noun))?;
    }
    Ok(())
}

/// Whether the names of every company lead to it and no other does, for [`db::check::Truths`].
pub(crate) fn check<'t>(tx: &'t mut Tx, report: &'t mut Report) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        for org in tx.all(ORGS_WITH_SOME, &vals![]).await? {
            let org: OrgId = org.get("org_id")?;
            for company in list(tx, org, i32::MAX.unsigned_abs()).await? {
                let rows = tx.all(NAMES, &vals![org, company.id]).await?;
                let mut led: Vec<String> =
                    rows.iter().map(|row| row.get("name_key")).collect::<Result<_>>()?;
                let mut names = company.keys();
                led.sort();
                names.sort();
                if led != names {
                    report.fault("makers", format!("the names of {} do not lead to it alone", company.id));
                }
            }
        }
        report.looked("names of makers against the makers");
        Ok(())
    })
}

fn refusal(problem: Problem, noun: &Company) -> Problem {
    if problem.code() == db::UNIQUE {
        return Problem::invalid("name", format!("“{}” is already on record.", noun.name));
    }
    problem
}
