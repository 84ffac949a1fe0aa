//! The documents of a record, and one document.

use axum::{
    extract::{Multipart, Path, RawQuery, multipart::MultipartRejection},
    response::Response,
};
use kernel::{Cursor, Keyset, Problem, Result, Slice};
use maud::{Markup, Render as _, html};
use uuid::Uuid;
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{
        Choice, Entry, Field, Icon, Pager, Section, Tone, Width, answer, button, form_foot, ident, ledger,
        link_button, message, split,
        timeline::{Words, timeline},
    },
};

use super::{
    Document, DocumentId, Kind, Stored, actions,
    actions::Found,
    history,
    section::{all_of, day, list, pictures},
    serve, size_on_page, store,
    upload::{self, LIMIT, Received},
};
use crate::{
    Nouns, Subject, permit,
    posted::{Done, Faults, form as posted_form, once},
};

/// Documents a page.
const PAGE: u32 = 50;

pub(crate) fn routes() -> Vec<Route> {
    let add = Gate::Permit(permit::DOCUMENT_ADD);
    // The rights of the record are asked for inside.
    let see = Gate::SignedIn;
    vec![
        Route::get("/documents/on/{noun}/{record}", see, all),
        Route::post("/documents/on/{noun}/{record}", add, receive).body_limit(LIMIT),
        Route::get("/documents/{id}", see, show),
        Route::post("/documents/{id}", add, save),
        Route::post("/documents/{id}/remove", add, remove),
        Route::get("/documents/{id}/file", see, serve::file),
        Route::get("/documents/{id}/preview", see, serve::preview),
    ]
}

fn record_id(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Problem::not_found("this record"))
}

fn document_id(text: &str) -> Result<DocumentId> {
    text.parse().map_err(|_| Problem::not_found("this document"))
}

/// The documents of a record.
struct All {
    subject: Subject,
    rows: Slice<(Document, Stored)>,
    count: i64,
    paged: bool,
}

async fn read(ctx: &Ctx, noun: &str, record: Uuid, query: Option<&str>) -> Result<All> {
    let (who, nouns) = (ctx.actor(), Nouns::of(&ctx.app));
    let after = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "after")
        .and_then(|(_, value)| Cursor::decode(&value));
    let keyset = Keyset { after, limit: PAGE };
    db::read!(ctx.app.db(), who.org, |tx| {
        let subject = nouns.find(tx, who, noun, record).await?;
        let after = keyset.after.as_ref().map(|c| c.id);
        let rows = store::of(tx, who.org, subject.noun, record, after, PAGE + 1).await?;
        let rows = Slice::cut(rows, PAGE, |(last, _)| Cursor { after: String::new(), id: last.id.uuid() });
        let count = store::count(tx, who.org, subject.noun, record).await?;
        Ok(All { subject, rows, count, paged: after.is_some() })
    })
}

/// `GET /documents/on/{noun}/{record}`.
async fn all(ctx: Ctx, Path((noun, record)): Path<(String, String)>, RawQuery(query): RawQuery) -> Reply {
    let all = read(&ctx, &noun, record_id(&record)?, query.as_deref()).await?;
    Ok(draw_all(&ctx, &all, &Form::default(), &Faults::default()))
}

fn draw_all(ctx: &Ctx, all: &All, typed: &Form, faults: &Faults) -> Response {
    let subject = &all.subject;
    let sentence = match all.count {
        0 => format!("{} has no documents or photos yet.", subject.name),
        1 => format!("{} has one document.", subject.name),
        n => format!("{} has {} documents.", subject.name, kernel::thousands(n)),
    };
    let today = ctx.now().date_in(&ctx.org.zone);
    let here = all_of(subject);
    let pager = Pager {
        summary: format!("{} of {}", all.rows.rows.len(), kernel::thousands(all.count)),
        first: all.paged.then(|| here.clone()),
        next: all.rows.next.as_ref().map(|next| format!("{here}?after={}", next.encode())),
        ..Pager::default()
    };
    let (shown, others): (Vec<_>, Vec<_>) =
        all.rows.rows.iter().cloned().partition(|(_, file)| file.picture.is_some());
    let main = html! {
        @if !shown.is_empty() { (Section::new("Pictures", pictures(&shown))) }
        @if !others.is_empty() { (Section::new("Files", list(others.iter(), today))) }
        @if all.paged || all.rows.next.is_some() { (pager) }
        (web::past::link("document"))
    };
    let adds = subject.allows(ctx.actor(), permit::DOCUMENT_ADD);
    let aside = html! { @if adds { (Section::new("Add", add_form(&here, typed, faults)).id("add")) } };
    ctx.page("Documents", subject.list.1)
        .under(subject.crumbs())
        .head(answer(
            &sentence,
            Some("Whoever sees the record sees its documents. What is removed stays on record."),
        ))
        .status(faults.status())
        .show(split(&main, &aside))
}

fn add_form(action: &str, typed: &Form, faults: &Faults) -> Markup {
    html! {
        (faults.summary())
        form.form id=(web::look::field_id("form")) method="post" action=(action) enctype="multipart/form-data" {
            (web::form::once())
            div.fields {
                (Field::file("file", "File or picture", ACCEPT).error(faults.at("file"))
                    .hint("Pictures up to 15 MB, PDF, text, CSV, XLSX and DOCX up to 50 MB. The place where a photo was taken is not handed on."))
                div.field.only-ph {
                    label.f for="f-photo" { "Or take a photo" }
                    input.file id="f-photo" type="file" name="photo" accept="image/*" capture="environment";
                }
                (said(typed, faults, None))
            }
            (form_foot(&html! { (button("Add").primary().busy("Sending")) }))
        }
    }
}

/// What browsers offer to choose; what a file is, is told by its content.
const ACCEPT: &str =
    "image/jpeg,image/png,image/webp,image/gif,application/pdf,text/plain,text/csv,.xlsx,.docx";

/// The fields of what is said of a document. A new one may leave them all empty.
fn said(typed: &Form, faults: &Faults, now: Option<&Document>) -> Markup {
    let mut kinds: Vec<Choice> =
        Kind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.on_page())).collect();
    if now.is_none() {
        kinds.insert(0, Choice::new("", "By the file"));
    }
    let text =
        |name: &str, label: &str| Field::text(name, label).value(typed.text(name)).error(faults.at(name));
    let date = |name: &str, label: &str| {
        Field::date(name, label).value(typed.text(name)).error(faults.at(name)).optional("optional")
    };
    html! {
        (text("title", "Title").optional("optional").hint("Without one, the name of the file."))
        (Field::select("kind", "Kind", kinds).value(typed.text("kind")).error(faults.at("kind")).width(Width::Medium))
        (date("valid_from", "Valid from"))
        (date("valid_until", "Valid until"))
    }
}

/// `POST /documents/on/{noun}/{record}`.
async fn receive(
    ctx: Ctx,
    Path((noun, record)): Path<(String, String)>,
    form: Result<Multipart, MultipartRejection>,
) -> Reply {
    let record = record_id(&record)?;
    upload::may_add(&ctx.app, ctx.actor(), &noun, record).await?;
    let form =
        form.map_err(|error| Problem::invalid("form", format!("The form could not be read ({error}).")))?;
    let (typed, problem) = match take(&ctx, (&noun, record), form).await {
        Ok(done) => return Ok(done.go(&ctx)),
        Err(refused) => refused,
    };
    let faults = Faults::of(problem)?;
    Ok(draw_all(&ctx, &read(&ctx, &noun, record, None).await?, &typed, &faults))
}

async fn take(ctx: &Ctx, at: (&str, Uuid), mut form: Multipart) -> Result<Done, (Form, Problem)> {
    let who = ctx.actor();
    let Received { typed, arrived } = upload::receive(ctx.app.db(), who, &mut form).await?;
    let done = async {
        let arrived = arrived
            .ok_or_else(|| Problem::invalid("file", "No file was chosen. Choose one and send it again."))?;
        let draft = match upload::draft(&typed) {
            Ok(draft) => draft,
            Err(problem) => {
                arrived.forget(ctx.app.db(), who.org).await;
                return Err(problem);
            }
        };
        let sent = upload::sent(&typed, &ctx.path);
        let document = upload::put_on_record(&ctx.app, who, at, (&draft, &arrived), &sent).await?;
        Ok(Done::new(ctx.path.clone(), format!("{} is added.", document.title)))
    };
    done.await.map_err(|problem| (typed.clone(), problem))
}

/// A document with its history.
struct Known {
    found: Found,
    events: Vec<db::Event>,
}

async fn known(ctx: &Ctx, id: DocumentId) -> Result<Known> {
    let (who, nouns) = (ctx.actor(), Nouns::of(&ctx.app));
    db::read!(ctx.app.db(), who.org, |tx| {
        let found = actions::visible(tx, who, &nouns, id).await?;
        let events = db::gate::life(tx, who.org, "document", id.uuid(), i64::MAX, 20).await?;
        Ok(Known { found, events })
    })
}

/// `GET /documents/{id}`.
async fn show(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let known = known(&ctx, document_id(&id)?).await?;
    let document = &known.found.document;
    let date = |day: Option<kernel::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let typed = Form::from_pairs(&[
        ("title", document.title.as_str()),
        ("kind", document.kind.code()),
        ("valid_from", &date(document.valid_from)),
        ("valid_until", &date(document.valid_until)),
    ]);
    Ok(draw(&ctx, &known, &typed, &Faults::default()))
}

/// `POST /documents/{id}`.
async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (id, nouns) = (document_id(&id)?, Nouns::of(&ctx.app));
    let saved = once!(ctx, form, "margin.document.change", |tx, who| {
        let draft = upload::draft(&form)?;
        let document = actions::change(tx, who, &nouns, (id, form.version()), &draft).await?;
        Ok(Done::new(document.href(), format!("{} is saved.", document.title)))
    });
    answered(&ctx, id, &form, saved).await
}

/// `POST /documents/{id}/remove`.
async fn remove(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (id, nouns) = (document_id(&id)?, Nouns::of(&ctx.app));
    let removed = once!(ctx, form, "margin.document.remove", |tx, who| {
        let seen = (id, form.version());
        let found = actions::remove(tx, who, &nouns, seen, form.some("reason")).await?;
        Ok(Done::new(all_of(&found.subject), format!("{} is removed.", found.document.title)))
    });
    answered(&ctx, id, &form, removed).await
}

async fn answered(ctx: &Ctx, id: DocumentId, typed: &Form, done: Result<Done>) -> Reply {
    match done {
        Ok(done) => Ok(done.go(ctx)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            Ok(draw(ctx, &known(ctx, id).await?, typed, &faults))
        }
    }
}

fn draw(ctx: &Ctx, known: &Known, typed: &Form, faults: &Faults) -> Response {
    let Found { document, subject, file } = &known.found;
    let changes = document.removed_at.is_none() && subject.allows(ctx.actor(), permit::DOCUMENT_ADD);
    let main = html! {
        @if document.removed_at.is_some() {
            (message(Tone::Warn, &html! { b { "It was removed." } " It stays on record, and is not listed any more." }))
        }
        @if let Some(picture) = &file.picture {
            figure.photo {
                img src={ (document.href()) "/file" } alt=(document.title) width=(picture.size.0) height=(picture.size.1);
            }
        }
        @if changes { (edit(document, typed, faults)) }
    };
    let zone = &ctx.org.zone;
    let entries: Vec<Entry> = known.events.iter().map(|event| history::entry(event, zone, false)).collect();
    let aside = html! {
        (Section::new("File", facts(ctx, document, file)))
        (Section::new("History", timeline(&entries, &Words::default())))
        @if changes { (Section::new("Remove", remove_form(document))) }
    };
    let open = if file.picture.is_some() { "Open picture" } else { "Download" };
    let actions = html! {
        (link_button(open, format!("{}/file", document.href())).icon(Icon::Download).primary())
    };
    let mut crumbs = subject.crumbs();
    crumbs.push(("Documents".to_owned(), all_of(subject)));
    let page = ctx.page(&document.title, subject.list.1).under(crumbs);
    let head = answer(&sentence(ctx, document, subject), None);
    page.head(head).actions(actions).status(faults.status()).show(split(&main, &aside))
}

fn sentence(ctx: &Ctx, document: &Document, subject: &Subject) -> String {
    let today = ctx.now().date_in(&ctx.org.zone);
    let what = match document.kind {
        Kind::Other => "A document".to_owned(),
        kind => format!("A {}", kind.on_page().to_lowercase()),
    };
    let holds = match (document.valid_from, document.valid_until) {
        (Some(from), _) if from > today => format!(", valid from {}", day(from)),
        (_, Some(until)) if until < today => format!(", no longer valid since {}", day(until)),
        (_, Some(until)) => format!(", valid until {}", day(until)),
        _ => String::new(),
    };
    format!("{what} on {}{holds}.", subject.name)
}

fn facts(ctx: &Ctx, document: &Document, file: &Stored) -> Markup {
    let size = size_on_page(file.sent.bytes);
    let kind = match &file.picture {
        Some(picture) => {
            format!("{}, {size}, {} × {}", file.media.on_page(), picture.size.0, picture.size.1)
        }
        None => format!("{}, {size}", file.media.on_page()),
    };
    ledger(&[
        ("Name", html! { (document.file_name) }),
        ("Type", html! { (kind) }),
        ("Added", html! { (document.added_at.on_page(&ctx.org.zone)) " by " (document.added_by) }),
        ("SHA-256", html! { (ident(&document.sha256)) }),
    ])
}

fn edit(document: &Document, typed: &Form, faults: &Faults) -> Markup {
    let inside = html! {
        div.fields { (said(typed, faults, Some(document))) }
        (form_foot(&html! { (button("Save changes").primary().busy("Saving")) }))
    };
    let body = html! { (faults.summary()) (posted_form(&document.href(), document.version, &inside)) };
    Section::new("What it is", body).render()
}

fn remove_form(document: &Document) -> Markup {
    html! {
        form.form method="post" action={ (document.href()) "/remove" } {
            (web::form::once())
            (web::look::hidden("version", &document.version.to_string()))
            (Field::text("reason", "Why").optional("optional"))
            div { (button("Remove document").danger()) }
        }
    }
}
