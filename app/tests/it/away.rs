//! A served hospital whose PostgreSQL goes away and comes back.

use std::time::{Duration, Instant};

use db::scratch::Bare;
use testkit::Proxy;

use crate::{
    hospital::set_up_at,
    program::{Server, baton, call},
};

#[tokio::test]
async fn a_page_says_that_the_database_is_away_and_since_when() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    let (_, token) = set_up_at(&bare.url).await;
    let (mut proxy, url) = Proxy::before(&bare.url);
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    assert_eq!(server.ask("/devices", &token, None).status, 200);
    proxy.cut();
    let began = Instant::now();
    server.ask("/devices", &token, None);
    let page = server.ask("/devices", &token, None);
    assert!(began.elapsed() < Duration::from_secs(6), "two pages took {:?}", began.elapsed());
    assert_eq!(page.status, 503);
    assert!(page.head.contains("retry-after: "), "{}", page.head);
    assert!(page.main().contains("The database cannot be reached since "), "{}", page.main());
    assert!(!page.body.contains(&proxy.address.to_string()), "where it is concerns its keepers only");
    assert!(server.logs("cannot be reached"));
    let log = server.log();
    assert!(log.contains(&proxy.address.to_string()) && log.contains("refused"), "{log}");
    assert_eq!(log.matches("cannot be reached").count(), 1, "once, and not with every try:\n{log}");
    assert_eq!(server.ask("/readyz", "", None).status, 503);
    proxy.mend();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(server.ask("/devices", &token, None).status, 200);
    assert!(server.logs("reached again"), "{}", server.log());
    drop(server);
    bare.finish().await.unwrap();
}

#[tokio::test]
async fn connections_that_died_unheard_are_left() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    let (_, token) = set_up_at(&bare.url).await;
    let (mut proxy, url) = Proxy::before(&bare.url);
    let server = Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]));
    let together = || {
        std::thread::scope(|scope| {
            let all: Vec<_> =
                (0..8).map(|_| scope.spawn(|| server.ask("/devices", &token, None).status)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        })
    };
    assert_eq!(together(), [200; 8]);
    proxy.forget();
    let began = Instant::now();
    assert_eq!(together(), [200; 8], "{}", server.log());
    assert_eq!(server.ask("/devices", &token, None).status, 200);
    assert!(began.elapsed() < Duration::from_secs(8), "two rounds took {:?}", began.elapsed());
    assert!(!server.log().contains("cannot be reached"), "the server was there all the time");
    drop(server);
    bare.finish().await.unwrap();
}

#[test]
fn a_start_without_a_database_says_so_at_once() {
    let began = Instant::now();
    let said = call(&[
        "serve",
        "--database",
        "postgres://baton:secret@127.0.0.1:9/baton",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(said.code, 1);
    assert!(said.err.contains("127.0.0.1:9") && said.err.contains("refused"), "{}", said.err);
    assert!(!said.err.contains("secret"), "{}", said.err);
}
