//! `baton config …`

use clap::Subcommand;
use serde_json::json;

use super::Call;

/// Commands about the configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read file and environment and say what would be used. Passwords are left out.
    Check,
}

/// Runs one of them.
///
/// # Errors
/// None today: an unusable configuration fails before.
pub fn run(call: &Call, command: &Command) -> anyhow::Result<()> {
    let Command::Check = command;
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
