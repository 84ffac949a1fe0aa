//! What is done to departments and units.

use db::Tx;
use kernel::{Actor, DepartmentId, FieldError, Id, Problem, Reach, Result, SiteId};

use super::{Department, DepartmentKind, keep, store};
use crate::{Sent, entry, permit, site, trace, tree};

const CHANGE: &str = "identity.department.change";

/// What people type about a department.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// A short code; may be blank.
    pub code: String,
    /// The cost centre; may be blank.
    pub cost_centre: String,
}

struct Facts {
    name: String,
    code: Option<String>,
    cost_centre: Option<String>,
}

impl Draft {
    fn check(&self) -> Result<Facts> {
        let mut errors: Vec<FieldError> = Vec::new();
        let name = entry::name("department_name", "The department’s name", &self.name, &mut errors);
        let code = entry::code("department_code", "The department’s code", &self.code, &mut errors);
        let cost_centre = entry::code("cost_centre", "The cost centre", &self.cost_centre, &mut errors);
        if errors.is_empty() {
            Ok(Facts { name, code, cost_centre })
        } else {
            Err(Problem::Invalid { fields: errors })
        }
    }
}

/// Adds a department to a site, or a unit to a department.
///
/// # Errors
/// [`Problem::Forbidden`] without `identity.site.manage` there; [`Problem::Invalid`] when the name is missing or
/// taken, or the parent is a unit or of another site.
pub async fn add(
    tx: &mut Tx,
    who: &Actor,
    at: SiteId,
    parent: Option<DepartmentId>,
    draft: &Draft,
    sent: Sent<'_>,
) -> Result<Department> {
    let site = site::get(tx, who.org, at).await?;
    who.need(permit::SITE_MANAGE, Reach { site: Some(site.id), department: parent })?;
    if let Some(done) = sent.before(tx, who, "identity.department.add").await? {
        return Ok(done);
    }
    let all: Vec<Department> = tree::list(tx, who.org, site.id).await?;
    if tree::open_parent(&all, parent)?.is_some_and(|above| above.kind != DepartmentKind::Department) {
        let message = "A unit belongs to a department of this site. Choose one of those.";
        return Err(Problem::invalid("department_parent", message));
    }
    let facts = draft.check()?;
    let department = made(site.id, parent, facts);
    keep(tx, who, &department).await?;
    sent.after(tx, who, &department).await?;
    Ok(department)
}

/// Changes name, code and cost centre; the old ones stay in its history.
///
/// # Errors
/// As [`add`], and [`Problem::Stale`] when somebody changed it since `version`.
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    id: DepartmentId,
    version: i64,
    draft: &Draft,
    sent: Sent<'_>,
) -> Result<Department> {
    let before: Department = tree::get(tx, who.org, id).await?;
    who.need(permit::SITE_MANAGE, Reach { site: Some(before.site), department: Some(id) })?;
    if let Some(done) = sent.before(tx, who, CHANGE).await? {
        return Ok(done);
    }
    let facts = draft.check()?;
    trace::must_be_current(before.version, version)?;
    let after = Department {
        version: before.version + 1,
        name: facts.name,
        code: facts.code,
        cost_centre: facts.cost_centre,
        ..before.clone()
    };
    tree::save(tx, who, CHANGE, (&before, &after), None).await?;
    trace::renamed(tx, who, "identity.department.renamed", id.uuid(), before.name != after.name).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Finds a department, or the unit below it when one is named, adding and recording what is missing. A cost
/// centre is taken over where none was known; one that is known is left alone. What was closed is open again, because it is in use. For imports: asks no permission,
/// so the caller has asked its own for this site.
///
/// # Errors
/// [`Problem::Invalid`] for a name that cannot be used.
pub async fn find_or_add(
    tx: &mut Tx,
    who: &Actor,
    site: SiteId,
    department: &str,
    unit: Option<&str>,
    cost_centre: Option<&str>,
) -> Result<DepartmentId> {
    let unit = unit.map(str::trim).filter(|unit| !unit.is_empty());
    let cost_centre = cost_centre.unwrap_or_default();
    let above = if unit.is_some() { "" } else { cost_centre };
    let id = find_or_add_one(tx, who, site, None, department, above).await?;
    match unit {
        Some(unit) => find_or_add_one(tx, who, site, Some(id), unit, cost_centre).await,
        None => Ok(id),
    }
}

async fn find_or_add_one(
    tx: &mut Tx,
    who: &Actor,
    site: SiteId,
    parent: Option<DepartmentId>,
    name: &str,
    cost_centre: &str,
) -> Result<DepartmentId> {
    let draft = Draft { name: name.to_owned(), code: String::new(), cost_centre: cost_centre.to_owned() };
    let facts = draft.check()?;
    let Some(before) = store::by_name(tx, who.org, site, parent, &facts.name).await? else {
        let department = made(site, parent, facts);
        keep(tx, who, &department).await?;
        return Ok(department.id);
    };
    if before.cost_centre.is_none() && facts.cost_centre.is_some() {
        let after =
            Department { version: before.version + 1, cost_centre: facts.cost_centre, ..before.clone() };
        tree::save(tx, who, CHANGE, (&before, &after), None).await?;
        tree::open_again(tx, who, &after).await?;
    } else {
        tree::open_again(tx, who, &before).await?;
    }
    Ok(before.id)
}

fn made(site: SiteId, parent: Option<DepartmentId>, facts: Facts) -> Department {
    Department {
        id: Id::new(),
        version: 1,
        site,
        parent,
        kind: DepartmentKind::under(parent.is_some()),
        name: facts.name,
        code: facts.code,
        cost_centre: facts.cost_centre,
        closed_at: None,
    }
}
