//! The list of devices as it was known at a past instant: the same questions as of the present one, in the order of tags.

use std::collections::{BTreeMap, HashSet};

use db::{Row, Select, Tx, Val};
use kernel::{Actor, Cursor, Instant, Keyset, OrgId, Permit, Result, ScopeSet, Slice};
use uuid::Uuid;

use super::{
    span::{OPEN_QUARTER, quarter},
    words::{self, KnownBy, MOST, Meant},
};
use crate::{
    device::{DeviceId, Gap, State, list::Wanted},
    export::{around, described::Described},
    permit,
};

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which devices it holds.
    pub slice: Slice<DeviceId>,
    /// How many there are in all, where the way to them says it; a list of many is only read as far as it is shown.
    pub count: Option<i64>,
}

impl Found {
    /// The devices as they were known, with the names that were known.
    pub(crate) async fn described(&self, tx: &mut Tx, org: OrgId, at: Instant) -> Result<Vec<Described>> {
        let ids: Vec<Uuid> = self.slice.rows.iter().map(|id| id.uuid()).collect();
        around::described_then(tx, org, &ids, at).await
    }
}

/// What rows are asked for. The tables stand in the order in which SQLite shall read them; how they belong together is
/// said by [`TOGETHER`].
const ROWS: &str = "SELECT s.device_id AS device_id, s.tag, s.tag_key AS tag_key, s.serial, s.udi, s.model_id, \
    s.site_id, s.place_id, s.department_id FROM then_device s CROSS JOIN then_state f";
/// The same by way of its states.
const BY_STATE: &str = "SELECT s.device_id AS device_id, s.tag, s.tag_key AS tag_key, s.serial, s.udi, s.model_id, \
    s.site_id, s.place_id, s.department_id FROM then_state f CROSS JOIN then_device s";
/// The same by way of the devices as they stand today.
const BY_TODAY: &str = "SELECT s.device_id AS device_id, s.tag, s.tag_key AS tag_key, s.serial, s.udi, s.model_id, \
    s.site_id, s.place_id, s.department_id FROM device d CROSS JOIN then_device s CROSS JOIN then_state f";

const TOGETHER: &str = "f.org_id = s.org_id AND f.device_id = s.device_id";
const AS_TODAY: &str = "s.org_id = d.org_id AND s.device_id = d.id";

const STATES: &str = "SELECT 1 AS one FROM then_state f";
const DEVICES: &str = "SELECT 1 AS one FROM then_device s";
const TODAY: &str = "SELECT 1 AS one FROM device d";

/// What `then_state_rare` is made with, to the letter.
const RARE: &str = "f.state NOT IN ('in_service', 'retired', 'returned', 'cancelled')";

/// What it takes to see a device of the past in a list.
pub const TO_SHOW: &[Permit] = &[permit::DEVICE_VIEW, permit::DEVICE_HISTORY];
/// And to take it out in a file.
pub const TO_TAKE_OUT: &[Permit] = &[permit::DEVICE_VIEW, permit::DEVICE_HISTORY, permit::EXPORT_RUN];

/// Rows of a walk that are looked at for words at a time.
const AT_ONCE: i64 = 400;
/// More names than this in one condition are no short way.
const NAMES: usize = 500;

/// One page of the list as of `at`. Who may see it follows, as on a device's own page, from where the device stands today.
/// The order is that of the tags then; `wanted.sort` is not asked.
///
/// # Errors
/// As [`Tx::all`].
pub async fn page(
    tx: &mut Tx,
    who: &Actor,
    wanted: &Wanted,
    at: Instant,
    permits: &'static [Permit],
    keyset: &Keyset,
) -> Result<Found> {
    let asked = Asked::new(tx, who, (wanted, permits), at).await?;
    let want = keyset.limit as usize + 1;
    let (mut rows, mut count) = match asked.short_way(tx).await? {
        Some(sources) => {
            let all = asked.fetch(tx, &sources).await?;
            let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
            let after =
                |row: &&Fitting| keyset.after.as_ref().is_none_or(|c| row.key() > (c.after.as_str(), c.id));
            (all.iter().filter(after).cloned().collect(), Some(count))
        }
        None => (asked.walk(tx, keyset, want).await?, None),
    };
    rows.truncate(want);
    if keyset.after.is_none() && rows.len() < want {
        count = Some(rows.len() as i64);
    }
    let cut = Slice::cut(rows, keyset.limit, |last| Cursor { after: last.tag_key.clone(), id: last.id });
    let rows = cut.rows.iter().map(|row| DeviceId::from_uuid(row.id)).collect();
    Ok(Found { slice: Slice { rows, next: cut.next }, count })
}

/// A device that fits.
#[derive(Clone, Debug)]
struct Fitting {
    id: Uuid,
    tag_key: String,
}

impl Fitting {
    fn key(&self) -> (&str, Uuid) {
        (&self.tag_key, self.id)
    }
}

/// The conditions by which few rows are reached.
#[derive(Clone, Debug)]
enum Source {
    Devices(Vec<Uuid>),
    Models(Vec<Uuid>),
    Sites(Vec<Uuid>),
    Places(Vec<Uuid>),
    Departments(Vec<Uuid>),
    Import(Uuid),
    Rare(Vec<State>),
    Held,
    /// Where the actor may look.
    Reach,
}

/// The question, with what its words and names meant then.
struct Asked<'q> {
    who: &'q Actor,
    wanted: &'q Wanted,
    permits: &'static [Permit],
    at: Instant,
    words: Vec<Meant>,
    /// The models, if some are asked for, be it by type or maker.
    models: Option<Vec<Uuid>>,
    /// Models whose type had no risk level, if that is asked.
    riskless: Vec<Uuid>,
}

impl<'q> Asked<'q> {
    async fn new(
        tx: &mut Tx,
        who: &'q Actor,
        (wanted, permits): (&'q Wanted, &'static [Permit]),
        at: Instant,
    ) -> Result<Self> {
        let words = words::meant(tx, who.org, at, &wanted.text).await?;
        let by_risk = wanted.undecided || wanted.gap == Some(Gap::RiskLevel);
        let by_name = !(wanted.types.is_empty() && wanted.companies.is_empty());
        let known = if by_risk || by_name { words::models(tx, who.org, at).await? } else { Vec::new() };
        let mut models: Option<HashSet<Uuid>> =
            (!wanted.models.is_empty()).then(|| wanted.models.iter().map(|id| id.uuid()).collect());
        if by_name {
            let (types, companies): (HashSet<Uuid>, HashSet<Uuid>) = (
                wanted.types.iter().map(|id| id.uuid()).collect(),
                wanted.companies.iter().map(|id| id.uuid()).collect(),
            );
            let fits = |m: &&words::Model| {
                (types.is_empty() || types.contains(&m.device_type))
                    && (companies.is_empty() || companies.contains(&m.company))
            };
            let of: HashSet<Uuid> = known.iter().filter(fits).map(|m| m.id).collect();
            models = Some(models.map_or(of.clone(), |asked| asked.intersection(&of).copied().collect()));
        }
        let riskless = if by_risk {
            let types = words::riskless(tx, who.org, at).await?;
            known.iter().filter(|m| types.contains(&m.device_type)).map(|m| m.id).collect()
        } else {
            Vec::new()
        };
        let models = models.map(|models| models.into_iter().collect());
        Ok(Self { who, wanted, permits, at, words, models, riskless })
    }

    /// The states asked for.
    fn states(&self) -> Vec<State> {
        if !self.wanted.states.is_empty() {
            return self.wanted.states.clone();
        }
        let all = State::ALL.iter().copied();
        all.filter(|state| self.wanted.left_too || !state.kind().is_terminal()).collect()
    }

    /// Whether devices are asked for that were here, and that had left.
    fn heres(&self) -> Vec<bool> {
        let states = self.states();
        let any = |here: bool| states.iter().any(|state| state.kind().is_terminal() != here);
        [true, false].into_iter().filter(|here| any(*here)).collect()
    }

    /// Adds all conditions but those of words.
    fn narrow(&self, select: &mut Select) {
        let at = Val::from(self.at);
        select.filter(TOGETHER, []);
        select.filter("s.from_at <= {}", [at.clone()]).filter("s.until_at > {}", [at.clone()]);
        select.filter("f.from_at <= {}", [at.clone()]).filter("f.until_at > {}", [at]);
        select.one_of("f.state", self.states().into_iter().map(|s| s.code().into()));
        if !self.wanted.sites.is_empty() {
            select.one_of("s.site_id", self.wanted.sites.iter().map(|id| Val::from(*id)));
        }
        if !self.wanted.departments.is_empty() {
            select.one_of("s.department_id", self.wanted.departments.iter().map(|id| Val::from(*id)));
        }
        if let Some(models) = &self.models {
            select.one_of("s.model_id", models.iter().map(|id| Val::from(*id)));
        }
        if let Some(import) = self.wanted.import {
            select.filter("s.import_id = {}", [import.into()]);
        }
        if self.wanted.held {
            select.filter("f.held", []);
        }
        if self.wanted.unusable {
            select.filter("(f.held OR f.state = {})", [State::Quarantined.code().into()]);
        }
        self.narrow_gaps(select);
        for scope in self.permits.iter().map(|permit| self.who.scope(*permit)) {
            if scope != ScopeSet::Everywhere {
                let mut reach = Select::new("SELECT d.id FROM device d", "d", self.who.org);
                reach.within(&scope, "d.site_id", "d.department_id");
                select.among_those("s.device_id", "d.id", &reach);
            }
        }
    }

    fn narrow_gaps(&self, select: &mut Select) {
        if self.wanted.gap.is_none() && !self.wanted.undecided {
            return;
        }
        let inventory = State::ALL.iter().filter(|state| state.in_inventory());
        select.one_of("f.state", inventory.map(|s| s.code().into()));
        let riskless = || self.riskless.iter().map(|id| Val::from(*id));
        match self.wanted.gap {
            Some(Gap::Owner) => select.filter("s.department_id IS NULL", []),
            Some(Gap::Strategy) => select.filter("f.no_strategy", []),
            Some(Gap::RiskLevel) => select.filter("f.no_risk", []).one_of("s.model_id", riskless()),
            None => select,
        };
        if self.wanted.undecided {
            select.either(
                &["s.department_id IS NULL", "f.no_strategy"],
                ("f.no_risk AND s.model_id", riskless()),
            );
        }
    }

    /// Which rows there are by the shortest way, if one is short.
    async fn short_way(&self, tx: &mut Tx) -> Result<Option<Vec<Source>>> {
        let mut best: Option<(i64, Vec<Source>)> = None;
        let mut ways: Vec<Vec<Source>> = Vec::new();
        ways.extend(self.models.clone().map(|models| vec![Source::Models(models)]));
        if !self.wanted.departments.is_empty() {
            let departments = self.wanted.departments.iter().map(|id| id.uuid());
            ways.push(vec![Source::Departments(departments.collect())]);
        }
        ways.extend(self.wanted.import.map(|import| vec![Source::Import(import.uuid())]));
        if self.wanted.held {
            ways.push(vec![Source::Held]);
        }
        if self.wanted.unusable {
            ways.push(vec![Source::Held, Source::Rare(vec![State::Quarantined])]);
        }
        let states = self.states();
        if states.iter().all(|state| *state != State::InService && !state.kind().is_terminal()) {
            ways.push(vec![Source::Rare(states)]);
        }
        if self.who.scope(permit::DEVICE_HISTORY) != ScopeSet::Everywhere {
            ways.push(vec![Source::Reach]);
        }
        for word in &self.words {
            if let Some(identified) = word.identified(tx, self.who.org).await? {
                let of = |ids: &HashSet<Uuid>| ids.iter().copied().collect::<Vec<_>>();
                ways.push(vec![
                    Source::Devices(identified),
                    Source::Models(of(&word.models)),
                    Source::Sites(of(&word.sites)),
                    Source::Places(of(&word.places)),
                    Source::Departments(of(&word.departments)),
                ]);
            }
        }
        for way in ways {
            let mut rows = 0;
            for source in &way {
                rows += self.count(tx, source).await?;
            }
            if rows < best.as_ref().map_or(MOST, |(least, _)| *least) {
                best = Some((rows, way));
            }
        }
        Ok(best.map(|(_, way)| way))
    }

    /// About how many rows a source has, those of other times too; no further than [`MOST`].
    async fn count(&self, tx: &mut Tx, source: &Source) -> Result<i64> {
        let (head, alias) = match source {
            Source::Rare(_) | Source::Held => (STATES, "f"),
            Source::Reach => (TODAY, "d"),
            _ => (DEVICES, "s"),
        };
        match source {
            Source::Devices(ids) => return Ok(ids.len() as i64),
            Source::Models(ids) | Source::Sites(ids) | Source::Places(ids) | Source::Departments(ids)
                if ids.len() > NAMES =>
            {
                return Ok(MOST);
            }
            _ => {}
        }
        let mut select = Select::new(head, alias, self.who.org);
        self.enter(&mut select, source);
        select.count(tx, MOST).await
    }

    /// Adds the condition of a source, and the index by which it is reached.
    fn enter(&self, select: &mut Select, source: &Source) {
        let vals = |ids: &[Uuid]| ids.iter().map(|id| Val::from(*id)).collect::<Vec<_>>();
        match source {
            Source::Devices(ids) => select.one_of("s.device_id", vals(ids)),
            Source::Models(ids) => select.one_of("s.model_id", vals(ids)).by_index("then_device_model"),
            Source::Sites(ids) => select
                .one_of("s.here", [true.into(), false.into()])
                .one_of("s.site_id", vals(ids))
                .by_index("then_device_site"),
            Source::Places(ids) => select.one_of("s.place_id", vals(ids)).by_index("then_device_place"),
            Source::Departments(ids) => {
                select.one_of("s.department_id", vals(ids)).by_index("then_device_department")
            }
            Source::Import(id) => {
                select.filter("s.import_id = {}", [(*id).into()]).by_index("then_device_import")
            }
            Source::Rare(states) => select
                .filter(RARE, [])
                .one_of("f.state", states.iter().map(|s| s.code().into()))
                .filter("f.until_at > {}", [self.at.into()])
                .by_index("then_state_rare"),
            Source::Held => select
                .filter("f.held", [])
                .filter("f.until_at > {}", [self.at.into()])
                .by_index("then_state_held"),
            Source::Reach => {
                let scope = self.who.scope(permit::DEVICE_HISTORY);
                let by_site = matches!(&scope, ScopeSet::Only { departments, .. } if departments.is_empty());
                let by_owner = matches!(&scope, ScopeSet::Only { sites, .. } if sites.is_empty());
                select.within(&scope, "d.site_id", "d.department_id");
                match (by_site, by_owner) {
                    (true, _) => select.by_index("device_by_site"),
                    (_, true) => select.by_index("device_by_department"),
                    _ => select,
                }
            }
        };
    }

    /// All rows of these sources that fit, in the order of the list.
    async fn fetch(&self, tx: &mut Tx, sources: &[Source]) -> Result<Vec<Fitting>> {
        let mut found = BTreeMap::new();
        for source in sources {
            let (head, alias) = match source {
                Source::Rare(_) | Source::Held => (BY_STATE, "f"),
                Source::Reach => (BY_TODAY, "d"),
                _ => (ROWS, "s"),
            };
            let mut select = Select::new(head, alias, self.who.org);
            self.enter(&mut select, source);
            if matches!(source, Source::Reach) {
                select.filter(AS_TODAY, []);
            }
            self.narrow(&mut select);
            for row in self.fitting(&select.all(tx).await?)? {
                found.insert((row.tag_key.clone(), row.id), row);
            }
        }
        Ok(found.into_values().collect())
    }

    /// The next rows that fit, in the order of the list: by site if some are asked for, else among all that had not ended
    /// by then.
    async fn walk(&self, tx: &mut Tx, keyset: &Keyset, want: usize) -> Result<Vec<Fitting>> {
        let mut found = Vec::new();
        for here in self.heres() {
            let (mut after, mut rows) = (keyset.after.clone(), Vec::new());
            let limit = if self.words.is_empty() { want as i64 } else { AT_ONCE.max(want as i64) };
            while rows.len() < want {
                let mut select = Select::new(ROWS, "s", self.who.org);
                select.filter("s.here = {}", [here.into()]);
                self.narrow(&mut select);
                if self.wanted.sites.is_empty() {
                    select.merged("s.until_quarter", self.quarters()).by_index("then_device_walk");
                } else {
                    let sites = self.wanted.sites.iter().map(|id| Val::from(*id));
                    select.merged("s.site_id", sites).by_index("then_device_site");
                }
                select.page("s.tag_key", "s.device_id", false, false, after.as_ref(), limit);
                let some = select.all(tx).await?;
                rows.extend(self.fitting(&some)?);
                match some.last().filter(|_| some.len() as i64 == limit) {
                    Some(last) => {
                        after = Some(Cursor { after: last.get("tag_key")?, id: last.get("device_id")? });
                    }
                    None => break,
                }
            }
            found.extend(rows);
        }
        found.sort_by(|a: &Fitting, b: &Fitting| a.key().cmp(&b.key()));
        Ok(found)
    }

    /// The quarters in which something may have ended that had not by then.
    fn quarters(&self) -> Vec<Val> {
        let last = quarter(self.who.at.max(Instant::machine_now()).micros()) + 1;
        let all = quarter(self.at.micros())..=last;
        all.chain([OPEN_QUARTER]).map(Val::from).collect()
    }

    /// Those of these rows that hold all words.
    fn fitting(&self, rows: &[Row]) -> Result<Vec<Fitting>> {
        let mut fitting = Vec::with_capacity(rows.len());
        for row in rows {
            if !self.words.is_empty() {
                let known_by = KnownBy {
                    tag: row.get("tag")?,
                    serial: row.get("serial")?,
                    udi: row.get("udi")?,
                    model: row.get("model_id")?,
                    site: row.get("site_id")?,
                    place: row.get("place_id")?,
                    department: row.get("department_id")?,
                };
                if !self.words.iter().all(|word| word.fits(&known_by)) {
                    continue;
                }
            }
            fitting.push(Fitting { id: row.get("device_id")?, tag_key: row.get("tag_key")? });
        }
        Ok(fitting)
    }
}
