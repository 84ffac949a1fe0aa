//! Giving and taking roles.

use db::Tx;
use kernel::{Actor, Id, PersonId, Problem, Result, Role, Scope};

use super::{GrantId, RoleGrant, holds, may_manage, store};
use crate::{
    Sent,
    department::{self, Department},
    permit, person, site, trace,
};

const FORBIDDEN: Problem = Problem::Forbidden { permit: permit::PERSON_MANAGE.0 };

/// Stores a grant made elsewhere, complete with its id: set-up and the demonstration hospital. Asks no
/// permission.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn keep(tx: &mut Tx, who: &Actor, grant: &RoleGrant) -> Result<()> {
    store::insert(tx, who.org, grant).await?;
    let change =
        trace::change("identity.grant.give", "role_grant", grant.id.uuid(), grant.version, None, grant)?;
    tx.record(who, change).await
}

/// Gives a person a role somewhere.
///
/// # Errors
/// [`Problem::Forbidden`] unless the actor may manage people over all of that scope; administrators may give any
/// role there, others only a role they hold there themselves. [`Problem::Invalid`] for a scope that does not
/// exist or a role already held there.
pub async fn give(
    tx: &mut Tx,
    who: &Actor,
    to: PersonId,
    role: Role,
    scope: Scope,
    sent: Sent<'_>,
) -> Result<RoleGrant> {
    let department = check_scope(tx, who, scope).await?;
    need_to_give(who, role, scope, department.as_ref())?;
    if let Some(done) = sent.before(tx, who, "identity.grant.give").await? {
        return Ok(done);
    }
    let person = person::get(tx, who.org, to).await?;
    let held = store::of_person(tx, who.org, to).await?;
    if held.iter().any(|g| g.role == role && g.scope == scope) {
        let message = format!("{} already is {} there. Choose another role or place.", person.name, a(role));
        return Err(Problem::invalid("role", message));
    }
    let grant = RoleGrant { id: Id::new(), version: 1, person: to, role, scope, ended_at: None };
    keep(tx, who, &grant).await?;
    sent.after(tx, who, &grant).await?;
    Ok(grant)
}

/// Takes a role away.
///
/// # Errors
/// [`Problem::Forbidden`] as for [`give`]; [`Problem::Conflict`] when the organisation would be left without an
/// administrator.
pub async fn end(tx: &mut Tx, who: &Actor, of: PersonId, id: GrantId, sent: Sent<'_>) -> Result<RoleGrant> {
    let before = store::get(tx, who.org, of, id).await?;
    let department = department_of(tx, who, before.scope).await?;
    need_to_give(who, before.role, before.scope, department.as_ref())?;
    if let Some(done) = sent.before(tx, who, "identity.grant.end").await? {
        return Ok(done);
    }
    if before.ended_at.is_some() {
        return Err(Problem::Stale { current: before.version });
    }
    let after = RoleGrant { version: before.version + 1, ended_at: Some(who.at), ..before.clone() };
    let met = store::end(tx, who.org, before.version, &after).await?;
    trace::must_meet(met, before.version)?;
    let change =
        trace::change("identity.grant.end", "role_grant", id.uuid(), after.version, Some(&before), &after)?;
    tx.record(who, change).await?;
    if before.rules_everywhere() {
        must_keep_an_administrator(tx, who).await?;
    }
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Refuses, at the end of a change that took an administrator away, an organisation that nobody could administer any more.
///
/// # Errors
/// [`Problem::Conflict`] with code `identity.person.last_administrator`.
pub(crate) async fn must_keep_an_administrator(tx: &mut Tx, who: &Actor) -> Result<()> {
    if store::administrators(tx, who.org).await? > 0 {
        return Ok(());
    }
    Err(Problem::conflict(
        "identity.person.last_administrator",
        "This is the last active administrator of the whole organisation. Make somebody else administrator of \
         all sites first, then repeat this.",
    ))
}

/// Refuses whoever may not manage people over everything this person holds: else an administrator of one site
/// could take over the account of an administrator of all.
///
/// # Errors
/// [`Problem::Forbidden`].
pub(crate) async fn need_over_all(tx: &mut Tx, who: &Actor, person: PersonId) -> Result<()> {
    if !who.may_somewhere(permit::PERSON_MANAGE) {
        return Err(FORBIDDEN);
    }
    for grant in store::of_person(tx, who.org, person).await? {
        let department = department_of(tx, who, grant.scope).await?;
        if !may_manage(who, grant.scope, department.as_ref()) {
            return Err(FORBIDDEN);
        }
    }
    Ok(())
}

fn need_to_give(who: &Actor, role: Role, scope: Scope, department: Option<&Department>) -> Result<()> {
    // Without a person it is the server or the command line, which `may_manage` has let through or not.
    let rank = who.person.is_none()
        || holds(who, Role::Administrator, scope, department)
        || holds(who, role, scope, department);
    if may_manage(who, scope, department) && rank { Ok(()) } else { Err(FORBIDDEN) }
}

/// The department of a scope that must exist.
async fn check_scope(tx: &mut Tx, who: &Actor, scope: Scope) -> Result<Option<Department>> {
    let gone = || Problem::invalid("scope", "That place is not in this organisation. Choose another.");
    match scope {
        Scope::Org => Ok(None),
        Scope::Site(id) => match site::get(tx, who.org, id).await {
            Err(Problem::NotFound { .. }) => Err(gone()),
            other => other.map(|_| None),
        },
        Scope::Department(id) => department::find(tx, who.org, id).await?.map(Some).ok_or_else(gone),
    }
}

async fn department_of(tx: &mut Tx, who: &Actor, scope: Scope) -> Result<Option<Department>> {
    match scope {
        Scope::Department(id) => department::find(tx, who.org, id).await,
        _ => Ok(None),
    }
}

/// "a lead", "an administrator".
fn a(role: Role) -> String {
    let word = role.on_page().to_lowercase();
    if word.starts_with(['a', 'e']) { format!("an {word}") } else { format!("a {word}") }
}
