//! The servers of one PostgreSQL database: a primary and its standbys.
//!
//! An address may name several, `postgres://user@one:5432,two:5432/database`. Only one of them takes writes at a time;
//! which one is found out by asking, because a standby that was promoted looks no different from outside.

use std::{str::FromStr as _, time::Duration};

use kernel::{Problem, Result};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::time::timeout;

use crate::fault::words;

/// How to reach each server, in the order of the address.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Vec<PgConnectOptions>);

/// Said of a server that takes no writes.
pub(crate) const STANDBY: &str = "it is a standby, which takes no writes";

impl Hosts {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Problem::Conflict`] when it is none.
    pub fn of(url: &str) -> Result<Self> {
        let read = |url: String| {
            let options = PgConnectOptions::from_str(&url).map_err(|e| {
                Problem::conflict("db.url", format!("The PostgreSQL address cannot be read: {e}."))
            })?;
            // Who names an authority wants it asked; PostgreSQL's own programs read `require` so as well.
            let options = match options.get_ssl_mode() {
                PgSslMode::Require if names_authority(&url) => options.ssl_mode(PgSslMode::VerifyCa),
                _ => options,
            };
            Ok(options.application_name("baton").disable_statement_logging())
        };
        Ok(Self(each(url).into_iter().map(read).collect::<Result<_>>()?))
    }

    /// The same servers, reached otherwise.
    pub fn each(&self, change: impl Fn(&PgConnectOptions) -> PgConnectOptions) -> Self {
        Self(self.0.iter().map(change).collect())
    }

    /// The first of them; an address names one at least.
    pub fn first(&self) -> &PgConnectOptions {
        &self.0[0]
    }

    pub fn all(&self) -> &[PgConnectOptions] {
        &self.0
    }

    /// The name of the database, the same on all of them.
    pub fn database(&self) -> &str {
        self.first().get_database().unwrap_or("this database")
    }

    /// The same servers, first the one that takes writes, or else one that answers.
    ///
    /// # Errors
    /// As [`Hosts::connect`].
    pub async fn answering(&self) -> Result<Self> {
        let (conn, first) = self.connect(false).await?;
        let _ = conn.close().await;
        let others = self.0.iter().filter(|other| name(other) != name(&first)).cloned();
        Ok(Self(std::iter::once(first.clone()).chain(others).collect()))
    }

    /// Connects to the server that takes writes; if none does and reading is enough, to any that answers.
    ///
    /// # Errors
    /// [`Problem::Conflict`] with what each of them said.
    pub async fn connect(&self, to_write: bool) -> Result<(PgConnection, PgConnectOptions)> {
        let (mut said, mut standby, mut tls) = (Vec::new(), None, true);
        for options in &self.0 {
            let options = options.clone();
            let answer = match timeout(Duration::from_secs(5), ask(&options)).await {
                Ok(Ok((conn, true))) => return Ok((conn, options)),
                Ok(Ok((conn, false))) => {
                    standby = standby.or(Some((conn, options.clone())));
                    STANDBY.to_owned()
                }
                Ok(Err(error)) => {
                    tls &= tls_remedy(&error).is_some();
                    cause(&error, &options)
                }
                Err(_) => {
                    tls = false;
                    "no answer within five seconds".to_owned()
                }
            };
            said.push(format!("{} cannot be reached: {answer}", name(&options)));
        }
        match standby {
            Some(found) if !to_write => Ok(found),
            _ => Err(Problem::conflict(
                "db.open",
                match tls {
                    true => format!("PostgreSQL at {}. Nothing was changed.", said.join("; ")),
                    false => format!(
                        "PostgreSQL at {}. Check host and port, that PostgreSQL runs there, that the database and the \
                         user exist and that the password is right.",
                        said.join("; ")
                    ),
                },
            )),
        }
    }
}

/// Whether an address says who may have signed a server's certificate.
fn names_authority(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let keys = query.split('&').filter_map(|pair| pair.split('=').next());
    keys.into_iter().any(|key| ["sslrootcert", "ssl-root-cert", "ssl-ca"].contains(&key))
}

/// Why a server could not be reached, with what would help where TLS is the reason.
pub(crate) fn cause(error: &sqlx::Error, options: &PgConnectOptions) -> String {
    match tls_remedy(error) {
        Some(remedy) => format!("{error}; {}", remedy.replace("HOST", options.get_host())),
        None => words(error),
    }
}

/// What would help when TLS cannot be agreed on.
fn tls_remedy(error: &sqlx::Error) -> Option<&'static str> {
    let words = error.to_string();
    let says = |part: &str| words.contains(part);
    match error {
        _ if says("does not support TLS") => Some(
            "the address asks for TLS. Switch it on there (ssl = on, with ssl_cert_file and ssl_key_file), or, where that \
             network is yours alone, write sslmode=disable",
        ),
        _ if says("UnknownIssuer") || says("BadSignature") => Some(
            "its certificate is signed by nobody whom sslrootcert in the address names. Name the file with the \
             certificate of the authority that signed it",
        ),
        _ if says("CaUsedAsEndEntity") => Some(
            "its certificate is one of an authority. Make a certificate of its own and let the authority sign it",
        ),
        _ if says("not valid for name") || says("NotValidForName") => Some(
            "its certificate is not made out to HOST. Write the name that it is made out to, make it out to HOST, or \
             check the authority only with sslmode=verify-ca",
        ),
        _ if says("peer certificate") => {
            Some("look at its certificate: openssl x509 -noout -text -in server.crt")
        }
        sqlx::Error::Io(e) if e.kind() == std::io::ErrorKind::NotFound => Some(
            "a file that the address names with sslrootcert, sslcert or sslkey is not there. Check its path",
        ),
        sqlx::Error::Tls(_) => Some("check sslrootcert, sslcert and sslkey in the address: files in PEM"),
        _ => None,
    }
}

/// Connects to one server, and says whether it takes writes.
pub(crate) async fn ask(options: &PgConnectOptions) -> sqlx::Result<(PgConnection, bool)> {
    let mut conn = PgConnection::connect_with(options).await?;
    let writable = takes_writes(&mut conn).await?;
    Ok((conn, writable))
}

pub(crate) async fn takes_writes(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT NOT pg_is_in_recovery()").fetch_one(conn).await
}

/// Host and port, or the folder of its socket and the port.
pub(crate) fn name(options: &PgConnectOptions) -> String {
    let socket = options.get_socket().map(|folder| folder.display().to_string());
    format!("{}:{}", socket.as_deref().unwrap_or(options.get_host()), options.get_port())
}

/// An address for each server that an address names.
pub(crate) fn each(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (who, rest) = rest.rsplit_once('@').map_or((None, rest), |(who, rest)| (Some(who), rest));
    let (hosts, database) = rest.split_once('/').map_or((rest, None), |(hosts, name)| (hosts, Some(name)));
    if !hosts.contains(',') {
        return vec![url.to_owned()];
    }
    let who = who.map(|who| format!("{who}@")).unwrap_or_default();
    let database = database.map(|name| format!("/{name}")).unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    hosts.split(',').map(|host| format!("{scheme}://{who}{}{database}{query}", host.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_server_or_several() {
        for (url, wanted) in [
            ("postgres://u@h:5433/d", vec!["postgres://u@h:5433/d"]),
            ("postgres://u:a%2Cb@h/d?x=1,2", vec!["postgres://u:a%2Cb@h/d?x=1,2"]),
            (
                "postgres://u:p@one,two:5433/d?sslmode=require",
                vec!["postgres://u:p@one/d?sslmode=require", "postgres://u:p@two:5433/d?sslmode=require"],
            ),
            ("postgres://one:1, two:2", vec!["postgres://one:1", "postgres://two:2"]),
        ] {
            assert_eq!(each(url), wanted, "{url}");
        }
        let names = |url| Hosts::of(url).unwrap().all().iter().map(name).collect::<Vec<_>>();
        assert_eq!(names("postgres://u@one:1,two:2/d"), ["one:1", "two:2"]);
        assert_eq!(names("postgres://u@localhost:1/d?host=/run/postgresql"), ["/run/postgresql:1"]);
        assert!(Hosts::of("postgres://u@one:x,two/d").is_err());
    }
}
