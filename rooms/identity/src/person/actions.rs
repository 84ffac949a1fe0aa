//! What is done to people's accounts.

use db::{Db, Tx};
use kernel::{Actor, Id, PersonId, Problem, Result, Role, Scope};

use super::{PasswordHash, Person, check, store};
use crate::{
    Sent,
    account::{Hasher, check_password, generate},
    grant::{self, RoleGrant},
    org, permit, session, trace,
};

/// A person to add, with their first role.
#[derive(Clone, Debug)]
pub struct Add {
    /// Full name.
    pub name: String,
    /// E-mail, which is also how they sign in.
    pub email: String,
    /// Their first role.
    pub role: Role,
    /// Where they hold it.
    pub scope: Scope,
    /// A chosen password; `None` makes a one-time one.
    pub password: Option<String>,
}

/// A person just added.
#[derive(Clone, Debug)]
pub struct Added {
    /// The person.
    pub person: Person,
    /// The one-time password that was made for them; shown once and kept nowhere.
    pub one_time: Option<String>,
}

/// Stores a person made elsewhere, complete with their id: set-up and the demonstration hospital. Asks no
/// permission.
///
/// # Errors
/// [`Problem::Invalid`] on `email` when it is taken.
pub async fn keep(tx: &mut Tx, who: &Actor, person: &Person) -> Result<()> {
    store::insert(tx, who.org, person).await.map_err(|p| email_taken(p, person))?;
    let (id, version) = (person.id.uuid(), person.version);
    tx.record(who, trace::change("identity.person.add", "person", id, version, None, person)?).await
}

/// Adds a person with their first role. `one_time` passwords must be changed at the first sign-in.
///
/// # Errors
/// [`Problem::Forbidden`] as [`grant::give`]; [`Problem::Invalid`] with the fields.
pub async fn add(
    tx: &mut Tx,
    who: &Actor,
    new: &Add,
    password: PasswordHash,
    one_time: bool,
    sent: Sent<'_>,
) -> Result<(Person, Fresh)> {
    if !who.may_somewhere(permit::PERSON_MANAGE) {
        return Err(Problem::Forbidden { permit: permit::PERSON_MANAGE.0 });
    }
    if let Some(done) = sent.before(tx, who, "identity.person.add").await? {
        return Ok((done, Fresh::Repeated));
    }
    let mut errors = Vec::new();
    let (name, email) = check(&new.name, &new.email, &mut errors);
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    let person = Person {
        id: Id::new(),
        version: 1,
        name,
        email,
        active: true,
        must_change_password: one_time,
        password_changed_at: Some(who.at),
        password: Some(password),
    };
    keep(tx, who, &person).await?;
    grant::give(tx, who, person.id, new.role, new.scope, Sent::once()).await?;
    sent.after(tx, who, &person).await?;
    Ok((person, Fresh::Now))
}

/// Whether a command was carried out now or had been before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// Now.
    Now,
    /// Before; its one-time password was already shown.
    Repeated,
}

/// Adds a person from the command line, for whoever may read the database. Returns the one-time password it made
/// when none was given.
///
/// # Errors
/// As [`add`]; a given password must be a good one.
pub async fn add_by_cli(db: &Db, who: &Actor, new: Add) -> Result<Added> {
    let one_time = new.password.is_none().then(generate);
    if let Some(chosen) = &new.password {
        let org = db::read!(db, who.org, |tx| org::get(tx, who.org).await)?;
        let mut errors = Vec::new();
        check_password("password", chosen, &[&new.email, &new.name, &org.name], &mut errors);
        if !errors.is_empty() {
            return Err(Problem::Invalid { fields: errors });
        }
    }
    let password = new.password.as_deref().or(one_time.as_deref()).unwrap_or_default();
    let hash = Hasher::new().hash(password).await?;
    let (person, _) = db::write!(db, who.org, |tx| {
        add(tx, who, &new, hash.clone(), one_time.is_some(), Sent::once()).await
    })?;
    Ok(Added { person, one_time })
}

/// Adds a service: a person who cannot sign in, so that a program has rights of its own. It holds its role in the whole
/// organisation, or in each of the places named.
///
/// # Errors
/// As [`add`].
pub async fn add_service(
    tx: &mut Tx,
    who: &Actor,
    name: &str,
    role: Role,
    scopes: &[Scope],
) -> Result<Person> {
    if !who.may_somewhere(permit::PERSON_MANAGE) {
        return Err(Problem::Forbidden { permit: permit::PERSON_MANAGE.0 });
    }
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    // A domain that never exists (RFC 2606): no mail goes there.
    let email = format!("{}@service.invalid", kernel::fold(name).chars().map(word).collect::<String>());
    let mut errors = Vec::new();
    let (name, email) = check(name, &email, &mut errors);
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    let person = Person {
        id: Id::new(),
        version: 1,
        name,
        email,
        active: true,
        must_change_password: false,
        password_changed_at: None,
        password: None,
    };
    keep(tx, who, &person).await?;
    let everywhere = [Scope::Org];
    for scope in if scopes.is_empty() { &everywhere } else { scopes } {
        grant::give(tx, who, person.id, role, *scope, Sent::once()).await?;
    }
    Ok(person)
}

/// Changes name and e-mail.
///
/// # Errors
/// [`Problem::Forbidden`] unless the actor may manage people over everything the person holds;
/// [`Problem::Invalid`] with the fields; [`Problem::Stale`] when somebody changed them since `version`.
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    id: PersonId,
    version: i64,
    (name, email): (&str, &str),
    sent: Sent<'_>,
) -> Result<Person> {
    const ACTION: &str = "identity.person.change";
    let before = store::get(tx, who.org, id).await?;
    grant::need_over_all(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, ACTION).await? {
        return Ok(done);
    }
    let mut errors = Vec::new();
    let (name, email) = check(name, email, &mut errors);
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    trace::must_be_current(before.version, version)?;
    let after = Person { version: before.version + 1, name, email, ..before.clone() };
    save(tx, who, ACTION, &before, &after).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Deactivates or reactivates an account. Deactivating ends the person's sessions at once.
///
/// # Errors
/// As [`change`], and [`Problem::Conflict`] for the last administrator of the whole organisation.
pub async fn set_active(
    tx: &mut Tx,
    who: &Actor,
    id: PersonId,
    version: i64,
    active: bool,
    sent: Sent<'_>,
) -> Result<Person> {
    let action = if active { "identity.person.reactivate" } else { "identity.person.deactivate" };
    let before = store::get(tx, who.org, id).await?;
    grant::need_over_all(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, action).await? {
        return Ok(done);
    }
    trace::must_be_current(before.version, version)?;
    if before.active == active {
        return Ok(before);
    }
    let after = Person { version: before.version + 1, active, ..before.clone() };
    save(tx, who, action, &before, &after).await?;
    if !active {
        session::end_all(tx, who.org, id, None).await?;
        if grant::of_person(tx, who.org, id).await?.iter().any(RoleGrant::rules_everywhere) {
            grant::must_keep_an_administrator(tx, who).await?;
        }
    }
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Gives a person a new one-time password and ends their sessions.
///
/// # Errors
/// As [`change`].
pub async fn renew_password(
    tx: &mut Tx,
    who: &Actor,
    id: PersonId,
    password: PasswordHash,
    sent: Sent<'_>,
) -> Result<(Person, Fresh)> {
    const ACTION: &str = "identity.person.renew_password";
    let before = store::get(tx, who.org, id).await?;
    grant::need_over_all(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, ACTION).await? {
        return Ok((done, Fresh::Repeated));
    }
    let after = set_password(tx, who, ACTION, &before, password, true).await?;
    session::end_all(tx, who.org, id, None).await?;
    sent.after(tx, who, &after).await?;
    Ok((after, Fresh::Now))
}

/// Sets a person's password; asks no permission.
pub(crate) async fn set_password(
    tx: &mut Tx,
    who: &Actor,
    action: &'static str,
    before: &Person,
    password: PasswordHash,
    must_change: bool,
) -> Result<Person> {
    let after = Person {
        version: before.version + 1,
        must_change_password: must_change,
        password_changed_at: Some(who.at),
        password: Some(password),
        ..before.clone()
    };
    save(tx, who, action, before, &after).await?;
    Ok(after)
}

async fn save(tx: &mut Tx, who: &Actor, action: &'static str, before: &Person, after: &Person) -> Result<()> {
    let met = store::update(tx, who.org, before.version, after).await.map_err(|p| email_taken(p, after))?;
    trace::must_meet(met, before.version)?;
    let change = trace::change(action, "person", after.id.uuid(), after.version, Some(before), after)?;
    tx.record(who, change).await
}

fn email_taken(problem: Problem, person: &Person) -> Problem {
    trace::taken(problem, "email", || {
        format!("Somebody already signs in as {}. Use another e-mail address.", person.email)
    })
}
