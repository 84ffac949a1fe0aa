//! `baton user …`

use std::io::Read as _;

use anyhow::Context as _;
use clap::Subcommand;
use kernel::{Role, Scope};
use serde_json::json;

use super::Call;

/// Commands about people.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a person who may sign in.
    Add(Add),
}

/// Add a person who may sign in. Prints a password for the first sign-in unless one comes by standard input.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// E-mail address, by which they sign in.
    #[arg(long)]
    email: String,
    /// Full name.
    #[arg(long)]
    name: String,
    /// Role: requester, technician, lead, manager, security_analyst, auditor, executive or administrator.
    #[arg(long)]
    role: Role,
    /// Only at this site, by its name; else in the whole organisation.
    #[arg(long)]
    site: Option<String>,
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
    /// Read the password from standard input instead of making one.
    #[arg(long)]
    password_stdin: bool,
}

/// Runs one of them.
///
/// # Errors
/// When the person cannot be added; nothing is changed then.
pub async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let Command::Add(add) = command;
    let db = call.open_to_add().await?;
    let org = call.org(&db, add.org.as_deref()).await?;
    let password = if add.password_stdin {
        let mut text = String::new();
        std::io::stdin().take(4_096).read_to_string(&mut text)?;
        Some(text.trim_end_matches(['\r', '\n']).to_owned())
    } else {
        None
    };
    let scope = match &add.site {
        None => Scope::Org,
        Some(name) => {
            let site = db::read!(db, org, |tx| identity::site::find_by_name(tx, org, name).await)?;
            Scope::Site(site.with_context(|| format!("There is no site “{name}”."))?.id)
        }
    };
    let email = add.email;
    let new = identity::person::Add { name: add.name, email: email.clone(), role: add.role, scope, password };
    let made = identity::person::add_by_cli(&db, &call.operator(org), new).await?.one_time;
    let words = match &made {
        Some(password) => {
            format!("{email} may sign in once with the password {password} and then chooses another.")
        }
        None => format!("{email} may sign in."),
    };
    call.say(&json!({ "ok": true, "email": email, "one_time_password": made }), &words);
    db.close().await;
    Ok(())
}
