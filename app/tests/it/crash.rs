//! Servers killed at random moments while people write and imports run: what was acknowledged is there, once, and the
//! record is whole each time.
#![cfg(target_os = "linux")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant as Moment},
};

use baton::rooms;
use db::{
    Db,
    scratch::Scratch,
    seal::{self, Sealer, Signer, Witness},
};
use kernel::{Instant, OrgId};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    hospital::set_up_at,
    program::{Server, baton, call, sqlite},
};

/// How often the server is killed.
fn times() -> usize {
    if std::env::var_os("BATON_LONG").is_some() { 1_000 } else { 50 }
}

/// People who write at the same time.
const WRITERS: usize = 3;
/// Devices in each imported file.
const ROWS: usize = 120;

/// A hospital that lives through many crashes.
struct Hospital {
    url: String,
    org: OrgId,
    token: String,
    signer: Signer,
    /// Names of sites whose form was answered “done”.
    kept: Mutex<Vec<String>>,
    /// Pages of imports that were begun: their files came whole.
    begun: Mutex<Vec<String>>,
    /// Those of them that were acknowledged to run.
    ran: Mutex<Vec<String>>,
    _folder: tempfile::TempDir,
}

impl Hospital {
    async fn new(url: String) -> Self {
        let (org, token) = set_up_at(&url).await;
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        let signer = Sealer::new(key.clone(), Witness::beside(&key)).begin().unwrap();
        let [kept, begun, ran] = [(); 3].map(|()| Mutex::new(Vec::new()));
        Self { url, org, token, signer, kept, begun, ran, _folder: folder }
    }

    fn serve(&self) -> Server {
        let key = self._folder.path().join("key");
        let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &self.url]);
        serve.env("BATON_SEAL_KEY", key);
        Server::start(serve)
    }

    /// One life of the server: people write, a file comes in, and it ends by kill -9.
    fn live_and_die(&self, life: usize, until: Duration) {
        let server = self.serve();
        let (address, pid) = (server.address.clone(), server.pid());
        let dead = AtomicBool::new(false);
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (address, dead) = (&address, &dead);
                scope.spawn(move || self.write(address, &format!("Site {life} {writer}"), dead));
            }
            scope.spawn(|| self.import(&address, life));
            thread::sleep(until);
            std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
            dead.store(true, Ordering::Relaxed);
        });
    }

    /// Adds sites, one after the other, until the server is dead, and notes those that were acknowledged.
    fn write(&self, address: &str, name: &str, dead: &AtomicBool) {
        for n in 0.. {
            if dead.load(Ordering::Relaxed) {
                return;
            }
            let name = format!("{name} {n}");
            let command = kernel::Id::<()>::new();
            let form =
                format!("site_name={}&time_zone=UTC&currency=USD&command={command}", name.replace(' ', "+"));
            let kind = "application/x-www-form-urlencoded";
            match self.post(address, "/sites/new", kind, form.as_bytes()) {
                Some((303, _)) => self.kept.lock().unwrap().push(name),
                Some((status, text)) => panic!("a new site was answered {status}: {}", said(&text)),
                None => {}
            }
        }
    }

    /// Sends a file, waits until it is checked and has it brought in.
    fn import(&self, address: &str, life: usize) -> Option<()> {
        let mut body = String::from(
            "--part\r\nContent-Disposition: form-data; name=\"list\"; filename=\"list.csv\"\r\n\r\n\
             Asset tag,Serial,Maker,Model,Site\n",
        );
        for row in 0..ROWS {
            body.push_str(&format!("C-{life}-{row},S{life}-{row},Helion,VP{},Here General\n", row % 7));
        }
        body.push_str("\r\n--part--\r\n");
        let kind = "multipart/form-data; boundary=part";
        let (status, head) = self.post(address, "/devices/import", kind, body.as_bytes())?;
        assert_eq!(status, 303, "{}", said(&head));
        let page = head.lines().find_map(|line| line.strip_prefix("location: "))?.trim().to_owned();
        self.begun.lock().unwrap().push(page.clone());
        let begun = Moment::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let shown = self.get(address, &page)?;
            if shown.contains(&format!("All rows are ready: {ROWS} devices.")) {
                let run = format!("command={}", kernel::Id::<()>::new());
                let kind = "application/x-www-form-urlencoded";
                let (status, text) = self.post(address, &format!("{page}/run"), kind, run.as_bytes())?;
                assert_eq!(status, 303, "{}", said(&text));
                self.ran.lock().unwrap().push(page);
                return Some(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the file was never checked");
    }

    fn get(&self, address: &str, path: &str) -> Option<String> {
        self.say(address, &format!("GET {path}"), "text/plain", &[]).map(|(_, text)| text)
    }

    fn post(&self, address: &str, path: &str, kind: &str, body: &[u8]) -> Option<(u16, String)> {
        self.say(address, &format!("POST {path}"), kind, body)
    }

    /// Status and text of an answer that came whole; none when the server died before.
    fn say(&self, address: &str, line: &str, kind: &str, body: &[u8]) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\ncookie: baton={}\r\nconnection: close\r\n\
             sec-fetch-site: same-origin\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut all = Vec::new();
        // What was read before the connection broke counts: a status line is an acknowledgement.
        let _ = stream.read_to_end(&mut all);
        let text = String::from_utf8_lossy(&all).into_owned();
        let status = text.split(' ').nth(1)?.parse().ok()?;
        Some((status, text))
    }

    /// After a crash: every acknowledged site is there once, and the record is whole. Seals what was recorded.
    async fn check(&self, life: usize) {
        let db = Db::open(&self.url, &rooms::schemas()).await.unwrap();
        let mut there: Vec<String> = db::read!(&db, self.org, |tx| identity::site::list(tx, self.org).await)
            .unwrap()
            .into_iter()
            .map(|s| s.name)
            .collect();
        there.sort();
        for name in self.kept.lock().unwrap().iter() {
            assert!(there.binary_search(name).is_ok(), "life {life}: {name} was acknowledged and is lost");
        }
        while seal::close(&db, self.org, &self.signer, Instant::machine_now()).await.unwrap().is_some() {}
        self.verify(&db, life).await;
        db.close().await;
    }

    async fn verify(&self, db: &Db, life: usize) {
        let records: Vec<_> = rooms::schemas().iter().flat_map(|room| room.records.iter().copied()).collect();
        let account = seal::verify(db, self.org, &records, &seal::Anchor::default()).await.unwrap();
        assert_eq!(account.faults, [], "life {life}: the record is not whole");
    }

    /// In the end every file that came is either done or can be brought in, and done where that was acknowledged; none is
    /// there in part or twice.
    fn finish(&self) {
        let server = self.serve();
        let begun = self.begun.lock().unwrap().clone();
        assert!(!begun.is_empty(), "no file ever came in");
        let mut done = 0;
        for page in &begun {
            let from = Moment::now();
            let shown = loop {
                let shown = self.get(&server.address, page).unwrap();
                // A job whose server died on PostgreSQL is free for another after a minute.
                let busy = shown.contains("aria-busy=\"true\"");
                if !busy || from.elapsed() > Duration::from_secs(150) {
                    break shown;
                }
                thread::sleep(Duration::from_millis(50));
            };
            let list = format!("/devices.csv?import={}", page.rsplit('/').next().unwrap());
            let came = self.get(&server.address, &list).unwrap();
            let came = came.lines().filter(|line| line.contains("C-")).count();
            let finished = shown.contains(&format!("{ROWS} devices imported."));
            assert!(
                if finished { came == ROWS } else { came == 0 && shown.contains("All rows are ready") },
                "{came} devices of {page}, which says: {}",
                shown.find("<main").map_or(&*shown, |at| &shown[at..shown.len().min(at + 1_500)])
            );
            let acknowledged = self.ran.lock().unwrap().contains(page);
            assert!(finished || !acknowledged, "{page} was acknowledged to run and is not done");
            done += usize::from(finished);
        }
        println!(
            "{} files came, {done} were brought in; {} sites",
            begun.len(),
            self.kept.lock().unwrap().len()
        );
        assert!(done > 0, "no import ever ran to its end");
    }
}

/// What a page says in its alert, else its head: enough to know why a form came back.
fn said(answer: &str) -> &str {
    let from = answer.find("role=\"alert\"").or_else(|| answer.find("class=\"ferr\"")).unwrap_or(0);
    answer.get(from..answer.len().min(from + 1_200)).unwrap_or(answer)
}

async fn crashes(url: String) {
    let hospital = Hospital::new(url).await;
    let seed = 20_261_122;
    let mut rng = StdRng::seed_from_u64(seed);
    for life in 0..times() {
        hospital.live_and_die(life, Duration::from_millis(rng.random_range(20..700)));
        if life % 5 == 4 {
            // A sealer is killed as well.
            let key = hospital._folder.path().join("key");
            let mut sealing = baton(&["audit", "seal", "--database", &hospital.url]);
            let mut sealing =
                sealing.env("BATON_SEAL_KEY", key).stdout(std::process::Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(rng.random_range(10..200)));
            let _ = sealing.kill();
            let _ = sealing.wait();
        }
        hospital.check(life).await;
    }
    let kept = hospital.kept.lock().unwrap().len();
    assert!(kept > times(), "seed {seed}: only {kept} writes were acknowledged in {} lives", times());
    hospital.finish();
    hospital.check(times()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    crashes(sqlite(&folder.path().join("baton.sqlite"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9_on_postgres() {
    let Some(admin) = testkit::postgres_url() else { return };
    let scratch = Scratch::postgres(&admin, &rooms::schemas()).await.unwrap();
    scratch.db.close().await;
    crashes(scratch.url.clone()).await;
    scratch.finish().await.unwrap();
}

/// What the system calls of a served write say, from a library that is loaded before the program's own.
mod disk {
    use std::{fs, path::PathBuf, process::Command};

    use super::{Server, baton, call, set_up_at, sqlite};

    /// The library: notes writes and syncs of the database's log and answers that leave, and fails a sync when told.
    fn library() -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/watch.c");
        let made = folder.join(format!("watch-{}.so", std::process::id()));
        let cc = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let done = Command::new(cc)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&made)
            .arg(&source)
            .arg("-ldl")
            .status()
            .unwrap();
        assert!(done.success(), "the C compiler could not make the watching library");
        made
    }

    struct Watched {
        server: Server,
        token: String,
        trace: PathBuf,
        fail: PathBuf,
        url: String,
        _folder: tempfile::TempDir,
    }

    impl Watched {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let url = sqlite(&folder.path().join("baton.sqlite"));
            let (_, token) = set_up_at(&url).await;
            let (trace, fail) = (folder.path().join("trace"), folder.path().join("fail"));
            let mut serve = baton(&["serve", "--listen", "127.0.0.1:0", "--database", &url]);
            serve.env("LD_PRELOAD", library()).env("WATCH_TRACE", &trace).env("WATCH_FAIL", &fail);
            Self { server: Server::start(serve), token, trace, fail, url, _folder: folder }
        }

        fn add(&self, name: &str) -> u16 {
            let command = kernel::Id::<()>::new();
            let form = format!("site_name={name}&time_zone=UTC&currency=USD&command={command}");
            self.server.ask("/sites/new", &self.token, Some(&form)).status
        }
    }

    #[tokio::test]
    async fn the_log_is_synced_before_a_write_is_acknowledged() {
        let watched = Watched::new().await;
        fs::write(&watched.trace, "").unwrap();
        for n in 0..20 {
            assert_eq!(watched.add(&format!("Site{n}")), 303);
        }
        let trace = fs::read_to_string(&watched.trace).unwrap();
        let (mut acknowledged, mut synced, mut wrote) = (0, false, false);
        for line in trace.lines() {
            match line {
                "write" => (wrote, synced) = (true, false),
                "sync" => synced = true,
                "answer 303" => {
                    acknowledged += 1;
                    assert!(
                        wrote && synced,
                        "answer {acknowledged} left before the log was synced:\n{trace}"
                    );
                    (wrote, synced) = (false, false);
                }
                other => panic!("“{other}” in the trace"),
            }
        }
        assert_eq!(acknowledged, 20, "{trace}");
    }

    /// Several people write at once, so that they share commits: none of them is answered before the sync of their own.
    #[tokio::test]
    async fn a_sync_that_fails_acknowledges_nothing_and_loses_nothing() {
        let watched = Watched::new().await;
        assert_eq!(watched.add("Before"), 303);
        fs::write(&watched.fail, "").unwrap();
        let all =
            |writer: usize| (0..5).map(|n| watched.add(&format!("While{writer}{n}"))).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..6).map(|writer| scope.spawn(move || all(writer))).collect();
            for status in writers.into_iter().flat_map(|one| one.join().unwrap()) {
                assert!(status >= 400, "a write that could not be synced was answered {status}");
            }
        });
        assert_eq!(watched.server.ask("/devices", &watched.token, None).status, 200, "looking goes on");
        fs::remove_file(&watched.fail).unwrap();
        assert_eq!(watched.add("After"), 303);
        let (url, folder) = (watched.url.clone(), watched._folder);
        drop(watched.server);
        let whole = call(&["audit", "verify", "--json", "--database", &url]);
        assert_eq!(whole.code, 0, "{}", whole.out);
        let db = super::Db::open(&url, &super::rooms::schemas()).await.unwrap();
        let org = identity::org::list(&db).await.unwrap()[0].id;
        let sites = db::read!(&db, org, |tx| identity::site::list(tx, org).await).unwrap();
        let names: Vec<&str> = sites.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["After", "Before", "Here General"]);
        db.close().await;
        drop(folder);
    }
}
