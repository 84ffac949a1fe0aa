//! What is known of a maker: its names, whose it is, and what finds it.

use crate::house::{Answer, House, command, in_house};

/// The maker of the tests.
async fn helion(house: &House) -> fleet::Company {
    let found = db::read!(house.app.db(), house.who.org, |tx| {
        fleet::company::store::find_by_name(tx, house.who.org, "Helion Medical").await
    });
    found.unwrap().unwrap()
}

async fn save(house: &House, who: &str, fields: &[(&str, &str)]) -> Answer {
    let (now, id) = (helion(house).await, command());
    let version = now.version.to_string();
    let mut all = vec![("version", version.as_str()), ("command", &id), ("name", "Helion Medical")];
    all.extend(fields);
    house.post(who, &format!("/makers/{}/edit", now.id), &all).await
}

async fn found(house: &House, query: &str) -> bool {
    house.get("technician", &format!("/devices?q={query}")).await.body.contains("NH-1</span>")
}

#[test]
fn a_maker_is_known_by_all_its_names() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let maker = helion(&house).await;
        let path = format!("/makers/{}", maker.id);
        let page = house.get("lead", &path).await;
        page.is(200).says("1 device of Helion Medical is here.").says("VP-3").says("No owner is on record");
        for who in ["technician", "auditor"] {
            house.get(who, &path).await.is(200).hides("/edit");
            house.get(who, &format!("{path}/edit")).await.is(403);
            save(&house, who, &[("aliases", "Helios")]).await.is(403);
        }
        house.get("nurse", &path).await.is(403);
        house.get("lead", "/makers/none").await.is(404);
        house.get("lead", &format!("/makers/{}", uuid::Uuid::now_v7())).await.is(404);

        assert!(!found(&house, "heliotech").await && !found(&house, "maker:heliotech").await);
        let names = "Heliotech GmbH\r\n\r\nHELION MEDICAL\r\nHelion Médical\r\nheliotech  gmbh";
        save(&house, "lead", &[("aliases", names), ("reason", "Letterhead")]).await.goes_to(&path);
        let page = house.get("lead", &path).await;
        page.says("Heliotech GmbH").says("Letterhead").hides("Helion Médical");
        house.work().await;
        assert!(found(&house, "heliotech").await && found(&house, "maker:heliotech").await);
        assert!(found(&house, "maker:%22heliotech%20gmbh%22").await && found(&house, "helion").await);
        house.get("lead", "/makers?q=heliotech").await.says("Helion Medical");
        // Whoever types another name means the maker.
        let model = db::write!(house.app.db(), house.who.org, |tx| {
            fleet::model::actions::find_or_add(tx, &house.who, "HELIOTECH GMBH", "Infusion pump", "VP-9")
                .await
        })
        .unwrap();
        let model = db::read!(house.app.db(), house.who.org, |tx| {
            fleet::model::store::get(tx, house.who.org, model).await
        });
        assert_eq!(model.unwrap().company, maker.id);
        // A name belongs to one maker, whichever way round it is asked.
        db::write!(house.app.db(), house.who.org, |tx| {
            fleet::company::actions::find_or_add(tx, &house.who, "Norvik").await
        })
        .unwrap();
        let taken = save(&house, "lead", &[("aliases", "NORVIK")]).await;
        taken.is(422).says("“Norvik” is already on record.").says("id=\"f-aliases-error\"");
        let norvik = db::read!(house.app.db(), house.who.org, |tx| {
            fleet::company::store::find_by_name(tx, house.who.org, "norvik").await
        });
        let row = [
            ("id", norvik.unwrap().unwrap().id.to_string()),
            ("version", "1".to_owned()),
            ("name", "Heliotech GMBH".to_owned()),
        ];
        let row: Vec<(&str, &str)> = row.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let taken = house.post("lead", "/makers", &row).await;
        taken.is(422).says("is on record as another name of Helion Medical.");
        // What it is no longer called finds it no more.
        save(&house, "lead", &[("aliases", "")]).await.goes_to(&path);
        house.work().await;
        assert!(!found(&house, "heliotech").await && !found(&house, "maker:heliotech").await);
        let report = db::check::check(house.app.db(), crate::house::ROOMS).await.unwrap();
        assert!(report.faults.is_empty(), "{:?}", report.faults);
    });
}

#[test]
fn a_maker_belongs_to_one_at_a_time_and_never_to_itself() {
    in_house(|house| async move {
        let maker = helion(&house).await;
        let path = format!("/makers/{}", maker.id);
        let owners = [
            ("owner_0", "Norvik"),
            ("owner_until_0", "2009-12-31"),
            ("owner_2", "Aria Group"),
            ("owner_from_2", "2010-01-01"),
            ("owner_source_2", "Press release"),
        ];
        save(&house, "lead", &owners).await.goes_to(&path);
        let page = house.get("lead", &path).await;
        page.says("Until 31 Dec 2009").says("Since 1 Jan 2010").says("Press release").says("Belongs to");
        page.says("Norvik (until 31 Dec 2009), Aria Group (since 1 Jan 2010)");
        let aria = db::read!(house.app.db(), house.who.org, |tx| {
            fleet::company::store::find_by_name(tx, house.who.org, "Aria Group").await
        });
        let aria = format!("/makers/{}", aria.unwrap().unwrap().id);
        house.get("lead", &aria).await.says("What it owned and owns").says("Helion Medical");

        let refused = save(
            &house,
            "lead",
            &[
                ("owner_0", "Norvik"),
                ("owner_until_0", "2012-12-31"),
                ("owner_3", "Aria Group"),
                ("owner_from_3", "2010-01-01"),
            ],
        )
        .await;
        refused.is(422).says("id=\"f-owner_3-error\"").says("Another owner held it on some of these days");
        let refused =
            save(&house, "lead", &[("owner_1", "helion medical"), ("owner_from_2", "2010-01-01")]).await;
        refused.is(422).says("id=\"f-owner_2-error\"").says("The owner is missing");
        save(&house, "lead", &[("owner_1", "helion medical")])
            .await
            .is(422)
            .says("does not belong to itself");
        let back = [("version", "1"), ("name", "Aria Group"), ("owner_0", "Helion Medical")];
        let circle = house.post("lead", &format!("{aria}/edit"), &back).await;
        circle.is(422).says("By way of Helion Medical it would belong to itself on some days");
        let before = [&back[..], &[("owner_until_0", "2009-12-31")]].concat();
        house.post("lead", &format!("{aria}/edit"), &before).await.goes_to(&aria);
    });
}
