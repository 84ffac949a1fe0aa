//! A device's life: its moves from state to state, holds, and retirements taken back.

use kernel::{Instant, PersonId, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation},
    carry_out,
};

use super::{Shown, TAG, shown};
use crate::{
    device::{DeviceId, Evidence, Hold, HoldTest, Move, Need, State, actions, moves, unretire},
    permit,
};

/// A move to another state.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Moving {
    /// Into which state.
    to: State,
    /// When it happened; left out, now.
    at: Option<jiff::Timestamp>,
    /// What the target asks for: see `needs` of the possible moves.
    #[serde(default)]
    evidence: Evidence,
}

/// A move that is legal now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PossibleMove")]
struct Possible {
    /// Into which state.
    to: State,
    /// The verb.
    verb: &'static str,
    /// The words on its button.
    name: &'static str,
    /// The permission it takes.
    permit: &'static str,
    /// Whether the token has it here.
    allowed: bool,
    /// The evidence it asks for.
    needs: Vec<Need>,
    /// What is in its way as the device stands, whatever the evidence.
    unmet: Vec<Unmet>,
}

/// A rule that is not met, and what would satisfy it.
#[derive(Debug, Serialize, JsonSchema)]
struct Unmet {
    rule: &'static str,
    message: String,
    remedy: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Held {
    /// Why it must not be used.
    reason: String,
    /// The test whose passing lifts the hold.
    released_by: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tested {
    /// The test, which must be the one the hold names.
    test: String,
    /// Whether it was passed.
    passed: bool,
    /// What was measured, with unit and instrument, or the number of the order.
    result: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Error {
    /// How the error was noticed, and where the device is.
    reason: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// Why.
    reason: Option<String>,
}

/// A request to take a retirement back.
#[derive(Debug, Serialize, JsonSchema)]
struct Waiting {
    /// Who asks.
    person: Option<PersonId>,
    /// Their name.
    person_name: String,
    /// Since when.
    asked_at: Instant,
    /// Why it was an error.
    reason: String,
}

/// Whether a request waits for somebody else's approval.
#[derive(Debug, Serialize, JsonSchema)]
struct Unretire {
    /// The request; null when none waits.
    waiting: Option<Waiting>,
}

pub(super) fn routes() -> Vec<Route> {
    let state = Gate::Permit(permit::DEVICE_STATE);
    let end = Gate::Permit(permit::DEVICE_END);
    let post = |path, summary| Operation::post(path, TAG, summary).checked().gives_record::<Shown>();
    vec![
        Route::api(
            Operation::get("/api/v1/devices/{id}/moves", TAG, "The moves that are open, and what each asks for")
                .gives::<Vec<Possible>>(),
            state,
            possible,
        ),
        Route::api(
            post("/api/v1/devices/{id}/state", "Move it to another state")
                .about("Ending a device’s life and releasing it from investigation take permissions of their own.")
                .takes::<Moving>(),
            state,
            change_state,
        ),
        Route::api(post("/api/v1/devices/{id}/hold", "Put it on hold: do not use").takes::<Held>(), state, hold),
        Route::api(
            post("/api/v1/devices/{id}/lift-hold", "Lift the hold by the test it names").takes::<Tested>(),
            state,
            lift_hold,
        ),
        Route::api(
            Operation::get("/api/v1/devices/{id}/unretire", TAG, "Whether somebody asks to take its retirement back")
                .gives::<Unretire>(),
            end,
            waiting,
        ),
        Route::api(
            post("/api/v1/devices/{id}/unretire", "Say that it was retired in error; somebody else approves")
                .takes::<Error>(),
            end,
            ask,
        ),
        Route::api(
            post("/api/v1/devices/{id}/unretire/approve", "Take the retirement back, as somebody else asked"),
            Gate::Permit(permit::DEVICE_UNRETIRE),
            approve,
        ),
        Route::api(
            post("/api/v1/devices/{id}/unretire/decline", "Let the request lapse").takes::<Why>(),
            end,
            decline,
        ),
    ]
}

fn id(call: &Call) -> Result<DeviceId> {
    call.id("id", "this device")
}

async fn possible(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), id(&call)?);
    let (device, open) = db::read!(call.app.db(), who.org, |tx| {
        let device = actions::visible(tx, who, id).await?;
        who.need(permit::DEVICE_STATE, device.reach())?;
        let facts = actions::facts(tx, who, device.model, device.site).await?;
        let open = moves(&device, &facts);
        Ok((device, open))
    })?;
    let shown = |p: moves::Possible| {
        let permit = actions::permit_for(device.state, p.to);
        let unmet = |r: crate::Refusal| Unmet { rule: r.rule, message: r.message, remedy: r.remedy };
        Possible {
            to: p.to,
            verb: p.verb,
            name: p.name,
            permit: permit.0,
            allowed: who.may(permit, device.reach()),
            needs: p.needs,
            unmet: p.unmet.into_iter().map(unmet).collect(),
        }
    };
    Ok(Answer::json(&open.into_iter().map(shown).collect::<Vec<_>>())?)
}

async fn change_state(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Moving>()?, id(&call)?);
    Ok(carry_out!(call, "fleet.device.state", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        let at = asked.at.map_or(who.at, |at| Instant::from_micros(at.as_microsecond()));
        let mv = Move { to: asked.to, at, evidence: asked.evidence.clone() };
        let seen = seen.of(now.version);
        actions::change_state(tx, who, now, seen, &mv).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn hold(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Held>()?, id(&call)?);
    Ok(carry_out!(call, "fleet.device.hold", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        let hold = Hold { reason: asked.reason.clone(), released_by: asked.released_by.clone() };
        let seen = seen.of(now.version);
        actions::hold(tx, who, now, seen, hold).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn lift_hold(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Tested>()?, id(&call)?);
    let test = HoldTest { test: asked.test, passed: asked.passed, result: asked.result };
    Ok(carry_out!(call, "fleet.device.lift_hold", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        let seen = seen.of(now.version);
        actions::lift_hold(tx, who, now, seen, &test).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn waiting(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), id(&call)?);
    let asked = db::read!(call.app.db(), who.org, |tx| {
        let device = actions::visible(tx, who, id).await?;
        who.need(permit::DEVICE_END, device.reach())?;
        unretire::asked(tx, who.org, &device).await
    })?;
    let waiting =
        asked.map(|a| Waiting { person: a.by, person_name: a.name, asked_at: a.at, reason: a.reason });
    Ok(Answer::json(&Unretire { waiting })?)
}

async fn ask(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Error>()?, id(&call)?);
    Ok(carry_out!(call, "fleet.device.unretire_ask", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        unretire::ask(tx, who, id, seen.of(now.version), &asked.reason).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn approve(call: Call) -> Result<Answer, Fault> {
    let (seen, id) = (call.seen()?, id(&call)?);
    Ok(carry_out!(call, "fleet.device.unretire", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        unretire::approve(tx, who, id, seen.of(now.version)).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn decline(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Why>()?, id(&call)?);
    Ok(carry_out!(call, "fleet.device.unretire_decline", |tx, who| {
        let now = actions::visible(tx, who, id).await?;
        unretire::decline(tx, who, id, seen.of(now.version), asked.reason.clone()).await?;
        shown::answer(tx, who, id).await
    })?)
}
