//! Comments on devices and models.

use crate::house::{House, in_house};

async fn on(house: &House, tag: &str) -> String {
    format!("/comments/on/device/{}", house.now(tag).await.id)
}

fn first(page: &str) -> String {
    let at = page.find("href=\"/comments/0").unwrap() + 6;
    page[at..].split('"').next().unwrap().to_owned()
}

#[test]
fn a_comment_is_written_changed_and_retracted() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let on = on(&house, "NH-1").await;
        house.get("technician", "/d/NH-1").await.is(200).says("No patient data").says(&on);
        let sent = house.post("technician", &on, &[("words", "Latch <b>loose</b>\nordered")]).await;
        sent.goes_to("/d/NH-1#comments");
        let page = house.get("nurse", "/d/NH-1").await;
        page.says("Latch &lt;b&gt;loose&lt;/b&gt;")
            .says("<p class=\"sm\">ordered</p>")
            .says("The technician");
        page.hides("No patient data");
        let one = first(&page.body);
        house.get("lead", &one).await.is(200).hides("Change it").hides("Retract comment");
        house.get("manager", &one).await.hides("Change it").says("Retract comment");
        house.get("technician", &one).await.says("Change it").says("Retract comment");
        let edit = [("words", "Latch loose, ordered"), ("version", "1")];
        house.post("lead", &one, &edit).await.is(422).says("Only its author");
        house.post("technician", &one, &edit).await.goes_to("/d/NH-1#comments");
        house.get("nurse", "/d/NH-1").await.says("Latch loose, ordered").says(", edited");
        house.clock.advance(3_601);
        house.get("technician", &one).await.hides("Change it").says("Retract comment");
        house
            .post("technician", &one, &[("words", "late"), ("version", "2")])
            .await
            .is(422)
            .says("within an hour");
        let gone = [("version", "2"), ("reason", "Said twice")];
        house.post("technician", &format!("{one}/retract"), &gone).await.goes_to("/d/NH-1#comments");
        house.get("nurse", "/d/NH-1").await.says("Retracted on").hides("ordered</p>");
        let history = house.get("technician", "/d/NH-1/history").await;
        history
            .says("Commented")
            .says("Comment changed")
            .says("Comment retracted")
            .says("Said twice")
            .says(&one);
    });
}

#[test]
fn what_cannot_be_saved_is_said_and_what_was_typed_stays() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let on = on(&house, "NH-1").await;
        let long = "é".repeat(4_001);
        for (text, words) in [
            ("  ", "Write something first."),
            ("Hello @Nobody at all", "Nobody here is called “@Nobody”"),
            (&long, "4,001 characters; at most 4,000 fit"),
        ] {
            house.post("technician", &on, &[("words", text)]).await.is(422).says(words).says(text.trim());
        }
        house.get("technician", &on).await.says("Nobody has commented on NH-1 yet.");
        for (who, status) in [("nurse", 403), ("lakesider", 404)] {
            house.post(who, &on, &[("words", "x")]).await.is(status);
        }
        house.get("lakesider", &on).await.is(404);
    });
}

#[test]
fn many_comments_are_paged_and_a_form_sent_twice_counts_once() {
    in_house(|house| async move {
        let on = format!("/comments/on/model/{}", house.vp3);
        let command = crate::house::command();
        for _ in 0..2 {
            let fields = [("command", command.as_str()), ("words", "The very first")];
            house.post("lead", &on, &fields).await.goes_to(&format!("/models/{}#comments", house.vp3));
        }
        for n in 0..52 {
            house.post("lead", &on, &[("words", &format!("Comment number {n}."))]).await;
        }
        let page = house.get("nurse", &format!("/models/{}", house.vp3)).await;
        page.is(403);
        let page = house.get("auditor", &format!("/models/{}", house.vp3)).await;
        page.says("All 53").says("number 51.").says("number 47.");
        let comments = page.body.split("id=\"history\"").next().unwrap();
        assert!(!comments.contains("number 46."), "{comments}");
        let page = house.get("auditor", &on).await;
        page.says("VP-3 has 53 comments.").says("number 2.").hides("number 1.");
        let at = page.body.find("?before=").unwrap();
        let next = page.body[at..].split('"').next().unwrap();
        house.get("auditor", &format!("{on}{next}")).await.says("number 1.").says("The very first");
    });
}
