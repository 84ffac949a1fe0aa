//! Messages, empty states, and copying.

use maud::{Markup, html};

use super::Tone;
use super::icon::{Icon, icon};

/// A message in the page: icon by tone, then what happened, what is kept, what to do.
pub fn message(tone: Tone, text: &Markup) -> Markup {
    let sign = match tone {
        Tone::Crit => Icon::OctagonX,
        Tone::Warn => Icon::Triangle,
        Tone::Ok => Icon::CircleCheck,
        Tone::Plain | Tone::Accent => Icon::Info,
    };
    message_with(tone, sign, text)
}

/// A message with an icon of its own.
pub fn message_with(tone: Tone, sign: Icon, text: &Markup) -> Markup {
    html! { div class={ "bn " (tone.class()) } { (icon(sign)) div { (text) } } }
}

/// Nothing here: say what is true, what comes next, and offer one action.
pub fn empty_state(title: &str, text: &str, action: Option<&Markup>) -> Markup {
    html! {
        div.empty {
            p { b { (title) } }
            @if !text.is_empty() { p.sec { (text) } }
            @if let Some(action) = action { div.empty-a { (action) } }
        }
    }
}

/// A small button that copies a value. Script shows it; without script nothing is drawn.
pub fn copy_button(value: &str, name: &str, done: &str) -> Markup {
    html! {
        button.btn.sm.ico.ghost.js-only type="button" data-copy=(value) data-done=(done)
            aria-label=(name) title=(name) { (icon(Icon::Copy)) }
    }
}
