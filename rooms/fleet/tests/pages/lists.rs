//! The list: what it shows, what it finds, how it pages, whom it shows to.

use std::collections::BTreeSet;

use fleet::device::{Hold, OutFor, State, actions};

use crate::house::in_house;

/// The tags of a page's rows, in their order.
fn tags(main: &str) -> Vec<String> {
    main.split("class=\"tagno\">").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[test]
fn an_empty_fleet_says_how_to_begin() {
    in_house(|house| async move {
        house
            .get("lead", "/devices")
            .await
            .is(200)
            .says("Import your fleet")
            .says("action=\"/devices/import\"");
        house
            .get("technician", "/devices")
            .await
            .says("no devices on record yet")
            .hides("action=\"/devices/import\"");
        house.get("auditor", "/devices").await.says("no devices on record yet").hides("/devices/new");
    });
}

#[test]
fn rows_say_what_stands_where() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        house.take_over(&house.draft("NH-2"), State::OutOfService(OutFor::Repair)).await;
        house.take_over(&house.draft("NH-3"), State::Retired).await;
        let page = house.get("technician", "/devices").await;
        page.is(200)
            .says("href=\"/d/NH-1\"")
            .says("ICU 2 West, bay 6")
            .says("In repair")
            .says("VP-3")
            .hides("NH-3");
        page.says("In service<em>1</em>").says("Left<em>1</em>").says("2 devices");
        assert_eq!(tags(&house.get("technician", "/devices?show=left").await.body), ["NH-3"]);
        let repair = house.get("technician", "/devices?state=out_of_service_repair").await;
        assert_eq!(tags(&repair.body), ["NH-2"]);
        repair.says("1 of 2").says("aria-current=\"page\">In repair");
        let other = format!("/devices?site={}&colour=red&after=x", house.lakeside);
        house.get("technician", &other).await.is(200).says("No device matches these filters");
    });
}

#[test]
fn do_not_use_lists_held_and_sequestered_devices() {
    in_house(|house| async move {
        let held = house.in_service("NH-1").await;
        house.take_over(&house.draft("NH-2"), State::Quarantined).await;
        house.in_service("NH-3").await;
        let hold = Hold { reason: "flow high".into(), released_by: "flow test".into() };
        db::write!(house.app.db(), house.who.org, |tx| {
            actions::hold(tx, &house.who, held.id, 1, hold.clone()).await
        })
        .unwrap();
        let page = house.get("technician", "/devices?show=do_not_use").await;
        assert_eq!(tags(&page.body), ["NH-1", "NH-2"]);
        page.says("Do not use<em>2</em>");
        house.get("technician", "/devices").await.says("2 of 3 devices must not be used.");
    });
}

#[test]
fn what_is_not_decided_is_listed() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let mut draft = house.draft("NH-2");
        draft.department = None;
        house.take_over(&draft, State::InService).await;
        let mut draft = house.draft("NH-3");
        draft.fields.strategy = None;
        house.take_over(&draft, State::InService).await;
        let gap = house.get("technician", "/devices?show=undecided").await;
        assert_eq!(tags(&gap.body), ["NH-2", "NH-3"]);
        assert_eq!(tags(&house.get("technician", "/devices?gap=owner").await.body), ["NH-2"]);
    });
}

#[test]
fn words_find_by_tag_serial_model_and_place() {
    in_house(|house| async move {
        for tag in ["NH-1041", "NH-1042", "XX-9"] {
            house.in_service(tag).await;
        }
        for (words, found) in [
            ("nh 104", vec!["NH-1041", "NH-1042"]),
            ("sn-nh", vec!["NH-1041", "NH-1042"]),
            ("vp", vec!["NH-1041", "NH-1042", "XX-9"]),
            ("helion+pump", vec!["NH-1041", "NH-1042", "XX-9"]),
            ("bay+6+icu", vec!["NH-1041", "NH-1042", "XX-9"]),
            ("northfield+general", vec!["NH-1041", "NH-1042", "XX-9"]),
            ("nothing+like+it", vec![]),
        ] {
            let path = format!("/devices?q={}", words.replace(' ', "+"));
            assert_eq!(tags(&house.get("technician", &path).await.body), found, "{words}");
        }
        house.get("technician", "/devices?q=zzz&state=in_service").await.says("Search all 3");
    });
}

#[test]
fn an_exact_code_leads_to_its_device() {
    in_house(|house| async move {
        house.in_service("NH-1041").await;
        house.in_service("NH-10412").await;
        for code in ["nh-1041", "NH-+1041", "sn-nh-1041"] {
            house.get("technician", &format!("/devices?q={code}")).await.goes_to("/d/NH-1041");
        }
        let elsewhere = house.get("lakesider", "/devices?q=NH-1041").await;
        elsewhere.is(200).hides("/d/NH-1041");
    });
}

#[test]
fn pages_walk_every_device_exactly_once() {
    in_house(|house| async move {
        let mut all = BTreeSet::new();
        for n in 0..120 {
            let tag = format!("T-{:03}", (n * 37) % 120);
            house.clock.advance(7);
            house.in_service(&tag).await;
            all.insert(tag);
        }
        for sort in ["tag", "since"] {
            let mut seen = Vec::new();
            let mut path = format!("/devices?sort={sort}");
            for page in 0..3 {
                let answer = house.get("technician", &path).await;
                seen.extend(tags(&answer.body));
                let next = answer.body.split("<a class=\"btn ico\" href=\"").nth(1);
                match next {
                    Some(rest) => path = rest.split('"').next().unwrap().replace("&amp;", "&"),
                    None => assert_eq!(page, 2, "{sort}"),
                }
            }
            let once: BTreeSet<String> = seen.iter().cloned().collect();
            assert_eq!((seen.len(), &once), (120, &all), "{sort}");
            if sort == "tag" {
                assert!(seen.is_sorted());
            }
        }
        house.get("technician", "/devices").await.says("1–50 of 120");
    });
}

#[test]
fn everybody_sees_only_what_is_in_their_reach() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let mut theirs = house.draft("NH-2");
        theirs.department = Some(house.emergency);
        house.take_over(&theirs, State::InService).await;
        let mut away = house.draft("NH-3");
        (away.site, away.place, away.department) = (house.lakeside, None, None);
        house.take_over(&away, State::InService).await;
        for (person, sees) in [
            ("technician", vec!["NH-1", "NH-2", "NH-3"]),
            ("auditor", vec!["NH-1", "NH-2", "NH-3"]),
            ("nurse", vec!["NH-1"]),
            ("lakesider", vec!["NH-3"]),
        ] {
            let page = house.get(person, "/devices").await;
            assert_eq!(tags(&page.body), sees, "{person}");
            for tag in ["NH-1", "NH-2", "NH-3"] {
                let status = if sees.contains(&tag) { 200 } else { 404 };
                house.get(person, &format!("/d/{tag}")).await.is(status);
            }
        }
        let page = house.get("nurse", "/devices").await;
        page.hides("/devices/new").hides("/devices/import").says("1 device");
    });
}

/// What the browser gets holds no markup of anybody else's making.
#[test]
fn hostile_names_stay_text_everywhere() {
    in_house(|house| async move {
        let bad = "\"><script>alert(1)</script>";
        let mut draft = house.draft("T\"><b>");
        draft.fields.notes = Some(bad.into());
        draft.fields.udi = Some(bad.into());
        let device = house.take_over(&draft, State::InService).await;
        let hold = Hold { reason: bad.into(), released_by: bad.into() };
        db::write!(house.app.db(), house.who.org, |tx| {
            let who = &house.who;
            fleet::model::actions::find_or_add(tx, who, bad, bad, bad).await?;
            actions::hold(tx, who, device.id, 1, hold.clone()).await
        })
        .unwrap();
        let tag = "T%22%3E%3Cb%3E";
        let query = "%22%3E%3Cscript%3E";
        for path in [
            "/devices".to_owned(),
            format!("/devices?q={query}&state={query}&after={query}"),
            format!("/d/{tag}"),
            format!("/d/{tag}?as-of=2026-10-13"),
            format!("/d/{tag}/history"),
            format!("/d/{tag}/edit"),
            format!("/d/{tag}/move?find={query}"),
            format!("/d/{tag}/state"),
            format!("/d/{tag}/state?to=not_located"),
            format!("/d/{tag}/hold"),
            format!("/d/{tag}/lift-hold"),
            format!("/d/{tag}/parent"),
            "/devices/new".to_owned(),
            format!("/models?q={query}"),
            "/types".to_owned(),
            "/makers".to_owned(),
        ] {
            let page = house.get("manager", &path).await;
            page.is(200).hides("<script>").hides("T\"><b>");
        }
        for page in ["edit", "move", "state", "hold", "lift-hold", "parent"] {
            let fields = [
                ("tag", bad),
                ("reason", bad),
                ("parent", bad),
                ("to", bad),
                ("result", bad),
                ("maker", bad),
            ];
            house.post("manager", &format!("/d/{tag}/{page}"), &fields).await.hides("<script>");
        }
    });
}

/// A duty that takes long, such as the first filing of a large record, holds up no other.
#[test]
fn a_long_duty_holds_up_no_other() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static DONE: AtomicUsize = AtomicUsize::new(0);
    let every = std::time::Duration::from_millis(5);
    let long = web::Duty { name: "test.long", every, run: |_| Box::pin(std::future::pending()) };
    let short = web::Duty {
        name: "test.short",
        every,
        run: |_| {
            DONE.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(()) })
        },
    };
    in_house(|house| async move {
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        tokio::select! {
            () = web::duty::keep(house.app.clone(), vec![long, short], stopped) => {}
            () = async { while DONE.load(Ordering::Relaxed) < 3 { tokio::time::sleep(every).await; } } => {}
        }
    });
    assert!(DONE.load(Ordering::Relaxed) >= 3);
}
