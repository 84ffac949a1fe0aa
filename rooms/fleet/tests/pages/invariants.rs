//! Promises kept on both engines: what is stored reads back, tags and serials are unique, components stand where
//! their systems stand, no system contains itself, and any past inventory can be read again.

use std::collections::{BTreeMap, BTreeSet};

use fleet::{
    RiskLevel,
    device::{Acceptance, Device, DeviceId, Hold, Loan, Spot, State, Strategy, Tenure, actions, store},
};
use kernel::{Actor, Instant, Money};
use proptest::{
    prelude::any,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::house::{House, ROOMS};

/// The same values each run, so that a failure can be looked at.
pub fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]))
}

pub fn one<T: std::fmt::Debug>(
    runner: &mut TestRunner,
    of: impl proptest::strategy::Strategy<Value = T>,
) -> T {
    of.new_tree(runner).unwrap().current()
}

pub fn picked<T: Copy>(runner: &mut TestRunner, from: &[T]) -> T {
    from[one(runner, 0..from.len())]
}

/// A device with any value in any field.
pub fn any_device(runner: &mut TestRunner, house: &House, n: usize) -> Device {
    let text = || proptest::option::of("[ -~äöü€]{1,30}");
    let instant = || proptest::option::of(0_i64..4_000_000_000_000_000);
    let date = || proptest::option::of(0_i64..40_000);
    let day = |days: i64| Instant::from_micros(days * 86_400_000_000).date_in(&kernel::TimeZone::UTC);
    let at = |micros: i64| Instant::from_micros(micros);
    let state = picked(runner, State::ALL);
    Device {
        id: DeviceId::new(),
        version: one(runner, 1_i64..9),
        tag: format!("T{n} {}", one(runner, "[A-Za-zäé-]{0,9}")),
        serial: one(runner, text()).map(|s| format!("{n}-{s}")),
        serial_less: one(runner, any::<bool>()),
        udi: one(runner, text()),
        model: house.vp3,
        parent: None,
        site: house.general,
        place: picked(runner, &[None, Some(house.icu_2), Some(house.store_room)]),
        department: picked(runner, &[None, Some(house.icu), Some(house.emergency)]),
        state,
        state_since: at(one(runner, 0_i64..4_000_000_000_000_000)),
        inspect_after: one(runner, instant()).map(at),
        accepted_at: one(runner, instant()).map(at),
        accepted_as: picked(runner, &[None, Some(Acceptance::Baseline), Some(Acceptance::Inspection)]),
        hold: one(runner, text()).map(|reason| Hold { reason, released_by: "test".into() }),
        loan: one(runner, date()).map(|d| Loan { agreement: "L-1".into(), ends_on: day(d) }),
        risk: picked(runner, &[None, Some(RiskLevel::LifeSupport), Some(RiskLevel::Low)]),
        risk_reason: one(runner, text()),
        strategy: picked(runner, &[None, Some(Strategy::Oem), Some(Strategy::ByLaw)]),
        tenure: picked(runner, Tenure::ALL),
        agreement: one(runner, text()),
        agreement_ends_on: one(runner, date()).map(day),
        acquired_on: one(runner, date()).map(day),
        price: one(runner, proptest::option::of(any::<i64>()))
            .map(|minor| Money { minor, currency: "KWD".parse().unwrap() }),
        notes: one(runner, text()),
        import: None,
        removed_at: None,
    }
}

/// A moment later than the last one.
fn tick(house: &House) -> Actor {
    house.clock.advance(60);
    Actor { at: house.clock.now(), ..house.who.clone() }
}

/// Every device of the house, by id.
async fn all(house: &House) -> BTreeMap<DeviceId, Device> {
    let each =
        db::read!(house.app.db(), house.who.org, |tx| store::each(tx, house.who.org, None, 1_000).await);
    each.unwrap().into_iter().map(|d| (d.id, d)).collect()
}

/// Invariants 10 and 11 over the whole house.
fn check_systems(devices: &BTreeMap<DeviceId, Device>) {
    for device in devices.values() {
        let mut above = BTreeSet::from([device.id]);
        let mut at = device;
        while let Some(parent) = at.parent.and_then(|id| devices.get(&id)) {
            assert!(above.insert(parent.id), "{} is below itself", device.tag);
            let spot = |d: &Device| (d.site, d.place, d.department);
            assert_eq!(spot(at), spot(parent), "{} is not where {} is", at.tag, parent.tag);
            at = parent;
        }
    }
}

/// A device in service has owner, risk level and strategy, but for what it came without and nobody decided.
async fn check_decided(house: &House, before: &BTreeMap<DeviceId, Device>, gaps: &mut Gaps) {
    for device in all(house).await.values().filter(|d| d.state == State::InService) {
        let facts = db::read!(house.app.db(), house.who.org, |tx| {
            actions::facts(tx, &house.who, device.model, device.site).await
        });
        let now: BTreeSet<&str> =
            device.undecided(facts.unwrap().inherited_risk).into_iter().map(|gap| gap.code()).collect();
        let known = gaps.entry(device.id).or_insert_with(|| now.clone());
        // What was decided once stays decided as long as the device is in service.
        if before.get(&device.id).is_some_and(|d| d.state == State::InService) {
            assert!(now.is_subset(known), "{}: {now:?} after {known:?}", device.tag);
        }
        *known = now;
    }
}

/// What was not decided about each device when it was last looked at.
type Gaps = BTreeMap<DeviceId, BTreeSet<&'static str>>;

/// Devices in all stages: in service and complete, in service as an import left them, received for nobody yet.
async fn stages(house: &House, n: usize) {
    let mut draft = house.draft(&format!("S-{n}"));
    let state = match n % 4 {
        0 => {
            draft.department = None;
            State::Received
        }
        1 => {
            (draft.department, draft.fields.strategy) = (None, None);
            State::InService
        }
        _ => State::InService,
    };
    house.take_over(&draft, state).await;
}

/// One random edit, or another type for the model: refusals are part of it.
async fn one_decision(runner: &mut TestRunner, house: &House, device: &Device) -> kernel::Result<()> {
    let who = tick(house);
    let (typed, own, strategy) = (
        picked(runner, &["Infusion pump", "Syringe pump", "Pump of a new kind"]),
        picked(runner, &[None, Some(RiskLevel::Low)]),
        picked(runner, &[None, Some(Strategy::Oem)]),
    );
    let of_model = one(runner, any::<bool>());
    db::write!(house.app.db(), who.org, |tx| {
        if of_model {
            let model = fleet::model::store::get(tx, who.org, house.vp3).await?;
            let about = fleet::model::About {
                own_risk: own.map(|level| fleet::model::OwnRisk { level, reason: "Other batteries".into() }),
                ..model.about.clone()
            };
            let values = fleet::model::Values { name: "VP-3".into(), type_name: typed.into(), about };
            fleet::model::actions::change(tx, &who, model.id, model.version, &values, None).await?;
        } else {
            let mut fields = fleet::device::Edit::of(device).unwrap();
            (fields.risk, fields.strategy) = (own, strategy);
            fields.risk_reason = Some("Used on patients at home".into());
            actions::edit(tx, &who, device.id, device.version, &fields, None).await?;
        }
        Ok(())
    })
}

/// One random transfer, attachment, detachment, hold, edit or change of the model's type; refusals are part of it.
async fn one_act(runner: &mut TestRunner, house: &House, devices: &BTreeMap<DeviceId, Device>) {
    let list: Vec<&Device> = devices.values().collect();
    let (device, other) = (list[one(runner, 0..list.len())], list[one(runner, 0..list.len())]);
    let spot = Spot {
        site: picked(runner, &[house.general, house.lakeside]),
        place: None,
        department: picked(runner, &[None, Some(house.icu), Some(house.emergency)]),
    };
    let kind = one(runner, 0..9);
    let hold = || Hold { reason: "Alarm too quiet".into(), released_by: "Alarm test".into() };
    if kind > 5 {
        let done = one_decision(runner, house, device).await;
        let taken = |p: &kernel::Problem| p.code() == "invalid" || p.code().starts_with("fleet.device.");
        assert!(done.as_ref().err().is_none_or(taken), "{done:?}");
        return;
    }
    let who = tick(house);
    let done = db::write!(house.app.db(), who.org, |tx| match kind {
        0 => actions::transfer(tx, &who, device.id, device.version, spot, None).await,
        1 => actions::attach(tx, &who, device.id, device.version, None, None).await,
        2 => actions::hold(tx, &who, device.id, device.version, hold()).await,
        _ => actions::attach(tx, &who, device.id, device.version, Some(other.id), None).await,
    });
    if let Err(problem) = done {
        let code = problem.code();
        assert!(code.starts_with("fleet.device."), "{code}: {problem}");
    }
}

testkit::engine_tests! {
    rooms: ROOMS;

    /// The names in the schema are the names in the statements, on both engines.
    async fn every_statement_prepares(store: Store) {
        for (name, statement) in fleet::SCHEMA.statements.iter().copied().flatten() {
            let prepared = db::read!(store.db, store.org, |tx| tx.prepare(statement.clone()).await);
            prepared.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        }
    }

    /// Every list statement runs, whatever it is asked.
    async fn every_list_runs(store: Store) {
        let house = House::build(&store).await;
        house.in_service("NH-1").await;
        for path in [
            "/devices?q=nh&sort=since&state=in_service&show=undecided",
            "/devices?q=nh&sort=since",
            "/devices?show=do_not_use&gap=owner",
            "/devices?gap=risk_level",
            "/models?q=a%25b",
            "/types",
            "/makers",
            "/d/NH-1",
            "/d/NH-1/history",
        ] {
            house.get("manager", path).await.is(200);
        }
        for code in ["NH-1", "nh-1", "sn-nh-1"] {
            let path = format!("/devices?q={code}");
            house.get("manager", &path).await.is(303).goes_to("/d/NH-1");
        }
        let filters = format!("/devices?model={}&department={}&site={}", house.vp3, house.icu, house.general);
        house.get("manager", &filters).await
            .says("<i>model:</i>VP-3")
            .says("<i>dept:</i>ICU")
            .says("<i>site:</i>&quot;Northfield General&quot;")
            .says("href=\"/d/NH-1\"");
    }

    async fn any_device_reads_back_as_it_was_written(store: Store) {
        let house = House::build(&store).await;
        let mut runner = runner();
        let devices: Vec<Device> = (0..40).map(|n| any_device(&mut runner, &house, n)).collect();
        db::write!(store.db, house.who.org, |tx| {
            store::add_many(tx, house.who.org, &devices[..20]).await?;
            for device in &devices[20..] {
                store::add(tx, house.who.org, device).await?;
            }
            tx.record_many(&house.who, devices.iter().map(Device::imported).collect()).await
        })
        .unwrap();
        crate::counts::are_true(house.app.db(), house.who.org).await;
        let kept = all(&house).await;
        for device in &devices {
            assert_eq!(&kept[&device.id], device);
            let json = serde_json::to_value(device).unwrap();
            assert_eq!(&serde_json::from_value::<Device>(json).unwrap(), device);
        }
    }

    /// Invariants 1 and 2: a tag names one device for ever, and a model's serial number too.
    async fn tags_and_serials_are_unique(store: Store) {
        let house = House::build(&store).await;
        house.take_over(&house.draft("NH-1"), State::Retired).await;
        let add = async |tag: &str, serial: &str| {
            let mut draft = house.draft("x");
            draft.fields.tag = fleet::device::Tag::parse(tag).unwrap();
            draft.fields.serial = Some(fleet::device::Serial::parse(serial).unwrap());
            let who = tick(&house);
            let mut mv = fleet::device::Move {
                to: State::Received,
                at: who.at,
                evidence: fleet::device::Evidence::default(),
            };
            mv.evidence.purchase_order = Some("PO-1".into());
            db::write!(house.app.db(), who.org, |tx| actions::add(tx, &who, &draft, &mv).await)
        };
        for tag in ["NH-1", "nh-1", "NH - 1", "ｎｈ-1"] {
            let refused = add(tag, "other").await.unwrap_err();
            assert!(refused.to_string().contains("already in use"), "{tag}: {refused}");
        }
        let refused = add("NH-2", "sn-nh-1").await.unwrap_err();
        assert!(refused.to_string().contains("already on record for this model"), "{refused}");
        assert_eq!(add("NH-2", "free").await.unwrap().version, 1);
        // Renaming frees nothing: the tag once used stays with the device that had it.
        let renamed = async |from: &str, to: &str| {
            let device = house.now(from).await;
            let mut fields = fleet::device::Edit::of(&device).unwrap();
            fields.tag = fleet::device::Tag::parse(to).unwrap();
            let who = tick(&house);
            db::write!(house.app.db(), who.org, |tx| {
                actions::edit(tx, &who, device.id, device.version, &fields, None).await
            })
        };
        let before = house.clock.now();
        renamed("NH-2", "NH-2x").await.unwrap();
        add("NH-3", "other").await.unwrap();
        for tag in ["NH-2", "nh -2"] {
            let refused = add(tag, "another").await.unwrap_err();
            assert!(refused.to_string().contains("carried by another device before"), "{tag}: {refused}");
            let refused = renamed("NH-3", tag).await.unwrap_err();
            assert!(refused.to_string().contains("carried by another device before"), "{tag}: {refused}");
        }
        for path in ["/d/NH-2", "/d/nh-2", "/devices?q=NH-2"] {
            let there = house.get("technician", path).await.is(303).to.clone();
            assert!(there.starts_with("/d/NH-2x?formerly="), "{path} leads to {there}");
            house.get("technician", &there).await.is(200).says("This device carried tag ").says("Its tag is NH-2x now");
        }
        house.get("technician", "/d/NH-3?formerly=NH-2").await.is(200).hides("This device carried tag");
        house.get("nurse", "/d/NH-2").await.is(303);
        house.get("lakesider", "/d/NH-2").await.is(404);
        house.get("lakesider", "/devices?q=NH-2").await.is(200);
        // As it was known before, it carries the tag it had.
        let zone = crate::house::testkit_zone();
        let then = before.timestamp().to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        house.get("technician", &format!("/d/NH-2?as-of={then}")).await.is(200).says("As known on").hides("NH-2x");
        // A sticker put back is no other device; the one taken off is used up as well.
        renamed("NH-2x", "NH-2").await.unwrap();
        assert!(add("NH-2x", "another").await.is_err());
        house.get("technician", "/d/NH-2").await.is(200);
        renamed("NH-2", "nh-2").await.unwrap();
        assert_eq!(house.now("NH-2").await.tag, "nh-2");
    }

    /// Invariants 10 and 11, and what a device in service must have, after any sequence of transfers, attachments and
    /// decisions.
    async fn systems_stay_whole(store: Store) {
        let house = House::build(&store).await;
        for n in 0..8 {
            stages(&house, n).await;
        }
        let (mut runner, mut gaps) = (runner(), Gaps::new());
        for _ in 0..120 {
            let before = all(&house).await;
            check_decided(&house, &before, &mut gaps).await;
            one_act(&mut runner, &house, &before).await;
            check_systems(&all(&house).await);
            check_decided(&house, &before, &mut gaps).await;
            crate::counts::are_true(house.app.db(), house.who.org).await;
        }
        let attached = all(&house).await.values().filter(|d| d.parent.is_some()).count();
        assert!(attached > 0, "the sequence built no system at all");
    }

    /// Invariant 12: the inventory of any past instant is the one that stood there then.
    async fn past_inventories_read_again(store: Store) {
        let house = House::build(&store).await;
        let mut runner = runner();
        let mut snapshots: Vec<(Instant, BTreeMap<DeviceId, Device>)> = Vec::new();
        for n in 0..30 {
            tick(&house);
            if n < 6 {
                house.in_service(&format!("S-{n}")).await;
            } else {
                let now = all(&house).await;
                one_act(&mut runner, &house, &now).await;
            }
            snapshots.push((house.clock.now(), all(&house).await));
        }
        for (at, snapshot) in &snapshots {
            let mut read = BTreeMap::new();
            let mut after = None;
            loop {
                let events = db::read!(house.app.db(), house.who.org, |tx| {
                    db::gate::all_as_of(tx, house.who.org, "device", *at, after, 4).await
                })
                .unwrap();
                let Some(last) = events.last() else { break };
                after = Some(last.entity_id);
                for event in &events {
                    let device: Device = serde_json::from_value(event.after.clone()).unwrap();
                    read.insert(device.id, device);
                }
            }
            assert_eq!(&read, snapshot, "as of {at}");
        }
    }

    /// A command id stands for one act: of one person, on one record, with one content.
    async fn a_command_id_answers_for_nothing_else(store: Store) {
        let house = House::build(&store).await;
        for tag in ["E-1", "E-2"] {
            house.in_service(tag).await;
        }
        let id = crate::house::command();
        let form = [("version", "1"), ("command", id.as_str()), ("reason", "flow high"), ("test", "flow test")];
        house.post("technician", "/d/E-1/hold", &form).await.goes_to("/d/E-1");
        house.post("technician", "/d/E-1/hold", &form).await.goes_to("/d/E-1");
        let words = "already sent with other content, for another record, or by somebody else";
        house.post("technician", "/d/E-2/hold", &form).await.is(422).says(words);
        house.post("lead", "/d/E-1/hold", &form).await.is(422).says(words).hides("It is on hold already");
        let mut other = form;
        other[2].1 = "flow low";
        house.post("technician", "/d/E-1/hold", &other).await.is(422).says(words).hides("It is on hold already");
        house.post("technician", "/d/E-2/lift-hold", &form).await.is(422).says(words);
        assert_eq!((house.now("E-1").await.version, house.now("E-2").await.version), (2, 1));
    }

    /// No page takes owner or risk level from a device in service, whatever the page is about.
    async fn a_device_in_service_keeps_owner_and_risk_level(store: Store) {
        let house = House::build(&store).await;
        for tag in ["C-1", "C-2"] {
            house.in_service(tag).await;
        }
        let nobodys = fleet::device::Draft { department: None, ..house.draft("P-2") };
        house.take_over(&nobodys, State::Received).await;
        house.take_over(&house.draft("P-1"), State::Received).await;
        let post = async |path: &str, fields: &[(&str, &str)]| {
            let fields = [&[("version", "1")], fields].concat();
            house.post("manager", path, &fields).await
        };
        let refused = post("/d/C-1/parent", &[("parent", "P-2")]).await;
        refused.is(422).says("as a component of P-2 it would belong to none").says("id=\"f-parent-error\"");
        post("/d/C-2/parent", &[("parent", "P-1")]).await.goes_to("/d/C-2");
        let site = house.general.to_string();
        let refused = post("/d/P-1/move", &[("site", &site), ("department", "")]).await;
        refused.is(422).says("C-2 is in service and belongs to a department");
        let model = format!("/models/{}/edit", house.vp3);
        let refused = post(&model, &[("name", "VP-3"), ("type", "Pump of a new kind")]).await;
        refused.is(422).says("2 devices have the present risk level");
        assert_eq!(house.now("C-1").await.department, Some(house.icu));
        assert_eq!(house.now("C-2").await.department, Some(house.icu));
    }

    /// A retirement is taken back by two people, and by an event of its own.
    async fn a_retirement_in_error_is_taken_back_by_two(store: Store) {
        let house = House::build(&store).await;
        house.take_over(&house.draft("NH-1"), State::Retired).await;
        house.in_service("NH-2").await;
        let post = async |who: &str, version: &str, fields: &[(&str, &str)]| {
            house.clock.advance(60);
            let fields = [&[("version", version)], fields].concat();
            house.post(who, "/d/NH-1/unretire", &fields).await
        };
        house.get("manager", "/d/NH-1").await.says("Retired in error");
        house.get("technician", "/d/NH-1").await.hides("Retired in error");
        house.get("technician", "/d/NH-1/unretire").await.is(403);
        house.get("manager", "/d/NH-1/state").await.says("href=\"/d/NH-1/unretire\"");
        house.get("manager", "/d/NH-2/unretire").await.is(200).says("There is nothing to take back");
        house.post("manager", "/d/NH-2/unretire", &[("version", "1"), ("reason", "x")]).await.is(422);
        // Nobody approves what nobody asked for, and nobody asks without a reason.
        post("manager", "1", &[("do", "approve")]).await.is(422).says("No request waits");
        post("lead", "1", &[("reason", " ")]).await.is(422).says("id=\"f-reason-error\"");
        post("manager", "1", &[("reason", "It stands in bay 6.")]).await.goes_to("/d/NH-1");
        house.get("manager", "/d/NH-1/unretire").await.says("other than The manager").hides("Approve");
        post("manager", "2", &[("do", "approve")]).await.is(422).says("Whoever asks for it does not approve it.");
        // A lead may ask and may not approve.
        post("lead", "2", &[("do", "approve")]).await.is(403);
        post("lead", "2", &[("reason", "again")]).await.is(422).says("The manager has asked already.");
        assert_eq!(house.now("NH-1").await.state, State::Retired);
        house.get("director", "/d/NH-1/unretire").await.says("The manager says that NH-1").says("Approve: it comes back");
        post("director", "1", &[("do", "approve")]).await.is(409);
        post("director", "2", &[("do", "decline"), ("reason", "Not there.")]).await.goes_to("/d/NH-1");
        post("director", "3", &[("do", "approve")]).await.is(422).says("No request waits");
        post("lead", "3", &[("reason", "It stands in bay 7.")]).await.goes_to("/d/NH-1");
        let before = house.clock.now();
        post("director", "4", &[("do", "approve")]).await.goes_to("/d/NH-1");
        let back = house.now("NH-1").await;
        assert_eq!((back.state, back.version), (State::IncomingInspection, 5));
        assert!(back.inspect_after >= Some(before) && !back.is_accepted(), "it is inspected before it is used");
        let history = house.get("manager", "/d/NH-1/history").await;
        history.says("Retirement taken back").says("The lead asked for it: It stands in bay 7.").says("The director");
        history.says("Said to be retired in error").says("Stays retired").says("Not there.");
        crate::counts::are_true(house.app.db(), house.who.org).await;
    }

    /// No field, path or query with characters that no key types reaches the database.
    async fn characters_that_no_key_types_are_refused(store: Store) {
        let house = House::build(&store).await;
        house.in_service("NH-1").await;
        for path in ["/d/%00", "/d/NH-1%00", "/d/%FF", "/devices?q=%00", "/models?q=%00", "/devices.csv?q=a%00b"] {
            house.get("manager", path).await.is(404).says("This page was not found.");
        }
        house.get("manager", "/d/NH-1?as-of=%00").await.is(404);
        let hold = [("version", "1"), ("reason", "a\0b"), ("test", "flow test")];
        house
            .post("technician", "/d/NH-1/hold", &hold)
            .await
            .is(422)
            .says("id=\"f-reason-error\"")
            .says("It holds an invisible character (U+0000). Type it again by hand.");
        let names = [("name", "VP\u{7}3"), ("type", "Infusion pump"), ("version", "1")];
        let model = format!("/models/{}/edit", house.vp3);
        house.post("manager", &model, &names).await.is(422).says("U+0007").says("id=\"f-name-error\"");
        assert_eq!(house.now("NH-1").await.version, 1);
    }

    /// A text longer than an import or an index takes is refused at its field, and the longest is taken.
    async fn texts_have_one_limit_each(store: Store) {
        use fleet::device::Text;
        let house = House::build(&store).await;
        house.in_service("NH-1").await;
        let long = |kind: Text, more: usize| "\u{10348}".repeat(kind.limit() + more);
        let edit = |more: usize| {
            [
                ("version", "1".to_owned()),
                ("tag", "NH-1".to_owned()),
                ("serial", "SN-NH-1".to_owned()),
                ("maker", "Helion Medical".to_owned()),
                ("model", "VP-3".to_owned()),
                ("strategy", "oem".to_owned()),
                ("tenure", "owned".to_owned()),
                ("risk", "L".to_owned()),
                ("udi", long(Text::Udi, more)),
                ("risk_reason", long(Text::RiskReason, more)),
                ("agreement", long(Text::Agreement, more)),
                ("notes", long(Text::Notes, more)),
                ("reason", long(Text::Words, more)),
            ]
        };
        let post = async |path: &str, fields: &[(&str, String)]| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            house.post("technician", path, &fields).await
        };
        let refused = post("/d/NH-1/edit", &edit(1)).await;
        for (field, limit) in [("udi", 500), ("risk_reason", 2_000), ("agreement", 200), ("notes", 10_000)] {
            refused.is(422).says(&format!("id=\"f-{field}-error\"")).says(&format!("at most {limit}."));
        }
        let mut only_the_reason = edit(0);
        only_the_reason[12].1 = long(Text::Words, 1);
        post("/d/NH-1/edit", &only_the_reason).await.is(422).says("Shorten it to at most 2000.");
        post("/d/NH-1/edit", &edit(0)).await.goes_to("/d/NH-1");
        let hold = |more: usize| {
            [
                ("version", "2".to_owned()),
                ("reason", long(Text::HoldReason, more)),
                ("test", long(Text::HoldTest, more)),
            ]
        };
        let refused = post("/d/NH-1/hold", &hold(1)).await;
        refused.is(422).says("id=\"f-reason-error\"").says("id=\"f-test-error\"").says("at most 500.");
        post("/d/NH-1/hold", &hold(0)).await.goes_to("/d/NH-1");
        assert_eq!(house.now("NH-1").await.hold.unwrap().reason, long(Text::HoldReason, 0));
    }
}
