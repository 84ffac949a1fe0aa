//! Problems, versions, keys, pages, limits.

use axum::{Router, body::Body};
use baton::{config::Config, front, rooms};
use db::scratch::Scratch;
use http::{Request, StatusCode, header};
use kernel::{Clock, Role};
use serde_json::{Value, json};
use testkit::TEST_NOW;
use tower::ServiceExt as _;

use super::{Told, document};
use crate::hospital::{Held, Hospital, Stands, an_organisation};

async fn ask(h: &Hospital, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Told {
    let token = &h.tokens[&(Role::Manager, Held::Everywhere)];
    let told = Told::of(h.call(method, path, Some(token), headers, body).await).await;
    super::contract::agrees(method, path, &told);
    told
}

fn device(h: &Hospital) -> String {
    format!("/api/v1/devices/{}", h.records[&Stands::Home].device)
}

/// Every problem is told in the words of RFC 9457.
fn is_problem(told: &Told, status: u16, code: &str) {
    assert_eq!(
        (told.status.as_u16(), told.header("content-type")),
        (status, "application/problem+json"),
        "{}",
        told.text
    );
    let problem = told.json();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
    for field in ["type", "title", "detail", "request_id"] {
        assert!(problem[field].as_str().is_some_and(|t| !t.is_empty()), "{field}: {problem}");
    }
    assert_eq!(told.header("x-request-id"), problem["request_id"]);
}

#[test]
fn the_document_is_the_one_that_is_kept() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("BATON_REWRITE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "docs/openapi.json is not what is served; write it anew with BATON_REWRITE=1");
}

#[tokio::test]
async fn whatever_goes_wrong_is_a_problem() {
    let h = Hospital::new().await;
    is_problem(&ask(&h, "GET", "/api/v1/nothing", &[], "").await, 404, "not_found");
    is_problem(&ask(&h, "GET", "/api/v2/devices", &[], "").await, 404, "not_found");
    let told = ask(&h, "DELETE", "/api/v1/devices", &[], "").await;
    is_problem(&told, 405, "request");
    assert!(told.header("allow").contains("POST"), "{:?}", told.headers);
    is_problem(&ask(&h, "GET", "/api/v1/devices/not-an-id", &[], "").await, 404, "not_found");
    is_problem(&ask(&h, "GET", "/api/v1/devices/by-tag/%00", &[], "").await, 404, "not_found");
    for query in
        ["limit=0", "limit=x", "stat=planned", "state=lost", "site=x", "after=x", "after=00.00", "q=%00"]
    {
        let told = ask(&h, "GET", &format!("/api/v1/devices?{query}"), &[], "").await;
        is_problem(&told, 422, "invalid");
        let name = query.split('=').next().unwrap();
        assert_eq!(told.json()["errors"][0]["parameter"], name, "{}", told.text);
    }
    is_problem(&ask(&h, "POST", "/api/v1/devices", &[], "{").await, 400, "malformed");
    is_problem(
        &ask(&h, "POST", "/api/v1/devices", &[("content-type", "text/plain")], "x").await,
        415,
        "media_type",
    );
    is_problem(
        &ask(&h, "POST", "/api/v1/devices", &[], &format!("\"{}\"", "x".repeat(300_000))).await,
        413,
        "too_large",
    );
    let told = ask(&h, "POST", "/api/v1/devices", &[], r#"{"tag":"A","model":5}"#).await;
    is_problem(&told, 422, "invalid");
    assert_eq!(told.json()["errors"][0]["pointer"], "/model");
    let told = ask(&h, "PATCH", &device(&h), &[("if-match", "*")], "{\"notes\":\"a\\u0000b\"}").await;
    is_problem(&told, 422, "invalid");
    assert_eq!(told.json()["errors"][0]["pointer"], "/notes");
    let none = Told::of(h.call("GET", "/api/v1/devices", None, &[], "").await).await;
    is_problem(&none, 401, "unauthenticated");
    assert!(none.header("www-authenticate").starts_with("Bearer"));
    // A session is no token, wherever the request says that it comes from.
    let session = h.session(h.people[&(Role::Manager, Held::Everywhere)]).await;
    let cookie = format!("baton={session}");
    let by_cookie = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    is_problem(
        &Told::of(h.call("GET", "/api/v1/devices", None, &by_cookie, "").await).await,
        401,
        "unauthenticated",
    );
    is_problem(
        &Told::of(h.call("GET", "/api/v1/devices", Some(&session), &[], "").await).await,
        401,
        "unauthenticated",
    );
    h.finish().await;
}

#[tokio::test]
async fn a_change_names_the_version_it_was_made_for() {
    let h = Hospital::new().await;
    let path = device(&h);
    let seen = ask(&h, "GET", &path, &[], "").await;
    let tag = seen.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", seen.json()["version"]));
    let change = r#"{"notes":"By the window."}"#;
    is_problem(&ask(&h, "PATCH", &path, &[], change).await, 428, "if_match");
    is_problem(&ask(&h, "PATCH", &path, &[("if-match", "1")], change).await, 400, "if_match");
    let done = ask(&h, "PATCH", &path, &[("if-match", &tag)], change).await;
    assert_eq!((done.status, done.json()["notes"].as_str()), (StatusCode::OK, Some("By the window.")));
    assert_ne!(done.header("etag"), tag);
    // What the request did not name stayed.
    assert_eq!((&done.json()["tag"], &done.json()["risk"]), (&seen.json()["tag"], &seen.json()["risk"]));
    let stale = ask(&h, "PATCH", &path, &[("if-match", &tag)], r#"{"notes":"Lost."}"#).await;
    is_problem(&stale, 412, "stale");
    assert_eq!(stale.header("etag"), done.header("etag"));
    let gone = ask(&h, "PATCH", &path, &[("if-match", "*")], r#"{"notes":null}"#).await;
    assert_eq!((gone.status, gone.json().get("notes")), (StatusCode::OK, None), "{}", gone.text);
    // The record says how it came in and by which program.
    let told = ask(&h, "GET", &format!("{path}/history?limit=1"), &[], "").await.json();
    let last = &told["items"][0];
    assert_eq!((&last["via"], &last["action"]), (&json!("api"), &json!("fleet.device.edit")));
    assert!(last["actor_name"].as_str().unwrap().ends_with("(token “Test”)"), "{last}");
    assert_eq!(last["changed"][0], json!({"field": "notes", "before": "By the window.", "after": null}));
    h.finish().await;
}

#[tokio::test]
async fn a_rule_that_refuses_says_what_would_satisfy_it() {
    let h = Hospital::new().await;
    let path = device(&h);
    let moves = ask(&h, "GET", &format!("{path}/moves"), &[], "").await.json();
    let to_inspection = moves.as_array().unwrap().iter().find(|m| m["to"] == "incoming_inspection").unwrap();
    assert_eq!(to_inspection["allowed"], true);
    let state = format!("{path}/state");
    let any = [("if-match", "*")];
    let refused = ask(&h, "POST", &state, &any, r#"{"to":"in_service"}"#).await;
    is_problem(&refused, 409, "fleet.device.transition");
    assert!(refused.json()["detail"].as_str().unwrap().contains("From here it can go to"));
    let done =
        ask(&h, "POST", &state, &any, r#"{"to":"incoming_inspection","at":"2026-10-13T12:00:00Z"}"#).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["state_since"], "2026-10-13T12:00:00Z");
    let evidence = r#"{"to":"in_service","evidence":{"inspection_passed":true,"inspected_by":"W-7"}}"#;
    let done = ask(&h, "POST", &state, &any, evidence).await;
    assert_eq!(
        (done.status, done.json()["may_be_used"].as_bool()),
        (StatusCode::OK, Some(true)),
        "{}",
        done.text
    );
    let hold = r#"{"reason":"Flow above limit","released_by":"Flow test"}"#;
    let held = ask(&h, "POST", &format!("{path}/hold"), &any, hold).await;
    assert_eq!(held.json()["may_be_used"], false, "{}", held.text);
    let wrong = r#"{"test":"Another test","passed":true,"result":"fine"}"#;
    is_problem(
        &ask(&h, "POST", &format!("{path}/lift-hold"), &any, wrong).await,
        409,
        "fleet.device.hold_test",
    );
    let right = r#"{"test":"flow test","passed":true,"result":"102 ml/h"}"#;
    let free = ask(&h, "POST", &format!("{path}/lift-hold"), &any, right).await;
    assert_eq!(free.json()["may_be_used"], true, "{}", free.text);
    h.finish().await;
}

fn new_device(h: &Hospital, tag: &str) -> String {
    let home = &h.records[&Stands::Home];
    let evidence = json!({"purchase_order": "PO-7 line 2"});
    json!({
        "tag": tag, "serial_less": true, "model": home.model, "site": home.site, "department": home.department,
        "evidence": evidence,
    })
    .to_string()
}

#[tokio::test]
async fn a_request_with_a_key_is_carried_out_once() {
    let h = Hospital::new().await;
    let key = [("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324")];
    let body = new_device(&h, "K-1");
    let first = ask(&h, "POST", "/api/v1/devices", &key, &body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let address = first.header("location").to_owned();
    assert_eq!(address, format!("/api/v1/devices/{}", first.json()["id"].as_str().unwrap()));
    let again = ask(&h, "POST", "/api/v1/devices", &key, &body).await;
    assert_eq!(
        (again.status, again.json(), again.header("location")),
        (first.status, first.json(), address.as_str())
    );
    assert_eq!(again.header("etag"), first.header("etag"));
    // The same key for anything else is refused, and nothing is done.
    is_problem(
        &ask(&h, "POST", "/api/v1/devices", &key, &new_device(&h, "K-2")).await,
        422,
        "command.reused",
    );
    let move_it = [("if-match", "*"), key[0]];
    is_problem(
        &ask(&h, "POST", &format!("{address}/hold"), &move_it, r#"{"reason":"x","released_by":"y"}"#).await,
        422,
        "command.reused",
    );
    is_problem(&ask(&h, "GET", "/api/v1/devices/by-tag/K-2", &[], "").await, 404, "not_found");
    // Another token's keys are its own.
    let lead = &h.tokens[&(Role::Lead, Held::Everywhere)];
    let other =
        Told::of(h.call("POST", "/api/v1/devices", Some(lead), &key, &new_device(&h, "K-3")).await).await;
    assert_eq!(other.status, StatusCode::CREATED, "{}", other.text);
    // A refusal is not kept: what was wrong may be right the next time.
    let key = [("idempotency-key", "second")];
    is_problem(&ask(&h, "POST", "/api/v1/devices", &key, &new_device(&h, "K-1")).await, 422, "invalid");
    assert_eq!(
        ask(&h, "POST", "/api/v1/devices", &key, &new_device(&h, "K-4")).await.status,
        StatusCode::CREATED
    );
    h.finish().await;
}

#[tokio::test]
async fn a_secret_is_shown_once_however_often_it_is_asked_for() {
    let h = Hospital::new().await;
    let admin = &h.tokens[&(Role::Administrator, Held::Everywhere)];
    let key = [("idempotency-key", "one-person")];
    let body = json!({"name": "Ida Berg", "email": "ida@here.example", "role": "technician", "scope": {"kind": "org"}});
    let body = body.to_string();
    let first = Told::of(h.call("POST", "/api/v1/people", Some(admin), &key, &body).await).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    super::contract::agrees("POST", "/api/v1/people", &first);
    let password = first.json()["one_time_password"].as_str().unwrap().to_owned();
    assert!(!first.text.contains("password_mark"), "{}", first.text);
    let again = Told::of(h.call("POST", "/api/v1/people", Some(admin), &key, &body).await).await;
    assert_eq!((again.status, &again.json()["one_time_password"]), (StatusCode::CREATED, &Value::Null));
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert!(!again.text.contains(&password));
    h.finish().await;
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let h = Hospital::new().await;
    for n in 0..7 {
        let made = ask(&h, "POST", "/api/v1/devices", &[], &new_device(&h, &format!("P-{n}"))).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    }
    for list in [
        "/api/v1/devices?sort=since",
        "/api/v1/devices?state=received&q=helion",
        "/api/v1/models",
        "/api/v1/types",
        "/api/v1/makers",
        "/api/v1/sites",
        "/api/v1/people",
        "/api/v1/imports",
        "/api/v1/tokens",
    ] {
        let joint = if list.contains('?') { '&' } else { '?' };
        let who = if list.contains("people") || list.contains("tokens") {
            Role::Administrator
        } else {
            Role::Manager
        };
        let token = &h.tokens[&(who, Held::Everywhere)];
        let read = async |path: &str| Told::of(h.call("GET", path, Some(token), &[], "").await).await;
        let whole = read(&format!("{list}{joint}limit=200")).await.json();
        let whole: Vec<Value> = whole["items"].as_array().unwrap().clone();
        assert!(!whole.is_empty(), "{list}");
        let (mut path, mut seen) = (format!("{list}{joint}limit=2"), Vec::new());
        loop {
            let page = read(&path).await;
            let items = page.json()["items"].as_array().unwrap().clone();
            assert!(items.len() <= 2, "{path}");
            seen.extend(items);
            let link = page.header("link");
            assert_eq!(link.is_empty(), page.json()["next"].is_null(), "{path}");
            let Some(next) = link.strip_prefix('<').and_then(|l| l.split_once('>')) else { break };
            next.0.clone_into(&mut path);
        }
        assert_eq!(seen, whole, "{list}");
    }
    let counted = ask(&h, "GET", "/api/v1/devices?count=true&limit=1&q=helion", &[], "").await.json();
    assert_eq!((&counted["count"], counted["items"].as_array().unwrap().len()), (&json!(10), 1));
    h.finish().await;
}

#[tokio::test]
async fn a_place_in_one_list_is_none_in_another() {
    let h = Hospital::new().await;
    for n in 0..3 {
        ask(&h, "POST", "/api/v1/devices", &[], &new_device(&h, &format!("P-{n}"))).await;
    }
    let now = kernel::Instant::machine_now().plus_seconds(60);
    let then = format!("as_of={now}");
    let next = ask(&h, "GET", "/api/v1/devices?sort=since&limit=1", &[], "").await.json()["next"].clone();
    let next = next.as_str().unwrap();
    for other in [
        "devices?sort=tag",
        "devices?",
        "devices?sort=since&q=helion",
        "models?",
        "makers?",
        &format!("devices?sort=since&{then}"),
    ] {
        let told = ask(&h, "GET", &format!("/api/v1/{other}&limit=1&after={next}"), &[], "").await;
        is_problem(&told, 422, "invalid");
        let said = told.json();
        assert_eq!(said["errors"][0]["parameter"], "after", "{other}: {said}");
        assert!(said["detail"].as_str().unwrap().contains("Begin without"), "{said}");
    }
    let on = ask(&h, "GET", &format!("/api/v1/devices?limit=2&sort=since&after={next}"), &[], "").await;
    assert_eq!(on.status, StatusCode::OK, "its own, by other sizes of pages: {}", on.text);
    let life = format!("{}/history", device(&h));
    let version = ask(&h, "GET", &format!("{life}?limit=1"), &[], "").await.json()["next"].clone();
    if let Some(version) = version.as_str() {
        let told = ask(&h, "GET", &format!("{life}?limit=1&after={version}"), &[], "").await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    }
    h.finish().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_said_in_plain_words() {
    let h = Hospital::new().await;
    let told = ask(&h, "GET", "/api/v1/past/model/differences", &[], "").await;
    is_problem(&told, 422, "invalid");
    assert_eq!(told.json()["detail"], "“from” is missing. “to” is missing.");
    let between = "/api/v1/past/model/differences?from=2026-02-02T00:00:00Z&to=2026-01-01T00:00:00Z";
    let told = ask(&h, "GET", between, &[], "").await;
    is_problem(&told, 422, "invalid");
    assert_eq!(told.json()["errors"][0]["parameter"], "to", "{}", told.text);
    for (method, path, body) in [
        ("GET", "/api/v1/devices?state=lost".to_owned(), ""),
        ("GET", "/api/v1/devices?sort=down".to_owned(), ""),
        ("GET", "/api/v1/devices?as_of=yesterday".to_owned(), ""),
        ("GET", "/api/v1/devices?site=x".to_owned(), ""),
        ("POST", "/api/v1/devices".to_owned(), r#"{"tag":null}"#),
        ("POST", "/api/v1/devices".to_owned(), r#"{"tag":"A","model":5}"#),
        ("POST", "/api/v1/devices".to_owned(), r#"{"tag":"A","colour":"red"}"#),
        ("PATCH", device(&h), r#"{"risk":"Z"}"#),
        ("PATCH", device(&h), r#"{"acquired_on":"soon"}"#),
        ("PATCH", device(&h), r#"{"notes":["a"]}"#),
        ("PATCH", device(&h), r#"{"price":{"minor":"x","currency":"USD"}}"#),
    ] {
        let told = ask(&h, method, &path, &[("if-match", "*")], body).await;
        is_problem(&told, 422, "invalid");
        let said = told.json()["detail"].as_str().unwrap().to_owned();
        for word in ["expected", "variant", "invalid type", "unknown field", "struct", "UUID", "parse", "`"] {
            assert!(!said.contains(word), "{method} {path} {body}: {said}");
        }
    }
    h.finish().await;
}

#[tokio::test]
async fn a_device_is_read_as_it_was_known() {
    let h = Hospital::new().await;
    let path = device(&h);
    let before = ask(&h, "GET", &path, &[], "").await.json();
    ask(&h, "PATCH", &path, &[("if-match", "*")], r#"{"tag":"NEW-1","reason":"Sticker torn"}"#).await;
    // The clock of the tests stands still, so the last of both versions is the one known at that moment.
    let then = ask(&h, "GET", &format!("{path}/as-of?at={TEST_NOW}"), &[], "").await;
    assert_eq!((then.status, &then.json()["tag"]), (StatusCode::OK, &json!("NEW-1")), "{}", then.text);
    is_problem(
        &ask(&h, "GET", &format!("{path}/as-of?at=2001-01-01T00:00:00Z"), &[], "").await,
        404,
        "not_found",
    );
    is_problem(&ask(&h, "GET", &format!("{path}/as-of?at=yesterday"), &[], "").await, 422, "invalid");
    let former =
        ask(&h, "GET", &format!("/api/v1/devices/by-tag/{}", before["tag"].as_str().unwrap()), &[], "").await;
    assert_eq!(former.json()["tag"], "NEW-1", "the former tag leads to the device");
    h.finish().await;
}

#[tokio::test]
async fn a_list_goes_in_and_out_by_the_api() {
    let h = Hospital::new().await;
    let list = "tag,model,maker,type,site,department\nI-1,VP-3,Helion ICU,Infusion pump,Here General,ICU\nI-2,VP-3,Helion ICU,Infusion pump,Nowhere,ICU\n";
    let csv = [("content-type", "text/csv"), ("idempotency-key", "list")];
    let sent = ask(&h, "POST", "/api/v1/imports?file_name=list.csv", &csv, list).await;
    assert_eq!(
        (sent.status, &sent.json()["state"]),
        (StatusCode::CREATED, &json!("checking")),
        "{}",
        sent.text
    );
    let again = ask(&h, "POST", "/api/v1/imports?file_name=list.csv", &csv, list).await;
    assert_eq!(again.json()["id"], sent.json()["id"]);
    let path = sent.header("location").to_owned();
    let id = sent.json()["id"].as_str().unwrap().parse().unwrap();
    let on =
        async || fleet::import::drive(&h.db, &Clock::hand(TEST_NOW), h.org, id, |_, _| ()).await.unwrap();
    on().await;
    let checked = ask(&h, "GET", &path, &[], "").await;
    assert_eq!(checked.json()["counts"]["new"], 1, "{}", checked.text);
    assert_eq!(checked.json()["counts"]["refused"], 1);
    let rows = ask(&h, "GET", &format!("{path}/rows.csv"), &[], "").await;
    assert!(rows.text.contains("I-2") && !rows.text.contains("I-1"), "{}", rows.text);
    assert!(ask(&h, "GET", &format!("{path}/verdicts.csv"), &[], "").await.text.contains("I-1"));
    // Choices that do not fit the file are refused at their place; those that do are checked again.
    let tag = checked.header("etag").to_owned();
    let check = format!("{path}/check");
    let wrong = ask(&h, "POST", &check, &[("if-match", &tag)], r#"{"columns":{"colour":"notes"}}"#).await;
    is_problem(&wrong, 422, "invalid");
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/columns/colour");
    let site = h.records[&Stands::Home].site;
    let words = json!({"words": {"site": {"nowhere": site}}}).to_string();
    let right = ask(&h, "POST", &check, &[("if-match", &tag)], &words).await;
    assert_eq!(right.status, StatusCode::ACCEPTED, "{}", right.text);
    on().await;
    let checked = ask(&h, "GET", &path, &[], "").await;
    assert_eq!(checked.json()["counts"]["new"], 2, "{}", checked.text);
    is_problem(&ask(&h, "POST", &format!("{path}/run"), &[("if-match", &tag)], "").await, 412, "stale");
    let run = ask(&h, "POST", &format!("{path}/run"), &[("if-match", checked.header("etag"))], "").await;
    assert_eq!(run.status, StatusCode::ACCEPTED, "{}", run.text);
    on().await;
    assert!(ask(&h, "GET", "/api/v1/devices.csv?q=I-2", &[], "").await.text.contains("I-2"));
    let undo = ask(&h, "POST", &format!("{path}/undo"), &[("if-match", "*")], "").await;
    assert_eq!(undo.status, StatusCode::ACCEPTED, "{}", undo.text);
    on().await;
    is_problem(&ask(&h, "GET", "/api/v1/devices/by-tag/I-2", &[], "").await, 404, "not_found");
    h.finish().await;
}

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_when_to_go_on() {
    let scratch = Scratch::sqlite(&rooms::schemas()).await.unwrap();
    let db = scratch.db.clone();
    let config = Config { api_requests_a_minute: 3, ..Config::default() };
    let house = front::build(db.clone(), Clock::hand(TEST_NOW), &config, None);
    let made = an_organisation(&db, "here.example", "Here").await;
    let draft = identity::token::Draft {
        person: made.person,
        name: "Busy".into(),
        permits: None,
        scopes: None,
        days: 1,
    };
    let who = crate::hospital::system(made.org);
    let secret = db::write!(db, made.org, |tx| {
        identity::token::create(tx, &who, &draft, &[], identity::Sent::once()).await
    })
    .unwrap()
    .secret
    .unwrap();
    let ask = async |router: Router| {
        let request = Request::get("/api/v1/me").header(header::AUTHORIZATION, format!("bearer {secret}"));
        Told::of(router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await
    };
    for left in [2, 1, 0] {
        let told = ask(house.router.clone()).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        assert_eq!(told.header("ratelimit-policy"), "\"token\";q=3;w=60");
        assert!(
            told.header("ratelimit").starts_with(&format!("\"token\";r={left};t=")),
            "{:?}",
            told.headers
        );
    }
    let told = ask(house.router.clone()).await;
    is_problem(&told, 429, "limited_rate");
    assert!((1..=20).contains(&told.header("retry-after").parse::<u32>().unwrap()), "{:?}", told.headers);
    scratch.finish().await.unwrap();
}
