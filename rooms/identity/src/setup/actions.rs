//! Keeping a set-up, once.

use db::{Db, Tx, Wall};
use kernel::{Actor, Id, Instant, OrgId, PersonId, Problem, RequestId, Result, Role, Scope, SiteId, Via};

use super::Prepared;
use crate::{
    account,
    grant::{self, RoleGrant},
    org, person,
    session::{self, Client},
    site,
};

/// Where a set-up comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// How it came in.
    pub via: Via,
    /// With which request.
    pub request: RequestId,
    /// When.
    pub at: Instant,
    /// The browser to sign in at once, if there is one.
    pub client: Option<Client>,
}

/// What a set-up made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The organisation.
    pub org: OrgId,
    /// Its first site.
    pub site: SiteId,
    /// Its first administrator.
    pub person: PersonId,
    /// The session of [`Origin::client`].
    pub token: Option<String>,
}

/// Makes the first organisation of an installation, in one transaction.
///
/// # Errors
/// [`Problem::Conflict`] with code `identity.setup.done` when there already is one, however close two set-ups
/// come to each other.
pub async fn create(db: &Db, prepared: &Prepared, origin: &Origin) -> Result<Made> {
    db::write!(db, Wall::All("no organisation exists before set-up"), |tx| {
        if org::count(tx).await? > 0 {
            return Err(Problem::conflict(
                "identity.setup.done",
                "This installation is already set up. Sign in, or ask its administrator for an account.",
            ));
        }
        keep(tx, prepared, origin).await
    })
}

/// Makes a further organisation, for the command line. It needs an address of its own, because several
/// organisations are told apart by the host.
///
/// # Errors
/// [`Problem::Invalid`] on `base_url` when it is missing or taken.
pub async fn create_another(db: &Db, prepared: &Prepared, origin: &Origin) -> Result<Made> {
    if prepared.org.host.is_none() {
        let message =
            "A further organisation needs an address of its own, such as https://baton.example.org.";
        return Err(Problem::invalid("base_url", message));
    }
    db::write!(db, Wall::All("the organisation does not exist yet"), |tx| keep(tx, prepared, origin).await)
}

async fn keep(tx: &mut Tx, prepared: &Prepared, origin: &Origin) -> Result<Made> {
    let Prepared { org, site, person } = prepared;
    let mut who = Actor::system(org.id, "Command line", origin.via, origin.at);
    who.request = origin.request.clone();
    if origin.via == Via::Page {
        who.person = Some(person.id);
        who.name.clone_from(&person.name);
    }
    org::keep(tx, &who, org).await?;
    site::keep(tx, &who, site).await?;
    person::keep(tx, &who, person).await?;
    // Somebody has to begin: administrator for people and settings, manager for the fleet.
    for role in [Role::Administrator, Role::Manager] {
        let first = RoleGrant {
            id: Id::new(),
            version: 1,
            person: person.id,
            role,
            scope: Scope::Org,
            ended_at: None,
        };
        grant::keep(tx, &who, &first).await?;
    }
    let token = match &origin.client {
        Some(client) => {
            account::signed_in(tx, org.id, person.id, origin.at).await?;
            Some(session::open(tx, org.id, person.id, client, origin.at).await?)
        }
        None => None,
    };
    Ok(Made { org: org.id, site: site.id, person: person.id, token })
}
