//! What the floor itself serves of the API.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::header;

use super::{Operation, changes, document::Document, page};
use crate::{App, Gate, Route};

/// The document, its page, and the feed of changes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api", Gate::Public, page::show),
        Route::api(
            Operation::get("/api/openapi.json", "document", "This document").gives_document().open(),
            Gate::Public,
            document,
        ),
        Route::api(
            Operation::get("/api/v1/changes", "changes", "What has changed, in order")
                .about(
                    "Each change of each record the token may see, in an order in which nothing is missed by whoever \
                     goes on from `next`. It stays a few seconds behind, and behind the oldest change still being \
                     written.",
                )
                .query::<changes::Asked>()
                .gives::<changes::Changes>(),
            Gate::SignedIn,
            changes::list,
        ),
    ]
}

async fn document(State(app): State<App>) -> Response {
    let text = app.room::<Document>().map(|d| d.text().to_owned()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
