//! One device: its answer, its buttons, its history, and how it was known.

use fleet::device::{Hold, Move, OutFor, Spot, State, actions};

use crate::house::{House, in_house};

async fn hold(house: &House, tag: &str) {
    let device = house.now(tag).await;
    let hold = Hold { reason: "flow above limit".into(), released_by: "flow test".into() };
    let who = kernel::Actor { at: house.clock.now(), ..house.who.clone() };
    db::write!(house.app.db(), who.org, |tx| {
        actions::hold(tx, &who, device.id, device.version, hold.clone()).await
    })
    .unwrap();
}

#[test]
fn the_page_answers_first() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let page = house.get("technician", "/d/NH-1").await;
        page.is(200).says("In service at ICU 2 West, bay 6, in use before it was imported on 13 Oct 2026.");
        page.says("Helion Medical").says("SN-NH-1").says("Level 2, Main building, Northfield General");
        page.says("In use before it was imported").hides("Not decided yet</h2>");
        hold(&house, "NH-1").await;
        let page = house.get("technician", "/d/NH-1").await;
        page.says("Do not use: flow above limit. It is lifted by: flow test.").says("/d/NH-1/lift-hold");
        assert_eq!(page.body.matches("btn pri").count(), 1, "one primary: {}", page.main());
    });
}

#[test]
fn a_tag_in_another_spelling_leads_to_the_proper_one() {
    in_house(|house| async move {
        house.in_service("NH-1 A").await;
        house.get("technician", "/d/nh-1a").await.goes_to("/d/NH-1%20A");
        house.get("technician", "/d/nh-1a/history?below=9").await.goes_to("/d/NH-1%20A/history?below=9");
        for page in ["edit", "move", "state", "hold", "lift-hold", "parent"] {
            let to = format!("/d/NH-1%20A/{page}");
            house.get("technician", &format!("/d/nh-1a/{page}")).await.goes_to(&to);
        }
        house.get("technician", "/d/NH-1%20A").await.is(200);
        house.get("technician", "/d/NH-99").await.is(404);
    });
}

#[test]
fn buttons_are_only_for_those_who_may() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        house
            .get("technician", "/d/NH-1")
            .await
            .says("/d/NH-1/state")
            .says("/d/NH-1/edit")
            .says("/d/NH-1/history");
        for person in ["auditor", "nurse", "administrator"] {
            let page = house.get(person, "/d/NH-1").await;
            page.is(200)
                .hides("/d/NH-1/state")
                .hides("/d/NH-1/move")
                .hides("/d/NH-1/edit")
                .hides("/d/NH-1/hold");
            for form in ["edit", "move", "state", "hold", "lift-hold", "parent"] {
                house.get(person, &format!("/d/NH-1/{form}")).await.is(403);
                house.post(person, &format!("/d/NH-1/{form}"), &[("version", "1")]).await.is(403);
            }
        }
        house.get("auditor", "/d/NH-1").await.says("/d/NH-1/history");
        house.get("nurse", "/d/NH-1").await.hides("/d/NH-1/history").hides("/models/");
        house.get("nurse", "/d/NH-1/history").await.is(403);
        house.get("nurse", "/d/NH-1?as-of=2026-10-13").await.is(403);
        // Seen by nobody of another site: not there, rather than not allowed.
        for form in ["edit", "move", "state", "hold", "history"] {
            house.get("lakesider", &format!("/d/NH-1/{form}")).await.is(404);
        }
    });
}

#[test]
fn gaps_say_where_they_are_closed() {
    in_house(|house| async move {
        let mut draft = house.draft("NH-1");
        (draft.department, draft.fields.strategy) = (None, None);
        house.take_over(&draft, State::InService).await;
        let page = house.get("technician", "/d/NH-1").await;
        page.says("Owner and maintenance strategy are not decided yet.");
        page.says("Choose owner").says("Choose strategy");
        house.get("auditor", "/d/NH-1").await.says("No department owns it.").hides("Choose owner");
    });
}

#[test]
fn history_says_what_was_and_what_is() {
    in_house(|house| async move {
        let device = house.in_service("NH-1").await;
        house.clock.advance(3_600);
        let who = kernel::Actor { at: house.clock.now(), name: "M. Okafor".into(), ..house.who.clone() };
        let to =
            Spot { site: house.general, place: Some(house.store_room), department: Some(house.emergency) };
        db::write!(house.app.db(), who.org, |tx| {
            actions::transfer(tx, &who, device.id, 1, to, Some("Ward closed".into())).await?;
            let mut mv = Move {
                to: State::OutOfService(OutFor::Repair),
                at: who.at.plus_seconds(-1_800),
                evidence: fleet::device::Evidence::default(),
            };
            mv.evidence.reason = Some("Door latch".into());
            actions::change_state(tx, &who, device.id, 2, &mv).await
        })
        .unwrap();
        let page = house.get("auditor", "/d/NH-1/history").await;
        page.is(200).says("Changed twice since it was recorded, last by M. Okafor.");
        page.says("ICU 2 West, bay 6, Level 2")
            .says("Store 2E, Level 2")
            .says("Emergency")
            .says("Ward closed");
        page.says("In repair").says("Door latch").says("Happened").says("13 Oct 2026, 08:30");
        page.says("Added by import, in use before").says("Helion Medical VP-3");
        let newer = house.get("auditor", "/d/NH-1/history?below=2").await;
        newer.says("Added by import").hides("Door latch");
    });
}

#[test]
fn a_device_is_shown_as_it_was_known() {
    in_house(|house| async move {
        let device = house.in_service("NH-1").await;
        house.clock.advance(86_400);
        let who = kernel::Actor { at: house.clock.now(), ..house.who.clone() };
        let to = Spot { site: house.general, place: Some(house.store_room), department: Some(house.icu) };
        db::write!(house.app.db(), who.org, |tx| actions::transfer(tx, &who, device.id, 1, to, None).await)
            .unwrap();
        let then = house.get("auditor", "/d/NH-1?as-of=2026-10-13T12:00").await;
        then.is(200).says("As known on 13 Oct 2026, 12:00.").says("ICU 2 West, bay 6").hides("Store 2E");
        house
            .get("technician", "/d/NH-1?as-of=2026-10-13")
            .await
            .says("the end of 13 Oct 2026")
            .hides("/d/NH-1/move");
        house.get("auditor", "/d/NH-1?as-of=2026-10-14T09:00").await.says("Store 2E");
        // Names are those of then, too.
        house.clock.advance(3_600);
        let who = kernel::Actor { at: house.clock.now(), ..house.who.clone() };
        db::write!(house.app.db(), who.org, |tx| {
            let makers = fleet::company::store::list(tx, who.org, 50).await?;
            let helion = makers.into_iter().find(|maker| maker.name == "Helion Medical").unwrap();
            let values = fleet::company::Values { name: "Helion Devices".into(), ..helion.values() };
            fleet::company::actions::change(tx, &who, helion.id, helion.version, &values, None).await
        })
        .unwrap();
        house.get("auditor", "/d/NH-1?as-of=2026-10-13").await.says("Helion Medical").hides("Helion Devices");
        house.get("auditor", "/d/NH-1?as-of=2026-10-14").await.says("Helion Devices").hides("Helion Medical");
        house.get("auditor", "/d/NH-1?as-of=2020-01-01").await.is(404);
        house
            .get("auditor", "/d/NH-1?as-of=yesterday")
            .await
            .is(422)
            .says("value=\"yesterday\"")
            .says("action=\"/d/NH-1\"");
    });
}

#[test]
fn systems_name_their_components() {
    in_house(|house| async move {
        let system = house.in_service("CT-1").await;
        let part = house.in_service("CT-1-TUBE").await;
        db::write!(house.app.db(), house.who.org, |tx| {
            actions::attach(tx, &house.who, part.id, 1, Some(system.id), None).await
        })
        .unwrap();
        house.get("technician", "/d/CT-1").await.says("href=\"/d/CT-1-TUBE\"");
        house.get("technician", "/d/CT-1-TUBE").await.says("A component of").says("href=\"/d/CT-1\"");
        house.get("technician", "/d/CT-1-TUBE/move").await.says("Move CT-1");
    });
}

/// The life of a device is drawn however it looks: short, long, moved within a minute, gone.
#[test]
fn lives_of_all_kinds_are_drawn() {
    in_house(|house| async move {
        for (n, state) in State::ALL.iter().enumerate() {
            let mut draft = house.draft(&format!("L-{n}"));
            draft.fields.acquired_on = (n % 2 == 0).then(|| jiff::civil::date(1998, 5, 1));
            house.take_over(&draft, *state).await;
            house.get("technician", &format!("/d/L-{n}")).await.is(200).says("class=\"ch life\"");
            house.get("technician", &format!("/d/L-{n}/state")).await.is(200);
        }
    });
}
