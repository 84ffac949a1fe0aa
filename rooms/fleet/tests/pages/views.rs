//! Searches kept under a name, for oneself and for all.

use crate::house::{Answer, House, command, in_house};

async fn add(house: &House, who: &str, fields: &[(&str, &str)]) -> Answer {
    let id = command();
    let mut all = vec![("command", id.as_str())];
    all.extend(fields);
    house.post(who, "/views/new", &all).await
}

/// The id in the address that a saved view leads to.
fn id_in(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.main());
    answer.to.split("view=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

#[test]
fn a_search_is_saved_found_again_changed_and_removed() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        house.get("technician", "/devices").await.hides("Save this search").hides("href=\"/views\"");
        house.get("technician", "/devices?q=nh-9").await.says("href=\"/views/new?q=nh-9&amp;sort=tag\"");
        let form = house.get("technician", "/views/new?q=type%3Apump&sort=since").await;
        form.is(200).says("value=\"type:pump\"").hides("All see it");
        let unnamed = add(&house, "technician", &[("name", " "), ("query", "type:pump")]).await;
        unnamed.is(422).says("id=\"f-name-error\"").says("value=\"type:pump\"");
        let unknown = add(&house, "technician", &[("name", "Pumps"), ("query", "colour:red")]).await;
        unknown.is(422).says("id=\"f-query-error\"").says("value=\"colour:red\"");
        let saved =
            add(&house, "technician", &[("name", "Pumps"), ("query", "type:pump"), ("sort", "since")]).await;
        let id = id_in(&saved);
        let list = house.get("technician", &saved.to).await;
        list.is(200).says("NH-1</span>").says(">Pumps<").hides("Save this search").hides("edited.");
        add(&house, "technician", &[("name", "PUMPS"), ("query", "")])
            .await
            .is(422)
            .says("is already the name");
        // Nobody else sees it, and it is nobody else’s to change.
        house.get("lead", "/devices").await.hides(">Pumps<");
        house.get("lead", "/views").await.says("No view is saved yet.");
        house.get("lead", &format!("/views/{id}")).await.is(404);
        house.post("lead", &format!("/views/{id}/remove"), &[("version", "1")]).await.is(404);
        // Edited above the list, saved or taken back.
        let edited =
            house.get("technician", &format!("/devices?q=type%3Apump+nh&sort=since&view={id}")).await;
        edited.says("“Pumps”, edited.").says(">Reset<").says(">Save<").says(&format!("view={id}"));
        let new = [("version", "1"), ("search_only", "yes"), ("query", "type:pump nh"), ("sort", "tag")];
        house.post("technician", &format!("/views/{id}"), &new).await.is(303);
        house.post("technician", &format!("/views/{id}"), &new).await.is(409).says("It is now “Pumps”");
        house.get("technician", "/views").await.says("1 view is saved.").says("type:pump nh").says("By tag");
        house.post("technician", &format!("/views/{id}/remove"), &[("version", "2")]).await.goes_to("/views");
        house.get("technician", "/views").await.says("No view is saved yet.");
        house.get("technician", &format!("/views/{id}")).await.is(404);
        // Its name is free again.
        id_in(&add(&house, "technician", &[("name", "Pumps"), ("query", "")]).await);
    });
}

#[test]
fn a_shared_view_is_seen_by_all_and_changed_by_who_may_share() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let shared = [("name", "Old ones"), ("query", "age:>10"), ("shared", "yes")];
        add(&house, "technician", &shared).await.is(403);
        let id = id_in(&add(&house, "manager", &shared).await);
        for who in ["technician", "nurse", "lakesider"] {
            house.get(who, "/devices?q=nh").await.says(">Old ones<");
            house.get(who, &format!("/views/{id}")).await.is(403);
            let fields = [("version", "1"), ("name", "Mine"), ("query", "")];
            house.post(who, &format!("/views/{id}"), &fields).await.is(403);
            house.post(who, &format!("/views/{id}/remove"), &[("version", "1")]).await.is(403);
        }
        house.get("lead", &format!("/views/{id}")).await.is(200).says("All see it");
        let fields = [("version", "1"), ("name", "Very old ones"), ("query", "age:>15"), ("shared", "yes")];
        house.post("lead", &format!("/views/{id}"), &fields).await.is(303);
        house.get("technician", "/views").await.says("Very old ones").says("All, shared by The manager");
        // Taken back, it is its own person’s again.
        let fields = [("version", "2"), ("name", "Very old ones"), ("query", "age:>15")];
        house.post("manager", &format!("/views/{id}"), &fields).await.is(303);
        house.get("technician", "/views").await.says("No view is saved yet.");
        house.get("lead", &format!("/views/{id}")).await.is(404);
    });
}
