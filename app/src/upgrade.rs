//! What happens before a database is brought to this version's schema: the way back is kept.

use db::backup::{Asked, Found, make};

use crate::{config::Config, rooms};

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Before steps of the schema are applied to a database that holds an organisation, keeps it as it is: an SQLite file in
/// a folder beside it, PostgreSQL where `backup_to` says. A PostgreSQL without such a place is upgraded only when
/// somebody says that a backup was made.
///
/// # Errors
/// When the backup cannot be made; then nothing is applied.
pub async fn before(config: &Config, backup_made: bool, say: impl Fn(&str)) -> anyhow::Result<Option<Found>> {
    let waiting = db::waiting(&config.database, &rooms::schemas()).await?;
    if waiting.steps.is_empty() || waiting.organisations.is_empty() {
        return Ok(None);
    }
    let beside = config.database.strip_prefix("sqlite://").map(|file| format!("{file}.before-upgrade"));
    let shelf = match &beside {
        Some(folder) => Some(folder.clone()),
        None if backup_made => return Ok(None),
        None => config.backup_to.clone(),
    };
    let Some(shelf) = shelf else {
        anyhow::bail!(
            "This version of Baton brings the database to its schema ({} steps), and an earlier version cannot use it \
             any more afterwards. Make a backup first (`baton db backup --to FOLDER`, or PostgreSQL’s own tools) and \
             then say so: `baton db migrate --backup-made`, or `baton serve --backup-made`. Or set `backup_to`, and one is made there before each upgrade. Nothing was \
             changed.",
            waiting.steps.len()
        );
    };
    say(&format!(
        "{} steps of the schema wait. The database is kept as it is first, in {}.",
        waiting.steps.len(),
        shelf
    ));
    if let Some(folder) = beside {
        // Ours to make: it lies where the database does.
        std::fs::create_dir_all(&folder).map_err(|e| {
            anyhow::anyhow!("The backup could not be written to {folder} ({e}). Nothing was changed.")
        })?;
    }
    let shelf = crate::shelf::at(config, &shelf)?;
    let asked = Asked { url: &config.database, shelf: &shelf, program: VERSION, rate: None };
    let found = make(asked).await?;
    say(&format!(
        "The way back: stop Baton, move the database aside, `baton db restore {} --database ADDRESS` with this version, \
         then start the earlier one.",
        found.address()
    ));
    Ok(Some(found))
}
