//! People, their roles and where these reach.

use identity::{
    Sent, department,
    grant::{self, RoleGrant},
    permit, person,
};
use kernel::{Actor, Problem, Reach, Role, Scope, ScopeSet};
use testkit::Store;

use crate::{ROOMS, made};

async fn give(store: &Store, who: &Actor, to: &Actor, role: Role, scope: Scope) -> kernel::Result<RoleGrant> {
    let to = to.person.unwrap();
    db::write!(store.db, who.org, |tx| grant::give(tx, who, to, role, scope, Sent::once()).await)
}

async fn set_active(
    store: &Store,
    who: &Actor,
    of: &Actor,
    version: i64,
    active: bool,
) -> kernel::Result<()> {
    let id = of.person.unwrap();
    let done = db::write!(store.db, who.org, |tx| {
        person::set_active(tx, who, id, version, active, Sent::once()).await
    });
    done.map(drop)
}

fn is_forbidden<T>(done: &kernel::Result<T>) -> bool {
    matches!(done, Err(Problem::Forbidden { .. }))
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn an_e_mail_is_unique_whatever_its_case(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let add = person::Add {
            name: "Other".into(),
            email: "GRACE@Northfield.example".into(),
            role: Role::Lead,
            scope: Scope::Org,
            password: None,
        };
        let system = Actor::system(house.org, "Command line", kernel::Via::Cli, boss.at);
        let refused = person::add_by_cli(&store.db, &system, add.clone()).await.unwrap_err();
        assert!(matches!(&refused, Problem::Invalid { fields } if fields[0].field == "email"), "{refused:?}");
        let fine = person::Add { email: "other@northfield.example".into(), ..add.clone() };
        let added = person::add_by_cli(&store.db, &system, fine).await.unwrap();
        assert_eq!(added.one_time.unwrap().len(), 19);
        assert!(added.person.must_change_password);
        let weak = person::Add { email: "x@y.z".into(), password: Some("northfield 12345".into()), ..add };
        assert!(matches!(person::add_by_cli(&store.db, &system, weak).await, Err(Problem::Invalid { .. })));
    }

    async fn a_department_role_reaches_its_units(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let (icu, bay, other) = db::write!(store.db, house.org, |tx| {
            let bay = department::find_or_add(tx, &boss, house.site, "ICU", Some("Bay A"), None).await?;
            let icu = department::find_or_add(tx, &boss, house.site, "ICU", None, None).await?;
            Ok((icu, bay, department::find_or_add(tx, &boss, house.site, "ED", None, None).await?))
        }).unwrap();
        let who = made::acting(&store, &boss, "t@n.example", Role::Technician, Scope::Department(icu)).await;
        let at = |department| Reach { site: None, department: Some(department) };
        assert!(who.may(permit::SITE_VIEW, at(icu)) && who.may(permit::SITE_VIEW, at(bay)));
        assert!(!who.may(permit::SITE_VIEW, at(other)));
        assert!(!who.may(permit::SITE_VIEW, Reach { site: Some(house.site), department: None }));
        let wanted = ScopeSet::Only { sites: [].into(), departments: [icu, bay].into() };
        assert_eq!(who.scope(permit::SITE_VIEW), wanted);
        let seen = db::read!(store.db, who.org, |tx| identity::site::seen_by(tx, &who).await).unwrap();
        assert_eq!(seen.len(), 1, "the site of one's department is seen");
    }

    async fn nobody_gives_more_than_they_hold(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let other = made::site(&store, &boss, "Lakeside").await;
        let (here, there) = (Scope::Site(house.site), Scope::Site(other.id));
        let local = made::acting(&store, &boss, "a@n.example", Role::Administrator, here).await;
        let manager = made::acting(&store, &boss, "m@n.example", Role::Manager, Scope::Org).await;
        let friend = made::acting(&store, &boss, "f@n.example", Role::Requester, here).await;
        assert!(give(&store, &local, &friend, Role::Lead, here).await.is_ok());
        assert!(is_forbidden(&give(&store, &local, &friend, Role::Lead, there).await));
        assert!(is_forbidden(&give(&store, &local, &friend, Role::Administrator, Scope::Org).await));
        assert!(is_forbidden(&give(&store, &local, &local, Role::Administrator, Scope::Org).await));
        assert!(is_forbidden(&give(&store, &manager, &friend, Role::Requester, here).await));
        let icu = db::write!(store.db, house.org, |tx| {
            department::find_or_add(tx, &boss, house.site, "ICU", None, None).await
        }).unwrap();
        assert!(give(&store, &local, &friend, Role::Technician, Scope::Department(icu)).await.is_ok());
        let twice = give(&store, &local, &friend, Role::Technician, Scope::Department(icu)).await;
        assert!(matches!(twice, Err(Problem::Invalid { .. })), "already held there");
    }

    async fn a_site_administrator_cannot_take_over_a_wider_account(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let here = Scope::Site(house.site);
        let local = made::acting(&store, &boss, "a@n.example", Role::Administrator, here).await;
        let hash = identity::account::Hasher::new().hash("some other words entirely").await.unwrap();
        let renewed = db::write!(store.db, house.org, |tx| {
            person::renew_password(tx, &local, house.person, hash.clone(), Sent::once()).await
        });
        assert!(is_forbidden(&renewed));
        assert!(is_forbidden(&set_active(&store, &local, &boss, 1, false).await));
        let renamed = db::write!(store.db, house.org, |tx| {
            person::change(tx, &local, house.person, 1, ("X", "x@y.z"), Sent::once()).await
        });
        assert!(is_forbidden(&renamed));
    }

    async fn the_last_administrator_stays(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let grants = db::read!(store.db, house.org, |tx| {
            db::gate::all_as_of(tx, house.org, "role_grant", store.clock.now(), None, 9).await
        }).unwrap();
        let administrator = grants.iter().find(|e| e.after["role"] == "administrator").unwrap().entity_id;
        let end = async |who: &Actor| {
            let grant = kernel::Id::from_uuid(administrator);
            db::write!(store.db, house.org, |tx| {
                grant::end(tx, who, house.person, grant, Sent::once()).await
            })
        };
        let last = |done: &Problem| done.code() == "identity.person.last_administrator";
        assert!(last(&end(&boss).await.unwrap_err()));
        assert!(last(&set_active(&store, &boss, &boss, 1, false).await.unwrap_err()));
        // A second one who is switched off, or rules one site only, does not count.
        let second = made::acting(&store, &boss, "b@n.example", Role::Administrator, Scope::Org).await;
        let site = Scope::Site(house.site);
        made::person(&store, &boss, "c@n.example", Role::Administrator, site).await;
        set_active(&store, &boss, &second, 1, false).await.unwrap();
        assert!(last(&end(&boss).await.unwrap_err()));
        set_active(&store, &boss, &second, 2, true).await.unwrap();
        let ended = end(&second).await.unwrap();
        assert!(ended.ended_at.is_some());
        let second = made::actor(&store, house.org, second.person.unwrap()).await;
        assert!(last(&set_active(&store, &second, &second, 3, false).await.unwrap_err()));
        let now = made::actor(&store, house.org, house.person).await;
        assert!(!now.may_somewhere(permit::PERSON_MANAGE), "the role is gone");
    }

    async fn every_change_to_a_person_is_on_record_without_the_hash(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let added = made::person(&store, &boss, "p@n.example", Role::Lead, Scope::Org).await;
        let hash = identity::account::Hasher::new().hash("some other words entirely").await.unwrap();
        db::write!(store.db, house.org, |tx| {
            person::change(tx, &boss, added.id, 1, ("New Name", "p@n.example"), Sent::once()).await?;
            person::renew_password(tx, &boss, added.id, hash.clone(), Sent::once()).await
        }).unwrap();
        let life = db::read!(store.db, house.org, |tx| {
            db::gate::life(tx, house.org, "person", added.id.uuid(), i64::MAX, 9).await
        }).unwrap();
        let actions: Vec<&str> = life.iter().map(|e| e.action.as_str()).collect();
        assert_eq!(actions, ["identity.person.renew_password", "identity.person.change", "identity.person.add"]);
        for event in life {
            assert!(!event.after.to_string().contains("argon2"));
            assert_eq!(event.actor_name, "Grace Whitfield");
        }
    }
}
