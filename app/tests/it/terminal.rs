//! What the commands say, to people and as JSON.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
};

use baton::rooms;
use db::{Db, scratch::Bare};
use serde_json::json;

use crate::{
    hospital::set_up_at,
    program::{Server, baton, call, sqlite},
};

const ORG: [&str; 16] = [
    "org",
    "add",
    "--name",
    "Elsewhere",
    "--base-url",
    "https://elsewhere.example",
    "--site",
    "Main",
    "--time-zone",
    "Europe/Berlin",
    "--currency",
    "EUR",
    "--admin-name",
    "Mira Vogt",
    "--email",
    "mira@elsewhere.example",
];

/// A call of some arguments with others behind them.
fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

#[test]
fn every_refusal_is_json_where_json_is_asked_for() {
    for (args, code) in [
        (&["user", "add", "--role", "boss", "--email", "a@b", "--name", "A"][..], 2),
        (&["import", "undo", "xyz"], 2),
        (&["nonsense"], 2),
        (&["serve", "--listen", "nowhere"], 2),
        (&["config", "check", "--database", "mysql://x"], 1),
        (&["demo", "--devices", "0", "--no-serve"], 1),
    ] {
        let said = call(&with(args, &["--json"]));
        assert_eq!(said.code, code, "{args:?}: {}", said.out);
        let value = said.json();
        assert_eq!(value["ok"], false, "{args:?}");
        assert!(!value["message"].as_str().unwrap().is_empty(), "{args:?}");
        let plain = call(args);
        assert!(plain.out.is_empty() && !plain.err.is_empty(), "{args:?}");
    }
    assert!(call(&["--help", "--json"]).out.contains("Usage"));
    for (command, there) in [
        (&["db", "migrate", "--help"][..], true),
        (&["serve", "--help"], true),
        (&["--help"], false),
        (&["export", "--help"], false),
    ] {
        assert_eq!(call(command).out.contains("--backup-made"), there, "{command:?}");
    }
}

#[tokio::test]
async fn errors_of_fields_are_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    let args = ["user", "add", "--role", "auditor", "--email", "nowhere", "--name", "", "--database", &url];
    let value = call(&with(&args, &["--json"])).json();
    let fields: Vec<&str> =
        value["fields"].as_array().unwrap().iter().map(|f| f["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["person_name", "email"], "{value}");
    let plain = call(&args);
    assert!(!plain.err.contains("person_name:") && plain.err.lines().count() == 2, "{}", plain.err);
}

#[tokio::test]
async fn the_lines_of_a_start_are_json_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let serve = ["serve", "--json", "--listen", "127.0.0.1:0", "--database", &url];
    let server = Server::start(baton(&serve));
    let value: serde_json::Value = serde_json::from_str(&server.first).unwrap();
    assert!(value["set_up"].as_str().unwrap().contains("/set-up?code="), "{value}");
    assert!(!server.log().contains('\u{1b}'), "colours in a file: {}", server.log());
    drop(server);
    set_up_at(&url).await;
    let server = Server::start(baton(&serve));
    let value: serde_json::Value = serde_json::from_str(&server.first).unwrap();
    assert!(value["set_up"].is_null() && value["url"].as_str().unwrap().starts_with("http://"), "{value}");
    assert_eq!(value["warnings"], serde_json::json!([]));
}

#[tokio::test]
async fn a_role_that_no_wall_binds_is_said_at_the_start() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    set_up_at(&bare.url).await;
    let name = bare.url.rsplit('/').next().unwrap();
    let free = format!("{}/{name}", admin.rsplit_once('/').unwrap().0);
    for (url, warned) in [(&bare.url, false), (&free, true)] {
        let server = Server::start(baton(&["serve", "--json", "--listen", "127.0.0.1:0", "--database", url]));
        let value: serde_json::Value = serde_json::from_str(&server.first).unwrap();
        assert_eq!(value["warnings"].to_string().contains("row-level security"), warned, "{value}");
        assert!(server.logs("serving"), "{}", server.log());
        assert_eq!(warned && server.logs("NOBYPASSRLS"), warned, "{}", server.log());
    }
    bare.finish().await.unwrap();
}

#[test]
fn secrets_are_printed_nowhere() {
    let url = "postgres://u@127.0.0.1:9/db?password=sekret1234567890";
    let checked = baton(&["config", "check"])
        .env("BATON_DATABASE", url)
        .env("BATON_METRICS_TOKEN", "sekret-of-the-figures")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success() && said.contains("postgres://u@127.0.0.1:9/db"), "{said}");
    assert!(!said.contains("sekret"), "{said}");
    let served = call(&["serve", "--database", url]);
    assert!(!served.err.contains("sekret") && !served.out.contains("sekret"), "{}", served.err);
}

#[tokio::test]
async fn a_further_organisation_is_added_from_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    let add = |more: &[&str]| call(&with(&with(&ORG, &["--json", "--database", &url]), more));
    let made = add(&[]);
    assert_eq!(made.code, 0, "{}", made.out);
    let password = made.json()["one_time_password"].as_str().unwrap().to_owned();
    let again = add(&[]);
    assert_eq!(again.json()["fields"][0]["field"], "base_url", "{}", again.out);
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let sign_in = |host: &str| {
        let form = format!("email=mira%40elsewhere.example&password={password}");
        server.say(&format!(
            "POST /sign-in HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        ))
    };
    assert_eq!(sign_in("here.example").status, 422, "she belongs to the other one");
    let entered = sign_in("elsewhere.example");
    assert_eq!(entered.status, 303, "{}", entered.main());
    let token = entered.head.split("baton=").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let page = server.say(&format!(
        "GET /devices HTTP/1.1\r\nhost: elsewhere.example\r\nconnection: close\r\ncookie: baton={token}\r\n\r\n"
    ));
    assert!(
        page.head.contains("location: /me/password"),
        "the password must be changed first: {}",
        page.head
    );
    drop(server);
    let db = Db::open(&url, &rooms::schemas()).await.unwrap();
    assert_eq!(identity::org::list(&db).await.unwrap().len(), 2);
    db.close().await;
}

#[tokio::test]
async fn a_token_is_made_listed_and_revoked_in_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    let token = |more: &[&str]| call(&with(&["token"], &with(more, &["--json", "--database", &url])));
    let service = ["create", "--service", "CMMS bridge", "--role", "technician", "--name", "Sync"];
    for (more, field) in [
        (["--days", "900"], "days"),
        (["--permit", "fleet.device.fly"], "permit"),
        (["--permit", "identity.person.manage"], "permit"),
    ] {
        let refused = token(&with(&service, &more));
        assert_eq!(
            (refused.code, &refused.json()["fields"][0]["field"]),
            (1, &field.into()),
            "{}",
            refused.out
        );
    }
    assert_eq!(
        token(&["create", "--email", "nobody@here.example", "--name", "x"]).json()["fields"][0]["field"],
        "email"
    );
    assert_eq!(token(&with(&service, &["--site", "Nowhere"])).code, 1);
    assert_eq!(token(&["list"]).json()["tokens"], serde_json::json!([]), "nothing was made by a refusal");
    let made = token(&service).json();
    let secret = made["token"].as_str().unwrap().to_owned();
    let listed = token(&["list"]);
    assert!(!listed.out.contains(&secret));
    let first = &listed.json()["tokens"][0];
    assert_eq!((&first["state"], &first["person_name"]), (&"good".into(), &"CMMS bridge".into()));
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let ask = |server: &Server| {
        server.say(&format!(
            "GET /api/v1/me HTTP/1.1\r\nhost: here.example\r\nconnection: close\r\nauthorization: Bearer {secret}\r\n\r\n"
        ))
    };
    assert_eq!(ask(&server).status, 200);
    drop(server);
    let id = made["id"].as_str().unwrap();
    assert_eq!(token(&["revoke", id]).code, 0);
    assert_eq!(token(&["revoke", id]).json()["code"], "token.revoked");
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    assert_eq!(ask(&server).status, 401);
}

#[tokio::test]
async fn a_demonstration_stays_alone() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    assert_eq!(call(&["demo", "--no-serve", "--devices", "20", "--data-dir", at]).code, 0);
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let said = call(&with(&ORG, &["--database", &url]));
    assert!(said.code == 1 && said.err.contains("stays alone"), "{}", said.err);
}

#[tokio::test]
async fn whoever_reads_what_is_printed_may_go() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    let root = ["audit", "root", "--database", &url];
    for beside in [&["--json"][..], &[]] {
        let (gone, writes) = std::io::pipe().unwrap();
        drop(gone);
        let ended = baton(&with(&root, beside)).stdout(writes).output().unwrap();
        assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    }
    let (gone, writes) = std::io::pipe().unwrap();
    drop(gone);
    let refused = baton(&["audit", "show", "nothing", "--database", &url]).stderr(writes).output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    // A result that was lost on the way to a reader who waits for it is told.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = baton(&root).stdout(full).output().unwrap();
    let words = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code() == Some(1) && words.contains("could not be written"), "{words}");
    assert_eq!(words.lines().count(), 1, "{words}");
}

#[test]
fn a_server_serves_on_when_nobody_reads_its_greeting() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let (gone, writes) = std::io::pipe().unwrap();
    drop(gone);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut server = baton(&["demo", "--devices", "20", "--data-dir", at, "--port", &port])
        .stdout(writes)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let answers = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(server.try_wait().unwrap(), None, "it ended");
        std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_ok()
    });
    // Its greeting comes with the first answers.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let goes_on = server.try_wait().unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(answers && goes_on.is_none(), "{goes_on:?}");
}

/// As the process that was started, with the arguments it was started with.
#[tokio::test]
async fn a_server_gives_memory_back_and_one_told_otherwise_does_as_told() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    for (told, kept) in [(None, "2"), (Some("7"), "7")] {
        let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
        serve.env_remove("MALLOC_ARENA_MAX");
        serve.envs(told.map(|told| ("MALLOC_ARENA_MAX", told)));
        let server = Server::start(serve);
        let around = std::fs::read(format!("/proc/{}/environ", server.pid())).unwrap();
        let around = String::from_utf8_lossy(&around).into_owned();
        assert!(around.split('\0').any(|one| one == format!("MALLOC_ARENA_MAX={kept}")), "{around}");
        assert_eq!(around.contains("MALLOC_TRIM_THRESHOLD_="), told.is_none(), "{around}");
    }
}

#[tokio::test]
async fn what_a_guide_says_of_the_terminal_works_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    set_up_at(&url).await;
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let token = |more: &[&str]| call(&with(&["token"], &with(more, &["--json", "--database", &url])));
    let made = token(&["create", "--service", "Bridge", "--role", "technician", "--name", "Sync"]);
    assert_eq!(made.code, 0, "{}", made.out);
    let (id, secret) = (made.json()["id"].clone(), made.json()["token"].clone());
    let me = || {
        server.say(&format!(
            "GET /api/v1/me HTTP/1.1\r\nhost: here.example\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
            secret.as_str().unwrap()
        ))
    };
    assert_eq!(me().status, 200, "it opens at once");
    assert_eq!(token(&["list"]).json()["tokens"][0]["id"], id);
    assert_eq!(token(&["revoke", id.as_str().unwrap()]).code, 0);
    assert_eq!(me().status, 401, "and no more");
    let person = ["user", "add", "--email", "new@here.example", "--name", "New Person", "--role", "lead"];
    let added = call(&with(&person, &["--json", "--database", &url]));
    assert_eq!(added.code, 0, "{}", added.out);
    let form =
        format!("email=new%40here.example&password={}", added.json()["one_time_password"].as_str().unwrap());
    let entered = server.ask("/sign-in", "", Some(&form));
    assert!(
        entered.status == 303 && entered.head.contains("set-cookie"),
        "{} {}",
        entered.status,
        entered.main()
    );
    let out = folder.path().join("out");
    for more in [&[][..], &["--as-of", "2020-01-01"]] {
        let said = call(&with(&["export", out.to_str().unwrap(), "--json", "--database", &url], more));
        assert_eq!(said.code, 0, "{more:?}: {}", said.out);
    }
    // What changes more says where it can be done meanwhile.
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "tag,model,maker,type\nT-1,M,C,T\n").unwrap();
    let said = call(&["import", "devices", list.to_str().unwrap(), "--database", &url]);
    assert!(said.code == 1 && said.err.contains("/devices/imports"), "{}", said.err);
    for (id, says) in
        [("123", "baton token list"), ("01a205a9-7341-755c-b7b2-0e958c167997", "baton token list")]
    {
        let said = call(&["token", "revoke", id, "--database", &url]);
        assert!(said.code != 0 && said.err.contains(says) && said.err.contains(id), "{}", said.err);
    }
    assert_eq!(call(&with(&ORG, &["--database", &url])).code, 0);
}

#[tokio::test]
async fn what_only_reads_says_why_postgres_cannot_be_read() {
    let refused = |url: &str, says: &[&str]| {
        for command in [
            &["audit", "verify"][..],
            &["audit", "root"],
            &["token", "list"],
            &["serve", "--read-only", "--listen", "127.0.0.1:0"],
        ] {
            let said = call(&with(command, &["--database", url]));
            let good = says.iter().all(|part| said.err.contains(part));
            assert!(said.code == 1 && good, "{command:?}: {}", said.err);
            assert!(!said.err.contains("at line") && !said.err.contains("_sqlx_migrations"), "{}", said.err);
        }
    };
    refused("postgres://u@127.0.0.1:9/db", &["127.0.0.1:9 cannot be reached", "Check host and port"]);
    let Some(admin) = testkit::postgres_url() else { return };
    let there = admin.rsplit_once('/').unwrap().0;
    refused(
        &format!("{there}/baton_never_made"),
        &["\"baton_never_made\" does not exist", "Check host and port"],
    );
    let bare = Bare::postgres(&admin).await.unwrap();
    refused(&bare.url, &["There is no Baton database in", "--database"]);
    set_up_at(&bare.url).await;
    for _ in 0..2 {
        let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &bare.url]));
        assert!(server.logs("serving") && !server.log().contains("already exists"), "{}", server.log());
    }
    bare.finish().await.unwrap();
}

#[test]
fn device_identifiers_are_read_line_by_line() {
    let mut command = baton(&["udi", "parse", "--year", "2026"]);
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut to, mut from) = (running.stdin.take().unwrap(), BufReader::new(running.stdout.take().unwrap()));
    let mut said = |code: &[u8]| -> serde_json::Value {
        to.write_all(code).unwrap();
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    };
    for separator in [&b"^"[..], b"\x1d"] {
        let code = [&b"010061414100003617290331"[..], b"10L77", separator, b"21SN1\n"].concat();
        let told = said(&code);
        assert_eq!(
            [&told["ok"], &told["agency"], &told["di"], &told["lot"], &told["serial"], &told["expiry"]],
            [
                &json!(true),
                &json!("GS1"),
                &json!("00614141000036"),
                &json!("L77"),
                &json!("SN1"),
                &json!("2029-03-31")
            ]
        );
    }
    let wrong = said(b"00614141000037\r\n");
    assert_eq!((&wrong["ok"], &wrong["di"]), (&json!(false), &json!("00614141000037")));
    assert_eq!(wrong["warnings"][0]["code"], "check_differs");
    let open = said(b"10AB2112\n");
    assert_eq!((&open["lot"], open["candidates"].as_array().unwrap().len()), (&json!(null), 2));
    let secondary = said(b"+$$3290331L77CF\n");
    assert_eq!((&secondary["ok"], &secondary["di"]), (&json!(true), &json!(null)));
    for odd in [&b"\n"[..], b"\xff\xfe\n", b"no code at all\n"] {
        assert_eq!(said(odd)["ok"], false, "{odd:?}");
    }
    drop(to);
    assert!(running.wait().unwrap().success());
}
