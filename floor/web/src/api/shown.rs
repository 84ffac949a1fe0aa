//! Records as the API shows them: the words of the record, with instants of RFC 3339.

use db::Event;
use kernel::{Cursor, FieldChange, Instant, Keyset, OrgId, Problem, Result, Slice};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Answer, Call};

/// A value as JSON. The record keeps instants as microseconds under names that end in `_at`, and under the few others
/// listed here; they are shown as text.
///
/// # Errors
/// [`Problem::Bug`] for what cannot be written as JSON.
pub fn shown<T: Serialize>(value: &T) -> Result<Value> {
    let mut value = serde_json::to_value(value).map_err(Problem::bug)?;
    turn(&mut value);
    Ok(value)
}

fn turn(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(turn),
        Value::Object(fields) => {
            fields.retain(|name, _| name != HIDDEN);
            for (name, field) in fields {
                if is_instant(name) { tell(field) } else { turn(field) }
            }
        }
        _ => {}
    }
}

/// What the record keeps to know an altered row by, and nobody needs to see.
const HIDDEN: &str = "password_mark";

/// Whether a field of this name holds an instant.
pub(crate) fn is_instant(name: &str) -> bool {
    name.ends_with("_at") || matches!(name, "at" | "state_since" | "inspect_after")
}

fn tell(field: &mut Value) {
    if let Some(micros) = field.as_i64() {
        *field = Instant::from_micros(micros).to_string().into();
    }
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins: send it as `after`. Null on the last page.
    pub next: Option<String>,
    /// How many rows all pages have, where it was asked for; counting stops at 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
}

impl<T: Serialize> Page<T> {
    /// A page of rows and where the next begins.
    pub fn new(items: Vec<T>, next: Option<&Cursor>) -> Self {
        Self { items, next: next.map(Cursor::encode), count: None }
    }

    /// A page cut from a list that was read whole, in its order; the cursor is the row's id.
    pub fn cut(rows: Vec<T>, keyset: &Keyset, id: impl Fn(&T) -> Uuid) -> Self {
        let after = keyset.after.as_ref().map(|c| c.id);
        let begin =
            after.and_then(|after| rows.iter().position(|row| id(row) == after)).map_or(0, |at| at + 1);
        let rest: Vec<T> = rows.into_iter().skip(begin).take(keyset.limit as usize + 1).collect();
        let slice = Slice::cut(rest, keyset.limit, |row| Cursor { after: String::new(), id: id(row) });
        Self::new(slice.rows, slice.next.as_ref())
    }

    /// The answer, with the address of the next page.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn answer(mut self, call: &Call) -> Result<Answer> {
        self.next = self.next.map(|place| call.list().marked(&place));
        let next = self.next.as_ref().map(|next| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(call.query_without("after")).append_pair("after", next);
            format!("{}?{}", call.address(), query.finish())
        });
        Ok(Answer::json(&self)?.next(next))
    }
}

/// What a list is asked for besides its filters.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Paged {
    /// Where the page begins: `next` of the page before.
    pub after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

/// The page that is wanted.
///
/// # Errors
/// [`Problem::Invalid`] for a cursor that is none of ours.
pub fn keyset(after: Option<&str>, limit: Option<u32>) -> Result<Keyset> {
    let after = after.map(|text| {
        let cursor = Cursor::decode(text).filter(|c| !c.after.chars().any(char::is_control));
        cursor.ok_or_else(|| Problem::invalid("?after", "Send `next` of the page before, as it came."))
    });
    Ok(Keyset { after: after.transpose()?, limit: limit.unwrap_or(50).clamp(1, 200) })
}

/// One version of a record: what was done, by whom, when and why, and what the record was from then on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Version {
    /// The change's own id.
    pub id: Uuid,
    /// The kind of record.
    pub entity: String,
    /// Which record.
    pub entity_id: Uuid,
    /// The record's version from here on.
    pub version: i64,
    /// What was done: `fleet.device.transfer`.
    pub action: String,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// When it became true.
    pub valid_at: Instant,
    /// The person who did it; null for the server itself.
    pub actor_id: Option<Uuid>,
    /// Their name at that time.
    pub actor_name: String,
    /// How it came in: `page`, `api`, `cli`, `job` or `demo`.
    pub via: String,
    /// The request it came with.
    pub request_id: String,
    /// Why.
    pub reason: Option<String>,
    /// The fields that changed; empty for a new record.
    pub changed: Vec<FieldChange>,
    /// The record after. Null where it left what the token may see.
    pub record: Option<Value>,
}

/// Changes of fields as the API shows them.
pub fn changes_shown(mut changes: Vec<FieldChange>) -> Vec<FieldChange> {
    changes.retain(|change| change.field != HIDDEN);
    for change in &mut changes {
        for side in [&mut change.before, &mut change.after] {
            if is_instant(&change.field) {
                tell(side);
            } else {
                turn(side);
            }
        }
    }
    changes
}

impl From<&Event> for Version {
    fn from(event: &Event) -> Self {
        let changed = changes_shown(event.changes());
        Self {
            id: event.id.uuid(),
            entity: event.entity.clone(),
            entity_id: event.entity_id,
            version: event.version,
            action: event.action.clone(),
            recorded_at: event.recorded_at,
            valid_at: event.valid_at,
            actor_id: event.actor_id,
            actor_name: event.actor_name.clone(),
            via: event.via.clone(),
            request_id: event.request_id.clone(),
            reason: event.reason.clone(),
            changed,
            record: Some(event.after.clone()),
        }
    }
}

/// A page of a record's versions, newest first. The caller has asked whether the actor may read them.
///
/// # Errors
/// As [`db::Tx::all`]; [`Problem::Invalid`] for a cursor that is none of ours.
pub async fn versions(
    tx: &mut db::Tx,
    org: OrgId,
    (entity, id): (&str, Uuid),
    paged: &Paged,
) -> Result<Page<Version>> {
    let below = match paged.after.as_deref() {
        None => i64::MAX,
        Some(text) => text
            .parse()
            .map_err(|_| Problem::invalid("?after", "Send `next` of the page before, as it came."))?,
    };
    let limit = paged.limit.unwrap_or(50).clamp(1, 200);
    let events = db::gate::life(tx, org, entity, id, below, limit + 1).await?;
    let more = events.len() > limit as usize;
    let items: Vec<Version> = events.iter().take(limit as usize).map(Version::from).collect();
    let next = items.last().filter(|_| more).map(|last| last.version.to_string());
    Ok(Page { items, next, count: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn instants_are_shown_as_text_and_nothing_else() {
        let value = json!({"version": 3, "closed_at": 1_791_892_800_000_000_i64, "x": [{"state_since": 0}], "beds": 7, "password_mark": "x"});
        let told = shown(&value).unwrap();
        assert_eq!(told["closed_at"], "2026-10-13T12:00:00Z");
        assert_eq!(told["x"][0]["state_since"], "1970-01-01T00:00:00Z");
        assert!(told.get("password_mark").is_none());
        assert_eq!((&told["version"], &told["beds"]), (&json!(3), &json!(7)));
    }

    #[test]
    fn a_list_read_whole_is_cut_to_pages() {
        let ids: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
        let mut keyset = keyset(None, Some(2)).unwrap();
        let mut seen = Vec::new();
        loop {
            let page = Page::cut(ids.clone(), &keyset, |id| *id);
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            keyset.after = Cursor::decode(&next);
        }
        assert_eq!(seen, ids);
    }
}
