//! Pages of names that are put right in their row: makers, and device types with their risk level. Rows are read; one
//! at a time is open and holds its fields.

pub(crate) mod history;

use axum::extract::RawQuery;
use maud::{Markup, html};
use uuid::Uuid;
use web::{
    Form,
    look::{Column, Icon, PhoneSlot, Row, Table, button, empty_state, hidden, icon_sized, link_button},
};

use crate::{device::pages::words::count, model::list::Counts, posted::Faults};

/// Names read at once; a house has some hundreds.
pub(crate) const READ: u32 = 5_000;
/// Names shown at once; the search finds the others.
const SHOWN: usize = 200;

/// What such a page is asked.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) text: String,
    /// Only what nobody has decided.
    pub(crate) undecided: bool,
    /// The row that is open.
    pub(crate) edit: Option<Uuid>,
}

impl Asked {
    /// Reads `?q=`, `?undecided=1` and `?edit=`.
    pub(crate) fn read(query: &RawQuery) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.0.as_deref().unwrap_or_default().as_bytes()) {
            match &*name {
                "q" => asked.text = value.trim().chars().take(200).collect(),
                "undecided" => asked.undecided = value == "1",
                "edit" => asked.edit = value.parse().ok(),
                _ => {}
            }
        }
        asked
    }

    /// The page after a form that was refused: its row is open.
    pub(crate) fn again(form: &Form) -> Self {
        Self { edit: form.text("id").parse().ok(), ..Self::default() }
    }

    /// Whether a folded name is among those asked for.
    pub(crate) fn finds(&self, key: &str) -> bool {
        kernel::fold(&self.text).split(' ').all(|word| key.contains(word))
    }
}

/// Which page it is.
pub(crate) struct Kind {
    /// Its address.
    pub(crate) path: &'static str,
    /// Where a name leads, but for the id that follows.
    pub(crate) page: &'static str,
    /// One of them, and the parameter by which devices and models are listed: `type`.
    pub(crate) noun: &'static str,
    /// The head of the first column, and the spoken name of the table.
    pub(crate) heads: [&'static str; 2],
    /// The head of the column between name and devices' number and the button, if there is one.
    pub(crate) extra: Option<&'static str>,
}

/// One name with what stands in its row.
pub(crate) struct Line<'n> {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) name: &'n str,
    /// A drawing before the name.
    pub(crate) drawing: Markup,
    /// The extra cell as it is read.
    pub(crate) read: Markup,
    /// The extra cell as it is changed, given the id of the row's form.
    pub(crate) fields: Markup,
    /// Somebody has to decide it: its button is drawn as one.
    pub(crate) open: bool,
    /// What the button that saves says.
    pub(crate) save: String,
}

/// The id of a row's form; its fields stand in several cells.
pub(crate) fn form_id(id: Uuid) -> String {
    format!("row-{id}")
}

/// What is wrong with a field of the open row.
pub(crate) fn wrong(faults: &Faults, field: &str) -> Markup {
    html! {
        @if let Some(words) = faults.at(field) {
            p.ferr id={ "f-" (field) } { (icon_sized(Icon::CircleAlert, 13, "")) span { (words) } }
        }
    }
}

/// The rows, or that there are none.
pub(crate) fn table(
    kind: &Kind,
    asked: &Asked,
    lines: &[Line<'_>],
    counts: &Counts,
    may_edit: bool,
    (typed, faults): (&Form, &Faults),
) -> Markup {
    if lines.is_empty() && asked.text.is_empty() && !asked.undecided {
        let title = format!("No {} yet.", kind.heads[1].to_lowercase());
        return empty_state(&title, "They come with the devices that are added or imported.", None);
    }
    if lines.is_empty() {
        return empty_state(&format!("No {} matches.", kind.noun), "Try a part of its name.", None);
    }
    let mut columns = vec![
        Column::new(kind.heads[0]).phone(PhoneSlot::Title),
        Column::new("Devices").num().phone(PhoneSlot::Due),
    ];
    columns.extend(kind.extra.map(|head| Column::new(head).phone(PhoneSlot::Tag)));
    if may_edit {
        columns.push(Column::new("Change").unnamed().num().phone(PhoneSlot::State));
    }
    let rows = lines
        .iter()
        .take(SHOWN)
        .map(|line| {
            let here = may_edit && asked.edit == Some(line.id);
            let mut cells = vec![
                if here { open_name(line, typed, faults) } else { name(kind, line) },
                devices(kind, line, counts),
            ];
            if kind.extra.is_some() {
                cells.push(if here { line.fields.clone() } else { line.read.clone() });
            }
            if may_edit {
                cells.push(if here { open_form(kind, line) } else { change(kind, line) });
            }
            Row::new(cells)
        })
        .collect();
    html! {
        (Table::new(kind.heads[1], columns, rows).list())
        @if lines.len() > SHOWN {
            p.sec.sm { "The first " (SHOWN) " of " (count(lines.len() as i64)) ". Search to see the others." }
        }
    }
}

fn name(kind: &Kind, line: &Line<'_>) -> Markup {
    html! {
        span.glc id={ "t-" (line.id) } {
            (line.drawing)
            a href={ (kind.page) (line.id) } { (line.name) }
        }
    }
}

fn open_name(line: &Line<'_>, typed: &Form, faults: &Faults) -> Markup {
    let mine = typed.text("id") == line.id.to_string();
    html! {
        span.glc id={ "t-" (line.id) } { (line.drawing) }
        input.inp name="name" value=(if mine { typed.text("name") } else { line.name }) form=(form_id(line.id))
            aria-label={ "Name of " (line.name) } required;
        @if mine { (wrong(faults, "name")) }
    }
}

fn devices(kind: &Kind, line: &Line<'_>, counts: &Counts) -> Markup {
    let n = counts.get(&line.id).copied().unwrap_or(0);
    html! {
        @if n > 0 { a href={ "/devices?" (kind.noun) "=" (line.id) } { (count(n)) } } @else { span.mute { "0" } }
    }
}

fn change(kind: &Kind, line: &Line<'_>) -> Markup {
    let word = if line.open { "Decide" } else { "Change" };
    let button = link_button(word, format!("{}?edit={}#t-{}", kind.path, line.id, line.id)).small();
    html! { @if line.open { (button) } @else { (button.ghost()) } }
}

fn open_form(kind: &Kind, line: &Line<'_>) -> Markup {
    html! {
        form.inline method="post" action=(kind.path) id=(form_id(line.id)) {
            (web::form::once())
            (hidden("id", &line.id.to_string()))
            (hidden("version", &line.version.to_string()))
            (link_button("Cancel", format!("{}#t-{}", kind.path, line.id)).small().ghost())
            " "
            (button(line.save.clone()).small().primary().busy("Saving"))
        }
    }
}
