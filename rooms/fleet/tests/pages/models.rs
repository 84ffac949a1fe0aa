//! What is known of a model, typed at its form, told on its page and on those of its devices.

use fleet::{RiskLevel, device::State};

use crate::house::{House, command, in_house};

/// The form of the model of the tests, with what is typed into it.
async fn save(house: &House, who: &str, version: &str, fields: &[(&str, &str)]) -> crate::house::Answer {
    let id = command();
    let mut all = vec![("version", version), ("command", &id), ("name", "VP-3"), ("type", "Infusion pump")];
    all.extend(fields);
    house.post(who, &format!("/models/{}/edit", house.vp3), &all).await
}

/// A model about which everything is known.
const WHOLE: [(&str, &str); 23] = [
    ("catalogue_number", "VP3-US"),
    ("edition", "Rev. C"),
    ("di_0", "(01)00614141000036(21)A7"),
    ("di_package_0", "each"),
    ("di_quantity_0", "1"),
    ("di_1", "10614141000033"),
    ("di_package_1", "case"),
    ("di_quantity_1", "20"),
    ("sale_end_on", "2017-03-31"),
    ("sale_end_source", "Letter of 2 May 2016"),
    ("sale_end_learnt_on", "2016-05-09"),
    ("support_end_on", "2020-03-31"),
    ("support_end_source", "Letter of 2 May 2016"),
    ("support_end_learnt_on", "2016-05-09"),
    ("life_end_on", "2140-12-31"),
    ("life_end_source", "Manual, page 7"),
    ("list_price", "2150.00"),
    ("list_price_on", "2019-01-01"),
    ("life_years", "12"),
    ("life_source", "Own records"),
    ("risk", "LS"),
    ("risk_reason", "Used for catecholamines"),
    ("reason", "The letters came"),
];

#[test]
fn everything_known_of_a_model_is_typed_and_told() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let path = format!("/models/{}", house.vp3);
        let bare = house.get("lead", &path).await;
        bare.is(200).says("1 device of the VP-3 is here.").says("No identifier is on record.");
        bare.says("No end of sale, support or life is on record.").says("From its type, Infusion pump");
        let form = house.get("lead", &format!("{path}/edit")).await;
        form.is(200)
            .says("value=\"VP-3\"")
            .says("That of its type: High")
            .says("name=\"di_1\"")
            .hides("name=\"di_2\"");
        for who in ["technician", "auditor"] {
            house.get(who, &path).await.is(200).hides("/edit");
            house.get(who, &format!("{path}/edit")).await.is(403);
            save(&house, who, "1", &WHOLE).await.is(403);
        }
        save(&house, "lead", "1", &WHOLE).await.goes_to(&path);

        let page = house.get("lead", &path).await;
        for words in [
            "VP3-US",
            "Rev. C",
            "00614141000036",
            "10614141000033",
            "Case of 20",
            "Letter of 2 May 2016",
            "Manual, page 7",
            "12 years",
            "Own records",
            "Life support",
            "Its own: Used for catecholamines",
            "1 device is here.",
            "2,150.00",
        ] {
            page.says(words);
        }
        assert!(page.body.contains("Support ended"), "the worst comes first");
        // The history says it in words, with why.
        page.says("The letters came").says("31 Mar 2020 (Letter of 2 May 2016, learnt on 9 May 2016)");
        assert_eq!(page.body.matches("<span>VP-3</span>").count(), 1, "the name has not changed");
        // The form stands as it was filled.
        let form = house.get("lead", &format!("{path}/edit")).await;
        for (field, value) in WHOLE {
            if !["risk", "di_0", "di_package_0", "di_package_1", "reason"].contains(&field) {
                form.says(&format!("value=\"{value}\""));
            }
        }
        form.says("value=\"00614141000036\"").says("name=\"di_3\"").hides("name=\"di_4\"");
        // Its devices take what it says, and say where it is from.
        let device = house.get("technician", "/d/NH-1").await;
        device
            .says("Life support")
            .says("From its model, VP-3: Used for catecholamines")
            .says("useful life from its model");
        house.get("technician", "/models").await.says("VP-3");
        house.get("technician", "/devices?q=risk:LS").await.says("NH-1</span>");
        house.get("technician", "/devices?q=risk:H").await.hides("NH-1</span>");
    });
}

#[test]
fn what_cannot_be_taken_of_a_model_is_told_at_its_field_and_nothing_is_lost() {
    in_house(|house| async move {
        let mistyped = [
            ("di_0", "00614141000037"),
            ("di_package_1", "case"),
            ("di_1", "10614141000033"),
            ("support_end_on", "2020-03-31"),
            ("sale_end_on", "31/12"),
            ("sale_end_source", "A letter"),
            ("life_end_source", "A letter"),
            ("life_years", "900"),
            ("life_source", "Own records"),
            ("risk", "LS"),
            ("list_price", "2,1.5"),
            ("edition", "kept"),
        ];
        let refused = save(&house, "lead", "1", &mistyped).await;
        refused.is(422).says("There are 8 problems").says("id=\"f-di_0-error\"").says("tick “As printed”");
        for field in [
            "di_quantity_1",
            "support_end_source",
            "sale_end_on",
            "life_end_on",
            "life_years",
            "risk_reason",
            "list_price",
        ] {
            refused.says(&format!("id=\"f-{field}-error\""));
        }
        refused.says("value=\"kept\"").says("value=\"00614141000037\"").says("value=\"2,1.5\"");
        // The same identifier with the word that its label says so.
        let printed = [("di_0", "00614141000037"), ("as_printed", "yes")];
        save(&house, "lead", "1", &printed).await.goes_to(&format!("/models/{}", house.vp3));
        let page = house.get("lead", &format!("/models/{}", house.vp3)).await;
        page.says("Check digit wrong, as printed");
        let report = db::check::check(house.app.db(), crate::house::ROOMS).await.unwrap();
        assert!(report.faults.is_empty(), "{:?}", report.faults);
        // One identifier belongs to one model.
        let other = db::write!(house.app.db(), house.who.org, |tx| {
            fleet::model::actions::find_or_add(tx, &house.who, "Helion Medical", "Infusion pump", "VP-4")
                .await
        })
        .unwrap();
        let fields = [
            ("version", "1"),
            ("name", "VP-4"),
            ("type", "Infusion pump"),
            ("di_0", "00614141000037"),
            ("as_printed", "yes"),
        ];
        let taken = house.post("lead", &format!("/models/{other}/edit"), &fields).await;
        taken.is(422).says("00614141000037 is on record as an identifier of VP-3.");
        // Once the first has lost it, the other may have it.
        save(&house, "lead", "2", &[]).await.goes_to(&format!("/models/{}", house.vp3));
        house
            .post("lead", &format!("/models/{other}/edit"), &fields)
            .await
            .goes_to(&format!("/models/{other}"));
    });
}

#[test]
fn a_risk_level_of_its_own_is_not_taken_away_from_devices_in_service() {
    in_house(|house| async move {
        let kind = db::write!(house.app.db(), house.who.org, |tx| {
            fleet::device_type::actions::find_or_add(tx, &house.who, "Warmer").await
        })
        .unwrap();
        assert_eq!(kind.risk, None);
        let path = format!("/models/{}", house.vp3);
        let set = |version: &'static str, fields: &'static [(&'static str, &'static str)]| {
            let house = &house;
            async move {
                let mut all = vec![("version", version), ("name", "VP-3")];
                all.extend(fields);
                house.post("lead", &format!("/models/{}/edit", house.vp3), &all).await
            }
        };
        set("1", &[("type", "Warmer"), ("risk", "M"), ("risk_reason", "Looked at")]).await.goes_to(&path);
        house.take_over(&house.draft("NH-1"), State::InService).await;
        set("2", &[("type", "Warmer")])
            .await
            .is(422)
            .says("1 device has the present risk level")
            .says("id=\"f-risk-error\"");
        set("2", &[("type", "Infusion pump")]).await.goes_to(&path);
        let device = house.get("technician", "/d/NH-1").await;
        device.says(RiskLevel::High.on_page()).says("From its type, Infusion pump");
        set("3", &[("type", "Warmer")]).await.is(422).says("id=\"f-type-error\"");
    });
}

#[test]
fn a_barcode_leads_to_its_device_or_to_those_of_its_model() {
    in_house(|house| async move {
        let identifiers = [
            ("di_0", "00614141000036"),
            ("di_1", "10614141000033"),
            ("di_package_1", "case"),
            ("di_quantity_1", "20"),
            ("di_2", "A123BJC5D6E71"),
        ];
        save(&house, "lead", "1", &identifiers).await.goes_to(&format!("/models/{}", house.vp3));
        house.in_service("NH-1").await;
        let other = db::write!(house.app.db(), house.who.org, |tx| {
            fleet::model::actions::find_or_add(tx, &house.who, "Norvik", "Infusion pump", "N9").await
        })
        .unwrap();
        // Another model's device has the same serial number, and neither has a UDI of its own.
        let mut twin = house.draft("NH-2");
        (twin.fields.model, twin.fields.serial) =
            (other, house.now("NH-1").await.serial.map(|s| fleet::device::Serial::parse(&s).unwrap()));
        house.take_over(&twin, State::InService).await;
        let of_model = format!("/devices?model={}", house.vp3);
        for (code, to) in [
            ("(01)00614141000036(21)SN-NH-1", "/d/NH-1"),
            ("(01)10614141000033(21)SN-NH-1", "/d/NH-1"),
            ("010061414100003621SN-NH-1", "/d/NH-1"),
            ("(01)00614141000036(21)NEVER-SEEN", of_model.as_str()),
            ("00614141000036", of_model.as_str()),
            ("614141000036", of_model.as_str()),
            ("a123bjc5d6e71", of_model.as_str()),
        ] {
            let query: String =
                form_urlencoded::Serializer::new(String::new()).append_pair("q", code).finish();
            house.get("technician", &format!("/devices?{query}")).await.goes_to(to);
            if to == of_model {
                let models = house.get("technician", &format!("/models?{query}")).await;
                models.is(200).says(">VP-3<").hides(">N9<");
            }
        }
        // An identifier of no model on record is looked for as words.
        house.get("technician", "/devices?q=00812345067893").await.is(200).hides("NH-1</span>");
    });
}
