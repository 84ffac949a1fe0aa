//! A PostgreSQL server, and since when it cannot be reached.

use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kernel::{Instant, Problem, Result};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, postgres::PgConnectOptions};
use tokio::time::{Instant as Moment, timeout};

use crate::{conn::Conn, fault::problem};

/// How long a request waits for a connection before it is asked whether the server is there at all. The pool itself
/// waits longer, because under load a connection comes back in the end.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the server may take to let one connection in.
const ANSWER: Duration = Duration::from_secs(1);
/// For how long one answer serves everybody who asks.
const FRESH: Duration = Duration::from_millis(500);

/// The connections to a server.
pub(crate) struct Server {
    pub pool: PgPool,
    options: PgConnectOptions,
    /// Since when it cannot be reached.
    lost: Mutex<Option<Instant>>,
    /// When it was last asked.
    asked: tokio::sync::Mutex<Option<Moment>>,
}

impl Server {
    pub fn new(pool: PgPool, options: PgConnectOptions) -> Self {
        Self { pool, options, lost: Mutex::new(None), asked: tokio::sync::Mutex::new(None) }
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`Problem::Away`] within about two seconds when the server cannot be reached.
    pub async fn begin(&self, begin: String) -> Result<Conn<Postgres>> {
        if self.lost_since().is_some() {
            self.reach().await?;
        }
        let mut waiting = pin!(Conn::begin(&self.pool, begin));
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
            let answer = timeout(ANSWER, PgConnection::connect_with(&self.options)).await;
            *asked = Some(Moment::now());
            match answer {
                Ok(Ok(conn)) => {
                    let _ = timeout(ANSWER, conn.close()).await;
                    self.found();
                }
                // Too many connections: it is there, and busy.
                Ok(Err(sqlx::Error::Database(e))) if e.code().as_deref() == Some("53300") => self.found(),
                Ok(Err(error)) => self.missed(&error.to_string()),
                Err(_) => self.missed("no answer within a second"),
            }
        }
        self.lost_since().map_or(Ok(()), |since| Err(Problem::Away { since }))
    }

    fn found(&self) {
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

    /// Host and port.
    fn name(&self) -> String {
        format!("{}:{}", self.options.get_host(), self.options.get_port())
    }
}
