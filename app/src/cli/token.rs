//! `baton token …`

use anyhow::Context as _;
use clap::Subcommand;
use db::{Db, Tx};
use identity::{Sent, person, token};
use kernel::{OrgId, PersonId, Role, Scope};
use serde_json::json;

use super::Call;

/// Commands about API tokens.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token for a person, or for a service that is nobody's.
    Create(Create),
    /// List all tokens.
    List(List),
    /// Revoke a token.
    Revoke(Revoke),
}

/// Make an API token. It is printed once and kept nowhere; what it opens is never more than its owner may at that moment.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("owner").required(true))]
pub struct Create {
    /// E-mail address of the person whose rights it carries.
    #[arg(long, group = "owner")]
    email: Option<String>,
    /// Name of a service: a person who cannot sign in, added now with the role given.
    #[arg(long, group = "owner", requires = "role")]
    service: Option<String>,
    /// What it is for; stands on record beside the owner's name.
    #[arg(long)]
    name: String,
    /// Days it lives, at most 366.
    #[arg(long, default_value_t = 90)]
    days: i64,
    /// Only this permission, such as fleet.device.view; may be given several times.
    #[arg(long = "permit", value_name = "PERMISSION")]
    permits: Vec<String>,
    /// Only at this site, by its name; may be given several times. For a service, where it holds its role.
    #[arg(long = "site", value_name = "NAME")]
    sites: Vec<String>,
    /// The role of a service.
    #[arg(long, requires = "service")]
    role: Option<Role>,
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
}

/// List all tokens: what for, whose, until when.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
}

/// Revoke a token; it opens nothing from the next request on.
#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// Its id, as `baton token list` prints it.
    #[arg(value_parser = id)]
    id: token::TokenId,
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
}

/// Reads a token's id.
fn id(text: &str) -> Result<token::TokenId, String> {
    text.parse().map_err(|_| {
        "a token’s id looks like 01a205a9-7341-755c-b7b2-0e958c167997. `baton token list` prints them"
            .to_owned()
    })
}

/// Runs one of them.
///
/// # Errors
/// When it cannot be done; nothing is changed then.
pub async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let db = match command {
        Command::List(_) => call.open_to_read().await?,
        _ => call.open_to_add().await?,
    };
    let done = match command {
        Command::Create(new) => create(&call, &db, new).await,
        Command::List(list) => list_all(&call, &db, list.org.as_deref()).await,
        Command::Revoke(gone) => revoke(&call, &db, &gone).await,
    };
    db.close().await;
    done
}

async fn create(call: &Call, db: &Db, new: Create) -> anyhow::Result<()> {
    let org = call.org(db, new.org.as_deref()).await?;
    let who = call.operator(org);
    let rights: Vec<_> = crate::rooms::rooms().iter().flat_map(|room| room.permits.iter().copied()).collect();
    let known: Vec<_> = rights.iter().map(|(permit, _)| *permit).collect();
    let mut scopes = Vec::new();
    for name in &new.sites {
        let site = db::read!(db, org, |tx| identity::site::find_by_name(tx, org, name).await)?;
        scopes.push(Scope::Site(site.with_context(|| format!("There is no site “{name}”."))?.id));
    }
    let made = db::write!(db, org, |tx| {
        let person = match (&new.email, &new.service, new.role) {
            (Some(email), ..) => known_person(tx, org, email).await?,
            (None, Some(service), Some(role)) => {
                person::add_service(tx, &who, service, role, &scopes).await?.id
            }
            _ => {
                return Err(kernel::Problem::invalid(
                    "owner",
                    "Name a person by --email, or a --service with its --role.",
                ));
            }
        };
        token::check_held(tx, org, person, &new.permits, &rights).await?;
        let draft = token::Draft {
            person,
            name: new.name.clone(),
            permits: (!new.permits.is_empty()).then(|| new.permits.clone()),
            scopes: (!scopes.is_empty()).then(|| scopes.clone()),
            days: new.days,
        };
        token::create(tx, &who, &draft, &known, Sent::once()).await
    })?;
    let secret = made.secret.unwrap_or_default();
    let value = json!({
        "ok": true, "id": made.token.id, "token": secret, "expires_at": made.token.expires_at.to_string(),
    });
    let words = format!("{secret}\nIt is not shown again. It ends at {}.", made.token.expires_at);
    call.say(&value, &words);
    Ok(())
}

async fn known_person(tx: &mut Tx, org: OrgId, email: &str) -> kernel::Result<PersonId> {
    let found = person::find_by_email(tx, org, email).await?;
    let words = || format!("Nobody signs in as {email}.");
    Ok(found.ok_or_else(|| kernel::Problem::invalid("email", words()))?.id)
}

async fn list_all(call: &Call, db: &Db, named: Option<&str>) -> anyhow::Result<()> {
    let org = call.org(db, named).await?;
    let who = call.operator(org);
    let all = db::read!(db, org, |tx| token::list(tx, &who).await)?;
    let state = |t: &token::Token| match t.revoked_at {
        Some(_) => "revoked",
        None if t.is_good(who.at) => "good",
        None => "ended",
    };
    let lines: Vec<String> = all
        .iter()
        .map(|l| {
            let used = l.used_at.map_or("never".to_owned(), |at| at.to_string());
            format!(
                "{}  {}  {}, {}  until {}  used {used}",
                l.token.id,
                state(&l.token),
                l.token.name,
                l.person_name,
                l.token.expires_at
            )
        })
        .collect();
    let tokens: Vec<_> = all
        .iter()
        .map(|l| {
            json!({
                "id": l.token.id, "name": l.token.name, "person": l.token.person, "person_name": l.person_name,
                "state": state(&l.token), "permits": l.token.permits, "scopes": l.token.scopes,
                "expires_at": l.token.expires_at.to_string(), "used_at": l.used_at.map(|at| at.to_string()),
            })
        })
        .collect();
    let words = if lines.is_empty() { "There are no tokens.".to_owned() } else { lines.join("\n") };
    call.say(&json!({ "ok": true, "tokens": tokens }), &words);
    Ok(())
}

async fn revoke(call: &Call, db: &Db, gone: &Revoke) -> anyhow::Result<()> {
    let org = call.org(db, gone.org.as_deref()).await?;
    let who = call.operator(org);
    let token = db::write!(db, org, |tx| {
        let all = token::list(tx, &who).await?;
        let found = all.into_iter().find(|l| l.token.id == gone.id);
        if let Some(at) = found.as_ref().and_then(|l| l.token.revoked_at) {
            let words = format!("This token was revoked already, on {at}.");
            return Err(kernel::Problem::conflict("token.revoked", words));
        }
        let Some(version) = found.map(|l| l.token.version) else {
            let words = format!(
                "There is no token {}. `baton token list` prints all of them with their ids.",
                gone.id
            );
            return Err(kernel::Problem::conflict("token.missing", words));
        };
        token::revoke(tx, &who, gone.id, version, Sent::once()).await
    })?;
    call.say(&json!({ "ok": true, "id": token.id }), &format!("{} is revoked.", token.name));
    Ok(())
}
