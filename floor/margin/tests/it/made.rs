//! What every test stands on.

use db::RoomSchema;
use kernel::{Actor, Id, Reach};
use margin::{Nouns, Subject};
use testkit::Store;
use uuid::Uuid;

/// The tables under test.
pub const ROOMS: &[RoomSchema] = &[margin::SCHEMA];

/// A record of a kind that only these tests know; everybody sees it.
pub fn subject(store: &Store, id: u128) -> Subject {
    Subject {
        org: store.org,
        noun: "thing",
        id: Uuid::from_u128(id),
        name: format!("T-{id}"),
        href: format!("/things/{id}"),
        list: ("Things", "/things"),
        reach: Some(Reach::default()),
    }
}

/// That kind, as a room names it. The thing with the number 13 is out of sight.
pub fn nouns() -> Nouns {
    let mut kept = http::Extensions::new();
    let noun = margin::Noun {
        name: "thing",
        find: |_, who, id| {
            let found = Subject {
                org: who.org,
                noun: "thing",
                id,
                name: "T".to_owned(),
                href: "/things".to_owned(),
                list: ("Things", "/things"),
                reach: Some(Reach::default()),
            };
            let seen = id != Uuid::from_u128(13);
            Box::pin(
                async move { seen.then_some(found).ok_or_else(|| kernel::Problem::not_found("this thing")) },
            )
        },
    };
    Nouns::join(&mut kept, &[noun]);
    kept.get::<Nouns>().unwrap().clone()
}

/// Somebody without any permission.
pub fn nobody(store: &Store) -> Actor {
    Actor { person: Some(Id::new()), ..store.anyone() }
}

/// The database holds nothing twice that differs, and no bytes that nothing names.
pub async fn is_sound(store: &Store) {
    let report = db::check::check(&store.db, ROOMS).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}
