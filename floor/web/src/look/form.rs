//! What stands around fields: error summary, groups, hidden values, the foot with its buttons.

use maud::{Markup, html};

use super::icon::{Icon, icon};

/// A value sent along unseen.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// The summary of problems at the top of a form. It takes focus when the page arrives, and each
/// line links to its field: pairs are (id of the field, sentence with the fix). Nothing is drawn
/// when there are no errors. Ids come from [`super::field_id`].
pub fn error_summary(title: &str, errors: &[(String, String)]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div.bn.crit.errs role="alert" tabindex="-1" data-errors {
                (icon(Icon::CircleAlert))
                div {
                    h2 { (title) }
                    ul { @for (id, message) in errors { li { a href={ "#" (id) } { (message) } } } }
                }
            }
        }
    }
}

/// A titled group of fields.
pub fn fieldset(legend: &str, hint: Option<&str>, fields: &Markup) -> Markup {
    html! {
        fieldset.fs {
            legend { (legend) }
            @if let Some(hint) = hint { p.hint { (hint) } }
            div.fields { (fields) }
        }
    }
}

/// The foot of a form: its buttons in a row, the primary first.
pub fn form_foot(buttons: &Markup) -> Markup {
    html! { div.formfoot { (buttons) } }
}
