//! Imports by the API: a file is sent, its columns chosen, checked, run, watched, undone.

mod shown;

use std::collections::{BTreeMap, BTreeSet};

use db::command::CommandId;
use futures::StreamExt as _;
use kernel::{FieldError, Id, Problem, Result};
use matching::gather::How;
use schemars::JsonSchema;
use serde::Deserialize;
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, keyset, mended},
    carry_out,
    form::check as no_errors,
};

use self::shown::{Choices, Shown};
use super::{
    Field,
    pages::{rows, upload as page, verdicts},
    run::{
        ImportRun, RunState, Setup, actions, names, store,
        upload::{MOST_BYTES, Receiver},
    },
    words_of,
};
use crate::{device::ImportId, permit};

/// The media type of workbooks.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const TAG: &str = "imports";
/// Names in doubt that are told.
const MOST_NAMES: u32 = 300;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Asked {
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Sent {
    /// The name of the file.
    #[schemars(length(min = 1, max = 120))]
    file_name: Option<String>,
    /// The sheet of a workbook; without it the first that holds a list.
    #[schemars(length(min = 1, max = 120))]
    sheet: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    let may = Gate::Permit(permit::IMPORT_RUN);
    let (get, post) = (Operation::get, Operation::post);
    let step = |path, summary| post(path, TAG, summary).checked().begins().gives_record::<Shown>();
    vec![
        Route::api(
            get("/api/v1/imports", TAG, "The imports in sight, the newest first").query::<Asked>().gives::<Page<Shown>>(),
            may,
            list,
        ),
        Route::api(
            post("/api/v1/imports", TAG, "Send a file of devices")
                .about("A CSV text, or a workbook (XLSX) of which one sheet is read. Its rows are checked at once when the columns are clear enough; nothing is saved until it is run.")
                .query::<Sent>()
                .takes_csv()
                .adds()
                .gives_record::<Shown>(),
            may,
            receive,
        )
        .body_limit(4 * MOST_BYTES as usize),
        Route::api(get("/api/v1/imports/template.csv", TAG, "A file with our column names and nothing else").gives_csv(), may, template),
        Route::api(get("/api/v1/imports/{id}", TAG, "One import, and where the work on it stands").gives_record::<Shown>(), may, show),
        Route::api(
            get("/api/v1/imports/{id}/verdicts.csv", TAG, "The verdict on every row").gives_csv(),
            may,
            all_verdicts,
        ),
        Route::api(
            get("/api/v1/imports/{id}/rows.csv", TAG, "The rows that stay out, to be corrected and sent again").gives_csv(),
            may,
            rows_to_correct,
        ),
        Route::api(
            step("/api/v1/imports/{id}/check", "Judge every row, with other choices or again")
                .about("What the request leaves out of the choices stays as it is. Nothing is saved to the fleet.")
                .takes_some_of::<Choices>(),
            may,
            check,
        ),
        Route::api(step("/api/v1/imports/{id}/run", "Save the devices of all rows that are ready"), may, run),
        Route::api(step("/api/v1/imports/{id}/cancel", "Stop it; what came in stays until it is undone"), may, cancel),
        Route::api(step("/api/v1/imports/{id}/undo", "Take out everything it brought"), may, undo),
    ]
}

fn id(call: &Call) -> Result<ImportId> {
    call.id("id", "this import")
}

async fn list(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let (who, before) = (call.actor(), keyset.after.as_ref().map(|c| Id::from_uuid(c.id)));
    let found =
        db::read!(call.app.db(), who.org, |tx| actions::list(tx, who, before, keyset.limit + 1).await)?;
    let slice = kernel::Slice::cut(found, keyset.limit, |run| kernel::Cursor {
        after: String::new(),
        id: run.id.uuid(),
    });
    let items = slice.rows.iter().map(|run| Shown::of(run, None, Vec::new())).collect();
    Ok(Page::new(items, slice.next.as_ref()).answer(&call)?)
}

async fn told(tx: &mut db::Tx, who: &kernel::Actor, run: &ImportRun) -> Result<Answer> {
    let progress = store::progress(tx, who.org, run.id).await?;
    let doubtful = match run.state {
        RunState::Checked => names::by_how(tx, who.org, run.id, How::Asked, MOST_NAMES).await?,
        _ => Vec::new(),
    };
    Answer::record(&Shown::of(run, progress.as_ref(), doubtful), run.version)
}

async fn show(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), id(&call)?);
    Ok(db::read!(call.app.db(), who.org, |tx| {
        let run = actions::visible(tx, who, id).await?;
        told(tx, who, &run).await
    })?)
}

/// Takes the file as it comes. An `Idempotency-Key` leads to the import that began the first time.
async fn receive(call: Call) -> Result<Answer, Fault> {
    let sent: Sent = call.query()?;
    let kind = call.header(&http::header::CONTENT_TYPE).unwrap_or_default();
    if !["text/csv", "text/plain", "application/octet-stream", XLSX].iter().any(|k| kind.starts_with(k)) {
        let words = "Send the file itself, and say so: “Content-Type: text/csv”, or that of a workbook.";
        return Err(Fault::request(http::StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", words));
    }
    let who = call.actor();
    let body = call.stream().ok_or_else(|| Problem::bug("a file that was taken twice"))?;
    let command = call.command()?.unwrap_or_else(CommandId::new);
    let mut receiver = Receiver::new(call.app.db(), who.org).once(command).sheet(sent.sheet);
    let mut stream = body.into_data_stream();
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(bytes) => receiver.push(&bytes).await?,
            Err(_) => {
                receiver.give_up().await;
                let words = "The file did not arrive whole. Nothing was kept; send it again.";
                return Err(Problem::conflict("fleet.import.broken", words).into());
            }
        }
    }
    let run = receiver.finish(who, sent.file_name.as_deref().unwrap_or("devices.csv")).await?;
    let answer = db::read!(call.app.db(), who.org, |tx| told(tx, who, &run).await)?;
    Ok(answer.added(format!("/api/v1/imports/{}", run.id)))
}

async fn template(_: Call) -> Result<Answer, Fault> {
    Ok(Answer::csv(page::blank()?.into(), "devices-template.csv".to_owned()))
}

async fn seen(call: &Call) -> Result<ImportRun> {
    let (who, id) = (call.actor(), id(call)?);
    db::read!(call.app.db(), who.org, |tx| actions::visible(tx, who, id).await)
}

async fn all_verdicts(call: Call) -> Result<Answer, Fault> {
    let run = seen(&call).await?;
    let (body, name) = verdicts::file(call.app.clone(), call.org.id, &run).await?;
    Ok(Answer::csv(body, name))
}

async fn rows_to_correct(call: Call) -> Result<Answer, Fault> {
    let run = seen(&call).await?;
    let (body, name) = rows::file(call.app.clone(), call.org.id, run).await?;
    Ok(Answer::csv(body, name))
}

/// An import still at the version the sender saw.
async fn mine(tx: &mut db::Tx, call: &Call, seen: &web::api::Seen) -> Result<ImportRun> {
    let run = actions::visible(tx, call.actor(), id(call)?).await?;
    if seen.of(run.version) == run.version { Ok(run) } else { Err(Problem::Stale { current: run.version }) }
}

async fn check(call: Call) -> Result<Answer, Fault> {
    let (seen, changes) = (call.seen()?, call.changes()?);
    Ok(carry_out!(call, "fleet.import.check", |tx, who| {
        let run = mine(tx, &call, &seen).await?;
        let setup = chosen(&run, mended(&Choices::from(&run.setup), &changes)?)?;
        let run = actions::begin_check(tx, who, &run, setup).await?;
        Ok(told(tx, who, &run).await?.begun())
    })?)
}

/// What was chosen, where it fits the file.
fn chosen(run: &ImportRun, choices: Choices) -> Result<Setup> {
    let mut errors: Vec<FieldError> = Vec::new();
    let mut fault = |field: String, message: String| errors.push(FieldError { field: field.into(), message });
    let mut taken: BTreeMap<Field, &String> = BTreeMap::new();
    for (header, field) in choices.columns.iter().filter(|(_, f)| **f != Field::Ignore) {
        if !run.layout.header.contains(header) {
            fault(format!("columns.{header}"), format!("The file has no column “{header}”."));
        } else if let Some(other) = taken.insert(*field, header) {
            let message = format!("“{}” is chosen for the column “{other}” as well.", field.on_page());
            fault(format!("columns.{header}"), message);
        }
    }
    for (field, words) in &choices.words {
        for (word, code) in words.iter().filter(|(_, code)| !words_of::may_mean(*field, code)) {
            let message = format!("“{code}” is no value of “{}”.", field.on_page());
            fault(format!("words.{}.{word}", field.code()), message);
        }
    }
    no_errors(errors)?;
    let columns: BTreeMap<String, Field> =
        choices.columns.into_iter().filter(|(_, f)| *f != Field::Ignore).collect();
    // What nobody touched stays doubtful.
    let untouched = |h: &&String| run.setup.columns.get(*h) == columns.get(*h);
    let unsure: BTreeSet<String> = run.setup.unsure.iter().filter(untouched).cloned().collect();
    let keyed = |words: BTreeMap<String, String>| words_of::keyed(words);
    Ok(Setup {
        unsure,
        columns,
        dates: choices.dates,
        amounts: choices.amounts,
        currency: choices.currency,
        site: choices.site,
        create_sites: choices.create_sites,
        words: choices.words.into_iter().map(|(field, words)| (field, keyed(words))).collect(),
        doubt: choices.doubt,
        like: None,
    })
}

async fn run(call: Call) -> Result<Answer, Fault> {
    let seen = call.seen()?;
    Ok(carry_out!(call, "fleet.import.run", |tx, who| {
        let run = mine(tx, &call, &seen).await?;
        let run = actions::begin_run(tx, who, &run).await?;
        Ok(told(tx, who, &run).await?.begun())
    })?)
}

async fn cancel(call: Call) -> Result<Answer, Fault> {
    let seen = call.seen()?;
    Ok(carry_out!(call, "fleet.import.cancel", |tx, who| {
        let run = mine(tx, &call, &seen).await?;
        let run = actions::cancel(tx, who, &run).await?;
        Ok(told(tx, who, &run).await?.begun())
    })?)
}

async fn undo(call: Call) -> Result<Answer, Fault> {
    let seen = call.seen()?;
    Ok(carry_out!(call, "fleet.import.undo", |tx, who| {
        let run = mine(tx, &call, &seen).await?;
        let run = actions::begin_undo(tx, who, &run).await?;
        Ok(told(tx, who, &run).await?.begun())
    })?)
}
