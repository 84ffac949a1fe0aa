//! Words of records, findable by the beginning of each word.
//!
//! FTS5 underneath on SQLite, a `tsvector` with a GIN index on PostgreSQL. The words are cut and folded by
//! [`kernel::words`] on both, so both engines find the same.

use kernel::{OrgId, Result};
use uuid::Uuid;

use crate::{Engine, Sql, Tx, Val, vals};

const SQLITE_DOC: Sql = Sql::new(
    "INSERT INTO search_doc (org_id, kind, id, area_id) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (org_id, kind, id) DO UPDATE SET area_id = excluded.area_id RETURNING doc",
);
const SQLITE_AREA: Sql =
    Sql::new("SELECT area_id FROM search_doc WHERE org_id = $1 AND kind = $2 AND id = $3 AND area_id <> $4");
const SQLITE_LEFT: Sql =
    Sql::new("DELETE FROM search_text WHERE org_id = $1 AND kind = $2 AND area_id = $3 AND id = $4");
const SQLITE_FORGET: Sql = Sql::new("DELETE FROM search_words WHERE rowid = $1");
const SQLITE_WORDS: Sql = Sql::new("INSERT INTO search_words (rowid, words) VALUES ($1, $2)");
const POSTGRES_PUT: Sql = Sql::new(
    "INSERT INTO search_doc (org_id, kind, id, words) \
     VALUES ($1, $2, $3, array_to_tsvector(string_to_array($4, ' '))) \
     ON CONFLICT (org_id, kind, id) DO UPDATE SET words = excluded.words \
     WHERE search_doc.words IS DISTINCT FROM excluded.words",
);
const POSTGRES_MANY: &str = "INSERT INTO search_doc (org_id, kind, id, words) \
    SELECT v.org_id, v.kind, v.id, array_to_tsvector(string_to_array(v.words, ' ')) FROM (VALUES";
const POSTGRES_MANY_END: &str = ") v (org_id, kind, id, words)";
const SQLITE_TEXT: Sql = Sql::new(
    "INSERT INTO search_text (org_id, kind, area_id, id, words) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (org_id, kind, area_id, id) DO UPDATE SET words = excluded.words",
);
const SQLITE_HAS: Sql = Sql::new(
    "SELECT 1 AS has FROM search_text WHERE org_id = $1 AND kind = $2 AND area_id = $3 AND id = $4 AND words = $5",
);
// What it counts decides how a list is read, and nothing else: it need not know whose words they are.
const SQLITE_COUNT: Sql =
    Sql::new("SELECT COUNT(*) AS n FROM (SELECT 1 FROM search_words WHERE search_words MATCH $1 LIMIT $2) c");
const POSTGRES_COUNT: Sql = Sql::new(
    "SELECT COUNT(*) AS n FROM (SELECT 1 FROM search_doc s WHERE s.org_id = $1 AND s.kind = $2 \
     AND s.words @@ CAST($3 AS tsquery) LIMIT $4) c",
);
const SQLITE_IDS: Sql = Sql::new(
    "SELECT s.id FROM search_words CROSS JOIN search_doc s ON s.doc = search_words.rowid \
     WHERE search_words MATCH $3 AND s.org_id = $1 AND s.kind = $2 LIMIT $4",
);
const POSTGRES_IDS: Sql = Sql::new(
    "SELECT s.id FROM search_doc s WHERE s.org_id = $1 AND s.kind = $2 AND s.words @@ CAST($3 AS tsquery) LIMIT $4",
);
const SQLITE_NEXT: Sql = Sql::new("SELECT COALESCE(MAX(doc), 0) AS doc FROM search_doc");
const SQLITE_MANY: &str = "INSERT INTO search_doc (doc, org_id, kind, area_id, id) VALUES";
const SQLITE_MANY_TEXTS: &str = "INSERT INTO search_text (org_id, kind, area_id, id, words) VALUES";
const SQLITE_MANY_WORDS: &str = "INSERT INTO search_words (rowid, words) VALUES";

/// A record with words, and the area with whose records it lies: what lists are often cut down to, such as a site. The nil
/// id where a kind has no areas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of {
    /// The record.
    pub id: Uuid,
    /// Its area.
    pub area: Uuid,
}

/// Writes the words by which a record is found, instead of those it had.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn put(tx: &mut Tx, org: OrgId, kind: &str, Of { id, area }: Of, text: &str) -> Result<()> {
    let words = spell(text);
    match tx.engine() {
        Engine::Sqlite => {
            let text = format!(" {words}");
            // Most changes leave the words as they are, and the index is the dearest part of a write.
            if tx.find(SQLITE_HAS, &vals![org, kind, area, id, &text]).await?.is_some() {
                return Ok(());
            }
            if let Some(row) = tx.find(SQLITE_AREA, &vals![org, kind, id, area]).await? {
                let left: Uuid = row.get("area_id")?;
                tx.execute(SQLITE_LEFT, &vals![org, kind, left, id]).await?;
            }
            tx.execute(SQLITE_TEXT, &vals![org, kind, area, id, text]).await?;
            let doc: i64 = tx.one(SQLITE_DOC, &vals![org, kind, id, area]).await?.get("doc")?;
            tx.execute(SQLITE_FORGET, &vals![doc]).await?;
            tx.execute(SQLITE_WORDS, &vals![doc, words]).await?;
        }
        Engine::Postgres => {
            tx.execute(POSTGRES_PUT, &vals![org, kind, id, words]).await?;
        }
    }
    Ok(())
}

/// Writes the words of many records that had none yet; for bulk work.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn put_new(tx: &mut Tx, org: OrgId, kind: &str, records: &[(Of, String)]) -> Result<()> {
    let spelt: Vec<(Of, String)> = records.iter().map(|(of, text)| (*of, spell(text))).collect();
    match tx.engine() {
        Engine::Sqlite => {
            let last: i64 = tx.one(SQLITE_NEXT, &vals![]).await?.get("doc")?;
            let docs = || (last + 1..).zip(&spelt);
            let rows: Vec<Vec<Val>> =
                docs().map(|(doc, (of, _))| vals![doc, org, kind, of.area, of.id].to_vec()).collect();
            tx.insert_many(SQLITE_MANY, rows).await?;
            let text =
                |(of, words): &(Of, String)| vals![org, kind, of.area, of.id, format!(" {words}")].to_vec();
            tx.insert_many(SQLITE_MANY_TEXTS, spelt.iter().map(text).collect()).await?;
            let words = docs().map(|(doc, (_, words))| vals![doc, words].to_vec()).collect();
            tx.insert_many(SQLITE_MANY_WORDS, words).await?;
        }
        Engine::Postgres => {
            let rows = spelt.into_iter().map(|(of, words)| vals![org, kind, of.id, words].to_vec()).collect();
            tx.insert_many_ending(POSTGRES_MANY, rows, POSTGRES_MANY_END).await?;
        }
    }
    Ok(())
}

/// The words of a text as both engines store them: folded, letters outside ASCII spelt by their code so that
/// SQLite's plain tokenizer keeps them whole, each once.
fn spell(text: &str) -> String {
    let mut words: Vec<String> = kernel::words(text).iter().map(|w| ascii(w)).collect();
    words.sort();
    words.dedup();
    words.join(" ")
}

fn ascii(word: &str) -> String {
    word.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("u{:x}", u32::from(c)) }).collect()
}

/// What a person typed, as the condition that finds records holding a word beginning with each of its words.
///
/// `None` when the text holds no word.
pub(crate) fn condition(engine: Engine, text: &str) -> Option<String> {
    let words: Vec<String> = kernel::words(text).iter().map(|w| ascii(w)).collect();
    if words.is_empty() {
        return None;
    }
    Some(match engine {
        Engine::Sqlite => words.iter().map(|w| format!("\"{w}\"*")).collect::<Vec<_>>().join(" AND "),
        Engine::Postgres => words.iter().map(|w| format!("'{w}':*")).collect::<Vec<_>>().join(" & "),
    })
}

/// The word that few records hold, if one of several looks like it: part of a number. SQLite's word index lists all that
/// hold a word before it looks at the next one, and of a serial number such as `VP3-4412087` the first part is on
/// thousands. So it is asked for the rare word alone, and what it finds is asked for the others.
pub(crate) fn rare(text: &str) -> Option<String> {
    let words = kernel::words(text);
    let rare = words.iter().filter(|word| is_rare(word)).max_by_key(|word| word.len())?;
    (words.len() > 1).then(|| format!("\"{}\"*", ascii(rare)))
}

fn is_rare(word: &str) -> bool {
    word.len() >= 4 && word.chars().any(|c| c.is_ascii_digit())
}

/// Whether a word of what a person typed looks like part of a number, so that hardly any record holds it.
pub fn has_rare(text: &str) -> bool {
    kernel::words(text).iter().any(|word| is_rare(word))
}

/// What a person typed, as the beginnings that words of a record must have, in the way they are kept beside it.
pub(crate) fn beginnings(text: &str) -> Vec<String> {
    kernel::words(text).iter().map(|word| format!(" {}", ascii(word))).collect()
}

/// The condition that a record's id is among those found, given the placeholders of organisation, kind and words.
///
/// Right when few match. When `beginnings` are given, by their placeholders, a list is being walked in its own order,
/// and each record is asked for its words instead of fetching and sorting all that hold them. PostgreSQL chooses between
/// the two by itself, unless it is told that each is asked: of a bounded walk it does not know how few rows reach the
/// question, and would fetch all that hold the words.
pub(crate) fn among_found(
    engine: Engine,
    (id, area): (&str, &str),
    (beginnings, asks): (&[usize], bool),
    [org, kind, words]: [usize; 3],
) -> String {
    match engine {
        // CROSS JOIN keeps SQLite from asking the word index once for every record.
        Engine::Sqlite if beginnings.is_empty() => format!(
            "{id} IN (SELECT s.id FROM search_words CROSS JOIN search_doc s ON s.doc = search_words.rowid \
             WHERE search_words MATCH ${words} AND s.org_id = ${org} AND s.kind = ${kind})"
        ),
        // What an earlier version wrote has no text beside it, or in another area: the word index is asked for it, once for all. A scalar
        // subquery and not EXISTS: SQLite would join the latter with the word index and ask that once for every record.
        Engine::Sqlite => {
            let holds: Vec<String> =
                beginnings.iter().map(|word| format!("instr(x.words, ${word}) > 0")).collect();
            format!(
                "COALESCE((SELECT {} FROM search_text x WHERE x.org_id = ${org} AND x.kind = ${kind} \
                 AND x.area_id = {area} AND x.id = {id}), (SELECT s.doc FROM search_doc s WHERE s.org_id = ${org} AND s.kind = ${kind} \
                 AND s.id = {id}) IN (SELECT rowid FROM search_words WHERE search_words MATCH ${words}))",
                holds.join(" AND ")
            )
        }
        Engine::Postgres if asks => format!(
            "(SELECT s.words @@ CAST(${words} AS tsquery) FROM search_doc s WHERE s.org_id = ${org} \
             AND s.kind = ${kind} AND s.id = {id})"
        ),
        Engine::Postgres => format!(
            "{id} IN (SELECT s.id FROM search_doc s WHERE s.org_id = ${org} AND s.kind = ${kind} \
             AND s.words @@ CAST(${words} AS tsquery))"
        ),
    }
}

/// About how many records hold words beginning with those of `text`, but no further than `cap`; `None` when the text
/// holds no word. Good for choosing a way, not for telling people.
///
/// # Errors
/// As [`Tx::all`].
pub async fn estimate(tx: &mut Tx, org: OrgId, kind: &str, text: &str, cap: i64) -> Result<Option<i64>> {
    let Some(words) = condition(tx.engine(), text) else { return Ok(None) };
    let row = match tx.engine() {
        Engine::Sqlite => tx.one(SQLITE_COUNT, &vals![rare(text).unwrap_or(words), cap]).await?,
        Engine::Postgres => tx.one(POSTGRES_COUNT, &vals![org, kind, words, cap]).await?,
    };
    row.get("n").map(Some)
}

/// Records that hold words beginning with those of `text`, in no order, at most `limit`; none when it holds no word.
///
/// # Errors
/// As [`Tx::all`].
pub async fn ids(tx: &mut Tx, org: OrgId, kind: &str, text: &str, limit: i64) -> Result<Vec<Uuid>> {
    let Some(words) = condition(tx.engine(), text) else { return Ok(Vec::new()) };
    let sql = if tx.engine() == Engine::Sqlite { SQLITE_IDS } else { POSTGRES_IDS };
    tx.all(sql, &vals![org, kind, words, limit]).await?.iter().map(|row| row.get("id")).collect()
}
