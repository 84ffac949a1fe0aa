//! Signing in, and what people do to their own account.

use db::{Db, Tx};
use kernel::{Actor, Instant, OrgId, Problem, RequestId, Result};
use sha2::{Digest as _, Sha256};

use super::{ADDRESS_TRIES, EMAIL_TRIES, Hasher, Look, Tries, check_password, store};
use crate::{
    Sent,
    person::{self, Person},
    session::{self, Client},
};

/// One try to sign in.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    /// Into which organisation.
    pub org: OrgId,
    /// The e-mail as typed.
    pub email: &'a str,
    /// The password as typed.
    pub password: &'a str,
    /// From where.
    pub client: &'a Client,
    /// When.
    pub at: Instant,
    /// The request it came with, for the log.
    pub request: &'a RequestId,
}

/// How a try to sign in ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Signed in; the token belongs into the cookie.
    In {
        /// The session's token.
        token: String,
    },
    /// The e-mail or the password is wrong; which one is not said.
    Wrong,
    /// Too many failures; nothing was looked at.
    Wait {
        /// When to try again.
        until: Instant,
    },
}

/// Tries to sign in. Each try of an e-mail is counted before the password is looked at, so that guesses sent in
/// parallel do not slip through; a good password clears the count.
///
/// # Errors
/// As a write of the database.
pub async fn sign_in(db: &Db, hasher: &Hasher, attempt: &Attempt<'_>) -> Result<SignIn> {
    let (org, at) = (attempt.org, attempt.at);
    let (email, address) = (email_name(attempt.email), address_name(&attempt.client.address));
    let begun = db::write!(db, org, |tx| {
        let from_address = store::tries(tx, org, &address).await?.wait(ADDRESS_TRIES, at);
        if let Some(until) = from_address {
            return Ok(Err(until));
        }
        if let Some(until) = reserve(tx, org, &email, at).await? {
            return Ok(Err(until));
        }
        person::find_by_email(tx, org, attempt.email).await.map(Ok)
    })?;
    let found = match begun {
        Ok(found) => found.filter(|person| person.active && person.password.is_some()),
        Err(until) => {
            note(attempt, None, "throttled");
            return Ok(SignIn::Wait { until });
        }
    };
    let known = found.as_ref().and_then(|person| person.password.as_ref());
    let fits = hasher.verify(attempt.password, known).await?;
    let Some(person) = found.filter(|_| fits) else {
        db::write!(db, org, |tx| count(tx, org, &address, at).await)?;
        note(attempt, None, "wrong");
        return Ok(SignIn::Wrong);
    };
    let token = db::write!(db, org, |tx| {
        // The account may have changed while the password was being checked.
        let now = person::get(tx, org, person.id).await?;
        if !now.active || now.password != person.password {
            return Ok(None);
        }
        store::no_tries(tx, org, &email).await?;
        store::forget_tries(tx, org, at.plus_seconds(-86_400)).await?;
        store::signed_in(tx, org, person.id, at).await?;
        session::open(tx, org, person.id, attempt.client, at).await.map(Some)
    })?;
    let outcome = if token.is_some() { "ok" } else { "wrong" };
    note(attempt, Some(&person), outcome);
    Ok(token.map_or(SignIn::Wrong, |token| SignIn::In { token }))
}

/// Counts a try of a name, unless its time to wait is not over.
async fn reserve(tx: &mut Tx, org: OrgId, name: &str, at: Instant) -> Result<Option<Instant>> {
    let until = store::tries(tx, org, name).await?.wait(EMAIL_TRIES, at);
    if until.is_none() {
        count(tx, org, name, at).await?;
    }
    Ok(until)
}

async fn count(tx: &mut Tx, org: OrgId, name: &str, at: Instant) -> Result<()> {
    let tries = store::tries(tx, org, name).await?;
    store::set_tries(tx, org, name, Tries { count: tries.counted(at) + 1, last_at: at }).await
}

/// The name under which an e-mail's failures are counted: a hash, so that mistyped ones (passwords among them)
/// are kept nowhere.
fn email_name(email: &str) -> String {
    let digest = Sha256::digest(person::email_key(email).as_bytes());
    format!("email {}", digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn address_name(address: &str) -> String {
    format!("address {}", address.chars().take(60).collect::<String>())
}

fn note(attempt: &Attempt<'_>, person: Option<&Person>, outcome: &'static str) {
    metrics::counter!("baton_sign_ins_total", "outcome" => outcome).increment(1);
    let person = person.map(|p| p.id.to_string()).unwrap_or_default();
    let (request, address) = (attempt.request.as_str(), attempt.client.address.as_str());
    tracing::info!(request, org = %attempt.org, person, address, outcome, "sign-in");
}

/// Changes one's own password and ends all other sessions. `known` is what others know about the person beside
/// name and e-mail: the organisation's name.
///
/// # Errors
/// [`Problem::Invalid`] for a wrong present password, a weak new one, or a repetition that differs.
///
/// The same form sent again is answered as it was the first time, although its present password is no longer the
/// present one. Its content stays out of the record of commands, so it is the new password that must fit.
pub async fn change_password(
    db: &Db,
    hasher: &Hasher,
    who: &Actor,
    typed: Typed<'_>,
    token: &str,
    sent: Sent<'_>,
) -> Result<Changed> {
    const ACTION: &str = "identity.account.change_password";
    let Some(me) = who.person else { return Err(Problem::Unauthenticated) };
    let (before, wait, done) = db::write!(db, who.org, |tx| {
        let person = person::get(tx, who.org, me).await?;
        let wait = reserve(tx, who.org, &email_name(&person.email), who.at).await?;
        Ok((person, wait, sent.is_done(tx, who, ACTION).await?))
    })?;
    if let Some(until) = wait {
        return Ok(Changed::Wait { until });
    }
    if done {
        if hasher.verify(typed.new, before.password.as_ref()).await? {
            let name = email_name(&before.email);
            db::write!(db, who.org, |tx| store::no_tries(tx, who.org, &name).await)?;
            return Ok(Changed::Done);
        }
        return Err(db::command::reused());
    }
    let fits = hasher.verify(typed.current, before.password.as_ref()).await?;
    let mut errors = Vec::new();
    if !fits {
        crate::entry::fault(&mut errors, "current", "This is not your present password. Type it again.");
    }
    check_password("password", typed.new, &[&before.email, &before.name, typed.org], &mut errors);
    if errors.is_empty() && typed.new == typed.current {
        crate::entry::fault(&mut errors, "password", "This is the present password. Choose another one.");
    }
    if typed.new != typed.again {
        crate::entry::fault(&mut errors, "again", "The two new passwords differ. Type the new one again.");
    }
    let name = email_name(&before.email);
    if !errors.is_empty() {
        if fits {
            db::write!(db, who.org, |tx| store::no_tries(tx, who.org, &name).await)?;
        }
        return Err(Problem::Invalid { fields: errors });
    }
    let hash = hasher.hash(typed.new).await?;
    db::write!(db, who.org, |tx| {
        if sent.before::<()>(tx, who, ACTION).await?.is_some() {
            // The same form arrived twice in one moment, and the other was faster.
            return Ok(Changed::Done);
        }
        store::no_tries(tx, who.org, &name).await?;
        let now = person::get(tx, who.org, me).await?;
        if now.password != before.password {
            return Err(Problem::Stale { current: now.version });
        }
        person::set_password(tx, who, ACTION, &now, hash.clone(), false).await?;
        session::end_all(tx, who.org, me, Some(token)).await?;
        sent.after(tx, who, &()).await?;
        Ok(Changed::Done)
    })
}

/// How a change of one's password ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The new one holds.
    Done,
    /// Too many failures; nothing was looked at.
    Wait {
        /// When to try again.
        until: Instant,
    },
}

/// What a person types to change their password.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// The present password.
    pub current: &'a str,
    /// The new one.
    pub new: &'a str,
    /// The new one once more.
    pub again: &'a str,
    /// The organisation's name, which must not be in it.
    pub org: &'a str,
}

/// Keeps how pages look to the person who acts.
///
/// # Errors
/// [`Problem::Unauthenticated`] when no person acts.
pub async fn look(tx: &mut Tx, who: &Actor, look: Look) -> Result<()> {
    let Some(me) = who.person else { return Err(Problem::Unauthenticated) };
    store::look(tx, who.org, me, look).await
}
