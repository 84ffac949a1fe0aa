//! The start page: wherever a person's work is.

use axum::response::{IntoResponse as _, Redirect};
use web::{Ctx, Gate, Reply, Route};

/// The work of most people.
const DEVICES: &str = "/devices";

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::get("/", Gate::SignedIn, start)]
}

async fn start(ctx: Ctx) -> Reply {
    let sees_devices = ctx.app.menu().iter().any(|item| item.href == DEVICES && ctx.may(item.permit));
    Ok(Redirect::to(if sees_devices { DEVICES } else { "/me" }).into_response())
}
