//! House rules that no room may break.

use std::collections::BTreeSet;

use baton::rooms;

use crate::walls::{unbound, walled};

/// Statements that are bound to no organisation: name, table, reason.
const ALL_ORGANISATIONS: &[(&str, &str, &str)] = &[
    ("floor.LAST", "event", "the demonstration's clock goes on after everything on record"),
    ("floor.LAST_OF_ALL", "event", "the ids of a process go on after everything on record"),
    ("floor.UNSEALED", "event_unsealed", "a server seals for every organisation it hosts"),
    ("floor.ANY", "event_seal", "one key seals every organisation"),
    ("floor.FORGET", "command", "old commands are forgotten for every organisation"),
    ("floor.ANY_OLD", "command", "whether any is old enough to be forgotten"),
    ("floor.LOOSE", "tally", "counts are folded for every organisation"),
    ("floor.LOOSE", "blob_loose", "files left behind are swept for every organisation"),
    ("floor.DUE", "job", "a server works for every organisation it hosts"),
    ("floor.ANY_DUE", "job", "a server works for every organisation it hosts"),
    ("floor.FREE", "job", "a server works for every organisation it hosts"),
    ("floor.PENDING", "job", "what is left to do, as a figure of the server"),
    ("fleet.ORGS", "then_progress", "the check of a database looks at every organisation"),
    ("fleet.FILED", "then_progress", "the check of a database looks at every organisation"),
    ("fleet.ORGS_WITH_SOME", "company", "the check of a database looks at every organisation"),
    ("fleet.EVERY_ORG", "org", "the check of a database looks at every organisation"),
    ("identity.AT_HOST", "org", "the host picks the organisation before any is known"),
    ("identity.LIST", "org", "the installation's own list"),
    ("identity.COUNT", "org", "set-up is open while there is none"),
    ("demo.FIND", "demonstration", "a demonstration is alone in its database"),
];

/// Statements put together elsewhere that may do so too.
const OTHERS: &[(&str, &str)] = &[(
    "SELECT COALESCE(MAX(doc), 0) AS doc FROM search_doc",
    "the next number of a list of words; SQLite counts them over the whole installation",
)];

/// Reads every statement that was run, however it was put together.
pub async fn read_all(db: &db::Db, plans: &db::Plans) {
    let walled = db::read!(db, db::Wall::All("which tables have walls"), |tx| walled(tx).await).unwrap();
    let named: Vec<(String, &str)> = std::iter::once(db::FLOOR)
        .chain(rooms::schemas())
        .flat_map(|room| {
            room.statements.iter().copied().flatten().map(move |(name, sql)| (room.room, name, sql))
        })
        .map(|(room, name, sql)| (format!("{room}.{name}"), sql.text()))
        .filter(|(full, _)| ALL_ORGANISATIONS.iter().any(|(name, ..)| name == full))
        .collect();
    let noted = plans.noted();
    assert!(noted.len() > 15, "only {} statements were run", noted.len());
    let bad: Vec<String> = noted
        .keys()
        .filter(|sql| !named.iter().any(|(_, text)| text == sql))
        .filter(|sql| !OTHERS.iter().any(|(text, _)| sql.contains(text)))
        .filter_map(|sql| {
            let open = unbound(sql, &walled);
            (!open.is_empty()).then(|| format!("{}: {sql}", open.join(", ")))
        })
        .collect();
    assert!(bad.is_empty(), "bound to no organisation:\n{}", bad.join("\n"));
}

fn leaked() -> &'static [db::RoomSchema] {
    Box::leak(rooms::schemas().into_boxed_slice())
}

testkit::engine_tests! {
    rooms: leaked();

    async fn every_statement_prepares_and_is_bound_to_an_organisation(store: Store) {
        let mut all = vec![db::FLOOR];
        all.extend(rooms::schemas());
        db::read!(store.db, db::Wall::All("preparing"), |tx| {
            let walled = walled(tx).await?;
            for room in &all {
                for (name, sql) in room.statements.iter().copied().flatten() {
                    let full = format!("{}.{name}", room.room);
                    tx.prepare(sql.clone()).await.unwrap_or_else(|e| panic!("{full}: {e:?}"));
                    for table in unbound(sql.text(), &walled) {
                        let excused = |(name, of, _): &(&str, &str, &str)| *name == full && *of == table;
                        assert!(
                            ALL_ORGANISATIONS.iter().any(excused),
                            "{full} binds {table} to no organisation: {}",
                            sql.text()
                        );
                    }
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
