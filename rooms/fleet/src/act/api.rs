//! Acts by the API: one change of many devices, tried without saving, carried out, undone.

use kernel::{Instant, PersonId, Problem, Result, query::Query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, keyset},
    carry_out,
};

use super::{Act, ActId, ActState, Change, Counts, Outcome, actions, store, work};
use crate::{
    device::{
        DeviceId,
        search::{self, Day},
    },
    permit,
};

const TAG: &str = "acts";

/// What shall become of which devices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The devices of this search, in the language of the list; an empty one means all that have not left. Either this or
    /// `devices`.
    #[schemars(length(max = 2000))]
    q: Option<String>,
    /// These devices.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    devices: Vec<DeviceId>,
    /// What becomes of their fields; what is left out stays as it is.
    change: Change,
    /// Why: it stands in the history of each device.
    #[serde(default)]
    reason: String,
}

/// An act, or what one would do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Act")]
struct Shown {
    /// Its identifier; none where nothing was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ActId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ActState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    begun_at: Option<Instant>,
    /// The search whose devices it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    change: Change,
    reason: String,
    counts: Counts,
    /// Why devices are left alone.
    refused: Vec<Refused>,
}

/// Devices left alone for one reason.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ActRefused")]
struct Refused {
    why: String,
    devices: i64,
    /// The first tags.
    tags: Vec<String>,
}

/// One device of an act.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ActItem")]
struct Item {
    device: DeviceId,
    outcome: Outcome,
    /// Why it was left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

const MANY: &str = "At most 20,000 devices. A device that a rule, a right, or a change made meanwhile stands against is \
    left alone, with the reason.";

pub(crate) fn routes() -> Vec<Route> {
    let gate = Gate::Permit(permit::DEVICE_EDIT);
    let get = Operation::get;
    vec![
        Route::api(
            get("/api/v1/acts", TAG, "Changes of many devices, the newest first")
                .query::<Paged>()
                .gives::<Page<Shown>>(),
            gate,
            all,
        ),
        Route::api(
            Operation::post("/api/v1/acts", TAG, "Change many devices at once")
                .about(MANY)
                .takes::<Asked>()
                .gives::<Shown>()
                .begins(),
            gate,
            begin,
        ),
        Route::api(
            Operation::post(
                "/api/v1/acts/try",
                TAG,
                "What a change of many devices would do; nothing is saved",
            )
            .about(MANY)
            .takes::<Asked>()
            .gives::<Shown>(),
            gate,
            tried,
        ),
        Route::api(get("/api/v1/acts/{id}", TAG, "One of them").gives_record::<Shown>(), gate, one),
        Route::api(
            get("/api/v1/acts/{id}/devices", TAG, "What became of each of its devices")
                .query::<Paged>()
                .gives::<Page<Item>>(),
            gate,
            items,
        ),
        Route::api(
            Operation::post("/api/v1/acts/{id}/undo", TAG, "Give back what it changed")
                .about("Devices that somebody changed since in the same fields stay as they are.")
                .gives_record::<Shown>()
                .begins()
                .checked(),
            gate,
            undo,
        ),
    ]
}

fn shown(act: Act) -> Shown {
    Shown {
        id: Some(act.id),
        version: Some(act.version),
        state: Some(act.state),
        by: act.by,
        by_name: Some(act.by_name),
        begun_at: Some(act.begun_at),
        query: Some(act.query),
        change: act.change,
        reason: act.reason,
        counts: act.counts,
        refused: Vec::new(),
    }
}

async fn all(call: Call) -> Result<Answer, Fault> {
    let (who, asked) = (call.actor(), call.query::<Paged>()?);
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let before = keyset.after.as_ref().map(|cursor| ActId::from_uuid(cursor.id));
    let acts =
        db::read!(call.app.db(), who.org, |tx| actions::list(tx, who, before, keyset.limit + 1).await)?;
    let slice = kernel::Slice::cut(acts, keyset.limit, |last| kernel::Cursor {
        after: String::new(),
        id: last.id.uuid(),
    });
    let rows = slice.rows.into_iter().map(shown).collect();
    Ok(Page::new(rows, slice.next.as_ref()).answer(&call)?)
}

async fn chosen(call: &Call, asked: &Asked) -> Result<Vec<DeviceId>> {
    let who = call.actor();
    match (&asked.q, asked.devices.is_empty()) {
        (None, false) => Ok(asked.devices.clone()),
        (Some(text), true) => {
            let (query, day) = (Query::parse(text), Day::of(call.now(), &call.org.zone));
            db::read!(call.app.db(), who.org, |tx| {
                let understood = search::understand(tx, who, &query, &day).await?;
                understood.sound("q")?;
                actions::found(tx, who, &understood.wanted).await
            })
        }
        _ => {
            Err(Problem::invalid("devices", "Name the devices, or a search in q; not both, and not neither."))
        }
    }
}

/// A draft of what is asked.
async fn drafted(call: &Call, asked: &Asked) -> Result<ActId> {
    let who = call.actor();
    let ids = chosen(call, asked).await?;
    actions::must_fit(ids.len())?;
    let query = asked.q.clone().unwrap_or_default();
    let draft = db::write!(call.app.db(), who.org, |tx| actions::prepare(tx, who, &query).await)?;
    let mut next = 0;
    for some in ids.chunks(1_000) {
        next = db::write!(call.app.db(), who.org, |tx| actions::put(tx, who, draft.id, next, some).await)?;
    }
    Ok(draft.id)
}

async fn begin(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.body()?;
    let draft = drafted(&call, &asked).await?;
    Ok(carry_out!(call, "fleet.act.begin", |tx, who| {
        let act = actions::begin(tx, who, draft, &asked.change, &asked.reason).await?;
        Ok(Answer::json(&shown(act))?.begun())
    })?)
}

async fn tried(call: Call) -> Result<Answer, Fault> {
    let (who, asked) = (call.actor(), call.body::<Asked>()?);
    let draft = drafted(&call, &asked).await?;
    let preview = db::read!(call.app.db(), who.org, |tx| {
        actions::preview(tx, who, draft, &asked.change, &asked.reason).await
    })?;
    let refused = preview.refused.into_iter().map(|(why, devices, tags)| Refused { why, devices, tags });
    let shown = Shown {
        id: None,
        version: None,
        state: None,
        by: None,
        by_name: None,
        begun_at: None,
        query: asked.q,
        change: asked.change,
        reason: asked.reason,
        counts: preview.counts,
        refused: refused.collect(),
    };
    Ok(Answer::json(&shown)?)
}

async fn one(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this change")?);
    let act = db::read!(call.app.db(), who.org, |tx| {
        let act = actions::visible(tx, who, id).await?;
        let counts = store::counts(tx, who.org, id).await?;
        Ok(Act { counts, ..act })
    })?;
    let version = act.version;
    Ok(Answer::record(&shown(act), version)?)
}

async fn items(call: Call) -> Result<Answer, Fault> {
    let (who, id, asked) = (call.actor(), call.id("id", "this change")?, call.query::<Paged>()?);
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let after = keyset.after.as_ref().and_then(|cursor| cursor.after.parse().ok()).unwrap_or(-1);
    let (items, devices) = db::read!(call.app.db(), who.org, |tx| {
        actions::visible(tx, who, id).await?;
        let items = store::items(tx, who.org, id, after, keyset.limit + 1).await?;
        let devices = work::load_items(tx, who.org, &items).await?;
        Ok((items, devices))
    })?;
    let slice = kernel::Slice::cut(items, keyset.limit, |last| kernel::Cursor {
        after: last.seq.to_string(),
        id: last.device.uuid(),
    });
    let seen = |id: &DeviceId| devices.get(id).is_some_and(|d| who.may(permit::DEVICE_VIEW, d.reach()));
    let rows = slice.rows.into_iter().filter(|item| seen(&item.device));
    let rows =
        rows.map(|item| Item { device: item.device, outcome: item.outcome, why: item.words }).collect();
    Ok(Page::new(rows, slice.next.as_ref()).answer(&call)?)
}

async fn undo(call: Call) -> Result<Answer, Fault> {
    let (seen, id) = (call.seen()?, call.id("id", "this change")?);
    Ok(carry_out!(call, "fleet.act.undo", |tx, who| {
        let act = actions::visible(tx, who, id).await?;
        if seen.of(act.version) != act.version {
            return Err(Problem::Stale { current: act.version });
        }
        let act = actions::begin_undo(tx, who, &act).await?;
        let version = act.version;
        Ok(Answer::record(&shown(act), version)?.begun())
    })?)
}
