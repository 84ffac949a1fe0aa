//! The ways a list of the past takes to its rows, and which one it takes.
//!
//! As with the present list, rows are *walked* in the order of tags until a page is full, or all rows that one condition
//! leaves are *fetched* and sorted. Conditions have to do with each other, so nothing is estimated: what leaves few rows
//! is fetched; else a walk is tried for some rows, and where that does not fill the page, what leaves the fewest is
//! fetched. Only where every condition leaves very many rows, and they hardly ever meet, is the walk done to its end.

use std::collections::{BTreeMap, HashSet};

use db::{Row, Select, Tx, Val};
use kernel::{Cursor, OrgId, Result, ScopeSet};
use uuid::Uuid;

use super::{
    ask::Asked,
    source::{Door, Source, Tables},
    span::shelves,
    words::Meant,
};
use crate::{
    device::{Gap, State},
    permit,
};

/// Which numbers of rows decide between the ways. What is found does not depend on them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What leaves fewer is fetched at once.
    pub few: i64,
    /// What leaves as many or more is never fetched.
    pub most: i64,
    /// A walk is tried for so many.
    pub tried: i64,
    /// And for so many at most as long as it finds some that fit.
    pub tried_again: i64,
}

impl Default for Limits {
    /// Measured with a million devices on record: 3,000 rows are fetched in some ten milliseconds, 200,000 entries of an
    /// index are read in a fifth of a second.
    fn default() -> Self {
        Self { few: 3_000, most: 200_000, tried: 500, tried_again: 40_000 }
    }
}

/// Looking a row up by its key costs as much as reading so many from an index.
const LOOKED_UP: i64 = 5;
/// More lists than this, of a site or a model each, are not walked one beside the other.
const LISTS: usize = 20;

/// What `then_state_rare` is made with, to the letter.
const RARE: &str = "f.state NOT IN ('in_service', 'retired', 'returned', 'cancelled')";
const AS_TODAY: &str = "s.org_id = d.org_id AND s.device_id = d.id";

/// A device that fits.
#[derive(Clone, Debug)]
pub(super) struct Fitting {
    pub id: Uuid,
    pub tag_key: String,
}

impl Fitting {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self { id: row.get("device_id")?, tag_key: row.get("tag_key")? })
    }
}

fn ids(of: &[Uuid]) -> Vec<Val> {
    of.iter().map(|id| Val::from(*id)).collect()
}

/// Sources that together hold all that fits.
#[derive(Clone, Debug)]
pub(super) struct Way(Vec<Source>);

impl Asked<'_> {
    /// All ways that fetch.
    pub fn ways(&self) -> Vec<Way> {
        let mut ways: Vec<Vec<Source>> = Vec::new();
        let of = |ids: &HashSet<Uuid>| ids.iter().copied().collect::<Vec<_>>();
        ways.extend(self.models.as_ref().map(|models| vec![Source::Models(of(models))]));
        if !self.wanted.sites.is_empty() {
            ways.push(vec![Source::Sites(self.wanted.sites.iter().map(|id| id.uuid()).collect())]);
        }
        if !self.wanted.departments.is_empty() {
            let departments = self.wanted.departments.iter().map(|id| id.uuid());
            ways.push(vec![Source::Departments(departments.collect())]);
        }
        ways.extend(self.wanted.import.map(|import| vec![Source::Import(import.uuid())]));
        ways.extend(self.state_source().map(|source| vec![source]));
        let riskless = || Source::Models(self.riskless.clone());
        match self.wanted.gap {
            Some(Gap::Owner) => ways.push(vec![Source::NoOwner]),
            Some(Gap::RiskLevel) => ways.push(vec![riskless()]),
            Some(Gap::Strategy) | None => {}
        }
        if self.wanted.undecided {
            ways.push(vec![Source::NoOwner, Source::NoStrategy, riskless()]);
        }
        if self.who.scope(permit::DEVICE_HISTORY) != ScopeSet::Everywhere {
            ways.push(vec![Source::Reach]);
        }
        ways.extend(self.by_words());
        ways.into_iter().map(Way).collect()
    }

    /// By each word; and by the models that all words may mean together, with all that a word may mean else.
    fn by_words(&self) -> Vec<Vec<Source>> {
        let (mut ways, mut others) = (Vec::new(), Vec::new());
        let mut together = self.models.clone();
        // A word with which many devices were labelled leads nowhere.
        for (word, devices) in self.words.iter().filter_map(|word| Some((word, word.devices.as_ref()?))) {
            together = Some(match together {
                Some(models) => models.intersection(&word.models).copied().collect(),
                None => word.models.clone(),
            });
            let called = self.called(word);
            let other = [
                Source::Devices(devices.clone()),
                Source::Sites(word.sites.iter().copied().collect()),
                Source::PlacesCalled(called.clone()),
                Source::OwnersCalled(called),
            ];
            others.extend(other.clone());
            let models = Source::Models(word.models.iter().copied().collect());
            ways.push(other.into_iter().chain([models]).collect());
        }
        if let Some(models) = together.filter(|_| !ways.is_empty()) {
            ways.push(others.into_iter().chain([Source::Models(models.into_iter().collect())]).collect());
        }
        ways
    }

    /// The rarer states, if only such are asked for.
    fn state_source(&self) -> Option<Source> {
        let states = self.states();
        if self.wanted.held || self.wanted.unusable {
            return Some(Source::Unusable);
        }
        if self.wanted.gap == Some(Gap::Strategy) {
            return Some(Source::NoStrategy);
        }
        let rare = |state: &State| *state != State::InService && !state.kind().is_terminal();
        (!self.wanted.states.is_empty() && states.iter().all(rare)).then_some(Source::Rare(states))
    }

    /// What is walked: by state where that is rare, by site or model if few are asked for, else all.
    async fn walked(&self, tx: &mut Tx) -> Result<Source> {
        if let Some(source) = self.state_source() {
            return Ok(source);
        }
        let few = |n: usize| (1..=LISTS).contains(&n);
        let sites = &self.wanted.sites;
        if few(sites.len()) {
            return Ok(Source::Sites(sites.iter().map(|id| id.uuid()).collect()));
        }
        let mut models = self.models.clone();
        for word in &self.words {
            if self.means_only_models(tx, word).await? {
                models = Some(match models {
                    Some(models) => models.intersection(&word.models).copied().collect(),
                    None => word.models.clone(),
                });
            }
        }
        let models = models.filter(|models| few(models.len()));
        Ok(models.map_or(Source::All, |models| Source::Models(models.into_iter().collect())))
    }

    /// Whether all that fits a word fits it by its model.
    async fn means_only_models(&self, tx: &mut Tx, word: &Meant) -> Result<bool> {
        if !word.sites.is_empty() || word.devices.as_ref().is_none_or(|of| !of.is_empty()) {
            return Ok(false);
        }
        let called = self.called(word);
        Ok(self.count(tx, &Source::PlacesCalled(called.clone()), 1).await? == 0
            && self.count(tx, &Source::OwnersCalled(called), 1).await? == 0)
    }

    /// The way that leaves the fewest rows, and how many, if it leaves less than `most`. Rows of other times count; those
    /// that must be looked up in the other table count [`LOOKED_UP`] times.
    pub async fn shortest<'w>(
        &self,
        tx: &mut Tx,
        ways: &'w [Way],
        most: i64,
    ) -> Result<Option<(i64, &'w Way)>> {
        let mut best: Option<(i64, &Way)> = None;
        for way in ways {
            let least = best.as_ref().map_or(most, |(least, _)| *least);
            let mut rows = 0;
            for source in &way.0 {
                if rows < least {
                    let times = self.times(source);
                    rows += times * self.count(tx, source, (least - rows) / times + 1).await?;
                }
            }
            if rows < least {
                best = Some((rows, way));
            }
        }
        Ok(best)
    }

    /// What a row of a source costs, in rows that are read from an index.
    fn times(&self, source: &Source) -> i64 {
        let other = match source.door() {
            Door::State => self.tables(source).device,
            // Few are in a rare state, which only the other table knows.
            _ => self.state_source().is_some(),
        };
        if other { LOOKED_UP } else { 1 }
    }

    /// How many rows a source has, no further than `most`.
    async fn count(&self, tx: &mut Tx, source: &Source, most: i64) -> Result<i64> {
        match source {
            Source::Devices(ids) => return Ok(ids.len() as i64),
            source if source.is_long() => return Ok(most),
            _ => {}
        }
        let head = match source.door() {
            Door::Device => "SELECT 1 AS one FROM then_device s",
            Door::State => "SELECT 1 AS one FROM then_state f",
            Door::Today => "SELECT 1 AS one FROM device d",
        };
        let mut select = Select::new(head, source.door().alias(), self.who.org);
        self.enter(&mut select, source);
        select.count(tx, most).await
    }

    /// Adds the condition of a source, and the index by which it is reached.
    fn enter(&self, select: &mut Select, source: &Source) {
        if let Some(index) = source.index() {
            select.by_index(index);
        }
        let on_shelves = || shelves(self.at.micros()).map(Val::from);
        match source {
            Source::Devices(of) => select.one_of("s.device_id", ids(of)),
            Source::Models(of) => select.one_of("s.model_id", ids(of)),
            Source::Sites(of) => {
                select.one_of("s.here", self.heres().into_iter().map(Val::from)).one_of("s.site_id", ids(of))
            }
            Source::Departments(of) => select.one_of("s.department_id", ids(of)),
            Source::PlacesCalled(called) => {
                select.filter("s.place_id IS NOT NULL", []).filter(self.at_places_called(), called.clone())
            }
            Source::OwnersCalled(called) => select.filter(self.of_owners_called(), called.clone()),
            Source::NoOwner => select.filter("s.department_id IS NULL", []),
            Source::Import(id) => select.filter("s.import_id = {}", [(*id).into()]),
            Source::Rare(states) => {
                let states = states.iter().map(|s| s.code().into());
                select.filter(RARE, []).one_of("f.state", states).one_of("f.shelf", on_shelves())
            }
            Source::Unusable => select.filter("f.unusable", []).one_of("f.shelf", on_shelves()),
            Source::NoStrategy => select.filter("f.no_strategy", []).one_of("f.shelf", on_shelves()),
            Source::Reach => self.enter_reach(select),
            Source::All => select,
        };
    }

    fn enter_reach<'s>(&self, select: &'s mut Select) -> &'s mut Select {
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

    fn tables(&self, source: &Source) -> Tables {
        let door = source.door();
        // What has no strategy is not decided, whatever else is known of it.
        let decides = matches!(source, Source::NoStrategy) && self.wanted.undecided;
        let by_state = door == Door::State && (!self.asks_device() || decides && !self.asks_only_device());
        Tables { device: !by_state, state: door == Door::State || self.asks_state(), more: self.asks_more() }
    }

    /// The first rows of a way that fit, in the order of the list after a cursor; all of them without a limit.
    pub async fn fetch(
        &self,
        tx: &mut Tx,
        way: &Way,
        after: Option<&Cursor>,
        limit: Option<i64>,
    ) -> Result<Vec<Fitting>> {
        let mut found = BTreeMap::new();
        for source in &way.0 {
            let door = source.door();
            let tables = self.tables(source);
            let mut select = Select::new(door.head(tables), door.alias(), self.who.org);
            self.enter(&mut select, source);
            if door == Door::Today {
                select.filter(AS_TODAY, []);
            }
            self.narrow(&mut select, tables);
            let (tag, id) = door.order();
            select.few(true).page(tag, id, false, false, after, limit.unwrap_or(i64::MAX));
            for row in select.all(tx).await?.iter().map(Fitting::read) {
                let row = row?;
                found.insert((row.tag_key.clone(), row.id), row);
            }
        }
        Ok(found.into_values().collect())
    }

    /// The first rows that fit, in the order of the list after a cursor, where no way leaves few.
    pub async fn find(
        &self,
        tx: &mut Tx,
        (ways, limits): (&[Way], Limits),
        after: Option<&Cursor>,
        want: i64,
    ) -> Result<Vec<Fitting>> {
        let source = self.walked(tx).await?;
        let mut rows = limits.tried;
        while rows <= limits.tried_again {
            let tried = self.walk(tx, &source, (after, rows, want)).await?;
            if tried.len() as i64 == want {
                return Ok(tried);
            }
            // Twice what it would take at the same rate, if there is one.
            rows = match tried.len() as i64 {
                0 if rows == limits.tried => 8 * rows,
                0 => break,
                found => (2 * rows * want / found).max(8 * rows),
            };
        }
        let way = self.shortest(tx, ways, limits.most).await?;
        match way {
            Some((_, way)) => self.fetch(tx, way, after, Some(want)).await,
            None => self.walk(tx, &source, (after, i64::MAX, want)).await,
        }
    }

    /// Those that fit among the first `rows` of a walk after a cursor, at most `want`.
    async fn walk(
        &self,
        tx: &mut Tx,
        source: &Source,
        (after, rows, want): (Option<&Cursor>, i64, i64),
    ) -> Result<Vec<Fitting>> {
        let (door, org) = (source.door(), self.who.org);
        let mut select = self.rows(source, org);
        let (tag, id) = door.order();
        select.page(tag, id, false, false, after, rows);
        let tables = self.tables(source);
        let mut fitting = Select::new(door.head(tables), door.alias(), org);
        fitting.of_those(&select);
        self.narrow(&mut fitting, tables);
        fitting.few(true).page(tag, id, false, false, None, want);
        fitting.all(tx).await?.iter().map(Fitting::read).collect()
    }

    /// The rows of a walk, of all that was so then, as one list for each of its values.
    fn rows(&self, source: &Source, org: OrgId) -> Select {
        let door = source.door();
        let w = self.wanted;
        let asks_more = match source {
            Source::Rare(_) | Source::Unusable => w.undecided || w.gap.is_some(),
            Source::NoStrategy => w.undecided,
            _ => false,
        };
        let mut select = Select::new(source.rows(asks_more), door.alias(), org);
        if let Some(index) = source.index() {
            select.by_index(index);
        }
        self.then(&mut select, door.then());
        if door == Door::State && !w.sites.is_empty() {
            select.one_of("f.site_id", w.sites.iter().map(|id| Val::from(*id)));
        }
        let on_shelves = || shelves(self.at.micros()).map(Val::from);
        let each = |firsts: Vec<Val>, seconds: Vec<Val>| {
            let pair =
                move |first: Val| seconds.clone().into_iter().map(move |second| vec![first.clone(), second]);
            firsts.into_iter().flat_map(pair).collect::<Vec<_>>()
        };
        let heres = || self.heres().into_iter().map(Val::from).collect();
        match source {
            Source::Rare(states) => {
                let states = states.iter().map(|s| s.code().into()).collect();
                let lists = each(states, on_shelves().collect());
                select.filter(RARE, []).merged("f.state = {} AND f.shelf = {}", lists)
            }
            Source::Unusable => {
                select.filter("f.unusable", []).merged("f.shelf = {}", on_shelves().map(|shelf| vec![shelf]))
            }
            Source::NoStrategy => select
                .filter("f.no_strategy", [])
                .merged("f.shelf = {}", on_shelves().map(|shelf| vec![shelf])),
            Source::Sites(of) => select.merged("s.here = {} AND s.site_id = {}", each(heres(), ids(of))),
            Source::Models(of) => select.merged("s.model_id = {}", ids(of).into_iter().map(|id| vec![id])),
            _ => select.merged("s.here = {} AND s.shelf = {}", each(heres(), on_shelves().collect())),
        };
        select
    }
}
