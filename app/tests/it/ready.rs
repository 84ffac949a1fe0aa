//! What the operational addresses say.

use baton::rooms;
use db::{Db, Wall, job};
use http::StatusCode;
use kernel::{Instant, OrgId, Role};

use crate::{
    hospital::{Held, Hospital},
    program::{Server, baton, sqlite},
};

/// Statuses of `/metrics`: asked from here, through a proxy that says so, through one that keeps the host, with a
/// wrong token and with the right one.
fn figures(more: &[(&str, &str)]) -> [u16; 5] {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    serve.envs(more.iter().copied());
    let server = Server::start(serve);
    let here = format!("host: {}", server.address);
    [
        here.clone(),
        format!("{here}\r\nx-forwarded-for: 10.1.2.3"),
        "host: baton.example.org".to_owned(),
        format!("{here}\r\nx-forwarded-for: 10.1.2.3\r\nauthorization: Bearer wrong"),
        "host: baton.example.org\r\nauthorization: Bearer a-token-of-figures".to_owned(),
    ]
    .map(|head| server.say(&format!("GET /metrics HTTP/1.1\r\n{head}\r\nconnection: close\r\n\r\n")).status)
}

#[test]
fn the_figures_are_not_for_whoever_comes_through_a_proxy() {
    let token = ("BATON_METRICS_TOKEN", "a-token-of-figures");
    assert_eq!(figures(&[]), [200, 404, 404, 404, 404]);
    assert_eq!(figures(&[token]), [200, 404, 404, 404, 200]);
    assert_eq!(figures(&[token, ("BATON_TLS_IN_FRONT", "true")]), [404, 404, 404, 404, 200]);
    assert_eq!(figures(&[token, ("BATON_METRICS", "off")]), [404; 5]);
    assert_eq!(figures(&[("BATON_METRICS", "anyone")]), [200; 5]);
}

#[tokio::test]
async fn what_a_killed_server_left_is_taken_over_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let db = Db::open(&url, &rooms::schemas()).await.unwrap();
    let (org, now) = (OrgId::new(), Instant::machine_now());
    db::write!(db, Wall::All("a test"), |tx| {
        job::add(tx, org, "nobody.does.this", "{}", now.plus_seconds(-1)).await?;
        job::take(tx, "a server that was killed", now).await
    })
    .unwrap()
    .unwrap();
    db.close().await;
    drop(db);
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    assert!(server.logs("taking over what was left unfinished"), "{}", server.log());
    assert!(server.logs("no room carries out nobody.does.this"), "{}", server.log());
}

#[tokio::test]
async fn an_address_that_is_no_text_gets_a_page() {
    let hospital = Hospital::new().await;
    let token = hospital.session(hospital.people[&(Role::Manager, Held::Everywhere)]).await;
    let (status, text) = hospital.ask("GET", "/d/%ff", Some(&token), "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text.contains("<main"), "{text}");
    hospital.finish().await;
}

#[tokio::test]
async fn a_server_that_cannot_begin_a_write_is_not_ready() {
    let hospital = Hospital::new().await;
    assert_eq!(hospital.ask("GET", "/readyz", None, "").await.0, StatusCode::OK);
    // Somebody sits on the only writer.
    let writer = hospital.db.attempts(hospital.org).begin().await.unwrap();
    let (status, text) = hospital.ask("GET", "/readyz", None, "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
    assert!(text.contains("no change can be saved"), "{text}");
    drop(writer);
    assert_eq!(hospital.ask("GET", "/readyz", None, "").await.0, StatusCode::OK);
    hospital.finish().await;
}

#[test]
fn systemd_is_told_when_it_is_ready_and_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let heard = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    heard.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    serve.env("NOTIFY_SOCKET", &socket);
    let server = Server::start(serve);
    let hear = || {
        let mut words = [0; 64];
        let length = heard.recv(&mut words).unwrap();
        String::from_utf8_lossy(&words[..length]).into_owned()
    };
    assert_eq!(hear(), "READY=1");
    assert_eq!(server.ask("/healthz", "", None).status, 200);
    let stop = std::process::Command::new("kill").arg(server.pid().to_string()).status();
    assert!(stop.unwrap().success());
    assert_eq!(hear(), "STOPPING=1");
}
