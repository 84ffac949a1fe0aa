//! Comments and mentions in the database.

use db::{
    Row, Tx, Val,
    seal::{Record, rebuilt},
    vals,
};
use kernel::{Instant, OrgId, PersonId, Problem, Result};
use uuid::Uuid;

use super::{Comment, CommentId};

db::statements! {
    /// One comment.
    GET = "SELECT id, version, noun, record_id, author_id, author, words, written_at, edited_at, retracted_at, mentions \
           FROM comment WHERE org_id = $1 AND id = $2";
    /// Those of a record before one of them, the newest first.
    OF = "SELECT id, version, noun, record_id, author_id, author, words, written_at, edited_at, retracted_at, mentions \
          FROM comment WHERE org_id = $1 AND noun = $2 AND record_id = $3 AND id < $4 ORDER BY id DESC LIMIT $5";
    /// How many a record has.
    COUNT = "SELECT COUNT(*) AS n FROM comment WHERE org_id = $1 AND noun = $2 AND record_id = $3";
    /// Adds one.
    ADD = "INSERT INTO comment (org_id, id, version, noun, record_id, author_id, author, words, written_at, edited_at, \
           retracted_at, mentions) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Changes one if nobody changed it meanwhile.
    CHANGE = "UPDATE comment SET version = $4, words = $5, edited_at = $6, retracted_at = $7, mentions = $8 \
              WHERE org_id = $1 AND id = $2 AND version = $3";
    /// Mentions somebody.
    MENTION = "INSERT INTO mention (org_id, person_id, comment_id, read_at) VALUES ($1, $2, $3, NULL) \
               ON CONFLICT (org_id, person_id, comment_id) DO NOTHING";
    /// Whom a comment mentioned.
    MENTIONED = "SELECT person_id FROM mention WHERE org_id = $1 AND comment_id = $2";
    /// Mentions somebody no more.
    UNMENTION = "DELETE FROM mention WHERE org_id = $1 AND person_id = $2 AND comment_id = $3";
    /// Comments that mention somebody who has not seen it, the newest first.
    UNREAD = "SELECT c.id, c.version, c.noun, c.record_id, c.author_id, c.author, c.words, c.written_at, c.edited_at, \
              c.retracted_at, c.mentions, m.read_at FROM mention m \
              JOIN comment c ON c.org_id = m.org_id AND c.id = m.comment_id \
              WHERE m.org_id = $1 AND m.person_id = $2 AND m.read_at IS NULL AND m.comment_id < $3 \
              ORDER BY m.comment_id DESC LIMIT $4";
    /// Those that they have seen.
    SEEN = "SELECT c.id, c.version, c.noun, c.record_id, c.author_id, c.author, c.words, c.written_at, c.edited_at, \
            c.retracted_at, c.mentions, m.read_at FROM mention m \
            JOIN comment c ON c.org_id = m.org_id AND c.id = m.comment_id \
            WHERE m.org_id = $1 AND m.person_id = $2 AND m.read_at IS NOT NULL AND m.comment_id < $3 \
            ORDER BY m.comment_id DESC LIMIT $4";
    /// How many somebody has not seen, up to a hundred.
    WAITING = "SELECT COUNT(*) AS n FROM (SELECT m.comment_id FROM mention m WHERE m.org_id = $1 AND m.person_id = $2 \
               AND m.read_at IS NULL LIMIT 100) w";
    /// Somebody has seen one.
    READ = "UPDATE mention SET read_at = $4 WHERE org_id = $1 AND person_id = $2 AND comment_id = $3 \
            AND read_at IS NULL";
    /// Somebody has seen all up to one.
    READ_ALL = "UPDATE mention SET read_at = $4 WHERE org_id = $1 AND person_id = $2 AND comment_id <= $3 \
                AND read_at IS NULL";
}

/// What a comment's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "comment",
    key: "id",
    columns: &[
        "id",
        "version",
        "noun",
        "record_id",
        "author_id",
        "author",
        "words",
        "written_at",
        "edited_at",
        "retracted_at",
        "mentions",
    ],
    rebuild: |after| rebuilt(after, columns),
};

/// The people a comment mentions, as its row keeps them.
fn mentions(noun: &Comment) -> String {
    serde_json::to_string(&noun.mentions).unwrap_or_default()
}

fn columns(noun: &Comment) -> Vec<Val> {
    vals![
        noun.id,
        noun.version,
        &noun.noun,
        noun.record,
        noun.author_id,
        &noun.author,
        &noun.words,
        noun.written_at,
        noun.edited_at,
        noun.retracted_at,
        mentions(noun)
    ]
    .to_vec()
}

fn from_row(row: &Row) -> Result<Comment> {
    let mentions: String = row.get("mentions")?;
    Ok(Comment {
        id: row.get("id")?,
        version: row.get("version")?,
        noun: row.get("noun")?,
        record: row.get("record_id")?,
        author_id: row.get("author_id")?,
        author: row.get("author")?,
        words: row.get("words")?,
        mentions: serde_json::from_str(&mentions).map_err(Problem::bug)?,
        written_at: row.get("written_at")?,
        edited_at: row.get("edited_at")?,
        retracted_at: row.get("retracted_at")?,
    })
}

/// One comment, retracted or not.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: CommentId) -> Result<Comment> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this comment"))
}

/// Comments on a record, the newest first, before one of them, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of(
    tx: &mut Tx,
    org: OrgId,
    noun: &str,
    record: Uuid,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Comment>> {
    let before = before.unwrap_or(Uuid::max());
    tx.all(OF, &vals![org, noun, record, before, limit]).await?.iter().map(from_row).collect()
}

/// How many comments a record has.
///
/// # Errors
/// As [`Tx::all`].
pub async fn count(tx: &mut Tx, org: OrgId, noun: &str, record: Uuid) -> Result<i64> {
    tx.one(COUNT, &vals![org, noun, record]).await?.get("n")
}

/// Adds one.
///
/// # Errors
/// As [`Tx::execute`].
pub(super) async fn add(tx: &mut Tx, org: OrgId, noun: &Comment) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await?;
    tell(tx, org, noun).await
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster.
pub(super) async fn change(tx: &mut Tx, org: OrgId, noun: &Comment) -> Result<()> {
    let vals = vals![
        org,
        noun.id,
        noun.version - 1,
        noun.version,
        &noun.words,
        noun.edited_at,
        noun.retracted_at,
        mentions(noun)
    ];
    if tx.execute(CHANGE, &vals).await? != 1 {
        return Err(Problem::Stale { current: get(tx, org, noun.id).await?.version });
    }
    tell(tx, org, noun).await
}

/// Mentions those whom a comment names now, and nobody else. Nobody is told of what they wrote themselves.
async fn tell(tx: &mut Tx, org: OrgId, noun: &Comment) -> Result<()> {
    let now: Vec<PersonId> =
        noun.mentions.iter().map(|m| m.person).filter(|person| Some(*person) != noun.author_id).collect();
    for row in tx.all(MENTIONED, &vals![org, noun.id]).await? {
        let person: PersonId = row.get("person_id")?;
        if !now.contains(&person) {
            tx.execute(UNMENTION, &vals![org, person, noun.id]).await?;
        }
    }
    for person in now {
        tx.execute(MENTION, &vals![org, person, noun.id]).await?;
    }
    Ok(())
}

/// Comments that mention a person, the newest first, before one of them, at most `limit`: those they have seen, or those
/// they have not.
///
/// # Errors
/// As [`Tx::all`].
pub async fn mentioning(
    tx: &mut Tx,
    org: OrgId,
    person: PersonId,
    seen: bool,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Comment, Option<Instant>)>> {
    let before = before.unwrap_or(Uuid::max());
    let rows = tx.all(if seen { SEEN } else { UNREAD }, &vals![org, person, before, limit]).await?;
    rows.iter().map(|row| Ok((from_row(row)?, row.get("read_at")?))).collect()
}

/// How many comments that mention a person they have not seen, up to a hundred.
///
/// # Errors
/// As [`Tx::all`].
pub async fn waiting(tx: &mut Tx, org: OrgId, person: PersonId) -> Result<i64> {
    tx.one(WAITING, &vals![org, person]).await?.get("n")
}

/// A person has seen that a comment mentions them.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn read(tx: &mut Tx, org: OrgId, person: PersonId, comment: CommentId, at: Instant) -> Result<u64> {
    tx.execute(READ, &vals![org, person, comment, at]).await
}

/// The same for all comments up to one.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn read_all(tx: &mut Tx, org: OrgId, person: PersonId, last: Uuid, at: Instant) -> Result<u64> {
    tx.execute(READ_ALL, &vals![org, person, last, at]).await
}
