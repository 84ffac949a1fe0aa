//! Writes that share a commit on SQLite: each is kept or taken back by itself, and all are told the truth.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::{path::PathBuf, sync::Arc, time::Duration};

use db::{Db, File, RoomSchema, Sql, vals};
use kernel::{OrgId, Problem, Result};
use tokio::{sync::oneshot, task::JoinHandle};

const ROOM: RoomSchema = RoomSchema {
    room: "test",
    number: 900,
    files: &[File::both(
        1,
        "note",
        "CREATE TABLE note (\n org_id UUID NOT NULL,\n text TEXT NOT NULL,\n of_text TEXT,\n \
         PRIMARY KEY (org_id, text),\n FOREIGN KEY (org_id, of_text) REFERENCES note (org_id, text)\n);\n",
    )],
    unrecorded: &[("note", "a test's")],
    statements: &[],
    records: &[],
    truths: db::check::Truths::NONE,
};
const ADD: Sql = Sql::new("INSERT INTO note (org_id, text) VALUES ($1, $2)");
const ADD_OF: Sql = Sql::new("INSERT INTO note (org_id, text, of_text) VALUES ($1, $2, $3)");
const TEXTS: Sql = Sql::new("SELECT text FROM note WHERE org_id = $1 ORDER BY text");
/// What a commit finds wrong, and no statement before it.
const LATE: Sql = Sql::new("PRAGMA defer_foreign_keys = ON");

struct Notes {
    db: Db,
    org: OrgId,
    folder: tempfile::TempDir,
}

fn of() -> db::search::Of {
    db::search::Of { id: kernel::Id::<()>::new().uuid(), area: uuid::Uuid::nil() }
}

impl Notes {
    async fn new() -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("notes.sqlite").display());
        let db = Db::open(&url, &[ROOM]).await.unwrap();
        Arc::new(Self { db, org: OrgId::new(), folder })
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("notes.sqlite-wal")
    }

    async fn add(&self, text: &str) -> Result<()> {
        db::write!(self.db, self.org, |tx| {
            tx.execute(ADD, &vals![self.org, text]).await?;
            db::search::put(tx, self.org, "note", of(), text).await
        })
    }

    async fn texts(&self) -> Vec<String> {
        let org = self.org;
        db::read!(self.db, org, |tx| tx
            .all(TEXTS, &vals![org])
            .await?
            .iter()
            .map(|r| r.get("text"))
            .collect())
        .unwrap()
    }

    /// A write that has its turn until it is told to end; others come meanwhile.
    async fn first(self: &Arc<Self>, text: &'static str) -> (oneshot::Sender<()>, JoinHandle<Result<()>>) {
        let ((begun, has_begun), (end, mut ended)) = (oneshot::channel(), oneshot::channel::<()>());
        let (notes, mut begun) = (Arc::clone(self), Some(begun));
        let task = tokio::spawn(async move {
            db::write!(notes.db, notes.org, |tx| {
                if let Some(begun) = begun.take() {
                    begun.send(()).unwrap();
                    let _ = (&mut ended).await;
                }
                tx.execute(ADD, &vals![notes.org, text]).await
            })
            .map(drop)
        });
        has_begun.await.unwrap();
        (end, task)
    }
}

/// Lets those that were begun come as far as the queue.
async fn come() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Commits in an SQLite log: frames that say how large the database is afterwards (file format §4.2).
fn commits(log: &[u8]) -> usize {
    let word = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let (page, salt) = (word(8) as usize, (word(16), word(20)));
    let frames = (32..log.len()).step_by(24 + page).filter(|at| at + 24 + page <= log.len());
    frames.filter(|at| (word(at + 8), word(at + 12)) == salt && word(at + 4) > 0).count()
}

#[tokio::test]
async fn those_who_waited_share_a_commit() {
    let notes = Notes::new().await;
    notes.add("before").await.unwrap();
    let before = commits(&std::fs::read(notes.log()).unwrap());
    let (end, first) = notes.first("first").await;
    let others: Vec<_> = (0..40)
        .map(|n| {
            let notes = Arc::clone(&notes);
            tokio::spawn(async move { notes.add(&format!("other {n:02}")).await })
        })
        .collect();
    come().await;
    end.send(()).unwrap();
    first.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(notes.texts().await.len(), 42);
    let made = commits(&std::fs::read(notes.log()).unwrap()) - before;
    assert!((1..=3).contains(&made), "{made} commits for 41 writes that waited for each other");
}

#[tokio::test]
async fn one_that_refuses_takes_back_its_own_and_no_more() {
    let notes = Notes::new().await;
    let (end, first) = notes.first("first").await;
    let begin = |text: &'static str, refuses: bool| {
        let notes = Arc::clone(&notes);
        tokio::spawn(async move {
            db::write!(notes.db, notes.org, |tx| {
                tx.execute(ADD, &vals![notes.org, text]).await?;
                db::search::put(tx, notes.org, "note", of(), text).await?;
                if refuses { Err(Problem::not_found("anything")) } else { Ok(()) }
            })
        })
    };
    let mut others = Vec::new();
    for (text, refuses) in
        [("kept one", false), ("refused one", true), ("kept two", false), ("refused two", true)]
    {
        others.push((refuses, begin(text, refuses)));
        come().await;
    }
    end.send(()).unwrap();
    first.await.unwrap().unwrap();
    for (refuses, other) in others {
        assert_eq!(matches!(other.await.unwrap(), Err(Problem::NotFound { .. })), refuses);
    }
    assert_eq!(notes.texts().await, ["first", "kept one", "kept two"]);
    for (word, wanted) in [("kept", 2), ("refused", 0)] {
        let count: i64 = db::read!(notes.db, notes.org, |tx| {
            const FOUND: Sql = Sql::new("SELECT COUNT(*) AS n FROM search_words WHERE search_words MATCH $1");
            tx.one(FOUND, &vals![word]).await?.get("n")
        })
        .unwrap();
        assert_eq!(count, wanted, "{word}");
    }
}

#[tokio::test]
async fn one_whose_caller_goes_away_leaves_the_others_whole() {
    let notes = Notes::new().await;
    let (end, first) = notes.first("first").await;
    let before = tokio::spawn({
        let notes = Arc::clone(&notes);
        async move { notes.add("before").await }
    });
    come().await;
    let (gone_begun, has_begun) = oneshot::channel();
    let gone = tokio::spawn({
        let (notes, mut begun) = (Arc::clone(&notes), Some(gone_begun));
        async move {
            db::write!(notes.db, notes.org, |tx| {
                tx.execute(ADD, &vals![notes.org, "gone"]).await?;
                if let Some(begun) = begun.take() {
                    begun.send(()).unwrap();
                }
                std::future::pending::<Result<()>>().await
            })
        }
    });
    come().await;
    let after = tokio::spawn({
        let notes = Arc::clone(&notes);
        async move { notes.add("after").await }
    });
    end.send(()).unwrap();
    has_begun.await.unwrap();
    gone.abort();
    for kept in [first, before, after] {
        kept.await.unwrap().unwrap();
    }
    assert_eq!(notes.texts().await, ["after", "before", "first"]);
}

#[tokio::test]
async fn one_whose_caller_does_not_wait_for_the_commit_is_kept_with_the_others() {
    let notes = Notes::new().await;
    let (end, first) = notes.first("first").await;
    let (second_end, second) = {
        let waiting = tokio::spawn({
            let notes = Arc::clone(&notes);
            async move { notes.first("second").await }
        });
        come().await;
        end.send(()).unwrap();
        waiting.await.unwrap()
    };
    // It ended its turn and waits for the second; who asked goes away.
    first.abort();
    second_end.send(()).unwrap();
    second.await.unwrap().unwrap();
    notes.add("third").await.unwrap();
    assert_eq!(notes.texts().await, ["first", "second", "third"]);
}

#[tokio::test]
async fn a_commit_that_fails_acknowledges_nobody_and_no_refusal_that_rested_on_it() {
    let notes = Notes::new().await;
    let (end, first) = notes.first("first").await;
    let begin = |text: &'static str, of: Option<&'static str>| {
        let notes = Arc::clone(&notes);
        tokio::spawn(async move {
            db::write!(notes.db, notes.org, |tx| {
                tx.execute(LATE, &[]).await?;
                tx.execute(ADD_OF, &vals![notes.org, text, of]).await
            })
            .map(drop)
        })
    };
    let breaks = begin("breaks", Some("nowhere"));
    come().await;
    // It finds the first one's note there already, in a transaction that will not be kept.
    let same = begin("first", None);
    come().await;
    end.send(()).unwrap();
    assert!(first.await.unwrap().is_err(), "nothing of it was kept");
    assert!(breaks.await.unwrap().is_err());
    same.await.unwrap().unwrap();
    assert_eq!(notes.texts().await, ["first"], "of the one that ran again");
    notes.add("later").await.unwrap();
    assert_eq!(notes.texts().await, ["first", "later"]);
}
