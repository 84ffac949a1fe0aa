//! Makers: a list on which a misspelt name is put right, and a page for each.

use axum::extract::{Path, RawQuery};
use kernel::Problem;
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{QueryBar, list::list_page},
};

use super::{Company, CompanyId, Values, actions, entry, show, store};
use crate::{
    catalogue::{Asked, Kind, Line, READ, history::From, table},
    device::pages::words::count,
    model::{
        list,
        pages::{changed, said, views},
    },
    permit,
    posted::{Done, Faults, once},
};

const KIND: Kind =
    Kind { path: "/makers", page: "/makers/", noun: "maker", heads: ["Maker", "Makers"], extra: None };

/// The pages and actions of makers.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/makers", Gate::Permit(permit::MODEL_VIEW), page),
        Route::post("/makers", Gate::Permit(permit::MODEL_EDIT), save),
        Route::get("/makers/{id}", Gate::Permit(permit::MODEL_VIEW), one),
        Route::get("/makers/{id}/edit", Gate::Permit(permit::MODEL_EDIT), edit),
        Route::post("/makers/{id}/edit", Gate::Permit(permit::MODEL_EDIT), change),
    ]
}

/// `GET /makers`, with `?q=`, and `?edit=` to rename one.
async fn page(ctx: Ctx, query: RawQuery) -> Reply {
    draw(&ctx, &Asked::read(&query), &Form::default(), &Faults::default()).await
}

/// `POST /makers`: one row.
async fn save(ctx: Ctx, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.company.change", |tx, who| {
        let id: CompanyId = form.text("id").parse().map_err(|_| Problem::not_found("this maker"))?;
        who.need_everywhere(permit::MODEL_EDIT)?;
        // The row of the list leaves alone what it does not show.
        let now = store::get(tx, who.org, id).await?;
        let values = Values { name: form.text("name").to_owned(), ..now.values() };
        let after = actions::change(tx, who, id, form.version(), &values, None).await?;
        Ok(Done::new(format!("/makers#t-{id}"), format!("{} is saved.", after.name)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let faults = Faults::of_problem(problem)?;
            draw(&ctx, &Asked::again(&form), &form, &faults).await
        }
    }
}

/// `GET /makers/{id}`, with `?below=…&before=…` for older events.
async fn one(ctx: Ctx, Path(id): Path<String>, RawQuery(query): RawQuery) -> Reply {
    show::page(ctx, entry::read_id(&id)?, From::read(query.as_deref())).await
}

/// `GET /makers/{id}/edit`.
async fn edit(ctx: Ctx, Path(id): Path<String>) -> Reply {
    entry::page(ctx, entry::read_id(&id)?).await
}

/// `POST /makers/{id}/edit`.
async fn change(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    entry::save(ctx, entry::read_id(&id)?, form).await
}

async fn draw(ctx: &Ctx, asked: &Asked, typed: &Form, faults: &Faults) -> Reply {
    let who = ctx.actor();
    let (all, counts) = db::read!(ctx.app.db(), who.org, |tx| {
        Ok::<_, Problem>((store::list(tx, who.org, READ).await?, list::of_companies(tx, who).await?))
    })?;
    let found: Vec<Line<'_>> = all.iter().filter(|c| asked.finds(&c.keys().join(" "))).map(line).collect();
    let now =
        all.iter().find(|c| c.id.to_string() == typed.text("id")).map(|c| format!("It is now “{}”.", c.name));
    let sentence = match all.len() {
        0 => "No makers are on record yet.".to_owned(),
        1 => "1 maker is on record.".to_owned(),
        n => format!("{} makers are on record.", count(n as i64)),
    };
    let list = html! {
        (views("/makers"))
        (said(&sentence, "A name put right here is put right on every model and found by it a moment later."))
        (faults.summary())
        @if faults.stale().is_some() { (changed(now.as_deref().unwrap_or_default())) }
        (QueryBar::new("/makers", "Search makers", "Search").query(&asked.text).placeholder("A part of the name"))
        (table(&KIND, asked, &found, &counts, who.may_everywhere(permit::MODEL_EDIT), (typed, faults)))
        (web::past::link("company"))
    };
    let crumbs = [("Models".to_owned(), "/models".to_owned())];
    let page = ctx.page("Makers", "/models").under(crumbs);
    Ok(page.status(faults.status()).show(list_page(None, &list)))
}

fn line(company: &Company) -> Line<'_> {
    Line {
        id: company.id.uuid(),
        version: company.version,
        name: &company.name,
        drawing: Markup::default(),
        read: Markup::default(),
        fields: Markup::default(),
        open: false,
        save: "Save".to_owned(),
    }
}
