//! The history of a record: when, what changed from what to what, who, and why.

use maud::{Markup, html};

use super::Tone;
use super::icon::{Icon, icon_sized};

/// One value that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The name of what changed.
    pub field: String,
    /// What it was; `None` when there was nothing.
    pub before: Option<String>,
    /// What it became; `None` when it was taken away.
    pub after: Option<String>,
}

/// One event of a history.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// When, for the reader: "18 May 2026, 09:41".
    pub when: String,
    /// When, for machines: ISO 8601.
    pub when_iso: String,
    /// What happened: "Moved", "State changed".
    pub what: String,
    /// The values that changed.
    pub changes: Vec<Change>,
    /// Who did it; `None` for the system.
    pub who: Option<String>,
    /// The reason given, in the person's own words.
    pub reason: Option<String>,
    /// A link to what caused it, as (text, href).
    pub link: Option<(String, String)>,
    /// Coloured only when it says that something is wrong.
    pub tone: Tone,
    /// The icon of the kind of event.
    pub icon: Option<Icon>,
}

/// Words of the timeline that are read out between the values.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    /// Said before the old value: "was".
    pub was: &'a str,
    /// Said before the new value: "now".
    pub now: &'a str,
    /// Shown where there was no value: "empty".
    pub empty: &'a str,
}

impl Default for Words<'_> {
    fn default() -> Self {
        Self { was: "was", now: "now", empty: "empty" }
    }
}

/// A history, newest first as given.
pub fn timeline(entries: &[Entry], words: &Words<'_>) -> Markup {
    html! {
        ol.tl {
            @for entry in entries {
                li {
                    time datetime=(entry.when_iso) { (entry.when) }
                    span.tl-i { (icon_sized(entry.icon.unwrap_or(Icon::Circle), 14, sign_class(entry.tone))) }
                    div {
                        p { b class=(entry.tone.class()) { (entry.what) } (who(entry)) }
                        @if !entry.changes.is_empty() {
                            ul.chg { @for change in &entry.changes { li { (change_line(change, words)) } } }
                        }
                        @if let Some(reason) = &entry.reason { p.why { (reason) } }
                    }
                }
            }
        }
    }
}

fn sign_class(tone: Tone) -> &'static str {
    if tone == Tone::Plain { "mute" } else { tone.class() }
}

fn who(entry: &Entry) -> Markup {
    html! {
        @if let Some(who) = &entry.who { span.tl-w { (who) } }
        @if let Some((text, href)) = &entry.link { a.tl-l href=(href) { (text) } }
    }
}

fn change_line(change: &Change, words: &Words<'_>) -> Markup {
    html! {
        span.chg-f { (change.field) }
        span.vh { " " (words.was) " " }
        @if let Some(before) = &change.before {
            span.chg-b { (before) }
            (icon_sized(Icon::ArrowRight, 12, "mute"))
        } @else { span.vh { (words.empty) } }
        span.vh { " " (words.now) " " }
        span { (change.after.as_deref().unwrap_or(words.empty)) }
    }
}
