//! The router over all rooms, and serving it.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, Request},
    middleware,
    response::IntoResponse as _,
};
use http::{HeaderValue, StatusCode, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use kernel::{Problem, Result};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{
    App, api, assets,
    guard::{guard, outer},
    room::{Gate, Route},
    stop::Stop,
    tls::Tls,
};

/// The whole site: every route behind its gate, assets beside them.
pub fn router(app: &App, routes: Vec<Route>) -> Router {
    let mut router: Router<App> = Router::new();
    for route in routes {
        let handler = route.handler.layer(DefaultBodyLimit::max(route.body_limit));
        let gated = match route.operation {
            Some(operation) => {
                handler.layer(middleware::from_fn_with_state((app.clone(), route.gate, operation), api::gate))
            }
            None => handler.layer(middleware::from_fn_with_state((app.clone(), route.gate), guard)),
        };
        router = router.route(route.path, gated);
    }
    let lost = axum::routing::any(|| async { Stop(Problem::not_found("this page")).into_response() })
        .layer(middleware::from_fn_with_state((app.clone(), Gate::Public), guard));
    router
        .route("/api/{*rest}", axum::routing::any(|| async { api::lost() }))
        .fallback_service(lost.with_state(app.clone()))
        .with_state(app.clone())
        .merge(assets::router())
        .layer(CatchPanicLayer::new())
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(outer))
}

/// How long a client may take to say what it wants, and may stay without wanting anything.
const HEAD: Duration = Duration::from_secs(20);
/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections at once; whoever comes next waits for one to end.
const CONNECTIONS: usize = 4096;
/// Lines of a request's head.
const HEADERS: usize = 100;
/// How long requests under way may take to finish at the end.
const END: Duration = Duration::from_secs(10);

/// Serves until `stop` completes, over TLS if there is any, then lets requests under way finish for at most ten seconds.
///
/// # Errors
/// When TLS cannot be set up.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let acceptor = tls.as_ref().map(Tls::acceptor).transpose()?;
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS)));
    let following = async {
        match &tls {
            Some(tls) => tls.follow().await,
            None => std::future::pending().await,
        }
    };
    let (mut stop, mut following) = (pin!(stop), pin!(following));
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (accept(&listener).await, place)
        };
        tokio::select! {
            (came, Ok(place)) = next => {
                let one = One { router: router.clone(), watcher: graceful.watcher(), from: came.1, _place: place };
                tokio::spawn(one.serve(came.0, acceptor.clone()));
            }
            () = &mut following => {}
            () = &mut stop => break,
        }
    }
    // Whoever comes now is refused by the system, not kept waiting.
    drop(listener);
    if timeout(END, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in ten seconds and were cut");
    }
    Ok(())
}

/// The next connection. When the system gives none, such as for want of files, a little later.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(came) => return came,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// One connection.
struct One {
    router: Router,
    watcher: Watcher,
    from: SocketAddr,
    /// Given back with the connection's end.
    _place: OwnedSemaphorePermit,
}

impl One {
    async fn serve(self, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
        // Answers are small and written at once; waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = acceptor else { return self.http(stream).await };
        // TLS begins with a byte that is no letter, a request in plain text with the letter of its method.
        let mut first = [0];
        if matches!(timeout(HANDSHAKE, stream.peek(&mut first)).await, Ok(Ok(1)))
            && first[0].is_ascii_uppercase()
        {
            let port = stream.local_addr().map_or(443, |here| here.port());
            return Self { router: redirecting(port), ..self }.http(stream).await;
        }
        match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.http(stream).await,
            Ok(Err(error)) => tracing::debug!(from = %self.from, %error, "no agreement on TLS"),
            Err(_) => tracing::debug!(from = %self.from, "no agreement on TLS in time"),
        }
    }

    async fn http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (router, from) = (self.router, self.from);
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            let router = router.clone();
            async move {
                Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {}))
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_headers(HEADERS);
        let connection = http.serve_connection(TokioIo::new(stream), answer);
        if let Err(error) = self.watcher.watch(connection).await {
            tracing::debug!(%from, %error, "a connection ended early");
        }
    }
}

/// What answers where browsers come without TLS: everything is at the same address with it.
pub fn redirecting(port: u16) -> Router {
    let to = move |request: Request| async move {
        let host =
            request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let Ok(host) = host.parse::<http::uri::Authority>() else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let there = HeaderValue::try_from(format!("https://{}{port}{path}", host.host()));
        match there {
            Ok(there) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, there)]).into_response(),
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    };
    Router::new().fallback(to)
}
