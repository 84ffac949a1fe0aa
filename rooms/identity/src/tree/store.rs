//! The rows of both trees.

use db::{
    Tx, Val,
    seal::{Wanted, rebuilt},
    vals,
};
use kernel::{Id, OrgId, Problem, Result, SiteId};
use serde_json::Value;
use uuid::Uuid;

use super::Node;

pub(crate) async fn find<N: Node>(tx: &mut Tx, org: OrgId, id: Id<N::Mark>) -> Result<Option<N>> {
    tx.find(N::TREE.get, &vals![org, id]).await?.as_ref().map(N::read).transpose()
}

pub(crate) async fn get<N: Node>(tx: &mut Tx, org: OrgId, id: Id<N::Mark>) -> Result<N> {
    find(tx, org, id).await?.ok_or_else(|| Problem::not_found(format!("the {}", N::TREE.noun)))
}

pub(crate) async fn list<N: Node>(tx: &mut Tx, org: OrgId, site: SiteId) -> Result<Vec<N>> {
    tx.all(N::TREE.list, &vals![org, site]).await?.iter().map(N::read).collect()
}

pub(crate) async fn path<N: Node>(tx: &mut Tx, org: OrgId, id: Id<N::Mark>) -> Result<Vec<N>> {
    let mut way: Vec<N> = vec![get(tx, org, id).await?];
    while let Some(parent) = way.last().and_then(|node| node.core().parent) {
        way.push(get(tx, org, parent).await?);
    }
    way.reverse();
    Ok(way)
}

/// The id under which siblings are compared: the parent's, or the site's for a top node.
pub(crate) fn parent_key<M>(site: SiteId, parent: Option<Id<M>>) -> Uuid {
    parent.map_or(site.uuid(), Id::uuid)
}

/// Organisation, id, version, site, parent, parent key, kind, name, name key, code, since when closed, then the
/// noun's own.
/// What a node's row must be by its last event: the columns of [`columns`] without the organisation.
pub(crate) fn rebuild<N: Node>(after: &Value) -> Result<Vec<Wanted>> {
    rebuilt(after, |node: &N| columns(Id::from_uuid(Uuid::nil()), node).split_off(1))
}

fn columns<N: Node>(org: OrgId, node: &N) -> Vec<Val> {
    let core = node.core();
    let mut row = Vec::from(vals![
        org,
        core.id,
        core.version,
        core.site,
        core.parent,
        parent_key(core.site, core.parent),
        node.kind(),
        core.name,
        kernel::fold(core.name),
        core.code,
        core.closed_at,
    ]);
    row.extend(node.own());
    row
}

pub(super) async fn insert<N: Node>(tx: &mut Tx, org: OrgId, node: &N) -> Result<()> {
    tx.execute(N::TREE.add, &columns(org, node)).await.map(drop)
}

pub(super) async fn update<N: Node>(tx: &mut Tx, org: OrgId, before: i64, node: &N) -> Result<u64> {
    let mut row = columns(org, node);
    row.push(before.into());
    tx.execute(N::TREE.change, &row).await
}
