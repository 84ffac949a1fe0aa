//! Answers that are files: made while they are sent, a batch of lines at a time.

use std::{future::Future, io};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use futures::stream::{self, StreamExt as _};
use http::header;
use kernel::{Problem, Result};
use sheet::Writer;

/// Lines of a file, written one behind the other.
pub type Lines = Writer<Vec<u8>>;

/// A file of comma-separated values with these columns. `some` writes the lines of one batch, and says from where the
/// next goes on: nothing when it was the last. No more than one batch is held.
///
/// # Errors
/// What `some` says of the first batch, which is made at once: what keeps a file from being made is told on a page. A
/// later error breaks the download off.
pub async fn csv<P, F, Fut>(
    columns: impl IntoIterator<Item = impl AsRef<str>>,
    begin: P,
    mut some: F,
) -> Result<Body>
where
    P: Send + 'static,
    F: FnMut(P, Lines) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(Lines, Option<P>)>> + Send,
{
    let mut lines = Lines::new(Vec::new());
    // The mark tells spreadsheet programs that it is UTF-8.
    lines.mark().and_then(|()| lines.write(columns)).map_err(Problem::bug)?;
    let (first, next) = some(begin, lines).await?;
    let first = first.finish().map_err(Problem::bug)?;
    let more = stream::try_unfold((some, next), |(mut some, next)| async move {
        let Some(next) = next else { return Ok::<_, io::Error>(None) };
        let (lines, next) = some(next, Lines::new(Vec::new())).await.map_err(io::Error::other)?;
        let bytes = lines.finish().map_err(io::Error::other)?;
        Ok(Some((Bytes::from(bytes), (some, next))))
    });
    Ok(Body::from_stream(stream::iter([Ok(Bytes::from(first))]).chain(more)))
}

/// The answer to a page's link: a file to be kept under this name, which is plain ASCII.
pub fn answer(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, body).into_response()
}

/// What a file may be called wherever it is kept: everything but letters and digits becomes `-`.
pub fn plain_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
