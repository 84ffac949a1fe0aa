//! Log lines to standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{Config, LogFormat};

/// Begins logging as configured. A second call changes nothing.
pub fn begin(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    // PostgreSQL tells at every start which tables are there already.
    let filter = match "sqlx::postgres::notice=warn".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    let begun = match config.log_format {
        LogFormat::Text => {
            // Colours are for eyes; in a file or a journal they are noise.
            let eyes = std::io::stderr().is_terminal();
            let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(eyes).with_target(false);
            tracing_subscriber::registry().with(filter).with(lines).try_init()
        }
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
            tracing_subscriber::registry().with(filter).with(lines).try_init()
        }
    };
    drop(begun);
}
