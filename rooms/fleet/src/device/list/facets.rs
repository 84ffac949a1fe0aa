//! What a list holds, by state, site, model and the other answers that may narrow it further.

use std::collections::BTreeMap;

use db::Tx;
use kernel::{Actor, DepartmentId, Result, SiteId};
use web::App;

use super::{Wanted, tallies};
use crate::{ModelId, RiskLevel, device::State};

/// How many devices of a list there are by each answer. Within a group of answers of which some are asked for, the others
/// are counted as if none were: a tick more adds what stands beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facets {
    /// All devices of the list.
    pub total: i64,
    /// By state.
    pub states: BTreeMap<State, i64>,
    /// By site.
    pub sites: BTreeMap<SiteId, i64>,
    /// By model.
    pub models: BTreeMap<ModelId, i64>,
    /// By owner; those without one too.
    pub departments: BTreeMap<Option<DepartmentId>, i64>,
    /// By risk level; those on which it is not decided too.
    pub risks: BTreeMap<Option<RiskLevel>, i64>,
    /// That read “Do not use”.
    pub unusable: i64,
    /// On which something is not decided.
    pub undecided: i64,
}

impl Wanted {
    /// Whether the kept counts by site and state know how many there are.
    pub fn is_plain(&self) -> bool {
        let of = Self {
            states: self.states.clone(),
            left_too: self.left_too,
            sites: self.sites.clone(),
            sort: self.sort,
            ..Self::default()
        };
        *self == of
    }

    /// Whether lists of the past can be asked for it.
    pub fn is_of_the_past(&self) -> bool {
        self.also.is_empty() && self.without.is_empty()
    }

    /// Whether a device of this state is among those asked for, as far as that goes.
    pub fn holds_state(&self, state: State) -> bool {
        match (self.states.is_empty(), self.left_too) {
            (false, _) => self.states.contains(&state),
            (true, left_too) => left_too || !state.kind().is_terminal(),
        }
    }
}

/// The facets of a list, where they are known without looking at each of its devices.
///
/// # Errors
/// As [`Tx::all`].
pub async fn facets(_app: &App, tx: &mut Tx, who: &Actor, wanted: &Wanted) -> Result<Option<Facets>> {
    if !wanted.is_plain() {
        return Ok(None);
    }
    let states = State::ALL.iter().copied().filter(|state| wanted.holds_state(*state));
    let kept = tallies(tx, who, &wanted.sites, states).await?;
    let all = kept.there.iter().filter(|(state, _)| wanted.holds_state(**state));
    Ok(Some(Facets {
        total: all.map(|(_, n)| n).sum(),
        states: kept.there,
        sites: kept.sites.into_iter().map(|(id, _, n)| (id, n)).collect(),
        ..Facets::default()
    }))
}
