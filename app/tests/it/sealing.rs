//! The seal as an operator meets it: made by a serving program, checked beside it, its key looked after.

use std::{os::unix::fs::PermissionsExt as _, path::Path};

use db::{Place, scratch::meddle};
use kernel::Id;
use serde_json::Value;

use crate::{
    hospital::set_up_at,
    program::{Server, baton, call, sqlite},
};

fn verify(url: &str, more: &[&str]) -> (i32, Value) {
    let said = call(&[&["audit", "verify", "--json", "--database", url], more].concat());
    (said.code, said.json())
}

fn kinds(value: &Value) -> Vec<&str> {
    let faults = value["organisations"][0]["faults"].as_array().unwrap();
    faults.iter().map(|f| f["kind"].as_str().unwrap()).collect()
}

fn root(url: &str) -> String {
    let value = call(&["audit", "root", "--json", "--database", url]).json();
    value["organisations"][0]["root"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_record_is_sealed_shown_checked_and_its_root_expected() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    // A server makes the key, for its owner only.
    drop(Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url])));
    let key = folder.path().join("baton.sqlite.seal-key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let (code, value) = verify(&url, &[]);
    assert_eq!((code, &value["organisations"][0]["sealed_events"]), (0, &Value::from(0)), "{value}");
    let sealed = call(&["audit", "seal", "--json", "--database", &url]).json();
    assert!(sealed["sealed"].as_i64().unwrap() > 0, "{sealed}");
    let kept = root(&url);
    let (code, value) = verify(&url, &["--expect-root", &kept]);
    assert_eq!((code, &value["organisations"][0]["expected_root_in_batch"]), (0, &Value::from(1)), "{value}");
    let other = "0".repeat(64);
    let (code, value) = verify(&url, &["--expect-root", &other]);
    assert_eq!((code, kinds(&value)), (1, vec!["root"]));
    let (code, value) = verify(&url, &["--expect-root", "12"]);
    assert!(code != 0 && value["message"].as_str().unwrap().contains("64"), "{value}");
    // Somebody changes a name in the file.
    meddle(&url, None, &["UPDATE person SET name = 'Nobody'".to_owned()]).await.unwrap();
    let (code, value) = verify(&url, &[]);
    assert_eq!((code, kinds(&value)), (1, vec!["row_altered"]));
    let plain = call(&["audit", "verify", "--database", &url]);
    assert!(plain.out.contains("NOT WHOLE") && plain.out.contains("name differs"), "{}", plain.out);
    let person = value["organisations"][0]["faults"][0]["record"].as_str().unwrap();
    let life = call(&["audit", "show", person, "--database", &url]);
    assert!(
        life.out.contains("identity.person.add") && life.out.contains("boss@here.example"),
        "{}",
        life.out
    );
    assert!(
        life.out.contains("batch 1") && life.out.contains("1 of them sealed, each as it was"),
        "{}",
        life.out
    );
    let by_mail = call(&["audit", "show", "person/BOSS@here.example", "--database", &url]);
    assert_eq!(by_mail.out, life.out);
    let unknown = call(&["audit", "show", "device/none", "--database", &url]);
    assert!(unknown.code != 0 && unknown.err.contains("Kinds are"), "{}", unknown.err);
}

#[tokio::test]
async fn the_check_runs_beside_a_server_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.sqlite");
    let url = sqlite(&file);
    set_up_at(&url).await;
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let (code, value) = verify(&url, &[]);
    assert_eq!((code, kinds(&value)), (0, vec![]), "{value}");
    let busy = call(&["audit", "seal", "--database", &url]);
    assert!(busy.code != 0 && busy.err.contains("Another Baton"), "{}", busy.err);
    drop(server);
    let empty = sqlite(&folder.path().join("empty.sqlite"));
    drop(Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &empty])));
    for more in
        [vec![], vec!["--expect-root", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]]
    {
        let (code, value) = verify(&empty, &more);
        assert!(code != 0 && value["message"].as_str().unwrap().contains("no organisation"), "{value}");
    }
    let missing = call(&["audit", "verify", "--database", &sqlite(&folder.path().join("none.sqlite"))]);
    assert!(missing.code != 0 && !folder.path().join("none.sqlite").exists(), "{}", missing.err);
}

#[tokio::test]
async fn a_key_that_others_can_read_or_that_is_gone_seals_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let key = folder.path().join("baton.sqlite.seal-key");
    set_up_at(&url).await;
    drop(Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url])));
    assert_eq!(call(&["audit", "seal", "--database", &url]).code, 0);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = call(&["audit", "seal", "--database", &url]);
    assert!(open.code != 0 && open.err.contains("chmod 600"), "{}", open.err);
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    assert!(server.log().contains("chmod 600"), "{}", server.log());
    drop(server);
    // Gone: no other key is made in silence.
    std::fs::rename(&key, folder.path().join("elsewhere")).unwrap();
    let gone = call(&["audit", "seal", "--database", &url]);
    assert!(gone.code != 0 && gone.err.contains("no key file"), "{}", gone.err);
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    assert!(server.log().contains("the key is not there"), "{}", server.log());
    drop(server);
    assert!(!key.exists());
    let lost = ["audit", "rotate-key", "--lost", "--reason", "the disk died", "--json", "--database", &url];
    let new = call(&lost).json();
    let (code, value) = verify(&url, &[]);
    assert_eq!((code, kinds(&value)), (1, vec!["key"]), "{value}");
    let (code, _) = verify(&url, &["--trust-key", new["key"].as_str().unwrap()]);
    assert_eq!(code, 0, "a new key that somebody vouches for");
}

#[tokio::test]
async fn a_key_is_rotated_and_the_old_one_kept() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    drop(Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url])));
    assert_eq!(call(&["audit", "seal", "--database", &url]).code, 0);
    let why = call(&["audit", "rotate-key", "--reason", " ", "--database", &url]);
    assert!(why.code != 0 && why.err.contains("Say why"), "{}", why.err);
    let said = call(&["audit", "rotate-key", "--reason", "yearly", "--json", "--database", &url]).json();
    assert!(Path::new(said["file"].as_str().unwrap()).exists());
    assert!(folder.path().join("baton.sqlite.old-seal-key").exists());
    let (code, value) = verify(&url, &[]);
    assert_eq!(code, 0, "{value}");
    assert!(
        value["organisations"][0]["held_against"].as_str().unwrap().ends_with(".seal-witness"),
        "{value}"
    );
    // Held against the new key alone, the seals of the old one are somebody else's.
    let witness = folder.path().join("baton.sqlite.seal-witness");
    std::fs::rename(&witness, folder.path().join("kept")).unwrap();
    let (code, value) = verify(&url, &[]);
    assert_eq!((code, &value["organisations"][0]["held_against"]), (1, &Value::Null), "{value}");
    let plain = call(&["audit", "verify", "--database", &url]);
    assert!(plain.out.contains("NOTHING BUT ITSELF"), "{}", plain.out);
    let (code, value) = verify(&url, &["--key", said["key"].as_str().unwrap()]);
    assert_eq!((code, kinds(&value)), (1, vec!["foreign_key"]));
    std::fs::rename(folder.path().join("kept"), &witness).unwrap();
    assert_eq!(call(&["audit", "rotate-key", "--reason", "again", "--database", &url]).code, 0);
    assert!(folder.path().join("baton.sqlite.old-2-seal-key").exists(), "the first one is still there");
    // What is written from now on is sealed with the new key.
    let add =
        ["user", "add", "--role", "auditor", "--email", "a@b.example", "--name", "Ann", "--database", &url];
    assert_eq!(call(&add).code, 0);
    assert_eq!(call(&["audit", "seal", "--database", &url]).code, 0);
    let (code, value) = verify(&url, &[]);
    assert_eq!((code, value["organisations"][0]["keys"].as_array().unwrap().len()), (0, 3), "{value}");
    // Somebody takes the seals away: the server would not seal what they left, and the check says so.
    meddle(&url, None, &["DELETE FROM event_seal".to_owned()]).await.unwrap();
    let (code, value) = verify(&url, &[]);
    assert_eq!((code, kinds(&value)[0]), (1, "cut"), "{value}");
}

#[tokio::test]
async fn a_database_that_was_not_brought_up_to_date_is_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let url = crate::upgrade::unpacked("v0.1.0", folder.path());
    let refused = Place::read_beside(&url, &baton::rooms::schemas()).await.err().unwrap();
    assert_eq!(refused.code(), "db.older");
}

#[tokio::test]
async fn a_server_that_stops_leaves_nothing_unsealed() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let (_, token) = set_up_at(&url).await;
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let command = Id::<()>::new();
    let form = format!("command={command}&site_name=Annex&time_zone=America/New_York&currency=USD");
    assert_eq!(server.ask("/sites/new", &token, Some(&form)).status, 303);
    server.stop();
    let (code, value) = verify(&url, &[]);
    let org = &value["organisations"][0];
    assert_eq!((code, &org["unsealed_events"]), (0, &Value::from(0)), "{value}");
    assert!(org["sealed_events"].as_i64().unwrap() > 1);
}
