//! The demonstration hospital, served on a free port for the length of a measurement.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::client::Client;
use crate::process;

/// Generating the largest hospital takes minutes the first time.
const READY_WITHIN: Duration = Duration::from_secs(900);

/// A running `baton demo`; stopped when dropped.
pub struct Demo {
    child: Child,
    printed: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    base: String,
}

impl Demo {
    /// Serves the hospital in `folder`, generating it if it is not there.
    pub fn start(program: &Path, folder: &Path, devices: u32) -> Result<Self> {
        // One folder a size: the program reuses what it finds, whatever number it is given.
        let folder = folder.with_file_name(format!(
            "{}-{devices}",
            folder.file_name().unwrap_or_default().to_string_lossy()
        ));
        Self::start_at(program, devices, OsStr::new("--data-dir"), folder.as_os_str())
    }

    /// Serves the hospital in a database, generating it if the database is empty.
    pub fn start_in(program: &Path, database: &str, devices: u32) -> Result<Self> {
        Self::start_at(program, devices, OsStr::new("--database"), OsStr::new(database))
    }

    fn start_at(program: &Path, devices: u32, option: &OsStr, place: &OsStr) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new(program);
        command.args(["demo", "--json", "--devices", &devices.to_string(), "--port", &port.to_string()]);
        command.arg(option).arg(place);
        eprintln!("$ {}", process::line(&command));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let printed = Arc::new(Mutex::new(Vec::new()));
        let readers = [
            child.stdout.take().map(|stream| collect(stream, &printed)),
            child.stderr.take().map(|stream| collect(stream, &printed)),
        ];
        let base = format!("http://127.0.0.1:{port}");
        let mut demo = Self { child, printed, readers: readers.into_iter().flatten().collect(), base };
        demo.wait_until_ready()?;
        Ok(demo)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// E-mail and password of a manager, who may see and export every device, from what the program printed.
    pub fn manager(&self) -> Result<(String, String)> {
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        let values = printed.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        values.into_iter().find_map(|value| manager(&value)).context(
            "`baton demo --json` printed no object with role (manager), email and password; \
             give --email and --password",
        )
    }

    /// Resident memory in megabytes of 2^20 bytes.
    pub fn resident_megabytes(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: f64 = line.split_whitespace().next().context("an empty VmRSS")?.parse()?;
        Ok(kilobytes / 1024.0)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < READY_WITHIN {
            if let Some(status) = self.child.try_wait()? {
                self.readers.drain(..).for_each(|reader| drop(reader.join()));
                let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
                bail!("`baton demo` ended with {status}:\n{}", printed.join("\n"));
            }
            let answer = Client::new(&self.base).and_then(|mut client| client.get("/readyz"));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        bail!("`baton demo` did not answer 200 at /readyz within {} s", READY_WITHIN.as_secs())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Asked first, so that the files it leaves are whole.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The database that a served demo left behind.
pub fn database(folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let known = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "sqlite" || kind == "db");
    files.into_iter().find(known).with_context(|| format!("no *.sqlite or *.db file in {}", folder.display()))
}

fn collect(stream: impl std::io::Read + Send + 'static, into: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let into = Arc::clone(into);
    spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut lines = into.lock().unwrap_or_else(PoisonError::into_inner);
            // The log of a long run is of no use here.
            if lines.len() < 1_000 {
                lines.push(line);
            }
        }
    })
}

/// Wherever it stands in the value: an object with a manager's role, an e-mail address and a password.
fn manager(value: &Value) -> Option<(String, String)> {
    if let (Some(role), Some(email), Some(password)) =
        (value["role"].as_str(), value["email"].as_str(), value["password"].as_str())
        && role.eq_ignore_ascii_case("manager")
    {
        return Some((email.to_owned(), password.to_owned()));
    }
    match value {
        Value::Array(entries) => entries.iter().find_map(manager),
        Value::Object(entries) => entries.values().find_map(manager),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_is_found_wherever_the_program_puts_it() {
        let value = serde_json::json!({ "url": "x", "sign_ins": [
            { "role": "technician", "email": "t@x", "password": "1" },
            { "role": "manager", "email": "m@x", "password": "2" },
        ]});
        assert_eq!(manager(&value), Some(("m@x".into(), "2".into())));
        assert_eq!(manager(&serde_json::json!({ "role": "manager" })), None);
    }
}
