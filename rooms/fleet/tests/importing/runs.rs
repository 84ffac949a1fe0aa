//! Whole imports: every row accounted for, nothing lost or doubled, all of it undone again.

use fleet::{
    device::{self, Acceptance},
    import::{Field, RunState},
};

use crate::{
    ROOMS,
    house::{Ask, House, words},
    ugly::{Expect, ugly},
};

const FILE: &str = "Asset tag,Serial,Maker,Model,Type,Site,Room,Department,Status,Risk,In service since,Part of\n\
    NH-1,S1,Helion,VP3,Infusion pump,Main hospital,R 1,ICU,Active,High,2020-01-31,\n\
    NH-2,S2,HELION,vp3,Infusion pump,main hospital,R 1,icu,In repair,,2020-01-31,NH-4\n\
    NH-3,S3,Orrin,L9,Lamp,West clinic,,,Retired,,,\n\
    NH-4,S4,Orrin,Rack,Rack,Main hospital,,ICU,,,,nh-5\n\
    NH-5,S5,Orrin,Rack,Rack,Main hospital,,ICU,,,,\n";

/// A file with so many plain rows.
fn plain(rows: usize) -> String {
    let mut text = String::from("Asset tag,Serial,Maker,Model,Site,Part of\n");
    for row in 0..rows {
        let above = if row % 700 == 3 { format!("P-{}", row + 400) } else { String::new() };
        text.push_str(&format!("P-{row},S{row},Helion,VP{},Main hospital,{above}\n", row % 7));
    }
    text
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn a_file_becomes_devices(store: Store) {
        let house = House::new(&store).await;
        let checked = house.check(FILE.as_bytes()).await;
        assert_eq!((checked.state, house.devices().await), (RunState::Checked, 0));
        let counts = &checked.counts;
        assert_eq!((counts.rows, counts.new, counts.refused), (5, 5, 0), "{counts:?}");
        let done = house.run(&checked).await;
        assert_eq!((done.counts.devices, done.counts.new), (5, 5));
        let by_tag = async |tag: &str| {
            db::read!(house.db, house.org, |tx| device::store::find_by_tag(tx, house.org, tag).await)
                .unwrap()
                .unwrap()
        };
        let (first, second, rack) = (by_tag("NH-1").await, by_tag("NH-2").await, by_tag("NH-4").await);
        assert_eq!(first.accepted_as, Some(Acceptance::Baseline));
        assert_eq!((first.version, first.import, first.model), (1, Some(done.id), second.model));
        assert_eq!(first.state_since.to_string(), "2020-01-31T05:00:00Z");
        assert_eq!((second.parent, rack.parent), (Some(rack.id), Some(by_tag("NH-5").await.id)));
        assert_eq!((first.place, first.department), (second.place, second.department));
        let life = db::read!(house.db, house.org, |tx| {
            db::gate::life(tx, house.org, "device", first.id.uuid(), i64::MAX, 9).await
        })
        .unwrap();
        assert_eq!((life.len(), life[0].action.as_str()), (1, "fleet.device.baseline"));
        // The same file again: nothing is new, nothing is refused.
        let again = house.check(FILE.as_bytes()).await;
        assert_eq!((again.counts.same, again.counts.refused), (5, 0), "{:?}", again.counts);
    }

    async fn the_ugly_export_is_accounted_for(store: Store) {
        let house = House::empty(&store, store.org, &["Main hospital"]).await;
        let (bytes, truths) = ugly(3, 5_000);
        let checked = house.check(&bytes).await;
        assert_eq!(checked.state, RunState::Checked, "{:?}", checked.error);
        let count = |fits: fn(&Expect) -> bool| truths.iter().filter(|t| fits(&t.expect)).count() as u64;
        let ready = count(|e| matches!(e, Expect::Ready | Expect::Warned(_)));
        let blank = count(|e| matches!(e, Expect::Blank));
        let counts = checked.counts.clone();
        assert_eq!((counts.new, counts.same, counts.blank), (ready, 0, blank));
        assert_eq!(counts.refused, truths.len() as u64 - ready - blank);
        assert_eq!(counts.rows, counts.new + counts.same + counts.refused);
        let of = |kind: &str| counts.refusals.get(kind).map_or(0, |t| t.count);
        assert_eq!(of("tag_twice"), count(|e| matches!(e, Expect::Duplicate(Field::Tag))));
        assert_eq!(of("unreadable"), count(|e| matches!(e, Expect::Unreadable)));
        let done = house.run(&checked).await;
        assert_eq!((done.counts.devices, house.devices().await as u64), (ready, ready));
    }

    async fn a_killed_server_goes_on_where_it_was(store: Store) {
        let text = plain(4_500);
        let whole = House::new(&store).await;
        let done = whole.import(text.as_bytes()).await;
        assert_eq!(done.counts.devices, 4_500 - 1, "{:?}", done.counts.refusals);
        let other = House::empty(&store, kernel::Id::new(), &["Main hospital", "West clinic"]).await;
        let sent = other.send(&other.who(), text.as_bytes()).await.unwrap();
        for steps in [3, 1, 2] {
            other.some_steps(&sent, steps).await;
        }
        let checked = other.finish(&sent).await;
        assert_eq!(checked.counts, fleet::import::Counts { devices: 0, ..done.counts.clone() });
        let begun = other.begin(&checked, Ask::Run).await.unwrap();
        for steps in [2, 1, 3] {
            other.some_steps(&begun, steps).await;
        }
        let resumed = other.finish(&begun).await;
        assert_eq!((resumed.state, &resumed.counts), (RunState::Done, &done.counts));
        assert_eq!(tags(&other).await, tags(&whole).await);
    }

    async fn two_workers_at_once_bring_each_row_once(store: Store) {
        let house = House::new(&store).await;
        let checked = house.check(plain(2_500).as_bytes()).await;
        let run = house.begin(&checked, Ask::Run).await.unwrap();
        let mut one = fleet::import::Work::open(&house.db, house.org, run.id).await.unwrap().unwrap();
        let mut two = fleet::import::Work::open(&house.db, house.org, run.id).await.unwrap().unwrap();
        one.step(house.clock.now()).await.unwrap();
        assert_eq!(two.step(house.clock.now()).await.unwrap_err().code(), "fleet.import.taken_over");
        drop(one);
        let done = house.finish(&run).await;
        assert_eq!(done.counts.devices as usize, house.devices().await);
    }

    async fn stopped_half_way_what_came_in_can_be_undone(store: Store) {
        let house = House::new(&store).await;
        let checked = house.check(plain(3_500).as_bytes()).await;
        let run = house.begin(&checked, Ask::Run).await.unwrap();
        house.some_steps(&run, 2).await;
        let stopped = house.begin(&run, Ask::Stop).await.unwrap();
        let there = house.devices().await;
        assert_eq!((stopped.state, stopped.counts.devices as usize), (RunState::Cancelled, there));
        assert!(there > 0 && there < 3_500);
        assert_eq!(house.finish(&run).await.state, RunState::Cancelled);
        let undone = house.begin(&run, Ask::Undo).await.unwrap();
        let undone = house.finish(&undone).await;
        assert_eq!((undone.state, undone.counts.devices, house.devices().await), (RunState::Undone, 0, 0));
    }

    async fn undone_the_fleet_is_as_it_was(store: Store) {
        let house = House::new(&store).await;
        house.import(b"tag,model,site,serial\nOLD-1,M,Main hospital,1\n").await;
        let before = house.fingerprint().await;
        house.clock.advance(60);
        let done = house.import(plain(1_500).as_bytes()).await;
        let then = house.clock.now();
        let some = db::read!(house.db, house.org, |tx| {
            device::store::find_by_tag(tx, house.org, "P-7").await
        }).unwrap().unwrap();
        house.clock.advance(60);
        let undone = house.begin(&done, Ask::Undo).await.unwrap();
        assert_eq!(house.finish(&undone).await.state, RunState::Undone);
        assert_eq!(house.fingerprint().await, before);
        // As it was known before the undo, the device is still there.
        let as_of = db::read!(house.db, house.org, |tx| {
            db::gate::as_of(tx, house.org, "device", some.id.uuid(), then).await
        }).unwrap().unwrap();
        assert_eq!((as_of.version, as_of.after.get("removed_at")), (1, None));
        let again = house.import(plain(1_500).as_bytes()).await;
        assert_eq!(again.counts.devices, done.counts.devices);
    }

    async fn an_import_that_is_in_use_is_not_undone(store: Store) {
        let house = House::new(&store).await;
        let done = house.import(b"tag,model,site,serial\nA-1,M,Main hospital,1\nA-2,M,Main hospital,2\n").await;
        house.import(b"tag,model,site,serial,part of\nB-1,M,Main hospital,3,A-2\n").await;
        let refused = words(house.begin(&done, Ask::Undo).await);
        assert!(refused.contains("hold devices from elsewhere: A-2"), "{refused}");
        let who = house.who();
        db::write!(house.db, house.org, |tx| {
            let device = device::store::find_by_tag(tx, house.org, "A-1").await?.unwrap();
            let hold = device::Hold { reason: "Broken".into(), released_by: "Check".into() };
            device::actions::hold(tx, &who, device.id, device.version, hold).await
        }).unwrap();
        let refused = words(house.begin(&done, Ask::Undo).await);
        assert!(refused.contains("Changed since the import: A-1."), "{refused}");
        assert_eq!(house.devices().await, 3);
    }

    async fn run_asked_twice_runs_once(store: Store) {
        let house = House::new(&store).await;
        let checked = house.check(FILE.as_bytes()).await;
        house.run(&checked).await;
        assert_eq!(house.begin(&checked, Ask::Run).await.unwrap_err().code(), "fleet.import.state");
        assert_eq!(house.devices().await, 5);
    }

    async fn two_organisations_may_have_the_same_tags(store: Store) {
        let house = House::new(&store).await;
        let other = House::empty(&store, kernel::Id::new(), &["Main hospital", "West clinic"]).await;
        house.import(FILE.as_bytes()).await;
        let done = other.import(FILE.as_bytes()).await;
        assert_eq!((done.counts.devices, other.devices().await, house.devices().await), (5, 5, 5));
        let who = other.who();
        let elsewhere = db::read!(house.db, house.org, |tx| {
            let who = kernel::Actor { org: house.org, ..who.clone() };
            fleet::import::run::actions::visible(tx, &who, done.id).await
        });
        assert_eq!(elsewhere.unwrap_err().code(), "not_found");
    }
}

async fn tags(house: &House) -> Vec<String> {
    let lines = house.fingerprint().await;
    lines.iter().map(|l| l.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn the_clinic_inventory_of_the_corpus_comes_in() {
    let Some(folder) = std::env::var_os("BATON_CORPUS") else {
        println!("skipped: BATON_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&folder).join("hospital-inventory");
    testkit::run(false, false, ROOMS, async |store: testkit::Store| {
        for file in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if file.extension().is_none_or(|e| e != "csv") {
                continue;
            }
            let house = House::empty(&store, kernel::Id::new(), &["Clinic"]).await;
            let done = house.import(&std::fs::read(file).unwrap()).await;
            let counts = &done.counts;
            assert_eq!(counts.new + counts.same + counts.refused, 20, "{counts:?}");
            assert_eq!(counts.devices, 20, "{:?}", counts.refusals);
        }
    });
}

/// SQLite has no statistics here, so the plan is the same for ten devices and a million: the list of one import walks
/// its own devices, in their order, and nothing else.
#[test]
fn the_devices_of_one_import_are_read_from_an_index() {
    const LIST: db::Sql = db::Sql::new(
        "EXPLAIN QUERY PLAN SELECT d.id FROM device d WHERE d.org_id = $1 AND d.removed_at IS NULL \
         AND d.state IN ('in_service', 'retired') AND d.import_id = $2 ORDER BY d.tag_key, d.id LIMIT 51",
    );
    testkit::run(false, false, ROOMS, |store| async move {
        let vals = db::vals![store.org, fleet::device::ImportId::new()];
        let plan = db::read!(store.db, store.org, |tx| tx.all(LIST, &vals).await).unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail").unwrap()).collect();
        assert_eq!(plan, ["SEARCH d USING INDEX device_by_import (org_id=? AND import_id=?)"]);
    });
}
