//! The rows that stay out, as a file with the columns of the one that was sent: corrected, it is sent again.

use std::collections::HashMap;

use axum::{body::Body, extract::Path};
use kernel::{OrgId, Problem, Result};
use sheet::Position;
use web::{
    App, Ctx, Reply,
    download::{self, Lines},
};

use super::read_id;
use crate::import::run::{
    Flaw, ImportRun, TO_CORRECT, actions, columns_of,
    source::{Line, Window},
    store,
};

/// Rows of the file looked at in one go.
const AT_ONCE: usize = store::BATCH as usize;

/// Streams the refused rows as they stand in the file, each with what to correct in a last column.
pub(super) async fn page(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let id = read_id(&id)?;
    let run = db::read!(ctx.app.db(), ctx.org.id, |tx| actions::visible(tx, ctx.actor(), id).await)?;
    let (body, name) = file(ctx.app.clone(), ctx.org.id, run).await?;
    Ok(download::answer(&name, body))
}

/// The file and its name.
pub(in crate::import) async fn file(app: App, org: OrgId, run: ImportRun) -> Result<(Body, String)> {
    let window = Window::of(org, &run);
    let name = format!("to-correct-{}.csv", download::plain_name(&run.file_name));
    let mut columns = columns_of(&run.layout.header).to_vec();
    columns.push(TO_CORRECT.into());
    let begun = Rows { app, org, next: run.start, run, window };
    Ok((download::csv(columns, begun, Rows::some).await?, name))
}

/// A walk through the file of an import.
struct Rows {
    app: App,
    org: OrgId,
    run: ImportRun,
    window: Window,
    next: Position,
}

impl Rows {
    /// The refused rows of the next part of the file.
    async fn some(mut self, mut lines: Lines) -> Result<(Lines, Option<Self>)> {
        let width = columns_of(&self.run.layout.header).len();
        let (db, org) = (self.app.db(), self.org);
        let batch = self.window.batch(db, &self.run.layout, self.next, AT_ONCE).await?;
        let (Some(begin), Some(end)) =
            (batch.lines.first().map(Line::number), batch.lines.last().map(Line::number))
        else {
            return Ok((lines, None));
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
            cells.resize(width, String::new());
            cells.push(said.join(". "));
            lines.write(cells.iter().map(|c| c.replace('\0', ""))).map_err(Problem::bug)?;
        }
        self.next = batch.next;
        Ok((lines, (!batch.ended).then_some(self)))
    }
}
