//! Every form: what it does, what it refuses, what it keeps of what was typed.

use fleet::device::{OutFor, State, Strategy};

use crate::house::{Answer, House, command, in_house};

/// Sends a form for the device's present version.
async fn send(house: &House, person: &str, tag: &str, page: &str, fields: &[(&str, &str)]) -> Answer {
    let version = house.now(tag).await.version.to_string();
    let id = command();
    let mut all = vec![("version", version.as_str()), ("command", id.as_str())];
    all.extend_from_slice(fields);
    house.post(person, &format!("/d/{tag}/{page}"), &all).await
}

fn new_device<'a>(house: &'a House, site: &'a str, department: &'a str) -> Vec<(&'a str, &'a str)> {
    let _ = house;
    vec![
        ("tag", "NH-7"),
        ("serial", "S-7"),
        ("maker", "helion medical"),
        ("model", "vp-3"),
        ("strategy", "oem"),
        ("tenure", "owned"),
        ("site", site),
        ("department", department),
        ("begins", "received"),
        ("stands_on", "PO-1, line 3"),
    ]
}

#[test]
fn a_device_is_added_once_however_often_the_form_is_sent() {
    in_house(|house| async move {
        let (site, department, id) = (house.general.to_string(), house.icu.to_string(), command());
        let mut fields = new_device(&house, &site, &department);
        fields.push(("command", &id));
        house
            .get("technician", &format!("/devices/new?site={site}"))
            .await
            .is(200)
            .says("Helion Medical")
            .says("ICU 2 West, bay 6");
        for _ in 0..2 {
            house.post("technician", "/devices/new", &fields).await.goes_to("/d/NH-7");
        }
        let device = house.now("nh-7").await;
        assert_eq!((device.version, device.state, device.model), (1, State::Received, house.vp3));
        house.get("technician", "/d/NH-7").await.says("Received on 13 Oct 2026.");
        house.get("technician", "/devices?q=S-7").await.goes_to("/d/NH-7");
    });
}

#[test]
fn adding_refuses_with_every_reason_and_keeps_what_was_typed() {
    in_house(|house| async move {
        house.in_service("NH-7").await;
        let (site, department) = (house.general.to_string(), house.icu.to_string());
        let mut fields = new_device(&house, &site, &department);
        let taken = house.post("technician", "/devices/new", &fields).await;
        taken.is(422).says("Asset tag NH-7 is already in use.").says("value=\"PO-1, line 3\"");
        fields.retain(|(name, _)| !["stands_on", "serial", "tag"].contains(name));
        fields.extend([("tag", "NH-8"), ("acquired_on", "2031-01-01")]);
        let refused = house.post("technician", "/devices/new", &fields).await;
        refused.is(422).says("known by its serial number").says("matched to a line of its purchase order");
        refused.says("in the future or before 1950").says("There are 3 problems").says("value=\"NH-8\"");
        let nothing = house.post("technician", "/devices/new", &[("site", &site)]).await;
        nothing.is(422).says("The maker is missing.").says("The asset tag is empty");
    });
}

#[test]
fn new_makers_and_models_are_for_those_who_keep_the_catalogue() {
    in_house(|house| async move {
        let (site, department) = (house.general.to_string(), house.icu.to_string());
        let mut fields = new_device(&house, &site, &department);
        fields.retain(|(name, _)| !["maker", "model"].contains(name));
        fields.extend([("maker", "Orbit Imaging"), ("model", "Orbit 64")]);
        house.post("technician", "/devices/new", &fields).await.is(422).says("ask a lead or manager");
        house.post("lead", "/devices/new", &fields).await.is(422).says("“Orbit 64” is new. Write what type");
        fields.push(("type", "CT scanner"));
        house.post("lead", "/devices/new", &fields).await.goes_to("/d/NH-7");
        house.get("lead", "/models?q=orbit").await.says("CT scanner").says("Orbit 64");
        // The type on record wins over another one typed beside a known model.
        fields.retain(|(name, _)| !["type", "tag", "serial"].contains(name));
        fields.extend([("type", "Monitor"), ("tag", "NH-9"), ("serial", "9")]);
        house.post("lead", "/devices/new", &fields).await.is(422).says("is on record as “CT scanner”");
    });
}

#[test]
fn editing_keeps_its_reason_and_refuses_what_cannot_be() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let page = house.get("technician", "/d/NH-1/edit").await;
        page.is(200).says("value=\"SN-NH-1\"").says("value=\"Helion Medical\"");
        let fields = [("tag", "NH-1"), ("serial", "NEW-1"), ("maker", "Helion Medical"), ("model", "VP-3")];
        let mut good = fields.to_vec();
        good.extend([("strategy", "aem_pm"), ("price", "4120.50"), ("reason", "Misread before")]);
        send(&house, "technician", "NH-1", "edit", &good).await.goes_to("/d/NH-1");
        let device = house.now("NH-1").await;
        assert_eq!((device.serial.as_deref(), device.strategy), (Some("NEW-1"), Some(Strategy::AemPm)));
        house.get("auditor", "/d/NH-1/history").await.says("Misread before").says("$4,120.50");
        let mut bad = fields.to_vec();
        bad.extend([("risk", "LS"), ("serial_less", "yes"), ("price", "1,250")]);
        let refused = send(&house, "technician", "NH-1", "edit", &bad).await;
        refused.is(422).says("“1,250” is not an amount").says("value=\"1,250\"");
        bad.retain(|(name, _)| *name != "price");
        let refused = send(&house, "technician", "NH-1", "edit", &bad).await;
        refused
            .is(422)
            .says("marked as having none")
            .says("needs a reason")
            .says("decided maintenance strategy");
        assert_eq!(house.now("NH-1").await.version, 2);
    });
}

#[test]
fn a_stale_form_shows_the_change_and_keeps_what_was_typed() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let fields = [
            ("tag", "NH-1"),
            ("serial", "A"),
            ("maker", "Helion Medical"),
            ("model", "VP-3"),
            ("strategy", "oem"),
        ];
        send(&house, "lead", "NH-1", "edit", &fields).await.goes_to("/d/NH-1");
        let mut mine = fields.to_vec();
        mine.retain(|(name, _)| *name != "serial");
        mine.extend([("serial", "MINE"), ("version", "1")]);
        let stale = house.post("technician", "/d/NH-1/edit", &mine).await;
        stale
            .is(409)
            .says("Somebody else changed this device")
            .says("The lead")
            .says("SN-NH-1")
            .says("value=\"MINE\"");
        stale.says("name=\"version\" value=\"2\"");
        // The page's own form can be sent as it stands.
        mine.retain(|(name, _)| *name != "version");
        send(&house, "technician", "NH-1", "edit", &mine).await.goes_to("/d/NH-1");
        assert_eq!(house.now("NH-1").await.serial.as_deref(), Some("MINE"));
        for (page, fields) in [
            ("move", vec![("version", "1")]),
            ("hold", vec![("version", "1"), ("reason", "x"), ("test", "y")]),
            ("state", vec![("version", "1"), ("to", "not_located"), ("search_note", "z")]),
            ("parent", vec![("version", "1"), ("do", "detach")]),
        ] {
            let site = house.general.to_string();
            let mut fields = fields;
            fields.push(("site", &site));
            house
                .post("technician", &format!("/d/NH-1/{page}"), &fields)
                .await
                .is(409)
                .says("Changed meanwhile");
        }
    });
}

#[test]
fn a_device_moves_within_reach_only() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let (site, place, owner) =
            (house.general.to_string(), house.store_room.to_string(), house.emergency.to_string());
        let fields =
            [("site", site.as_str()), ("place", &place), ("department", &owner), ("reason", "Bed 4")];
        send(&house, "technician", "NH-1", "move", &fields).await.goes_to("/d/NH-1");
        let device = house.now("NH-1").await;
        assert_eq!((device.place, device.department), (Some(house.store_room), Some(house.emergency)));
        let bare = [("site", site.as_str()), ("place", &place), ("department", "")];
        send(&house, "technician", "NH-1", "move", &bare).await.is(422).says("belongs to a department");
        let away = house.lakeside.to_string();
        let mixed = [("site", away.as_str()), ("place", &place), ("department", &owner)];
        send(&house, "technician", "NH-1", "move", &mixed).await.is(422).says("not at this site");
        // Whoever looks after one department moves its devices within that department.
        house.in_service("NH-2").await;
        let form = house.get("icu_tech", "/d/NH-2/move").await;
        form.is(200).says(">ICU<").hides("Emergency");
        let out = [("site", site.as_str()), ("place", &place), ("department", &owner)];
        send(&house, "icu_tech", "NH-2", "move", &out).await.is(422).says("not among those you may choose");
        let within = [("site", site.as_str()), ("place", &place), ("department", &house.icu.to_string())];
        send(&house, "icu_tech", "NH-2", "move", &within).await.goes_to("/d/NH-2");
    });
}

#[test]
fn states_say_what_they_ask_for_and_what_is_in_the_way() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let page = house.get("technician", "/d/NH-1/state").await;
        page.is(200)
            .says("Take out of service")
            .says("Keep for investigation")
            .says("Asks for incident, custodian, what was preserved with it.")
            .says("Lend");
        page.says("In repair, spare or stored. Asks for reason.").hides("Nothing");
        assert_eq!(page.main().matches("Take out of service").count(), 1, "one move, whatever state follows");
        let out = house.get("technician", "/d/NH-1/state?to=out_of_service_stored").await;
        out.says("<h1 class=\"answer\">Take out of service: NH-1</h1>")
            .says("value=\"out_of_service_stored\" checked")
            .says("value=\"out_of_service_seasonal\"");
        let form = house.get("technician", "/d/NH-1/state?to=quarantined").await;
        form.says("name=\"incident\"")
            .says("name=\"custodian\"")
            .says("name=\"preserved\"")
            .hides("name=\"agreement\"");
        let empty =
            send(&house, "technician", "NH-1", "state", &[("to", "quarantined"), ("custodian", "R. Amsel")])
                .await;
        empty.is(422).says("because of an incident").says("are evidence").says("value=\"R. Amsel\"");
        let full =
            [("to", "quarantined"), ("incident", "INC-9"), ("custodian", "R. Amsel"), ("preserved", "logs")];
        send(&house, "technician", "NH-1", "state", &full).await.goes_to("/d/NH-1");
        let page = house.get("technician", "/d/NH-1").await;
        page.says("Do not use: kept for investigation since 13 Oct 2026");
        // Only a manager releases.
        house.get("technician", "/d/NH-1/state").await.says("Manager only");
        let release = [
            ("to", "out_of_service_stored"),
            ("reason", "No fault"),
            ("release_name", "R. Amsel"),
            ("release_role", "risk_management"),
        ];
        send(&house, "technician", "NH-1", "state", &release).await.is(403);
        house.clock.advance(60);
        send(&house, "manager", "NH-1", "state", &release).await.goes_to("/d/NH-1");
        assert_eq!(house.now("NH-1").await.state, State::OutOfService(OutFor::Stored));
        let back = house.get("technician", "/d/NH-1/state?to=in_service").await;
        back.says("name=\"inspection_passed\"");
        house.get("auditor", "/d/NH-1/history").await.says("Released by").says("R. Amsel, risk management");
    });
}

#[test]
fn a_move_can_be_dated_but_not_before_the_present_state() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        house.clock.advance(3 * 86_400);
        let early = [("to", "not_located"), ("search_note", "All wards"), ("on", "2026-10-01")];
        let refused = send(&house, "technician", "NH-1", "state", &early).await;
        refused
            .is(422)
            .says("only since 13 Oct 2026")
            .says("value=\"2026-10-01\"")
            .says("value=\"All wards\"");
        let odd =
            [("to", "not_located"), ("search_note", "All wards"), ("on", "3/10/2026"), ("time", "25:99")];
        send(&house, "technician", "NH-1", "state", &odd)
            .await
            .is(422)
            .says("can be read two ways. Write 2026-10-03 or 2026-03-10.")
            .says("is not a time");
        let good =
            [("to", "not_located"), ("search_note", "All wards"), ("on", "14 Oct 2026"), ("time", "09:30")];
        send(&house, "technician", "NH-1", "state", &good).await.goes_to("/d/NH-1");
        house.get("auditor", "/d/NH-1/history").await.says("14 Oct 2026, 09:30");
    });
}

#[test]
fn disposal_answers_every_question() {
    in_house(|house| async move {
        house.take_over(&house.draft("NH-1"), State::PendingDisposal).await;
        house.clock.advance(60);
        let form = house.get("lead", "/d/NH-1/state?to=retired").await;
        form.says("Record of disposal").says("name=\"patient_data\"").says("name=\"tracked_na\"");
        let half = [("to", "retired"), ("method", "recycle"), ("decontaminated", "cert 17")];
        let refused = send(&house, "lead", "NH-1", "state", &half).await;
        refused
            .is(422)
            .says("Patient data: write what was done")
            .says("There are 6 problems")
            .says("value=\"cert 17\"");
        let mut full = half.to_vec();
        full.extend(
            ["patient_data", "hazards", "registration", "network", "accounting", "tracked"]
                .map(|f| (f, "done")),
        );
        full.push(("tracked_na", "yes"));
        send(&house, "technician", "NH-1", "state", &full).await.is(403);
        send(&house, "lead", "NH-1", "state", &full).await.goes_to("/d/NH-1");
        house.get("lead", "/d/NH-1").await.says("Retired on 13 Oct 2026.").hides("/d/NH-1/move");
        house.get("lead", "/d/NH-1/state").await.says("is an end state; nothing follows it");
        house.get("auditor", "/d/NH-1/history").await.says("does not apply: done").says("Recycled");
    });
}

#[test]
fn a_hold_is_put_on_and_lifted_by_its_test() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let empty = send(&house, "technician", "NH-1", "hold", &[("reason", "flow high")]).await;
        empty.is(422).says("which test lifts it").says("value=\"flow high\"");
        let good = [("reason", "flow high"), ("test", "flow test")];
        send(&house, "technician", "NH-1", "hold", &good).await.goes_to("/d/NH-1");
        send(&house, "technician", "NH-1", "hold", &good).await.is(422).says("on hold already");
        house.get("technician", "/d/NH-1/lift-hold").await.says("Has it passed: flow test?");
        let failed = [("test", "flow test"), ("result", "131.9 mL/h")];
        send(&house, "technician", "NH-1", "lift-hold", &failed)
            .await
            .is(422)
            .says("lifted by a passed test");
        let mut passed = failed.to_vec();
        passed.push(("passed", "yes"));
        send(&house, "technician", "NH-1", "lift-hold", &passed).await.goes_to("/d/NH-1");
        assert_eq!(house.now("NH-1").await.hold, None);
        house.get("technician", "/d/NH-1/lift-hold").await.is(200).says("is not on hold");
    });
}

#[test]
fn systems_are_built_and_taken_apart() {
    in_house(|house| async move {
        house.in_service("CT-1").await;
        house.in_service("TUBE").await;
        send(&house, "technician", "TUBE", "parent", &[("parent", "ct-1")]).await.goes_to("/d/TUBE");
        send(&house, "technician", "CT-1", "parent", &[("parent", "TUBE")])
            .await
            .is(422)
            .says("is itself below");
        send(&house, "technician", "TUBE", "parent", &[("parent", "NONE-1")])
            .await
            .is(422)
            .says("No device NONE-1");
        send(&house, "technician", "TUBE", "parent", &[("parent", "")])
            .await
            .is(422)
            .says("Write the asset tag");
        send(&house, "technician", "TUBE", "parent", &[("do", "detach")]).await.goes_to("/d/TUBE");
        assert_eq!(house.now("TUBE").await.parent, None);
    });
}

#[test]
fn a_command_sent_twice_is_carried_out_once_and_never_with_other_content() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let id = command();
        let fields =
            [("version", "1"), ("command", id.as_str()), ("reason", "flow high"), ("test", "flow test")];
        for _ in 0..3 {
            house.post("technician", "/d/NH-1/hold", &fields).await.goes_to("/d/NH-1");
        }
        assert_eq!(house.now("NH-1").await.version, 2);
        let other = [("version", "2"), ("command", id.as_str()), ("reason", "other"), ("test", "flow test")];
        house.post("technician", "/d/NH-1/hold", &other).await.is(422);
        assert_eq!(house.now("NH-1").await.version, 2);
    });
}
