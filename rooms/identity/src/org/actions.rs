//! What is done to an organisation.

use db::Tx;
use kernel::{Actor, Problem, Result};

use super::{Draft, Org, store};
use crate::{Sent, permit, trace};

/// Stores an organisation made elsewhere, complete with its id: set-up, and the demonstration hospital.
///
/// # Errors
/// [`Problem::Invalid`] when another organisation has its host.
pub async fn keep(tx: &mut Tx, who: &Actor, org: &Org) -> Result<()> {
    store::insert(tx, org).await.map_err(|p| address_taken(p, org))?;
    let change = trace::change("identity.org.add", "org", org.id.uuid(), org.version, None, org)?;
    tx.record(who, change).await
}

/// Changes name, address, time zone and currency of the actor's organisation.
///
/// # Errors
/// [`Problem::Forbidden`] without `identity.org.manage` everywhere, [`Problem::Invalid`] with the fields,
/// [`Problem::Stale`] when somebody changed it since `version`.
pub async fn change(tx: &mut Tx, who: &Actor, version: i64, draft: &Draft, sent: Sent<'_>) -> Result<Org> {
    const ACTION: &str = "identity.org.change";
    who.need_everywhere(permit::ORG_MANAGE)?;
    if let Some(done) = sent.before(tx, who, ACTION).await? {
        return Ok(done);
    }
    let mut errors = Vec::new();
    let Some(facts) = draft.check(&mut errors) else { return Err(Problem::Invalid { fields: errors }) };
    let before = store::get(tx, who.org).await?;
    trace::must_be_current(before.version, version)?;
    let after = Org {
        version: before.version + 1,
        name: facts.name,
        base_url: facts.base_url,
        host: facts.host,
        time_zone: facts.time_zone,
        currency: facts.currency,
        ..before.clone()
    };
    let met = store::update(tx, before.version, &after).await.map_err(|p| address_taken(p, &after))?;
    trace::must_meet(met, before.version)?;
    let change = trace::change(ACTION, "org", after.id.uuid(), after.version, Some(&before), &after)?;
    tx.record(who, change).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

fn address_taken(problem: Problem, org: &Org) -> Problem {
    trace::taken(problem, "base_url", || {
        let host = org.host.as_deref().unwrap_or_default();
        format!("Another organisation already answers at {host}. Choose another address.")
    })
}
