//! `baton export`

use std::path::PathBuf;

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
}

/// Writes the files.
///
/// # Errors
/// When the folder cannot be written.
pub async fn run(call: Call, args: Args) -> anyhow::Result<()> {
    let db = call.open().await?;
    let org = call.org(&db, args.org.as_deref()).await?;
    let mut files = serde_json::Map::new();
    fleet::export::folder::write(&db, &call.operator(org), &args.folder, |file, rows| {
        files.insert(file.to_owned(), json!(rows));
    })
    .await?;
    db.close().await;
    let words: Vec<String> = files.iter().map(|(file, rows)| format!("  {rows:>9} rows  {file}")).collect();
    let words = format!("Written to {}:\n{}", args.folder.display(), words.join("\n"));
    call.say(&json!({ "ok": true, "folder": args.folder, "files": files }), &words);
    Ok(())
}
