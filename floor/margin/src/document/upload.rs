//! A file sent from a page or by a program, from its first byte to the record.

use std::time::Duration;

use axum::extract::{
    Multipart,
    multipart::{Field, MultipartError},
};
use db::{Db, command::CommandId};
use http::StatusCode;
use kernel::{Actor, FieldError, Problem, Result};
use uuid::Uuid;
use web::{App, Form};

use super::{
    Document, Draft, Kind,
    actions::{self, Sent},
    intake::{Arrived, Intake, MOST, too_large},
};
use crate::{Limits, Nouns, permit};

/// Most bytes of a request with a file: the largest file, and what stands around it.
pub(super) const LIMIT: usize = MOST as usize + 1_000_000;
/// Most bytes of a text field that comes beside a file.
const TEXT: usize = 4_000;

/// What came in a form with a file.
#[derive(Default)]
pub(super) struct Received {
    /// The text fields, as they were typed.
    pub typed: Form,
    /// The file; none if none was chosen.
    pub arrived: Option<Arrived>,
}

/// The text fields of the form, in the order in which the command is remembered by them.
pub(super) const FIELDS: [&str; 5] = ["command", "title", "kind", "valid_from", "valid_until"];

/// Takes a form as it comes. A file that is refused is taken to its end, so that the browser shows why.
///
/// # Errors
/// What was typed, and [`Problem::Invalid`] at `file`.
pub(super) async fn receive(db: &Db, who: &Actor, form: &mut Multipart) -> Result<Received, (Form, Problem)> {
    let (mut pairs, mut arrived): (Vec<(&str, String)>, Option<Result<Arrived>>) = (Vec::new(), None);
    loop {
        let mut field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) => {
                arrived = Some(Err(broken(&error)));
                break;
            }
        };
        let name = field.name().unwrap_or_default().to_owned();
        if (name == "file" || name == "photo") && field.file_name().is_some_and(|name| !name.is_empty()) {
            if arrived.is_some() {
                drain(&mut field).await;
                continue;
            }
            arrived = Some(file(db, who, &mut field).await);
        } else if let Some(known) = FIELDS.into_iter().find(|known| *known == name) {
            pairs.push((known, text(&mut field).await));
        }
    }
    let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let typed = Form::from_pairs(&borrowed);
    match arrived.transpose() {
        Ok(arrived) => Ok(Received { typed, arrived }),
        Err(problem) => Err((typed, problem)),
    }
}

async fn text(field: &mut Field<'_>) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(more)) = field.chunk().await {
        if bytes.len() < TEXT {
            bytes.extend_from_slice(&more);
        }
    }
    bytes.truncate(TEXT);
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn file(db: &Db, who: &Actor, field: &mut Field<'_>) -> Result<Arrived> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let mut intake = Intake::new(db, who.org);
    loop {
        match field.chunk().await {
            Ok(Some(bytes)) => {
                if let Err(refused) = intake.push(&bytes).await {
                    drain(field).await;
                    return Err(refused);
                }
            }
            Ok(None) => return intake.finish(&name).await,
            Err(error) => {
                intake.give_up().await;
                return Err(broken(&error));
            }
        }
    }
}

/// Longest wait for the rest of a file that is refused.
const REST: Duration = Duration::from_secs(120);

/// Takes the rest of a refused file and throws it away: a browser that is still sending shows no answer, only that the
/// connection was lost.
async fn drain(field: &mut Field<'_>) {
    let rest = async { while let Ok(Some(_)) = field.chunk().await {} };
    if tokio::time::timeout(REST, rest).await.is_err() {
        tracing::debug!("the rest of a refused file was not waited for");
    }
}

fn broken(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(false);
    }
    Problem::invalid("file", "The file did not arrive whole. Nothing was kept; send it again.")
}

/// What is said of a document in a form.
///
/// # Errors
/// [`Problem::Invalid`] at each field that cannot be read.
pub(super) fn draft(form: &Form) -> Result<Draft> {
    let mut errors: Vec<FieldError> = Vec::new();
    let kind = match form.text("kind") {
        "" => None,
        code => Kind::of_code(code).or_else(|| {
            errors.push(FieldError { field: "kind".into(), message: "Choose one of the kinds.".to_owned() });
            None
        }),
    };
    let (valid_from, valid_until) =
        (form.day("valid_from", &mut errors), form.day("valid_until", &mut errors));
    web::form::check(errors)?;
    Ok(Draft { title: form.text("title").to_owned(), kind, valid_from, valid_until })
}

/// Whether somebody may add to a record; asked before a file is taken.
///
/// # Errors
/// [`Problem::NotFound`], [`Problem::Forbidden`].
pub(super) async fn may_add(app: &App, who: &Actor, noun: &str, record: Uuid) -> Result<()> {
    let nouns = Nouns::of(app);
    let subject = db::read!(app.db(), who.org, |tx| nouns.find(tx, who, noun, record).await)?;
    subject.need(who, permit::DOCUMENT_ADD)
}

/// Puts a file that arrived on record; one that is refused is thrown away.
///
/// # Errors
/// As [`actions::add`].
pub(super) async fn put_on_record(
    app: &App,
    who: &Actor,
    (noun, record): (&str, Uuid),
    (draft, arrived): (&Draft, &Arrived),
    sent: &Sent,
) -> Result<Document> {
    let (nouns, limits) = (Nouns::of(app), Limits::of(app));
    let added = db::write!(app.db(), who.org, |tx| {
        let subject = nouns.find(tx, who, noun, record).await?;
        actions::add(tx, who, &subject, (draft, arrived, limits), sent).await
    });
    let unused = match &added {
        Ok(added) => !added.kept,
        // Where it is not known whether the record was written, its bytes stay: what nothing names is swept later.
        Err(problem) => {
            matches!(problem, Problem::Invalid { .. } | Problem::NotFound { .. } | Problem::Forbidden { .. })
        }
    };
    if unused {
        arrived.forget(app.db(), who.org).await;
    }
    added.map(|added| added.document)
}

/// The command of a form.
pub(super) fn sent(form: &Form, address: &str) -> Sent {
    let content = FIELDS[1..].iter().flat_map(|name| [form.text(name).as_bytes(), &[0]].concat()).collect();
    let command = form.text("command").parse().unwrap_or_else(|_| CommandId::new());
    Sent { command, record: address.to_owned(), content }
}
