//! One act: how it goes, what it came to, and undoing it.

use kernel::Result;
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Reply,
    look::{
        Icon, Section, Tone, answer, button, link_button, message, post_button, progress::progress,
        refresh_region,
    },
};

use super::address;
use crate::{
    act::{
        Act, ActId, ActState, Outcome,
        actions::{self, BATCH, Since},
        store, work,
    },
    device::pages::words::{count, href},
};

/// Devices named of those left alone.
const NAMED: u32 = 50;

/// Carries a small act on at once, so that whoever asked finds it done; a large one is the job's.
pub(super) async fn hurry(ctx: &Ctx, id: ActId) -> Result<()> {
    let org = ctx.actor().org;
    let act = db::read!(ctx.app.db(), org, |tx| store::find(tx, org, id).await)?;
    match act {
        Some(act) if act.counts.devices <= BATCH as i64 => {
            work::drive(ctx.app.db(), ctx.app.clock(), org, id).await
        }
        _ => Ok(()),
    }
}

/// A device left alone: its tag, and why.
type Left = (String, String);

pub(super) async fn page(ctx: &Ctx, act: &Act) -> Reply {
    let who = ctx.actor();
    let (counts, left, since) = db::read!(ctx.app.db(), who.org, |tx| {
        let counts = store::counts(tx, who.org, act.id).await?;
        let since = match act.state {
            ActState::Done => Some(actions::look_before_undo(tx, who, act).await?),
            _ => None,
        };
        let mut left: Vec<Left> = Vec::new();
        for outcome in [Outcome::Refused, Outcome::Kept] {
            let items = store::items_of(tx, who.org, act.id, outcome, (-1, NAMED)).await?;
            let devices = work::load_items(tx, who.org, &items).await?;
            let named = items.iter().filter_map(|item| {
                let device =
                    devices.get(&item.device).filter(|d| who.may(crate::permit::DEVICE_VIEW, d.reach()))?;
                Some((device.tag.clone(), item.words.clone().unwrap_or_default()))
            });
            left.extend(named);
        }
        Ok((counts, left, since))
    })?;
    let act = Act { counts, ..act.clone() };
    let sentence = sentence(&act);
    let sub = format!(
        "{}, {}. {}",
        act.by_name,
        act.begun_at.on_page(&ctx.org.zone),
        if act.query.is_empty() {
            "Devices picked one by one.".to_owned()
        } else {
            format!("Search: {}", act.query)
        }
    );
    let main = html! {
        (answer(&sentence, Some(&sub)))
        @if act.state.is_busy() { (under_way(&act)) }
        @if let Some(since) = since.as_ref().filter(|since| since.changed > 0) { (changed_since(since)) }
        (Section::new("What", html! {
            dl.led {
                div { dt { "Why" } dd { (act.reason) } }
                @for (label, n) in [
                    ("Changed", act.counts.changed),
                    ("Given back", act.counts.undone),
                    ("Already so", act.counts.same),
                    ("Left alone", act.counts.refused),
                ] {
                    @if n > 0 { div { dt { (label) } dd { (count(n)) } } }
                }
            }
        }))
        @if !left.is_empty() { (left_alone(&left)) }
    };
    let actions = html! {
        @if let Some(since) = since.filter(|since| since.free > 0) { (undo_button(&act, &since)) }
        (link_button("All changes", "/devices/bulk").ghost())
    };
    let crumbs = [("Devices", "/devices"), ("Changed at once", "/devices/bulk")];
    let crumbs = crumbs.map(|(label, href)| (label.to_owned(), href.to_owned()));
    Ok(ctx.page(act.reason.clone(), "/devices").under(crumbs).actions(actions).show(main))
}

fn devices(n: i64) -> String {
    if n == 1 { "1 device".to_owned() } else { format!("{} devices", count(n)) }
}

fn sentence(act: &Act) -> String {
    let counts = act.counts;
    match act.state {
        ActState::Running => format!("Changing {}.", devices(counts.devices)),
        ActState::Undoing => format!("Undoing the change of {}.", devices(counts.changed + counts.undone)),
        ActState::Undone if counts.changed == 0 => {
            format!(
                "Undone. {} as before.",
                if counts.undone == 1 {
                    "1 device is".to_owned()
                } else {
                    format!("{} are", devices(counts.undone))
                }
            )
        }
        ActState::Undone => format!(
            "Undone for {}; {} changed since and stay as they are.",
            devices(counts.undone),
            count(counts.changed)
        ),
        ActState::Done if counts.refused == 0 => format!("{} changed.", devices(counts.changed)),
        ActState::Done => {
            format!("{} changed, {} left alone.", devices(counts.changed), count(counts.refused))
        }
    }
}

fn under_way(act: &Act) -> Markup {
    let counts = act.counts;
    let (label, done, total) = match act.state {
        ActState::Undoing => ("Undoing", counts.undone, counts.changed + counts.undone),
        _ => ("Changing", counts.changed + counts.same + counts.refused, counts.devices),
    };
    let words = format!("{} of {}", count(done), count(total));
    let whole = |n: i64| u64::try_from(n).unwrap_or(0);
    let bar = progress(whole(done), whole(total), label, &words, Some("You can leave this page."));
    refresh_region("act", &address(act.id), Some(1), "Refresh", &bar)
}

fn undo_button(act: &Act, since: &Since) -> Markup {
    let label = match since.changed {
        0 => "Undo".to_owned(),
        _ => format!("Undo for {}", devices(since.free)),
    };
    let command = db::command::CommandId::new().to_string();
    let action = format!("{}/undo", address(act.id));
    post_button(&action, &[("command", &command)], &button(label).icon(Icon::Undo).key("Z").busy("Undoing"))
}

fn changed_since(since: &Since) -> Markup {
    let some: Vec<String> = since
        .named
        .iter()
        .map(|(tag, fields)| format!("{tag} ({})", fields.join(", ").replace('_', " ")))
        .collect();
    let more = if since.changed > since.named.len() as i64 { " and more" } else { "" };
    message(
        Tone::Warn,
        &html! {
            b { (devices(since.changed)) " changed since." } " An undo leaves them as they are: "
            (some.join("; ")) (more) "."
        },
    )
}

fn left_alone(left: &[Left]) -> Markup {
    let list = html! {
        ul.plain {
            @for (tag, words) in left { li { a href=(href(tag)) { (tag) } " " span.sec { (words) } } }
        }
    };
    Section::new("Left alone", list).render()
}
