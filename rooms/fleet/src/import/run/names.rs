//! What the names of a file are read as, in the database.

use db::{Row, Tx, vals};
use kernel::{OrgId, Problem, Result};

use crate::{
    device::ImportId,
    import::names::{NameRead, how_code, how_of},
};

db::statements! {
    /// Throws away the first thousand.
    CLEAR = "DELETE FROM import_name WHERE org_id = $1 AND import_id = $2 AND (field, scope, written) IN (SELECT \
             n.field, n.scope, n.written FROM import_name n WHERE n.org_id = $1 AND n.import_id = $2 ORDER BY n.field, \
             n.scope, n.written LIMIT 1000)";
    /// All of them, some at a time.
    ALL_OF = "SELECT field, scope, written, rows_of, becomes, how, reason, candidates FROM import_name WHERE org_id = $1 \
              AND import_id = $2 AND (field, scope, written) > ($3, $4, $5) ORDER BY field, scope, written LIMIT $6";
    /// Those that came to their names in one way, the most frequent first.
    BY_HOW = "SELECT field, scope, written, rows_of, becomes, how, reason, candidates FROM import_name WHERE org_id = $1 \
              AND import_id = $2 AND how = $3 ORDER BY rows_of DESC, field, scope, written LIMIT $4";
}

const MANY: &str = "INSERT INTO import_name (org_id, import_id, field, scope, written, rows_of, becomes, how, reason, \
                    candidates) VALUES";

/// Rows of a transaction.
pub(crate) const BATCH: usize = 1_000;

fn from_row(row: &Row) -> Result<NameRead> {
    let how: String = row.get("how")?;
    let candidates: Option<String> = row.get("candidates")?;
    Ok(NameRead {
        field: row.parse("field")?,
        scope: row.get("scope")?,
        written: row.get("written")?,
        rows: u64::try_from(row.get::<i64>("rows_of")?).unwrap_or(0),
        becomes: row.get("becomes")?,
        how: how_of(&how).ok_or_else(|| Problem::bug(format!("“{how}” is no way to a name")))?,
        reason: row.get("reason")?,
        candidates: candidates
            .map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text))
            .map_err(Problem::bug)?,
    })
}

/// Keeps some.
pub(crate) async fn add(tx: &mut Tx, org: OrgId, id: ImportId, names: &[NameRead]) -> Result<()> {
    let mut many = Vec::with_capacity(names.len());
    for name in names {
        let candidates = (!name.candidates.is_empty()).then(|| serde_json::to_string(&name.candidates));
        many.push(
            vals![
                org,
                id,
                name.field.code(),
                &name.scope,
                &name.written,
                i64::try_from(name.rows).unwrap_or(i64::MAX),
                &name.becomes,
                how_code(name.how),
                name.reason.clone(),
                candidates.transpose().map_err(Problem::bug)?,
            ]
            .to_vec(),
        );
    }
    tx.insert_many(MANY, many).await.map(drop)
}

/// Throws away up to a thousand; `false` when none were left.
pub(crate) async fn clear(tx: &mut Tx, org: OrgId, id: ImportId) -> Result<bool> {
    Ok(tx.execute(CLEAR, &vals![org, id]).await? > 0)
}

/// Some of them after one, in the order of field, scope and text.
pub(crate) async fn after(
    tx: &mut Tx,
    org: OrgId,
    id: ImportId,
    last: Option<&NameRead>,
) -> Result<Vec<NameRead>> {
    let (field, scope, written) =
        last.map_or(("", "", ""), |n| (n.field.code(), n.scope.as_str(), n.written.as_str()));
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    tx.all(ALL_OF, &vals![org, id, field, scope, written, limit]).await?.iter().map(from_row).collect()
}

/// The most frequent of those that came to their names in one way.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn by_how(
    tx: &mut Tx,
    org: OrgId,
    id: ImportId,
    how: matching::gather::How,
    limit: u32,
) -> Result<Vec<NameRead>> {
    tx.all(BY_HOW, &vals![org, id, how_code(how), limit]).await?.iter().map(from_row).collect()
}
