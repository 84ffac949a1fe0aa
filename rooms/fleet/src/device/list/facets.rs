//! What a list holds, by state, site, model and the other answers that may narrow it further.

use std::collections::BTreeMap;

use db::{Row, Select, Tx, vals};
use kernel::{Actor, DepartmentId, Result, SiteId};

use super::{Also, Blank, Of, Wanted, tallies, way::Way};
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

/// Devices that are counted one by one; of longer lists only what the kept counts know is said.
const COUNTED: i64 = 20_000;

/// What is counted of each device. `held`, `inventory` and `open` are 0 or 1; `open` is a device on the inventory without
/// owner or strategy.
const HEAD: &str = "SELECT d.state, d.site_id, d.model_id, d.department_id, d.risk, \
    CASE WHEN d.hold_reason IS NULL THEN 0 ELSE 1 END AS held, \
    CASE WHEN d.state IN ('received', 'incoming_inspection', 'in_service', 'out_of_service_repair', \
    'out_of_service_stored', 'out_of_service_seasonal', 'loaned_out', 'not_located', 'quarantined', \
    'pending_disposal') THEN 1 ELSE 0 END AS inventory, \
    CASE WHEN d.department_id IS NULL OR d.strategy IS NULL THEN 1 ELSE 0 END AS open FROM device d";

/// The sums, each with its group, a word, an id, a sign and how many.
const SUMS: &str = "SELECT 'total' AS facet, CAST(NULL AS TEXT) AS word, CAST(NULL AS UUID) AS id, \
    CAST(0 AS BIGINT) AS sign, COUNT(*) AS n FROM x \
    UNION ALL SELECT 'state', x.state, CAST(NULL AS UUID), CAST(0 AS BIGINT), COUNT(*) FROM x GROUP BY x.state \
    UNION ALL SELECT 'site', CAST(NULL AS TEXT), x.site_id, CAST(0 AS BIGINT), COUNT(*) FROM x GROUP BY x.site_id \
    UNION ALL SELECT 'owner', CAST(NULL AS TEXT), x.department_id, CAST(0 AS BIGINT), COUNT(*) FROM x \
    GROUP BY x.department_id \
    UNION ALL SELECT 'unusable', CAST(NULL AS TEXT), CAST(NULL AS UUID), CAST(0 AS BIGINT), COUNT(*) FROM x \
    WHERE x.held = 1 OR x.state = 'quarantined' \
    UNION ALL SELECT 'model', x.risk, x.model_id, CAST(x.inventory * 2 + x.open AS BIGINT), COUNT(*) FROM x \
    GROUP BY x.risk, x.model_id, x.inventory * 2 + x.open";

db::statements! {
    /// The risk level of every model: its own, else that of its type.
    RISKS = "SELECT m.id, COALESCE(m.risk, t.risk) AS risk FROM model m JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
             WHERE m.org_id = $1";
}

/// What is asked for within one group of answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    State,
    Site,
    Owner,
    Model,
    Risk,
    Flag,
}

impl Group {
    /// Whether a further condition asks only for answers of this group.
    fn holds(self, also: &Also) -> bool {
        let of = |of: &Of| match self {
            Self::State => matches!(of, Of::State(_)),
            Self::Site => matches!(of, Of::Site(_)),
            Self::Owner => matches!(of, Of::Department(_)),
            Self::Model => matches!(of, Of::Model(_) | Of::Type(_)),
            Self::Risk => matches!(of, Of::Risk(_) | Of::Without(Blank::Risk)),
            Self::Flag => {
                matches!(of, Of::Held | Of::Unusable | Of::Undecided | Of::Gap(_) | Of::Component)
            }
        };
        !also.not && !also.any.is_empty() && also.any.iter().all(of)
    }
}

impl Wanted {
    /// The question without what is asked within a group; nothing where nothing is.
    fn without_group(&self, group: Group) -> Option<Self> {
        let mut rest = self.clone();
        match group {
            Group::State => rest.states.clear(),
            Group::Site => rest.sites.clear(),
            Group::Owner => rest.departments.clear(),
            Group::Model => {
                rest.models.clear();
                rest.types.clear();
            }
            Group::Risk => {}
            Group::Flag => (rest.held, rest.unusable, rest.undecided, rest.gap) = (false, false, false, None),
        }
        rest.also.retain(|also| !group.holds(also));
        (rest != *self).then_some(rest)
    }
}

/// The facets of a list: of all its devices where they are not too many to be looked at, else as far as the kept counts
/// know them.
///
/// # Errors
/// As [`Tx::all`].
pub async fn facets(tx: &mut Tx, who: &Actor, wanted: &Wanted) -> Result<Option<Facets>> {
    let Some(mut all) = counted(tx, who, wanted).await? else { return kept(tx, who, wanted).await };
    for group in [Group::State, Group::Site, Group::Owner, Group::Model, Group::Risk, Group::Flag] {
        let Some(rest) = wanted.without_group(group) else { continue };
        let Some(more) = counted(tx, who, &rest).await? else { return kept(tx, who, wanted).await };
        match group {
            Group::State => all.states = more.states,
            Group::Site => all.sites = more.sites,
            Group::Owner => all.departments = more.departments,
            Group::Model => all.models = more.models,
            Group::Risk => all.risks = more.risks,
            Group::Flag => (all.unusable, all.undecided) = (more.unusable, more.undecided),
        }
    }
    Ok(Some(all))
}

/// Counts a list device by device; nothing where that would mean looking at too many.
async fn counted(tx: &mut Tx, who: &Actor, wanted: &Wanted) -> Result<Option<Facets>> {
    if wanted.is_nothing() {
        return Ok(Some(Facets::default()));
    }
    let mut known = wanted.known(tx, who, COUNTED).await?;
    wanted.know_words(tx, who.org, &mut known).await?;
    let way = known.way();
    if let Way::Walk(walk) = way
        && known.rows(walk) > COUNTED
    {
        return Ok(None);
    }
    let mut select = Select::new(HEAD, "d", who.org);
    wanted.go(tx, &mut select, who, way);
    let rows = select.summed(tx, SUMS, COUNTED + 1).await?;
    let mut risks: BTreeMap<ModelId, Option<RiskLevel>> = BTreeMap::new();
    for row in tx.all(RISKS, &vals![who.org]).await? {
        risks.insert(row.get("id")?, row.parse_opt("risk")?);
    }
    let mut all = Facets::default();
    for row in &rows {
        all.add(row, &risks)?;
    }
    Ok((all.total <= COUNTED).then_some(all))
}

impl Facets {
    fn add(&mut self, row: &Row, risks: &BTreeMap<ModelId, Option<RiskLevel>>) -> Result<()> {
        let n: i64 = row.get("n")?;
        match row.get::<String>("facet")?.as_str() {
            "total" => self.total = n,
            "state" => {
                self.states.insert(row.parse("word")?, n);
            }
            "site" => {
                self.sites.insert(row.get("id")?, n);
            }
            "owner" => {
                self.departments.insert(row.get("id")?, n);
            }
            "unusable" => self.unusable = n,
            _ => {
                let model: ModelId = row.get("id")?;
                let own: Option<RiskLevel> = row.parse_opt("word")?;
                let risk = own.or(risks.get(&model).copied().flatten());
                let sign: i64 = row.get("sign")?;
                *self.models.entry(model).or_default() += n;
                *self.risks.entry(risk).or_default() += n;
                if sign >= 2 && (sign == 3 || risk.is_none()) {
                    self.undecided += n;
                }
            }
        }
        Ok(())
    }
}

/// What the kept counts know of a list that is only narrowed by state and site.
async fn kept(tx: &mut Tx, who: &Actor, wanted: &Wanted) -> Result<Option<Facets>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_on_the_inventory_are_those_of_the_statement() {
        for state in State::ALL {
            let written = HEAD.contains(&format!("'{}'", state.code()));
            assert_eq!(written, state.in_inventory(), "{}", state.code());
        }
    }
}
