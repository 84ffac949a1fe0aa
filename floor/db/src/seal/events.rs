//! Every event of an organisation, in the order in which the disk holds them.

use std::{collections::HashSet, sync::Arc};

use kernel::{OrgId, Problem, Result};
use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

use super::{
    AT_ONCE,
    sums::{Secret, Sums},
};
use crate::{Db, Engine, Sql, Tx, Wall, gate, sweep::Passing, vals};

/// Numbers of SQLite's rows in one piece.
const ROWS: i64 = 50_000;
/// Pages of PostgreSQL's table in one piece.
const PAGES: i64 = 2_000;
/// Events on one of its pages, about.
const ON_A_PAGE: i64 = 8;

/// The events of all organisations as they lie on the disk.
pub(super) struct Table {
    /// The conditions of the pieces, which lie together each.
    pieces: Vec<String>,
    /// How many events there are, about.
    rows: i64,
}

impl Table {
    /// As it is now.
    ///
    /// # Errors
    /// As a read.
    pub async fn look(db: &Db) -> Result<Self> {
        crate::read!(db, Wall::All("how large the table is"), |tx| match tx.engine() {
            Engine::Sqlite => Self::by_numbers(tx).await,
            Engine::Postgres => Self::by_pages(tx).await,
        })
    }

    /// SQLite numbers rows in the order in which they came, unless somebody numbered them: any number then, with wide
    /// gaps between.
    async fn by_numbers(tx: &mut Tx) -> Result<Self> {
        const NEXT: Sql = Sql::new("SELECT MIN(rowid) AS n FROM event WHERE rowid >= $1");
        const LAST: Sql = Sql::new("SELECT MAX(rowid) AS n FROM event");
        let end: Option<i64> = tx.one(LAST, &[]).await?.get("n")?;
        let (mut pieces, mut rows, mut from) = (Vec::new(), 0_i64, end.map(|_| i64::MIN));
        while let Some(least) = from {
            let Some(first) = tx.one(NEXT, &vals![least]).await?.get::<Option<i64>>("n")? else { break };
            let last = first.saturating_add(ROWS - 1);
            // By their places and not by the key of the organisation.
            pieces.push(format!("+e.org_id = $1 AND e.rowid >= {first} AND e.rowid <= {last}"));
            rows += last.min(end.unwrap_or(last)).saturating_sub(first) + 1;
            from = last.checked_add(1);
        }
        Ok(Self { pieces, rows })
    }

    /// PostgreSQL leaves rows on the page that they were written to.
    async fn by_pages(tx: &mut Tx) -> Result<Self> {
        const SIZE: Sql =
            Sql::new("SELECT pg_relation_size('event') / current_setting('block_size')::bigint AS n");
        let end: i64 = tx.one(SIZE, &[]).await?.get("n")?;
        let froms =
            std::iter::successors(Some(0), |from: &i64| Some(from + PAGES)).take_while(|from| *from < end);
        let piece = |from: i64| {
            let to = (from + PAGES).min(end);
            format!("e.org_id = $1 AND e.ctid >= '({from},0)'::tid AND e.ctid < '({to},0)'::tid")
        };
        Ok(Self { pieces: froms.map(piece).collect(), rows: end.saturating_mul(ON_A_PAGE) })
    }

    /// Whether so many events are found faster by their ids than among all.
    pub const fn is_mostly_others(&self, events: i64) -> bool {
        self.rows > events.saturating_mul(8)
    }

    /// Sums all events of an organisation but those that wait for a seal, each with the hash of what it holds. Each piece
    /// is a short read of its own; of what is written meanwhile, some may be summed.
    ///
    /// # Errors
    /// As a read.
    pub async fn sum(&self, db: &Db, org: OrgId, secret: Secret, queue: &Arc<HashSet<Uuid>>) -> Result<Sums> {
        let mut all = Sums::new(secret);
        let mut running: JoinSet<Result<Sums>> = JoinSet::new();
        for piece in &self.pieces {
            let sql = Sql::built(format!("SELECT {} FROM event e WHERE {piece}", gate::COLUMNS)).once();
            while running.len() >= AT_ONCE {
                merge(&mut all, running.join_next().await)?;
            }
            let (db, queue) = (db.clone(), Arc::clone(queue));
            running.spawn(async move {
                let piece = (sql, vals![org].to_vec());
                db.sweep(org, piece, Sums::new(secret), move |sums, row| take(sums, row, org, &queue)).await
            });
        }
        while !running.is_empty() {
            merge(&mut all, running.join_next().await)?;
        }
        Ok(all)
    }
}

fn merge(all: &mut Sums, done: Option<Result<Result<Sums>, JoinError>>) -> Result<()> {
    done.map_or(Ok(()), |done| done.map_err(Problem::bug)?.map(|some| all.merge(&some)))
}

fn take(sums: &mut Sums, row: &dyn Passing, org: OrgId, queue: &HashSet<Uuid>) -> Result<()> {
    // SQLite takes anything for an id.
    let id = row.cell(gate::ID)?.uuid().unwrap_or(Uuid::nil());
    match gate::whole(row, org) {
        _ if queue.contains(&id) => {}
        Some(hash) => sums.add(id, &hash),
        None => sums.add_odd(id),
    }
    Ok(())
}
