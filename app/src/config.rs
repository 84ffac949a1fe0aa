//! Configuration: one file and the environment, one typed value.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use db::backup::{Keep, Shelf};
use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

use crate::proxy::Network;

/// Everything that can be set. Each key may stand in `baton.toml` or in the environment as `BATON_` and the key
/// in capitals; the environment wins, and `--database` wins over both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite://path` or `postgres://user@host/database`.
    pub database: String,
    /// A PostgreSQL standby on which pages are read that may be a few seconds old; none when it is not set.
    pub database_reads: Option<String>,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Whether browsers reach Baton over TLS; then cookies travel over TLS only. Off only for trying out.
    pub tls_in_front: bool,
    /// The file with the key that seals the record. Without it, a file beside an SQLite database, else
    /// `baton.seal-key` in the working folder.
    pub seal_key: Option<PathBuf>,
    /// The file that notes what the key has sealed; without it, beside the key. Baton writes it.
    pub seal_witness: Option<PathBuf>,
    /// The certificate, its chain after it, in PEM: then Baton speaks TLS itself. Read again when it changes.
    pub tls_certificate: Option<PathBuf>,
    /// The certificate’s key, in PEM.
    pub tls_key: Option<PathBuf>,
    /// An address without TLS at which browsers are sent to the one with it, such as `0.0.0.0:80`.
    pub redirect_from: Option<SocketAddr>,
    /// Proxies whose `X-Forwarded-For` is believed: addresses, or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// Which log lines to write: `error`, `warn`, `info`, `debug`, or a tracing filter.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Who may read `/metrics`.
    pub metrics: Metrics,
    /// A secret that opens `/metrics` from anywhere unless that is off: `Authorization: Bearer …`.
    pub metrics_token: Option<String>,
    /// Where `serve` puts backups by itself, a folder or `s3://bucket/prefix`; none are made when it is not set.
    pub backup_to: Option<String>,
    /// The hour at which it does so every day, by the machine’s time zone: `02:30`.
    pub backup_at: String,
    /// Instead of at an hour, so many hours after the last one.
    pub backup_every: Option<u32>,
    /// How many backups stay: the newest of so many days, weeks and months.
    pub backup_keep: Keep,
    /// Most megabytes a second that a backup reads, so that others get on; 0 for as many as it can.
    pub backup_rate: u32,
    /// The address of an object store other than AWS: `https://minio.example.org:9000`.
    pub backup_s3_endpoint: Option<String>,
    /// The region of its bucket.
    pub backup_s3_region: Option<String>,
    /// The file with the keys that open it, in the form of AWS’s own programs; without it the environment has them
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`).
    pub backup_s3_credentials: Option<PathBuf>,
    /// Certificates in PEM that may have signed the store’s, besides those that the system trusts.
    pub backup_s3_certificate: Option<PathBuf>,
    /// Whether a store on another machine may be reached without TLS.
    pub backup_s3_plain_http: bool,
    /// Requests an API token may send in a minute; 0 is no limit.
    pub api_requests_a_minute: u32,
    /// By how many seconds the clocks of servers that share a database may differ: the API's feed of changes stays so
    /// far behind.
    pub api_changes_behind: u32,
    /// Most gigabytes that the documents and photos of one organisation take; 0 is no limit.
    pub files_most_gb: u32,
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
    /// This machine, when it asks by itself: not through a proxy, behind which everybody comes from this machine.
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
            database_reads: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls_in_front: false,
            tls_certificate: None,
            tls_key: None,
            redirect_from: None,
            trusted_proxies: Vec::new(),
            seal_key: None,
            seal_witness: None,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            metrics: Metrics::Loopback,
            metrics_token: None,
            backup_to: None,
            backup_at: "02:30".to_owned(),
            backup_every: None,
            backup_keep: Keep::default(),
            backup_rate: 70,
            backup_s3_endpoint: None,
            backup_s3_region: None,
            backup_s3_credentials: None,
            backup_s3_certificate: None,
            backup_s3_plain_http: false,
            api_requests_a_minute: 600,
            api_changes_behind: 5,
            files_most_gb: 50,
        }
    }
}

/// The name of a PostgreSQL database, as a file may be called.
fn database_name(url: &str) -> &str {
    let path =
        url.split_once("://").map_or(url, |(_, rest)| rest).split(['?', '#']).next().unwrap_or_default();
    let name = path.split_once('/').map_or("", |(_, name)| name);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) { name } else { "baton" }
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
    "rewrite",
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
                    "The configuration cannot be used:\n{}\nKeys are: database, database_reads, listen, tls_in_front, tls_certificate, tls_key, redirect_from, \
                     trusted_proxies, seal_key, seal_witness, log, \
                     log_format (text, json), metrics (loopback, anyone, off), metrics_token, backup_to, backup_at \
                     (02:30), backup_every (hours), backup_keep (daily, weekly, monthly), backup_rate, \
                     backup_s3_endpoint, backup_s3_region, backup_s3_credentials, backup_s3_certificate, \
                     backup_s3_plain_http, \
                     api_requests_a_minute, api_changes_behind, files_most_gb.",
                    lines.join("\n")
                )
            })?;
        config.check()?;
        Ok(config)
    }

    /// Where the key that seals the record lies.
    pub fn seal_key(&self) -> PathBuf {
        if let Some(path) = &self.seal_key {
            return path.clone();
        }
        match self.database.strip_prefix("sqlite://") {
            Some(database) => PathBuf::from(format!("{database}.seal-key")),
            None => PathBuf::from(format!("{}.seal-key", database_name(&self.database))),
        }
    }

    /// Where it is noted what that key has sealed.
    pub fn seal_witness(&self) -> PathBuf {
        self.seal_witness.clone().unwrap_or_else(|| db::seal::Witness::beside(&self.seal_key()))
    }

    /// Whether the values can be used.
    ///
    /// # Errors
    /// Says which key is wrong and what would be right.
    pub fn check(&self) -> anyhow::Result<()> {
        let known = ["sqlite://", "postgres://", "postgresql://"];
        anyhow::ensure!(
            known.iter().any(|k| self.database.strip_prefix(k).is_some_and(|place| !place.is_empty())),
            "database: write sqlite://path/to/baton.sqlite or postgres://user@host/database."
        );
        anyhow::ensure!(
            self.metrics_token.as_ref().is_none_or(|token| token.len() >= 16),
            "metrics_token: use at least 16 characters."
        );
        anyhow::ensure!(
            self.tls_certificate.is_some() == self.tls_key.is_some(),
            "tls_certificate and tls_key: name both files, or neither."
        );
        anyhow::ensure!(
            self.redirect_from.is_none() || self.tls_certificate.is_some(),
            "redirect_from: there is no TLS to send browsers to; set tls_certificate and tls_key."
        );
        for network in &self.trusted_proxies {
            anyhow::ensure!(
                Network::parse(network).is_some(),
                "trusted_proxies: “{network}” is neither an address nor a network such as 10.0.0.0/8."
            );
        }
        anyhow::ensure!(
            self.backup_hour().is_some(),
            "backup_at: write the hour as 02:30, by the machine’s time zone."
        );
        // Keys for a bucket are asked for when it is used.
        if let Some(to) = self.backup_to.as_ref().filter(|to| !Shelf::is_bucket(to)) {
            Shelf::new(to).map_err(|e| anyhow::anyhow!("backup_to: {e}"))?;
        }
        anyhow::ensure!(self.backup_every != Some(0), "backup_every: write a number of hours, at least 1.");
        tracing_subscriber::EnvFilter::try_new(&self.log)
            .map_err(|e| anyhow::anyhow!("log: “{}” is not a log filter: {e}", self.log))?;
        Ok(())
    }

    /// Whether browsers come over TLS.
    pub fn over_tls(&self) -> bool {
        self.tls_in_front || self.tls_certificate.is_some()
    }

    /// The hour of the daily backup.
    pub fn backup_hour(&self) -> Option<(i8, i8)> {
        let (hour, minute) = self.backup_at.split_once(':')?;
        let two = |text: &str, most: i8| {
            let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<i8>().ok().filter(|n| digits && *n < most)
        };
        Some((two(hour, 24)?, two(minute, 60)?))
    }

    /// Most bytes a second that a backup reads.
    pub fn backup_bytes(&self) -> Option<u64> {
        (self.backup_rate > 0).then(|| u64::from(self.backup_rate) * 1_000_000)
    }

    /// What it says of the API.
    pub fn api(&self) -> web::api::Settings {
        let behind = Duration::from_secs(u64::from(self.api_changes_behind));
        web::api::Settings::new(Some(self.api_requests_a_minute), behind)
    }

    /// How much people may add to records.
    pub fn margin(&self) -> margin::Limits {
        let bytes = i64::from(self.files_most_gb) * 1_000_000_000;
        margin::Limits { bytes: (bytes > 0).then_some(bytes) }
    }

    /// The configuration with its secrets left out, for printing.
    pub fn shown(&self) -> Self {
        let metrics_token = self.metrics_token.as_ref().map(|_| "(set)".to_owned());
        let database_reads = self.database_reads.as_deref().map(shown);
        Self { database: shown(&self.database), database_reads, metrics_token, ..self.clone() }
    }
}

/// A database's address for printing and for the log: scheme, user, host and name. What stands behind the user's name
/// and in the query may be a secret, whatever it is called, so none of it is shown.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres"))
    else {
        return url.to_owned();
    };
    let (rest, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    if query.contains('@') {
        // It cannot be told where a password with an unescaped mark in it begins.
        return format!("{scheme}://…");
    }
    let Some((who, host)) = rest.rsplit_once('@') else { return format!("{scheme}://{rest}") };
    format!("{scheme}://{}@{host}", who.split(':').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let config = Config { database: "postgres://baton:secret@db/baton".to_owned(), ..Config::default() };
        assert_eq!(config.shown().database, "postgres://baton@db/baton");
        assert_eq!(Config::default().shown(), Config::default());
        let config = Config { metrics_token: Some("a long enough secret".to_owned()), ..config };
        assert!(!format!("{:?}", config.shown()).contains("secret"));
        for (url, printed) in [
            ("postgres://u@h/db?password=sekret", "postgres://u@h/db"),
            ("postgresql://h:5433/db?user=u&password=p%40ss/w&sslkey=k", "postgresql://h:5433/db"),
            ("postgres://u:p@ss/w@h/db", "postgres://u@h/db"),
            ("postgres://u:p?ss@h/db", "postgres://…"),
            ("sqlite:///a/b@c.sqlite", "sqlite:///a/b@c.sqlite"),
        ] {
            assert_eq!(shown(url), printed, "{url}");
        }
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
