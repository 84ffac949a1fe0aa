//! House rules that no room may break.

use std::collections::BTreeSet;

use baton::rooms;

/// Statements that name no organisation must say why in their text's documentation; these are they.
const ALL_ORGANISATIONS: &[&str] = &[
    "floor.TAKE",
    "floor.LEAVE",
    "floor.PENDING",
    "floor.ANY_DUE",
    "floor.LAST",
    "floor.FORGET",
    "floor.ANY_OLD",
    "identity.COUNT",
];

fn leaked() -> &'static [db::RoomSchema] {
    Box::leak(rooms::schemas().into_boxed_slice())
}

testkit::engine_tests! {
    rooms: leaked();

    async fn every_statement_prepares_and_names_its_organisation(store: Store) {
        let mut all = vec![db::FLOOR];
        all.extend(rooms::schemas());
        db::read!(store.db, db::Wall::All("preparing"), |tx| {
            for room in &all {
                for (name, sql) in room.statements.iter().copied().flatten() {
                    let full = format!("{}.{name}", room.room);
                    tx.prepare(sql.clone()).await.unwrap_or_else(|e| panic!("{full}: {e:?}"));
                    assert!(
                        sql.text().contains("org_id") || ALL_ORGANISATIONS.contains(&full.as_str()),
                        "{full} names no organisation"
                    );
                }
            }
            Ok(())
        }).unwrap();
    }
}

#[test]
fn permissions_are_named_by_their_room_and_held_by_somebody() {
    for room in rooms::rooms() {
        for (permit, roles) in room.permits {
            let parts: Vec<&str> = permit.0.split('.').collect();
            assert_eq!(parts.len(), 3, "{}", permit.0);
            assert_eq!(parts[0], room.name, "{}", permit.0);
            assert!(!roles.is_empty(), "nobody holds {}", permit.0);
        }
    }
}

#[test]
fn every_gate_and_menu_entry_takes_a_permission_that_exists() {
    let rooms = rooms::rooms();
    let known: BTreeSet<&str> = rooms.iter().flat_map(|r| r.permits.iter().map(|(p, _)| p.0)).collect();
    for room in &rooms {
        for route in &room.routes {
            if let web::Gate::Permit(permit) = route.gate {
                assert!(known.contains(permit.0), "{} {}", route.path, permit.0);
            }
        }
        for item in &room.menu {
            assert!(known.contains(item.permit.0), "{} {}", item.href, item.permit.0);
        }
    }
}

#[test]
fn migrations_keep_their_numbers() {
    let mut seen = BTreeSet::from([db::FLOOR.number]);
    for schema in rooms::schemas() {
        assert!(seen.insert(schema.number), "two rooms share the number {}", schema.number);
    }
    for engine in [db::Engine::Sqlite, db::Engine::Postgres] {
        let names = db::step_names(&rooms::schemas(), engine);
        assert!(!names.is_empty());
    }
}
