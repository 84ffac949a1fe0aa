//! Adding a place from its site's page, and a place's own page.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use kernel::{Problem, Reach, SiteId};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route, Stop, form,
    look::{self, Choice, Field, Section, Width},
};

use super::{Draft, Place, PlaceId, PlaceKind, add, rename, store};
use crate::{
    Sent, ask,
    filled::Filled,
    life, permit,
    site::{self, Site},
};

const HISTORY: u32 = 50;

pub(crate) fn routes() -> Vec<Route> {
    let see = Gate::Permit(permit::SITE_VIEW);
    let manage = Gate::Permit(permit::SITE_MANAGE);
    vec![
        Route::post("/sites/{id}/places", manage, keep),
        Route::get("/sites/{id}/places/{place}", see, show),
        Route::post("/sites/{id}/places/{place}", manage, save),
    ]
}

/// The fields for a new place at a site.
pub(crate) fn fields(site: &Site, places: &[Place], filled: Filled<'_>) -> Markup {
    let kinds = PlaceKind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.on_page())).collect();
    let by_id: BTreeMap<PlaceId, &Place> = places.iter().map(|place| (place.id, place)).collect();
    let mut parents: Vec<Choice> = places
        .iter()
        .filter(|place| place.kind != PlaceKind::Room)
        .map(|place| {
            let above = place.parent.and_then(|id| by_id.get(&id)).map(|above| format!("{}, ", above.name));
            Choice::new(place.id.to_string(), format!("{}{}", above.unwrap_or_default(), place.name))
        })
        .collect();
    parents.sort_by_key(|choice| kernel::fold(&choice.label));
    parents.insert(0, Choice::new("", format!("{} itself", site.name)));
    html! {
        (filled.field("place_name", Field::text("place_name", "Name").required(), ""))
        (filled.field("place_kind", Field::select("place_kind", "Kind", kinds).required().width(Width::Medium),
            PlaceKind::Building.code()))
        (filled.field("place_parent", Field::select("place_parent", "Under", parents), ""))
        (code_field(filled, ""))
    }
}

fn code_field(filled: Filled<'_>, present: &str) -> Field {
    let field = Field::text("place_code", "Code").optional("optional").identifier().width(Width::Short);
    filled.field("place_code", field, present)
}

async fn keep(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, id) = (ctx.actor(), ask::id(&id, "the site")?);
    let added = match draft(&form) {
        Err(problem) => Err(problem),
        Ok(draft) => db::write!(ctx.app.db(), who.org, |tx| {
            site::see(tx, who, id).await?;
            add(tx, who, id, &draft, Sent::form(&form)).await
        }),
    };
    site::back(&ctx, id, &form, added.map(|place| format!("{} added.", place.name))).await
}

fn draft(form: &Form) -> kernel::Result<Draft> {
    let kind = form
        .text("place_kind")
        .parse()
        .map_err(|_| Problem::invalid("place_kind", "Choose building, floor or room."))?;
    let gone = || Problem::invalid("place_parent", "That place is not at this site. Choose another.");
    let parent = form.some("place_parent").map(|id| id.parse().map_err(|_| gone())).transpose()?;
    Ok(Draft {
        parent,
        kind,
        name: form.text("place_name").to_owned(),
        code: form.text("place_code").to_owned(),
    })
}

async fn show(ctx: Ctx, Path((id, place)): Path<(String, String)>) -> Reply {
    page(&ctx, ask::id(&id, "the site")?, ask::id(&place, "the place")?, Filled::EMPTY).await
}

async fn save(ctx: Ctx, Path((id, place)): Path<(String, String)>, form: Form) -> Reply {
    let who = ctx.actor();
    let (id, place): (SiteId, PlaceId) = (ask::id(&id, "the site")?, ask::id(&place, "the place")?);
    let typed = (form.text("place_name"), form.text("place_code"));
    let saved = db::write!(ctx.app.db(), who.org, |tx| {
        site::see(tx, who, id).await?;
        at_site(store::get(tx, who.org, place).await?, id)?;
        rename(tx, who, place, form.version(), typed, Sent::form(&form)).await
    });
    match saved {
        Ok(_) => Ok(ctx.done(&format!("/sites/{id}/places/{place}"), "Saved.")),
        Err(Problem::Invalid { fields }) => page(&ctx, id, place, Filled::back(&form, &fields)).await,
        Err(problem) => Err(problem.into()),
    }
}

/// A place is found under its own site's address only.
fn at_site(place: Place, site: SiteId) -> kernel::Result<Place> {
    if place.site == site { Ok(place) } else { Err(Problem::not_found("the place")) }
}

async fn page(ctx: &Ctx, site: SiteId, id: PlaceId, filled: Filled<'_>) -> Result<Response, Stop> {
    let who = ctx.actor();
    let (site, way, place, events) = db::read!(ctx.app.db(), who.org, |tx| {
        let site = site::see(tx, who, site).await?;
        let place = at_site(store::get(tx, who.org, id).await?, site.id)?;
        let way = store::path(tx, who.org, id).await?;
        let events = db::gate::life(tx, who.org, "place", id.uuid(), i64::MAX, HISTORY).await?;
        Ok((site, way, place, events))
    })?;
    let outer: Vec<&str> =
        way.iter().rev().skip(1).map(|p| p.name.as_str()).chain([site.name.as_str()]).collect();
    let sentence = format!("{} is a {} of {}.", place.name, place.kind, outer.join(", "));
    let may = who.may(permit::SITE_MANAGE, Reach { site: Some(site.id), department: None });
    let main = html! {
        (look::answer(&sentence, place.code.as_deref()))
        (filled.summary())
        @if may {
            form method="post" action={ "/sites/" (site.id) "/places/" (id) } {
                (form::once())
                (look::hidden("version", &filled.text("version", &place.version.to_string())))
                div.fields {
                    (filled.field("place_name", Field::text("place_name", "Name").required(), &place.name))
                    (code_field(filled, place.code.as_deref().unwrap_or_default()))
                }
                (look::form_foot(&html! { (look::button("Save place").primary().busy("Saving")) }))
            }
        }
        (Section::new("History", life::history(&events, &ctx.org.zone, |_, _| None)))
    };
    let mut crumbs = vec![
        ("Sites and places".to_owned(), "/sites".to_owned()),
        (site.name.clone(), format!("/sites/{}", site.id)),
    ];
    let above = way.iter().filter(|p| p.id != id);
    crumbs.extend(above.map(|p| (p.name.clone(), format!("/sites/{}/places/{}", site.id, p.id))));
    Ok(ctx.page(place.name.clone(), "/sites").status(filled.status()).under(crumbs).show(main))
}
