//! Comments by the API.

use kernel::{Id, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, keyset, mended, versions},
    carry_out,
};

use super::{Comment, CommentId, actions, store};
use crate::{Nouns, People, permit};

const TAG: &str = "comments";

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CommentsAsked")]
struct Asked {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// What a comment says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CommentFields")]
struct Fields {
    /// Plain text of at most 4,000 characters; `@` and a name mentions somebody.
    words: String,
}

/// Why a comment is retracted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CommentRetraction")]
struct Retraction {
    /// Why.
    reason: Option<String>,
}

pub(crate) fn routes() -> Vec<Route> {
    let (see, write) = (Gate::SignedIn, Gate::Permit(permit::COMMENT_WRITE));
    let (get, post) = (Operation::get, Operation::post);
    vec![
        Route::api(
            get("/api/v1/comments/on/{noun}/{record}", TAG, "The comments on a record, the newest first")
                .about("`noun` is the `entity` of the feed of changes: `device` or `model`.")
                .query::<Asked>()
                .gives::<Page<Comment>>(),
            see,
            list,
        ),
        Route::api(
            post("/api/v1/comments/on/{noun}/{record}", TAG, "Comment on a record")
                .takes::<Fields>()
                .adds()
                .gives_record::<Comment>(),
            write,
            add,
        ),
        Route::api(get("/api/v1/comments/{id}", TAG, "One comment").gives_record::<Comment>(), see, show),
        Route::api(
            Operation::patch::<Fields>(
                "/api/v1/comments/{id}",
                TAG,
                "Change what one’s own comment says, within an hour",
            )
            .gives_record::<Comment>(),
            write,
            edit,
        ),
        Route::api(
            post("/api/v1/comments/{id}/retract", TAG, "Retract a comment; its versions stay on record")
                .takes::<Retraction>()
                .checked()
                .gives_record::<Comment>(),
            write,
            retract,
        ),
        Route::api(
            get("/api/v1/comments/{id}/history", TAG, "The versions of a comment, the newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            see,
            history,
        ),
    ]
}

fn record(call: &Call) -> Result<Uuid> {
    call.id::<()>("record", "this record").map(Id::uuid)
}

fn id(call: &Call) -> Result<CommentId> {
    call.id("id", "this comment")
}

fn told(comment: &Comment) -> Result<Answer> {
    Answer::record(comment, comment.version)
}

async fn list(call: Call) -> Result<Answer, Fault> {
    let (asked, nouns, record) = (call.query::<Asked>()?, Nouns::of(&call.app), record(&call)?);
    let (who, keyset) = (call.actor(), keyset(asked.after.as_deref(), asked.limit)?);
    let rows = db::read!(call.app.db(), who.org, |tx| {
        let subject = nouns.find(tx, who, call.part("noun"), record).await?;
        let before = keyset.after.as_ref().map(|c| c.id);
        store::of(tx, who.org, subject.noun, record, before, keyset.limit + 1).await
    })?;
    Ok(Page::cut(rows, &keyset, |last| last.id.uuid()).answer(&call)?)
}

async fn add(call: Call) -> Result<Answer, Fault> {
    let (fields, nouns, people) = (call.body::<Fields>()?, Nouns::of(&call.app), People::of(&call.app));
    let record = record(&call)?;
    Ok(carry_out!(call, "margin.comment.write", |tx, who| {
        let subject = nouns.find(tx, who, call.part("noun"), record).await?;
        let comment = actions::write(tx, who, people, &subject, &fields.words).await?;
        Ok(told(&comment)?.added(format!("/api/v1/comments/{}", comment.id)))
    })?)
}

async fn show(call: Call) -> Result<Answer, Fault> {
    let (who, nouns, id) = (call.actor(), Nouns::of(&call.app), id(&call)?);
    let found = db::read!(call.app.db(), who.org, |tx| actions::visible(tx, who, &nouns, id).await)?;
    Ok(told(&found.comment)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let (asked, nouns, id) = (call.query::<Paged>()?, Nouns::of(&call.app), id(&call)?);
    let who = call.actor();
    let page = db::read!(call.app.db(), who.org, |tx| {
        actions::visible(tx, who, &nouns, id).await?;
        versions(tx, who.org, ("comment", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn edit(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, id(&call)?);
    let (nouns, people) = (Nouns::of(&call.app), People::of(&call.app));
    Ok(carry_out!(call, "margin.comment.edit", |tx, who| {
        let now = actions::visible(tx, who, &nouns, id).await?.comment;
        let fields: Fields = mended(&Fields { words: now.words.clone() }, &changes)?;
        let which = (id, seen.of(now.version));
        told(&actions::edit(tx, who, (&nouns, people), which, &fields.words).await?.comment)
    })?)
}

async fn retract(call: Call) -> Result<Answer, Fault> {
    let (seen, retraction, id) = (call.seen()?, call.body::<Retraction>()?, id(&call)?);
    let nouns = Nouns::of(&call.app);
    Ok(carry_out!(call, "margin.comment.retract", |tx, who| {
        let now = actions::visible(tx, who, &nouns, id).await?.comment;
        let which = (id, seen.of(now.version));
        told(&actions::retract(tx, who, &nouns, which, retraction.reason.clone()).await?.comment)
    })?)
}
