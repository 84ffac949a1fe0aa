//! Lists of devices as they were known at a past instant: read from the file of lives, compared with the record itself.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use baton::rooms;
use fleet::{
    Company, DeviceType, Model, company,
    device::{
        Device, DeviceId, Gap, Hold, State, actions,
        list::{self, Wanted},
        then::{self, list::Limits},
    },
};
use identity::{Sent, department::Department, place::Place, site::Site};
use kernel::{Actor, Grant, Instant, Keyset, OrgId, Role, Scope};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde::de::DeserializeOwned;
use testkit::Store;
use uuid::Uuid;

/// The maker under another name.
fn named(maker: &fleet::Company, name: &str) -> company::Values {
    company::Values { name: name.to_owned(), ..maker.values() }
}

use crate::hospital::{Held, Hospital, system};

fn schemas() -> &'static [db::RoomSchema] {
    Box::leak(rooms::schemas().into_boxed_slice())
}

/// Everything on record at an instant, read from the events one by one.
struct Known {
    devices: Vec<Device>,
    models: HashMap<Uuid, Model>,
    types: HashMap<Uuid, DeviceType>,
    companies: HashMap<Uuid, Company>,
    sites: HashMap<Uuid, Site>,
    places: HashMap<Uuid, Place>,
    departments: HashMap<Uuid, Department>,
}

async fn each<T: DeserializeOwned>(store: &Store, org: OrgId, entity: &str, at: Instant) -> Vec<(Uuid, T)> {
    let all = db::read!(store.db, org, |tx| db::gate::all_as_of(tx, org, entity, at, None, 10_000).await);
    let read = |event: db::Event| (event.entity_id, serde_json::from_value(event.after).unwrap());
    all.unwrap().into_iter().map(read).collect()
}

impl Known {
    async fn at(store: &Store, org: OrgId, at: Instant) -> Self {
        let devices: Vec<(Uuid, Device)> = each(store, org, "device", at).await;
        let mut devices: Vec<Device> =
            devices.into_iter().map(|(_, d)| d).filter(|d| d.removed_at.is_none()).collect();
        devices.sort_by_key(|d| (kernel::key(&d.tag), d.id));
        Self {
            devices,
            models: each(store, org, "model", at).await.into_iter().collect(),
            types: each(store, org, "device_type", at).await.into_iter().collect(),
            companies: each(store, org, "company", at).await.into_iter().collect(),
            sites: each(store, org, "site", at).await.into_iter().collect(),
            places: each(store, org, "place", at).await.into_iter().collect(),
            departments: each(store, org, "department", at).await.into_iter().collect(),
        }
    }

    /// The devices that fit, in order: the question as its words say it, device by device.
    fn list(&self, wanted: &Wanted) -> Vec<DeviceId> {
        self.devices.iter().filter(|d| self.fits(d, wanted)).map(|d| d.id).collect()
    }

    fn fits(&self, d: &Device, wanted: &Wanted) -> bool {
        let model = &self.models[&d.model.uuid()];
        let kind = &self.types[&model.device_type.uuid()];
        let in_state = match wanted.states.is_empty() {
            true => wanted.left_too || !d.state.kind().is_terminal(),
            false => wanted.states.contains(&d.state),
        };
        let gaps = d.undecided(model.risk(kind.risk));
        let maker = &self.companies[&model.company.uuid()];
        let mut names = format!("{} {} {} {}", model.name, kind.name, maker.name, maker.aliases.join(" "));
        let of = |text: Option<&String>| text.cloned().unwrap_or_default();
        for name in [
            Some(&d.tag),
            d.serial.as_ref(),
            d.udi.as_ref(),
            Some(&self.sites[&d.site.uuid()].name),
            d.place.map(|id| &self.places[&id.uuid()].name),
            d.department.map(|id| &self.departments[&id.uuid()].name),
        ] {
            names = format!("{names} {}", of(name));
        }
        let words = kernel::words(&names);
        let any = |asked: bool, is: bool| !asked || is;
        in_state
            && any(!wanted.sites.is_empty(), wanted.sites.contains(&d.site))
            && any(
                !wanted.departments.is_empty(),
                d.department.is_some_and(|id| wanted.departments.contains(&id)),
            )
            && any(!wanted.models.is_empty(), wanted.models.contains(&d.model))
            && any(!wanted.types.is_empty(), wanted.types.contains(&model.device_type))
            && any(!wanted.companies.is_empty(), wanted.companies.contains(&model.company))
            && any(wanted.held, d.hold.is_some())
            && any(wanted.unusable, d.hold.is_some() || d.state == State::Quarantined)
            && any(wanted.undecided, !gaps.is_empty())
            && wanted.gap.is_none_or(|gap| gaps.contains(&gap))
            && kernel::words(&wanted.text).iter().all(|w| words.iter().any(|word| word.starts_with(w)))
    }

    /// Any question that could be asked of what was known.
    fn question(&self, rng: &mut StdRng) -> Wanted {
        let mut wanted = Wanted::default();
        let Some(some) = self.devices.choose(rng) else { return wanted };
        let model = &self.models[&some.model.uuid()];
        for _ in 0..rng.random_range(0..3) {
            match rng.random_range(0..13) {
                0 => wanted.states.push(some.state),
                1 => wanted.states.push(*State::ALL.choose(rng).unwrap()),
                2 => wanted.sites.push(some.site),
                3 => wanted.departments.extend(some.department),
                4 => wanted.models.push(some.model),
                5 => wanted.types.push(model.device_type),
                6 => wanted.companies.push(model.company),
                7 => wanted.unusable = true,
                8 => wanted.gap = [Gap::Owner, Gap::RiskLevel, Gap::Strategy].choose(rng).copied(),
                9 => wanted.undecided = true,
                10 => wanted.left_too = true,
                11 => wanted.text = self.word(some, rng),
                _ => wanted.text = format!("{} {}", self.word(some, rng), self.word(some, rng)),
            }
        }
        wanted
    }

    /// The beginning of a word of a device or of what it refers to.
    fn word(&self, of: &Device, rng: &mut StdRng) -> String {
        let model = &self.models[&of.model.uuid()];
        let all = [
            of.tag.clone(),
            of.serial.clone().unwrap_or_default(),
            of.udi.clone().unwrap_or_default(),
            model.name.clone(),
            self.types[&model.device_type.uuid()].name.clone(),
            self.companies[&model.company.uuid()].name.clone(),
            self.sites[&of.site.uuid()].name.clone(),
            of.place.map(|id| self.places[&id.uuid()].name.clone()).unwrap_or_default(),
            of.department.map(|id| self.departments[&id.uuid()].name.clone()).unwrap_or_default(),
        ];
        let words: Vec<String> = all.iter().flat_map(|text| kernel::words(text)).collect();
        let word = words.choose(rng).unwrap();
        word.chars().take(rng.random_range(1..=6)).collect()
    }
}

/// Such as send lists all ways through few devices.
fn limits(rng: &mut StdRng) -> Limits {
    let usual = Limits::default();
    let mut one = |of: &[i64], usual: i64| of.choose(rng).copied().unwrap_or(usual);
    Limits {
        few: one(&[0, 0, 9, usual.few], usual.few),
        most: one(&[0, 40, usual.most], usual.most),
        tried: one(&[1, 12, usual.tried], usual.tried),
        tried_again: one(&[0, 60, usual.tried_again], usual.tried_again),
    }
}

/// All pages of a list.
async fn listed(
    store: &Store,
    who: &Actor,
    wanted: &Wanted,
    at: Instant,
    (limit, limits): (u32, Limits),
) -> Vec<DeviceId> {
    let (mut all, mut keyset) = (Vec::new(), Keyset { after: None, limit });
    loop {
        let found = db::read!(store.db, who.org, |tx| {
            then::list::page_within(tx, who, (wanted, at), then::list::TO_SHOW, (&keyset, limits)).await
        })
        .unwrap_or_else(|problem| panic!("{wanted:?}: {problem:?}"));
        all.extend(found.slice.rows);
        if let Some(count) = found.count.filter(|_| found.slice.next.is_none()) {
            assert_eq!(count, all.len() as i64, "{wanted:?}");
        }
        match found.slice.next {
            Some(next) => keyset.after = Some(next),
            None => return all,
        }
    }
}

/// All pages of the present list.
async fn present(store: &Store, who: &Actor, wanted: &Wanted) -> Vec<DeviceId> {
    let all = Keyset { after: None, limit: 10_000 };
    let slice = db::read!(store.db, who.org, |tx| list::page(tx, who, wanted, &all).await).unwrap();
    slice.rows.into_iter().map(|row| row.id).collect()
}

async fn file(store: &Store, org: OrgId) {
    then::file(&store.db, org, Duration::ZERO).await.unwrap();
}

/// Somebody of one site.
fn of_site(who: &Actor, site: kernel::SiteId) -> Actor {
    let grant = Grant {
        role: Role::Manager,
        permits: then::list::TO_SHOW.into(),
        scope: Scope::Site(site),
        subtree: std::collections::BTreeSet::new(),
    };
    Actor { person: Some(kernel::Id::new()), via: kernel::Via::Page, grants: vec![grant], ..who.clone() }
}

testkit::engine_tests! {
    rooms: schemas();

    /// Whatever is asked, of whatever instant, by whomever: the file says what the record says.
    async fn lists_of_the_past_say_what_the_record_says(store: Store) {
        let options = demo::Options { devices: 150, ..demo::Options::default() };
        demo::create(&store.db, &options, |_| {}).await.unwrap();
        let org = identity::org::list(&store.db).await.unwrap()[0].id;
        let last = db::read!(store.db, db::Wall::All("a test"), |tx| db::gate::last_recorded(tx).await).unwrap().unwrap();
        file(&store, org).await;
        let mut who = system(org);
        who.at = last.plus_seconds(86_400);
        let mut instants: Vec<Instant> = (0..7).map(|n| last.plus_seconds(-n * n * 5_500_000)).collect();
        change_names(&store, &who).await;
        file(&store, org).await;
        instants.extend([who.at, last.plus_seconds(-1), Instant::from_micros(0)]);
        let (seed, mut asked, mut answered) = (20_261_123, 0, 0);
        let mut rng = StdRng::seed_from_u64(seed);
        for at in instants {
            let known = Known::at(&store, org, at).await;
            for _ in 0..16 {
                let wanted = known.question(&mut rng);
                let by_record = known.list(&wanted);
                let limit = [3, 50, 10_000].choose(&mut rng).copied().unwrap();
                let limits = limits(&mut rng);
                let listed = listed(&store, &who, &wanted, at, (limit, limits)).await;
                assert_eq!(listed, by_record, "seed {seed}, {at}, {limits:?}: {wanted:?}");
                asked += 1;
                answered += usize::from(!by_record.is_empty());
            }
        }
        assert!(answered * 2 > asked, "only {answered} of {asked} questions had an answer");
        check_present(&store, &who, &mut rng).await;
    }
}

/// As of now the list is the present one, whoever asks.
async fn check_present(store: &Store, who: &Actor, rng: &mut StdRng) {
    let known = Known::at(store, who.org, who.at).await;
    // What was renamed is found by its new words once a job has written them.
    db::write!(store.db, who.org, |tx| {
        for device in &known.devices {
            fleet::device::store::index(tx, who.org, device.id).await?;
        }
        Ok(())
    })
    .unwrap();
    let somebody = of_site(who, known.devices[0].site);
    for n in 0..60 {
        let wanted = known.question(rng);
        let who = if n % 2 == 0 { who } else { &somebody };
        assert_eq!(
            listed(store, who, &wanted, who.at, (7, limits(rng))).await,
            present(store, who, &wanted).await,
            "{wanted:?}"
        );
    }
    let mine = listed(store, &somebody, &Wanted::default(), who.at, (50, Limits::default())).await;
    assert!(!mine.is_empty() && mine.len() < known.devices.len());
    let stranger = Actor { grants: Vec::new(), ..somebody };
    assert_eq!(listed(store, &stranger, &Wanted::default(), who.at, (50, Limits::default())).await, []);
}

/// A maker, a site and a type get other names, one device another tag, another is held, one goes elsewhere.
async fn change_names(store: &Store, who: &Actor) {
    let org = who.org;
    db::write!(store.db, org, |tx| {
        let maker = company::store::list(tx, org, 1).await?.remove(0);
        company::actions::change(tx, who, maker.id, maker.version, &named(&maker, "Renamed & Sons"), None)
            .await?;
        let devices = fleet::device::store::each(tx, org, None, 1_000).await?;
        let mut free =
            devices.iter().filter(|d| d.state == State::InService && d.hold.is_none() && d.parent.is_none());
        let (held, renamed, moved) = (free.next().unwrap(), free.next().unwrap(), free.next().unwrap());
        let hold = Hold { reason: "Flow above limit".into(), released_by: "Flow test".into() };
        actions::hold(tx, who, held.id, held.version, hold).await?;
        let mut fields = fleet::device::Edit::of(renamed).unwrap();
        fields.tag = fleet::device::Tag::parse("QQ 77-X").unwrap();
        fields.serial = Some(fleet::device::Serial::parse("Corrected 9").unwrap());
        actions::edit(tx, who, renamed.id, renamed.version, &fields, None).await?;
        let sites = identity::site::list(tx, org).await?;
        let other = sites.iter().find(|s| s.id != moved.site).map_or(moved.site, |s| s.id);
        let owner = identity::department::list(tx, org, other).await?.first().map(|d| d.id);
        let spot = fleet::device::Spot { site: other, place: None, department: owner };
        actions::transfer(tx, who, moved.id, moved.version, spot, None).await?;
        let site = &sites[0];
        let draft = identity::site::Draft {
            name: "Another name".into(),
            code: site.code.clone().unwrap_or_default(),
            time_zone: site.time_zone.clone(),
            currency: site.currency.to_string(),
            beds: site.beds.map(|b| b.to_string()).unwrap_or_default(),
        };
        identity::site::change(tx, who, site.id, site.version, &draft, Sent::once()).await?;
        Ok(())
    })
    .unwrap();
}

#[tokio::test]
async fn pages_api_and_file_show_a_list_of_the_past() {
    let hospital = Hospital::new().await;
    let manager = hospital.session(hospital.people[&(Role::Manager, Held::Everywhere)]).await;
    let ask = async |path: &str| hospital.ask("GET", path, Some(&manager), "").await;
    let (status, page) = ask("/devices").await;
    assert!(status == 200 && page.contains("This list as known on"), "{status}");
    let tag = page.split("class=\"tagno\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let (status, page) = ask("/devices?as-of=2026-10-13").await;
    assert!(status == 200 && page.contains("As known at the end of 13 Oct 2026."), "{status}: {page}");
    assert!(page.contains(&format!("href=\"/d/{tag}?as-of=2026-10-13\"")), "{page}");
    let (status, page) = ask("/devices?as-of=2000-01-01&q=helion").await;
    assert!(status == 200 && page.contains("No device matched at the end of 1 Jan 2000."), "{status}");
    let (status, page) = ask("/devices?as-of=yesterday").await;
    assert!(status == 422 && page.contains("yesterday"), "{status}");
    for path in [
        "/devices?as-of=2026-10-14",
        "/devices.csv?as-of=2026-10-14",
        &format!("/d/{tag}?as-of=2026-10-14"),
        "/devices/changes?from=2026-10-01&to=2026-10-14",
        "/past/site?as-of=2026-10-14",
        "/past/site?as-of=2026-10-01&to=2026-10-14",
    ] {
        let (status, page) = ask(path).await;
        assert!(status == 422 && page.contains("14 Oct 2026 has not come yet"), "{path}: {status}: {page}");
    }
    let (status, file) = ask("/devices.csv?as-of=2026-10-13").await;
    assert!(status == 200 && file.contains(&tag), "{status}");
    let (status, file) = ask("/devices.csv?as-of=2000-01-01").await;
    assert!(status == 200 && file.lines().count() == 1, "{status}: {file}");
    let requester = hospital.session(hospital.people[&(Role::Requester, Held::Everywhere)]).await;
    let (status, _) = hospital.ask("GET", "/devices?as-of=2026-10-13", Some(&requester), "").await;
    assert_eq!(status, 403);
    let token = &hospital.tokens[&(Role::Manager, Held::Everywhere)];
    let api = async |query: &str| {
        let (status, text) = hospital.ask("GET", &format!("/api/v1/devices{query}"), Some(token), "").await;
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        (status, answer)
    };
    let (status, now) = api("?limit=200").await;
    assert_eq!(status, 200);
    let (status, then) = api("?limit=200&as_of=2026-10-13&count=true").await;
    assert_eq!((status.as_u16(), &then["items"]), (200, &now["items"]));
    assert_eq!(then["count"], now["items"].as_array().unwrap().len());
    let (_, before) = api("?as_of=2000-01-01T00:00:00Z").await;
    assert_eq!(before["items"], serde_json::json!([]));
    hospital.finish().await;
}

/// What is filed as it is recorded, piece by piece, is what a filing of the whole record gives.
#[tokio::test]
async fn filing_bit_by_bit_is_filing_at_once() {
    let scratch = db::scratch::Scratch::sqlite(schemas()).await.unwrap();
    let options = demo::Options { devices: 60, ..demo::Options::default() };
    demo::create(&scratch.db, &options, |_| {}).await.unwrap();
    let org = identity::org::list(&scratch.db).await.unwrap()[0].id;
    then::file(&scratch.db, org, Duration::ZERO).await.unwrap();
    let at_once = filed(&scratch.db).await;
    assert!(at_once["then_device"].len() > 60 && at_once["then_state"].len() > 120, "{at_once:?}");
    // From the beginning of the record, a thousand changes at a time.
    db::write!(scratch.db, org, |tx| {
        let back = db::Sql::new("UPDATE then_progress SET position = $2 WHERE org_id = $1");
        tx.execute(back, &db::vals![org, Uuid::nil()]).await.map(drop)
    })
    .unwrap();
    then::file(&scratch.db, org, Duration::ZERO).await.unwrap();
    assert_eq!(filed(&scratch.db).await, at_once);
    // Thrown away, and filed from the record as after an upgrade.
    for table in TABLES.iter().chain(&["then_progress"]) {
        change(&scratch.db, org, &format!("DELETE FROM {table} WHERE org_id = $1")).await;
    }
    then::file(&scratch.db, org, Duration::ZERO).await.unwrap();
    assert_eq!(filed(&scratch.db).await, at_once);
    scratch.finish().await.unwrap();
}

const TABLES: [&str; 5] = ["then_device", "then_state", "then_name", "then_words", "then_called"];

async fn change(db: &db::Db, org: OrgId, sql: &str) -> u64 {
    let sql = db::Sql::new(Box::leak(sql.to_owned().into_boxed_str()));
    db::write!(db, org, |tx| tx.execute(sql.clone(), &db::vals![org]).await).unwrap()
}

testkit::engine_tests! {
    rooms: schemas();

    /// Plans rest on how many rows there are. PostgreSQL counts them by itself a minute or more after the first filing, and
    /// until then took seconds for a list of the past.
    async fn the_engine_knows_of_the_first_filing(store: Store) {
        if store.db.engine() == db::Engine::Sqlite {
            return;
        }
        let options = demo::Options { devices: 40, ..demo::Options::default() };
        demo::create(&store.db, &options, |_| {}).await.unwrap();
        let org = identity::org::list(&store.db).await.unwrap()[0].id;
        let known = async || {
            let sql = "SELECT SUM(GREATEST(c.reltuples, 0))::bigint AS n FROM pg_class c WHERE c.relname IN \
                       ('then_name', 'then_called')";
            let row = db::read!(store.db, org, |tx| tx.one(db::Sql::new(sql), &[]).await).unwrap();
            row.get::<i64>("n").unwrap()
        };
        let before = known().await;
        file(&store, org).await;
        assert!(known().await > before + 20, "{before} rows before, {} after", known().await);
    }

    /// The check of a database finds whatever is filed otherwise than the record says, and nothing else.
    async fn a_check_finds_what_is_filed_wrongly(store: Store) {
        let options = demo::Options { devices: 40, ..demo::Options::default() };
        demo::create(&store.db, &options, |_| {}).await.unwrap();
        let org = identity::org::list(&store.db).await.unwrap()[0].id;
        let faults = async || {
            let report = db::check::check(&store.db, schemas()).await.unwrap();
            assert!(report.looked.iter().any(|what| what.contains("lists of the past")), "{:?}", report.looked);
            report.faults
        };
        assert_eq!(faults().await, [], "while the names are not filed yet");
        file(&store, org).await;
        assert_eq!(faults().await, []);
        let mut who = system(org);
        who.at = Instant::machine_now();
        change_names(&store, &who).await;
        assert_eq!(faults().await, [], "what has changed since is not filed yet, and need not be");
        file(&store, org).await;
        assert_eq!(faults().await, []);
        for damage in [
            "UPDATE then_device SET until_at = until_at - 1 WHERE org_id = $1 AND from_at = \
             (SELECT MAX(from_at) FROM then_device)",
            "UPDATE then_state SET held = NOT held WHERE org_id = $1 AND from_at = (SELECT MAX(from_at) FROM then_state)",
            "DELETE FROM then_state WHERE org_id = $1 AND from_at = (SELECT MIN(from_at) FROM then_state)",
            "UPDATE then_words SET words = ' nothing' WHERE org_id = $1",
            "UPDATE then_name SET words = ' nothing' WHERE org_id = $1 AND kind = 'site'",
            "DELETE FROM then_called WHERE org_id = $1 AND kind = 'place'",
            "INSERT INTO then_words (org_id, device_id, words) VALUES ($1, $1, ' made up')",
        ] {
            assert!(change(&store.db, org, damage).await > 0, "{damage}");
            let found = faults().await;
            assert!(found.iter().any(|fault| fault.check == "past"), "{damage}: {found:?}");
            // From the beginning: the file follows from the record.
            for table in TABLES.iter().chain(&["then_progress"]) {
                change(&store.db, org, &format!("DELETE FROM {table} WHERE org_id = $1")).await;
            }
            file(&store, org).await;
            assert_eq!(faults().await, [], "{damage}");
        }
        for damage in [
            "INSERT INTO former_tag (org_id, tag_key, tag, device_id, until_at) SELECT org_id, 'x-1', 'X-1', \
                    device_id, until_at FROM former_tag WHERE org_id = $1",
            "DELETE FROM former_tag WHERE org_id = $1 AND tag_key <> 'x-1'",
        ] {
            assert_eq!(change(&store.db, org, damage).await, 1, "{damage}");
            let found = faults().await;
            assert!(found.last().is_some_and(|fault| fault.check == "tags"), "{damage}: {found:?}");
        }
        assert_eq!(faults().await.len(), 2);
    }
}

async fn filed(db: &db::Db) -> BTreeMap<&'static str, Vec<Vec<Option<String>>>> {
    let mut all = BTreeMap::new();
    for table in TABLES {
        let order = match table {
            "then_name" => "kind, id, from_at",
            "then_words" => "device_id",
            "then_called" => "kind, words",
            _ => "device_id, from_at",
        };
        let rows = db::read!(db, db::Wall::All("a test"), |tx| db::dump(tx, table, order).await).unwrap();
        all.insert(table, rows);
    }
    all
}

#[tokio::test]
async fn records_of_any_kind_are_shown_as_they_were() {
    let hospital = Hospital::new().await;
    let manager = hospital.session(hospital.people[&(Role::Manager, Held::Everywhere)]).await;
    let token = &hospital.tokens[&(Role::Manager, Held::Everywhere)];
    let org = hospital.org;
    let maker = db::read!(hospital.db, org, |tx| company::store::list(tx, org, 1).await).unwrap().remove(0);
    let recorded = db::read!(hospital.db, org, |tx| {
        db::gate::as_of(tx, org, "company", maker.id.uuid(), Instant::from_micros(i64::MAX)).await
    });
    let before = recorded.unwrap().unwrap().recorded_at;
    let mut who = system(org);
    who.at = before.plus_seconds(7_200);
    db::write!(hospital.db, org, |tx| {
        company::actions::change(
            tx,
            &who,
            maker.id,
            maker.version,
            &named(&maker, "Quite another name"),
            None,
        )
        .await
    })
    .unwrap();
    let zone = db::read!(hospital.db, org, |tx| identity::org::get(tx, org).await).unwrap().zone();
    let moment = |at: Instant| kernel::AsOf::code(at, &zone);
    let ask = async |path: String| hospital.ask("GET", &path, Some(&manager), "").await;
    let (status, page) = ask("/past".into()).await;
    assert!(status == 200 && page.contains("href=\"/past/company\">Makers"), "{status}: {page}");
    let (status, page) = ask("/past/company".into()).await;
    assert!(status == 200 && page.contains("Makers on an earlier day"), "{status}");
    let (status, page) = ask(format!("/past/company?as-of={}", moment(before.plus_seconds(3_600)))).await;
    assert!(
        status == 200 && page.contains(&maker.name) && !page.contains("Quite another name"),
        "{status}: {page}"
    );
    let later = moment(before.plus_seconds(14_400));
    let (_, page) = ask(format!("/past/company?as-of={later}")).await;
    assert!(page.contains("Quite another name"), "{page}");
    let (status, page) = ask(format!("/past/company/{}?as-of={later}", maker.id)).await;
    assert!(
        status == 200 && page.contains("Quite another name") && page.contains("Version 2"),
        "{status}: {page}"
    );
    let (_, page) =
        ask(format!("/past/company?as-of={}&to={later}", moment(before.plus_seconds(3_600)))).await;
    assert!(page.contains("Quite another name changed") && page.contains(&maker.name), "{page}");
    for (path, wanted) in [
        ("/past/company?as-of=yesterday".to_owned(), 422),
        (format!("/past/company?as-of={later}&to=2001-01-01"), 422),
        ("/past/nothing?as-of=2026-01-01".to_owned(), 404),
        (format!("/past/company/{}?as-of=2001-01-01", maker.id), 404),
        (format!("/past/company/{}?as-of={later}", Uuid::nil()), 404),
        ("/past/device?as-of=2026-01-01".to_owned(), 303),
    ] {
        let (status, _) = ask(path.clone()).await;
        assert_eq!(status, wanted, "{path}");
    }
    let api = async |token: &str, rest: &str| {
        let path = format!("/api/v1/past/{rest}");
        let (status, text) = hospital.ask("GET", &path, Some(token), "").await;
        (status.as_u16(), serde_json::from_str::<serde_json::Value>(&text).unwrap())
    };
    let (status, one) = api(token, &format!("company/{}?at={before}", maker.id)).await;
    assert_eq!((status, &one["record"]["name"]), (200, &serde_json::json!(maker.name)));
    let (_, all) = api(token, &format!("company?at={before}&limit=1")).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    let (_, differ) = api(token, &format!("company/differences?from={before}&to={}", who.at)).await;
    assert_eq!(differ["items"].as_array().unwrap().len(), 1, "{differ}");
    assert_eq!(differ["items"][0]["fields"][0]["field"], "name");
    assert_eq!(differ["items"][0]["after"]["record"]["name"], "Quite another name");
    // The same as files; a role says whose it is.
    let (status, file) = ask(format!("/past/company/list.csv?as-of={later}")).await;
    let mut lines = file.lines();
    assert_eq!((status.as_u16(), lines.next()), (200, Some("\u{feff}id,version,so_since,by,name")));
    let line = lines.find(|line| line.starts_with(&maker.id.to_string())).unwrap();
    assert!(line.contains(",2,") && line.ends_with(",Quite another name"), "{line}");
    let from = moment(before.plus_seconds(3_600));
    let (status, file) = ask(format!("/past/company/list.csv?as-of={from}&to={later}")).await;
    let lines: Vec<&str> = file.lines().skip(1).collect();
    assert!(
        status == 200
            && lines.len() == 1
            && lines[0].starts_with(&format!("Quite another name,{},changed,", maker.id))
            && lines[0].ends_with(&format!(",name,{},Quite another name", maker.name)),
        "{status}: {file}"
    );
    let (_, page) = ask("/past/role_grant?as-of=2026-10-13".into()).await;
    assert!(page.contains("list.csv?as-of=2026-10-13") && page.contains(">Person<"), "{page}");
    let (_, file) = ask("/past/person/list.csv?as-of=2026-10-13".into()).await;
    assert!(!file.contains("password_mark") && file.lines().count() > 3, "{file}");
    let (status, _) = ask("/past/device/list.csv?as-of=2026-10-13".into()).await;
    assert_eq!(status, 303);
    hospital.finish().await;
}

#[tokio::test]
async fn of_what_was_is_shown_what_one_may_see() {
    let hospital = Hospital::new().await;
    let token = &hospital.tokens[&(Role::Manager, Held::Everywhere)];
    let api = async |token: &str, rest: &str| {
        let path = format!("/api/v1/past/{rest}");
        let (status, text) = hospital.ask("GET", &path, Some(token), "").await;
        (status.as_u16(), serde_json::from_str::<serde_json::Value>(&text).unwrap())
    };
    // Whoever sees no people today sees none of then either; whoever sees one site, sees that one.
    let requester = &hospital.tokens[&(Role::Requester, Held::OneSite)];
    let technician = &hospital.tokens[&(Role::Technician, Held::OneSite)];
    let (status, people) = api(requester, "person?at=2026-10-13").await;
    assert!(status == 403 && people["detail"].to_string().contains("identity.person.view"), "{people}");
    let (status, told) = api(token, "company?at=2026-10-14").await;
    let said = &told["errors"][0];
    assert!(
        status == 422 && said["parameter"] == "at" && said["detail"].to_string().contains("has not come yet"),
        "{told}"
    );
    let (_, sites) = api(technician, "site?at=2026-10-13").await;
    let (_, every) = api(token, "site?at=2026-10-13").await;
    assert_eq!(sites["items"].as_array().unwrap().len(), 1, "{sites}");
    assert!(every["items"].as_array().unwrap().len() > 1, "{every}");
    let asking = hospital.session(hospital.people[&(Role::Requester, Held::OneSite)]).await;
    let (_, page) = hospital.ask("GET", "/past", Some(&asking), "").await;
    assert!(page.contains(">API tokens</a>") && !page.contains(">People</a>"), "{page}");
    // Nobody is shown what is only kept to know an altered row by.
    let (_, people) = api(token, "person?at=2026-10-13&limit=200").await;
    assert!(!people.to_string().contains("password_mark") && people["items"].as_array().unwrap().len() > 3);
    hospital.finish().await;
}
