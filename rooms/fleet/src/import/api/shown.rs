//! An import as the API shows it, and what may be chosen about its file.

use std::collections::BTreeMap;

use kernel::{Currency, Instant, SiteId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    device::ImportId,
    import::{
        AmountStyle, DateOrder, Field, Match, Words, columns,
        names::{Doubt, Gathered, Likely, NameRead},
        run::{ImportRun, Progress, RunState, Setup, Tally, kind_words},
        words_of,
    },
};

/// How a file is read: what a person chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportSetup")]
pub(super) struct Choices {
    /// What each column becomes, by its name; one that is not named is left out.
    pub(super) columns: BTreeMap<String, Field>,
    /// The order of date columns that prove none themselves.
    pub(super) dates: BTreeMap<Field, DateOrder>,
    /// How amounts are written, where the column does not prove it.
    pub(super) amounts: Option<AmountStyle>,
    /// The currency of amounts that name none.
    pub(super) currency: Option<Currency>,
    /// The site of rows that name none.
    pub(super) site: Option<SiteId>,
    /// Whether sites that are not on record are added.
    pub(super) create_sites: bool,
    /// What words of the file mean, by field: the code of one of our values, an empty one to leave it open, or a site’s
    /// id. Of makers, types, departments, units, buildings, floors and rooms: the name that a spelling stands for, an empty
    /// one for a name of its own. Of models the same, the spelling with its maker before it: “Helion Medical / VP 3”.
    pub(super) words: Words,
    /// What happens to rows with a name in doubt that nobody has answered.
    pub(super) doubt: Doubt,
}

impl From<&Setup> for Choices {
    fn from(setup: &Setup) -> Self {
        Self {
            columns: setup.columns.clone(),
            dates: setup.dates.clone(),
            amounts: setup.amounts,
            currency: setup.currency,
            site: setup.site,
            create_sites: setup.create_sites,
            words: setup.words.clone(),
            doubt: setup.doubt,
        }
    }
}

/// An import, and where the work on it stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Import")]
pub(super) struct Shown {
    id: ImportId,
    version: i64,
    state: RunState,
    file_name: String,
    bytes: i64,
    /// Whoever moved it on last.
    by_name: String,
    begun_at: Instant,
    /// The columns of the file.
    columns: Vec<Column>,
    setup: Choices,
    counts: Counts,
    /// Refused rows by their first problem.
    refusals: Vec<Kind>,
    /// Rows that come in, by what was said about them.
    warnings: Vec<Kind>,
    /// Names that somebody must settle, once for all rows; the first 300. Answer them with `words` when checking again.
    names_in_doubt: Vec<Doubtful>,
    /// Where the work stands; null when none is under way.
    progress: Option<Doing>,
    /// Why it failed, or what kept it from being undone.
    error: Option<String>,
}

/// A column of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportColumn")]
struct Column {
    /// Its name in the file.
    name: String,
    /// What it becomes.
    becomes: Field,
    /// Whether somebody should look at that choice.
    unsure: bool,
    /// Its first different values.
    first: Vec<String>,
    /// Rows in which it says something.
    filled: u64,
    /// Its words that nobody has given a meaning yet, with their rows.
    open_words: BTreeMap<String, u64>,
    /// What its spellings come to; null unless it is a column of names.
    names: Option<Gathered>,
}

/// A spelling that may be one of several names.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportName")]
struct Doubtful {
    field: Field,
    /// The maker of a model; null for all else.
    maker: Option<String>,
    /// As the file writes it.
    written: String,
    /// The spelling that stands for all that belong together.
    stands_for: String,
    /// On how many rows.
    rows: u64,
    /// What it may be, the likeliest first.
    candidates: Vec<Likely>,
}

/// The account of all rows: rows = new + same + refused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportCounts")]
struct Counts {
    rows: u64,
    /// Rows that become devices.
    new: u64,
    /// Of these, rows that come in with something left out or undecided.
    gaps: u64,
    /// Rows whose device is on record with the same values.
    same: u64,
    /// Rows that stay out.
    refused: u64,
    /// Devices saved, and not taken out again.
    devices: u64,
}

/// A kind of problem with its first rows.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportProblem")]
struct Kind {
    kind: String,
    /// The kind in words.
    title: String,
    #[serde(flatten)]
    tally: Tally,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportProgress")]
struct Doing {
    /// What is being done, in words.
    phase: &'static str,
    done: u64,
    total: u64,
}

impl Shown {
    pub(super) fn of(run: &ImportRun, progress: Option<&Progress>, doubtful: Vec<NameRead>) -> Self {
        let counts = progress.filter(|_| run.state.is_busy()).map_or(&run.counts, |p| &p.counts);
        let kinds = |tallies: &BTreeMap<String, Tally>| {
            let kind = |(kind, tally): (&String, &Tally)| Kind {
                kind: kind.clone(),
                title: kind_words(kind),
                tally: tally.clone(),
            };
            tallies.iter().map(kind).collect()
        };
        Self {
            id: run.id,
            version: run.version,
            state: run.state,
            file_name: run.file_name.clone(),
            bytes: run.bytes,
            by_name: run.by_name.clone(),
            begun_at: run.begun_at,
            columns: all_columns(run),
            setup: Choices::from(&run.setup),
            counts: Counts {
                rows: counts.rows,
                new: counts.new,
                gaps: counts.gaps,
                same: counts.same,
                refused: counts.refused,
                devices: counts.devices,
            },
            refusals: kinds(&counts.refusals),
            warnings: kinds(&counts.warnings),
            names_in_doubt: doubtful
                .into_iter()
                .map(|name| Doubtful {
                    field: name.field,
                    maker: (name.field == Field::Model).then_some(name.scope),
                    written: name.written,
                    stands_for: name.becomes,
                    rows: name.rows,
                    candidates: name.candidates,
                })
                .collect(),
            progress: progress.filter(|_| run.state.is_busy()).map(|p| Doing {
                phase: p.phase.on_page(),
                done: p.done,
                total: p.total,
            }),
            error: run.error.clone(),
        }
    }
}

fn all_columns(run: &ImportRun) -> Vec<Column> {
    let mapping = run.mapping();
    let one = |(at, column): (usize, &columns::Column)| {
        let seen = run.seen.get(at).cloned().unwrap_or_default();
        Column {
            name: column.header.clone(),
            becomes: column.field,
            unsure: run.setup.certainty(&column.header, column.field) == Match::Check,
            filled: seen.filled,
            open_words: words_of::open(run, column.field, &seen.words),
            first: seen.first,
            names: seen.names,
        }
    };
    mapping.columns().iter().enumerate().map(one).collect()
}
