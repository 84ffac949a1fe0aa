//! Tags that devices carried before their present one.
//!
//! **Invariant:** a tag names one device for ever. Whoever changes a tag leaves the old one here, in the same
//! transaction; a tag that is here is given to no other device, and leads to the one that had it. So the tags of
//! devices and those here are all tags ever used, and only a change of a tag writes one. The tags of an undone import
//! are the exception: what it brought never lived, nobody changed it since (or it could not have been undone), so
//! nothing of it is here and its tags are free.

use std::collections::HashSet;

use db::{Select, Tx, Val, check::Report, vals};
use futures::future::BoxFuture;
use kernel::{Instant, OrgId, Problem, Result};

use super::{Device, DeviceId};

db::statements! {
    /// The device that carried a tag before.
    FIND = "SELECT tag, device_id, until_at FROM former_tag WHERE org_id = $1 AND tag_key = $2";
    /// Keeps a tag that a device no longer carries.
    KEEP = "INSERT INTO former_tag (org_id, tag_key, tag, device_id, until_at) VALUES ($1, $2, $3, $4, $5)";
    /// Tags that a device carried by the record, that it carries no more, and that are not kept.
    LOST = "SELECT s.tag_key, s.device_id FROM then_device s JOIN device d ON d.org_id = s.org_id AND d.id = s.device_id \
            WHERE s.org_id = $1 AND s.tag_key <> d.tag_key AND d.removed_at IS NULL AND NOT EXISTS \
            (SELECT 1 FROM former_tag f WHERE f.org_id = s.org_id AND f.tag_key = s.tag_key \
            AND f.device_id = s.device_id) LIMIT 20";
    /// Tags that are kept of a device that never carried them, as far as its life is filed.
    MADE_UP = "SELECT f.tag_key, f.device_id FROM former_tag f JOIN then_progress p ON p.org_id = f.org_id \
               WHERE f.org_id = $1 AND NOT EXISTS (SELECT 1 FROM then_device s WHERE s.org_id = f.org_id \
               AND s.device_id = f.device_id AND s.tag_key = f.tag_key) AND NOT EXISTS (SELECT 1 FROM event e \
               WHERE e.org_id = f.org_id AND e.entity = 'device' AND e.entity_id = f.device_id AND e.id > p.position) \
               LIMIT 20";
    /// Whose devices are filed.
    FILED = "SELECT org_id FROM then_progress WHERE stage > 0";
    /// A device takes a tag again that it carried before.
    TAKE_BACK = "DELETE FROM former_tag WHERE org_id = $1 AND tag_key = $2 AND device_id = $3";
}

/// A tag on a sticker that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// The tag as it was written.
    pub tag: String,
    /// The device that carried it last, and the only one that ever did.
    pub device: DeviceId,
    /// When it got another one.
    pub until: Instant,
}

/// Who carried a tag before, in any spelling of case, accents and blanks.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find(tx: &mut Tx, org: OrgId, tag: &str) -> Result<Option<Former>> {
    let Some(row) = tx.find(FIND, &vals![org, kernel::key(tag)]).await? else { return Ok(None) };
    Ok(Some(Former { tag: row.get("tag")?, device: row.get("device_id")?, until: row.get("until_at")? }))
}

/// Those of some tags' keys that a device carried before.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn among(tx: &mut Tx, org: OrgId, keys: &[String]) -> Result<HashSet<String>> {
    let mut select = Select::new("SELECT f.tag_key FROM former_tag f", "f", org);
    select.one_of("f.tag_key", keys.iter().map(Val::from));
    select.all(tx).await?.iter().map(|row| row.get("tag_key")).collect()
}

/// Whether the tags kept here are those of the record, for [`db::check::Truths`]. It asks the file of lists of the past,
/// which is checked against the record by itself.
pub(crate) fn check<'t>(tx: &'t mut Tx, report: &'t mut Report) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        for org in tx.all(FILED, &vals![]).await? {
            let org: OrgId = org.get("org_id")?;
            for (sql, what) in
                [(LOST, "is not kept as one that was used"), (MADE_UP, "is kept and was never used")]
            {
                for row in tx.all(sql, &vals![org]).await? {
                    let (tag, device): (String, DeviceId) = (row.get("tag_key")?, row.get("device_id")?);
                    report.fault("tags", format!("the former tag {tag} of device {device} {what}"));
                }
            }
        }
        report.looked("former tags against the record");
        Ok(())
    })
}

/// Refuses a tag that another device carried before.
///
/// # Errors
/// [`Problem::Invalid`] on `tag`.
pub(super) async fn must_be_new(tx: &mut Tx, org: OrgId, device: &Device) -> Result<()> {
    match find(tx, org, &device.tag).await? {
        Some(former) if former.device != device.id => Err(Problem::invalid(
            "tag",
            format!(
                "Asset tag {} was carried by another device before. Tags are never used again; take a new one.",
                device.tag
            ),
        )),
        _ => Ok(()),
    }
}

/// Keeps the tag that a change leaves behind. Another spelling of the same tag leaves none.
///
/// # Errors
/// As [`must_be_new`].
pub(super) async fn leave(
    tx: &mut Tx,
    org: OrgId,
    before: &Device,
    after: &Device,
    at: Instant,
) -> Result<()> {
    if before.tag_key() == after.tag_key() {
        return Ok(());
    }
    must_be_new(tx, org, after).await?;
    tx.execute(TAKE_BACK, &vals![org, after.tag_key(), after.id]).await?;
    tx.execute(KEEP, &vals![org, before.tag_key(), &before.tag, before.id, at]).await.map(drop)
}
