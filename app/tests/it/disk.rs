//! A served hospital whose disk fills up, and is given room again.

use std::process::{Command, Stdio};

use baton::rooms;
use db::Db;

use crate::{
    hospital::set_up_at,
    program::{Server, baton, sqlite},
};

/// `baton serve` that may make no file longer than so many bytes. Writing beyond ends in an error, as on a full disk;
/// the signal that would end the program instead is ignored.
fn serve_in(url: &str, bytes: u64) -> Server {
    let serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", url]);
    let mut shell = Command::new("sh");
    // POSIX counts in blocks of 512 bytes.
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -S -f {}; exec \"$@\"", bytes / 512)).arg("sh");
    shell.arg(serve.get_program()).args(serve.get_args()).stdin(Stdio::null());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Server::start(shell)
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
    let server = serve_in(&sqlite(&file), std::fs::metadata(&file).unwrap().len() + 400_000);
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
    drop(server);
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
