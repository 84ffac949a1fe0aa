//! The fleet as it was known at a past instant, taken out as files.

use std::{collections::BTreeMap, path::Path};

use baton::rooms;
use fleet::{
    company,
    device::{Hold, State, actions, between, store},
    export::folder,
};
use identity::Sent;
use kernel::{Instant, Role};
use testkit::Store;

/// The maker under another name.
fn named(maker: &fleet::Company, name: &str) -> company::Values {
    company::Values { name: name.to_owned(), ..maker.values() }
}

use crate::hospital::{Held, Hospital, system};

fn schemas() -> &'static [db::RoomSchema] {
    Box::leak(rooms::schemas().into_boxed_slice())
}

/// Every file of an export, its lines in order: devices stand by tag today and by when they came as of then.
async fn taken(store: &Store, org: kernel::OrgId, as_of: Option<Instant>) -> BTreeMap<String, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    folder::write(&store.db, &system(org), folder.path(), as_of, |_, _| {}).await.unwrap();
    let read = |path: &Path| {
        let mut lines: Vec<String> =
            std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path))).collect()
}

testkit::engine_tests! {
    rooms: schemas();

    async fn an_export_as_known_then_is_the_export_of_then(store: Store) {
        let options = demo::Options { devices: 80, ..demo::Options::default() };
        demo::create(&store.db, &options, |_| {}).await.unwrap();
        let org = identity::org::list(&store.db).await.unwrap()[0].id;
        let before = taken(&store, org, None).await;
        assert_eq!(before.len(), 8);
        assert!(before["devices.csv"].len() > 80);
        let then = db::read!(store.db, db::Wall::All("a test"), |tx| db::gate::last_recorded(tx).await).unwrap().unwrap();
        assert_eq!(taken(&store, org, Some(then)).await, before, "nothing was recorded since");
        // A day later a maker, a site and a place have other names, one device is held and another has another tag.
        let mut who = system(org);
        who.at = then.plus_seconds(86_400);
        db::write!(store.db, org, |tx| {
            let maker = company::store::list(tx, org, 1).await?.remove(0);
            company::actions::change(tx, &who, maker.id, maker.version, &named(&maker, "Renamed & Sons"), None).await?;
            let devices = store::each(tx, org, None, 1_000).await?;
            let mut free = devices.iter().filter(|d| d.state == State::InService && d.hold.is_none());
            let hold = Hold { reason: "Flow above limit".into(), released_by: "Flow test".into() };
            let held = free.next().unwrap();
            actions::hold(tx, &who, held.id, held.version, hold).await?;
            let site = identity::site::list(tx, org).await?.remove(0);
            let draft = identity::site::Draft {
                name: "Another name".into(),
                code: site.code.clone().unwrap_or_default(),
                time_zone: site.time_zone.clone(),
                currency: site.currency.to_string(),
                beds: site.beds.map(|b| b.to_string()).unwrap_or_default(),
            };
            identity::site::change(tx, &who, site.id, site.version, &draft, Sent::once()).await?;
            Ok(())
        }).unwrap();
        let after = taken(&store, org, None).await;
        assert_ne!(after["companies.csv"], before["companies.csv"]);
        assert_ne!(after["sites.csv"], before["sites.csv"]);
        assert_ne!(after["devices.csv"], before["devices.csv"]);
        assert_eq!(taken(&store, org, Some(then)).await, before, "as known then");
        assert_eq!(taken(&store, org, Some(who.at)).await, after, "as known now");
        check_differences(&store, &who, (then, who.at)).await;
        let long_ago = taken(&store, org, Some(Instant::from_micros(0))).await;
        assert!(long_ago.values().all(|lines| lines.len() == 1), "before everything there are only headers");
    }
}

/// The differences between two instants are those of everything known at the one and at the other.
async fn check_differences(store: &Store, who: &kernel::Actor, (then, now): (Instant, Instant)) {
    let years = |n: i64| then.plus_seconds(-n * 31_557_600);
    for (from, to) in
        [(years(20), now), (years(2), years(1)), (years(1), then), (then, now), (years(30), years(25))]
    {
        let mut found = BTreeMap::new();
        let mut keyset = kernel::Keyset { after: None, limit: 7 };
        loop {
            let slice =
                db::read!(store.db, who.org, |tx| between::page(tx, who, (from, to), &keyset).await).unwrap();
            for d in &slice.rows {
                let id = d.after.as_ref().or(d.before.as_ref()).unwrap().entity_id;
                let of = |event: &Option<db::Event>| event.as_ref().map(|e| e.after.clone());
                assert!(found.insert(id, (of(&d.before), of(&d.after))).is_none(), "{} twice", d.tag);
            }
            let Some(next) = slice.next else { break };
            keyset.after = Some(next);
        }
        let (before, after) = (known(store, who.org, from).await, known(store, who.org, to).await);
        let mut wanted = BTreeMap::new();
        for id in before.keys().chain(after.keys()) {
            let (then, now) = (before.get(id).cloned(), after.get(id).cloned());
            let differs = !kernel::FieldChange::between(
                then.as_ref(),
                now.as_ref().unwrap_or(&serde_json::Value::Null),
            )
            .iter()
            .all(|c| c.field == "evidence");
            if differs {
                wanted.insert(*id, (then, now));
            }
        }
        assert_eq!(found, wanted, "between {from} and {to}");
    }
    // Whoever reaches one site learns of devices that last stood there, and of no others.
    let site =
        db::read!(store.db, who.org, |tx| identity::site::list(tx, who.org).await).unwrap().remove(0).id;
    let grant = kernel::Grant {
        role: Role::Manager,
        permits: vec![fleet::permit::DEVICE_HISTORY].into(),
        scope: kernel::Scope::Site(site),
        subtree: std::collections::BTreeSet::new(),
    };
    let mut limited = who.clone();
    (limited.person, limited.via, limited.grants) = (Some(kernel::Id::new()), kernel::Via::Page, vec![grant]);
    let (mine, everyones) = (last_stood(store, &limited, now).await, last_stood(store, who, now).await);
    let here = serde_json::to_value(site).unwrap();
    assert!(mine.iter().all(|stood| *stood == here));
    assert_eq!(mine.len(), everyones.iter().filter(|stood| **stood == here).count());
    assert!(!mine.is_empty() && mine.len() < everyones.len());
    let backwards =
        db::read!(store.db, who.org, |tx| between::page(tx, who, (now, then), &kernel::Keyset::default())
            .await);
    assert_eq!(backwards.unwrap_err().code(), "invalid");
}

/// The sites where the devices that somebody is told of last stood.
async fn last_stood(store: &Store, who: &kernel::Actor, now: Instant) -> Vec<serde_json::Value> {
    let all = kernel::Keyset { after: None, limit: 10_000 };
    let ever = (Instant::from_micros(0), now);
    let slice = db::read!(store.db, who.org, |tx| between::page(tx, who, ever, &all).await).unwrap();
    let stood =
        |d: &between::Difference| d.after.as_ref().or(d.before.as_ref()).unwrap().after["site"].clone();
    slice.rows.iter().map(stood).collect()
}

/// Every device on record at an instant, as it was.
async fn known(store: &Store, org: kernel::OrgId, at: Instant) -> BTreeMap<uuid::Uuid, serde_json::Value> {
    let all = db::read!(store.db, org, |tx| db::gate::all_as_of(tx, org, "device", at, None, 10_000).await)
        .unwrap();
    let there = all.into_iter().filter(|e| e.after.get("removed_at").is_none());
    there.map(|e| (e.entity_id, e.after)).collect()
}

#[tokio::test]
async fn the_page_of_differences_says_what_was_asked_and_what_is_wrong_with_it() {
    let hospital = Hospital::new().await;
    let manager = hospital.session(hospital.people[&(Role::Manager, Held::Everywhere)]).await;
    let ask = async |query: &str| {
        hospital.ask("GET", &format!("/devices/changes{query}"), Some(&manager), "").await
    };
    let (status, page) = ask("").await;
    assert!(status == 200 && page.contains("What changed between two days?"), "{status}");
    for (query, words) in [
        ("?from=2026-10-01&to=", "To"),
        ("?from=yesterday&to=2026-10-13", "yesterday"),
        ("?from=2026-10-13&to=2026-10-01", "This must be later than the beginning."),
    ] {
        let (status, page) = ask(query).await;
        assert!(status == 422 && page.contains(words), "{query}: {status}");
    }
    let (status, page) = ask("?from=2020-01-01&to=2026-10-13").await;
    assert!(status == 200 && page.contains("What differs between") && page.contains(" added"), "{status}");
    let (status, page) = ask("?from=2000-01-01&to=2001-01-01").await;
    assert!(status == 200 && page.contains("No device differs between"), "{status}");
    let (status, file) = ask(".csv?from=2020-01-01&to=2026-10-13").await;
    assert!(status == 200 && file.lines().count() > 5, "{status}: {file}");
    assert!(file.contains("tag,what,first_at,field,before,after"), "{file}");
    // In words: names and not their ids, and no field that is only kept.
    assert!(file.contains(",Model,,") && file.contains(",State,,"), "{file}");
    let ids = file.split([',', '\r', '\n']).filter(|cell| cell.parse::<uuid::Uuid>().is_ok());
    assert_eq!(ids.count(), 0, "{file}");
    hospital.finish().await;
}
