//! The list of sites, and adding one.

use axum::response::Response;
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route, Stop, form,
    look::{
        self, Field, Width,
        icon::Icon,
        table::{Column, Hide, PhoneSlot, Row, Table},
    },
};

use super::{Draft, Site, add, edit, seen_by, show};
use crate::{
    Sent,
    filled::{Filled, Refused},
    life, org, permit,
};

pub(crate) fn routes() -> Vec<Route> {
    let see = Gate::Permit(permit::SITE_VIEW);
    let manage = Gate::Permit(permit::SITE_MANAGE);
    vec![
        Route::get("/sites", see, list),
        Route::get("/sites/new", manage, new),
        Route::post("/sites/new", manage, keep),
        Route::get("/sites/{id}", see, show::show),
        Route::get("/sites/{id}/edit", manage, edit::show),
        Route::post("/sites/{id}", manage, edit::save),
        Route::post("/sites/{id}/calendar", manage, edit::set_calendar),
    ]
}

async fn list(ctx: Ctx) -> Reply {
    let who = ctx.actor();
    let sites = db::read!(ctx.app.db(), who.org, |tx| seen_by(tx, who).await)?;
    let beds: i64 = sites.iter().filter_map(|site| site.beds).sum();
    let sub = (beds > 0).then(|| life::count(usize::try_from(beds).unwrap_or(0), "bed", "beds"));
    let sentence = match sites.as_slice() {
        [] => "None of your roles reaches a site.".to_owned(),
        [one] => format!("{} is the only site.", one.name),
        many => format!("{} in {}.", life::count(many.len(), "site", "sites"), ctx.org.name),
    };
    let main = html! {
        @if !sites.is_empty() { (table(&sites)) (web::past::link("site")) }
    };
    let actions = html! {
        @if who.may_everywhere(permit::SITE_MANAGE) {
            (look::link_button("Add site", "/sites/new").primary().icon(Icon::Plus))
        }
    };
    let head = look::answer(&sentence, sub.as_deref());
    Ok(ctx.page("Sites and places", "/sites").head(head).actions(actions).show(main))
}

fn table(sites: &[Site]) -> Table {
    let columns = vec![
        Column::new("Site").row_head().phone(PhoneSlot::Title),
        Column::new("Code").ident().phone(PhoneSlot::Tag),
        Column::new("Beds").num().phone(PhoneSlot::Due),
        Column::new("Time zone").hide(Hide::Tablet).phone(PhoneSlot::Place),
        Column::new("Currency").hide(Hide::Narrow),
        Column::new("Hours").hide(Hide::Tablet),
    ];
    let row = |site: &Site| {
        Row::new(vec![
            html! { a href={ "/sites/" (site.id) } { (site.name) } },
            html! { (site.code.as_deref().unwrap_or_default()) },
            html! { @if let Some(beds) = site.beds { (beds) } },
            html! { (site.time_zone.replace('_', " ")) },
            html! { (site.currency) },
            html! { (site.calendar.in_words()) },
        ])
    };
    Table::new("Sites", columns, sites.iter().map(row).collect()).list()
}

async fn new(ctx: Ctx) -> Reply {
    new_page(&ctx, Filled::EMPTY)
}

async fn keep(ctx: Ctx, form: Form) -> Reply {
    let (who, draft) = (ctx.actor(), draft(&form));
    let added = db::write!(ctx.app.db(), who.org, |tx| add(tx, who, &draft, Sent::form(&form)).await);
    match added {
        Ok(site) => Ok(ctx.done(&format!("/sites/{}", site.id), &format!("{} added.", site.name))),
        Err(problem) => new_page(&ctx, Filled::refused(&form, &Refused::of(problem)?)),
    }
}

/// What a site form holds.
pub(super) fn draft(form: &Form) -> Draft {
    Draft {
        name: form.text("site_name").to_owned(),
        code: form.text("site_code").to_owned(),
        time_zone: form.text("time_zone").to_owned(),
        currency: form.text("currency").to_owned(),
        beds: form.text("beds").to_owned(),
    }
}

/// The fields of a site; `present` is the site to change.
pub(super) fn fields(filled: Filled<'_>, present: Option<&Site>) -> Markup {
    let text = |get: fn(&Site) -> String| present.map(get).unwrap_or_default();
    let beds = text(|s| s.beds.map(|beds| beds.to_string()).unwrap_or_default());
    let zone = present.map_or("UTC".to_owned(), |s| s.time_zone.clone());
    let currency = present.map_or("USD".to_owned(), |s| s.currency.to_string());
    html! {
        (filled.field("site_name", Field::text("site_name", "Name").required(), &text(|s| s.name.clone())))
        (filled.field("site_code", Field::text("site_code", "Code").optional("optional").identifier()
            .width(Width::Short), &text(|s| s.code.clone().unwrap_or_default())))
        (org::zone_field(filled, &zone))
        (org::currency_field(filled, &currency))
        (filled.field("beds", Field::number("beds", "Beds").optional("optional").inputmode("numeric"), &beds))
    }
}

fn new_page(ctx: &Ctx, filled: Filled<'_>) -> Result<Response, Stop> {
    ctx.actor().need_everywhere(permit::SITE_MANAGE)?;
    let main = html! {
        (look::answer("Add a site.", Some("A hospital or clinic with its own dates and prices.")))
        (filled.summary())
        form method="post" action="/sites/new" {
            (form::once())
            div.fields { (fields(filled, None)) }
            (look::form_foot(&html! {
                (look::button("Add site").primary().busy("Adding"))
                (look::link_button("Cancel", "/sites").ghost())
            }))
        }
    };
    let page = ctx.page("Add site", "/sites").status(filled.status());
    Ok(page.under([("Sites and places".to_owned(), "/sites".to_owned())]).show(main))
}
