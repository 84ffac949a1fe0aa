//! One's own account by the API: whose token this is, what it may, and where its owner is signed in.

use std::collections::BTreeMap;

use kernel::{Instant, OrgId, PersonId, Problem, Result, Scope};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, keyset},
    carry_out,
};

use crate::{
    person,
    session::{self, SessionId},
};

const TAG: &str = "me";

/// Whose token this is, and what it may.
#[derive(Debug, Serialize, JsonSchema)]
struct Me {
    /// The person whose rights the token carries.
    person: PersonId,
    name: String,
    email: String,
    organisation: Organisation,
    token: Used,
    /// The permissions the token has now, each with where it holds.
    rights: BTreeMap<&'static str, Vec<Scope>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Organisation {
    id: OrgId,
    name: String,
    /// The IANA time zone of the organisation.
    time_zone: String,
}

/// The token in use.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TokenUsed")]
struct Used {
    id: Uuid,
    name: String,
    /// Whether it has less than all of its owner's rights.
    limited: bool,
    expires_at: Instant,
}

/// A browser that is signed in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct Shown {
    id: SessionId,
    /// The browser and system in two words.
    browser: String,
    /// The network address it began from.
    address: String,
    created_at: Instant,
    /// When it was last used, to the minute.
    seen_at: Instant,
    expires_at: Instant,
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::api(
            Operation::get("/api/v1/me", TAG, "Whose token this is, and what it may").gives::<Me>(),
            Gate::SignedIn,
            me,
        ),
        Route::api(
            Operation::get("/api/v1/me/sessions", TAG, "Where its owner is signed in")
                .query::<Paged>()
                .gives::<Page<Shown>>(),
            Gate::SignedIn,
            sessions,
        ),
        Route::api(
            Operation::post("/api/v1/me/sessions/{session}/end", TAG, "Sign one browser out")
                .about("Takes a token that is not limited."),
            Gate::SignedIn,
            end,
        ),
        Route::api(
            Operation::post("/api/v1/me/sessions/end", TAG, "Sign all browsers out")
                .about("Takes a token that is not limited."),
            Gate::SignedIn,
            end_all,
        ),
    ]
}

fn owner(call: &Call) -> Result<PersonId> {
    call.actor().person.ok_or(Problem::Unauthenticated)
}

async fn me(call: Call) -> Result<Answer, Fault> {
    let (who, me) = (call.actor(), owner(&call)?);
    let person = db::read!(call.app.db(), who.org, |tx| person::get(tx, who.org, me).await)?;
    let mut rights: BTreeMap<&'static str, Vec<Scope>> = BTreeMap::new();
    for grant in &who.grants {
        for permit in grant.permits.iter() {
            let scopes = rights.entry(permit.0).or_default();
            if !scopes.contains(&grant.scope) {
                scopes.push(grant.scope);
            }
        }
    }
    let zone = call.org.zone.iana_name().unwrap_or("UTC").to_owned();
    let pass = &call.pass;
    Ok(Answer::json(&Me {
        person: me,
        name: person.name,
        email: person.email,
        organisation: Organisation { id: call.org.id, name: call.org.name.clone(), time_zone: zone },
        token: Used {
            id: pass.token,
            name: pass.name.clone(),
            limited: pass.limited,
            expires_at: pass.expires_at,
        },
        rights,
    })?)
}

async fn sessions(call: Call) -> Result<Answer, Fault> {
    let asked: Paged = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let (who, me) = (call.actor(), owner(&call)?);
    let found = db::read!(call.app.db(), who.org, |tx| session::list(tx, who.org, me, "", call.now()).await)?;
    let shown = |(s, _): (session::Session, bool)| Shown {
        id: s.id,
        browser: session::browser_in_words(&s.browser),
        address: s.address,
        created_at: s.created_at,
        seen_at: s.seen_at,
        expires_at: s.expires_at,
    };
    let all: Vec<Shown> = found.into_iter().map(shown).collect();
    Ok(Page::cut(all, &keyset, |s| s.id.uuid()).answer(&call)?)
}

async fn end(call: Call) -> Result<Answer, Fault> {
    call.need_whole()?;
    let (me, id) = (owner(&call)?, call.id("session", "this session")?);
    Ok(carry_out!(call, "identity.session.end", |tx, who| {
        match session::end(tx, who.org, me, id).await? {
            0 => Err(Problem::not_found("this session")),
            _ => Ok(Answer::done()),
        }
    })?)
}

async fn end_all(call: Call) -> Result<Answer, Fault> {
    call.need_whole()?;
    let me = owner(&call)?;
    Ok(carry_out!(call, "identity.session.end_all", |tx, who| {
        session::end_all(tx, who.org, me, None).await?;
        Ok(Answer::done())
    })?)
}
