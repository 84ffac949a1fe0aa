//! Every event of an organisation, in the order in which the disk holds them.

use std::{collections::HashSet, sync::Arc};

use kernel::{OrgId, Problem, Result};
use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

use super::{
    AT_ONCE,
    sums::{Secret, Sums},
};
use crate::{Db, Engine, Sql, Wall, gate, sweep::Passing, vals};

/// Rows of SQLite's table in one piece.
const ROWS: i64 = 50_000;
/// Pages of PostgreSQL's table in one piece.
const PAGES: i64 = 2_000;
/// Events on one of its pages, about.
const ON_A_PAGE: i64 = 8;

/// The events of all organisations as they lie on the disk.
pub(super) struct Table {
    engine: Engine,
    /// How many places for rows, or pages, there are.
    end: i64,
}

impl Table {
    /// As it is now.
    ///
    /// # Errors
    /// As a read.
    pub async fn look(db: &Db) -> Result<Self> {
        let sql = Sql::new(match db.engine() {
            Engine::Sqlite => "SELECT COALESCE(MAX(rowid), 0) AS n FROM event",
            Engine::Postgres => {
                "SELECT pg_relation_size('event') / current_setting('block_size')::bigint AS n"
            }
        });
        let end =
            crate::read!(db, Wall::All("how large the table is"), |tx| tx.one(sql, &[]).await?.get("n"))?;
        Ok(Self { engine: db.engine(), end })
    }

    /// Whether so many events are found faster by their ids than among all.
    pub fn is_mostly_others(&self, events: i64) -> bool {
        let rows = match self.engine {
            Engine::Sqlite => self.end,
            Engine::Postgres => self.end * ON_A_PAGE,
        };
        rows > events.saturating_mul(8)
    }

    /// Sums all events of an organisation but those that wait for a seal, each with the hash of what it holds. Each piece
    /// is a short read of its own; of what is written meanwhile, some may be summed.
    ///
    /// # Errors
    /// As a read.
    pub async fn sum(&self, db: &Db, org: OrgId, secret: Secret, queue: &Arc<HashSet<Uuid>>) -> Result<Sums> {
        let mut all = Sums::new(secret);
        let mut running: JoinSet<Result<Sums>> = JoinSet::new();
        for piece in self.pieces() {
            while running.len() >= AT_ONCE {
                merge(&mut all, running.join_next().await)?;
            }
            let (db, queue) = (db.clone(), Arc::clone(queue));
            running.spawn(async move {
                let piece = (piece, vals![org].to_vec());
                db.sweep(org, piece, Sums::new(secret), move |sums, row| take(sums, row, org, &queue)).await
            });
        }
        while !running.is_empty() {
            merge(&mut all, running.join_next().await)?;
        }
        Ok(all)
    }

    /// The table in pieces that lie together. SQLite numbers rows in the order in which they came; PostgreSQL leaves them on
    /// the page that they were written to.
    fn pieces(&self) -> impl Iterator<Item = Sql> {
        let step = match self.engine {
            Engine::Sqlite => ROWS,
            Engine::Postgres => PAGES,
        };
        let froms = std::iter::successors(Some(0), move |from| Some(from + step));
        froms.take_while(|from| *from < self.end).map(move |from| {
            let to = (from + step).min(self.end);
            let rows = match self.engine {
                // By their places and not by the key of the organisation.
                Engine::Sqlite => format!("+e.org_id = $1 AND e.rowid > {from} AND e.rowid <= {to}"),
                Engine::Postgres => {
                    format!("e.org_id = $1 AND e.ctid >= '({from},0)'::tid AND e.ctid < '({to},0)'::tid")
                }
            };
            Sql::built(format!("SELECT {} FROM event e WHERE {rows}", gate::COLUMNS)).once()
        })
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
