//! Puts the running program together: rooms, front door, worker, server.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use db::{Db, seal::Signer};
use kernel::Clock;
use tokio::{net::TcpListener, sync::watch};
use web::{App, Duty};

use crate::{backup::Plan, config::Config, ops, rooms::rooms};

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

/// Puts rooms, front door and routes together. With the key, this server seals the record.
pub fn build(db: Db, clock: Clock, config: &Config, signer: Option<Signer>) -> House {
    let rooms = rooms();
    let set_up_code = identity::set_up_code();
    let permits: Vec<_> = rooms.iter().map(|room| room.permits).collect();
    let front = identity::Front::new(&permits, &set_up_code);
    let mut kept = http::Extensions::new();
    kept.insert(front.clone());
    if let Some(signer) = signer {
        kept.insert(signer);
    }
    let (mut menu, mut jobs, mut routes, mut duties) =
        (Vec::new(), Vec::new(), Vec::new(), web::duty::of_floor());
    for room in rooms {
        menu.extend(room.menu);
        jobs.extend(room.jobs);
        duties.extend(room.duties);
        routes.extend(room.routes);
        (room.answers)(&mut kept);
    }
    let app = App::new(db, clock, Box::new(front), menu, jobs, config.tls_in_front, kept);
    // A place that is no folder was refused with the configuration.
    let backups = Plan::of(config).ok().flatten();
    let router = ops::routes(&app, config).merge(web::router(&app, routes));
    House { app, router, duties, set_up_code, backups }
}

/// Listens where the configuration says.
///
/// # Errors
/// When the port is taken or may not be used, with the remedy.
pub async fn listen(at: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(at).await.with_context(|| {
        format!(
            "Cannot listen on {at}. Another program may use the port; choose another with --port or `listen`."
        )
    })
}

/// Serves and works until told to stop by the terminal or the system.
///
/// # Errors
/// When the listener breaks.
pub async fn run(house: House, listener: TcpListener) -> anyhow::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(web::worker::work(house.app.clone(), stopped.clone()));
    let duties = tokio::spawn(web::duty::keep(house.app.clone(), house.duties, stopped.clone()));
    let (backed_up, until_then) = (house.app.clone(), stopped.clone());
    let backups = house.backups.map(|plan| tokio::spawn(crate::backup::keep(backed_up, plan, until_then)));
    let until = async move {
        signal().await;
        tracing::info!("stopping: requests under way may finish");
        let _ = stop.send(true);
    };
    web::serve(listener, house.router, until).await?;
    let all = async {
        let _ = tokio::join!(worker, duties);
        if let Some(backups) = backups {
            let _ = backups.await;
        }
    };
    if tokio::time::timeout(std::time::Duration::from_secs(10), all).await.is_err() {
        tracing::warn!("the work in hand did not finish; it will be taken up again");
    }
    house.app.db().close().await;
    Ok(())
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
