//! The list of devices.

use std::collections::BTreeMap;

use axum::{
    extract::RawQuery,
    response::{IntoResponse as _, Redirect},
};
use db::Tx;
use identity::{site::short_name, tally::Counts};
use kernel::{
    Date, Keyset, OrgId, Result, Slice,
    query::{Query, Term},
};
use margin::label;
use maud::{Markup, Render as _, html};
use uuid::Uuid;
use web::{
    Ctx, Reply,
    look::{
        Column, DeviceGlyph, FacetGroup, Hide, Icon, Pager, PhoneSlot, QueryBar, Row, Sort as Way, Tab,
        Table, Token, Tone, button, empty_state, facets as beside, glyph, icon_sized, link_button,
        list::{FacetWords, list_page},
        message, quiet_answer, tabs, tag_link,
    },
};

use super::{
    ask::{self, Asked},
    facet, first_run,
    names::{Ids, Names},
    show::formerly,
    then,
    words::{age, count, href, risk_letter, state_mark},
};
use crate::{
    device::{
        OutFor, State, actions, former,
        list::{self, Listed, Matches, Sort, Tallies, facets::facets},
        search::{self, Day, Trouble, Understood},
        store,
    },
    model, permit, stand,
    view::{self, View},
};

/// What the page needs from the database.
struct Found {
    /// Saved views in sight.
    views: Vec<View>,
    tallies: Tallies,
    understood: Understood,
    slice: Slice<Listed>,
    matches: Matches,
    /// What stands beside the list.
    groups: Vec<FacetGroup>,
    /// The name of the file whose import is asked for.
    import: Option<String>,
    /// Components by system, of the devices on this page.
    parts: Counts,
    /// Their labels.
    labels: BTreeMap<Uuid, Vec<String>>,
}

impl Found {
    /// Devices that have not left, in the actor's sight.
    fn present(&self) -> i64 {
        self.tallied(|state| !state.kind().is_terminal())
    }

    /// Devices that read “Do not use”: held, or kept for investigation.
    fn unusable(&self) -> i64 {
        let held = self.tallies.held.iter();
        let held = held.filter(|(state, _)| !state.kind().is_terminal() && **state != State::Quarantined);
        held.map(|(_, n)| n).sum::<i64>() + self.tallied(|state| state == State::Quarantined)
    }

    /// Devices among which the question looks: also those that have left, where they are asked for.
    fn looked_at(&self) -> i64 {
        let wanted = &self.understood.wanted;
        let left = wanted.left_too || wanted.states.iter().any(|state| state.kind().is_terminal());
        if left { self.tallied(|_| true) } else { self.present() }
    }

    fn tallied(&self, of: impl Fn(State) -> bool) -> i64 {
        self.tallies.states.iter().filter(|(state, _)| of(**state)).map(|(_, n)| n).sum()
    }
}

/// `GET /devices`.
pub(super) async fn page(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let (who, day) = (ctx.actor(), Day::of(ctx.now(), &ctx.org.zone));
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    let asked = db::read!(ctx.app.db(), who.org, |tx| asked.clone().written(tx, who, &day).await)?;
    if !asked.as_of.is_empty() {
        return then::page(&ctx, &asked).await;
    }
    let found = db::read!(ctx.app.db(), who.org, |tx| {
        match one(tx, &ctx, &asked).await? {
            Some(there) => Ok(Err(there)),
            None => find(tx, &ctx, &asked, &day).await.map(Ok),
        }
    })?;
    let found = match found {
        Err(there) => return Ok(Redirect::to(&there).into_response()),
        Ok(found) => found,
    };
    if found.tallies.states.is_empty() && asked.is_everything() {
        return Ok(first_run::page(&ctx));
    }
    Ok(show(&ctx, &asked, &found))
}

/// The address of the one device that the words name exactly, whatever filters are set: as it is known now, or by a tag
/// it carried before.
async fn one(tx: &mut Tx, ctx: &Ctx, asked: &Asked) -> Result<Option<String>> {
    let query = asked.query();
    // A code may hold blanks and signs, so it is taken as it was typed where nothing else is asked.
    let code = match query.terms.iter().all(|term| term.field.is_none() && !term.not) {
        true => asked.text.clone(),
        false => query.words().collect::<Vec<_>>().join(" "),
    };
    if code.is_empty() || asked.after.is_some() {
        return Ok(None);
    }
    let who = ctx.actor();
    if let Some(id) = search::by_code(tx, who, &code).await? {
        return Ok(Some(href(&actions::visible(tx, who, id).await?.tag)));
    }
    let Some(former) = former::find(tx, who.org, &code).await? else {
        // A barcode of a device that is not on record, or of a whole package: what is of its model.
        let model = model::store::find_by_code(tx, who.org, &code).await?;
        return Ok(model.map(|id| format!("/devices?model={id}")));
    };
    let device = store::get(tx, who.org, former.device).await?;
    let seen = who.may(permit::DEVICE_VIEW, device.reach());
    Ok(seen.then(|| formerly(&device.tag, &former.tag)))
}

/// A dozen short statements at most: what the query means, the kept counts and the sites' names, how much each filter
/// leaves, the rows, their number, the answers beside the list.
async fn find(tx: &mut Tx, ctx: &Ctx, asked: &Asked, day: &Day) -> Result<Found> {
    let who = ctx.actor();
    let understood = asked.understood(tx, who, day).await?;
    let wanted = &understood.wanted;
    let states = State::ALL.iter().copied().filter(|state| wanted.holds_state(*state));
    let tallies = list::tallies(tx, who, &wanted.sites, states).await?;
    let keyset = Keyset { after: asked.after.clone(), ..Keyset::default() };
    let (slice, left) = list::page_of(tx, who, wanted, &keyset).await?;
    let counted = facets(tx, who, wanted).await?;
    let matches = match &counted {
        Some(facets) => Matches { count: facets.total, more: false },
        None => Matches { count: asked.before + left.count, ..left },
    };
    let groups = facet::groups(tx, who, (&understood, &asked.query()), &tallies, counted.as_ref()).await?;
    let import = match wanted.import {
        Some(id) => Some(import_name(tx, who.org, id.uuid()).await?),
        None => None,
    };
    let shown: Vec<_> = slice.rows.iter().map(|device| device.id).collect();
    let parts = stand::parts(tx, who.org, &shown).await?;
    let labels = label::store::of_many(tx, who.org, "device", shown.iter().map(|id| id.uuid())).await?;
    let views = view::actions::list(tx, who).await?;
    Ok(Found { views, tallies, understood, slice, matches, groups, import, parts, labels })
}

async fn import_name(tx: &mut Tx, org: OrgId, id: Uuid) -> Result<String> {
    let mut ids = Ids::default();
    ids.add("import", id);
    Ok(Names::read(tx, org, &ids).await?.text(id))
}

fn show(ctx: &Ctx, asked: &Asked, found: &Found) -> axum::response::Response {
    let troubles = &found.understood.troubles;
    let main = list_page(
        Some(&beside("/devices", &WORDS, &kept(asked, &found.groups), &found.groups)),
        &html! {
            (tabs("Views", &views(asked, found)))
            (bar(ctx, asked))
            @if troubles.is_empty() { (view::pages::line(ctx, asked, &found.views, is_standard(asked))) }
            (troubled(asked, troubles))
            @if found.slice.rows.is_empty() {
                @if troubles.is_empty() { (nothing(asked, found)) }
            } @else {
                (table(ctx, asked, found))
                (Pager { lead: bulk(ctx, asked, found), ..pager(asked, found) })
            }
            @if ctx.may(permit::DEVICE_HISTORY) { (then::look_back(ctx, asked, None)) }
        },
    );
    let actions = html! {
        span.sec.sm.hide-t { (of(asked, found)) }
        @if ctx.may(permit::IMPORT_RUN) { (link_button("Import", "/devices/import").icon(Icon::Upload)) }
        @if ctx.may(permit::DEVICE_ADD) {
            (link_button("Add device", "/devices/new").icon(Icon::Plus).primary())
        }
    };
    let head = quiet_answer(&sentence(asked, found));
    ctx.page("Devices", "/devices").head(head).actions(actions).search(&asked.text).show(main)
}

/// What was not understood, each with what was probably meant. The text stays as it was typed.
pub(super) fn troubled(asked: &Asked, troubles: &[Trouble]) -> Markup {
    html! {
        @for trouble in troubles {
            (message(Tone::Warn, &html! {
                (trouble.words)
                @if let Some(instead) = &trouble.instead {
                    " Did you mean " a href=(asked.asking(instead).href()) { (instead) } "?"
                }
            }))
        }
    }
}

pub(super) const WORDS: FacetWords<'static> =
    FacetWords { name: "Filters", apply: "Show results", close: "Close" };

/// “412 of 14,012”: how many of how many.
fn of(asked: &Asked, found: &Found) -> String {
    if asked.is_everything() {
        return super::words::devices(found.present());
    }
    format!("{} of {}", matches(found), count(found.looked_at()))
}

/// Tallies count to the end; other counts may have stopped.
fn matches(found: &Found) -> String {
    let more = if found.matches.more { "+" } else { "" };
    format!("{}{more}", count(found.matches.count))
}

/// The page's answer, spoken and printed.
fn sentence(asked: &Asked, found: &Found) -> String {
    if let Some(trouble) = found.understood.troubles.first() {
        return trouble.words.clone();
    }
    if let Some(import) = found.import.as_ref().filter(|_| asked.query().terms.len() == 1) {
        let came = matches(found);
        let devices = if found.matches.count == 1 { "device" } else { "devices" };
        return format!("{came} {devices} came in with “{import}”.");
    }
    let unusable = found.unusable();
    if !asked.is_everything() {
        return format!("{} of {} devices match.", matches(found), count(found.looked_at()));
    }
    let all = super::words::devices(found.present());
    match unusable {
        0 => format!("{all}, none of them marked “Do not use”."),
        n => format!("{} of {all} must not be used.", count(n)),
    }
}

fn views(asked: &Asked, found: &Found) -> Vec<Tab> {
    let of_state = |state: State| found.tallied(|of| of == state);
    let counts = [
        Some(found.present()),
        Some(of_state(State::InService)),
        Some(of_state(State::OutOfService(OutFor::Repair))),
        Some(of_state(State::NotLocated)),
        Some(found.unusable()),
        None,
        Some(found.tallied(|state| state.kind().is_terminal())),
    ];
    let now = asked.query();
    let view = |((label, query), n): ((&str, Query), Option<i64>)| Tab {
        label: label.to_owned(),
        href: Asked { text: query.to_string(), ..Asked::default() }.href(),
        count: n.map(count),
        current: query == now,
    };
    let saved = |view: &View| Tab {
        label: view.name.clone(),
        href: view::pages::href(view),
        count: None,
        current: Asked::of(&view.query).query() == now && view.sort == asked.sort,
    };
    let standard = ask::views().into_iter().zip(counts).map(view);
    standard.chain(found.views.iter().take(TABS).map(saved)).collect()
}

/// Saved views beside the others; the page of views has all.
const TABS: usize = 8;

/// Whether one of the views that every list has asks just that.
fn is_standard(asked: &Asked) -> bool {
    let now = asked.query();
    asked.sort == Sort::Tag && ask::views().into_iter().any(|(_, query)| query == now)
}

/// What the form of the answers beside the list sends along: the query, the order, and which groups were offered, so that
/// what is not ticked there is not asked for.
pub(super) fn kept(asked: &Asked, groups: &[FacetGroup]) -> Vec<(String, String)> {
    let offered: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    let mut kept = vec![("of".to_owned(), offered.join(","))];
    if !asked.text.is_empty() {
        kept.push(("q".to_owned(), asked.text.clone()));
    }
    if asked.sort != Sort::Tag {
        kept.push(("sort".to_owned(), asked.sort.code().to_owned()));
    }
    if let Some(view) = asked.view {
        kept.push(("view".to_owned(), view.to_string()));
    }
    if !asked.as_of.is_empty() {
        kept.push(("as-of".to_owned(), asked.as_of.clone()));
    }
    kept
}

pub(super) fn bar(ctx: &Ctx, asked: &Asked) -> Markup {
    let query = asked.query();
    let (fields, words): (Vec<_>, Vec<_>) =
        query.terms.iter().enumerate().partition(|(_, term)| term.field.is_some());
    let words = Query { terms: words.into_iter().map(|(_, term)| term.clone()).collect() };
    let mut bar = QueryBar::new("/devices", "Search devices", "Search")
        .query(words.to_string())
        .placeholder(if fields.is_empty() {
            "Tag, serial, UDI, words, or type:, site:, age:>7 …"
        } else {
            "Add a filter, tag, serial or UDI"
        })
        .filter("Filter")
        .tokens(fields.iter().map(|(at, term)| token(asked, &query, *at, term)).collect());
    if !fields.is_empty() {
        let fields = Query { terms: fields.into_iter().map(|(_, term)| term.clone()).collect() };
        bar = bar.keep("f", fields.to_string());
    }
    if asked.sort != Sort::Tag {
        bar = bar.keep("sort", asked.sort.code());
    }
    if let Some(view) = asked.view {
        bar = bar.keep("view", view.to_string());
    }
    if !asked.as_of.is_empty() {
        bar = bar.keep("as-of", &asked.as_of);
    }
    if ctx.may(permit::EXPORT_RUN) {
        let query = asked.first().href().split_once('?').map(|(_, q)| format!("?{q}")).unwrap_or_default();
        let export = link_button("Export", format!("/devices.csv{query}")).icon(Icon::Download);
        bar = bar.actions(export.render());
    }
    bar.render()
}

/// A field that is asked for, with a way to take it away.
fn token(asked: &Asked, query: &Query, at: usize, term: &Term) -> Token {
    let written = Term { not: false, ..term.clone() }.to_string();
    let (field, value) = written.split_once(':').unwrap_or_default();
    Token {
        field: field.to_owned(),
        value: value.to_owned(),
        negated: term.not,
        remove_href: asked.asking(&query.without(at)).href(),
        remove_word: "remove".into(),
    }
}

pub(super) fn columns(asked: &Asked) -> Vec<Column> {
    let sorted = |column: Column, sort: Sort| match asked.as_of.is_empty() {
        true => column.sort(Asked { sort, ..asked.first() }.href(), (asked.sort == sort).then_some(Way::Up)),
        // Lists of the past have one order.
        false => column,
    };
    vec![
        sorted(Column::new("Tag"), Sort::Tag).phone(PhoneSlot::Tag),
        Column::new("Device").clip().phone(PhoneSlot::Title),
        Column::new("Serial").ident().faint().hide(Hide::Narrow),
        Column::new("Location").clip().phone(PhoneSlot::Place),
        Column::new("Site").faint().hide(Hide::Narrow),
        Column::new("Risk").phone(PhoneSlot::Due),
        sorted(Column::new("State"), Sort::State).phone(PhoneSlot::State),
        Column::new("Age, y").num().hide(Hide::Tablet),
    ]
}

fn table(ctx: &Ctx, asked: &Asked, found: &Found) -> Markup {
    let today = ctx.now().date_in(&ctx.org.zone);
    let parts = |device: &Listed| found.parts.get(&device.id.uuid()).copied().unwrap_or(0);
    let rows = found
        .slice
        .rows
        .iter()
        .map(|device| {
            let labels = found.labels.get(&device.id.uuid()).map_or(&[][..], Vec::as_slice);
            row(device, today, &ctx.org.name, (href(&device.tag), parts(device), labels))
        })
        .collect();
    let table = Table::new("Devices", columns(asked), rows).list();
    match ctx.may(permit::DEVICE_EDIT) {
        true => table.selectable("device", BULK, "Select all on this page").render(),
        false => table.render(),
    }
}

/// The form that the ticks of the rows belong to.
const BULK: &str = "bulk";

/// What may be done to the ticked devices, or to all that match.
fn bulk(ctx: &Ctx, asked: &Asked, found: &Found) -> Option<Markup> {
    if !ctx.may(permit::DEVICE_EDIT) || found.slice.rows.is_empty() {
        return None;
    }
    let all = matches(found);
    let several = found.matches.count > found.slice.rows.len() as i64 || found.matches.more;
    Some(html! {
        form.bulkbar id=(BULK) method="post" action="/devices/bulk" data-bulk {
            (web::look::hidden("q", &asked.text))
            b.js-only data-selected aria-live="polite" { "0 selected" }
            (button("Change").icon(Icon::Pencil).small().key("E"))
            @if several {
                (button(format!("Change all {all}")).small().ghost().sends("all", "1"))
            }
        }
    })
}

pub(super) fn row(
    device: &Listed,
    today: Date,
    organisation: &str,
    (link, parts, labels): (String, i64, &[String]),
) -> Row {
    let kind = DeviceGlyph::from_type_name(&device.type_name);
    let row = Row::new(vec![
        html! { (tag_link(&device.tag, &link)) @if parts > 0 { " " (parts_link(device, parts)) } (label::beside(&link, labels)) },
        html! {
            span.glc { (glyph(kind, 17)) span { (device.type_name) " " span.mute { (device.model) } } }
        },
        html! { (device.serial.as_deref().unwrap_or_default()) },
        html! {
            @if let Some(place) = &device.place { (place) }
            @else if let Some(owner) = &device.department { span.mute { (owner) } }
        },
        html! { (short_name(&device.site, organisation)) },
        risk_letter(device.risk),
        state_mark(device.state, device.held),
        html! { (age(device.acquired_on, today).unwrap_or_default()) },
    ]);
    let row = row.key(device.id.to_string(), format!("Select {}", device.tag));
    if device.state.kind().is_terminal() { row.faint() } else { row }
}

/// The way from a system to what is built into it.
fn parts_link(device: &Listed, parts: i64) -> Markup {
    let words = if parts == 1 { "1 component".to_owned() } else { format!("{} components", count(parts)) };
    html! {
        a.parts href={ (href(&device.tag)) "#system" } aria-label={ (words) " of " (device.tag) } title=(words) {
            (icon_sized(Icon::Layers, 13, "")) (count(parts))
        }
    }
}

fn pager(asked: &Asked, found: &Found) -> Pager {
    let shown = i64::try_from(found.slice.rows.len()).unwrap_or(0);
    let (from, to) = (asked.before + 1, asked.before + shown);
    let next = found
        .slice
        .next
        .clone()
        .map(|after| Asked { after: Some(after), before: asked.before + shown, ..asked.clone() }.href());
    Pager {
        summary: format!("{}–{} of {}", count(from), count(to), matches(found)),
        first: asked.after.is_some().then(|| asked.first().href()),
        next,
        ..Pager::default()
    }
}

/// No row: what is true, and the nearest way on.
fn nothing(asked: &Asked, found: &Found) -> Markup {
    let query = asked.query();
    let words = Query { terms: query.terms.iter().filter(|term| term.field.is_none()).cloned().collect() };
    let more = Asked { text: words.to_string(), ..Asked::default() };
    let all = count(found.present());
    let (text, action) = if !words.is_empty() && words != query {
        (
            "The filters hide what else the words may find.",
            link_button(format!("Search all {all}"), more.href()),
        )
    } else if asked.after.is_some() {
        ("There is nothing after this page.", link_button("First page", asked.first().href()))
    } else {
        (
            "Words must begin a word of the tag, serial, UDI, type, maker, model, place, site or owner.",
            link_button("Show all devices", "/devices"),
        )
    };
    let title = if words.is_empty() {
        "No device matches these filters.".to_owned()
    } else {
        format!("No device matches “{words}”.")
    };
    empty_state(&title, text, Some(&action.render()))
}
