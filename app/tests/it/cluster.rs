//! PostgreSQL servers of a test's own, which it may kill: a primary and a synchronous standby.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// One server. Ends with the test.
pub struct Node {
    data: PathBuf,
    pub port: u16,
    child: Child,
}

/// Where the servers of one test keep their files.
pub struct Cluster {
    folder: tempfile::TempDir,
    /// Who runs them: PostgreSQL refuses root.
    account: Option<(u32, u32)>,
    programs: PathBuf,
}

impl Cluster {
    /// A place for servers, unless this run does without PostgreSQL.
    ///
    /// # Panics
    /// When PostgreSQL's programs are not here.
    pub fn new() -> Option<Self> {
        testkit::postgres_url()?;
        let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path().join("bin"))
            .collect();
        versions.sort();
        let on_path = std::env::var_os("PATH").unwrap_or_default();
        let programs = versions.into_iter().rev().chain(std::env::split_paths(&on_path));
        let mut programs = programs.filter(|place| place.join("initdb").is_file());
        let programs = programs
            .next()
            .expect("PostgreSQL’s programs (initdb, pg_basebackup), or BATON_WITHOUT_POSTGRES=1");
        let folder = tempfile::Builder::new().prefix("baton-pg-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let id = |what| {
            let out = Command::new("id").args([what, "postgres"]).output().unwrap();
            String::from_utf8(out.stdout).unwrap().trim().parse::<u32>().unwrap()
        };
        let root =
            String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap().trim() == "0";
        let account = root.then(|| (id("-u"), id("-g")));
        if let Some((uid, gid)) = account {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        Some(Self { folder, account, programs })
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn run(&self, command: &mut Command) -> String {
        let out = command.output().unwrap();
        assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    /// A server of an empty cluster.
    pub fn primary(&self) -> Node {
        self.primary_with(&[])
    }

    /// Puts a file where only the servers can read it.
    pub fn put(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = self.account {
            chown(&file, Some(uid), Some(gid)).unwrap();
        }
        file
    }

    /// A server of an empty cluster with settings of its own.
    pub fn primary_with(&self, settings: &[String]) -> Node {
        let data = self.folder.path().join("primary");
        let made = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"];
        self.run(self.program("initdb").arg("-D").arg(&data).args(made));
        self.serve(data, settings)
    }

    /// A standby of a server, whose every commit it must have from now on.
    pub fn synchronous_standby(&self, of: &Node) -> Node {
        let data = self.folder.path().join("standby");
        let from = format!("host=127.0.0.1 port={} user=postgres application_name=second", of.port);
        let mut copy = self.program("pg_basebackup");
        self.run(copy.arg("-d").arg(from).arg("-D").arg(&data).args([
            "-R",
            "-X",
            "stream",
            "--checkpoint=fast",
        ]));
        let node = self.serve(data, &[]);
        self.ask(of, "ALTER SYSTEM SET synchronous_standby_names = 'second'");
        self.ask(of, "SELECT pg_reload_conf()");
        let began = Instant::now();
        while self.ask(of, "SELECT sync_state FROM pg_stat_replication") != "sync" {
            assert!(began.elapsed() < Duration::from_secs(20), "the standby follows in step");
            std::thread::sleep(Duration::from_millis(100));
        }
        node
    }

    /// Runs a statement as the superuser and returns what it says.
    pub fn ask(&self, node: &Node, sql: &str) -> String {
        let port = node.port.to_string();
        let at =
            ["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-X", "-A", "-t", "-q", "-c", sql, "postgres"];
        self.run(self.program("psql").args(at)).trim().to_owned()
    }

    /// Makes a standby the one that takes writes.
    pub fn promote(&self, node: &Node) {
        self.run(self.program("pg_ctl").arg("-D").arg(&node.data).args(["promote", "-w"]));
    }

    fn serve(&self, data: PathBuf, settings: &[String]) -> Node {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let log = fs::File::create(data.join("log")).unwrap();
            let mut command = self.program("postgres");
            command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
            for setting in [
                "listen_addresses=127.0.0.1",
                "shared_buffers=32MB",
                "wal_level=replica",
                "max_wal_senders=5",
                "hot_standby=on",
                "unix_socket_directories=",
            ] {
                command.args(["-c", setting]);
            }
            for setting in settings {
                command.args(["-c", setting]);
            }
            let mut child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
            if ready(&mut child, &data) {
                return Node { data, port, child };
            }
        }
        panic!("PostgreSQL did not start: {}", fs::read_to_string(data.join("log")).unwrap());
    }
}

fn ready(child: &mut Child, data: &Path) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) && child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let own = text.lines().next().is_some_and(|pid| pid.trim() == child.id().to_string());
        let state = text.lines().nth(7).map(str::trim);
        if own && matches!(state, Some("ready" | "standby")) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

impl Node {
    /// As when the machine dies: the server and all that it started end at once.
    pub fn kill(&mut self) {
        let pid = self.child.id();
        let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
            let of: u32 = entry.file_name().to_string_lossy().parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let parent: u32 = stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?;
            (parent == pid).then_some(of)
        });
        // The server first, so that it does not begin to mend what its parts leave.
        let all: Vec<String> = [pid].into_iter().chain(all).map(|pid| pid.to_string()).collect();
        let _ = Command::new("kill").arg("-9").args(all).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.kill();
        }
    }
}
