//! Places and departments moved, closed and opened again: by the rules, by the rights, and on their pages.

use http::StatusCode;
use identity::{
    Sent,
    department::{self, Department, DepartmentKind},
    place::{self, Place, PlaceId, PlaceKind},
};
use kernel::{Actor, DepartmentId, Problem, Role, Scope, SiteId};
use testkit::Store;

use crate::{
    ROOMS,
    made::{self, get, post, sign_in, site_of},
};

/// Which fields a refusal names.
fn fields<T: std::fmt::Debug>(refused: Result<T, Problem>) -> Vec<String> {
    match refused {
        Err(Problem::Invalid { fields }) => fields.iter().map(|f| f.field.to_string()).collect(),
        other => panic!("not refused for a field: {other:?}"),
    }
}

async fn room(store: &Store, who: &Actor, site: SiteId, way: [&str; 3]) -> PlaceId {
    let [building, floor, room] = way.map(|name| Some(name).filter(|name| !name.is_empty()));
    db::write!(store.db, who.org, |tx| place::find_or_add(tx, who, site, building, floor, room).await)
        .unwrap()
        .unwrap()
}

async fn unit(store: &Store, who: &Actor, site: SiteId, name: &str, unit: Option<&str>) -> DepartmentId {
    db::write!(store.db, who.org, |tx| department::find_or_add(tx, who, site, name, unit, None).await)
        .unwrap()
}

async fn here(store: &Store, who: &Actor, id: PlaceId) -> Place {
    db::read!(store.db, who.org, |tx| place::get(tx, who.org, id).await).unwrap()
}

async fn owner(store: &Store, who: &Actor, id: DepartmentId) -> Department {
    db::read!(store.db, who.org, |tx| department::get(tx, who.org, id).await).unwrap()
}

/// Moves a place as it stands now.
async fn move_place(store: &Store, who: &Actor, id: PlaceId, to: Option<PlaceId>) -> Result<Place, Problem> {
    let version = here(store, who, id).await.version;
    let why = Some("Rebuilt".to_owned());
    db::write!(store.db, who.org, |tx| {
        place::move_to(tx, who, id, version, (to, why.clone()), Sent::once()).await
    })
}

async fn close_place(store: &Store, who: &Actor, id: PlaceId, why: &str) -> Result<Place, Problem> {
    let version = here(store, who, id).await.version;
    db::write!(store.db, who.org, |tx| place::close(tx, who, id, version, (why, None), Sent::once()).await)
}

async fn reopen_place(store: &Store, who: &Actor, id: PlaceId) -> Result<Place, Problem> {
    let version = here(store, who, id).await.version;
    db::write!(store.db, who.org, |tx| place::reopen(tx, who, id, version, Sent::once()).await)
}

async fn move_unit(
    store: &Store,
    who: &Actor,
    id: DepartmentId,
    to: Option<DepartmentId>,
) -> Result<Department, Problem> {
    let version = owner(store, who, id).await.version;
    db::write!(store.db, who.org, |tx| {
        department::move_to(tx, who, id, version, (to, None), Sent::once()).await
    })
}

async fn close_unit(store: &Store, who: &Actor, id: DepartmentId) -> Result<Department, Problem> {
    let version = owner(store, who, id).await.version;
    let why = ("Merged", None);
    db::write!(store.db, who.org, |tx| department::close(tx, who, id, version, why, Sent::once()).await)
}

async fn actions(store: &Store, who: &Actor, entity: &str, id: uuid::Uuid) -> Vec<(String, Option<String>)> {
    let life = db::read!(store.db, who.org, |tx| db::gate::life(tx, who.org, entity, id, i64::MAX, 20).await);
    life.unwrap().into_iter().rev().map(|event| (event.action, event.reason)).collect()
}

testkit::engine_tests! {
    rooms: ROOMS;

    async fn a_place_moves_with_what_is_in_it_and_never_into_itself(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let bay = room(&store, &who, house.site, ["West", "3", "Bay 4"]).await;
        let east = room(&store, &who, house.site, ["East", "", ""]).await;
        let floor = here(&store, &who, bay).await.parent.unwrap();
        let west = here(&store, &who, floor).await.parent.unwrap();
        let moved = move_place(&store, &who, floor, Some(east)).await.unwrap();
        assert_eq!((moved.parent, moved.version), (Some(east), 2));
        let way = db::read!(store.db, who.org, |tx| place::path(tx, who.org, bay).await).unwrap();
        assert_eq!(way.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["East", "3", "Bay 4"]);

        let parent = vec!["place_parent"];
        assert_eq!(fields(move_place(&store, &who, floor, Some(east)).await), parent, "it stands there already");
        assert_eq!(fields(move_place(&store, &who, floor, Some(floor)).await), parent, "in itself");
        assert_eq!(fields(move_place(&store, &who, floor, Some(bay)).await), parent, "in what it holds");
        assert_eq!(fields(move_place(&store, &who, floor, None).await), parent, "a floor needs a building");
        assert_eq!(fields(move_place(&store, &who, west, Some(east)).await), parent, "a building in a building");
        assert_eq!(fields(move_place(&store, &who, bay, Some(PlaceId::new())).await), parent, "no such place");
        let other = made::site(&store, &who, "Lakeside").await;
        let away = room(&store, &who, other.id, ["North", "", ""]).await;
        assert_eq!(fields(move_place(&store, &who, floor, Some(away)).await), parent, "another site");
        let twin = room(&store, &who, house.site, ["West", "3", "Bay 4"]).await;
        let west_3 = here(&store, &who, twin).await.parent.unwrap();
        assert_eq!(fields(move_place(&store, &who, west_3, Some(east)).await), ["place_name"], "the name is taken there");

        assert_eq!(move_place(&store, &who, bay, None).await.unwrap().parent, None, "a room may stand alone");
        let stale = db::write!(store.db, who.org, |tx| {
            place::move_to(tx, &who, bay, 1, (Some(east), None), Sent::once()).await
        });
        assert!(matches!(stale, Err(Problem::Stale { current: 2 })));
        let life = actions(&store, &who, "place", bay.uuid()).await;
        assert_eq!(life[1], ("identity.place.move".to_owned(), Some("Rebuilt".to_owned())));
    }

    async fn a_place_is_closed_when_nothing_is_in_it_and_opened_again(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let bay = room(&store, &who, house.site, ["West", "3", "Bay 4"]).await;
        let floor = here(&store, &who, bay).await.parent.unwrap();
        assert_eq!(fields(close_place(&store, &who, floor, "Pulled down").await), ["close"], "a room is in it");
        assert_eq!(fields(close_place(&store, &who, floor, " ").await), ["reason", "close"]);
        let closed = close_place(&store, &who, bay, "Pulled down").await.unwrap();
        assert_eq!(closed.closed_at, Some(who.at));
        assert_eq!(fields(close_place(&store, &who, bay, "Again").await), ["close"]);
        assert_eq!(fields(move_place(&store, &who, bay, None).await), ["place_parent"], "closed places stay");
        close_place(&store, &who, floor, "Empty now").await.unwrap();
        assert_eq!(fields(reopen_place(&store, &who, bay).await), ["place_parent"], "its floor is closed");
        let draft = place::Draft {
            parent: Some(floor), kind: PlaceKind::Room, name: "Bay 5".into(), code: String::new(),
        };
        let added = db::write!(store.db, who.org, |tx| {
            place::add(tx, &who, house.site, &draft, Sent::once()).await
        });
        assert_eq!(fields(added), ["place_parent"]);
        reopen_place(&store, &who, floor).await.unwrap();
        assert_eq!(reopen_place(&store, &who, bay).await.unwrap().closed_at, None);
        assert_eq!(fields(reopen_place(&store, &who, bay).await), ["place_name"], "it is open");
        close_place(&store, &who, bay, "Pulled down after all").await.unwrap();
        assert_eq!(room(&store, &who, house.site, ["West", "3", "Bay 4"]).await, bay);
        assert_eq!(here(&store, &who, bay).await.closed_at, None, "a list that names it opens it");
        let life = actions(&store, &who, "place", bay.uuid()).await;
        let verbs: Vec<&str> = life.iter().map(|(a, _)| a.rsplit('.').next().unwrap()).collect();
        assert_eq!(verbs, ["add", "close", "reopen", "close", "reopen"]);
        assert_eq!(life[1].1.as_deref(), Some("Pulled down"));
    }

    async fn units_move_between_departments_and_become_departments(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let bay = unit(&store, &who, house.site, "ICU", Some("Bay A")).await;
        let icu = owner(&store, &who, bay).await.parent.unwrap();
        let ed = unit(&store, &who, house.site, "ED", None).await;
        assert_eq!(move_unit(&store, &who, bay, Some(ed)).await.unwrap().parent, Some(ed));
        let parent = vec!["department_parent"];
        assert_eq!(fields(move_unit(&store, &who, ed, Some(icu)).await), parent, "it has a unit of its own");
        assert_eq!(fields(move_unit(&store, &who, icu, Some(bay)).await), parent, "nothing stands under a unit");
        let alone = move_unit(&store, &who, bay, None).await.unwrap();
        assert_eq!((alone.parent, alone.kind), (None, DepartmentKind::Department));
        let below = move_unit(&store, &who, ed, Some(icu)).await.unwrap();
        assert_eq!((below.parent, below.kind), (Some(icu), DepartmentKind::Unit));
        assert_eq!(fields(close_unit(&store, &who, icu).await), ["close"], "a unit is in it");
        made::person(&store, &who, "h@n.example", Role::Technician, Scope::Department(ed)).await;
        assert_eq!(fields(close_unit(&store, &who, ed).await), ["close"], "a role holds there");
        assert!(close_unit(&store, &who, bay).await.unwrap().closed_at.is_some());
        assert_eq!(fields(move_unit(&store, &who, ed, Some(bay)).await), parent, "closed");
        let found = unit(&store, &who, house.site, "Bay A", None).await;
        assert_eq!(found, bay);
        assert_eq!(owner(&store, &who, bay).await.closed_at, None, "a list that names it opens it");
    }

    async fn a_departments_manager_shapes_what_is_theirs(store: Store) {
        let house = made::house(&store).await;
        let boss = made::actor(&store, house.org, house.person).await;
        let bay = unit(&store, &boss, house.site, "ICU", Some("Bay A")).await;
        let icu = owner(&store, &boss, bay).await.parent.unwrap();
        let ed = unit(&store, &boss, house.site, "ED", None).await;
        let hall = room(&store, &boss, house.site, ["West", "", ""]).await;
        let who = made::acting(&store, &boss, "m@n.example", Role::Manager, Scope::Department(icu)).await;
        for to in [Some(ed), None] {
            let refused = move_unit(&store, &who, bay, to).await;
            assert!(matches!(refused, Err(Problem::Forbidden { .. })), "out of their reach: {refused:?}");
        }
        assert!(matches!(close_unit(&store, &who, ed).await, Err(Problem::Forbidden { .. })));
        assert!(matches!(close_place(&store, &who, hall, "No").await, Err(Problem::Forbidden { .. })));
        assert!(close_unit(&store, &who, bay).await.is_ok());

        let site = site_of(&store);
        let cookie = sign_in(&site, "m@n.example").await;
        let path = format!("/sites/{}/departments/{icu}", house.site);
        let page = get(&site, &path, &cookie).await.text;
        assert!(page.contains("Add a unit") && page.contains("?do=move"), "{page}");
        let form = get(&site, &format!("{path}?do=inside"), &cookie).await.text;
        assert!(form.contains("/inside\"") && form.contains("name=\"department_name\""));
        let blank = post(&site, &format!("{path}/inside"), &cookie, &[("department_name", " "), ("cost_centre", "4711")]).await;
        assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(blank.text.contains("name is missing") && blank.text.contains("value=\"4711\""), "what was typed is kept");
        let done = post(&site, &format!("{path}/inside"), &cookie, &[("department_name", "Bay B")]).await;
        assert_eq!((done.status, done.to.as_str()), (StatusCode::SEE_OTHER, path.as_str()));
        assert!(get(&site, &path, &cookie).await.text.contains("Bay B"));
        let away = post(&site, &format!("/sites/{}/departments/{ed}/inside", house.site), &cookie, &[("department_name", "X")]).await;
        assert_eq!(away.status, StatusCode::FORBIDDEN);
        let moves = get(&site, &format!("{path}?do=move"), &cookie).await.text;
        assert!(moves.contains("nowhere else"), "a department of a site stays under it");
    }

    async fn the_page_of_a_place_moves_closes_and_reopens_it(store: Store) {
        let house = made::house(&store).await;
        let who = made::actor(&store, house.org, house.person).await;
        let bay = room(&store, &who, house.site, ["West", "3", "Bay 4"]).await;
        let east = room(&store, &who, house.site, ["East, annex", "", ""]).await;
        let floor = here(&store, &who, bay).await.parent.unwrap();
        let site = site_of(&store);
        let cookie = sign_in(&site, made::BOSS).await;
        let path = |id: PlaceId| format!("/sites/{}/places/{id}", house.site);
        let form = get(&site, &format!("{}?do=move", path(floor)), &cookie).await.text;
        assert!(form.contains(">East, annex</option>") && !form.contains(">West</option>"), "{form}");
        let to = east.to_string();
        let fields = [("version", "1"), ("place_parent", to.as_str()), ("reason", "Rebuilt")];
        let done = post(&site, &format!("{}/move", path(floor)), &cookie, &fields).await;
        assert_eq!(done.to, path(floor), "{}", done.text);
        let page = get(&site, &path(floor), &cookie).await.text;
        assert!(page.contains("3 is a floor of East, annex, Main campus."), "{page}");
        assert!(page.contains("Moved") && page.contains("Rebuilt") && page.contains(">West<"), "its history says from where");
        let refused = get(&site, &format!("{}?do=close", path(floor)), &cookie).await.text;
        assert!(refused.contains("3 still holds 1 place."), "{refused}");
        assert!(!refused.contains("/close\""), "no form that could only be refused");
        let form = get(&site, &format!("{}?do=close", path(bay)), &cookie).await.text;
        assert!(form.contains("/close\""));
        let blank = post(&site, &format!("{}/close", path(bay)), &cookie, &[("version", "1")]).await;
        assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(blank.text.contains("The reason is missing."));
        let done = post(&site, &format!("{}/close", path(bay)), &cookie, &[("version", "1"), ("reason", "Flooded")]).await;
        assert_eq!(done.to, path(bay));
        let page = get(&site, &path(bay), &cookie).await.text;
        assert!(page.contains("closed since") && page.contains("Flooded") && page.contains("Reopen place"));
        let tree = get(&site, &format!("/sites/{}", house.site), &cookie).await.text;
        assert!(tree.contains("Closed"));
        let done = post(&site, &format!("{}/reopen", path(bay)), &cookie, &[("version", "2")]).await;
        assert_eq!(done.to, path(bay), "{}", done.text);
        assert_eq!(here(&store, &who, bay).await.closed_at, None);
    }
}
