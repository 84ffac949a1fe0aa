//! The organisation by the API.

use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, mended, versions},
    carry_out,
};

use super::{Draft, Org, change as change_it, get};
use crate::{Sent, named::named, permit};

const TAG: &str = "organisation";

/// What is changed of the organisation.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// Its name.
    name: String,
    /// Where its pages are: `https://baton.example.org`. Goes into codes on labels.
    base_url: Option<String>,
    /// The IANA time zone in which organisation-wide instants are printed.
    time_zone: String,
    /// The currency of organisation-wide sums, by ISO 4217.
    currency: String,
}

impl Fields {
    fn of(org: &Org) -> Self {
        Self {
            name: org.name.clone(),
            base_url: org.base_url.clone(),
            time_zone: org.time_zone.clone(),
            currency: org.currency.to_string(),
        }
    }
}

pub(crate) fn routes() -> Vec<Route> {
    let gate = Gate::Permit(permit::ORG_MANAGE);
    vec![
        Route::api(
            Operation::get("/api/v1/organisation", TAG, "The organisation’s settings").gives_record::<Org>(),
            gate,
            show,
        ),
        Route::api(
            Operation::patch::<Fields>("/api/v1/organisation", TAG, "Change them").gives_record::<Org>(),
            gate,
            change,
        ),
        Route::api(
            Operation::get("/api/v1/organisation/history", TAG, "Their versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            gate,
            history,
        ),
    ]
}

async fn show(call: Call) -> Result<Answer, Fault> {
    let who = call.actor();
    who.need_everywhere(permit::ORG_MANAGE)?;
    let org = db::read!(call.app.db(), who.org, |tx| get(tx, who.org).await)?;
    Ok(Answer::record(&org, org.version)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let (who, asked) = (call.actor(), call.query::<Paged>()?);
    who.need_everywhere(permit::ORG_MANAGE)?;
    let page = db::read!(call.app.db(), who.org, |tx| {
        versions(tx, who.org, ("org", who.org.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    call.actor().need_everywhere(permit::ORG_MANAGE)?;
    let (seen, changes) = (call.seen()?, call.changes()?);
    carry_out!(call, "identity.org.change", |tx, who| {
        let now = get(tx, who.org).await?;
        let fields = mended(&Fields::of(&now), &changes)?;
        let draft = Draft {
            name: fields.name,
            base_url: fields.base_url.unwrap_or_default(),
            time_zone: fields.time_zone,
            currency: fields.currency,
        };
        let org = change_it(tx, who, seen.of(now.version), &draft, Sent::claimed()).await?;
        Answer::record(&org, org.version)
    })
    .map_err(named)
}
