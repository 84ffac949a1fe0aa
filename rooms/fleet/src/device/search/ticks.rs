//! Answers ticked beside a list: which ones a query ticks, and how a tick is written into it.

use db::{Select, Tx, vals};
use kernel::{Actor, OrgId, Result, query::Query, query::Test};
use uuid::Uuid;

use super::{
    FLAGS, Understood, coded,
    names::{self, Kind},
};
use crate::device::{
    State,
    list::{Also, Blank, Of},
    pages::words::state_of,
};

/// The answers of a field that a query ticks: ids or codes, in the way a list offers them.
pub fn ticked(now: &Understood, query: &Query, field: &str) -> Vec<String> {
    let wanted = &now.wanted;
    let texts = |ids: &mut dyn Iterator<Item = String>| ids.collect::<Vec<_>>();
    match field {
        "state" => wanted.states.iter().map(|state| state.code().to_owned()).collect(),
        "site" => texts(&mut wanted.sites.iter().map(ToString::to_string)),
        "dept" => texts(&mut wanted.departments.iter().map(ToString::to_string)),
        "model" => texts(&mut wanted.models.iter().map(ToString::to_string)),
        "type" => texts(&mut wanted.types.iter().map(ToString::to_string)),
        "maker" => texts(&mut wanted.companies.iter().map(ToString::to_string)),
        "risk" => wanted.also.iter().flat_map(risks).collect(),
        "flag" => {
            let terms = query.of("flag").filter(|term| !term.not);
            let values = terms.filter_map(|term| match &term.test {
                Test::OneOf(values) => Some(values),
                _ => None,
            });
            let known =
                values.flatten().filter_map(|value| coded(value, FLAGS, |(name, _)| [name, name]).ok());
            known.map(|(name, _)| name.to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

fn risks(also: &Also) -> Vec<String> {
    if also.not {
        return Vec::new();
    }
    let of = |of: &Of| match of {
        Of::Risk(levels) => levels.iter().map(|level| level.code().to_owned()).collect(),
        Of::Without(Blank::Risk) => vec!["none".to_owned()],
        _ => Vec::new(),
    };
    also.any.iter().flat_map(of).collect()
}

/// What stands in a query for an answer: the name behind its id, as short as it means just that; the words of a state.
///
/// # Errors
/// As [`Tx::all`].
pub async fn value_of(tx: &mut Tx, who: &Actor, field: &str, value: &str) -> Result<String> {
    if field == "state" {
        let state: std::result::Result<State, _> = value.parse();
        return Ok(state.map_or_else(|_| value.to_owned(), |s| state_of(s, false).word().to_lowercase()));
    }
    let kind = match field {
        "site" => Kind::Site,
        "dept" => Kind::Department,
        "model" => Kind::Model,
        "type" => Kind::Type,
        "maker" => Kind::Company,
        "loc" => Kind::Place,
        _ => return Ok(value.to_owned()),
    };
    let Ok(id) = value.parse::<Uuid>() else { return Ok(value.to_owned()) };
    for name in spelt(tx, who.org, kind, id).await? {
        if names::called(tx, who.org, kind, &kernel::fold(&name)).await? == [id] {
            return Ok(name);
        }
    }
    Ok(value.to_owned())
}

db::statements! {
    /// The name of a type, and of nothing around it.
    TYPE = "SELECT x.name, NULL AS around FROM device_type x WHERE x.org_id = $1 AND x.id = $2";
    /// The name of a maker.
    COMPANY = "SELECT x.name, NULL AS around FROM company x WHERE x.org_id = $1 AND x.id = $2";
    /// The name of a model, and of its maker.
    MODEL = "SELECT x.name, c.name AS around FROM model x JOIN company c ON c.org_id = x.org_id \
             AND c.id = x.company_id WHERE x.org_id = $1 AND x.id = $2";
    /// The name of a site.
    SITE = "SELECT x.name, NULL AS around FROM site x WHERE x.org_id = $1 AND x.id = $2";
    /// The name of a department, and of its site.
    DEPARTMENT = "SELECT x.name, s.name AS around FROM department x JOIN site s ON s.org_id = x.org_id \
                  AND s.id = x.site_id WHERE x.org_id = $1 AND x.id = $2";
    /// The name of a place, and of what it is in.
    PLACE = "SELECT x.name, u.name AS around FROM place x LEFT JOIN place u ON u.org_id = x.org_id \
             AND u.id = x.parent_id WHERE x.org_id = $1 AND x.id = $2";
}

/// The ways to write a name, the shortest first.
async fn spelt(tx: &mut Tx, org: OrgId, kind: Kind, id: Uuid) -> Result<Vec<String>> {
    let statement = match kind {
        Kind::Type => TYPE,
        Kind::Company => COMPANY,
        Kind::Model => MODEL,
        Kind::Site => SITE,
        Kind::Department => DEPARTMENT,
        Kind::Place => PLACE,
    };
    let Some(row) = tx.find(statement, &vals![org, id]).await? else { return Ok(Vec::new()) };
    let name: String = row.get("name")?;
    let around: Option<String> = row.get("around")?;
    let whole = around.map(|around| format!("{around} {name}"));
    Ok([Some(name), whole].into_iter().flatten().collect())
}

/// What answers of a field are called, by their ids: models with their makers.
///
/// # Errors
/// As [`Tx::all`].
pub async fn names_of(tx: &mut Tx, org: OrgId, field: &str, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let head = match field {
        "model" => {
            "SELECT x.id, c.name || ' ' || x.name AS name FROM model x JOIN company c ON c.org_id = x.org_id \
             AND c.id = x.company_id"
        }
        "type" => "SELECT x.id, x.name FROM device_type x",
        "dept" => "SELECT x.id, x.name FROM department x",
        _ => "SELECT x.id, x.name FROM site x",
    };
    let mut select = Select::new(head, "x", org);
    select.one_of("x.id", ids.iter().map(|id| (*id).into()));
    select.all(tx).await?.iter().map(|row| Ok((row.get("id")?, row.get("name")?))).collect()
}
