//! The nodes of both trees by the API. Adding and changing one, which ask for other fields, stand with each noun.

use db::Tx;
use kernel::{Actor, Id, Problem, Result, SiteId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, keyset, versions},
    carry_out,
};

use super::{Node, actions, store};
use crate::{Sent, named::named, permit, site, tally::Tally};

/// Where one stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Moving {
    /// What it shall stand in; null is the site itself.
    parent: Option<uuid::Uuid>,
    /// Why.
    reason: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closing {
    /// Why.
    reason: String,
}

/// The addresses of a tree: all, one, its history, and what is done to one.
pub(crate) struct Paths {
    pub(crate) all: &'static str,
    pub(crate) one: &'static str,
    pub(crate) history: &'static str,
    pub(crate) relocate: &'static str,
    pub(crate) close: &'static str,
    pub(crate) reopen: &'static str,
}

/// What both trees have in common.
pub(crate) fn routes<N: Node + JsonSchema>(paths: &Paths, tag: &'static str) -> Vec<Route> {
    let (see, manage) = (Gate::Permit(permit::SITE_VIEW), Gate::Permit(permit::SITE_MANAGE));
    vec![
        Route::api(
            Operation::get(
                paths.all,
                tag,
                "All of a site, closed ones too: the outer kinds first, each by name",
            )
            .query::<Paged>()
            .gives::<Page<N>>(),
            see,
            list::<N>,
        ),
        Route::api(Operation::get(paths.one, tag, "One of them").gives_record::<N>(), see, show::<N>),
        Route::api(
            Operation::get(paths.history, tag, "Its versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            see,
            history::<N>,
        ),
        Route::api(
            Operation::post(paths.relocate, tag, "Move it, with all that is in it, to elsewhere at its site")
                .takes::<Moving>()
                .checked()
                .gives_record::<N>(),
            manage,
            relocate::<N>,
        ),
        Route::api(
            Operation::post(paths.close, tag, "Close it, when nothing is in it")
                .takes::<Closing>()
                .checked()
                .gives_record::<N>(),
            manage,
            close::<N>,
        ),
        Route::api(
            Operation::post(paths.reopen, tag, "Open a closed one again").checked().gives_record::<N>(),
            manage,
            reopen::<N>,
        ),
    ]
}

/// The site and the node that a path names.
fn ids<N: Node>(call: &Call) -> Result<(SiteId, Id<N::Mark>)> {
    let noun = N::TREE.noun;
    Ok((call.id("id", "the site")?, call.id(noun, &format!("this {noun}"))?))
}

/// One at a site that the actor sees.
pub(crate) async fn seen<N: Node>(tx: &mut Tx, who: &Actor, (at, id): (SiteId, Id<N::Mark>)) -> Result<N> {
    site::see(tx, who, at).await?;
    let node: N = store::get(tx, who.org, id).await?;
    if node.core().site == at { Ok(node) } else { Err(Problem::not_found(format!("this {}", N::TREE.noun))) }
}

/// One that the actor may change.
pub(crate) async fn mine<N: Node>(tx: &mut Tx, who: &Actor, call: &Call) -> Result<N> {
    let (at, id) = ids::<N>(call)?;
    let node: N = seen(tx, who, (at, id)).await?;
    who.need(permit::SITE_MANAGE, N::reach(at, Some(id)))?;
    Ok(node)
}

/// A node as an answer.
pub(crate) fn answer<N: Node>(node: &N) -> Result<Answer> {
    Answer::record(node, node.core().version)
}

/// Its address.
pub(crate) fn address<N: Node>(node: &N) -> String {
    let core = node.core();
    format!("{}/sites/{}/{}/{}", web::api::PREFIX, core.site, N::TREE.path, core.id)
}

async fn list<N: Node + Serialize>(call: Call) -> Result<Answer, Fault> {
    let asked: Paged = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let (who, at) = (call.actor(), call.id("id", "the site")?);
    let all: Vec<N> = db::read!(call.app.db(), who.org, |tx| {
        site::see(tx, who, at).await?;
        store::list(tx, who.org, at).await
    })?;
    Ok(Page::cut(all, &keyset, |node| node.core().id.uuid()).answer(&call)?)
}

async fn show<N: Node>(call: Call) -> Result<Answer, Fault> {
    let (who, ids) = (call.actor(), ids::<N>(&call)?);
    let node: N = db::read!(call.app.db(), who.org, |tx| seen(tx, who, ids).await)?;
    Ok(answer(&node)?)
}

async fn history<N: Node>(call: Call) -> Result<Answer, Fault> {
    let (who, ids, asked) = (call.actor(), ids::<N>(&call)?, call.query::<Paged>()?);
    let page = db::read!(call.app.db(), who.org, |tx| {
        seen::<N>(tx, who, ids).await?;
        versions(tx, who.org, (N::TREE.noun, ids.1.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn relocate<N: Node>(call: Call) -> Result<Answer, Fault> {
    let (seen, asked) = (call.seen()?, call.body::<Moving>()?);
    carry_out!(call, "identity.tree.move", |tx, who| {
        let node: N = mine(tx, who, &call).await?;
        let (id, version) = (node.core().id, seen.of(node.core().version));
        let to = (asked.parent.map(Id::from_uuid), asked.reason.clone());
        answer(&actions::move_to::<N>(tx, who, id, version, to, Sent::claimed()).await?)
    })
    .map_err(named)
}

async fn close<N: Node>(call: Call) -> Result<Answer, Fault> {
    let (seen, asked) = (call.seen()?, call.body::<Closing>()?);
    let tally = call.app.room::<Tally>().copied();
    carry_out!(call, "identity.tree.close", |tx, who| {
        let node: N = mine(tx, who, &call).await?;
        let (id, version) = (node.core().id, seen.of(node.core().version));
        answer(&actions::close::<N>(tx, who, id, version, (&asked.reason, tally), Sent::claimed()).await?)
    })
    .map_err(named)
}

async fn reopen<N: Node>(call: Call) -> Result<Answer, Fault> {
    let seen = call.seen()?;
    carry_out!(call, "identity.tree.reopen", |tx, who| {
        let node: N = mine(tx, who, &call).await?;
        let (id, version) = (node.core().id, seen.of(node.core().version));
        answer(&actions::reopen::<N>(tx, who, id, version, Sent::claimed()).await?)
    })
    .map_err(named)
}
