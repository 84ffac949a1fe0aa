//! The program; everything is in the library beside it.

use std::process::ExitCode;

use baton::{arenas, cli};

fn main() -> ExitCode {
    let args = match cli::read() {
        Ok(args) => args,
        Err(status) => return status,
    };
    let json = args.json;
    if args.serves() {
        arenas::limit();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::fail(json, &anyhow::anyhow!("the machine gives no threads: {error}")),
    };
    match runtime.block_on(cli::run(args)) {
        Ok(()) => cli::done(),
        Err(error) => cli::fail(json, &error),
    }
}
