//! Who acts, what they may do, and where.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{DepartmentId, Instant, OrgId, PersonId, Problem, RequestId, Result, Role, SiteId};

/// A permission, written `room.noun.verb`: `fleet.device.move`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permit(pub &'static str);

/// Where a role holds: the whole organisation, or some sites, or some departments with all below them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Scope {
    /// Everywhere in the organisation.
    Org,
    /// One site and everything in it.
    Site(SiteId),
    /// One department with the units below it.
    Department(DepartmentId),
}

/// What one role gives one person, opened up: the permissions and the departments below the granted one.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// What the role allows.
    pub permits: Arc<[Permit]>,
    /// Where.
    pub scope: Scope,
    /// For a department scope: that department and all units below it.
    pub subtree: BTreeSet<DepartmentId>,
}

/// Where a record stands, as far as rights go. A device is reached through its site or its owner department.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The site of its place.
    pub site: Option<SiteId>,
    /// Its owner department.
    pub department: Option<DepartmentId>,
}

/// How a change came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A page in the browser.
    Page,
    /// Another program, by an API token.
    Api,
    /// The command line, by whoever may read the database.
    Cli,
    /// A job of the server itself.
    Job,
    /// The generated demonstration hospital.
    Demo,
}

/// The sum of places where an actor holds a permission: what a list must be cut down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeSet {
    /// The whole organisation.
    Everywhere,
    /// These sites and these departments; nothing when both are empty.
    Only {
        /// Sites in reach.
        sites: BTreeSet<SiteId>,
        /// Departments in reach, subtrees opened up.
        departments: BTreeSet<DepartmentId>,
    },
}

/// Who is doing this, on whose behalf, from which request.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The organisation all of this happens in.
    pub org: OrgId,
    /// The person, unless the server itself acts.
    pub person: Option<PersonId>,
    /// The name that stands in the record for ever, even if the account is renamed.
    pub name: String,
    /// What they may do and where.
    pub grants: Vec<Grant>,
    /// How it came in.
    pub via: Via,
    /// The request it came with.
    pub request: RequestId,
    /// When, by the server's clock.
    pub at: Instant,
}

impl Actor {
    /// The server itself, for jobs and the command line; it may do everything in one organisation.
    pub fn system(org: OrgId, name: &str, via: Via, at: Instant) -> Self {
        Self {
            org,
            person: None,
            name: name.to_owned(),
            grants: Vec::new(),
            via,
            request: RequestId::new(),
            at,
        }
    }

    fn is_system(&self) -> bool {
        self.person.is_none() && matches!(self.via, Via::Cli | Via::Job | Via::Demo)
    }

    /// Whether the actor may do this anywhere at all; the question a route or a menu asks.
    pub fn may_somewhere(&self, permit: Permit) -> bool {
        self.is_system() || self.grants.iter().any(|g| g.permits.contains(&permit))
    }

    /// Whether the actor may do this to a record standing there.
    pub fn may(&self, permit: Permit, reach: Reach) -> bool {
        self.is_system()
            || self.grants.iter().filter(|g| g.permits.contains(&permit)).any(|g| match g.scope {
                Scope::Org => true,
                Scope::Site(site) => reach.site == Some(site),
                Scope::Department(_) => reach.department.is_some_and(|d| g.subtree.contains(&d)),
            })
    }

    /// Whether the actor may do this in the whole organisation.
    pub fn may_everywhere(&self, permit: Permit) -> bool {
        self.scope(permit) == ScopeSet::Everywhere
    }

    /// Refuses unless [`Actor::may`] holds.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] naming the missing permission.
    pub fn need(&self, permit: Permit, reach: Reach) -> Result<()> {
        if self.may(permit, reach) { Ok(()) } else { Err(Problem::Forbidden { permit: permit.0 }) }
    }

    /// Refuses unless the permission is held in the whole organisation.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] naming the missing permission.
    pub fn need_everywhere(&self, permit: Permit) -> Result<()> {
        if self.may_everywhere(permit) { Ok(()) } else { Err(Problem::Forbidden { permit: permit.0 }) }
    }

    /// The places where the actor holds this permission.
    pub fn scope(&self, permit: Permit) -> ScopeSet {
        if self.is_system() {
            return ScopeSet::Everywhere;
        }
        let (mut sites, mut departments) = (BTreeSet::new(), BTreeSet::new());
        for grant in self.grants.iter().filter(|g| g.permits.contains(&permit)) {
            match grant.scope {
                Scope::Org => return ScopeSet::Everywhere,
                Scope::Site(site) => {
                    sites.insert(site);
                }
                Scope::Department(_) => departments.extend(&grant.subtree),
            }
        }
        ScopeSet::Only { sites, departments }
    }
}
