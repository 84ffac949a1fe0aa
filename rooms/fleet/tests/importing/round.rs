//! Out as a folder and into an empty organisation: everything is equal, field by field.

use std::{collections::BTreeMap, fs, path::Path};

use fleet::{
    Company, CompanyId, DeviceType, DeviceTypeId, Model, ModelId, Name, RiskLevel, UsefulLife, company,
    device::{
        self, Acceptance, Device, DeviceId, Edit, Hold, Loan, OutFor, Serial, State, Strategy, Tag, Tenure,
        Text,
    },
    device_type::{self, Codes},
    export::folder,
    model::{self, About, Identifier, ListPrice, Milestone, OwnRisk, Written},
};
use identity::{
    department::{self, Department, DepartmentKind},
    place::{self, Place, PlaceKind},
};
use kernel::{Change, Id, Instant, Money};

use crate::{ROOMS, house::House};

/// Texts that break careless readers and writers.
const HOSTILE: [&str; 12] = [
    "=1+1",
    "'=cmd|' /C calc'!A0",
    "@SUM(A1)",
    "+49 30 1",
    "-",
    "N/A",
    "#REF!",
    "none",
    "say \"fine\", or; not\twell",
    "Öl & Wasser 日本語 😀",
    "1.0E+5",
    "' '",
];

fn change<T: serde::Serialize>(entity: &'static str, id: uuid::Uuid, noun: &T) -> Change {
    Change {
        action: "fleet.test.add",
        entity,
        id,
        version: 1,
        before: None,
        after: serde_json::to_value(noun).unwrap(),
        valid_at: None,
        reason: None,
    }
}

fn codes(n: usize) -> Codes {
    let every = |code: &str, k: usize| (n % 3 == k).then(|| code.to_owned());
    Codes {
        product_code: every("FRN", 0),
        gmdn: every("12345", 1),
        emdn: every("Z12030302", 0),
        umdns: every("16-491", 1),
    }
}

fn life(n: usize) -> Option<UsefulLife> {
    (n != 2).then(|| UsefulLife { years: 7 + n as u16, source: HOSTILE[n + 8].to_owned() })
}

/// A maker with other names that belonged to the one before.
fn maker(n: usize, name: &str, before: Option<&Company>) -> Company {
    let owner = |before: &Company| company::Owner {
        company: before.id,
        from: (n > 1).then(|| "2001-02-03".parse().unwrap()),
        until: Some("2019-12-31".parse().unwrap()),
        source: Some(HOSTILE[n].trim().to_owned()),
    };
    let aliases = [format!("{name} {}", HOSTILE[n]), format!("Old; “{n}”")];
    Company {
        aliases: if n == 1 { Vec::new() } else { aliases.to_vec() },
        owners: before.map(owner).into_iter().collect(),
        ..Company::new(CompanyId::new(), Name::parse(name).unwrap())
    }
}

/// A fleet in which every field is filled at least once.
async fn fill(house: &House, count: usize) {
    let who = house.who();
    db::write!(house.db, house.org, |tx| {
        let sites = identity::site::list(tx, house.org).await?;
        let mut spots = Vec::new();
        for (n, site) in sites.iter().enumerate() {
            let new = |kind, parent, name: &str, code: Option<&str>| Place {
                id: Id::new(),
                version: 1,
                site: site.id,
                parent,
                kind,
                name: name.to_owned(),
                code: code.map(str::to_owned),
                closed_at: None,
            };
            let building = new(PlaceKind::Building, None, HOSTILE[n], Some("B-1"));
            let floor = new(PlaceKind::Floor, Some(building.id), "N/A", None);
            let deep = new(PlaceKind::Room, Some(floor.id), "unknown", Some("=R1"));
            let room = new(PlaceKind::Room, Some(building.id), "Room 7", None);
            let bare = new(PlaceKind::Room, None, "Room 7", None);
            for place in [&building, &floor, &deep, &room, &bare] {
                place::keep(tx, &who, place).await?;
            }
            let owner = Department {
                id: Id::new(),
                version: 1,
                site: site.id,
                parent: None,
                kind: DepartmentKind::Department,
                name: "TBD".into(),
                code: Some("D1".into()),
                cost_centre: Some("0012".into()),
                closed_at: None,
            };
            let unit = Department {
                id: Id::new(),
                parent: Some(owner.id),
                kind: DepartmentKind::Unit,
                name: "=Unit".into(),
                code: None,
                ..owner.clone()
            };
            department::keep(tx, &who, &owner).await?;
            department::keep(tx, &who, &unit).await?;
            spots.push((
                site.id,
                [Some(deep.id), Some(room.id), Some(bare.id), Some(floor.id), None],
                [Some(owner.id), Some(unit.id), None],
            ));
        }
        let mut models = Vec::new();
        let mut makers: Vec<Company> = Vec::new();
        for (n, name) in ["Helion", "none", "=Maker"].iter().enumerate() {
            let maker = maker(n, name, makers.last());
            makers.push(maker.clone());
            company::store::add(tx, house.org, &maker).await?;
            tx.record(&who, change("company", maker.id.uuid(), &maker)).await?;
            let kind = Name::parse(HOSTILE[n + 2]).unwrap();
            let risk = [Some(RiskLevel::LifeSupport), None][n % 2];
            let kind = DeviceType {
                codes: codes(n),
                useful_life: life(n),
                ..DeviceType::new(DeviceTypeId::new(), kind, risk)
            };
            device_type::store::add(tx, house.org, &kind).await?;
            tx.record(&who, change("device_type", kind.id.uuid(), &kind)).await?;
            for name in ["VP3", "unknown"] {
                let model = Model {
                    about: about(models.len()),
                    ..Model::new(ModelId::new(), maker.id, kind.id, Name::parse(name).unwrap())
                };
                model::store::add(tx, house.org, &model).await?;
                tx.record(&who, change("model", model.id.uuid(), &model)).await?;
                models.push(model.id);
            }
        }
        let mut devices: Vec<Device> = Vec::new();
        for n in 0..count {
            let parent = (n % 5 == 4).then(|| devices[n - 3].clone());
            devices.push(one(n, &models, &spots, parent.as_ref()));
        }
        device::store::add_many(tx, house.org, &devices).await?;
        tx.record_many(&who, devices.iter().map(Device::imported).collect()).await
    })
    .unwrap();
}

/// Some models of which all is known, some of which a part is.
fn about(n: usize) -> About {
    if n % 3 == 2 {
        return About::default();
    }
    let day = |text: &str| text.parse().unwrap();
    let all = [
        Written { di: &gtin(n, 0), agency: None, package: "", quantity: "" },
        Written { di: &gtin(n, 1), agency: None, package: "case", quantity: "20" },
        Written { di: &format!("A99{n}PUMP{n}1"), agency: None, package: "inner", quantity: "4" },
        Written { di: &format!("0061414100{n:03}0"), agency: None, package: "pallet", quantity: "400" },
    ];
    let mut errors = Vec::new();
    let identifiers = Identifier::read_all("di", all, true, &mut errors);
    assert!(errors.is_empty(), "{errors:?}");
    let source = HOSTILE[n + 1].trim().to_owned();
    let end =
        |on: &str| Some(Milestone { on: day(on), source: source.clone(), learnt_on: day("2020-02-29") });
    About {
        catalogue_number: Some(format!("=REF;{n}")),
        edition: Some("007".into()),
        identifiers,
        sale_end: end("2019-12-31"),
        support_end: end("2031-12-31").filter(|_| n.is_multiple_of(2)),
        life_end: None,
        list_price: Some(ListPrice {
            price: Money { minor: 412_050, currency: "EUR".parse().unwrap() },
            on: day("2024-01-01"),
        }),
        useful_life: life(0),
        own_risk: (n.is_multiple_of(2)).then(|| OwnRisk { level: RiskLevel::Low, reason: source.clone() }),
    }
}

fn gtin(n: usize, level: usize) -> String {
    let body = format!("{level}061414155{n:03}");
    let sum: u32 =
        body.chars().rev().zip([3, 1].into_iter().cycle()).map(|(c, w)| w * c.to_digit(10).unwrap()).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

type Spots = (kernel::SiteId, [Option<place::PlaceId>; 5], [Option<kernel::DepartmentId>; 3]);

fn one(n: usize, models: &[ModelId], spots: &[Spots], parent: Option<&Device>) -> Device {
    let at = |day: i64| Instant::from_micros(1_500_000_000_000_001 + day * 86_400_000_000 + n as i64);
    let text = |k: usize| HOSTILE[(n + k) % HOSTILE.len()].to_owned();
    let every = |k: usize| n.is_multiple_of(k);
    let spot = &spots[n % spots.len()];
    let state = State::ALL[n % State::ALL.len()];
    let used = matches!(state, State::InService | State::OutOfService(_) | State::LoanedOut);
    let awaits = state == State::OutOfService(OutFor::Repair) && every(2);
    let inspect = matches!(state, State::Received | State::IncomingInspection | State::NotLocated) || awaits;
    let tags = ["=1+1", "NA", "1E+5", "none", "-", "ünit", "@x", "00123"];
    let tag = if n < tags.len() { tags[n].to_owned() } else { format!("T-{n:05}") };
    let mut device = Device {
        id: DeviceId::new(),
        version: 1,
        tag,
        serial: (!every(7)).then(|| format!("{} {n}", text(1).replace('\t', " "))),
        serial_less: every(14),
        udi: every(3).then(|| format!("(01)0061414100{n:04}\u{1d}21{n}")),
        model: models[n % models.len()],
        parent: None,
        site: spot.0,
        place: spot.1[n % 5].map(Id::cast),
        department: spot.2[n % 3],
        state,
        state_since: at(1),
        inspect_after: inspect.then(|| at(2)),
        accepted_at: ((used && !awaits) || state == State::Retired).then(|| at(0)),
        accepted_as: None,
        hold: every(6).then(|| Hold { reason: text(2), released_by: text(3) }),
        loan: (state == State::LoanedOut)
            .then(|| Loan { agreement: text(4).replace('\t', " "), ends_on: "2030-01-31".parse().unwrap() }),
        risk: every(4).then_some(RiskLevel::Medium),
        risk_reason: every(4).then(|| text(5)),
        strategy: every(2).then_some(Strategy::ALL[n % Strategy::ALL.len()]),
        tenure: Tenure::ALL[n % Tenure::ALL.len()],
        agreement: every(2).then(|| text(6).replace('\t', " ")),
        agreement_ends_on: every(2).then(|| "2031-12-31".parse().unwrap()),
        acquired_on: every(2).then(|| "2019-02-28".parse().unwrap()),
        price: every(3).then(|| Money {
            minor: 412_050 + n as i64,
            currency: ["USD", "JPY", "KWD"][n % 9 / 3].parse().unwrap(),
        }),
        notes: every(2).then(|| format!("{}\nsecond \"line\"", text(7))),
        import: None,
        removed_at: None,
    };
    device.accepted_as = device.accepted_at.map(|_| Acceptance::Baseline);
    if let Some(above) = parent {
        (device.parent, device.site) = (Some(above.id), above.site);
        (device.place, device.department) = (above.place, above.department);
    }
    device
}

/// An old wing and an old unit at one site, closed from the inside out; a device that has left still names the wing.
async fn close_some(house: &House) {
    let who = house.who();
    db::write!(house.db, house.org, |tx| {
        let site = identity::site::list(tx, house.org).await?.remove(0).id;
        let wing = Place {
            id: Id::new(),
            version: 1,
            site,
            parent: None,
            kind: PlaceKind::Building,
            name: "Old wing".into(),
            code: None,
            closed_at: Some(Instant::from_micros(1_500_000_000_123_456)),
        };
        let floor = Place {
            id: Id::new(),
            parent: Some(wing.id),
            kind: PlaceKind::Floor,
            closed_at: Some(Instant::from_micros(1_400_000_000_000_000)),
            ..wing.clone()
        };
        place::keep(tx, &who, &wing).await?;
        place::keep(tx, &who, &floor).await?;
        let ward = Department {
            id: Id::new(),
            version: 1,
            site,
            parent: None,
            kind: DepartmentKind::Department,
            name: "Old ward".into(),
            code: None,
            cost_centre: None,
            closed_at: wing.closed_at,
        };
        let unit = Department {
            id: Id::new(),
            parent: Some(ward.id),
            kind: DepartmentKind::Unit,
            name: "Old unit".into(),
            ..ward.clone()
        };
        department::keep(tx, &who, &ward).await?;
        department::keep(tx, &who, &unit).await?;
        let all = device::store::each(tx, house.org, None, 2_000).await?;
        let alone = |d: &&Device| d.parent.is_none() && !all.iter().any(|part| part.parent == Some(d.id));
        let left = all.iter().find(|d| d.state == State::Retired && d.site == site && alone(d));
        let before = left.unwrap();
        let after = Device { version: before.version + 1, place: Some(floor.id.cast()), ..before.clone() };
        device::store::change(tx, house.org, before, &after).await?;
        let known = Change { version: after.version, ..change("device", after.id.uuid(), &after) };
        tx.record(&who, known).await
    })
    .unwrap();
}

async fn export(house: &House, folder: &Path) -> BTreeMap<String, String> {
    folder::write(&house.db, &house.who(), folder, None, |_, _| ()).await.unwrap();
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|f| (f.file_name().into_string().unwrap(), fs::read_to_string(f.path()).unwrap())).collect()
}

/// Texts of the greatest length each field takes, of characters that cost most: four bytes each, quotes that are
/// doubled, line ends, separators of scanned codes. `n` shifts them, so that each stands first and last once.
fn longest(kind: Text, n: usize) -> String {
    let parts: &[char] = match kind {
        Text::Udi => &['\u{10348}', '"', '\u{1d}', '=', '😀'],
        Text::Agreement => &['\u{10348}', '"', ';', '\'', '😀'],
        _ => &['\u{10348}', '"', '\n', ',', '\t', '=', '😀', '\''],
    };
    // Blanks around a text are no part of it.
    let mut text: Vec<char> = (0..kind.limit()).map(|i| parts[(i + n) % parts.len()]).collect();
    let last = text.len() - 1;
    (text[0], text[last]) = (['x', '=', '"', '\''][n % 4], ['"', 'x'][n % 2]);
    text.into_iter().collect()
}

testkit::engine_tests! {
    rooms: ROOMS;

    /// Whatever the forms take, at its longest, comes back from an export as it was.
    async fn the_longest_values_come_back(store: Store) {
        let house = House::new(&store).await;
        fill(&house, 1).await;
        let who = house.who();
        let first = db::read!(house.db, house.org, |tx| device::store::each(tx, house.org, None, 1).await);
        let like = first.unwrap().remove(0);
        let letters = |n: usize, count: usize| format!("{n}{}", "\u{10348}".repeat(count - 1));
        for n in 0..8 {
            let fields = Edit {
                tag: Tag::parse(&letters(n, 40)).unwrap(),
                serial: Some(Serial::parse(&letters(n, 80)).unwrap()),
                serial_less: false,
                udi: Some(longest(Text::Udi, n)),
                model: like.model,
                risk: Some(RiskLevel::High),
                risk_reason: Some(longest(Text::RiskReason, n)),
                strategy: Some(Strategy::Oem),
                tenure: Tenure::Rental,
                agreement: Some(longest(Text::Agreement, n)),
                agreement_ends_on: Some("2031-12-31".parse().unwrap()),
                acquired_on: None,
                price: Some(Money { minor: i64::MAX / 2, currency: "KWD".parse().unwrap() }),
                notes: Some(longest(Text::Notes, n)),
            };
            let draft = device::Draft {
                id: DeviceId::new(),
                fields,
                parent: None,
                site: like.site,
                place: None,
                department: None,
                import: None,
            };
            let mut mv = device::Move { to: State::Received, at: who.at, evidence: device::Evidence::default() };
            mv.evidence.purchase_order = Some(longest(Text::Words, n));
            let hold =
                Hold { reason: longest(Text::HoldReason, n), released_by: longest(Text::HoldTest, n) };
            db::write!(house.db, house.org, |tx| {
                let added = device::actions::add(tx, &who, &draft, &mv).await?;
                device::actions::hold(tx, &who, added.id, 1, hold.clone()).await
            })
            .unwrap();
        }
        let folder = std::env::temp_dir().join("baton-test").join(format!("out-{}", uuid::Uuid::now_v7()));
        let files = export(&house, &folder).await;
        let empty = House::empty(&store, kernel::Id::new(), &[]).await;
        folder::read_names(&empty.db, &empty.who(), &folder, |_, _| ()).await.unwrap();
        let done = empty.import(files["devices.csv"].as_bytes()).await;
        assert_eq!((done.counts.devices, done.counts.refused), (9, 0), "{:?}", done.counts.refusals);
        let again = export(&empty, &folder).await;
        assert!(again["devices.csv"] == files["devices.csv"], "the longest values came back changed");
        fs::remove_dir_all(folder).unwrap();
    }

    async fn an_export_into_an_empty_organisation_gives_the_same_fleet(store: Store) {
        let house = House::new(&store).await;
        fill(&house, 1_200).await;
        close_some(&house).await;
        let folder = std::env::temp_dir().join("baton-test").join(format!("out-{}", uuid::Uuid::now_v7()));
        let (there, here) = (folder.join("a"), folder.join("b"));
        let files = export(&house, &there).await;
        assert_eq!(files.len(), 8);
        assert!(files["devices.csv"].lines().count() > 1_200);
        let empty = House::empty(&store, kernel::Id::new(), &[]).await;
        folder::read_names(&empty.db, &empty.who(), &there, |_, _| ()).await.unwrap();
        let done = empty.import(files["devices.csv"].as_bytes()).await;
        assert_eq!((done.counts.devices, done.counts.refused), (1_200, 0), "{:?}", done.counts.refusals);
        folder::close_names(&empty.db, &empty.who(), &there).await.unwrap();
        let again = export(&empty, &here).await;
        for file in ["places.csv", "departments.csv"] {
            let closed = files[file].lines().skip(1).filter(|line| !line.ends_with(',')).count();
            assert!(closed > 1, "{closed} rows of {file} are closed");
        }
        for (name, text) in &files {
            for (mine, theirs) in text.lines().zip(again[name].lines()) {
                assert_eq!(mine, theirs, "{name}");
            }
            assert_eq!(text.len(), again[name].len(), "{name}");
        }
        let kinds = db::read!(empty.db, empty.org, |tx| device_type::store::list(tx, empty.org, 9).await).unwrap();
        assert_eq!(kinds.iter().filter(|kind| kind.codes.umdns.as_deref() == Some("16-491")).count(), 1);
        assert_eq!(kinds.iter().filter_map(|kind| kind.useful_life.as_ref()).count(), 2);
        // Once more changes nothing.
        folder::read_names(&empty.db, &empty.who(), &there, |_, _| ()).await.unwrap();
        let same = empty.check(files["devices.csv"].as_bytes()).await;
        assert_eq!((same.counts.same, same.counts.refused), (1_200, 0), "{:?}", same.counts.refusals);
        fs::remove_dir_all(folder).unwrap();
    }

    /// Folders of earlier versions have fewer columns; a column that is not known is refused.
    async fn an_older_folder_comes_in_and_an_unknown_one_is_refused(store: Store) {
        let house = House::empty(&store, kernel::Id::new(), &[]).await;
        let folder = std::env::temp_dir().join("baton-test").join(format!("out-{}", uuid::Uuid::now_v7()));
        fs::create_dir_all(&folder).unwrap();
        let come = async |text: &str| {
            fs::write(folder.join("types.csv"), text).unwrap();
            folder::read_names(&house.db, &house.who(), &folder, |_, _| ()).await
        };
        come("name,risk\r\nPump,H\r\n").await.unwrap();
        come("name,risk,product_code\r\nPump,H,FRN\r\nMonitor,M,MHX\r\n").await.unwrap();
        let kinds = db::read!(house.db, house.org, |tx| device_type::store::list(tx, house.org, 9).await).unwrap();
        let codes: Vec<_> = kinds.iter().map(|k| (k.name.as_str(), k.codes.product_code.as_deref())).collect();
        assert_eq!(codes, [("Monitor", Some("MHX")), ("Pump", None)], "what was on record stays as it was");
        for text in ["name\r\nBed\r\n", "name,risk,colour\r\nBed,H,red\r\n"] {
            let refused = come(text).await.unwrap_err().to_string();
            assert!(refused.contains("types.csv: the columns must be name, risk, product_code"), "{refused}");
        }
        let refused = come("name,risk,product_code,gmdn\r\nBed,H,FNL,12\r\n").await.unwrap_err().to_string();
        assert!(refused.contains("types.csv, line 2: gmdn: “12” is not a GMDN term code"), "{refused}");
        fs::remove_dir_all(folder).unwrap();
    }
}
