//! The one writer of an SQLite file, and commits that several writes share.
//!
//! SQLite has one writer at a time, and a commit waits for the disk. A write that ends while others wait for their turn
//! therefore leaves the transaction open: the next one goes on in it behind a savepoint, and one commit, with one sync of
//! the disk, keeps them all. One that refuses goes back to its savepoint alone.
//!
//! **Invariant:** nobody is told what a write came to before the transaction it was part of has ended. What is kept is
//! acknowledged after the commit. What was refused is told after it too, because the refusal may rest on what an earlier
//! write of the same transaction did; if that is lost, both run again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{Problem, Result};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, pool::PoolConnection};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::timeout,
};

use crate::{
    conn::{Conn, Engine as _},
    fault::{commit_problem, problem},
};

/// How long a write waits for its turn before the caller is told that the database is busy.
const PATIENCE: Duration = Duration::from_secs(30);
/// Writes in one transaction; more wait for the next.
const MOST: usize = 64;
/// Savepoints of members in a row. They differ, so that going back to one that was never made fails instead of taking
/// back what the member before did.
const SAVEPOINTS: [&str; 2] = ["even", "odd"];

/// The turns of an SQLite file's writers.
#[derive(Clone)]
pub(crate) struct Writer {
    pool: SqlitePool,
    turn: Arc<Mutex<Option<Open>>>,
    /// Writes that wait for their turn.
    coming: Arc<AtomicUsize>,
}

/// The transaction that is open between turns.
struct Open {
    held: PoolConnection<Sqlite>,
    /// Members that ended and wait to be told.
    waiting: Vec<oneshot::Sender<Result<()>>>,
    /// The last savepoint: none while the first member writes, who goes back to the beginning.
    savepoint: Option<&'static str>,
    /// Whether nothing was written since the last savepoint.
    clean: bool,
}

type Turn = OwnedMutexGuard<Option<Open>>;

/// A connection to an SQLite file with a transaction on it.
pub(crate) enum Held {
    /// It reads, or nobody else shares the file.
    Alone(Conn<Sqlite>),
    /// It writes, in a transaction that others may share.
    Turn(Member),
}

/// One write in its turn. Dropped before it ended, it leaves nothing behind.
pub(crate) struct Member {
    writer: Writer,
    /// None once it ended.
    turn: Option<Turn>,
    /// Whether the connection must not be used again.
    spoilt: bool,
}

/// Counts a write among those that wait, while it does.
struct Coming<'w>(&'w AtomicUsize);

impl<'w> Coming<'w> {
    fn new(coming: &'w AtomicUsize) -> Self {
        coming.fetch_add(1, Ordering::Relaxed);
        Self(coming)
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writer {
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool, turn: Arc::default(), coming: Arc::default() }
    }

    /// The connection, between turns.
    pub const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Waits for a turn and begins, in the transaction that is open or in a new one.
    ///
    /// # Errors
    /// [`Problem::Busy`] when no turn comes, or the open transaction turns out to be gone.
    pub async fn begin(&self) -> Result<Member> {
        let turn = {
            let _coming = Coming::new(&self.coming);
            let turn = timeout(PATIENCE, Arc::clone(&self.turn).lock_owned()).await;
            turn.map_err(|_| Problem::Busy { retry_after: 1 })?
        };
        let mut member = Member { writer: self.clone(), turn: Some(turn), spoilt: false };
        let entered = member.enter().await;
        // A connection that cannot begin is of no use to the next one either.
        member.spoilt = entered.is_err();
        entered.map(|()| member)
    }

    /// Commits a transaction whose members all ended, at the latest when those who waited then had their turn.
    fn commit_later(&self) {
        let turn = Arc::clone(&self.turn);
        tokio::spawn(async move {
            let turn = turn.lock_owned().await;
            // Between turns nobody is inside: whatever is open has members that ended only.
            settle(turn).await;
        });
    }
}

impl Member {
    async fn enter(&mut self) -> Result<()> {
        let pool = self.writer.pool.clone();
        let turn = self.turn.as_mut().ok_or_else(ended)?;
        if let Some(open) = turn.as_mut() {
            return open.next_member().await;
        }
        let held = pool.acquire().await.map_err(|e| problem(e, "BEGIN"))?;
        let open = turn.insert(Open { held, waiting: Vec::new(), savepoint: None, clean: false });
        run(&mut open.held, "BEGIN IMMEDIATE").await.map_err(|e| problem(e, "BEGIN"))
    }

    /// Says that the connection must be closed afterwards.
    pub fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// The connection itself, to run a statement on.
    pub fn held(&mut self) -> Result<&mut SqliteConnection> {
        Ok(&mut self.open()?.held)
    }

    fn open(&mut self) -> Result<&mut Open> {
        self.turn.as_mut().and_then(|turn| turn.as_mut()).ok_or_else(ended)
    }

    /// Keeps what it wrote: alone at once, or together with those who wait for their turn.
    pub async fn commit(mut self) -> Result<()> {
        self.open()?.clean = false;
        self.end().await
    }

    /// Takes back what it wrote.
    ///
    /// # Errors
    /// [`Problem::Busy`] when an earlier member's changes, which it saw, were lost.
    pub async fn rollback(mut self) -> Result<()> {
        if let Err(error) = self.open()?.go_back().await {
            self.spoilt = true;
            return Err(problem(error, "ROLLBACK"));
        }
        if self.open()?.waiting.is_empty() {
            // Nobody else is in it, and nothing is left of it.
            if let Some(turn) = self.turn.take().as_mut() {
                turn.take();
            }
            return Ok(());
        }
        self.end().await.map_err(|_| lost())
    }

    /// Ends its turn and waits for the end of the transaction.
    async fn end(&mut self) -> Result<()> {
        let (tell, told) = oneshot::channel();
        let nobody_comes = self.writer.coming.load(Ordering::Relaxed) == 0;
        let open = self.open()?;
        open.waiting.push(tell);
        let members = open.waiting.len();
        let Some(turn) = self.turn.take() else { return Err(ended()) };
        if nobody_comes || members >= MOST {
            // On its own feet: a caller who goes away must not leave the others waiting.
            tokio::spawn(settle(turn));
        } else {
            drop(turn);
            if members == 1 {
                self.writer.commit_later();
            }
        }
        told.await.unwrap_or_else(|_| Err(commit_problem(sqlx::Error::WorkerCrashed)))
    }
}

impl Held {
    /// The connection itself, to run a statement on.
    pub fn held(&mut self) -> Result<&mut SqliteConnection> {
        match self {
            Self::Alone(conn) => conn.held(),
            Self::Turn(member) => member.held(),
        }
    }

    /// Says that the connection must be closed afterwards.
    pub fn spoil(&mut self) {
        match self {
            Self::Alone(conn) => conn.spoil(),
            Self::Turn(member) => member.spoil(),
        }
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Alone(conn) => conn.commit().await.map_err(commit_problem),
            Self::Turn(member) => member.commit().await,
        }
    }

    pub async fn rollback(self) -> Result<()> {
        match self {
            Self::Alone(conn) => conn.rollback().await.map_err(|e| problem(e, "ROLLBACK")),
            Self::Turn(member) => member.rollback().await,
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some(mut turn) = self.turn.take() else { return };
        let spoilt = self.spoilt;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return turn.take().into_iter().for_each(Open::close);
        };
        runtime.spawn(async move {
            let Some(open) = turn.as_mut() else { return };
            if spoilt || open.go_back().await.is_err() {
                turn.take().into_iter().for_each(Open::close);
            } else if open.waiting.is_empty() {
                turn.take();
            }
            // Else those who wait are committed by whoever was left to do it.
        });
    }
}

impl Open {
    /// Parts what was written from what the next member writes.
    async fn next_member(&mut self) -> Result<()> {
        if self.clean {
            return Ok(());
        }
        let [even, odd] = SAVEPOINTS;
        let next = if self.savepoint == Some(even) { odd } else { even };
        let sql = match self.savepoint {
            None => format!("SAVEPOINT {next}"),
            Some(last) => format!("RELEASE {last}; SAVEPOINT {next}"),
        };
        // Noted first: one who goes away meanwhile must go back to this and not to the one before.
        self.savepoint = Some(next);
        run(&mut self.held, &sql).await.map_err(|_| lost())
    }

    /// Takes back what the present member wrote.
    async fn go_back(&mut self) -> sqlx::Result<()> {
        match self.savepoint {
            None => run(&mut self.held, "ROLLBACK").await,
            Some(last) => {
                run(&mut self.held, &format!("ROLLBACK TO {last}")).await?;
                self.clean = true;
                Ok(())
            }
        }
    }

    /// Closes the connection, which rolls everything back.
    fn close(mut self) {
        self.held.close_on_drop();
        self.tell(&Err(lost()));
    }

    fn tell(&mut self, fate: &Result<()>) {
        for waiting in self.waiting.drain(..) {
            // Whoever asked may have gone away.
            let _ = waiting.send(fate.clone());
        }
    }
}

/// Commits what its members wrote and tells them.
async fn settle(mut turn: Turn) {
    let Some(mut open) = turn.take() else { return };
    let fate = run(&mut open.held, "COMMIT").await.map_err(commit_problem);
    if fate.is_err() && run(&mut open.held, "ROLLBACK").await.is_err() {
        open.held.close_on_drop();
    }
    open.tell(&fate);
}

async fn run(conn: &mut SqliteConnection, sql: &str) -> sqlx::Result<()> {
    Sqlite::run(conn, sql.to_owned()).await
}

/// What is told to one whose transaction ended without being kept, through no fault of its own: it runs again.
const fn lost() -> Problem {
    Problem::Busy { retry_after: 1 }
}

fn ended() -> Problem {
    Problem::bug("a write that ended")
}
