//! All verdicts of an import as a file, for whoever corrects the list at its source.

use axum::{body::Body, extract::Path};
use kernel::{OrgId, Problem, Result};
use web::{
    App, Ctx, Reply,
    download::{self, Lines},
};

use super::read_id;
use crate::{
    device::ImportId,
    import::run::{ImportRun, actions, store},
};

/// Streams line, tag, verdict and problems, a thousand rows at a time.
pub(super) async fn page(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let id = read_id(&id)?;
    let run = db::read!(ctx.app.db(), ctx.org.id, |tx| actions::visible(tx, ctx.actor(), id).await)?;
    let (body, name) = file(ctx.app.clone(), ctx.org.id, &run).await?;
    Ok(download::answer(&name, body))
}

/// The file and its name.
pub(in crate::import) async fn file(app: App, org: OrgId, run: &ImportRun) -> Result<(Body, String)> {
    let id = run.id;
    let columns = ["line", "tag", "verdict", "problems"];
    let body =
        download::csv(columns, 0, move |after, lines| some(app.clone(), org, id, after, lines)).await?;
    Ok((body, format!("verdicts-{}.csv", download::plain_name(&run.file_name))))
}

/// Some rows, and after which line more follow.
async fn some(
    app: App,
    org: OrgId,
    id: ImportId,
    after: u64,
    mut lines: Lines,
) -> Result<(Lines, Option<u64>)> {
    let rows = db::read!(app.db(), org, |tx| store::rows(tx, org, id, after, store::BATCH).await)?;
    for row in &rows {
        let said: Vec<&str> = row.flaws.iter().map(|f| f.message.as_str()).collect();
        let cells = [
            row.line.to_string(),
            row.tag.clone().unwrap_or_default().replace('\0', ""),
            row.verdict.clone(),
            said.join(" | ").replace('\0', ""),
        ];
        lines.write(cells).map_err(Problem::bug)?;
    }
    let next = rows.last().filter(|_| rows.len() == store::BATCH as usize).map(|row| row.line);
    Ok((lines, next))
}
