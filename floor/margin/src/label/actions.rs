//! What people do with labels: permit, rule, store, record.

use db::Tx;
use kernel::{Actor, Change, Id, Problem, Result};
use serde::Serialize;
use uuid::Uuid;

use super::{Label, LabelId, Labelling, MOST, MOST_ON_ONE, store, tidy};
use crate::{Subject, permit};

fn change<T: Serialize>(
    (action, entity): (&'static str, &'static str),
    (id, version): (Uuid, i64),
    before: Option<&T>,
    after: &T,
) -> Result<Change> {
    Ok(Change {
        action,
        entity,
        id,
        version,
        before: before.map(serde_json::to_value).transpose().map_err(Problem::bug)?,
        after: serde_json::to_value(after).map_err(Problem::bug)?,
        valid_at: None,
        reason: None,
    })
}

/// Makes a label.
///
/// # Errors
/// [`Problem::Forbidden`] without [`permit::LABEL_MANAGE`] everywhere; invalid at `name` by [`tidy`], when it is taken, and
/// when there are too many.
pub async fn add(tx: &mut Tx, who: &Actor, name: &str) -> Result<Label> {
    who.need_everywhere(permit::LABEL_MANAGE)?;
    let label = Label { id: Id::new(), version: 1, name: tidy(name)? };
    if store::list(tx, who.org).await?.len() >= MOST {
        let words = format!("There are {MOST} labels already. Rename one that is not used any more.");
        return Err(Problem::invalid("name", words));
    }
    store::add(tx, who.org, &label).await?;
    tx.record(who, change(("margin.label.add", "label"), (label.id.uuid(), 1), None, &label)?).await?;
    Ok(label)
}

/// Gives a label another name, wherever it is worn.
///
/// # Errors
/// As [`add`]; [`Problem::Stale`].
pub async fn rename(tx: &mut Tx, who: &Actor, (id, seen): (LabelId, i64), name: &str) -> Result<Label> {
    who.need_everywhere(permit::LABEL_MANAGE)?;
    let before = store::get(tx, who.org, id).await?;
    if before.version != seen {
        return Err(Problem::Stale { current: before.version });
    }
    let after = Label { version: before.version + 1, name: tidy(name)?, ..before.clone() };
    if after.name == before.name {
        return Ok(before);
    }
    store::change(tx, who.org, &after).await?;
    let key = (after.id.uuid(), after.version);
    tx.record(who, change(("margin.label.rename", "label"), key, Some(&before), &after)?).await?;
    Ok(after)
}

/// Puts a label on a record; one that it wears already stays.
///
/// # Errors
/// [`Problem::Forbidden`] without [`permit::LABEL_PUT`]; a conflict when the record wears too many.
pub async fn put(tx: &mut Tx, who: &Actor, subject: &Subject, id: LabelId) -> Result<Label> {
    turn(tx, who, subject, id, true).await
}

/// Takes a label off a record; one that it does not wear is no matter.
///
/// # Errors
/// As [`put`].
pub async fn take_off(tx: &mut Tx, who: &Actor, subject: &Subject, id: LabelId) -> Result<Label> {
    turn(tx, who, subject, id, false).await
}

async fn turn(tx: &mut Tx, who: &Actor, subject: &Subject, id: LabelId, worn: bool) -> Result<Label> {
    subject.need(who, permit::LABEL_PUT)?;
    let label = store::get(tx, who.org, id).await?;
    let before = store::between(tx, who.org, id, subject.noun, subject.id).await?;
    if before.as_ref().is_some_and(|before| before.worn) == worn {
        return Ok(label);
    }
    if worn && store::of(tx, who.org, subject.noun, subject.id).await?.len() >= MOST_ON_ONE {
        let words = format!("{} wears {MOST_ON_ONE} labels already. Take one off first.", subject.name);
        return Err(Problem::conflict("margin.label.too_many", words));
    }
    let after = match &before {
        Some(before) => {
            Labelling { version: before.version + 1, name: label.name.clone(), worn, ..before.clone() }
        }
        None => Labelling {
            id: Id::new(),
            version: 1,
            label: id,
            noun: subject.noun.to_owned(),
            record: subject.id,
            name: label.name.clone(),
            worn,
        },
    };
    store::set(tx, who.org, &after).await?;
    let action = if worn { "margin.label.put" } else { "margin.label.take_off" };
    let key = (after.id.uuid(), after.version);
    tx.record(who, change((action, "labelling"), key, before.as_ref(), &after)?).await?;
    Ok(label)
}
