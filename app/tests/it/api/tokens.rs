//! What tokens open: never more than their owner may, and no more than they are limited to.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use kernel::{Role, Scope};
use serde_json::Value;
use web::Gate;

use super::Told;
use crate::{
    hospital::{Held, Hospital, Stands, system},
    matrix::MATRIX,
    rights::fill,
};

async fn get(h: &Hospital, token: &str, path: &str) -> Told {
    Told::of(h.call("GET", path, Some(token), &[], "").await).await
}

/// The permission each route of the API takes.
fn gates() -> BTreeMap<(String, &'static str), Gate> {
    let all = web::routes().into_iter().chain(baton::rooms::rooms().into_iter().flat_map(|room| room.routes));
    all.filter(|r| r.operation.is_some()).map(|r| ((r.method.to_string(), r.path), r.gate)).collect()
}

#[tokio::test]
async fn a_token_limited_to_a_permission_opens_exactly_its_routes() {
    let h = Hospital::new().await;
    let gates = gates();
    let permits: BTreeSet<&str> = gates
        .values()
        .filter_map(|gate| if let Gate::Permit(permit) = gate { Some(permit.0) } else { None })
        .collect();
    let rooms = baton::rooms::rooms();
    let all: BTreeMap<&str, &[Role]> =
        rooms.iter().flat_map(|room| room.permits.iter().map(|(p, roles)| (p.0, *roles))).collect();
    let home = &h.records[&Stands::Home];
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for permit in permits {
        let role = all[permit].iter().copied().find(|r| *r == Role::Manager).unwrap_or(all[permit][0]);
        let owner = h.people[&(role, Held::Everywhere)];
        let token = h.limited_token(owner, Some(vec![permit.to_owned()]), None).await;
        for entry in MATRIX.iter().filter(|e| e.path.starts_with("/api/v1")) {
            let opens = match gates[&(entry.method.to_owned(), entry.path)] {
                Gate::Permit(needed) => needed.0 == permit,
                _ => continue,
            };
            let (status, text) =
                h.ask(entry.method, &fill(entry.path, home), Some(&token), &fill(entry.form, home)).await;
            asked += 1;
            // Behind its gate an act may ask for more, such as the end of a life; it is then forbidden by that.
            let kept = status == StatusCode::FORBIDDEN;
            let by_more = kept && !text.contains(&format!("permission {permit} "));
            if kept == opens && !(opens && by_more) {
                wrong.push(format!("{} {} by {permit}: {status} {text}", entry.method, entry.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 800, "{asked}");
    h.finish().await;
}

#[tokio::test]
async fn a_token_limited_to_a_place_sees_that_place_only() {
    let h = Hospital::new().await;
    let owner = h.people[&(Role::Manager, Held::Everywhere)];
    let home = h.records[&Stands::Home].clone();
    for (held, scope) in
        [(Held::OneSite, Scope::Site(home.site)), (Held::OneDepartment, Scope::Department(home.department))]
    {
        let token = h.limited_token(owner, None, Some(vec![scope])).await;
        let lists = [
            "/api/v1/devices",
            "/api/v1/devices?q=helion",
            "/api/v1/devices?q=vp",
            "/api/v1/devices?sort=since",
            "/api/v1/devices.csv",
            "/api/v1/changes?entity=device&limit=500",
        ];
        for path in lists {
            let told = get(&h, &token, path).await;
            assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
            for (stands, records) in &h.records {
                let there = told.text.contains(&records.tag);
                assert_eq!(
                    there,
                    stands.within(held),
                    "{path} ({held:?}): {} stands {stands:?}",
                    records.tag
                );
            }
        }
        let within = h.records.keys().filter(|s| s.within(held)).count();
        let counted = get(&h, &token, "/api/v1/devices?count=true").await.json();
        assert_eq!(counted["count"].as_u64(), Some(within as u64), "{held:?}");
        let counts = get(&h, &token, "/api/v1/devices/counts").await.json();
        let sum: i64 = counts.as_array().unwrap().iter().filter_map(|c| c["devices"].as_i64()).sum();
        assert_eq!(sum, within as i64, "{held:?}");
        for (stands, records) in &h.records {
            for path in [
                format!("/api/v1/devices/{}", records.device),
                format!("/api/v1/devices/by-tag/{}", records.tag),
                format!("/api/v1/devices/by-code/{}", records.tag),
                format!("/api/v1/devices/{}/history", records.device),
            ] {
                let status = get(&h, &token, &path).await.status;
                let wanted = if stands.within(held) { StatusCode::OK } else { StatusCode::NOT_FOUND };
                assert_eq!(status, wanted, "{path} ({held:?}) {stands:?}");
            }
        }
        // What belongs to the organisation as a whole is not changed by it.
        let body = r#"{"maker":"Helion","name":"New","type":"Pump"}"#;
        let told = Told::of(h.call("POST", "/api/v1/models", Some(&token), &[], body).await).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
    }
    h.finish().await;
}

#[tokio::test]
async fn a_token_never_has_more_than_its_owner() {
    let h = Hospital::new().await;
    let elsewhere = h.records[&Stands::OtherSite].clone();
    // The owner holds their role at one site; the token names another, and a permission they do not hold.
    let owner = h.people[&(Role::Technician, Held::OneSite)];
    let token = h.limited_token(owner, None, Some(vec![Scope::Site(elsewhere.site)])).await;
    let told = get(&h, &token, "/api/v1/devices").await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
    let token = h.limited_token(owner, Some(vec!["identity.person.manage".to_owned()]), None).await;
    assert_eq!(get(&h, &token, "/api/v1/people").await.status, StatusCode::FORBIDDEN);
    assert_eq!(get(&h, &token, "/api/v1/me").await.json()["rights"], serde_json::json!({}));
    h.finish().await;
}

#[tokio::test]
async fn a_token_ends_with_its_time_by_revocation_and_with_its_owner() {
    let h = Hospital::new().await;
    let owner = h.people[&(Role::Technician, Held::Everywhere)];
    let token = h.tokens[&(Role::Technician, Held::Everywhere)].clone();
    let who = system(h.org);
    assert_eq!(get(&h, &token, "/api/v1/devices").await.status, StatusCode::OK);
    // By itself, although it is not limited otherwise: ended and one of nobody look the same.
    let known = get(&h, &token, "/api/v1/me").await.json();
    let id = known["token"]["id"].as_str().unwrap().to_owned();
    let listed = get(&h, &token, &format!("/api/v1/tokens/{id}")).await;
    assert!(!listed.text.contains(&token), "the token is shown once");
    let (path, tag) = (format!("/api/v1/tokens/{id}/revoke"), [("if-match", listed.header("etag"))]);
    let revoked = h.call("POST", &path, Some(&token), &tag, "").await;
    assert_eq!(revoked.status(), StatusCode::OK);
    assert_eq!(get(&h, &token, "/api/v1/devices").await.status, StatusCode::UNAUTHORIZED);
    // With its owner.
    let token = h.limited_token(owner, None, None).await;
    assert_eq!(get(&h, &token, "/api/v1/devices").await.status, StatusCode::OK);
    db::write!(h.db, h.org, |tx| {
        let person = identity::person::get(tx, h.org, owner).await?;
        identity::person::set_active(tx, &who, owner, person.version, false, identity::Sent::once()).await
    })
    .unwrap();
    assert_eq!(get(&h, &token, "/api/v1/devices").await.status, StatusCode::UNAUTHORIZED);
    // Without the prefix, in another case, or a digit short.
    let good = &h.tokens[&(Role::Manager, Held::Everywhere)];
    for bad in [good.replace("baton_", ""), good.to_uppercase(), good[..69].to_owned(), format!("{good}0")] {
        assert_eq!(get(&h, &bad, "/api/v1/devices").await.status, StatusCode::UNAUTHORIZED, "{bad}");
    }
    h.finish().await;
}

#[tokio::test]
async fn a_limited_token_leaves_its_owners_account_alone() {
    let h = Hospital::new().await;
    let owner = h.people[&(Role::Administrator, Held::Everywhere)];
    let limited = h.limited_token(owner, Some(vec!["identity.person.view".to_owned()]), None).await;
    let other: Value = get(&h, &limited, "/api/v1/tokens").await.json();
    let id = other["items"][0]["id"].as_str().unwrap();
    let any = [("if-match", "*")];
    for path in [
        "/api/v1/me/sessions/end".to_owned(),
        format!("/api/v1/tokens/{}/revoke", h.records[&Stands::Home].token),
    ] {
        let told = Told::of(h.call("POST", &path, Some(&limited), &any, "").await).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{path} {id}: {}", told.text);
    }
    h.finish().await;
}

#[tokio::test]
async fn a_token_expires() {
    let h = Hospital::new().await;
    let owner = h.people[&(Role::Technician, Held::Everywhere)];
    // Made so long ago that its day is over.
    let mut who = system(h.org);
    who.at = who.at.plus_seconds(-2 * 86_400);
    let draft =
        identity::token::Draft { person: owner, name: "Old".into(), permits: None, scopes: None, days: 1 };
    let made = db::write!(h.db, h.org, |tx| {
        identity::token::create(tx, &who, &draft, &[], identity::Sent::once()).await
    })
    .unwrap();
    assert_eq!(get(&h, &made.secret.unwrap(), "/api/v1/devices").await.status, StatusCode::UNAUTHORIZED);
    for days in [0, 367] {
        let draft = identity::token::Draft { days, ..draft.clone() };
        let refused = db::write!(h.db, h.org, |tx| {
            identity::token::create(tx, &who, &draft, &[], identity::Sent::once()).await
        });
        assert!(refused.is_err(), "{days}");
    }
    h.finish().await;
}
