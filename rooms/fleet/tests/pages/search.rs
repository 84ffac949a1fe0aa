//! The language of searches: what each field means, compared device by device with what its words say, on both engines;
//! and what the page does with it.

use std::collections::{BTreeMap, BTreeSet};

use fleet::{
    RiskLevel,
    device::{
        Device, OutFor, State, Strategy, Tenure,
        list::{
            self, Wanted,
            facets::{Facets, facets},
        },
        search::{self, Day},
        store,
    },
};
use kernel::{Keyset, Problem, query::Query};

use crate::{
    house::{House, ROOMS, in_house, testkit_zone},
    invariants::{any_device, one, picked, runner},
};

/// What is known of a device by other names than its own.
struct Names {
    kind: &'static str,
    model: &'static str,
    maker: &'static str,
    site: &'static str,
    place: Option<&'static str>,
    owner: Option<&'static str>,
    type_risk: Option<RiskLevel>,
}

type Fits = Box<dyn Fn(&Device, &Names) -> bool>;

/// A term, whom it fits, and whether it asks for devices that have left.
struct Atom {
    text: &'static str,
    fits: Fits,
    left_too: bool,
}

fn atom(text: &'static str, fits: impl Fn(&Device, &Names) -> bool + 'static) -> Atom {
    Atom { text, fits: Box::new(fits), left_too: false }
}

fn with_left(text: &'static str, fits: impl Fn(&Device, &Names) -> bool + 'static) -> Atom {
    Atom { left_too: true, ..atom(text, fits) }
}

fn day(text: &str) -> kernel::Date {
    text.parse().unwrap()
}

fn risk(device: &Device, names: &Names) -> Option<RiskLevel> {
    device.risk.or(names.type_risk)
}

/// Whether some word of it begins with each of the words.
fn says(device: &Device, names: &Names, words: &str) -> bool {
    let texts = [
        Some(device.tag.as_str()),
        device.serial.as_deref(),
        device.udi.as_deref(),
        Some(names.kind),
        Some(names.model),
        Some(names.maker),
        Some(names.site),
        names.place,
        names.owner,
    ];
    let known: Vec<String> = texts.into_iter().flatten().flat_map(kernel::words).collect();
    kernel::words(words).iter().all(|word| known.iter().any(|known| known.starts_with(word.as_str())))
}

fn places() -> Vec<Atom> {
    vec![
        atom("type:pump", |_, n| n.kind == "Infusion pump"),
        atom("type:\"infusion pump\",ventilator", |_, _| true),
        atom("maker:\"aurora medical\"", |_, n| n.maker == "Aurora Medical"),
        atom("maker:medical", |_, _| true),
        atom("model:VP-3", |_, n| n.model == "VP-3"),
        atom("model:\"aurora medical av-9\"", |_, n| n.model == "AV-9"),
        atom("site:general", |_, n| n.site == "Northfield General"),
        atom("site:lakeside", |_, n| n.site == "Lakeside"),
        atom("dept:icu", |_, n| n.owner == Some("ICU")),
        atom("owner:none", |_, n| n.owner.is_none()),
        atom("dept:icu,none", |_, n| n.owner != Some("Emergency")),
        atom("loc:\"level 2\"", |_, n| n.place.is_some()),
        atom("loc:\"bay 6\"", |_, n| n.place == Some("ICU 2 West, bay 6")),
        atom("loc:none", |_, n| n.place.is_none()),
        atom("t1", |d, n| says(d, n, "t1")),
        atom("helion icu", |d, n| says(d, n, "helion icu")),
        atom("general", |d, n| says(d, n, "general")),
    ]
}

fn values() -> Vec<Atom> {
    let terminal = |d: &Device| d.state.kind().is_terminal();
    vec![
        atom("state:\"in service\"", |d, _| d.state == State::InService),
        atom("state:repair,spare", |d, _| {
            matches!(d.state, State::OutOfService(OutFor::Repair | OutFor::Stored))
        }),
        atom("state:out_of_service", |d, _| matches!(d.state, State::OutOfService(_))),
        with_left("state:left", move |d, _| terminal(d)),
        with_left("state:any", |_, _| true),
        with_left("state:retired,in_service", |d, _| matches!(d.state, State::Retired | State::InService)),
        atom("state:\"do not use\"", |d, _| d.hold.is_some() || d.state == State::Quarantined),
        atom("flag:do-not-use", |d, _| d.hold.is_some() || d.state == State::Quarantined),
        atom("flag:held", |d, _| d.hold.is_some()),
        atom("flag:no-owner", |d, _| d.state.in_inventory() && d.department.is_none()),
        atom("flag:undecided", |d, n| !d.undecided(n.type_risk).is_empty()),
        atom("flag:no-strategy,held", |d, _| {
            d.hold.is_some() || (d.state.in_inventory() && d.strategy.is_none())
        }),
        atom("risk:ls", |d, n| risk(d, n) == Some(RiskLevel::LifeSupport)),
        atom("risk:low,h", |d, n| matches!(risk(d, n), Some(RiskLevel::Low | RiskLevel::High))),
        atom("risk:none", |d, n| risk(d, n).is_none()),
        atom("strategy:by_law", |d, _| d.strategy == Some(Strategy::ByLaw)),
        atom("strategy:none", |d, _| d.strategy.is_none()),
        atom("tenure:rented", |d, _| d.tenure == Tenure::Rental),
        atom("tenure:owned", |d, _| d.tenure == Tenure::Owned),
        atom("tag:\"T1\"", |d, _| d.tag_key().starts_with("t1")),
        atom("serial:1", |d, _| d.serial.as_ref().is_some_and(|s| kernel::key(s).starts_with('1'))),
        atom("serial:none", |d, _| d.serial.is_none()),
        atom("udi:none", |d, _| d.udi.is_none()),
        atom("acquired:2019..2045", |d, _| {
            d.acquired_on.is_some_and(|on| on >= day("2019-01-01") && on <= day("2045-12-31"))
        }),
        atom("acquired:<2000", |d, _| d.acquired_on.is_some_and(|on| on < day("2000-01-01"))),
        atom("acquired:none", |d, _| d.acquired_on.is_none()),
        atom("age:>20", |d, _| d.acquired_on.is_some_and(|on| on < day("2006-10-13"))),
        atom("cost:>0", |d, _| d.price.is_some_and(|price| price.minor > 0)),
        atom("cost:<=0KWD", |d, _| d.price.is_some_and(|price| price.minor <= 0)),
        atom("cost:>0USD", |_, _| false),
        atom("cost:none", |d, _| d.price.is_none()),
        atom("since:>=2050", |d, _| d.state_since.date_in(&testkit_zone()) >= day("2050-01-01")),
        atom("since:1990", |d, _| d.state_since.date_in(&testkit_zone()).year() == 1990),
        atom("flag:component", |d, _| d.parent.is_some()),
    ]
}

/// Every page of a list, each device once.
async fn all(house: &House, wanted: &Wanted) -> BTreeSet<String> {
    let (who, mut keyset) = (&house.who, Keyset { after: None, limit: 7 });
    let mut tags = BTreeSet::new();
    loop {
        let page = db::read!(house.app.db(), who.org, |tx| list::page(tx, who, wanted, &keyset).await);
        let page = page.unwrap();
        for row in &page.rows {
            assert!(tags.insert(row.tag.clone()), "{} twice", row.tag);
        }
        let n = db::read!(house.app.db(), who.org, |tx| list::count(tx, who, wanted).await).unwrap();
        keyset.after = page.next;
        if keyset.after.is_none() {
            assert_eq!(n as usize, tags.len(), "{wanted:?}");
            return tags;
        }
    }
}

fn today() -> Day {
    Day { today: day("2026-10-13"), zone: testkit_zone() }
}

async fn understood(house: &House, text: &str) -> search::Understood {
    let (who, query) = (&house.who, Query::parse(text));
    db::read!(house.app.db(), who.org, |tx| search::understand(tx, who, &query, &today()).await).unwrap()
}

async fn fleet_of(house: &House, n: usize) -> Vec<(Device, Names)> {
    let (who, mut runner) = (house.who.clone(), runner());
    let av9 = db::write!(house.app.db(), who.org, |tx| {
        fleet::model::actions::find_or_add(tx, &who, "Aurora Medical", "Ventilator", "AV-9").await
    })
    .unwrap();
    let mut fleet: Vec<(Device, Names)> = Vec::new();
    for at in 0..n {
        let mut device = any_device(&mut runner, house, at);
        let pump = one(&mut runner, 0..3) > 0;
        device.model = if pump { house.vp3 } else { av9 };
        device.site = picked(&mut runner, &[house.general, house.general, house.lakeside]);
        if one(&mut runner, 0..9) == 0 {
            device.parent = fleet.last().map(|(last, _)| last.id);
        }
        let place = match device.place {
            Some(place) if place == house.icu_2 => Some("ICU 2 West, bay 6"),
            Some(_) => Some("Store 2E"),
            None => None,
        };
        let names = Names {
            kind: if pump { "Infusion pump" } else { "Ventilator" },
            model: if pump { "VP-3" } else { "AV-9" },
            maker: if pump { "Helion Medical" } else { "Aurora Medical" },
            site: if device.site == house.general { "Northfield General" } else { "Lakeside" },
            place,
            owner: device.department.map(|owner| if owner == house.icu { "ICU" } else { "Emergency" }),
            type_risk: pump.then_some(RiskLevel::High),
        };
        fleet.push((device, names));
    }
    db::write!(house.app.db(), who.org, |tx| {
        for (device, _) in &fleet {
            store::add(tx, who.org, device).await?;
            tx.record(&who, device.imported()).await?;
            store::index(tx, who.org, device.id).await?;
        }
        Ok(())
    })
    .unwrap();
    fleet
}

async fn facets_of(house: &House, wanted: &Wanted) -> Facets {
    let who = &house.who;
    db::read!(house.app.db(), who.org, |tx| facets(tx, who, wanted).await).unwrap().unwrap()
}

/// The group of answers that a term ticks.
fn group_of(text: &str) -> Option<&'static str> {
    match text.split(':').next().filter(|_| text.contains(':') && !text.contains("do not use"))? {
        "state" if text != "state:any" => Some("state"),
        "site" => Some("site"),
        "dept" if text == "dept:icu" => Some("owner"),
        "type" | "model" => Some("model"),
        "risk" => Some("risk"),
        "flag" => Some("flag"),
        _ => None,
    }
}

type Said = BTreeMap<String, i64>;

fn said(group: &str, counted: &Facets) -> Said {
    fn of<K: std::fmt::Debug>(map: &BTreeMap<K, i64>) -> Said {
        map.iter().map(|(key, n)| (format!("{key:?}"), *n)).collect()
    }
    match group {
        "state" => of(&counted.states),
        "site" => of(&counted.sites),
        "owner" => of(&counted.departments),
        "model" => of(&counted.models),
        "risk" => of(&counted.risks),
        _ => [("unusable", counted.unusable), ("undecided", counted.undecided)]
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(key, n)| (key.to_owned(), n))
            .collect(),
    }
}

fn by_hand(group: &str, among: &[&(Device, Names)]) -> Said {
    let mut said = Said::new();
    for (d, n) in among {
        let mut add = |key: String| *said.entry(key).or_default() += 1;
        match group {
            "state" => add(format!("{:?}", d.state)),
            "site" => add(format!("{:?}", d.site)),
            "owner" => add(format!("{:?}", d.department)),
            "model" => add(format!("{:?}", d.model)),
            "risk" => add(format!("{:?}", risk(d, n))),
            _ => {
                if d.hold.is_some() || d.state == State::Quarantined {
                    add("unusable".to_owned());
                }
                if !d.undecided(n.type_risk).is_empty() {
                    add("undecided".to_owned());
                }
            }
        }
    }
    said
}

testkit::engine_tests! {
    rooms: ROOMS;

    /// Each field alone, turned round, and in pairs finds the devices whose record says so, and no other.
    async fn a_search_finds_what_its_words_say(store: Store) {
        let house = House::build(&store).await;
        let fleet = fleet_of(&house, 60).await;
        let atoms: Vec<Atom> = places().into_iter().chain(values()).collect();
        let expect = |terms: &[(bool, &Atom)]| -> BTreeSet<String> {
            let left_too = terms.iter().any(|(not, atom)| !not && atom.left_too);
            let fits = |(d, n): &&(Device, Names)| {
                (left_too || !d.state.kind().is_terminal()) && terms.iter().all(|(not, atom)| (atom.fits)(d, n) != *not)
            };
            fleet.iter().filter(fits).map(|(d, _)| d.tag.clone()).collect()
        };
        let minus = |atom: &Atom| {
            let terms: Vec<String> = Query::parse(atom.text).terms.iter().map(|t| format!("-{t}")).collect();
            terms.join(" ")
        };
        let mut held = 0;
        for (at, atom) in atoms.iter().enumerate() {
            let found = all(&house, &understood(&house, atom.text).await.wanted).await;
            assert_eq!(found, expect(&[(false, atom)]), "{}", atom.text);
            held += usize::from(!found.is_empty());
            if Query::parse(atom.text).terms.len() == 1 {
                let text = minus(atom);
                let found = all(&house, &understood(&house, &text).await.wanted).await;
                assert_eq!(found, expect(&[(true, atom)]), "{text}");
            }
            let other = &atoms[(at * 7 + 3) % atoms.len()];
            let text = format!("{} {}", atom.text, other.text);
            let wanted = understood(&house, &text).await.wanted;
            let found = all(&house, &wanted).await;
            assert_eq!(found, expect(&[(false, atom), (false, other)]), "{text}");
            // Beside the list stands how many there are of each answer; within a group of which one is asked for, as if
            // none were.
            let counted = facets_of(&house, &wanted).await;
            assert_eq!(counted.total as usize, found.len(), "{text}");
            for group in ["state", "site", "owner", "model", "risk", "flag"] {
                let asks = |atom: &&Atom| group_of(atom.text) != Some(group);
                let rest: Vec<(bool, &Atom)> = [atom, other].into_iter().filter(asks).map(|atom| (false, atom)).collect();
                // What asks for devices that have left goes on asking for them.
                let left_too = [atom, other].iter().any(|atom| atom.left_too);
                let among: Vec<&(Device, Names)> = fleet
                    .iter()
                    .filter(|(d, n)| (left_too || !d.state.kind().is_terminal()) && rest.iter().all(|(_, a)| (a.fits)(d, n)))
                    .collect();
                assert_eq!(said(group, &counted), by_hand(group, &among), "{group} of {text}");
            }
        }
        // A comparison of nothing with nothing would say little.
        assert!(held * 10 > atoms.len() * 9, "{held} of {}", atoms.len());
    }
}

#[test]
fn what_is_not_understood_is_said_and_nothing_is_shown_for_it() {
    in_house(async |house| {
        house.in_service("NH-1").await;
        for (text, words, instead) in [
            ("sirial:5", "There is no field “sirial”", Some("serial:5")),
            ("colour:red", "There is no field “colour”", None),
            ("pump type:", "Say what “type” shall be", None),
            ("state:retird", "is no state", Some("state:retired")),
            ("age:>old", "is no number of years", None),
            ("acquired:soon", "is no date", None),
            ("cost:>5,000", "is no amount", None),
            ("type:>5", "cannot be more or less", None),
            ("risk:grave", "is none of LS, H, M, L", None),
            ("...", "no letter or digit", None),
        ] {
            let understood = understood(&house, text).await;
            let trouble = &understood.troubles[0];
            assert!(trouble.words.contains(words), "{text}: {}", trouble.words);
            assert_eq!(trouble.instead.as_ref().map(ToString::to_string).as_deref(), instead, "{text}");
            assert!(matches!(understood.sound("q"), Err(Problem::Invalid { .. })), "{text}");
            assert!(all(&house, &understood.wanted).await.is_empty(), "{text}");
        }
        let nobody = understood(&house, "type:infusoin").await;
        assert_eq!(nobody.troubles[0].words, "No type is called “infusoin”.");
        assert!(nobody.sound("q").is_ok() && all(&house, &nobody.wanted).await.is_empty());
        let page = house.get("technician", "/devices?q=sirial:5").await;
        page.is(200)
            .says("There is no field “sirial”")
            .says("Did you mean <a href=\"/devices?q=serial%3A5\">serial:5</a>")
            .hides("href=\"/d/NH-1\"");
        house.get("technician", "/devices?q=pump+-state:retired").await.says("<i>-state:</i>retired");
        house.get("lead", "/devices.csv?q=sirial:5").await.is(422);
    });
}

#[test]
fn what_is_ticked_is_written_into_the_query() {
    in_house(async |house| {
        house.in_service("NH-1").await;
        house.take_over(&house.draft("NH-2"), State::OutOfService(OutFor::Repair)).await;
        // A tick is added, the word stays, and the chip can be taken away.
        let ticked = house.get("technician", "/devices?of=state,site&q=vp&state=out_of_service_repair").await;
        ticked
            .says("<i>state:</i>&quot;in repair&quot;")
            .says("name=\"q\" value=\"vp\"")
            .says("name=\"f\" value=\"state:&quot;in repair&quot;\"")
            .says("href=\"/devices?q=vp\" title=\"remove\"")
            .says("/d/NH-2\"")
            .hides("href=\"/d/NH-1\"");
        // What is not ticked any more is taken out; what means the same in other words stays as it was written.
        house.get("technician", "/devices?of=state,site&q=vp+state:repair").await.hides("<i>state:</i>");
        let same = "/devices?of=state,site&q=vp+state:repair&state=out_of_service_repair";
        house.get("technician", same).await.says("<i>state:</i>repair");
        // The bar sends its filters apart from the words typed beside them.
        let both = "/devices?f=state:repair&q=helion";
        house.get("technician", both).await.says("<i>state:</i>repair").says("name=\"q\" value=\"helion\"");
    });
}

#[test]
fn a_label_s_address_and_a_maker_s_barcode_lead_to_their_device() {
    in_house(async |house| {
        let mut one = house.draft("NH-104207");
        one.fields.serial = Some(fleet::device::Serial::parse("A1").unwrap());
        one.fields.udi = Some("(01)00614141000036(21)A1".into());
        house.take_over(&one, State::InService).await;
        for code in [
            "https://biomed.example/d/NH-104207",
            "HTTPS://BIOMED.EXAMPLE/D/nh-104207",
            "(01)00614141000036(21)A1",
            "(01)00614141000036(17)301231(21)A1",
            "010061414100003621A1",
        ] {
            let query: String =
                form_urlencoded::Serializer::new(String::new()).append_pair("q", code).finish();
            house.get("technician", &format!("/devices?{query}")).await.goes_to("/d/NH-104207");
            house.get("lakesider", &format!("/devices?{query}")).await.is(200).hides("href=\"/d/NH-104207\"");
        }
        // Another model's device with the same serial number.
        let other = "(01)00812345067893(21)A1";
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("q", other).finish();
        house.get("technician", &format!("/devices?{query}")).await.is(200).hides("href=\"/d/NH-104207\"");
    });
}

/// Whoever may not see a site's devices does not learn of them by its name.
#[test]
fn a_search_shows_nothing_out_of_sight() {
    in_house(async |house| {
        house.in_service("NH-1").await;
        for text in ["site:general", "nh-1", "system:NH-1", "-site:lakeside", "dept:icu", "state:any"] {
            let query: String =
                form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
            house.get("lakesider", &format!("/devices?{query}")).await.is(200).hides("href=\"/d/NH-1\"");
        }
    });
}
