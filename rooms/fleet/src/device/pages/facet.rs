//! The answers beside the list of devices: what may narrow it further, with how many there are of each.

use std::collections::BTreeMap;

use db::{Tx, vals};
use kernel::{Actor, Id, Result, SiteId, query::Query};
use uuid::Uuid;
use web::look::{FacetGroup, FacetOption};

use super::{
    ask::present,
    words::{count, state_of},
};
use crate::{
    RiskLevel,
    device::{
        State,
        list::{Tallies, facets::Facets},
        search::{self, Understood, ticked},
    },
};

/// Answers shown of a group that has many, the most frequent first; ticked ones besides.
const SHOWN: usize = 8;

/// “Do not use” is a view of held and sequestered devices; the state alone is called by what it is.
pub(super) fn word_of(state: State) -> &'static str {
    match state {
        State::Quarantined => "Kept for investigation",
        other => state_of(other, false).word(),
    }
}

/// The groups. A count stands beside an answer only while it is the count within the present result.
pub(super) async fn groups(
    tx: &mut Tx,
    who: &Actor,
    (understood, query): (&Understood, &Query),
    tallies: &Tallies,
    counted: Option<&Facets>,
) -> Result<Vec<FacetGroup>> {
    let ticks = |field: &str| ticked(understood, query, field);
    let mut groups = vec![states(&ticks("state"), tallies, counted)];
    let sites: Vec<(SiteId, String)> =
        tallies.sites.iter().map(|(id, name, _)| (*id, name.clone())).collect();
    groups.extend(self::sites(&ticks("site"), &sites, counted));
    groups.push(risks(&ticks("risk"), counted));
    groups.push(flags(&ticks("flag"), counted));
    let Some(counted) = counted else { return Ok(groups) };
    let types = types(tx, who, counted).await?;
    groups.extend(many(tx, who, ("Type", "type"), &ticks("type"), &types).await?);
    let models = counted.models.iter().map(|(id, n)| (id.uuid(), *n)).collect();
    groups.extend(many(tx, who, ("Model", "model"), &ticks("model"), &models).await?);
    let owners = counted.departments.iter();
    let owners = owners.filter_map(|(id, n)| Some((id.as_ref()?.uuid(), *n))).collect();
    groups.extend(many(tx, who, ("Owner", "dept"), &ticks("dept"), &owners).await?);
    Ok(groups)
}

fn option(ticked: &[String], value: String, label: String, n: Option<i64>) -> FacetOption {
    let checked = ticked.contains(&value);
    FacetOption { value, label, count: n.map(count).unwrap_or_default(), checked }
}

fn group(title: &str, name: &str, options: Vec<FacetOption>) -> FacetGroup {
    FacetGroup { title: title.to_owned(), name: name.to_owned(), options }
}

fn states(ticks: &[String], tallies: &Tallies, counted: Option<&Facets>) -> FacetGroup {
    let ticked = |state: &State| ticks.iter().any(|code| code == state.code());
    let here = |state: &State| ticked(state) || tallies.states.get(state).is_some_and(|n| *n > 0);
    let left = State::ALL.iter().copied().filter(|s| s.kind().is_terminal()).filter(ticked);
    let options = present().filter(here).chain(left).map(|state| {
        let n = counted.map(|facets| facets.states.get(&state).copied().unwrap_or(0));
        option(ticks, state.code().to_owned(), word_of(state).to_owned(), n)
    });
    group("State", "state", options.collect())
}

/// States and sites without counts, for a list of the past: what they were is not kept.
pub(super) fn of_the_past(
    understood: &Understood,
    query: &Query,
    known: &[(SiteId, String)],
) -> Vec<FacetGroup> {
    let ticks = ticked(understood, query, "state");
    let options =
        present().map(|state| option(&ticks, state.code().to_owned(), word_of(state).to_owned(), None));
    let mut groups = vec![group("State", "state", options.collect())];
    groups.extend(sites(&ticked(understood, query, "site"), known, None));
    groups
}

fn sites(ticks: &[String], known: &[(SiteId, String)], counted: Option<&Facets>) -> Option<FacetGroup> {
    let n = |id: &SiteId| counted.map(|facets| facets.sites.get(id).copied().unwrap_or(0));
    let options: Vec<FacetOption> =
        known.iter().map(|(id, name)| option(ticks, id.to_string(), name.clone(), n(id))).collect();
    (options.len() > 1).then(|| group("Site", "site", most(options, known.len())))
}

fn risks(ticks: &[String], counted: Option<&Facets>) -> FacetGroup {
    let levels = RiskLevel::ALL.iter().map(|level| (Some(*level), level.code(), level.on_page()));
    let options = levels.chain([(None, "none", "Not decided yet")]).map(|(level, code, words)| {
        let n = counted.filter(|facets| !facets.risks.is_empty() || facets.total == 0);
        let n = n.map(|facets| facets.risks.get(&level).copied().unwrap_or(0));
        option(ticks, code.to_owned(), words.to_owned(), n)
    });
    group("Risk", "risk", options.collect())
}

fn flags(ticks: &[String], counted: Option<&Facets>) -> FacetGroup {
    let known = counted.filter(|facets| !facets.risks.is_empty() || facets.total == 0);
    let unusable = known.map(|facets| facets.unusable);
    let undecided = known.map(|facets| facets.undecided);
    let mut options = vec![
        option(ticks, "do-not-use".to_owned(), "Do not use".to_owned(), unusable),
        option(ticks, "undecided".to_owned(), "Not decided yet".to_owned(), undecided),
    ];
    let others = [
        ("held", "Held"),
        ("no-owner", "No owner"),
        ("no-risk", "No risk level"),
        ("no-strategy", "No strategy"),
        ("component", "Component"),
    ];
    let others = others.into_iter().filter(|(code, _)| ticks.iter().any(|tick| tick == code));
    options.extend(others.map(|(code, words)| option(ticks, code.to_owned(), words.to_owned(), None)));
    group("Flags", "flag", options)
}

db::statements! {
    /// The type of every model.
    TYPES = "SELECT m.id, m.type_id FROM model m WHERE m.org_id = $1";
}

async fn types(tx: &mut Tx, who: &Actor, counted: &Facets) -> Result<BTreeMap<Uuid, i64>> {
    let mut types = BTreeMap::new();
    if counted.models.is_empty() {
        return Ok(types);
    }
    for row in tx.all(TYPES, &vals![who.org]).await? {
        if let Some(n) = counted.models.get(&Id::from_uuid(row.get("id")?)) {
            *types.entry(row.get("type_id")?).or_default() += n;
        }
    }
    Ok(types)
}

/// A group with more answers than are shown: the most frequent, and those that are ticked.
async fn many(
    tx: &mut Tx,
    who: &Actor,
    (title, field): (&str, &str),
    ticks: &[String],
    counts: &BTreeMap<Uuid, i64>,
) -> Result<Option<FacetGroup>> {
    let mut order: Vec<(Uuid, i64)> = counts.iter().map(|(id, n)| (*id, *n)).collect();
    order.sort_by_key(|(id, n)| (-n, *id));
    order.truncate(SHOWN);
    let ticked = ticks.iter().filter_map(|id| id.parse::<Uuid>().ok());
    for id in ticked.take(SHOWN * 4) {
        if !order.iter().any(|(known, _)| *known == id) {
            order.push((id, counts.get(&id).copied().unwrap_or(0)));
        }
    }
    if order.len() < 2 && ticks.is_empty() {
        return Ok(None);
    }
    let ids: Vec<Uuid> = order.iter().map(|(id, _)| *id).collect();
    let names: BTreeMap<Uuid, String> =
        search::names_of(tx, who.org, field, &ids).await?.into_iter().collect();
    let options = order
        .into_iter()
        .filter_map(|(id, n)| Some(option(ticks, id.to_string(), names.get(&id)?.clone(), Some(n))));
    Ok(Some(group(title, field, options.collect())))
}

/// Of many sites those that hold something first, so that a health system's two hundred do not hide them.
fn most(mut options: Vec<FacetOption>, all: usize) -> Vec<FacetOption> {
    if all > SHOWN * 3 {
        options.retain(|option| option.checked || option.count != "0");
        let kept = options.iter().filter(|option| option.checked).count();
        let mut left = (SHOWN * 3).saturating_sub(kept);
        options.retain(|option| {
            let keep = option.checked || left > 0;
            left -= usize::from(keep && !option.checked);
            keep
        });
    }
    options
}
