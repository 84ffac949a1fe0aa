//! Labels in the database.

use std::collections::BTreeMap;

use kernel::Problem;
use margin::label::{Label, MOST_ON_ONE, actions, store};
use testkit::Store;

use crate::made::{ROOMS, is_sound, nobody, subject};

async fn made(store: &Store, name: &str) -> Result<Label, Problem> {
    let who = store.anyone();
    db::write!(store.db, store.org, |tx| actions::add(tx, &who, name).await)
}

async fn turn(store: &Store, record: u128, label: &Label, on: bool) -> Result<Label, Problem> {
    let (who, subject) = (store.anyone(), subject(store, record));
    db::write!(store.db, store.org, |tx| match on {
        true => actions::put(tx, &who, &subject, label.id).await,
        false => actions::take_off(tx, &who, &subject, label.id).await,
    })
}

async fn worn(store: &Store, record: u128) -> Vec<String> {
    let id = subject(store, record).id;
    let labels = db::read!(store.db, store.org, |tx| store::of(tx, store.org, "thing", id).await).unwrap();
    labels.into_iter().map(|label| label.name).collect()
}

async fn count(store: &Store, label: &Label) -> Option<i64> {
    let counts = db::read!(store.db, store.org, |tx| store::counts(tx, store.org).await).unwrap();
    counts.get(&(label.id, "thing".to_owned())).copied()
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn labels_are_put_on_and_taken_off_and_counted(store: Store) {
        let (pool, old) = (made(&store, "Loaner pool").await.unwrap(), made(&store, "Old").await.unwrap());
        for (record, label, on) in [(1, &pool, true), (1, &pool, true), (1, &old, true), (2, &pool, true)] {
            turn(&store, record, label, on).await.unwrap();
        }
        assert_eq!(worn(&store, 1).await, ["Loaner pool", "Old"]);
        assert_eq!((count(&store, &pool).await, count(&store, &old).await), (Some(2), Some(1)));
        for _ in 0..2 {
            turn(&store, 1, &old, false).await.unwrap();
        }
        assert_eq!((worn(&store, 1).await, count(&store, &old).await), (vec!["Loaner pool".to_owned()], None));
        turn(&store, 1, &old, true).await.unwrap();
        // Each turn is a version of what is between the two; what changed nothing leaves none.
        let events = db::read!(store.db, store.org, |tx| {
            margin::life(tx, &subject(&store, 1), margin::Before::NOW, 9).await
        })
        .unwrap();
        let actions: Vec<_> = events.iter().map(|event| (event.action.as_str(), event.version)).collect();
        assert_eq!(
            actions,
            [
                ("margin.label.put", 3),
                ("margin.label.take_off", 2),
                ("margin.label.put", 1),
                ("margin.label.put", 1)
            ]
        );
        let many = db::read!(store.db, store.org, |tx| {
            let ids = [1, 2, 3].map(|n| subject(&store, n).id);
            store::of_many(tx, store.org, "thing", ids).await
        })
        .unwrap();
        let wanted = BTreeMap::from([
            (subject(&store, 1).id, vec!["Loaner pool".to_owned(), "Old".to_owned()]),
            (subject(&store, 2).id, vec!["Loaner pool".to_owned()]),
        ]);
        assert_eq!(many, wanted);
        is_sound(&store).await;
    }

    async fn names_are_unique_and_a_new_one_is_worn_everywhere(store: Store) {
        let (who, pool) = (store.anyone(), made(&store, "Loaner pool").await.unwrap());
        turn(&store, 1, &pool, true).await.unwrap();
        let again = made(&store, " LOANER  pool").await;
        assert!(matches!(again, Err(Problem::Invalid { fields }) if fields[0].field == "name"));
        let rename = async |seen: i64, name: &str| {
            db::write!(store.db, store.org, |tx| actions::rename(tx, &who, (pool.id, seen), name).await)
        };
        assert_eq!(rename(1, "Pool").await.unwrap().version, 2);
        assert!(matches!(rename(1, "Late").await, Err(Problem::Stale { current: 2 })));
        assert_eq!(worn(&store, 1).await, ["Pool"]);
        let other = made(&store, "Other").await.unwrap();
        assert!(rename(2, "other").await.is_err_and(|p| p.code() == "invalid"));
        assert_eq!(other.version, 1);
        is_sound(&store).await;
    }

    async fn there_are_limits_and_rights(store: Store) {
        let nobody = nobody(&store);
        let pool = made(&store, "Pool").await.unwrap();
        let refused = db::write!(store.db, store.org, |tx| actions::add(tx, &nobody, "Mine").await);
        assert!(matches!(refused, Err(Problem::Forbidden { permit: "margin.label.manage" })));
        let thing = subject(&store, 1);
        let refused = db::write!(store.db, store.org, |tx| actions::put(tx, &nobody, &thing, pool.id).await);
        assert!(matches!(refused, Err(Problem::Forbidden { permit: "margin.label.put" })));
        for n in 0..MOST_ON_ONE {
            let label = made(&store, &format!("Label {n}")).await.unwrap();
            turn(&store, 1, &label, true).await.unwrap();
        }
        assert_eq!(turn(&store, 1, &pool, true).await.unwrap_err().code(), "margin.label.too_many");
        is_sound(&store).await;
    }
}
