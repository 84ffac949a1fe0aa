//! Connections that are at hand.
//!
//! A pool asks a connection whether it still lives when it is taken and when it comes back: two exchanges with the server,
//! or with the thread of an SQLite file, beside the two that begin and end a transaction. Here a connection that ended its
//! transaction in good order waits for the next one as it is. One that died meanwhile shows when the next transaction
//! begins on it, which has changed nothing yet, and so begins on another; one that died unheard does not answer in time.
//!
//! **Invariant:** one connection of a pool is never taken from here, so that whoever takes from the pool itself waits for
//! nobody who keeps connections here.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Pool, pool::PoolConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::conn::{Conn, Engine};

/// A connection that was taken so long ago goes back to its pool, which ends it: what a server keeps for one grows.
const LIFE: Duration = Duration::from_secs(1_800);
/// One that nobody needed for so long goes back too.
const IDLE: Duration = Duration::from_secs(600);
/// How long one that is at hand may take to begin: long for a busy server, short for somebody who waits for a page.
const ALIVE: Duration = Duration::from_secs(2);

/// The connections of a pool, those at hand first.
pub(crate) struct Idle<D: Engine> {
    pool: Pool<D>,
    /// One for each transaction at once.
    places: Arc<Semaphore>,
    kept: Kept<D>,
}

/// What is at hand, the last used at the end; nothing any more once it was closed.
type Kept<D> = Arc<Mutex<Option<Vec<One<D>>>>>;

struct One<D: Engine> {
    conn: PoolConnection<D>,
    /// When it came from the pool.
    taken: Instant,
    used: Instant,
}

/// One transaction's place, and where its connection is kept afterwards.
pub(crate) struct Place<D: Engine> {
    /// Nothing where none are kept.
    kept: Option<Kept<D>>,
    taken: Instant,
    _place: OwnedSemaphorePermit,
}

impl<D: Engine> Idle<D> {
    /// Over a pool; the one connection of a small one is not kept.
    pub fn new(pool: Pool<D>) -> Self {
        let most = pool.options().get_max_connections().saturating_sub(1).max(1);
        Self {
            pool,
            places: Arc::new(Semaphore::new(most as usize)),
            kept: Arc::new(Mutex::new(Some(Vec::new()))),
        }
    }

    /// The pool below.
    pub const fn pool(&self) -> &Pool<D> {
        &self.pool
    }

    /// Begins a transaction on a connection that is at hand, or else on another one.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] when none comes free in time, [`sqlx::Error::PoolClosed`] after
    /// [`Idle::close`]; else those of connecting and of the statement.
    pub async fn begin(&self, begin: &str) -> sqlx::Result<Conn<D>> {
        let options = self.pool.options();
        let place = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(options.get_acquire_timeout(), place).await;
        let place = place.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let kept = (options.get_max_connections() > 1).then(|| Arc::clone(&self.kept));
        let mut place = Place { kept, taken: Instant::now(), _place: place };
        if let Some(at_hand) = self.take() {
            place.taken = at_hand.taken;
            match Conn::begin(at_hand.conn, (begin, ALIVE), place).await {
                Ok(conn) => return Ok(conn),
                // It may have died long ago, and the others with it: a new one tells what is true now.
                Err((_, back)) => place = back,
            }
            self.clear();
        }
        let conn = self.pool.acquire().await?;
        place.taken = Instant::now();
        let within = options.get_acquire_timeout();
        Conn::begin(conn, (begin, within), place).await.map_err(|(error, _)| error)
    }

    fn take(&self) -> Option<One<D>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.pop()
    }

    /// Closes what is at hand: it leads to a server that is no longer the one, or no longer there. The pool would ask each
    /// first whether it lives, and wait for the answer.
    pub fn clear(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = kept.as_mut().map(std::mem::take);
        drop(kept);
        gone.into_iter().flatten().for_each(One::close);
    }

    /// Ends all connections, those in use as soon as they come back.
    pub async fn close(&self) {
        self.places.close();
        let gone = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        gone.into_iter().flatten().for_each(One::close);
        self.pool.close().await;
    }
}

impl<D: Engine> One<D> {
    fn close(mut self) {
        self.conn.close_on_drop();
    }
}

impl<D: Engine> Drop for Idle<D> {
    fn drop(&mut self) {
        // A connection goes back to its pool on a task of its own. Where there are none any more, the process is ending.
        if tokio::runtime::Handle::try_current().is_err() {
            let gone = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
            gone.into_iter().flatten().for_each(|at_hand| std::mem::forget(at_hand.conn));
        }
    }
}

impl<D: Engine> Place<D> {
    /// Keeps a connection that ended its transaction in good order, for the next one.
    pub fn keep(self, conn: PoolConnection<D>) {
        let Some(kept) = self.kept.as_ref().filter(|_| self.taken.elapsed() < LIFE) else { return };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(all) = kept.as_mut() else { return };
        let used = Instant::now();
        all.push(One { conn, taken: self.taken, used });
        let idle = all.first().is_some_and(|first| used.duration_since(first.used) > IDLE);
        let gone = idle.then(|| all.remove(0));
        drop(kept);
        drop(gone);
    }
}
