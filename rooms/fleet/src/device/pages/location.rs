//! One location: what stands there, and may not be used.

use axum::extract::Path;
use identity::{place, site::Site};
use kernel::{Keyset, Problem, Reach, Result};
use maud::{Markup, html};
use web::{
    Ctx, Reply,
    look::{
        Column, DeviceGlyph, Fact, Icon, PhoneSlot, Row, Section, Table, Tone, answer, empty_state,
        glyph::glyph, ledger::ledger, link_button, split, strip, tag_link,
    },
};

use super::{
    ask::Asked,
    words::{count, devices, href, risk_letter, state_mark, state_of},
};
use crate::{
    device::{
        PlaceId,
        list::{self, Listed, facets::Facets, facets::facets},
        search::{Day, names_of},
    },
    permit, stand,
};

/// Devices shown; the list has the others.
const SHOWN: u32 = 50;

/// A location with what stands there.
struct Known {
    place: place::Place,
    site: Site,
    /// What it is in, the innermost first.
    around: Vec<place::Place>,
    inside: Vec<place::Place>,
    /// How many devices stand in each place of the site.
    counts: identity::tally::Counts,
    /// `None` where they are too many to be counted by each answer.
    facets: Option<Facets>,
    models: Vec<(uuid::Uuid, String)>,
    rows: Vec<Listed>,
    more: bool,
}

async fn known(ctx: &Ctx, id: PlaceId) -> Result<Known> {
    let who = ctx.actor();
    let day = Day::of(ctx.now(), &ctx.org.zone);
    let asked = Asked::of(&format!("loc:{id}"));
    let unseen = || Problem::not_found("this location");
    let mut known = db::read!(ctx.app.db(), who.org, |tx| {
        let place = place::find(tx, who.org, id.cast()).await?.ok_or_else(unseen)?;
        let site = identity::site::get(tx, who.org, place.site).await?;
        let wanted = asked.understood(tx, who, &day).await?.wanted;
        let slice = list::page(tx, who, &wanted, &Keyset { after: None, limit: SHOWN }).await?;
        // Whoever sees only what belongs to a department sees the places where something of it stands.
        let whole = Reach { site: Some(site.id), department: None };
        if slice.rows.is_empty() && !who.may(permit::DEVICE_VIEW, whole) {
            return Err(unseen());
        }
        let facets = facets(tx, who, &wanted).await?;
        let ids: Vec<uuid::Uuid> =
            facets.iter().flat_map(|facets| facets.models.keys()).map(|id| id.uuid()).collect();
        let mut around = place::path(tx, who.org, place.id).await?;
        around.retain(|one| one.id != place.id);
        around.sort_by_key(|one| std::cmp::Reverse(one.kind));
        let mut inside = place::list(tx, who.org, place.site).await?;
        inside.retain(|one| one.parent == Some(place.id));
        Ok(Known {
            models: if ids.is_empty() { Vec::new() } else { names_of(tx, who.org, "model", &ids).await? },
            counts: identity::tally::Counts::new(),
            more: slice.next.is_some(),
            rows: slice.rows,
            place,
            site,
            around,
            inside,
            facets,
        })
    })?;
    if !known.inside.is_empty() {
        known.counts = (stand::TALLY.count)(ctx.app.clone(), who.clone(), known.site.id).await?;
    }
    Ok(known)
}

/// `GET /places/{id}`.
pub(super) async fn page(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let id: PlaceId = id.parse().map_err(|_| Problem::not_found("this location"))?;
    let known = known(&ctx, id).await?;
    Ok(draw(&ctx, &known))
}

/// The worst first: what may not be used, then what there is.
fn sentence(known: &Known) -> String {
    let name = &known.place.name;
    let n = match &known.facets {
        Some(facets) => standing(facets),
        None => return format!("More than {SHOWN} devices stand at {name}."),
    };
    let unusable = known.facets.as_ref().map_or(0, |facets| facets.unusable);
    let (stand, all) = if n == 1 { ("stands", "1 device".to_owned()) } else { ("stand", devices(n)) };
    match (n, unusable) {
        (0, _) => format!("No device stands at {name}."),
        (_, 0) => format!("{all} {stand} at {name}."),
        (1, _) => format!("1 device stands at {name} and may not be used."),
        (_, bad) => format!("{all} {stand} at {name}; {} of them may not be used.", count(bad)),
    }
}

/// Devices that are there: planned and ordered ones are not yet.
fn standing(facets: &Facets) -> i64 {
    facets.states.iter().filter(|(state, _)| state.in_inventory()).map(|(_, n)| n).sum()
}

fn all_of(known: &Known) -> String {
    format!("/devices?loc={}", known.place.id)
}

fn facts(known: &Known) -> Vec<Fact> {
    let list = all_of(known);
    let Some(facets) = &known.facets else {
        return vec![Fact::new("Devices", html! { a href=(list) { "Show all" } })];
    };
    let number = |n: i64, href: String| {
        if n > 0 {
            html! { a href=(href) { (count(n)) } }
        } else {
            html! { span.mute { "0" } }
        }
    };
    let mut all = vec![Fact::new("Devices", number(facets.total, list.clone())).note(
        match facets.total - standing(facets) {
            0 => "Retired, returned and cancelled ones left out".to_owned(),
            n => format!("{} of them planned or ordered", count(n)),
        },
    )];
    let unusable = Fact::new("Do not use", number(facets.unusable, format!("{list}&flag=do-not-use")));
    all.push(if facets.unusable > 0 { unusable.tone(Tone::Crit) } else { unusable });
    for (state, n) in facets.states.iter().filter(|(state, n)| **n > 0 && !state.kind().is_terminal()) {
        let href = format!("{list}&state={}", state.code());
        all.push(Fact::new(state_of(*state, false).word(), number(*n, href)));
    }
    all
}

fn draw(ctx: &Ctx, known: &Known) -> axum::response::Response {
    let Known { place, site, around, .. } = known;
    let settings = format!("/sites/{}/places/{}", site.id, place.id);
    let main = html! {
        (answer(&sentence(known), place.closed_at.map(|at| format!("Closed since {}.", at.on_page(&ctx.org.zone))).as_deref()))
        (strip(&facts(known)))
        (split(
            &html! {
                (Section::new("Devices", here(known)))
                @if !known.inside.is_empty() { (Section::new("Inside it", inside(known))) }
            },
            &html! {
                (Section::new("Location", identity(known)))
                @if let Some(facets) = &known.facets {
                    @if !facets.models.is_empty() { (Section::new("Models", models(known, facets, ctx.may(permit::MODEL_VIEW)))) }
                }
            },
        ))
    };
    let mut crumbs = vec![
        ("Devices".to_owned(), "/devices".to_owned()),
        (site.name.clone(), format!("/devices?site={}", site.id)),
    ];
    crumbs.extend(around.iter().rev().map(|one| (one.name.clone(), format!("/places/{}", one.id))));
    let actions = html! {
        (link_button("Show devices", all_of(known)).icon(Icon::Devices))
        @if ctx.may(identity::permit::SITE_VIEW) { (link_button("Place", settings).icon(Icon::MapPin)) }
    };
    ctx.page(&place.name, "/devices").under(crumbs).actions(actions).show(main)
}

fn identity(known: &Known) -> Markup {
    let Known { place, site, around, .. } = known;
    let mut rows = vec![(place.kind.on_page(), html! { (place.name) })];
    if let Some(code) = &place.code {
        rows.push(("Code", html! { (code) }));
    }
    rows.extend(
        around
            .iter()
            .map(|one| (one.kind.on_page(), html! { a href={ "/places/" (one.id) } { (one.name) } })),
    );
    rows.push(("Site", html! { a href={ "/devices?site=" (site.id) } { (site.name) } }));
    ledger(&rows)
}

fn here(known: &Known) -> Markup {
    if known.rows.is_empty() {
        return empty_state(
            "No device stands here.",
            "Devices are moved on their own pages, or many at once.",
            None,
        );
    }
    // In a room everything stands in the room.
    let wide = !known.inside.is_empty();
    let mut columns = vec![
        Column::new("Tag").phone(PhoneSlot::Tag),
        Column::new("Device").clip().phone(PhoneSlot::Title),
        Column::new("Risk").phone(PhoneSlot::Due),
        Column::new("State").phone(PhoneSlot::State),
    ];
    if wide {
        columns.insert(2, Column::new("Location").clip().phone(PhoneSlot::Place));
    }
    let row = |one: &Listed| {
        let kind = DeviceGlyph::from_type_name(&one.type_name);
        let mut cells = vec![
            html! { (tag_link(&one.tag, &href(&one.tag))) },
            html! { span.glc { (glyph(kind, 17)) span { (one.type_name) " " span.mute { (one.model) } } } },
            risk_letter(one.risk),
            state_mark(one.state, one.held),
        ];
        if wide {
            cells.insert(2, html! { (one.place.as_deref().unwrap_or_default()) });
        }
        Row::new(cells)
    };
    html! {
        (Table::new("Devices", columns, known.rows.iter().map(row).collect()).list())
        @if known.more { p.links { a href=(all_of(known)) { "Show all devices at " (known.place.name) } } }
    }
}

fn inside(known: &Known) -> Markup {
    let columns = vec![
        Column::new("Place").row_head().phone(PhoneSlot::Title),
        Column::new("Kind").phone(PhoneSlot::Tag),
        Column::new("Devices").num().phone(PhoneSlot::State),
    ];
    let rows = known.inside.iter().map(|one| {
        let n = known.counts.get(&one.id.uuid()).copied().unwrap_or(0);
        Row::new(vec![
            html! { a href={ "/places/" (one.id) } { (one.name) } },
            html! { (one.kind.on_page()) },
            html! { @if n > 0 { (count(n)) } @else { span.mute { "0" } } },
        ])
    });
    html! { (Table::new("Inside it", columns, rows.collect())) }
}

fn models(known: &Known, facets: &Facets, linked: bool) -> Markup {
    let mut all: Vec<(&str, uuid::Uuid, i64)> = facets
        .models
        .iter()
        .filter_map(|(id, n)| {
            let name = known.models.iter().find(|(known, _)| *known == id.uuid());
            name.map(|(_, name)| (name.as_str(), id.uuid(), *n))
        })
        .collect();
    all.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(b.0)));
    let columns = vec![
        Column::new("Model").phone(PhoneSlot::Title),
        Column::new("Devices").num().phone(PhoneSlot::State),
    ];
    let rows = all.into_iter().take(MODELS).map(|(name, id, n)| {
        Row::new(vec![
            html! { @if linked { a href={ "/models/" (id) } { (name) } } @else { (name) } },
            html! { a href={ (all_of(known)) "&model=" (id) } { (count(n)) } },
        ])
    });
    html! { (Table::new("Models", columns, rows.collect())) }
}

/// Models shown beside the devices.
const MODELS: usize = 12;
