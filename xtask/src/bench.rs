//! `cargo xtask new`: skeletons.
use crate::workspace::Workspace;
use anyhow::Result;
#[derive(clap::Args)]
pub struct Args {}
pub fn run(_: &Workspace, _: &Args) -> Result<bool> {
    Ok(true)
}
