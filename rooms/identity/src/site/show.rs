//! One site's page: its facts, its two trees and its history.

use axum::{extract::Path, response::Response};
use db::{Event, Tx};
use kernel::{Actor, Problem, Reach, Result, SiteId};
use maud::{Markup, html};
use serde_json::Value;
use web::{
    Ctx, Form, Reply, Stop, form,
    look::{self, Fact, Section, Tone, icon::Icon},
};

use super::{Calendar, Site, seen_by};
use crate::{
    ask,
    department::{self, Department},
    filled::{Filled, Refused},
    life, permit,
    place::{self, Place, PlaceKind},
    tally::{Counts, Tally},
    tree::Node,
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

/// After an action at a site: on with a word, or the page again with what is wrong.
pub(crate) async fn back(ctx: &Ctx, id: SiteId, form: &Form, done: Result<String>) -> Reply {
    match done {
        Ok(words) => Ok(ctx.done(&format!("/sites/{id}"), &words)),
        Err(problem) => page(ctx, id, Filled::refused(form, &Refused::of(problem)?)).await,
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
    let trees = Trees { tally, counts: &counts };
    let trees = html! {
        (Section::new("Places", trees.tree(&shown.places, &|p| Some(p.kind.on_page().to_owned()))).id("places"))
        (Section::new("Departments", trees.tree(&shown.departments, &Node::note)).id("departments"))
        (Section::new("History", life::history(&shown.events, &ctx.org.zone, say)))
    };
    let actions = html! {
        @if shown.may_manage {
            (look::link_button("Edit site", format!("/sites/{id}/edit")).icon(Icon::Pencil))
        }
    };
    let main = html! {
        (filled.summary())
        (look::ledger::strip(&facts(&shown.site)))
        @if shown.may_manage { (look::split(&trees, &forms(&shown, filled))) } @else { (trees) }
    };
    let head = look::answer(&sentence(&shown), Some(&shown.site.time_zone.replace('_', " ")));
    let page =
        ctx.page(shown.site.name.clone(), "/sites").status(filled.status()).head(head).actions(actions);
    Ok(page.under([("Sites and places".to_owned(), "/sites".to_owned())]).show(main))
}

fn say(field: &str, value: &Value) -> Option<String> {
    let calendar = (field == "calendar").then(|| serde_json::from_value::<Calendar>(value.clone()).ok());
    calendar.flatten().map(|calendar| calendar.in_words())
}

fn sentence(shown: &Shown) -> String {
    let name = &shown.site.name;
    let open = |kind| shown.places.iter().filter(|p| p.kind == kind && p.closed_at.is_none()).count();
    let (buildings, rooms) = (open(PlaceKind::Building), open(PlaceKind::Room));
    let departments =
        shown.departments.iter().filter(|d| d.parent.is_none() && d.closed_at.is_none()).count();
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
    tally: Option<Tally>,
    counts: &'s Counts,
}

impl Trees<'_> {
    fn count(&self, n: Option<&i64>) -> Markup {
        html! {
            @if let (Some(tally), Some(n)) = (&self.tally, n) { span.n { (tally.in_words(*n)) } }
        }
    }

    /// A tree or the part of it under one node: open ones first, closed ones after them.
    fn branch<N: Node>(&self, all: &[N], under: Option<&N>, note: &dyn Fn(&N) -> Option<String>) -> Markup {
        let parent = under.map(|node| node.core().id);
        let mut here: Vec<&N> = all.iter().filter(|node| node.core().parent == parent).collect();
        here.sort_by_key(|node| node.core().closed_at.is_some());
        html! {
            @if !here.is_empty() {
                ul {
                    @for node in here {
                        @let core = node.core();
                        li {
                            div {
                                a href={ "/sites/" (core.site) "/" (N::TREE.path) "/" (core.id) } { (core.name) }
                                @if core.closed_at.is_some() { (look::pill(Tone::Plain, "Closed")) }
                                @else if let Some(note) = note(node) { span.sec { (note) } }
                                (self.count(self.counts.get(&core.id.uuid())))
                            }
                            (self.branch(all, Some(node), note))
                        }
                    }
                }
            }
        }
    }

    /// A whole tree; an empty one says how it grows.
    fn tree<N: Node>(&self, all: &[N], note: &dyn Fn(&N) -> Option<String>) -> Markup {
        let nouns = N::TREE.path;
        if all.is_empty() {
            let text = format!("Importing devices adds the {nouns} they name.");
            return look::empty_state(&format!("No {nouns} yet."), &text, None);
        }
        html! { div.tree { (self.branch(all, None, note)) } }
    }
}

/// The forms that add to the trees.
fn forms(shown: &Shown, filled: Filled<'_>) -> Markup {
    let site = &shown.site;
    let place = html! {
        form method="post" action={ "/sites/" (site.id) "/places" } {
            (form::once())
            div.fields { (place::pages::fields(site, &shown.places, filled)) }
            (look::form_foot(&html! { (look::button("Add place").busy("Adding")) }))
        }
    };
    let department = html! {
        form method="post" action={ "/sites/" (site.id) "/departments" } {
            (form::once())
            div.fields { (department::pages::fields(site, &shown.departments, filled)) }
            (look::form_foot(&html! { (look::button("Add department").busy("Adding")) }))
        }
    };
    html! {
        (Section::new("Add a place", place))
        (Section::new("Add a department or unit", department))
    }
}
