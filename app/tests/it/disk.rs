//! Disks that are full: of a served hospital, which is given room again, and of an export.

use std::process::{Command, Stdio};

use baton::rooms;
use db::Db;

use crate::{
    hospital::set_up_at,
    program::{Server, baton, call, sqlite},
};

/// A call that may make no file longer than so many bytes. Writing beyond ends in an error, as on a full disk; the
/// signal that would end the program instead is ignored.
fn limited(call: &Command, bytes: u64) -> Command {
    let mut shell = Command::new("sh");
    // POSIX counts in blocks of 512 bytes.
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -S -f {}; exec \"$@\"", bytes / 512)).arg("sh");
    shell.arg(call.get_program()).args(call.get_args()).stdin(Stdio::null());
    for (name, value) in call.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

fn give_room(server: &Server) {
    let pid = server.pid().to_string();
    assert!(Command::new("prlimit").args(["--fsize=unlimited", "--pid", &pid]).status().unwrap().success());
}

#[tokio::test]
async fn a_disk_that_was_full_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.sqlite");
    let (org, token) = set_up_at(&sqlite(&file)).await;
    let serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &sqlite(&file)]);
    let server = Server::start(limited(&serve, std::fs::metadata(&file).unwrap().len() + 400_000));
    let add = |name: &str| {
        let form = format!("site_name={name}&time_zone=UTC&currency=USD&command={}", uuid(name));
        server.ask("/sites/new", &token, Some(&form))
    };
    let mut kept = 0;
    let full = loop {
        let answer = add(&format!("before{kept}"));
        if answer.status != 303 {
            break answer;
        }
        kept += 1;
        assert!(kept < 500, "the disk never fills");
    };
    assert_eq!(full.status, 409, "{}", full.main());
    assert!(full.body.contains("Free space on the disk"), "{}", full.main());
    for n in 0..3 {
        let still = add(&format!("while{n}"));
        assert_eq!(still.status, 409, "{}", still.main());
        assert_eq!(server.ask("/devices", &token, None).status, 200, "looking goes on");
    }
    give_room(&server);
    for n in 0..3 {
        let healed = add(&format!("after{n}"));
        assert_eq!(healed.status, 303, "{}\n{}", healed.main(), server.log());
    }
    assert_eq!(server.ask("/readyz", &token, None).status, 200);
    server.stop();
    let whole = call(&["audit", "verify", "--json", "--database", &sqlite(&file)]);
    assert_eq!(
        (whole.code, &whole.json()["organisations"][0]["unsealed_events"]),
        (0, &0.into()),
        "{}",
        whole.out
    );
    let db = Db::open(&sqlite(&file), &rooms::schemas()).await.unwrap();
    let sites = db::read!(db, org, |tx| identity::site::list(tx, org).await).unwrap();
    assert_eq!(sites.len(), 1 + kept + 3, "what was refused is not there, what was said to be kept is");
    db.close().await;
}

/// A command's id, made of a name.
fn uuid(name: &str) -> String {
    let mut hash = 0_u64;
    for byte in name.bytes() {
        hash = hash.wrapping_mul(31).wrapping_add(byte.into());
    }
    format!("01900000-0000-7000-8000-{:012x}", hash & 0xffff_ffff_ffff)
}

#[tokio::test]
async fn an_export_that_has_no_room_leaves_the_earlier_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (home, out) = (folder.path().join("demo"), folder.path().join("out"));
    let (home, out) = (home.to_str().unwrap(), out.to_str().unwrap());
    assert_eq!(call(&["demo", "--no-serve", "--devices", "300", "--data-dir", home]).code, 0);
    let url = format!("sqlite://{home}/baton.sqlite");
    let export = ["export", out, "--database", &url];
    assert_eq!(call(&export).code, 0);
    let kept = |name: &str| std::fs::read(format!("{out}/{name}")).unwrap();
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(out).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let (devices, places, all) = (kept("devices.csv"), kept("places.csv"), names());
    // Room for the names but not for the devices. The database is only read, and is larger.
    let short = limited(&baton(&export), devices.len() as u64 / 2).output().unwrap();
    let words = String::from_utf8_lossy(&short.stderr).into_owned();
    assert!(!short.status.success());
    assert!(words.contains("devices.csv cannot be written") && words.contains("Make room"), "{words}");
    assert!(!words.contains("our side"), "{words}");
    assert_eq!((kept("devices.csv"), kept("places.csv"), names()), (devices, places, all));
}

#[test]
fn a_folder_without_an_export_is_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("demo");
    assert_eq!(
        call(&["demo", "--no-serve", "--devices", "20", "--data-dir", home.to_str().unwrap()]).code,
        0
    );
    let url = sqlite(&home.join("baton.sqlite"));
    for at in ["/nope", folder.path().to_str().unwrap()] {
        let said = call(&["import", "folder", at, "--database", &url, "--json"]);
        assert_eq!(said.code, 1, "{at}: {}", said.out);
        assert_eq!(said.json()["ok"], false);
        assert!(said.out.contains("holds no file of an export"), "{}", said.out);
    }
}
