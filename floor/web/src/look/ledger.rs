//! Facts in words: ledgers of key and value, the fact strip of a record, plain item rows.

use maud::{Markup, html};

use super::Tone;
use super::icon::{Icon, icon_sized};

/// A ledger of keys and values. Read-only values are text, never greyed fields.
pub fn ledger(rows: &[(&str, Markup)]) -> Markup {
    html! { dl.led { @for (key, value) in rows { div { dt { (key) } dd { (value) } } } } }
}

/// One fact of a strip.
#[derive(Clone, Debug)]
#[must_use]
pub struct Fact {
    label: String,
    value: Markup,
    note: Option<String>,
    tone: Tone,
}

impl Fact {
    /// A label and its value.
    pub fn new(label: impl Into<String>, value: Markup) -> Self {
        Self { label: label.into(), value, note: None, tone: Tone::Plain }
    }

    /// The evidence under the value: since when, by whom, out of how many.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Colours the value, only when somebody must act.
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// The fact strip under the head of a record: four to six facts in a row, two columns on a phone.
pub fn strip(facts: &[Fact]) -> Markup {
    html! {
        dl.strip {
            @for fact in facts {
                div {
                    dt { (fact.label) }
                    dd class={ "v " (fact.tone.class()) } { (fact.value) }
                    @if let Some(note) = &fact.note { dd.n { (note) } }
                }
            }
        }
    }
}

/// A list of [`item`]s.
pub fn items(rows: &[Markup]) -> Markup {
    html! { ul.items { @for row in rows { li { (row) } } } }
}

/// One row: an icon or a count, a sentence, and what to do about it.
pub fn item(lead: &Lead, text: &Markup, action: Option<&Markup>) -> Markup {
    html! {
        div.item {
            @match lead {
                Lead::Icon(icon, tone) =>
                    (icon_sized(*icon, 15, if *tone == Tone::Plain { "mute" } else { tone.class() })),
                Lead::Count(count) => b.item-n { (count) },
            }
            div { (text) }
            @if let Some(action) = action { span { (action) } }
        }
    }
}

/// What stands before an [`item`].
#[derive(Clone, Debug)]
pub enum Lead {
    /// An icon, coloured only when somebody must act.
    Icon(Icon, Tone),
    /// A count, already written for the reader ("1,204").
    Count(String),
}
