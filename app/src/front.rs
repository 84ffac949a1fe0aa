//! Puts the running program together: rooms, front door, worker, server.

use std::{future::ready, net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use axum::{Router, middleware, response::Response};
use db::{Db, seal::Sealer};
use http::{HeaderValue, header};
use kernel::Clock;
use tokio::{net::TcpListener, sync::watch};
use web::{App, Duty, Tls};

use crate::{
    backup::Plan,
    config::Config,
    notify, ops,
    proxy::{Trusted, see_through},
    rooms::rooms,
};

/// The program put together, not yet serving.
pub struct House {
    /// What handlers share.
    pub app: App,
    /// Every route behind its gate.
    pub router: Router,
    /// What is done again and again while serving.
    pub duties: Vec<Duty>,
    /// The code that set-up asks for.
    pub set_up_code: String,
    /// When backups are made by itself.
    pub backups: Option<Plan>,
}

/// Puts rooms, front door and routes together. With a sealer, this server seals the record.
pub fn build(db: Db, clock: Clock, config: &Config, sealer: Option<Sealer>) -> House {
    let rooms = rooms();
    let set_up_code = identity::set_up_code();
    let permits: Vec<_> = rooms.iter().map(|room| room.permits).collect();
    let front = identity::Front::new(&permits, &set_up_code);
    let mut kept = http::Extensions::new();
    kept.insert(front.clone());
    if let Some(sealer) = sealer {
        kept.insert(Arc::new(sealer));
    }
    let mut routes = web::routes();
    let (mut menu, mut jobs, mut duties) = (Vec::new(), Vec::new(), web::duty::of_floor());
    let mut sights = Vec::new();
    for room in rooms {
        menu.extend(room.menu);
        jobs.extend(room.jobs);
        duties.extend(room.duties);
        routes.extend(room.routes);
        sights.extend(room.sights);
        (room.answers)(&mut kept);
    }
    kept.insert(web::api::document::Document::of(&routes, env!("CARGO_PKG_VERSION")));
    kept.insert(web::api::Sights(sights.into()));
    kept.insert(config.api());
    kept.insert(config.margin());
    let app = App::new(db, clock, Box::new(front), menu, jobs, config.over_tls(), kept);
    // A place that cannot be used was refused before anything was served.
    let backups = Plan::of(config).ok().flatten();
    let trusted = Trusted::of(&config.trusted_proxies);
    let router = ops::routes(&app, config).merge(web::router(&app, routes));
    let router = router.layer(middleware::from_fn_with_state(trusted, see_through));
    let over_tls = config.over_tls();
    let router = router.layer(middleware::map_response(move |answer| ready(over_tls_only(over_tls, answer))));
    House { app, router, duties, set_up_code, backups }
}

/// Browsers that come over TLS are told to come no other way for a year.
fn over_tls_only(over_tls: bool, mut answer: Response) -> Response {
    if over_tls {
        let a_year = HeaderValue::from_static("max-age=31536000");
        answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, a_year);
    }
    answer
}

/// Where browsers come in.
pub struct Doors {
    listener: TcpListener,
    tls: Option<Tls>,
    /// Where those come in who are sent to the other.
    redirect: Option<TcpListener>,
}

impl Doors {
    /// Listens where the configuration says, before anything else is begun.
    ///
    /// # Errors
    /// When a port is taken or may not be used, or a certificate cannot, with the remedy.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let tls = match (&config.tls_certificate, &config.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::read(certificate, key)?),
            _ => None,
        };
        let redirect = match config.redirect_from {
            Some(from) => Some(listen(from).await?),
            None => None,
        };
        Ok(Self { listener: listen(config.listen).await?, tls, redirect })
    }

    /// The address to come in by.
    ///
    /// # Errors
    /// When the system does not know it.
    pub fn url(&self) -> anyhow::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.listener.local_addr()?))
    }
}

async fn listen(at: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(at).await.with_context(|| {
        format!(
            "Cannot listen on {at}. Another program may use the port; choose another with --port or `listen`."
        )
    })
}

/// Serves and works until told to stop by the terminal or the system. A server that only shows things does no work.
///
/// # Errors
/// When TLS cannot be set up.
pub async fn run(house: House, doors: Doors) -> anyhow::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let mut work = tokio::task::JoinSet::new();
    if !house.app.db().only_reads() {
        work.spawn(web::worker::work(house.app.clone(), stopped.clone()));
        work.spawn(web::duty::keep(house.app.clone(), house.duties, stopped.clone()));
        if let Some(plan) = house.backups {
            work.spawn(crate::backup::keep(house.app.clone(), plan, stopped.clone()));
        }
    }
    if let Some(listener) = doors.redirect {
        let port = doors.listener.local_addr()?.port();
        tokio::spawn(web::serve(listener, web::redirecting(port), None, told(stopped)));
    }
    let until = async move {
        signal().await;
        tracing::info!("stopping: requests under way may finish");
        notify::tell("STOPPING=1");
        let _ = stop.send(true);
    };
    notify::tell("READY=1");
    web::serve(doors.listener, house.router, doors.tls, until).await?;
    let all = async { while work.join_next().await.is_some() {} };
    if tokio::time::timeout(std::time::Duration::from_secs(10), all).await.is_err() {
        tracing::warn!("the work in hand did not finish; it will be taken up again");
    }
    seal_the_rest(&house.app).await;
    house.app.db().close().await;
    Ok(())
}

/// Seals what the last minute brought: a server may rest for long.
async fn seal_the_rest(app: &web::App) {
    if app.db().only_reads() {
        return;
    }
    match tokio::time::timeout(std::time::Duration::from_secs(10), web::duty::seal(app)).await {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => tracing::warn!(error = %problem, "what was recorded last is not sealed"),
        Err(_) => tracing::warn!("what was recorded last is not sealed in time; the next start does it"),
    }
}

/// Waits until work is to stop.
async fn told(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits for Ctrl C or the system's wish that we end.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(interrupt.await),
    }
}
