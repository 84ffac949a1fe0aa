//! All labels, and putting them on records.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use kernel::{Problem, Result};
use maud::{Markup, Render as _, html};
use uuid::Uuid;
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{Column, Field, Row, Section, Table, answer, button, empty_state, split},
};

use super::{Label, LabelId, actions, store};
use crate::{
    Nouns, permit,
    posted::{Done, Faults, form as posted_form, once},
};

pub(crate) fn routes() -> Vec<Route> {
    let (put, manage) = (Gate::Permit(permit::LABEL_PUT), Gate::Permit(permit::LABEL_MANAGE));
    vec![
        Route::get("/labels", put, all),
        Route::post("/labels", manage, add),
        Route::post("/labels/{id}", manage, rename),
        Route::post("/labels/on/{noun}/{record}", put, put_on),
        Route::post("/labels/off/{noun}/{record}", put, take_off),
    ]
}

struct All {
    labels: Vec<Label>,
    worn: BTreeMap<LabelId, i64>,
}

async fn read(ctx: &Ctx) -> Result<All> {
    let who = ctx.actor();
    db::read!(ctx.app.db(), who.org, |tx| {
        let mut worn: BTreeMap<LabelId, i64> = BTreeMap::new();
        for ((label, _), n) in store::counts(tx, who.org).await? {
            *worn.entry(label).or_default() += n;
        }
        Ok(All { labels: store::list(tx, who.org).await?, worn })
    })
}

/// `GET /labels`.
async fn all(ctx: Ctx) -> Reply {
    Ok(draw(&ctx, &read(&ctx).await?, &Form::default(), (&Faults::default(), None)))
}

/// The page; `at` is the label whose form has faults, else the form for a new one has.
fn draw(ctx: &Ctx, all: &All, typed: &Form, (faults, at): (&Faults, Option<LabelId>)) -> Response {
    let manages = ctx.actor().may_everywhere(permit::LABEL_MANAGE);
    let sentence = match all.labels.len() {
        0 => "There are no labels yet.".to_owned(),
        1 => "There is one label.".to_owned(),
        n => format!("There are {n} labels."),
    };
    let columns =
        vec![Column::new("Label").row_head(), Column::new("Records").num(), Column::new("Rename").unnamed()];
    let rows = all.labels.iter().map(|label| {
        let mine = at == Some(label.id);
        Row::new(vec![
            html! { (label.name) },
            html! { (kernel::thousands(all.worn.get(&label.id).copied().unwrap_or(0))) },
            html! { @if manages { (rename_form(label, typed, mine.then_some(faults))) } },
        ])
    });
    let main = html! {
        @if at.is_some() { (faults.summary()) }
        @if all.labels.is_empty() {
            (empty_state("No labels.", "A label is a word of your own, such as “Loaner pool”, that is put on devices and models in one click.", None))
        } @else { (Table::new("Labels", columns, rows.collect())) }
        (web::past::link("label"))
    };
    let form = html! {
        @if at.is_none() { (faults.summary()) }
        (posted_form("/labels", 0, &html! {
            div.fields {
                (Field::text("name", "Label").value(if at.is_none() { typed.text("name") } else { "" }).error(faults.at("name").filter(|_| at.is_none()))
                    .hint("Up to 40 characters. The name can be changed later, wherever it is worn.").render())
            }
            div { (button("Add label").primary().busy("Saving")) }
        }))
    };
    let aside = html! { @if manages { (Section::new("Add", form)) } };
    let sub = "Words of your own that are put on devices and models in one click, and found again.";
    ctx.page("Labels", "/devices")
        .under([("Devices".to_owned(), "/devices".to_owned())])
        .head(answer(&sentence, Some(sub)))
        .status(faults.status())
        .show(split(&main, &aside))
}

fn rename_form(label: &Label, typed: &Form, faults: Option<&Faults>) -> Markup {
    let name = faults.map_or(label.name.as_str(), |_| typed.text("name"));
    html! {
        form.row method="post" action={ "/labels/" (label.id) } {
            (web::form::once())
            (web::look::hidden("version", &label.version.to_string()))
            input.inp type="text" name="name" value=(name) required aria-label={ "New name of " (label.name) };
            (button("Rename").small())
        }
    }
}

/// `POST /labels`.
async fn add(ctx: Ctx, form: Form) -> Reply {
    let added = once!(ctx, form, "margin.label.add", |tx, who| {
        let label = actions::add(tx, who, form.text("name")).await?;
        Ok(Done::new("/labels", format!("“{}” can be put on now.", label.name)))
    });
    answered(&ctx, &form, added, None).await
}

/// `POST /labels/{id}`.
async fn rename(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id: LabelId = id.parse().map_err(|_| Problem::not_found("this label"))?;
    let renamed = once!(ctx, form, "margin.label.rename", |tx, who| {
        let label = actions::rename(tx, who, (id, form.version()), form.text("name")).await?;
        Ok(Done::new("/labels", format!("It is called “{}” now.", label.name)))
    });
    answered(&ctx, &form, renamed, Some(id)).await
}

async fn answered(ctx: &Ctx, form: &Form, done: Result<Done>, at: Option<LabelId>) -> Reply {
    match done {
        Ok(done) => Ok(done.go(ctx)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            Ok(draw(ctx, &read(ctx).await?, form, (&faults, at)))
        }
    }
}

fn which(record: &str, form: &Form) -> Result<(Uuid, LabelId)> {
    let record = record.parse().map_err(|_| Problem::not_found("this record"))?;
    let label = form.text("label").parse().map_err(|_| Problem::not_found("this label"));
    Ok((record, label?))
}

/// `POST /labels/on/{noun}/{record}`.
async fn put_on(ctx: Ctx, Path((noun, record)): Path<(String, String)>, form: Form) -> Reply {
    let ((record, label), nouns) = (which(&record, &form)?, Nouns::of(&ctx.app));
    let done = once!(ctx, form, "margin.label.put", |tx, who| {
        let subject = nouns.find(tx, who, &noun, record).await?;
        let label = actions::put(tx, who, &subject, label).await?;
        Ok(Done::new(format!("{}#labels", subject.href), format!("“{}” is on {}.", label.name, subject.name)))
    })?;
    Ok(done.go(&ctx))
}

/// `POST /labels/off/{noun}/{record}`.
async fn take_off(ctx: Ctx, Path((noun, record)): Path<(String, String)>, form: Form) -> Reply {
    let ((record, label), nouns) = (which(&record, &form)?, Nouns::of(&ctx.app));
    let done = once!(ctx, form, "margin.label.take_off", |tx, who| {
        let subject = nouns.find(tx, who, &noun, record).await?;
        let label = actions::take_off(tx, who, &subject, label).await?;
        Ok(Done::new(
            format!("{}#labels", subject.href),
            format!("“{}” is off {}.", label.name, subject.name),
        ))
    })?;
    Ok(done.go(&ctx))
}
