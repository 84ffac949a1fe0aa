//! The program as a terminal calls it.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// The program, deaf to the configuration of whoever runs the tests.
pub fn baton(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BATON_") {
            command.env_remove(name);
        }
    }
    command.args(args).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    command
}

/// What one call said.
pub struct Said {
    /// Status.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Standard output as the one JSON value it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }
}

/// Calls the program and waits for its end.
pub fn call(args: &[&str]) -> Said {
    let Output { status, stdout, stderr } = baton(args).output().unwrap();
    Said {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// The address of an SQLite file.
pub fn sqlite(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}
