//! The pages of imports through the front door: send, look, run, stop, undo, take out.

use axum::body::Body;
use http::{Request, header};
use tower::ServiceExt as _;

use crate::hospital::{Answer, House, command, in_house};

const FILE: &str = "Asset tag,Serial,Maker,Model,Site,Acquired on\n\
    I-1,S1,Helion,VP3,Lakeside,2020-01-31\n\
    I-2,S2,Helion,VP3,Lakeside,2020-02-31\n\
    I-3,S3,Helion,VP3,Northfield General,2020-01-31\n";

/// Sends a file as a browser does.
pub async fn send(house: &House, who: &str, bytes: &[u8]) -> Answer {
    send_as(house, who, bytes, &command()).await
}

/// Sends a file with the form of a command.
async fn send_as(house: &House, who: &str, bytes: &[u8], command: &str) -> Answer {
    let edge = "----part";
    let mut body = format!(
        "--{edge}\r\nContent-Disposition: form-data; name=\"command\"\r\n\r\n{command}\r\n\
         --{edge}\r\nContent-Disposition: form-data; name=\"list\"; filename=\"old <list>.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{edge}--\r\n").as_bytes());
    let request = Request::post("/devices/import")
        .header(header::HOST, "baton.example")
        .header(header::COOKIE, format!("baton={who}"))
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={edge}"))
        .body(Body::from(body))
        .unwrap();
    let response = web::router(&house.app, fleet::room().routes).oneshot(request).await.unwrap();
    let status = response.status();
    let to = response.headers().get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned());
    let bytes = axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap();
    Answer { status, to: to.unwrap_or_default(), body: String::from_utf8_lossy(&bytes).into_owned() }
}

#[test]
fn a_file_is_sent_checked_run_and_undone() {
    in_house(async |house| {
        let sent = send(&house, "lead", FILE.as_bytes()).await;
        let page = sent.is(303).to.clone();
        house
            .get("lead", &page)
            .await
            .is(200)
            .says("Checking every row. Nothing is saved.")
            .says("You can leave this page")
            .says("data-refresh=\"2\"");
        house.work().await;
        let checked = house.get("lead", &page).await;
        checked
            .is(200)
            .says("2 of 3 rows are ready. 1 needs a look.")
            .says("old &lt;list&gt;.csv")
            .says("Import 2 devices")
            .says("Asset tag becomes")
            .says("does not exist in the calendar")
            .says("Start over");
        let verdicts = house.get("lead", &format!("{page}/verdicts.csv")).await;
        verdicts.is(200).says("line,tag,verdict,problems").says("3,I-2,refused,").says("2,I-1,new,");
        let id = command();
        let form = [("command", id.as_str())];
        house.post("lead", &format!("{page}/run"), &form).await.goes_to(&page);
        house.post("lead", &format!("{page}/run"), &form).await.goes_to(&page);
        house.work().await;
        house.get("lead", &page).await.is(200).says("2 devices imported.").says("Undo import");
        house.get("lead", &page).await.says("Undo takes out the 2 devices this import brought");
        only_its_devices(&house, &page).await;
        house.get("lead", "/devices/imports").await.is(200).says("Done").says("The lead");
        // Somebody else's form, or a second one, comes too late.
        let late = [("command", command())].map(|(n, v)| (n, v.clone()));
        let late: Vec<(&str, &str)> = late.iter().map(|(n, v)| (*n, v.as_str())).collect();
        house.post("lead", &format!("{page}/run"), &late).await.is(409);
        let csv = house.get("lead", "/devices.csv?q=I-1").await;
        csv.is(200).says("tag,serial,serial_less,").says("I-1,S1,").hides("I-3,S3,");
        house.post("lead", &format!("{page}/undo"), &[("command", &command())]).await.goes_to(&page);
        house.work().await;
        let undone = house.get("lead", &page).await;
        undone
            .is(200)
            .says("Undone. Its 2 devices were taken out; nothing of this import is left in the fleet.");
        undone.says("Makers, types, models").hides("Undo import");
        house.get("lead", "/devices.csv").await.is(200).hides("I-1");
    });
}

/// The list of what one import brought, on the page and as a file: also what has left meanwhile.
async fn only_its_devices(house: &House, page: &str) {
    house.in_service("NH-1").await;
    let list = format!("/devices?import={}", page.rsplit('/').next().unwrap());
    house.get("lead", page).await.says(&list);
    let shown = house.get("technician", &list).await;
    shown
        .is(200)
        .says("2 devices came in with “old &lt;list&gt;.csv”.")
        .says("2 of 3")
        .says("/d/I-1")
        .says("/d/I-3")
        .hides("/d/NH-1");
    shown.says("old &lt;list&gt;.csv").says("class=\"tok\" href=\"/devices\" title=\"remove\"");
    let csv = list.replace("/devices?import=", "/devices.csv?q=import%3A");
    shown.hides(&csv);
    house.get("lead", &list).await.says(&csv);
    house.get("lead", &list.replace("/devices", "/devices.csv")).await.is(200).says("I-1,S1,").hides("NH-1");
    house.get("lead", &csv).await.is(200).says("I-1,S1,").says("I-3,S3,").hides("NH-1");
    let narrowed = house.get("lead", &format!("{list}&q=I-3&state=retired")).await;
    narrowed.is(303).goes_to("/d/I-3");
    let none = format!("/devices?import={}", kernel::Id::<()>::new());
    house.get("technician", &none).await.is(200).says("No device matches these filters");
}

#[test]
fn columns_are_chosen_and_checked_again() {
    in_house(async |house| {
        let text = "Colour,Thing,Site\nX-1,VP3,Lakeside\nX-2,VP3,Lakeside\n";
        let page = send(&house, "lead", text.as_bytes()).await.is(303).to.clone();
        house.get("lead", &page).await.says("Say what the columns are.").says("No column is the asset tag");
        let id = command();
        let twice = [
            ("command", id.as_str()),
            ("version", "1"),
            ("column-0", "tag"),
            ("column-1", "tag"),
            ("column-2", "building"),
        ];
        let refused = house.post("lead", &format!("{page}/check"), &twice).await;
        refused
            .is(422)
            .says("Your choices are kept")
            .says("href=\"#f-column-0\">“Asset tag” is chosen for the column “Thing” as well.")
            .says("id=\"f-column-1-error\"")
            .says("<option value=\"building\" selected>");
        assert_eq!(refused.body.matches("<option value=\"tag\" selected>").count(), 2);
        assert_eq!(refused.body.matches("aria-invalid=\"true\"").count(), 2);
        let none = [("command", command()), ("version", "1".to_owned()), ("column-2", "site".to_owned())];
        let none: Vec<(&str, &str)> = none.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let refused = house.post("lead", &format!("{page}/check"), &none).await;
        refused.is(422).says("href=\"#f-columns\">No column is the asset tag");
        let id = command();
        let form = [
            ("command", id.as_str()),
            ("version", "1"),
            ("column-0", "tag"),
            ("column-1", "model"),
            ("column-2", "site"),
            ("site", ""),
        ];
        house.post("lead", &format!("{page}/check"), &form).await.goes_to(&page);
        house.work().await;
        house.get("lead", &page).await.says("All rows are ready: 2 devices.");
        // The page of before that check: somebody else's choices are not overwritten unseen.
        let late = [("command", command()), ("version", "1".to_owned()), ("column-0", "notes".to_owned())];
        let late: Vec<(&str, &str)> = late.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let late = house.post("lead", &format!("{page}/check"), &late).await;
        late.is(409).says("The lead checked this file meanwhile.").says("<option value=\"notes\" selected>");
        house
            .post("lead", &format!("{page}/cancel"), &[("command", &command())])
            .await
            .goes_to("/devices/import");
        house.get("lead", &page).await.says("Nothing was imported.");
    });
}

const WORDS: &str = "Asset tag,Model,Site,Status,Risk\n\
    W-1,VP3,Lakeside,Active,High\n\
    W-2,VP3,Lakeside Hosp.,In Use (OR),Very high\n\
    W-3,VP3,Lakeside Hosp.,Mothballed,\n\
    W-4,VP3,Elsewhere,Active,4\n\
    W-5,VP3,Lakeside,MOTHBALLED,\n";

/// The names of the selects of a page's words, by the words.
fn words_of(page: &Answer) -> Vec<(String, String)> {
    let label = |part: &str| {
        let (name, rest) = part.split_once("\">“")?;
        Some((rest.split_once('”')?.0.to_owned(), format!("word-{name}")))
    };
    page.body.split("for=\"f-word-").skip(1).filter_map(label).collect()
}

/// The form of a page as it stands, with some answers changed.
fn answers(page: &Answer, version: &str, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut form = vec![("command".to_owned(), command()), ("version".to_owned(), version.to_owned())];
    for select in page.body.split("<select ").skip(1) {
        let name = select.split("name=\"").nth(1).unwrap().split('"').next().unwrap();
        let open = select.split("</select>").next().unwrap();
        let chosen = open.split("\" selected").next().filter(|_| open.contains("\" selected"));
        let value = chosen.map_or("", |o| o.rsplit("value=\"").next().unwrap());
        form.push((name.to_owned(), value.to_owned()));
    }
    for (name, value) in changed {
        form.retain(|(known, _)| known != name);
        form.push(((*name).to_owned(), (*value).to_owned()));
    }
    form
}

async fn post(house: &House, path: &str, form: &[(String, String)]) -> Answer {
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    house.post("lead", path, &form).await
}

/// The version a page's form carries.
fn version(page: &Answer) -> String {
    page.body.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn words_are_settled_once_for_the_whole_file() {
    in_house(async |house| {
        let page = send(&house, "lead", WORDS.as_bytes()).await.is(303).to.clone();
        house.work().await;
        let checked = house.get("lead", &page).await;
        checked.is(200).says("1 of 5 rows are ready. 4 need a look.").says("6 need a choice");
        checked.says("(perhaps “In service”)").says("Say once what the words mean").says("Choose which site");
        let words = words_of(&checked);
        let name = |word: &str| words.iter().find(|(w, _)| w == word).unwrap().1.clone();
        let lakeside = house.lakeside.to_string();
        let (or, moth, hosp) = (name("In Use (OR)"), name("MOTHBALLED"), name("Lakeside Hosp."));
        let (very, active) = (name("Very high"), name("Active"));
        let settled = [
            (or.as_str(), "in_service"),
            (moth.as_str(), "out_of_service_stored"),
            (hosp.as_str(), lakeside.as_str()),
            (very.as_str(), "open"),
            (active.as_str(), "no such state"),
            ("then", "run"),
        ];
        // Choices that are new are checked before anything is imported.
        let form = answers(&checked, &version(&checked), &settled);
        post(&house, &format!("{page}/check"), &form).await.goes_to(&page);
        house.work().await;
        let again = house.get("lead", &page).await;
        again.is(200).says("4 of 5 rows are ready. 1 needs a look.").says("Chosen");
        // What needs a look comes out as it was sent, and comes in again corrected, read as before.
        let rows = house.get("lead", &format!("{page}/rows.csv")).await;
        rows.is(200)
            .says("Asset tag,Model,Site,Status,Risk,What to correct")
            .says("W-4,VP3,Elsewhere,Active,4,");
        rows.hides("W-3");
        let form = answers(&again, &version(&again), &[("then", "run")]);
        post(&house, &format!("{page}/check"), &form).await.goes_to(&page);
        house.work().await;
        house.get("lead", &page).await.says("4 devices imported.");
        house.get("lead", "/devices.csv?q=W-5").await.says("Lakeside").says("out_of_service_stored");
        let corrected = rows.body.replace("Elsewhere", "Lakeside");
        let page = send(&house, "lead", corrected.as_bytes()).await.is(303).to.clone();
        house.work().await;
        let checked = house.get("lead", &page).await;
        checked.is(200).says("The only row is ready: 1 device.").says("read as “old &lt;list&gt;.csv” was");
    });
}

/// What keeps an import from being undone is said before anybody tries, and again to whoever was too late.
#[test]
fn what_keeps_an_import_from_being_undone_is_named() {
    in_house(async |house| {
        let page = send(&house, "lead", FILE.as_bytes()).await.is(303).to.clone();
        house.work().await;
        house.post("lead", &format!("{page}/run"), &[("command", &command())]).await.goes_to(&page);
        house.work().await;
        let form = [("version", "1"), ("reason", "flow high"), ("test", "flow test")];
        house.post("lead", "/d/I-3/hold", &form).await.is(303);
        let said = house.get("lead", &page).await;
        said.is(200).says("Changed since the import: <a href=\"/d/I-3\">I-3</a>").hides("Undo import");
        let late = house.post("lead", &format!("{page}/undo"), &[("command", &command())]).await;
        late.is(409).says("This import cannot be undone as a whole.").says("2 devices imported.");
        house.get("lead", "/devices.csv").await.says("I-1,S1,");
    });
}

#[test]
fn a_file_that_cannot_be_read_is_refused_on_the_page() {
    in_house(async |house| {
        send(&house, "lead", b"PK\x03\x04 a workbook").await.is(422).says("The workbook is damaged");
        send(&house, "lead", b"").await.is(422).says("is empty");
        send(&house, "lead", b"tag,model\nA\0,M\n").await.is(422).says("Line 2: a NUL byte");
        house.get("lead", "/devices/import").await.is(200).says("Drop a spreadsheet (XLSX) or CSV file here");
        house.get("lead", "/devices/import/template.csv").await.is(200).says("Asset tag,Serial number");
        house.get("lead", "/devices/import/not-an-id").await.is(404);
    });
}

#[test]
fn only_those_who_may_import_or_export_come_in() {
    in_house(async |house| {
        let page = send(&house, "lead", FILE.as_bytes()).await.is(303).to.clone();
        for path in ["/devices/import", "/devices/imports", page.as_str()] {
            house.get("technician", path).await.is(403);
            house.get("nurse", path).await.is(403);
        }
        send(&house, "technician", FILE.as_bytes()).await.is(403);
        house.post("technician", &format!("{page}/run"), &[("command", &command())]).await.is(403);
        house.get("technician", "/devices.csv").await.is(403);
        house.get("auditor", "/devices.csv").await.is(200);
    });
}

testkit::engine_tests! {
    rooms: crate::hospital::ROOMS;

    async fn a_file_sent_twice_is_one_import(store: Store) {
        let house = House::build(&store).await;
        house.get("lead", "/devices/import").await.is(200).says("name=\"command\"");
        let id = command();
        let first = send_as(&house, "lead", FILE.as_bytes(), &id).await.is(303).to.clone();
        let again = send_as(&house, "lead", FILE.as_bytes(), &id).await.is(303).to.clone();
        assert_eq!(first, again);
        let words = "already sent with other content";
        send_as(&house, "lead", b"tag,model\nA,B\n", &id).await.is(422).says(words);
        send_as(&house, "manager", FILE.as_bytes(), &id).await.is(422).says(words);
        let pieces = db::read!(store.db, store.org, |tx| db::dump(tx, "blob_piece", "piece").await).unwrap();
        assert_eq!(pieces.len(), 1, "the bytes that came again are thrown away");
        let other = send(&house, "lead", FILE.as_bytes()).await.is(303).to.clone();
        assert_ne!(first, other, "another form is another import");
    }

    /// What an undone import brought is read as of a moment when it was there, even after its tag was given out anew.
    async fn an_undone_import_is_seen_when_looking_back(store: Store) {
        let house = House::build(&store).await;
        let step = async |page: &str, verb: &str| {
            house.post("lead", &format!("{page}/{verb}"), &[("command", &command())]).await.goes_to(page);
            house.work().await;
        };
        let moment = || {
            house.clock.advance(60);
            let at = house.clock.now().timestamp().to_zoned(crate::hospital::testkit_zone());
            house.clock.advance(60);
            at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
        };
        let early = moment();
        let page = send(&house, "lead", FILE.as_bytes()).await.is(303).to.clone();
        house.work().await;
        step(&page, "run").await;
        let there = moment();
        step(&page, "undo").await;
        let gone = moment();
        let at = async |when: &str| house.get("technician", &format!("/d/i-1?as-of={when}")).await;
        at(&there).await.is(200).says("As known on").says("serial").says("S1").says("was undone on");
        at(&gone).await.is(404);
        at(&early).await.is(404);
        house.get("technician", "/d/I-1").await.is(404);
        house.get("nurse", &format!("/d/I-1?as-of={there}")).await.is(404);
        let again = FILE.replace("S1", "S9");
        let page = send(&house, "lead", again.as_bytes()).await.is(303).to.clone();
        house.work().await;
        step(&page, "run").await;
        at(&there).await.is(200).says("S1").hides("S9");
        at(&gone).await.is(404);
        at(&moment()).await.is(200).says("S9").hides("was undone on");
    }
}
