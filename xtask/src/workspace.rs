//! What cargo knows of the workspace: its root, its target folder, its members and what they depend on.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// The workspace this tool was started in.
pub struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target: PathBuf,
    /// Every member, in cargo's order.
    pub members: Vec<Member>,
}

/// One crate of the workspace.
pub struct Member {
    /// The package's name.
    pub name: String,
    /// Its folder, relative to the root, with `/` between the parts: `rooms/fleet`.
    pub folder: String,
    /// What its manifest asks for.
    pub dependencies: Vec<Dependency>,
}

/// One line of a member's dependency tables.
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// `[dev-dependencies]`, as opposed to the normal or build table.
    pub dev: bool,
    /// The folder relative to the root when it is a crate of ours.
    pub folder: Option<String>,
}

impl Workspace {
    /// Asks cargo. Reads manifests only; touches neither the network nor the lock file.
    pub fn open() -> Result<Self> {
        let root = find_root()?;
        let mut command = process::cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]).current_dir(&root);
        let text = process::read(&mut command).context("cargo cannot read the workspace")?;
        Self::from_metadata(&serde_json::from_str(&text)?)
    }

    /// Whether the workspace has a package of that name.
    pub fn has(&self, package: &str) -> bool {
        self.members.iter().any(|member| member.name == package)
    }

    fn from_metadata(metadata: &Value) -> Result<Self> {
        let root = PathBuf::from(text(metadata, "workspace_root")?);
        let target = PathBuf::from(text(metadata, "target_directory")?);
        let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
        let members = packages.iter().map(|package| member(&root, package)).collect::<Result<_>>()?;
        Ok(Self { root, target, members })
    }
}

fn member(root: &Path, package: &Value) -> Result<Member> {
    let manifest = PathBuf::from(text(package, "manifest_path")?);
    let folder = manifest.parent().context("a manifest without a folder")?;
    let listed = package["dependencies"].as_array().context("a package without dependencies")?;
    let mut dependencies = Vec::new();
    for entry in listed {
        dependencies.push(Dependency {
            name: text(entry, "name")?,
            dev: entry["kind"].as_str() == Some("dev"),
            folder: entry["path"].as_str().map(|path| relative(root, Path::new(path))),
        });
    }
    Ok(Member { name: text(package, "name")?, folder: relative(root, folder), dependencies })
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn text(value: &Value, key: &str) -> Result<String> {
    Ok(value[key].as_str().with_context(|| format!("cargo metadata without `{key}`"))?.to_owned())
}

/// From the folder cargo started us for, upwards. Not the path known at compile time: two checkouts that share a
/// target folder would then share whichever root was compiled last.
fn find_root() -> Result<PathBuf> {
    let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => std::env::current_dir()?,
    };
    for folder in start.ancestors() {
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() && std::fs::read_to_string(&manifest)?.contains("[workspace]") {
            return Ok(folder.to_owned());
        }
    }
    bail!("no workspace at or above {}", start.display())
}
