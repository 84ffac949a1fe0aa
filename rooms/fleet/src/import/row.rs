//! What one row of a file says: a draft of a device, or what keeps it from being one.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Display,
    str::FromStr,
};

use kernel::{Currency, Date, Money};
use serde::{Deserialize, Serialize};
use sheet::Record;

use super::{
    cell::{
        amount::{self, AmountStyle},
        date::{self, DateOrder, When},
        meaning, words,
    },
    columns::{Field, Mapping},
};
use crate::{
    Name,
    device::{Serial, State, Tag, Tenure, Text},
    name::printable,
};

mod draft;
mod seen;

pub use draft::Draft;
pub use seen::Seen;

/// How the cells of a file are read: chosen by the person or proven by the columns, see [`Survey`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The order of each date column; one that is not named is read as [`DateOrder::Iso`].
    pub dates: BTreeMap<Field, DateOrder>,
    /// How amounts are written.
    pub amounts: AmountStyle,
    /// The currency of amounts that name none.
    pub currency: Option<Currency>,
    /// Today at the hospital; nothing was acquired after it.
    pub today: Date,
    /// The file is our own export: only an empty cell is blank, and no cell is taken for what other programs
    /// write when they mean nothing.
    #[serde(default)]
    pub own: bool,
    /// What a person said the words of the file mean.
    #[serde(default)]
    pub words: Words,
}

/// What words of a file mean, by field and by the word's key: the code of one of our values, or the name of a site.
/// An empty code leaves the field open.
pub type Words = BTreeMap<Field, BTreeMap<String, String>>;

/// Gathers what the columns prove about dates and amounts, in one pass before the rows are read.
#[derive(Clone, Debug)]
pub struct Survey {
    dates: Vec<(Field, usize, date::Signs)>,
    price: Option<usize>,
    amounts: amount::Signs,
    words: Vec<Heard>,
}

/// The different words of one column.
#[derive(Clone, Debug, Default)]
struct Heard {
    column: usize,
    /// As they are written, with the rows on which they stand.
    words: HashMap<String, u64>,
}

/// Different words of a column that are looked at. A column with more is no list of words.
const MOST_WORDS: usize = 1_000;
/// Letters of a word; longer cells are sentences.
const LONGEST_WORD: usize = 60;

impl Survey {
    /// Begins with nothing proven.
    pub fn new(mapping: &Mapping) -> Self {
        let dates = Field::ALL.iter().filter(|f| f.is_date());
        Self {
            dates: dates.filter_map(|f| mapping.index(*f).map(|i| (*f, i, date::Signs::default()))).collect(),
            price: mapping.index(Field::Price),
            amounts: amount::Signs::default(),
            words: meaning::FIELDS
                .iter()
                .filter_map(|f| mapping.index(*f))
                .map(|column| Heard { column, ..Heard::default() })
                .collect(),
        }
    }

    /// Looks at one row.
    pub fn see(&mut self, cells: &[String]) {
        let filled = |index: usize| cells.get(index).filter(|cell| !words::is_blank(cell));
        for (_, index, signs) in &mut self.dates {
            if let Some(cell) = filled(*index) {
                signs.see(cell);
            }
        }
        if let Some(cell) = self.price.and_then(filled) {
            self.amounts.see(cell);
        }
        for heard in &mut self.words {
            if let Some(cell) = filled(heard.column) {
                heard.see(plain(cell, false));
            }
        }
    }

    /// The words of the columns that hold words, the most frequent first, each with the number of its rows.
    pub fn words(&self) -> impl Iterator<Item = (usize, Vec<(String, u64)>)> {
        self.words.iter().map(|heard| (heard.column, heard.told()))
    }

    /// What is proven so far.
    pub fn options(&self, today: Date, currency: Option<Currency>) -> Options {
        let dates = self.dates.iter().map(|(field, _, signs)| (*field, signs.order())).collect();
        Options { dates, amounts: self.amounts.style(), currency, today, own: false, words: Words::new() }
    }
}

impl Heard {
    fn see(&mut self, cell: &str) {
        if cell.chars().count() > LONGEST_WORD {
            return;
        }
        if let Some(rows) = self.words.get_mut(cell) {
            *rows += 1;
        } else if self.words.len() < MOST_WORDS {
            self.words.insert(cell.to_owned(), 1);
        }
    }

    /// Spellings that are one word stand together, under the one that is written most often.
    fn told(&self) -> Vec<(String, u64)> {
        let most_first = |words: &mut Vec<(String, u64)>| {
            words.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        };
        let mut spellings: Vec<(String, u64)> = self.words.iter().map(|(w, n)| (w.clone(), *n)).collect();
        most_first(&mut spellings);
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut words: Vec<(String, u64)> = Vec::new();
        for (word, rows) in spellings {
            let place = *places.entry(meaning::key(&word)).or_insert(words.len());
            match words.get_mut(place) {
                Some((_, all)) => *all += rows,
                None => words.push((word, rows)),
            }
        }
        most_first(&mut words);
        words
    }
}

/// A cell without blanks around it, and without the `="00123"` by which exports keep leading zeros.
fn plain(cell: &str, own: bool) -> &str {
    let cell = cell.trim();
    if own {
        return cell;
    }
    cell.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).map_or(cell, str::trim)
}

/// Whether a problem keeps the row out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row comes in all the same.
    Warn,
    /// The row is left out until this is corrected.
    Refuse,
}

/// Something about a row that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// The field it is about.
    pub field: Field,
    /// Whether it keeps the row out.
    pub severity: Severity,
    /// What is wrong and what to do, with the column's name.
    pub message: String,
}

/// What one row came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RowVerdict {
    /// The row's first line in the file.
    pub line: u64,
    /// The device it describes; none when a problem refuses the row, or when the row is blank.
    pub draft: Option<Draft>,
    /// All that is to be said about it. Without a draft and without problems the row is blank.
    pub problems: Vec<RowProblem>,
}

impl RowVerdict {
    /// Whether no cell of the row holds anything.
    pub const fn is_blank(&self) -> bool {
        self.draft.is_none() && self.problems.is_empty()
    }
}

/// Reads one row.
pub fn parse(record: &Record, mapping: &Mapping, options: &Options) -> RowVerdict {
    if record.is_blank() {
        return RowVerdict { line: record.line, draft: None, problems: Vec::new() };
    }
    let mut row = Row { record, mapping, options, problems: Vec::new() };
    let draft = row.draft();
    let refused = row.problems.iter().any(|p| p.severity == Severity::Refuse);
    RowVerdict { line: record.line, draft: draft.filter(|_| !refused), problems: row.problems }
}

/// The name in a cell, if it says one.
pub(super) fn named(record: &Record, mapping: &Mapping, field: Field) -> Option<Name> {
    let cell = plain(record.cells.get(mapping.index(field)?)?, false);
    if words::is_blank(cell) { None } else { Name::parse(cell).ok() }
}

struct Row<'a> {
    record: &'a Record,
    mapping: &'a Mapping,
    options: &'a Options,
    problems: Vec<RowProblem>,
}

impl<'a> Row<'a> {
    fn draft(&mut self) -> Option<Draft> {
        let tag = self.tag();
        let serial_less = self.known(Field::SerialLess, words::yes_no).unwrap_or(false);
        let serial = self.serial(serial_less);
        let model = self.name(Field::Model).or_else(|| self.name(Field::CatalogueNumber));
        let device_type = self.name(Field::Type);
        if model.is_none() && device_type.is_none() {
            let field = if self.mapping.index(Field::Model).is_some() { Field::Model } else { Field::Type };
            self.refuse(field, "neither a model nor a type; say what the device is");
        }
        let draft = Draft {
            serial_less: serial_less && serial.is_none(),
            serial,
            udi: self.udi(),
            maker: self.name(Field::Maker),
            device_type,
            type_risk: self.if_known(Field::TypeRisk, words::risk),
            model,
            site: self.site(),
            building: self.name(Field::Building),
            floor: self.name(Field::Floor),
            room: self.name(Field::Room),
            department: self.name(Field::Department),
            unit: self.name(Field::Unit),
            cost_centre: self.short(Field::CostCentre),
            state: self.state(),
            state_since: self.when(Field::StateSince),
            hold_reason: self.text(Field::HoldReason, Text::HoldReason),
            hold_released_by: self.text(Field::HoldReleasedBy, Text::HoldTest),
            lent_under: self.agreement(Field::LentUnder),
            lent_until: self.date(Field::LentUntil),
            inspect_after: self.when(Field::InspectAfter),
            risk: self.if_known(Field::Risk, words::risk),
            risk_reason: self.text(Field::RiskReason, Text::RiskReason),
            strategy: self.if_known(Field::Strategy, words::strategy),
            tenure: self.tenure(),
            agreement: self.agreement(Field::Agreement),
            agreement_ends_on: self.date(Field::AgreementEndsOn),
            acquired_on: self.date(Field::AcquiredOn),
            accepted_on: self.when(Field::AcceptedOn),
            price: self.price(),
            parent_tag: self.parent(tag.as_ref()),
            notes: self.text(Field::Notes, Text::Notes),
            tag: tag?,
        };
        Some(draft)
    }

    fn problem(&mut self, field: Field, severity: Severity, what: impl Display) {
        let message = match self.mapping.header(field) {
            Some(header) => format!("line {}, column {header}: {what}", self.record.line),
            None => format!("line {}: {what}", self.record.line),
        };
        self.problems.push(RowProblem { field, severity, message });
    }

    fn refuse(&mut self, field: Field, what: impl Display) {
        self.problem(field, Severity::Refuse, what);
    }

    fn warn(&mut self, field: Field, what: impl Display) {
        self.problem(field, Severity::Warn, what);
    }

    fn cell(&self, field: Field) -> &'a str {
        let index = self.mapping.index(field);
        let cell = index.and_then(|index| self.record.cells.get(index));
        cell.map_or("", |cell| plain(cell, self.options.own))
    }

    /// What a person said that a word of this file means.
    fn meant(&self, field: Field, cell: &str) -> Option<&'a str> {
        let words = self.options.words.get(&field)?;
        words.get(&meaning::key(cell)).map(String::as_str)
    }

    /// The cell if it says something.
    fn value(&mut self, field: Field) -> Option<&'a str> {
        let cell = self.cell(field);
        if self.options.own {
            return (!cell.is_empty()).then_some(cell);
        }
        if words::is_failed_formula(cell) {
            self.warn(
                field,
                format_args!("“{cell}” is a failed formula; read as blank, correct it in the spreadsheet"),
            );
        }
        (!words::is_blank(cell)).then_some(cell)
    }

    fn tag(&mut self) -> Option<Tag> {
        let Some(cell) = self.value(Field::Tag) else {
            self.refuse(Field::Tag, "no asset tag; write the number on the sticker");
            return None;
        };
        if self.is_shortened(cell) {
            self.refuse(
                Field::Tag,
                format_args!("{SHORTENED}, “{cell}”; format the column as text and export again"),
            );
            return None;
        }
        Tag::parse(cell).map_err(|error| self.refuse(Field::Tag, error)).ok()
    }

    fn serial(&mut self, serial_less: bool) -> Option<Serial> {
        let Some(cell) = self.value(Field::Serial) else {
            if !serial_less {
                self.warn(Field::Serial, "no serial number; add it, or mark the device as having none");
            }
            return None;
        };
        if self.is_shortened(cell) {
            self.warn(
                Field::Serial,
                format_args!("{SHORTENED}, “{cell}”; left blank, export the column as text"),
            );
            return None;
        }
        if serial_less {
            self.warn(
                Field::SerialLess,
                format_args!("marked as having no serial number but has “{cell}”; kept"),
            );
        }
        Serial::parse(cell).map_err(|error| self.refuse(Field::Serial, error)).ok()
    }

    fn udi(&mut self) -> Option<String> {
        let cell = self.value(Field::Udi)?;
        if self.is_shortened(cell) {
            self.warn(
                Field::Udi,
                format_args!("{SHORTENED}, “{cell}”; left blank, export the column as text"),
            );
            return None;
        }
        self.read(Field::Udi, Text::Udi, cell)
    }

    fn parent(&mut self, own: Option<&Tag>) -> Option<Tag> {
        let cell = self.value(Field::ParentTag)?;
        let parent = Tag::parse(cell).map_err(|error| self.refuse(Field::ParentTag, error)).ok()?;
        if own.is_some_and(|own| own.key() == parent.key()) {
            self.refuse(
                Field::ParentTag,
                "the device is named as its own system; empty the cell or name another",
            );
        }
        Some(parent)
    }

    /// The site, by the name on record where a person said which one is meant.
    fn site(&mut self) -> Option<Name> {
        let cell = self.value(Field::Site)?;
        let meant = self.meant(Field::Site, cell).and_then(|name| Name::parse(name).ok());
        meant.or_else(|| self.name(Field::Site))
    }

    fn name(&mut self, field: Field) -> Option<Name> {
        let cell = self.value(field)?;
        Name::parse(cell).map_err(|error| self.refuse(field, error)).ok()
    }

    /// The number or name of an agreement.
    fn agreement(&mut self, field: Field) -> Option<String> {
        let cell = self.value(field)?;
        self.read(field, Text::Agreement, cell)
    }

    /// A short printable text.
    fn short(&mut self, field: Field) -> Option<String> {
        let cell = self.value(field)?;
        printable(field.on_page(), cell, 200).map_err(|error| self.refuse(field, error)).ok()
    }

    /// Free words. Only emptiness is blank here: “none” may be what somebody meant to say.
    fn text(&mut self, field: Field, kind: Text) -> Option<String> {
        let cell = self.cell(field);
        if cell.is_empty() || words::is_failed_formula(cell) && !self.options.own {
            let cell = self.value(field)?;
            return self.read(field, kind, cell);
        }
        self.read(field, kind, cell)
    }

    /// A text as the device takes it.
    fn read(&mut self, field: Field, kind: Text, cell: &str) -> Option<String> {
        kind.read(cell).map_err(|error| self.refuse(field, error)).ok()
    }

    /// A word that must be known.
    fn known<T: FromStr>(&mut self, field: Field, look_up: fn(&str) -> Option<T>) -> Option<T> {
        let cell = self.value(field)?;
        let meant = self.meant(field, cell).and_then(|code| code.parse().ok());
        let found = meant.or_else(|| look_up(cell));
        if found.is_none() {
            let near = near(field, cell);
            self.refuse(
                field,
                format_args!("“{cell}” is not known{near}; say what it means, or correct it in the file"),
            );
        }
        found
    }

    /// A word that is left undecided when it is not known.
    fn if_known<T: FromStr>(&mut self, field: Field, look_up: fn(&str) -> Option<T>) -> Option<T> {
        let cell = self.value(field)?;
        if let Some(code) = self.meant(field, cell) {
            return code.parse().ok();
        }
        let found = look_up(cell);
        if found.is_none() {
            self.warn(
                field,
                format_args!("“{cell}” is not known{}; left undecided, say what it means", near(field, cell)),
            );
        }
        found
    }

    fn state(&mut self) -> State {
        self.known(Field::State, words::state).unwrap_or(State::InService)
    }

    fn tenure(&mut self) -> Tenure {
        self.known(Field::Tenure, words::tenure).unwrap_or(Tenure::Owned)
    }

    fn price(&mut self) -> Option<Money> {
        let own = self.value(Field::Currency).map(str::parse::<Currency>).transpose();
        let own = own.map_err(|error| self.refuse(Field::Currency, error)).ok()?;
        let cell = self.value(Field::Price)?;
        let read = amount::parse(cell, self.options.amounts, own, self.options.currency);
        read.map_err(|fault| self.refuse(Field::Price, fault)).ok()
    }

    fn order(&self, field: Field) -> DateOrder {
        self.options.dates.get(&field).copied().unwrap_or_default()
    }

    fn date(&mut self, field: Field) -> Option<Date> {
        let cell = self.value(field)?;
        let end = matches!(field, Field::AgreementEndsOn | Field::LentUntil);
        match date::parse(cell, self.order(field), self.options.today, end) {
            Ok(day) => self.is_meant(field, cell, day).then_some(day),
            Err(fault) => {
                self.refuse(field, fault);
                None
            }
        }
    }

    fn when(&mut self, field: Field) -> Option<When> {
        let cell = self.value(field)?;
        match date::parse_when(cell, self.order(field), self.options.today) {
            Ok(When::On(day)) => self.is_meant(field, cell, day).then_some(When::On(day)),
            Ok(at) => Some(at),
            Err(fault) => {
                self.refuse(field, fault);
                None
            }
        }
    }

    fn is_meant(&mut self, field: Field, cell: &str, day: Date) -> bool {
        let placeholder = date::stands_for_none(day);
        if placeholder {
            self.warn(
                field,
                format_args!("“{cell}” is what programs write when they have no date; left blank"),
            );
        }
        !placeholder
    }

    /// `8.15098E+11`: the digits are gone.
    fn is_shortened(&self, cell: &str) -> bool {
        let Some((digits, power)) = cell.split_once(['E', 'e']) else { return false };
        let number =
            |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',');
        !self.options.own && power.strip_prefix('+').is_some_and(number) && number(digits)
    }
}

/// The nearest of our words, as it goes into a sentence; nothing when none is near.
fn near(field: Field, cell: &str) -> String {
    meaning::nearest(field, cell).map(|(_, words)| format!(" (perhaps “{words}”)")).unwrap_or_default()
}

const SHORTENED: &str = "a spreadsheet program has shortened the number";
