//! The files that pages need: stylesheet, script, typeface, marks.
//!
//! They are compiled into the program and served under a name that carries the first ten hex
//! digits of the SHA-256 of their content (`/assets/baton-3f9c0a1b2c.css`). A name therefore never
//! changes its content, and a browser may keep the file for a year. The stylesheet's own
//! references (`url(inter.woff2)`) are rewritten to the hashed names at first use.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

/// The folder all assets are served from, with its closing slash.
pub const PREFIX: &str = "/assets/";

/// One embedded file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// The name in the source tree, such as `baton.css`.
    pub name: &'static str,
    /// The name in the address, such as `baton-3f9c0a1b2c.css`.
    pub hashed: String,
    /// The media type sent with it.
    pub media_type: &'static str,
    /// What is sent.
    pub bytes: Cow<'static, [u8]>,
}

const CSS: &str = include_str!("../assets/baton.css");

/// Everything but the stylesheet, which refers to these and is therefore made last.
const FILES: [(&str, &str, &[u8]); 4] = [
    ("inter.woff2", "font/woff2", include_bytes!("../assets/inter.woff2")),
    ("inter-OFL.txt", "text/plain; charset=utf-8", include_bytes!("../assets/inter-OFL.txt")),
    ("logo.svg", "image/svg+xml", include_bytes!("../assets/logo.svg")),
    ("baton.js", "text/javascript; charset=utf-8", include_bytes!("../assets/baton.js")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets: Vec<Asset> = FILES
        .iter()
        .map(|&(name, media_type, bytes)| Asset {
            name,
            hashed: hashed_name(name, bytes),
            media_type,
            bytes: Cow::Borrowed(bytes),
        })
        .collect();
    let css = with_hashed_urls(CSS, &assets).into_bytes();
    assets.push(Asset {
        name: "baton.css",
        hashed: hashed_name("baton.css", &css),
        media_type: "text/css; charset=utf-8",
        bytes: Cow::Owned(css),
    });
    assets
});

/// Every embedded file.
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The address of an embedded file by its source name: `url("baton.css")`.
///
/// A name that is not embedded gives the plain path, which answers 404; a test keeps the names
/// used by [`crate::look`] and by the stylesheet honest.
pub fn url(name: &str) -> String {
    let file = ASSETS.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.hashed.as_str());
    format!("{PREFIX}{file}")
}

/// The routes that serve the embedded files: `GET /assets/{name}`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(serve))
}

/// Answers one embedded file by its hashed name, or 404.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.hashed == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let body = match &asset.bytes {
        Cow::Borrowed(bytes) => Body::from(*bytes),
        Cow::Owned(bytes) => Body::from(bytes.as_slice()),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, body).into_response()
}

/// `baton.css` with its content gives `baton-<ten hex digits>.css`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hash: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    }
}

/// Replaces `url(name)` by the hashed name beside it in the same folder.
fn with_hashed_urls(css: &str, assets: &[Asset]) -> String {
    assets.iter().fold(css.to_owned(), |css, asset| {
        css.replace(&format!("url({})", asset.name), &format!("url({})", asset.hashed))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn css() -> &'static str {
        let css = all().iter().find(|asset| asset.name == "baton.css").unwrap();
        std::str::from_utf8(&css.bytes).unwrap()
    }

    #[test]
    fn every_url_in_the_stylesheet_is_a_hashed_asset() {
        let mut found = 0;
        for rest in css().split("url(").skip(1) {
            let name = rest.split(')').next().unwrap();
            assert!(all().iter().any(|asset| asset.hashed == name), "{name} is not served");
            found += 1;
        }
        assert!(found >= 1, "the typeface is referenced");
    }

    #[test]
    fn names_carry_ten_hex_digits_and_the_extension() {
        let url = url("baton.css");
        let hash = url.strip_prefix("/assets/baton-").and_then(|rest| rest.strip_suffix(".css")).unwrap();
        assert_eq!(hash.len(), 10);
        assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(super::url("nothing.png"), "/assets/nothing.png");
    }

    #[test]
    fn files_keep_their_budgets() {
        let size = |name: &str| all().iter().find(|asset| asset.name == name).unwrap().bytes.len();
        assert!(size("baton.css") <= 60_000, "baton.css is {} bytes", size("baton.css"));
        assert!(size("baton.js") <= 16_000, "baton.js is {} bytes", size("baton.js"));
        assert!(size("inter.woff2") <= 120_000, "inter.woff2 is {} bytes", size("inter.woff2"));
        let lines = include_str!("../assets/baton.js").lines().count();
        assert!(lines <= 250, "baton.js has {lines} lines");
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        let script = include_str!("../assets/baton.js");
        for text in [css(), script] {
            assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("@import"));
        }
        assert!(!script.contains("eval(") && !script.contains(".style") && !script.contains("innerHTML"));
    }
}
