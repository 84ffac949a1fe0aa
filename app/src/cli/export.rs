//! `baton export`

use std::path::PathBuf;

use kernel::{AsOf, Instant};
use serde_json::json;

use super::Call;

/// Write the fleet into a folder of files that import back: sites, places, departments, companies, types, models,
/// devices. Files of an earlier export in that folder are replaced when all of the new ones are whole.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; it is created if it does not exist.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Organisation, by its name, when there are several.
    #[arg(long)]
    org: Option<String>,
    /// Everything as it was known then: a day, whose end is meant, or a day and a time such as 2026-09-30T12:00, in the
    /// organisation’s time zone.
    #[arg(long, value_name = "WHEN")]
    as_of: Option<String>,
}

/// Writes the files.
///
/// # Errors
/// When the folder cannot be written.
pub async fn run(call: Call, args: Args) -> anyhow::Result<()> {
    let db = call.open_to_read().await?;
    let org = call.org(&db, args.org.as_deref()).await?;
    let zone = db::read!(&db, org, |tx| identity::org::get(tx, org).await)?.zone();
    let read = |text| AsOf::read(text, &zone).and_then(|as_of| as_of.come(Instant::machine_now(), &zone));
    let as_of = args.as_of.as_deref().map(read).transpose().map_err(anyhow::Error::msg)?;
    let mut files = serde_json::Map::new();
    let at = as_of.map(|as_of| as_of.at);
    fleet::export::folder::write(&db, &call.operator(org), &args.folder, at, |file, rows| {
        files.insert(file.to_owned(), json!(rows));
    })
    .await?;
    db.close().await;
    let words: Vec<String> = files.iter().map(|(file, rows)| format!("  {rows:>9} rows  {file}")).collect();
    let when = as_of.map(|as_of| format!(", as known {}", as_of.words(&zone))).unwrap_or_default();
    let words = format!("Written to {}{when}:\n{}", args.folder.display(), words.join("\n"));
    call.say(&json!({ "ok": true, "folder": args.folder, "as_of": at, "files": files }), &words);
    Ok(())
}
