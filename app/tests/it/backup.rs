//! Backups made, brought back, checked and drilled.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use baton::rooms;
use db::{
    Db, Place, Sql, Wall,
    backup::{self, Asked, Found, Shelf},
    job,
    scratch::{Bare, Scratch},
    vals,
};
use kernel::Instant;
use serde_json::Value;

use crate::{
    hospital::{Hospital, set_up_at},
    program::{Server, baton, call, sqlite},
    upgrade::unpacked,
};

const ALL: Wall = Wall::All("a test");

/// The database of the release, of this version's schema, and its address.
pub async fn fleet(folder: &Path) -> String {
    let url = unpacked("v0.1.0", folder);
    Db::open(&url, &rooms::schemas()).await.unwrap().close().await;
    url
}

async fn made(url: &str, shelf: &Path) -> Found {
    std::fs::create_dir_all(shelf).unwrap();
    let shelf = Shelf::new(&shelf.display().to_string()).unwrap();
    backup::make(Asked { url, shelf: &shelf, program: "test", rate: None }).await.unwrap()
}

/// Changes rows past the gate, as somebody with the file in hand would.
async fn tamper(url: &str, statement: &'static str) {
    let db = Db::beside_others(url).await.unwrap();
    let past = format!("WITH past AS (SELECT 1) {statement}");
    let past: &'static str = Box::leak(past.into_boxed_str());
    let rows = db::write!(db, ALL, |tx| tx.execute(Sql::new(past), &vals![]).await).unwrap();
    assert!(rows > 0, "{statement}");
    db.close().await;
}

pub fn json(args: &[&str]) -> (i32, Value) {
    let said = call(&[args, &["--json"]].concat());
    let value = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}{}", said.out, said.err));
    (said.code, value)
}

/// Every table of two databases, row by row; the tables that differ.
pub async fn differing(first: &str, second: &str) -> Vec<backup::Compared> {
    let open = async |url: &str| Place::beside_others(url).unwrap().look().await.unwrap();
    let (a, b) = (open(first).await, open(second).await);
    let mut one = a.begin_read(ALL).await.unwrap();
    let mut other = b.begin_read(ALL).await.unwrap();
    let all = backup::compare(&mut one, &mut other).await.unwrap();
    assert!(all.len() > 20 && all.iter().any(|t| t.table == "event" && t.same > 0), "{all:?}");
    Db::end_read(one, Ok(())).await.unwrap();
    Db::end_read(other, Ok(())).await.unwrap();
    a.close().await;
    b.close().await;
    all.into_iter().filter(|t| t.added + t.gone + t.changed > 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_others_write_is_one_state_of_the_database() {
    let hospitals = [Some(Hospital::new().await), Hospital::on_postgres().await];
    for hospital in hospitals.into_iter().flatten() {
        let folder = tempfile::tempdir().unwrap();
        let (db, org) = (hospital.db.clone(), hospital.org);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        // What the hospital's own work waits for.
        let before = made(hospital.url(), folder.path()).await.manifest.rows["job"];
        // Two rows a transaction: half of one would be seen as an odd number.
        let writing = tokio::spawn(async move {
            let mut pairs = 0;
            while !*stopped.borrow() {
                let later = Instant::machine_now().plus_seconds(3600);
                db::write!(db, org, |tx| {
                    job::add(tx, org, "a.test.one", "{}", later).await?;
                    job::add(tx, org, "a.test.other", "{}", later).await
                })
                .unwrap();
                pairs += 1;
            }
            pairs
        });
        let mut seen = Vec::new();
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            let found = made(hospital.url(), folder.path()).await;
            assert_eq!((found.manifest.rows["job"] - before) % 2, 0, "{:?}", found.manifest);
            seen.push(found);
        }
        stop.send(true).unwrap();
        let pairs: i64 = writing.await.unwrap();
        let rows: Vec<i64> = seen.iter().map(|found| found.manifest.rows["job"] - before).collect();
        assert!(
            rows[0] > 0 && rows.is_sorted() && rows[0] < rows[3] && rows[3] <= 2 * pairs,
            "{rows:?} {pairs}"
        );
        let bare = match hospital.url().starts_with("sqlite") {
            true => None,
            false => Some(Bare::postgres(&testkit::postgres_url().unwrap()).await.unwrap()),
        };
        let file = sqlite(&folder.path().join("back/baton.sqlite"));
        let to = bare.as_ref().map_or(file, |bare| bare.url.clone());
        backup::restore(&seen[1], &to, &rooms::schemas()).await.unwrap();
        let differ = differing(&to, hospital.url()).await;
        let ours = |t: &backup::Compared| {
            t.table == "backup_note" || (t.table == "job" && t.gone + t.changed == 0) || t.table == "tally"
        };
        assert!(differ.iter().all(ours), "{differ:?}");
        let (code, said) = json(&["db", "check", "--database", &to]);
        assert_eq!((code, &said["ok"]), (0, &Value::Bool(true)), "{said}");
        if let Some(bare) = bare {
            bare.finish().await.unwrap();
        }
        hospital.finish().await;
    }
}

#[tokio::test]
async fn what_cannot_be_trusted_is_not_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let found = made(&url, &folder.path().join("shelf")).await;
    let there = PathBuf::from(found.address());
    let (copy, manifest) = (there.join("baton.sqlite.zst"), there.join("manifest.json"));
    let (bytes, text) = (std::fs::read(&copy).unwrap(), std::fs::read_to_string(&manifest).unwrap());
    let target = folder.path().join("back/baton.sqlite");
    let to = sqlite(&target);
    let from = found.address();
    let refused = |says: &str| {
        let (code, said) = json(&["db", "restore", &from, "--database", &to]);
        let words = said["message"].as_str().unwrap_or_default();
        assert!(code == 1 && words.contains(says), "{says}: {said}");
        let left: Vec<_> = std::fs::read_dir(folder.path().join("back"))
            .map(|all| {
                all.flatten()
                    .map(|entry| entry.file_name())
                    .filter(|name| name != "baton.sqlite.lock")
                    .collect()
            })
            .unwrap_or_default();
        assert!(left.is_empty(), "{says}: {left:?}");
    };
    let spoil = |at: usize| {
        let mut spoilt = bytes.clone();
        spoilt[at] ^= 1;
        std::fs::write(&copy, spoilt).unwrap();
    };
    for at in [0, 5, bytes.len() / 2, bytes.len() - 1] {
        spoil(at);
        refused("is damaged");
    }
    std::fs::write(&copy, &bytes[..bytes.len() - 7]).unwrap();
    refused("is damaged");
    std::fs::write(&copy, [&bytes[..], b"more"].concat()).unwrap();
    refused("is damaged");
    std::fs::remove_file(&copy).unwrap();
    refused("Cannot read");
    std::fs::write(&copy, &bytes).unwrap();
    for (old, new, says) in [
        ("\"format\": 1", "\"format\": 2", "newer version of Baton"),
        ("\"steps\": [", "\"steps\": [ 999001001,", "newer version of Baton"),
        ("\"device\": 353", "\"device\": 354", "does not hold what its manifest says"),
        ("\"engine\": \"sqlite\"", "\"engine\": \"oracle\"", "does not know"),
        ("baton.sqlite.zst", "../baton.sqlite.zst", "names no file"),
        ("{", "", "cannot be read"),
    ] {
        std::fs::write(&manifest, text.replacen(old, new, 1)).unwrap();
        refused(says);
    }
    std::fs::remove_file(&manifest).unwrap();
    refused("There is no whole backup");
    std::fs::write(&manifest, &text).unwrap();
    let (code, said) = json(&["db", "restore", &from, "--database", &to]);
    assert_eq!(code, 0, "{said}");
    let there = std::fs::read(&target).unwrap();
    let (code, said) = json(&["db", "restore", &from, "--database", &to]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains("holds a database"), "{said}");
    assert!(std::fs::read(&target).unwrap() == there, "what was there stays as it was");
    // The log of a database whose file was moved away would be read into the one brought back.
    std::fs::remove_file(&target).unwrap();
    std::fs::write(folder.path().join("back/baton.sqlite-wal"), "changes").unwrap();
    let (code, said) = json(&["db", "restore", &from, "--database", &to]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains("last changes"), "{said}");
}

#[tokio::test]
async fn a_backup_cut_short_never_counts() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let shelf = folder.path().join("shelf");
    let to = shelf.display().to_string();
    std::fs::create_dir(&shelf).unwrap();
    let mut slow = baton(&["db", "backup", "--to", &to, "--database", &url]);
    slow.env("BATON_BACKUP_RATE", "1").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = slow.spawn().unwrap();
    let halves = || std::fs::read_dir(&shelf).map(|all| all.flatten().count()).unwrap_or_default();
    for _ in 0..500 {
        if halves() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(halves(), 1, "it was cut short in the middle");
    let all = async || Shelf::new(&to).unwrap().all().await.unwrap();
    assert!(all().await.is_empty());
    let (code, said) = json(&["db", "restore", &to, "--database", &sqlite(&folder.path().join("r.sqlite"))]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains("no whole backup"), "{said}");
    let (code, said) = json(&["db", "backup", "--to", &to, "--database", &url]);
    assert_eq!((code, all().await.len()), (0, 1), "{said}");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_said_and_noted() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let (code, said) = json(&["db", "backup", "--to", &file.display().to_string(), "--database", &url]);
    let words = said["message"].as_str().unwrap().to_owned();
    assert!(code == 1 && words.contains("is no folder") && words.contains("file"), "{said}");
    let db = Db::beside_others(&url).await.unwrap();
    let notes = db::read!(db, ALL, |tx| backup::note::all(tx).await).unwrap();
    let failed = backup::note::of(&notes, backup::note::Kind::Backup, false).unwrap();
    assert_eq!(failed.words, words);
    db.close().await;
    let (code, said) = json(&["db", "backup", "--to", "ftp://elsewhere/x", "--database", &url]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains("is no folder"), "{said}");
    let (code, said) = json(&["db", "backup", "--database", &url]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains("--to"), "{said}");
    let (code, said) = json(&["db", "drill", "--database", &url]);
    let words = said["message"].as_str().unwrap();
    assert!(code == 1 && words.contains("baton db drill PLACE") && !words.contains("--to"), "{said}");
    let (code, _) = json(&["db", "backup", "--to", "x", "--database", &sqlite(&folder.path().join("none"))]);
    assert_eq!(code, 1);
    assert!(!folder.path().join("none").exists());
}

#[tokio::test]
async fn a_damaged_backup_is_not_passed_over_for_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let shelf = folder.path().join("shelf");
    let older = made(&url, &shelf).await;
    let newer = made(&url, &shelf).await;
    let manifest = PathBuf::from(newer.address()).join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let (from, back) = (shelf.display().to_string(), sqlite(&folder.path().join("back/baton.sqlite")));
    // What is no backup and claims to be none is passed over.
    std::fs::create_dir(shelf.join("notes")).unwrap();
    std::fs::write(shelf.join("readme"), "x").unwrap();
    for spoilt in ["{bad", "", &text.replacen("\"format\": 1", "\"format\": 9", 1)] {
        std::fs::write(&manifest, spoilt).unwrap();
        for command in
            [&["db", "restore", &from, "--database", &back][..], &["db", "drill", &from, "--database", &url]]
        {
            let (code, said) = json(command);
            let words = said["message"].as_str().unwrap_or_default();
            assert!(
                code == 1 && words.contains(&newer.address()) && words.contains("Name the one"),
                "{command:?}: {said}"
            );
        }
        assert!(!folder.path().join("back/baton.sqlite").exists());
        let known = Shelf::new(&from).unwrap();
        assert!(known.all().await.is_err());
        let (whole, damaged) = known.whole().await.unwrap();
        assert_eq!((whole.len(), whole[0].address(), damaged.len()), (1, older.address(), 1));
    }
    let (code, said) = json(&["db", "restore", &older.address(), "--database", &back]);
    assert_eq!(code, 0, "the exact one: {said}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let (_, token) = set_up_at(&url).await;
    let away = folder.path().join("mnt/backup");
    let to = away.display().to_string();
    let remedy = format!("mkdir {to}");
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    serve.env("BATON_BACKUP_TO", &away);
    let server = Server::start(serve);
    for _ in 0..300 {
        if server.log().contains("tried again in a quarter of an hour") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(server.logs("tried again in a quarter of an hour"), "{}", server.log());
    let page = server.ask("/organisation", &token, None);
    assert!(page.body.contains("; failed on "), "{}", page.main());
    assert!(server.log().contains(&remedy), "{}", server.log());
    let (code, said) = json(&["db", "backup", "--to", &to, "--database", &url]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains(&remedy), "{said}");
    let (code, said) = json(&["db", "restore", &to, "--database", &sqlite(&folder.path().join("r.sqlite"))]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains("is not there"), "{said}");
    let checked = |key: &str, value: &Path| {
        let out = baton(&["config", "check"]).env(key, value).output().unwrap();
        (out.status.success(), String::from_utf8(out.stderr).unwrap())
    };
    let (good, words) = checked("BATON_BACKUP_TO", &away);
    assert!(!good && words.starts_with("backup_to") && words.contains(&remedy), "{words}");
    let (good, words) = checked("BATON_SEAL_KEY", &away.join("key"));
    assert!(!good && words.starts_with("seal_key") && words.contains(&remedy), "{words}");
    assert!(
        checked("BATON_BACKUP_TO", folder.path()).0
            && checked("BATON_SEAL_KEY", &folder.path().join("key")).0
    );
    assert!(!folder.path().join("mnt").exists());
}

/// What a check finds after somebody changed a sound database, by the name of the check.
async fn faults_after(statements: &[&'static str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    for statement in statements {
        tamper(&url, statement).await;
    }
    let (code, said) = json(&["db", "check", "--database", &url]);
    let faults = said["faults"].as_array().unwrap_or_else(|| panic!("{said}"));
    assert_eq!(code, i32::from(!faults.is_empty()), "{said}");
    let words = |f: &Value| format!("{}: {}", f["check"].as_str().unwrap(), f["fault"].as_str().unwrap());
    faults.iter().map(words).collect()
}

#[tokio::test]
async fn a_check_names_what_is_wrong() {
    assert!(faults_after(&[]).await.is_empty());
    const DEVICE: &str = "(SELECT id FROM device WHERE removed_at IS NULL ORDER BY id LIMIT 1)";
    for (statement, says) in [
        ("UPDATE tally SET n = n + 1 WHERE word = (SELECT MIN(word) FROM tally)", "counts: "),
        ("DELETE FROM search_doc WHERE doc = 3", "words: device"),
        ("DELETE FROM search_words WHERE rowid = 3", "words: device"),
        ("UPDATE device SET version = version + 1 WHERE rowid = 5", "record: device"),
        ("DELETE FROM event WHERE rowid = 1000", "record: "),
        ("UPDATE event SET entity = 'ghost' WHERE rowid = 1000", "record: events tell of “ghost”"),
        ("INSERT INTO blob_piece SELECT org_id, org_id, 0, zeroblob(5) FROM org", "files: the file"),
        ("UPDATE device_type SET risk = NULL, version = 9 WHERE rowid = 1", "record: device_type"),
    ] {
        let found = faults_after(&[statement]).await;
        assert!(found.iter().any(|fault| fault.starts_with(says)), "{statement}: {found:?}");
    }
    let hold = format!("UPDATE device SET hold_reason = 'x' WHERE id = {DEVICE}");
    let found = faults_after(&[Box::leak(hold.into_boxed_str())]).await;
    assert!(found.iter().any(|fault| fault.starts_with("counts: “device.held”")), "{found:?}");
}

#[tokio::test]
async fn a_schema_that_no_migration_made_is_found_on_both_engines() {
    let scratches = [Some(Scratch::sqlite(&rooms::schemas()).await.unwrap()), postgres().await];
    for scratch in scratches.into_iter().flatten() {
        let (_, said) = json(&["db", "check", "--database", &scratch.url]);
        assert_eq!(said["ok"], Value::Bool(true), "{said}");
        let change = async |sql: &'static str| {
            db::write!(scratch.db, ALL, |tx| tx.execute(Sql::new(sql), &vals![]).await).unwrap();
        };
        change("DROP INDEX device_by_udi").await;
        change("ALTER TABLE site ADD COLUMN colour TEXT").await;
        let (code, said) = json(&["db", "check", "--database", &scratch.url]);
        let faults = said["faults"].to_string();
        assert_eq!(code, 1);
        assert!(faults.contains("index device_by_udi is missing") && faults.contains("site"), "{faults}");
        scratch.finish().await.unwrap();
    }
}

async fn postgres() -> Option<Scratch> {
    let admin = testkit::postgres_url()?;
    Some(Scratch::postgres(&admin, &rooms::schemas()).await.unwrap())
}

#[tokio::test]
async fn a_drill_tells_changes_on_record_from_changes_that_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let shelf = folder.path().join("shelf");
    let from = shelf.display().to_string();
    made(&url, &shelf).await;
    let table = |said: &Value, name: &str| {
        let all = said["tables"].as_array().unwrap();
        all.iter().find(|t| t["table"] == name).unwrap_or_else(|| panic!("{said}")).clone()
    };
    // A change on record.
    let db = Db::open(&url, &rooms::schemas()).await.unwrap();
    let org = identity::org::list(&db).await.unwrap()[0].id;
    let who = crate::hospital::system(org);
    let device = db::read!(db, org, |tx| fleet::device::store::each(tx, org, None, 500).await).unwrap();
    let device =
        device.into_iter().find(|d| d.state == fleet::device::State::InService && d.hold.is_none()).unwrap();
    let hold = || fleet::device::Hold { reason: "Flow".into(), released_by: "Test".into() };
    db::write!(db, org, |tx| fleet::device::actions::hold(tx, &who, device.id, device.version, hold()).await)
        .unwrap();
    db.close().await;
    drop(db);
    let (code, said) = json(&["db", "drill", &from, "--database", &url]);
    assert_eq!((code, &said["ok"]), (0, &Value::Bool(true)), "{said}");
    let (devices, events) = (table(&said, "device"), table(&said, "event"));
    assert_eq!((&devices["changed"], &devices["told"]), (&1.into(), &1.into()), "{devices}");
    assert_eq!((&events["added"], &events["gone"], &events["changed"]), (&1.into(), &0.into(), &0.into()));
    // Changes that are not: a row, an event, and a row that is gone.
    for (statement, says) in [
        ("UPDATE device SET notes = 'x' WHERE rowid = 7", "device: 1 rows differ"),
        ("UPDATE event SET reason = 'x' WHERE rowid = 7", "event: 1 rows differ"),
        ("DELETE FROM event WHERE rowid = 8", "event: 2 rows differ"),
    ] {
        tamper(&url, statement).await;
        let (code, said) = json(&["db", "drill", &from, "--database", &url]);
        assert!(code == 1 && said["faults"].to_string().contains(says), "{says}: {said}");
    }
    let db = Db::beside_others(&url).await.unwrap();
    let notes = db::read!(db, ALL, |tx| backup::note::all(tx).await).unwrap();
    let outcomes: Vec<_> = notes.iter().map(|n| (n.kind.as_str(), n.ended_well)).collect();
    assert_eq!(outcomes, [("backup", true), ("drill", false), ("drill", true)]);
    db.close().await;
    let left: Vec<PathBuf> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(!left.iter().any(|p| p.display().to_string().contains("drill")), "{left:?}");
}

#[tokio::test]
async fn a_drill_on_postgres_leaves_its_scratch_empty_and_touches_no_other() {
    let Some(admin) = testkit::postgres_url() else { return };
    let live = Bare::postgres(&admin).await.unwrap();
    set_up_at(&live.url).await;
    let other = Bare::postgres(&admin).await.unwrap();
    set_up_at(&other.url).await;
    let scratch = Bare::postgres(&admin).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().display().to_string();
    let (code, said) = json(&["db", "backup", "--to", &from, "--database", &live.url]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = json(&["db", "drill", &from, "--database", &live.url]);
    assert!(code == 1 && said["message"].as_str().unwrap().contains("--scratch"), "{said}");
    for full in [&other.url, &live.url] {
        let (code, said) = json(&["db", "drill", &from, "--database", &live.url, "--scratch", full]);
        assert!(code == 1 && said["message"].as_str().unwrap().contains("holds a database"), "{said}");
        let (code, said) = json(&["db", "check", "--database", full]);
        assert_eq!(code, 0, "{said}");
    }
    for _ in 0..2 {
        let (code, said) = json(&["db", "drill", &from, "--database", &live.url, "--scratch", &scratch.url]);
        assert_eq!((code, &said["ok"]), (0, &Value::Bool(true)), "{said}");
        assert_eq!(Place::take(&scratch.url).unwrap().found().await.unwrap(), db::Found::Nothing);
    }
    for bare in [live, other, scratch] {
        bare.finish().await.unwrap();
    }
}

#[tokio::test]
async fn an_upgrade_keeps_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before");
    std::fs::create_dir(&before).unwrap();
    let old = unpacked("v0.1.0", &before);
    let url = unpacked("v0.1.0", folder.path());
    let (code, said) = json(&["db", "migrate", "--database", &url]);
    assert_eq!(code, 0, "{said}");
    assert!(!said["steps"].as_array().unwrap().is_empty());
    let kept = said["kept"].as_str().unwrap().to_owned();
    assert!(kept.contains("baton.sqlite.before-upgrade"), "{kept}");
    // Nothing is waiting any more, so nothing more is kept.
    let (_, said) = json(&["db", "migrate", "--database", &url]);
    assert_eq!((said["steps"].as_array().unwrap().len(), &said["kept"]), (0, &Value::Null), "{said}");
    let back = sqlite(&folder.path().join("back/baton.sqlite"));
    let (code, said) = json(&["db", "restore", &kept, "--database", &back]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(differing(&old, &back).await, [], "row by row what it was");
    let waits = async |url: &str| db::waiting(url, &rooms::schemas()).await.unwrap().steps;
    assert_eq!(waits(&back).await, waits(&old).await, "its schema is the old one");
    assert!(waits(&url).await.is_empty());
    // And the upgrade itself changed no row of a record.
    let changed: Vec<String> = differing(&old, &url).await.into_iter().map(|t| t.table).collect();
    // Counts of sites and organisations are added up, and the words of devices are to be written again.
    assert_eq!(changed, ["_sqlx_migrations", "job", "tally"]);
    let (code, said) = json(&["db", "check", "--database", &url]);
    assert_eq!(code, 0, "{said}");
}

#[tokio::test]
async fn an_upgrade_of_postgres_asks_for_a_backup() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    // An earlier version that had no fleet.
    let db = Db::open(&bare.url, &[identity::SCHEMA]).await.unwrap();
    crate::hospital::an_organisation(&db, "here.example", "Here").await;
    db.close().await;
    let folder = tempfile::tempdir().unwrap();
    let steps = async || db::waiting(&bare.url, &rooms::schemas()).await.unwrap().steps.len();
    let waiting = steps().await;
    assert!(waiting > 0);
    let add = ["user", "add", "--email", "a@here.example", "--name", "A B", "--role", "lead"];
    for command in [&["db", "migrate"][..], &add, &["serve", "--listen", "127.0.0.1:0"]] {
        let (code, said) = json(&[command, &["--database", &bare.url]].concat());
        assert!(code == 1 && said["message"].as_str().unwrap().contains("--backup-made"), "{said}");
    }
    let (code, said) = json(&["export", "x", "--database", &bare.url]);
    assert!(code == 1 && said["code"] == "db.older", "what only reads upgrades nothing: {said}");
    assert_eq!(steps().await, waiting, "nothing was changed");
    let mut migrate = baton(&["db", "migrate", "--json", "--database", &bare.url]);
    let out = migrate.env("BATON_BACKUP_TO", folder.path()).output().unwrap();
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(said["kept"].as_str().unwrap().starts_with(&folder.path().display().to_string()), "{said}");
    assert_eq!(steps().await, 0);
    bare.finish().await.unwrap();

    let bare = Bare::postgres(&admin).await.unwrap();
    let db = Db::open(&bare.url, &[identity::SCHEMA]).await.unwrap();
    crate::hospital::an_organisation(&db, "here.example", "Here").await;
    db.close().await;
    let (code, said) = json(&["db", "migrate", "--backup-made", "--database", &bare.url]);
    assert_eq!((code, &said["kept"]), (0, &Value::Null), "{said}");
    bare.finish().await.unwrap();
}

#[tokio::test]
async fn a_server_makes_backups_by_itself_and_says_when() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let (_, token) = set_up_at(&url).await;
    let shelf = folder.path().join("shelf");
    std::fs::create_dir(&shelf).unwrap();
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    serve.env("BATON_BACKUP_TO", &shelf);
    let server = Server::start(serve);
    let page = server.ask("/organisation", &token, None);
    assert!(page.body.contains("Last restore drill"), "{}", page.main());
    for _ in 0..300 {
        if server.log().contains("a backup was made") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(server.logs("a backup was made"), "{}", server.log());
    let found = Shelf::new(&shelf.display().to_string()).unwrap().find().await.unwrap();
    assert_eq!(found.manifest.organisations[0].name, "Here");
    // Beside the running server: a second one by hand, a drill, a check.
    let to = shelf.display().to_string();
    for command in [&["db", "backup", "--to", &to][..], &["db", "drill", &to], &["db", "check"]] {
        let (code, said) = json(&[command, &["--database", &url]].concat());
        assert_eq!((code, &said["ok"]), (0, &Value::Bool(true)), "{said}");
    }
    let page = server.ask("/organisation", &token, None);
    let words = page.body.split("Last backup").nth(1).unwrap().split("History").next().unwrap();
    assert!(!words.contains("never") && !words.contains("failed"), "{words}");
    let figures = server.ask("/metrics", "", None).body;
    for what in ["backup", "drill"] {
        let line = format!("baton_last_time_seconds{{what=\"{what}\",outcome=\"well\"}} ");
        assert!(figures.contains(&line), "{figures}");
    }
}

#[test]
fn keys_about_backups_are_checked() {
    for (key, value, says) in [
        ("BATON_BACKUP_AT", "25:00", "backup_at"),
        ("BATON_BACKUP_AT", "7", "backup_at"),
        ("BATON_BACKUP_EVERY", "0", "backup_every"),
        ("BATON_BACKUP_KEEP", "{hourly=3}", "backup_keep"),
    ] {
        let out = baton(&["config", "check"]).env(key, value).output().unwrap();
        let words = String::from_utf8(out.stderr).unwrap();
        assert!(!out.status.success() && words.contains(says), "{key}={value}: {words}");
    }
    let good = baton(&["config", "check", "--json"])
        .envs([("BATON_BACKUP_AT", "04:15"), ("BATON_BACKUP_KEEP", "{daily=3,weekly=0}")])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!(
        said["config"]["backup_keep"],
        serde_json::json!({ "daily": 3, "weekly": 0, "monthly": 12 }),
        "{said}"
    );
}
