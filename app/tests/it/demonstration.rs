//! `baton demo` makes and throws away demonstrations, and nothing else.

use std::path::Path;

use baton::rooms;
use db::{Db, Sql, scratch::Bare, vals};

use crate::{
    hospital::an_organisation,
    program::{Said, baton, call, sqlite},
};

/// `baton demo` without serving, for a hospital of few devices.
fn demo(more: &[&str]) -> Said {
    call(&[&["demo", "--no-serve", "--devices", "20"], more].concat())
}

async fn orgs(url: &str) -> Vec<(String, bool)> {
    let db = Db::open_existing(url, &rooms::schemas()).await.unwrap();
    let orgs = identity::org::list(&db).await.unwrap().into_iter().map(|org| (org.name, org.demo)).collect();
    db.close().await;
    orgs
}

async fn a_hospital(url: &str) {
    let db = Db::open(url, &rooms::schemas()).await.unwrap();
    an_organisation(&db, "here.example", "Here").await;
    db.close().await;
}

/// Leaves a demonstration as a making that was cut short does.
async fn cut_short(url: &str) {
    const SHORT: Sql = Sql::new("UPDATE demonstration SET whole = $1");
    let db = Db::open(url, &rooms::schemas()).await.unwrap();
    let org = identity::org::list(&db).await.unwrap()[0].id;
    db::write!(db, org, |tx| tx.execute(SHORT, &vals![false]).await).unwrap();
    db.close().await;
}

#[tokio::test]
async fn a_hospital_is_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.sqlite");
    a_hospital(&sqlite(&file)).await;
    let before = std::fs::read(&file).unwrap();
    let (url, folder) = (sqlite(&file), folder.path().to_str().unwrap());
    for place in [["--data-dir", folder], ["--database", &url]] {
        for fresh in [&[][..], &["--fresh"]] {
            let said = demo(&[&place, fresh].concat());
            assert_eq!(said.code, 1, "{place:?} {fresh:?}: {}", said.out);
            assert!(
                said.err.contains("holds Here") && said.err.contains("Nothing was changed"),
                "{}",
                said.err
            );
        }
    }
    assert_eq!(std::fs::read(&file).unwrap(), before, "not a byte differs");
}

#[tokio::test]
async fn a_file_of_another_program_is_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.sqlite");
    std::fs::write(
        &file,
        "a letter to grandmother, long enough to be taken for the header of a database file, or so",
    )
    .unwrap();
    let said = demo(&["--fresh", "--data-dir", folder.path().to_str().unwrap()]);
    assert_eq!(said.code, 1);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("a letter"));
}

#[tokio::test]
async fn a_demonstration_in_use_is_not_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let (file, at) = (folder.path().join("baton.sqlite"), folder.path().to_str().unwrap());
    assert_eq!(demo(&["--data-dir", at]).code, 0);
    let running = Db::open(&sqlite(&file), &rooms::schemas()).await.unwrap();
    for more in [&["--data-dir", at, "--fresh"][..], &["--data-dir", at]] {
        let said = demo(more);
        assert_eq!(said.code, 1);
        assert!(said.err.contains("Another Baton already uses"), "{}", said.err);
        assert!(file.exists(), "{more:?}");
    }
    assert_eq!(identity::org::list(&running).await.unwrap().len(), 1, "and whoever runs goes on");
    running.close().await;
}

#[tokio::test]
async fn a_demonstration_is_reused_and_made_anew_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let (file, at) = (folder.path().join("baton.sqlite"), folder.path().to_str().unwrap());
    assert_eq!(demo(&["--data-dir", at]).code, 0);
    let made = std::fs::read(&file).unwrap();
    let again = demo(&["--data-dir", at, "--json"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(again.json()["sign_ins"].as_array().unwrap().len(), 8, "{}", again.out);
    assert_eq!(std::fs::read(&file).unwrap().len(), made.len(), "reused");
    let other = call(&["demo", "--no-serve", "--devices", "30", "--data-dir", at]);
    assert!(
        other.code == 1 && other.err.contains("20 devices") && other.err.contains("--fresh"),
        "{}",
        other.err
    );
    let fresh = call(&["demo", "--no-serve", "--devices", "30", "--fresh", "--data-dir", at]);
    assert_eq!(fresh.code, 0, "{}", fresh.err);
    // A making that was killed is known by its mark, and made anew unasked.
    cut_short(&sqlite(&file)).await;
    let mended = demo(&["--data-dir", at]);
    assert!(mended.code == 0 && mended.err.contains("Created 20 devices"), "{}", mended.err);
    assert_eq!(orgs(&sqlite(&file)).await, [("Northfield Health".to_owned(), true)]);
}

/// Rows of devices that PostgreSQL plans for, and that there are.
async fn planned_for(url: &str) -> (i64, i64) {
    const PLANNED: Sql = Sql::new(
        "SELECT CAST(c.reltuples AS BIGINT) AS planned, (SELECT COUNT(*) FROM device) AS there FROM pg_class c \
         WHERE c.oid = CAST('device' AS regclass)",
    );
    let db = Db::open_existing(url, &rooms::schemas()).await.unwrap();
    let every = db::Wall::All("a test looks at the planner's figures");
    let row = db::read!(db, every, |tx| tx.one(PLANNED, &[]).await).unwrap();
    db.close().await;
    (row.get("planned").unwrap(), row.get("there").unwrap())
}

#[tokio::test]
async fn a_demonstration_lies_in_postgres_as_well() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    let made = demo(&["--database", &bare.url]);
    assert!(made.code == 0 && made.err.contains("Created 20 devices"), "{}", made.err);
    let (planned, there) = planned_for(&bare.url).await;
    assert!(there >= 20 && planned == there, "the planner plans for {planned} of {there} devices");
    let again = demo(&["--database", &bare.url]);
    assert!(again.code == 0 && !again.err.contains("Created"), "{}", again.err);
    let fresh = demo(&["--database", &bare.url, "--fresh"]);
    assert!(fresh.code == 1 && fresh.err.contains("DROP DATABASE"), "{}", fresh.err);
    let served = call(&["serve", "--database", &bare.url, "--listen", "127.0.0.1:0"]);
    assert!(served.code == 1 && served.err.contains("passwords are public"), "{}", served.err);
    cut_short(&bare.url).await;
    let begun = demo(&["--database", &bare.url]);
    assert!(begun.code == 1 && begun.err.contains("DROP DATABASE"), "{}", begun.err);
    bare.finish().await.unwrap();
}

#[tokio::test]
async fn a_hospital_in_postgres_is_refused() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    a_hospital(&bare.url).await;
    for fresh in [&[][..], &["--fresh"]] {
        let said = demo(&[&["--database", &bare.url], fresh].concat());
        assert!(said.code == 1 && said.err.contains("holds Here"), "{}", said.err);
    }
    assert_eq!(orgs(&bare.url).await, [("Here".to_owned(), false)]);
    bare.finish().await.unwrap();
}

#[test]
fn what_cannot_be_made_is_said_before_anything_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    assert_eq!(demo(&["--data-dir", at]).code, 0);
    for wrong in [["--devices", "0"], ["--today", "1970-01-01"], ["--today", "2300-01-01"]] {
        let said = call(&[&["demo", "--no-serve", "--fresh", "--data-dir", at], &wrong[..]].concat());
        assert!(said.code == 1 && !said.err.contains("our side"), "{wrong:?}: {}", said.err);
        assert!(folder.path().join("baton.sqlite").exists());
    }
    for day in ["1990-01-01", "2199-12-31"] {
        let at = folder.path().join(day);
        let said = demo(&["--today", day, "--data-dir", at.to_str().unwrap()]);
        assert_eq!(said.code, 0, "{day}: {}", said.err);
    }
}

#[test]
fn the_hospitals_database_is_left_aside_and_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (folder.path().join("real.sqlite"), folder.path().join("demo"));
    let run = |more: &[&str]| {
        let args = [&["demo", "--no-serve", "--devices", "20"], more].concat();
        baton(&args).env("BATON_DATABASE", sqlite(&theirs)).current_dir(folder.path()).output().unwrap()
    };
    let said = run(&["--data-dir", "demo"]);
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success() && words.contains("Leaving"), "{words}");
    assert!(!theirs.exists() && Path::new(&ours).join("baton.sqlite").exists());
    let both = run(&["--data-dir", "demo", "--database", &sqlite(&theirs)]);
    assert!(!both.status.success() && !theirs.exists());
}
