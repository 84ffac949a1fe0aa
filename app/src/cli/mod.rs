//! The commands.

mod audit;
mod config;
mod db;
mod demo;
mod export;
mod import;
mod life;
mod org;
mod out;
mod serve;
mod token;
mod udi;
mod user;

use std::{path::PathBuf, process::ExitCode};

use ::db::{Db, Place};
use clap::{Parser, Subcommand};
use kernel::{Actor, Clock, OrgId, Problem, Via};
use serde_json::json;

use self::out::{note, out};
use crate::config::Config;

/// Healthcare technology management in one program.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
pub struct Args {
    /// Database address: sqlite://path or postgres://user@host/database. Wins over file and environment.
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Configuration file. Without it, baton.toml in this folder is read if it exists.
    #[arg(long, global = true, value_name = "FILE", env = "BATON_CONFIG")]
    pub config: Option<PathBuf>,
    /// Print results and errors as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// Whether the command goes on until somebody ends it.
    pub const fn serves(&self) -> bool {
        matches!(self.command, Command::Demo(_) | Command::Serve(_))
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a demonstration hospital and serve it.
    Demo(demo::Args),
    /// Serve a hospital.
    Serve(serve::Args),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// The database: bring it up to date, back it up, bring a backup back, check it.
    #[command(subcommand)]
    Db(db::Command),
    /// Organisations of this installation.
    #[command(subcommand)]
    Org(org::Command),
    /// People who may sign in.
    #[command(subcommand)]
    User(user::Command),
    /// The record of changes: check it, look into it, what to keep elsewhere.
    #[command(subcommand)]
    Audit(audit::Command),
    /// API tokens, for other programs.
    #[command(subcommand)]
    Token(token::Command),
    /// Bring devices in from files, and undo it.
    #[command(subcommand)]
    Import(import::Command),
    /// Device identifiers, as scanners and registers give them.
    #[command(subcommand)]
    Udi(udi::Command),
    /// Write the fleet into a folder of files that import back.
    Export(export::Args),
}

/// What every command is given.
pub struct Call {
    /// The configuration, `--database` applied.
    pub config: Config,
    /// Whether the database was named on purpose.
    pub database_named: bool,
    /// Whether to print JSON.
    pub json: bool,
}

/// Runs one command.
///
/// # Errors
/// Anything that keeps it from doing its work, in words with a remedy.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mut config = Config::read(args.config.as_ref())?;
    let database_named = args.database.is_some();
    if let Some(url) = args.database {
        config.database = url;
        config.check()?;
    }
    let call = Call { config, database_named, json: args.json };
    match args.command {
        Command::Demo(args) => demo::run(call, args).await,
        Command::Serve(args) => serve::run(call, args).await,
        Command::Config(command) => config::run(&call, &command),
        Command::Db(command) => db::run(call, command).await,
        Command::Org(command) => org::run(call, command).await,
        Command::User(command) => user::run(call, command).await,
        Command::Audit(command) => audit::run(call, command).await,
        Command::Token(command) => token::run(call, command).await,
        Command::Import(command) => import::run(call, command).await,
        Command::Udi(command) => udi::run(&command),
        Command::Export(args) => export::run(call, args).await,
    }
}

/// Status of a command line that was not understood, as other programs have it.
const USAGE: u8 = 2;

/// Reads the command line. Help and version are printed as text; whatever was not understood is said as JSON where
/// `--json` asks for it.
///
/// # Errors
/// The status with which the program ends: help and version end well.
pub fn read() -> Result<Args, ExitCode> {
    let error = match Args::try_parse() {
        Ok(args) => return Ok(args),
        Err(error) => error,
    };
    let asked_for_json = std::env::args_os().any(|arg| arg == "--json");
    if !error.use_stderr() || !asked_for_json {
        let _ = error.print();
        return Err(if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS });
    }
    let words = error.render().to_string();
    let words = words.trim().strip_prefix("error: ").unwrap_or(words.trim());
    out!("{}", json!({ "ok": false, "code": "usage", "message": words }));
    Err(ExitCode::from(USAGE))
}

/// Something went wrong that has been printed already.
#[derive(Debug, thiserror::Error)]
#[error("see above")]
struct Told;

/// How a command ended that met no error.
pub fn done() -> ExitCode {
    if out::is_lost() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints an error and says how the program ended.
pub fn fail(json: bool, error: &anyhow::Error) -> ExitCode {
    if error.is::<Told>() {
        return ExitCode::FAILURE;
    }
    let problem = error.downcast_ref::<Problem>();
    let fields = match problem {
        Some(Problem::Invalid { fields }) => fields.as_slice(),
        _ => &[],
    };
    let words = match problem {
        Some(Problem::Bug { source }) => format!("Something went wrong on our side: {source}"),
        Some(Problem::Invalid { fields }) => {
            fields.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join(if json { " " } else { "\n" })
        }
        Some(problem) => problem.to_string(),
        None => format!("{error:#}"),
    };
    if json {
        let code = problem.map_or("error", Problem::code);
        let fields: Vec<_> =
            fields.iter().map(|f| json!({ "field": f.field, "message": f.message })).collect();
        let mut value = json!({ "ok": false, "code": code, "message": words });
        if !fields.is_empty() {
            value["fields"] = fields.into();
        }
        out!("{value}");
    } else {
        note!("{words}");
    }
    ExitCode::FAILURE
}

impl Call {
    /// Opens the configured database, which must be there: only `serve` and `demo` make one.
    ///
    /// # Errors
    /// As [`Db::open_existing`].
    pub async fn open(&self) -> anyhow::Result<Db> {
        crate::upgrade::before(&self.config, false, |words| note!("{words}")).await?;
        Ok(Db::open_existing(&self.config.database, &crate::rooms::schemas()).await?)
    }

    /// Opens the configured database for reading beside whoever uses it, as it is.
    ///
    /// # Errors
    /// As [`Place::read_beside`].
    pub async fn open_to_read(&self) -> anyhow::Result<Db> {
        Ok(Place::read_beside(&self.config.database, &crate::rooms::schemas()).await?.for_reading())
    }

    /// Opens the configured database for a small write, beside a program that serves it if one does. What is written may
    /// change nothing that a server keeps in memory: sessions, roles, accounts.
    ///
    /// # Errors
    /// As [`Call::open`].
    pub async fn open_to_add(&self) -> anyhow::Result<Db> {
        let refused = match self.open().await {
            Ok(db) => return Ok(db),
            Err(refused) => refused,
        };
        match refused.downcast_ref() {
            Some(Problem::Conflict { code, .. }) if *code == ::db::IN_USE => {
                Ok(Place::join(&self.config.database, &crate::rooms::schemas()).await?)
            }
            _ => Err(refused),
        }
    }

    /// The server itself as actor in an organisation, for the record.
    pub fn operator(&self, org: OrgId) -> Actor {
        Actor::system(org, "Command line", Via::Cli, Clock::Machine.now())
    }

    /// The only organisation, or the one whose name was given.
    ///
    /// # Errors
    /// When there is none, or several and none was named.
    pub async fn org(&self, db: &Db, named: Option<&str>) -> anyhow::Result<OrgId> {
        let orgs = identity::org::list(db).await?;
        let wanted = named.map(kernel::fold);
        let mut fitting =
            orgs.iter().filter(|o| wanted.as_ref().is_none_or(|name| kernel::fold(&o.name) == *name));
        match (fitting.next(), fitting.next()) {
            (Some(org), None) => Ok(org.id),
            (Some(_), Some(_)) => {
                let names: Vec<&str> = orgs.iter().map(|o| o.name.as_str()).collect();
                anyhow::bail!("There are several organisations; name one with --org: {}.", names.join(", "))
            }
            (None, _) if orgs.is_empty() => anyhow::bail!(
                "Nothing is set up yet. Start `baton serve` and open the set-up address that it prints."
            ),
            (None, _) => anyhow::bail!("There is no organisation “{}”.", named.unwrap_or_default()),
        }
    }

    /// Prints a result: the value as JSON, or the words.
    pub fn say(&self, value: &serde_json::Value, words: &str) {
        if self.json {
            out!("{value}");
        } else {
            out!("{words}");
        }
    }
}
