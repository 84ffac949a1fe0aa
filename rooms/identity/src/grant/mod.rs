//! A role a person holds somewhere: for the whole organisation, a site, or a department with its units.

mod actions;
mod store;

use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use kernel::{Actor, DepartmentId, Id, Instant, OrgId, PersonId, Reach, Result, Role, Scope, SiteId};
use serde::{Deserialize, Serialize};

pub use actions::{end, give, keep};
pub(crate) use actions::{must_keep_an_administrator, need_over_all};
pub(crate) use store::{ALL, RECORD, active, of_people, of_person, of_person_ever, scope_of};

use crate::{
    department::{self, Department},
    permit,
    site::{self, Site},
};

/// Identifies a grant.
pub type GrantId = Id<RoleGrant>;

/// A role a person holds somewhere, as it stands on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RoleGrant {
    /// Its id.
    pub id: GrantId,
    /// Its version on record: 1 given, 2 ended.
    pub version: i64,
    /// Who holds it.
    pub person: PersonId,
    /// The role.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// When it was taken away; `None` while it is held.
    pub ended_at: Option<Instant>,
}

impl RoleGrant {
    /// Whether it makes its holder an administrator of the whole organisation.
    pub fn rules_everywhere(&self) -> bool {
        self.role == Role::Administrator && self.scope == Scope::Org
    }
}

/// Where a scope stands, as far as rights over it go. The whole organisation has no reach, so only a right held
/// everywhere covers it.
pub(crate) fn reach(scope: Scope, department: Option<&Department>) -> Reach {
    match scope {
        Scope::Org => Reach::default(),
        Scope::Site(site) => Reach { site: Some(site), department: None },
        Scope::Department(id) => Reach { site: department.map(|d| d.site), department: Some(id) },
    }
}

/// Whether the actor may manage people's roles over all of a scope.
pub(crate) fn may_manage(who: &Actor, scope: Scope, department: Option<&Department>) -> bool {
    match scope {
        Scope::Org => who.may_everywhere(permit::PERSON_MANAGE),
        _ => who.may(permit::PERSON_MANAGE, reach(scope, department)),
    }
}

/// Whether the actor holds a role over all of a scope.
pub(crate) fn holds(who: &Actor, role: Role, scope: Scope, department: Option<&Department>) -> bool {
    who.grants.iter().filter(|grant| grant.role == role).any(|grant| match (grant.scope, scope) {
        (Scope::Org, _) => true,
        (Scope::Site(held), Scope::Site(asked)) => held == asked,
        (Scope::Site(held), Scope::Department(_)) => department.is_some_and(|d| d.site == held),
        (Scope::Department(_), Scope::Department(asked)) => grant.subtree.contains(&asked),
        _ => false,
    })
}

/// The names of sites and departments, for saying a scope in words.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) sites: Vec<Site>,
    pub(crate) departments: BTreeMap<DepartmentId, Department>,
}

impl Names {
    pub(crate) fn new(sites: Vec<Site>, departments: Vec<Department>) -> Self {
        Self { sites, departments: departments.into_iter().map(|d| (d.id, d)).collect() }
    }

    /// The names that some scopes need. A health system has thousands of departments.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub(crate) async fn of(tx: &mut Tx, org: OrgId, scopes: impl Iterator<Item = Scope>) -> Result<Self> {
        let of_department = |scope| if let Scope::Department(id) = scope { Some(id) } else { None };
        let ids: BTreeSet<DepartmentId> = scopes.filter_map(of_department).collect();
        let ids: Vec<DepartmentId> = ids.into_iter().collect();
        let departments = department::with_parents(tx, org, &ids).await?;
        Ok(Self::new(site::list(tx, org).await?, departments))
    }

    pub(crate) fn site(&self, id: SiteId) -> &str {
        self.sites.iter().find(|site| site.id == id).map_or("a site", |site| site.name.as_str())
    }

    /// "All sites", "St Anne's", "ICU, St Anne's", "Bay 4, ICU, St Anne's".
    pub(crate) fn scope(&self, scope: Scope) -> String {
        match scope {
            Scope::Org => "All sites".to_owned(),
            Scope::Site(id) => self.site(id).to_owned(),
            Scope::Department(id) => match self.departments.get(&id) {
                None => "a department".to_owned(),
                Some(here) => {
                    let above = here.parent.and_then(|id| self.departments.get(&id));
                    let mut words = vec![here.name.as_str()];
                    words.extend(above.map(|d| d.name.as_str()));
                    words.push(self.site(here.site));
                    words.join(", ")
                }
            },
        }
    }
}

/// A scope as a form sends it: `org`, `site:ID`, `department:ID`.
pub(crate) fn scope_code(scope: Scope) -> String {
    match scope {
        Scope::Org => "org".to_owned(),
        Scope::Site(id) => format!("site:{id}"),
        Scope::Department(id) => format!("department:{id}"),
    }
}

/// The reverse of [`scope_code`].
pub(crate) fn scope_from_code(text: &str) -> Option<Scope> {
    match text.split_once(':') {
        None => (text == "org").then_some(Scope::Org),
        Some(("site", id)) => id.parse().ok().map(Scope::Site),
        Some(("department", id)) => id.parse().ok().map(Scope::Department),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back() {
        for scope in [Scope::Org, Scope::Site(Id::new()), Scope::Department(Id::new())] {
            assert_eq!(scope_from_code(&scope_code(scope)), Some(scope));
        }
        for bad in ["", "site", "site:1", "place:0190", "org:x"] {
            assert_eq!(scope_from_code(bad), None, "{bad}");
        }
    }
}
