//! Small writes by a second process beside the one that holds an SQLite file.
//!
//! SQLite lets one of them write at a time and makes the other wait. Two things rest on there being one process: ids that
//! follow all that is committed ([`crate::feed`]), and what a server keeps in memory of rows that nobody else changes. The
//! second is a matter of what is written: nothing that a server remembers may be changed or ended from beside it, such as
//! a session, a role or an account; rows that are new to it, and API tokens, which it reads anew for each call, may.
//!
//! **Invariant:** an id carries its millisecond, and behind it an order that each process keeps for itself. So a write from
//! beside makes its ids in a later millisecond than the last id on record, and does not end in the millisecond of its own.

use std::time::Duration;

use kernel::{Instant, Problem, Result};
use uuid::Uuid;

use crate::{Tx, Wall, feed};

/// By how much this machine's clock may be behind the last id, at most; that much is waited.
const BEHIND: i64 = 2_000;
const TICK: Duration = Duration::from_millis(1);

/// Waits, in a write that has begun, until new ids follow all that is committed.
pub(crate) async fn follow(tx: &mut Tx, wall: Wall) -> Result<()> {
    let last = match wall {
        Wall::Org(org) => millis_of(feed::newest(tx, org).await?),
        // Of an organisation that is being made nothing is on record.
        Wall::All(_) => return Ok(()),
    };
    if last - now() > BEHIND {
        return Err(Problem::conflict(
            "db.clock",
            format!(
                "This machine’s clock is {} s behind the last change on record. Set it right, or do this on the page of \
                 the running program. Nothing was changed.",
                (last - now()) / 1_000
            ),
        ));
    }
    pass(last).await;
    Ok(())
}

/// Waits, before a write ends, until whatever begins after it makes later ids.
pub(crate) async fn clear() {
    pass(now()).await;
}

async fn pass(millis: i64) {
    while now() <= millis {
        tokio::time::sleep(TICK).await;
    }
}

fn now() -> i64 {
    Instant::machine_now().micros().div_euclid(1_000)
}

/// The millisecond in an id.
fn millis_of(id: Uuid) -> i64 {
    i64::try_from(id.as_u128() >> 80).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_its_millisecond() {
        let before = now();
        let id = millis_of(Uuid::now_v7());
        assert!((before..=now()).contains(&id), "{id}");
    }
}
