//! What people do to makers: permit, rule, store, record.

use db::Tx;
use kernel::{Actor, Change, Id, Problem, Result};

use super::{Company, CompanyId, store};
use crate::{Name, permit, reindex};

impl Company {
    fn change(&self, action: &'static str, before: Option<&Self>) -> Result<Change> {
        Ok(Change {
            action,
            entity: "company",
            id: self.id.uuid(),
            version: self.version,
            before: before.map(serde_json::to_value).transpose().map_err(Problem::bug)?,
            after: serde_json::to_value(self).map_err(Problem::bug)?,
            valid_at: None,
            reason: None,
        })
    }
}

/// Reads a name for a field of a form.
pub(crate) fn name(field: &'static str, text: &str) -> Result<Name> {
    Name::parse(text).map_err(|e| Problem::invalid(field, e.to_string()))
}

/// Stores a maker made elsewhere, complete with its id. Asks no permission: the caller has asked its own.
///
/// # Errors
/// Invalid when the name is taken.
pub async fn keep(tx: &mut Tx, who: &Actor, company: &Company) -> Result<()> {
    store::add(tx, who.org, company).await?;
    tx.record(who, company.change("fleet.company.add", None)?).await
}

/// The maker of this name, recorded now if it is new.
///
/// # Errors
/// Invalid on `maker` for a name that cannot be used, or a new one typed by somebody who may not add makers.
pub async fn find_or_add(tx: &mut Tx, who: &Actor, text: &str) -> Result<Company> {
    if let Some(found) = store::find_by_name(tx, who.org, text).await? {
        return Ok(found);
    }
    let name = name("maker", text)?;
    if !who.may_everywhere(permit::MODEL_EDIT) {
        let words = format!(
            "“{}” is not on record as a maker. Choose one that is, or ask a lead or manager to add it.",
            name.as_str()
        );
        return Err(Problem::invalid("maker", words));
    }
    let company = Company::new(Id::new(), name);
    keep(tx, who, &company).await?;
    Ok(company)
}

/// Gives a maker another name. Its devices are found by the new one as soon as the job has run.
///
/// # Errors
/// Forbidden without [`permit::MODEL_EDIT`] everywhere; invalid when the name is taken; [`Problem::Stale`].
pub async fn rename(tx: &mut Tx, who: &Actor, id: CompanyId, seen: i64, text: &str) -> Result<Company> {
    who.need_everywhere(permit::MODEL_EDIT)?;
    let before = store::get(tx, who.org, id).await?;
    if before.version != seen {
        return Err(Problem::Stale { current: before.version });
    }
    let after = before.renamed(name("name", text)?);
    if after.name == before.name {
        return Ok(before);
    }
    store::change(tx, who.org, &after).await?;
    tx.record(who, after.change("fleet.company.rename", Some(&before))?).await?;
    reindex::later(tx, who.org, reindex::Noun::Company, id.uuid(), who.at).await?;
    Ok(after)
}
