//! All verdicts of an import as a file, for whoever corrects the list at its source.

use axum::{
    body::{Body, Bytes},
    extract::Path,
    response::IntoResponse as _,
};
use http::header;
use kernel::{OrgId, Problem, Result};
use sheet::Writer;
use web::{App, Ctx, Reply};

use super::read_id;
use crate::{
    device::ImportId,
    import::run::{ImportRun, actions, store},
};

/// Streams line, tag, verdict and problems, a thousand rows at a time.
pub(super) async fn download(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let id = read_id(&id)?;
    let run = db::read!(ctx.app.db(), ctx.org.id, |tx| actions::visible(tx, ctx.actor(), id).await)?;
    let (body, name) = file(ctx.app.clone(), ctx.org.id, &run)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}

/// The file and its name.
pub(in crate::import) fn file(app: App, org: OrgId, run: &ImportRun) -> Result<(Body, String)> {
    let id = run.id;
    let mut head = Writer::new(Vec::new());
    head.mark().and_then(|()| head.write(["line", "tag", "verdict", "problems"])).map_err(Problem::bug)?;
    let head = head.finish().map_err(Problem::bug)?;
    let rows = futures::stream::try_unfold((app, Some(0)), move |(app, after)| async move {
        let Some(after) = after else { return Ok::<_, std::io::Error>(None) };
        let (bytes, next) = some(&app, org, id, after).await.map_err(std::io::Error::other)?;
        Ok(Some((Bytes::from(bytes), (app, next))))
    });
    let all = futures::StreamExt::chain(futures::stream::iter([Ok(Bytes::from(head))]), rows);
    let name: String =
        run.file_name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Ok((Body::from_stream(all), format!("verdicts-{name}.csv")))
}

/// Some rows as text, and after which line more follow.
async fn some(app: &App, org: OrgId, id: ImportId, after: u64) -> Result<(Vec<u8>, Option<u64>)> {
    let rows = db::read!(app.db(), org, |tx| store::rows(tx, org, id, after, store::BATCH).await)?;
    let mut writer = Writer::new(Vec::new());
    for row in &rows {
        let said: Vec<&str> = row.flaws.iter().map(|f| f.message.as_str()).collect();
        let cells = [
            row.line.to_string(),
            row.tag.clone().unwrap_or_default().replace('\0', ""),
            row.verdict.clone(),
            said.join(" | ").replace('\0', ""),
        ];
        writer.write(cells).map_err(Problem::bug)?;
    }
    let next = rows.last().filter(|_| rows.len() == store::BATCH as usize).map(|row| row.line);
    Ok((writer.finish().map_err(Problem::bug)?, next))
}
