//! The organisation's page, and the fields of time zone and currency.

use axum::response::Response;
use db::{
    Wall,
    backup::note::{self, Kind, Note},
};
use kernel::TimeZone;
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route, form,
    look::{self, Choice, Field, Section, Width},
};

use super::{Draft, Org, change, store};
use crate::{
    Sent,
    filled::{Filled, Refused},
    life, permit,
};

const HISTORY: u32 = 20;

pub(crate) fn routes() -> Vec<Route> {
    let gate = Gate::Permit(permit::ORG_MANAGE);
    vec![Route::get("/organisation", gate, show), Route::post("/organisation", gate, save)]
}

async fn show(ctx: Ctx) -> Reply {
    page(&ctx, Filled::EMPTY).await
}

async fn save(ctx: Ctx, form: Form) -> Reply {
    let who = ctx.actor();
    let draft = Draft {
        name: form.text("org_name").to_owned(),
        base_url: form.text("base_url").to_owned(),
        time_zone: form.text("time_zone").to_owned(),
        currency: form.text("currency").to_owned(),
    };
    let saved = db::write!(ctx.app.db(), who.org, |tx| {
        change(tx, who, form.version(), &draft, Sent::form(&form)).await
    });
    match saved {
        Ok(_) => Ok(ctx.done("/organisation", "Saved.")),
        Err(problem) => page(&ctx, Filled::refused(&form, &Refused::of(problem)?)).await,
    }
}

async fn page(ctx: &Ctx, filled: Filled<'_>) -> Result<Response, web::Stop> {
    ctx.actor().need_everywhere(permit::ORG_MANAGE)?;
    let id = ctx.org.id;
    let (org, events) = db::read!(ctx.app.db(), id, |tx| {
        Ok((store::get(tx, id).await?, db::gate::life(tx, id, "org", id.uuid(), i64::MAX, HISTORY).await?))
    })?;
    let notes = db::read!(ctx.app.db(), Wall::All("backups hold the whole installation"), |tx| {
        note::all(tx).await
    })?;
    let version = filled.version(org.version);
    let main = html! {
        (look::answer(&sentence(&org), Some(&org.time_zone.replace('_', " "))))
        (filled.summary())
        form method="post" action="/organisation" {
            (form::once())
            (look::hidden("version", &version))
            div.fields {
                (filled.field("org_name", Field::text("org_name", "Name").required(), &org.name))
                (filled.field("base_url", Field::text("base_url", "Base address").optional("optional")
                    .inputmode("url").hint("Stands on labels as the address to scan. Settle it before the first \
                    label is printed: old labels keep the old address."),
                    org.base_url.as_deref().unwrap_or_default()))
                (zone_field(filled, &org.time_zone))
                (currency_field(filled, org.currency.as_str()))
            }
            (look::form_foot(&html! { (look::button("Save organisation").primary().busy("Saving")) }))
        }
        (Section::new("Backups", backups(&notes, &ctx.org.zone)))
        (Section::new("History", life::history(&events, &ctx.org.zone, |_, _| None)))
    };
    Ok(ctx.page("Organisation", "/organisation").status(filled.status()).show(main))
}

/// When the installation was last backed up and drilled; where the backups lie concerns its keepers only.
fn backups(notes: &[Note], zone: &TimeZone) -> Markup {
    let when = |kind, well| note::of(notes, kind, well).map(|note| note.at);
    let last = |kind| {
        let (good, bad) = (when(kind, true), when(kind, false));
        html! {
            @match good { Some(at) => (at.on_page(zone)), None => "never" }
            @if let Some(at) = bad.filter(|at| good.is_none_or(|good| *at > good)) {
                "; failed on " (at.on_page(zone))
            }
        }
    };
    look::ledger(&[("Last backup", last(Kind::Backup)), ("Last restore drill", last(Kind::Drill))])
}

fn sentence(org: &Org) -> String {
    match &org.base_url {
        Some(url) => format!("{} answers at {url}.", org.name),
        None => format!("{} has no base address yet; settle it before printing labels.", org.name),
    }
}

/// The select of time zones.
pub(crate) fn zone_field(filled: Filled<'_>, present: &str) -> Field {
    let value = filled.text("time_zone", present);
    let mut choices: Vec<Choice> = zones(&value).into_iter().map(choice).collect();
    // Times of day would be wrong everywhere by one silent default, so somebody chooses.
    if value.is_empty() {
        choices.insert(0, Choice::new("", "Choose"));
    }
    let field = Field::zone("time_zone", "Time zone", choices).required().width(Width::Medium);
    field.value(value).error(filled.error("time_zone"))
}

/// “New York” under “America”; UTC, which lies nowhere, under itself.
fn choice(zone: String) -> Choice {
    let words = zone.replace('_', " ");
    match words.split_once('/') {
        Some((area, place)) => Choice::new(zone, place.replace('/', ", ")).group(area),
        None => Choice::new(zone, words.clone()).group("No place"),
    }
}

/// The field of a currency code.
pub(crate) fn currency_field(filled: Filled<'_>, present: &str) -> Field {
    let field = Field::text("currency", "Currency").required().width(Width::Short);
    filled.field("currency", field.identifier().hint("Three letters, such as USD."), present)
}

/// The areas by which zones are called today; `US/Eastern` and its like are former names of the same zones.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// The zones of the machine that carry a place's name, UTC, and the present one.
fn zones(present: &str) -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area)))
        .chain(["UTC".to_owned(), present.to_owned()])
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    names.dedup();
    names
}
