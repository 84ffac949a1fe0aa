//! Reading from a standby, where what is read may be a few seconds old.

use std::{
    collections::VecDeque,
    time::{Duration, Instant as Moment},
};

use sqlx::Postgres;
use tokio::sync::Mutex;

use crate::{conn::Conn, reach::Server};

tokio::task_local! {
    static MAY_LAG: ();
}

/// Runs work whose reads may be a few seconds old; its writes, and reads of work that it begins elsewhere, are not
/// touched by this.
pub async fn may_lag<F: Future>(work: F) -> F::Output {
    MAY_LAG.scope((), work).await
}

/// Whether the present work's reads may be a few seconds old.
pub(crate) fn is_enough() -> bool {
    MAY_LAG.try_with(|()| ()).is_ok()
}

/// How far a standby may be behind what is read from it.
pub const MOST: Duration = Duration::from_secs(5);
/// How far the log of the first server goes, in bytes.
const STANDS: &str = "SELECT CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS BIGINT)";
/// How much of it a standby has, in bytes.
const HAS: &str = "SELECT CAST(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') AS BIGINT)";
/// Between two comparisons.
const LOOK: Duration = Duration::from_secs(1);

/// The connections to a standby, and whether it keeps up.
pub(crate) struct Standby {
    server: Box<Server>,
    known: Mutex<Known>,
}

/// Where the first server's log stood at some moments, and what the standby had of it.
#[derive(Default)]
struct Known {
    marks: VecDeque<(Moment, i64)>,
    looked: Option<Moment>,
    /// The latest moment of which the standby has everything.
    reached: Option<Moment>,
}

impl Standby {
    pub fn new(server: Box<Server>) -> Self {
        Self { server, known: Mutex::new(Known::default()) }
    }

    /// Begins to read on the standby, if it has everything that the first server had a few seconds ago. Otherwise, and
    /// when it does not answer, the first server is read.
    pub async fn begin(&self, first: &Server, begin: &str) -> Option<Conn<Postgres>> {
        if !self.keeps_up(first).await {
            return None;
        }
        self.server.begin_at_once(begin).await.ok()
    }

    async fn keeps_up(&self, first: &Server) -> bool {
        let mut known = self.known.lock().await;
        if known.looked.is_none_or(|at| at.elapsed() > LOOK) {
            known.looked = Some(Moment::now());
            self.compare(first, &mut known).await;
        }
        known.reached.is_some_and(|at| at.elapsed() < MOST)
    }

    async fn compare(&self, first: &Server, known: &mut Known) {
        let now = Moment::now();
        if let Some(stands) = first.number(STANDS).await {
            known.marks.push_back((now, stands));
        }
        let Some(has) = self.server.number(HAS).await else { return };
        while let Some((at, _)) = known.marks.front().filter(|(_, stood)| *stood <= has) {
            known.reached = Some(*at);
            known.marks.pop_front();
        }
        // A standby that is far behind is measured by what comes, not by all that was.
        while known.marks.len() > 60 {
            known.marks.pop_front();
        }
    }

    pub async fn close(&self) {
        self.server.close().await;
    }
}
