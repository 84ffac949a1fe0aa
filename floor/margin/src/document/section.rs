//! The documents of a record on the record's own page.

use db::Tx;
use kernel::{Date, Result};
use maud::{Markup, Render as _, html};
use web::{
    Ctx,
    look::{Icon, Section, Tone, item, items, ledger::Lead},
};

use super::{Document, Kind, Stored, size_on_page, store};
use crate::{Subject, permit};

/// Documents shown on the page of their record.
const SHOWN: u32 = 6;

/// The newest documents of a record, and how many there are.
#[derive(Clone, Debug, Default)]
pub struct Few {
    newest: Vec<(Document, Stored)>,
    count: i64,
}

/// Reads the newest documents of a record.
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

/// The page of all documents of a record.
pub(super) fn all_of(subject: &Subject) -> String {
    format!("/documents/on/{}/{}", subject.noun, subject.id)
}

/// The section on the page of a record; nothing where there is nothing to see and nothing to do.
pub fn section(ctx: &Ctx, subject: &Subject, few: &Few) -> Markup {
    let adds = subject.allows(ctx.actor(), permit::DOCUMENT_ADD);
    if few.count == 0 && !adds {
        return Markup::default();
    }
    let today = ctx.now().date_in(&ctx.org.zone);
    let more = few.count > few.newest.len() as i64;
    let actions = html! {
        @if more { a href=(all_of(subject)) { "All " (kernel::thousands(few.count)) } }
        @if adds { a href={ (all_of(subject)) "#add" } { "Add" } }
    };
    let body = html! {
        @if few.count == 0 { p.sm.mute { "No documents or photos yet." } }
        (pictures(&few.newest))
        (list(few.newest.iter().filter(|(_, file)| file.picture.is_none()), today))
    };
    Section::new("Documents", body).actions(actions).id("documents").render()
}

/// Pictures, small, side by side.
pub(super) fn pictures(all: &[(Document, Stored)]) -> Markup {
    let pictures: Vec<_> =
        all.iter().filter_map(|(document, file)| Some((document, file.picture.as_ref()?))).collect();
    html! {
        @if !pictures.is_empty() {
            ul.thumbs {
                @for (document, picture) in pictures {
                    li {
                        a href=(document.href()) {
                            img src={ (document.href()) "/preview" } alt=(document.title) loading="lazy"
                                width=(picture.preview_size.0) height=(picture.preview_size.1);
                            span { (document.title) }
                        }
                    }
                }
            }
        }
    }
}

/// Documents as a list.
pub(super) fn list<'d>(all: impl Iterator<Item = &'d (Document, Stored)>, today: Date) -> Markup {
    let rows: Vec<Markup> = all.map(|(document, file)| row(document, file, today)).collect();
    html! { @if !rows.is_empty() { (items(&rows)) } }
}

fn row(document: &Document, file: &Stored, today: Date) -> Markup {
    let icon = match document.kind {
        Kind::Certificate => Icon::Shield,
        Kind::Report => Icon::ClipboardCheck,
        _ => Icon::FileText,
    };
    let over = document.valid_until.is_some_and(|until| until < today);
    let note = match document.valid_until {
        Some(until) if over => format!("Ended {}", day(until)),
        Some(until) => format!("Valid until {}", day(until)),
        None => format!("{}, {}", file.media.on_page(), size_on_page(file.sent.bytes)),
    };
    let tone = if over { Tone::Warn } else { Tone::Plain };
    let text = html! {
        a href=(document.href()) { (document.title) }
        " " span class={ "xs " @if over { "warn" } @else { "mute" } } { (note) }
    };
    item(&Lead::Icon(icon, tone), &text, None)
}

/// `13 Oct 2026`.
pub(super) fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}
