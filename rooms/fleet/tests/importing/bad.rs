//! Files with something wrong: a message with place and remedy, and nothing half done.

use fleet::device;
use fleet::import::{
    Field, RunState,
    run::{actions, upload::Receiver},
};

use crate::{
    ROOMS,
    house::{House, words},
};

testkit::engine_tests! {
    rooms: ROOMS;

    async fn a_file_that_cannot_be_read_is_refused_with_its_place(store: Store) {
        let house = House::new(&store).await;
        let who = house.who();
        for (bytes, expected) in [
            (&b""[..], "empty"),
            (b"\n\n  \n", "empty"),
            (b"1,2,3\n4,5,6\n", "the first line must name the columns"),
            (b"PK\x03\x04\x14\x00", "The workbook is damaged"),
            (b"tag,tag\nA,B\n", "rename or remove one"),
            (b"tag,model\nA\0,M\n", "NUL byte"),
        ] {
            let refused = words(house.send(&who, bytes).await);
            assert!(refused.contains(expected), "{refused}");
        }
        let list = db::read!(house.db, house.org, |tx| {
            fleet::import::run::actions::list(tx, &who, None, 9).await
        }).unwrap();
        assert_eq!(list.len(), 0);
    }

    /// Two programs wrote the file: what is no UTF-8 comes in as Windows-1252, and the row says so.
    async fn mixed_encodings_come_in_and_are_told(store: Store) {
        let house = House::new(&store).await;
        let mut text = String::from("tag,model,maker,site\n");
        (0..1_500).for_each(|n| text.push_str(&format!("A-{n},M,Drägerwerk,Main hospital\n")));
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(b"A-x,M\xfcller,Dr\xe4gerwerk,Main hospital\n");
        let checked = house.check(&bytes).await;
        assert_eq!((checked.counts.new, checked.counts.refused), (1_501, 0), "{:?}", checked.counts);
        let told = &checked.counts.warnings["encoding"];
        assert_eq!((told.count, told.first[0].line), (1, 1_502));
        assert!(told.first[0].message.contains("column model: “Müller” was no UTF-8 and is read as Windows-1252"), "{told:?}");
        assert_eq!(house.run(&checked).await.counts.devices, 1_501);
    }

    async fn a_line_of_200_megabytes_is_refused_in_bounded_memory(store: Store) {
        let house = House::new(&store).await;
        let part = vec![b'x'; 1024 * 1024];
        let mut receiver = Receiver::new(&house.db, house.org);
        receiver.push(b"tag,model\n").await.unwrap();
        let mut taken = 0;
        let refused = loop {
            match receiver.push(&part).await {
                Ok(()) => taken += 1,
                Err(refused) => break refused.to_string(),
            }
            assert!(taken < 200, "it was taken whole");
        };
        assert!(refused.contains("Line 2: the row is longer than 1048576 bytes"), "{refused}");
        assert!(taken < 8, "{taken} MB were taken first");
    }

    async fn files_without_rows_or_columns_say_so(store: Store) {
        let house = House::new(&store).await;
        let header = house.check(b"tag,model,site\n").await;
        assert_eq!((header.state, header.counts.rows), (RunState::Checked, 0));
        let refused = words(house.begin(&header, crate::house::Ask::Run).await);
        assert!(refused.contains("No row is ready"), "{refused}");
        // Without a column for the tag a person must choose first.
        let one = house.check(b"colour\nred\nblue\n").await;
        assert_eq!(one.state, RunState::Uploaded);
        let untagged = house.check(b"Colour,Model\nred,M\n").await;
        assert_eq!(untagged.state, RunState::Uploaded);
        let who = house.who();
        let refused = words(db::write!(house.db, house.org, |tx| {
            let run = fleet::import::run::actions::visible(tx, &who, untagged.id).await?;
            let setup = run.setup.clone();
            fleet::import::run::actions::begin_check(tx, &who, &run, setup).await
        }));
        assert!(refused.contains("No column is the asset tag"), "{refused}");
        let chosen = house.check_with(&untagged, |setup| {
            setup.columns.insert("Colour".into(), Field::Tag);
            setup.site = None;
        }).await;
        assert_eq!(chosen.counts.refusals.get("site_missing").map(|t| t.count), Some(1));
    }

    async fn duplicates_circles_and_impossible_dates_are_refused_by_row(store: Store) {
        let house = House::new(&store).await;
        house.import(b"tag,model,site,serial\nOLD,M,Main hospital,S9\n").await;
        let text = "tag,model,site,serial,part of,acquired on\n\
            A,M,Main hospital,1,B,\n\
            B,M,Main hospital,2,C,\n\
            C,M,Main hospital,3,A,\n\
            D,M,Main hospital,4,NOBODY,\n\
            E,M,Main hospital,5,,2023-02-31\n\
            F,M,Main hospital,6,,\n\
            f,M,Main hospital,7,,\n\
            G,M,Main hospital,6,,\n\
            old,M2,Main hospital,8,,\n\
            H,M,Main hospital,S9,,\n\
            I,M,Elsewhere,9,,\n\
            J,M,West clinic,10,F,\n\
            K,M,Main hospital,11,L,\n\
            L,M,Main hospital,12,D,\n\
            OLD,m,Main hospital,s9,,\n\
            N,M,Main hospital,13,OLD,\n";
        let checked = house.check(text.as_bytes()).await;
        let counts = &checked.counts;
        let of = |kind: &str| counts.refusals.get(kind).map_or(0, |t| t.count);
        for (kind, count) in [
            ("parent_circle", 3),
            ("parent_unknown", 3),
            ("acquired_on", 1),
            ("tag_twice", 2),
            ("serial_twice", 1),
            ("tag_taken", 1),
            ("serial_taken", 1),
            ("site_unknown", 1),
            ("parent_site", 1),
        ] {
            assert_eq!(of(kind), count, "{kind}: {:?}", counts.refusals);
        }
        assert_eq!((counts.rows, counts.new, counts.same, counts.refused), (16, 2, 0, 14));
        let first = &counts.refusals["acquired_on"].first[0];
        assert_eq!(first.line, 6);
        assert!(first.message.contains("line 6, column acquired on: “2023-02-31” does not exist"), "{first:?}");
        let done = house.run(&checked).await;
        assert_eq!((done.counts.devices, house.devices().await), (2, 3));
    }

    async fn somebody_may_import_only_where_they_may(store: Store) {
        let house = House::new(&store).await;
        let who = house.who();
        let sites = db::read!(house.db, house.org, |tx| identity::site::list(tx, house.org).await).unwrap();
        let west = sites.iter().find(|s| s.name == "West clinic").unwrap().id;
        let lead = kernel::Actor {
            person: Some(kernel::Id::new()),
            via: kernel::Via::Page,
            grants: vec![kernel::Grant {
                role: kernel::Role::Lead,
                permits: [fleet::permit::IMPORT_RUN, fleet::permit::MODEL_EDIT].into(),
                scope: kernel::Scope::Site(west),
                subtree: Default::default(),
            }],
            ..who.clone()
        };
        // A lead of one site adds no models: what the organisation has is there already.
        house.import(b"tag,maker,type,model,site\nZ,Helion,Pump,M,Main hospital\n").await;
        let text = b"tag,maker,model,site\nA,Helion,M,Main hospital\nB,Helion,M,West clinic\nC,Helion,M,\n";
        let sent = house.send(&lead, text).await.unwrap();
        let checked = house.finish(&sent).await;
        assert_eq!(checked.setup.site, Some(west));
        assert_eq!(checked.counts.refusals.get("site_reach").map(|t| t.count), Some(1));
        assert_eq!(checked.counts.new, 2);
        let nobody = kernel::Actor { grants: Vec::new(), ..lead.clone() };
        assert_eq!(house.send(&nobody, text).await.unwrap_err().code(), "forbidden");
        // What somebody imports everywhere, a lead of one site neither sees nor runs nor undoes.
        let everywhere = house.check(text).await;
        db::write!(house.db, house.org, |tx| {
            let seen = actions::visible(tx, &lead, everywhere.id).await;
            assert_eq!(seen.unwrap_err().code(), "not_found");
            let listed = actions::list(tx, &lead, None, 1).await?;
            assert_eq!(listed.iter().map(|r| r.id).collect::<Vec<_>>(), [checked.id]);
            let run = actions::begin_run(tx, &lead, &everywhere).await;
            assert_eq!(run.unwrap_err().code(), "not_found");
            let again = actions::begin_check(tx, &lead, &everywhere, everywhere.setup.clone()).await;
            assert_eq!(again.unwrap_err().code(), "not_found");
            let stopped = actions::cancel(tx, &lead, &everywhere).await;
            assert_eq!(stopped.unwrap_err().code(), "not_found");
            let stands = actions::progress(tx, &lead, everywhere.id).await;
            assert_eq!(stands.unwrap_err().code(), "not_found");
            Ok(())
        })
        .unwrap();
        // Somebody who reaches everything runs it for the lead, and brings nothing to where the lead may not.
        let again = house.check_with(&checked, |_| ()).await;
        assert_eq!((again.counts.new, again.counts.refusals["site_reach"].count), (2, 1));
    }

    async fn a_tag_that_was_used_before_is_refused(store: Store) {
        let house = House::new(&store).await;
        house.import(b"tag,model,site\nA-1,M,West clinic\nA-2,M,West clinic\n").await;
        let checked = house.check(b"tag,model,site\nA-3,M,West clinic\nB-1,M,West clinic\n").await;
        let who = house.who();
        let rename = async |from: &str, to: &str| {
            let device =
                db::read!(house.db, house.org, |tx| device::store::find_by_tag(tx, house.org, from).await);
            let device = device.unwrap().unwrap();
            let mut fields = device::Edit::of(&device).unwrap();
            fields.tag = device::Tag::parse(to).unwrap();
            db::write!(house.db, house.org, |tx| {
                device::actions::edit(tx, &who, device.id, device.version, &fields, None).await
            })
            .unwrap();
        };
        // B-1 was free when it was checked, and is not when it comes.
        rename("A-1", "B-1").await;
        rename("B-1", "C-1").await;
        let done = house.run(&checked).await;
        assert_eq!((done.counts.devices, done.counts.refusals["tag_taken"].count), (1, 1));
        let checked = house.check(b"tag,model,site\na - 1,M,West clinic\nC-2,M,West clinic\n").await;
        assert_eq!((checked.counts.new, checked.counts.refusals["tag_used"].count), (1, 1));
        let words = &checked.counts.refusals["tag_used"].first[0].message;
        assert!(words.contains("was carried by another device before; tags are never used again"), "{words}");
    }

    async fn an_import_adds_only_what_its_people_may_add(store: Store) {
        let house = House::new(&store).await;
        house
            .import(
                b"tag,maker,type,model,site,building,room,department,unit\n\
                  Z,Helion,Pump,M,West clinic,A,Bay 1,ICU,\n",
            )
            .await;
        let sites = db::read!(house.db, house.org, |tx| identity::site::list(tx, house.org).await).unwrap();
        let west = sites.iter().find(|s| s.name == "West clinic").unwrap().id;
        let somebody = |permits: &[kernel::Permit], scope| kernel::Actor {
            person: Some(kernel::Id::new()),
            via: kernel::Via::Page,
            grants: vec![kernel::Grant {
                role: kernel::Role::Lead,
                permits: permits.into(),
                scope,
                subtree: Default::default(),
            }],
            ..house.who()
        };
        use fleet::permit::{IMPORT_RUN, MODEL_EDIT};
        let lead = somebody(&[IMPORT_RUN, MODEL_EDIT], kernel::Scope::Site(west));
        let text = b"tag,maker,type,model,site,building,room,department,unit,cost centre\n\
            A,Helion,Pump,M,West clinic,A,Bay 1,ICU,,4400\n\
            B,New maker,Pump,M,West clinic,,,,,\n\
            C,Helion,Pump,New model,West clinic,,,,,\n\
            D,Helion,Pump,M,West clinic,A,Bay 2,,,\n\
            E,Helion,Pump,M,West clinic,,,NICU,,\n\
            F,Helion,Pump,M,West clinic,,,ICU,Step-down,\n\
            G,Helion,Pump,M,West clinic,a,bay 1,icu,,\n\
            H,Helion,Other type,M,West clinic,,,,,\n";
        let names = async || {
            let mut all = Vec::new();
            for (table, order) in [("company", "id"), ("device_type", "id"), ("model", "id"), ("place", "id")] {
                let rows = db::read!(house.db, house.org, |tx| db::dump(tx, table, order).await).unwrap();
                all.push(rows.len());
            }
            all.push(db::read!(house.db, house.org, |tx| db::dump(tx, "department", "id").await).unwrap().len());
            all
        };
        let before = names().await;
        let sent = house.send(&lead, text).await.unwrap();
        let checked = house.finish(&sent).await;
        let refused = |kind: &str| checked.counts.refusals.get(kind).map_or(0, |t| t.count);
        assert_eq!(
            (checked.counts.new, refused("model_new"), refused("place_new"), refused("department_new")),
            (3, 2, 1, 2),
            "{:#?}",
            checked.counts
        );
        let words = &checked.counts.refusals["model_new"].first[0].message;
        assert!(words.contains("“New maker M” is not on record as a model and you may not add it"), "{words}");
        assert_eq!(checked.counts.warnings["cost_centre"].count, 1);
        let begun = db::write!(house.db, house.org, |tx| actions::begin_run(tx, &lead, &checked).await);
        let done = house.finish(&begun.unwrap()).await;
        assert_eq!((done.state, done.counts.devices), (RunState::Done, 3), "{:?}", done.error);
        assert_eq!(names().await, before, "no name was added");
        // A site's own manager adds places and departments there, but no models.
        let manager =
            somebody(&[IMPORT_RUN, MODEL_EDIT, identity::permit::SITE_MANAGE], kernel::Scope::Site(west));
        let sent = house.send(&manager, text).await.unwrap();
        let checked = house.finish(&sent).await;
        assert_eq!((checked.counts.new, checked.counts.refused), (3, 4), "{:#?}", checked.counts);
        // A lead does not run what a manager had checked: it may add what the lead may not.
        let refused = db::write!(house.db, house.org, |tx| actions::begin_run(tx, &lead, &checked).await);
        assert_eq!(refused.unwrap_err().code(), "fleet.import.may_add");
        let begun = db::write!(house.db, house.org, |tx| actions::begin_run(tx, &manager, &checked).await);
        let done = house.finish(&begun.unwrap()).await;
        assert_eq!(done.counts.devices, 3);
        assert_eq!(names().await[..3], before[..3], "no model was added");
    }
}

testkit::engine_tests! {
    rooms: ROOMS;

    /// A server that is killed in the middle of an upload leaves pieces that nothing names; a file that became an
    /// import, or was refused, does not.
    async fn an_upload_that_never_ended_is_swept(store: Store) {
        let house = House::new(&store).await;
        let kept = house.check(b"tag,model,site\nA1,VP3,Main hospital\n").await;
        let part = format!("tag,model\n{}", "A,M\n".repeat(500_000));
        let mut refused = Receiver::new(&house.db, house.org);
        refused.push(part.as_bytes()).await.unwrap();
        refused.give_up().await;
        let mut killed = Receiver::new(&house.db, house.org);
        killed.push(part.as_bytes()).await.unwrap();
        drop(killed);
        let later = kernel::Instant::machine_now().plus_seconds(60);
        assert_eq!(db::blob::sweep(&house.db, later).await.unwrap(), 1);
        assert_eq!(house.run(&kept).await.counts.devices, 1, "its file is still there");
    }
}

/// A hundred megabytes are written, so on one engine only.
#[test]
fn too_large_a_file_is_refused_and_not_kept() {
    testkit::run(false, false, ROOMS, async |store: testkit::Store| {
        let house = House::new(&store).await;
        let mut receiver = Receiver::new(&house.db, house.org);
        receiver.push(b"tag,model\n").await.unwrap();
        // A whole file of that size would take long: what is refused is the length.
        let line = format!("{},M\n", "A".repeat(30));
        let part = line.repeat(4 * 1024 * 1024 / line.len());
        let mut refused = None;
        for _ in 0..26 {
            if let Err(problem) = receiver.push(part.as_bytes()).await {
                refused = Some(problem.to_string());
                break;
            }
        }
        assert!(refused.unwrap().contains("larger than 100 MB"));
        let pieces = db::read!(house.db, house.org, |tx| db::dump(tx, "blob_piece", "piece").await).unwrap();
        assert_eq!(pieces.len(), 0);
    });
}
