//! What a scanned or typed code names: a tag, a serial number, a UDI, or the address on a label.

use db::{Row, Tx, vals};
use kernel::{Actor, Reach, Result};

use crate::{ModelId, device::DeviceId, model, permit};

db::statements! {
    /// Devices with this key as their tag or serial number, or with this UDI, the tag first.
    NAMED = "SELECT d.id, d.site_id, d.department_id, CAST(1 AS BIGINT) AS means FROM device d \
             WHERE d.org_id = $1 AND d.tag_key = $2 AND d.removed_at IS NULL \
             UNION ALL SELECT d.id, d.site_id, d.department_id, CAST(2 AS BIGINT) AS means FROM device d \
             WHERE d.org_id = $1 AND d.serial_key = $2 AND d.removed_at IS NULL \
             UNION ALL SELECT d.id, d.site_id, d.department_id, CAST(3 AS BIGINT) AS means FROM device d \
             WHERE d.org_id = $1 AND d.udi = $3 AND d.removed_at IS NULL ORDER BY means LIMIT 3";
    /// Devices with this serial number, each with its UDI.
    BY_SERIAL = "SELECT d.id, d.site_id, d.department_id, d.udi, d.model_id FROM device d WHERE d.org_id = $1 \
                 AND d.serial_key = $2 AND d.removed_at IS NULL ORDER BY d.id LIMIT 50";
}

/// The one device that a code names: its tag, else its serial number, else its UDI; the tag in the address that a label
/// carries (`https://…/d/NH-104207`); or, of the device identifier and serial number in a maker's barcode, the device that
/// carries both. `None` when no device or more than one fits, or when it is out of the actor's sight.
///
/// # Errors
/// As [`Tx::all`].
pub async fn named(tx: &mut Tx, who: &Actor, code: &str) -> Result<Option<DeviceId>> {
    let code = code.trim();
    if let Some(tag) = tag_of_address(code) {
        return plainly(tx, who, &tag).await;
    }
    match plainly(tx, who, code).await? {
        Some(id) => Ok(Some(id)),
        None => marked(tx, who, code).await,
    }
}

/// The tag in a label's address, whatever the host: `HTTPS://BIOMED.EXAMPLE/D/NH-104207`.
fn tag_of_address(code: &str) -> Option<String> {
    let (scheme, rest) = code.split_once("://")?;
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return None;
    }
    let (_, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (noun, tag) = path.split_once('/')?;
    let tag = tag.split('/').next().unwrap_or_default();
    (noun.eq_ignore_ascii_case("d") && !tag.is_empty())
        .then(|| percent_encoding::percent_decode_str(tag).decode_utf8_lossy().into_owned())
}

/// By the serial number in a maker's barcode: where several devices have it, the one whose own UDI holds the barcode's
/// device identifier, or whose model has it.
async fn marked(tx: &mut Tx, who: &Actor, code: &str) -> Result<Option<DeviceId>> {
    // Shorter ones hold no device identifier.
    if code.len() < 16 {
        return Ok(None);
    }
    // The year only matters for dates, which are not looked at.
    let read = udi::parse(code, 2026);
    let (Some(di), Some(serial)) = (&read.di, &read.serial) else { return Ok(None) };
    let rows = tx.all(BY_SERIAL, &vals![who.org, kernel::key(serial)]).await?;
    let model = model::store::find_by_di(tx, who.org, di).await?;
    let mut fit = Vec::new();
    for row in &rows {
        let udi: Option<String> = row.get("udi")?;
        let of: ModelId = row.get("model_id")?;
        let says = match (udi.map(|udi| udi.contains(di.as_str())), model) {
            (Some(true), _) => Some(true),
            (_, Some(model)) => Some(of == model),
            (says, None) => says,
        };
        fit.push((says, row));
    }
    let exact: Vec<&Row> = fit.iter().filter(|(says, _)| *says == Some(true)).map(|(_, row)| *row).collect();
    let open: Vec<&Row> = fit.iter().filter(|(says, _)| says.is_none()).map(|(_, row)| *row).collect();
    match (exact.as_slice(), open.as_slice()) {
        ([one], _) | ([], [one]) => seen(who, one),
        _ => Ok(None),
    }
}

fn seen(who: &Actor, row: &Row) -> Result<Option<DeviceId>> {
    let reach = Reach { site: row.get("site_id")?, department: row.get("department_id")? };
    if who.may(permit::DEVICE_VIEW, reach) { Ok(Some(row.get("id")?)) } else { Ok(None) }
}

async fn plainly(tx: &mut Tx, who: &Actor, code: &str) -> Result<Option<DeviceId>> {
    let key = kernel::key(code);
    if key.is_empty() {
        return Ok(None);
    }
    let rows = tx.all(NAMED, &vals![who.org, key, code.trim()]).await?;
    let mut found: Option<(i64, &Row)> = None;
    for row in &rows {
        let means: i64 = row.get("means")?;
        match found {
            None => found = Some((means, row)),
            Some((first, _)) if first == means => return Ok(None),
            Some(_) => break,
        }
    }
    let Some((_, row)) = found else { return Ok(None) };
    seen(who, row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_s_address_holds_its_tag() {
        for (code, tag) in [
            ("https://biomed.example/d/NH-104207", Some("NH-104207")),
            ("HTTPS://BIOMED.EXAMPLE/D/NH%20104%2B7?x=1", Some("NH 104+7")),
            ("http://127.0.0.1:8080/d/A,B/label", Some("A,B")),
            ("https://biomed.example/d/50%25", Some("50%")),
            ("https://biomed.example/devices/x", None),
            ("ftp://biomed.example/d/x", None),
            ("NH-104207", None),
        ] {
            assert_eq!(tag_of_address(code).as_deref(), tag, "{code}");
        }
    }
}
