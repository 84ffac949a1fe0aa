//! A question to the list of the past, and what it asks of each row.

use std::collections::HashSet;

use db::{Cond, Engine, Select, Tx, Val};
use kernel::{Actor, Instant, Permit, Result, ScopeSet};
use uuid::Uuid;

use super::{
    source::Tables,
    words::{self, Meant, beginning},
};
use crate::device::{Gap, State, list::Wanted};

/// More names than this in one condition are asked of the row instead.
const NAMES: usize = 500;

const THE_SAME: &str = "w.org_id = s.org_id AND w.device_id = s.device_id AND w.from_at = s.from_at";
const TOGETHER: &str = "f.org_id = s.org_id AND f.device_id = s.device_id";

/// A condition that a row's place or owner was so called then. SQLite finds those who were through their names. PostgreSQL
/// is kept from joining them (`IS TRUE`): where it does not know yet how many names there are, it took them for one and
/// read all of them for each place.
macro_rules! called {
    ($column:literal, $kind:literal, $ending:literal) => {
        concat!(
            $column,
            " IN (SELECT n.id FROM then_name n WHERE n.org_id = {} AND n.kind = '",
            $kind,
            "' AND n.from_at <= {} AND n.until_at > {} AND (n.words IN (SELECT c.words FROM then_called c \
             WHERE c.org_id = {} AND c.kind = '",
            $kind,
            "' AND c.words LIKE {}))",
            $ending,
            ")"
        )
    };
}

/// The question, with what its words and names meant then.
pub(super) struct Asked<'q> {
    pub who: &'q Actor,
    pub wanted: &'q Wanted,
    pub permits: &'static [Permit],
    pub at: Instant,
    pub words: Vec<Meant>,
    /// The models, if some are asked for, be it by type or maker.
    pub models: Option<HashSet<Uuid>>,
    /// Models whose type had no risk level, if that is asked.
    pub riskless: Vec<Uuid>,
    engine: Engine,
}

impl<'q> Asked<'q> {
    pub async fn new(
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
            known.iter().filter(|m| m.riskless && types.contains(&m.device_type)).map(|m| m.id).collect()
        } else {
            Vec::new()
        };
        Ok(Self { who, wanted, permits, at, words, models, riskless, engine: tx.engine() })
    }

    /// The states asked for.
    pub fn states(&self) -> Vec<State> {
        if !self.wanted.states.is_empty() {
            return self.wanted.states.clone();
        }
        let all = State::ALL.iter().copied();
        all.filter(|state| self.wanted.left_too || !state.kind().is_terminal()).collect()
    }

    /// Whether devices are asked for that were here, and that had left.
    pub fn heres(&self) -> Vec<bool> {
        let states = self.states();
        let any = |here: bool| states.iter().any(|state| state.kind().is_terminal() != here);
        [true, false].into_iter().filter(|here| any(*here)).collect()
    }

    /// What `then_state` is needed for beside finding rows.
    pub fn asks_state(&self) -> bool {
        let w = self.wanted;
        !w.states.is_empty() || w.held || w.unusable || w.undecided || w.gap.is_some()
    }

    /// What `then_device` is needed for beside finding rows.
    pub fn asks_device(&self) -> bool {
        let w = self.wanted;
        w.undecided || self.asks_only_device()
    }

    /// Whether something is asked that only `then_device` knows.
    pub fn asks_only_device(&self) -> bool {
        let w = self.wanted;
        let gap = matches!(w.gap, Some(Gap::Owner | Gap::RiskLevel));
        let named = self.models.is_some() || w.import.is_some() || !self.words.is_empty();
        gap || named || !w.departments.is_empty() || self.scopes().next().is_some()
    }

    /// What is not in the indexes of `then_device`.
    pub fn asks_more(&self) -> bool {
        self.wanted.import.is_some()
            || self.words.iter().any(|word| word.devices.as_ref().is_none_or(|of| !of.is_empty()))
    }

    /// The reaches that bound what may be seen.
    fn scopes(&self) -> impl Iterator<Item = ScopeSet> {
        let scopes = self.permits.iter().map(|permit| self.who.scope(*permit));
        scopes.filter(|scope| *scope != ScopeSet::Everywhere)
    }

    /// Adds that the rows of a table say what was known then.
    pub fn then(&self, select: &mut Select, times: (&'static str, &'static str)) {
        select.filter(times.0, [self.at.into()]).filter(times.1, [self.at.into()]);
    }

    /// Adds all conditions.
    pub fn narrow(&self, select: &mut Select, tables: Tables) {
        if tables.device && tables.state {
            select.filter(TOGETHER, []);
        }
        if tables.more {
            select.filter(THE_SAME, []);
        }
        if tables.device {
            self.then(select, DEVICE_THEN);
            self.narrow_device(select);
        }
        if tables.state {
            self.then(select, STATE_THEN);
            self.narrow_state(select);
        }
        self.narrow_gaps(select, tables);
    }

    fn narrow_device(&self, select: &mut Select) {
        select.one_of("s.here", self.heres().into_iter().map(Val::from));
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
            select.filter("w.import_id = {}", [import.into()]);
        }
        for word in &self.words {
            select.any(self.fits(word));
        }
        for scope in self.scopes() {
            let mut reach = Select::new("SELECT d.id FROM device d", "d", self.who.org);
            reach.within(&scope, "d.site_id", "d.department_id");
            select.among_those("s.device_id", "d.id", &reach);
        }
    }

    fn fits(&self, word: &Meant) -> Vec<Cond> {
        let vals = |ids: &HashSet<Uuid>| ids.iter().map(|id| Val::from(*id)).collect();
        let mut ways = vec![
            Cond::In("s.model_id", vals(&word.models)),
            Cond::In("s.site_id", vals(&word.sites)),
            Cond::Part(self.at_places_called(), self.called(word)),
            Cond::Part(self.of_owners_called(), self.called(word)),
        ];
        let so_called = Cond::Part("w.words LIKE {}", vec![beginning(&word.word).into()]);
        match &word.devices {
            // Which devices it may be is known: others need not be asked for their words.
            Some(of) if of.len() <= NAMES => {
                let among = Cond::In("s.device_id", of.iter().map(|id| Val::from(*id)).collect());
                ways.push(Cond::All(vec![among, so_called]));
            }
            _ => ways.push(so_called),
        }
        ways
    }

    /// That it was at a place with a word in its names.
    pub const fn at_places_called(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => called!("s.place_id", "place", ""),
            Engine::Postgres => called!("s.place_id", "place", " IS TRUE"),
        }
    }

    /// That its owner had a word in their names.
    pub const fn of_owners_called(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => called!("s.department_id", "department", ""),
            Engine::Postgres => called!("s.department_id", "department", " IS TRUE"),
        }
    }

    /// The values of [`Asked::at_places_called`] and [`Asked::of_owners_called`].
    pub fn called(&self, word: &Meant) -> Vec<Val> {
        let (org, at) = (Val::from(self.who.org), Val::from(self.at));
        vec![org.clone(), at.clone(), at, org, beginning(&word.word).into()]
    }

    fn narrow_state(&self, select: &mut Select) {
        select.one_of("f.state", self.states().into_iter().map(|s| s.code().into()));
        if !self.wanted.sites.is_empty() {
            select.one_of("f.site_id", self.wanted.sites.iter().map(|id| Val::from(*id)));
        }
        if self.wanted.held {
            select.filter("f.held", []);
        }
        if self.wanted.unusable {
            select.filter("f.unusable", []);
        }
    }

    fn narrow_gaps(&self, select: &mut Select, tables: Tables) {
        let riskless = || -> Vec<Val> { self.riskless.iter().map(|id| Val::from(*id)).collect() };
        if self.wanted.gap == Some(Gap::Owner) || self.wanted.undecided {
            let inventory = State::ALL.iter().filter(|state| state.in_inventory());
            select.one_of("f.state", inventory.map(|s| s.code().into()));
        }
        match self.wanted.gap {
            Some(Gap::Owner) => select.filter("s.department_id IS NULL", []),
            Some(Gap::Strategy) => select.filter("f.no_strategy", []),
            Some(Gap::RiskLevel) => select.filter("f.no_risk", []).one_of("s.model_id", riskless()),
            None => select,
        };
        // Without the devices' table only those without a strategy are read.
        if self.wanted.undecided && tables.device {
            let lacks = vec![
                Cond::Part("s.department_id IS NULL", Vec::new()),
                Cond::Part("f.no_strategy", Vec::new()),
                Cond::All(vec![Cond::In("s.model_id", riskless()), Cond::Part("f.no_risk", Vec::new())]),
            ];
            select.any(lacks);
        }
    }
}

/// Columns that say since and until when a row was so.
pub(super) const DEVICE_THEN: (&str, &str) = ("s.from_at <= {}", "s.until_at > {}");
/// As [`DEVICE_THEN`].
pub(super) const STATE_THEN: (&str, &str) = ("f.from_at <= {}", "f.until_at > {}");
