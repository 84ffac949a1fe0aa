//! Backups in an object store, one that keeps its word and one that does not.

use std::{path::Path, process::Stdio, time::Duration};

use axum::body::Bytes;
use baton::rooms;
use db::{Db, Wall, backup::note, blob, scratch::Bare};
use http::Method;
use kernel::{Id, Instant};
use rand::RngExt as _;
use serde_json::Value;

use crate::{
    backup::{differing, fleet},
    hospital::set_up_at,
    program::{Server, baton, sqlite},
    store::{self, Fault, KEY, Object, SECRET, Store},
};

const ALL: Wall = Wall::All("a test");
const SHELF: &str = "s3://hospital/backups/baton";
const PIECE: usize = 8 << 20;

/// The program with the store's keys; what it said as JSON.
async fn json(store: &Store, args: &[&str], more: &[(&str, &str)]) -> (i32, Value) {
    let mut command = baton(&[args, &["--json"]].concat());
    command.envs(store.environment()).envs(more.iter().copied());
    let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (said, err) = (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap());
    assert!(!said.contains(SECRET) && !err.contains(SECRET), "the secret is printed: {said} {err}");
    let value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}{err}"));
    (out.status.code().unwrap_or(-1), value)
}

/// As [`json`], and it must be refused with certain words.
async fn refused(store: &Store, args: &[&str], more: &[(&str, &str)], says: &[&str]) -> String {
    let (code, said) = json(store, args, more).await;
    let words = said["message"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
    assert!(code == 1 && says.iter().all(|part| words.contains(part)), "{says:?}: {words}");
    words
}

/// Files that do not pack, so that the copy takes several pieces.
async fn fill(url: &str, org: kernel::OrgId) {
    let db = Db::open(url, &rooms::schemas()).await.unwrap();
    let mut bytes = vec![0; blob::PIECE];
    let file = Id::new();
    for piece in 0..72 {
        rand::rng().fill(&mut bytes[..]);
        db::write!(db, org, |tx| blob::put(tx, org, file, piece, &bytes).await).unwrap();
    }
    db.close().await;
}

async fn its_org(url: &str) -> kernel::OrgId {
    let db = Db::beside_others(url).await.unwrap();
    let org = identity::org::list(&db).await.unwrap()[0].id;
    db.close().await;
    org
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_backup_goes_there_and_comes_back_the_same_on_both_engines() {
    let folder = tempfile::tempdir().unwrap();
    let admin = testkit::postgres_url();
    let mut engines =
        vec![(fleet(folder.path()).await, None, sqlite(&folder.path().join("back/baton.sqlite")), None)];
    if let Some(admin) = &admin {
        let (live, back) = (Bare::postgres(admin).await.unwrap(), Bare::postgres(admin).await.unwrap());
        set_up_at(&live.url).await;
        engines.push((live.url.clone(), Some(live), back.url.clone(), Some(back)));
    }
    for (url, live, back, bare) in engines {
        fill(&url, its_org(&url).await).await;
        let store = Store::start().await;
        let (code, said) = json(&store, &["db", "backup", "--to", SHELF, "--database", &url], &[]).await;
        assert_eq!(code, 0, "{said}");
        let asked = store.asked();
        let at = |what: &str| {
            asked.iter().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {asked:?}"))
        };
        let objects = store.objects();
        let sizes: Vec<_> = objects.iter().map(|(key, o)| (key.as_str(), o.bytes.len())).collect();
        let address = said["backup"].as_str().unwrap();
        let name = address.strip_prefix("s3://hospital/").unwrap();
        assert!(
            address.starts_with(SHELF)
                && sizes.len() == 2
                && sizes.iter().all(|(key, _)| key.starts_with(name)),
            "{sizes:?}"
        );
        let parts = asked.iter().filter(|line| line.contains("partNumber=")).count();
        assert!(parts >= 3 && sizes[0].1.div_ceil(PIECE) == parts, "{parts}: {sizes:?}");
        assert_eq!(
            at("manifest.json"),
            asked.len() - asked.iter().rev().position(|l| l.starts_with("PUT")).unwrap() - 1,
            "{asked:?}"
        );
        assert!(at("manifest.json") > at("POST") && store.open_uploads() == 0);

        // One backup by its address and the newest of the shelf are the same.
        let (code, said) = json(&store, &["db", "restore", address, "--database", &back], &[]).await;
        assert_eq!(code, 0, "{said}");
        let differ = differing(&back, &url).await;
        assert!(differ.iter().all(|t| t.table == "backup_note"), "{differ:?}");
        let scratch = match &bare {
            Some(_) => Some(Bare::postgres(admin.as_ref().unwrap()).await.unwrap()),
            None => None,
        };
        let mut drill = vec!["db", "drill", SHELF, "--database", &url];
        drill.extend(scratch.iter().flat_map(|s| ["--scratch", s.url.as_str()]));
        let (code, said) = json(&store, &drill, &[]).await;
        assert_eq!(
            (code, &said["ok"], said["backup"].as_str()),
            (0, &Value::Bool(true), Some(address)),
            "{said}"
        );
        for bare in [live, bare, scratch].into_iter().flatten() {
            bare.finish().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_store_that_stumbles_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    fill(&url, its_org(&url).await).await;
    let store = Store::start().await;
    for (method, part, times, fault) in [
        (Method::GET, "list-type=2", 1, Fault::Says(503, "SlowDown")),
        (Method::POST, "uploads", 1, Fault::Says(500, "InternalError")),
        (Method::PUT, "partNumber=1&", 2, Fault::Says(503, "SlowDown")),
        (Method::PUT, "partNumber=2&", 2, Fault::Cut),
        (Method::PUT, "partNumber=3&", 1, Fault::Says(500, "InternalError")),
        (Method::PUT, "manifest.json", 2, Fault::Cut),
    ] {
        store.fail(method, part, times, fault);
    }
    let (code, said) = json(&store, &["db", "backup", "--to", SHELF, "--database", &url], &[]).await;
    assert_eq!((code, store.heal()), (0, 0), "{said}: every fault was met");
    store.fail(Method::GET, "baton.sqlite.zst", 2, Fault::Cut);
    store.fail(Method::GET, "baton.sqlite.zst", 1, Fault::Says(503, "SlowDown"));
    store.fail(Method::GET, "manifest.json", 1, Fault::Says(500, "InternalError"));
    let back = sqlite(&folder.path().join("back/baton.sqlite"));
    let (code, said) = json(&store, &["db", "restore", SHELF, "--database", &back], &[]).await;
    assert_eq!((code, store.heal()), (0, 0), "{said}: every fault was met");
    assert!(differing(&back, &url).await.iter().all(|t| t.table == "backup_note"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn half_a_backup_never_counts() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    fill(&url, its_org(&url).await).await;
    let store = Store::start().await;
    let backup = ["db", "backup", "--to", SHELF, "--database", &url];
    let to = sqlite(&folder.path().join("r.sqlite"));
    // The store refuses in the middle: the upload is given up, and it is said and noted.
    store.fail(Method::PUT, "partNumber=2&", 1, Fault::Says(403, "AccessDenied"));
    let words =
        refused(&store, &backup, &[], &["AccessDenied", "could not be written to s3://hospital/backups"])
            .await;
    assert!(store.objects().is_empty() && store.open_uploads() == 0, "{}", store.open_uploads());
    let db = Db::beside_others(&url).await.unwrap();
    let notes = db::read!(db, ALL, |tx| note::all(tx).await).unwrap();
    db.close().await;
    let failed = note::of(&notes, note::Kind::Backup, false).unwrap();
    assert_eq!((&failed.words, failed.place.as_str()), (&words, SHELF));
    // The manifest is refused: the copy does not stay.
    store.fail(Method::PUT, "manifest.json", 1, Fault::Says(403, "AccessDenied"));
    refused(&store, &backup, &[], &["AccessDenied", "manifest.json"]).await;
    assert!(store.objects().is_empty(), "{:?}", store.objects().keys());
    // The machine goes away in the middle of a piece, and before the manifest.
    for (part, left) in [("partNumber=2&", 0), ("manifest.json", 1)] {
        store.asked();
        store.fail(Method::PUT, part, 1, Fault::Stuck);
        let mut child = baton(&backup);
        child.envs(store.environment()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        for _ in 0..1_500 {
            if store.asked().iter().any(|line| line.starts_with("PUT") && line.contains(part)) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!((store.objects().len(), store.heal()), (left, 0), "{part}: {:?}", store.objects().keys());
        refused(&store, &["db", "restore", SHELF, "--database", &to], &[], &["no whole backup"]).await;
    }
    let (code, said) = json(&store, &backup, &[]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = json(&store, &["db", "restore", SHELF, "--database", &to], &[]).await;
    assert_eq!(code, 0, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_was_cut_or_changed_in_the_store_is_not_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let admin = testkit::postgres_url();
    let mut engines =
        vec![(fleet(folder.path()).await, None, sqlite(&folder.path().join("back/baton.sqlite")), None)];
    if let Some(admin) = &admin {
        let (live, back) = (Bare::postgres(admin).await.unwrap(), Bare::postgres(admin).await.unwrap());
        set_up_at(&live.url).await;
        engines.push((live.url.clone(), Some(live), back.url.clone(), Some(back)));
    }
    for (url, live, back, bare) in engines {
        let store = Store::start().await;
        let (code, said) = json(&store, &["db", "backup", "--to", SHELF, "--database", &url], &[]).await;
        assert_eq!(code, 0, "{said}");
        let objects = store.objects();
        let [(copy, whole), (manifest, facts)] = &objects.iter().collect::<Vec<_>>()[..] else {
            panic!("{said}")
        };
        let sum = said["manifest"]["files"][0]["sha256"].as_str().unwrap().to_owned();
        let restore = ["db", "restore", SHELF, "--database", &back];
        let bytes = |bytes: Vec<u8>| Some(Object { bytes: Bytes::from(bytes), at: whole.at.clone() });
        let middle = whole.bytes.len() / 2;
        let mut altered = whole.bytes.to_vec();
        altered[middle] ^= 1;
        store.set(copy, bytes(altered));
        refused(&store, &restore, &[], &["is damaged", copy.as_str()]).await;
        // Packed anew and sound in itself, but not what was put there.
        let mut added = whole.bytes.to_vec();
        added.extend_from_slice(b"x");
        store.set(copy, bytes(added));
        refused(&store, &restore, &[], &["is damaged", &sum]).await;
        store.set(copy, bytes(whole.bytes[..middle].to_vec()));
        refused(&store, &restore, &[], &["is damaged", copy.as_str()]).await;
        store.set(copy, bytes(Vec::new()));
        refused(&store, &restore, &[], &["is damaged"]).await;
        store.set(copy, None);
        refused(&store, &restore, &[], &["Cannot read", copy.as_str()]).await;
        store.set(copy, Some((*whole).clone()));
        store.set(manifest, bytes(facts.bytes[..facts.bytes.len() / 2].to_vec()));
        let address = said["backup"].as_str().unwrap();
        let named = ["db", "restore", address, "--database", &back];
        refused(&store, &named, &[], &["manifest.json cannot be read"]).await;
        refused(&store, &restore, &[], &[address, "cannot be used", "Name the one that is meant"]).await;
        store.set(manifest, Some((*facts).clone()));
        let (code, said) = json(&store, &named, &[]).await;
        assert_eq!(code, 0, "nothing was left of the tries: {said}");
        for bare in [live, bare].into_iter().flatten() {
            bare.finish().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_keeps_the_store_from_being_used_is_said_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let store = Store::start().await;
    let to = |place| ["db", "backup", "--to", place, "--database", &url];
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{closed}");
    let other = "s3://elsewhere/x";
    for (place, more, says) in [
        (SHELF, &[("AWS_ACCESS_KEY_ID", "AKOTHER")][..], &["InvalidAccessKeyId", "Check the access key"][..]),
        (SHELF, &[("AWS_ACCESS_KEY_ID", "")], &["AWS_ACCESS_KEY_ID", "backup_s3_credentials"]),
        (other, &[], &["NoSuchBucket", "must be there already", "s3://elsewhere/x"]),
        (SHELF, &[("BATON_BACKUP_S3_ENDPOINT", &nobody)], &["refused", "backup_s3_endpoint"]),
        (
            SHELF,
            &[("BATON_BACKUP_S3_ENDPOINT", "http://192.0.2.7:9000")],
            &["not TLS", "backup_s3_plain_http"],
        ),
        (SHELF, &[("BATON_BACKUP_S3_ENDPOINT", "minio:9000")], &["Write https://host"]),
        (SHELF, &[("BATON_BACKUP_S3_ENDPOINT", "https://u:p@h")], &["nothing after it"]),
        ("s3://", &[], &["names no bucket"]),
        ("s3://Not A Bucket/x", &[], &["names no bucket"]),
        ("ftp://elsewhere/x", &[], &["is no folder and no bucket"]),
    ] {
        refused(&store, &to(place), more, says).await;
    }
    store.fail(Method::GET, "list-type", 1, Fault::Says(400, "AuthorizationHeaderMalformed"));
    refused(&store, &to(SHELF), &[], &["backup_s3_region"]).await;
    // The newest that cannot be fetched is no reason to take an older one.
    let (code, said) = json(&store, &to(SHELF), &[]).await;
    assert_eq!(code, 0, "{said}");
    store.fail(Method::GET, "manifest.json", 9, Fault::Says(403, "AccessDenied"));
    let back = sqlite(&folder.path().join("back.sqlite"));
    refused(&store, &["db", "restore", SHELF, "--database", &back], &[], &["AccessDenied", "manifest.json"])
        .await;
    // A server does not find out in the night.
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url, "--json"]);
    let out = serve.env("BATON_BACKUP_TO", SHELF).output().unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    assert!(
        !out.status.success() && said.contains("AWS_ACCESS_KEY_ID") && said.contains("backup_to"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn keys_in_a_file_and_a_certificate_of_its_own_open_a_store_with_tls() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let path = |name: &str| folder.path().join(name);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("certificate.pem"), made.cert.pem()).unwrap();
    let store = Store::start().await;
    let tls = web::Tls::read(&path("certificate.pem"), &path("key.pem")).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(web::serve(listener, store.router(), Some(tls), std::future::pending()));
    let keys = path("keys");
    std::fs::write(
        &keys,
        format!("[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"),
    )
    .unwrap();
    let rights =
        |mode| std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    let text = |path: &Path| path.display().to_string();
    let (keys_, certificate) = (text(&keys), text(&path("certificate.pem")));
    let all = [
        ("BATON_BACKUP_S3_ENDPOINT", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", ""),
        ("BATON_BACKUP_S3_CREDENTIALS", &keys_),
        ("BATON_BACKUP_S3_CERTIFICATE", &certificate),
    ];
    let backup = ["db", "backup", "--to", SHELF, "--database", &url];
    rights(0o644);
    refused(&store, &backup, &all, &["chmod 600"]).await;
    rights(0o600);
    let (code, said) = json(&store, &backup, &all).await;
    assert_eq!((code, store.objects().len()), (0, 2), "{said}");
    refused(&store, &backup, &all[..3], &["ertificate", "backup_s3_certificate"]).await;
    let none = [all[0], all[1], all[2], ("BATON_BACKUP_S3_CERTIFICATE", keys_.as_str())];
    refused(&store, &backup, &none, &["no certificate in PEM"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_shelf_may_have_more_backups_than_a_list_has_lines() {
    let folder = tempfile::tempdir().unwrap();
    let url = fleet(folder.path()).await;
    let store = Store::start().await;
    let (code, said) = json(&store, &["db", "backup", "--to", SHELF, "--database", &url], &[]).await;
    assert_eq!(code, 0, "{said}");
    let made = store.objects();
    let (name, at) =
        (said["backup"].as_str().unwrap().rsplit('/').next().unwrap(), &said["manifest"]["at_micros"]);
    for n in 0..1_005_i64 {
        for (key, object) in &made {
            let later = (at.as_i64().unwrap() + 1_000_000 * (n + 1)).to_string();
            let text = String::from_utf8_lossy(&object.bytes).replace(&at.to_string(), &later);
            let bytes = if key.ends_with("json") { text.into() } else { object.bytes.clone() };
            let key = key.replace(name, &format!("baton-copy-{n:04}"));
            store.set(&key, Some(Object { bytes, at: object.at.clone() }));
        }
    }
    store.asked();
    let back = sqlite(&folder.path().join("back/baton.sqlite"));
    let (code, said) = json(&store, &["db", "restore", SHELF, "--database", &back], &[]).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(said["backup"], format!("{SHELF}/baton-copy-1004"), "the newest lies on the second page");
    let pages = store.asked().iter().filter(|line| line.contains("continuation-token")).count();
    assert_eq!(pages, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_puts_backups_there_by_itself_and_thins_them_out() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    let store = Store::start().await;
    let (code, said) = json(&store, &["db", "backup", "--to", SHELF, "--database", &url], &[]).await;
    assert_eq!(code, 0, "{said}");
    let made = store.objects();
    let (name, at) =
        (said["backup"].as_str().unwrap().rsplit('/').next().unwrap(), &said["manifest"]["at_micros"]);
    let long_ago = || "2026-01-02T00:00:00Z".to_owned();
    let days_before = |days: i64| (at.as_i64().unwrap() - days * 86_400_000_000).to_string();
    let org = said["manifest"]["organisations"][0]["id"].as_str().unwrap();
    // An old one of ours, one of another hospital, what is left of one that was cut short, and one that is being made.
    for (copy, days, of) in
        [("baton-old", 40, org), ("baton-theirs", 41, "0198c5e6-0000-7000-8000-000000000000")]
    {
        for (key, object) in &made {
            let text = String::from_utf8_lossy(&object.bytes)
                .replace(&at.to_string(), &days_before(days))
                .replace(org, of);
            let bytes = if key.ends_with("json") { text.into() } else { object.bytes.clone() };
            store.set(&key.replace(name, copy), Some(Object { bytes, at: long_ago() }));
        }
    }
    let half = |at| Some(Object { bytes: Bytes::from_static(b"half"), at });
    store.set("backups/baton/baton-left/baton.sqlite.zst", half(long_ago()));
    store.set("backups/baton/baton-being-made/baton.sqlite.zst", half(store::now()));
    store.set("backups/baton/notes/readme", half(long_ago()));
    // The one just made is not known to the database yet, as after moving it: one is due at once.
    let db = Db::beside_others(&url).await.unwrap();
    let then = Instant::machine_now().plus_seconds(-90_000);
    db::write!(db, ALL, |tx| note::put(tx, note::Kind::Backup, true, then, "", "").await).unwrap();
    db.close().await;
    store.asked();
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    serve.envs(store.environment()).env("BATON_BACKUP_TO", SHELF).env("BATON_BACKUP_EVERY", "24");
    serve.env("BATON_BACKUP_KEEP", "{daily=1,weekly=0,monthly=0}");
    let server = tokio::task::spawn_blocking(|| Server::start(serve)).await.unwrap();
    for _ in 0..600 {
        if server.log().contains("baton-old") || server.log().contains("stays") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = server.log();
    drop(server);
    assert!(log.contains("a backup was made") && log.contains(SHELF) && !log.contains(SECRET), "{log}");
    let left = store.objects();
    let there = |part: &str| left.keys().filter(|key| key.contains(part)).count();
    assert_eq!(there("manifest.json"), 2, "the newest of ours and that of others: {:?}", left.keys());
    assert_eq!([there("baton-old"), there("baton-left")], [0, 0], "{:?}", left.keys());
    assert_eq!(
        [there("baton-theirs"), there("baton-being-made"), there("notes")],
        [2, 1, 1],
        "{:?}",
        left.keys()
    );
    let asked = store.asked();
    let gone = |part: &str| {
        asked.iter().position(|l| l.starts_with("DELETE") && l.contains("baton-old") && l.contains(part))
    };
    assert!(gone("manifest.json") < gone("zst") && gone("manifest.json").is_some(), "{asked:?}");
}
