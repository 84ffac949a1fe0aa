//! Sites by the API.

use std::collections::BTreeMap;

use kernel::{Problem, Reach, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, at, keyset, mended, versions},
    carry_out,
};

use super::{Calendar, Draft, Site, add, calendar::DAYS, change as change_one, see, seen_by, set_calendar};
use crate::{Sent, named::named, permit};

const TAG: &str = "sites";

/// What people say about a site.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// Its name, unique in the organisation.
    name: String,
    /// A short code.
    code: Option<String>,
    /// The IANA time zone of its dates.
    time_zone: String,
    /// The currency of its prices, by ISO 4217.
    currency: String,
    /// Licensed beds.
    beds: Option<i64>,
}

impl Fields {
    fn of(site: &Site) -> Self {
        Self {
            name: site.name.clone(),
            code: site.code.clone(),
            time_zone: site.time_zone.clone(),
            currency: site.currency.to_string(),
            beds: site.beds,
        }
    }

    fn draft(self) -> Draft {
        Draft {
            name: self.name,
            code: self.code.unwrap_or_default(),
            time_zone: self.time_zone,
            currency: self.currency,
            beds: self.beds.map(|n| n.to_string()).unwrap_or_default(),
        }
    }
}

pub(crate) fn routes() -> Vec<Route> {
    let (view, manage) = (Gate::Permit(permit::SITE_VIEW), Gate::Permit(permit::SITE_MANAGE));
    vec![
        Route::api(
            Operation::get("/api/v1/sites", TAG, "The sites in sight, by name")
                .query::<Paged>()
                .gives::<Page<Site>>(),
            view,
            list,
        ),
        Route::api(
            Operation::post("/api/v1/sites", TAG, "Add a site, with the usual calendar")
                .takes::<Fields>()
                .adds()
                .gives_record::<Site>(),
            manage,
            new,
        ),
        Route::api(Operation::get("/api/v1/sites/{id}", TAG, "One site").gives_record::<Site>(), view, show),
        Route::api(
            Operation::patch::<Fields>("/api/v1/sites/{id}", TAG, "Change a site").gives_record::<Site>(),
            manage,
            change,
        ),
        Route::api(
            Operation::patch::<Calendar>("/api/v1/sites/{id}/calendar", TAG, "Change its hours or holidays")
                .about("`week` has seven days from Monday, each with its hours or null for closed.")
                .gives_record::<Site>(),
            manage,
            calendar,
        ),
        Route::api(
            Operation::get("/api/v1/sites/{id}/history", TAG, "Its versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            view,
            history,
        ),
    ]
}

async fn list(call: Call) -> Result<Answer, Fault> {
    let asked: Paged = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let who = call.actor();
    let all = db::read!(call.app.db(), who.org, |tx| seen_by(tx, who).await)?;
    Ok(Page::cut(all, &keyset, |site| site.id.uuid()).answer(&call)?)
}

async fn show(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "the site")?);
    let site = db::read!(call.app.db(), who.org, |tx| see(tx, who, id).await)?;
    Ok(Answer::record(&site, site.version)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let (who, id, asked) = (call.actor(), call.id("id", "the site")?, call.query::<Paged>()?);
    let page = db::read!(call.app.db(), who.org, |tx| {
        see(tx, who, id).await?;
        versions(tx, who.org, ("site", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn new(call: Call) -> Result<Answer, Fault> {
    let draft = call.body::<Fields>()?.draft();
    carry_out!(call, "identity.site.add", |tx, who| {
        let site = add(tx, who, &draft, Sent::claimed()).await?;
        Ok(Answer::record(&site, site.version)?.added(format!("/api/v1/sites/{}", site.id)))
    })
    .map_err(named)
}

async fn mine(tx: &mut db::Tx, who: &kernel::Actor, call: &Call) -> Result<Site> {
    let site = see(tx, who, call.id("id", "the site")?).await?;
    who.need(permit::SITE_MANAGE, Reach { site: Some(site.id), department: None })?;
    Ok(site)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes) = (call.seen()?, call.changes()?);
    carry_out!(call, "identity.site.change", |tx, who| {
        let now = mine(tx, who, &call).await?;
        let draft = mended(&Fields::of(&now), &changes)?.draft();
        let site = change_one(tx, who, now.id, seen.of(now.version), &draft, Sent::claimed()).await?;
        Answer::record(&site, site.version)
    })
    .map_err(named)
}

async fn calendar(call: Call) -> Result<Answer, Fault> {
    let (seen, changes) = (call.seen()?, call.changes()?);
    carry_out!(call, "identity.site.set_calendar", |tx, who| {
        let now = mine(tx, who, &call).await?;
        let calendar = checked(&mended(&now.calendar, &changes)?)?;
        let site = set_calendar(tx, who, now.id, seen.of(now.version), calendar, Sent::claimed()).await?;
        Answer::record(&site, site.version)
    })
    .map_err(named)
}

/// A calendar read as its form is, so that both hold the same.
fn checked(calendar: &Calendar) -> Result<Calendar> {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    let mut names: Vec<(&str, String)> = Vec::new();
    for (day, ((_, from, to), hours)) in DAYS.iter().zip(&calendar.week).enumerate() {
        if let Some(hours) = hours {
            texts.extend([(*from, hours.from.clone()), (*to, hours.to.clone())]);
            // Hours of nothing would be a closed day to the form.
            if hours.from.trim().is_empty() && hours.to.trim().is_empty() {
                texts.insert(from, "?".to_owned());
            }
        }
        names.push((from, format!("week.{day}")));
    }
    let line = |h: &super::Holiday| {
        format!("{} {}", h.date, h.name.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    texts.insert("holidays", calendar.holidays.iter().map(line).collect::<Vec<_>>().join("\n"));
    let mut errors = Vec::new();
    let read = Calendar::read(|name| texts.get(name).map_or("", String::as_str), &mut errors);
    if errors.is_empty() {
        return Ok(read);
    }
    let names: Vec<(&str, &str)> = names.iter().map(|(form, at)| (*form, at.as_str())).collect();
    Err(at(Problem::Invalid { fields: errors }, &names))
}
