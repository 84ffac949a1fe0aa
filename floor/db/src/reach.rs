//! A PostgreSQL server, and since when it cannot be reached.

use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kernel::{Instant, Problem, Result};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, postgres::PgConnectOptions};
use tokio::time::{Instant as Moment, timeout};

use crate::{
    conn::{Conn, in_time},
    fault::problem,
    hosts::{Hosts, STANDBY, ask, cause, name},
    idle::Idle,
};

/// How long a request waits for a connection before it is asked whether the server is there at all. The pool itself
/// waits longer, because under load a connection comes back in the end.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the server may take to let one connection in.
const ANSWER: Duration = Duration::from_secs(1);
/// For how long one answer serves everybody who asks.
const FRESH: Duration = Duration::from_millis(500);

/// The connections to a server.
pub(crate) struct Server {
    idle: Idle<Postgres>,
    hosts: Hosts,
    /// Whether it must take writes.
    to_write: bool,
    /// The one of them that connections lead to.
    present: Mutex<PgConnectOptions>,
    /// Since when it cannot be reached.
    lost: Mutex<Option<Instant>>,
    /// When it was last asked.
    asked: tokio::sync::Mutex<Option<Moment>>,
}

impl Server {
    pub fn new(pool: PgPool, hosts: Hosts, first: PgConnectOptions, to_write: bool) -> Self {
        let present = Mutex::new(first);
        let idle = Idle::new(pool);
        Self { idle, hosts, to_write, present, lost: Mutex::new(None), asked: tokio::sync::Mutex::new(None) }
    }

    /// The pool, for statements without a transaction.
    pub const fn pool(&self) -> &PgPool {
        self.idle.pool()
    }

    /// A number that a statement answers with, if it does at once.
    pub async fn number(&self, sql: &'static str) -> Option<i64> {
        let mut conn = timeout(ANSWER, self.pool().acquire()).await.ok()?.ok()?;
        let number = in_time(ANSWER, sqlx::query_scalar(sql).fetch_one(&mut *conn)).await;
        if number.is_err() {
            conn.close_on_drop();
        }
        number.ok()
    }

    /// Runs a long statement on a connection of its own: nobody waits for it.
    ///
    /// # Errors
    /// Those of connecting and of the statement.
    pub async fn run_beside(&self, sql: &'static str) -> sqlx::Result<()> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut conn = in_time(PATIENCE, PgConnection::connect_with(&present)).await?;
        sqlx::query(sql).execute(&mut conn).await?;
        conn.close().await
    }

    /// Begins a transaction; says what went wrong as it is.
    pub async fn begin_at_once(&self, begin: &str) -> sqlx::Result<Conn<Postgres>> {
        self.idle.begin(begin).await
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.idle.close().await;
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`Problem::Away`] within about two seconds when the server cannot be reached.
    pub async fn begin(&self, begin: &str) -> Result<Conn<Postgres>> {
        if self.lost_since().is_some() {
            self.reach().await?;
        }
        let mut waiting = pin!(self.idle.begin(begin));
        let begun = match timeout(PATIENCE, &mut waiting).await {
            Ok(begun) => begun,
            Err(_) => {
                self.reach().await?;
                waiting.await
            }
        };
        match begun {
            Ok(conn) => Ok(conn),
            Err(error) => {
                if !matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) {
                    self.reach().await?;
                }
                // A server that became a standby refuses to begin; the connection is closed, and the next one leads on.
                let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default();
                if ["0A000", "25006"].contains(&code.as_ref()) {
                    return Err(Problem::Busy { retry_after: 1 });
                }
                Err(problem(error, "BEGIN"))
            }
        }
    }

    fn lost_since(&self) -> Option<Instant> {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds out whether the server lets a connection in. Whoever asks at the same time gets the same answer.
    async fn reach(&self) -> Result<()> {
        let mut asked = self.asked.lock().await;
        if asked.is_none_or(|at| at.elapsed() > FRESH) {
            match self.ask_each().await {
                Ok(options) => self.found(options),
                Err(said) => self.missed(&said),
            }
            *asked = Some(Moment::now());
        }
        self.lost_since().map_or(Ok(()), |since| Err(Problem::Away { since }))
    }

    /// Asks one server after the other, first the one that connections lead to, and says which can be used.
    async fn ask_each(&self) -> Result<PgConnectOptions, String> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let others = self.hosts.all().iter().filter(|other| name(other) != name(&present));
        let mut said = Vec::new();
        for options in std::iter::once(&present).chain(others) {
            let cause = match timeout(ANSWER, ask(options)).await {
                Ok(Ok((conn, writable))) => {
                    let _ = timeout(ANSWER, conn.close()).await;
                    if writable || !self.to_write {
                        return Ok(options.clone());
                    }
                    STANDBY.to_owned()
                }
                // Too many connections: it is there, and busy.
                Ok(Err(sqlx::Error::Database(e))) if e.code().as_deref() == Some("53300") => {
                    return Ok(options.clone());
                }
                Ok(Err(error)) => cause(&error, options),
                Err(_) => "no answer within a second".to_owned(),
            };
            said.push(format!("{}: {cause}", name(options)));
        }
        Err(said.join("; "))
    }

    fn found(&self, options: PgConnectOptions) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if name(&present) != name(&options) {
            tracing::warn!(
                server = name(&options),
                before = name(&present),
                "another server takes the writes now"
            );
            self.pool().set_connect_options(options.clone());
            self.idle.clear();
            *present = options;
        }
        drop(present);
        let before = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(since) = before {
            tracing::info!(server = self.name(), %since, "the database is reached again");
        }
    }

    fn missed(&self, cause: &str) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.is_none() {
            *lost = Some(Instant::machine_now());
            tracing::error!(
                server = self.name(),
                cause,
                "the database cannot be reached; pages say so until it answers. Check that PostgreSQL runs there and \
                 that nothing between blocks it"
            );
        }
    }

    /// Host and port of each.
    fn name(&self) -> String {
        self.hosts.all().iter().map(name).collect::<Vec<_>>().join(",")
    }
}
