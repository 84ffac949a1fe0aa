//! Organisations, sites and the two trees.

use identity::{
    Sent,
    account::Hasher,
    department,
    org::{self, Org},
    place::{self, PlaceKind},
    setup, site,
};
use kernel::{Problem, Role, Scope};

use crate::{ROOMS, made};

testkit::engine_tests! {
    rooms: ROOMS;

    async fn set_up_happens_once_even_when_two_come_at_once(store: Store) {
        let prepared = [
            made::draft().prepare(&Hasher::new(), store.clock.now()).await.unwrap(),
            made::draft().prepare(&Hasher::new(), store.clock.now()).await.unwrap(),
        ];
        let origin = made::origin(&store);
        let (a, b) = futures::join!(
            setup::create(&store.db, &prepared[0], &origin),
            setup::create(&store.db, &prepared[1], &origin),
        );
        let refused = [&a, &b].into_iter().filter_map(|made| made.as_ref().err());
        let codes: Vec<&str> = refused.map(Problem::code).collect();
        assert_eq!(codes, ["identity.setup.done"], "one is kept, one refused");
        assert_eq!(org::list(&store.db).await.unwrap().len(), 1);
    }

    async fn a_weak_or_broken_set_up_names_every_field(store: Store) {
        let draft = setup::Draft { password: "short".into(), beds: "-3".into(), ..Default::default() };
        let Err(Problem::Invalid { fields }) = draft.prepare(&Hasher::new(), store.clock.now()).await else {
            panic!("refused");
        };
        let names: Vec<&str> = fields.iter().map(|f| &*f.field).collect();
        let wanted =
            ["org_name", "time_zone", "currency", "site_name", "beds", "person_name", "email", "password", "again"];
        assert_eq!(names, wanted);
    }

    async fn a_host_names_one_organisation(store: Store) {
        let first = made::house(&store).await;
        let who = made::actor(&store, first.org, first.person).await;
        let draft = org::Draft {
            name: "Northfield Health".into(),
            base_url: "https://A.Example".into(),
            time_zone: "UTC".into(),
            currency: "USD".into(),
        };
        let changed = db::write!(store.db, who.org, |tx| org::change(tx, &who, 1, &draft, Sent::once()).await);
        assert_eq!(changed.unwrap().host.as_deref(), Some("a.example"));
        let mut second = made::draft();
        for (url, field) in [("", "base_url"), ("https://a.example", "base_url")] {
            second.base_url = url.into();
            let prepared = second.prepare(&Hasher::new(), store.clock.now()).await.unwrap();
            let refused = setup::create_another(&store.db, &prepared, &made::origin(&store)).await.unwrap_err();
            assert!(matches!(&refused, Problem::Invalid { fields } if fields[0].field == field), "{refused:?}");
        }
        second.base_url = "https://b.example:8443".into();
        let prepared = second.prepare(&Hasher::new(), store.clock.now()).await.unwrap();
        let another = setup::create_another(&store.db, &prepared, &made::origin(&store)).await.unwrap();
        assert_ne!(another.org, first.org);
        let stale = db::write!(store.db, who.org, |tx| org::change(tx, &who, 1, &draft, Sent::once()).await);
        assert!(matches!(stale, Err(Problem::Stale { current: 2 })));
    }

    async fn another_organisation_is_invisible(store: Store) {
        let first = made::house(&store).await;
        let mut second = made::draft();
        second.base_url = "https://b.example".into();
        let prepared = second.prepare(&Hasher::new(), store.clock.now()).await.unwrap();
        let other = setup::create_another(&store.db, &prepared, &made::origin(&store)).await.unwrap();
        let who = made::actor(&store, first.org, first.person).await;
        let seen = db::read!(store.db, who.org, |tx| site::seen_by(tx, &who).await).unwrap();
        assert_eq!(seen.iter().map(|s| s.id).collect::<Vec<_>>(), [first.site]);
        let there = db::read!(store.db, who.org, |tx| site::get(tx, who.org, other.site).await);
        assert!(matches!(there, Err(Problem::NotFound { .. })));
        let person = db::read!(store.db, who.org, |tx| identity::person::get(tx, who.org, other.person).await);
        assert!(matches!(person, Err(Problem::NotFound { .. })));
        let draft = place::Draft { parent: None, kind: PlaceKind::Building, name: "A".into(), code: String::new() };
        let added = db::write!(store.db, who.org, |tx| {
            place::add(tx, &who, other.site, &draft, Sent::once()).await
        });
        assert!(matches!(added, Err(Problem::NotFound { .. })));
        let scope = Scope::Site(other.site);
        let given = db::write!(store.db, who.org, |tx| {
            identity::grant::give(tx, &who, first.person, Role::Lead, scope, Sent::once()).await
        });
        assert!(matches!(given, Err(Problem::Invalid { .. })), "a place of another organisation is no place");
        // The same e-mail may stand in both.
        let mine = db::read!(store.db, who.org, |tx| {
            identity::person::find_by_email(tx, who.org, made::BOSS).await
        });
        assert_eq!(mine.unwrap().unwrap().id, first.person);
    }

    async fn places_are_found_or_added_and_keep_their_order(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let find = async |building: Option<&str>, floor: Option<&str>, room: Option<&str>| {
            db::write!(store.db, who.org, |tx| {
                place::find_or_add(tx, &who, house.site, building, floor, room).await
            }).unwrap()
        };
        let bay = find(Some("West"), Some("3"), Some("Bay 4")).await.unwrap();
        assert_eq!(find(Some(" wEST "), Some("3"), Some("bay  4")).await, Some(bay), "folded names are the same");
        assert_eq!(find(None, Some("  "), None).await, None);
        let alone = find(None, None, Some("Store")).await.unwrap();
        let floor = find(None, Some("2"), None).await.unwrap();
        let names = async |id| {
            let way = db::read!(store.db, who.org, |tx| place::path(tx, who.org, id).await).unwrap();
            way.into_iter().map(|p| p.name).collect::<Vec<_>>()
        };
        assert_eq!(names(bay).await, ["West", "3", "Bay 4"]);
        assert_eq!(names(alone).await, ["Store"]);
        assert_eq!(names(floor).await, ["Main campus", "2"], "a floor without a building gets one");
        let all = db::read!(store.db, who.org, |tx| place::list(tx, who.org, house.site).await).unwrap();
        assert_eq!(all.len(), 6);
    }

    async fn a_place_stands_only_where_its_kind_may(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let add = async |parent, kind, name: &str| {
            let draft = place::Draft { parent, kind, name: name.into(), code: String::new() };
            db::write!(store.db, who.org, |tx| place::add(tx, &who, house.site, &draft, Sent::once()).await)
        };
        let west = add(None, PlaceKind::Building, "West").await.unwrap();
        let room = add(Some(west.id), PlaceKind::Room, "OR 1").await.unwrap();
        for (parent, kind, name, field) in [
            (None, PlaceKind::Floor, "1", "place_kind"),
            (Some(room.id), PlaceKind::Room, "Bay", "place_kind"),
            (Some(west.id), PlaceKind::Building, "East", "place_kind"),
            (None, PlaceKind::Building, "WEST", "place_name"),
            (None, PlaceKind::Building, " ", "place_name"),
            (Some(kernel::Id::new()), PlaceKind::Room, "Bay", "place_parent"),
        ] {
            let refused = add(parent, kind, name).await.unwrap_err();
            assert!(matches!(&refused, Problem::Invalid { fields } if fields[0].field == field), "{refused:?}");
        }
        let renamed = db::write!(store.db, who.org, |tx| {
            place::rename(tx, &who, room.id, 1, ("OR 2", "O2"), Sent::once()).await
        }).unwrap();
        assert_eq!((renamed.version, renamed.name.as_str()), (2, "OR 2"));
        let life = db::read!(store.db, who.org, |tx| {
            db::gate::life(tx, who.org, "place", room.id.uuid(), i64::MAX, 9).await
        }).unwrap();
        assert_eq!(life[0].changes()[1].before, "OR 1", "the old name stays in the history");
        let stale = db::write!(store.db, who.org, |tx| {
            place::rename(tx, &who, room.id, 1, ("OR 3", ""), Sent::once()).await
        });
        assert!(matches!(stale, Err(Problem::Stale { current: 2 })));
    }

    async fn departments_take_a_cost_centre_over_once(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let find = async |name: &str, unit: Option<&str>, centre: Option<&str>| {
            db::write!(store.db, who.org, |tx| {
                department::find_or_add(tx, &who, house.site, name, unit, centre).await
            }).unwrap()
        };
        let bay = find("ICU", Some("Bay A"), Some("4400")).await;
        let icu = find("icu", None, Some("4401")).await;
        assert_eq!(find("ICU", None, Some("9999")).await, icu);
        let subtree = db::read!(store.db, who.org, |tx| department::subtree(tx, who.org, icu).await).unwrap();
        assert_eq!(subtree, [icu, bay].into());
        let all = db::read!(store.db, who.org, |tx| department::list(tx, who.org, house.site).await).unwrap();
        let centres: Vec<_> = all.iter().map(|d| d.cost_centre.as_deref()).collect();
        assert_eq!(centres, [Some("4401"), Some("4400")]);
        let under_unit = db::write!(store.db, who.org, |tx| {
            let draft = department::Draft { name: "Corner".into(), ..Default::default() };
            department::add(tx, &who, house.site, Some(bay), &draft, Sent::once()).await
        });
        assert!(matches!(under_unit, Err(Problem::Invalid { .. })), "units have no units");
    }

    async fn a_form_sent_twice_adds_one_site(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let command = made::command();
        let form = web::Form::from_pairs(&[("command", &command), ("site_name", "St Anne's")]);
        let draft = site::Draft {
            name: "St Anne's".into(),
            time_zone: "UTC".into(),
            currency: "EUR".into(),
            ..Default::default()
        };
        let mut ids = Vec::new();
        for _ in 0..2 {
            let added = db::write!(store.db, who.org, |tx| site::add(tx, &who, &draft, Sent::form(&form)).await);
            ids.push(added.unwrap().id);
        }
        assert_eq!(ids[0], ids[1]);
        let sites = db::read!(store.db, who.org, |tx| site::list(tx, who.org).await).unwrap();
        assert_eq!(sites.len(), 2);
        let again = db::write!(store.db, who.org, |tx| site::add(tx, &who, &draft, Sent::once()).await);
        assert!(matches!(again, Err(Problem::Invalid { .. })), "names are unique");
        let found = db::read!(store.db, who.org, |tx| site::find_by_name(tx, who.org, "ST ANNE'S").await);
        assert_eq!(found.unwrap().unwrap().id, ids[0]);
    }

    async fn a_sites_manager_manages_that_site_only(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let other = made::site(&store, &boss, "Lakeside").await;
        let here = Scope::Site(house.site);
        let who = made::acting(&store, &boss, "m@n.example", Role::Manager, here).await;
        let add = async |site, name: &str| {
            let draft =
                place::Draft { parent: None, kind: PlaceKind::Building, name: name.into(), code: String::new() };
            db::write!(store.db, who.org, |tx| place::add(tx, &who, site, &draft, Sent::once()).await)
        };
        assert!(add(house.site, "A").await.is_ok());
        assert!(matches!(add(other.id, "A").await, Err(Problem::Forbidden { .. })));
        let draft = site::Draft { name: "X".into(), ..Default::default() };
        let added = db::write!(store.db, who.org, |tx| site::add(tx, &who, &draft, Sent::once()).await);
        assert!(matches!(added, Err(Problem::Forbidden { .. })));
        let seen = db::read!(store.db, who.org, |tx| site::seen_by(tx, &who).await).unwrap();
        assert_eq!(seen.len(), 1);
    }

    async fn every_statement_is_understood_and_walled(store: Store) {
        let free = ["AT_HOST", "LIST", "COUNT"];
        for (name, sql) in identity::SCHEMA.statements.iter().flat_map(|noun| noun.iter()) {
            db::read!(store.db, store.org, |tx| tx.prepare(sql.clone()).await).unwrap();
            let walled = sql.text().contains("org_id = $1") || sql.text().contains("(org_id, ");
            assert!(walled || free.contains(name), "{name}: {}", sql.text());
        }
    }

    async fn an_organisation_made_elsewhere_is_kept_whole(store: Store) {
        let who = store.anyone();
        let org = Org {
            id: store.org,
            version: 1,
            name: "Demo".into(),
            base_url: None,
            host: None,
            time_zone: "UTC".into(),
            currency: "USD".parse().unwrap(),
            demo: true,
        };
        db::write!(store.db, who.org, |tx| org::keep(tx, &who, &org).await).unwrap();
        let read = db::read!(store.db, who.org, |tx| org::get(tx, who.org).await).unwrap();
        assert_eq!(read, org);
    }
}
