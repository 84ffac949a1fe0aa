//! A device's history: every version, what it changed, who did it, when and why.

use axum::extract::{Path, RawQuery};
use kernel::{Instant, Problem};
use margin::Before;
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Reply,
    look::{
        Entry, Field, Pager, Section, answer, asset_tag, button, split,
        timeline::{Words, timeline},
    },
};

use super::{
    changed,
    known::Known,
    names::Names,
    words::{count, href, respelt, under},
};
use crate::{device::actions, noted, permit};

/// Versions a page.
const PAGE: u32 = 50;

/// `GET /d/{tag}/history`.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>, RawQuery(query): RawQuery) -> Reply {
    let who = ctx.actor();
    let below = parameter(query.as_deref(), "below").and_then(|t| t.parse().ok()).unwrap_or(i64::MAX);
    let before = parameter(query.as_deref(), "before").map_or(Before::NOW, |text| Before::read(&text));
    let (known, events, added, names) = db::read!(ctx.app.db(), who.org, |tx| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        who.need(permit::DEVICE_HISTORY, device.reach())?;
        let id = device.id.uuid();
        let events = db::gate::life(tx, who.org, "device", id, below, PAGE + 1).await?;
        let names = Names::read(tx, who.org, &changed::ids(&events)).await?;
        let added = margin::life(tx, &noted::of_device(who, &device), before, PAGE + 1).await?;
        Ok::<_, Problem>((Known::of(tx, who.org, device).await?, events, added, names))
    })?;
    let device = &known.device;
    if let Some(there) = respelt(&tag, device, "history", query.as_deref()) {
        return Ok(there);
    }
    let mut all: Vec<(&db::Event, bool)> =
        events.iter().map(|e| (e, true)).chain(added.iter().map(|e| (e, false))).collect();
    all.sort_by_key(|(event, _)| std::cmp::Reverse(Before::event(event)));
    let more = all.len() > PAGE as usize;
    all.truncate(PAGE as usize);
    let entries: Vec<Entry> = all
        .iter()
        .map(|(event, own)| match own {
            true => changed::entry(event, &names, &known.zone, &device.tag, false),
            false => margin::entry(event, &known.zone),
        })
        .collect();
    let shown = all.iter().filter(|(_, own)| *own).count();
    // The versions of a device are passed by their numbers, what was added to it by its moment.
    let last = all.iter().rev().find(|(_, own)| *own).map_or(below, |(event, _)| event.version);
    let until = all.last().map_or(before, |(event, _)| Before::event(event));
    let pager = Pager {
        summary: format!("{} of {} versions", count(shown as i64), count(device.version)),
        first: (below != i64::MAX || before != Before::NOW).then(|| under(&device.tag, "history")),
        next: more.then(|| format!("{}?below={last}&before={until}", under(&device.tag, "history"))),
        ..Pager::default()
    };
    let main = html! {
        (split(
            &html! { (timeline(&entries, &Words::default())) (pager) },
            &html! { (Section::new("Look back", look_back(&device.tag, ctx.now(), &known))) },
        ))
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned()), (device.tag.clone(), href(&device.tag))];
    let head = answer(
        &sentence(device.version, &events),
        Some("Newest first. Nothing is ever deleted; a correction is a version of its own."),
    );
    let bar = html! { (asset_tag(&device.tag)) };
    Ok(ctx.page("History", "/devices").under(crumbs).head(head).actions(bar).show(main))
}

fn sentence(version: i64, events: &[db::Event]) -> String {
    match events.first() {
        Some(last) if version == 1 => format!("It is as {} recorded it.", last.actor_name),
        Some(last) if last.version == version => {
            format!("Changed {} since it was recorded, last by {}.", times(version - 1), last.actor_name)
        }
        _ => format!("Changed {} since it was recorded.", times(version - 1)),
    }
}

fn times(n: i64) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{} times", count(n)),
    }
}

/// Asks for a day.
pub(super) fn which_day(tag: &str, day: String, error: Option<String>) -> Markup {
    let hint = "The record as it stood at the end of that day.";
    html! {
        form.form method="get" action=(href(tag)) {
            (Field::date("as-of", "As known on").value(day).hint(hint).error(error).render())
            div { (button("Show")) }
        }
    }
}

/// The form that asks for the record as it was known on a day.
pub(super) fn look_back(tag: &str, now: Instant, known: &Known) -> Markup {
    let today = now.date_in(&known.zone).to_string();
    html! {
        (which_day(tag, today, None))
        p { a href="/devices/changes" { "What changed between two days, for all devices" } }
    }
}

/// One parameter of a query string.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
