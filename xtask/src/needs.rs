//! What the tests need of the machine: found where it is, installed where it may be, and otherwise named together
//! with the way to get it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::install::Installer;
use crate::process;

/// PostgreSQL releases below this are not supported.
const POSTGRES_AT_LEAST: u32 = 15;
/// The first Node whose test runner and fetch the journeys can rely on.
const NODE_AT_LEAST: u32 = 20;

/// Something that is not here and could not be had.
#[derive(Debug)]
pub struct Missing {
    /// The suite that cannot run without it.
    pub suite: &'static str,
    /// What is missing.
    pub what: String,
    /// Why it was not installed.
    pub why: String,
    /// What the reader can do.
    pub remedy: String,
}

impl Missing {
    /// The three lines a reader needs.
    pub fn message(&self) -> String {
        format!(
            "cannot run the {} suite: {} ({})\n  to have it:       {}\n  to do without it: --without {}",
            self.suite, self.what, self.why, self.remedy, self.suite
        )
    }
}

/// Chromium and Node, as the browser suite uses them.
pub struct BrowserTools {
    /// The browser's program.
    pub chromium: PathBuf,
}

/// The folder of PostgreSQL's server programs, installed first if they are missing and may be.
pub fn postgres(may_install: bool, scratch: &Path) -> Result<PathBuf, Missing> {
    if let Some(folder) = find_postgres() {
        return Ok(folder);
    }
    let why = match install(may_install, &["postgresql"], scratch) {
        Ok(()) => match find_postgres() {
            Some(folder) => return Ok(folder),
            None => format!("the system's package is older than {POSTGRES_AT_LEAST}"),
        },
        Err(why) => why,
    };
    Err(Missing {
        suite: "postgres",
        what: format!("no PostgreSQL {POSTGRES_AT_LEAST} or newer (initdb and postgres) is installed"),
        why,
        remedy: "apt-get install postgresql, or set BATON_TEST_POSTGRES to the URL of a superuser".into(),
    })
}

/// Chromium and Node, installed first if they are missing and may be.
pub fn browser(may_install: bool, scratch: &Path) -> Result<BrowserTools, Vec<Missing>> {
    let node = node(may_install, scratch);
    match (node, chromium(may_install, scratch)) {
        (Ok(()), Ok(chromium)) => Ok(BrowserTools { chromium }),
        (node, chromium) => Err(node.err().into_iter().chain(chromium.err()).collect()),
    }
}

fn node(may_install: bool, scratch: &Path) -> Result<(), Missing> {
    let missing = |what: &str, why: String| Missing {
        suite: "browser",
        what: what.to_owned(),
        why,
        remedy: format!(
            "install Node {NODE_AT_LEAST} or newer with npm, from https://nodejs.org or your system"
        ),
    };
    if process::find("node").is_none() || process::find("npm").is_none() {
        install_node(may_install, scratch).map_err(|why| missing("Node or npm is not installed", why))?;
    }
    let printed = process::read(Command::new("node").arg("--version")).unwrap_or_default();
    match major(printed.trim().trim_start_matches('v')) {
        Some(version) if version >= NODE_AT_LEAST => Ok(()),
        _ => {
            let what = format!("Node {NODE_AT_LEAST} is needed and here is {}", printed.trim());
            Err(missing(&what, "the tests never replace a Node that is there".into()))
        }
    }
}

/// Debian 12 offers Node 18 with hundreds of packages for its npm; none of them would help.
fn install_node(may_install: bool, scratch: &Path) -> Result<(), String> {
    let installer = Installer::find(may_install)?;
    if process::find("node").is_none() {
        let offered = installer.offers("nodejs").map_err(|error| format!("{error:#}"))?.unwrap_or_default();
        if major(&offered).is_none_or(|version| version < NODE_AT_LEAST) {
            return Err(format!("this system's own packages offer Node {offered}, which is too old"));
        }
        return install(may_install, &["nodejs", "npm"], scratch);
    }
    install(may_install, &["npm"], scratch)
}

fn chromium(may_install: bool, scratch: &Path) -> Result<PathBuf, Missing> {
    if let Some(program) = find_chromium() {
        return Ok(program);
    }
    // The fonts are only recommended by the browser's package; without them pages render as empty boxes.
    let why = match install(may_install, &["chromium", "fonts-liberation"], scratch) {
        Ok(()) => match find_chromium() {
            Some(program) => return Ok(program),
            None => "the system's package brought no such program".to_owned(),
        },
        Err(why) => why,
    };
    Err(Missing {
        suite: "browser",
        what: "no Chromium is installed (chromium, chromium-browser, google-chrome)".into(),
        why,
        remedy: "apt-get install chromium, or set BATON_CHROMIUM to the program".into(),
    })
}

fn install(allowed: bool, packages: &[&str], scratch: &Path) -> Result<(), String> {
    let installer = Installer::find(allowed)?;
    installer.install(packages, scratch).map_err(|error| format!("{error:#}"))
}

fn find_chromium() -> Option<PathBuf> {
    if let Some(program) = std::env::var_os("BATON_CHROMIUM") {
        return Some(PathBuf::from(program)).filter(|program| program.is_file());
    }
    ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| process::find(name))
}

/// Debian keeps the server programs out of the PATH, one folder a release; take the newest, then the PATH.
fn find_postgres() -> Option<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((major(entry.file_name().to_str()?)?, entry.path().join("bin"))))
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.0));
    let on_path = process::find("initdb").and_then(|file| Some(file.parent()?.to_owned()));
    folders.into_iter().map(|(_, folder)| folder).chain(on_path).find(|folder| usable_postgres(folder))
}

fn usable_postgres(folder: &Path) -> bool {
    let server = folder.join("postgres");
    if !server.is_file() || !folder.join("initdb").is_file() {
        return false;
    }
    let printed = process::read(Command::new(server).arg("--version")).unwrap_or_default();
    let version = printed.split_whitespace().find_map(major);
    version.is_some_and(|version| version >= POSTGRES_AT_LEAST)
}

/// The number before the first dot: `15.3 (Debian)` is 15.
fn major(version: &str) -> Option<u32> {
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_by_their_major_number() {
        assert_eq!(major("15.3 (Debian 15.3-0)"), Some(15));
        assert_eq!(major("20.20.2"), Some(20));
        assert_eq!(major("17"), Some(17));
        assert_eq!(major("(PostgreSQL)"), None);
        assert_eq!(major(""), None);
    }

    #[test]
    fn a_missing_thing_names_suite_reason_and_both_ways_out() {
        let missing = Missing {
            suite: "postgres",
            what: "no PostgreSQL".into(),
            why: "no apt-get".into(),
            remedy: "apt-get install postgresql".into(),
        };
        let message = missing.message();
        for part in ["postgres suite", "no apt-get", "apt-get install postgresql", "--without postgres"] {
            assert!(message.contains(part), "{part} in {message}");
        }
    }
}
