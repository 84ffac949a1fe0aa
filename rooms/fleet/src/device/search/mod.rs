//! Searches for devices: what a query means, field by field.
//!
//! One language for the list, the palette, the API, exports, saved views and bulk work. What is not understood is never
//! left aside without a word: a list that was to be narrowed and is not would be taken for the answer.

mod code;
mod names;
mod state;
mod ticks;
mod value;

pub(crate) use code::ALL as CODES;
pub use code::named as by_code;
pub(crate) use ticks::ALL as TICKS;
pub use ticks::{names_of, ticked, value_of};

use db::{Tx, vals};
use kernel::{
    Actor, Currency, Date, DepartmentId, Id, Instant, Result, SiteId, TimeZone,
    query::{self, Query, Term, Test},
};
use uuid::Uuid;

use self::names::Kind;
use super::list::{Also, Blank, Of, Wanted};
use crate::{
    RiskLevel,
    device::{DeviceId, Gap, Strategy, Tenure, store, then::list::NOT_OF_THE_PAST},
    permit,
};

/// What a term's field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Type,
    Maker,
    Model,
    Tag,
    Serial,
    Udi,
    Site,
    Dept,
    Loc,
    State,
    Risk,
    Age,
    Acquired,
    Since,
    Cost,
    Tenure,
    Strategy,
    Flag,
    System,
    Import,
}

/// The fields by the words people write, the first of each as it is offered.
const FIELDS: &[(&str, Field)] = &[
    ("type", Field::Type),
    ("maker", Field::Maker),
    ("model", Field::Model),
    ("tag", Field::Tag),
    ("serial", Field::Serial),
    ("udi", Field::Udi),
    ("site", Field::Site),
    ("dept", Field::Dept),
    ("loc", Field::Loc),
    ("state", Field::State),
    ("risk", Field::Risk),
    ("age", Field::Age),
    ("acquired", Field::Acquired),
    ("since", Field::Since),
    ("cost", Field::Cost),
    ("tenure", Field::Tenure),
    ("strategy", Field::Strategy),
    ("flag", Field::Flag),
    ("system", Field::System),
    ("import", Field::Import),
    ("manufacturer", Field::Maker),
    ("sn", Field::Serial),
    ("department", Field::Dept),
    ("owner", Field::Dept),
    ("location", Field::Loc),
    ("place", Field::Loc),
    ("room", Field::Loc),
    ("price", Field::Cost),
];

/// The words of flags and what each asks for.
const FLAGS: &[(&str, Flag)] = &[
    ("do-not-use", || Of::Unusable),
    ("held", || Of::Held),
    ("undecided", || Of::Undecided),
    ("no-owner", || Of::Gap(Gap::Owner)),
    ("no-risk", || Of::Gap(Gap::RiskLevel)),
    ("no-strategy", || Of::Gap(Gap::Strategy)),
    ("component", || Of::Component),
];

type Flag = fn() -> Of;

/// The names of fields that a search may name, each once.
pub fn fields() -> impl Iterator<Item = &'static str> {
    let first = |(at, (_, field)): &(usize, &(&str, Field))| {
        FIELDS.iter().position(|(_, known)| known == field) == Some(*at)
    };
    FIELDS.iter().enumerate().filter(first).map(|(_, (name, _))| *name)
}

/// What a query means.
#[derive(Clone, Debug)]
pub struct Understood {
    /// The list that is asked for. Where something was not understood, one that holds nothing.
    pub wanted: Wanted,
    /// What was not understood, and names that mean nothing here.
    pub troubles: Vec<Trouble>,
}

impl Understood {
    /// The first term that makes the query mean nothing, as a problem of the field it was sent in.
    ///
    /// # Errors
    /// [`kernel::Problem::Invalid`] when there is one; names that nothing is called by are none: their list is empty.
    pub fn sound(&self, field: &'static str) -> Result<()> {
        match self.troubles.iter().find(|trouble| !trouble.is_name) {
            Some(trouble) => {
                let instead = trouble.instead.as_ref().map(|query| format!(" Did you mean {query}?"));
                Err(kernel::Problem::invalid(
                    field,
                    format!("{}{}", trouble.words, instead.unwrap_or_default()),
                ))
            }
            None => Ok(()),
        }
    }
}

impl Understood {
    /// Leaves aside what cannot be asked of the past, and says so.
    pub fn only_of_the_past(&mut self) {
        if self.wanted.is_of_the_past() {
            return;
        }
        let words = NOT_OF_THE_PAST;
        self.troubles.push(Trouble { words: words.to_owned(), instead: None, is_name: false });
        self.wanted = Wanted { also: vec![Also::one(Vec::new())], ..Wanted::default() };
    }
}

/// A term that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong with it.
    pub words: String,
    /// The whole query as it was probably meant.
    pub instead: Option<Query>,
    /// It is understood, and nothing is called so.
    pub is_name: bool,
}

/// When and where a query is asked: what `today` means in it.
#[derive(Clone, Debug)]
pub struct Day {
    /// Today.
    pub today: Date,
    /// Whose midnight it is.
    pub zone: TimeZone,
}

impl Day {
    /// The day of an instant in a time zone.
    pub fn of(now: Instant, zone: &TimeZone) -> Self {
        Self { today: now.date_in(zone), zone: zone.clone() }
    }
}

/// What makes a term mean nothing.
enum Fault {
    /// It cannot be read; perhaps another value was meant.
    Words(String, Option<String>),
    /// Nothing is called so; perhaps another name was meant.
    Nobody(String, Option<String>),
    Problem(kernel::Problem),
}

impl From<kernel::Problem> for Fault {
    fn from(problem: kernel::Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<String> for Fault {
    fn from(words: String) -> Self {
        Self::Words(words, None)
    }
}

/// What a query means to somebody.
///
/// # Errors
/// As [`Tx::all`].
pub async fn understand(tx: &mut Tx, who: &Actor, query: &Query, day: &Day) -> Result<Understood> {
    let mut wanted = Wanted { text: query.words().collect::<Vec<_>>().join(" "), ..Wanted::default() };
    let mut troubles = Vec::new();
    if !wanted.text.is_empty() && kernel::words(&wanted.text).is_empty() {
        let words = format!("There is no letter or digit to look for in “{}”.", wanted.text);
        troubles.push(Trouble { words, instead: None, is_name: false });
    }
    for (at, term) in query.terms.iter().enumerate() {
        let fault = match read(tx, who, term, day, &mut wanted).await {
            Ok(()) => continue,
            Err(Fault::Problem(problem)) => return Err(problem),
            Err(fault) => fault,
        };
        let (words, value, is_name) = match fault {
            Fault::Nobody(words, value) => (words, value, true),
            Fault::Words(words, value) => (words, value, false),
            Fault::Problem(problem) => return Err(problem),
        };
        let instead = match (known(term), value) {
            (Some(_), Some(value)) => Some(Term { test: Test::OneOf(vec![value]), ..term.clone() }),
            (Some(_), None) => None,
            (None, _) => {
                let name = query::nearest(term.field.as_deref().unwrap_or_default(), fields());
                name.map(|name| Term { field: Some(name.to_owned()), ..term.clone() })
            }
        };
        let instead = instead.map(|term| query.with(at, term));
        troubles.push(Trouble { words, instead, is_name });
    }
    if !troubles.is_empty() {
        wanted.also.push(Also::one(Vec::new()));
    }
    Ok(Understood { wanted, troubles })
}

/// The field of a term, if there is one of that name.
fn known(term: &Term) -> Option<Field> {
    let name = term.field.as_deref()?;
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

/// Adds what a term asks for.
async fn read(
    tx: &mut Tx,
    who: &Actor,
    term: &Term,
    day: &Day,
    wanted: &mut Wanted,
) -> std::result::Result<(), Fault> {
    let Some(name) = term.field.as_deref() else {
        if term.not {
            wanted.without.extend(term.test.values().map(str::to_owned));
        }
        return Ok(());
    };
    let Some(field) = known(term) else {
        return Err(format!("There is no field “{name}” to search by.").into());
    };
    if term.test.values().next().is_none_or(|value| value.trim().is_empty()) {
        return Err(format!("Say what “{name}” shall be: {name}:value.").into());
    }
    let any = match field {
        Field::State => return state::read(term, wanted),
        _ => meaning(tx, who, field, term, day).await?,
    };
    wanted.keep(term.not, any);
    Ok(())
}

/// What a term of a field other than the state may be.
async fn meaning(
    tx: &mut Tx,
    who: &Actor,
    field: Field,
    term: &Term,
    day: &Day,
) -> std::result::Result<Vec<Of>, Fault> {
    let test = &term.test;
    match field {
        Field::Age | Field::Acquired | Field::Since => dated(field, test, day),
        Field::Cost => cost(tx, who, test).await,
        _ => {
            let Test::OneOf(values) = test else {
                let name = term.field.as_deref().unwrap_or_default();
                return Err(format!("“{name}” is no number or date: it cannot be more or less.").into());
            };
            let mut any = Vec::new();
            for value in values {
                any.push(one(tx, who, field, value).await?);
            }
            Ok(joined(any))
        }
    }
}

/// Several of a kind as one.
fn joined(any: Vec<Of>) -> Vec<Of> {
    let mut all: Vec<Of> = Vec::with_capacity(any.len());
    for one in any {
        match (all.last_mut(), one) {
            (Some(Of::Type(all)), Of::Type(more)) => all.extend(more),
            (Some(Of::Company(all)), Of::Company(more)) => all.extend(more),
            (Some(Of::Model(all)), Of::Model(more)) => all.extend(more),
            (Some(Of::Site(all)), Of::Site(more)) => all.extend(more),
            (Some(Of::Department(all)), Of::Department(more)) => all.extend(more),
            (Some(Of::Place(all)), Of::Place(more)) => all.extend(more),
            (Some(Of::Risk(all)), Of::Risk(more)) => all.extend(more),
            (Some(Of::Strategy(all)), Of::Strategy(more)) => all.extend(more),
            (Some(Of::Tenure(all)), Of::Tenure(more)) => all.extend(more),
            (_, one) => all.push(one),
        }
    }
    all
}

/// Whether a value asks for what is not on record.
fn is_none(value: &str) -> bool {
    kernel::fold(value) == "none"
}

async fn one(tx: &mut Tx, who: &Actor, field: Field, value: &str) -> std::result::Result<Of, Fault> {
    let blank = match field {
        Field::Serial => Some(Blank::Serial),
        Field::Udi => Some(Blank::Udi),
        Field::Dept => Some(Blank::Department),
        Field::Loc => Some(Blank::Place),
        Field::Risk => Some(Blank::Risk),
        Field::Strategy => Some(Blank::Strategy),
        _ => None,
    };
    if let Some(blank) = blank.filter(|_| is_none(value)) {
        return Ok(Of::Without(blank));
    }
    Ok(match field {
        Field::Type => Of::Type(ids(named(tx, who, (Kind::Type, "No type"), value).await?)),
        Field::Maker => Of::Company(ids(named(tx, who, (Kind::Company, "No maker"), value).await?)),
        Field::Model => Of::Model(ids(named(tx, who, (Kind::Model, "No model"), value).await?)),
        Field::Site => Of::Site(site(tx, who, value).await?),
        Field::Dept => Of::Department(departments(tx, who, value).await?),
        Field::Loc => Of::Place(ids(named(tx, who, (Kind::Place, "No place"), value).await?)),
        Field::Tag => Of::Tag(kernel::key(value)),
        Field::Serial => Of::Serial(kernel::key(value)),
        Field::Udi => Of::Udi(udis(value)),
        Field::Risk => Of::Risk(vec![coded(value, RiskLevel::ALL, |r| [r.code(), r.on_page()])?]),
        Field::Strategy => Of::Strategy(vec![coded(value, Strategy::ALL, |s| [s.code(), s.on_page()])?]),
        Field::Tenure => Of::Tenure(vec![coded(value, Tenure::ALL, |t| [t.code(), t.on_page()])?]),
        Field::Flag => coded(value, FLAGS, |(name, _)| [name, name])?.1(),
        Field::System => Of::PartOf(system(tx, who, value).await?),
        _ => Of::Import(value.trim().parse().map_err(|_| format!("“{value}” is no import."))?),
    })
}

fn ids<T>(found: Vec<Uuid>) -> Vec<Id<T>> {
    found.into_iter().map(Id::from_uuid).collect()
}

async fn named(
    tx: &mut Tx,
    who: &Actor,
    (kind, no): (Kind, &str),
    value: &str,
) -> std::result::Result<Vec<Uuid>, Fault> {
    match names::meant(tx, who.org, kind, value).await? {
        None => Err(format!("“{value}” is in too many names. Write more of it.").into()),
        Some(found) if found.is_empty() => {
            let near = names::nearest(tx, who.org, kind, value).await?;
            Err(Fault::Nobody(format!("{no} is called “{value}”."), near))
        }
        Some(found) => Ok(found),
    }
}

/// Sites by their names; also without the name of the organisation that stands before them.
async fn site(tx: &mut Tx, who: &Actor, value: &str) -> std::result::Result<Vec<SiteId>, Fault> {
    let found: Vec<SiteId> = ids(named(tx, who, (Kind::Site, "No site"), value).await?);
    // What is out of sight has no name.
    let seen = |id: &SiteId| {
        let scope = who.scope(permit::DEVICE_VIEW);
        match scope {
            kernel::ScopeSet::Everywhere => true,
            kernel::ScopeSet::Only { sites, departments } => sites.contains(id) || !departments.is_empty(),
        }
    };
    let found: Vec<SiteId> = found.into_iter().filter(seen).collect();
    if found.is_empty() {
        return Err(Fault::Nobody(format!("No site is called “{value}”."), None));
    }
    Ok(found)
}

async fn departments(tx: &mut Tx, who: &Actor, value: &str) -> std::result::Result<Vec<DepartmentId>, Fault> {
    Ok(ids(named(tx, who, (Kind::Department, "No department"), value).await?))
}

async fn system(tx: &mut Tx, who: &Actor, tag: &str) -> std::result::Result<DeviceId, Fault> {
    let found = store::find_by_tag(tx, who.org, tag).await?;
    let seen = found.filter(|device| who.may(permit::DEVICE_VIEW, device.reach()));
    seen.map(|device| device.id).ok_or_else(|| Fault::Nobody(format!("No device has the tag “{tag}”."), None))
}

/// A value of a closed list by its code or its words, in full or as it begins where that means one.
fn coded<T: Copy>(value: &str, all: &[T], called: fn(&T) -> [&str; 2]) -> std::result::Result<T, Fault> {
    let plain = |text: &str| kernel::fold(text).replace(['_', '-'], " ");
    let value = plain(value);
    let names = |one: &T| called(one).map(plain);
    if let Some(exact) = all.iter().find(|one| names(one).contains(&value)) {
        return Ok(*exact);
    }
    let begins = |one: &&T| names(one).iter().any(|name| name.starts_with(&value));
    let mut beginning = all.iter().filter(begins);
    if let (Some(one), None) = (beginning.next(), beginning.next()) {
        return Ok(*one);
    }
    let near = query::nearest(&value, all.iter().flat_map(called));
    let list: Vec<&str> = all.iter().map(|one| called(one)[0]).collect();
    let words = format!("“{value}” is none of {}.", list.join(", "));
    Err(Fault::Words(words, near.map(str::to_owned)))
}

/// How a device identifier may begin a UDI as it was scanned: as it stands, or behind its application identifier.
fn udis(value: &str) -> Vec<String> {
    let value = value.trim();
    let mut all = vec![value.to_owned()];
    if value.len() == 14 && value.bytes().all(|b| b.is_ascii_digit()) {
        all.extend([format!("(01){value}"), format!("01{value}")]);
    }
    all
}

fn dated(field: Field, test: &Test, day: &Day) -> std::result::Result<Vec<Of>, Fault> {
    if field != Field::Since && matches!(test, Test::OneOf(values) if values.iter().any(|v| is_none(v))) {
        return Ok(vec![Of::Without(Blank::Acquired)]);
    }
    let ranges = match field {
        Field::Age => value::acquired_by_age(test, day.today)?,
        _ => value::days(test, day.today)?,
    };
    let start = |date: Date| Instant::at_start_of(date, &day.zone);
    let range = |(from, to): value::Days| match field {
        Field::Since => Of::Since(from.map(start), to.and_then(|to| to.tomorrow().ok()).map(start)),
        _ => Of::Acquired(from, to),
    };
    Ok(ranges.into_iter().map(range).collect())
}

db::statements! {
    /// The next currency in which devices were paid for.
    CURRENCY = "SELECT d.price_currency FROM device d WHERE d.org_id = $1 AND d.price_currency > $2 \
                ORDER BY d.price_currency LIMIT 1";
}

/// More currencies than this are not looked through.
const CURRENCIES: usize = 8;

async fn cost(tx: &mut Tx, who: &Actor, test: &Test) -> std::result::Result<Vec<Of>, Fault> {
    if matches!(test, Test::OneOf(values) if values.iter().any(|v| is_none(v))) {
        return Ok(vec![Of::Without(Blank::Price)]);
    }
    let (named, test) = value::currency_of(test);
    let mut currencies: Vec<Currency> = named.into_iter().collect();
    let mut last = String::new();
    while named.is_none() && currencies.len() < CURRENCIES {
        let Some(row) = tx.find(CURRENCY, &vals![who.org, last.as_str()]).await? else { break };
        last = row.get("price_currency")?;
        currencies.extend(last.parse::<Currency>().ok());
    }
    if currencies.is_empty() {
        // Nothing was paid for; what is no amount is one in no currency.
        value::prices(&test, "USD".parse().map_err(kernel::Problem::bug)?)?;
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for currency in currencies {
        let ranges = value::prices(&test, currency)?;
        all.extend(ranges.into_iter().map(|(least, most)| (currency, least, most)));
    }
    Ok(vec![Of::Price(all)])
}
