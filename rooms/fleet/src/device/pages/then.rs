//! The list of devices as it was known at a past moment.

use axum::response::IntoResponse as _;
use http::StatusCode;
use kernel::{AsOf, Cursor, Keyset, SiteId, query::Query};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Reply,
    look::{
        Field, Icon, Pager, Section, Tab, Table, Tone, button, empty_state, facets, link_button,
        list::list_page, message, quiet_answer, tabs,
    },
};

use super::{
    ask::{self, Asked},
    facet,
    list::{self, WORDS, columns, kept},
    words::{count, href},
};
use crate::{
    device::{
        State,
        list::{Listed, Sort, tallies},
        search::{Day, Understood},
        then,
    },
    export::described::Described,
};

/// What the page needs from the database.
struct Found {
    then: then::list::Found,
    rows: Vec<Described>,
    sites: Vec<(SiteId, String)>,
    understood: Understood,
}

/// `GET /devices?as-of=`: whoever may look back sees those of the devices that stand within their reach today.
pub(super) async fn page(ctx: &Ctx, asked: &Asked) -> Reply {
    let zone = &ctx.org.zone;
    let as_of = match AsOf::read(&asked.as_of, zone).and_then(|as_of| as_of.come(ctx.now(), zone)) {
        Ok(as_of) => as_of,
        Err(error) => {
            let head = quiet_answer("Which day do you mean?");
            let page = ctx.page("Devices", "/devices").head(head).status(StatusCode::UNPROCESSABLE_ENTITY);
            return Ok(page.show(look_back(ctx, asked, Some(error))));
        }
    };
    let (who, at) = (ctx.actor(), as_of.at.min(ctx.now()));
    then::ready(&ctx.app, who, at).await?;
    let keyset = Keyset { after: asked.after.clone(), ..Keyset::default() };
    let day = Day::of(ctx.now(), zone);
    let found = db::read!(ctx.app.db(), who.org, |tx| {
        let mut understood = asked.understood(tx, who, &day).await?;
        understood.only_of_the_past();
        let then = then::list::page(tx, who, &understood.wanted, at, then::list::TO_SHOW, &keyset).await?;
        let rows = then.described(tx, who.org, at).await?;
        let there = tallies(tx, who, &[], State::ALL.iter().copied()).await?.sites;
        let sites = there.into_iter().map(|(id, name, _)| (id, name)).collect();
        Ok(Found { then, rows, sites, understood })
    })?;
    Ok(show(ctx, asked, as_of, &found).into_response())
}

fn show(ctx: &Ctx, asked: &Asked, as_of: AsOf, found: &Found) -> axum::response::Response {
    let rows = &found.rows;
    let groups = facet::of_the_past(&found.understood, &asked.query(), &found.sites);
    let troubles = &found.understood.troubles;
    let main = list_page(
        Some(&facets("/devices", &WORDS, &kept(asked, &groups), &groups)),
        &html! {
            (tabs("Views", &views(asked)))
            (list::bar(ctx, asked))
            (list::troubled(asked, troubles))
            @if rows.is_empty() {
                @if troubles.is_empty() { (nothing(asked, as_of, ctx)) }
            } @else {
                (table(ctx, asked, as_of, rows))
                (pager(asked, found))
            }
            (look_back(ctx, asked, None))
        },
    );
    let now = Asked { as_of: String::new(), ..asked.first() };
    let head = html! {
        (message(Tone::Warn, &html! {
            b { "As known " (as_of.words(&ctx.org.zone)) "." }
            " Tags, places, owners and names are those of then."
        }))
        (quiet_answer(&sentence(asked, found)))
    };
    let actions = link_button("Show the list as it is now", now.href()).icon(Icon::Undo).primary();
    ctx.page("Devices", "/devices").head(head).actions(actions.render()).search(&asked.text).show(main)
}

/// The page's answer; a long list is not counted, because that would mean reading all of it.
fn sentence(asked: &Asked, found: &Found) -> String {
    let narrowed = Asked { as_of: String::new(), ..asked.first() }.is_everything();
    match (found.then.count, narrowed) {
        (Some(1), true) => "1 device was here.".to_owned(),
        (Some(n), true) => format!("{} devices were here.", count(n)),
        (Some(1), false) => "1 device matches.".to_owned(),
        (Some(n), false) => format!("{} devices match.", count(n)),
        (None, _) => "In the order of their tags.".to_owned(),
    }
}

fn views(asked: &Asked) -> Vec<Tab> {
    let now = asked.query();
    let tab = |(label, query): (&str, Query)| Tab {
        label: label.to_owned(),
        href: Asked { sort: Sort::Tag, ..asked.asking(&query) }.href(),
        count: None,
        current: query == now,
    };
    ask::views().into_iter().map(tab).collect()
}

fn table(ctx: &Ctx, asked: &Asked, as_of: AsOf, rows: &[Described]) -> Markup {
    let day = as_of.at.min(ctx.now()).date_in(&ctx.org.zone);
    let query: String =
        form_urlencoded::Serializer::new(String::new()).append_pair("as-of", &asked.as_of).finish();
    let row = |device: &Described| {
        let link = format!("{}?{query}", href(&device.device.tag));
        list::row(&listed(device), day, &ctx.org.name, (link, 0, &[]))
    };
    Table::new("Devices", columns(asked), rows.iter().map(row).collect()).list().render()
}

fn listed(described: &Described) -> Listed {
    let device = &described.device;
    let place = [&described.room, &described.floor, &described.building];
    Listed {
        id: device.id,
        tag: device.tag.clone(),
        serial: device.serial.clone(),
        type_name: described.type_name.clone(),
        model: described.model.clone(),
        company: described.maker.clone(),
        place: place.into_iter().flatten().next().cloned(),
        site: described.site.clone(),
        department: described.unit.clone().or_else(|| described.department.clone()),
        state: device.state,
        state_since: device.state_since,
        held: device.hold.is_some(),
        risk: device.effective_risk(described.inherited_risk()),
        acquired_on: device.acquired_on,
    }
}

fn pager(asked: &Asked, found: &Found) -> Pager {
    let shown = found.rows.len() as i64;
    let (from, to) = (count(asked.before + 1), count(asked.before + shown));
    let later = |after: &Cursor| {
        Asked { after: Some(after.clone()), before: asked.before + shown, ..asked.clone() }.href()
    };
    Pager {
        summary: match found.then.count {
            Some(n) => format!("{from}–{to} of {}", count(n)),
            None => format!("{from}–{to}"),
        },
        first: asked.after.is_some().then(|| asked.first().href()),
        next: found.then.slice.next.as_ref().map(later),
        ..Pager::default()
    }
}

fn nothing(asked: &Asked, as_of: AsOf, ctx: &Ctx) -> Markup {
    let all = Asked { as_of: asked.as_of.clone(), ..Asked::default() };
    let when = as_of.words(&ctx.org.zone);
    if all == asked.first() {
        let text = "The record of devices begins later, or they stand where you may not look.";
        return empty_state(&format!("No device was here {when}."), text, None);
    }
    let action = link_button("Show all devices of then", all.href());
    empty_state(
        &format!("No device matched {when}."),
        "Words must begin a word of the tag, serial, UDI, type, maker, model, place, site or owner as they were then.",
        Some(&action.render()),
    )
}

/// The form that asks for the present question at another moment.
pub(super) fn look_back(ctx: &Ctx, asked: &Asked, error: Option<String>) -> Markup {
    let today = ctx.now().date_in(&ctx.org.zone).to_string();
    let value = if asked.as_of.is_empty() { today } else { asked.as_of.clone() };
    let question = Asked { as_of: String::new(), ..asked.first() }.href();
    let question = question.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let kept: Vec<(String, String)> = form_urlencoded::parse(question.as_bytes()).into_owned().collect();
    let inside = html! {
        form.form method="get" action="/devices" {
            @for (name, value) in &kept { input type="hidden" name=(name) value=(value); }
            (Field::date("as-of", "This list as known on").value(value).hint("At the end of that day.").error(error).render())
            div { (button("Show")) }
        }
        p.links {
            a href="/devices/changes" { "What changed between two days" }
            a href="/past" { "Other records on an earlier day" }
        }
    };
    Section::new("Look back", inside).id("look-back").render()
}
