//! The router over all rooms, and serving it.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware, response::IntoResponse as _};
use kernel::{Problem, Result};
use tokio::net::TcpListener;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{
    App, assets,
    guard::{guard, outer},
    room::{Gate, Route},
    stop::Stop,
};

/// The whole site: every route behind its gate, assets beside them.
pub fn router(app: &App, routes: Vec<Route>) -> Router {
    let mut router: Router<App> = Router::new();
    for route in routes {
        let gated = route
            .handler
            .layer(DefaultBodyLimit::max(route.body_limit))
            .layer(middleware::from_fn_with_state((app.clone(), route.gate), guard));
        router = router.route(route.path, gated);
    }
    let lost = axum::routing::any(|| async { Stop(Problem::not_found("this page")).into_response() })
        .layer(middleware::from_fn_with_state((app.clone(), Gate::Public), guard));
    router
        .fallback_service(lost.with_state(app.clone()))
        .with_state(app.clone())
        .merge(assets::router())
        .layer(CatchPanicLayer::new())
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(outer))
}

/// Serves until `stop` completes, then lets requests under way finish for at most ten seconds.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let (begun, wait) = tokio::sync::oneshot::channel::<()>();
    let graceful = async move {
        stop.await;
        let _ = begun.send(());
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(graceful);
    let impatience = async move {
        let _ = wait.await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    };
    tokio::select! {
        served = serving => served.map_err(Problem::bug),
        () = impatience => {
            tracing::warn!("some requests did not finish in ten seconds and were cut");
            Ok(())
        }
    }
}
