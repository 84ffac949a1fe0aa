//! Configuration: one file and the environment, one typed value.

use std::{net::SocketAddr, path::PathBuf};

use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

/// Everything that can be set. Each key may stand in `baton.toml` or in the environment as `BATON_` and the key
/// in capitals; the environment wins, and `--database` wins over both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite://path` or `postgres://user@host/database`.
    pub database: String,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Whether browsers reach Baton over TLS; then cookies travel over TLS only. Off only for trying out.
    pub tls_in_front: bool,
    /// Which log lines to write: `error`, `warn`, `info`, `debug`, or a tracing filter.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Who may read `/metrics`.
    pub metrics: Metrics,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metrics {
    /// Only this machine.
    Loopback,
    /// Anybody who reaches the port.
    Anyone,
    /// Nobody.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: "sqlite://baton.sqlite".to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls_in_front: false,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            metrics: Metrics::Loopback,
        }
    }
}

/// The file read when none is named, if it exists.
const USUAL: &str = "baton.toml";

/// Variables that begin with `BATON_` but are not configuration: tests use them.
const NOT_OURS: &[&str] = &[
    "config",
    "corpus",
    "test_postgres",
    "without_postgres",
    "long",
    "bin",
    "chromium",
    "bench_email",
    "bench_password",
];

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Says which key in which place is wrong and what would be right.
    pub fn read(file: Option<&PathBuf>) -> anyhow::Result<Self> {
        if let Some(file) = file.filter(|f| !f.exists()) {
            anyhow::bail!("The configuration file {} does not exist.", file.display());
        }
        let env = Env::prefixed("BATON_").filter(|key| !NOT_OURS.iter().any(|n| key == *n));
        let config: Self = Figment::from(Serialized::defaults(Self::default()))
            .merge(Toml::file(file.cloned().unwrap_or_else(|| PathBuf::from(USUAL))))
            .merge(env)
            .extract()
            .map_err(|errors| {
                let lines: Vec<String> = errors.into_iter().map(|e| format!("  {e}")).collect();
                anyhow::anyhow!(
                    "The configuration cannot be used:\n{}\nKeys are: database, listen, tls_in_front, log, \
                     log_format (text, json), metrics (loopback, anyone, off).",
                    lines.join("\n")
                )
            })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let known = ["sqlite://", "postgres://", "postgresql://"];
        anyhow::ensure!(
            known.iter().any(|k| self.database.starts_with(k)),
            "database: write sqlite://path/to/baton.sqlite or postgres://user@host/database."
        );
        tracing_subscriber::EnvFilter::try_new(&self.log)
            .map_err(|e| anyhow::anyhow!("log: “{}” is not a log filter: {e}", self.log))?;
        Ok(())
    }

    /// The configuration with the database's password left out, for printing.
    pub fn shown(&self) -> Self {
        let database = match (self.database.split_once("://"), self.database.rsplit_once('@')) {
            (Some((scheme, rest)), Some((_, host))) => {
                let user = rest.split([':', '@']).next().unwrap_or_default();
                format!("{scheme}://{user}@{host}")
            }
            _ => self.database.clone(),
        };
        Self { database, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let config = Config { database: "postgres://baton:secret@db/baton".to_owned(), ..Config::default() };
        assert_eq!(config.shown().database, "postgres://baton@db/baton");
        assert_eq!(Config::default().shown(), Config::default());
    }

    #[test]
    fn a_wrong_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("baton.toml");
        std::fs::write(&file, "databse = \"x\"\n").unwrap();
        let words = Config::read(Some(&file)).unwrap_err().to_string();
        assert!(words.contains("databse"), "{words}");
        std::fs::write(&file, "listen = \"nowhere\"\n").unwrap();
        assert!(Config::read(Some(&file)).unwrap_err().to_string().contains("listen"));
        std::fs::write(&file, "listen = \"127.0.0.1:9\"\nmetrics = \"off\"\n").unwrap();
        assert_eq!(Config::read(Some(&file)).unwrap().metrics, Metrics::Off);
    }
}
