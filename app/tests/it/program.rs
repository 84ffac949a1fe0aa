//! The program as a terminal calls it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

/// The program, deaf to the configuration of whoever runs the tests.
pub fn baton(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    for (name, _) in std::env::vars_os() {
        if ["BATON_", "AWS_"].iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            command.env_remove(name);
        }
    }
    command.args(args).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    command
}

/// What one call said.
pub struct Said {
    /// Status.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Standard output as the one JSON value it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }
}

/// Calls the program and waits for its end.
pub fn call(args: &[&str]) -> Said {
    let Output { status, stdout, stderr } = baton(args).output().unwrap();
    Said {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// The address of an SQLite file.
pub fn sqlite(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// The program serving on a free port, until dropped.
pub struct Server {
    child: Child,
    /// Where it answers.
    pub address: String,
    /// The first line it printed.
    pub first: String,
    err: Arc<Mutex<String>>,
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// The header lines, in lower case.
    pub head: String,
    /// The rest.
    pub body: String,
}

impl Answer {
    /// The beginning of the page's own part, for a test that says what it met.
    pub fn main(&self) -> String {
        let from = self.body.find("<main").unwrap_or(0);
        self.body[from..].chars().take(900).collect()
    }
}

impl Server {
    /// Starts a command that ends in `baton serve …` and waits until it answers.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let err = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()), err.clone());
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let said = first.clone();
        let address =
            said.split("://").nth(1).unwrap_or_else(|| panic!("no address: {first}{}", err.lock().unwrap()));
        let end = address.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c))).unwrap_or(address.len());
        Self { address: address[..end].to_owned(), first, child, err }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as systemd does, and waits until it has.
    pub fn stop(mut self) {
        assert!(Command::new("kill").arg(self.pid().to_string()).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "{}", self.log());
    }

    /// What it has logged until now.
    pub fn log(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// Whether it logs some words within two seconds: they come through a pipe.
    pub fn logs(&self, words: &str) -> bool {
        (0..100).any(|_| {
            let there = self.log().contains(words);
            if !there {
                std::thread::sleep(Duration::from_millis(20));
            }
            there
        })
    }

    /// One request with a session's token; a form is posted.
    pub fn ask(&self, path: &str, token: &str, form: Option<&str>) -> Answer {
        let method = if form.is_some() { "POST" } else { "GET" };
        let (form, address) = (form.unwrap_or_default(), &self.address);
        self.say(&format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncookie: baton={token}\r\nconnection: close\r\n\
             sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        ))
    }

    /// One request as it goes over the wire.
    pub fn say(&self, request: &str) -> Answer {
        let mut all = Vec::new();
        let said = TcpStream::connect(&self.address).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            stream.write_all(request.as_bytes())?;
            stream.read_to_end(&mut all)
        });
        if let Err(error) = said {
            panic!("{error}; the server has logged:\n{}", self.log());
        }
        let all = String::from_utf8_lossy(&all);
        let (head, body) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
