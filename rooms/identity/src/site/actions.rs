//! What is done to a site.

use db::Tx;
use kernel::{Actor, Id, Problem, Reach, Result, SiteId};

use super::{Calendar, Draft, Site, store};
use crate::{Sent, permit, trace};

/// Stores a site made elsewhere, complete with its id: set-up, imports and the demonstration hospital. Asks no
/// permission.
///
/// # Errors
/// [`Problem::Invalid`] on `site_name` when the name is taken.
pub async fn keep(tx: &mut Tx, who: &Actor, site: &Site) -> Result<()> {
    store::insert(tx, who.org, site).await.map_err(|p| name_taken(p, site))?;
    let change = trace::change("identity.site.add", "site", site.id.uuid(), site.version, None, site)?;
    tx.record(who, change).await
}

/// Adds a site with the usual calendar.
///
/// # Errors
/// [`Problem::Forbidden`] without `identity.site.manage` everywhere; [`Problem::Invalid`] with the fields.
pub async fn add(tx: &mut Tx, who: &Actor, draft: &Draft, sent: Sent<'_>) -> Result<Site> {
    who.need_everywhere(permit::SITE_MANAGE)?;
    if let Some(done) = sent.before(tx, who, "identity.site.add").await? {
        return Ok(done);
    }
    let mut errors = Vec::new();
    let Some(facts) = draft.check(&mut errors) else { return Err(Problem::Invalid { fields: errors }) };
    let site = Site {
        id: Id::new(),
        version: 1,
        name: facts.name,
        code: facts.code,
        time_zone: facts.time_zone,
        currency: facts.currency,
        beds: facts.beds,
        calendar: Calendar::default(),
    };
    keep(tx, who, &site).await?;
    sent.after(tx, who, &site).await?;
    Ok(site)
}

/// Changes a site's facts.
///
/// # Errors
/// [`Problem::Forbidden`] without `identity.site.manage` at the site; [`Problem::Invalid`] with the fields;
/// [`Problem::Stale`] when somebody changed it since `version`.
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    id: SiteId,
    version: i64,
    draft: &Draft,
    sent: Sent<'_>,
) -> Result<Site> {
    const ACTION: &str = "identity.site.change";
    let before = may_manage(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, ACTION).await? {
        return Ok(done);
    }
    let mut errors = Vec::new();
    let Some(facts) = draft.check(&mut errors) else { return Err(Problem::Invalid { fields: errors }) };
    trace::must_be_current(before.version, version)?;
    let after = Site {
        version: before.version + 1,
        name: facts.name,
        code: facts.code,
        time_zone: facts.time_zone,
        currency: facts.currency,
        beds: facts.beds,
        ..before.clone()
    };
    save(tx, who, ACTION, &before, &after).await?;
    trace::renamed(tx, who, "identity.site.renamed", id.uuid(), before.name != after.name).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Sets a site's hours and holidays.
///
/// # Errors
/// As [`change`].
pub async fn set_calendar(
    tx: &mut Tx,
    who: &Actor,
    id: SiteId,
    version: i64,
    calendar: Calendar,
    sent: Sent<'_>,
) -> Result<Site> {
    const ACTION: &str = "identity.site.set_calendar";
    let before = may_manage(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, ACTION).await? {
        return Ok(done);
    }
    trace::must_be_current(before.version, version)?;
    let after = Site { version: before.version + 1, calendar, ..before.clone() };
    save(tx, who, ACTION, &before, &after).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// The site, for somebody who may manage it. A site out of sight is not found.
async fn may_manage(tx: &mut Tx, who: &Actor, id: SiteId) -> Result<Site> {
    let site = store::get(tx, who.org, id).await?;
    who.need(permit::SITE_MANAGE, Reach { site: Some(id), department: None })?;
    Ok(site)
}

async fn save(tx: &mut Tx, who: &Actor, action: &'static str, before: &Site, after: &Site) -> Result<()> {
    let met = store::update(tx, who.org, before.version, after).await.map_err(|p| name_taken(p, after))?;
    trace::must_meet(met, before.version)?;
    let change = trace::change(action, "site", after.id.uuid(), after.version, Some(before), after)?;
    tx.record(who, change).await
}

fn name_taken(problem: Problem, site: &Site) -> Problem {
    trace::taken(problem, "site_name", || {
        format!("There is already a site named {}. Choose another name.", site.name)
    })
}
