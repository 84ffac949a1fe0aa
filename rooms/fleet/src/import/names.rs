//! The names in a file: heard once for all rows, and each row then takes the names that they are read as.

use std::collections::{BTreeMap, HashMap};

use matching::gather::{Candidate, How};
use serde::{Deserialize, Serialize};

use super::{Draft, Field, Mapping, cell::meaning, row, run::Flaw};
use crate::Name;

/// Fields whose cells are names that a file may write in many ways, in the order in which a person is asked.
pub const FIELDS: [Field; 8] = [
    Field::Maker,
    Field::Model,
    Field::Type,
    Field::Department,
    Field::Unit,
    Field::Building,
    Field::Floor,
    Field::Room,
];

/// Different spellings of one field that are read; a column with more is no list of names and stands as it is written.
const MOST: usize = 20_000;

coded! {
    /// What happens to rows with a name in doubt that nobody has answered.
    #[derive(Default)]
    pub enum Doubt ("way with names in doubt") {
        /// They wait for an answer.
        #[default]
        Ask = "ask", "Wait until somebody says which is meant";
        /// They take the likeliest name.
        Likeliest = "likeliest", "Take the likeliest";
        /// They take the name as it is written.
        AsWritten = "as_written", "Take them as they are written";
    }
}

impl Doubt {
    /// Whether they wait. Written nowhere then, so that setups from before this choice read back as they were.
    pub(crate) fn waits(&self) -> bool {
        *self == Self::Ask
    }
}

/// What one spelling is read as, as it is kept with an import.
#[derive(Clone, Debug, PartialEq)]
pub struct NameRead {
    /// Whose name it is.
    pub field: Field,
    /// The maker of a model; empty for all else.
    pub scope: String,
    /// As the file writes it.
    pub written: String,
    /// On how many rows.
    pub rows: u64,
    /// What it is read as; while it is asked about, the spelling that stands for all that belong together.
    pub becomes: String,
    /// How it came to that.
    pub how: How,
    /// Why it was taken.
    pub reason: Option<String>,
    /// What it may be.
    pub candidates: Vec<Likely>,
}

/// A name that a spelling may mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Likely {
    /// The name.
    pub name: String,
    /// How well it fits, from 0 to 1.
    pub score: f64,
    /// Why.
    pub reason: String,
    /// Whether it is on record; else it is a name of this file.
    pub on_record: bool,
}

impl From<Candidate> for Likely {
    fn from(one: Candidate) -> Self {
        let Candidate { name, score, reason, on_record } = one;
        // Two decimals are all that anybody reads, and all that is kept.
        Self { name, score: (score * 100.0).round() / 100.0, reason, on_record }
    }
}

/// How many ways of writing a column has, and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gathered {
    /// Different spellings.
    pub spellings: u64,
    /// Different names.
    pub names: u64,
    /// Names that a person must say.
    pub asked: u64,
}

/// The stable code of how a spelling came to its name.
pub(crate) const fn how_code(how: How) -> &'static str {
    match how {
        How::OnRecord => "on_record",
        How::Settled => "settled",
        How::Taken => "taken",
        How::New => "new",
        How::Asked => "asked",
    }
}

/// The reverse of [`how_code`].
pub(crate) fn how_of(code: &str) -> Option<How> {
    [How::OnRecord, How::Settled, How::Taken, How::New, How::Asked].into_iter().find(|h| how_code(*h) == code)
}

/// Under what a person’s answer about a name is kept among the words of a file.
pub(crate) fn answer_key(field: Field, scope: &str, written: &str) -> String {
    match field {
        Field::Model => meaning::key(&format!("{scope} / {written}")),
        _ => meaning::key(written),
    }
}

/// Spellings with their rows.
pub(crate) type Heard = HashMap<String, u64>;

/// The names of all rows, gathered in one pass.
#[derive(Default)]
pub(crate) struct Hearing {
    pub(crate) names: BTreeMap<Field, Heard>,
    /// Models by the maker as it is written; empty where the row names none.
    pub(crate) models: HashMap<String, Heard>,
    different_models: usize,
}

impl Hearing {
    /// Hears one row.
    pub(crate) fn hear(&mut self, record: &sheet::Record, mapping: &Mapping) {
        let mut maker = None;
        for field in FIELDS {
            let cell = match field {
                Field::Model => row::named(record, mapping, Field::Model)
                    .or_else(|| row::named(record, mapping, Field::CatalogueNumber)),
                field => row::named(record, mapping, field),
            };
            let Some(name) = cell else { continue };
            if field == Field::Model {
                let maker = maker.take().unwrap_or_default();
                let of_maker = self.models.entry(maker).or_default();
                let before = of_maker.len();
                add(of_maker, name.as_str());
                self.different_models += of_maker.len() - before;
                continue;
            }
            add(self.names.entry(field).or_default(), name.as_str());
            if field == Field::Maker {
                maker = Some(name.as_str().to_owned());
            }
        }
    }

    /// Forgets columns that are no lists of names.
    pub(crate) fn end(&mut self) {
        self.names.retain(|_, heard| heard.len() <= MOST);
        if self.different_models > MOST {
            self.models.clear();
        }
    }
}

fn add(heard: &mut Heard, name: &str) {
    if let Some(rows) = heard.get_mut(name) {
        *rows += 1;
    } else if heard.len() <= MOST {
        heard.insert(name.to_owned(), 1);
    }
}

/// What a spelling comes to in a row.
#[derive(Clone, Debug)]
enum Meaning {
    Is(Name),
    /// A person must say; what it may be, in words.
    Asked(String),
}

/// What the names of a file are read as.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    plain: HashMap<Field, HashMap<String, Meaning>>,
    /// Of models, by the key of the maker.
    models: HashMap<String, HashMap<String, Meaning>>,
}

impl Names {
    /// Takes up what one spelling is read as.
    pub(crate) fn add(&mut self, read: NameRead) {
        let meaning = match (read.how, Name::parse(&read.becomes)) {
            (How::Asked, _) => Meaning::Asked(perhaps(&read.candidates)),
            (_, Ok(name)) => Meaning::Is(name),
            (_, Err(_)) => return,
        };
        let of_field = match read.field {
            Field::Model => self.models.entry(kernel::fold(&read.scope)).or_default(),
            field => self.plain.entry(field).or_default(),
        };
        of_field.insert(read.written, meaning);
    }

    /// Gives a row the names that its spellings are read as, and says which of them a person must settle first.
    pub(crate) fn settle(&self, line: u64, mapping: &Mapping, draft: &mut Draft) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        for field in FIELDS {
            let maker = draft.maker.as_ref().map(Name::key).unwrap_or_default();
            let meanings = match field {
                Field::Model if flaws.is_empty() => self.models.get(&maker),
                Field::Model => None,
                field => self.plain.get(&field),
            };
            let Some(named) = slot(draft, field) else { continue };
            let Some(written) = named.as_ref() else { continue };
            match meanings.and_then(|m| m.get(written.as_str())) {
                None => {}
                Some(Meaning::Is(name)) => *named = Some(name.clone()),
                Some(Meaning::Asked(perhaps)) => {
                    let header = mapping.header(field).or(mapping.header(Field::CatalogueNumber));
                    let message = format!(
                        "line {line}, column {}: “{}” may be {perhaps}; say once for all rows which {} is meant",
                        header.unwrap_or_default(),
                        written.as_str(),
                        field.on_page().to_lowercase()
                    );
                    flaws.push(Flaw { kind: asked_kind(field), refuses: true, message });
                }
            }
        }
        flaws
    }
}

/// The kind of finding under which rows with a name in doubt are gathered.
pub(crate) fn asked_kind(field: Field) -> String {
    format!("{}_asked", field.code())
}

/// The field of such a kind.
pub(crate) fn asked_field(kind: &str) -> Option<Field> {
    kind.strip_suffix("_asked")?.parse().ok()
}

fn perhaps(candidates: &[Likely]) -> String {
    let named: Vec<String> =
        candidates.iter().take(2).map(|c| format!("“{}” ({})", c.name, c.reason)).collect();
    named.join(" or ")
}

const fn slot(draft: &mut Draft, field: Field) -> Option<&mut Option<Name>> {
    Some(match field {
        Field::Maker => &mut draft.maker,
        Field::Model => &mut draft.model,
        Field::Type => &mut draft.device_type,
        Field::Department => &mut draft.department,
        Field::Unit => &mut draft.unit,
        Field::Building => &mut draft.building,
        Field::Floor => &mut draft.floor,
        Field::Room => &mut draft.room,
        _ => return None,
    })
}
