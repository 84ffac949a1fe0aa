//! Models, makers and views by the API, with the people and rights of a whole house.

use http::StatusCode;
use kernel::Role;
use serde_json::{Value, json};

use super::{Told, contract::agrees};
use crate::hospital::{Held, Hospital, Stands};

const LEAD: (Role, Held) = (Role::Lead, Held::Everywhere);
const TECHNICIAN: (Role, Held) = (Role::Technician, Held::Everywhere);

async fn ask(h: &Hospital, who: (Role, Held), (method, path): (&str, &str), body: &Value) -> Told {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [("if-match", "*"), ("content-type", "application/json")];
    let told = Told::of(h.call(method, path, Some(&h.tokens[&who]), &headers, &body).await).await;
    agrees(method, path, &told);
    told
}

/// The fields that a refusal names.
fn at(told: &Told) -> Vec<String> {
    let json = told.json();
    let errors = json["errors"].as_array().into_iter().flatten();
    errors.map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn what_is_known_of_a_model_is_changed_and_refused_by_its_place_in_the_body() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let path = format!("/api/v1/models/{}", h.records[&Stands::Home].model);
        let known = json!({
            "catalogue_number": "VP3-US",
            "identifiers": [
                {"di": "10614141000033", "agency": "GS1", "package": "case", "quantity": 20},
                {"di": "00614141000036", "agency": "GS1", "package": "each", "quantity": 1},
            ],
            "support_end": {"on": "2031-12-31", "source": "Letter", "learnt_on": "2026-01-02"},
            "own_risk": {"level": "LS", "reason": "Catecholamines"},
            "reason": "The letter came",
        });
        let changed = ask(&h, LEAD, ("PATCH", &path), &known).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
        let shown = changed.json();
        assert_eq!(
            [&shown["risk"], &shown["support_end"]["on"], &shown["identifiers"][0]["di"]],
            [&json!("LS"), &json!("2031-12-31"), &json!("00614141000036")]
        );
        // What is not named stays.
        let life = json!({"useful_life": {"years": 12, "source": "Own records"}});
        let shown = ask(&h, LEAD, ("PATCH", &path), &life).await.json();
        assert_eq!(
            [&shown["catalogue_number"], &shown["effective_life"]["years"]],
            [&json!("VP3-US"), &json!(12)]
        );
        let wrong = json!({
            "identifiers": [
                {"di": "00614141000036", "agency": "GS1", "package": "each", "quantity": 1},
                {"di": "10614141000034", "agency": "GS1", "package": "case", "quantity": 20},
            ],
            "support_end": {"on": "2031-12-31", "source": " ", "learnt_on": "2026-01-02"},
            "own_risk": {"level": "LS", "reason": ""},
        });
        let refused = ask(&h, LEAD, ("PATCH", &path), &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            at(&refused),
            ["/support_end/source", "/identifiers/1/di", "/own_risk/reason"],
            "{}",
            refused.text
        );
        let found =
            ask(&h, TECHNICIAN, ("GET", "/api/v1/models?q=10614141000033"), &Value::Null).await.json();
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
        h.finish().await;
    }
}

#[tokio::test]
async fn other_names_and_owners_of_a_maker_are_changed_and_refused_by_their_place_in_the_body() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let maker = h.records[&Stands::Home].company;
        let path = format!("/api/v1/makers/{maker}");
        let names = json!({"aliases": ["Helion Med GmbH"], "reason": "Letterhead"});
        let changed = ask(&h, LEAD, ("PATCH", &path), &names).await;
        assert_eq!((changed.status, &changed.json()["aliases"]), (StatusCode::OK, &names["aliases"]));
        let found = ask(&h, TECHNICIAN, ("GET", "/api/v1/makers?q=gmbh"), &Value::Null).await.json();
        assert_eq!(found["items"][0]["id"], json!(maker));
        let own = json!({"owners": [{"company": maker}]});
        assert_eq!(at(&ask(&h, LEAD, ("PATCH", &path), &own).await), ["/owners/0/company"]);
        let nobody = json!({"owners": [{"company": uuid::Uuid::now_v7(), "from": "2020-01-01"}]});
        assert_eq!(at(&ask(&h, LEAD, ("PATCH", &path), &nobody).await), ["/owners/0/company"]);
        h.finish().await;
    }
}

#[tokio::test]
async fn views_are_saved_listed_changed_shared_and_removed() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let names = |told: &Told| -> Vec<String> {
            let json = told.json();
            let items = json["items"].as_array().into_iter().flatten();
            items.map(|view| view["name"].as_str().unwrap_or_default().to_owned()).collect()
        };
        let all = ("GET", "/api/v1/views");
        let pumps = json!({"name": "Pumps", "query": "type:pump", "sort": "since"});
        let added = ask(&h, LEAD, ("POST", "/api/v1/views"), &pumps).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        let one = added.header("location").to_owned();
        assert_eq!(names(&ask(&h, LEAD, all, &Value::Null).await), ["Pumps"]);
        assert!(names(&ask(&h, TECHNICIAN, all, &Value::Null).await).is_empty());
        assert_eq!(ask(&h, TECHNICIAN, ("GET", &one), &Value::Null).await.status, StatusCode::NOT_FOUND);
        let wrong = json!({"query": "colour:red"});
        assert_eq!(at(&ask(&h, LEAD, ("PATCH", &one), &wrong).await), ["/query"]);
        let shared = ask(&h, LEAD, ("PATCH", &one), &json!({"shared": true})).await;
        assert_eq!((shared.status, &shared.json()["sort"]), (StatusCode::OK, &json!("since")));
        assert_eq!(names(&ask(&h, TECHNICIAN, all, &Value::Null).await), ["Pumps"]);
        let mine = json!({"name": "Mine"});
        assert_eq!(ask(&h, TECHNICIAN, ("PATCH", &one), &mine).await.status, StatusCode::FORBIDDEN);
        let remove = format!("{one}/remove");
        assert_eq!(ask(&h, LEAD, ("POST", &remove), &Value::Null).await.status, StatusCode::OK);
        assert!(names(&ask(&h, TECHNICIAN, all, &Value::Null).await).is_empty());
        h.finish().await;
    }
}
