//! Handing a file out: only after its record was found for whoever asks, and so that a browser runs nothing of it.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::Path,
    response::{IntoResponse as _, Response},
};
use db::{Db, blob};
use futures::stream;
use http::header;
use kernel::{OrgId, Problem, Result};
use web::{App, Ctx, Reply, api::Call};

use super::{Blob, actions, actions::Found, media::Media};
use crate::Nouns;

/// What a file may do in a browser that shows it: nothing.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// `GET /documents/{id}/file`.
pub(super) async fn file(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let found = found(&ctx, &id).await?;
    Ok(whole(&ctx.app, &found).await?)
}

/// `GET /documents/{id}/preview`.
pub(super) async fn preview(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let found = found(&ctx, &id).await?;
    let picture = found.file.picture.ok_or_else(|| Problem::not_found("a picture of this document"))?;
    let name = format!("{}.jpg", web::download::plain_name(&found.document.title));
    let body = stream_of(ctx.app.db(), ctx.actor().org, picture.preview).await?;
    Ok(answer((Media::Jpeg, picture.preview.bytes), true, &name, body))
}

async fn found(ctx: &Ctx, id: &str) -> Result<Found> {
    let id = id.parse().map_err(|_| Problem::not_found("this document"))?;
    let (who, nouns) = (ctx.actor(), Nouns::of(&ctx.app));
    db::read!(ctx.app.db(), who.org, |tx| actions::visible(tx, who, &nouns, id).await)
}

/// The file of a document for a program.
pub(super) async fn by_call(call: &Call, found: &Found) -> Result<Response> {
    whole(&call.app, found).await
}

/// The file of a document; of a picture, what is shown of it.
async fn whole(app: &App, found: &Found) -> Result<Response> {
    let (org, file) = (found.subject.org, &found.file);
    let (blob, media) = file.picture.as_ref().map_or((file.sent, file.media), |p| (p.shown, p.media));
    // The ending of the original may be of a type that is drawn as another.
    let name = media.name(&found.document.file_name);
    let body = stream_of(app.db(), org, blob).await?;
    Ok(answer((media, blob.bytes), media.is_picture(), &name, body))
}

fn answer((media, bytes): (Media, i64), inline: bool, name: &str, body: Body) -> Response {
    let kind = match media {
        Media::Text | Media::Csv => format!("{}; charset=utf-8", media.mime()),
        _ => media.mime().to_owned(),
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_DISPOSITION, disposition(inline, name)),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        // Kept by this browser only, and asked for anew each time: rights may have been taken away.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    (headers, body).into_response()
}

/// RFC 6266: a plain name for old programs, and the name itself as RFC 8187 writes it.
fn disposition(inline: bool, name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' }).collect();
    let mut exact = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            exact.push_str(&format!("%{byte:02X}"));
        }
    }
    let how = if inline { "inline" } else { "attachment" };
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

/// The bytes piece by piece. The first is read at once: a file that cannot be read is told on a page.
async fn stream_of(db: &Db, org: OrgId, blob: Blob) -> Result<Body> {
    let first = piece(db, org, blob, 0).await?;
    let last = (blob.bytes - 1).max(0) / blob::PIECE as i64;
    let db = db.clone();
    let rest = stream::try_unfold((Some(first), 0), move |(ready, number)| {
        let db = db.clone();
        async move {
            if number > last {
                return Ok::<_, io::Error>(None);
            }
            let bytes = match ready {
                Some(bytes) => bytes,
                None => piece(&db, org, blob, number).await.map_err(io::Error::other)?,
            };
            Ok(Some((Bytes::from(bytes), (None, number + 1))))
        }
    });
    Ok(Body::from_stream(rest))
}

async fn piece(db: &Db, org: OrgId, blob: Blob, number: i64) -> Result<Vec<u8>> {
    let bytes = db::read!(db, org, |tx| blob::piece(tx, org, blob.id, number).await)?;
    bytes.ok_or_else(|| Problem::bug(format!("piece {number} of the file {} is gone", blob.id)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_cannot_end_the_header_or_lead_elsewhere() {
        let said = super::disposition(false, "Prüfung \"2026\"; x.pdf");
        assert_eq!(
            said,
            "attachment; filename=\"Pr_fung _2026__ x.pdf\"; filename*=UTF-8''Pr%C3%BCfung%20%222026%22%3B%20x.pdf"
        );
    }
}
