//! Installing what the tests need from Debian's packages, where this machine lets us.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// How packages may be installed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installer {
    /// We are root.
    Root,
    /// `sudo` asks for no password.
    Sudo,
}

impl Installer {
    /// The way that is open, or why none is.
    pub fn find(allowed: bool) -> Result<Self, String> {
        if !allowed {
            return Err("installing was switched off with --no-install".into());
        }
        if process::find("apt-get").is_none() {
            return Err("this system has no apt-get".into());
        }
        if is_root() {
            return Ok(Self::Root);
        }
        let asked = process::find("sudo").map(|sudo| process::read(Command::new(sudo).args(["-n", "true"])));
        if let Some(Ok(_)) = asked {
            return Ok(Self::Sudo);
        }
        Err("installing needs root, and sudo without a password is not set up".into())
    }

    /// Installs the packages. `scratch` is a folder of ours for the time of the installation.
    ///
    /// Debian's PostgreSQL package makes and starts a system cluster when it is first installed. The tests use
    /// their own, so the program that would make it is shadowed by an empty one, for this one installation and
    /// without touching the machine's configuration.
    pub fn install(self, packages: &[&str], scratch: &Path) -> Result<()> {
        eprintln!("installing {} from the system's packages", packages.join(", "));
        let shadow = shadow_cluster_creation(scratch)?;
        let path = format!("DPkg::Path={}:/usr/sbin:/usr/bin:/sbin:/bin", shadow.display());
        self.refresh()?;
        let result = process::run(
            self.apt()
                .args(["install", "-y", "-qq", "--no-install-recommends"])
                .args(["-o", "DPkg::Lock::Timeout=300", "-o", &path])
                .args(packages),
        );
        fs::remove_dir_all(&shadow)?;
        result
    }

    /// The version of a package that would be installed.
    pub fn offers(self, package: &str) -> Result<Option<String>> {
        self.refresh()?;
        let policy = process::read(Command::new("apt-cache").args(["policy", package]))?;
        Ok(policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: ")).map(str::to_owned))
    }

    /// A fresh machine knows of no packages at all until it has asked.
    fn refresh(self) -> Result<()> {
        process::run(self.apt().args(["update", "-qq"]))
    }

    fn apt(self) -> Command {
        match self {
            Self::Root => {
                let mut command = Command::new("apt-get");
                command.env("DEBIAN_FRONTEND", "noninteractive");
                command
            }
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                command
            }
        }
    }
}

/// Whether we are root, asked of the owner of our own process.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn shadow_cluster_creation(scratch: &Path) -> Result<PathBuf> {
    let folder = scratch.join(format!("xtask-install-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let program = folder.join("pg_createcluster");
    fs::write(&program, "#!/bin/sh\nexit 0\n")?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}
