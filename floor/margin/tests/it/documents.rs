//! Documents in the database.

use kernel::{Actor, Id, Problem};
use margin::{
    Limits, Subject,
    document::{
        Draft, Kind,
        actions::{self, Added, Sent},
        intake::{Arrived, Intake},
        store,
    },
};
use testkit::Store;

use crate::made::{ROOMS, is_sound, nobody, nouns, subject};

async fn arrived(store: &Store, name: &str, bytes: &[u8]) -> Result<Arrived, Problem> {
    let mut intake = Intake::new(&store.db, store.org);
    // As it comes from a network: in parts of any size.
    for part in bytes.chunks(70_001) {
        intake.push(part).await?;
    }
    intake.finish(name).await
}

fn sent() -> Sent {
    Sent { command: Id::new(), record: "/x".to_owned(), content: Vec::new() }
}

fn draft() -> Draft {
    Draft { title: String::new(), kind: None, valid_from: None, valid_until: None }
}

async fn add(
    store: &Store,
    who: &Actor,
    subject: &Subject,
    (arrived, limits): (&Arrived, Limits),
    sent: &Sent,
) -> Result<Added, Problem> {
    let draft = draft();
    let added = db::write!(store.db, store.org, |tx| {
        actions::add(tx, who, subject, (&draft, arrived, limits), sent).await
    });
    if !added.as_ref().is_ok_and(|added| added.kept) {
        arrived.forget(&store.db, store.org).await;
    }
    added
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn the_same_file_is_kept_once(store: Store) {
        let who = store.anyone();
        let bytes = "A long report. ".repeat(60_000);
        let mut all = Vec::new();
        for (record, name) in [(1, "a.txt"), (2, "b.txt"), (2, "b.txt")] {
            let file = arrived(&store, name, bytes.as_bytes()).await.unwrap();
            let what = (&file, Limits::default());
            all.push(add(&store, &who, &subject(&store, record), what, &sent()).await.unwrap());
        }
        assert_eq!(all.iter().map(|added| added.kept).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(all[0].document.file, all[2].document.file);
        assert_eq!((all[0].document.title.as_str(), all[1].document.title.as_str()), ("a", "b"));
        let (kept, counts) = db::read!(store.db, store.org, |tx| {
            let kept = store::kept(tx, store.org).await?;
            let one = store::count(tx, store.org, "thing", subject(&store, 1).id).await?;
            Ok((kept, (one, store::of(tx, store.org, "thing", subject(&store, 2).id, None, 10).await?.len())))
        })
        .unwrap();
        assert_eq!((kept, counts), (bytes.len() as i64, (1, 2)));
        is_sound(&store).await;
    }

    async fn sent_again_it_is_the_document_of_the_first_time(store: Store) {
        let (who, once) = (store.anyone(), sent());
        let mut ids = Vec::new();
        for _ in 0..2 {
            let file = arrived(&store, "a.pdf", b"%PDF-1.7\n").await.unwrap();
            let what = (&file, Limits::default());
            ids.push(add(&store, &who, &subject(&store, 1), what, &once).await.unwrap().document.id);
        }
        assert_eq!(ids[0], ids[1]);
        // With another file it is another act.
        let file = arrived(&store, "a.pdf", b"%PDF-1.7 other\n").await.unwrap();
        let refused = add(&store, &who, &subject(&store, 1), (&file, Limits::default()), &once).await;
        assert_eq!(refused.unwrap_err().code(), db::command::REUSED);
        is_sound(&store).await;
    }

    async fn what_is_said_of_it_changes_by_versions_and_nothing_is_lost(store: Store) {
        let (who, nouns) = (store.anyone(), nouns());
        let file = arrived(&store, "a.pdf", b"%PDF-1.7\n").await.unwrap();
        let added = add(&store, &who, &subject(&store, 1), (&file, Limits::default()), &sent()).await.unwrap();
        let id = added.document.id;
        let manual = Draft { title: "Manual".into(), kind: Some(Kind::Manual), ..draft() };
        let (changed, same) = db::write!(store.db, store.org, |tx| {
            let changed = actions::change(tx, &who, &nouns, (id, 1), &manual).await?;
            Ok((changed.clone(), actions::change(tx, &who, &nouns, (id, 2), &changed.draft()).await?))
        })
        .unwrap();
        assert_eq!((changed.version, changed.kind, same.version), (2, Kind::Manual, 2));
        let stale = db::write!(store.db, store.org, |tx| {
            actions::change(tx, &who, &nouns, (id, 1), &draft()).await
        });
        assert!(matches!(stale, Err(Problem::Stale { current: 2 })));
        let removed = db::write!(store.db, store.org, |tx| {
            actions::remove(tx, &who, &nouns, (id, 2), Some("Old".to_owned())).await
        })
        .unwrap();
        assert_eq!(removed.document.removed_at, Some(who.at));
        let again = db::write!(store.db, store.org, |tx| {
            actions::remove(tx, &who, &nouns, (id, 3), None).await
        });
        assert_eq!(again.map(drop).unwrap_err().code(), "margin.document.removed");
        let (events, listed, file) = db::read!(store.db, store.org, |tx| {
            let events = db::gate::life(tx, store.org, "document", id.uuid(), i64::MAX, 9).await?;
            let listed = store::of(tx, store.org, "thing", subject(&store, 1).id, None, 9).await?;
            Ok((events, listed, actions::visible(tx, &who, &nouns, id).await?.file))
        })
        .unwrap();
        let actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(actions, ["margin.document.remove", "margin.document.change", "margin.document.add"]);
        assert_eq!((listed.len(), file.sent.bytes), (0, 9));
        is_sound(&store).await;
    }

    async fn a_limit_holds_for_the_whole_organisation(store: Store) {
        let (who, limits) = (store.anyone(), Limits { bytes: Some(20) });
        let first = arrived(&store, "a.txt", b"twelve bytes").await.unwrap();
        add(&store, &who, &subject(&store, 1), (&first, limits), &sent()).await.unwrap();
        let second = arrived(&store, "b.txt", b"eleven byte").await.unwrap();
        let refused = add(&store, &who, &subject(&store, 2), (&second, limits), &sent()).await;
        let Err(Problem::Invalid { fields }) = refused else { panic!("it was kept") };
        assert!(fields[0].field == "file" && fields[0].message.contains("files_most_gb"), "{fields:?}");
        // What is there already takes no more room.
        let same = arrived(&store, "c.txt", b"twelve bytes").await.unwrap();
        add(&store, &who, &subject(&store, 2), (&same, limits), &sent()).await.unwrap();
        is_sound(&store).await;
    }

    async fn a_refused_file_leaves_nothing(store: Store) {
        for (name, bytes) in [("photo.jpg", &b"<html><script>x</script>"[..]), ("a.png", b"\x89PNG\r\n\x1a\n torso")] {
            let refused = arrived(&store, name, bytes).await.map(drop);
            assert!(matches!(refused, Err(Problem::Invalid { .. })), "{refused:?}");
        }
        let large = vec![b'x'; 50_000_001];
        assert!(arrived(&store, "a.txt", &large).await.is_err());
        is_sound(&store).await;
    }

    async fn rights_are_those_of_the_record(store: Store) {
        let (who, nouns) = (store.anyone(), nouns());
        let file = arrived(&store, "a.pdf", b"%PDF-1.7\n").await.unwrap();
        let refused =
            add(&store, &nobody(&store), &subject(&store, 1), (&file, Limits::default()), &sent()).await;
        assert!(matches!(refused, Err(Problem::Forbidden { permit: "margin.document.add" })));
        let file = arrived(&store, "a.pdf", b"%PDF-1.7\n").await.unwrap();
        let hidden = add(&store, &who, &subject(&store, 13), (&file, Limits::default()), &sent()).await.unwrap();
        let other = Actor { org: Id::new(), ..store.anyone() };
        for who in [&who, &other] {
            let missing = db::read!(store.db, who.org, |tx| {
                actions::visible(tx, who, &nouns, hidden.document.id).await
            });
            assert!(matches!(missing, Err(Problem::NotFound { .. })));
        }
    }
}
