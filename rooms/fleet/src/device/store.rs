//! Devices in the database: statements and the functions around them, nothing else.

use db::{
    Row, Tx, Val,
    seal::{Record, rebuilt},
    search::Of,
    vals,
};
use kernel::{Instant, Money, OrgId, Problem, Result};

use super::{Device, DeviceId, Hold, ImportId, Loan};

db::statements! {
    /// One device.
    GET = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, d.site_id, \
            d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
            d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, \
            d.risk_reason, d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, \
            d.price_currency, d.notes, d.import_id, d.removed_at \
            FROM device d WHERE d.org_id = $1 AND d.id = $2";
    /// One device by its tag's key.
    BY_TAG = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, d.site_id, \
            d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
            d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, \
            d.risk_reason, d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, \
            d.price_currency, d.notes, d.import_id, d.removed_at \
            FROM device d WHERE d.org_id = $1 AND d.tag_key = $2 AND d.removed_at IS NULL";
    /// Devices by their tag's key, those of undone imports included, the newest first. A tag is tried again after an
    /// undo a few times at most.
    EVER_BY_TAG = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, d.site_id, \
            d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
            d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, \
            d.risk_reason, d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, \
            d.price_currency, d.notes, d.import_id, d.removed_at \
            FROM device d WHERE d.org_id = $1 AND d.tag_key = $2 ORDER BY d.id DESC LIMIT 100";
    /// The components of a device. Sorting by an expression keeps SQLite from walking all tags to save the sort.
    CHILDREN = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, d.site_id, \
            d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
            d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, \
            d.risk_reason, d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, \
            d.price_currency, d.notes, d.import_id, d.removed_at \
            FROM device d WHERE d.org_id = $1 AND d.parent_id = $2 AND d.removed_at IS NULL ORDER BY d.tag_key || ''";
    /// The devices one import brought, in id order after a given one.
    OF_IMPORT = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, d.site_id, \
            d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
            d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, \
            d.risk_reason, d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, \
            d.price_currency, d.notes, d.import_id, d.removed_at \
            FROM device d WHERE d.org_id = $1 AND d.import_id = $2 AND d.removed_at IS NULL AND d.id > $3 \
            ORDER BY d.id LIMIT $4";
    /// Every device that was not removed, in id order after a given one.
    EACH = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, d.site_id, \
            d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
            d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, \
            d.risk_reason, d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, \
            d.price_currency, d.notes, d.import_id, d.removed_at \
            FROM device d WHERE d.org_id = $1 AND d.removed_at IS NULL AND d.id > $2 ORDER BY d.id LIMIT $3";
    /// The systems above a device, nearest first; a chain longer than 50 is cut, which the cycle rule refuses.
    ABOVE = "WITH RECURSIVE up (id, parent_id, depth) AS ( \
             SELECT d.id, d.parent_id, 0 FROM device d WHERE d.org_id = $1 AND d.id = $2 \
             UNION ALL SELECT d.id, d.parent_id, up.depth + 1 FROM device d JOIN up ON d.id = up.parent_id \
             WHERE d.org_id = $1 AND up.depth < 50) SELECT id FROM up WHERE depth > 0 ORDER BY depth";
    /// Adds one device.
    ADD = "INSERT INTO device (org_id, id, version, tag, tag_key, serial, serial_key, serial_less, udi, \
            model_id, parent_id, site_id, place_id, department_id, state, state_since_at, inspect_after_at, \
            accepted_at, accepted_as, hold_reason, hold_released_by, loan_agreement, loan_ends_on, risk, \
            risk_reason, strategy, tenure, agreement, agreement_ends_on, acquired_on, price_minor, \
            price_currency, notes, import_id, removed_at) VALUES \
            ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
            $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)";
    /// Takes out the first devices of one import, up to an id.
    TAKE_OUT = "UPDATE device SET version = version + 1, removed_at = $3 WHERE org_id = $1 AND import_id = $2 \
                AND removed_at IS NULL AND id <= $4";
    /// The words by which one device is found.
    WORDS = "SELECT d.site_id, d.tag, d.serial, d.udi, m.name AS model, c.name AS company, c.aliases, t.name AS type_name, \
             p.name AS place, s.name AS site, o.name AS department \
             FROM device d JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id \
             JOIN company c ON c.org_id = m.org_id AND c.id = m.company_id \
             JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
             JOIN site s ON s.org_id = d.org_id AND s.id = d.site_id \
             LEFT JOIN place p ON p.org_id = d.org_id AND p.id = d.place_id \
             LEFT JOIN department o ON o.org_id = d.org_id AND o.id = d.department_id \
             WHERE d.org_id = $1 AND d.id = $2";
}

const MANY: &str = "INSERT INTO device (org_id, id, version, tag, tag_key, serial, serial_key, serial_less, udi, \
            model_id, parent_id, site_id, place_id, department_id, state, state_since_at, inspect_after_at, \
            accepted_at, accepted_as, hold_reason, hold_released_by, loan_agreement, loan_ends_on, risk, \
            risk_reason, strategy, tenure, agreement, agreement_ends_on, acquired_on, price_minor, \
            price_currency, notes, import_id, removed_at) VALUES";

/// Changes one device if nobody changed it meanwhile.
const CHANGE: (&str, &str) =
    ("UPDATE device SET version = $4", "WHERE org_id = $1 AND id = $2 AND version = $3");

/// What a device's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "device",
    key: "id",
    columns: &[
        "id",
        "version",
        "tag",
        "tag_key",
        "serial",
        "serial_key",
        "serial_less",
        "udi",
        "model_id",
        "parent_id",
        "site_id",
        "place_id",
        "department_id",
        "state",
        "state_since_at",
        "inspect_after_at",
        "accepted_at",
        "accepted_as",
        "hold_reason",
        "hold_released_by",
        "loan_agreement",
        "loan_ends_on",
        "risk",
        "risk_reason",
        "strategy",
        "tenure",
        "agreement",
        "agreement_ends_on",
        "acquired_on",
        "price_minor",
        "price_currency",
        "notes",
        "import_id",
        "removed_at",
    ],
    rebuild: |after| rebuilt(after, columns),
};

/// Id, version, then [`fields`].
fn columns(device: &Device) -> Vec<Val> {
    let mut vals = vals![device.id, device.version].to_vec();
    vals.extend(fields(device));
    vals
}

/// A device with all its columns; for lists of them.
pub(crate) const WHOLE: &str = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, d.site_id, \
            d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
            d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, \
            d.risk_reason, d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, \
            d.price_currency, d.notes, d.import_id, d.removed_at \
            FROM device d";

pub(crate) fn from_row(row: &Row) -> Result<Device> {
    let hold = match (row.get("hold_reason")?, row.get("hold_released_by")?) {
        (Some(reason), Some(released_by)) => Some(Hold { reason, released_by }),
        _ => None,
    };
    let loan = match (row.get("loan_agreement")?, row.get("loan_ends_on")?) {
        (Some(agreement), Some(ends_on)) => Some(Loan { agreement, ends_on }),
        _ => None,
    };
    let price = match (row.get("price_minor")?, row.get("price_currency")?) {
        (Some(minor), Some(currency)) => Some(Money { minor, currency }),
        _ => None,
    };
    Ok(Device {
        id: row.get("id")?,
        version: row.get("version")?,
        tag: row.get("tag")?,
        serial: row.get("serial")?,
        serial_less: row.get("serial_less")?,
        udi: row.get("udi")?,
        model: row.get("model_id")?,
        parent: row.get("parent_id")?,
        site: row.get("site_id")?,
        place: row.get("place_id")?,
        department: row.get("department_id")?,
        state: row.parse("state")?,
        state_since: row.get("state_since_at")?,
        inspect_after: row.get("inspect_after_at")?,
        accepted_at: row.get("accepted_at")?,
        accepted_as: row.parse_opt("accepted_as")?,
        hold,
        loan,
        risk: row.parse_opt("risk")?,
        risk_reason: row.get("risk_reason")?,
        strategy: row.parse_opt("strategy")?,
        tenure: row.parse("tenure")?,
        agreement: row.get("agreement")?,
        agreement_ends_on: row.get("agreement_ends_on")?,
        acquired_on: row.get("acquired_on")?,
        price,
        notes: row.get("notes")?,
        import: row.get("import_id")?,
        removed_at: row.get("removed_at")?,
    })
}

/// Every column but the keys, in the order of the statements.
/// The columns of [`fields`].
const FIELDS: &[&str] = RECORD.columns.split_at(2).1;

fn fields(d: &Device) -> Vec<Val> {
    vals![
        &d.tag,
        kernel::key(&d.tag),
        d.serial.clone(),
        d.serial.as_deref().map(kernel::key),
        d.serial_less,
        d.udi.clone(),
        d.model,
        d.parent,
        d.site,
        d.place,
        d.department,
        d.state.code(),
        d.state_since,
        d.inspect_after,
        d.accepted_at,
        d.accepted_as.map(|a| a.code()),
        d.hold.as_ref().map(|h| h.reason.clone()),
        d.hold.as_ref().map(|h| h.released_by.clone()),
        d.loan.as_ref().map(|l| l.agreement.clone()),
        d.loan.as_ref().map(|l| l.ends_on),
        d.risk.map(|r| r.code()),
        d.risk_reason.clone(),
        d.strategy.map(|s| s.code()),
        d.tenure.code(),
        d.agreement.clone(),
        d.agreement_ends_on,
        d.acquired_on,
        d.price.map(|p| p.minor),
        d.price.map(|p| p.currency),
        d.notes.clone(),
        d.import,
        d.removed_at,
    ]
    .to_vec()
}

/// One device.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: DeviceId) -> Result<Device> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this device"))
}

/// One device by its tag, in any spelling of case, accents and blanks.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find_by_tag(tx: &mut Tx, org: OrgId, tag: &str) -> Result<Option<Device>> {
    let row = tx.find(BY_TAG, &vals![org, kernel::key(tag)]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Devices that have a tag, or had it when their import was undone, the newest first.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn ever_by_tag(tx: &mut Tx, org: OrgId, tag: &str) -> Result<Vec<Device>> {
    tx.all(EVER_BY_TAG, &vals![org, kernel::key(tag)]).await?.iter().map(from_row).collect()
}

/// The components directly below a device, by tag.
///
/// # Errors
/// As [`Tx::all`].
pub async fn children(tx: &mut Tx, org: OrgId, id: DeviceId) -> Result<Vec<Device>> {
    tx.all(CHILDREN, &vals![org, id]).await?.iter().map(from_row).collect()
}

/// The devices one import brought and that were not removed, in id order after a given one.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of_import(
    tx: &mut Tx,
    org: OrgId,
    import: ImportId,
    after: Option<DeviceId>,
    limit: u32,
) -> Result<Vec<Device>> {
    let after = after.map_or(uuid::Uuid::nil(), DeviceId::uuid);
    tx.all(OF_IMPORT, &vals![org, import, after, limit]).await?.iter().map(from_row).collect()
}

/// Every device that was not removed, in id order after a given one.
///
/// # Errors
/// As [`Tx::all`].
pub async fn each(tx: &mut Tx, org: OrgId, after: Option<DeviceId>, limit: u32) -> Result<Vec<Device>> {
    let after = after.map_or(uuid::Uuid::nil(), DeviceId::uuid);
    tx.all(EACH, &vals![org, after, limit]).await?.iter().map(from_row).collect()
}

/// The systems above a device, nearest first.
///
/// # Errors
/// As [`Tx::all`].
pub async fn above(tx: &mut Tx, org: OrgId, id: DeviceId) -> Result<Vec<DeviceId>> {
    tx.all(ABOVE, &vals![org, id]).await?.iter().map(|row| row.get("id")).collect()
}

/// The kept count of devices by state.
pub const BY_STATE: &str = "device";
/// The kept count of held devices by state.
pub const HELD: &str = "device.held";

/// The kept counts, counted again from the rows.
pub(crate) const RECOUNTS: &[(&str, &str)] = &[
    (
        BY_STATE,
        "SELECT org_id, site_id, department_id, state AS word, COUNT(*) AS n FROM device \
         WHERE removed_at IS NULL GROUP BY org_id, site_id, department_id, state",
    ),
    (
        HELD,
        "SELECT org_id, site_id, department_id, state AS word, COUNT(*) AS n FROM device \
         WHERE removed_at IS NULL AND hold_reason IS NOT NULL GROUP BY org_id, site_id, department_id, state",
    ),
    (
        "device.model/site",
        "SELECT org_id, site_id, CAST(NULL AS UUID) AS department_id, model_id AS word, COUNT(*) AS n FROM device \
         WHERE removed_at IS NULL AND state NOT IN ('retired', 'returned', 'cancelled') \
         GROUP BY org_id, site_id, model_id",
    ),
];
/// The kept count of devices that have not left, by model; see [`model_word`].
pub const BY_MODEL: &str = "device.model";

/// The word under which the devices of a model are counted.
pub fn model_word(model: crate::ModelId) -> String {
    model.uuid().simple().to_string()
}

/// Counts a device in or out, unless it was removed.
fn tally(tx: &mut Tx, org: OrgId, device: &Device, n: i64) {
    if device.removed_at.is_some() {
        return;
    }
    let key = |name| db::tally::Key {
        org,
        name,
        site: device.site,
        department: device.department,
        word: device.state.code().into(),
    };
    db::tally::add(tx, key(BY_STATE), n);
    if device.hold.is_some() {
        db::tally::add(tx, key(HELD), n);
    }
    if !device.state.kind().is_terminal() {
        let of_model = db::tally::Key { word: model_word(device.model).into(), ..key(BY_MODEL) };
        db::tally::add_whole(tx, of_model, n);
    }
}

/// Adds one device.
///
/// # Errors
/// The refusals of [`refusal`].
pub async fn add(tx: &mut Tx, org: OrgId, device: &Device) -> Result<()> {
    let mut vals = vals![org, device.id, device.version].to_vec();
    vals.extend(fields(device));
    tx.execute(ADD, &vals).await.map_err(|p| refusal(p, device))?;
    tally(tx, org, device, 1);
    Ok(())
}

/// Adds many devices; for bulk work that has checked their tags and serial numbers.
///
/// # Errors
/// As [`Tx::insert_many`].
pub async fn add_many(tx: &mut Tx, org: OrgId, devices: &[Device]) -> Result<()> {
    let rows = devices
        .iter()
        .map(|d| {
            let mut vals = vals![org, d.id, d.version].to_vec();
            vals.extend(fields(d));
            vals
        })
        .collect();
    tx.insert_many(MANY, rows).await?;
    for device in devices {
        tally(tx, org, device, 1);
    }
    Ok(())
}

/// Writes the next version of a device over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster; the refusals of [`refusal`].
pub async fn change(tx: &mut Tx, org: OrgId, before: &Device, after: &Device) -> Result<()> {
    let keys = vals![org, after.id, before.version, after.version];
    let changed = tx.change(CHANGE, &keys, FIELDS, (&fields(before), &fields(after))).await;
    if changed.map_err(|p| refusal(p, after))? != 1 {
        return Err(Problem::Stale { current: get(tx, org, after.id).await?.version });
    }
    tally(tx, org, before, -1);
    tally(tx, org, after, 1);
    Ok(())
}

/// Takes the first devices of an import out again, as [`of_import`] read them.
///
/// # Errors
/// [`Problem::Busy`] when another change came in between.
pub async fn take_out(
    tx: &mut Tx,
    org: OrgId,
    import: ImportId,
    devices: &[Device],
    at: Instant,
) -> Result<()> {
    let Some(last) = devices.last() else { return Ok(()) };
    if tx.execute(TAKE_OUT, &vals![org, import, at, last.id]).await? != devices.len() as u64 {
        return Err(Problem::Busy { retry_after: 1 });
    }
    for device in devices {
        tally(tx, org, device, -1);
    }
    Ok(())
}

impl Device {
    /// Where its words are kept: with those of its site.
    pub const fn words_of(&self) -> Of {
        Of { id: self.id.uuid(), area: self.site.uuid() }
    }
}

/// Writes the words by which a device is found.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn index(tx: &mut Tx, org: OrgId, id: DeviceId) -> Result<()> {
    let row = tx.one(WORDS, &vals![org, id]).await?;
    let mut text = String::new();
    for column in ["tag", "serial", "udi", "model", "company", "type_name", "place", "site", "department"] {
        if let Some(words) = row.get::<Option<String>>(column)? {
            text.push_str(&words);
            text.push(' ');
        }
    }
    let aliases: Option<String> = row.get("aliases")?;
    let aliases: Vec<String> =
        aliases.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text)).map_err(Problem::bug)?;
    text.push_str(&aliases.join(" "));
    let area = row.get("site_id")?;
    db::search::put(tx, org, "device", Of { id: id.uuid(), area }, &text).await
}

/// Puts a broken uniqueness into the words of the fleet. The names are those of the two unique indexes; SQLite
/// names their columns instead.
fn refusal(problem: Problem, device: &Device) -> Problem {
    match &problem {
        Problem::Conflict { code, message } if *code == db::UNIQUE => {
            if message.contains("serial") {
                let serial = device.serial.as_deref().unwrap_or_default();
                return Problem::invalid(
                    "serial",
                    format!(
                        "Serial number {serial} is already on record for this model. Search for it; if both are \
                         real, correct the one that was misread."
                    ),
                );
            }
            if message.contains("tag") {
                return Problem::invalid(
                    "tag",
                    format!("Asset tag {} is already in use. Tags are never used again.", device.tag),
                );
            }
            problem
        }
        _ => problem,
    }
}
