//! One device: can I use it, and what is open.

use axum::{
    extract::{Path, RawQuery},
    response::{IntoResponse as _, Redirect, Response},
};
use db::{Event, Tx};
use http::StatusCode;
use kernel::{AsOf, Date, FieldError, Instant, Problem, Result};
use margin::Margin;
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Reply,
    look::{
        Column, DeviceGlyph, Fact, Icon, PhoneSlot, Row, Section, Table, Tone, asset_tag, ident, item, items,
        ledger::Lead,
        link_button,
        marks::risk_word,
        message, quiet_answer, record_head, split, strip, tag_link,
        timeline::{Words, timeline},
    },
};

use super::{
    changed, history,
    known::Known,
    ledgers, life,
    names::Names,
    sentence,
    words::{age, count, day, day_of, href, respelt, risk_of, state_mark, under},
};
use crate::{
    device::{
        Device, Gap, State, Tenure, actions,
        former::{self, Former},
        store,
    },
    noted, permit,
};

/// What the page needs from the database.
struct Found {
    known: Known,
    as_of: Option<AsOf>,
    /// When the import that brought it was undone: nothing of it is there now.
    undone: Option<Instant>,
    /// The tag by which it was asked for, which it no longer carries.
    former: Option<Former>,
    parts: Vec<Device>,
    events: Vec<Event>,
    names: Names,
    margin: Margin,
}

/// The parameter that says by which former tag somebody came.
pub(super) const FORMERLY: &str = "formerly";

/// `GET /d/{tag}`, with `?as-of=` as it was known then.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>, RawQuery(query): RawQuery) -> Reply {
    let who = ctx.actor();
    let asked = history::parameter(query.as_deref(), "as-of");
    let came_by = history::parameter(query.as_deref(), FORMERLY);
    let found = db::read!(ctx.app.db(), who.org, |tx| match &asked {
        Some(text) => as_known(tx, &ctx, &tag, text).await,
        None => find(tx, &ctx, &tag, came_by.as_deref()).await,
    });
    let found = match (found, &asked) {
        (Err(Problem::Invalid { fields }), Some(text)) => return Ok(which_day(&ctx, &tag, text, &fields)),
        (found, _) => found?,
    };
    let device = &found.known.device;
    if found.as_of.is_none() {
        if kernel::key(&tag) != device.tag_key() {
            return Ok(Redirect::to(&formerly(&device.tag, &tag)).into_response());
        }
        if let Some(there) = respelt(&tag, device, "", query.as_deref()) {
            return Ok(there);
        }
    }
    let main = html! {
        (strip(&facts(&found.known, at(&ctx, &found))))
        // A phone has the history below; the lanes need width.
        @if found.as_of.is_none() { div.sec-b.hide-t { (life_section(&ctx, &found)) } }
        @if found.as_of.is_some() { (split(&record(&ctx, &found), &Markup::default())) }
        @else { (split(&body(&ctx, &found), &aside(&ctx, &found))) }
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned()), kind_crumb(&found.known)];
    let page = ctx.page(&device.tag, "/devices").under(crumbs).head(head(&ctx, &found));
    Ok(page
        .actions(match (found.as_of, found.undone) {
            (_, Some(_)) => Markup::default(),
            (Some(_), None) => back(device),
            (None, None) => buttons(&ctx, device),
        })
        .show(main))
}

/// Asks again for a day that cannot be read.
fn which_day(ctx: &Ctx, tag: &str, text: &str, fields: &[FieldError]) -> Response {
    let error = fields.first().map(|field| field.message.clone());
    let page = ctx.page(tag, "/devices").under([("Devices".to_owned(), "/devices".to_owned())]);
    let page = page.head(quiet_answer("Which day do you mean?")).status(StatusCode::UNPROCESSABLE_ENTITY);
    page.show(html! { (Section::new(tag, history::which_day(tag, text.to_owned(), error))) })
}

/// The address of a device for somebody who came by a tag it no longer carries.
pub(super) fn formerly(tag: &str, former: &str) -> String {
    let query: String =
        form_urlencoded::Serializer::new(String::new()).append_pair(FORMERLY, former).finish();
    format!("{}?{query}", href(tag))
}

async fn find(tx: &mut Tx, ctx: &Ctx, tag: &str, came_by: Option<&str>) -> Result<Found> {
    let who = ctx.actor();
    let device = actions::visible_by_tag(tx, who, tag).await?;
    let looks_back = who.may(permit::DEVICE_HISTORY, device.reach());
    let known = Known::of(tx, who.org, device).await?;
    let former = match came_by {
        Some(came_by) => former::find(tx, who.org, came_by).await?,
        None => None,
    };
    let former = former.filter(|former| former.device == known.device.id);
    let parts = store::children(tx, who.org, known.device.id).await?;
    let events = if looks_back {
        let id = known.device.id.uuid();
        db::gate::life(tx, who.org, "device", id, i64::MAX, life::DRAWN).await?
    } else {
        Vec::new()
    };
    let names = Names::read(tx, who.org, &changed::ids(&events)).await?;
    let margin = Margin::of(tx, &noted::of_device(who, &known.device)).await?;
    Ok(Found { known, as_of: None, undone: None, former, parts, events, names, margin })
}

/// The record and the names as they were known at an instant. Of the devices that ever went by the tag, the one
/// is meant that was on record then, and rather one that carried it then.
async fn as_known(tx: &mut Tx, ctx: &Ctx, tag: &str, text: &str) -> Result<Found> {
    let who = ctx.actor();
    let mut then: Option<(AsOf, Device, Option<Instant>)> = None;
    let mut missing = None;
    for today in actions::ever_by_tag(tx, who, tag).await? {
        who.need(permit::DEVICE_HISTORY, today.reach())?;
        let (id, undone) = (today.id.uuid(), today.removed_at);
        let zone = Known::of(tx, who.org, today).await?.zone;
        let as_of = AsOf::read(text, &zone).and_then(|as_of| as_of.come(ctx.now(), &zone));
        let as_of = as_of.map_err(|message| Problem::invalid("as-of", message))?;
        missing.get_or_insert_with(|| format!("a record of {tag} as known {}", as_of.words(&zone)));
        let Some(event) = db::gate::as_of(tx, who.org, "device", id, as_of.at).await? else { continue };
        let device: Device = serde_json::from_value(event.after).map_err(Problem::bug)?;
        let carried = device.tag_key() == kernel::key(tag);
        if device.removed_at.is_none() && (carried || then.is_none()) {
            then = Some((as_of, device, undone));
        }
    }
    let (as_of, device, undone) = then.ok_or_else(|| Problem::not_found(missing.unwrap_or_default()))?;
    let known = Known::then(tx, who.org, device, as_of.at).await?;
    let (parts, events, names, margin) = (Vec::new(), Vec::new(), Names::default(), Margin::default());
    Ok(Found { known, as_of: Some(as_of), undone, former: None, parts, events, names, margin })
}

fn kind_crumb(known: &Known) -> (String, String) {
    (known.type_name.clone(), format!("/devices?type={}", known.type_id))
}

fn back(device: &Device) -> Markup {
    html! {
        (link_button("History", under(&device.tag, "history")).icon(Icon::History))
        (link_button("Show it as it is now", href(&device.tag)).primary())
    }
}

/// The verbs the person may use on this device, one of them filled.
fn buttons(ctx: &Ctx, device: &Device) -> Markup {
    let may = |permit| ctx.actor().may(permit, device.reach());
    let held = device.hold.is_some();
    let open = !device.state.kind().is_terminal();
    let state = may(permit::DEVICE_STATE) && open;
    let change = link_button("Change state", under(&device.tag, "state")).icon(Icon::Circle);
    html! {
        @if may(permit::DEVICE_TRANSFER) && open {
            (link_button("Move", under(&device.tag, "move")).icon(Icon::MapPin))
        }
        @if state && !held && device.state.in_inventory() {
            (link_button("Do not use", under(&device.tag, "hold")).icon(Icon::OctagonX).danger())
        }
        @if device.state == State::Retired && may(permit::DEVICE_END) {
            (link_button("Retired in error", under(&device.tag, "unretire")).icon(Icon::Undo))
        }
        @if state && held {
            (change)
            (link_button("Lift hold", under(&device.tag, "lift-hold")).icon(Icon::CircleCheck).primary())
        } @else if state { (change.primary()) }
    }
}

/// The moment the page is about.
fn at(ctx: &Ctx, found: &Found) -> Instant {
    found.as_of.map_or(ctx.now(), |as_of| as_of.at.min(ctx.now()))
}

fn head(ctx: &Ctx, found: &Found) -> Markup {
    let known = &found.known;
    let device = &known.device;
    let (line, rest) = sentence::answer(known, at(ctx, found));
    let models = ctx.may(permit::MODEL_VIEW);
    let identity = html! {
        (asset_tag(&device.tag))
        span {
            (known.type_name) ". " (known.company) " "
            @if models { a href={ "/models/" (device.model) } { (known.model) } } @else { (known.model) }
            @if let Some(serial) = &device.serial { ", serial " (ident(serial)) }
        }
    };
    html! {
        @if let Some(as_of) = found.as_of {
            (message(Tone::Warn, &html! {
                b { "As known " (as_of.words(&known.zone)) "." }
                " Version " (device.version) "."
                @if let Some(undone) = found.undone {
                    " The import that brought it was undone on " (day_of(undone, &known.zone)) "."
                }
            }))
        }
        @if let Some(former) = &found.former {
            (message(Tone::Warn, &html! {
                b { "This device carried tag " (former.tag) " until " (day_of(former.until, &known.zone)) "." }
                " Its tag is " (device.tag) " now. If the old sticker is still on it, replace it."
            }))
        }
        (record_head(DeviceGlyph::from_type_name(&known.type_name), &identity, &line))
        @if !rest.is_empty() { div.head { p.sub { (rest) } } }
    }
}

fn facts(known: &Known, now: Instant) -> Vec<Fact> {
    let device = &known.device;
    let today = now.date_in(&known.zone);
    let risk = risk_of(known.risk());
    let owner = known.owner.first().map_or("Not decided yet", String::as_str);
    let strategy = device.strategy.map_or("Not decided yet", |s| s.on_page());
    let open = |fact: Fact, missing: bool| if missing { fact.tone(Tone::Warn) } else { fact };
    let counted = device.state.in_inventory();
    let mut facts = vec![
        Fact::new("State", state_mark(device.state, device.hold.is_some())).note(since(known)),
        Fact::new("Risk", risk_word(risk, risk.word())).note(known.risk_origin()),
        Fact::new("Location", place_link(known, known.place_name())).note(known.around()),
    ];
    facts.push(age_fact(known, today));
    let above = known.owner.get(1).cloned().unwrap_or_else(|| match device.tenure {
        Tenure::Owned => String::new(),
        other => other.on_page().to_owned(),
    });
    facts.push(open(
        Fact::new("Owner", html! { (owner) }).note(above),
        counted && device.department.is_none(),
    ));
    facts.push(open(Fact::new("Strategy", html! { (strategy) }), counted && device.strategy.is_none()));
    facts
}

/// How old it is, of how many years that such a device is of use.
fn age_fact(known: &Known, today: Date) -> Fact {
    let acquired = known.device.acquired_on;
    let life = known.useful_life();
    let years = age(acquired, today).map(|years| match &life {
        Some((life, _)) => format!("{years} of {} years", life.years),
        None => format!("{years} years"),
    });
    let mut note =
        acquired.map_or("Date of acquisition not known".to_owned(), |on| format!("Acquired {}", day(on)));
    if let Some((_, origin)) = life {
        note.push_str(&format!("; useful life {origin}"));
    }
    Fact::new("Age", html! { (years.as_deref().unwrap_or("Not known")) }).note(note)
}

/// The way to what else stands there.
pub(super) fn place_link(known: &Known, words: &str) -> Markup {
    html! {
        @if let Some(id) = known.device.place { a href={ "/places/" (id) } { (words) } } @else { (words) }
    }
}

/// Since when it is in its state; a hold stands beside the state, which then is named.
fn since(known: &Known) -> String {
    let device = &known.device;
    let day = day_of(device.state_since, &known.zone);
    match device.hold {
        Some(_) if device.state.in_inventory() => format!("{} since {day}", device.state.on_page()),
        _ => format!("Since {day}"),
    }
}

fn life_section(ctx: &Ctx, found: &Found) -> Markup {
    let known = &found.known;
    let Some(line) = life::lanes(&known.device, &found.events, &found.names, &known.zone, ctx.now()) else {
        return Markup::default();
    };
    let versions = known.device.version;
    let events = if versions == 1 { "1 event".to_owned() } else { format!("{} events", count(versions)) };
    let since = found.events.last().map(|first| day_of(first.valid_at, &known.zone));
    let note = since.map_or_else(|| format!("{events}."), |day| format!("{events} on record since {day}."));
    let list = html! { a href=(under(&known.device.tag, "history")) { "History as a list" } };
    Section::new("Life", line.render()).note(note).actions(list).render()
}

fn body(ctx: &Ctx, found: &Found) -> Markup {
    let known = &found.known;
    let device = &known.device;
    let gaps = device.undecided(known.inherited_risk());
    let recent: Vec<_> = found
        .events
        .iter()
        .take(5)
        .map(|event| changed::entry(event, &found.names, &known.zone, &device.tag, true))
        .collect();
    html! {
        @if !gaps.is_empty() { (Section::new("Not decided yet", missing(ctx, known, &gaps))) }
        @if found.as_of.is_none() && (!found.parts.is_empty() || known.parent.is_some()) { (system(ctx, found)) }
        @if let Some(notes) = &device.notes { (Section::new("Notes", html! { @for line in notes.lines() { p.sm { (line) } } })) }
        @if found.as_of.is_none() { (found.margin.main(ctx, &noted::of_device(ctx.actor(), device))) }
        @if !recent.is_empty() {
            @let all = html! { a href=(under(&device.tag, "history")) { @if device.version > 1 { "All " (count(device.version)) " events" } @else { "History" } } };
            (Section::new("History", timeline(&recent, &Words::default())).actions(all))
        }
    }
}

/// The record alone, as it was known: nothing can be done to it.
fn record(ctx: &Ctx, found: &Found) -> Markup {
    html! { (aside(ctx, found)) (body(ctx, found)) }
}

/// What nobody has decided, each with the page where it is decided.
fn missing(ctx: &Ctx, known: &Known, gaps: &[Gap]) -> Markup {
    let device = &known.device;
    let may = |permit| ctx.actor().may(permit, device.reach());
    let rows: Vec<Markup> = gaps
        .iter()
        .map(|gap| {
            let (text, action) = match gap {
                Gap::Owner => (
                    "No department owns it.",
                    may(permit::DEVICE_TRANSFER)
                        .then(|| link_button("Choose owner", under(&device.tag, "move"))),
                ),
                Gap::RiskLevel => (
                    "Neither it nor its type has a risk level.",
                    ctx.actor().may_everywhere(permit::MODEL_EDIT).then(|| {
                        link_button(
                            "Decide for its type",
                            format!("/types?edit={}#t-{}", known.type_id, known.type_id),
                        )
                    }),
                ),
                Gap::Strategy => (
                    "No maintenance strategy.",
                    may(permit::DEVICE_EDIT).then(|| {
                        link_button("Choose strategy", format!("{}#f-strategy", under(&device.tag, "edit")))
                    }),
                ),
            };
            let action = action.map(|a| a.small().render());
            item(&Lead::Icon(Icon::CircleDashed, Tone::Warn), &html! { (text) }, action.as_ref())
        })
        .collect();
    items(&rows)
}

/// The system it belongs to, and what is built into it.
fn system(ctx: &Ctx, found: &Found) -> Markup {
    let device = &found.known.device;
    let rows = found
        .parts
        .iter()
        .map(|part| {
            Row::new(vec![
                tag_link(&part.tag, &href(&part.tag)),
                html! { (part.serial.as_deref().unwrap_or("No serial")) },
                state_mark(part.state, part.hold.is_some()),
            ])
        })
        .collect();
    let columns = vec![
        Column::new("Component").row_head().phone(PhoneSlot::Tag),
        Column::new("Serial").ident().phone(PhoneSlot::Place),
        Column::new("State").phone(PhoneSlot::State),
    ];
    let may = ctx.actor().may(permit::DEVICE_TRANSFER, device.reach());
    let change = html! { @if may { a href=(under(&device.tag, "parent")) { "Change" } } };
    let inside = html! {
        @if let Some(parent) = &found.known.parent {
            p.sec { "A component of " a href=(href(parent)) { (parent) } ". It goes where its system goes." }
        }
        @if !found.parts.is_empty() { (Table::new("Components", columns, rows)) }
    };
    Section::new("System", inside).actions(change).id("system").render()
}

fn aside(ctx: &Ctx, found: &Found) -> Markup {
    let known = &found.known;
    let device = &known.device;
    let now = found.as_of.is_none();
    let may = |permit| now && ctx.actor().may(permit, device.reach());
    let edit = html! { @if may(permit::DEVICE_EDIT) { a href=(under(&device.tag, "edit")) { "Edit" } } };
    let alone = known.parent.is_none() && found.parts.is_empty();
    html! {
        (Section::new("Identity", ledgers::identity(ctx, known)).actions(edit))
        (Section::new("Ownership", ledgers::ownership(ctx, known)))
        @if now && alone && may(permit::DEVICE_TRANSFER) && device.state.in_inventory() {
            p.links { a href=(under(&device.tag, "parent")) { "Make it a component of a system" } }
        }
        @if now { (found.margin.aside(ctx, &noted::of_device(ctx.actor(), device))) }
        @if may(permit::DEVICE_HISTORY) {
            (Section::new("Look back", history::look_back(&device.tag, ctx.now(), known)))
        }
    }
}
