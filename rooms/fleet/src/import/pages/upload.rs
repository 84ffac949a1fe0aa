//! Sending a file.

use std::time::Duration;

use axum::{
    extract::{
        Multipart,
        multipart::{Field, MultipartError},
    },
    response::{IntoResponse as _, Response},
};
use db::command::CommandId;
use http::{StatusCode, header};
use kernel::Problem;
use maud::html;
use web::{
    Ctx, Reply,
    look::{Drop, Icon, answer, button, dropzone, icon_sized},
};

use super::address;
use crate::{
    export::described,
    import::run::{
        ImportRun,
        upload::{Receiver, too_large},
    },
};

pub(super) async fn show(ctx: Ctx) -> Reply {
    Ok(page(&ctx, None))
}

/// The page with the place to drop a file; `error` says what was wrong with the last one.
fn page(ctx: &Ctx, error: Option<&str>) -> Response {
    let drop = Drop {
        action: "/devices/import",
        name: "list",
        accept: ".xlsx,.csv,.txt,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        title: "Drop a spreadsheet (XLSX) or CSV file here",
        text: "An export from your old system is fine, up to 100 MB of CSV or 40 MB of XLSX.",
        choose: "Choose file",
        error,
    };
    let sub = "Spreadsheet columns do not need to match; you check them next. Nothing is saved until you say so, and \
               the whole import can be undone.";
    let main = html! {
        div.narrow {
            (answer("Import devices", Some(sub)))
            (dropzone(&drop, &button("Send file").primary().busy("Reading the file")))
            p.links {
                a href="/devices/import/template.csv" { (icon_sized(Icon::Download, 14, "")) " Blank template" }
                a href="/devices/imports" { "Earlier imports" }
            }
        }
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    ctx.page("Import", "/devices")
        .under([("Devices".to_owned(), "/devices".to_owned())])
        .status(status)
        .show(main)
}

pub(super) async fn receive(ctx: Ctx, mut form: Multipart) -> Reply {
    match file(&ctx, &mut form).await {
        Ok(run) => Ok(ctx.done(&address(run.id), &format!("{} is here.", run.file_name))),
        Err(Problem::Conflict { message, .. }) => Ok(page(&ctx, Some(&message))),
        Err(problem) => Err(problem.into()),
    }
}

/// Takes the file of the form as it comes.
async fn file(ctx: &Ctx, form: &mut Multipart) -> kernel::Result<ImportRun> {
    let mut command = None;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("command") {
            command = field.text().await.map_err(broken)?.parse().ok();
            continue;
        }
        if field.name() != Some("list") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            break;
        }
        // A form without an id counts as a new command each time.
        let mut receiver =
            Receiver::new(ctx.app.db(), ctx.org.id).once(command.unwrap_or_else(CommandId::new));
        loop {
            match field.chunk().await {
                Ok(Some(bytes)) => {
                    if let Err(refused) = receiver.push(&bytes).await {
                        drain(&mut field).await;
                        return Err(refused);
                    }
                }
                Ok(None) => return receiver.finish(ctx.actor(), &name).await,
                Err(error) => {
                    receiver.give_up().await;
                    return Err(broken(error));
                }
            }
        }
    }
    Err(Problem::conflict(
        "fleet.import.no_file",
        "No file was chosen. Choose the CSV file and send it again.",
    ))
}

/// Longest wait for the rest of a file that is refused.
const REST: Duration = Duration::from_secs(120);

/// Takes the rest of a refused file and throws it away: a browser that is still sending shows no answer, only that
/// the connection was lost.
async fn drain(field: &mut Field<'_>) {
    let rest = async { while let Ok(Some(_)) = field.chunk().await {} };
    if tokio::time::timeout(REST, rest).await.is_err() {
        tracing::debug!("the rest of a refused file was not waited for");
    }
}

fn broken(error: MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::conflict(
        "fleet.import.broken",
        "The file did not arrive whole. Nothing was kept; send it again.".to_owned(),
    )
}

/// A file with our column names and nothing else.
pub(super) async fn template(_: Ctx) -> Reply {
    let bytes = blank()?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"devices-template.csv\""),
    ];
    Ok((headers, bytes).into_response())
}

pub(in crate::import) fn blank() -> kernel::Result<Vec<u8>> {
    let mut writer = sheet::Writer::new(Vec::new());
    let heads = described::fields().map(crate::import::Field::on_page);
    // The mark tells spreadsheet programs that it is UTF-8.
    writer.mark().and_then(|()| writer.write(heads)).map_err(Problem::bug)?;
    writer.finish().map_err(Problem::bug)
}
