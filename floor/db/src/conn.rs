//! A pooled connection while a transaction is open on it.

use std::time::Duration;

use kernel::Result;
use sqlx::{AssertSqlSafe, Database, Executor as _, pool::PoolConnection};

use crate::{fault::problem, idle::Place};

/// How long a server may take to give up a transaction.
const GIVE_UP: Duration = Duration::from_secs(5);

/// One connection, taken from its pool for one transaction. However that ends, the next one finds either a clean
/// connection or a new one: after some errors SQLite ends a transaction by itself, and a pool that does not know could
/// never begin another on that connection.
pub(crate) struct Conn<D: Engine> {
    /// `None` only while dropping.
    held: Option<PoolConnection<D>>,
    /// Where it is kept afterwards.
    place: Option<Place<D>>,
    open: bool,
    /// Whether the connection must not be used again.
    spoilt: bool,
}

/// An engine whose connections run plain statements.
pub(crate) trait Engine: Database {
    fn run(conn: &mut Self::Connection, sql: String) -> impl Future<Output = sqlx::Result<()>> + Send;
}

macro_rules! engine {
    ($name:ty) => {
        impl Engine for $name {
            async fn run(conn: &mut Self::Connection, sql: String) -> sqlx::Result<()> {
                conn.execute(AssertSqlSafe(sql)).await.map(drop)
            }
        }
    };
}
engine!(sqlx::Sqlite);
engine!(sqlx::Postgres);

impl<D: Engine> Conn<D> {
    /// Begins on a connection. One that cannot begin in time is of no use to the next one either: it may lead to a server
    /// that is gone, or have been opened while the file could not be written, and stays read-only for ever.
    ///
    /// # Errors
    /// What the engine says, and the place that it was to take.
    pub async fn begin(
        held: PoolConnection<D>,
        (begin, within): (&str, Duration),
        place: Place<D>,
    ) -> Result<Self, (sqlx::Error, Place<D>)> {
        let mut conn = Self { held: Some(held), place: None, open: true, spoilt: false };
        let begun = match conn.connection() {
            Ok(held) => in_time(within, D::run(held, begin.to_owned())).await,
            Err(error) => Err(error),
        };
        match begun {
            Ok(()) => {
                conn.place = Some(place);
                Ok(conn)
            }
            Err(error) => {
                conn.spoilt = true;
                Err((error, place))
            }
        }
    }

    /// Says that the connection must be closed afterwards.
    pub fn spoil(&mut self) {
        self.spoilt = true;
    }

    pub async fn commit(self) -> sqlx::Result<()> {
        self.end("COMMIT").await
    }

    pub async fn rollback(self) -> sqlx::Result<()> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &str) -> sqlx::Result<()> {
        D::run(self.connection()?, how.to_owned()).await?;
        self.open = false;
        if !self.spoilt
            && let (Some(held), Some(place)) = (self.held.take(), self.place.take())
        {
            place.keep(held);
        }
        Ok(())
    }

    /// The connection itself, to run a statement on.
    pub fn held(&mut self) -> Result<&mut D::Connection> {
        self.connection().map_err(|e| problem(e, "a transaction that ended"))
    }

    fn connection(&mut self) -> sqlx::Result<&mut D::Connection> {
        self.held.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }
}

impl<D: Engine> Drop for Conn<D> {
    fn drop(&mut self) {
        let Some(mut held) = self.held.take() else { return };
        if self.spoilt {
            held.close_on_drop();
        } else if self.open {
            // Whoever asked went away, or the end itself failed. Closing rolls back as well, and then nothing is left.
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return held.close_on_drop() };
            let place = self.place.take();
            runtime.spawn(async move {
                if in_time(GIVE_UP, D::run(&mut held, "ROLLBACK".to_owned())).await.is_err() {
                    held.close_on_drop();
                }
                // Only now is there room for another.
                drop(place);
            });
        }
    }
}

/// Whoever never answers gives an error like one who says so: a connection may be dead without having been told.
pub(crate) async fn in_time<T>(
    within: Duration,
    work: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let late = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(within, work).await.unwrap_or_else(late)
}
