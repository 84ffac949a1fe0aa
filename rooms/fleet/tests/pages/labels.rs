//! Labels on devices.

use crate::house::in_house;

/// The id of a label in a form that puts it on.
fn id_of(page: &str) -> String {
    let at = page.find("name=\"label\" value=\"").unwrap() + 20;
    page[at..at + 36].to_owned()
}

#[test]
fn a_label_is_made_put_on_seen_in_the_list_and_taken_off() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let id = house.now("NH-1").await.id;
        house.post("technician", "/labels", &[("name", "Loaner pool")]).await.is(403);
        house.post("lead", "/labels", &[("name", "Loaner pool")]).await.goes_to("/labels");
        house
            .post("lead", "/labels", &[("name", "loaner POOL")])
            .await
            .is(422)
            .says("already")
            .says("loaner POOL");
        let page = house.get("technician", "/d/NH-1").await;
        page.says("No labels yet.").says("Loaner pool");
        let label = id_of(&page.body);
        let fields = [("label", label.as_str())];
        house.post("technician", &format!("/labels/on/device/{id}"), &fields).await.goes_to("/d/NH-1#labels");
        house.get("nurse", "/d/NH-1").await.says("Loaner pool").hides("Take off");
        house.get("technician", "/d/NH-1").await.says("Take off Loaner pool");
        house.get("nurse", "/devices").await.is(200).says("Loaner pool");
        house.get("lead", "/labels").await.says("There is one label.").says("Rename");
        let rename = [("name", "Pool"), ("version", "1")];
        house.post("lead", &format!("/labels/{label}"), &rename).await.goes_to("/labels");
        house
            .post("lead", &format!("/labels/{label}"), &rename)
            .await
            .is(409)
            .says("Somebody else changed this");
        house.get("nurse", "/devices").await.says("Pool").hides("Loaner pool");
        house
            .post("technician", &format!("/labels/off/device/{id}"), &fields)
            .await
            .goes_to("/d/NH-1#labels");
        house.get("nurse", "/devices").await.hides("Pool");
        house
            .get("technician", "/d/NH-1/history")
            .await
            .says("Label “Loaner pool” put on")
            .says("Label “Pool” taken off");
        for (who, status) in [("nurse", 403), ("lakesider", 404)] {
            house.post(who, &format!("/labels/on/device/{id}"), &fields).await.is(status);
        }
        house.post("technician", &format!("/labels/on/device/{id}"), &[("label", "x")]).await.is(404);
    });
}
