//! How the allocator keeps memory.
//!
//! glibc gives threads heaps of their own and keeps what was freed in them. The statements of a list come and go by
//! megabytes on every thread of the server, so that it held two and a half times what it used
//! ([ADR 16](../../docs/adr/0016-two-heaps.md)).

use std::{env, os::unix::process::CommandExt as _, path::Path, process::Command};

/// What glibc reads when a program begins, and what a server does well with: two heaps, and freed memory given back.
const SETTINGS: [(&str, &str); 2] = [("MALLOC_ARENA_MAX", "2"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// Begins this program anew, in this process, with [`SETTINGS`] that its environment does not have; nothing but a program's
/// environment sets them without unsafe code. Returns where there is nothing to set or the machine refuses, and the
/// program goes on as it is.
pub fn limit() {
    if !cfg!(target_env = "gnu") || SETTINGS.iter().any(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let mut args = env::args_os();
    if let (Ok(program), Some(name)) = (env::current_exe(), args.next())
        && !is_loader(&program)
    {
        // It only returns when it failed, and then nothing is lost but memory.
        let _ = Command::new(program).arg0(name).args(args).envs(SETTINGS).exec();
    }
}

/// Whether what runs is the system's loader, which somebody called with this program: begun anew, it would take the first
/// argument for a program.
fn is_loader(program: &Path) -> bool {
    program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_is_not_taken_for_this_program() {
        for loader in ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-2.31.so"] {
            assert!(is_loader(Path::new(loader)), "{loader}");
        }
        assert!(!is_loader(Path::new("/usr/bin/baton")));
    }
}
