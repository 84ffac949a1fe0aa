//! What the words of a file mean: chosen once for all rows that say them.

use identity::site::Site;
use maud::{Markup, Render as _, html};
use web::{
    Form,
    look::{Choice, Column, Field as Input, Row, Section, Table, Tone, marks::verdict},
};

use super::{mapping::Shown, n};
use crate::import::{Field, Mapping, Words, cell::meaning, run::ImportRun};

/// Where links to the choices lead.
pub(super) const ANCHOR: &str = "words";
/// The choice that leaves a field open on purpose.
const OPEN: &str = "open";

/// One word of the file.
struct Word<'r> {
    field: Field,
    column: usize,
    /// Its place among the words of the column.
    place: usize,
    text: &'r str,
    rows: u64,
    /// What it is read as without anybody's help.
    known: Option<&'static str>,
    /// What a person said it means.
    settled: Option<&'r str>,
}

impl Word<'_> {
    fn name(&self) -> String {
        format!("word-{}-{}", self.column, self.place)
    }

    fn is_open(&self) -> bool {
        self.known.is_none() && self.settled.is_none()
    }
}

/// Every word of the file as it was last read, in the order of the fields and then of their rows.
fn all<'r>(run: &'r ImportRun, mapping: &Mapping) -> Vec<Word<'r>> {
    let mut words = Vec::new();
    for field in meaning::FIELDS {
        let Some(column) = mapping.index(field) else { continue };
        // Another column was this field when the words were read.
        let Some(seen) = run.seen.get(column).filter(|_| run.mapping().index(field) == Some(column)) else {
            continue;
        };
        for (place, (text, rows)) in seen.words.iter().enumerate() {
            let settled = run.setup.words.get(&field).and_then(|w| w.get(&meaning::key(text)));
            words.push(Word {
                field,
                column,
                place,
                text,
                rows: *rows,
                known: meaning::read(field, text),
                settled: settled.map(String::as_str),
            });
        }
    }
    words
}

/// The words that are shown: all of closed lists, and the sites that nobody knows.
fn shown_words<'r>(run: &'r ImportRun, sites: &[Site]) -> Vec<Word<'r>> {
    if run.is_own() {
        return Vec::new();
    }
    let on_record = |text: &str| sites.iter().any(|s| kernel::fold(&s.name) == meaning::key(text));
    let mut words = all(run, &run.mapping());
    words.retain(|w| w.field != Field::Site || w.settled.is_some() || !on_record(w.text));
    words.sort_by_key(|w| !w.is_open());
    words
}

/// The section of words; nothing when the file has none that could be settled.
pub(super) fn section(run: &ImportRun, all: &[Site], mine: &[Site], shown: Shown<'_>) -> Markup {
    let words = shown_words(run, all);
    if words.is_empty() {
        return Markup::default();
    }
    let open = words.iter().filter(|w| w.is_open()).count() as u64;
    let note = match open {
        0 => "all understood".to_owned(),
        1 => "1 needs a choice".to_owned(),
        _ => format!("{} need a choice", n(open)),
    };
    let columns = vec![
        Column::new("In your file").row_head().clip(),
        Column::new("Column").faint(),
        Column::new("Means"),
        Column::new("Match"),
        Column::new("Rows").num(),
    ];
    let rows = words.iter().map(|word| row(word, run, mine, shown)).collect();
    let table = Table::new("Words of this file", columns, rows).render();
    Section::new("Words of this file", table).note(note).id(ANCHOR).render()
}

fn row(word: &Word<'_>, run: &ImportRun, mine: &[Site], shown: Shown<'_>) -> Row {
    let present = match (word.settled, word.known) {
        (Some(""), _) => OPEN,
        (Some(code), _) | (None, Some(code)) => code,
        (None, None) => "",
    };
    let label = format!("“{}” in {} means", word.text, run.layout.column(word.column));
    let select = Input::select(word.name(), label, choices(word, run, mine)).bare();
    let (tone, said) = match (word.settled, word.known) {
        (Some(_), _) => (Tone::Ok, "Chosen"),
        (None, Some(_)) => (Tone::Ok, "Sure"),
        (None, None) if word.field == Field::Site && run.setup.create_sites => (Tone::Plain, "Is added"),
        (None, None) => (Tone::Warn, "Choose"),
    };
    Row::new(vec![
        html! { (word.text) },
        html! { (run.layout.column(word.column)) },
        shown.field(&word.name(), select, present).render(),
        verdict(tone, said),
        html! { (n(word.rows)) },
    ])
}

fn choices(word: &Word<'_>, run: &ImportRun, mine: &[Site]) -> Vec<Choice> {
    let none = match word.field {
        Field::Site if run.setup.create_sites => "A new site of this name",
        field if meaning::may_stay_open(field) => "Not decided yet",
        _ => "Not known: such rows stay out",
    };
    let mut choices = Vec::new();
    if word.known.is_none() {
        choices.push(Choice::new("", none));
    }
    if meaning::may_stay_open(word.field) {
        choices.push(Choice::new(OPEN, "Left open"));
    }
    if word.field == Field::Site {
        choices.extend(mine.iter().map(|s| Choice::new(s.id.to_string(), s.name.clone())));
        return choices;
    }
    let near = meaning::nearest(word.field, word.text).filter(|_| word.known.is_none());
    let mut ours = meaning::choices(word.field);
    // What is nearest comes first: one key press away, and still chosen by a person.
    ours.sort_by_key(|(code, _)| near.is_none_or(|(nearest, _)| nearest != *code));
    choices.extend(ours.into_iter().map(|(code, words)| Choice::new(code, words)));
    choices
}

/// What a person chose for the words of the columns that stay what they were. What was settled about words that are
/// not shown stays.
pub(super) fn read(run: &ImportRun, mapping: &Mapping, form: &Form) -> Words {
    let mut words = run.setup.words.clone();
    let stays = |field: Field| {
        mapping.index(field).is_some()
            || field == Field::Model && mapping.index(Field::CatalogueNumber).is_some()
    };
    words.retain(|field, _| stays(*field));
    for word in all(run, mapping) {
        let name = word.name();
        if !form.ticked(&name) {
            continue;
        }
        let of_field = words.entry(word.field).or_default();
        let key = meaning::key(word.text);
        match form.text(&name) {
            OPEN if meaning::may_stay_open(word.field) => of_field.insert(key, String::new()),
            code if Some(code) == word.known || !is_value(word.field, code) => of_field.remove(&key),
            code => of_field.insert(key, code.to_owned()),
        };
    }
    words.retain(|_, settled| !settled.is_empty());
    words
}

fn is_value(field: Field, code: &str) -> bool {
    match field {
        Field::Site => code.parse::<kernel::SiteId>().is_ok(),
        _ => meaning::choices(field).iter().any(|(known, _)| *known == code),
    }
}
