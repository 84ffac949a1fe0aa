//! Acts on both engines: what they change, what they leave alone, and that undoing gives back what was there.

use std::collections::BTreeMap;

use fleet::{
    RiskLevel,
    act::{self, Act, ActId, ActState, Change, Outcome, To},
    device::{Device, DeviceId, Edit, State, Strategy, Tenure, actions, store},
};
use kernel::{Actor, Grant, PersonId, Problem, Role, Scope};
use proptest::test_runner::TestRunner;

use crate::{
    house::{House, ROOMS},
    invariants::{one, picked, runner},
};

async fn drafted(house: &House, who: &Actor, ids: &[DeviceId]) -> ActId {
    db::write!(house.app.db(), who.org, |tx| {
        let draft = act::actions::prepare(tx, who, "type:pump").await?;
        act::actions::put(tx, who, draft.id, 0, ids).await?;
        Ok(draft.id)
    })
    .unwrap()
}

async fn begun(house: &House, who: &Actor, id: ActId, change: &Change) -> kernel::Result<Act> {
    db::write!(house.app.db(), who.org, |tx| act::actions::begin(tx, who, id, change, "Budget 2027").await)
}

async fn now(house: &House, id: ActId) -> Act {
    let org = house.who.org;
    db::read!(house.app.db(), org, |tx| act::store::find(tx, org, id).await).unwrap().unwrap()
}

/// Carries a change of these devices out, by the job.
async fn done(house: &House, ids: &[DeviceId], change: &Change) -> Act {
    house.clock.advance(60);
    let who = Actor { at: house.clock.now(), ..house.who.clone() };
    let id = drafted(house, &who, ids).await;
    begun(house, &who, id, change).await.unwrap();
    house.work().await;
    let act = now(house, id).await;
    assert_eq!(act.state, ActState::Done);
    assert_eq!(act.counts.devices, act.counts.changed + act.counts.same + act.counts.refused);
    act
}

async fn undone(house: &House, act: &Act) -> Act {
    house.clock.advance(60);
    let who = Actor { at: house.clock.now(), ..house.who.clone() };
    db::write!(house.app.db(), who.org, |tx| act::actions::begin_undo(tx, &who, act).await).unwrap();
    house.work().await;
    let act = now(house, act.id).await;
    assert_eq!(act.state, ActState::Undone);
    act
}

async fn outcomes(house: &House, id: ActId) -> BTreeMap<DeviceId, (Outcome, Option<String>)> {
    let org = house.who.org;
    let items = db::read!(house.app.db(), org, |tx| act::store::items(tx, org, id, -1, 1_000).await).unwrap();
    items.into_iter().map(|item| (item.device, (item.outcome, item.words))).collect()
}

/// Every device without its version: undoing makes new versions, and the record keeps all of them.
async fn fleet(house: &House) -> BTreeMap<DeviceId, Device> {
    let org = house.who.org;
    let all = db::read!(house.app.db(), org, |tx| store::each(tx, org, None, 1_000).await).unwrap();
    all.into_iter().map(|device| (device.id, Device { version: 0, ..device })).collect()
}

fn any_change(runner: &mut TestRunner, house: &House) -> Change {
    let day = |text: &str| text.parse().unwrap();
    let mut change = Change::default();
    let sites = [(house.general, Some(house.icu_2), Some(house.icu)), (house.lakeside, None, None)];
    for _ in 0..one(runner, 1..3) {
        match one(runner, 0..9) {
            0 => {
                let risks = [To::Clear, To::Set(RiskLevel::Low), To::Set(RiskLevel::LifeSupport)];
                change.risk = Some(risks[one(runner, 0..3_usize)].clone());
            }
            1 => {
                change.strategy = Some([To::Clear, To::Set(Strategy::ByLaw)][one(runner, 0..2_usize)].clone())
            }
            2 => (change.tenure, change.agreement) = (Some(Tenure::Rental), Some(To::Set("R-1".into()))),
            3 => change.tenure = Some(Tenure::Owned),
            4 => {
                let days = [To::Clear, To::Set(day("2019-06-11"))];
                change.acquired_on = Some(days[one(runner, 0..2_usize)].clone());
            }
            5 => change.notes = Some(To::Set(one(runner, "[a-z]{1,8}"))),
            6 => {
                change.site = Some(house.general);
                let owners = [To::Set(house.icu), To::Set(house.emergency), To::Clear];
                change.department = Some(owners[one(runner, 0..3_usize)].clone());
            }
            7 => {
                change.site = Some(house.general);
                let places = [To::Set(house.icu_2), To::Set(house.store_room), To::Clear];
                change.place = Some(places[one(runner, 0..3_usize)].clone());
            }
            _ => {
                let (site, place, department) = picked(runner, &sites);
                (change.site, change.move_there) = (Some(site), true);
                change.place = Some(place.map_or(To::Clear, To::Set));
                change.department = Some(department.map_or(To::Clear, To::Set));
            }
        }
    }
    change
}

async fn some_devices(house: &House) -> Vec<DeviceId> {
    let mut ids = Vec::new();
    for n in 0..14 {
        let state = [State::InService, State::Planned, State::LoanedOut, State::Retired][n % 4];
        let mut draft = house.draft(&format!("NH-{n}"));
        if n % 5 == 4 {
            draft.parent = ids.last().copied();
        }
        if state == State::Planned {
            draft.fields.strategy = None;
            draft.department = None;
            draft.parent = None;
        }
        ids.push(house.take_over(&draft, state).await.id);
    }
    ids
}

testkit::engine_tests! {
    rooms: ROOMS;

    /// Any acts, undone from the last one on, leave every device as it was; the record holds every step.
    async fn acts_undone_from_the_last_one_on_leave_what_was_there(store: Store) {
        let house = House::build(&store).await;
        let ids = some_devices(&house).await;
        let mut runner = runner();
        for _ in 0..6 {
            let mut before = Vec::new();
            let mut acts = Vec::new();
            for _ in 0..one(&mut runner, 1..4) {
                before.push(fleet(&house).await);
                let some: Vec<DeviceId> =
                    ids.iter().copied().filter(|_| one(&mut runner, 0..3) > 0).collect();
                let change = any_change(&mut runner, &house);
                acts.push(done(&house, &some, &change).await);
            }
            while let (Some(act), Some(before)) = (acts.pop(), before.pop()) {
                let after = undone(&house, &act).await;
                assert_eq!(after.counts.undone, act.counts.changed, "{:?}", outcomes(&house, act.id).await);
                assert_eq!(fleet(&house).await, before, "{:?}", act.change);
            }
        }
        crate::counts::are_true(house.app.db(), house.who.org).await;
    }

    async fn a_change_is_looked_at_and_then_made(store: Store) {
        let house = House::build(&store).await;
        let pump = house.in_service("NH-1").await;
        let owned = house.in_service("NH-2").await;
        let gone = house.take_over(&house.draft("NH-3"), State::Retired).await;
        let ids = [pump.id, owned.id, gone.id];
        let who = house.who.clone();
        let id = drafted(&house, &who, &ids).await;
        let change = Change { site: Some(house.general), department: Some(To::Clear), ..Change::default() };
        let looked = db::read!(house.app.db(), who.org, |tx| {
            act::actions::preview(tx, &who, id, &change, "x").await
        })
        .unwrap();
        assert_eq!((looked.counts.devices, looked.counts.changed, looked.counts.refused), (3, 1, 2));
        let (words, n, tags) = &looked.refused[0];
        assert!(words.contains("belongs to a department") && *n == 2, "{words}");
        assert_eq!(tags, &["NH-1", "NH-2"]);
        // Nothing was saved by looking.
        assert_eq!(house.now("NH-3").await, gone);
        let act = {
            begun(&house, &who, id, &change).await.unwrap();
            house.work().await;
            now(&house, id).await
        };
        assert_eq!((act.counts.changed, act.counts.refused), (1, 2));
        assert_eq!(house.now("NH-3").await.department, None);
        assert_eq!(house.now("NH-1").await, pump);
        let life = db::read!(house.app.db(), who.org, |tx| {
            db::gate::life(tx, who.org, "device", gone.id.uuid(), i64::MAX, 9).await
        })
        .unwrap();
        assert_eq!(life[0].action, "fleet.device.bulk");
        assert_eq!(life[0].reason.as_deref(), Some("Budget 2027"));
        assert_eq!(life[0].after["act"].as_str(), Some(act.id.to_string().as_str()));
    }

    /// What somebody changed between choice and act is left alone; what somebody changed after the act stays when it is
    /// undone, and is named before.
    async fn what_others_change_is_not_written_over(store: Store) {
        let house = House::build(&store).await;
        let (one, two, three) =
            (house.in_service("NH-1").await, house.in_service("NH-2").await, house.in_service("NH-3").await);
        let who = house.who.clone();
        let id = drafted(&house, &who, &[one.id, two.id, three.id]).await;
        let edit = async |device: &Device, notes: &str| {
            let fields = Edit { notes: Some(notes.into()), ..Edit::of(device).unwrap() };
            db::write!(house.app.db(), who.org, |tx| {
                actions::edit(tx, &who, device.id, device.version, &fields, None).await
            })
            .unwrap()
        };
        let edited = edit(&one, "mine").await;
        let change = Change { notes: Some(To::Set("theirs".into())), ..Change::default() };
        begun(&house, &who, id, &change).await.unwrap();
        house.work().await;
        let became = outcomes(&house, id).await;
        assert_eq!(became[&one.id].0, Outcome::Refused);
        assert!(became[&one.id].1.as_ref().unwrap().contains("after it was chosen"));
        assert_eq!(house.now("NH-1").await, edited);
        assert_eq!(became[&two.id].0, Outcome::Changed);

        // Another field changed since is no matter; the same one is.
        let now_two = house.now("NH-2").await;
        let fields = Edit { acquired_on: Some("2019-06-11".parse().unwrap()), ..Edit::of(&now_two).unwrap() };
        db::write!(house.app.db(), who.org, |tx| {
            actions::edit(tx, &who, two.id, now_two.version, &fields, None).await
        })
        .unwrap();
        edit(&house.now("NH-3").await, "later").await;
        let act = now(&house, id).await;
        let since =
            db::read!(house.app.db(), who.org, |tx| act::actions::look_before_undo(tx, &who, &act).await).unwrap();
        assert_eq!((since.free, since.changed), (1, 1));
        assert_eq!(since.named, [("NH-3".to_owned(), vec!["notes".to_owned()])]);
        let after = undone(&house, &act).await;
        assert_eq!((after.counts.undone, after.counts.changed), (1, 1));
        let two = house.now("NH-2").await;
        assert_eq!((two.notes, two.acquired_on), (None, Some("2019-06-11".parse().unwrap())));
        assert_eq!(house.now("NH-3").await.notes.as_deref(), Some("later"));
        let again = db::write!(house.app.db(), who.org, |tx| act::actions::begin_undo(tx, &who, &after).await);
        assert!(matches!(again, Err(Problem::Conflict { code: "fleet.act.state", .. })));
    }

    /// Components go where their system goes, and come back with it.
    async fn systems_take_their_components_along(store: Store) {
        let house = House::build(&store).await;
        let system = house.in_service("NH-1").await;
        let mut part = house.draft("NH-2");
        part.parent = Some(system.id);
        let part = house.take_over(&part, State::InService).await;
        let change = Change {
            site: Some(house.general),
            department: Some(To::Set(house.emergency)),
            place: Some(To::Set(house.store_room)),
            ..Change::default()
        };
        let before = fleet(&house).await;
        let act = done(&house, &[system.id, part.id], &change).await;
        assert_eq!((act.counts.changed, act.counts.same), (1, 1), "the component stands there already");
        assert_eq!(house.now("NH-2").await.department, Some(house.emergency));
        undone(&house, &act).await;
        assert_eq!(fleet(&house).await, before);
    }

    /// What somebody may not do one by one they may not do at once, and nobody sees or undoes another's within a part of
    /// the house.
    async fn an_act_reaches_no_further_than_its_people(store: Store) {
        let house = House::build(&store).await;
        let here = house.in_service("NH-1").await;
        let mut draft = house.draft("NH-2");
        (draft.site, draft.place, draft.department) = (house.lakeside, None, None);
        draft.fields.strategy = None;
        let there = house.take_over(&draft, State::Planned).await;
        let permits: std::sync::Arc<[kernel::Permit]> = fleet::permit::ALL
            .iter()
            .filter(|(_, roles)| roles.contains(&Role::Technician))
            .map(|(permit, _)| *permit)
            .collect();
        let person = |n: u128, scope: Scope| Actor {
            person: Some(PersonId::from_uuid(uuid::Uuid::from_u128(n))),
            via: kernel::Via::Page,
            grants: vec![Grant { role: Role::Technician, permits: permits.clone(), scope, subtree: Default::default() }],
            ..house.who.clone()
        };
        let lakesider = person(7, Scope::Site(house.lakeside));
        let neighbour = person(8, Scope::Site(house.lakeside));
        let id = drafted(&house, &lakesider, &[here.id, there.id]).await;
        let counts = db::read!(house.app.db(), house.who.org, |tx| {
            act::store::counts(tx, house.who.org, id).await
        });
        assert_eq!(counts.unwrap().devices, 1, "what is out of sight is not chosen");
        let change = Change { notes: Some(To::Set("x".into())), ..Change::default() };
        for other in [&neighbour, &house.who] {
            let refused = begun(&house, other, id, &change).await;
            assert!(matches!(refused, Err(Problem::NotFound { .. })), "a draft is its maker’s");
        }
        // Moving out of one's reach is refused, device by device.
        let away = Change { site: Some(house.general), move_there: true, ..Change::default() };
        let looked = db::read!(house.app.db(), house.who.org, |tx| {
            act::actions::preview(tx, &lakesider, id, &away, "x").await
        })
        .unwrap();
        assert!(looked.refused[0].0.contains("may not move"), "{:?}", looked.refused);
        begun(&house, &lakesider, id, &change).await.unwrap();
        house.work().await;
        assert_eq!(house.now("NH-2").await.notes.as_deref(), Some("x"));
        let seen = db::read!(house.app.db(), house.who.org, |tx| act::actions::visible(tx, &neighbour, id).await);
        assert!(matches!(seen, Err(Problem::NotFound { .. })));
        db::read!(house.app.db(), house.who.org, |tx| act::actions::visible(tx, &lakesider, id).await).unwrap();
    }
}

#[test]
fn an_act_without_devices_change_or_reason_is_refused() {
    crate::house::in_house(async |house| {
        let pump = house.in_service("NH-1").await;
        let id = drafted(&house, &house.who, &[pump.id]).await;
        let empty = begun(&house, &house.who, id, &Change::default()).await;
        assert!(matches!(empty, Err(Problem::Invalid { .. })));
        let who = house.who.clone();
        let change = Change { notes: Some(To::Clear), ..Change::default() };
        let why =
            db::write!(house.app.db(), who.org, |tx| act::actions::begin(tx, &who, id, &change, " ").await);
        assert!(matches!(why, Err(Problem::Invalid { .. })));
        assert!(act::actions::must_fit(0).is_err() && act::actions::must_fit(act::MOST + 1).is_err());
        assert!(act::actions::must_fit(act::MOST).is_ok());
    });
}
