//! The rows that stay out, as a file with the columns of the one that was sent: corrected, it is sent again.

use std::collections::HashMap;

use axum::{
    body::{Body, Bytes},
    extract::Path,
    response::IntoResponse as _,
};
use http::header;
use kernel::{OrgId, Problem, Result};
use sheet::{Position, Writer};
use web::{App, Ctx, Reply};

use super::read_id;
use crate::import::run::{
    Flaw, ImportRun, TO_CORRECT, actions, columns_of,
    source::{Line, Window},
    store,
};

/// Rows of the file looked at in one go.
const AT_ONCE: usize = store::BATCH as usize;

/// Streams the refused rows as they stand in the file, each with what to correct in a last column.
pub(super) async fn download(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let id = read_id(&id)?;
    let run = db::read!(ctx.app.db(), ctx.org.id, |tx| actions::visible(tx, ctx.actor(), id).await)?;
    let (body, name) = file(ctx.app.clone(), ctx.org.id, run).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}

/// The file and its name.
pub(in crate::import) async fn file(app: App, org: OrgId, run: ImportRun) -> Result<(Body, String)> {
    let window = Window::of(org, &run);
    // The beginning is made at once, so that what keeps it from being made is said on a page.
    let begun = Rows { app, org, next: Some(run.start), run, window };
    let (first, rows) = begun.some(true).await?;
    let name: String =
        rows.run.file_name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let more = futures::stream::try_unfold(rows, |rows| async move {
        if rows.next.is_none() {
            return Ok::<_, std::io::Error>(None);
        }
        let (bytes, rows) = rows.some(false).await.map_err(std::io::Error::other)?;
        Ok(Some((Bytes::from(bytes), rows)))
    });
    let all = futures::StreamExt::chain(futures::stream::iter([Ok(Bytes::from(first))]), more);
    Ok((Body::from_stream(all), format!("to-correct-{name}.csv")))
}

/// A walk through the file of an import.
struct Rows {
    app: App,
    org: OrgId,
    run: ImportRun,
    window: Window,
    next: Option<Position>,
}

impl Rows {
    /// The refused rows of the next part of the file.
    async fn some(mut self, first: bool) -> Result<(Vec<u8>, Self)> {
        let mut writer = Writer::new(Vec::new());
        let header = columns_of(&self.run.layout.header);
        if first {
            // The mark tells spreadsheet programs that it is UTF-8.
            writer.mark().map_err(Problem::bug)?;
            let named = header.iter().map(String::as_str).chain([TO_CORRECT]);
            writer.write(named).map_err(Problem::bug)?;
        }
        let Some(from) = self.next else { return Ok((Vec::new(), self)) };
        let (db, org) = (self.app.db(), self.org);
        let batch = self.window.batch(db, &self.run.layout, from, AT_ONCE).await?;
        let (Some(begin), Some(end)) =
            (batch.lines.first().map(Line::number), batch.lines.last().map(Line::number))
        else {
            self.next = None;
            return Ok((writer.finish().map_err(Problem::bug)?, self));
        };
        let refused: HashMap<u64, Vec<Flaw>> =
            db::read!(db, org, |tx| store::refused(tx, org, self.run.id, (begin, end)).await)?;
        for line in &batch.lines {
            let Some(flaws) = refused.get(&line.number()) else { continue };
            let said: Vec<&str> =
                flaws.iter().filter(|f| f.refuses).map(|f| f.message.trim_end_matches('.')).collect();
            let mut cells = match line {
                Line::Record(record) => record.cells.clone(),
                Line::Bad { .. } => Vec::new(),
            };
            cells.resize(header.len(), String::new());
            cells.push(said.join(". "));
            writer.write(cells.iter().map(|c| c.replace('\0', ""))).map_err(Problem::bug)?;
        }
        self.next = (!batch.ended).then_some(batch.next);
        Ok((writer.finish().map_err(Problem::bug)?, self))
    }
}
