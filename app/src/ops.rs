//! For those who run Baton: is it alive, is it ready, how is it doing.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use db::{Wall, backup, job};
use http::{HeaderMap, StatusCode, header};
use kernel::Instant;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sha2::{Digest as _, Sha256};
use web::App;

use crate::config::{Config, Metrics};

/// The recorder is the process's own, as the `metrics` crate has it.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

#[derive(Clone)]
struct Ops {
    app: App,
    metrics: Metrics,
    token: Option<Arc<str>>,
    /// Whether a proxy stands in front, so that the address of whoever asks says nothing.
    behind_proxy: bool,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn routes(app: &App, config: &Config) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(Ops {
            app: app.clone(),
            metrics: config.metrics,
            token: config.metrics_token.as_deref().map(Arc::from),
            behind_proxy: config.tls_in_front,
        })
}

/// How long a write may wait for its turn before the server counts as not ready. One transaction of an import, the
/// longest there are, takes less.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ready means that the database answers and that a write could begin.
async fn ready(State(ops): State<Ops>) -> Response {
    let not = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    let answered = db::read!(ops.app.db(), Wall::All("readiness"), |tx| job::pending(tx).await);
    if answered.is_err() {
        return not("the database does not answer\n");
    }
    if ops.app.db().only_reads() {
        return (StatusCode::OK, "ready to show things\n").into_response();
    }
    match tokio::time::timeout(PATIENCE, ops.app.db().can_write()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n").into_response(),
        _ => not("no change can be saved now\n"),
    }
}

impl Ops {
    /// Whether somebody may read the figures.
    fn lets_in(&self, from: SocketAddr, headers: &HeaderMap) -> bool {
        // Hashes are compared, so the time taken tells nothing of the token.
        let hash = |text: &str| Sha256::digest(text);
        let shown = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let shown = shown.and_then(|v| v.strip_prefix("Bearer "));
        let by_token = matches!((&self.token, shown), (Some(kept), Some(shown)) if hash(kept) == hash(shown));
        match self.metrics {
            Metrics::Off => false,
            Metrics::Anyone => true,
            Metrics::Loopback => {
                by_token || (from.ip().is_loopback() && !self.behind_proxy && asked_directly(headers))
            }
        }
    }
}

/// Whether a request shows no trace of a proxy: none of the headers they add, and this machine's own name as host.
fn asked_directly(headers: &HeaderMap) -> bool {
    let passed_on = headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded") || matches!(name, "forwarded" | "x-real-ip" | "via")
    });
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let host = host.parse::<http::uri::Authority>();
    let here = host.is_ok_and(|host| matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]"));
    here && !passed_on
}

async fn figures(
    State(ops): State<Ops>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let allowed = ops.lets_in(from, &headers);
    let Some(recorder) = recorder().filter(|_| allowed) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Ok(jobs) = db::read!(ops.app.db(), Wall::All("metrics"), |tx| job::pending(tx).await) {
        for state in ["waiting", "running", "resting"] {
            let n = jobs.iter().find(|(s, _)| s == state).map_or(0, |(_, n)| *n);
            metrics::gauge!("baton_jobs", "state" => state).set(n as f64);
        }
    }
    if let Ok(waiting) = db::read!(ops.app.db(), Wall::All("metrics"), |tx| db::seal::unsealed(tx).await) {
        let since = waiting.iter().map(|w| w.since).min();
        let age = since.map_or(0, |since| Instant::machine_now().micros() - since.micros());
        metrics::gauge!("baton_unsealed_seconds").set(age.max(0) as f64 / 1e6);
        let transactions: i64 = waiting.iter().map(|w| w.transactions).sum();
        metrics::gauge!("baton_unsealed_transactions").set(transactions as f64);
    }
    if let Ok(notes) = db::read!(ops.app.db(), Wall::All("metrics"), |tx| backup::note::all(tx).await) {
        for note in notes {
            let outcome = if note.ended_well { "well" } else { "failed" };
            metrics::gauge!("baton_last_time_seconds", "what" => note.kind, "outcome" => outcome)
                .set(note.at.micros() as f64 / 1e6);
        }
    }
    recorder.run_upkeep();
    recorder.render().into_response()
}

/// Begins counting. Called once before the first request.
pub fn recorder() -> Option<&'static PrometheusHandle> {
    const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    RECORDER
        .get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
                .and_then(PrometheusBuilder::install_recorder)
                .ok()
        })
        .as_ref()
}
