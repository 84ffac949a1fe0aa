//! Trouble around the store: folders, disks, other servers, lost connections. Each ends in words with a remedy,
//! and nothing half done.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use db::{Db, Engine, File, RoomSchema, Sql, Wall, vals};
use kernel::{OrgId, Problem};

const ROOM: RoomSchema = RoomSchema {
    room: "test",
    number: 900,
    files: &[File::both(1, "t", "CREATE TABLE note (\n org_id UUID NOT NULL,\n text TEXT NOT NULL\n);\n")],
    unrecorded: &[("note", "a test's")],
    statements: &[],
    records: &[],
    truths: db::check::Truths::NONE,
};
const ADD: Sql = Sql::new("INSERT INTO note (org_id, text) VALUES ($1, $2)");
const COUNT: Sql = Sql::new("SELECT COUNT(*) AS n FROM note WHERE org_id = $1");

async fn words(url: &str, rooms: &[RoomSchema]) -> (&'static str, String) {
    match Db::open(url, rooms).await {
        Ok(_) => panic!("{url} opened"),
        Err(problem) => (problem.code(), problem.to_string()),
    }
}

#[tokio::test]
async fn an_address_that_is_none() {
    let (code, text) = words("mysql://root:secret@db/x", &[]).await;
    assert_eq!(code, "db.url");
    assert!(text.contains("postgres://") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written() {
    let (code, text) = words("sqlite:///proc/baton/baton.sqlite", &[]).await;
    assert_eq!(code, "db.folder");
    assert!(text.contains("/proc/baton") && text.contains("writable"), "{text}");
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.sqlite");
    std::fs::write(&file, "a letter to grandmother, long enough to be read as a header of a database file")
        .unwrap();
    let (code, text) = words(&format!("sqlite://{}", file.display()), &[]).await;
    assert_eq!(code, "db.open");
    assert!(text.contains("Nothing was changed"), "{text}");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("a letter"), "and it is still there");
}

#[tokio::test]
async fn a_second_server_on_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("baton.sqlite").display());
    let first = Db::open(&url, &[]).await.unwrap();
    let (code, text) = words(&url, &[]).await;
    assert_eq!(code, "db.in_use");
    assert!(text.contains("Stop it first"), "{text}");
    first.close().await;
    drop(first);
    Db::open(&url, &[]).await.unwrap();
}

#[tokio::test]
async fn a_second_server_that_comes_by_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.sqlite");
    let first = Db::open(&format!("sqlite://{}", file.display()), &[]).await.unwrap();
    for name in ["link.sqlite", "chain.sqlite"] {
        let link = folder.path().join("elsewhere").join(name);
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        let target = if name == "link.sqlite" { "../baton.sqlite" } else { "link.sqlite" };
        std::os::unix::fs::symlink(target, &link).unwrap();
        let (code, _) = words(&format!("sqlite://{}", link.display()), &[]).await;
        assert_eq!(code, "db.in_use", "{name}");
    }
    first.close().await;
}

#[tokio::test]
async fn a_file_of_another_program_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("theirs.sqlite");
    // Their file is made through SQLite itself, by taking ours and leaving only a table of another program in it.
    let url = format!("sqlite://{}", file.display());
    let db = Db::open(&url, &[ROOM]).await.unwrap();
    const FORGET: Sql = Sql::new("DROP TABLE _sqlx_migrations");
    db::write!(db, Wall::All("a test"), |tx| tx.execute(FORGET, &[]).await).unwrap();
    db.close().await;
    drop(db);
    let before = std::fs::read(&file).unwrap();
    let (code, text) = words(&url, &[ROOM]).await;
    assert_eq!(code, "db.foreign");
    assert!(text.contains("another program") && text.contains("Nothing was changed"), "{text}");
    let refused = Db::open_existing(&url, &[ROOM]).await.err().unwrap();
    assert_eq!(refused.code(), "db.foreign");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_mistyped_address_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no such folder").join("baton.sqlite");
    let refused = Db::open_existing(&format!("sqlite://{}", file.display()), &[]).await.err().unwrap();
    assert_eq!(refused.code(), "db.missing");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(words("sqlite://", &[]).await.0, "db.url");
    // An empty file is no database yet either.
    let empty = folder.path().join("empty.sqlite");
    std::fs::write(&empty, "").unwrap();
    let refused = Db::open_existing(&format!("sqlite://{}", empty.display()), &[]).await.err().unwrap();
    assert_eq!(refused.code(), "db.missing");
    assert_eq!(std::fs::metadata(&empty).unwrap().len(), 0);
}

#[tokio::test]
async fn a_postgres_database_without_ours_or_with_another_programs_tables() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = db::scratch::Bare::postgres(&admin).await.unwrap();
    let refused = Db::open_existing(&bare.url, &[ROOM]).await.err().unwrap();
    assert_eq!(refused.code(), "db.missing");
    let db = Db::open(&bare.url, &[ROOM]).await.unwrap();
    assert!(Db::open_existing(&bare.url, &[ROOM]).await.is_ok());
    const FORGET: Sql = Sql::new("DROP TABLE _sqlx_migrations");
    db::write!(db, Wall::All("a test"), |tx| tx.execute(FORGET, &[]).await).unwrap();
    db.close().await;
    let (code, text) = words(&bare.url, &[ROOM]).await;
    assert_eq!(code, "db.foreign");
    assert!(text.contains("another program"), "{text}");
    bare.finish().await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_version() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("baton.sqlite").display());
    let newer = Db::open(&url, &[ROOM]).await.unwrap();
    newer.close().await;
    drop(newer);
    let (code, text) = words(&url, &[]).await;
    assert_eq!(code, "db.newer");
    assert!(text.contains("newer version of Baton"), "{text}");
}

#[tokio::test]
async fn a_postgres_that_does_not_answer() {
    let began = std::time::Instant::now();
    let (code, text) = words("postgres://baton@127.0.0.1:9/baton", &[]).await;
    assert_eq!(code, "db.open");
    assert!(text.contains("127.0.0.1:9") && text.contains("cannot be reached"), "{text}");
    assert!(text.contains("refused") && text.contains("Check host and port"), "{text}");
    assert!(began.elapsed().as_secs() < 2, "at once");
}

/// What a read says, and that it said so within seconds.
async fn soon(db: &Db, org: OrgId) -> Result<(), Problem> {
    let began = std::time::Instant::now();
    let said = db::read!(db, org, |tx| tx.one(COUNT, &vals![org]).await.map(drop));
    assert!(began.elapsed().as_millis() < 3_500, "{said:?} after {:?}", began.elapsed());
    said
}

#[tokio::test]
async fn a_postgres_that_goes_away_and_comes_back() {
    let Some(admin) = testkit::postgres_url() else { return };
    let (bare, org) = (db::scratch::Bare::postgres(&admin).await.unwrap(), OrgId::new());
    let (mut proxy, url) = testkit::Proxy::before(&bare.url);
    let db = Db::open(&url, &[ROOM]).await.unwrap();
    soon(&db, org).await.unwrap();
    for silent in [false, true] {
        if silent {
            proxy.fall_silent()
        } else {
            proxy.cut()
        }
        // Connections that were idle may break first; then it is known.
        let first = soon(&db, org).await.unwrap_err();
        assert_eq!(first.status(), 503, "{first}");
        let Problem::Away { since } = soon(&db, org).await.unwrap_err() else { panic!("not away: {first}") };
        let written = db::write!(db, org, |tx| tx.execute(ADD, &vals![org, "no"]).await).unwrap_err();
        assert!(matches!(written, Problem::Away { since: then } if then == since), "{written}");
        assert_eq!(db.can_write().await.unwrap_err().code(), "away");
        proxy.mend();
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        db::write!(db, org, |tx| tx.execute(ADD, &vals![org, "yes"]).await).unwrap();
    }
    assert_eq!(count(&db, org).await, 2);
    db.close().await;
    bare.finish().await.unwrap();
}

#[tokio::test]
async fn a_busy_postgres_is_waited_for_and_not_called_away() {
    let Some(admin) = testkit::postgres_url() else { return };
    let (bare, org) = (db::scratch::Bare::postgres(&admin).await.unwrap(), OrgId::new());
    let db = Db::open(&bare.url, &[ROOM]).await.unwrap();
    let mut all = Vec::new();
    for _ in 0..16 {
        all.push(db.begin_read(org).await.unwrap());
    }
    let waiting = tokio::spawn({
        let db = db.clone();
        async move { db::read!(db, org, |tx| tx.one(COUNT, &vals![org]).await.map(drop)) }
    });
    tokio::time::sleep(std::time::Duration::from_millis(2_000)).await;
    assert!(!waiting.is_finished());
    drop(all);
    waiting.await.unwrap().unwrap();
    db.close().await;
    bare.finish().await.unwrap();
}

/// A database whose writer has no room left beyond some pages. The engine then rolls back by itself, as on a full disk.
/// The limit is the connection's own: a new one has it no more, as if room had been made.
async fn full(folder: &std::path::Path) -> Db {
    const LIMIT: Sql = Sql::new("PRAGMA max_page_count = 1");
    let db = Db::open(&format!("sqlite://{}", folder.join("baton.sqlite").display()), &[ROOM]).await.unwrap();
    db::write!(db, Wall::All("a test"), |tx| tx.all(LIMIT, &[]).await.map(drop)).unwrap();
    db
}

fn large() -> String {
    "a long note ".repeat(100_000)
}

#[tokio::test]
async fn a_full_disk_is_said_and_the_next_write_begins_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let (db, org) = (full(folder.path()).await, OrgId::new());
    let refused = db::write!(db, org, |tx| {
        tx.execute(ADD, &vals![org, "before"]).await?;
        tx.execute(ADD, &vals![org, large()]).await
    });
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), db::DISK, "{refused}");
    assert!(refused.to_string().contains("Free space"), "{refused}");
    assert_eq!(count(&db, org).await, 0, "nothing half done");
    db.can_write().await.unwrap();
    db::write!(db, org, |tx| tx.execute(ADD, &vals![org, "after"]).await).unwrap();
    assert_eq!(count(&db, org).await, 1);
}

#[tokio::test]
async fn a_body_that_goes_on_after_a_full_disk_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (db, org) = (full(folder.path()).await, OrgId::new());
    let done = db::write!(db, org, |tx| {
        let _ = tx.execute(ADD, &vals![org, large()]).await;
        // SQLite is outside the transaction by now; this would be kept by itself.
        let _ = tx.execute(ADD, &vals![org, "by itself"]).await;
        Ok(())
    });
    assert_eq!(done.unwrap_err().code(), db::DISK);
    assert_eq!(count(&db, org).await, 0);
}

#[tokio::test]
async fn a_file_that_was_read_only_for_a_while_is_written_again() {
    const READ_ONLY: Sql = Sql::new("PRAGMA query_only = on");
    let folder = tempfile::tempdir().unwrap();
    let (db, org) = (full(folder.path()).await, OrgId::new());
    // What a connection is that was opened while the folder could not be written.
    db::write!(db, org, |tx| tx.all(READ_ONLY, &[]).await.map(drop)).unwrap();
    let refused = db::write!(db, org, |tx| tx.execute(ADD, &vals![org, "no"]).await).unwrap_err();
    assert_eq!(refused.code(), db::DISK);
    assert!(refused.to_string().contains("writable"), "{refused}");
    db::write!(db, org, |tx| tx.execute(ADD, &vals![org, "yes"]).await).unwrap();
    assert_eq!(count(&db, org).await, 1);
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_any_more_leaves_a_clean_connection() {
    let folder = tempfile::tempdir().unwrap();
    let (db, org) = (full(folder.path()).await, OrgId::new());
    for turn in 0..20 {
        let body = async {
            db::write!(db, org, |tx| {
                tx.execute(ADD, &vals![org, "half"]).await?;
                tokio::time::sleep(std::time::Duration::from_millis(turn)).await;
                tx.execute(ADD, &vals![org, large()]).await
            })
        };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(turn / 2), body).await;
    }
    db::write!(db, org, |tx| tx.execute(ADD, &vals![org, "whole"]).await).unwrap();
    assert_eq!(count(&db, org).await, 1);
}

testkit::engine_tests! {
    rooms: &[ROOM];

    async fn a_connection_lost_in_the_middle_is_made_again(store: Store) {
        if store.db.engine() != Engine::Postgres {
            return;
        }
        const KILL: Sql = Sql::new("SELECT pg_terminate_backend(pg_backend_pid())");
        let tries = std::cell::Cell::new(0);
        db::write!(store.db, store.org, |tx| {
            tries.set(tries.get() + 1);
            tx.execute(ADD, &vals![store.org, "kept"]).await?;
            if tries.get() == 1 {
                tx.execute(KILL, &[]).await?;
            }
            Ok(())
        }).unwrap();
        assert!(tries.get() >= 2);
        assert_eq!(count(&store.db, store.org).await, 1, "once, although the body ran twice");
    }

    /// SQLite ends the transaction by itself when the disk is full; the connection must not stay behind in it.
    async fn after_a_full_disk_writes_go_on(store: Store) {
        if store.db.engine() != Engine::Sqlite {
            return;
        }
        const FULL: Sql = Sql::new("PRAGMA max_page_count = 1");
        let long = "x".repeat(100_000);
        db::write!(store.db, store.org, |tx| tx.execute(ADD, &vals![store.org, "before"]).await).unwrap();
        let refused: kernel::Result<()> = db::write!(store.db, store.org, |tx| {
            // Holds for this connection alone: the next one finds room again.
            tx.all(FULL, &[]).await?;
            for _ in 0..100 {
                tx.execute(ADD, &vals![store.org, long.as_str()]).await?;
            }
            Ok(())
        });
        let problem = refused.unwrap_err();
        assert_eq!(problem.code(), db::DISK, "{problem}");
        assert!(problem.to_string().contains("Free space on the disk"), "{problem}");
        assert!(store.db.trouble().is_some_and(|words| words.contains("Free space")));
        assert_eq!(count(&store.db, store.org).await, 1, "reading goes on, and nothing came half");
        db::write!(store.db, store.org, |tx| tx.execute(ADD, &vals![store.org, "after"]).await).unwrap();
        assert_eq!((count(&store.db, store.org).await, store.db.trouble()), (2, None));
    }

    async fn writes_at_the_same_time_all_arrive(store: Store) {
        let each = (0..8).map(|n| {
            let (db, org) = (store.db.clone(), store.org);
            async move {
                for i in 0..10 {
                    let series = format!("s{}", i % 3);
                    db::write!(db, org, |tx| {
                        let number = db::counter::next(tx, org, &series, 1).await?;
                        tx.execute(ADD, &vals![org, format!("{n} {i} {number}")]).await
                    }).unwrap();
                }
            }
        });
        futures::future::join_all(each).await;
        assert_eq!(count(&store.db, store.org).await, 80);
    }

    async fn a_body_that_fails_leaves_nothing(store: Store) {
        let failed: kernel::Result<()> = db::write!(store.db, store.org, |tx| {
            tx.execute(ADD, &vals![store.org, "gone"]).await?;
            Err(Problem::not_found("something"))
        });
        assert!(matches!(failed, Err(Problem::NotFound { .. })));
        assert_eq!(count(&store.db, store.org).await, 0);
    }

    async fn a_read_changes_nothing(store: Store) {
        let done = db::read!(store.db, store.org, |tx| tx.execute(ADD, &vals![store.org, "no"]).await);
        assert!(done.is_err());
        assert_eq!(count(&store.db, Wall::All("counting")).await, 0);
    }
}

async fn count(db: &Db, wall: impl Into<Wall>) -> i64 {
    let wall = wall.into();
    let org = match wall {
        Wall::Org(org) => org,
        Wall::All(_) => OrgId::new(),
    };
    db::read!(db, wall, |tx| tx.one(COUNT, &vals![org]).await?.get("n")).unwrap()
}
