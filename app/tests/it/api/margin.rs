//! What people add to records, by the API and in the feed, with the people and rights of a whole house.

use http::StatusCode;
use kernel::Role;
use serde_json::{Value, json};

use super::{Told, contract::agrees};
use crate::hospital::{Held, Hospital, Stands};

async fn ask(h: &Hospital, who: (Role, Held), (method, path): (&str, &str), body: &str) -> Told {
    let kind = if body.starts_with('{') { "application/json" } else { "application/octet-stream" };
    let headers = [("if-match", "*"), ("content-type", kind)];
    let told = Told::of(h.call(method, path, Some(&h.tokens[&who]), &headers, body).await).await;
    agrees(method, path, &told);
    told
}

const LEAD: (Role, Held) = (Role::Lead, Held::Everywhere);

#[tokio::test]
async fn a_file_comes_in_and_goes_out_again() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let on = format!("/api/v1/documents/on/device/{}", h.records[&Stands::Home].device);
        let sent = format!("{on}?file_name=Read%20me.pdf&kind=manual&title=Manual&valid_until=2030-01-31");
        let added = ask(&h, LEAD, ("POST", &sent), "%PDF-1.7 a manual\n").await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        let document = added.json();
        assert_eq!(
            [&document["title"], &document["kind"], &document["media_type"], &document["bytes"]],
            [&json!("Manual"), &json!("manual"), &json!("application/pdf"), &json!(18)]
        );
        let one = added.header("location").to_owned();
        let file = ask(&h, (Role::Requester, Held::OneDepartment), ("GET", &format!("{one}/file")), "").await;
        assert_eq!((file.status, file.text.as_str()), (StatusCode::OK, "%PDF-1.7 a manual\n"));
        assert_eq!(
            file.header("content-disposition"),
            "attachment; filename=\"Read me.pdf\"; filename*=UTF-8''Read%20me.pdf"
        );
        let page = ask(&h, LEAD, ("GET", &format!("{on}?limit=1")), "").await.json();
        assert_eq!(page["items"][0]["id"], document["id"]);
        let next = format!("{on}?limit=1&after={}", page["next"].as_str().unwrap());
        assert_eq!(ask(&h, LEAD, ("GET", &next), "").await.json()["items"].as_array().map(Vec::len), Some(1));
        let refused = ask(&h, LEAD, ("POST", &on), "<html><script>x</script>").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("web page"), "{}", refused.text);
        let changed = ask(&h, LEAD, ("PATCH", &one), r#"{"title":"Service manual"}"#).await;
        assert_eq!((changed.status, &changed.json()["valid_until"]), (StatusCode::OK, &json!("2030-01-31")));
        let removed = ask(&h, LEAD, ("POST", &format!("{one}/remove")), r#"{"reason":"Old"}"#).await;
        assert!(removed.json()["removed_at"].is_string(), "{}", removed.text);
        assert_eq!(ask(&h, LEAD, ("PATCH", &one), r#"{"title":"x"}"#).await.status, StatusCode::CONFLICT);
        let history = ask(&h, LEAD, ("GET", &format!("{one}/history")), "").await.json();
        assert_eq!(history["items"].as_array().map(Vec::len), Some(3));
        h.finish().await;
    }
}

#[tokio::test]
async fn whoever_is_mentioned_sees_it_in_the_menu_until_it_was_seen() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let nurse = (Role::Requester, Held::OneDepartment);
        let session = h.session(h.people[&nurse]).await;
        let on = format!("/api/v1/comments/on/device/{}", h.records[&Stands::Home].device);
        let (_, quiet) = h.ask("GET", "/mentions", Some(&session), "").await;
        assert!(quiet.contains("Nobody has mentioned you yet.") && !quiet.contains("<em>1</em>"), "{quiet}");
        let written =
            ask(&h, LEAD, ("POST", &on), r#"{"words":"@requester-onedepartment is it back?"}"#).await;
        assert_eq!(written.status, StatusCode::CREATED, "{}", written.text);
        let comment = written.json();
        assert_eq!(comment["mentions"][0]["person"], json!(h.people[&nurse]));
        let one = written.header("location").to_owned();
        let edit = r#"{"words":"@requester-onedepartment is it back yet?"}"#;
        assert_eq!(ask(&h, LEAD, ("PATCH", &one), edit).await.status, StatusCode::OK);
        let (_, page) = h.ask("GET", "/mentions", Some(&session), "").await;
        assert!(
            page.contains("One comment that mentions you is new.") && page.contains("is it back yet?"),
            "{page}"
        );
        let (_, anywhere) = h.ask("GET", "/devices", Some(&session), "").await;
        assert!(anywhere.contains("<em>1"), "the menu counts");
        let told = ask(&h, nurse, ("GET", "/api/v1/mentions"), "").await.json();
        assert_eq!((&told["unread"], &told["items"][0]["id"]), (&json!(1), &comment["id"]));
        let form = format!("comment={}", comment["id"].as_str().unwrap());
        assert_eq!(h.ask("POST", "/mentions/read", Some(&session), &form).await.0, StatusCode::SEE_OTHER);
        let (_, page) = h.ask("GET", "/mentions", Some(&session), "").await;
        assert!(page.contains("You have seen all comments that mention you."), "{page}");
        let told = ask(&h, nurse, ("GET", "/api/v1/mentions?seen=true"), "").await.json();
        assert_eq!((&told["unread"], told["items"].as_array().map(Vec::len)), (&json!(0), Some(1)));
        let unknown = ask(&h, LEAD, ("POST", &on), r#"{"words":"@nobody-at-all hello"}"#).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        h.finish().await;
    }
}

#[tokio::test]
async fn labels_are_made_renamed_put_on_and_taken_off() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        let made = ask(&h, LEAD, ("POST", "/api/v1/labels"), r#"{"name":"Loaner pool"}"#).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let one = format!("/api/v1/labels/{id}");
        let renamed = ask(&h, LEAD, ("PATCH", &one), r#"{"name":"Pool"}"#).await;
        assert_eq!((renamed.status, &renamed.json()["name"]), (StatusCode::OK, &json!("Pool")));
        let (chosen, device) = (format!(r#"{{"label":"{id}"}}"#), h.records[&Stands::Home].device);
        let names = |told: &Told| {
            let items = told.json()["items"].as_array().unwrap().clone();
            items.iter().map(|label| label["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for (verb, wanted) in [("on", vec!["For NH-1", "Pool"]), ("off", vec!["For NH-1"])] {
            let path = format!("/api/v1/labels/{verb}/device/{device}");
            let told = ask(&h, LEAD, ("POST", &path), &chosen).await;
            assert_eq!(names(&told), wanted, "{}", told.text);
            let all = ask(&h, LEAD, ("GET", "/api/v1/labels"), "").await.json();
            let mine =
                all["items"].as_array().unwrap().iter().find(|label| label["id"] == json!(id)).cloned();
            assert_eq!(mine.unwrap()["devices"], json!(i64::from(verb == "on")));
        }
        let nurse = (Role::Requester, Held::OneDepartment);
        let worn = ask(&h, nurse, ("GET", &format!("/api/v1/labels/on/device/{device}")), "").await;
        assert_eq!(names(&worn), ["For NH-1"]);
        h.finish().await;
    }
}

#[tokio::test]
async fn the_feed_and_the_past_tell_of_what_was_added_to_records_in_sight() {
    for h in [Some(Hospital::new().await), Hospital::on_postgres().await].into_iter().flatten() {
        // Their first changes are a moment old on any clock.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        for held in [Held::Everywhere, Held::OneSite, Held::OneDepartment] {
            for kind in ["document", "comment", "labelling"] {
                let path = format!("/api/v1/changes?limit=500&entity={kind}");
                let told = ask(&h, (Role::Lead, held), ("GET", &path), "").await.json();
                let mut all = vec![told];
                let now = format!("/api/v1/past/{kind}?at={}", "2026-10-13T12:00:00Z");
                all.push(ask(&h, (Role::Lead, held), ("GET", &now), "").await.json());
                for told in all {
                    let about: Vec<&Value> =
                        told["items"].as_array().unwrap().iter().map(|v| &v["record"]["record"]).collect();
                    for (stands, records) in &h.records {
                        let there = about.contains(&&json!(records.device));
                        assert_eq!(there, stands.within(held), "{kind} as lead ({held:?}) on {stands:?}");
                    }
                }
            }
        }
        h.finish().await;
    }
}
