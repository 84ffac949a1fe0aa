//! A private PostgreSQL for the length of one run.
//!
//! The cluster lives in a folder of its own, listens on a free port of the loopback address and on a socket in
//! that folder, and lives no longer than the run. A small shell process, the caretaker,
//! waits for the end of a pipe that only we hold. However we end (done, panic, Ctrl-C, kill), the
//! pipe closes, and the caretaker stops the server it finds in that folder and removes the folder.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{install, process};

/// Removes `$1` after stopping the server whose data folder is `$1/data`, and no other: the process named by the
/// pid file must have that very folder as its working directory.
const CARETAKER: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
runs() {
    if [ -d /proc ]; then [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ]; else kill -0 "$pid" 2>/dev/null; fi
}
if [ -n "$pid" ] && runs "$1"; then
    kill -QUIT "$pid" 2>/dev/null
    tries=0
    while runs "$1" && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
rm -rf "$1"
"#;

/// What becomes of an acknowledged write when the machine loses power.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It may be gone: fast, for tests, wrong for anything that matters.
    None,
    /// It is there, as PostgreSQL promises by default; for measurements.
    Full,
}

/// Settings of every private server.
const SETTINGS: &[&str] = &["max_connections=200", "shared_buffers=128MB", "listen_addresses=127.0.0.1"];

/// Settings that trade durability for speed.
const CARELESS: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
];

/// The longest path of a Unix socket, with room for the name the server gives it.
const SOCKET_FOLDER_MAX: usize = 80;

/// A running server; stops and vanishes when dropped.
pub struct Postgres {
    server: Option<Child>,
    caretaker: Child,
    lifeline: Option<ChildStdin>,
    port: u16,
    /// Where its socket lies, beside its data.
    folder: PathBuf,
    version: String,
}

/// The account the server runs under: PostgreSQL refuses root.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Starts a server from the programs in `programs`, keeping its files below `target` if it can.
    pub fn start(programs: &Path, target: &Path, durability: Durability) -> Result<Self> {
        let account = account()?;
        let folder = make_folder(target, account)?;
        let mut caretaker = Command::new("sh")
            .args(["-c", CARETAKER, "caretaker"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        let lifeline = caretaker.stdin.take();
        let version = process::read(Command::new(programs.join("postgres")).arg("--version"))?;
        let mut postgres = Self {
            server: None,
            caretaker,
            lifeline,
            port: 0,
            folder: folder.clone(),
            version: version.trim().to_owned(),
        };
        initialise(programs, &folder, account)?;
        postgres.serve(programs, &folder, account, durability)?;
        Ok(postgres)
    }

    /// The superuser's address of the database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The same by the server's socket, as the book advises where both run on one machine.
    pub fn near_url(&self) -> String {
        format!("postgres://postgres@localhost:{}/postgres?host={}", self.port, self.folder.display())
    }

    /// What the server says it is.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Another program may take a port between our finding it free and the server's binding it; hence the tries.
    fn serve(
        &mut self,
        programs: &Path,
        folder: &Path,
        account: Option<Account>,
        durability: Durability,
    ) -> Result<()> {
        let careless = if durability == Durability::None { CARELESS } else { &[] };
        let log = folder.join("log");
        for _ in 0..3 {
            self.port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            let output = fs::File::create(&log)?;
            let mut command = under(account, &programs.join("postgres"));
            command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
            command.args(["-p", &self.port.to_string()]);
            command.args(SETTINGS.iter().chain(careless).flat_map(|setting| ["-c", *setting]));
            command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).process_group(0);
            let mut server = command.spawn().context("cannot start postgres")?;
            let ready = wait_until_ready(&mut server, &folder.join("data/postmaster.pid"))?;
            self.server = Some(server);
            if ready {
                return Ok(());
            }
        }
        bail!("the private PostgreSQL did not start:\n{}", fs::read_to_string(&log).unwrap_or_default())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // The server is our child: until we take its exit status it looks alive to the caretaker.
        if let Some(mut server) = self.server.take() {
            let _ = server.wait();
        }
        let _ = self.caretaker.wait();
    }
}

/// Ready is what the last line of the server's pid file says, so no client program is needed.
fn wait_until_ready(server: &mut Child, pid_file: &Path) -> Result<bool> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(30) {
        if server.try_wait()?.is_some() {
            return Ok(false);
        }
        let text = fs::read_to_string(pid_file).unwrap_or_default();
        if text.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return Ok(true);
        }
        sleep(Duration::from_millis(20));
    }
    Ok(false)
}

fn initialise(programs: &Path, folder: &Path, account: Option<Account>) -> Result<()> {
    let mut last = String::new();
    // Older or foreign C libraries lack C.UTF-8; sorting by bytes is what both give.
    for locale in ["C.UTF-8", "C"] {
        let mut command = under(account, &programs.join("initdb"));
        command.arg("-D").arg(folder.join("data")).args(["-A", "trust", "-U", "postgres", "-E", "UTF8"]);
        command.arg(format!("--locale={locale}")).arg("--no-sync").current_dir(folder);
        match process::read(&mut command) {
            Ok(_) => return Ok(()),
            Err(error) => last = format!("{error:#}"),
        }
    }
    bail!("cannot create a private PostgreSQL cluster: {last}")
}

/// A folder that the server's account can reach and write: below target, else in a folder for temporary files,
/// because a checkout below a closed home directory is out of that account's reach.
fn make_folder(target: &Path, account: Option<Account>) -> Result<PathBuf> {
    let own = std::process::id();
    let ours = target.join("test-postgres");
    fs::create_dir_all(&ours).with_context(|| format!("cannot create {}", ours.display()))?;
    let named = format!("baton-test-postgres-{own}");
    let places = [
        ours.join(own.to_string()),
        std::env::temp_dir().join(&named),
        PathBuf::from("/var/tmp").join(&named),
    ];
    for folder in places {
        if folder.as_os_str().len() > SOCKET_FOLDER_MAX || fs::create_dir(&folder).is_err() {
            continue;
        }
        let folder = folder.canonicalize()?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        if let Some(account) = account {
            chown(&folder, Some(account.uid), Some(account.gid))?;
        }
        if under(account, Path::new("test")).arg("-w").arg(folder.join(".")).status()?.success() {
            return Ok(folder);
        }
        fs::remove_dir(&folder)?;
    }
    bail!("no folder for a private PostgreSQL: neither below {} nor below /tmp or /var/tmp", target.display())
}

/// None when we may run the server ourselves.
fn account() -> Result<Option<Account>> {
    if !install::is_root() {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        let id = |what| process::read(Command::new("id").args([what, name]));
        if let (Ok(uid), Ok(gid)) = (id("-u"), id("-g")) {
            return Ok(Some(Account { uid: uid.trim().parse()?, gid: gid.trim().parse()? }));
        }
    }
    bail!("PostgreSQL does not run as root, and this system has neither an account `postgres` nor `nobody`")
}

fn under(account: Option<Account>, program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}
