//! The data rules of the store, each a test, on both engines and with every first commit failing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;

use db::{Claim, File, RoomSchema, Sql, search::Of, tally, vals};
use kernel::{Change, DepartmentId, Id, Problem, ScopeSet, SiteId};
use serde_json::json;
use testkit::Store;

const ROOM: RoomSchema = RoomSchema {
    room: "test",
    number: 900,
    files: &[File::both(
        1,
        "thing",
        "CREATE TABLE thing (\n org_id UUID NOT NULL,\n id UUID NOT NULL,\n name TEXT NOT NULL,\n size BIGINT,\n \
         flag BOOLEAN NOT NULL,\n PRIMARY KEY (org_id, id)\n);\nCREATE UNIQUE INDEX thing_name ON thing (org_id, name);\n",
    )],
    unrecorded: &[],
    statements: &[],
    records: &[],
    truths: db::check::Truths::NONE,
};
const ROOMS: &[RoomSchema] = &[ROOM];
const ADD: Sql = Sql::new("INSERT INTO thing (org_id, id, name, size, flag) VALUES ($1, $2, $3, $4, $5)");
const ALL: Sql = Sql::new("SELECT id, name, size, flag FROM thing WHERE org_id = $1 ORDER BY name");

fn made(id: Id<()>, version: i64, name: &str) -> Change {
    Change {
        action: "test.thing.add",
        entity: "thing",
        id: id.uuid(),
        version,
        before: None,
        after: json!({ "name": name, "version": version }),
        valid_at: None,
        reason: None,
    }
}

async fn add(store: &Store, id: Id<()>, name: &str) -> kernel::Result<()> {
    let who = store.anyone();
    db::write!(store.db, who.org, |tx| {
        tx.execute(ADD, &vals![who.org, id, name, None::<i64>, true]).await?;
        tx.record(&who, made(id, 1, name)).await
    })
}
testkit::engine_tests! {
    rooms: ROOMS;

    async fn what_is_written_is_read_back(store: Store) {
        add(&store, Id::new(), "Ä").await.unwrap();
        add(&store, Id::new(), "b").await.unwrap();
        add(&store, Id::new(), "B").await.unwrap();
        let names: Vec<String> = db::read!(store.db, store.org, |tx| {
            let rows = tx.all(ALL, &vals![store.org]).await?;
            rows.iter().map(|r| r.get("name")).collect()
        }).unwrap();
        assert_eq!(names, ["B", "b", "Ä"], "text sorts by code point on both engines");
    }

    async fn a_write_without_a_record_is_refused(store: Store) {
        let done = db::write!(store.db, store.org, |tx| {
            tx.execute(ADD, &vals![store.org, Id::<()>::new(), "x", 1_i64, false]).await
        });
        assert!(matches!(done, Err(Problem::Bug { .. })), "{done:?}");
        let rows = db::read!(store.db, store.org, |tx| Ok(tx.all(ALL, &vals![store.org]).await?.len())).unwrap();
        assert_eq!(rows, 0, "nothing half done");
    }

    async fn a_broken_uniqueness_is_a_conflict(store: Store) {
        add(&store, Id::new(), "x").await.unwrap();
        let twice = add(&store, Id::new(), "x").await;
        assert!(matches!(&twice, Err(Problem::Conflict { code, .. }) if *code == db::UNIQUE), "{twice:?}");
    }

    async fn a_command_applies_once(store: Store) {
        let (who, command) = (store.anyone(), Id::new());
        for round in 0..3 {
            let answer = db::write!(store.db, who.org, |tx| {
                match db::command::claim(tx, &who, command, "test.add", "/x/1", b"x").await? {
                    Claim::Done(answer) => Ok(answer),
                    Claim::Fresh => {
                        let id = Id::new();
                        tx.execute(ADD, &vals![who.org, id, "x", None::<i64>, true]).await?;
                        tx.record(&who, made(id, 1, "x")).await?;
                        db::command::answer(tx, &who, command, "made x").await?;
                        Ok("made x".to_owned())
                    }
                }
            }).unwrap();
            assert_eq!(answer, "made x", "round {round}");
        }
        let other = kernel::Actor { person: Some(Id::new()), ..who.clone() };
        for (who, action, record, content) in [
            (&who, "test.add", "/x/1", b"y"),
            (&who, "test.add", "/x/2", b"x"),
            (&who, "test.change", "/x/1", b"x"),
            (&other, "test.add", "/x/1", b"x"),
        ] {
            let reused = db::write!(store.db, who.org, |tx| {
                db::command::claim(tx, who, command, action, record, content).await
            });
            assert!(matches!(reused, Err(Problem::Conflict { code: db::command::REUSED, .. })), "{action} {record}");
        }
        let count = db::read!(store.db, who.org, |tx| db::gate::count(tx, who.org).await).unwrap();
        assert_eq!(count, 1);
    }

    async fn a_record_is_read_as_it_was_known(store: Store) {
        let id: Id<()> = Id::new();
        let mut seen = Vec::new();
        for version in 1..=5 {
            let who = store.anyone();
            seen.push((who.at, version));
            db::write!(store.db, who.org, |tx| {
                tx.record(&who, made(id, version, &format!("name {version}"))).await
            }).unwrap();
            store.clock.advance(60);
        }
        for (at, version) in seen {
            for later in [0, 59] {
                let known = db::read!(store.db, store.org, |tx| {
                    db::gate::as_of(tx, store.org, "thing", id.uuid(), at.plus_seconds(later)).await
                }).unwrap().unwrap();
                assert_eq!(known.version, version);
                assert_eq!(known.after["name"], format!("name {version}"));
                assert!(known.is_whole(store.org), "the hash is of the content");
            }
            let before = db::read!(store.db, store.org, |tx| {
                db::gate::as_of(tx, store.org, "thing", id.uuid(), testkit::TEST_NOW.plus_seconds(-1)).await
            }).unwrap();
            assert!(before.is_none());
        }
        let life = db::read!(store.db, store.org, |tx| {
            db::gate::life(tx, store.org, "thing", id.uuid(), i64::MAX, 3).await
        }).unwrap();
        assert_eq!(life.iter().map(|e| e.version).collect::<Vec<_>>(), [5, 4, 3]);
    }

    async fn what_was_recorded_is_read_in_the_same_write(store: Store) {
        let (who, id) = (store.anyone(), Id::new());
        let seen = db::write!(store.db, who.org, |tx| {
            let mut seen = Vec::new();
            for version in 1..=3 {
                tx.record(&who, made(id, version, "x")).await?;
                seen.push(db::gate::life(tx, who.org, "thing", id.uuid(), i64::MAX, 9).await?.len());
            }
            tx.record_many(&who, (4..=40).map(|version| made(id, version, "x")).collect()).await?;
            tx.record(&who, made(id, 41, "x")).await?;
            Ok(seen)
        }).unwrap();
        assert_eq!(seen, [1, 2, 3]);
        let life = db::read!(store.db, who.org, |tx| db::gate::life(tx, who.org, "thing", id.uuid(), i64::MAX, 99).await);
        assert_eq!(life.unwrap().len(), 41);
    }

    async fn a_second_event_of_a_version_is_refused_whenever_it_is_written(store: Store) {
        let (who, id) = (store.anyone(), Id::new());
        db::write!(store.db, who.org, |tx| tx.record(&who, made(id, 1, "x")).await).unwrap();
        let again = db::write!(store.db, who.org, |tx| tx.record(&who, made(id, 1, "y")).await);
        assert!(matches!(&again, Err(Problem::Conflict { code, .. }) if *code == db::UNIQUE), "{again:?}");
    }

    async fn a_command_sent_twice_at_once_applies_once(store: Store) {
        let who = store.anyone();
        for round in 0..10 {
            let (command, name) = (Id::new(), format!("x{round}"));
            let send = async || {
                db::write!(store.db, who.org, |tx| {
                    match db::command::claim(tx, &who, command, "test.add", "/x/1", b"x").await? {
                        Claim::Done(answer) => Ok(answer),
                        Claim::Fresh => {
                            let id = Id::new();
                            tx.execute(ADD, &vals![who.org, id, &name, None::<i64>, true]).await?;
                            tx.record(&who, made(id, 1, &name)).await?;
                            let answer = format!("made {}", id.uuid());
                            db::command::answer(tx, &who, command, &answer).await?;
                            Ok(answer)
                        }
                    }
                })
            };
            let (one, two, three) = tokio::join!(send(), send(), send());
            let one = one.unwrap();
            assert_eq!([two.unwrap(), three.unwrap()], [one.clone(), one], "round {round}");
        }
        let rows = db::read!(store.db, store.org, |tx| Ok(tx.all(ALL, &vals![store.org]).await?.len())).unwrap();
        assert_eq!(rows, 10);
    }

    async fn a_command_that_is_refused_can_be_sent_again(store: Store) {
        let (who, command) = (store.anyone(), Id::new());
        let send = async |fails: bool| {
            db::write!(store.db, who.org, |tx| {
                match db::command::claim(tx, &who, command, "test.add", "/x/1", b"x").await? {
                    Claim::Done(answer) => Ok(answer),
                    Claim::Fresh if fails => Err(Problem::invalid("name", "not yet")),
                    Claim::Fresh => {
                        db::command::answer(tx, &who, command, "done").await?;
                        Ok("fresh".to_owned())
                    }
                }
            })
        };
        for (fails, wanted) in [(true, None), (true, None), (false, Some("fresh")), (true, Some("done")), (false, Some("done"))] {
            assert_eq!(send(fails).await.ok().as_deref(), wanted);
        }
    }

    async fn numbers_have_no_gaps_and_no_repeats(store: Store) {
        for wanted in 100..110 {
            let n = db::write!(store.db, store.org, |tx| db::counter::next(tx, store.org, "wo", 100).await);
            assert_eq!(n.unwrap(), wanted);
        }
    }

    async fn counts_are_kept_by_site_and_department(store: Store) {
        let (north, south, icu) = (Id::new(), Id::new(), Id::new());
        let key = |site, department, word: &'static str| tally::Key {
            org: store.org, name: "thing", site, department, word: word.into(),
        };
        let count = async |by: &[(tally::Key, i64)]| {
            db::write!(store.db, store.org, |tx| {
                by.iter().for_each(|(key, n)| tally::add(tx, key.clone(), *n));
                Ok(())
            }).unwrap();
        };
        count(&[(key(north, None, "new"), 2), (key(north, Some(icu), "new"), 1)]).await;
        count(&[(key(north, None, "new"), -1), (key(north, None, "old"), 1), (key(south, Some(icu), "new"), 5)]).await;
        count(&[(key(north, None, "old"), -1), (key(south, Some(icu), "new"), 0)]).await;
        let refused: kernel::Result<()> = db::write!(store.db, store.org, |tx| {
            tally::add(tx, key(north, None, "new"), 9);
            Err(Problem::not_found("anything"))
        });
        refused.unwrap_err();
        let tallied = async |scope: ScopeSet| {
            db::read!(store.db, store.org, |tx| tally::of(tx, store.org, "thing", &scope).await)
                .unwrap().into_iter().map(|t| ((t.site, t.word), t.count)).collect::<BTreeMap<_, _>>()
        };
        let only = |sites: &[SiteId], departments: &[DepartmentId]| ScopeSet::Only {
            sites: sites.iter().copied().collect(),
            departments: departments.iter().copied().collect(),
        };
        let check = async || {
            let all = [((north, "new".into()), 2), ((south, "new".into()), 5)];
            assert_eq!(tallied(ScopeSet::Everywhere).await, BTreeMap::from(all));
            assert_eq!(tallied(only(&[south], &[])).await, BTreeMap::from([((south, "new".into()), 5)]));
            let own = [((north, "new".into()), 1), ((south, "new".into()), 5)];
            assert_eq!(tallied(only(&[], &[icu])).await, BTreeMap::from(own));
            assert_eq!(tallied(only(&[], &[])).await, BTreeMap::new());
            let whole = async |sites: Option<&[SiteId]>| {
                db::read!(store.db, store.org, |tx| tally::whole(tx, store.org, "thing", sites).await).unwrap()
            };
            assert_eq!(whole(None).await, BTreeMap::from([("new".to_owned(), 7)]));
            assert_eq!(whole(Some(&[north])).await, BTreeMap::from([("new".to_owned(), 2)]));
            assert_eq!(whole(Some(&[])).await, BTreeMap::new());
        };
        check().await;
        let every = db::Wall::All("as the server's duty does");
        let loose = async || db::read!(store.db, every, |tx| tally::loose(tx).await).unwrap();
        let parts = if store.db.engine() == db::Engine::Postgres { vec![store.org] } else { vec![] };
        assert_eq!(loose().await, parts);
        tally::fold_all(&store.db).await.unwrap();
        assert_eq!(loose().await, []);
        check().await;
    }

    async fn counting_at_once_loses_nothing(store: Store) {
        let site = Id::new();
        let key = || tally::Key { org: store.org, name: "thing", site, department: None, word: "new".into() };
        let one = async |n: i64| {
            for _ in 0..20 {
                db::write!(store.db, store.org, |tx| { tally::add(tx, key(), n); Ok(()) }).unwrap();
            }
        };
        let fold = async || {
            for _ in 0..20 {
                db::write!(store.db, store.org, |tx| tally::fold(tx, store.org).await).unwrap();
            }
        };
        tokio::join!(one(1), one(1), one(1), fold(), one(5));
        let all = db::read!(store.db, store.org, |tx| tally::of(tx, store.org, "thing", &ScopeSet::Everywhere).await);
        assert_eq!(all.unwrap()[0].count, 160);
    }

    async fn a_duty_is_held_by_one(store: Store) {
        let (now, later) = (store.clock.now(), store.clock.now().plus_seconds(60));
        for (who, at, wanted) in [("a", now, true), ("b", now, false), ("a", now, true), ("b", later.plus_seconds(1), true)] {
            let got = db::write!(store.db, db::Wall::All("a duty"), |tx| {
                db::lease::take(tx, "x", who, at, at.plus_seconds(60)).await
            }).unwrap();
            assert_eq!(got, wanted, "{who}");
        }
    }

    async fn a_job_runs_until_it_is_done(store: Store) {
        let wall = || db::Wall::All("the worker");
        db::write!(store.db, store.org, |tx| {
            db::job::add(tx, store.org, "test.do", "{}", store.clock.now()).await
        }).unwrap();
        let job = db::write!(store.db, wall(), |tx| db::job::take(tx, "a", store.clock.now()).await).unwrap().unwrap();
        let none = db::write!(store.db, wall(), |tx| db::job::take(tx, "b", store.clock.now()).await).unwrap();
        assert!(none.is_none(), "held by a");
        store.clock.advance(db::job::HELD_FOR + 1);
        let again = db::write!(store.db, wall(), |tx| db::job::take(tx, "b", store.clock.now()).await).unwrap().unwrap();
        assert_eq!((again.id, again.attempts), (job.id, 1), "a died; b takes over");
        db::write!(store.db, wall(), |tx| db::job::done(tx, &job, "a").await).unwrap();
        let left = db::read!(store.db, wall(), |tx| db::job::pending(tx).await).unwrap();
        assert_eq!(left, [("running".to_owned(), 1)], "a no longer holds it and cannot end it");
        db::write!(store.db, wall(), |tx| db::job::done(tx, &again, "b").await).unwrap();
        assert!(db::read!(store.db, wall(), |tx| db::job::pending(tx).await).unwrap().is_empty());
    }

    async fn words_are_found_by_their_beginnings(store: Store) {
        let (a, b) = (Id::<()>::new(), Id::<()>::new());
        add_named(&store, a, "a").await;
        add_named(&store, b, "b").await;
        db::write!(store.db, store.org, |tx| {
            db::search::put(tx, store.org, "thing", Of { id: a.uuid(), area: a.uuid() }, "Infusion pump VP3-4412087 Zürich").await?;
            db::search::put_new(tx, store.org, "thing", &[(Of { id: b.uuid(), area: b.uuid() }, "Ventilator VP9".to_owned())]).await
        }).unwrap();
        for (text, wanted) in [("pump", vec!["a"]), ("vp", vec!["a", "b"]), ("4412 ZÜR", vec!["a"]), ("ump", vec![]), ("vp9 pump", vec![]), ("vp3-4412087", vec!["a"]), ("vp9-4412087", vec![]), ("4412 bed", vec![]), ("'; \" * :", vec!["a", "b"])] {
            for many in [false, true] {
                assert_eq!(found(&store, text, many).await, wanted, "{text}");
            }
        }
        let counted = db::read!(store.db, store.org, |tx| {
            let both = db::search::estimate(tx, store.org, "thing", "vp", 10).await?;
            let capped = db::search::estimate(tx, store.org, "thing", "vp", 1).await?;
            Ok((both, capped, db::search::estimate(tx, store.org, "thing", " ,;", 10).await?))
        }).unwrap();
        assert_eq!(counted, (Some(2), Some(1), None));
        // Other words, and then in another area than the list looks: nothing is found by what was, all by what is.
        for (area, now, was) in [(a.uuid(), "bed", "pump"), (uuid::Uuid::nil(), "cot", "bed"), (a.uuid(), "bed", "cot")] {
            db::write!(store.db, store.org, |tx| db::search::put(tx, store.org, "thing", Of { id: a.uuid(), area }, now).await).unwrap();
            for many in [false, true] {
                assert_eq!(found(&store, was, many).await, Vec::<String>::new());
                assert_eq!(found(&store, now, many).await, ["a"]);
            }
        }
    }

    async fn other_organisations_are_behind_the_wall(store: Store) {
        add(&store, Id::new(), "ours").await.unwrap();
        let theirs = Store { org: Id::new(), ..store.clone() };
        add(&theirs, Id::new(), "theirs").await.unwrap();
        const EVERY: Sql = Sql::new("SELECT name FROM thing");
        let rows = db::read!(store.db, store.org, |tx| Ok(tx.all(EVERY, &vals![]).await?.len())).unwrap();
        if store.db.engine() == db::Engine::Postgres {
            assert_eq!(rows, 1, "row-level security holds even when a statement forgets its organisation");
            let stolen = db::write!(store.db, store.org, |tx| {
                let id = Id::new();
                tx.execute(ADD, &vals![theirs.org, id, "x", None::<i64>, true]).await?;
                tx.record(&store.anyone(), made(id, 1, "x")).await
            });
            assert!(stolen.is_err());
        } else {
            assert_eq!(rows, 2, "SQLite has no second door");
        }
    }

    async fn files_come_back_piece_by_piece(store: Store) {
        let blob = Id::new();
        db::write!(store.db, store.org, |tx| {
            db::blob::put(tx, store.org, blob, 0, &[0, 255]).await?;
            db::blob::put(tx, store.org, blob, 1, b"end").await
        }).unwrap();
        let end = db::read!(store.db, store.org, |tx| db::blob::piece(tx, store.org, blob, 1).await).unwrap();
        assert_eq!(end.as_deref(), Some(b"end".as_slice()));
        assert!(db::read!(store.db, store.org, |tx| db::blob::piece(tx, store.org, blob, 2).await).unwrap().is_none());
    }

    /// What a server that was killed left of a file goes; what a record names, and what is on its way, stays.
    async fn files_left_behind_are_swept(store: Store) {
        let [named, left] = [Id::new(), Id::new()];
        db::write!(store.db, store.org, |tx| {
            for blob in [named, left] {
                db::blob::begin(tx, store.org, blob).await?;
                db::blob::put(tx, store.org, blob, 0, b"bytes").await?;
            }
            db::blob::settle(tx, store.org, named).await
        }).unwrap();
        let now = kernel::Instant::machine_now();
        let young = now.plus_seconds(-db::blob::LEFT_AFTER);
        assert_eq!(db::blob::sweep(&store.db, young).await.unwrap(), 0);
        assert_eq!(db::blob::sweep(&store.db, now.plus_seconds(60)).await.unwrap(), 1);
        assert_eq!(db::blob::sweep(&store.db, now.plus_seconds(60)).await.unwrap(), 0);
        for (blob, stays) in [(named, true), (left, false)] {
            let piece = db::read!(store.db, store.org, |tx| db::blob::piece(tx, store.org, blob, 0).await);
            assert_eq!(piece.unwrap().is_some(), stays);
        }
    }

    async fn a_job_the_disk_kept_from_being_done_waits_and_never_rests(store: Store) {
        use db::job;
        let all = db::Wall::All("a worker");
        let now = store.clock.now();
        db::write!(store.db, store.org, |tx| job::add(tx, store.org, "t.t.t", "x", now).await).unwrap();
        let mut at = now;
        for _ in 0..3 * job::ATTEMPTS {
            let held = db::write!(store.db, all, |tx| job::take(tx, "me", at).await).unwrap().unwrap();
            assert_eq!(held.attempts, 0);
            db::write!(store.db, all, |tx| job::put_back(tx, &held, "me", at, "full").await).unwrap();
            assert!(!db::read!(store.db, all, |tx| job::due(tx, at).await).unwrap());
            at = at.plus_seconds(job::PUT_BACK_FOR);
        }
        let why = db::read!(store.db, store.org, |tx| job::why_waiting(tx, store.org, "x").await).unwrap();
        assert_eq!(why.as_deref(), Some("full"));
    }

    async fn what_commits_late_is_not_missed_by_a_reader_of_changes(store: Store) {
        // Many writers, each holding its transaction open for a while between making its ids and committing; a reader
        // that goes on from where it stopped must meet each change once.
        let writers: Vec<_> = (0..8_u64).map(|n| tokio::spawn(late_writer(store.clone(), n))).collect();
        let (mut seen, mut after) = (Vec::new(), uuid::Uuid::nil());
        let mut ended = false;
        loop {
            let settled = db::feed::settled(&store.db, std::time::Duration::ZERO).await.unwrap();
            let events = db::read!(store.db, store.org, |tx| {
                db::feed::after(tx, store.org, after, settled, 5).await
            }).unwrap();
            after = events.last().map_or(after, |e| e.id.uuid());
            seen.extend(events.iter().map(|e| e.entity_id));
            if ended && events.is_empty() {
                break;
            }
            ended = writers.iter().all(tokio::task::JoinHandle::is_finished);
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        let mut wanted = Vec::new();
        for writer in writers {
            wanted.extend(writer.await.unwrap());
        }
        assert_eq!(wanted.len(), 80);
        seen.sort();
        wanted.sort();
        assert_eq!(seen, wanted);
    }

    async fn changes_wait_for_an_older_transaction_that_is_still_open(store: Store) {
        if store.db.engine() == db::Engine::Sqlite {
            // It has one writer, so none is older than what is committed.
            return;
        }
        let (early, late): (Id<()>, Id<()>) = (Id::new(), Id::new());
        let mut attempts = store.db.attempts(store.org);
        let mut open = attempts.begin().await.unwrap();
        open.record(&store.anyone(), made(early, 1, "early")).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        db::write!(store.db, store.org, |tx| tx.record(&store.anyone(), made(late, 1, "late")).await).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let read = async || {
            let settled = db::feed::settled(&store.db, std::time::Duration::ZERO).await.unwrap();
            let events = db::read!(store.db, store.org, |tx| {
                db::feed::after(tx, store.org, uuid::Uuid::nil(), settled, 10).await
            }).unwrap();
            events.iter().map(|e| e.entity_id).collect::<Vec<_>>()
        };
        // The late one is committed and visible, and told only once nothing can come before it any more.
        assert!(read().await.is_empty());
        let mut done = attempts.end(open, Ok(())).await;
        while done.is_none() {
            let mut again = attempts.begin().await.unwrap();
            again.record(&store.anyone(), made(early, 1, "early")).await.unwrap();
            done = attempts.end(again, Ok(())).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let mut all = read().await;
        all.sort();
        let mut both = [early.uuid(), late.uuid()];
        both.sort();
        assert_eq!(all, both);
    }

    async fn a_long_write_gets_through_among_short_ones(store: Store) {
        let id: Id<()> = Id::new();
        add_named(&store, id, "0").await;
        let done = std::sync::atomic::AtomicBool::new(false);
        let short = || async {
            let mut made = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                add_one(&store, id, std::time::Duration::ZERO).await;
                made += 1;
            }
            made
        };
        let long = async {
            add_one(&store, id, std::time::Duration::from_millis(100)).await;
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        };
        let (a, b, c, ()) = tokio::join!(short(), short(), short(), long);
        assert!(a + b + c > 0, "nobody wrote beside it");
        assert_eq!(name_of(&store, id).await, (a + b + c + 1).to_string(), "a change was lost or made twice");
    }

    async fn every_statement_of_the_floor_prepares(store: Store) {
        db::write!(store.db, db::Wall::All("preparing"), |tx| {
            for (name, sql) in db::FLOOR.statements.iter().copied().flatten() {
                tx.prepare(sql.clone()).await.unwrap_or_else(|e| panic!("{name}: {e:?}"));
                assert!(
                    sql.text().contains("org_id") || ["TAKE", "LEAVE", "PENDING", "ANY_DUE", "LAST", "FORGET", "ANY_OLD", "FREE", "NOTE", "NOTES"].contains(name),
                    "{name} names no organisation"
                );
            }
            Ok(())
        }).unwrap();
    }

    async fn migrations_apply_again_and_a_newer_database_is_refused(store: Store) {
        store.db.close().await;
        let again = db::Db::open(&store.url, ROOMS).await;
        if store.db.engine() == db::Engine::Postgres {
            let db = again.unwrap();
            db.close().await;
        } else {
            // The first handle still holds the file for this process.
            assert!(matches!(again, Err(Problem::Conflict { code: "db.in_use", .. })), "{:?}", again.err());
        }
        let older = db::Db::open(&store.url, &[]).await;
        let code = older.err().map(|p| p.code());
        let wanted = if store.db.engine() == db::Engine::Postgres { "db.newer" } else { "db.in_use" };
        assert_eq!(code, Some(wanted));
    }
}

const NAME: Sql = Sql::new("SELECT name FROM thing WHERE org_id = $1 AND id = $2");

async fn name_of(store: &Store, id: Id<()>) -> String {
    db::read!(store.db, store.org, |tx| tx.one(NAME, &vals![store.org, id]).await?.get("name")).unwrap()
}

/// Reads the number in a name, waits, and writes the next one.
async fn add_one(store: &Store, id: Id<()>, pause: std::time::Duration) {
    const RENAME: Sql = Sql::new("UPDATE thing SET name = $3 WHERE org_id = $1 AND id = $2");
    let who = store.anyone();
    db::write!(store.db, who.org, |tx| {
        let name: String = tx.one(NAME, &vals![who.org, id]).await?.get("name")?;
        tokio::time::sleep(pause).await;
        let next = name.parse::<i64>().unwrap() + 1;
        tx.execute(RENAME, &vals![who.org, id, next.to_string()]).await?;
        tx.record(&who, made(id, next + 1, &next.to_string())).await
    })
    .unwrap();
}

/// Ten changes, each in a transaction that stays open for a while after its id was made.
async fn late_writer(store: Store, n: u64) -> Vec<uuid::Uuid> {
    let mut written = Vec::new();
    for round in 0..10 {
        let id: Id<()> = Id::new();
        let pause = std::time::Duration::from_millis((n * 7 + round * 3) % 20);
        loop {
            let done = db::write!(store.db, store.org, |tx| {
                tx.record(&store.anyone(), made(id, 1, "late")).await?;
                tokio::time::sleep(pause).await;
                Ok(())
            });
            match done {
                Err(Problem::Busy { .. }) => {}
                done => break done.unwrap(),
            }
        }
        written.push(id.uuid());
    }
    written
}

async fn add_named(store: &Store, id: Id<()>, name: &str) {
    add(store, id, name).await.unwrap();
}

async fn found(store: &Store, text: &str, many: bool) -> Vec<String> {
    db::read!(store.db, store.org, |tx| {
        let mut select = db::Select::new("SELECT t.id, t.name FROM thing t", "t", store.org);
        select
            .found(tx, "thing", ("t.id", "t.id"), text, many)
            .page("t.name", "t.id", false, false, None, 10);
        select.all(tx).await?.iter().map(|r| r.get("name")).collect()
    })
    .unwrap()
}
