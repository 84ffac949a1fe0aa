//! A server whose disk fills up while it works: words with a remedy, reading goes on, nothing comes in half, and the
//! work is done once there is room again.
//!
//! The disk is a limit on the size of files, which needs no rights: a write past it fails as on a full disk.
#![cfg(target_os = "linux")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::program::call;

/// A demonstration hospital in a process of its own.
struct Server {
    child: Child,
    at: String,
    cookie: String,
    _folder: tempfile::TempDir,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let begins = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
        self.head.lines().find(begins).map(|line| &line[name.len() + 2..])
    }
}

impl Server {
    /// Starts it with writes past a limit failing instead of ending the process, and signs the lead in.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let baton = env!("CARGO_BIN_EXE_baton");
        let run = "trap '' XFSZ; exec \"$0\" demo --data-dir \"$1\" --port 0 --devices 60 --json";
        let mut child = Command::new("sh")
            .args(["-c", run, baton])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let facts = out.lines().map_while(Result::ok).find(|line| line.starts_with('{')).unwrap();
        let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
        let at = facts["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        let lead = facts["sign_ins"].as_array().unwrap().iter().find(|s| s["role"] == "Lead").unwrap();
        let mut server = Self { child, at, cookie: String::new(), _folder: folder };
        let password = facts["password"].as_str().unwrap();
        let form = format!("email={}&password={password}", lead["email"].as_str().unwrap());
        let signed = server.post("/sign-in", "application/x-www-form-urlencoded", form.as_bytes());
        server.cookie = signed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        server
    }

    /// Sets how large its files may grow; `None` for as large as they like. Only the soft limit moves.
    fn limit(&self, bytes: Option<u64>) {
        let limit = bytes.map_or("unlimited:".to_owned(), |n| format!("{n}:"));
        let set = Command::new("prlimit")
            .args(["--pid", &self.child.id().to_string(), &format!("--fsize={limit}")])
            .status();
        assert!(set.unwrap().success());
    }

    fn largest_file(&self) -> u64 {
        let files = std::fs::read_dir(self._folder.path()).unwrap();
        files.map(|f| f.unwrap().metadata().unwrap().len()).max().unwrap()
    }

    fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.at).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n\
             Connection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.at,
            self.cookie,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let text = String::from_utf8_lossy(&all).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "text/plain", b"")
    }

    fn post(&self, path: &str, kind: &str, body: &[u8]) -> Answer {
        self.ask("POST", path, kind, body)
    }

    /// Sends a list of so many devices as a browser does.
    fn send(&self, rows: usize) -> Answer {
        let mut body = String::from(
            "--part\r\nContent-Disposition: form-data; name=\"list\"; filename=\"list.csv\"\r\n\r\n\
             Asset tag,Serial,Maker,Model,Site,Notes\n",
        );
        let notes = "n".repeat(300);
        for row in 0..rows {
            body.push_str(&format!("F-{row},S{row},Helion,VP{},Lakeside,{notes}\n", row % 7));
        }
        body.push_str("\r\n--part--\r\n");
        self.post("/devices/import", "multipart/form-data; boundary=part", body.as_bytes())
    }

    /// The page once it says this; fails when it never does.
    fn until(&self, path: &str, says: &str) -> Answer {
        let begun = Instant::now();
        loop {
            let page = self.get(path);
            if page.body.contains(says) {
                return page;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "never “{says}”: {}", page.body);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Server {
    /// Stops it; then its record is sealed and whole.
    fn stop_whole(mut self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        let database = format!("sqlite://{}", self._folder.path().join("baton.sqlite").display());
        let whole = call(&["audit", "verify", "--json", "--database", &database]);
        assert_eq!(whole.code, 0, "{}", whole.out);
        assert_eq!(whole.json()["organisations"][0]["unsealed_events"], 0, "{}", whole.out);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const REMEDY: &str = "Free space on the disk that holds the database";

#[test]
fn a_full_disk_is_said_and_the_work_goes_on_once_there_is_room() {
    let server = Server::start();
    let before = server.get("/devices").body.matches("class=\"tagno\"").count();
    // No room at all: the file is refused in words, on its page.
    server.limit(Some(server.largest_file() / 2));
    let refused = server.send(20_000);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(
        refused.body.contains(REMEDY) && refused.body.contains("Drop a spreadsheet (XLSX) or CSV file here"),
        "{}",
        refused.body
    );
    assert_eq!(server.get("/devices").status, 200, "reading goes on");
    assert_eq!(server.get("/healthz").body, "ok\n");
    // Room again: the same file is taken by the same server.
    server.limit(None);
    let sent = server.send(6_000);
    assert_eq!(sent.status, 303, "{}", sent.body);
    let page = sent.header("location").unwrap().to_owned();
    let checked = server.until(&page, "All rows are ready: 6,000 devices.");
    assert!(checked.body.contains("Import 6,000 devices"));
    // It fills up while devices come in: whole batches stay, the rest waits and says why.
    server.limit(Some(server.largest_file() + 2_000_000));
    let command = kernel::Id::<()>::new();
    let run = format!("command={command}");
    let begun = server.post(&format!("{page}/run"), "application/x-www-form-urlencoded", run.as_bytes());
    assert_eq!(begun.status, 303, "{}", begun.body);
    let waiting = server.until(&page, "The work waits.");
    assert!(waiting.body.contains(REMEDY), "{}", waiting.body);
    let list = format!("/devices?import={}", page.rsplit('/').next().unwrap());
    let came = server.get(&list);
    assert_eq!(came.status, 200);
    assert!(!came.body.contains("6,000 devices came in"), "not all of it fits");
    server.limit(None);
    server.until(&page, "6,000 devices imported.");
    assert!(server.get(&list).body.contains("6,000 devices came in with “list.csv”."));
    assert!(server.get("/devices").body.matches("class=\"tagno\"").count() >= before);
    server.stop_whole();
}
