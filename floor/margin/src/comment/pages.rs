//! The comments on a record, and one comment.

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use kernel::{Cursor, Problem, Result, Slice};
use maud::{Render as _, html};
use uuid::Uuid;
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{
        Entry, Field, Pager, Section, answer, button, form_foot, split,
        timeline::{Words, timeline},
    },
};

use super::{
    Comment, CommentId, actions,
    actions::Found,
    history,
    section::{all_on, said, thread, write_form},
    store,
};
use crate::{
    Nouns, People, Subject, permit,
    posted::{Done, Faults, form as posted_form, once},
};

/// Comments a page.
const PAGE: u32 = 50;

pub(crate) fn routes() -> Vec<Route> {
    let write = Gate::Permit(permit::COMMENT_WRITE);
    // The rights of the record are asked for inside.
    let see = Gate::SignedIn;
    vec![
        Route::get("/comments/on/{noun}/{record}", see, all),
        Route::post("/comments/on/{noun}/{record}", write, add),
        Route::get("/comments/{id}", see, show),
        Route::post("/comments/{id}", write, save),
        Route::post("/comments/{id}/retract", write, retract),
    ]
}

fn record_id(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Problem::not_found("this record"))
}

fn comment_id(text: &str) -> Result<CommentId> {
    text.parse().map_err(|_| Problem::not_found("this comment"))
}

/// The comments on a record, the newest first.
struct All {
    subject: Subject,
    rows: Slice<Comment>,
    count: i64,
    paged: bool,
}

async fn read(ctx: &Ctx, noun: &str, record: Uuid, query: Option<&str>) -> Result<All> {
    let (who, nouns) = (ctx.actor(), Nouns::of(&ctx.app));
    let before = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "before")
        .and_then(|(_, value)| Cursor::decode(&value));
    db::read!(ctx.app.db(), who.org, |tx| {
        let subject = nouns.find(tx, who, noun, record).await?;
        let from = before.as_ref().map(|c| c.id);
        let rows = store::of(tx, who.org, subject.noun, record, from, PAGE + 1).await?;
        let rows = Slice::cut(rows, PAGE, |last| Cursor { after: String::new(), id: last.id.uuid() });
        let count = store::count(tx, who.org, subject.noun, record).await?;
        Ok(All { subject, rows, count, paged: before.is_some() })
    })
}

/// `GET /comments/on/{noun}/{record}`.
async fn all(ctx: Ctx, Path((noun, record)): Path<(String, String)>, RawQuery(query): RawQuery) -> Reply {
    let all = read(&ctx, &noun, record_id(&record)?, query.as_deref()).await?;
    Ok(draw_all(&ctx, &all, &Form::default(), &Faults::default()))
}

fn draw_all(ctx: &Ctx, all: &All, typed: &Form, faults: &Faults) -> Response {
    let subject = &all.subject;
    let sentence = match all.count {
        0 => format!("Nobody has commented on {} yet.", subject.name),
        1 => format!("{} has one comment.", subject.name),
        n => format!("{} has {} comments.", subject.name, kernel::thousands(n)),
    };
    let here = all_on(subject);
    let pager = Pager {
        summary: format!("{} of {}", all.rows.rows.len(), kernel::thousands(all.count)),
        first: all.paged.then(|| here.clone()),
        next: all.rows.next.as_ref().map(|next| format!("{here}?before={}", next.encode())),
        ..Pager::default()
    };
    let main = html! {
        (thread(all.rows.rows.iter().rev(), &ctx.org.zone))
        @if !all.paged && subject.allows(ctx.actor(), permit::COMMENT_WRITE) { (write_form(subject, typed, faults)) }
        @if all.paged || all.rows.next.is_some() { (pager) }
    };
    ctx.page("Comments", subject.list.1)
        .under(subject.crumbs())
        .head(answer(&sentence, Some("Newest last. Whoever sees the record sees its comments.")))
        .status(faults.status())
        .show(html! { div.narrow { (main) } })
}

/// `POST /comments/on/{noun}/{record}`.
async fn add(ctx: Ctx, Path((noun, record)): Path<(String, String)>, form: Form) -> Reply {
    let (record, nouns, people) = (record_id(&record)?, Nouns::of(&ctx.app), People::of(&ctx.app));
    let added = once!(ctx, form, "margin.comment.write", |tx, who| {
        let subject = nouns.find(tx, who, &noun, record).await?;
        let comment = actions::write(tx, who, people, &subject, form.exact("words")).await?;
        Ok(Done::new(format!("{}#comments", subject.href), told(&comment)))
    });
    match added {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            Ok(draw_all(&ctx, &read(&ctx, &noun, record, None).await?, &form, &faults))
        }
    }
}

/// What is said after a comment was saved.
fn told(comment: &Comment) -> String {
    let names: Vec<&str> = comment.mentions.iter().map(|mention| mention.name.as_str()).collect();
    match names.as_slice() {
        [] => "Your comment is saved.".to_owned(),
        names => format!("Your comment is saved. {} will see it under Mentions.", names.join(", ")),
    }
}

/// A comment with its versions.
struct Known {
    found: Found,
    events: Vec<db::Event>,
}

async fn known(ctx: &Ctx, id: CommentId) -> Result<Known> {
    let (who, nouns) = (ctx.actor(), Nouns::of(&ctx.app));
    db::read!(ctx.app.db(), who.org, |tx| {
        let found = actions::visible(tx, who, &nouns, id).await?;
        let events = db::gate::life(tx, who.org, "comment", id.uuid(), i64::MAX, 50).await?;
        Ok(Known { found, events })
    })
}

/// `GET /comments/{id}`.
async fn show(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let known = known(&ctx, comment_id(&id)?).await?;
    let typed = Form::from_pairs(&[("words", known.found.comment.words.as_str())]);
    Ok(draw(&ctx, &known, &typed, &Faults::default()))
}

/// `POST /comments/{id}`.
async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (id, nouns, people) = (comment_id(&id)?, Nouns::of(&ctx.app), People::of(&ctx.app));
    let saved = once!(ctx, form, "margin.comment.edit", |tx, who| {
        let which = (id, form.version());
        let found = actions::edit(tx, who, (&nouns, people), which, form.exact("words")).await?;
        Ok(Done::new(format!("{}#comments", found.subject.href), told(&found.comment)))
    });
    answered(&ctx, id, &form, saved).await
}

/// `POST /comments/{id}/retract`.
async fn retract(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (id, nouns) = (comment_id(&id)?, Nouns::of(&ctx.app));
    let done = once!(ctx, form, "margin.comment.retract", |tx, who| {
        let found = actions::retract(tx, who, &nouns, (id, form.version()), form.some("reason")).await?;
        Ok(Done::new(format!("{}#comments", found.subject.href), "The comment is retracted."))
    });
    answered(&ctx, id, &form, done).await
}

async fn answered(ctx: &Ctx, id: CommentId, typed: &Form, done: Result<Done>) -> Reply {
    match done {
        Ok(done) => Ok(done.go(ctx)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            Ok(draw(ctx, &known(ctx, id).await?, typed, &faults))
        }
    }
}

fn draw(ctx: &Ctx, known: &Known, typed: &Form, faults: &Faults) -> Response {
    let Found { comment, subject } = &known.found;
    let who = ctx.actor();
    let writes = subject.allows(who, permit::COMMENT_WRITE) && comment.retracted_at.is_none();
    let edits = writes && comment.is_open_to(who.person, who.at);
    let own = comment.author_id.is_some() && comment.author_id == who.person;
    let retracts = writes && (own || subject.allows(who, permit::COMMENT_RETRACT));
    let zone = &ctx.org.zone;
    let edit = html! {
        div.fields {
            (Field::area("words", "Comment", 6).value(typed.text("words")).error(faults.at("words"))
                .hint("It can be changed within an hour of its writing; earlier versions stay on record."))
        }
        (form_foot(&html! { (button("Save changes").primary().busy("Saving")) }))
    };
    let main = html! {
        (Section::new("What it says", said(comment, zone)))
        (faults.summary())
        @if edits { (Section::new("Change it", posted_form(&comment.href(), comment.version, &edit))) }
    };
    let entries: Vec<Entry> = known.events.iter().map(|event| history::entry(event, zone, false)).collect();
    let aside = html! {
        (Section::new("History", timeline(&entries, &Words::default())))
        @if retracts {
            (Section::new("Retract", html! {
                form.form method="post" action={ (comment.href()) "/retract" } {
                    (web::form::once())
                    (web::look::hidden("version", &comment.version.to_string()))
                    (Field::text("reason", "Why").optional("optional").render())
                    div { (button("Retract comment").danger()) }
                }
            }))
        }
    };
    let sentence = match comment.retracted_at {
        Some(_) => {
            format!("{} commented on {}, and the comment was retracted.", comment.author, subject.name)
        }
        None => format!("{} commented on {}.", comment.author, subject.name),
    };
    let mut crumbs = subject.crumbs();
    crumbs.push(("Comments".to_owned(), all_on(subject)));
    ctx.page("Comment", subject.list.1)
        .under(crumbs)
        .head(answer(&sentence, Some(&comment.written_at.on_page(zone))))
        .status(faults.status())
        .show(split(&main, &aside))
}
