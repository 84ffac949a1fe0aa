//! Acts in the database: statements and the functions around them, nothing else.

use db::{
    Row, Tx, Val,
    seal::{Record, Wanted},
    vals,
};
use kernel::{Actor, Instant, OrgId, PersonId, Problem, Result};
use serde::{Deserialize as _, Serialize, de::DeserializeOwned};

use super::{Act, ActId, Change, Counts, Item, Outcome, Touched};
use crate::device::DeviceId;

db::statements! {
    /// One act.
    GET = "SELECT a.id, a.version, a.state, a.by_id, a.by_name, a.begun_at, a.query, a.change, a.reason, a.within, a.counts \
           FROM act a WHERE a.org_id = $1 AND a.id = $2";
    /// Acts, the newest first, before a given one.
    LIST = "SELECT a.id, a.version, a.state, a.by_id, a.by_name, a.begun_at, a.query, a.change, a.reason, a.within, a.counts \
            FROM act a WHERE a.org_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3";
    /// Adds one.
    ADD = "INSERT INTO act (org_id, id, version, state, by_id, by_name, begun_at, query, change, reason, within, counts) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Its next version.
    KEEP = "UPDATE act SET version = $4, state = $5, by_id = $6, by_name = $7, within = $8, counts = $9 \
            WHERE org_id = $1 AND id = $2 AND version = $3";
    /// A draft.
    DRAFT = "SELECT f.by_id, f.made_at, f.query, f.change FROM act_draft f WHERE f.org_id = $1 AND f.id = $2";
    /// Adds a draft.
    ADD_DRAFT = "INSERT INTO act_draft (org_id, id, by_id, made_at, query, change) VALUES ($1, $2, $3, $4, $5, $6)";
    /// What is chosen in a draft now.
    CHANGE_DRAFT = "UPDATE act_draft SET change = $3 WHERE org_id = $1 AND id = $2";
    /// Takes a draft away.
    END_DRAFT = "DELETE FROM act_draft WHERE org_id = $1 AND id = $2";
    /// Drafts that nobody came back to.
    OLD_DRAFTS = "SELECT f.id FROM act_draft f WHERE f.org_id = $1 AND f.made_at < $2 ORDER BY f.made_at LIMIT 20";
    /// Takes the devices of a draft away, some at a time.
    END_ITEMS = "DELETE FROM act_item WHERE org_id = $1 AND act_id = $2 AND seq < $3";
    /// Devices of an act in their order after a given one.
    ITEMS = "SELECT i.seq, i.device_id, i.seen, i.outcome, i.before, i.after, i.words FROM act_item i \
             WHERE i.org_id = $1 AND i.act_id = $2 AND i.seq > $3 ORDER BY i.seq LIMIT $4";
    /// Devices of an act that came to something, in their order after a given one.
    ITEMS_OF = "SELECT i.seq, i.device_id, i.seen, i.outcome, i.before, i.after, i.words FROM act_item i \
                WHERE i.org_id = $1 AND i.act_id = $2 AND i.outcome = $3 AND i.seq > $4 ORDER BY i.seq LIMIT $5";
    /// The same from the last one on, for taking back.
    ITEMS_BACK = "SELECT i.seq, i.device_id, i.seen, i.outcome, i.before, i.after, i.words FROM act_item i \
                  WHERE i.org_id = $1 AND i.act_id = $2 AND i.outcome = $3 ORDER BY i.seq DESC LIMIT $4";
    /// What became of a device.
    END_ITEM = "UPDATE act_item SET outcome = $4, before = $5, after = $6, words = $7 \
                WHERE org_id = $1 AND act_id = $2 AND seq = $3";
    /// How many came to what.
    OUTCOMES = "SELECT i.outcome, COUNT(*) AS n FROM act_item i WHERE i.org_id = $1 AND i.act_id = $2 \
                GROUP BY i.outcome";
}

const ADD_ITEMS: &str = "INSERT INTO act_item (org_id, act_id, seq, device_id, seen, outcome) VALUES";

/// What an act's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "act",
    key: "id",
    columns: &[
        "id", "version", "state", "by_id", "by_name", "begun_at", "query", "change", "reason", "within",
        "counts",
    ],
    rebuild: |after| {
        let act = Act::deserialize(after).map_err(Problem::bug)?;
        Ok(columns(&act)?.into_iter().map(Wanted::Is).collect())
    },
};

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Problem::bug)
}

fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(Problem::bug)
}

fn columns(act: &Act) -> Result<Vec<Val>> {
    let vals = vals![
        act.id,
        act.version,
        act.state.code(),
        act.by,
        &act.by_name,
        act.begun_at,
        &act.query,
        json(&act.change)?,
        &act.reason,
        json(&act.within)?,
        json(&act.counts)?,
    ];
    Ok(vals.to_vec())
}

fn from_row(row: &Row) -> Result<Act> {
    Ok(Act {
        id: row.get("id")?,
        version: row.get("version")?,
        state: row.parse("state")?,
        by: row.get("by_id")?,
        by_name: row.get("by_name")?,
        begun_at: row.get("begun_at")?,
        query: row.get("query")?,
        change: from_json(row, "change")?,
        reason: row.get("reason")?,
        within: from_json(row, "within")?,
        counts: from_json(row, "counts")?,
    })
}

/// One act, if the organisation has it.
///
/// # Errors
/// As [`Tx::all`].
pub async fn find(tx: &mut Tx, org: OrgId, id: ActId) -> Result<Option<Act>> {
    tx.find(GET, &vals![org, id]).await?.as_ref().map(from_row).transpose()
}

/// Acts, the newest first, before a given one.
///
/// # Errors
/// As [`Tx::all`].
pub async fn list(tx: &mut Tx, org: OrgId, before: Option<ActId>, limit: u32) -> Result<Vec<Act>> {
    let before = before.map_or(uuid::Uuid::max(), ActId::uuid);
    tx.all(LIST, &vals![org, before, limit]).await?.iter().map(from_row).collect()
}

fn change(action: &'static str, before: Option<&Act>, after: &Act) -> Result<kernel::Change> {
    let value = |act: &Act| serde_json::to_value(act).map_err(Problem::bug);
    Ok(kernel::Change {
        action,
        entity: "act",
        id: after.id.uuid(),
        version: after.version,
        before: before.map(value).transpose()?,
        after: value(after)?,
        valid_at: None,
        reason: Some(after.reason.clone()),
    })
}

/// Adds an act, on record.
pub(super) async fn add(tx: &mut Tx, who: &Actor, act: &Act) -> Result<()> {
    let vals: Vec<Val> = vals![who.org].into_iter().chain(columns(act)?).collect();
    tx.execute(ADD, &vals).await?;
    tx.record(who, change("fleet.act.begin", None, act)?).await
}

/// Writes an act's next version, on record; its version is counted on here.
pub(super) async fn keep(
    tx: &mut Tx,
    who: &Actor,
    action: &'static str,
    before: &Act,
    to: Act,
) -> Result<Act> {
    let after = Act { version: before.version + 1, ..to };
    let vals = vals![
        who.org,
        after.id,
        before.version,
        after.version,
        after.state.code(),
        after.by,
        &after.by_name,
        json(&after.within)?,
        json(&after.counts)?,
    ];
    if tx.execute(KEEP, &vals).await? != 1 {
        let current = find(tx, who.org, after.id).await?.map_or(0, |act| act.version);
        return Err(Problem::Stale { current });
    }
    tx.record(who, change(action, Some(before), &after)?).await?;
    Ok(after)
}

/// What somebody is about to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The id its act will have.
    pub id: ActId,
    /// Whose it is; nobody else sees it.
    pub by: Option<PersonId>,
    /// When it was begun.
    pub made_at: Instant,
    /// The search whose devices it holds.
    pub query: String,
    /// The choice so far.
    pub change: Change,
    /// And why.
    pub reason: String,
}

pub(super) async fn add_draft(tx: &mut Tx, org: OrgId, draft: &Draft) -> Result<()> {
    let vals =
        vals![org, draft.id, draft.by, draft.made_at, &draft.query, json(&(&draft.change, &draft.reason))?];
    tx.execute(ADD_DRAFT, &vals).await.map(drop)
}

pub(super) async fn draft(tx: &mut Tx, org: OrgId, id: ActId) -> Result<Option<Draft>> {
    let Some(row) = tx.find(DRAFT, &vals![org, id]).await? else { return Ok(None) };
    let (change, reason) = from_json(&row, "change")?;
    Ok(Some(Draft {
        id,
        by: row.get("by_id")?,
        made_at: row.get("made_at")?,
        query: row.get("query")?,
        change,
        reason,
    }))
}

pub(super) async fn change_draft(
    tx: &mut Tx,
    org: OrgId,
    id: ActId,
    change: &Change,
    reason: &str,
) -> Result<()> {
    tx.execute(CHANGE_DRAFT, &vals![org, id, json(&(change, reason))?]).await.map(drop)
}

pub(super) async fn end_draft(tx: &mut Tx, org: OrgId, id: ActId) -> Result<()> {
    tx.execute(END_DRAFT, &vals![org, id]).await.map(drop)
}

pub(super) async fn old_drafts(tx: &mut Tx, org: OrgId, before: Instant) -> Result<Vec<ActId>> {
    tx.all(OLD_DRAFTS, &vals![org, before]).await?.iter().map(|row| row.get("id")).collect()
}

/// Takes away the devices of a draft up to a place; says how many there were.
pub(super) async fn end_items(tx: &mut Tx, org: OrgId, id: ActId, below: i64) -> Result<u64> {
    tx.execute(END_ITEMS, &vals![org, id, below]).await
}

/// Adds devices to an act, from a place on.
pub(super) async fn add_items(
    tx: &mut Tx,
    org: OrgId,
    id: ActId,
    from: i64,
    devices: &[(DeviceId, i64)],
) -> Result<()> {
    let waiting = Outcome::Waiting.code();
    let row =
        |(at, (device, seen)): (i64, &(DeviceId, i64))| vals![org, id, at, *device, *seen, waiting].to_vec();
    let rows = (from..).zip(devices).map(row).collect();
    tx.insert_many(ADD_ITEMS, rows).await.map(drop)
}

fn item(row: &Row) -> Result<Item> {
    let read = |column: &str| -> Result<_> {
        let text: Option<String> = row.get(column)?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(Problem::bug)
    };
    let touched = read("before")?.zip(read("after")?).map(|(before, after)| Touched { before, after });
    Ok(Item {
        seq: row.get("seq")?,
        device: row.get("device_id")?,
        seen: row.get("seen")?,
        outcome: row.parse("outcome")?,
        touched,
        words: row.get("words")?,
    })
}

/// Devices of an act, in their order after a place.
///
/// # Errors
/// As [`Tx::all`].
pub async fn items(tx: &mut Tx, org: OrgId, id: ActId, after: i64, limit: u32) -> Result<Vec<Item>> {
    tx.all(ITEMS, &vals![org, id, after, limit]).await?.iter().map(item).collect()
}

/// Devices of an act that came to this, in their order after a place.
///
/// # Errors
/// As [`Tx::all`].
pub async fn items_of(
    tx: &mut Tx,
    org: OrgId,
    id: ActId,
    outcome: Outcome,
    (after, limit): (i64, u32),
) -> Result<Vec<Item>> {
    tx.all(ITEMS_OF, &vals![org, id, outcome.code(), after, limit]).await?.iter().map(item).collect()
}

/// The last devices of an act that came to this, the last first.
pub(super) async fn items_back(
    tx: &mut Tx,
    org: OrgId,
    id: ActId,
    outcome: Outcome,
    limit: u32,
) -> Result<Vec<Item>> {
    tx.all(ITEMS_BACK, &vals![org, id, outcome.code(), limit]).await?.iter().map(item).collect()
}

/// Writes what became of a device.
pub(super) async fn end_item(tx: &mut Tx, org: OrgId, id: ActId, item: &Item) -> Result<()> {
    let (before, after) = match &item.touched {
        Some(touched) => (Some(json(&touched.before)?), Some(json(&touched.after)?)),
        None => (None, None),
    };
    let vals = vals![org, id, item.seq, item.outcome.code(), before, after, item.words.clone()];
    tx.execute(END_ITEM, &vals).await.map(drop)
}

/// How many devices came to what.
///
/// # Errors
/// As [`Tx::all`].
pub async fn counts(tx: &mut Tx, org: OrgId, id: ActId) -> Result<Counts> {
    let mut counts = Counts::default();
    for row in tx.all(OUTCOMES, &vals![org, id]).await? {
        let n: i64 = row.get("n")?;
        counts.devices += n;
        match row.parse("outcome")? {
            Outcome::Changed | Outcome::Kept => counts.changed += n,
            Outcome::Same => counts.same += n,
            Outcome::Refused => counts.refused += n,
            Outcome::Undone => counts.undone += n,
            Outcome::Waiting => {}
        }
    }
    Ok(counts)
}
