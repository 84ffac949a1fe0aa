//! The conditions of the list, and what is known of how many rows each leaves.

use std::collections::BTreeMap;

use db::{Cond, Select, Tx, Val};
use kernel::{Actor, Keyset, OrgId, Result, ScopeSet};

use super::{
    Sort, WHICH_BY_STATE, WHICH_BY_TAG, Wanted,
    way::{Known, MOST, Set, Walk, Way},
};
use crate::{
    device::{Gap, State, store},
    permit,
};

const ONLY: &str = "SELECT 1 AS one FROM device d";

/// Devices by state within sites, owners and a reach.
const KEPT: &str = "SELECT t.word, CAST(COALESCE(SUM(t.n), 0) AS BIGINT) AS n FROM tally t";

/// What the indexes of devices that have not left are made with, to the letter.
const HERE: &str = "d.state NOT IN ('retired', 'returned', 'cancelled')";
const REMOVED_NEVER: &str = "d.removed_at IS NULL";

const NO_OWNER: &str = "d.department_id IS NULL";
const NO_STRATEGY: &str = "d.strategy IS NULL";
pub(super) const NO_RISK: &str = "(d.risk IS NULL AND d.model_id IN (SELECT m.id FROM model m \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id WHERE m.org_id = {} AND m.risk IS NULL AND t.risk IS NULL))";
pub(super) const ANY_GAP: &str = "(d.department_id IS NULL OR d.strategy IS NULL \
    OR (d.risk IS NULL AND d.model_id IN (SELECT m.id FROM model m \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id WHERE m.org_id = {} AND m.risk IS NULL AND t.risk IS NULL)))";

/// Short lists, each with its index, instead of a look at every device.
const UNUSABLE: &str = "d.id IN (SELECT h.id FROM device h WHERE h.org_id = {} AND h.hold_reason IS NOT NULL \
    UNION ALL SELECT q.id FROM device q WHERE q.org_id = {} AND q.state = {})";
const UNDECIDED: &str = "d.id IN (SELECT h.id FROM device h WHERE h.org_id = {} AND h.department_id IS NULL \
    UNION ALL SELECT q.id FROM device q WHERE q.org_id = {} AND q.strategy IS NULL \
    UNION ALL SELECT c.id FROM device c WHERE c.org_id = {} AND c.risk IS NULL AND c.model_id IN \
    (SELECT m.id FROM model m JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
    WHERE m.org_id = {} AND m.risk IS NULL AND t.risk IS NULL))";

/// The states of devices that have not left.
pub(super) fn present() -> impl Iterator<Item = Val> {
    State::ALL.iter().filter(|s| !s.kind().is_terminal()).map(|s| Val::from(s.code()))
}

/// The states of devices on the inventory; what is not decided about others is no gap.
pub(super) fn inventory() -> impl Iterator<Item = Val> {
    State::ALL.iter().filter(|s| s.in_inventory()).map(|s| Val::from(s.code()))
}

impl Wanted {
    fn has_models(&self) -> bool {
        !(self.models.is_empty() && self.types.is_empty() && self.companies.is_empty())
    }

    /// The ids of devices, with what this list is ordered by.
    pub(super) const fn which(&self) -> &'static str {
        match self.sort {
            Sort::Tag => WHICH_BY_TAG,
            Sort::State => WHICH_BY_STATE,
        }
    }

    /// Adds all conditions to a query over `device d`, and the way to its rows.
    pub(super) fn go(&self, tx: &Tx, select: &mut Select, who: &Actor, way: Way) {
        self.narrow(select, who, None);
        select.found(tx, "device", ("d.id", "d.site_id"), &self.text, way != Way::Fetch(Set::Words));
        for text in &self.without {
            select.not_found(tx, "device", ("d.id", "d.site_id"), text);
        }
        match way {
            Way::Walk(walk) => {
                if walk.is_here() {
                    select.filter(HERE, []);
                }
                select.by_index(walk.index())
            }
            Way::Fetch(set) => {
                match set {
                    Set::Unusable => {
                        let kept = State::Quarantined.code().into();
                        select.filter(UNUSABLE, [who.org.into(), who.org.into(), kept]);
                    }
                    Set::Undecided => {
                        select.filter(UNDECIDED, [who.org; 4].map(Val::from));
                    }
                    // To the letter what the index is made with.
                    Set::NotOwned => {
                        select.filter("d.tenure <> 'owned'", []);
                    }
                    _ => {}
                }
                select.few(true).by_index(set.index())
            }
        };
    }

    /// Begins a query with the conditions by which a walk's index is entered.
    pub(super) fn enter(&self, select: &mut Select, who: &Actor, walk: Walk) {
        if walk.is_counted() {
            select.filter(REMOVED_NEVER, []);
        }
        if walk.is_here() {
            select.filter(HERE, []);
        }
        if walk.is_of_a_state() {
            select.one_of("d.state", self.states.iter().map(|s| Val::from(s.code())));
        }
        if walk.is_at_a_site() {
            select.within(&who.scope(permit::DEVICE_VIEW), "d.site_id", "d.department_id");
            self.narrow_area(select, "d.site_id", "d.department_id");
        }
        select.by_index(walk.index());
    }

    /// Adds the other conditions to a query that enters by a walk: a row is not looked up to ask of it once more what
    /// its index says.
    pub(super) fn fit(&self, tx: &Tx, select: &mut Select, who: &Actor, walk: Walk) {
        self.narrow(select, who, Some(walk));
        select.found(tx, "device", ("d.id", "d.site_id"), &self.text, true);
        for text in &self.without {
            select.not_found(tx, "device", ("d.id", "d.site_id"), text);
        }
    }

    /// Puts a query into the order of the list, after the last row of the page before.
    pub(super) fn in_order(&self, select: &mut Select, keyset: &Keyset, limit: i64) {
        let after = keyset.after.as_ref();
        match self.sort {
            Sort::Tag => select.page("d.tag_key", "d.id", false, false, after, limit),
            Sort::State => select.page("d.state_since_at", "d.id", true, false, after, limit),
        };
    }

    /// Adds the conditions that a walk was not entered by.
    fn narrow(&self, select: &mut Select, who: &Actor, walk: Option<Walk>) {
        if !walk.is_some_and(Walk::is_counted) {
            select.filter(REMOVED_NEVER, []);
        }
        if !walk.is_some_and(Walk::is_at_a_site) {
            select.within(&who.scope(permit::DEVICE_VIEW), "d.site_id", "d.department_id");
            self.narrow_area(select, "d.site_id", "d.department_id");
        }
        if self.states.is_empty() {
            if !self.left_too && !walk.is_some_and(Walk::is_here) {
                select.one_of("d.state", present());
            }
        } else if !walk.is_some_and(Walk::is_of_a_state) {
            select.one_of("d.state", self.states.iter().map(|s| Val::from(s.code())));
        }
        self.narrow_models(select);
        if let Some(import) = self.import {
            select.filter("d.import_id = {}", [import.into()]);
        }
        if self.held {
            select.filter("d.hold_reason IS NOT NULL", []);
        }
        if self.unusable {
            let kept = State::Quarantined.code();
            select.filter("(d.hold_reason IS NOT NULL OR d.state = {})", [kept.into()]);
        }
        if self.undecided || self.gap.is_some() {
            select.one_of("d.state", inventory());
        }
        if self.undecided {
            select.filter(ANY_GAP, [who.org.into()]);
        }
        if let Some(gap) = self.gap {
            narrow_gap(select, who.org, gap);
        }
        for also in &self.also {
            select.any(vec![also.condition(who.org)]);
        }
    }

    fn narrow_area(&self, select: &mut Select, site: &'static str, department: &'static str) {
        if !self.sites.is_empty() {
            select.one_of(site, self.sites.iter().map(|id| Val::from(*id)));
        }
        if !self.departments.is_empty() {
            select.one_of(department, self.departments.iter().map(|id| Val::from(*id)));
        }
    }

    fn narrow_models(&self, select: &mut Select) {
        if !self.models.is_empty() {
            select.one_of("d.model_id", self.models.iter().map(|id| Val::from(*id)));
        }
        if !self.types.is_empty() {
            let types = self.types.iter().map(|id| Val::from(*id));
            let of = "SELECT m.id FROM model m WHERE m.org_id = {} AND m.type_id";
            select.one_of_those("d.model_id", of, types);
        }
        if !self.companies.is_empty() {
            let companies = self.companies.iter().map(|id| Val::from(*id));
            let of = "SELECT m.id FROM model m WHERE m.org_id = {} AND m.company_id";
            select.one_of_those("d.model_id", of, companies);
        }
    }

    /// Gathers what the choice of a way needs: a few rows of the kept counts, and counts by index that stop early.
    pub(super) async fn known(&self, tx: &mut Tx, who: &Actor, page: i64) -> Result<Known> {
        let scope = who.scope(permit::DEVICE_VIEW);
        let whole = db::tally::whole(tx, who.org, store::BY_STATE, None).await?;
        let area = self.area(tx, who, &scope).await?;
        let sum = |counts: &BTreeMap<String, i64>| counts.values().sum::<i64>();
        let of_states = |counts: &BTreeMap<String, i64>| {
            let fits = |state: &&State| match (self.states.is_empty(), self.left_too) {
                (false, _) => self.states.contains(state),
                (true, true) => true,
                (true, false) => !state.kind().is_terminal(),
            };
            let codes = State::ALL.iter().filter(fits).map(|state| state.code());
            codes.map(|code| counts.get(code).copied().unwrap_or(0)).sum::<i64>()
        };
        let area = area.as_ref().unwrap_or(&whole);
        let mut known = Known {
            all: sum(&whole),
            here: here(&whole),
            only_here: if self.states.is_empty() {
                !self.left_too
            } else {
                self.states.iter().all(|state| !state.kind().is_terminal())
            },
            kept: of_states(area),
            by_since: self.sort == Sort::State,
            words: !kernel::words(&self.text).is_empty(),
            page,
            ..Known::default()
        };
        let there = sum(area);
        let (sites, departments) = match &scope {
            ScopeSet::Everywhere => (0, 0),
            ScopeSet::Only { sites, departments } => (sites.len(), departments.len()),
        };
        if !self.departments.is_empty() || (departments > 0 && sites == 0) {
            known.sets.push((Set::Departments, there));
        } else if !self.sites.is_empty() || (sites > 0 && departments == 0) {
            known.sets.push((Set::Sites, there));
            known.one_site = (self.sites.len() == 1 || sites == 1).then_some((there, here(area)));
        }
        if !self.states.is_empty() {
            let of_state = of_states(&whole);
            known.sets.push((Set::States, of_state));
            known.one_state = (self.states.len() == 1).then_some(of_state);
            known.one_state_at_site = known.one_state.and(known.one_site).map(|_| known.kept);
        }
        self.know_others(tx, who.org, &whole, &mut known).await?;
        Ok(known)
    }

    /// Adds about how many devices hold the words. It costs most where they are broadest, so a walk is tried first.
    pub(super) async fn know_words(&self, tx: &mut Tx, org: OrgId, known: &mut Known) -> Result<()> {
        if known.knows_words() {
            return Ok(());
        }
        if let Some(n) = db::search::estimate(tx, org, "device", &self.text, MOST).await? {
            known.sets.push((Set::Words, n));
        }
        Ok(())
    }

    /// Devices by state within the sites and owners asked for and within reach; nothing where that is everything.
    async fn area(
        &self,
        tx: &mut Tx,
        who: &Actor,
        scope: &ScopeSet,
    ) -> Result<Option<BTreeMap<String, i64>>> {
        if self.departments.is_empty() {
            let sites = (!self.sites.is_empty()).then_some(self.sites.as_slice());
            if *scope == ScopeSet::Everywhere && sites.is_none() {
                return Ok(None);
            }
            return db::tally::by_word(tx, who.org, store::BY_STATE, scope, sites).await.map(Some);
        }
        let mut select = Select::new(KEPT, "t", who.org);
        select.filter("t.name = {}", [store::BY_STATE.into()]);
        select.within(scope, "t.site_id", "t.department_id");
        self.narrow_area(&mut select, "t.site_id", "t.department_id");
        select.ending("GROUP BY t.word", []);
        let rows = select.all(tx).await?;
        rows.iter().map(|row| Ok((row.get("word")?, row.get("n")?))).collect::<Result<_>>().map(Some)
    }

    async fn know_others(
        &self,
        tx: &mut Tx,
        org: OrgId,
        whole: &BTreeMap<String, i64>,
        known: &mut Known,
    ) -> Result<()> {
        if self.has_models() {
            let mut select = counting(org, Set::Models);
            self.narrow_models(&mut select);
            known.sets.push((Set::Models, select.count(tx, MOST).await?));
        }
        if let Some(import) = self.import {
            let mut select = counting(org, Set::Import);
            select.filter("d.import_id = {}", [import.into()]);
            known.sets.push((Set::Import, select.count(tx, MOST).await?));
        }
        if self.held || self.unusable {
            let mut select = counting(org, Set::Held);
            select.filter("d.hold_reason IS NOT NULL", []);
            let held = select.count(tx, MOST).await?;
            let sequestered = whole.get(State::Quarantined.code()).copied().unwrap_or(0);
            known.sets.push(if self.held { (Set::Held, held) } else { (Set::Unusable, held + sequestered) });
        }
        if let Some(gap) = self.gap {
            known.sets.push((set_of(gap), count_gap(tx, org, gap).await?));
        }
        if self.undecided {
            let mut n = 0;
            for gap in [Gap::Owner, Gap::RiskLevel, Gap::Strategy] {
                n += count_gap(tx, org, gap).await?;
            }
            known.sets.push((Set::Undecided, n));
        }
        for also in &self.also {
            let Some(set) = also.set() else { continue };
            // A list goes by one index, so the smaller of two conditions that lead to the same one is as good.
            let mut select = counting(org, set);
            if set == Set::NotOwned {
                select.filter("d.tenure <> 'owned'", []);
            }
            select.any(vec![also.condition(org)]);
            known.sets.push((set, select.count(tx, MOST).await?));
        }
        Ok(())
    }
}

/// Devices that have not left.
fn here(counts: &BTreeMap<String, i64>) -> i64 {
    let here = State::ALL.iter().filter(|state| !state.kind().is_terminal());
    here.map(|state| counts.get(state.code()).copied().unwrap_or(0)).sum()
}

/// The condition that something is not decided.
pub(super) fn gap(gap: Gap, org: OrgId) -> Cond {
    match gap {
        Gap::Owner => Cond::Part(NO_OWNER, vec![]),
        Gap::RiskLevel => Cond::Part(NO_RISK, vec![org.into()]),
        Gap::Strategy => Cond::Part(NO_STRATEGY, vec![]),
    }
}

fn narrow_gap(select: &mut Select, org: OrgId, of: Gap) {
    select.any(vec![gap(of, org)]);
}

const fn set_of(gap: Gap) -> Set {
    match gap {
        Gap::Owner => Set::Departments,
        Gap::RiskLevel => Set::Models,
        Gap::Strategy => Set::NoStrategy,
    }
}

async fn count_gap(tx: &mut Tx, org: OrgId, gap: Gap) -> Result<i64> {
    let mut select = counting(org, set_of(gap));
    narrow_gap(&mut select, org, gap);
    select.count(tx, MOST).await
}

/// A count by the index of a set.
fn counting(org: OrgId, set: Set) -> Select {
    let mut select = Select::new(ONLY, "d", org);
    select.by_index(set.index());
    select
}
