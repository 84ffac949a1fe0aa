//! The list of devices as it was known at a past instant: the same questions as of the present one, in the order of tags.

use db::Tx;
use kernel::{Actor, Cursor, Instant, Keyset, OrgId, Permit, Problem, Result, Slice};
use uuid::Uuid;

pub use super::way::Limits;

use super::ask::Asked;
use crate::{
    device::{DeviceId, list::Wanted},
    export::{around, described::Described},
    permit,
};

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which devices it holds.
    pub slice: Slice<DeviceId>,
    /// How many there are in all, where the way to them says it; a list of many is only read as far as it is shown.
    pub count: Option<i64>,
}

impl Found {
    /// The devices as they were known, with the names that were known.
    pub(crate) async fn described(&self, tx: &mut Tx, org: OrgId, at: Instant) -> Result<Vec<Described>> {
        let ids: Vec<Uuid> = self.slice.rows.iter().map(|id| id.uuid()).collect();
        around::described_then(tx, org, &ids, at).await
    }
}

/// What it takes to see a device of the past in a list.
pub const TO_SHOW: &[Permit] = &[permit::DEVICE_VIEW, permit::DEVICE_HISTORY];
/// And to take it out in a file.
pub const TO_TAKE_OUT: &[Permit] = &[permit::DEVICE_VIEW, permit::DEVICE_HISTORY, permit::EXPORT_RUN];

/// One page of the list as of `at`. Who may see it follows, as on a device's own page, from where the device stands today.
/// The order is that of the tags then; `wanted.sort` is not asked.
///
/// # Errors
/// As [`Tx::all`]; [`Problem::Invalid`] for what cannot be asked of the past.
pub async fn page(
    tx: &mut Tx,
    who: &Actor,
    wanted: &Wanted,
    at: Instant,
    permits: &'static [Permit],
    keyset: &Keyset,
) -> Result<Found> {
    page_within(tx, who, (wanted, at), permits, (keyset, Limits::default())).await
}

/// Why a question cannot be asked of the past.
pub const NOT_OF_THE_PAST: &str = "Lists of the past are searched by words, type, maker, model, site, dept, state, flag \
    and import; not by what is excluded, and not by other fields.";

/// The same with other limits than those which are right for a large fleet.
///
/// # Errors
/// As [`page`].
pub async fn page_within(
    tx: &mut Tx,
    who: &Actor,
    (wanted, at): (&Wanted, Instant),
    permits: &'static [Permit],
    (keyset, limits): (&Keyset, Limits),
) -> Result<Found> {
    if wanted.is_nothing() {
        return Ok(Found { slice: Slice { rows: Vec::new(), next: None }, count: Some(0) });
    }
    if !wanted.is_of_the_past() {
        return Err(Problem::invalid("q", NOT_OF_THE_PAST));
    }
    let asked = Asked::new(tx, who, (wanted, permits), at).await?;
    let (ways, want) = (asked.ways(), i64::from(keyset.limit) + 1);
    let (mut rows, mut count) = match asked.shortest(tx, &ways, limits.few).await? {
        Some((_, way)) => {
            let mut all = asked.fetch(tx, way, None, None).await?;
            let count = all.len() as i64;
            all.retain(|row| keyset.after.as_ref().is_none_or(|c| (&row.tag_key, row.id) > (&c.after, c.id)));
            (all, Some(count))
        }
        None => (asked.find(tx, (&ways, limits), keyset.after.as_ref(), want).await?, None),
    };
    rows.truncate(keyset.limit as usize + 1);
    if keyset.after.is_none() && (rows.len() as i64) < want {
        count = Some(rows.len() as i64);
    }
    let cut = Slice::cut(rows, keyset.limit, |last| Cursor { after: last.tag_key.clone(), id: last.id });
    let rows = cut.rows.iter().map(|row| DeviceId::from_uuid(row.id)).collect();
    Ok(Found { slice: Slice { rows, next: cut.next }, count })
}
