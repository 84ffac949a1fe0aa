//! The list of devices: what may be asked of it and what a row shows.

use std::collections::BTreeMap;

use db::{Row, Select, Tx, Val, vals};
use kernel::{Actor, Cursor, Date, DepartmentId, Keyset, Problem, Result, SiteId, Slice};

use super::{DeviceId, Gap, ImportId, State, store};
use crate::{CompanyId, DeviceTypeId, ModelId, RiskLevel, permit};

/// What the list shall hold.
#[derive(Clone, Debug, Default)]
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
    /// The order.
    pub sort: Sort,
}

/// By what the list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Asset tag, A to Z.
    #[default]
    Tag,
    /// Longest in its state first.
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
    /// Its own risk level, else its type's.
    pub risk: Option<RiskLevel>,
    /// When the hospital got it.
    pub acquired_on: Option<Date>,
}

const HEAD: &str = "SELECT d.id, d.tag, d.tag_key, d.serial, t.name AS type_name, m.name AS model, \
    c.name AS company, p.name AS place, s.name AS site, o.name AS department, d.state, d.state_since_at, \
    d.hold_reason, d.risk, t.risk AS type_risk, d.acquired_on \
    FROM device d JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
    JOIN company c ON c.org_id = m.org_id AND c.id = m.company_id \
    JOIN site s ON s.org_id = d.org_id AND s.id = d.site_id \
    LEFT JOIN place p ON p.org_id = d.org_id AND p.id = d.place_id \
    LEFT JOIN department o ON o.org_id = d.org_id AND o.id = d.department_id";

/// For counting, only the tables that conditions name.
const BARE: &str = "SELECT 1 AS one FROM device d JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id";

const ONLY: &str = "SELECT 1 AS one FROM device d";

/// How many devices a filter by site, owner and state leaves.
const KEPT: &str = "SELECT CAST(COALESCE(SUM(t.n), 0) AS BIGINT) AS n FROM tally t";

/// Two short lists, each with its index, instead of a look at every device.
const UNUSABLE: &str = "d.id IN (SELECT h.id FROM device h WHERE h.org_id = {} AND h.hold_reason IS NOT NULL \
    UNION ALL SELECT q.id FROM device q WHERE q.org_id = {} AND q.state = {})";

/// From this many matches on, the list is walked in order instead of sorting the matches.
const MANY: i64 = 2_000;

/// Counts stop here; pages print “10,000+”.
pub const MOST_COUNTED: i64 = 10_000;

impl Wanted {
    fn needs_model(&self) -> bool {
        !self.types.is_empty()
            || !self.companies.is_empty()
            || self.gap == Some(Gap::RiskLevel)
            || self.undecided
    }

    /// Adds the conditions to a query over `device d`, with `model m` and `device_type t` where needed.
    fn narrow(&self, select: &mut Select, who: &Actor) {
        select.filter("d.removed_at IS NULL", []);
        select.within(&who.scope(permit::DEVICE_VIEW), "d.site_id", "d.department_id");
        if self.states.is_empty() && !self.left_too {
            select.one_of("d.state", present());
        } else if !self.states.is_empty() {
            select.one_of("d.state", self.states.iter().map(|s| Val::from(s.code())));
        }
        if !self.sites.is_empty() {
            select.one_of("d.site_id", self.sites.iter().map(|id| Val::from(*id)));
        }
        if !self.departments.is_empty() {
            select.one_of("d.department_id", self.departments.iter().map(|id| Val::from(*id)));
        }
        if !self.models.is_empty() {
            select.one_of("d.model_id", self.models.iter().map(|id| Val::from(*id)));
        }
        if !self.types.is_empty() {
            select.one_of("m.type_id", self.types.iter().map(|id| Val::from(*id)));
        }
        if !self.companies.is_empty() {
            select.one_of("m.company_id", self.companies.iter().map(|id| Val::from(*id)));
        }
        if let Some(import) = self.import {
            select.filter("d.import_id = {}", [import.into()]);
        }
        if self.held {
            select.filter("d.hold_reason IS NOT NULL", []);
        }
        if self.unusable {
            select.filter(UNUSABLE, [who.org.into(), who.org.into(), State::Quarantined.code().into()]);
        }
        if self.undecided || self.gap.is_some() {
            select.one_of("d.state", inventory());
        }
        if self.undecided {
            select.filter(
                "(d.department_id IS NULL OR d.strategy IS NULL OR COALESCE(d.risk, t.risk) IS NULL)",
                [],
            );
        }
        match self.gap {
            Some(Gap::Owner) => select.filter("d.department_id IS NULL", []),
            Some(Gap::RiskLevel) => select.filter("COALESCE(d.risk, t.risk) IS NULL", []),
            Some(Gap::Strategy) => select.filter("d.strategy IS NULL", []),
            None => select,
        };
    }

    /// Whether the filters leave so few that finding and sorting them beats walking the list in its order. Read
    /// from the kept counts; filters that these do not know are taken to leave few.
    async fn is_narrow(&self, tx: &mut Tx, who: &Actor) -> Result<bool> {
        let unknown = !(self.models.is_empty() && self.types.is_empty() && self.companies.is_empty());
        if unknown || self.held || self.unusable {
            return Ok(true);
        }
        let mut select = Select::new(KEPT, "t", who.org);
        select.filter("t.name = {}", [store::BY_STATE.into()]);
        select.within(&who.scope(permit::DEVICE_VIEW), "t.site_id", "t.department_id");
        if !self.states.is_empty() {
            select.one_of("t.word", self.states.iter().map(|s| Val::from(s.code())));
        }
        if !self.sites.is_empty() {
            select.one_of("t.site_id", self.sites.iter().map(|id| Val::from(*id)));
        }
        if !self.departments.is_empty() {
            select.one_of("t.department_id", self.departments.iter().map(|id| Val::from(*id)));
        }
        let rows = select.all(tx).await?;
        let kept = rows.first().map_or(Ok(0), |row| row.get::<i64>("n"))?;
        Ok(kept < MANY)
    }

    /// Whether so many devices hold these words that walking the list in its order beats fetching all of them.
    async fn is_broad(&self, tx: &mut Tx, who: &Actor) -> Result<bool> {
        let found = db::search::count(tx, who.org, "device", &self.text, MANY).await?;
        Ok(found.is_some_and(|found| found >= MANY))
    }
}

/// The states of devices that have not left.
fn present() -> impl Iterator<Item = Val> {
    State::ALL.iter().filter(|s| !s.kind().is_terminal()).map(|s| Val::from(s.code()))
}

/// The states of devices on the inventory; what is not decided about others is no gap.
fn inventory() -> impl Iterator<Item = Val> {
    State::ALL.iter().filter(|s| s.in_inventory()).map(|s| Val::from(s.code()))
}

/// One page of the list.
///
/// # Errors
/// As [`Tx::all`].
pub async fn page(tx: &mut Tx, who: &Actor, wanted: &Wanted, keyset: &Keyset) -> Result<Slice<Listed>> {
    let broad = wanted.is_broad(tx, who).await?;
    let narrow = wanted.is_narrow(tx, who).await?;
    let mut select = Select::new(HEAD, "d", who.org);
    wanted.narrow(&mut select, who);
    select.few(narrow);
    select.found(tx, "device", "d.id", &wanted.text, broad);
    let after = keyset.after.as_ref();
    match wanted.sort {
        Sort::Tag => select.page("d.tag_key", "d.id", false, false, after, keyset.limit + 1),
        Sort::State => select.page("d.state_since_at", "d.id", true, false, after, keyset.limit + 1),
    };
    let rows: Vec<Listed> = select.all(tx).await?.iter().map(listed).collect::<Result<_>>()?;
    Ok(Slice::cut(rows, keyset.limit, |last| Cursor {
        after: match wanted.sort {
            Sort::Tag => kernel::key(&last.tag),
            Sort::State => last.state_since.micros().to_string(),
        },
        id: last.id.uuid(),
    }))
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
        risk: if own.is_some() { own } else { row.parse_opt("type_risk")? },
        acquired_on: row.get("acquired_on")?,
    })
}

/// How many devices the list holds, but no further than [`MOST_COUNTED`].
///
/// # Errors
/// As [`Tx::all`].
pub async fn count(tx: &mut Tx, who: &Actor, wanted: &Wanted) -> Result<i64> {
    let broad = wanted.is_broad(tx, who).await?;
    let mut select = Select::new(if wanted.needs_model() { BARE } else { ONLY }, "d", who.org);
    wanted.narrow(&mut select, who);
    select.found(tx, "device", "d.id", &wanted.text, broad);
    select.count(tx, MOST_COUNTED).await
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
/// counts, so that it costs the same for a clinic and for a health system.
///
/// # Errors
/// As [`Tx::all`].
pub async fn tally(tx: &mut Tx, who: &Actor) -> Result<Vec<Tally>> {
    let scope = who.scope(permit::DEVICE_VIEW);
    let counted = db::tally::of(tx, who.org, store::BY_STATE, &scope).await?;
    let held = db::tally::of(tx, who.org, store::HELD, &scope).await?;
    let names: BTreeMap<SiteId, String> = tx
        .all(SITES, &vals![who.org])
        .await?
        .iter()
        .map(|row| Ok((row.get("id")?, row.get("name")?)))
        .collect::<Result<_>>()?;
    let mut tallies = Vec::with_capacity(counted.len());
    for t in counted {
        let held = held.iter().find(|h| (h.site, &h.word) == (t.site, &t.word)).map_or(0, |h| h.count);
        let site_name = names.get(&t.site).cloned().unwrap_or_default();
        let state = t.word.parse().map_err(|_| Problem::bug(format!("a count of “{}”", t.word)))?;
        tallies.push(Tally { site: t.site, site_name, state, count: t.count, held });
    }
    tallies.sort_by_key(|t| (kernel::fold(&t.site_name), t.site, t.state));
    Ok(tallies)
}

db::statements! {
    /// The names of the sites.
    SITES = "SELECT s.id, s.name FROM site s WHERE s.org_id = $1";
    /// Devices with this key as their tag or serial number, or with this UDI, the tag first.
    NAMED = "SELECT d.id, d.site_id, d.department_id, CAST(1 AS BIGINT) AS means FROM device d \
             WHERE d.org_id = $1 AND d.tag_key = $2 AND d.removed_at IS NULL \
             UNION ALL SELECT d.id, d.site_id, d.department_id, CAST(2 AS BIGINT) AS means FROM device d \
             WHERE d.org_id = $1 AND d.serial_key = $2 AND d.removed_at IS NULL \
             UNION ALL SELECT d.id, d.site_id, d.department_id, CAST(3 AS BIGINT) AS means FROM device d \
             WHERE d.org_id = $1 AND d.udi = $3 AND d.removed_at IS NULL ORDER BY means LIMIT 3";
}

/// The one device that a scanned or typed code names: its tag, else its serial number, else its UDI. `None` when
/// no device or more than one fits, or when it is out of the actor's sight.
///
/// # Errors
/// As [`Tx::all`].
pub async fn named(tx: &mut Tx, who: &Actor, code: &str) -> Result<Option<DeviceId>> {
    let key = kernel::key(code);
    if key.is_empty() {
        return Ok(None);
    }
    let rows = tx.all(NAMED, &vals![who.org, key, code.trim()]).await?;
    let mut found: Option<(i64, &Row)> = None;
    for row in &rows {
        let means: i64 = row.get("means")?;
        match found {
            None => found = Some((means, row)),
            Some((first, _)) if first == means => return Ok(None),
            Some(_) => break,
        }
    }
    let Some((_, row)) = found else { return Ok(None) };
    let reach = kernel::Reach { site: row.get("site_id")?, department: row.get("department_id")? };
    if who.may(permit::DEVICE_VIEW, reach) { Ok(Some(row.get("id")?)) } else { Ok(None) }
}
