//! Kept counts: how many records of a kind there are, by site, department and a word such as their state.
//!
//! Counting a hundred thousand rows for every page costs more than the page. A noun that is counted on pages
//! notes each coming and going with [`add`]; the sums are written with the commit that makes them true, and
//! [`of`] reads them within an actor's reach. The records remain the truth: a count can be made again from them.
//!
//! A count is kept at three sizes, each under a name of its own: by department (`device`), by site (`device/site`) and
//! for the whole organisation (`device/org`). A health system has thousands of departments; who sees all of it reads a
//! dozen rows.
//!
//! On `SQLite`, with its one writer, a count is one row. On PostgreSQL two transactions that write one row
//! cannot both be serialised, so each adds a row of its own, and [`fold`] sums them up from time to time.

use std::{borrow::Cow, collections::BTreeMap};

use kernel::{DepartmentId, OrgId, Result, ScopeSet, SiteId};
use uuid::Uuid;

use crate::{Db, Engine, Row, Select, Tx, Val, Wall, vals};

crate::statements! {
    /// all organisations: whether there is anything to fold.
    LOOSE = "SELECT t.org_id FROM tally t WHERE t.part <> $1 GROUP BY t.org_id";
    /// The rows not yet folded.
    PARTS = "SELECT t.org_id, t.name, t.site_id, t.department_id, t.word, t.n FROM tally t \
             WHERE t.org_id = $1 AND t.part <> $2";
    /// Those same rows, read in the same snapshot, are in the sums now.
    FOLDED = "DELETE FROM tally WHERE org_id = $1 AND part <> $2";
}

/// Adds to counts.
pub(crate) const ADD: &str = "INSERT INTO tally (org_id, name, site_id, department_id, word, part, n) VALUES";
/// What follows the rows: counts that are there go on.
pub(crate) const ADDED: &str =
    " ON CONFLICT (org_id, name, site_id, word, department_id, part) DO UPDATE SET n = tally.n + excluded.n";

const OF: &str = "SELECT t.site_id, t.word, CAST(SUM(t.n) AS BIGINT) AS n FROM tally t";
const BY_SITE: &str = "SELECT t.site_id, CAST(SUM(t.n) AS BIGINT) AS n FROM tally t";
const BY_WORD: &str = "SELECT t.word, CAST(SUM(t.n) AS BIGINT) AS n FROM tally t";

/// What follows the name of a count of a whole site, and of the whole organisation.
const SITE: &str = "/site";
const ORG: &str = "/org";

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
    pub word: Cow<'static, str>,
}

/// A row of the table.
pub(crate) type Place = (OrgId, String, Uuid, Uuid, Cow<'static, str>);

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
    let department = key.department.map_or(Uuid::nil(), DepartmentId::uuid);
    let row = (key.org, key.name.to_owned(), key.site.uuid(), department, key.word.clone());
    *tx.tallies.entry(row).or_default() += n;
    add_whole(tx, key, n);
}

/// The same for something of which there are too many kinds to count them by department: only by site and for the
/// whole organisation.
pub fn add_whole(tx: &mut Tx, key: Key, n: i64) {
    for (size, site) in [(SITE, key.site.uuid()), (ORG, Uuid::nil())] {
        let row = (key.org, format!("{}{size}", key.name), site, Uuid::nil(), key.word.clone());
        *tx.tallies.entry(row).or_default() += n;
    }
}

/// The rows of what this transaction counted; written last, always in the same order, so that no two transactions wait
/// for each other.
pub(crate) fn rows(engine: Engine, counted: BTreeMap<Place, i64>) -> Vec<Vec<Val>> {
    let part = if engine == Engine::Sqlite { SUM } else { Uuid::now_v7() };
    rows_of(counted, part)
}

fn rows_of(counted: BTreeMap<Place, i64>, part: Uuid) -> Vec<Vec<Val>> {
    let rows = counted.into_iter().filter(|(_, n)| *n != 0);
    let rows = rows.map(|((org, name, site, department, word), n)| {
        vals![org, name, site, department, word.into_owned(), part, n].to_vec()
    });
    rows.collect()
}

/// The counts of this name by site and word within a reach; none that are zero.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of(tx: &mut Tx, org: OrgId, name: &'static str, scope: &ScopeSet) -> Result<Vec<Tallied>> {
    let mut select = Select::new(OF, "t", org);
    match scope {
        ScopeSet::Everywhere => select.filter("t.name = {}", [format!("{name}{SITE}").into()]),
        ScopeSet::Only { .. } => {
            select.filter("t.name = {}", [name.into()]);
            select.within(scope, "t.site_id", "t.department_id")
        }
    };
    select.ending("GROUP BY t.site_id, t.word HAVING SUM(t.n) <> 0", []);
    let read =
        |row: &Row| Ok(Tallied { site: row.get("site_id")?, word: row.get("word")?, count: row.get("n")? });
    select.all(tx).await?.iter().map(read).collect()
}

/// The counts of this name by word, for some sites or, without any, for the whole organisation; none that are zero.
/// Knows nothing of anybody's reach.
///
/// # Errors
/// As [`Tx::all`].
pub async fn whole(
    tx: &mut Tx,
    org: OrgId,
    name: &'static str,
    sites: Option<&[SiteId]>,
) -> Result<BTreeMap<String, i64>> {
    let mut select = Select::new(BY_WORD, "t", org);
    let size = if sites.is_some() { SITE } else { ORG };
    select.filter("t.name = {}", [format!("{name}{size}").into()]);
    if let Some(sites) = sites {
        select.one_of("t.site_id", sites.iter().map(|site| Val::from(*site)));
    }
    select.ending("GROUP BY t.word HAVING SUM(t.n) <> 0", []);
    select.all(tx).await?.iter().map(|row| Ok((row.get("word")?, row.get("n")?))).collect()
}

/// The counts of this name by word within a reach, at some sites or at all; none that are zero.
///
/// # Errors
/// As [`Tx::all`].
pub async fn by_word(
    tx: &mut Tx,
    org: OrgId,
    name: &'static str,
    scope: &ScopeSet,
    sites: Option<&[SiteId]>,
) -> Result<BTreeMap<String, i64>> {
    if *scope == ScopeSet::Everywhere {
        return whole(tx, org, name, sites).await;
    }
    let mut select = Select::new(BY_WORD, "t", org);
    select.filter("t.name = {}", [name.into()]).within(scope, "t.site_id", "t.department_id");
    if let Some(sites) = sites {
        select.one_of("t.site_id", sites.iter().map(|site| Val::from(*site)));
    }
    select.ending("GROUP BY t.word HAVING SUM(t.n) <> 0", []);
    select.all(tx).await?.iter().map(|row| Ok((row.get("word")?, row.get("n")?))).collect()
}

/// The counts of this name by site within a reach, of some words; sites that have any other word are there with zero.
///
/// # Errors
/// As [`Tx::all`].
pub async fn by_site(
    tx: &mut Tx,
    org: OrgId,
    name: &'static str,
    scope: &ScopeSet,
    words: impl IntoIterator<Item = &'static str>,
) -> Result<BTreeMap<SiteId, i64>> {
    let mut sites = BTreeMap::new();
    let of_words: Vec<Val> = words.into_iter().map(Val::from).collect();
    for words in [None, Some(of_words)] {
        let mut select = Select::new(BY_SITE, "t", org);
        let size = if *scope == ScopeSet::Everywhere { SITE } else { "" };
        select.filter("t.name = {}", [format!("{name}{size}").into()]);
        select.within(scope, "t.site_id", "t.department_id");
        let all = words.is_none();
        if let Some(words) = words {
            select.one_of("t.word", words);
        }
        select.ending("GROUP BY t.site_id HAVING SUM(t.n) <> 0", []);
        for row in select.all(tx).await? {
            let n: i64 = row.get("n")?;
            sites.insert(row.get("site_id")?, if all { 0 } else { n });
        }
    }
    Ok(sites)
}

/// Counts by organisation, site, department and word.
pub(crate) type Counts = BTreeMap<(Uuid, Uuid, Option<Uuid>, String), i64>;

/// What is kept at each size, by name, of counts made again from the rows: by department, site and organisation. A name
/// that ends with [`SITE`] is kept from the site up.
pub(crate) fn sizes(name: &str, counted: &Counts) -> Vec<(String, Counts)> {
    let (mut by_site, mut by_org) = (Counts::new(), Counts::new());
    for ((org, site, _, word), n) in counted {
        *by_site.entry((*org, *site, None, word.clone())).or_default() += n;
        *by_org.entry((*org, Uuid::nil(), None, word.clone())).or_default() += n;
    }
    let (bare, whole) = match name.strip_suffix(SITE) {
        Some(bare) => (bare, None),
        None => (name, Some((name.to_owned(), counted.clone()))),
    };
    whole.into_iter().chain([(format!("{bare}{SITE}"), by_site), (format!("{bare}{ORG}"), by_org)]).collect()
}

/// Organisations with counts that are not folded. Needs [`Wall::All`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn loose(tx: &mut Tx) -> Result<Vec<OrgId>> {
    // Its one writer writes sums only.
    if tx.engine() == Engine::Sqlite {
        return Ok(Vec::new());
    }
    tx.all(LOOSE, &vals![SUM]).await?.iter().map(|row| row.get("org_id")).collect()
}

/// Sums up the counts of all organisations, so that reading them stays cheap.
///
/// # Errors
/// As a write.
pub async fn fold_all(db: &Db) -> Result<()> {
    for org in crate::read!(db, Wall::All("counts that are not summed up"), |tx| loose(tx).await)? {
        crate::write!(db, org, |tx| fold(tx, org).await)?;
    }
    Ok(())
}

/// Sums up the counts of one organisation.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn fold(tx: &mut Tx, org: OrgId) -> Result<()> {
    let mut sums: BTreeMap<Place, i64> = BTreeMap::new();
    for row in tx.all(PARTS, &vals![org, SUM]).await? {
        let word: String = row.get("word")?;
        let place = (org, row.get("name")?, row.get("site_id")?, row.get("department_id")?, Cow::Owned(word));
        *sums.entry(place).or_default() += row.get::<i64>("n")?;
    }
    tx.execute(FOLDED, &vals![org, SUM]).await?;
    tx.insert_many_ending(ADD, rows_of(sums, SUM), ADDED).await.map(drop)
}
