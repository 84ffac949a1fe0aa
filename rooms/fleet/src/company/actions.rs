//! What people do to makers: permit, rule, store, record.

use std::collections::{HashMap, HashSet};

use db::Tx;
use kernel::{Actor, Change, FieldError, Id, Problem, Result};

use super::{Company, CompanyId, MOST, Owner, Values, owner, store};
use crate::{Name, device::Text, permit, reindex};

/// Makers read at once to follow their owners.
const ALL: u32 = 50_000;

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

/// What was typed, checked but for what only the record knows.
fn checked(id: CompanyId, values: &Values) -> Result<Values> {
    let mut errors = Vec::new();
    let wrong = |field: &'static str, message: String| FieldError { field: field.into(), message };
    let name = Name::parse(&values.name).map_err(|e| errors.push(wrong("name", e.to_string()))).ok();
    let own = name.as_ref().map(Name::key).unwrap_or_default();
    let (mut aliases, mut seen): (Vec<String>, HashSet<String>) = (Vec::new(), HashSet::from([own]));
    for text in values.aliases.iter().filter(|text| !text.trim().is_empty()) {
        match Name::parse(text) {
            Ok(alias) if seen.insert(alias.key()) => aliases.push(alias.into()),
            // Its own name, or one that stands there twice in another spelling, says nothing new.
            Ok(_) => {}
            Err(e) => errors.push(wrong("aliases", format!("“{text}”: {e}"))),
        }
    }
    if aliases.len() > MOST {
        errors.push(wrong("aliases", format!("A maker has at most {MOST} other names.")));
    }
    let owners = Owner::checked_all("owner", id, &values.owners, &mut errors);
    match name {
        Some(name) if errors.is_empty() => Ok(Values { name: name.into(), aliases, owners }),
        _ => Err(Problem::Invalid { fields: errors }),
    }
}

/// Owners are on record and lead back to nobody.
async fn leads_up(tx: &mut Tx, who: &Actor, id: CompanyId, owners: &[Owner]) -> Result<()> {
    if owners.is_empty() {
        return Ok(());
    }
    let all: HashMap<CompanyId, Company> =
        store::list(tx, who.org, ALL).await?.into_iter().map(|one| (one.id, one)).collect();
    for (n, owner) in owners.iter().enumerate() {
        if !all.contains_key(&owner.company) {
            return Err(Problem::invalid(format!("owner_{n}"), "This maker is not on record."));
        }
    }
    let of = |id| all.get(&id).map(|one| one.owners.clone()).unwrap_or_default();
    let Some(by) = owner::circle(id, owners, of) else { return Ok(()) };
    let at = owners.iter().position(|one| one.company == by).unwrap_or_default();
    let by = all.get(&by).map(|one| one.name.as_str()).unwrap_or_default();
    Err(Problem::invalid(
        format!("owner_{at}"),
        format!(
            "By way of {by} it would belong to itself on some days. Correct the owners of {by}, or these days."
        ),
    ))
}

/// Changes what is on record about a maker. Its devices are found by its new names as soon as the job has run.
///
/// # Errors
/// Forbidden without [`permit::MODEL_EDIT`] everywhere; invalid at each field that cannot be taken: a name that is taken,
/// owners at the same time, or by whom it would belong to itself; [`Problem::Stale`].
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    id: CompanyId,
    seen: i64,
    values: &Values,
    reason: Option<String>,
) -> Result<Company> {
    who.need_everywhere(permit::MODEL_EDIT)?;
    Text::Words.refusal("fleet.company.reason", reason.as_ref()).map_or(Ok(()), Err)?;
    let before = store::get(tx, who.org, id).await?;
    if before.version != seen {
        return Err(Problem::Stale { current: before.version });
    }
    let Values { name, aliases, owners } = checked(id, values)?;
    leads_up(tx, who, id, &owners).await?;
    let after = Company { id, version: before.version + 1, name, aliases, owners };
    if after.values() == before.values() {
        return Ok(before);
    }
    store::change(tx, who.org, &before, &after).await?;
    let change = Change { reason, ..after.change("fleet.company.change", Some(&before))? };
    tx.record(who, change).await?;
    if after.keys() != before.keys() || after.name != before.name {
        reindex::later(tx, who.org, reindex::Noun::Company, id.uuid(), who.at).await?;
    }
    Ok(after)
}
