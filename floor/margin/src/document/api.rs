//! Documents by the API.

use axum::response::IntoResponse as _;
use db::command::CommandId;
use futures::StreamExt as _;
use kernel::{Date, Id, Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, keyset, mended, versions},
    carry_out,
};

use super::{
    Document, DocumentId, Draft, Kind, Stored,
    actions::{self, Found, Sent},
    intake::Intake,
    serve, store,
    upload::{self, LIMIT},
};
use crate::{Nouns, permit};

const TAG: &str = "documents";

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "DocumentsAsked")]
struct Asked {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// What is said of a file that is sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "DocumentSent")]
struct New {
    /// The name of the file.
    #[schemars(length(min = 1, max = 120))]
    file_name: Option<String>,
    /// What people call it; without one, the name of the file.
    title: Option<String>,
    /// What it is; without one, a photo for a picture and else another thing.
    kind: Option<Kind>,
    /// The day from which it holds.
    valid_from: Option<Date>,
    /// The last day on which it holds.
    valid_until: Option<Date>,
}

/// What is changed of a document.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DocumentFields")]
struct Fields {
    /// What people call it; empty for the name of the file.
    title: String,
    /// What it is.
    kind: Kind,
    /// The day from which it holds.
    valid_from: Option<Date>,
    /// The last day on which it holds.
    valid_until: Option<Date>,
}

/// Why a document is removed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DocumentRemoval")]
struct Removal {
    /// Why.
    reason: Option<String>,
}

/// A document with what its file is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DocumentShown")]
struct Shown {
    #[serde(flatten)]
    document: Document,
    /// What the file is by its content.
    media_type: String,
    /// The bytes of the file as it was sent.
    bytes: i64,
    /// Of a picture: its width in points, turned upright.
    width: Option<i64>,
    /// Of a picture: its height in points.
    height: Option<i64>,
}

impl Shown {
    fn of(document: Document, file: &Stored) -> Self {
        let size = file.picture.as_ref().map(|picture| picture.size);
        Self {
            document,
            media_type: file.media.mime().to_owned(),
            bytes: file.sent.bytes,
            width: size.map(|size| size.0),
            height: size.map(|size| size.1),
        }
    }
}

pub(crate) fn routes() -> Vec<Route> {
    let (see, add) = (Gate::SignedIn, Gate::Permit(permit::DOCUMENT_ADD));
    let (get, post) = (Operation::get, Operation::post);
    vec![
        Route::api(
            get("/api/v1/documents/on/{noun}/{record}", TAG, "The documents of a record, the newest first")
                .about("`noun` is the `entity` of the feed of changes: `device` or `model`.")
                .query::<Asked>()
                .gives::<Page<Shown>>(),
            see,
            list,
        ),
        Route::api(
            post("/api/v1/documents/on/{noun}/{record}", TAG, "Add a file or photo to a record")
                .about(
                    "What the file is, is told by its content. Pictures (JPEG, PNG, WebP, GIF) may have 15 MB; PDF, plain \
                     text, CSV, XLSX and DOCX 50 MB.",
                )
                .query::<New>()
                .takes_file()
                .adds()
                .gives_record::<Shown>(),
            add,
            receive,
        )
        .body_limit(LIMIT),
        Route::api(get("/api/v1/documents/{id}", TAG, "One document").gives_record::<Shown>(), see, show),
        Route::api(
            Operation::patch::<Fields>("/api/v1/documents/{id}", TAG, "Change what is said of a document")
                .gives_record::<Shown>(),
            add,
            change,
        ),
        Route::api(
            post("/api/v1/documents/{id}/remove", TAG, "Remove a document; it stays on record")
                .takes::<Removal>()
                .checked()
                .gives_record::<Shown>(),
            add,
            remove,
        ),
        Route::api(
            get("/api/v1/documents/{id}/file", TAG, "The file of a document")
                .about("Of a picture, what is shown of it: turned upright, without what was hidden in the file.")
                .gives_file(),
            see,
            file,
        ),
        Route::api(
            get("/api/v1/documents/{id}/history", TAG, "The versions of a document, the newest first")
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

async fn list(call: Call) -> Result<Answer, Fault> {
    let (asked, nouns, record) = (call.query::<Asked>()?, Nouns::of(&call.app), record(&call)?);
    let (who, keyset) = (call.actor(), keyset(asked.after.as_deref(), asked.limit)?);
    let found = db::read!(call.app.db(), who.org, |tx| {
        let subject = nouns.find(tx, who, call.part("noun"), record).await?;
        let after = keyset.after.as_ref().map(|c| c.id);
        store::of(tx, who.org, subject.noun, record, after, keyset.limit + 1).await
    })?;
    let rows = found.into_iter().map(|(document, file)| Shown::of(document, &file)).collect();
    Ok(Page::cut(rows, &keyset, |last| last.document.id.uuid()).answer(&call)?)
}

/// Takes the file as it comes. An `Idempotency-Key` leads to the document of the first time.
async fn receive(call: Call) -> Result<Answer, Fault> {
    let (new, record, noun) = (call.query::<New>()?, record(&call)?, call.part("noun"));
    let kind = call.header(&http::header::CONTENT_TYPE).unwrap_or_default();
    if kind.is_empty() || ["multipart/", "application/x-www-form"].iter().any(|form| kind.starts_with(form)) {
        let words = "Send the file itself, and say so: “Content-Type: application/octet-stream”.";
        return Err(Fault::request(http::StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", words));
    }
    let who = call.actor();
    upload::may_add(&call.app, who, noun, record).await?;
    let body = call.stream().ok_or_else(|| Problem::bug("a file that was taken twice"))?;
    let mut stream = body.into_data_stream();
    let mut intake = Intake::new(call.app.db(), who.org);
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(bytes) => intake.push(&bytes).await?,
            Err(_) => {
                intake.give_up().await;
                let words = "The file did not arrive whole. Nothing was kept; send it again.";
                return Err(Problem::invalid("file", words).into());
            }
        }
    }
    let arrived = intake.finish(new.file_name.as_deref().unwrap_or_default()).await?;
    let draft = Draft {
        title: new.title.unwrap_or_default(),
        kind: new.kind,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
    };
    let sent = Sent {
        command: call.command()?.unwrap_or_else(CommandId::new),
        record: call.address().to_owned(),
        content: format!("{draft:?}").into_bytes(),
    };
    let document = upload::put_on_record(&call.app, who, (noun, record), (&draft, &arrived), &sent).await?;
    let file = db::read!(call.app.db(), who.org, |tx| store::file(tx, who.org, document.file).await)?;
    let (location, version) = (format!("/api/v1/documents/{}", document.id), document.version);
    Ok(Answer::record(&Shown::of(document, &file), version)?.added(location))
}

async fn found(call: &Call) -> Result<Found> {
    let (who, nouns, id) = (call.actor(), Nouns::of(&call.app), id(call)?);
    db::read!(call.app.db(), who.org, |tx| actions::visible(tx, who, &nouns, id).await)
}

fn id(call: &Call) -> Result<DocumentId> {
    call.id("id", "this document")
}

async fn show(call: Call) -> Result<Answer, Fault> {
    let Found { document, file, .. } = found(&call).await?;
    let version = document.version;
    Ok(Answer::record(&Shown::of(document, &file), version)?)
}

async fn file(call: Call) -> Result<Answer, Fault> {
    let found = found(&call).await?;
    Ok(Answer::file(serve::by_call(&call, &found).await?.into_response()))
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let (asked, nouns, id) = (call.query::<Paged>()?, Nouns::of(&call.app), id(&call)?);
    let who = call.actor();
    let page = db::read!(call.app.db(), who.org, |tx| {
        actions::visible(tx, who, &nouns, id).await?;
        versions(tx, who.org, ("document", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, nouns, id) = (call.seen()?, call.changes()?, Nouns::of(&call.app), id(&call)?);
    Ok(carry_out!(call, "margin.document.change", |tx, who| {
        let Found { document: now, file, .. } = actions::visible(tx, who, &nouns, id).await?;
        let present = Fields {
            title: now.title.clone(),
            kind: now.kind,
            valid_from: now.valid_from,
            valid_until: now.valid_until,
        };
        let fields: Fields = mended(&present, &changes)?;
        let draft = Draft {
            title: fields.title,
            kind: Some(fields.kind),
            valid_from: fields.valid_from,
            valid_until: fields.valid_until,
        };
        let document = actions::change(tx, who, &nouns, (id, seen.of(now.version)), &draft).await?;
        let version = document.version;
        Answer::record(&Shown::of(document, &file), version)
    })?)
}

async fn remove(call: Call) -> Result<Answer, Fault> {
    let (seen, removal, nouns, id) =
        (call.seen()?, call.body::<Removal>()?, Nouns::of(&call.app), id(&call)?);
    Ok(carry_out!(call, "margin.document.remove", |tx, who| {
        let now = actions::visible(tx, who, &nouns, id).await?.document;
        let seen = (id, seen.of(now.version));
        let Found { document, file, .. } =
            actions::remove(tx, who, &nouns, seen, removal.reason.clone()).await?;
        let version = document.version;
        Answer::record(&Shown::of(document, &file), version)
    })?)
}
