//! Ways on: a list of what may happen next, each a row that leads to its form.

use maud::{Markup, html};

use super::icon::{Icon, icon_sized};

/// One way on. Open: the whole row leads there. In the way: it still leads there, and says what stands in the way.
/// Not yours: no link, and who may.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// The verb and its object.
    pub title: String,
    /// What follows and what is asked for.
    pub note: String,
    /// Where it leads; `None` when the person may not go there.
    pub href: Option<String>,
    /// What stands in the way, each with what would clear it; empty when nothing does.
    pub hurdles: Vec<String>,
    /// Who may, in words, where the person may not.
    pub only: Option<String>,
}

/// The list. Rows are 44 px high at least, so that a thumb finds them.
pub fn ways(ways: &[Way]) -> Markup {
    html! {
        ul.ways {
            @for way in ways {
                li {
                    @if let Some(href) = &way.href {
                        a.way href=(href) { (inside(way)) (icon_sized(Icon::ChevronRight, 16, "mute")) }
                    } @else { div.way.out { (inside(way)) } }
                }
            }
        }
    }
}

fn inside(way: &Way) -> Markup {
    html! {
        span {
            b { (way.title) }
            span.two { (way.note) }
            @for hurdle in &way.hurdles { span.two.warn { (icon_sized(Icon::Triangle, 13, "")) " " (hurdle) } }
            @if let Some(only) = &way.only { span.two { (only) } }
        }
    }
}
