//! The file of past lists in the database.

use db::{Row, Select, Tx, Val, vals};
use kernel::{Instant, OrgId, Problem, Result};
use serde::{Deserialize, de::IgnoredAny};
use uuid::Uuid;

use super::span::{Span, parts, quarter, spans};
use crate::device::State;

db::statements! {
    /// How far the filing is.
    PROGRESS = "SELECT stage, after_id, position FROM then_progress WHERE org_id = $1";
    /// The filing begins.
    BEGIN = "INSERT INTO then_progress (org_id, stage, after_id, position) VALUES ($1, $2, $3, $4)";
    /// The filing goes on, if no other server did the same meanwhile.
    GO_ON = "UPDATE then_progress SET stage = $2, after_id = $3, position = $4 \
             WHERE org_id = $1 AND stage = $5 AND after_id = $6 AND position = $7";
    /// The versions of the records of a kind, record by record after one.
    LIVES = "SELECT e.entity_id, e.recorded_at, e.after FROM event e WHERE e.org_id = $1 AND e.entity = $2 \
             AND e.entity_id > $3 ORDER BY e.entity_id, e.version LIMIT $4";
    /// The versions of one record.
    LIFE = "SELECT e.entity_id, e.recorded_at, e.after FROM event e WHERE e.org_id = $1 AND e.entity = $2 \
            AND e.entity_id = $3 ORDER BY e.version";
    /// What is filed of a device is filed anew.
    FORGET_DEVICE = "DELETE FROM then_device WHERE org_id = $1 AND device_id = $2";
    /// As above.
    FORGET_STATE = "DELETE FROM then_state WHERE org_id = $1 AND device_id = $2";
    /// As above.
    FORGET_WORDS = "DELETE FROM then_words WHERE org_id = $1 AND device_id = $2";
    /// As above, of a name.
    FORGET_NAME = "DELETE FROM then_name WHERE org_id = $1 AND kind = $2 AND id = $3";
    /// What was called by a word that begins so.
    CALLED = "SELECT n.kind, n.id FROM then_name n WHERE n.org_id = $1 AND n.from_at <= $2 AND n.until_at > $2 \
              AND n.words LIKE $3";
    /// What models were of which type and from which maker.
    MODELS = "SELECT n.id, n.type_id, n.company_id FROM then_name n WHERE n.org_id = $1 AND n.kind = 'model' \
              AND n.from_at <= $2 AND n.until_at > $2";
    /// Types whose risk was not decided.
    RISKLESS = "SELECT n.id FROM then_name n WHERE n.org_id = $1 AND n.kind = 'device_type' AND n.no_risk \
                AND n.from_at <= $2 AND n.until_at > $2";
    /// Devices that once had a word that begins so and no longer have it.
    ONCE = "SELECT w.device_id FROM then_words w WHERE w.org_id = $1 AND w.words LIKE $2 LIMIT $3";
}

const DEVICES: &str = "INSERT INTO then_device (org_id, device_id, from_at, until_at, until_quarter, here, tag, tag_key, \
                       serial, udi, model_id, site_id, place_id, department_id, import_id) VALUES";
const STATES: &str = "INSERT INTO then_state (org_id, device_id, from_at, until_at, state, held, no_risk, no_strategy) \
                      VALUES";
const NAMES: &str = "INSERT INTO then_name (org_id, kind, id, from_at, until_at, words, type_id, company_id, no_risk) \
                     VALUES";
const WORDS: &str = "INSERT INTO then_words (org_id, device_id, words) VALUES";

/// The kinds of records whose names devices are found by, in the order in which they are filed; devices come last.
pub(super) const KINDS: [&str; 6] = ["site", "place", "department", "company", "device_type", "model"];

/// How far the filing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Which of [`KINDS`] is being filed, then devices, then nothing more.
    pub stage: usize,
    /// The last record filed of it.
    pub after: Uuid,
    /// The last change that is filed, once everything before is.
    pub position: Uuid,
}

impl Progress {
    /// All that was recorded before the filing began is filed.
    pub fn is_whole(&self) -> bool {
        self.stage > KINDS.len()
    }

    /// The kind being filed.
    pub fn kind(&self) -> &'static str {
        KINDS.get(self.stage).copied().unwrap_or("device")
    }
}

pub(super) async fn progress(tx: &mut Tx, org: OrgId) -> Result<Option<Progress>> {
    let Some(row) = tx.find(PROGRESS, &vals![org]).await? else { return Ok(None) };
    let stage: i64 = row.get("stage")?;
    let stage = usize::try_from(stage).map_err(Problem::bug)?;
    Ok(Some(Progress { stage, after: row.get("after_id")?, position: row.get("position")? }))
}

pub(super) async fn begin(tx: &mut Tx, org: OrgId, first: Progress) -> Result<()> {
    tx.execute(BEGIN, &vals![org, first.stage as i64, first.after, first.position]).await.map(drop)
}

/// Notes how far the filing came.
///
/// # Errors
/// [`Problem::Busy`] when another server filed the same meanwhile.
pub(super) async fn go_on(tx: &mut Tx, org: OrgId, from: Progress, to: Progress) -> Result<()> {
    let vals =
        vals![org, to.stage as i64, to.after, to.position, from.stage as i64, from.after, from.position];
    match tx.execute(GO_ON, &vals).await? {
        1 => Ok(()),
        _ => Err(Problem::Busy { retry_after: 1 }),
    }
}

/// The versions of one record: when each was recorded, and what it says.
#[derive(Debug)]
pub(super) struct Life {
    pub id: Uuid,
    versions: Vec<(Instant, String)>,
}

fn lives(rows: &[Row]) -> Result<Vec<Life>> {
    let mut lives: Vec<Life> = Vec::new();
    for row in rows {
        let id: Uuid = row.get("entity_id")?;
        let version = (row.get("recorded_at")?, row.get("after")?);
        match lives.last_mut() {
            Some(life) if life.id == id => life.versions.push(version),
            _ => lives.push(Life { id, versions: vec![version] }),
        }
    }
    Ok(lives)
}

/// The next lives of a kind after a record, whole ones; none when there are no more.
pub(super) async fn next_lives(
    tx: &mut Tx,
    org: OrgId,
    kind: &str,
    after: Uuid,
    limit: u32,
) -> Result<Vec<Life>> {
    let rows = tx.all(LIVES, &vals![org, kind, after, limit]).await?;
    let mut found = lives(&rows)?;
    if rows.len() == limit as usize
        && let Some(cut) = found.pop()
    {
        // Its later versions may not be among them. A life longer than all that is read at once is read by itself.
        if found.is_empty() {
            found = lives(&tx.all(LIFE, &vals![org, kind, cut.id]).await?)?;
        }
    }
    Ok(found)
}

/// The lives of these records of a kind.
pub(super) async fn lives_of(tx: &mut Tx, org: OrgId, kind: &str, ids: &[Uuid]) -> Result<Vec<Life>> {
    const HEAD: &str = "SELECT e.entity_id, e.recorded_at, e.after FROM event e";
    let mut select = Select::new(HEAD, "e", org);
    select.filter("e.entity = {}", [kind.into()]).one_of("e.entity_id", ids.iter().map(|id| Val::from(*id)));
    select.ending("ORDER BY e.entity_id, e.version", []);
    lives(&select.all(tx).await?)
}

/// What lists ask of a version of a device.
#[derive(Debug, Deserialize)]
struct Facts {
    tag: String,
    serial: Option<String>,
    udi: Option<String>,
    model: Uuid,
    site: Uuid,
    place: Option<Uuid>,
    department: Option<Uuid>,
    state: State,
    hold: Option<IgnoredAny>,
    risk: Option<IgnoredAny>,
    strategy: Option<IgnoredAny>,
    import: Option<Uuid>,
    removed_at: Option<IgnoredAny>,
}

/// What lists ask of a version of anything with a name.
#[derive(Debug, Deserialize)]
struct Name {
    name: String,
    #[serde(default)]
    device_type: Option<Uuid>,
    #[serde(default)]
    company: Option<Uuid>,
    #[serde(default)]
    risk: Option<IgnoredAny>,
}

fn read<'t, T: Deserialize<'t>>(life: &'t Life) -> Result<Vec<(Instant, T)>> {
    let one = |(at, text): &'t (Instant, String)| {
        let known = serde_json::from_str(text);
        known.map(|known| (*at, known)).map_err(|e| Problem::bug(format!("{e} in {}", life.id)))
    };
    life.versions.iter().map(one).collect()
}

/// Files lives of devices, instead of what was filed of them if they are known already.
pub(super) async fn file_devices(tx: &mut Tx, org: OrgId, lives: &[Life], anew: bool) -> Result<()> {
    let (mut devices, mut states, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for life in lives {
        if anew {
            for forget in [FORGET_DEVICE, FORGET_STATE, FORGET_WORDS] {
                tx.execute(forget, &vals![org, life.id]).await?;
            }
        }
        let known = read::<Facts>(life)?;
        words.extend(once(&known).map(|once| vals![org, life.id, once].to_vec()));
        let spans = spans(known);
        devices.extend(parts(&spans, what_and_where).into_iter().map(|s| row(org, life.id, s)));
        states.extend(parts(&spans, state).into_iter().map(|s| row(org, life.id, s)));
    }
    tx.insert_many(DEVICES, devices).await?;
    tx.insert_many(STATES, states).await?;
    tx.insert_many(WORDS, words).await.map(drop)
}

/// The columns of `then_device` after `until_at`; nothing where the device does not count as recorded. `until_quarter`
/// is put in by [`row`].
fn what_and_where(d: &Facts) -> Option<Vec<Val>> {
    let here = !d.state.kind().is_terminal();
    d.removed_at.is_none().then(|| {
        vals![
            0_i64,
            here,
            &d.tag,
            kernel::key(&d.tag),
            d.serial.clone(),
            d.udi.clone(),
            d.model,
            d.site,
            d.place,
            d.department,
            d.import,
        ]
        .to_vec()
    })
}

/// The columns of `then_state` after `until_at`.
fn state(d: &Facts) -> Option<Vec<Val>> {
    let known = || vals![d.state.code(), d.hold.is_some(), d.risk.is_none(), d.strategy.is_none()];
    d.removed_at.is_none().then(|| known().to_vec())
}

fn row(org: OrgId, id: Uuid, span: Span<Vec<Val>>) -> Vec<Val> {
    let mut row = vals![org, id, span.from, span.until].to_vec();
    row.extend(span.known);
    // Only `then_device` has a number there.
    if let Some(quarter_of @ Val::Int(_)) = row.get_mut(4) {
        *quarter_of = quarter(span.until).into();
    }
    row
}

/// The words of tags, serial numbers and UDIs that are not in the last version; all of them for a device whose import
/// was undone, which is found by no word any more.
fn once(versions: &[(Instant, Facts)]) -> Option<String> {
    let words = |d: &Facts| {
        let named = [Some(&d.tag), d.serial.as_ref(), d.udi.as_ref()];
        named.into_iter().flatten().flat_map(|text| kernel::words(text)).collect::<Vec<_>>()
    };
    let (_, last) = versions.last()?;
    let present = if last.removed_at.is_none() { words(last) } else { Vec::new() };
    let mut once: Vec<String> = versions.iter().flat_map(|(_, d)| words(d)).collect();
    once.retain(|word| !present.contains(word));
    once.sort();
    once.dedup();
    (!once.is_empty()).then(|| format!(" {}", once.join(" ")))
}

/// Files lives of what has a name.
pub(super) async fn file_names(
    tx: &mut Tx,
    org: OrgId,
    kind: &str,
    lives: &[Life],
    anew: bool,
) -> Result<()> {
    let mut rows = Vec::new();
    for life in lives {
        if anew {
            tx.execute(FORGET_NAME, &vals![org, kind, life.id]).await?;
        }
        let named = |n: &Name| {
            let words = format!(" {}", kernel::words(&n.name).join(" "));
            Some(vals![words, n.device_type, n.company, n.risk.is_none()].to_vec())
        };
        rows.extend(parts(&spans(read::<Name>(life)?), named).into_iter().map(|s| {
            let mut row = vals![org, kind, life.id, s.from, s.until].to_vec();
            row.extend(s.known);
            row
        }));
    }
    tx.insert_many(NAMES, rows).await.map(drop)
}
