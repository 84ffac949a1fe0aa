//! The file of past lists in the database.

use std::collections::BTreeSet;

use db::{Row, Select, Tx, Val, vals};
use kernel::{Instant, OrgId, Problem, Result};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use uuid::Uuid;

use super::span::{Span, parts, shelf, spans};
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
    /// Which of the few things of these kinds were called by a word that begins so.
    CALLED = "SELECT n.kind, n.id FROM then_name n WHERE n.org_id = $1 AND n.from_at <= $2 AND n.until_at > $2 \
              AND n.kind IN ('site', 'company', 'device_type', 'model') AND n.words LIKE $3";
    /// Whether any identifier ever had a word without digits that begins so.
    IDENTIFIER = "SELECT c.words FROM then_called c WHERE c.org_id = $1 AND c.kind = 'identifier' AND c.words >= $2 \
                  ORDER BY c.words LIMIT 1";
    /// What models were of which type and from which maker, and whether they had no risk level of their own.
    MODELS = "SELECT n.id, n.type_id, n.company_id, n.no_risk FROM then_name n WHERE n.org_id = $1 AND n.kind = 'model' \
              AND n.from_at <= $2 AND n.until_at > $2";
    /// Types whose risk was not decided.
    RISKLESS = "SELECT n.id FROM then_name n WHERE n.org_id = $1 AND n.kind = 'device_type' AND n.no_risk \
                AND n.from_at <= $2 AND n.until_at > $2";
    /// Devices that once had a word that begins so and no longer have it.
    ONCE = "SELECT w.device_id FROM then_words w WHERE w.org_id = $1 AND w.words LIKE $2 LIMIT $3";
}

const DEVICES: &str = "INSERT INTO then_device (org_id, device_id, from_at, until_at, shelf, here, tag_key, words, \
                       model_id, site_id, place_id, department_id, import_id) VALUES";
const STATES: &str = "INSERT INTO then_state (org_id, device_id, from_at, until_at, shelf, tag_key, site_id, state, held, \
                      unusable, no_risk, no_strategy) VALUES";
const NAMES: &str = "INSERT INTO then_name (org_id, kind, id, from_at, until_at, words, type_id, company_id, no_risk) \
                     VALUES";
const WORDS: &str = "INSERT INTO then_words (org_id, device_id, words) VALUES";
const CALLS: &str = "INSERT INTO then_called (org_id, kind, words) VALUES";
const CALLED_ALREADY: &str = " ON CONFLICT (org_id, kind, words) DO NOTHING";

/// The kinds of records that are filed, in their order: devices, then those whose names devices are found by.
pub(super) const KINDS: [&str; 7] =
    ["device", "site", "place", "department", "company", "device_type", "model"];

/// Kinds of which there are many of one name.
const MANY: [&str; 2] = ["place", "department"];

/// How far the filing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Which of [`KINDS`] is being filed, then nothing more.
    pub stage: usize,
    /// The last record filed of it.
    pub after: Uuid,
    /// The last change that is filed, once everything before is.
    pub position: Uuid,
}

impl Progress {
    /// All that was recorded before the filing began is filed.
    pub fn is_whole(&self) -> bool {
        self.kind().is_none()
    }

    /// The kind being filed.
    pub fn kind(&self) -> Option<&'static str> {
        KINDS.get(self.stage).copied()
    }
}

pub(super) async fn progress(tx: &mut Tx, org: OrgId) -> Result<Option<Progress>> {
    let Some(row) = tx.find(PROGRESS, &vals![org]).await? else { return Ok(None) };
    let stage: i64 = row.get("stage")?;
    let stage = usize::try_from(stage).map_err(Problem::bug)?;
    Ok(Some(Progress { stage, after: row.get("after_id")?, position: row.get("position")? }))
}

/// Says that the devices of a new organisation were filed as they were written, all of them, up to and with a change.
///
/// # Errors
/// As [`Tx::execute`].
pub async fn devices_are_filed(tx: &mut Tx, org: OrgId, position: Uuid) -> Result<()> {
    begin(tx, org, Progress { stage: 1, after: Uuid::nil(), position }).await
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
pub struct Known {
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

impl Known {
    /// Takes it from a version as it is recorded.
    ///
    /// # Errors
    /// [`Problem::Bug`] when this is no device.
    pub fn of(version: &Value) -> Result<Self> {
        Self::deserialize(version).map_err(Problem::bug)
    }

    /// The words of its identifiers.
    fn words(&self) -> impl Iterator<Item = String> {
        let named = [Some(&self.tag), self.serial.as_ref(), self.udi.as_ref()];
        named.into_iter().flatten().flat_map(|text| kernel::words(text))
    }
}

/// What lists ask of a version of anything with a name.
#[derive(Debug, Deserialize)]
struct Name {
    name: String,
    /// Other names of a maker.
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    device_type: Option<Uuid>,
    #[serde(default)]
    company: Option<Uuid>,
    #[serde(default)]
    risk: Option<IgnoredAny>,
    #[serde(default)]
    own_risk: Option<IgnoredAny>,
}

impl Name {
    /// Whether it gives its devices no risk level: a type that has none, a model that has none of its own.
    fn riskless(&self) -> bool {
        self.risk.is_none() && self.own_risk.is_none()
    }
}

fn read<'t, T: Deserialize<'t>>(life: &'t Life) -> Result<Vec<(Instant, T)>> {
    let one = |(at, text): &'t (Instant, String)| {
        let known = serde_json::from_str(text);
        known.map(|known| (*at, known)).map_err(|e| Problem::bug(format!("{e} in {}", life.id)))
    };
    life.versions.iter().map(one).collect()
}

/// Files lives of a kind; `anew` instead of what was filed of them already.
pub(super) async fn file(tx: &mut Tx, org: OrgId, kind: &str, lives: &[Life], anew: bool) -> Result<()> {
    match kind {
        "device" => file_devices(tx, org, lives, anew).await,
        _ => file_names(tx, org, kind, lives, anew).await,
    }
}

async fn file_devices(tx: &mut Tx, org: OrgId, lives: &[Life], anew: bool) -> Result<()> {
    if anew {
        for life in lives {
            for forget in [FORGET_DEVICE, FORGET_STATE, FORGET_WORDS] {
                tx.execute(forget, &vals![org, life.id]).await?;
            }
        }
    }
    Filing::of(org, lives)?.keep(tx, org).await
}

/// Lives of devices on their way into the file.
#[derive(Debug, Default)]
pub struct Filing {
    pub(super) devices: Vec<Vec<Val>>,
    pub(super) states: Vec<Vec<Val>>,
    pub(super) words: Vec<Vec<Val>>,
    pub(super) plain: BTreeSet<String>,
}

impl Filing {
    pub(super) fn of<'l>(org: OrgId, lives: impl IntoIterator<Item = &'l Life>) -> Result<Self> {
        let mut filing = Self::default();
        for life in lives {
            filing.add(org, life.id, read(life)?);
        }
        Ok(filing)
    }

    /// Takes the versions of a device, in their order, with when each was recorded.
    pub fn add(&mut self, org: OrgId, id: Uuid, versions: Vec<(Instant, Known)>) {
        self.words.extend(once(&versions).map(|once| vals![org, id, once].to_vec()));
        let words = versions.iter().flat_map(|(_, known)| known.words());
        self.plain.extend(words.filter(|word| is_plain(word)));
        let spans = spans(versions);
        self.devices.extend(parts(&spans, what_and_where).into_iter().map(|s| row(org, id, s)));
        self.states.extend(parts(&spans, state).into_iter().map(|s| row(org, id, s)));
    }

    /// Writes them; none of them may be filed already.
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn keep(&self, tx: &mut Tx, org: OrgId) -> Result<()> {
        tx.insert_many(DEVICES, self.devices.clone()).await?;
        tx.insert_many(STATES, self.states.clone()).await?;
        call(tx, org, "identifier", &self.plain).await?;
        tx.insert_many(WORDS, self.words.clone()).await.map(drop)
    }
}

/// Whether a word has no digit.
pub(super) fn is_plain(word: &str) -> bool {
    !word.chars().any(char::is_numeric)
}

async fn call(tx: &mut Tx, org: OrgId, kind: &str, words: &BTreeSet<String>) -> Result<()> {
    let rows = words.iter().map(|words| vals![org, kind, words].to_vec()).collect();
    tx.insert_many_ending(CALLS, rows, CALLED_ALREADY).await.map(drop)
}

/// The columns of `then_device` after `shelf`; nothing where the device does not count as recorded.
fn what_and_where(d: &Known) -> Option<Vec<Val>> {
    let here = !d.state.kind().is_terminal();
    let words = || format!(" {}", d.words().collect::<Vec<_>>().join(" "));
    d.removed_at.is_none().then(|| {
        vals![here, kernel::key(&d.tag), words(), d.model, d.site, d.place, d.department, d.import].to_vec()
    })
}

/// The columns of `then_state` after `shelf`.
fn state(d: &Known) -> Option<Vec<Val>> {
    let held = d.hold.is_some();
    let lacks = |it: &Option<IgnoredAny>| d.state.in_inventory() && it.is_none();
    let (unusable, no_risk, no_strategy) =
        (held || d.state == State::Quarantined, lacks(&d.risk), lacks(&d.strategy));
    d.removed_at.is_none().then(|| {
        vals![kernel::key(&d.tag), d.site, d.state.code(), held, unusable, no_risk, no_strategy].to_vec()
    })
}

fn row(org: OrgId, id: Uuid, span: Span<Vec<Val>>) -> Vec<Val> {
    let mut row = vals![org, id, span.from, span.until, shelf(span.from, span.until)].to_vec();
    row.extend(span.known);
    row
}

/// The words of tags, serial numbers and UDIs that are not in the last version; all of them for a device whose import
/// was undone, which is found by no word any more.
fn once(versions: &[(Instant, Known)]) -> Option<String> {
    let (_, last) = versions.last()?;
    let present: BTreeSet<String> =
        if last.removed_at.is_none() { last.words().collect() } else { BTreeSet::new() };
    let all: BTreeSet<String> = versions.iter().flat_map(|(_, d)| d.words()).collect();
    let once: Vec<&str> = all.difference(&present).map(String::as_str).collect();
    (!once.is_empty()).then(|| format!(" {}", once.join(" ")))
}

async fn file_names(tx: &mut Tx, org: OrgId, kind: &str, lives: &[Life], anew: bool) -> Result<()> {
    if anew {
        for life in lives {
            tx.execute(FORGET_NAME, &vals![org, kind, life.id]).await?;
        }
    }
    let (rows, called) = named(org, kind, lives)?;
    call(tx, org, kind, &called).await?;
    tx.insert_many(NAMES, rows).await.map(drop)
}

/// The rows of `then_name`, and the names that belong in `then_called`.
pub(super) fn named<'l>(
    org: OrgId,
    kind: &str,
    lives: impl IntoIterator<Item = &'l Life>,
) -> Result<(Vec<Vec<Val>>, BTreeSet<String>)> {
    let (mut rows, mut called) = (Vec::new(), BTreeSet::new());
    let words = |n: &Name| {
        let all = std::iter::once(&n.name).chain(&n.aliases).flat_map(|name| kernel::words(name));
        format!(" {}", all.collect::<Vec<_>>().join(" "))
    };
    for life in lives {
        let known = read::<Name>(life)?;
        if MANY.contains(&kind) {
            called.extend(known.iter().map(|(_, n)| words(n)));
        }
        let named = |n: &Name| Some(vals![words(n), n.device_type, n.company, n.riskless()].to_vec());
        rows.extend(parts(&spans(known), named).into_iter().map(|s| {
            let mut row = vals![org, kind, life.id, s.from, s.until].to_vec();
            row.extend(s.known);
            row
        }));
    }
    Ok((rows, called))
}
