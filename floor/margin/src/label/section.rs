//! The labels of a record on the record's own page, and in lists.

use db::Tx;
use kernel::Result;
use maud::{Markup, Render as _, html};
use web::{
    Ctx,
    look::{Choice, Field, Icon, Section, Tone, button, icon_sized, pill, post_button},
};

use super::{Label, store};
use crate::{Subject, permit};

/// Labels that can be put on in one click; more are chosen from a list.
const CLICKS: usize = 12;

/// The labels of a record, and all others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worn {
    on: Vec<Label>,
    off: Vec<Label>,
}

/// Reads the labels of a record.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn worn(tx: &mut Tx, subject: &Subject) -> Result<Worn> {
    let on = store::of(tx, subject.org, subject.noun, subject.id).await?;
    let mut off = store::list(tx, subject.org).await?;
    off.retain(|label| !on.iter().any(|worn| worn.id == label.id));
    Ok(Worn { on, off })
}

/// The section on the page of a record; nothing where there is nothing to see and nothing to do.
pub(crate) fn section(ctx: &Ctx, subject: &Subject, worn: &Worn) -> Markup {
    let puts = subject.allows(ctx.actor(), permit::LABEL_PUT);
    if worn.on.is_empty() && !puts {
        return Markup::default();
    }
    let body = html! {
        @if worn.on.is_empty() { p.sm.mute { "No labels yet." } }
        @if !worn.on.is_empty() {
            ul.labels {
                @for label in &worn.on {
                    li { (pill(Tone::Plain, &label.name)) @if puts { (take_off(subject, label)) } }
                }
            }
        }
        @if puts { (offers(subject, &worn.off)) }
    };
    let all = html! { @if puts { a href="/labels" { "All labels" } } };
    Section::new("Labels", body).actions(all).id("labels").render()
}

fn take_off(subject: &Subject, label: &Label) -> Markup {
    html! {
        form.inline method="post" action={ "/labels/off/" (subject.noun) "/" (subject.id) } {
            (web::form::once())
            (web::look::hidden("label", &label.id.to_string()))
            button.tok type="submit" aria-label={ "Take off " (label.name) } title="Take off" { (icon_sized(Icon::Cross, 13, "")) }
        }
    }
}

fn offers(subject: &Subject, off: &[Label]) -> Markup {
    let action = format!("/labels/on/{}/{}", subject.noun, subject.id);
    if off.len() <= CLICKS {
        return html! {
            @if !off.is_empty() {
                ul.labels {
                    @for label in off {
                        li { (post_button(&action, &[("label", &label.id.to_string())], &button(&label.name).small().ghost().icon(Icon::Plus))) }
                    }
                }
            }
        };
    }
    let choices = off.iter().map(|label| Choice::new(label.id.to_string(), &label.name)).collect();
    html! {
        form.row method="post" action=(action) {
            (web::form::once())
            (Field::select("label", "Label", choices).bare().render())
            (button("Put on").small())
        }
    }
}

/// That a record in a list wears labels: how many, and which to whoever points at it or has it read out. `href` is the
/// record’s page.
pub fn beside(href: &str, names: &[String]) -> Markup {
    if names.is_empty() {
        return Markup::default();
    }
    let words = format!("{}: {}", if names.len() == 1 { "Label" } else { "Labels" }, names.join(", "));
    html! {
        " "
        a.parts href={ (href) "#labels" } aria-label=(words) title=(words) {
            (icon_sized(Icon::Tag, 13, "")) (names.len())
        }
    }
}
