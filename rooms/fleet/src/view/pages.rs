//! Views: saved from a list, kept on a page of their own.

use axum::extract::{Path, RawQuery};
use kernel::{Problem, Result};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{
        Choice, Column, Field, PhoneSlot, Row, Section, Table, answer, button, empty_state, form_foot,
        hidden, link_button,
    },
};

use super::{Draft, View, ViewId, actions};
use crate::{
    device::{list::Sort, pages::ask::Asked, search::Day},
    model::pages::changed,
    permit,
    posted::{Done, Faults, form as posted_form, once},
};

pub(crate) fn routes() -> Vec<Route> {
    let view = Gate::Permit(permit::DEVICE_VIEW);
    vec![
        Route::get("/views", view, page),
        Route::get("/views/new", view, new),
        Route::post("/views/new", view, add),
        Route::get("/views/{id}", view, edit),
        Route::post("/views/{id}", view, save),
        Route::post("/views/{id}/remove", view, remove),
    ]
}

fn day(ctx: &Ctx) -> Day {
    Day::of(ctx.now(), &ctx.org.zone)
}

fn read_id(text: &str) -> Result<ViewId> {
    text.parse().map_err(|_| Problem::not_found("this view"))
}

/// The list that a view shows.
pub(crate) fn href(view: &View) -> String {
    let mut asked = Asked::of(&view.query);
    (asked.sort, asked.view) = (view.sort, Some(view.id));
    asked.href()
}

fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Tag => "By tag",
        Sort::State => "Longest in its state first",
    }
}

/// `GET /views`.
async fn page(ctx: Ctx) -> Reply {
    let who = ctx.actor();
    let all = db::read!(ctx.app.db(), who.org, |tx| actions::list(tx, who).await)?;
    let sentence = match all.len() {
        0 => "No view is saved yet.".to_owned(),
        1 => "1 view is saved.".to_owned(),
        n => format!("{n} views are saved."),
    };
    let body = html! {
        (answer(&sentence, Some("A view is a search of the list of devices under a name, for yourself or for all.")))
        @if all.is_empty() {
            (empty_state("Search the list, then choose “Save this search”.", "The list then has it beside “All”.", None))
        } @else { (table(&ctx, &all)) }
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned())];
    Ok(ctx.page("Views", "/devices").under(crumbs).show(body))
}

fn table(ctx: &Ctx, all: &[View]) -> Markup {
    let who = ctx.actor();
    let columns = vec![
        Column::new("View").row_head().phone(PhoneSlot::Title),
        Column::new("Search").phone(PhoneSlot::Place),
        Column::new("Order").phone(PhoneSlot::Due),
        Column::new("Seen by").phone(PhoneSlot::Tag),
        Column::new("Change").unnamed().num().phone(PhoneSlot::State),
    ];
    let rows = all.iter().map(|view| {
        let own = who.person == Some(view.by);
        Row::new(vec![
            html! { a href=(href(view)) { (view.name) } },
            html! { @if view.query.is_empty() { "All devices" } @else { code { (view.query) } } },
            html! { (order(view.sort)) },
            html! {
                @if !view.shared { "You" } @else if own { "All" } @else { "All, shared by " (view.by_name) }
            },
            html! { @if actions::may_change(who, view) { a href={ "/views/" (view.id) } { "Change" } } },
        ])
    });
    html! { (Table::new("Views", columns, rows.collect())) }
}

/// `GET /views/new`, with `?q=` and `?sort=`.
async fn new(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    let typed = Form::from_pairs(&[("query", asked.text.as_str()), ("sort", asked.sort.code())]);
    Ok(draw(&ctx, None, &typed, &Faults::default()))
}

fn draft(form: &Form) -> Draft {
    Draft {
        name: form.text("name").to_owned(),
        query: form.text("query").to_owned(),
        sort: Sort::from_code(form.text("sort")),
        shared: form.ticked("shared"),
    }
}

/// `POST /views/new`.
async fn add(ctx: Ctx, form: Form) -> Reply {
    let day = day(&ctx);
    let saved = once!(ctx, form, "fleet.view.add", |tx, who| {
        let view = actions::add(tx, who, &draft(&form), &day).await?;
        Ok(Done::new(href(&view), format!("“{}” is saved.", view.name)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => Ok(draw(&ctx, None, &form, &Faults::of_problem(problem)?)),
    }
}

async fn changeable(ctx: &Ctx, id: &str) -> Result<View> {
    let (who, id) = (ctx.actor(), read_id(id)?);
    let view = db::read!(ctx.app.db(), who.org, |tx| actions::visible(tx, who, id).await)?;
    if !actions::may_change(who, &view) {
        who.need_everywhere(permit::VIEW_SHARE)?;
    }
    Ok(view)
}

/// `GET /views/{id}`.
async fn edit(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let view = changeable(&ctx, &id).await?;
    let mut pairs =
        vec![("name", view.name.as_str()), ("query", view.query.as_str()), ("sort", view.sort.code())];
    if view.shared {
        pairs.push(("shared", "yes"));
    }
    Ok(draw(&ctx, Some(&view), &Form::from_pairs(&pairs), &Faults::default()))
}

/// `POST /views/{id}`.
async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let day = day(&ctx);
    let view_id = read_id(&id)?;
    let saved = once!(ctx, form, "fleet.view.change", |tx, who| {
        let mut draft = draft(&form);
        if form.ticked("search_only") {
            // The button above an edited list changes what is searched for.
            let now = actions::visible(tx, who, view_id).await?;
            (draft.name, draft.shared) = (now.name, now.shared);
        }
        let view = actions::change(tx, who, (view_id, form.version()), &draft, &day).await?;
        Ok(Done::new(href(&view), format!("“{}” is saved.", view.name)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let faults = Faults::of_problem(problem)?;
            let view = changeable(&ctx, &id).await?;
            Ok(draw(&ctx, Some(&view), &form, &faults))
        }
    }
}

/// `POST /views/{id}/remove`.
async fn remove(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id = read_id(&id)?;
    let removed = once!(ctx, form, "fleet.view.remove", |tx, who| {
        let view = actions::remove(tx, who, id, form.version()).await?;
        Ok(Done::new("/views", format!("“{}” is removed.", view.name)))
    });
    Ok(removed?.go(&ctx))
}

fn draw(ctx: &Ctx, view: Option<&View>, typed: &Form, faults: &Faults) -> axum::response::Response {
    let orders = [Sort::Tag, Sort::State].map(|sort| Choice::new(sort.code(), order(sort))).to_vec();
    let may_share = ctx.actor().may_everywhere(permit::VIEW_SHARE);
    let fields = html! {
        div.fields {
            (Field::text("name", "Name").value(typed.text("name")).error(faults.at("name")).required())
            (Field::text("query", "Search").value(typed.text("query")).error(faults.at("query"))
                .optional("empty for all devices").hint("As it is written above the list."))
            (Field::select("sort", "Order", orders).value(typed.text("sort")).error(faults.at("sort")))
            @if may_share {
                (Field::checkbox("shared", "All see it").value("yes").checked(typed.ticked("shared"))
                    .hint("Each finds with it what they may see."))
            }
        }
        (form_foot(&html! {
            (link_button("Cancel", if view.is_some() { "/views" } else { "/devices" }))
            (button("Save view").primary().busy("Saving"))
        }))
    };
    let (path, version) =
        view.map_or(("/views/new".to_owned(), 0), |v| (format!("/views/{}", v.id), v.version));
    let title = view.map_or("Save this search as a view", |_| "Change a view");
    let body = html! {
        (answer(title, None))
        (faults.summary())
        @if faults.stale().is_some() {
            (changed(&view.map_or_else(String::new, |v| format!("It is now “{}”, {}.", v.name, v.query))))
        }
        (posted_form(&path, version, &fields))
        @if let Some(view) = view {
            (Section::new("Remove it", html! {
                form.form method="post" action={ "/views/" (view.id) "/remove" } {
                    (web::form::once())
                    (hidden("version", &view.version.to_string()))
                    p.sec { "The devices stay as they are; the search no longer stands above the list." }
                    (form_foot(&html! { (button("Remove view").busy("Removing")) }))
                }
            }))
        }
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned()), ("Views".to_owned(), "/views".to_owned())];
    let name = view.map_or("New view", |v| v.name.as_str());
    ctx.page(name, "/devices").under(crumbs).status(faults.status()).show(body)
}

/// Above a list: what may be saved of what is asked.
pub(crate) fn line(ctx: &Ctx, asked: &Asked, all: &[View], standard: bool) -> Markup {
    let query = asked.query();
    let same = |view: &&View| Asked::of(&view.query).query() == query && view.sort == asked.sort;
    let open = asked.view.and_then(|id| all.iter().find(|view| view.id == id));
    let edited = open.filter(|view| !same(view));
    let new = edited.is_none() && !standard && !all.iter().any(|view| same(&view));
    html! {
        @if edited.is_some() || new || !all.is_empty() {
            div.viewline {
                @if let Some(view) = edited {
                    span.sec { "“" (view.name) "”, edited." }
                    @if actions::may_change(ctx.actor(), view) {
                        form method="post" action={ "/views/" (view.id) } {
                            (web::form::once())
                            (hidden("version", &view.version.to_string()))
                            (hidden("search_only", "yes"))
                            (hidden("query", &asked.text))
                            (hidden("sort", asked.sort.code()))
                            (button("Save").small().busy("Saving"))
                        }
                    }
                    (link_button("Reset", href(view)).small().ghost())
                    a href=(new_href(asked)) { "Save as another view" }
                }
                @if new { a href=(new_href(asked)) { "Save this search" } }
                @if !all.is_empty() { a href="/views" { "Views" } }
            }
        }
    }
}

fn new_href(asked: &Asked) -> String {
    let pairs = [("q", asked.text.as_str()), ("sort", asked.sort.code())];
    let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/views/new?{query}")
}
