//! The guide's examples run as they stand.

use std::process::Command;

use baton::{config::Config, front, rooms};
use db::scratch::Scratch;
use fleet::model;
use identity::{Sent, department};
use kernel::Clock;
use testkit::TEST_NOW;
use tokio::net::TcpListener;

use crate::hospital::{an_organisation, system};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_guide_run() {
    let scratch = Scratch::sqlite(&rooms::schemas()).await.unwrap();
    let db = scratch.db.clone();
    let config = Config { api_changes_behind: 0, ..Config::default() };
    let house = front::build(db.clone(), Clock::hand(TEST_NOW), &config, None);
    let made = an_organisation(&db, "here.example", "Here").await;
    let who = system(made.org);
    let (unit, secret) = db::write!(db, made.org, |tx| {
        let unit = department::find_or_add(tx, &who, made.site, "ICU", None, None).await?;
        model::actions::find_or_add(tx, &who, "Helion Medical", "Infusion pump", "VP-3").await?;
        let boss = identity::person::add_service(tx, &who, "Guide", kernel::Role::Manager, &[]).await?;
        let draft = identity::token::Draft {
            person: boss.id,
            name: "Guide".into(),
            permits: None,
            scopes: None,
            days: 1,
        };
        let token = identity::token::create(tx, &who, &draft, &[], Sent::once()).await?;
        Ok((unit, token.secret.unwrap_or_default()))
    })
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(web::serve(listener, house.router, None, async move { drop(stopped.await) }));
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new("sh")
        .arg("-c")
        .arg(script())
        .current_dir(folder.path())
        .env("BATON", format!("http://{address}"))
        .env("TOKEN", secret)
        .env("SITE", made.site.to_string())
        .env("DEPARTMENT", unit.to_string())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{}\n{out}\n{err}\nThe examples need curl.", ran.status);
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    scratch.finish().await.unwrap();
}
