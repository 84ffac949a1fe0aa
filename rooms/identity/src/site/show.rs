//! One site's page: its facts, its two trees, its calendar and its history.

use axum::{extract::Path, response::Response};
use db::{Event, Tx};
use kernel::{Actor, Problem, Reach, Result, SiteId};
use maud::{Markup, html};
use serde_json::Value;
use web::{
    Ctx, Form, Reply, Stop, form,
    look::{self, Fact, Field, Section, Width},
};

use super::{Calendar, Site, actions, calendar::DAYS, pages, seen_by};
use crate::{
    Sent, ask,
    department::{self, Department},
    filled::Filled,
    life, permit,
    place::{self, Place, PlaceKind},
    tally::{Counts, Tally},
};

const HISTORY: u32 = 20;

struct Shown {
    site: Site,
    places: Vec<Place>,
    departments: Vec<Department>,
    events: Vec<Event>,
    may_manage: bool,
}

/// The site, if the actor may see it.
pub(crate) async fn see(tx: &mut Tx, who: &Actor, id: SiteId) -> Result<Site> {
    let found = seen_by(tx, who).await?.into_iter().find(|site| site.id == id);
    found.ok_or_else(|| Problem::not_found("the site"))
}

async fn read(tx: &mut Tx, who: &Actor, id: SiteId) -> Result<Shown> {
    let site = see(tx, who, id).await?;
    Ok(Shown {
        places: place::list(tx, who.org, id).await?,
        departments: department::list(tx, who.org, id).await?,
        events: db::gate::life(tx, who.org, "site", id.uuid(), i64::MAX, HISTORY).await?,
        may_manage: who.may(permit::SITE_MANAGE, Reach { site: Some(id), department: None }),
        site,
    })
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<String>) -> Reply {
    page(&ctx, ask::id(&id, "the site")?, Filled::EMPTY).await
}

pub(super) async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, id) = (ctx.actor(), ask::id(&id, "the site")?);
    let draft = pages::draft(&form);
    let saved = db::write!(ctx.app.db(), who.org, |tx| {
        see(tx, who, id).await?;
        actions::change(tx, who, id, form.version(), &draft, Sent::form(&form)).await
    });
    back(&ctx, id, &form, saved.map(|_| "Saved.".to_owned())).await
}

pub(super) async fn set_calendar(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, id) = (ctx.actor(), ask::id(&id, "the site")?);
    let mut errors = Vec::new();
    let calendar = Calendar::read(|name| form.text(name), &mut errors);
    if !errors.is_empty() {
        return back(&ctx, id, &form, Err(Problem::Invalid { fields: errors })).await;
    }
    let saved = db::write!(ctx.app.db(), who.org, |tx| {
        see(tx, who, id).await?;
        let sent = Sent::form(&form);
        actions::set_calendar(tx, who, id, form.version(), calendar.clone(), sent).await
    });
    back(&ctx, id, &form, saved.map(|_| "Calendar saved.".to_owned())).await
}

/// After an action at a site: on with a word, or the page again with what is wrong.
pub(crate) async fn back(ctx: &Ctx, id: SiteId, form: &Form, done: Result<String>) -> Reply {
    match done {
        Ok(words) => Ok(ctx.done(&format!("/sites/{id}"), &words)),
        Err(Problem::Invalid { fields }) => page(ctx, id, Filled::back(form, &fields)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn page(ctx: &Ctx, id: SiteId, filled: Filled<'_>) -> Result<Response, Stop> {
    let who = ctx.actor();
    let shown = db::read!(ctx.app.db(), who.org, |tx| read(tx, who, id).await)?;
    let tally = ctx.app.room::<Tally>().copied();
    let counts = match &tally {
        Some(tally) => (tally.count)(ctx.app.clone(), who.clone(), id).await?,
        None => Counts::default(),
    };
    let trees = Trees { shown: &shown, tally, counts: &counts };
    let main = html! {
        (look::answer(&sentence(&shown), Some(&shown.site.time_zone.replace('_', " "))))
        (filled.summary())
        (look::ledger::strip(&facts(&shown.site)))
        (Section::new("Places", trees.places(None)).id("places"))
        @if shown.may_manage { (place_form(&shown, filled)) }
        (Section::new("Departments", trees.departments(None)).id("departments"))
        @if shown.may_manage {
            (department_form(&shown, filled))
            (Section::new("Site", site_form(&shown.site, filled)))
            (Section::new("Calendar", calendar_form(&shown.site, filled)).note("When work is done here").id("calendar"))
        }
        (Section::new("History", life::history(&shown.events, &ctx.org.zone, say)))
    };
    let page = ctx.page(shown.site.name.clone(), "/sites").status(filled.status());
    Ok(page.under([("Sites and places".to_owned(), "/sites".to_owned())]).show(main))
}

fn say(field: &str, value: &Value) -> Option<String> {
    let calendar = (field == "calendar").then(|| serde_json::from_value::<Calendar>(value.clone()).ok());
    calendar.flatten().map(|calendar| calendar.in_words())
}

fn sentence(shown: &Shown) -> String {
    let name = &shown.site.name;
    let buildings = shown.places.iter().filter(|p| p.kind == PlaceKind::Building).count();
    let rooms = shown.places.iter().filter(|p| p.kind == PlaceKind::Room).count();
    let departments = shown.departments.iter().filter(|d| d.parent.is_none()).count();
    if shown.places.is_empty() && shown.departments.is_empty() {
        return format!("{name} has no places or departments yet.");
    }
    format!(
        "{name} has {}, {} and {}.",
        life::count(buildings, "building", "buildings"),
        life::count(rooms, "room", "rooms"),
        life::count(departments, "department", "departments"),
    )
}

fn facts(site: &Site) -> Vec<Fact> {
    let beds = site.beds.map_or("Not known".to_owned(), |beds| beds.to_string());
    vec![
        Fact::new("Code", html! { span.id { (site.code.as_deref().unwrap_or("None")) } }),
        Fact::new("Beds", html! { (beds) }),
        Fact::new("Currency", html! { (site.currency) }),
        Fact::new("Hours", html! { (site.calendar.in_words()) }),
    ]
}

/// The two trees as nested lists, each line with what stands there.
struct Trees<'s> {
    shown: &'s Shown,
    tally: Option<Tally>,
    counts: &'s Counts,
}

impl Trees<'_> {
    fn count(&self, n: Option<&i64>) -> Markup {
        html! {
            @if let (Some(tally), Some(n)) = (&self.tally, n) { span.n { (tally.in_words(*n)) } }
        }
    }

    fn places(&self, under: Option<&Place>) -> Markup {
        let parent = under.map(|place| place.id);
        let here: Vec<&Place> = self.shown.places.iter().filter(|place| place.parent == parent).collect();
        if under.is_none() && here.is_empty() {
            return look::empty_state("No places yet.", "Importing devices adds the places they name.", None);
        }
        let list = html! {
            @if !here.is_empty() {
                ul {
                    @for place in here {
                        li {
                            div {
                                a href={ "/sites/" (place.site) "/places/" (place.id) } { (place.name) }
                                span.sec { (place.kind.on_page()) }
                                (self.count(self.counts.places.get(&place.id)))
                            }
                            (self.places(Some(place)))
                        }
                    }
                }
            }
        };
        if under.is_none() {
            html! { div.tree { (list) } }
        } else {
            list
        }
    }

    fn departments(&self, under: Option<&Department>) -> Markup {
        let parent = under.map(|department| department.id);
        let here: Vec<&Department> = self.shown.departments.iter().filter(|d| d.parent == parent).collect();
        if under.is_none() && here.is_empty() {
            return look::empty_state(
                "No departments yet.",
                "Importing devices adds the departments they name.",
                None,
            );
        }
        let list = html! {
            @if !here.is_empty() {
                ul {
                    @for department in here {
                        li {
                            div {
                                a href={ "/sites/" (department.site) "/departments/" (department.id) } { (department.name) }
                                @if let Some(centre) = &department.cost_centre { span.sec { "Cost centre " (centre) } }
                                (self.count(self.counts.departments.get(&department.id)))
                            }
                            (self.departments(Some(department)))
                        }
                    }
                }
            }
        };
        if under.is_none() {
            html! { div.tree { (list) } }
        } else {
            list
        }
    }
}

fn place_form(shown: &Shown, filled: Filled<'_>) -> Markup {
    let fields = place::pages::fields(&shown.site, &shown.places, filled);
    html! {
        form method="post" action={ "/sites/" (shown.site.id) "/places" } {
            (form::once())
            (look::fieldset("Add a place", None, &fields))
            (look::form_foot(&html! { (look::button("Add place").busy("Adding")) }))
        }
    }
}

fn department_form(shown: &Shown, filled: Filled<'_>) -> Markup {
    let fields = department::pages::fields(&shown.site, &shown.departments, filled);
    html! {
        form method="post" action={ "/sites/" (shown.site.id) "/departments" } {
            (form::once())
            (look::fieldset("Add a department or unit", None, &fields))
            (look::form_foot(&html! { (look::button("Add department").busy("Adding")) }))
        }
    }
}

fn site_form(site: &Site, filled: Filled<'_>) -> Markup {
    html! {
        form method="post" action={ "/sites/" (site.id) } {
            (form::once())
            (look::hidden("version", &filled.text("version", &site.version.to_string())))
            div.fields { (pages::fields(filled, Some(site))) }
            (look::form_foot(&html! { (look::button("Save site").busy("Saving")) }))
        }
    }
}

fn calendar_form(site: &Site, filled: Filled<'_>) -> Markup {
    let time = |name: &'static str, label: String, present: &str| {
        filled.field(name, Field::text(name, label).width(Width::Short), present)
    };
    html! {
        form method="post" action={ "/sites/" (site.id) "/calendar" } {
            (form::once())
            (look::hidden("version", &filled.text("version", &site.version.to_string())))
            div.fields.two-up {
                @for ((day, from, to), hours) in DAYS.iter().zip(&site.calendar.week) {
                    (time(from, format!("{day} from"), hours.as_ref().map_or("", |h| h.from.as_str())))
                    (time(to, format!("{day} to"), hours.as_ref().map_or("", |h| h.to.as_str())))
                }
            }
            p.hint { "Leave both blank for a day without work." }
            div.fields {
                (filled.field("holidays", Field::area("holidays", "Holidays", 6)
                    .hint("One a line, date and name: 2026-12-25 Christmas Day"), &site.calendar.holiday_lines()))
            }
            (look::form_foot(&html! { (look::button("Save calendar").busy("Saving")) }))
        }
    }
}
