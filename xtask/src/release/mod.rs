//! `cargo xtask release`: the archive that people install.
//!
//! The same commit and toolchain give the same bytes: the lock file is kept to, paths of the machine are left out of
//! the program, and everything in the archive has the commit's time, one owner and one order.

mod sbom;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::workspace::Workspace;

/// What to build from.
#[derive(clap::Args)]
pub struct Args {
    /// Build from a checkout with changes that are not committed: for trying out, never for others
    #[arg(long)]
    dirty: bool,
}

/// What goes into the archive besides the program, as it lies in the checkout.
const FILES: &[&str] = &[
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "THREAT_MODEL.md",
    "deploy",
    "docs",
];
/// The bill of materials in the archive.
const SBOM: &str = "sbom.cdx.json";

/// Builds the program and puts the archive, its bill of materials and their sums into `target/release-archive`.
pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let root = &workspace.root;
    let git = |words: &[&str]| process::read(Command::new("git").args(words).current_dir(root));
    ensure!(
        args.dirty || git(&["status", "--porcelain"])?.is_empty(),
        "the checkout has changes that are not committed; commit them, or say --dirty to try it out"
    );
    let commit_time = git(&["log", "-1", "--format=%ct"])?.trim().to_owned();
    let built = build(workspace, &commit_time)?;
    let said = process::read(Command::new(&built).arg("--version"))?;
    let version = said.trim().strip_prefix("baton ").context("the program does not say its version")?;
    let name = format!("baton-{version}-{}", host()?);
    let out = workspace.target.join("release-archive");
    let folder = out.join(&name);
    let _ = fs::remove_dir_all(&out);
    fs::create_dir_all(&folder)?;
    fs::copy(&built, folder.join("baton"))?;
    for file in FILES {
        copy(root, &folder, Path::new(file))?;
    }
    let bill = sbom::write(workspace, version, &commit_time)?;
    fs::write(folder.join(SBOM), &bill)?;
    fs::write(out.join(format!("{name}.{SBOM}")), &bill)?;
    let archive = format!("{name}.tar.gz");
    pack(&out, &name, &archive, &commit_time)?;
    fs::remove_dir_all(&folder)?;
    let mut sums = Command::new("sha256sum");
    let sums = process::read(sums.args([&archive, &format!("{name}.{SBOM}")]).current_dir(&out))?;
    fs::write(out.join("SHA256SUMS"), &sums)?;
    println!("{sums}in {}", out.display());
    Ok(true)
}

fn build(workspace: &Workspace, commit_time: &str) -> Result<PathBuf> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let cargo_home = cargo_home.or_else(home).context("neither CARGO_HOME nor HOME is set")?;
    // Messages of the program name its own files; whose machine they were on is nobody's business.
    let remapped = format!(
        "build.rustflags=['--remap-path-prefix={}=baton','--remap-path-prefix={}=cargo']",
        workspace.root.display(),
        cargo_home.display()
    );
    let mut command = process::cargo();
    command.args(["build", "--release", "--locked", "-p", "baton", "--config", &remapped]);
    command.current_dir(&workspace.root).env_remove("RUSTFLAGS").env("SOURCE_DATE_EPOCH", commit_time);
    process::run(&mut command)?;
    Ok(workspace.target.join("release/baton"))
}

/// What the compiler builds for.
fn host() -> Result<String> {
    let said = process::read(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what it builds for")
}

/// Copies a file or a folder with all that git knows of it, and nothing else that lies there.
fn copy(root: &Path, to: &Path, what: &Path) -> Result<()> {
    let mut list = Command::new("git");
    let listed = process::read(list.args(["ls-files", "-z", "--"]).arg(what).current_dir(root))?;
    let files: Vec<&str> = listed.split('\0').filter(|file| !file.is_empty()).collect();
    ensure!(!files.is_empty(), "git knows nothing of {}", what.display());
    for file in files {
        let target = to.join(file);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(root.join(file), &target).with_context(|| format!("cannot copy {file}"))?;
    }
    Ok(())
}

fn pack(out: &Path, name: &str, archive: &str, commit_time: &str) -> Result<()> {
    let tar = archive.trim_end_matches(".gz");
    let mut command = Command::new("tar");
    command.args(["--create", "--format=ustar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    command.args(["--mode=u+rw,go+r,go-w,a+X", &format!("--mtime=@{commit_time}"), "--file", tar, name]);
    process::run(command.current_dir(out))?;
    process::run(Command::new("gzip").args(["--best", "--no-name", tar]).current_dir(out))
}
