//! Several servers on one PostgreSQL, and a PostgreSQL that goes over to its standby.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use baton::rooms;
use db::{Db, Sql, Wall, job, lease, scratch::Bare};
use kernel::Id;

use crate::{
    cluster::Cluster,
    hospital::set_up_at,
    program::{Server, baton},
    store::{Fault, Store},
};

const ALL: Wall = Wall::All("a test");

fn serve(url: &str) -> Server {
    Server::start(baton(&["serve", "--listen", "127.0.0.1:0", "--database", url]))
}

fn form(name: &str) -> String {
    let command = Id::<()>::new();
    format!("command={command}&site_name={name}&time_zone=America/New_York&currency=USD")
}

async fn until(what: &str, seconds: u64, mut there: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !there().await {
        assert!(began.elapsed() < Duration::from_secs(seconds), "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How often each of the jobs was taken, in their order.
async fn attempts(db: &Db) -> Vec<i64> {
    const ATTEMPTS: Sql = Sql::new("SELECT kind, attempts FROM job WHERE kind LIKE 'nobody.does.%'");
    let rows = db::read!(db, ALL, |tx| tx.all(ATTEMPTS, &[]).await).unwrap();
    let number =
        |row: &db::Row| row.get::<String>("kind").unwrap().rsplit('.').next().unwrap().parse::<i64>();
    let mut all: Vec<(i64, i64)> =
        rows.iter().map(|row| (number(row).unwrap(), row.get("attempts").unwrap())).collect();
    all.sort();
    all.into_iter().map(|(_, n)| n).collect()
}

/// Pieces of work for two servers.
const JOBS: usize = 600;

/// The attempts that a server's log tells of: which of the jobs, and for which time.
fn tries(server: &Server) -> Vec<(usize, i64)> {
    let log = server.log();
    let mut tries = Vec::new();
    for line in log.lines().filter(|line| line.contains("kind=\"nobody.does.")) {
        let number = |after: &str| -> String {
            let rest = line.split_once(after).unwrap().1;
            rest.chars().take_while(char::is_ascii_digit).collect()
        };
        tries.push((number("nobody.does.").parse().unwrap(), number("attempt=").parse().unwrap()));
    }
    tries
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_share_the_work_and_each_job_is_done_once() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    let (org, token) = set_up_at(&bare.url).await;
    let servers = [serve(&bare.url), serve(&bare.url)];
    let db = Db::open(&bare.url, &rooms::schemas()).await.unwrap();
    // A site that is renamed wants a job; what one server saves, the other shows.
    for n in 0..6 {
        let said = servers[n % 2].ask("/sites/new", &token, Some(&form(&format!("Clinic+{n}"))));
        assert_eq!(said.status, 303, "{}", said.main());
        let shown = servers[(n + 1) % 2].ask("/sites", &token, None);
        assert!(shown.body.contains(&format!("Clinic {n}")), "{}", shown.main());
    }
    // Work that nobody carries out is tried, fails, and is noted: each attempt once, by one of the two. There is more
    // of it than one server does before the other looks.
    let now = kernel::Instant::machine_now();
    db::write!(db, org, |tx| {
        for n in 0..JOBS {
            job::add(tx, org, &format!("nobody.does.{n}"), "{}", now).await?;
        }
        Ok(())
    })
    .unwrap();
    // A failed job is tried again after a while. Whenever nobody is at one, its attempts on record are those in the
    // logs: none was made by both.
    until("every job was tried, and each attempt by one server", 60, async || {
        let before = attempts(&db).await;
        let [first, second] = servers.each_ref().map(tries);
        let mut sums = vec![0; JOBS];
        first.iter().chain(&second).for_each(|(job, _)| sums[*job] += 1);
        let quiet = before == attempts(&db).await && before.len() == JOBS && before.iter().all(|n| *n > 0);
        quiet && sums == before && !first.is_empty() && !second.is_empty()
    })
    .await;
    // The first attempt of a job, the second and so on, was each made once.
    let mut all: Vec<(usize, i64)> = servers.iter().flat_map(tries).collect();
    let made = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), made, "an attempt was made by both");
    drop(servers);
    db.close().await;
    bare.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_moves_to_the_other_server_when_one_is_killed() {
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    let (org, _) = set_up_at(&bare.url).await;
    let db = Db::open(&bare.url, &rooms::schemas()).await.unwrap();
    let now = kernel::Instant::machine_now();
    // The first server held a duty and a job, and was killed with both in hand.
    db::write!(db, ALL, |tx| {
        job::add(tx, org, "nobody.does.this", "{}", now.plus_seconds(-120)).await?;
        let held = job::take(tx, "the one that is killed", now.plus_seconds(4 - job::HELD_FOR)).await?;
        assert!(held.is_some());
        lease::take(tx, "backup", "the one that is killed", now, now.plus_seconds(3)).await
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut second = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &bare.url]);
    second.env("BATON_BACKUP_TO", folder.path());
    let began = Instant::now();
    let second = Server::start(second);
    let pending = async || db::read!(db, ALL, |tx| job::pending(tx).await).unwrap();
    assert_eq!(pending().await, [("running".to_owned(), 1)], "as long as the hold lasts");
    until("the job was taken over", 30, async || {
        second.log().contains("no room carries out nobody.does.this")
    })
    .await;
    assert!(began.elapsed() > Duration::from_millis(500));
    until("the duty was taken over", 60, async || second.log().contains("a backup was made")).await;
    drop(second);
    db.close().await;
    bare.finish().await.unwrap();
}

/// Somebody who saves one site after the other, again until it is said to be kept, and notes which were.
fn writer(
    server: &Arc<Server>,
    token: &str,
    who: usize,
    stop: &Arc<AtomicBool>,
    kept: &Arc<Mutex<Vec<String>>>,
) -> std::thread::JoinHandle<Duration> {
    let (server, token, stop, kept) = (server.clone(), token.to_owned(), stop.clone(), kept.clone());
    std::thread::spawn(move || {
        let (mut longest, mut last) = (Duration::ZERO, Instant::now());
        for n in 0.. {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let name = format!("Site+{who}+{n}");
            let form = form(&name);
            while server.ask("/sites/new", &token, Some(&form)).status != 303 {
                std::thread::sleep(Duration::from_millis(50));
                if stop.load(Ordering::SeqCst) {
                    return longest;
                }
            }
            kept.lock().unwrap().push(name.replace('+', " "));
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
        longest
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_and_no_acknowledged_write_is_lost() {
    let Some(cluster) = Cluster::new() else { return };
    let mut primary = cluster.primary();
    cluster.ask(&primary, "CREATE ROLE baton LOGIN NOSUPERUSER NOBYPASSRLS");
    cluster.ask(&primary, "CREATE DATABASE baton OWNER baton");
    let standby = cluster.synchronous_standby(&primary);
    // The standby stands first in the address: which one takes writes is found out.
    let url = format!("postgres://baton@127.0.0.1:{},127.0.0.1:{}/baton", standby.port, primary.port);
    let (org, token) = set_up_at(&url).await;
    let server = Arc::new(serve(&url));
    let (stop, kept) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let writers: Vec<_> = (0..4).map(|who| writer(&server, &token, who, &stop, &kept)).collect();
    let count = || kept.lock().unwrap().len();
    until("there is work", 30, async || count() > 40).await;

    let before = count();
    let fell = Instant::now();
    primary.kill();
    until("pages say that it is away", 10, async || server.ask("/sites", &token, None).status == 503).await;
    let noticed = fell.elapsed();
    cluster.promote(&standby);
    cluster.ask(&standby, "ALTER SYSTEM SET synchronous_standby_names = ''");
    cluster.ask(&standby, "SELECT pg_reload_conf()");
    let promoted = fell.elapsed();
    let at_promotion = count();
    until("writes go on by themselves", 30, async || count() > at_promotion + 10).await;
    let back = fell.elapsed();
    stop.store(true, Ordering::SeqCst);
    let longest = writers.into_iter().map(|writer| writer.join().unwrap()).max().unwrap();

    let kept = std::mem::take(&mut *kept.lock().unwrap());
    let db = Db::open(&url, &rooms::schemas()).await.unwrap();
    let there = db::read!(db, org, |tx| identity::site::list(tx, org).await).unwrap();
    let there: Vec<String> = there.into_iter().map(|site| site.name).collect();
    let names: BTreeSet<&String> = there.iter().collect();
    let lost: Vec<&String> = kept.iter().filter(|name| !names.contains(name)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert_eq!(names.len(), there.len(), "and none is there twice");
    db.close().await;
    assert!(server.logs("another server takes the writes now"), "{}", server.log());
    println!(
        "failover: {} writes acknowledged ({before} before), none lost; away noticed after {noticed:.1?}, promoted after \
         {promoted:.1?}, writing again after {back:.1?}; the longest pause of a writer was {longest:.1?}",
        kept.len()
    );
}

/// A list of devices that takes an import a while.
fn list(rows: usize) -> String {
    let mut text = String::from(
        "--part\r\nContent-Disposition: form-data; name=\"list\"; filename=\"list.csv\"\r\n\r\n\
         Asset tag,Serial,Maker,Model,Site\n",
    );
    for row in 0..rows {
        text.push_str(&format!("T-{row},S{row},Helion,VP{},Here General\n", row % 7));
    }
    text + "\r\n--part--\r\n"
}

/// Sends a list and begins to bring it in; the page of the import.
async fn begin_import(server: &Server, token: &str, rows: usize) -> String {
    let (body, address) = (list(rows), &server.address);
    let said = server.say(&format!(
        "POST /devices/import HTTP/1.1\r\nhost: {address}\r\ncookie: baton={token}\r\nconnection: close\r\n\
         sec-fetch-site: same-origin\r\ncontent-type: multipart/form-data; boundary=part\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    ));
    let page = said.head.lines().find_map(|line| line.strip_prefix("location: "));
    let page = page.unwrap_or_else(|| panic!("{}", said.main())).trim().to_owned();
    let ready = format!("All rows are ready: {} devices.", kernel::thousands(rows as i64));
    until("the file was checked", 60, async || server.ask(&page, token, None).body.contains(&ready)).await;
    let run = format!("command={}", Id::<()>::new());
    assert_eq!(server.ask(&format!("{page}/run"), token, Some(&run)).status, 303);
    page
}

/// Who has which duty and which job in hand.
async fn in_hand(db: &Db) -> (Vec<String>, Vec<String>) {
    const DUTIES: Sql = Sql::new("SELECT holder FROM lease WHERE name = 'backup'");
    const JOBS: Sql = Sql::new("SELECT holder FROM job WHERE state = 'running'");
    let read = async |sql| {
        let rows = db::read!(db, ALL, |tx| tx.all(sql, &[]).await).unwrap();
        rows.iter().map(|row| row.get("holder").unwrap()).collect()
    };
    (read(DUTIES).await, read(JOBS).await)
}

/// Real processes and the real lengths of time, so it takes two minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_killed_with_a_duty_and_a_job_in_hand_is_followed_by_the_other() {
    const ROWS: usize = 10_000;
    let Some(admin) = testkit::postgres_url() else { return };
    let bare = Bare::postgres(&admin).await.unwrap();
    let (org, token) = set_up_at(&bare.url).await;
    let db = Db::open(&bare.url, &rooms::schemas()).await.unwrap();
    // A backup that the store does not take for as long as the first server lives.
    let store = Store::start().await;
    store.fail(http::Method::PUT, "partNumber", 1, Fault::Stuck);
    let serve = || {
        let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &bare.url]);
        serve.envs(store.environment()).env("BATON_BACKUP_TO", "s3://hospital/x");
        Server::start(serve)
    };
    let first = serve();
    until("the first has the duty", 30, async || store.to_come() == 0 && in_hand(&db).await.0.len() == 1)
        .await;
    let page = begin_import(&first, &token, ROWS).await;
    const CAME: Sql = Sql::new("SELECT COUNT(*) AS n FROM device WHERE org_id = $1");
    let came = async || -> usize {
        let n: i64 = db::read!(db, org, |tx| tx.one(CAME, &db::vals![org]).await).unwrap().get("n").unwrap();
        n as usize
    };
    // The second comes when the first has the job, or it might be the one to take it.
    until("the import has begun", 60, async || came().await > 0).await;
    let second = serve();
    let devices = async || {
        let list = format!("/devices.csv?import={}", page.rsplit('/').next().unwrap());
        let shown = second.ask(&list, &token, None).body;
        let mut tags: Vec<String> = shown
            .lines()
            .filter_map(|line| line.split(',').find(|cell| cell.starts_with("T-")))
            .map(str::to_owned)
            .collect();
        tags.sort();
        tags
    };
    let ((duty, job), before) = (in_hand(&db).await, came().await);
    assert!(duty.len() == 1 && job.len() == 1 && before < ROWS, "{duty:?} {job:?} {before}");
    let pid = first.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    let fell = Instant::now();
    until("the job is taken over", 90, async || in_hand(&db).await.1.iter().any(|holder| *holder != job[0]))
        .await;
    let job_moved = fell.elapsed();
    let finished = format!("{} devices imported.", kernel::thousands(ROWS as i64));
    until("the job runs to its end", 90, async || second.ask(&page, &token, None).body.contains(&finished))
        .await;
    let job_done = fell.elapsed();
    until("the duty is taken over", 180, async || second.log().contains("a backup was made")).await;
    let duty_done = fell.elapsed();
    assert!(
        job_moved.as_secs() <= job::HELD_FOR as u64 + 10 && duty_done.as_secs() <= 120 + 60,
        "{job_moved:?} {duty_done:?}"
    );
    // Each row came in once, by one or the other, and each device has its one event.
    let tags = devices().await;
    let names: BTreeSet<&String> = tags.iter().collect();
    assert_eq!((tags.len(), names.len()), (ROWS, ROWS));
    const EVENTS: Sql = Sql::new("SELECT COUNT(*) AS n FROM event WHERE org_id = $1 AND entity = 'device'");
    let events: i64 =
        db::read!(db, org, |tx| tx.one(EVENTS, &db::vals![org]).await).unwrap().get("n").unwrap();
    assert_eq!(events, ROWS as i64);
    assert_eq!(store.objects().keys().filter(|key| key.ends_with("manifest.json")).count(), 1);
    println!(
        "killed with {before} of {ROWS} devices imported: the other took the job after {job_moved:.1?}, ended it after \
         {job_done:.1?}, and had made the backup after {duty_done:.1?}"
    );
    drop((first, second));
    db.close().await;
    bare.finish().await.unwrap();
}
