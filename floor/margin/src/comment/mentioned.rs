//! What mentions somebody: their own page, and the count beside it in the menu.

use axum::extract::RawQuery;
use db::Tx;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{Actor, Cursor, Problem, Result};
use maud::{Markup, Render as _, html};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{
    Ctx, Form, Gate, Reply, Route,
    api::{Answer, Call, Fault, Operation},
    carry_out,
    look::{Pager, Section, answer, button, empty_state, hidden},
};

use super::{Comment, CommentId, section::one, store};
use crate::{
    Nouns, Subject, permit,
    posted::{Done, once},
};

/// Comments a page.
const PAGE: u32 = 50;

pub(crate) fn routes() -> Vec<Route> {
    let gate = Gate::Permit(permit::MENTION_VIEW);
    let tag = "comments";
    vec![
        Route::get("/mentions", gate, show),
        Route::post("/mentions/read", gate, mark),
        Route::api(
            Operation::get("/api/v1/mentions", tag, "Comments that mention the token’s owner, the newest first")
                .about("Those not seen yet, or with `seen` those that were. Comments on records out of sight are left out.")
                .query::<Asked>()
                .gives::<Mentions>(),
            gate,
            list,
        ),
        Route::api(
            Operation::post("/api/v1/mentions/read", tag, "Say that comments were seen").takes::<Read>(),
            gate,
            read,
        ),
    ]
}

/// How many comments that mention somebody they have not seen; for the menu.
pub(crate) fn unread<'a>(tx: &'a mut Tx, who: &'a Actor) -> BoxFuture<'a, Result<i64>> {
    async move {
        match who.person {
            Some(person) => store::waiting(tx, who.org, person).await,
            None => Ok(0),
        }
    }
    .boxed()
}

/// Comments that mention somebody, on records that they see, and where the next page begins.
struct Found {
    rows: Vec<(Comment, Subject)>,
    next: Option<Uuid>,
}

async fn found(
    tx: &mut Tx,
    (who, nouns): (&Actor, &Nouns),
    seen: bool,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Found> {
    let Some(person) = who.person else { return Ok(Found { rows: Vec::new(), next: None }) };
    let mut comments = store::mentioning(tx, who.org, person, seen, before, limit + 1).await?;
    let more = comments.len() > limit as usize;
    comments.truncate(limit as usize);
    let next = comments.last().filter(|_| more).map(|(last, _)| last.id.uuid());
    let mut rows = Vec::with_capacity(comments.len());
    for (comment, _) in comments {
        match nouns.find(tx, who, &comment.noun, comment.record).await {
            Ok(subject) => rows.push((comment, subject)),
            Err(Problem::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(Found { rows, next })
}

/// `GET /mentions`: what was not seen yet first.
async fn show(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let (who, nouns) = (ctx.actor(), Nouns::of(&ctx.app));
    let before = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "before")
        .and_then(|(_, value)| Cursor::decode(&value))
        .map(|c| c.id);
    let (new, seen, waiting) = db::read!(ctx.app.db(), who.org, |tx| {
        let new = found(tx, (who, &nouns), false, None, PAGE).await?;
        let seen = found(tx, (who, &nouns), true, before, PAGE).await?;
        Ok((new, seen, unread(tx, who).await?))
    })?;
    let sentence = match (waiting, seen.rows.is_empty()) {
        (0, true) => "Nobody has mentioned you yet.".to_owned(),
        (0, false) => "You have seen all comments that mention you.".to_owned(),
        (1, _) => "One comment that mentions you is new.".to_owned(),
        (n, _) if n >= 100 => "A hundred comments or more that mention you are new.".to_owned(),
        (n, _) => format!("{n} comments that mention you are new."),
    };
    let cursor = |id: Uuid| Cursor { after: String::new(), id }.encode();
    let pager = Pager {
        summary: format!("{} on this page", seen.rows.len()),
        first: before.is_some().then(|| "/mentions".to_owned()),
        next: seen.next.map(|next| format!("/mentions?before={}", cursor(next))),
        ..Pager::default()
    };
    let main = html! {
        @if waiting == 0 && seen.rows.is_empty() {
            (empty_state("No mentions.", "When somebody writes @ and your name in a comment, it stands here.", None))
        }
        @if waiting > 0 { (Section::new("New", fresh(&ctx, &new)).actions(all_seen(&new))) }
        @if !seen.rows.is_empty() {
            (Section::new("Seen", html! {
                ol.thread { @for (comment, subject) in &seen.rows { li { (line(&ctx, comment, subject)) } } }
            }))
        }
        @if before.is_some() || seen.next.is_some() { (pager) }
    };
    Ok(ctx.page("Mentions", "/mentions").head(answer(&sentence, None)).show(html! { div.narrow { (main) } }))
}

fn line(ctx: &Ctx, comment: &Comment, subject: &Subject) -> Markup {
    html! {
        p.xs { "On " a href={ (subject.href) "#comments" } { (subject.name) } }
        (one(comment, &ctx.org.zone))
    }
}

fn fresh(ctx: &Ctx, new: &Found) -> Markup {
    html! {
        @if new.rows.is_empty() { p.sm.mute { "They are on records that you do not see any more." } }
        ol.thread {
            @for (comment, subject) in &new.rows {
                li {
                    (line(ctx, comment, subject))
                    form.inline method="post" action="/mentions/read" {
                        (web::form::once())
                        (hidden("comment", &comment.id.to_string()))
                        (button("Seen").small().render())
                    }
                }
            }
        }
    }
}

/// Marks all that this page shows as seen, and what is older: what comes meanwhile stays new.
fn all_seen(new: &Found) -> Markup {
    let last =
        new.rows.first().map_or_else(|| Uuid::max().to_string(), |(comment, _)| comment.id.to_string());
    html! {
        form.inline method="post" action="/mentions/read" {
            (web::form::once())
            (hidden("up_to", &last))
            (button("All seen").small().render())
        }
    }
}

/// `POST /mentions/read`.
async fn mark(ctx: Ctx, form: Form) -> Reply {
    let done = once!(ctx, form, "margin.mention.read", |tx, who| {
        let read =
            Read { comment: form.text("comment").parse().ok(), up_to: form.text("up_to").parse().ok() };
        seen(tx, who, &read).await?;
        Ok(Done::new("/mentions", "Marked as seen."))
    })?;
    Ok(done.go(&ctx))
}

async fn seen(tx: &mut Tx, who: &Actor, read: &Read) -> Result<()> {
    let Some(person) = who.person else { return Ok(()) };
    if let Some(comment) = read.comment {
        store::read(tx, who.org, person, comment, who.at).await?;
    }
    if let Some(last) = read.up_to {
        store::read_all(tx, who.org, person, last, who.at).await?;
    }
    Ok(())
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "MentionsAsked")]
struct Asked {
    /// Those that were seen.
    seen: Option<bool>,
    /// Only comments older than this one: `next` of the page before.
    before: Option<Uuid>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// Comments that were seen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MentionsRead")]
struct Read {
    /// This one.
    comment: Option<CommentId>,
    /// This one and all that are older.
    up_to: Option<Uuid>,
}

/// Comments that mention the token’s owner.
#[derive(Debug, Serialize, JsonSchema)]
struct Mentions {
    /// The comments, the newest first.
    items: Vec<Comment>,
    /// Send it as `before` for older ones; null when there are none.
    next: Option<Uuid>,
    /// How many were not seen, up to a hundred.
    unread: i64,
}

async fn list(call: Call) -> Result<Answer, Fault> {
    let (asked, nouns, who) = (call.query::<Asked>()?, Nouns::of(&call.app), call.actor());
    let limit = asked.limit.unwrap_or(PAGE);
    Ok(db::read!(call.app.db(), who.org, |tx| {
        let seen = asked.seen.unwrap_or(false);
        let found = found(tx, (who, &nouns), seen, asked.before, limit).await?;
        let items = found.rows.into_iter().map(|(comment, _)| comment).collect();
        Answer::json(&Mentions { items, next: found.next, unread: unread(tx, who).await? })
    })?)
}

async fn read(call: Call) -> Result<Answer, Fault> {
    let read = call.body::<Read>()?;
    Ok(carry_out!(call, "margin.mention.read", |tx, who| {
        seen(tx, who, &read).await?;
        Ok(Answer::done())
    })?)
}
