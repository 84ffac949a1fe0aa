//! What is done to nodes of either tree.

use db::Tx;
use kernel::{Actor, Id, Instant, Problem, Result, Scope};

use super::{Node, fault, is_within, store};
use crate::{
    Sent, entry, grant, life, permit,
    tally::{Stand, Tally},
    trace,
};

/// The form that closes a node; what is in the way is said there.
pub(super) const CLOSE: &str = "close";

/// Stores a new node and records it.
pub(crate) async fn keep<N: Node>(tx: &mut Tx, who: &Actor, node: &N) -> Result<()> {
    store::insert(tx, who.org, node).await.map_err(|p| name_taken(p, node))?;
    record(tx, who, N::TREE.actions[0], None, node, None).await
}

/// Stores a changed node and records it, with the reason that was given.
pub(crate) async fn save<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    action: &'static str,
    (before, after): (&N, &N),
    reason: Option<String>,
) -> Result<()> {
    let version = before.core().version;
    let met = store::update(tx, who.org, version, after).await.map_err(|p| name_taken(p, after))?;
    trace::must_meet(met, version)?;
    record(tx, who, action, Some(before), after, reason).await
}

async fn record<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    action: &'static str,
    before: Option<&N>,
    after: &N,
    reason: Option<String>,
) -> Result<()> {
    let core = after.core();
    let change = trace::change(action, N::TREE.noun, core.id.uuid(), core.version, before, after)?;
    tx.record(who, kernel::Change { reason, ..change }).await
}

/// The node somebody is about to change, if they may and nobody changed it meanwhile.
async fn mine<N: Node>(tx: &mut Tx, who: &Actor, id: Id<N::Mark>) -> Result<N> {
    let node: N = store::get(tx, who.org, id).await?;
    who.need(permit::SITE_MANAGE, N::reach(node.core().site, Some(id)))?;
    Ok(node)
}

/// The parent that was chosen: at this site and open.
pub(crate) fn open_parent<N: Node>(all: &[N], parent: Option<Id<N::Mark>>) -> Result<Option<&N>> {
    let Some(id) = parent else { return Ok(None) };
    let field = N::TREE.parent_field;
    let above = all.iter().find(|node| node.core().id == id);
    let above = above
        .ok_or_else(|| fault(field, format!("That {} is not at this site. Choose another.", N::TREE.noun)))?;
    if above.core().closed_at.is_some() {
        return Err(fault(
            field,
            format!("{} is closed. Reopen it first, or choose another.", above.core().name),
        ));
    }
    Ok(Some(above))
}

pub(crate) async fn move_to<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    id: Id<N::Mark>,
    version: i64,
    (parent, reason): (Option<Id<N::Mark>>, Option<String>),
    sent: Sent<'_>,
) -> Result<N> {
    let action = N::TREE.actions[1];
    let before: N = mine(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, action).await? {
        return Ok(done);
    }
    let core = before.core();
    trace::must_be_current(core.version, version)?;
    who.need(permit::SITE_MANAGE, N::reach(core.site, parent))?;
    let all: Vec<N> = store::list(tx, who.org, core.site).await?;
    let above = open_parent(&all, parent)?;
    let refuse = |why: String| Err(fault(N::TREE.parent_field, why));
    if core.closed_at.is_some() {
        return refuse(format!("{} is closed. Reopen it first.", core.name));
    }
    if parent == core.parent {
        return refuse(format!("{} stands there already. Choose another.", core.name));
    }
    if is_within(&all, parent, id) {
        return refuse(format!("{} cannot stand in itself or in what it holds. Choose another.", core.name));
    }
    let outer = all.iter().any(|node| node.core().parent == Some(id));
    if let Some(why) = before.misplaced(above, outer) {
        return refuse(why);
    }
    let after = before.changed(parent, None);
    save(tx, who, action, (&before, &after), reason).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

pub(crate) async fn close<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    id: Id<N::Mark>,
    version: i64,
    (reason, tally): (&str, Option<Tally>),
    sent: Sent<'_>,
) -> Result<N> {
    let action = N::TREE.actions[2];
    let before: N = mine(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, action).await? {
        return Ok(done);
    }
    let core = before.core();
    trace::must_be_current(core.version, version)?;
    if core.closed_at.is_some() {
        return Err(fault(CLOSE, format!("{} is closed already.", core.name)));
    }
    let mut errors = Vec::new();
    let reason = entry::name("reason", "The reason", reason, &mut errors);
    if let Some(inside) = contents(tx, who, &before, tally).await? {
        entry::fault(&mut errors, CLOSE, inside);
    }
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    let after = before.changed(core.parent, Some(who.at));
    save(tx, who, action, (&before, &after), Some(reason)).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// What is still in a node, as the sentence that keeps it from being closed; `None` when it is empty.
pub(super) async fn contents<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    node: &N,
    tally: Option<Tally>,
) -> Result<Option<String>> {
    let core = node.core();
    let all: Vec<N> = store::list(tx, who.org, core.site).await?;
    let nodes =
        all.iter().map(Node::core).filter(|n| n.parent == Some(core.id) && n.closed_at.is_none()).count();
    let stand = N::stand(core.id);
    let mut parts = Vec::new();
    if nodes > 0 {
        parts.push(life::count(nodes, N::TREE.noun, N::TREE.path));
    }
    if let Some(tally) = tally {
        let n = (tally.inside)(tx, who.org, stand).await?;
        if n > 0 {
            parts.push(tally.in_words(n));
        }
    }
    if let Stand::Department(id) = stand {
        let held = grant::active(tx, who.org).await?;
        let roles = held.iter().filter(|grant| grant.scope == Scope::Department(id)).count();
        if roles > 0 {
            parts.push(life::count(roles, "role", "roles"));
        }
    }
    Ok((!parts.is_empty()).then(|| {
        format!("{} still holds {}. Move them or take them away first.", core.name, parts.join(" and "))
    }))
}

/// Closes what a list that was brought in says was closed then, unless something is in it. Asks no permission; for
/// whoever brings whole lists in.
pub(crate) async fn close_as_listed<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    node: &N,
    at: Instant,
    tally: Tally,
) -> Result<bool> {
    if node.core().closed_at.is_some() || contents(tx, who, node, Some(tally)).await?.is_some() {
        return Ok(false);
    }
    let after = node.changed(node.core().parent, Some(at));
    let reason = "A list that was brought in says so".to_owned();
    save(tx, who, N::TREE.actions[2], (node, &after), Some(reason)).await?;
    Ok(true)
}

pub(crate) async fn reopen<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    id: Id<N::Mark>,
    version: i64,
    sent: Sent<'_>,
) -> Result<N> {
    let before: N = mine(tx, who, id).await?;
    if let Some(done) = sent.before(tx, who, N::TREE.actions[3]).await? {
        return Ok(done);
    }
    trace::must_be_current(before.core().version, version)?;
    if before.core().closed_at.is_none() {
        return Err(fault(N::TREE.name_field, format!("{} is open already.", before.core().name)));
    }
    let all: Vec<N> = store::list(tx, who.org, before.core().site).await?;
    open_parent(&all, before.core().parent)?;
    let after = opened(tx, who, &before, None).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Opens what a list says is in use, where it was closed. Asks no permission; for [`keep`]'s callers.
pub(crate) async fn open_again<N: Node>(tx: &mut Tx, who: &Actor, node: &N) -> Result<()> {
    if node.core().closed_at.is_some() {
        opened(tx, who, node, Some("A list that was brought in names it".to_owned())).await?;
    }
    Ok(())
}

async fn opened<N: Node>(tx: &mut Tx, who: &Actor, before: &N, reason: Option<String>) -> Result<N> {
    let after = before.changed(before.core().parent, None);
    save(tx, who, N::TREE.actions[3], (before, &after), reason).await?;
    Ok(after)
}

fn name_taken<N: Node>(problem: Problem, node: &N) -> Problem {
    trace::taken(problem, N::TREE.name_field, || {
        format!("There is already a {} named {} there. Choose another name.", node.kind(), node.core().name)
    })
}
