//! What stands at a location.

use fleet::device::State;

use crate::house::in_house;

#[test]
fn a_location_says_what_stands_there_and_what_may_not_be_used() {
    in_house(|house| async move {
        let path = format!("/places/{}", house.icu_2);
        let empty = house.get("technician", &path).await;
        empty.is(200).says("No device stands at ICU 2 West, bay 6.").says("No device stands here.");
        house.in_service("NH-1").await;
        house.take_over(&house.draft("NH-2"), State::OutOfService(fleet::device::OutFor::Repair)).await;
        house.take_over(&house.draft("NH-3"), State::Quarantined).await;
        house.take_over(&house.draft("NH-4"), State::Retired).await;
        house.take_over(&house.draft("NH-5"), State::Ordered).await;
        let page = house.get("technician", &path).await;
        page.says("3 devices stand at ICU 2 West, bay 6; 1 of them may not be used.");
        page.says("NH-1</span>").says("NH-2</span>").says("NH-3</span>").hides("NH-4</span>");
        page.says("1 of them planned or ordered")
            .says("In repair")
            .says("Helion Medical VP-3")
            .says("Northfield General");
        page.says(&format!("/devices?loc={}&amp;flag=do-not-use", house.icu_2));
        // Its list, written in words.
        let list = house.get("technician", &format!("/devices?loc={}", house.icu_2)).await;
        list.is(200).says("NH-3</span>").hides("NH-4</span>").says("loc:");
        house.get("technician", "/d/NH-1").await.says(&format!("href=\"{path}\""));
        // What it is in counts with it.
        let place = db::read!(house.app.db(), house.who.org, |tx| {
            identity::place::get(tx, house.who.org, house.icu_2.cast()).await
        });
        let floor = format!("/places/{}", place.unwrap().parent.unwrap());
        let floor = house.get("technician", &floor).await;
        floor.says("3 devices stand at").says("Inside it").says(&format!("href=\"{path}\""));
        // Out of sight.
        house.get("lakesider", &path).await.is(404);
        house.get("technician", "/places/none").await.is(404);
        house.get("technician", &format!("/places/{}", uuid::Uuid::now_v7())).await.is(404);
    });
}

#[test]
fn whoever_sees_one_department_sees_its_devices_at_a_location() {
    in_house(|house| async move {
        let path = format!("/places/{}", house.icu_2);
        house.get("nurse", &path).await.is(404);
        let mut draft = house.draft("NH-1");
        house.take_over(&draft, State::InService).await;
        draft = house.draft("NH-2");
        draft.department = Some(house.emergency);
        house.take_over(&draft, State::InService).await;
        let page = house.get("nurse", &path).await;
        page.is(200).says("1 device stands at").says("NH-1</span>").hides("NH-2").hides("/models/");
        house.get("nurse", "/d/NH-1").await.is(200).hides("/models/").hides("/makers/").hides("/types/");
        house.get("technician", "/d/NH-1").await.says("\"/models/").says("\"/makers/").says("\"/types/");
    });
}
