//! Work for later, enqueued in the same transaction as the change that wants it.

use kernel::{Id, Instant, OrgId, Result};

use crate::{Row, Tx, vals};

crate::statements! {
    /// Enqueues one job.
    ADD = "INSERT INTO job (org_id, id, kind, payload, state, run_at, attempts) \
           VALUES ($1, $2, $3, $4, 'waiting', $5, 0)";
    /// all organisations: a server works for every organisation it hosts.
    DUE = "SELECT org_id, id, kind, payload, attempts FROM job \
           WHERE (state = 'waiting' AND run_at <= $1) OR (state = 'running' AND held_until_at < $1) \
           ORDER BY run_at LIMIT 1";
    /// all organisations: whether anything is due at all.
    ANY_DUE = "SELECT EXISTS (SELECT 1 FROM job WHERE (state = 'waiting' AND run_at <= $1) \
               OR (state = 'running' AND held_until_at < $1)) AS due";
    /// Takes one job for a while.
    HOLD = "UPDATE job SET state = 'running', holder = $3, held_until_at = $4, attempts = attempts + 1 \
            WHERE org_id = $1 AND id = $2 AND (state = 'waiting' OR held_until_at < $5)";
    /// Keeps a job a while longer.
    RENEW = "UPDATE job SET held_until_at = $4 WHERE org_id = $1 AND id = $2 AND holder = $3";
    /// Jobs that nobody can be at any more. all organisations: a server works for every organisation it hosts.
    FREE = "UPDATE job SET held_until_at = $1 WHERE state = 'running' AND held_until_at > $1";
    /// A job that is done leaves no row.
    DONE = "DELETE FROM job WHERE org_id = $1 AND id = $2 AND holder = $3";
    /// A job that failed waits or rests.
    FAILED = "UPDATE job SET state = $4, run_at = $5, error = $6, holder = NULL, held_until_at = NULL \
              WHERE org_id = $1 AND id = $2 AND holder = $3";
    /// A job that could not be done for no fault of its own waits; the attempt does not count.
    PUT_BACK = "UPDATE job SET state = 'waiting', attempts = $4, run_at = $5, error = $6, holder = NULL, \
                held_until_at = NULL WHERE org_id = $1 AND id = $2 AND holder = $3";
    /// Why a job waits that was tried before.
    WHY = "SELECT error FROM job WHERE org_id = $1 AND payload = $2 AND state = 'waiting' AND error IS NOT NULL \
           LIMIT 1";
    /// all organisations: what is left to do, for the metric and for tests.
    PENDING = "SELECT state, COUNT(*) AS n FROM job GROUP BY state ORDER BY state";
}

/// Marks the ids of jobs.
pub enum JobMark {}

/// A job in hand.
#[derive(Clone, Debug)]
pub struct Job {
    /// For whom.
    pub org: OrgId,
    /// Which.
    pub id: Id<JobMark>,
    /// What to do, `room.noun.verb`.
    pub kind: String,
    /// With what, as JSON.
    pub payload: String,
    /// How often it was tried before this time.
    pub attempts: i64,
}

/// Seconds a server keeps a job in hand before another may take it.
pub const HELD_FOR: i64 = 60;
/// Attempts before a job rests for a person to look at.
pub const ATTEMPTS: i64 = 8;

/// Enqueues a job in this transaction.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn add(tx: &mut Tx, org: OrgId, kind: &str, payload: &str, run_at: Instant) -> Result<Id<JobMark>> {
    let id = Id::new();
    tx.execute(ADD, &vals![org, id, kind, payload, run_at]).await?;
    Ok(id)
}

/// Whether any job is due. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::execute`].
pub async fn due(tx: &mut Tx, now: Instant) -> Result<bool> {
    let row = tx.one(ANY_DUE, &vals![now]).await?;
    match tx.engine() {
        crate::Engine::Sqlite => Ok(row.get::<i64>("due")? != 0),
        crate::Engine::Postgres => row.get("due"),
    }
}

/// Takes the job that has waited longest, if any is due. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::execute`].
pub async fn take(tx: &mut Tx, holder: &str, now: Instant) -> Result<Option<Job>> {
    let Some(row) = tx.find(DUE, &vals![now]).await? else { return Ok(None) };
    let job = from_row(&row)?;
    let until = now.plus_seconds(HELD_FOR);
    let held = tx.execute(HOLD, &vals![job.org, job.id, holder, until, now]).await?;
    Ok((held == 1).then_some(job))
}

/// Lets go of every job that a server held which was cut short, and says how many. Only for a server that is alone with
/// its database, before it takes its first job. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::execute`].
pub async fn free(tx: &mut Tx, now: Instant) -> Result<u64> {
    tx.execute(FREE, &vals![now.plus_seconds(-1)]).await
}

fn from_row(row: &Row) -> Result<Job> {
    Ok(Job {
        org: row.get("org_id")?,
        id: row.get("id")?,
        kind: row.get("kind")?,
        payload: row.get("payload")?,
        attempts: row.get("attempts")?,
    })
}

/// Keeps a long job in hand; `false` when it was taken over meanwhile, and the work must stop.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn renew(tx: &mut Tx, job: &Job, holder: &str, now: Instant) -> Result<bool> {
    Ok(tx.execute(RENEW, &vals![job.org, job.id, holder, now.plus_seconds(HELD_FOR)]).await? == 1)
}

/// Ends a job well.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn done(tx: &mut Tx, job: &Job, holder: &str) -> Result<()> {
    tx.execute(DONE, &vals![job.org, job.id, holder]).await.map(drop)
}

/// Puts a failed job back with a growing pause, or to rest after [`ATTEMPTS`].
///
/// # Errors
/// As [`Tx::execute`].
pub async fn failed(tx: &mut Tx, job: &Job, holder: &str, now: Instant, error: &str) -> Result<()> {
    let tried = job.attempts + 1;
    let state = if tried >= ATTEMPTS { "resting" } else { "waiting" };
    let pause = 2_i64.pow(tried.clamp(1, 10) as u32);
    let words: String = error.chars().take(500).collect();
    let vals = vals![job.org, job.id, holder, state, now.plus_seconds(pause), words];
    tx.execute(FAILED, &vals).await.map(drop)
}

/// Seconds until a job is tried again that found no disk to write to.
pub const PUT_BACK_FOR: i64 = 10;

/// Puts a job back that the machine kept from being done, such as by a full disk: it waits, however long that lasts,
/// and never rests for it.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn put_back(tx: &mut Tx, job: &Job, holder: &str, now: Instant, error: &str) -> Result<()> {
    let words: String = error.chars().take(500).collect();
    let until = now.plus_seconds(PUT_BACK_FOR);
    tx.execute(PUT_BACK, &vals![job.org, job.id, holder, job.attempts, until, words]).await.map(drop)
}

/// Why the job with this payload waits to be tried again; nothing when it was not tried, or is done.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn why_waiting(tx: &mut Tx, org: OrgId, payload: &str) -> Result<Option<String>> {
    tx.find(WHY, &vals![org, payload]).await?.map(|row| row.get("error")).transpose()
}

/// How many jobs wait, run and rest. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::execute`].
pub async fn pending(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    let rows = tx.all(PENDING, &vals![]).await?;
    rows.iter().map(|r| Ok((r.get("state")?, r.get("n")?))).collect()
}
