//! Comments and mentions in the database.

use kernel::{Actor, Grant, Id, PersonId, Problem, Role, Scope};
use margin::{
    Known, People,
    comment::{Comment, EDIT_FOR, actions, store},
    permit,
};
use testkit::Store;

use crate::made::{ROOMS, is_sound, nobody, nouns, subject};

/// People whom comments may mention.
const PEOPLE: People = People(|_, _, word| {
    let all = [("Maya Okafor", "maya.okafor", 1), ("Maya Chen", "mchen", 2), ("Priya Raman", "priya", 3)];
    let known = all.into_iter().map(|(name, handle, n)| Known {
        id: person(n),
        name: name.to_owned(),
        handle: handle.to_owned(),
    });
    let named = known.filter(|k| kernel::fold(&k.name).starts_with(word) || k.handle == word).collect();
    Box::pin(std::future::ready(Ok(named)))
});

fn person(n: u128) -> PersonId {
    Id::from_uuid(uuid::Uuid::from_u128(n))
}

/// Somebody with these permissions everywhere.
fn holding(store: &Store, n: u128, permits: &[kernel::Permit]) -> Actor {
    let grant = Grant {
        role: Role::Technician,
        permits: permits.into(),
        scope: Scope::Org,
        subtree: Default::default(),
    };
    let name = format!("Person {n}");
    Actor { person: Some(person(n)), name, grants: vec![grant], ..store.anyone() }
}

async fn write(store: &Store, who: &Actor, text: &str) -> Result<Comment, Problem> {
    let subject = subject(store, 1);
    db::write!(store.db, store.org, |tx| actions::write(tx, who, PEOPLE, &subject, text).await)
}

async fn waiting(store: &Store, n: u128) -> i64 {
    db::read!(store.db, store.org, |tx| store::waiting(tx, store.org, person(n)).await).unwrap()
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn a_comment_mentions_people_and_they_see_it_once(store: Store) {
        let who = holding(&store, 1, &[permit::COMMENT_WRITE]);
        let text = "Latch is loose, @Maya Chen. @priya and @Priya please look; I (@Maya Okafor) ordered one.";
        let comment = write(&store, &who, text).await.unwrap();
        let names: Vec<&str> = comment.mentions.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["Maya Chen", "Priya Raman", "Maya Okafor"]);
        // Nobody is told of what they wrote themselves.
        assert_eq!((waiting(&store, 1).await, waiting(&store, 2).await, waiting(&store, 3).await), (0, 1, 1));
        let second = write(&store, &who, "@Priya once more").await.unwrap();
        assert_eq!(waiting(&store, 3).await, 2);
        db::write!(store.db, store.org, |tx| {
            store::read(tx, store.org, person(3), second.id, who.at).await
        })
        .unwrap();
        let (new, seen) = db::read!(store.db, store.org, |tx| {
            let new = store::mentioning(tx, store.org, person(3), false, None, 9).await?;
            Ok((new, store::mentioning(tx, store.org, person(3), true, None, 9).await?))
        })
        .unwrap();
        assert_eq!((new.len(), new[0].0.id, seen.len(), seen[0].0.id), (1, comment.id, 1, second.id));
        assert_eq!(seen[0].1, Some(who.at));
        db::write!(store.db, store.org, |tx| {
            store::read_all(tx, store.org, person(3), comment.id.uuid(), who.at).await
        })
        .unwrap();
        assert_eq!((waiting(&store, 3).await, waiting(&store, 2).await), (0, 1));
        is_sound(&store).await;
    }

    async fn names_that_nobody_has_or_several_are_said(store: Store) {
        let who = holding(&store, 1, &[permit::COMMENT_WRITE]);
        for (text, words) in [
            ("@Maya please", "Maya Okafor (@maya.okafor) or Maya Chen (@mchen)"),
            ("@Grace please", "Nobody here is called “@Grace”"),
        ] {
            let Err(Problem::Invalid { fields }) = write(&store, &who, text).await else { panic!("{text}") };
            assert!(fields[0].field == "words" && fields[0].message.contains(words), "{fields:?}");
        }
        assert!(write(&store, &who, "Write to maya@northfield.example, 5 @ 12 V").await.is_ok());
        let refused = write(&store, &nobody(&store), "x").await;
        assert!(matches!(refused, Err(Problem::Forbidden { permit: "margin.comment.write" })));
    }

    async fn its_author_changes_it_for_an_hour_and_its_versions_stay(store: Store) {
        let author = holding(&store, 1, &[permit::COMMENT_WRITE]);
        let other = holding(&store, 2, &[permit::COMMENT_WRITE]);
        let nouns = nouns();
        let comment = write(&store, &author, "@Priya look").await.unwrap();
        let edit = async |who: &Actor, seen: i64, text: &str| {
            db::write!(store.db, store.org, |tx| {
                actions::edit(tx, who, (&nouns, PEOPLE), (comment.id, seen), text).await
            })
            .map(|found| found.comment)
        };
        assert_eq!(edit(&other, 1, "mine").await.unwrap_err().code(), "margin.comment.author");
        let edited = edit(&author, 1, "@Maya Chen look").await.unwrap();
        assert_eq!((edited.version, edited.edited_at), (2, Some(author.at)));
        // Whoever is not mentioned any more is not told any more.
        assert_eq!((waiting(&store, 2).await, waiting(&store, 3).await), (1, 0));
        assert!(matches!(edit(&author, 1, "late").await, Err(Problem::Stale { current: 2 })));
        let later = Actor { at: author.at.plus_seconds(EDIT_FOR + 1), ..author.clone() };
        assert_eq!(edit(&later, 2, "later").await.unwrap_err().code(), "margin.comment.too_late");
        let events = db::read!(store.db, store.org, |tx| {
            db::gate::life(tx, store.org, "comment", comment.id.uuid(), i64::MAX, 9).await
        })
        .unwrap();
        let words: Vec<_> = events.iter().map(|event| event.after["words"].as_str().unwrap()).collect();
        assert_eq!(words, ["@Maya Chen look", "@Priya look"]);
        is_sound(&store).await;
    }

    async fn what_is_retracted_leaves_a_trace(store: Store) {
        let author = holding(&store, 1, &[permit::COMMENT_WRITE]);
        let other = holding(&store, 2, &[permit::COMMENT_WRITE]);
        let manager = holding(&store, 9, &[permit::COMMENT_WRITE, permit::COMMENT_RETRACT]);
        let nouns = nouns();
        let retract = async |who: &Actor, comment: &Comment| {
            let why = Some("Names a patient".to_owned());
            db::write!(store.db, store.org, |tx| {
                actions::retract(tx, who, &nouns, (comment.id, comment.version), why.clone()).await
            })
            .map(|found| found.comment)
        };
        let own = write(&store, &author, "@Priya look").await.unwrap();
        assert_eq!(retract(&other, &own).await.unwrap_err().code(), "margin.comment.author");
        let gone = retract(&author, &own).await.unwrap();
        assert_eq!((gone.words.as_str(), gone.retracted_at, waiting(&store, 3).await), ("", Some(author.at), 0));
        assert_eq!(retract(&author, &gone).await.unwrap_err().code(), "margin.comment.retracted");
        let theirs = write(&store, &author, "again").await.unwrap();
        assert!(retract(&manager, &theirs).await.is_ok());
        let (listed, events) = db::read!(store.db, store.org, |tx| {
            let listed = store::of(tx, store.org, "thing", subject(&store, 1).id, None, 9).await?;
            Ok((listed, db::gate::life(tx, store.org, "comment", own.id.uuid(), i64::MAX, 9).await?))
        })
        .unwrap();
        assert_eq!((listed.len(), events.len()), (2, 2));
        assert_eq!(events[0].reason.as_deref(), Some("Names a patient"));
        is_sound(&store).await;
    }
}
