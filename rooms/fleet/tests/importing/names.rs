//! Names that a file writes in many ways: taken where certain, asked once where not, and each row then has one name.

use fleet::{
    company,
    import::{Field, RunState, names::Doubt},
    model,
};

use crate::{
    ROOMS,
    hospital::{command, in_house},
    house::House,
    pages::send,
};

/// Forty rows of makers and models as an old system holds them.
fn messy() -> String {
    let mut text = String::from("Asset tag,Serial,Maker,Model,Type,Site,Department\n");
    let spellings = [
        (12, "Helion Medical", "VP3", "Infusion pump", "Surgery"),
        (6, "HELION MED GMBH", "VP-3", "INFUSION PUMPS", "Department of Surgery"),
        (1, "Hellion Medical", "Helion VP 3", "Infusion pump", "Sugrery"),
        (9, "Vantor Surgical", "L9", "Lamp", "ICU"),
        (8, "Vantor Diagnostics", "D1", "Analyser", "ICU"),
        (4, "Vantor", "L9", "Lamp", "ICU"),
    ];
    let mut tag = 0;
    for (rows, maker, model, kind, department) in spellings {
        for _ in 0..rows {
            tag += 1;
            text.push_str(&format!("N-{tag},S{tag},{maker},{model},{kind},Main hospital,{department}\n"));
        }
    }
    text
}

/// Puts two makers with nearly one name on record.
async fn two_vantors(house: &House) {
    let who = house.who();
    db::write!(house.db, house.org, |tx| {
        for name in ["Vantor Surgical", "Vantor Diagnostics"] {
            company::actions::find_or_add(tx, &who, name).await?;
        }
        Ok(())
    })
    .unwrap();
}

async fn makers(house: &House) -> Vec<String> {
    let all = db::read!(house.db, house.org, |tx| company::store::list(tx, house.org, 99).await).unwrap();
    all.iter().map(|c| c.name.to_string()).collect()
}

async fn models(house: &House) -> Vec<String> {
    let all = db::read!(house.db, house.org, |tx| model::store::list(tx, house.org, 99).await).unwrap();
    all.iter().map(|m| m.name.to_string()).collect()
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn spellings_become_names(store: Store) {
        let house = House::new(&store).await;
        two_vantors(&house).await;
        let checked = house.check(messy().as_bytes()).await;
        assert_eq!(checked.state, RunState::Checked, "{:?}", checked.error);
        // “Vantor” may be either of two: its rows wait.
        let counts = &checked.counts;
        assert_eq!((counts.rows, counts.new, counts.refused), (40, 36, 4), "{counts:?}");
        let asked = &counts.refusals["maker_asked"];
        assert_eq!(asked.count, 4);
        assert!(asked.first[0].message.contains("“Vantor” may be “Vantor"), "{asked:?}");
        let seen = |header: &str| {
            let at = checked.layout.header.iter().position(|h| h == header).unwrap();
            let names = checked.seen[at].names.unwrap();
            (names.spellings, names.names, names.asked)
        };
        assert_eq!([seen("Maker"), seen("Model"), seen("Type"), seen("Department")], [(6, 4, 1), (5, 3, 0), (4, 3, 0), (4, 2, 0)]);
        let answered = house
            .check_with(&checked, |setup| {
                setup.words.entry(Field::Maker).or_default().insert("vantor".into(), "Vantor Surgical".into());
            })
            .await;
        assert_eq!((answered.counts.new, answered.counts.refused), (40, 0), "{:?}", answered.counts);
        house.run(&answered).await;
        assert_eq!(makers(&house).await, ["Helion Medical", "Vantor Diagnostics", "Vantor Surgical"]);
        assert_eq!(models(&house).await, ["D1", "L9", "VP3"]);
        // The next file with these columns asks no more, and finds the names on record.
        let next = "Asset tag,Serial,Maker,Model,Type,Site,Department\nM-1,T1,vantor,L-9,Lamps,Main hospital,Icu\n";
        let next = house.import(next.as_bytes()).await;
        assert_eq!((next.counts.devices, next.counts.refused), (1, 0), "{:?}", next.counts);
        assert_eq!((makers(&house).await.len(), models(&house).await.len()), (3, 3));
    }

    async fn another_name_of_a_maker_means_it(store: Store) {
        let house = House::new(&store).await;
        let who = house.who();
        db::write!(house.db, house.org, |tx| {
            let maker = company::actions::find_or_add(tx, &who, "Helion Medical").await?;
            let values = company::Values { aliases: vec!["Nordlicht Apparatebau".into()], ..maker.values() };
            company::actions::change(tx, &who, maker.id, 1, &values, None).await?;
            model::actions::find_or_add(tx, &who, "Helion Medical", "Infusion pump", "VP-3").await.map(drop)
        })
        .unwrap();
        let before = (makers(&house).await, models(&house).await);
        let file = "Asset tag,Serial,Maker,Model,Type,Site\n\
                    N-1,S1,NORDLICHT APPARATEBAU,VP-3,Infusion pump,Main hospital\n\
                    N-2,S2,Nordlicht Aparatebau,VP3,Infusion pump,Main hospital\n\
                    N-3,S1,Helion Medical,VP-3,Infusion pump,Main hospital\n";
        let done = house.import(file.as_bytes()).await;
        // The third row is the first one’s device: same model, same serial number.
        assert_eq!((done.counts.devices, done.counts.refused), (2, 1), "{:?}", done.counts.refusals);
        assert_eq!((makers(&house).await, models(&house).await), before);
    }

    async fn doubt_is_decided_at_once(store: Store) {
        let house = House::new(&store).await;
        two_vantors(&house).await;
        let checked = house.check(messy().as_bytes()).await;
        let likeliest = house.check_with(&checked, |setup| setup.doubt = Doubt::Likeliest).await;
        assert_eq!((likeliest.counts.new, likeliest.counts.refused), (40, 0), "{:?}", likeliest.counts);
        let written = house.check_with(&house.get(&checked).await, |setup| setup.doubt = Doubt::AsWritten).await;
        assert_eq!((written.counts.new, written.counts.refused), (40, 0), "{:?}", written.counts);
        house.run(&written).await;
        assert!(makers(&house).await.contains(&"Vantor".to_owned()));
    }

    /// A worker that is killed between the parts of reading names leaves nothing twice.
    async fn a_killed_reader_begins_again(store: Store) {
        let house = House::new(&store).await;
        two_vantors(&house).await;
        let sent = house.send(&house.who(), messy().as_bytes()).await.unwrap();
        house.some_steps(&sent, 2).await;
        let checked = house.finish(&sent).await;
        let again = house.check_with(&checked, |_| ()).await;
        assert_eq!(again.counts, checked.counts);
        assert_eq!(again.seen, checked.seen);
    }
}

#[test]
fn a_name_in_doubt_is_asked_on_the_page() {
    in_house(async |house| {
        let file = "Asset tag,Serial,Maker,Model,Site\n\
            I-1,S1,Infusor Works,Lumenaire Space,Lakeside\n\
            I-2,S2,Infusor Works,Lumenarie Space,Lakeside\n\
            I-3,S3,INFUSOR WORKS INC.,lumenaire-space,Lakeside\n\
            I-4,S4,Infusor Works,LUMENAIRE SPACE,Lakeside\n";
        let page = send(&house, "lead", file.as_bytes()).await.is(303).to.clone();
        house.work().await;
        let checked = house.get("lead", &page).await;
        checked
            .is(200)
            .says("3 of 4 rows are ready. 1 needs a look.")
            .says("Which model is meant")
            .says("href=\"#names\">Say once which is meant")
            .says("Names in doubt")
            .says("1 needs an answer, once for all rows")
            .says("Lumenarie Space")
            .says("of Infusor Works")
            .says("A model of its own")
            .says("Not answered: such rows wait")
            .says("Read as another name")
            .says("INFUSOR WORKS INC.")
            .says("Maker, 2 spellings to 1");
        let id = command();
        let form = [
            ("command", id.as_str()),
            ("version", "4"),
            ("column-0", "tag"),
            ("column-1", "serial"),
            ("column-2", "maker"),
            ("column-3", "model"),
            ("column-4", "site"),
            ("named", "model infusor works / lumenarie space"),
            ("named-0", "@Lumenaire Space"),
        ];
        house.post("lead", &format!("{page}/check"), &form).await.goes_to(&page);
        house.work().await;
        house
            .get("lead", &page)
            .await
            .is(200)
            .says("All rows are ready: 4 devices.")
            .says("Names in doubt")
            .says("all answered")
            .says("<option value=\"@Lumenaire Space\" selected>");
    });
}
