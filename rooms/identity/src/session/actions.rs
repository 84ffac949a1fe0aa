//! Beginning and ending sessions. They leave no event; sign-ins stand in the log.

use db::{Db, Tx};
use kernel::{Id, Instant, OrgId, PersonId, Result};

use super::{LIFE, Session, SessionId, new_token, store, token_hash};

/// Where a sign-in comes from.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The browser's name for itself.
    pub browser: String,
    /// The network address.
    pub address: String,
}

/// Begins a session and returns the token for the cookie; the token is kept nowhere.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn open(tx: &mut Tx, org: OrgId, person: PersonId, client: &Client, at: Instant) -> Result<String> {
    let token = new_token();
    let session = Session {
        id: Id::new(),
        person,
        created_at: at,
        seen_at: at,
        expires_at: at.plus_seconds(LIFE),
        browser: client.browser.clone(),
        address: client.address.clone(),
    };
    store::forget_ended(tx, org, person, at).await?;
    store::insert(tx, org, &token_hash(&token), &session).await?;
    Ok(token)
}

/// A person's sessions that are still good, the latest used first, each with whether it is the one of `token`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(
    tx: &mut Tx,
    org: OrgId,
    person: PersonId,
    token: &str,
    at: Instant,
) -> Result<Vec<(Session, bool)>> {
    let own = token_hash(token);
    let found = store::list(tx, org, person, at).await?;
    Ok(found.into_iter().map(|(session, hash)| (session, hash == own)).collect())
}

/// Signs one browser out.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn end_token(tx: &mut Tx, org: OrgId, token: &str) -> Result<()> {
    store::end_token(tx, org, &token_hash(token)).await.map(drop)
}

/// Ends one session of a person; one that is not theirs, or has ended, is left alone.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn end(tx: &mut Tx, org: OrgId, person: PersonId, id: SessionId) -> Result<u64> {
    store::end_one(tx, org, person, id).await
}

/// Ends all sessions of a person but the one of `but`, and says how many; `None` ends all.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn end_all(tx: &mut Tx, org: OrgId, person: PersonId, but: Option<&str>) -> Result<u64> {
    store::end_all(tx, org, person, &but.map(token_hash).unwrap_or_default()).await
}

/// Notes that a session was used. A note that cannot be written must not stop a page, so it is only logged.
pub(crate) async fn note_seen(db: &Db, org: OrgId, hash: &[u8], at: Instant) {
    let noted = db::write!(db, org, |tx| store::seen(tx, org, hash, at).await);
    if let Err(problem) = noted {
        // On a full disk this happens at every request; the store has said it once.
        if db.trouble().is_none() {
            tracing::warn!(%problem, "a session’s last use was not noted");
        }
    }
}
