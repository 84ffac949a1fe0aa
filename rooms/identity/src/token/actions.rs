//! Making and revoking tokens.

use std::collections::BTreeMap;

use db::{Db, Tx};
use kernel::{Actor, Id, Instant, OrgId, Permit, PersonId, Problem, Result, Role, Scope};

use super::{LONGEST_DAYS, Listed, MOST, Token, TokenId, new_token, store};
use crate::{Sent, department, entry, grant, permit, session, site, trace};

/// A token to make.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whose rights it shall carry.
    pub person: PersonId,
    /// What it is for.
    pub name: String,
    /// The permissions it is limited to; `None` for all.
    pub permits: Option<Vec<String>>,
    /// The places it is limited to; `None` for all.
    pub scopes: Option<Vec<Scope>>,
    /// Days it lives.
    pub days: i64,
}

/// A token just made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What stands on record.
    pub token: Token,
    /// The token itself; shown once and kept nowhere. `None` when the command had been carried out before.
    pub secret: Option<String>,
}

/// Makes a token. `known` are all permissions there are.
///
/// # Errors
/// [`Problem::Forbidden`] for whoever is not the owner, unless the command line acts, and for whoever came by a token
/// themselves; [`Problem::Invalid`] with the fields `token_name`, `permit`, `scope`, `days`.
pub async fn create(
    tx: &mut Tx,
    who: &Actor,
    draft: &Draft,
    known: &[Permit],
    sent: Sent<'_>,
) -> Result<Made> {
    let own = who.person == Some(draft.person) && who.via == kernel::Via::Page;
    let server = who.person.is_none() && who.via != kernel::Via::Api;
    if !(own || server) {
        return Err(Problem::Forbidden { permit: permit::PERSON_MANAGE.0 });
    }
    if let Some(token) = sent.before(tx, who, "identity.token.create").await? {
        return Ok(Made { token, secret: None });
    }
    let person = crate::person::get(tx, who.org, draft.person).await?;
    let mut errors = Vec::new();
    let name = entry::name("token_name", "What it is for", &draft.name, &mut errors);
    check_limits(who, draft, own, known, &mut errors);
    check_scopes(tx, who, draft, &mut errors).await?;
    let good = store::of_person(tx, who.org, person.id).await?;
    if good.iter().filter(|t| t.token.is_good(who.at)).count() >= MOST {
        entry::fault(
            &mut errors,
            "token_name",
            format!("There are {MOST} tokens already. Revoke some first."),
        );
    }
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    let secret = new_token();
    let token = Token {
        id: Id::new(),
        version: 1,
        person: person.id,
        name,
        permits: draft.permits.clone(),
        scopes: draft.scopes.clone(),
        created_at: who.at,
        expires_at: who.at.plus_seconds(draft.days * 86_400),
        revoked_at: None,
        sha256: session::token_hash(&secret).iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    store::insert(tx, who.org, &token).await?;
    tx.record(who, trace::change("identity.token.create", "api_token", token.id.uuid(), 1, None, &token)?)
        .await?;
    sent.after(tx, who, &token).await?;
    Ok(Made { token, secret: Some(secret) })
}

/// How long it lives, and what it is limited to.
fn check_limits(
    who: &Actor,
    draft: &Draft,
    own: bool,
    known: &[Permit],
    errors: &mut Vec<kernel::FieldError>,
) {
    if !(1..=LONGEST_DAYS).contains(&draft.days) {
        entry::fault(errors, "days", format!("A token lives 1 to {LONGEST_DAYS} days."));
    }
    if draft.permits.as_ref().is_some_and(Vec::is_empty) {
        entry::fault(errors, "permit", "Choose at least one permission, or all.");
    }
    for wanted in draft.permits.iter().flatten() {
        if !known.iter().any(|p| p.0 == wanted) {
            entry::fault(errors, "permit", format!("“{wanted}” is not a permission."));
        } else if own && !who.grants.iter().any(|g| g.permits.iter().any(|p| p.0 == wanted)) {
            entry::fault(errors, "permit", format!("You do not hold {wanted} yourself."));
        }
    }
}

/// Whether an owner may do all that a token of theirs is limited to; `rights` says which roles give a permission. What
/// the owner lacks the token would promise and not open.
///
/// # Errors
/// [`Problem::Invalid`] at `permit`.
pub async fn check_held(
    tx: &mut Tx,
    org: OrgId,
    owner: PersonId,
    wanted: &[String],
    rights: &[(Permit, &[Role])],
) -> Result<()> {
    let held = grant::of_person(tx, org, owner).await?;
    let gives = |wanted: &str| {
        let giving = rights.iter().filter(|(permit, _)| permit.0 == wanted);
        giving.flat_map(|(_, roles)| roles.iter()).any(|role| held.iter().any(|g| g.role == *role))
    };
    let known = |wanted: &str| rights.iter().any(|(permit, _)| permit.0 == wanted);
    let mut errors = Vec::new();
    for lacking in wanted.iter().filter(|wanted| known(wanted) && !gives(wanted)) {
        let words =
            format!("The owner does not hold {lacking}. Leave it out, or give them a role with it first.");
        entry::fault(&mut errors, "permit", words);
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::Invalid { fields: errors }) }
}

async fn check_scopes(
    tx: &mut Tx,
    who: &Actor,
    draft: &Draft,
    errors: &mut Vec<kernel::FieldError>,
) -> Result<()> {
    let mut fault = |words: &str| entry::fault(errors, "scope", words);
    if draft.scopes.as_ref().is_some_and(|s| s.is_empty() || s.contains(&Scope::Org)) {
        fault("Name sites or departments, or leave the places open.");
    }
    for scope in draft.scopes.iter().flatten() {
        let there = match scope {
            Scope::Org => true,
            Scope::Site(id) => site::list(tx, who.org).await?.iter().any(|s| s.id == *id),
            Scope::Department(id) => department::find(tx, who.org, *id).await?.is_some(),
        };
        if !there {
            fault("That place is not in this organisation. Choose another.");
        }
    }
    Ok(())
}

/// The tokens an actor may see, the newest first: their own, and those of people whose accounts they manage.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, who: &Actor) -> Result<Vec<Listed>> {
    let manages = who.person.is_none() || who.may_somewhere(permit::PERSON_MANAGE);
    if !manages {
        let Some(me) = who.person else { return Ok(Vec::new()) };
        return store::of_person(tx, who.org, me).await;
    }
    let mut mine: BTreeMap<PersonId, bool> = BTreeMap::new();
    let mut seen = Vec::new();
    for listed in store::list(tx, who.org).await? {
        let person = listed.token.person;
        let may = match mine.get(&person) {
            Some(may) => *may,
            None => {
                let may = may_manage(tx, who, person).await?;
                mine.insert(person, may);
                may
            }
        };
        if may {
            seen.push(listed);
        }
    }
    Ok(seen)
}

/// Whether an actor looks after a person's tokens.
async fn may_manage(tx: &mut Tx, who: &Actor, person: PersonId) -> Result<bool> {
    if who.person == Some(person) {
        return Ok(true);
    }
    match grant::need_over_all(tx, who, person).await {
        Ok(()) => Ok(true),
        Err(Problem::Forbidden { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

/// A token in sight of the actor.
///
/// # Errors
/// [`Problem::NotFound`].
pub(crate) async fn seen_by(tx: &mut Tx, who: &Actor, id: TokenId) -> Result<Listed> {
    let listed = store::get(tx, who.org, id).await?;
    if may_manage(tx, who, listed.token.person).await? {
        Ok(listed)
    } else {
        Err(Problem::not_found("this token"))
    }
}

/// Revokes a token; it opens nothing from the next request on.
///
/// # Errors
/// [`Problem::NotFound`] for one out of sight; [`Problem::Stale`] for one that is revoked already.
pub async fn revoke(tx: &mut Tx, who: &Actor, id: TokenId, version: i64, sent: Sent<'_>) -> Result<Token> {
    const ACTION: &str = "identity.token.revoke";
    let before = seen_by(tx, who, id).await?.token;
    if let Some(done) = sent.before(tx, who, ACTION).await? {
        return Ok(done);
    }
    if before.revoked_at.is_some() {
        return Err(Problem::Stale { current: before.version });
    }
    trace::must_be_current(before.version, version)?;
    let after = Token { version: before.version + 1, revoked_at: Some(who.at), ..before.clone() };
    trace::must_meet(store::revoke(tx, who.org, before.version, &after).await?, before.version)?;
    let change = trace::change(ACTION, "api_token", id.uuid(), after.version, Some(&before), &after)?;
    tx.record(who, change).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Notes that a token was used. A note that cannot be written must not stop a call, so it is only logged.
pub(crate) async fn note_used(db: &Db, org: OrgId, id: TokenId, at: Instant) {
    let noted = db::write!(db, org, |tx| store::used(tx, org, id, at).await);
    if let Err(problem) = noted
        && db.trouble().is_none()
    {
        tracing::warn!(%problem, "a token’s last use was not noted");
    }
}
