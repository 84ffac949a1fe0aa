//! `cargo xtask shots`: the documentation's pictures, taken again from the real program.

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{needs, process, test};

/// What is handed on to the script.
#[derive(clap::Args)]
pub struct Args {
    /// Arguments for browser/shots.mjs
    #[arg(last = true)]
    script: Vec<String>,
}

/// Runs `browser/shots.mjs` with the same browser and program as the journeys.
pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    if !workspace.root.join("browser/shots.mjs").is_file() {
        bail!("there is no browser/shots.mjs to run");
    }
    let tools = match needs::browser(true, &workspace.target) {
        Ok(tools) => tools,
        Err(missing) => {
            let listed =
                missing.iter().map(|entry| format!("\n  {} ({}): {}", entry.what, entry.why, entry.remedy));
            bail!("the browser cannot run here:{}", listed.collect::<String>())
        }
    };
    let mut command = test::browser::script(workspace, &tools, "shots.mjs")?;
    process::succeeds(command.args(&args.script))
}
