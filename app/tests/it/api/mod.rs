//! The API as a whole: its manners, its document, its tokens, and whether it can do all that the pages can.

mod acts;
mod catalogue;
mod changes;
mod contract;
mod counterpart;
mod guide;
mod manners;
mod margin;
mod tokens;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// An answer taken apart.
pub struct Told {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Told {
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
        Self { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
}

/// The document as it is served.
pub fn document() -> Value {
    let routes: Vec<web::Route> = web::routes()
        .into_iter()
        .chain(baton::rooms::rooms().into_iter().flat_map(|room| room.routes))
        .collect();
    serde_json::from_str(web::api::document::Document::of(&routes, env!("CARGO_PKG_VERSION")).text()).unwrap()
}
