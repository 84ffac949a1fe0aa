//! Kept counts: how many records of a kind there are, by site, department and a word such as their state.
//!
//! Counting a hundred thousand rows for every page costs more than the page. A noun that is counted on pages
//! notes each coming and going with [`add`]; the sums are written with the commit that makes them true, and
//! [`of`] reads them within an actor's reach. The records remain the truth: a count can be made again from them.
//!
//! On `SQLite`, with its one writer, a count is one row. On PostgreSQL two transactions that write one row
//! cannot both be serialised, so each adds a row of its own, and [`fold`] sums them up from time to time.

use std::collections::BTreeMap;

use kernel::{DepartmentId, OrgId, Result, ScopeSet, SiteId};
use uuid::Uuid;

use crate::{Engine, Row, Select, Tx, vals};

crate::statements! {
    /// Adds to one count.
    ADD = "INSERT INTO tally (org_id, name, site_id, department_id, word, part, n) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) \
           ON CONFLICT (org_id, name, site_id, word, department_id, part) DO UPDATE SET n = tally.n + excluded.n";
    /// all organisations: whether there is anything to fold.
    LOOSE = "SELECT t.org_id FROM tally t WHERE t.part <> $1 GROUP BY t.org_id";
    /// The rows not yet folded.
    PARTS = "SELECT t.org_id, t.name, t.site_id, t.department_id, t.word, t.n FROM tally t \
             WHERE t.org_id = $1 AND t.part <> $2";
    /// Those same rows, read in the same snapshot, are in the sums now.
    FOLDED = "DELETE FROM tally WHERE org_id = $1 AND part <> $2";
}

const OF: &str = "SELECT t.site_id, t.word, CAST(SUM(t.n) AS BIGINT) AS n FROM tally t";

/// The part that holds the sum; other parts wait to be folded into it.
const SUM: Uuid = Uuid::nil();

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// For whom.
    pub org: OrgId,
    /// Which count: `device`, `device.held`.
    pub name: &'static str,
    /// The records' site.
    pub site: SiteId,
    /// The records' owner.
    pub department: Option<DepartmentId>,
    /// What tells them apart: a state.
    pub word: &'static str,
}

/// How many records of one word a site has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tallied {
    /// The site.
    pub site: SiteId,
    /// The word.
    pub word: String,
    /// How many.
    pub count: i64,
}

/// Counts so many more, or fewer, from this transaction's commit on.
pub fn add(tx: &mut Tx, key: Key, n: i64) {
    *tx.tallies.entry(key).or_default() += n;
}

/// Writes what this transaction counted; the last statements before its commit, always in the same order, so
/// that no two transactions wait for each other.
pub(crate) async fn write(tx: &mut Tx) -> Result<()> {
    let part = if tx.engine() == Engine::Sqlite { SUM } else { Uuid::now_v7() };
    for (key, n) in std::mem::take(&mut tx.tallies) {
        if n != 0 {
            let department = key.department.map_or(Uuid::nil(), DepartmentId::uuid);
            tx.execute(ADD, &vals![key.org, key.name, key.site, department, key.word, part, n]).await?;
        }
    }
    Ok(())
}

/// The counts of this name by site and word within a reach; none that are zero.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of(tx: &mut Tx, org: OrgId, name: &'static str, scope: &ScopeSet) -> Result<Vec<Tallied>> {
    let mut select = Select::new(OF, "t", org);
    select.filter("t.name = {}", [name.into()]);
    select.within(scope, "t.site_id", "t.department_id");
    select.ending("GROUP BY t.site_id, t.word HAVING SUM(t.n) <> 0", []);
    let read =
        |row: &Row| Ok(Tallied { site: row.get("site_id")?, word: row.get("word")?, count: row.get("n")? });
    select.all(tx).await?.iter().map(read).collect()
}

/// Organisations with counts that are not folded. Needs [`crate::Wall::All`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn loose(tx: &mut Tx) -> Result<Vec<OrgId>> {
    tx.all(LOOSE, &vals![SUM]).await?.iter().map(|row| row.get("org_id")).collect()
}

/// Sums up the counts of one organisation, so that reading them stays cheap.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn fold(tx: &mut Tx, org: OrgId) -> Result<()> {
    let mut sums: BTreeMap<(String, Uuid, Uuid, String), i64> = BTreeMap::new();
    for row in tx.all(PARTS, &vals![org, SUM]).await? {
        let key = (row.get("name")?, row.get("site_id")?, row.get("department_id")?, row.get("word")?);
        *sums.entry(key).or_default() += row.get::<i64>("n")?;
    }
    tx.execute(FOLDED, &vals![org, SUM]).await?;
    for ((name, site, department, word), n) in sums {
        tx.execute(ADD, &vals![org, name, site, department, word, SUM, n]).await?;
    }
    Ok(())
}
