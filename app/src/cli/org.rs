//! `baton org …`

use clap::Subcommand;
use identity::setup;
use kernel::{Clock, RequestId, Via};
use serde_json::json;

use super::Call;

/// Commands about organisations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a further organisation to this installation.
    Add(Add),
}

/// Add a further organisation with its first site and its first administrator. Prints a password for that person's first
/// sign-in. Organisations share nothing but the installation; the address in the browser tells them apart.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// The organisation's name.
    #[arg(long)]
    name: String,
    /// Where its pages are, such as https://baton.example.org. No other organisation may have the same host.
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// Name of its first site.
    #[arg(long)]
    site: String,
    /// IANA time zone of the organisation and of that site, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE")]
    time_zone: String,
    /// Currency of both, such as EUR.
    #[arg(long)]
    currency: String,
    /// Full name of the first administrator.
    #[arg(long)]
    admin_name: String,
    /// Their e-mail address, by which they sign in.
    #[arg(long)]
    email: String,
}

/// Runs one of them.
///
/// # Errors
/// When the organisation cannot be added; nothing is changed then.
pub async fn run(call: Call, command: Command) -> anyhow::Result<()> {
    let Command::Add(add) = command;
    let db = call.open_to_add().await?;
    let orgs = identity::org::list(&db).await?;
    if let Some(demo) = orgs.iter().find(|org| org.demo) {
        anyhow::bail!(
            "{} is a demonstration and stays alone in its database. Name another --database.",
            demo.name
        );
    }
    if let Some(without) = orgs.iter().find(|org| org.host.is_none()) {
        anyhow::bail!(
            "{} has no base address yet, and beside another organisation nothing would lead to it any more. Give it \
             one on its page Organisation first.",
            without.name
        );
    }
    let password = identity::account::generate();
    let draft = setup::Draft {
        org_name: add.name.clone(),
        base_url: add.base_url,
        site_name: add.site,
        time_zone: add.time_zone,
        currency: add.currency,
        beds: String::new(),
        person_name: add.admin_name,
        email: add.email.clone(),
        password: password.clone(),
        again: password.clone(),
    };
    let at = Clock::Machine.now();
    let prepared = draft.prepare(&identity::account::Hasher::new(), at).await?.with_one_time_password();
    let origin = setup::Origin { via: Via::Cli, request: RequestId::new(), at, client: None };
    let made = setup::create_another(&db, &prepared, &origin).await?;
    db.close().await;
    let value = json!({
        "ok": true,
        "org": made.org,
        "name": add.name,
        "base_url": draft.base_url,
        "email": add.email,
        "one_time_password": password,
    });
    let words = format!(
        "{} answers at {}. {} may sign in there once with the password {password} and then chooses another.",
        add.name, draft.base_url, add.email
    );
    call.say(&value, &words);
    Ok(())
}
