//! How this room hands its changes to the gate, and its broken uniquenesses to the form.

use db::Tx;
use kernel::{Actor, Change, Problem, Result};
use serde::Serialize;
use uuid::Uuid;

/// One change to one record, as the gate wants it.
///
/// # Errors
/// [`Problem::Bug`] when the record cannot be written as JSON, which no record of this room does.
pub(crate) fn change<T: Serialize>(
    action: &'static str,
    entity: &'static str,
    id: Uuid,
    version: i64,
    before: Option<&T>,
    after: &T,
) -> Result<Change> {
    let json = |record: &T| serde_json::to_value(record).map_err(Problem::bug);
    Ok(Change {
        action,
        entity,
        id,
        version,
        before: before.map(json).transpose()?,
        after: json(after)?,
        valid_at: None,
        reason: None,
    })
}

/// Turns a broken uniqueness into one field's error; other problems pass.
pub(crate) fn taken(problem: Problem, field: &'static str, message: impl FnOnce() -> String) -> Problem {
    match problem {
        Problem::Conflict { code: db::UNIQUE, .. } => Problem::invalid(field, message()),
        other => other,
    }
}

/// Refuses an update that met no row because somebody else changed the record first.
///
/// # Errors
/// [`Problem::Stale`].
pub(crate) fn must_meet(rows: u64, current: i64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(Problem::Stale { current }) }
}

/// Refuses a form that was shown for an older version of the record.
///
/// # Errors
/// [`Problem::Stale`].
pub(crate) fn must_be_current(current: i64, shown: i64) -> Result<()> {
    if current == shown { Ok(()) } else { Err(Problem::Stale { current }) }
}

/// Tells the rooms above that a name changed, by a job that whoever keeps copies of the name carries out. Fleet
/// writes the words again by which devices are found.
///
/// # Errors
/// As [`Tx::execute`].
pub(crate) async fn renamed(tx: &mut Tx, who: &Actor, kind: &str, id: Uuid, changed: bool) -> Result<()> {
    if changed {
        db::job::add(tx, who.org, kind, &id.to_string(), who.at).await?;
    }
    Ok(())
}
