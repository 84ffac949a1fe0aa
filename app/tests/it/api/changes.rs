//! The feed of changes: nothing is missed, and nothing is told to whom it does not concern.

use baton::rooms;
use db::Db;
use http::StatusCode;
use kernel::Role;
use serde_json::{Value, json};

use super::Told;
use crate::{
    hospital::{Held, Hospital, Stands, set_up_at, system},
    program::{Server, baton, call, sqlite},
};

async fn feed(h: &Hospital, token: &str, after: &str) -> Value {
    let told =
        Told::of(h.call("GET", &format!("/api/v1/changes?limit=7{after}"), Some(token), &[], "").await).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    told.json()
}

/// All changes a token sees from a place on, and where to go on.
async fn all(h: &Hospital, token: &str, from: Option<String>) -> (Vec<Value>, String) {
    let (mut items, mut next) = (Vec::new(), from.unwrap_or_default());
    loop {
        let after = if next.is_empty() { String::new() } else { format!("&after={next}") };
        let page = feed(h, token, &after).await;
        items.extend(page["items"].as_array().unwrap().clone());
        page["next"].as_str().unwrap().clone_into(&mut next);
        if page["more"] == false {
            return (items, next);
        }
    }
}

#[tokio::test]
async fn a_reader_goes_on_from_where_it_stopped() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let token = &h.tokens[&(Role::Manager, Held::Everywhere)];
        let (before, next) = all(&h, token, None).await;
        assert!(before.len() > 20, "{}", before.len());
        let latest = feed(&h, token, "&after=latest").await;
        assert_eq!(
            (latest["next"].as_str(), latest["items"].as_array().map(Vec::len)),
            (Some(next.as_str()), Some(0))
        );
        let path = format!("/api/v1/devices/{}", h.records[&Stands::Home].device);
        let change = r#"{"notes":"Seen by the feed."}"#;
        let done = Told::of(h.call("PATCH", &path, Some(token), &[("if-match", "*")], change).await).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        // An id is made within a millisecond, and only full ones are told.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let (after, end) = all(&h, token, Some(next)).await;
        let told: Vec<_> = after.iter().map(|v| (&v["action"], &v["record"]["notes"])).collect();
        assert_eq!(told, [(&json!("fleet.device.edit"), &json!("Seen by the feed."))]);
        assert_eq!(all(&h, token, Some(end)).await.0.len(), 0);
        h.finish().await;
    }
}

#[tokio::test]
async fn a_place_to_come_and_a_kind_that_is_none_are_refused() {
    let h = Hospital::new().await;
    let token = &h.tokens[&(Role::Manager, Held::Everywhere)];
    let read = async |query: &str| {
        Told::of(h.call("GET", &format!("/api/v1/changes?{query}"), Some(token), &[], "").await).await
    };
    let never = "f".repeat(32);
    let soon = kernel::Id::<()>::seeded(kernel::Instant::machine_now().plus_seconds(120), [0; 10]);
    for (query, name) in [
        (format!("after={never}"), "after"),
        (format!("after={soon}"), "after"),
        ("entity=nope".to_owned(), "entity"),
        ("entity=device&entity=devices".to_owned(), "entity"),
        ("after=latest&entity=nope".to_owned(), "entity"),
    ] {
        let told = read(&query).await;
        assert_eq!(
            (told.status.as_u16(), &told.json()["errors"][0]["parameter"]),
            (422, &json!(name)),
            "{query}"
        );
    }
    assert!(read("entity=nope").await.text.contains("Kinds are: "));
    assert_eq!(read("entity=device&entity=model").await.status, StatusCode::OK);
    h.finish().await;
}

#[tokio::test]
async fn each_is_told_what_they_may_read() {
    let h = Hospital::new().await;
    for ((role, held), token) in &h.tokens {
        let (items, _) = all(&h, token, None).await;
        let of = |kind: &str| items.iter().filter(|v| v["entity"] == kind).count();
        let reads_history = matches!(
            role,
            Role::Technician | Role::Lead | Role::Manager | Role::SecurityAnalyst | Role::Auditor
        );
        let within = h.records.keys().filter(|s| s.within(*held)).count();
        assert_eq!(of("device"), if reads_history { within } else { 0 }, "{role} {held:?}");
        assert_eq!(of("model") > 0, *role != Role::Requester, "{role} {held:?}");
        let sees_people = matches!(role, Role::Lead | Role::Manager | Role::Administrator | Role::Auditor);
        assert_eq!(of("person") > 0, sees_people, "{role} {held:?}");
        let rules = *role == Role::Administrator && *held == Held::Everywhere;
        assert_eq!(of("org") > 0, rules, "{role} {held:?}");
        assert!(items.iter().all(|v| !v.to_string().contains("password_mark")));
        assert!(items.iter().all(|v| !v.to_string().contains("Elsewhere")), "{role} {held:?}");
    }
    h.finish().await;
}

#[tokio::test]
async fn what_leaves_ones_sight_is_told_without_where_it_went() {
    let h = Hospital::new().await;
    let (here, there) = (h.records[&Stands::Home].clone(), h.records[&Stands::OtherSite].clone());
    let mover = &h.tokens[&(Role::Manager, Held::Everywhere)];
    let watcher = &h.tokens[&(Role::Manager, Held::OneSite)];
    let (_, from) = all(&h, watcher, None).await;
    let to =
        json!({"site": there.site, "place": there.place, "department": there.department, "reason": "Lent"});
    let path = format!("/api/v1/devices/{}/move", here.device);
    let done =
        Told::of(h.call("POST", &path, Some(mover), &[("if-match", "*")], &to.to_string()).await).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let (items, _) = all(&h, watcher, Some(from)).await;
    assert_eq!(items.len(), 1);
    assert_eq!((&items[0]["entity_id"], &items[0]["record"]), (&json!(here.device), &Value::Null));
    assert!(!items[0].to_string().contains(&there.site.to_string()), "{}", items[0]);
    h.finish().await;
}

/// Whoever follows the feed stands at the last change; one with an id before it would never be told.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_put_back_while_the_server_was_down_loses_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let (org, cookie) = set_up_at(&url).await;
    let made = call(&[
        "token",
        "create",
        "--service",
        "Follower",
        "--role",
        "manager",
        "--name",
        "Feed",
        "--json",
        "--database",
        &url,
    ]);
    let token = made.json()["token"].as_str().unwrap().to_owned();
    // The last change before was made by a clock three hours ahead.
    let ahead = kernel::Instant::machine_now().plus_seconds(3 * 3600);
    let db = Db::open(&url, &rooms::schemas()).await.unwrap();
    let who = kernel::Actor { at: ahead, ..system(org) };
    let id: uuid::Uuid = kernel::Id::<()>::new().uuid();
    let change = kernel::Change {
        action: "identity.site.add",
        entity: "site",
        id,
        version: 1,
        before: None,
        after: json!({ "id": id, "name": "Ahead" }),
        valid_at: None,
        reason: None,
    };
    let seeded = db::gate::Seeded::new(&who, &change, kernel::Id::seeded(ahead, [7; 10]));
    db::write!(db, org, |tx| tx.record_seeded(std::slice::from_ref(&seeded)).await).unwrap();
    db.close().await;
    drop(db);
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let read = |after: &str| {
        let said = server.say(&format!(
            "GET /api/v1/changes?after={after} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        ));
        assert_eq!(said.status, 200, "{}", said.body);
        serde_json::from_str::<Value>(&said.body).unwrap()
    };
    let stands = read("latest")["next"].as_str().unwrap().to_owned();
    assert_eq!(stands, kernel::Id::<()>::seeded(ahead, [7; 10]).uuid().simple().to_string());
    let form = format!("command={}&site_name=Meanwhile&time_zone=UTC&currency=USD", kernel::Id::<()>::new());
    assert_eq!(server.ask("/sites/new", &cookie, Some(&form)).status, 303);
    let told = read(&stands);
    let names: Vec<&Value> = told["items"].as_array().unwrap().iter().map(|v| &v["record"]["name"]).collect();
    assert!(names.contains(&&json!("Meanwhile")), "{told}");
}
