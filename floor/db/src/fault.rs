//! What a database error means to the caller.

use kernel::Problem;
use sqlx::error::ErrorKind;

/// Code of a broken uniqueness; the message names the constraint or its columns.
pub const UNIQUE: &str = "db.unique";
/// Code of a broken reference.
pub const REFERENCE: &str = "db.reference";

/// Turns an engine's error into a [`Problem`]. Contention becomes [`Problem::Busy`], which the write loop
/// retries; broken constraints become conflicts for the noun to put into words; the rest is a bug or a machine
/// in trouble, and its words go to the log.
pub(crate) fn problem(error: sqlx::Error, statement: &str) -> Problem {
    match &error {
        sqlx::Error::PoolTimedOut => return Problem::Busy { retry_after: 1 },
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            tracing::warn!(error = %error, "the database connection was lost");
            return Problem::Busy { retry_after: 2 };
        }
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            if is_busy(&code) {
                return Problem::Busy { retry_after: 1 };
            }
            if is_disk_trouble(&code) {
                return Problem::conflict(DISK, disk_words(database.message()));
            }
            match database.kind() {
                ErrorKind::UniqueViolation => return Problem::conflict(UNIQUE, constraint(&**database)),
                ErrorKind::ForeignKeyViolation => {
                    return Problem::conflict(REFERENCE, constraint(&**database));
                }
                _ => {}
            }
        }
        _ => {}
    }
    Problem::bug(format!("{} in: {}", words(&error), statement.chars().take(400).collect::<String>()))
}

/// The same for what rusqlite says.
pub(crate) fn swept(error: rusqlite::Error, statement: &str) -> Problem {
    if let rusqlite::Error::SqliteFailure(failure, ref message) = error {
        let code = failure.extended_code.to_string();
        if is_busy(&code) {
            return Problem::Busy { retry_after: 1 };
        }
        if is_disk_trouble(&code) {
            return Problem::conflict(DISK, disk_words(message.as_deref().unwrap_or(&code)));
        }
    }
    Problem::bug(format!("{error} in: {}", statement.chars().take(400).collect::<String>()))
}

/// PostgreSQL: serialization failure, deadlock, and a server that is stopping or starting. SQLite: BUSY and LOCKED with
/// their extended codes.
fn is_busy(code: &str) -> bool {
    ["40001", "40P01", "57P01", "57P02", "57P03"].contains(&code)
        || code.parse::<i64>().is_ok_and(|c| code.len() < 5 && matches!(c & 0xff, 5 | 6))
}

/// What an error says. Where in its own source PostgreSQL found it helps nobody.
pub(crate) fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        other => other.to_string(),
    }
}

/// Code of a commit whose outcome is not known because the connection went away.
pub const UNKNOWN: &str = "db.unknown_outcome";

/// Like [`problem`], but a connection lost at the commit is not retried by us: the change may have been kept. A
/// sender who gave the command an id may safely send it again.
pub(crate) fn commit_problem(error: sqlx::Error) -> Problem {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Problem::conflict(
            UNKNOWN,
            "The connection to the database was lost while saving. Send the form again: if the change was kept, \
             it will not be made twice.",
        ),
        other => problem(other, "COMMIT"),
    }
}

/// Code of a full or read-only disk.
pub const DISK: &str = "db.disk";

/// SQLite FULL (13), READONLY (8), CANTOPEN (14), IOERR (10); PostgreSQL class 53 (insufficient resources).
fn is_disk_trouble(code: &str) -> bool {
    code.starts_with("53") && code.len() == 5
        || code.len() < 5 && code.parse::<i64>().is_ok_and(|c| matches!(c & 0xff, 8 | 10 | 13 | 14))
}

/// How the words about a full or read-only disk begin.
pub const DISK_WORDS: &str = "The database could not be written";

fn disk_words(engine: &str) -> String {
    format!(
        "{DISK_WORDS} ({engine}). Nothing of this change was kept. Free space on the disk \
         that holds the database, or make its folder writable for the user that runs Baton, then try again."
    )
}

fn constraint(error: &dyn sqlx::error::DatabaseError) -> String {
    error.constraint().map_or_else(|| error.message().to_owned(), str::to_owned)
}
