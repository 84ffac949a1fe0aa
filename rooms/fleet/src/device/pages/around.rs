//! The page around a device's form: what it is about, what went wrong, what somebody else did meanwhile.

use axum::response::Response;
use db::Event;
use kernel::{Permit, Result};
use maud::{Markup, html};
use web::{
    Ctx,
    look::{
        Entry, Section, Tone, answer, button, form_foot, link_button, message,
        timeline::{Words, timeline},
    },
};

use super::{changed, known::Known, names::Names, words::href};
use crate::{
    device::{Device, actions},
    posted::Faults,
};

/// A device somebody is about to change, and the versions they have not seen.
pub(super) struct Seen {
    pub(super) known: Known,
    unseen: Vec<Event>,
    names: Names,
}

/// More versions than this are not told one by one.
const TOLD: u32 = 20;

impl Seen {
    /// Reads a device in sight whose change the person is allowed. `from` is the version an outdated form was
    /// made for.
    ///
    /// # Errors
    /// Not found or forbidden.
    pub(super) async fn read(ctx: &Ctx, tag: &str, permit: Permit, from: Option<i64>) -> Result<Self> {
        let who = ctx.actor();
        db::read!(ctx.app.db(), who.org, |tx| {
            let device = actions::visible_by_tag(tx, who, tag).await?;
            who.need(permit, device.reach())?;
            let mut unseen = Vec::new();
            if let Some(from) = from {
                let id = device.id.uuid();
                unseen = db::gate::life(tx, who.org, "device", id, i64::MAX, TOLD).await?;
                unseen.retain(|event| event.version > from);
            }
            let names = Names::read(tx, who.org, &changed::ids(&unseen)).await?;
            Ok(Self { known: Known::of(tx, who.org, device).await?, unseen, names })
        })
    }

    pub(super) fn device(&self) -> &Device {
        &self.known.device
    }
}

/// What stands above and around a form.
pub(super) struct Sheet<'a> {
    /// The last crumb: “Move”.
    pub(super) title: &'a str,
    /// The page's `h1`.
    pub(super) sentence: String,
    /// Under it.
    pub(super) sub: String,
    /// What kept the form from being carried out.
    pub(super) faults: &'a Faults,
}

/// The page with its form. Fields come back as they were typed.
pub(super) fn show(ctx: &Ctx, seen: &Seen, sheet: &Sheet<'_>, inside: &Markup) -> Response {
    let tag = &seen.device().tag;
    let main = html! {
        (answer(&sheet.sentence, Some(&sheet.sub)))
        (sheet.faults.summary())
        @if sheet.faults.stale().is_some() { (meanwhile(seen)) }
        (inside)
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned()), (tag.clone(), href(tag))];
    ctx.page(sheet.title, "/devices").under(crumbs).status(sheet.faults.status()).show(main)
}

/// Who changed what since the form was opened. What was typed stands below, ready to be sent again.
fn meanwhile(seen: &Seen) -> Markup {
    let known = &seen.known;
    let entries: Vec<Entry> = seen
        .unseen
        .iter()
        .map(|event| Entry {
            link: None,
            ..changed::entry(event, &seen.names, &known.zone, &known.device.tag, true)
        })
        .collect();
    html! {
        (message(Tone::Warn, &html! {
            b { "Somebody else changed this device while you had the form open. Nothing of yours was saved." }
            " What you typed is kept below. Check it against the change, and send it again."
        }))
        (Section::new("Changed meanwhile", timeline(&entries, &Words::default())).id("meanwhile"))
    }
}

/// The foot of a form: its button, and the way back to the device.
pub(super) fn foot(verb: &str, doing: &str, tag: &str) -> Markup {
    form_foot(&html! {
        (button(verb).primary().busy(doing))
        (link_button("Cancel", href(tag)).ghost())
    })
}
