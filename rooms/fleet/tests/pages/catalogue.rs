//! Models, types and makers, and the words devices are found by after a rename.

use crate::house::{House, command, in_house};

async fn found(house: &House, words: &str) -> bool {
    house.get("technician", &format!("/devices?q={words}")).await.body.contains("NH-1</span>")
}

#[test]
fn a_renamed_model_is_found_by_its_new_name() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        house.in_service("NH-2").await;
        let path = format!("/models/{}", house.vp3);
        house.get("lead", &path).await.is(200).says("2 devices of the VP-3 are here.");
        house.get("auditor", &path).await.is(200).hides("<button class=\"btn pri\"");
        let form = format!("{path}/edit");
        house.get("lead", &form).await.is(200).says("value=\"VP-3\"");
        let id = command();
        let fields =
            [("version", "1"), ("command", id.as_str()), ("name", "Volumat 9"), ("type", "infusion pump")];
        house.post("technician", &form, &fields).await.is(403);
        for _ in 0..2 {
            house.post("lead", &form, &fields).await.goes_to(&path);
        }
        assert!(found(&house, "vp-3").await, "the job has not run yet");
        house.work().await;
        assert!(found(&house, "volumat").await && !found(&house, "vp-3").await);
        let stale = [("version", "1"), ("name", "VP-4"), ("type", "Infusion pump")];
        house.post("lead", &form, &stale).await.is(409).says("It is now “Volumat 9”").says("value=\"VP-4\"");
        house.get("lead", "/models/none").await.is(404);
    });
}

#[test]
fn a_type_gets_its_risk_level_for_all_its_devices() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let kinds = db::read!(house.app.db(), house.who.org, |tx| {
            fleet::device_type::store::list(tx, house.who.org, 9).await
        })
        .unwrap();
        let (id, version) = (kinds[0].id.to_string(), kinds[0].version.to_string());
        let page = house.get("manager", "/types").await;
        page.is(200).says("Every device type has its risk level.").says("Change").hides("Save for");
        let open = house.get("manager", &format!("/types?edit={id}")).await;
        open.is(200).says("Save for 1 device").says(&format!("form=\"row-{id}\"")).says("Cancel");
        house.get("auditor", &format!("/types?edit={id}")).await.is(200).hides("Save for").hides("Change");
        house
            .get("auditor", "/types")
            .await
            .is(200)
            .hides("<form class=\"inline\" method=\"post\" action=\"/types\"");
        house.get("nurse", "/types").await.is(403);
        let fields = |risk: &'static str| {
            [
                ("id", id.clone()),
                ("version", version.clone()),
                ("name", "Infusion pump".into()),
                ("risk", risk.into()),
            ]
        };
        let send = |risk: &'static str| {
            let fields = fields(risk);
            let house = &house;
            async move {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
                house.post("manager", "/types", &fields).await
            }
        };
        send("").await.is(422).says("changed, not taken away");
        send("XL").await.is(422).says("is not a risk level");
        send("LS").await.goes_to(&format!("/types#t-{id}"));
        house.get("technician", "/d/NH-1").await.says("Life support");
        send("M").await.is(409).says("It is now “Infusion pump”, life support.");
    });
}

#[test]
fn a_type_has_a_page_with_codes_and_useful_life() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let kind = db::read!(house.app.db(), house.who.org, |tx| {
            fleet::device_type::store::find_by_name(tx, house.who.org, "Infusion pump").await
        })
        .unwrap()
        .unwrap();
        let path = format!("/types/{}", kind.id);
        let page = house.get("lead", &path).await;
        page.is(200).says("1 device is here, high risk unless their own record says otherwise.");
        page.says("VP-3").says("Not known").says(&format!("href=\"/devices?type={}\"", kind.id));
        house.get("auditor", &path).await.is(200).says("High-risk").hides("Save changes");
        house.get("nurse", &path).await.is(403);
        house.get("lead", "/types/none").await.is(404);
        house.get("lead", &format!("/types/{}", uuid::Uuid::now_v7())).await.is(404);

        let version = kind.version.to_string();
        let mut fields = vec![
            ("version", version.as_str()),
            ("name", "Infusion pump"),
            ("risk", "LS"),
            ("product_code", "frn"),
            ("gmdn", "12"),
            ("emdn", "Z120303"),
            ("umdns", "13215"),
            ("life_years", "9"),
            ("life_source", ""),
            ("reason", "Looked up"),
        ];
        let refused = house.post("lead", &path, &fields).await;
        refused
            .is(422)
            .says("There are 2 problems")
            .says("“12” is not a GMDN term code")
            .says("value=\"frn\"");
        fields[4].1 = "";
        fields[8].1 = "Own records";
        house.post("technician", &path, &fields).await.is(403);
        let id = command();
        fields.push(("command", id.as_str()));
        for _ in 0..2 {
            house.post("lead", &path, &fields).await.goes_to(&path);
        }
        let page = house.get("lead", &path).await;
        page.says("FRN").says("13-215").says("9 years").says("Own records").says("Counts as high-risk");
        page.says("Looked up").says("Life support").says("The lead");
        house.get("technician", "/d/NH-1").await.says("Life support");
        fields.pop();
        house.post("lead", &path, &fields).await.is(409).says("It is now “Infusion pump”, life support.");
        house.get("lead", "/types?q=13-215").await.says("Infusion pump");
        house.get("lead", "/types?q=13-21").await.says("No type matches.");
        // The row of the list leaves alone what it does not show.
        let (id, version) = (kind.id.to_string(), (kind.version + 1).to_string());
        let row = [("id", id.as_str()), ("version", &version), ("name", "Infusion pump"), ("risk", "H")];
        house.post("lead", "/types", &row).await.goes_to(&format!("/types#t-{id}"));
        house.get("lead", &path).await.says("FRN").says("Own records").says("High-risk, not life support");
    });
}

#[test]
fn a_long_history_of_a_type_pages() {
    in_house(|house| async move {
        let mut kind = db::read!(house.app.db(), house.who.org, |tx| {
            fleet::device_type::store::find_by_name(tx, house.who.org, "Infusion pump").await
        })
        .unwrap()
        .unwrap();
        for n in 0..12 {
            let values = fleet::device_type::Values { name: format!("Pump {n}"), ..kind.values() };
            kind = db::write!(house.app.db(), house.who.org, |tx| {
                fleet::device_type::actions::change(tx, &house.who, kind.id, kind.version, &values, None)
                    .await
            })
            .unwrap();
        }
        let path = format!("/types/{}", kind.id);
        let first = house.get("lead", &path).await;
        first.says("10 events").says("Pump 11").hides("Added</b>");
        let next =
            first.body.split(&format!("href=\"{path}?below=")).nth(1).unwrap().split('#').next().unwrap();
        let older = house.get("lead", &format!("{path}?below={}", next.replace("&amp;", "&"))).await;
        older.says("4 events").says("Added</b>").hides("Pump 9");
    });
}

#[test]
fn a_misspelt_maker_is_put_right() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let makers = db::read!(house.app.db(), house.who.org, |tx| {
            fleet::company::store::list(tx, house.who.org, 9).await
        })
        .unwrap();
        let id = makers[0].id.to_string();
        house
            .get("lead", "/makers?q=heli")
            .await
            .is(200)
            .says("1 maker is on record.")
            .says("Helion Medical");
        house.get("lead", "/makers?q=nobody").await.says("No maker matches.");
        let fields = [("id", id.as_str()), ("version", "1"), ("name", "Helios Devices")];
        house.post("lead", "/makers", &fields).await.goes_to(&format!("/makers#t-{id}"));
        house.work().await;
        assert!(found(&house, "helios").await && !found(&house, "helion").await);
        let empty = [("id", id.as_str()), ("version", "2"), ("name", " ")];
        house.post("lead", "/makers", &empty).await.is(422).says("The name is empty");
    });
}

#[test]
fn models_page_and_are_found() {
    in_house(|house| async move {
        db::write!(house.app.db(), house.who.org, |tx| {
            for n in 0..60 {
                let (maker, name) = (format!("Maker {}", n % 7), format!("M {n:02} 50%_"));
                fleet::model::actions::find_or_add(tx, &house.who, &maker, "Monitor", &name).await?;
            }
            Ok(())
        })
        .unwrap();
        let first = house.get("lead", "/models").await;
        first.is(200).says("50 models on this page").says("rel=\"next\"");
        let next =
            first.body.split("<a class=\"btn ico\" href=\"").nth(1).unwrap().split('"').next().unwrap();
        house.get("lead", &next.replace("&amp;", "&")).await.says("11 models on this page").says("VP-3");
        house.get("lead", "/models?q=m+07").await.says("1 model");
        house.get("lead", "/models?q=50%25_").await.says("50 models on this page");
        house.get("lead", "/models?q=%25%25%25").await.says("No model matches");
    });
}

#[test]
fn a_renamed_place_is_found_by_its_new_name() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        db::write!(house.app.db(), house.who.org, |tx| {
            let place = identity::place::get(tx, house.who.org, house.icu_2.cast()).await?;
            let names = ("Stepdown 3", "");
            identity::place::rename(tx, &house.who, place.id, place.version, names, identity::Sent::once())
                .await?;
            let payload = format!("\"{}\"", place.id);
            db::job::add(tx, house.who.org, "identity.place.renamed", &payload, house.clock.now()).await
        })
        .unwrap();
        house.work().await;
        assert!(found(&house, "stepdown").await && !found(&house, "icu+west").await);
    });
}

#[test]
fn a_place_with_devices_stays_open_and_a_closed_one_is_not_offered() {
    in_house(|house| async move {
        let device = house.in_service("NH-1").await;
        let tally = *house.app.room::<identity::tally::Tally>().unwrap();
        let who = house.who.clone();
        let counts = (tally.count)(house.app.clone(), who.clone(), house.general).await.unwrap();
        assert_eq!(counts.get(&device.place.unwrap().uuid()), Some(&1));
        assert_eq!(counts.get(&device.department.unwrap().uuid()), Some(&1));
        let close = async |id: fleet::device::PlaceId| {
            db::write!(house.app.db(), who.org, |tx| {
                let why = ("Rebuilt", Some(tally));
                identity::place::close(tx, &who, id.cast(), 1, why, identity::Sent::once()).await
            })
        };
        let Err(kernel::Problem::Invalid { fields }) = close(device.place.unwrap()).await else {
            panic!("a device stands there");
        };
        assert!(fields[0].message.contains("still holds 1 device."), "{fields:?}");
        let other = if device.place == Some(house.icu_2) { house.store_room } else { house.icu_2 };
        close(other).await.unwrap();
        let page = house.get("technician", "/d/NH-1/move").await;
        page.is(200).hides(&other.to_string());
        let version = device.version.to_string();
        let site = house.general.to_string();
        let (place, owner) = (other.to_string(), house.icu.to_string());
        let fields =
            [("version", version.as_str()), ("site", &site), ("place", &place), ("department", &owner)];
        house.post("technician", "/d/NH-1/move", &fields).await.is(422).says("not at this site");
    });
}
