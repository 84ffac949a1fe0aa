//! What is different between two past instants: for each device what it was known to be at the one, what at the other,
//! and in which fields the two differ.

use db::{Event, Tx, feed};
use kernel::{Actor, Cursor, FieldChange, Instant, Keyset, Problem, Reach, Result, Slice};
use uuid::Uuid;

use super::Device;
use crate::permit;

/// One device that is not the same at two instants.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Its tag: the later one.
    pub tag: String,
    /// When the first change of that time was recorded.
    pub first_at: Instant,
    /// What it was; nothing if it was not on record yet.
    pub before: Option<Event>,
    /// What it is; nothing if its import was undone.
    pub after: Option<Event>,
    /// In which fields the two differ.
    pub fields: Vec<FieldChange>,
    event: Uuid,
}

/// What happened to a device between two instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It came on record.
    Added,
    /// It was taken out again with its import.
    Removed,
    /// It is another in some fields.
    Changed,
}

impl Fate {
    /// The word in files and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

impl Difference {
    /// What happened to it.
    pub const fn fate(&self) -> Fate {
        match (&self.before, &self.after) {
            (None, _) => Fate::Added,
            (_, None) => Fate::Removed,
            _ => Fate::Changed,
        }
    }
}

/// The devices in the actor's sight that are not the same at two instants, in the order of their first change. What was
/// changed and changed back is no difference.
///
/// # Errors
/// [`Problem::Invalid`] on `to` when it is not later than `from`; else as [`Tx::all`].
pub async fn page(
    tx: &mut Tx,
    who: &Actor,
    (from, to): (Instant, Instant),
    keyset: &Keyset,
) -> Result<Slice<Difference>> {
    if to <= from {
        return Err(Problem::invalid("to", "This must be later than the beginning."));
    }
    let mut place = keyset.after.as_ref().map(|c| (Instant::from_micros(c.after.parse().unwrap_or(0)), c.id));
    let (mut found, wanted) = (Vec::new(), keyset.limit as usize + 1);
    while found.len() < wanted {
        let first = feed::first_between(tx, who.org, "device", (from, to), place, 200).await?;
        let Some(last) = first.last() else { break };
        place = Some((last.recorded_at, last.event));
        for change in &first {
            if let Some(found_one) = one(tx, who, change.entity_id, (from, to)).await? {
                found.push(Difference { event: change.event, first_at: change.recorded_at, ..found_one });
            }
            if found.len() == wanted {
                break;
            }
        }
    }
    Ok(Slice::cut(found, keyset.limit, |last| Cursor {
        after: last.first_at.micros().to_string(),
        id: last.event,
    }))
}

/// The difference of one device; none when it is the same, or out of sight where it last stood.
async fn one(
    tx: &mut Tx,
    who: &Actor,
    id: Uuid,
    (from, to): (Instant, Instant),
) -> Result<Option<Difference>> {
    let (mut before, mut after) = (None, None);
    for (at, place) in [(from, &mut before), (to, &mut after)] {
        let Some(event) = db::gate::as_of(tx, who.org, "device", id, at).await? else { continue };
        let device: Device = serde_json::from_value(event.after.clone()).map_err(Problem::bug)?;
        // Counts as never recorded once its import is undone.
        if device.removed_at.is_none() {
            *place = Some((event, device));
        }
    }
    let seen = |device: &Device| {
        let reach = Reach { site: Some(device.site), department: device.department };
        who.may(permit::DEVICE_HISTORY, reach)
    };
    // As on its own page, where it last stood decides: whoever it was moved away from does not learn where to.
    let Some((_, device)) = after.as_ref().or(before.as_ref()).filter(|(_, device)| seen(device)) else {
        return Ok(None);
    };
    let tag = device.tag.clone();
    let (before, after) = (before.map(|(event, _)| event), after.map(|(event, _)| event));
    let nothing = serde_json::Value::Null;
    let fields = FieldChange::between(
        before.as_ref().map(|event| &event.after),
        after.as_ref().map_or(&nothing, |event| &event.after),
    );
    let fields: Vec<FieldChange> = fields.into_iter().filter(|c| c.field != "evidence").collect();
    if fields.is_empty() {
        return Ok(None);
    }
    Ok(Some(Difference { tag, first_at: from, before, after, fields, event: id }))
}
