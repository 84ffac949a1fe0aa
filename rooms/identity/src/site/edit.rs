//! Changing a site's facts and its calendar.

use axum::{extract::Path, response::Response};
use kernel::{Reach, Result, SiteId};
use maud::{Markup, html};
use web::{
    Ctx, Form, Reply, Stop, form,
    look::{
        self, Field, Section, Width,
        table::{Column, Row, Table},
    },
};

use super::{Calendar, Site, actions, calendar::DAYS, pages, see};
use crate::{
    Sent, ask,
    filled::{Filled, Refused},
    permit,
};

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
    on(&ctx, id, &form, saved, "Saved.").await
}

pub(super) async fn set_calendar(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, id) = (ctx.actor(), ask::id(&id, "the site")?);
    let mut errors = Vec::new();
    let calendar = Calendar::read(|name| form.text(name), &mut errors);
    let saved = match web::form::check(errors) {
        Err(problem) => Err(problem),
        Ok(()) => db::write!(ctx.app.db(), who.org, |tx| {
            see(tx, who, id).await?;
            let sent = Sent::form(&form);
            actions::set_calendar(tx, who, id, form.version(), calendar.clone(), sent).await
        }),
    };
    on(&ctx, id, &form, saved, "Calendar saved.").await
}

/// Back to the site with a word, or the forms again with what is wrong.
async fn on(ctx: &Ctx, id: SiteId, form: &Form, done: Result<Site>, words: &str) -> Reply {
    match done {
        Ok(_) => Ok(ctx.done(&format!("/sites/{id}"), words)),
        Err(problem) => page(ctx, id, Filled::refused(form, &Refused::of(problem)?)).await,
    }
}

async fn page(ctx: &Ctx, id: SiteId, filled: Filled<'_>) -> Result<Response, Stop> {
    let who = ctx.actor();
    let site = db::read!(ctx.app.db(), who.org, |tx| see(tx, who, id).await)?;
    who.need(permit::SITE_MANAGE, Reach { site: Some(id), department: None })?;
    let main = html! {
        (look::answer(&format!("Change {}.", site.name), Some("Earlier values stay in its history.")))
        (filled.summary())
        (Section::new("Site", site_form(&site, filled)))
        (Section::new("Calendar", calendar_form(&site, filled)).note("When work is done here").id("calendar"))
    };
    let page = ctx.page("Edit site", "/sites").status(filled.status());
    let crumbs =
        [("Sites and places".to_owned(), "/sites".to_owned()), (site.name.clone(), format!("/sites/{id}"))];
    Ok(page.under(crumbs).show(main))
}

fn site_form(site: &Site, filled: Filled<'_>) -> Markup {
    html! {
        form method="post" action={ "/sites/" (site.id) } {
            (form::once())
            (look::hidden("version", &filled.version(site.version)))
            div.fields { (pages::fields(filled, Some(site))) }
            (look::form_foot(&html! {
                (look::button("Save site").primary().busy("Saving"))
                (look::link_button("Cancel", format!("/sites/{}", site.id)).ghost())
            }))
        }
    }
}

fn calendar_form(site: &Site, filled: Filled<'_>) -> Markup {
    let time = |name: &'static str, label: String, present: Option<&String>| {
        let field = Field::text(name, label).bare().width(Width::Short);
        filled.field(name, field, present.map_or("", String::as_str))
    };
    let columns = vec![Column::new("Day").row_head(), Column::new("From"), Column::new("To")];
    let days = DAYS.iter().zip(&site.calendar.week);
    let rows = days
        .map(|((day, from, to), hours)| {
            let hours = hours.as_ref();
            Row::new(vec![
                html! { (day) },
                html! { (time(from, format!("{day} from"), hours.map(|h| &h.from))) },
                html! { (time(to, format!("{day} to"), hours.map(|h| &h.to))) },
            ])
        })
        .collect();
    let holidays = Field::area("holidays", "Holidays", 6)
        .hint("One a line, date and name: 2026-12-25 Christmas Day. Leave a day’s hours blank when no work is done.");
    html! {
        form method="post" action={ "/sites/" (site.id) "/calendar" } {
            (form::once())
            (look::hidden("version", &filled.version(site.version)))
            div.fields {
                (Table::new("Hours of the week", columns, rows))
                (filled.field("holidays", holidays, &site.calendar.holiday_lines()))
            }
            (look::form_foot(&html! { (look::button("Save calendar").busy("Saving")) }))
        }
    }
}
