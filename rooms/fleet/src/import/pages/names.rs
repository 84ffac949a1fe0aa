//! The names of a file: those in doubt, asked once for all rows, and what the others are read as.

use db::Tx;
use kernel::{OrgId, Result};
use matching::gather::How;
use maud::{Markup, Render as _, html};
use web::{
    Form,
    look::{Choice, Column, Field as Input, Row, Section, Table, Tone, hidden, marks::verdict},
};

use super::{counted, mapping::Shown, n};
use crate::{
    device::ImportId,
    import::{
        Field, Words,
        names::{FIELDS, NameRead, answer_key},
        run::{ImportRun, names as kept},
    },
};

/// Where links to the choices lead.
pub(super) const ANCHOR: &str = "names";
/// The hidden field that says which name a choice is about.
const NAMED: &str = "named";
/// The choice of a name of its own.
const OWN: &str = "=";
/// What stands before a name that is chosen.
const IS: char = '@';
/// Spellings of each kind that are shown, the most frequent first.
const SHOWN: u32 = 300;

/// The names of a file that are worth a look.
#[derive(Default)]
pub(super) struct Names {
    asked: Vec<NameRead>,
    settled: Vec<NameRead>,
    taken: Vec<NameRead>,
}

impl Names {
    pub(super) async fn read(tx: &mut Tx, org: OrgId, id: ImportId) -> Result<Self> {
        Ok(Self {
            asked: kept::by_how(tx, org, id, How::Asked, SHOWN).await?,
            settled: kept::by_how(tx, org, id, How::Settled, SHOWN).await?,
            taken: kept::by_how(tx, org, id, How::Taken, SHOWN).await?,
        })
    }
}

/// Spellings that belong together: one question, one answer.
struct Group<'n> {
    first: &'n NameRead,
    rows: u64,
    more: u64,
}

/// Gathers spellings that became one name in one way; in which case and how accented they are written says nothing.
fn groups(names: &[NameRead], alike: impl Fn(&NameRead, &NameRead) -> bool) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for name in names {
        match groups.iter_mut().find(|g| alike(g.first, name)) {
            Some(group) => {
                group.rows += name.rows;
                group.more += 1;
            }
            None => groups.push(Group { first: name, rows: name.rows, more: 0 }),
        }
    }
    groups
}

fn same_field(a: &NameRead, b: &NameRead) -> bool {
    a.field == b.field && a.scope == b.scope
}

/// The sections of names; nothing when the file has none worth a look.
pub(super) fn sections(names: &Names, run: &ImportRun, shown: Shown<'_>) -> Markup {
    let asked = groups(&names.asked, |a, b| same_field(a, b) && a.becomes == b.becomes);
    let one_spelling =
        |a: &NameRead, b: &NameRead| same_field(a, b) && kernel::fold(&a.written) == kernel::fold(&b.written);
    let settled = groups(&names.settled, one_spelling);
    let differs = |g: &Group<'_>| kernel::fold(&g.first.written) != kernel::fold(&g.first.becomes);
    let taken: Vec<Group<'_>> = groups(&names.taken, one_spelling).into_iter().filter(differs).collect();
    let mut at = 0;
    let mut table = |title: &str, groups: &[Group<'_>]| {
        let rows = groups.iter().map(|group| {
            at += 1;
            row(group, at - 1, run, shown)
        });
        let columns = vec![
            Column::new("In your file").row_head(),
            Column::new("Column").faint(),
            Column::new("Means"),
            Column::new("Match"),
            Column::new("Rows").num(),
        ];
        Table::new(title, columns, rows.collect()).render()
    };
    let questions: Vec<Group<'_>> = asked.into_iter().chain(settled).collect();
    let open = questions.iter().filter(|g| g.first.how == How::Asked).count() as u64;
    let note = match open {
        0 => "all answered".to_owned(),
        1 => "1 needs an answer, once for all rows".to_owned(),
        _ => format!("{} need an answer, once for all rows", n(open)),
    };
    html! {
        @if !questions.is_empty() {
            (Section::new("Names in doubt", table("Names in doubt", &questions)).note(note).id(ANCHOR))
        }
        @if !taken.is_empty() {
            (Section::new("Read as another name", table("Read as another name", &taken))
                .note(format!("{}, look through them", counted(taken.len() as u64, "spelling", "spellings"))))
        }
    }
}

fn row(group: &Group<'_>, at: usize, run: &ImportRun, shown: Shown<'_>) -> Row {
    let name = group.first;
    // A question is kept under the spelling that stands for all of them.
    let text = if name.how == How::Asked { &name.becomes } else { &name.written };
    let (present, choices) = choices(name);
    let field = name.field;
    let header = header(run, field);
    let label = format!("“{text}” in {header} means");
    let input = format!("{NAMED}-{at}");
    let select = Input::select(input.clone(), label, choices).bare();
    let (tone, said) = match name.how {
        How::Asked => (Tone::Warn, "Choose"),
        How::Settled => (Tone::Ok, "Chosen"),
        _ => (Tone::Ok, "Sure"),
    };
    let why = match name.how {
        How::Asked => name.candidates.first().map(|c| format!("{}: {}", c.name, c.reason)),
        _ => name.reason.clone(),
    };
    let key = format!("{} {}", field.code(), answer_key(field, &name.scope, text));
    Row::new(vec![
        html! {
            (text)
            @if group.more > 0 { span.two { "and " (counted(group.more, "more spelling", "more spellings")) } }
            @if let Some(why) = why { span.two { (why) } }
        },
        html! { (header) @if !name.scope.is_empty() { span.two { "of " (name.scope) } } },
        html! { (hidden(NAMED, &key)) (shown.field(&input, select, &present)) },
        verdict(tone, said),
        html! { (n(group.rows)) },
    ])
}

fn header(run: &ImportRun, field: Field) -> String {
    let mapping = run.mapping();
    let catalogue = || mapping.header(Field::CatalogueNumber).filter(|_| field == Field::Model);
    mapping.header(field).or_else(catalogue).unwrap_or_default().to_owned()
}

/// What is chosen now, and what may be.
fn choices(name: &NameRead) -> (String, Vec<Choice>) {
    let own = || Choice::new(OWN, format!("{} of its own", article(name.field)));
    let is = |to: &str| format!("{IS}{to}");
    match name.how {
        How::Asked => {
            let mut all = vec![Choice::new("", "Not answered: such rows wait")];
            let label = |c: &crate::import::names::Likely| match c.on_record {
                true => format!("{} (on record)", c.name),
                false => c.name.clone(),
            };
            all.extend(name.candidates.iter().map(|c| Choice::new(is(&c.name), label(c))));
            all.push(own());
            (String::new(), all)
        }
        How::Settled => {
            let to = if name.becomes == name.written { OWN.to_owned() } else { is(&name.becomes) };
            let mut all = Vec::new();
            if to != OWN {
                all.push(Choice::new(to.clone(), name.becomes.clone()));
            }
            all.extend([own(), Choice::new("", "Read it anew")]);
            (to, all)
        }
        _ => (String::new(), vec![Choice::new("", name.becomes.clone()), own()]),
    }
}

/// “A maker”, “An asset tag”.
fn article(field: Field) -> String {
    let noun = field.on_page().to_lowercase();
    let an = noun.starts_with(['a', 'e', 'i', 'o']);
    format!("{} {noun}", if an { "An" } else { "A" })
}

/// What a person answered; answers about names that are not shown stay.
pub(super) fn read(words: &mut Words, form: &Form) {
    for (at, key) in form.all(NAMED).iter().enumerate() {
        let Some((code, key)) = key.split_once(' ') else { continue };
        let Some(field) = code.parse::<Field>().ok().filter(|f| FIELDS.contains(f)) else { continue };
        let answers = words.entry(field).or_default();
        match form.text(&format!("{NAMED}-{at}")) {
            "" => answers.remove(key),
            OWN => answers.insert(key.to_owned(), String::new()),
            chosen => match chosen.strip_prefix(IS).and_then(|name| crate::Name::parse(name).ok()) {
                Some(name) => answers.insert(key.to_owned(), name.as_str().to_owned()),
                None => None,
            },
        };
    }
    words.retain(|_, answers| !answers.is_empty());
}
