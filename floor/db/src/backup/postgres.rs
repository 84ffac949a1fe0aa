//! PostgreSQL is copied and brought back by its own tools: nobody knows its insides better.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use kernel::{Problem, Result};
use sqlx::postgres::PgConnectOptions;

use super::copy::{Copied, To, carry, gently};
use crate::{Sql, Tx, hosts::Hosts, vals};

const LENGTH: Sql = Sql::new("SELECT pg_database_size(current_database()) AS bytes");
const SNAPSHOT: Sql = Sql::new("SELECT pg_export_snapshot() AS snapshot");

/// The name of what this transaction sees, so that another connection sees the same.
pub(super) async fn snapshot(tx: &mut Tx) -> Result<String> {
    tx.one(SNAPSHOT, &vals![]).await?.get("snapshot")
}

/// About how many bytes the database has.
pub(super) async fn length(tx: &mut Tx) -> Result<u64> {
    tx.one(LENGTH, &vals![]).await?.get("bytes").map(i64::unsigned_abs)
}

/// Copies what a snapshot shows, in pg_dump's custom format. Row-level security binds the role of the database as it
/// binds everybody: it is told to show all organisations.
pub(super) async fn dump(url: &str, snapshot: String, to: To) -> Result<Copied> {
    let tool = tool("pg_dump")?;
    let mut command = Command::new(&tool);
    command.args(["--format=custom", "--compress=1", "--enable-row-security", "--no-password"]);
    command.arg(format!("--snapshot={snapshot}"));
    reach(&mut command, url)?;
    let dumped = gently(move || {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let out = child.stdout.take();
        let words = listen(&mut child);
        let copied =
            out.map_or_else(|| Err(io::Error::other("pg_dump gives no output")), |out| carry(out, to, 0));
        if copied.is_err() {
            let _ = child.kill();
        }
        let ended = child.wait()?;
        let words = words.join().unwrap_or_default();
        let copied = copied?;
        if ended.success() { Ok(copied) } else { Err(io::Error::other(words)) }
    });
    dumped.await.map_err(|e| refused("pg_dump", &e))
}

/// Brings a copy into an empty database, all of it or nothing.
pub(super) async fn restore(url: &str, from: File) -> Result<()> {
    let tool = tool("pg_restore")?;
    let mut command = Command::new(&tool);
    command.args([
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        "--no-password",
    ]);
    reach(&mut command, url)?;
    // Without a name of a database the tool prints statements instead of running them.
    let name = environment(url)?.into_iter().find(|(key, _)| *key == "PGDATABASE").map(|(_, value)| value);
    command.arg("--dbname").arg(name.unwrap_or_default());
    let restored = gently(move || {
        let mut child =
            command.stdin(Stdio::from(from)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let words = listen(&mut child);
        let ended = child.wait()?;
        let words = words.join().unwrap_or_default();
        if ended.success() { Ok(()) } else { Err(io::Error::other(words)) }
    });
    restored.await.map_err(|e| refused("pg_restore", &e))
}

fn refused(tool: &str, error: &io::Error) -> Problem {
    Problem::conflict(super::PLACE, format!("{tool} could not do its work: {error}."))
}

/// Reads what a tool complains of, so that it never waits for a reader.
fn listen(child: &mut Child) -> thread::JoinHandle<String> {
    let err = child.stderr.take();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = err.map(|mut err| err.read_to_end(&mut bytes));
        let words = String::from_utf8_lossy(&bytes);
        words.trim().chars().take(2_000).collect()
    })
}

/// Tells a tool which database, by its environment: what stands in a command line, everybody on the machine can read.
fn reach(command: &mut Command, url: &str) -> Result<()> {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command.envs(environment(url)?).env("PGOPTIONS", "-c baton.org=*").env("PGAPPNAME", "baton backup");
    Ok(())
}

/// A database's address as libpq's variables.
fn environment(url: &str) -> Result<Vec<(&'static str, String)>> {
    let hosts = Hosts::of(url)?;
    let options = hosts.first();
    let each =
        |one: fn(&PgConnectOptions) -> String| hosts.all().iter().map(one).collect::<Vec<_>>().join(",");
    let host = each(|o| o.get_socket().map_or_else(|| o.get_host().to_owned(), |p| p.display().to_string()));
    let database = options.get_database().unwrap_or(options.get_username()).to_owned();
    let mut all = vec![
        ("PGHOST", host),
        ("PGPORT", each(|o| o.get_port().to_string())),
        // Of several servers the one that takes writes.
        ("PGTARGETSESSIONATTRS", "read-write".to_owned()),
        ("PGUSER", options.get_username().to_owned()),
        ("PGDATABASE", database),
    ];
    let (plain, query) = url.split_once('?').unwrap_or((url, ""));
    let who = plain.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(who, _)| who);
    if let Some((_, password)) = who.and_then(|who| who.split_once(':')) {
        all.push(("PGPASSWORD", decoded(password)));
    }
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let name = match key {
            "password" => "PGPASSWORD",
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            _ => continue,
        };
        all.push((name, decoded(value)));
    }
    Ok(all)
}

/// Text of an address with its escapes resolved.
fn decoded(text: &str) -> String {
    let (bytes, mut plain, mut at) = (text.as_bytes(), Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(meant) => {
                plain.push(meant);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// Where one of PostgreSQL's programs is: on the path, or where Debian keeps it, the newest first.
fn tool(name: &str) -> Result<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    let mut places: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let kept = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = kept.map(|entry| entry.path()).collect();
    let number = |path: &Path| path.file_name().and_then(|n| n.to_string_lossy().parse::<u32>().ok());
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    // Debian's own pg_dump on the path picks a version by its cluster list, which need not be the server's.
    places.splice(0..0, versions.into_iter().map(|version| version.join("bin")));
    places.into_iter().map(|place| place.join(name)).find(|file| file.is_file()).ok_or_else(|| {
        Problem::conflict(
            "backup.tool",
            format!(
                "PostgreSQL is backed up by its own tools, and {name} is not on this machine. Install PostgreSQL’s \
                 client programs (Debian: postgresql-client), of the server’s version or a later one, or run this where \
                 they are. Nothing was changed."
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_variables_and_no_secret_an_argument() {
        let url = "postgres://baton:p%40ss%2Fw@db.example:5433/fleet?sslmode=require&application_name=x";
        let wanted = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGTARGETSESSIONATTRS", "read-write"),
            ("PGUSER", "baton"),
            ("PGDATABASE", "fleet"),
            ("PGPASSWORD", "p@ss/w"),
            ("PGSSLMODE", "require"),
        ];
        let mut command = Command::new("pg_dump");
        reach(&mut command, url).unwrap();
        assert_eq!(command.get_args().count(), 0);
        assert_eq!(environment(url).unwrap(), wanted.map(|(key, value)| (key, value.to_owned())));
    }
}
