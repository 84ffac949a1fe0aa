//! What people do with views: permit, rule, store, record.

use db::Tx;
use kernel::{Actor, Change, FieldError, Id, PersonId, Problem, Result};

use super::{Draft, MOST, View, ViewId, store};
use crate::{
    Name,
    device::{pages::ask::Asked, search::Day},
    permit,
};

impl View {
    fn change(&self, action: &'static str, before: Option<&Self>) -> Result<Change> {
        Ok(Change {
            action,
            entity: "saved_view",
            id: self.id.uuid(),
            version: self.version,
            before: before.map(serde_json::to_value).transpose().map_err(Problem::bug)?,
            after: serde_json::to_value(self).map_err(Problem::bug)?,
            valid_at: None,
            reason: None,
        })
    }
}

fn person(who: &Actor) -> Result<PersonId> {
    who.person.ok_or_else(|| Problem::invalid("name", "A view belongs to a person. Sign in as one."))
}

/// The views in sight, by name: one's own, and those that others share.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, who: &Actor) -> Result<Vec<View>> {
    let mut all = match who.person {
        Some(person) => store::of(tx, who.org, person).await?,
        None => Vec::new(),
    };
    let shared = store::shared(tx, who.org).await?;
    all.extend(shared.into_iter().filter(|view| who.person != Some(view.by)));
    all.sort_by_key(|view| kernel::fold(&view.name));
    Ok(all)
}

/// A view in sight.
///
/// # Errors
/// [`Problem::NotFound`] for what is nobody's here, somebody else's own, or removed.
pub async fn visible(tx: &mut Tx, who: &Actor, id: ViewId) -> Result<View> {
    let view = store::get(tx, who.org, id).await?;
    let seen = who.may_somewhere(permit::DEVICE_VIEW) && (view.shared || who.person == Some(view.by));
    if seen { Ok(view) } else { Err(Problem::not_found("this view")) }
}

/// Whether somebody may change or remove it: its own person, and of shared ones whoever may share.
pub fn may_change(who: &Actor, view: &View) -> bool {
    who.person == Some(view.by) || (view.shared && who.may_everywhere(permit::VIEW_SHARE))
}

/// What was typed, checked: a name, and a search that means something.
async fn checked(tx: &mut Tx, who: &Actor, draft: &Draft, was_shared: bool, day: &Day) -> Result<Draft> {
    if draft.shared != was_shared {
        who.need_everywhere(permit::VIEW_SHARE)?;
    }
    let mut errors = Vec::new();
    let mut wrong = |field: &'static str, message: String| {
        errors.push(FieldError { field: field.into(), message });
    };
    let name = Name::parse(&draft.name).map_err(|e| wrong("name", e.to_string())).ok();
    let asked = Asked::of(&draft.query);
    if let Err(Problem::Invalid { fields }) = asked.understood(tx, who, day).await?.sound("query") {
        fields.into_iter().for_each(|field| wrong("query", field.message));
    }
    match name {
        Some(name) if errors.is_empty() => {
            Ok(Draft { name: name.into(), query: asked.text, ..draft.clone() })
        }
        _ => Err(Problem::Invalid { fields: errors }),
    }
}

/// Saves a search under a name.
///
/// # Errors
/// Forbidden without [`permit::DEVICE_VIEW`], or [`permit::VIEW_SHARE`] everywhere for a shared one; invalid at `name` and
/// `query`.
pub async fn add(tx: &mut Tx, who: &Actor, draft: &Draft, day: &Day) -> Result<View> {
    if !who.may_somewhere(permit::DEVICE_VIEW) {
        who.need_everywhere(permit::DEVICE_VIEW)?;
    }
    let by = person(who)?;
    let Draft { name, query, sort, shared } = checked(tx, who, draft, false, day).await?;
    if store::of(tx, who.org, by).await?.len() >= MOST {
        return Err(Problem::invalid(
            "name",
            format!("You have {MOST} views. Remove one that you need no more."),
        ));
    }
    let by_name = who.name.clone();
    let view = View { id: Id::new(), version: 1, name, query, sort, by, by_name, shared, removed: false };
    store::add(tx, who.org, &view).await?;
    tx.record(who, view.change("fleet.view.add", None)?).await?;
    Ok(view)
}

async fn own(tx: &mut Tx, who: &Actor, id: ViewId, seen: i64) -> Result<View> {
    let view = visible(tx, who, id).await?;
    if !may_change(who, &view) {
        who.need_everywhere(permit::VIEW_SHARE)?;
    }
    if view.version != seen {
        return Err(Problem::Stale { current: view.version });
    }
    Ok(view)
}

/// Changes what a view is called, asks, and who sees it.
///
/// # Errors
/// As [`add`]; [`Problem::NotFound`]; [`Problem::Stale`].
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    (id, seen): (ViewId, i64),
    draft: &Draft,
    day: &Day,
) -> Result<View> {
    let before = own(tx, who, id, seen).await?;
    let Draft { name, query, sort, shared } = checked(tx, who, draft, before.shared, day).await?;
    let after = View { version: before.version + 1, name, query, sort, shared, ..before.clone() };
    if after.draft() == before.draft() {
        return Ok(before);
    }
    store::change(tx, who.org, &after).await?;
    tx.record(who, after.change("fleet.view.change", Some(&before))?).await?;
    Ok(after)
}

/// Removes a view. It stays on record.
///
/// # Errors
/// [`Problem::NotFound`]; forbidden for somebody else's; [`Problem::Stale`].
pub async fn remove(tx: &mut Tx, who: &Actor, id: ViewId, seen: i64) -> Result<View> {
    let before = own(tx, who, id, seen).await?;
    let after = View { version: before.version + 1, removed: true, ..before.clone() };
    store::change(tx, who.org, &after).await?;
    tx.record(who, after.change("fleet.view.remove", Some(&before))?).await?;
    Ok(after)
}
