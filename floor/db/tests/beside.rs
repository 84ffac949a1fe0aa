//! A second process beside the one that holds an SQLite file: its ids follow all that is committed, and its file is for
//! its owner's eyes.

use std::os::unix::fs::PermissionsExt as _;

use db::{Db, Place, Sql, vals};
use kernel::{Actor, Change, Clock, Id, Instant, OrgId, Problem, Via};
use serde_json::json;
use uuid::Uuid;

const IDS: Sql = Sql::new("SELECT id FROM event WHERE org_id = $1 ORDER BY recorded_at, id");
/// Begins like a query, so that it passes the gate.
const SET: Sql = Sql::new("WITH past AS (SELECT 1) UPDATE event SET id = $1 WHERE org_id = $2");
const AHEAD: Sql = Sql::new("WITH past AS (SELECT 1) UPDATE event SET id = $1 WHERE org_id = $2 AND id = $3");

async fn record(db: &Db, org: OrgId) -> kernel::Result<()> {
    let who = Actor::system(org, "A test", Via::Cli, Clock::Machine.now());
    db::write!(db, org, |tx| {
        let change = Change {
            action: "test.thing.add",
            entity: "thing",
            id: Uuid::now_v7(),
            version: 1,
            before: None,
            after: json!({}),
            valid_at: None,
            reason: None,
        };
        tx.record(&who, change).await
    })
}

fn in_millis(millis: i64) -> Uuid {
    Id::<()>::seeded(Instant::from_micros(Instant::machine_now().micros() + millis * 1_000), [255; 10]).uuid()
}

#[tokio::test]
async fn its_ids_follow_all_that_is_committed_and_its_clock_must_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("baton.sqlite").display());
    let missing = Place::join(&url, &[]).await;
    assert!(matches!(missing, Err(Problem::Conflict { code: "db.missing", .. })));
    let (holder, org) = (Db::open(&url, &[]).await.unwrap(), Id::new());
    let beside = Place::join(&url, &[]).await.unwrap();
    record(&holder, org).await.unwrap();
    let last = in_millis(200);
    db::write!(holder, org, |tx| tx.execute(SET, &vals![last, org]).await).unwrap();
    record(&beside, org).await.unwrap();
    let ended = in_millis(0);
    let ids: Vec<Uuid> = db::read!(holder, org, |tx| {
        tx.all(IDS, &vals![org]).await?.iter().map(|row| row.get("id")).collect()
    })
    .unwrap();
    assert!(ids[1] > last, "{ids:?}");
    assert!(ids[1].as_u128() >> 80 < ended.as_u128() >> 80, "whatever begins now makes later ids");
    // Both go on, each in its turn.
    record(&holder, org).await.unwrap();
    record(&beside, org).await.unwrap();
    let ahead = in_millis(60_000);
    db::write!(holder, org, |tx| tx.execute(AHEAD, &vals![ahead, org, ids[1]]).await).unwrap();
    let refused = record(&beside, org).await;
    assert!(matches!(refused, Err(Problem::Conflict { code: "db.clock", .. })), "{refused:?}");
    beside.close().await;
    holder.close().await;
}

#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let db =
        Db::open(&format!("sqlite://{}", folder.path().join("baton.sqlite").display()), &[]).await.unwrap();
    for end in ["", "-wal", "-shm"] {
        let about = std::fs::metadata(folder.path().join(format!("baton.sqlite{end}"))).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "baton.sqlite{end}");
    }
    db.close().await;
}
