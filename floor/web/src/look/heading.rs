//! The answer line, sections and the head of a record.

use maud::{Markup, Render, html};

use super::glyph::{DeviceGlyph, glyph};

/// The answer line: the page's `h1`, one sentence under 90 characters that answers the page's
/// question and names the worst thing; below it scope, counts and period.
pub fn answer(sentence: &str, sub: Option<&str>) -> Markup {
    html! {
        div.head {
            h1.answer { (sentence) }
            @if let Some(sub) = sub { p.sub { (sub) } }
        }
    }
}

/// The answer line of a list, where query, counts and rows already show the answer: spoken and
/// printed, not drawn.
pub fn quiet_answer(sentence: &str) -> Markup {
    html! { h1.answer.quiet { (sentence) } }
}

/// The head of a device or model: glyph, a line of identity, the answer line.
pub fn record_head(kind: DeviceGlyph, identity: &Markup, sentence: &str) -> Markup {
    html! {
        div.dev-h {
            span.gl { (glyph(kind, 32)) }
            div {
                p.ident-l { (identity) }
                h1.answer { (sentence) }
            }
        }
    }
}

/// A section with its head: title, note, and links or buttons at the end of the line.
#[derive(Clone, Debug)]
#[must_use]
pub struct Section {
    title: String,
    note: Option<String>,
    actions: Option<Markup>,
    id: Option<String>,
    body: Markup,
}

impl Section {
    /// A section with a title and its content.
    pub fn new(title: impl Into<String>, body: Markup) -> Self {
        Self { title: title.into(), note: None, actions: None, id: None, body }
    }

    /// A short note beside the title: counts, a key.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Links or small buttons at the end of the line.
    pub fn actions(mut self, actions: Markup) -> Self {
        self.actions = Some(actions);
        self
    }

    /// An id, so that a link can lead here.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl Render for Section {
    fn render(&self) -> Markup {
        html! {
            section.sec-b id=[self.id.as_deref()] {
                div.shr {
                    h2.sh { (self.title) }
                    @if let Some(note) = &self.note { span.note { (note) } }
                    @if let Some(actions) = &self.actions { span.shr-a { (actions) } }
                }
                (self.body)
            }
        }
    }
}

/// Content with an aside of 336 px; on a tablet and a phone the aside folds below.
pub fn split(main: &Markup, aside: &Markup) -> Markup {
    html! { div.split { div { (main) } aside { (aside) } } }
}

/// A line between sections.
pub fn rule() -> Markup {
    html! { hr.rule; }
}
