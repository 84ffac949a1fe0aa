//! What a token leaves of its owner's rights.

use std::{collections::BTreeSet, sync::Arc};

use db::Tx;
use kernel::{DepartmentId, Grant, OrgId, Result, Scope, SiteId};

use super::Token;
use crate::department;

/// A place a token is limited to, opened up.
enum Limit {
    Site(SiteId),
    Department { id: DepartmentId, site: SiteId, subtree: BTreeSet<DepartmentId> },
}

/// What is left of what a person holds: the token's permissions, at places that both reach. A department lies in its
/// site, as each device lies in the site of its owner.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn limited(
    tx: &mut Tx,
    org: OrgId,
    mut grants: Vec<Grant>,
    token: &Token,
) -> Result<Vec<Grant>> {
    if let Some(permits) = &token.permits {
        for grant in &mut grants {
            let left: Vec<_> =
                grant.permits.iter().filter(|p| permits.iter().any(|t| t == p.0)).copied().collect();
            grant.permits = Arc::from(left);
        }
        grants.retain(|grant| !grant.permits.is_empty());
    }
    let Some(scopes) = &token.scopes else { return Ok(grants) };
    let mut limits = Vec::new();
    for scope in scopes {
        match scope {
            Scope::Org => return Ok(grants),
            Scope::Site(site) => limits.push(Limit::Site(*site)),
            Scope::Department(id) => {
                let Some(found) = department::find(tx, org, *id).await? else { continue };
                let subtree = department::subtree(tx, org, *id).await?;
                limits.push(Limit::Department { id: *id, site: found.site, subtree });
            }
        }
    }
    let mut left = Vec::new();
    for grant in grants {
        let site = match grant.scope {
            Scope::Department(id) => department::find(tx, org, id).await?.map(|d| d.site),
            _ => None,
        };
        left.extend(limits.iter().filter_map(|limit| both(&grant, site, limit)));
    }
    Ok(left)
}

/// Where both reach; `site` is that of a grant for a department.
fn both(grant: &Grant, site: Option<SiteId>, limit: &Limit) -> Option<Grant> {
    let here = |scope, subtree: &BTreeSet<DepartmentId>| {
        Some(Grant { scope, subtree: subtree.clone(), role: grant.role, permits: Arc::clone(&grant.permits) })
    };
    let none = BTreeSet::new();
    match (grant.scope, limit) {
        (Scope::Org, Limit::Site(id)) => here(Scope::Site(*id), &none),
        (Scope::Site(held), Limit::Site(id)) if held == *id => here(Scope::Site(held), &none),
        (Scope::Department(_), Limit::Site(id)) if site == Some(*id) => Some(grant.clone()),
        (Scope::Org, Limit::Department { id, subtree, .. }) => here(Scope::Department(*id), subtree),
        (Scope::Site(held), Limit::Department { id, site, subtree }) if held == *site => {
            here(Scope::Department(*id), subtree)
        }
        (Scope::Department(_), Limit::Department { id, subtree, .. }) if grant.subtree.contains(id) => {
            here(Scope::Department(*id), subtree)
        }
        (Scope::Department(held), Limit::Department { subtree, .. }) if subtree.contains(&held) => {
            Some(grant.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Id, Role};

    #[test]
    fn a_limit_never_adds() {
        let (here, there): (SiteId, SiteId) = (Id::new(), Id::new());
        let (icu, bay, other): (DepartmentId, DepartmentId, DepartmentId) = (Id::new(), Id::new(), Id::new());
        let grant = |scope, subtree: &[DepartmentId]| Grant {
            role: Role::Lead,
            permits: [].into(),
            scope,
            subtree: subtree.iter().copied().collect(),
        };
        let department = |id, subtree: &[DepartmentId]| Limit::Department {
            id,
            site: here,
            subtree: subtree.iter().copied().collect(),
        };
        let (all, mine) = (grant(Scope::Org, &[]), grant(Scope::Site(here), &[]));
        let unit = grant(Scope::Department(icu), &[icu, bay]);
        let left = |grant: &Grant, limit: &Limit| both(grant, Some(here), limit).map(|g| g.scope);
        for (grant, limit, wanted) in [
            (&all, Limit::Site(there), Some(Scope::Site(there))),
            (&mine, Limit::Site(there), None),
            (&mine, Limit::Site(here), Some(Scope::Site(here))),
            (&unit, Limit::Site(there), None),
            (&unit, Limit::Site(here), Some(Scope::Department(icu))),
            (&mine, department(icu, &[icu, bay]), Some(Scope::Department(icu))),
            (&unit, department(bay, &[bay]), Some(Scope::Department(bay))),
            (&unit, department(other, &[other]), None),
            (&unit, department(other, &[other, icu, bay]), Some(Scope::Department(icu))),
        ] {
            assert_eq!(left(grant, &limit), wanted);
        }
    }
}
