//! Imports in the database: the record, the progress, the verdicts.

use db::{
    Row, Tx, Val,
    seal::{Record, Wanted},
    vals,
};
use kernel::{Actor, Change, OrgId, Problem, Result};
use serde::{Deserialize as _, Serialize, de::DeserializeOwned};

use super::{Flaw, ImportRun, Progress, RunState, Verdict};
use crate::device::{DeviceId, ImportId};

db::statements! {
    /// One import.
    GET = "SELECT id, version, state, file_name, bytes, blob_id, by_id, by_name, reach, begun_at, as_at, layout, \
           setup, reading, seen, counts, error FROM import_run WHERE org_id = $1 AND id = $2";
    /// Imports, the newest first, before a given one.
    LIST = "SELECT id, version, state, file_name, bytes, blob_id, by_id, by_name, reach, begun_at, as_at, layout, \
            setup, reading, seen, counts, error FROM import_run WHERE org_id = $1 AND id < $2 \
            ORDER BY id DESC LIMIT $3";
    /// Adds one.
    ADD = "INSERT INTO import_run (org_id, id, version, state, file_name, bytes, blob_id, by_id, by_name, reach, \
           begun_at, as_at, layout, setup, reading, seen, counts, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, \
           $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    /// Writes the next version over the one it was made from.
    CHANGE = "UPDATE import_run SET version = $4, state = $5, by_id = $6, by_name = $7, reach = $8, as_at = $9, \
              setup = $10, reading = $11, seen = $12, counts = $13, error = $14 WHERE org_id = $1 AND id = $2 AND version = $3";
    /// Where the work stands.
    PROGRESS = "SELECT step, phase, wave, waves, position, done, total, counts FROM import_progress \
                WHERE org_id = $1 AND import_id = $2";
    /// Begins a piece of work.
    BEGIN = "INSERT INTO import_progress (org_id, import_id, step, phase, wave, waves, position, done, total, \
             counts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (org_id, import_id) DO UPDATE \
             SET step = import_progress.step + 1, phase = excluded.phase, wave = excluded.wave, waves = \
             excluded.waves, position = excluded.position, done = excluded.done, total = excluded.total, \
             counts = excluded.counts";
    /// Keeps the work of one batch, if nobody kept it before.
    STEP = "UPDATE import_progress SET step = $4, phase = $5, wave = $6, waves = $7, position = $8, done = $9, \
            total = $10, counts = $11 WHERE org_id = $1 AND import_id = $2 AND step = $3";
    /// Throws away the first thousand verdicts.
    CLEAR = "DELETE FROM import_row WHERE org_id = $1 AND import_id = $2 AND line <= (SELECT MAX(f.line) FROM \
             (SELECT r.line FROM import_row r WHERE r.org_id = $1 AND r.import_id = $2 ORDER BY r.line LIMIT \
             1000) f)";
    /// The devices that rows of a part of the file become in one wave.
    WAVE = "SELECT line, parent_key, device_id, problems FROM import_row WHERE org_id = $1 AND import_id = $2 \
            AND line >= $3 AND line <= $4 AND verdict = 'new' AND wave = $5";
    /// Verdicts in the order of the file.
    ROWS = "SELECT line, tag, verdict, kind, problems, device_id FROM import_row WHERE org_id = $1 AND import_id = \
            $2 AND line > $3 ORDER BY line LIMIT $4";
    /// The refused rows of a part of the file.
    REFUSED = "SELECT line, problems FROM import_row WHERE org_id = $1 AND import_id = $2 AND line >= $3 \
               AND line <= $4 AND verdict = 'refused'";
    /// Rows that are part of a system, in the order of the file.
    LINKED = "SELECT line, tag_key, parent_key, site_key, problems FROM import_row WHERE org_id = $1 AND \
              import_id = $2 AND parent_key IS NOT NULL AND verdict = 'new' AND line > $3 ORDER BY line LIMIT $4";
    /// All rows with their tags, in the order of the file.
    TAGS = "SELECT line, tag_key, verdict, site_key FROM import_row WHERE org_id = $1 AND import_id = $2 \
            AND line > $3 ORDER BY line LIMIT $4";
    /// A new row turns out to be refused.
    REFUSE = "UPDATE import_row SET verdict = 'refused', kind = $4, problems = $5, device_id = NULL \
              WHERE org_id = $1 AND import_id = $2 AND line = $3";
    /// In which wave a row comes.
    SET_WAVE = "UPDATE import_row SET wave = $4 WHERE org_id = $1 AND import_id = $2 AND line = $3";
    /// Devices of an import that somebody changed since.
    CHANGED = "SELECT tag FROM device WHERE org_id = $1 AND import_id = $2 AND removed_at IS NULL AND version > 1 \
               ORDER BY tag_key || '' LIMIT $3";
    /// Systems of an import that hold a device of another origin.
    HOLDING = "SELECT DISTINCT p.tag FROM device p CROSS JOIN device c WHERE p.org_id = $1 AND p.import_id = $2 \
               AND c.org_id = p.org_id AND c.parent_id = p.id AND p.removed_at IS NULL AND c.removed_at IS NULL \
               AND (c.import_id IS NULL OR c.import_id <> $2) ORDER BY p.tag LIMIT $3";
}

const MANY_ROWS: &str = "INSERT INTO import_row (org_id, import_id, line, tag, tag_key, parent_key, site_key, wave, \
                         verdict, kind, problems, device_id) VALUES";

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Problem::bug)
}

fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(Problem::bug)
}

/// What an import's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "import_run",
    key: "id",
    columns: &[
        "id",
        "version",
        "state",
        "file_name",
        "bytes",
        "blob_id",
        "by_id",
        "by_name",
        "reach",
        "begun_at",
        "as_at",
        "layout",
        "setup",
        "reading",
        "seen",
        "counts",
        "error",
    ],
    rebuild: |after| {
        let run = ImportRun::deserialize(after).map_err(Problem::bug)?;
        Ok(columns(&run)?.into_iter().map(Wanted::Is).collect())
    },
};

fn columns(run: &ImportRun) -> Result<Vec<Val>> {
    let vals = vals![
        run.id,
        run.version,
        run.state.code(),
        &run.file_name,
        run.bytes,
        run.blob,
        run.by,
        &run.by_name,
        json(&(&run.within, &run.may_add))?,
        run.begun_at,
        run.as_at,
        json(&(&run.layout, run.start))?,
        json(&run.setup)?,
        run.reading.as_ref().map(json).transpose()?,
        json(&run.seen)?,
        json(&run.counts)?,
        run.error.clone(),
    ];
    Ok(vals.to_vec())
}

fn from_row(row: &Row) -> Result<ImportRun> {
    let reading: Option<String> = row.get("reading")?;
    let (layout, start) = from_json(row, "layout")?;
    let (within, may_add) = from_json(row, "reach")?;
    Ok(ImportRun {
        id: row.get("id")?,
        version: row.get("version")?,
        state: row.parse("state")?,
        file_name: row.get("file_name")?,
        bytes: row.get("bytes")?,
        blob: row.get("blob_id")?,
        by: row.get("by_id")?,
        by_name: row.get("by_name")?,
        within,
        may_add,
        begun_at: row.get("begun_at")?,
        as_at: row.get("as_at")?,
        layout,
        start,
        setup: from_json(row, "setup")?,
        reading: reading.map(|t| serde_json::from_str(&t)).transpose().map_err(Problem::bug)?,
        seen: from_json(row, "seen")?,
        counts: from_json(row, "counts")?,
        error: row.get("error")?,
    })
}

/// One import, if the organisation has it.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn find(tx: &mut Tx, org: OrgId, id: ImportId) -> Result<Option<ImportRun>> {
    tx.find(GET, &vals![org, id]).await?.as_ref().map(from_row).transpose()
}

/// One import.
///
/// # Errors
/// [`Problem::NotFound`].
pub(crate) async fn get(tx: &mut Tx, org: OrgId, id: ImportId) -> Result<ImportRun> {
    find(tx, org, id).await?.ok_or_else(|| Problem::not_found("this import"))
}

/// Imports, the newest first.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn list(
    tx: &mut Tx,
    org: OrgId,
    before: Option<ImportId>,
    limit: u32,
) -> Result<Vec<ImportRun>> {
    let before = before.map_or(uuid::Uuid::max(), ImportId::uuid);
    tx.all(LIST, &vals![org, before, limit]).await?.iter().map(from_row).collect()
}

fn change(action: &'static str, before: Option<&ImportRun>, after: &ImportRun) -> Result<Change> {
    let value = |run: &ImportRun| serde_json::to_value(run).map_err(Problem::bug);
    Ok(Change {
        action,
        entity: "import_run",
        id: after.id.uuid(),
        version: after.version,
        before: before.map(value).transpose()?,
        after: value(after)?,
        valid_at: None,
        reason: None,
    })
}

/// Adds an import, on record.
pub(crate) async fn add(tx: &mut Tx, who: &Actor, run: &ImportRun) -> Result<()> {
    let vals: Vec<Val> = vals![who.org].into_iter().chain(columns(run)?).collect();
    tx.execute(ADD, &vals).await?;
    tx.record(who, change("fleet.import.upload", None, run)?).await
}

/// Writes an import's next version, on record. `to` says what changed; its version is counted on here.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster.
pub(crate) async fn keep(
    tx: &mut Tx,
    who: &Actor,
    action: &'static str,
    before: &ImportRun,
    to: ImportRun,
) -> Result<ImportRun> {
    let after = ImportRun { version: before.version + 1, ..to };
    let vals = vals![
        who.org,
        after.id,
        before.version,
        after.version,
        after.state.code(),
        after.by,
        &after.by_name,
        json(&(&after.within, &after.may_add))?,
        after.as_at,
        json(&after.setup)?,
        after.reading.as_ref().map(json).transpose()?,
        json(&after.seen)?,
        json(&after.counts)?,
        after.error.clone(),
    ];
    if tx.execute(CHANGE, &vals).await? != 1 {
        return Err(Problem::Stale { current: get(tx, who.org, after.id).await?.version });
    }
    tx.record(who, change(action, Some(before), &after)?).await?;
    Ok(after)
}

/// Where the work on an import stands.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn progress(tx: &mut Tx, org: OrgId, id: ImportId) -> Result<Option<Progress>> {
    let Some(row) = tx.find(PROGRESS, &vals![org, id]).await? else { return Ok(None) };
    let count = |name: &str| Ok::<u64, Problem>(u64::try_from(row.get::<i64>(name)?).unwrap_or(0));
    Ok(Some(Progress {
        step: row.get("step")?,
        phase: row.parse("phase")?,
        wave: row.get("wave")?,
        waves: row.get("waves")?,
        position: from_json(&row, "position")?,
        done: count("done")?,
        total: count("total")?,
        counts: from_json(&row, "counts")?,
    }))
}

fn progress_vals(progress: &Progress) -> Result<Vec<Val>> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(vals![
        progress.step,
        progress.phase.code(),
        progress.wave,
        progress.waves,
        json(&progress.position)?,
        count(progress.done),
        count(progress.total),
        json(&progress.counts)?,
    ]
    .to_vec())
}

/// Begins a piece of work; a worker still busy with an earlier one finds another step and stops.
pub(crate) async fn begin(tx: &mut Tx, org: OrgId, id: ImportId, progress: &Progress) -> Result<()> {
    let mut vals = vals![org, id].to_vec();
    vals.extend(progress_vals(progress)?);
    tx.execute(BEGIN, &vals).await.map(drop)
}

/// Keeps the work of a batch.
///
/// # Errors
/// [`Problem::Conflict`] with code `fleet.import.taken_over` when another worker kept this batch.
pub(crate) async fn step(tx: &mut Tx, org: OrgId, id: ImportId, from: i64, to: &Progress) -> Result<()> {
    let mut vals = vals![org, id, from].to_vec();
    vals.extend(progress_vals(to)?);
    if tx.execute(STEP, &vals).await? == 1 {
        return Ok(());
    }
    Err(Problem::conflict(TAKEN_OVER, "Another worker goes on with this import."))
}

/// Code of a batch that somebody else kept.
pub(crate) const TAKEN_OVER: &str = "fleet.import.taken_over";

/// A judged row on its way to the store.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) line: u64,
    pub(crate) tag: Option<String>,
    pub(crate) parent_key: Option<String>,
    pub(crate) site_key: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) flaws: Vec<Flaw>,
}

pub(crate) fn line(line: u64) -> i64 {
    i64::try_from(line).unwrap_or(i64::MAX)
}

fn flaws_text(flaws: &[Flaw]) -> Result<Option<String>> {
    if flaws.is_empty() { Ok(None) } else { json(&flaws).map(Some) }
}

fn read_flaws(row: &Row) -> Result<Vec<Flaw>> {
    let text: Option<String> = row.get("problems")?;
    text.map_or_else(|| Ok(Vec::new()), |t| serde_json::from_str(&t).map_err(Problem::bug))
}

fn kind_of(flaws: &[Flaw]) -> Option<&str> {
    flaws.iter().find(|f| f.refuses).map(|f| f.kind.as_str())
}

/// Writes the verdicts of a batch.
pub(crate) async fn add_rows(tx: &mut Tx, org: OrgId, id: ImportId, rows: &[Judged]) -> Result<()> {
    let mut many = Vec::with_capacity(rows.len());
    for row in rows {
        let device = (row.verdict == Verdict::New).then(DeviceId::new);
        many.push(
            vals![
                org,
                id,
                line(row.line),
                row.tag.clone(),
                row.tag.as_deref().map(kernel::key),
                row.parent_key.clone(),
                row.site_key.clone(),
                0_i64,
                row.verdict.code(),
                kind_of(&row.flaws),
                flaws_text(&row.flaws)?,
                device,
            ]
            .to_vec(),
        );
    }
    tx.insert_many(MANY_ROWS, many).await.map(drop)
}

/// Turns a new row into a refused one.
pub(crate) async fn refuse(tx: &mut Tx, org: OrgId, id: ImportId, at: u64, flaws: &[Flaw]) -> Result<()> {
    let vals = vals![org, id, line(at), kind_of(flaws), flaws_text(flaws)?];
    tx.execute(REFUSE, &vals).await.map(drop)
}

/// Throws away up to a thousand verdicts; `false` when none were left.
pub(crate) async fn clear(tx: &mut Tx, org: OrgId, id: ImportId) -> Result<bool> {
    Ok(tx.execute(CLEAR, &vals![org, id]).await? > 0)
}

/// A row that becomes a device in the present wave.
#[derive(Clone, Debug)]
pub(crate) struct Coming {
    pub(crate) device: DeviceId,
    pub(crate) parent_key: Option<String>,
    pub(crate) flaws: Vec<Flaw>,
}

/// The rows of a part of the file that become devices in one wave, by their lines.
pub(crate) async fn wave(
    tx: &mut Tx,
    org: OrgId,
    id: ImportId,
    (first, last): (u64, u64),
    wave: i64,
) -> Result<std::collections::HashMap<u64, Coming>> {
    let rows = tx.all(WAVE, &vals![org, id, line(first), line(last), wave]).await?;
    rows.iter()
        .map(|row| {
            let at = u64::try_from(row.get::<i64>("line")?).unwrap_or(0);
            let coming = Coming {
                device: row.get("device_id")?,
                parent_key: row.get("parent_key")?,
                flaws: read_flaws(row)?,
            };
            Ok((at, coming))
        })
        .collect()
}

/// A verdict as people read it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The row's line.
    pub line: u64,
    /// The tag it names, if one could be read.
    pub tag: Option<String>,
    /// `new`, `same` or `refused`.
    pub verdict: String,
    /// What was said about it.
    pub flaws: Vec<Flaw>,
}

/// Verdicts after a line, in the order of the file.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn rows(tx: &mut Tx, org: OrgId, id: ImportId, after: u64, limit: u32) -> Result<Vec<Told>> {
    let rows = tx.all(ROWS, &vals![org, id, line(after), limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Told {
                line: u64::try_from(row.get::<i64>("line")?).unwrap_or(0),
                tag: row.get("tag")?,
                verdict: row.get("verdict")?,
                flaws: read_flaws(row)?,
            })
        })
        .collect()
}

/// What was said about the refused rows of a part of the file, by their lines.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn refused(
    tx: &mut Tx,
    org: OrgId,
    id: ImportId,
    (first, last): (u64, u64),
) -> Result<std::collections::HashMap<u64, Vec<Flaw>>> {
    let rows = tx.all(REFUSED, &vals![org, id, line(first), line(last)]).await?;
    rows.iter()
        .map(|row| Ok((u64::try_from(row.get::<i64>("line")?).unwrap_or(0), read_flaws(row)?)))
        .collect()
}

/// A row that is part of a system.
#[derive(Clone, Debug)]
pub(crate) struct Linked {
    pub(crate) line: u64,
    pub(crate) parent_key: String,
    pub(crate) site_key: String,
    pub(crate) flaws: Vec<Flaw>,
}

/// Rows that are part of a system, after a line.
pub(crate) async fn linked(tx: &mut Tx, org: OrgId, id: ImportId, after: u64) -> Result<Vec<Linked>> {
    let rows = tx.all(LINKED, &vals![org, id, line(after), BATCH]).await?;
    rows.iter()
        .map(|row| {
            Ok(Linked {
                line: u64::try_from(row.get::<i64>("line")?).unwrap_or(0),
                parent_key: row.get("parent_key")?,
                site_key: row.get::<Option<String>>("site_key")?.unwrap_or_default(),
                flaws: read_flaws(row)?,
            })
        })
        .collect()
}

/// A row's tag, verdict and site.
#[derive(Clone, Debug)]
pub(crate) struct Tagged {
    pub(crate) line: u64,
    pub(crate) tag_key: Option<String>,
    pub(crate) new: bool,
    pub(crate) site_key: Option<String>,
}

/// All rows with their tags, after a line.
pub(crate) async fn tags(tx: &mut Tx, org: OrgId, id: ImportId, after: u64) -> Result<Vec<Tagged>> {
    let rows = tx.all(TAGS, &vals![org, id, line(after), BATCH]).await?;
    rows.iter()
        .map(|row| {
            Ok(Tagged {
                line: u64::try_from(row.get::<i64>("line")?).unwrap_or(0),
                tag_key: row.get("tag_key")?,
                new: row.get::<String>("verdict")? == "new",
                site_key: row.get("site_key")?,
            })
        })
        .collect()
}

/// Puts a row into a later wave.
pub(crate) async fn set_wave(tx: &mut Tx, org: OrgId, id: ImportId, at: u64, wave: i64) -> Result<()> {
    tx.execute(SET_WAVE, &vals![org, id, line(at), wave]).await.map(drop)
}

/// Rows of a transaction.
pub(crate) const BATCH: u32 = 1_000;

/// Tags that keep an import from being undone: changed devices first, then systems that hold others.
pub(crate) async fn in_the_way(
    tx: &mut Tx,
    org: OrgId,
    id: ImportId,
    most: u32,
) -> Result<(Vec<String>, Vec<String>)> {
    let read = |rows: Vec<Row>| rows.iter().map(|row| row.get("tag")).collect::<Result<Vec<String>>>();
    let changed = read(tx.all(CHANGED, &vals![org, id, most]).await?)?;
    let holding = read(tx.all(HOLDING, &vals![org, id, most]).await?)?;
    Ok((changed, holding))
}

/// Whether an import's state is still the one the worker began in.
pub(crate) async fn must_be(tx: &mut Tx, org: OrgId, id: ImportId, state: RunState) -> Result<ImportRun> {
    let run = get(tx, org, id).await?;
    if run.state == state {
        return Ok(run);
    }
    Err(Problem::conflict(TAKEN_OVER, "This import was stopped."))
}
