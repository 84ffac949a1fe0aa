//! The comments of a record on the record's own page.

use db::Tx;
use kernel::{Result, TimeZone};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form,
    look::{Field, Section, button},
};

use super::{Comment, store};
use crate::{
    Subject, permit,
    posted::{Faults, form as posted_form},
};

/// Comments shown on the page of their record.
const SHOWN: u32 = 5;

/// The newest comments of a record, and how many there are.
#[derive(Clone, Debug, Default)]
pub struct Few {
    newest: Vec<Comment>,
    count: i64,
}

/// Reads the newest comments of a record.
///
/// # Errors
/// As [`Tx::all`].
pub async fn few(tx: &mut Tx, subject: &Subject) -> Result<Few> {
    let newest = store::of(tx, subject.org, subject.noun, subject.id, None, SHOWN).await?;
    let count = if newest.len() < SHOWN as usize {
        newest.len() as i64
    } else {
        store::count(tx, subject.org, subject.noun, subject.id).await?
    };
    Ok(Few { newest, count })
}

/// The page of all comments on a record.
pub(super) fn all_on(subject: &Subject) -> String {
    format!("/comments/on/{}/{}", subject.noun, subject.id)
}

/// The section on the page of a record, newest last; nothing where there is nothing to see and nothing to do.
pub fn section(ctx: &Ctx, subject: &Subject, few: &Few) -> Markup {
    let writes = subject.allows(ctx.actor(), permit::COMMENT_WRITE);
    if few.count == 0 && !writes {
        return Markup::default();
    }
    let more = few.count > few.newest.len() as i64;
    let all = html! { @if more { a href=(all_on(subject)) { "All " (kernel::thousands(few.count)) } } };
    let body = html! {
        (thread(few.newest.iter().rev(), &ctx.org.zone))
        @if writes { (write_form(subject, &Form::default(), &Faults::default())) }
    };
    Section::new("Comments", body).actions(all).id("comments").render()
}

/// Comments under each other, as given.
pub(super) fn thread<'c>(all: impl Iterator<Item = &'c Comment>, zone: &TimeZone) -> Markup {
    let mut all = all.peekable();
    html! {
        @if all.peek().is_some() {
            ol.thread { @for comment in all { li { (one(comment, zone)) } } }
        }
    }
}

/// One comment, its hour leading to its page.
pub(super) fn one(comment: &Comment, zone: &TimeZone) -> Markup {
    html! {
        p.xs.mute {
            b { (comment.author) } " "
            a href=(comment.href()) { time datetime=(comment.written_at.timestamp()) { (comment.written_at.on_page(zone)) } }
            @if comment.edited_at.is_some() && comment.retracted_at.is_none() { ", edited" }
        }
        (said(comment, zone))
    }
}

/// What a comment says, the people it mentions marked.
pub(super) fn said(comment: &Comment, zone: &TimeZone) -> Markup {
    if let Some(at) = comment.retracted_at {
        return html! { p.sm.mute { "Retracted on " (at.on_page(zone)) "." } };
    }
    html! {
        @for line in comment.words.lines() { p.sm { (line) } }
        @if !comment.mentions.is_empty() {
            p.xs.mute { "To " @for (n, mention) in comment.mentions.iter().enumerate() { @if n > 0 { ", " } (mention.name) } }
        }
    }
}

/// The form for a further comment.
pub(super) fn write_form(subject: &Subject, typed: &Form, faults: &Faults) -> Markup {
    let inside = html! {
        div.fields {
            (Field::area("words", "Comment", 3).value(typed.text("words")).error(faults.at("words")).bare()
                .hint("@ and a name tells somebody: @Maya Okafor. No patient data."))
        }
        div { (button("Comment").busy("Saving")) }
    };
    html! { (faults.summary()) (posted_form(&all_on(subject), 0, &inside)) }
}
