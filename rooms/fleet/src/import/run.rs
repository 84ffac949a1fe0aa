//! One import: the file, how it is read, where the work on it stands.

pub mod actions;
pub(crate) mod names;
pub(crate) mod source;
pub(crate) mod store;
pub mod upload;

use std::collections::{BTreeMap, BTreeSet};

use db::blob::BlobId;
use kernel::{Actor, Currency, DepartmentId, Instant, PersonId, Problem, Reach, ScopeSet, SiteId, Via};
use serde::{Deserialize, Serialize};
use sheet::Layout;

use super::{
    AmountStyle, DateOrder, Field, Mapping, Match, Options, RowProblem, Severity, Words,
    names::{Doubt, Gathered, asked_field},
};
use crate::device::ImportId;

coded! {
    /// Where an import stands.
    pub enum RunState ("state of an import") {
        /// The file is here; nobody has looked at its rows.
        Uploaded = "uploaded", "Uploaded";
        /// Every row is being judged; nothing is saved.
        Checking = "checking", "Being checked";
        /// Every row has its verdict.
        Checked = "checked", "Checked";
        /// Devices are being saved.
        Running = "running", "Importing";
        /// All that could be saved is saved.
        Done = "done", "Done";
        /// Stopped by a person; what was saved before stays until it is undone.
        Cancelled = "cancelled", "Stopped";
        /// What it brought is being taken out.
        Undoing = "undoing", "Being undone";
        /// Nothing of it is left in the fleet.
        Undone = "undone", "Undone";
        /// The file cannot be read to its end.
        Failed = "failed", "Failed";
    }
}

impl RunState {
    /// Whether a job works on it now.
    pub const fn is_busy(self) -> bool {
        matches!(self, Self::Checking | Self::Running | Self::Undoing)
    }

    /// Whether its columns may still be chosen and its rows judged.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Uploaded | Self::Checked)
    }
}

/// What a person chose about a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// What each column becomes, by its name.
    pub columns: BTreeMap<String, Field>,
    /// Columns a person should look at: the proposal is not sure.
    #[serde(default)]
    pub unsure: BTreeSet<String>,
    /// The order of date columns a person settled; the others are read as they prove.
    #[serde(default)]
    pub dates: BTreeMap<Field, DateOrder>,
    /// How amounts are written, if a person said so.
    #[serde(default)]
    pub amounts: Option<AmountStyle>,
    /// The currency of amounts that name none.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// The site of rows that name none.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// Whether sites that are not on record are added.
    #[serde(default)]
    pub create_sites: bool,
    /// What words of the file mean: codes of our values, an empty one to leave the field open, ids of sites.
    #[serde(default)]
    pub words: Words,
    /// What happens to rows with a name in doubt that nobody has answered.
    #[serde(default, skip_serializing_if = "Doubt::waits")]
    pub doubt: Doubt,
    /// The earlier file with the same columns whose choices were taken over, until a person makes their own.
    #[serde(default)]
    pub like: Option<String>,
}

impl Setup {
    /// The mapping of a file's columns.
    pub fn mapping(&self, layout: &Layout) -> Mapping {
        Mapping::saved(&layout.header, &self.columns)
    }

    /// How certain the choice for a column is.
    pub fn certainty(&self, header: &str, field: Field) -> Match {
        match field {
            Field::Ignore => Match::NotUsed,
            _ if self.unsure.contains(header) => Match::Check,
            _ => Match::Sure,
        }
    }
}

/// What was seen of one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSeen {
    /// Its first different values.
    pub first: Vec<String>,
    /// Rows in which it says something.
    pub filled: u64,
    /// Rows looked at.
    pub rows: u64,
    /// Its different words with their rows, the most frequent first, where it is a column of words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<(String, u64)>,
    /// What its spellings come to, where it is a column of names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Gathered>,
}

/// Most values and problems kept as examples.
const EXAMPLES: usize = 3;

impl ColumnSeen {
    /// Looks at one cell.
    pub fn see(&mut self, cell: &str) {
        self.rows += 1;
        let cell = cell.trim();
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        if self.first.len() < EXAMPLES {
            let short: String = cell.chars().take(40).collect();
            if !self.first.contains(&short) {
                self.first.push(short);
            }
        }
    }
}

/// The verdict on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It becomes a device.
    New,
    /// The same device is on record with the same values: nothing to do.
    Same,
    /// It stays out until it is corrected.
    Refused,
}

impl Verdict {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "same",
            Self::Refused => "refused",
        }
    }
}

/// One thing to be said about a row, with the kind under which pages gather it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// The kind: one of [`kind_words`].
    pub kind: String,
    /// Whether it keeps the row out.
    pub refuses: bool,
    /// The sentence with place and remedy.
    pub message: String,
}

impl Flaw {
    /// Something that keeps a row out.
    pub fn refusal(line: u64, kind: &str, what: impl std::fmt::Display) -> Self {
        Self { kind: kind.to_owned(), refuses: true, message: format!("line {line}: {what}") }
    }

    /// Something that comes in all the same.
    pub fn warning(line: u64, kind: &str, what: impl std::fmt::Display) -> Self {
        Self { kind: kind.to_owned(), refuses: false, message: format!("line {line}: {what}") }
    }
}

impl From<RowProblem> for Flaw {
    fn from(problem: RowProblem) -> Self {
        Self {
            kind: problem.field.code().to_owned(),
            refuses: problem.severity == Severity::Refuse,
            message: problem.message,
        }
    }
}

/// Words over the rows of one kind of problem.
pub fn kind_words(kind: &str) -> String {
    let known = match kind {
        "encoding" => "Letters read as Windows-1252",
        "unreadable" => "Cells cannot be told apart",
        "tag_twice" => "Asset tag used twice in the file",
        "tag_taken" => "Asset tag on record with other values",
        "tag_used" => "Asset tag used before",
        "serial_twice" => "Same serial number on two rows",
        "serial_taken" => "Serial number already on record",
        "site_missing" => "No site",
        "site_unknown" => "Site not known",
        "model_new" => "Model not on record",
        "place_new" => "Place not on record",
        "department_new" => "Department not on record",
        "site_reach" => "Outside what you may import into",
        "parent_unknown" => "Its system is not known",
        "parent_circle" => "Systems that contain each other",
        "parent_site" => "Its system stands on another site",
        "too_long" => "Too long",
        "rule" => "Breaks a rule of the fleet",
        "type_differs" => "Model on record under another type",
        field => match (field.parse::<Field>(), asked_field(field)) {
            (Ok(field), _) => return field.on_page().to_owned(),
            (_, Some(field)) => return format!("Which {} is meant", field.on_page().to_lowercase()),
            _ => "Other",
        },
    };
    known.to_owned()
}

/// An example of a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Example {
    /// The row's line.
    pub line: u64,
    /// What was said.
    pub message: String,
}

/// How often a kind of problem occurs, with its first rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tally {
    /// Rows.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Example>,
}

/// The account of all rows: `rows = new + same + refused`, always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows with anything in them.
    pub rows: u64,
    /// Rows that become devices.
    pub new: u64,
    /// Of these, rows that come in with something left out or undecided.
    pub gaps: u64,
    /// Rows whose device is on record with the same values.
    pub same: u64,
    /// Rows that stay out.
    pub refused: u64,
    /// Rows of nothing but delimiters; no row of the account.
    pub blank: u64,
    /// Devices saved, and not taken out again.
    pub devices: u64,
    /// Refused rows by their first problem.
    pub refusals: BTreeMap<String, Tally>,
    /// Rows that come in, by what was said about them.
    pub warnings: BTreeMap<String, Tally>,
}

impl Counts {
    /// Counts one judged row.
    pub fn add(&mut self, line: u64, verdict: Verdict, flaws: &[Flaw]) {
        self.rows += 1;
        match verdict {
            Verdict::New => {
                self.new += 1;
                self.gaps += u64::from(!flaws.is_empty());
                for flaw in flaws {
                    note(&mut self.warnings, line, flaw);
                }
            }
            Verdict::Same => self.same += 1,
            Verdict::Refused => {
                self.refused += 1;
                if let Some(flaw) = flaws.iter().find(|f| f.refuses) {
                    note(&mut self.refusals, line, flaw);
                }
            }
        }
    }

    /// A row counted as new turns out to be refused.
    pub fn turn(&mut self, line: u64, before: &[Flaw], flaw: &Flaw) {
        self.new = self.new.saturating_sub(1);
        self.gaps = self.gaps.saturating_sub(u64::from(!before.is_empty()));
        for gone in before {
            if let Some(tally) = self.warnings.get_mut(&gone.kind) {
                tally.count = tally.count.saturating_sub(1);
                tally.first.retain(|e| e.line != line);
            }
        }
        self.warnings.retain(|_, tally| tally.count > 0);
        self.refused += 1;
        note(&mut self.refusals, line, flaw);
    }
}

/// What a message says beyond its line: three rows with one fault are one example.
fn about(message: &str) -> &str {
    let rest = message.strip_prefix("line ").unwrap_or(message);
    rest.trim_start_matches(|c: char| c.is_ascii_digit())
}

fn note(tallies: &mut BTreeMap<String, Tally>, line: u64, flaw: &Flaw) {
    let tally = tallies.entry(flaw.kind.clone()).or_default();
    tally.count += 1;
    let alike = |a: &str, b: &str| about(a) == about(b);
    if tally.first.len() < EXAMPLES && tally.first.iter().all(|e| !alike(&e.message, &flaw.message)) {
        tally.first.push(Example { line, message: flaw.message.clone() });
    }
}

/// Where a person might import when they said so: kept with the import, because its jobs run without them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// The whole organisation.
    Everywhere,
    /// These sites and departments.
    Only {
        /// Sites.
        sites: BTreeSet<SiteId>,
        /// Departments with all below them.
        departments: BTreeSet<DepartmentId>,
    },
}

impl Within {
    /// Whether a place is inside.
    pub fn holds(&self, reach: Reach) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only { sites, departments } => {
                reach.site.is_some_and(|s| sites.contains(&s))
                    || reach.department.is_some_and(|d| departments.contains(&d))
            }
        }
    }
}

impl From<ScopeSet> for Within {
    fn from(scope: ScopeSet) -> Self {
        match scope {
            ScopeSet::Everywhere => Self::Everywhere,
            ScopeSet::Only { sites, departments } => Self::Only { sites, departments },
        }
    }
}

/// What an import may add besides devices: what whoever had it checked may add by hand. Kept with it as [`Within`] is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayAdd {
    /// Makers, types and models, which belong to the whole organisation.
    pub models: bool,
    /// Places and departments, there. Everywhere: sites too.
    pub places: Within,
}

impl MayAdd {
    /// What an actor may add.
    pub fn of(who: &Actor) -> Self {
        Self {
            models: who.may_everywhere(crate::permit::MODEL_EDIT),
            places: who.scope(identity::permit::SITE_MANAGE).into(),
        }
    }
}

/// One import. The serialised record is the version kept in the record of changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportRun {
    /// Its identifier; every device it brings carries it.
    pub id: ImportId,
    /// 1 when the file came, one more with each step.
    pub version: i64,
    /// Where it stands.
    pub state: RunState,
    /// The file's name as it was sent.
    pub file_name: String,
    /// Its length.
    pub bytes: i64,
    /// Where its bytes are.
    pub blob: BlobId,
    /// Who sent it, if a person.
    pub by: Option<PersonId>,
    /// Their name.
    pub by_name: String,
    /// Where whoever sent the file might import. It stays as it was: whoever checks or runs the import for them must
    /// reach all of it, and brings no device to anywhere else.
    pub within: Within,
    /// What whoever had it checked might add.
    pub may_add: MayAdd,
    /// When the file came.
    pub begun_at: Instant,
    /// The moment that counts as now for its rows: when it was last checked. A run that is taken up again after a
    /// crash so brings the same devices.
    pub as_at: Instant,
    /// Delimiter, encoding, header.
    pub layout: Layout,
    /// Where its rows begin.
    pub start: sheet::Position,
    /// What a person chose.
    pub setup: Setup,
    /// How the cells are read: what was chosen, and what the columns prove. Known once checked.
    pub reading: Option<Options>,
    /// What was seen of each column.
    pub seen: Vec<ColumnSeen>,
    /// The account of its rows.
    pub counts: Counts,
    /// Why it failed, or what kept it from being undone.
    pub error: Option<String>,
}

impl ImportRun {
    /// Whoever sent the file, acting through a job: changes stand on record under their name.
    pub fn actor(&self, org: kernel::OrgId, at: Instant) -> Actor {
        let mut who = Actor::system(org, &self.by_name, Via::Job, at);
        who.person = self.by;
        who
    }

    /// The mapping of its columns.
    pub fn mapping(&self) -> Mapping {
        self.setup.mapping(&self.layout)
    }

    /// Whether sites that are not on record may be added: by whoever may import into all and manage all.
    pub fn may_add_sites(&self) -> bool {
        self.within == Within::Everywhere && self.may_add.places == Within::Everywhere
    }

    /// Whether the file is our own export, read to the letter: its columns are exactly those, in that order.
    pub fn is_own(&self) -> bool {
        is_own(&self.layout.header)
    }

    /// Whether devices of it are in the fleet that might be taken out.
    pub const fn may_undo(&self) -> bool {
        matches!(self.state, RunState::Done | RunState::Cancelled | RunState::Failed)
            && self.counts.devices > 0
    }

    /// Refuses a step that this state does not allow.
    ///
    /// # Errors
    /// [`Problem::Conflict`] that says where the import stands.
    pub fn must(&self, allowed: bool, what: &str) -> kernel::Result<()> {
        if allowed {
            return Ok(());
        }
        Err(Problem::conflict(
            "fleet.import.state",
            format!("This import is “{}” and cannot be {what} now. Reload its page.", self.state.on_page()),
        ))
    }
}

/// Whether a header is that of our own export.
pub fn is_own(header: &[String]) -> bool {
    let own = Field::ALL.iter().filter(|f| **f != Field::Ignore).map(|f| f.code());
    columns_of(header).iter().map(String::as_str).eq(own)
}

/// The column that we add to the rows that stay out: it says what to correct and is never imported.
pub const TO_CORRECT: &str = "What to correct";

/// The columns of a file without the one that says what to correct, so that a corrected file is known for what it
/// was.
pub fn columns_of(header: &[String]) -> &[String] {
    match header {
        [own @ .., last] if last == TO_CORRECT => own,
        all => all,
    }
}

/// Which pass over the file is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Verdicts of an earlier check are thrown away.
    Clear,
    /// What the columns prove.
    Survey,
    /// A verdict on each row.
    Judge,
    /// The systems devices are part of.
    Link,
    /// Devices are saved.
    Bring,
    /// Devices are taken out.
    Undo,
}

impl Phase {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Survey => "survey",
            Self::Judge => "judge",
            Self::Link => "link",
            Self::Bring => "bring",
            Self::Undo => "undo",
        }
    }

    /// What it does, for the progress line.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::Clear | Self::Survey => "Reading the file",
            Self::Judge => "Checking rows",
            Self::Link => "Checking systems",
            Self::Bring => "Importing devices",
            Self::Undo => "Taking devices out",
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Clear, Self::Survey, Self::Judge, Self::Link, Self::Bring, Self::Undo]
            .into_iter()
            .find(|p| p.code() == text)
            .ok_or_else(|| format!("“{text}” is no phase of an import"))
    }
}

/// Where the work stands: kept in the same transaction as the rows of each batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Batches kept so far; a worker that knows another number looks again.
    pub step: i64,
    /// Which pass.
    pub phase: Phase,
    /// Which wave of devices: a device comes after the system it is part of.
    pub wave: i64,
    /// The last wave.
    pub waves: i64,
    /// Where the next batch begins.
    pub position: sheet::Position,
    /// Rows, bytes or devices done in this pass.
    pub done: u64,
    /// Of so many.
    pub total: u64,
    /// The account so far.
    pub counts: Counts,
}
