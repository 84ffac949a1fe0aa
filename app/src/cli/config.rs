//! `baton config …`

use std::path::Path;

use anyhow::Context as _;
use clap::Subcommand;
use db::backup::Shelf;
use serde_json::json;

use super::Call;
use crate::{backup::Plan, config::Config};

/// Commands about the configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read file and environment and say what would be used, and whether the folders and files named are there and can be
    /// read. Passwords are left out.
    Check,
}

/// Runs one of them.
///
/// # Errors
/// When a folder that it names is not there; an unusable configuration fails before.
pub fn run(call: &Call, command: &Command) -> anyhow::Result<()> {
    let Command::Check = command;
    folders(&call.config)?;
    files(&call.config)?;
    let shown = call.config.shown();
    let value = json!({ "ok": true, "config": shown });
    let mut words = String::from("The configuration can be used:\n");
    if let Some(keys) = value["config"].as_object() {
        for (key, value) in keys {
            words.push_str(&format!("  {key} = {value}\n"));
        }
    }
    call.say(&value, words.trim_end());
    Ok(())
}

/// Whether what a start reads can be read: the certificate and its key, and the keys of a bucket.
fn files(config: &Config) -> anyhow::Result<()> {
    if let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) {
        web::Tls::read(certificate, key)?;
    }
    Plan::of(config).context("backup_to").map(drop)
}

/// Whether the folders are there that nobody makes but whoever looks after the machine.
fn folders(config: &Config) -> anyhow::Result<()> {
    if let Some(to) = config.backup_to.as_ref().filter(|to| !Shelf::is_bucket(to)) {
        Shelf::new(to).and_then(|shelf| shelf.is_there()).map_err(|e| anyhow::anyhow!("backup_to: {e}"))?;
    }
    if let Some(key) = &config.seal_key {
        let folder = key.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let named = folder.display();
        anyhow::ensure!(folder.is_dir(), "seal_key: the folder {named} is not there. Make it: mkdir {named}");
    }
    Ok(())
}
