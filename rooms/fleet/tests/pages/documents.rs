//! Documents and photos on devices and models.

use crate::house::{House, in_house};

/// A GIF of one point.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

async fn on(house: &House, tag: &str) -> String {
    format!("/documents/on/device/{}", house.now(tag).await.id)
}

/// The address of the first document that a page leads to.
fn first(page: &str) -> String {
    let at = page.find("href=\"/documents/0").unwrap() + 6;
    page[at..].split('"').next().unwrap().to_owned()
}

#[test]
fn a_photo_is_added_shown_and_removed() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let on = on(&house, "NH-1").await;
        house.get("technician", "/d/NH-1").await.is(200).says("No documents or photos yet").says(&on);
        let fields = [("title", "Name plate")];
        let sent = house.send_file("technician", &on, &fields, ("plate.jpg", GIF)).await;
        sent.goes_to(&on);
        let page = house.get("nurse", "/d/NH-1").await;
        page.is(200).says("Name plate").says("/preview\"").hides("#add");
        let one = first(&page.body);
        // It is named by what it is, and a photo because it is a picture.
        house
            .get("nurse", &one)
            .await
            .is(200)
            .says("plate.gif")
            .says("A photo on NH-1.")
            .hides("Remove document");
        let (status, headers, bytes) = house.fetch("nurse", &format!("{one}/file")).await;
        assert_eq!((status.as_u16(), &headers["content-type"]), (200, &"image/png".parse().unwrap()));
        assert!(bytes.starts_with(b"\x89PNG"));
        assert_eq!(
            headers["content-disposition"],
            "inline; filename=\"plate.png\"; filename*=UTF-8''plate.png"
        );
        for (name, wanted) in [
            ("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "private, no-cache"),
        ] {
            assert_eq!(headers[name], wanted);
        }
        assert_eq!(headers["content-length"], bytes.len().to_string());
        let (status, headers, bytes) = house.fetch("nurse", &format!("{one}/preview")).await;
        assert_eq!((status.as_u16(), &headers["content-type"]), (200, &"image/jpeg".parse().unwrap()));
        assert!(bytes.starts_with(&[0xff, 0xd8]));
        let fields = [("version", "1"), ("reason", "Wrong device")];
        house.post("technician", &format!("{one}/remove"), &fields).await.goes_to(&on);
        house.get("technician", "/d/NH-1").await.hides("Name plate");
        // It stays on record, with its file, and in the history of the device.
        house.get("technician", &one).await.is(200).says("It was removed.").says("Wrong device");
        let history = house.get("technician", "/d/NH-1/history").await;
        history.says("Document added").says("Document removed").says("Wrong device").says(&one);
        assert_eq!(house.fetch("nurse", &format!("{one}/file")).await.0.as_u16(), 200);
    });
}

#[test]
fn a_photo_that_is_a_web_page_is_refused_and_everything_typed_stays() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let on = on(&house, "NH-1").await;
        let fields = [("title", "My photo"), ("kind", "photo")];
        for (bytes, words) in [
            (&b"<!doctype html><script>alert(1)</script>"[..], "web page (HTML)"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "drawing in SVG"),
            (b"\x7fELF\x02\x01\x01\0", "type that is not kept"),
            (b"just words", "A photo is a picture"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "cannot be read"),
            (b"", "empty"),
        ] {
            let refused = house.send_file("technician", &on, &fields, ("photo.jpg", bytes)).await;
            refused.is(422).says(words).says("value=\"My photo\"").says("Nothing was saved");
        }
        let none = house.send_file("technician", &on, &fields, ("", b"")).await;
        none.is(422).says("No file was chosen");
        house.get("technician", &on).await.says("NH-1 has no documents or photos yet.");
        let left = db::read!(house.app.db(), house.who.org, |tx| {
            margin::document::store::kept(tx, house.who.org).await
        });
        assert_eq!(left.unwrap(), 0);
        let report = db::check::check(house.app.db(), crate::house::ROOMS).await.unwrap();
        assert!(report.faults.is_empty(), "{:?}", report.faults);
    });
}

#[test]
fn text_is_handed_out_as_a_file_and_never_shown() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let on = on(&house, "NH-1").await;
        let long = "Reading 21.5 °C, all good.\n".repeat(40_000);
        let fields = [("title", ""), ("kind", "report"), ("valid_until", "2020-01-31")];
        house.send_file("lead", &on, &fields, ("Prüfung 2020.html", long.as_bytes())).await.goes_to(&on);
        let page = house.get("lead", "/d/NH-1").await;
        page.says("Prüfung 2020").says("Ended 31 Jan 2020");
        let one = first(&page.body);
        let (status, headers, bytes) = house.fetch("nurse", &format!("{one}/file")).await;
        assert_eq!(status.as_u16(), 200);
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
        let named = "attachment; filename=\"Pr_fung 2020.txt\"; filename*=UTF-8''Pr%C3%BCfung%202020.txt";
        assert_eq!(headers["content-disposition"], named);
        assert_eq!(bytes, long.as_bytes());
        house.get("nurse", &format!("{one}/preview")).await.is(404);
    });
}

#[test]
fn documents_are_as_far_in_sight_as_their_record() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let on = on(&house, "NH-1").await;
        house
            .send_file("technician", &on, &[("title", "Manual")], ("m.pdf", b"%PDF-1.7\n"))
            .await
            .goes_to(&on);
        let one = first(&house.get("technician", &on).await.body);
        for path in [on.clone(), one.clone(), format!("{one}/file"), format!("{one}/preview")] {
            house.get("lakesider", &path).await.is(404);
        }
        house.send_file("lakesider", &on, &[], ("m.pdf", b"%PDF-1.7\n")).await.is(404);
        house.post("lakesider", &format!("{one}/remove"), &[("version", "1")]).await.is(404);
        house.send_file("nurse", &on, &[], ("m.pdf", b"%PDF-1.7\n")).await.is(403);
        house.get("nurse", "/documents/on/person/00000000-0000-0000-0000-000000000000").await.is(404);
        house.get("nurse", "/documents/on/device/x").await.is(404);
        // A form for an older version changes nothing.
        let fields = [("title", "Service manual"), ("kind", "manual"), ("version", "1")];
        house.post("technician", &one, &fields).await.goes_to(&one);
        house.post("lead", &one, &[("title", "Other"), ("kind", "manual"), ("version", "1")]).await.is(409);
        house.get("lead", &one).await.says("value=\"Service manual\"").says("A manual on NH-1.");
    });
}

#[test]
fn a_form_sent_twice_adds_once_and_a_model_has_documents_of_its_own() {
    in_house(|house| async move {
        house.in_service("NH-1").await;
        let on = format!("/documents/on/model/{}", house.vp3);
        let command = crate::house::command();
        let fields = [("command", command.as_str()), ("title", "Service manual rev F")];
        for _ in 0..2 {
            let sent = house.send_file("lead", &on, &fields, ("m.pdf", b"%PDF-1.7 rev F\n")).await;
            sent.goes_to(&on);
        }
        house.get("lead", &on).await.says("VP-3 has one document.");
        house.get("lead", &format!("/models/{}", house.vp3)).await.is(200).says("Service manual rev F");
        let other = [("command", command.as_str()), ("title", "Another")];
        house
            .send_file("lead", &on, &other, ("m.pdf", b"%PDF-1.7 rev F\n"))
            .await
            .is(422)
            .says("already sent");
        // What belongs to the whole organisation takes the permission in all of it.
        house.send_file("icu_tech", &on, &[], ("m.pdf", b"%PDF-1.7\n")).await.is(403);
        house.get("nurse", &on).await.is(404);
    });
}
