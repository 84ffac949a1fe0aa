//! One change of many devices by the API: tried, made, looked at, undone.

use kernel::{Clock, Role};
use serde_json::{Value, json};
use testkit::TEST_NOW;

use super::Told;
use crate::hospital::{Held, Hospital};

async fn ask(h: &Hospital, who: (Role, Held), method: &str, path: &str, body: &Value) -> Told {
    let token = &h.tokens[&who];
    let text = if method == "GET" { String::new() } else { body.to_string() };
    let headers: &[(&str, &str)] = if path.ends_with("/undo") { &[("if-match", "*")] } else { &[] };
    let told = Told::of(h.call(method, path, Some(token), headers, &text).await).await;
    super::contract::agrees(method, path, &told);
    told
}

/// What the job does.
async fn carry_on(h: &Hospital, made: &Told) {
    let id = made.json()["id"].as_str().unwrap().parse().unwrap();
    fleet::act::work::drive(&h.db, &Clock::hand(TEST_NOW), h.org, id).await.unwrap();
}

const LEAD: (Role, Held) = (Role::Manager, Held::Everywhere);

#[tokio::test]
async fn many_devices_are_changed_and_given_back() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let notes = async |h: &Hospital| {
            let told = ask(h, LEAD, "GET", "/api/v1/devices?q=state:received", &Value::Null).await.json();
            let items = told["items"].as_array().unwrap().clone();
            items.iter().map(|d| d["notes"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
        };
        let before = notes(&h).await;
        assert!(before.len() > 1);
        let asked = json!({
            "q": "state:received", "reason": "Budget 2027", "change": {"notes": {"set": "counted"}}
        });
        let tried = ask(&h, LEAD, "POST", "/api/v1/acts/try", &asked).await;
        assert_eq!(tried.status, 200, "{}", tried.text);
        assert_eq!(tried.json()["counts"]["changed"], before.len());
        assert_eq!(notes(&h).await, before, "trying saves nothing");

        let made = ask(&h, LEAD, "POST", "/api/v1/acts", &asked).await;
        assert_eq!((made.status.as_u16(), &made.json()["state"]), (202, &json!("running")), "{}", made.text);
        carry_on(&h, &made).await;
        assert!(notes(&h).await.iter().all(|note| note == "counted"));
        let path = format!("/api/v1/acts/{}", made.json()["id"].as_str().unwrap());
        let act = ask(&h, LEAD, "GET", &path, &Value::Null).await;
        assert_eq!(
            (&act.json()["state"], &act.json()["counts"]["changed"]),
            (&json!("done"), &json!(before.len()))
        );
        let items = ask(&h, LEAD, "GET", &format!("{path}/devices?limit=2"), &Value::Null).await.json();
        assert_eq!(items["items"][0]["outcome"], "changed");
        assert!(items["next"].is_string());
        let all = ask(&h, LEAD, "GET", "/api/v1/acts", &Value::Null).await.json();
        assert_eq!(all["items"][0]["id"], made.json()["id"]);

        let undone = ask(&h, LEAD, "POST", &format!("{path}/undo"), &Value::Null).await;
        assert_eq!(
            (undone.status.as_u16(), &undone.json()["state"]),
            (202, &json!("undoing")),
            "{}",
            undone.text
        );
        carry_on(&h, &made).await;
        assert_eq!(notes(&h).await, before);
        let again = ask(&h, LEAD, "POST", &format!("{path}/undo"), &Value::Null).await;
        assert_eq!((again.status.as_u16(), &again.json()["code"]), (409, &json!("fleet.act.state")));
        h.finish().await;
    }
}

#[tokio::test]
async fn what_cannot_be_changed_at_once_is_refused_in_words() {
    let h = Hospital::new().await;
    let set = json!({"notes": {"set": "x"}});
    for (asked, field) in [
        (json!({"reason": "r", "change": set}), "devices"),
        (json!({"q": "", "devices": [kernel::Id::<()>::new()], "reason": "r", "change": set}), "devices"),
        (json!({"q": "sirial:5", "reason": "r", "change": set}), "q"),
        (json!({"q": "nothing-like-it", "reason": "r", "change": set}), "device"),
        (json!({"q": "", "reason": " ", "change": set}), "reason"),
        (json!({"q": "", "reason": "r", "change": {}}), "form"),
    ] {
        let told = ask(&h, LEAD, "POST", "/api/v1/acts", &asked).await;
        assert_eq!(told.status, 422, "{asked}: {}", told.text);
        let errors = told.json()["errors"].to_string();
        assert!(errors.contains(field), "{asked}: {errors}");
    }
    let typed = json!({"q": "", "reason": "r", "change": {"colour": {"set": "red"}}});
    assert_eq!(ask(&h, LEAD, "POST", "/api/v1/acts", &typed).await.status, 422);
    h.finish().await;
}
