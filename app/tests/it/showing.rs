//! A server that only shows things.

use std::time::{Duration, Instant};

use baton::rooms;
use db::Db;

use crate::{
    cluster::Cluster,
    hospital::set_up_at,
    program::{Server, baton, sqlite},
};

/// What a server that only shows things does with a database that another one serves.
fn shows_and_refuses(url: &str, token: &str) {
    let mut serve = baton(&["serve", "--read-only", "--listen", "127.0.0.1:0", "--database", url]);
    serve.env("BATON_BACKUP_TO", std::env::temp_dir().join("never-made"));
    let server = Server::start(serve);
    for page in ["/devices", "/sites", "/people", "/organisation"] {
        assert_eq!(server.ask(page, token, None).status, 200, "{page}");
    }
    let form = format!("command={}&site_name=New&time_zone=UTC&currency=USD", kernel::Id::<()>::new());
    let refused = server.ask("/sites/new", token, Some(&form));
    assert_eq!(refused.status, 503, "{}", refused.main());
    assert!(refused.body.contains("only shows things"), "{}", refused.main());
    let left = server.ask("/sign-out", token, Some(""));
    assert!(left.status == 303 && left.head.contains("baton=; max-age=0"), "{}", left.head);
    let sign_in = server.ask("/sign-in", "", Some("email=boss%40here.example&password=a+long+enough+phrase"));
    assert!(sign_in.body.contains("only shows things"), "{} {}", sign_in.status, sign_in.main());
    let ready = server.ask("/readyz", "", None);
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready to show things\n"));
    std::thread::sleep(std::time::Duration::from_millis(700));
    let log = server.log();
    assert!(!log.contains("ERROR") && !log.contains("could not look for jobs"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_on_beside_the_server_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(&folder.path().join("baton.sqlite"));
    let (org, token) = set_up_at(&url).await;
    let writing = Db::open(&url, &rooms::schemas()).await.unwrap();
    let events = async || db::read!(writing, org, |tx| db::gate::count(tx, org).await).unwrap();
    let before = events().await;
    shows_and_refuses(&url, &token);
    assert_eq!(events().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_can_be_read() {
    let Some(cluster) = Cluster::new() else { return };
    let primary = cluster.primary();
    cluster.ask(&primary, "CREATE ROLE baton LOGIN NOSUPERUSER NOBYPASSRLS");
    cluster.ask(&primary, "CREATE DATABASE baton OWNER baton");
    let standby = cluster.synchronous_standby(&primary);
    cluster.ask(&primary, "ALTER SYSTEM SET synchronous_commit = 'remote_apply'");
    cluster.ask(&primary, "SELECT pg_reload_conf()");
    let (_, token) = set_up_at(&format!("postgres://baton@127.0.0.1:{}/baton", primary.port)).await;
    let url = format!("postgres://baton@127.0.0.1:{}/baton", standby.port);
    shows_and_refuses(&url, &token);
    let said = crate::program::call(&["db", "migrate", "--database", &url]);
    assert!(said.code == 1 && said.err.contains("standby"), "{} {}", said.out, said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_old_is_read_on_a_standby_and_nothing_else() {
    let Some(cluster) = Cluster::new() else { return };
    let primary = cluster.primary();
    cluster.ask(&primary, "CREATE ROLE baton LOGIN NOSUPERUSER NOBYPASSRLS");
    cluster.ask(&primary, "CREATE DATABASE baton OWNER baton");
    let standby = cluster.synchronous_standby(&primary);
    let url = format!("postgres://baton@127.0.0.1:{}/baton", primary.port);
    let (_, token) = set_up_at(&url).await;
    let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    serve.env("BATON_DATABASE_READS", format!("postgres://baton@127.0.0.1:{}/baton", standby.port));
    let server = Server::start(serve);
    let shows = |token: &str| server.ask("/sites", token, None).body.contains("New Clinic");
    let until = |wanted: bool| {
        let began = Instant::now();
        while shows(&token) != wanted {
            assert!(began.elapsed() < Duration::from_secs(20), "never: {wanted}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    assert!(!shows(&token));
    // What is saved from here on reaches the standby’s disk, and is not to be seen there.
    cluster.ask(&standby, "SELECT pg_wal_replay_pause()");
    std::thread::sleep(Duration::from_millis(300));
    let form = format!("command={}&site_name=New+Clinic&time_zone=UTC&currency=USD", kernel::Id::<()>::new());
    let saved = server.ask("/sites/new", &token, Some(&form));
    assert_eq!(saved.status, 303, "{}", saved.main());
    assert!(saved.head.contains("set-cookie: baton_wrote=1"), "{}", saved.head);
    let own = format!("{token}; baton_wrote=1");
    assert!(shows(&own), "whoever saved something sees it");
    assert!(!shows(&token), "others see what the standby shows");
    until(true);
    assert!(
        server.ask("/sites", &token, None).body.contains("New Clinic"),
        "one that falls behind is not read"
    );
    cluster.ask(&standby, "SELECT pg_wal_replay_resume()");
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(shows(&token));
    // And one that is gone is not missed.
    drop(standby);
    cluster.ask(&primary, "ALTER SYSTEM SET synchronous_standby_names = ''");
    cluster.ask(&primary, "SELECT pg_reload_conf()");
    assert!(shows(&token));
}
