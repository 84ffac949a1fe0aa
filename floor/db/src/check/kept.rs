//! What is kept twice: counts, words, files.

use std::collections::BTreeMap;

use kernel::{Id, Result};
use uuid::Uuid;

use super::{MOST, Report};
use crate::{Engine, RoomSchema, Sql, Tx, blob::PIECE, tally::Counts, vals};

const TALLIED: Sql = Sql::new(
    "SELECT org_id, site_id, department_id, word, CAST(SUM(n) AS BIGINT) AS n FROM tally WHERE name = $1 \
     GROUP BY org_id, site_id, department_id, word HAVING SUM(n) <> 0",
);
const NAMES: Sql = Sql::new("SELECT DISTINCT name FROM tally ORDER BY name");
const KINDS: Sql = Sql::new("SELECT DISTINCT kind FROM search_doc ORDER BY kind");
const WORDLESS: Sql = Sql::new(
    "SELECT s.kind, s.id FROM search_doc s WHERE NOT EXISTS \
     (SELECT 1 FROM search_words w WHERE w.rowid = s.doc) LIMIT $1",
);
const PIECES: Sql = Sql::new(
    "SELECT org_id, blob_id, COUNT(*) AS n, MIN(piece) AS first, MAX(piece) AS last, \
     CAST(SUM(LENGTH(bytes)) AS BIGINT) AS bytes FROM blob_piece GROUP BY org_id, blob_id",
);
const LOOSE: Sql = Sql::new("SELECT org_id, blob_id FROM blob_loose");

/// Kept counts are those of the rows.
pub(super) async fn tallies(tx: &mut Tx, all: &[RoomSchema], report: &mut Report) -> Result<()> {
    let known: Vec<_> = all.iter().flat_map(|room| room.truths.tallies).collect();
    let mut names = Vec::new();
    for (name, recount) in &known {
        let counted = counts(tx, Sql::new(recount), &vals![]).await?;
        for (name, counted) in crate::tally::sizes(name, &counted) {
            compare(&name, &counted, &counts(tx, TALLIED, &vals![&name]).await?, report);
            names.push(name);
        }
    }
    for row in tx.all(NAMES, &vals![]).await? {
        let name: String = row.get("name")?;
        if !names.contains(&name) {
            report.fault("counts", format!("a count “{name}” is kept that no room counts again"));
        }
    }
    report.looked(format!("{} kept counts against the rows", known.len()));
    Ok(())
}

fn compare(name: &str, counted: &Counts, kept: &Counts, report: &mut Report) {
    let keys = counted.keys().chain(kept.keys().filter(|key| !counted.contains_key(*key)));
    let of = |all: &Counts, key| all.get(key).copied().unwrap_or_default();
    let wrong = keys.filter(|key| of(counted, key) != of(kept, key));
    for key in wrong.take(MOST.unsigned_abs() as usize) {
        let (kept, counted) = (of(kept, key), of(counted, key));
        let words = format!("“{name}”, {} at site {}: {kept} kept, {counted} counted", key.3, key.1);
        report.fault("counts", words);
    }
}

async fn counts(tx: &mut Tx, sql: Sql, vals: &[crate::Val]) -> Result<Counts> {
    let rows = tx.all(sql, vals).await?;
    let read = |row: &crate::Row| {
        let department: Option<Uuid> = row.get("department_id")?;
        let key = (
            row.get("org_id")?,
            row.get("site_id")?,
            department.filter(|department| !department.is_nil()),
            // An id as a word is written without hyphens.
            row.get::<String>("word")
                .or_else(|_| row.get::<Uuid>("word").map(|id| id.simple().to_string()))?,
        );
        Ok((key, row.get("n")?))
    };
    rows.iter().map(read).collect()
}

/// Every record that is found by its words has some, and no words lead nowhere.
pub(super) async fn searched(tx: &mut Tx, all: &[RoomSchema], report: &mut Report) -> Result<()> {
    let known: Vec<_> = all.iter().flat_map(|room| room.truths.searched).collect();
    for (kind, records) in &known {
        let without = format!(
            "SELECT r.id FROM ({records}) r LEFT JOIN search_doc s ON s.org_id = r.org_id AND s.kind = $2 \
             AND s.id = r.id WHERE s.id IS NULL LIMIT $1"
        );
        for row in tx.all(Sql::built(without), &vals![MOST, *kind]).await? {
            report.fault("words", format!("{kind} {} is not found by any word", row.get::<Id<()>>("id")?));
        }
    }
    for row in tx.all(KINDS, &vals![]).await? {
        let kind: String = row.get("kind")?;
        if !known.iter().any(|(known, _)| *known == kind) {
            report.fault("words", format!("there are words of “{kind}”, which no room lists"));
        }
    }
    if tx.engine() == Engine::Sqlite {
        for row in tx.all(WORDLESS, &vals![MOST]).await? {
            let (kind, id): (String, Id<()>) = (row.get("kind")?, row.get("id")?);
            report.fault("words", format!("{kind} {id} is listed for search, and its words are missing"));
        }
    }
    report.looked(format!("the words of {} kinds of records", known.len()));
    Ok(())
}

/// What is known of a file by its pieces.
struct Pieces {
    count: i64,
    first: i64,
    last: i64,
    bytes: i64,
}

/// Every file that a record names is whole, and every file is named or on its way.
pub(super) async fn files(tx: &mut Tx, all: &[RoomSchema], report: &mut Report) -> Result<()> {
    let mut there: BTreeMap<(Uuid, Uuid), Pieces> = BTreeMap::new();
    for row in tx.all(PIECES, &vals![]).await? {
        let pieces = Pieces {
            count: row.get("n")?,
            first: row.get("first")?,
            last: row.get("last")?,
            bytes: row.get("bytes")?,
        };
        there.insert((row.get("org_id")?, row.get("blob_id")?), pieces);
    }
    let found = there.len();
    for named in all.iter().flat_map(|room| room.truths.files) {
        for row in tx.all(Sql::new(named), &vals![]).await? {
            let key: (Uuid, Uuid) = (row.get("org_id")?, row.get("blob_id")?);
            let wanted: i64 = row.get("bytes")?;
            match there.remove(&key) {
                None if wanted == 0 => {}
                None => report.fault("files", format!("the file {} is named and not there", key.1)),
                Some(pieces) if !whole(&pieces, wanted) => report.fault(
                    "files",
                    format!("the file {} has {} of its {wanted} bytes in order", key.1, pieces.bytes),
                ),
                Some(_) => {}
            }
        }
    }
    for row in tx.all(LOOSE, &vals![]).await? {
        there.remove(&(row.get("org_id")?, row.get("blob_id")?));
    }
    for (_, blob) in there.keys() {
        report.fault("files", format!("the file {blob} is there and no record names it"));
    }
    report.looked(format!("{found} files in pieces of {PIECE} bytes"));
    Ok(())
}

fn whole(pieces: &Pieces, wanted: i64) -> bool {
    let needed = (wanted as u64).div_ceil(PIECE as u64) as i64;
    (pieces.first, pieces.last + 1, pieces.count, pieces.bytes) == (0, needed, needed, wanted)
}
