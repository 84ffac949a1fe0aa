//! The list of devices: what may be asked of it and what a row shows.

use std::collections::{BTreeMap, HashMap};

use db::{Row, Select, Tx, Val, vals};
use kernel::{Actor, Cursor, Date, DepartmentId, Keyset, Problem, Result, SiteId, Slice};

mod also;
pub mod facets;
mod narrow;
pub mod way;

pub use also::{Also, Blank, Of};

use self::way::{TRIED, Walk, Way};
use super::{DeviceId, Gap, ImportId, State, store};
use crate::{CompanyId, DeviceTypeId, ModelId, RiskLevel, permit};

/// What the list shall hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Words, each of which must begin a word of the device: tag, serial, UDI, type, maker, model, place, site,
    /// owner.
    pub text: String,
    /// States, any of them; none means all that are in the inventory or on their way into it.
    pub states: Vec<State>,
    /// With devices that have left: retired, returned, cancelled. Only asked when `states` is empty.
    pub left_too: bool,
    /// Sites, any of them.
    pub sites: Vec<SiteId>,
    /// Owners, any of them.
    pub departments: Vec<DepartmentId>,
    /// Models, any of them.
    pub models: Vec<ModelId>,
    /// Types, any of them.
    pub types: Vec<DeviceTypeId>,
    /// Makers, any of them.
    pub companies: Vec<CompanyId>,
    /// Only devices that this import brought.
    pub import: Option<ImportId>,
    /// Only held devices.
    pub held: bool,
    /// Only devices that read “Do not use”: held, or kept for investigation.
    pub unusable: bool,
    /// Only devices on which this is not decided yet.
    pub gap: Option<Gap>,
    /// Only devices on which anything at all is not decided yet.
    pub undecided: bool,
    /// Words of which none may begin a word of the device. Lists of the past cannot be asked for it.
    pub without: Vec<String>,
    /// What else must hold, all of it. Lists of the past cannot be asked for it.
    pub also: Vec<Also>,
    /// The order.
    pub sort: Sort,
}

/// By what the list is ordered.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum Sort {
    /// Asset tag, A to Z.
    #[default]
    #[serde(rename = "tag")]
    Tag,
    /// Longest in its state first.
    #[serde(rename = "since")]
    State,
}

impl Sort {
    /// The word in a URL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::State => "since",
        }
    }

    /// Reads the word; anything else is the tag.
    pub fn from_code(code: &str) -> Self {
        if code == "since" { Self::State } else { Self::Tag }
    }
}

/// One row of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The device.
    pub id: DeviceId,
    /// Its tag.
    pub tag: String,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its type.
    pub type_name: String,
    /// Its model.
    pub model: String,
    /// Its maker.
    pub company: String,
    /// Its place.
    pub place: Option<String>,
    /// Its site.
    pub site: String,
    /// Its owner.
    pub department: Option<String>,
    /// Its state.
    pub state: State,
    /// Since when.
    pub state_since: kernel::Instant,
    /// Whether it is held.
    pub held: bool,
    /// Its own risk level, else its model's, else its type's.
    pub risk: Option<RiskLevel>,
    /// When the hospital got it.
    pub acquired_on: Option<Date>,
}

/// What a row shows.
const HEAD: &str = "SELECT d.id, d.tag, d.serial, t.name AS type_name, m.name AS model, \
    c.name AS company, p.name AS place, s.name AS site, o.name AS department, d.state, d.state_since_at, \
    d.hold_reason, d.risk, COALESCE(m.risk, t.risk) AS inherited_risk, d.acquired_on \
    FROM device d JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
    JOIN company c ON c.org_id = m.org_id AND c.id = m.company_id \
    JOIN site s ON s.org_id = d.org_id AND s.id = d.site_id \
    LEFT JOIN place p ON p.org_id = d.org_id AND p.id = d.place_id \
    LEFT JOIN department o ON o.org_id = d.org_id AND o.id = d.department_id";

/// Which rows a page has, with what they are ordered by: nothing else is looked up for a row that is not shown, and an
/// index in that order knows it all.
const WHICH_BY_TAG: &str = "SELECT d.id, d.tag_key FROM device d";
const WHICH_BY_STATE: &str = "SELECT d.id, d.state_since_at FROM device d";
/// The same where all that fit are fetched anyway, with their number.
const WHICH_OF: &str = "SELECT d.id, COUNT(*) OVER () AS n FROM device d";
/// How many devices a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matches {
    /// So many,
    pub count: i64,
    /// and perhaps more: counting stopped.
    pub more: bool,
}

/// One page of the list.
///
/// # Errors
/// As [`Tx::all`].
pub async fn page(tx: &mut Tx, who: &Actor, wanted: &Wanted, keyset: &Keyset) -> Result<Slice<Listed>> {
    page_of(tx, who, wanted, keyset).await.map(|(slice, _)| slice)
}

/// One page of the list, and how many devices there are from its first row on.
///
/// # Errors
/// As [`Tx::all`].
pub async fn page_of(
    tx: &mut Tx,
    who: &Actor,
    wanted: &Wanted,
    keyset: &Keyset,
) -> Result<(Slice<Listed>, Matches)> {
    let (ids, matches) = which(tx, who, wanted, keyset).await?;
    let rows = show(tx, who, &ids).await?;
    let slice = Slice::cut(rows, keyset.limit, |last| Cursor {
        after: match wanted.sort {
            Sort::Tag => kernel::key(&last.tag),
            Sort::State => last.state_since.micros().to_string(),
        },
        id: last.id.uuid(),
    });
    Ok((slice, matches))
}

/// Counts whose sender asks for them and waits for them stop here.
pub const MOST_COUNTED: i64 = 10_000;

/// How many devices the list holds, but no further than [`MOST_COUNTED`]. Where conditions hardly ever meet this looks
/// at far more rows than a page of the list does.
///
/// # Errors
/// As [`Tx::all`].
pub async fn count(tx: &mut Tx, who: &Actor, wanted: &Wanted) -> Result<i64> {
    let mut known = wanted.known(tx, who, MOST_COUNTED).await?;
    wanted.know_words(tx, who.org, &mut known).await?;
    let mut select = Select::new(wanted.which(), "d", who.org);
    wanted.go(tx, &mut select, who, known.way());
    select.count(tx, MOST_COUNTED).await
}

/// The devices of a page and the first one after it, by the cheapest way.
async fn which(
    tx: &mut Tx,
    who: &Actor,
    wanted: &Wanted,
    keyset: &Keyset,
) -> Result<(Vec<DeviceId>, Matches)> {
    let mut known = wanted.known(tx, who, i64::from(keyset.limit) + 1).await?;
    // To count what holds part of a number is quick, and to walk until some of it comes is not.
    if db::search::has_rare(&wanted.text) {
        wanted.know_words(tx, who.org, &mut known).await?;
    }
    let mut way = known.way();
    if let Way::Walk(walk) = way {
        let first = known.first_try(walk);
        let mut rows = first;
        loop {
            let (ids, matches) = try_walk(tx, who, wanted, keyset, (walk, rows)).await?;
            if ids.len() > keyset.limit as usize || !matches.more {
                return Ok((ids, matches));
            }
            match known.again(matches.count, rows).filter(|_| rows == first) {
                Some(more) => rows = more,
                None => break,
            }
        }
        wanted.know_words(tx, who.org, &mut known).await?;
        way = known.other_way(walk);
    } else if !wanted.text.is_empty() {
        wanted.know_words(tx, who.org, &mut known).await?;
        way = known.way();
    }
    let fetched = matches!(way, Way::Fetch(_));
    let mut select = Select::new(if fetched { WHICH_OF } else { wanted.which() }, "d", who.org);
    wanted.go(tx, &mut select, who, way);
    wanted.in_order(&mut select, keyset, i64::from(keyset.limit) + 1);
    let rows = select.all(tx).await?;
    let ids: Vec<DeviceId> = rows.iter().map(|row| row.get("id")).collect::<Result<_>>()?;
    let shown = ids.len() as i64;
    let matches = match rows.first() {
        Some(row) if fetched => Matches { count: row.get("n")?, more: false },
        _ => Matches { count: shown, more: ids.len() > keyset.limit as usize },
    };
    Ok((ids, matches))
}

/// Looks at the first rows of a walk; those that fit, and how many fit among all it looked at.
async fn try_walk(
    tx: &mut Tx,
    who: &Actor,
    wanted: &Wanted,
    keyset: &Keyset,
    (walk, rows): (Walk, i64),
) -> Result<(Vec<DeviceId>, Matches)> {
    let mut select = Select::new(wanted.which(), "d", who.org);
    wanted.enter(&mut select, who, walk);
    wanted.in_order(&mut select, keyset, rows);
    select.bounded();
    wanted.fit(tx, &mut select, who, walk);
    let fitting = select.among(tx, i64::from(keyset.limit) + 1).await?;
    let ids = fitting.iter().map(|row| row.get("id")).collect::<Result<Vec<_>>>()?;
    let Some(first) = fitting.first() else {
        // Where all rows were asked for, nothing fits; else it may come later. Indexes of what has left hold what an
        // undone import brought too, which no count knows.
        let more = rows == TRIED || !walk.is_counted();
        return Ok((ids, Matches { count: 0, more }));
    };
    let looked_at: i64 = first.get("looked_at")?;
    Ok((ids, Matches { count: first.get("n")?, more: looked_at >= rows }))
}

/// What the rows of these devices show, in their order.
async fn show(tx: &mut Tx, who: &Actor, ids: &[DeviceId]) -> Result<Vec<Listed>> {
    let mut select = Select::new(HEAD, "d", who.org);
    select.one_of("d.id", ids.iter().map(|id| Val::from(*id)));
    let rows: Vec<Listed> = select.all(tx).await?.iter().map(listed).collect::<Result<_>>()?;
    let mut rows: HashMap<DeviceId, Listed> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
}

fn listed(row: &Row) -> Result<Listed> {
    let own: Option<RiskLevel> = row.parse_opt("risk")?;
    Ok(Listed {
        id: row.get("id")?,
        tag: row.get("tag")?,
        serial: row.get("serial")?,
        type_name: row.get("type_name")?,
        model: row.get("model")?,
        company: row.get("company")?,
        place: row.get("place")?,
        site: row.get("site")?,
        department: row.get("department")?,
        state: row.parse("state")?,
        state_since: row.get("state_since_at")?,
        held: row.get::<Option<String>>("hold_reason")?.is_some(),
        risk: if own.is_some() { own } else { row.parse_opt("inherited_risk")? },
        acquired_on: row.get("acquired_on")?,
    })
}

/// How many devices of one state a site has.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The site.
    pub site: SiteId,
    /// Its name.
    pub site_name: String,
    /// The state.
    pub state: State,
    /// How many.
    pub count: i64,
    /// How many of them are held.
    pub held: i64,
}

/// How many devices there are at each site in each state, in the actor's sight; sites by name. Read from the kept
/// counts.
///
/// # Errors
/// As [`Tx::all`].
pub async fn tally(tx: &mut Tx, who: &Actor) -> Result<Vec<Tally>> {
    let scope = who.scope(permit::DEVICE_VIEW);
    let counted = db::tally::of(tx, who.org, store::BY_STATE, &scope).await?;
    let held = db::tally::of(tx, who.org, store::HELD, &scope).await?;
    let held: HashMap<(SiteId, &str), i64> =
        held.iter().map(|h| ((h.site, h.word.as_str()), h.count)).collect();
    let mut there: HashMap<SiteId, Vec<_>> = HashMap::new();
    for t in &counted {
        let state: State = t.word.parse().map_err(|_| Problem::bug(format!("a count of “{}”", t.word)))?;
        let held = held.get(&(t.site, t.word.as_str())).copied().unwrap_or(0);
        there.entry(t.site).or_default().push((state, t.count, held));
    }
    let mut tallies = Vec::with_capacity(counted.len());
    for row in tx.all(SITES, &vals![who.org]).await? {
        let (site, site_name): (SiteId, String) = (row.get("id")?, row.get("name")?);
        let mut states = there.remove(&site).unwrap_or_default();
        states.sort_by_key(|(state, ..)| *state);
        let one = |(state, count, held)| Tally { site, site_name: site_name.clone(), state, count, held };
        tallies.extend(states.into_iter().map(one));
    }
    Ok(tallies)
}

/// How many devices there are, in the actor's sight: what stands beside the filters.
#[derive(Clone, Debug, Default)]
pub struct Tallies {
    /// By state.
    pub states: BTreeMap<State, i64>,
    /// By state at the sites asked for.
    pub there: BTreeMap<State, i64>,
    /// Held ones by state.
    pub held: BTreeMap<State, i64>,
    /// Each site that has any, by name: how many of the states asked for it has.
    pub sites: Vec<(SiteId, String, i64)>,
}

/// How many devices there are by state and by site. Read from the kept counts, so that it costs the same for a clinic
/// and for a health system.
///
/// # Errors
/// As [`Tx::all`].
pub async fn tallies(
    tx: &mut Tx,
    who: &Actor,
    sites: &[SiteId],
    states: impl Iterator<Item = State>,
) -> Result<Tallies> {
    let scope = who.scope(permit::DEVICE_VIEW);
    let read = |counts: BTreeMap<String, i64>| {
        let bug = |word: &str| Problem::bug(format!("a count of “{word}”"));
        let one = |(word, n): (String, i64)| Ok((word.parse().map_err(|_| bug(&word))?, n));
        counts.into_iter().map(one).collect::<Result<BTreeMap<State, i64>>>()
    };
    let all = read(db::tally::by_word(tx, who.org, store::BY_STATE, &scope, None).await?)?;
    let there = if sites.is_empty() {
        all.clone()
    } else {
        read(db::tally::by_word(tx, who.org, store::BY_STATE, &scope, Some(sites)).await?)?
    };
    let held = read(db::tally::by_word(tx, who.org, store::HELD, &scope, None).await?)?;
    let words = states.map(State::code);
    let mut by_site = db::tally::by_site(tx, who.org, store::BY_STATE, &scope, words).await?;
    let mut sites = Vec::with_capacity(by_site.len());
    for row in tx.all(SITES, &vals![who.org]).await? {
        let id = row.get("id")?;
        if let Some(n) = by_site.remove(&id) {
            sites.push((id, row.get("name")?, n));
        }
    }
    Ok(Tallies { states: all, there, held, sites })
}

db::statements! {
    /// The names of the sites, in their order.
    SITES = "SELECT s.id, s.name FROM site s WHERE s.org_id = $1 ORDER BY s.name_key, s.id";
}
