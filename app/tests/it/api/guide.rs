//! The guide's examples run as they stand, on the demonstration.

use std::{process::Command, time::Duration};

use serde_json::Value;

use crate::program::{Server, baton, call, sqlite};

const GUIDE: &str = include_str!("../../../../docs/book/api.md");

/// The shell blocks of the guide, in their order, as one script that stops at the first command that fails.
fn script() -> String {
    let mut script = String::from("set -eu\n");
    for block in GUIDE.split("```sh\n").skip(1) {
        script.push_str(block.split("```").next().unwrap());
        script.push('\n');
    }
    script
}

/// What the API answers to a token.
fn get(server: &Server, token: &str, path: &str) -> Value {
    let host = &server.address;
    let answer = server.say(&format!(
        "GET /api/v1/{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
    ));
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn the_examples_of_the_guide_run_on_the_demonstration() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let server = Server::start(baton(&["demo", "--devices", "300", "--data-dir", at, "--port", "0"]));
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let token =
        ["token", "create", "--service", "Guide", "--role", "manager", "--name", "Guide", "--days", "366"];
    let made = call(&[&token[..], &["--json", "--database", &url]].concat());
    assert_eq!(made.code, 0, "{}", made.out);
    let made = made.json();
    let token = made["token"].as_str().unwrap();
    let sites = get(&server, token, "sites");
    let site = sites["items"][0]["id"].as_str().unwrap();
    let units = get(&server, token, &format!("sites/{site}/departments"));
    let unit = units["items"][0]["id"].as_str().unwrap();
    let ran = Command::new("sh")
        .arg("-c")
        .arg(script())
        .current_dir(folder.path())
        .env("BATON", format!("http://{}", server.address))
        .env("TOKEN", token)
        .env("SITE", site)
        .env("DEPARTMENT", unit)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{}\n{out}\n{err}\nThe examples need curl.", ran.status);
    // The list that it sends is one that can be brought in.
    for _ in 0..200 {
        let import = get(&server, token, "imports")["items"][0].clone();
        if import["state"] == "checked" {
            let counts = &import["counts"];
            assert_eq!((&counts["new"], &counts["refused"]), (&1.into(), &0.into()), "{import}");
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the list was not checked");
}
