//! The list of devices.

use axum::{
    extract::RawQuery,
    response::{IntoResponse as _, Redirect},
};
use db::Tx;
use identity::{site::short_name, tally::Counts};
use kernel::{Date, Keyset, OrgId, Result, Slice};
use maud::{Markup, Render as _, html};
use uuid::Uuid;
use web::{
    Ctx, Reply,
    look::{
        Column, DeviceGlyph, FacetGroup, FacetOption, Hide, Icon, Pager, PhoneSlot, QueryBar, Row,
        Sort as Way, Tab, Table, Token, empty_state, facets, glyph, icon_sized, link_button,
        list::{FacetWords, list_page},
        quiet_answer, tabs, tag_link,
    },
};

use super::{
    ask::{Asked, Show, present},
    first_run,
    names::{Ids, Names},
    show::formerly,
    then,
    words::{age, count, href, risk_letter, state_mark},
};
use crate::{
    device::{
        OutFor, State, actions, former,
        list::{self, Listed, Matches, Sort, Tallies},
        store,
    },
    permit, stand,
};

/// What the page needs from the database.
struct Found {
    tallies: Tallies,
    slice: Slice<Listed>,
    matches: Matches,
    names: Names,
    /// Components by system, of the devices on this page.
    parts: Counts,
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

    /// Devices among which the question looks: what an import brought may have left since.
    fn looked_at(&self, asked: &Asked) -> i64 {
        if asked.import.is_some() { self.tallied(|_| true) } else { self.present() }
    }

    fn tallied(&self, of: impl Fn(State) -> bool) -> i64 {
        self.tallies.states.iter().filter(|(state, _)| of(**state)).map(|(_, n)| n).sum()
    }
}

/// `GET /devices`.
pub(super) async fn page(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    if !asked.as_of.is_empty() {
        return then::page(&ctx, &asked).await;
    }
    let who = ctx.actor();
    let found = db::read!(ctx.app.db(), who.org, |tx| {
        match one(tx, &ctx, &asked).await? {
            Some(there) => Ok(Err(there)),
            None => find(tx, &ctx, &asked).await.map(Ok),
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
    if asked.text.is_empty() || asked.after.is_some() {
        return Ok(None);
    }
    let who = ctx.actor();
    if let Some(id) = list::named(tx, who, &asked.text).await? {
        return Ok(Some(href(&actions::visible(tx, who, id).await?.tag)));
    }
    let Some(former) = former::find(tx, who.org, &asked.text).await? else { return Ok(None) };
    let device = store::get(tx, who.org, former.device).await?;
    let seen = who.may(permit::DEVICE_VIEW, device.reach());
    Ok(seen.then(|| formerly(&device.tag, &former.tag)))
}

/// A dozen short statements at most: the kept counts and the sites' names, how much each filter leaves, the rows, their
/// number, the names of what was filtered by.
async fn find(tx: &mut Tx, ctx: &Ctx, asked: &Asked) -> Result<Found> {
    let who = ctx.actor();
    let states = State::ALL.iter().copied().filter(|state| asked.holds_state(*state));
    let tallies = list::tallies(tx, who, &asked.sites, states).await?;
    let wanted = asked.wanted();
    let keyset = Keyset { after: asked.after.clone(), ..Keyset::default() };
    let (slice, left) = list::page_of(tx, who, &wanted, &keyset).await?;
    let matches = if asked.is_plain() {
        let there = tallies.there.iter().filter(|(state, _)| asked.holds_state(**state));
        let count = there.map(|(_, n)| n).sum();
        Matches { count, more: false }
    } else {
        Matches { count: asked.before + left.count, ..left }
    };
    let names = names(tx, who.org, asked).await?;
    let shown: Vec<_> = slice.rows.iter().map(|device| device.id).collect();
    let parts = stand::parts(tx, who.org, &shown).await?;
    Ok(Found { tallies, slice, matches, names, parts })
}

/// The names of what is filtered by.
pub(super) async fn names(tx: &mut Tx, org: OrgId, asked: &Asked) -> Result<Names> {
    let mut ids = Ids::default();
    for (name, value) in asked.others() {
        ids.add(&name, value.parse().unwrap_or(Uuid::nil()));
    }
    Names::read(tx, org, &ids).await
}

fn show(ctx: &Ctx, asked: &Asked, found: &Found) -> axum::response::Response {
    let main = list_page(
        Some(&facets("/devices", &WORDS, &kept(asked), &groups(asked, found))),
        &html! {
            (tabs("Views", &views(asked, found)))
            (bar(ctx, asked, &found.names))
            @if found.slice.rows.is_empty() { (nothing(asked, found)) }
            @else {
                (table(ctx, asked, found))
                (pager(asked, found))
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

pub(super) const WORDS: FacetWords<'static> =
    FacetWords { name: "Filters", apply: "Show results", close: "Close" };

/// “412 of 14,012”: how many of how many.
fn of(asked: &Asked, found: &Found) -> String {
    if asked.is_everything() {
        return super::words::devices(found.present());
    }
    format!("{} of {}", matches(found), count(found.looked_at(asked)))
}

/// Tallies count to the end; other counts may have stopped.
fn matches(found: &Found) -> String {
    let more = if found.matches.more { "+" } else { "" };
    format!("{}{more}", count(found.matches.count))
}

/// The page's answer, spoken and printed.
fn sentence(asked: &Asked, found: &Found) -> String {
    if let Some(import) = asked.import
        && (Asked { import: Some(import), ..Asked::default() }) == asked.first()
    {
        let came = matches(found);
        let devices = if found.matches.count == 1 { "device" } else { "devices" };
        return format!("{came} {devices} came in with “{}”.", found.names.text(import.uuid()));
    }
    let unusable = found.unusable();
    if !asked.is_everything() {
        return format!("{} of {} devices match.", matches(found), count(found.looked_at(asked)));
    }
    let all = super::words::devices(found.present());
    match unusable {
        0 => format!("{all}, none of them marked “Do not use”."),
        n => format!("{} of {all} must not be used.", count(n)),
    }
}

fn views(asked: &Asked, found: &Found) -> Vec<Tab> {
    let of_state = |state: State| found.tallied(|of| of == state);
    let repair = State::OutOfService(OutFor::Repair);
    let unusable = found.unusable();
    let views = [
        ("All", Asked::default(), Some(found.present())),
        ("In service", Asked::of_state(State::InService), Some(of_state(State::InService))),
        ("In repair", Asked::of_state(repair), Some(of_state(repair))),
        ("Not located", Asked::of_state(State::NotLocated), Some(of_state(State::NotLocated))),
        ("Do not use", Asked::of_show(Show::DoNotUse), Some(unusable)),
        ("Not decided yet", Asked::of_show(Show::Undecided), None),
        ("Left", Asked::of_show(Show::Left), Some(found.tallied(|state| state.kind().is_terminal()))),
    ];
    let now = Asked { text: String::new(), sort: Sort::Tag, ..asked.first() };
    views
        .into_iter()
        .map(|(label, view, n)| Tab {
            label: label.to_owned(),
            href: view.href(),
            count: n.map(count),
            current: view == now,
        })
        .collect()
}

/// What the filters' form sends along: the words, the view, the order, and filters without a checkbox.
pub(super) fn kept(asked: &Asked) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    if !asked.text.is_empty() {
        kept.push(("q".to_owned(), asked.text.clone()));
    }
    kept.extend(Asked::of_show(asked.show).filters());
    kept.extend(asked.others());
    if asked.sort != Sort::Tag {
        kept.push(("sort".to_owned(), asked.sort.code().to_owned()));
    }
    if !asked.as_of.is_empty() {
        kept.push(("as-of".to_owned(), asked.as_of.clone()));
    }
    kept
}

/// States and sites. A count stands beside an answer only while it is the count within the present result.
fn groups(asked: &Asked, found: &Found) -> Vec<FacetGroup> {
    let plain = asked.is_plain() && asked.show == Show::All;
    let said = |n: i64| if plain { count(n) } else { String::new() };
    let states = present()
        .filter(|state| asked.states.contains(state) || found.tallied(|of| of == *state) > 0)
        .map(|state| FacetOption {
            value: state.code().to_owned(),
            label: facet_word(state).to_owned(),
            count: said(found.tallies.there.get(&state).copied().unwrap_or(0)),
            checked: asked.states.contains(&state),
        })
        .collect();
    let sites: Vec<FacetOption> = found
        .tallies
        .sites
        .iter()
        .map(|(site, name, n)| FacetOption {
            value: site.to_string(),
            label: name.clone(),
            count: said(*n),
            checked: asked.sites.contains(site),
        })
        .collect();
    let mut groups =
        vec![FacetGroup { title: "State".to_owned(), name: "state".to_owned(), options: states }];
    if sites.len() > 1 {
        groups.push(FacetGroup { title: "Site".to_owned(), name: "site".to_owned(), options: sites });
    }
    groups
}

/// “Do not use” is a view of held and sequestered devices; the state alone is called by what it is.
pub(super) fn facet_word(state: State) -> &'static str {
    match state {
        State::Quarantined => "Kept for investigation",
        other => super::words::state_of(other, false).word(),
    }
}

pub(super) fn bar(ctx: &Ctx, asked: &Asked, names: &Names) -> Markup {
    let mut bar = QueryBar::new("/devices", "Search devices", "Search")
        .query(&asked.text)
        .placeholder("Tag, serial, UDI, type, model or place")
        .filter("Filter")
        .tokens(tokens(asked, names));
    for (name, value) in asked.filters() {
        bar = bar.keep(name, value);
    }
    if asked.sort != Sort::Tag {
        bar = bar.keep("sort", asked.sort.code());
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

/// Filters without a checkbox beside the list, each with a way to take it away.
fn tokens(asked: &Asked, names: &Names) -> Vec<Token> {
    asked
        .others()
        .into_iter()
        .map(|(field, value)| {
            let mut rest = asked.first();
            rest.departments.retain(|id| id.to_string() != value);
            rest.models.retain(|id| id.to_string() != value);
            rest.types.retain(|id| id.to_string() != value);
            rest.companies.retain(|id| id.to_string() != value);
            rest.import = rest.import.filter(|id| id.to_string() != value);
            let words = match asked.gap.filter(|_| field == "gap") {
                Some(gap) => {
                    rest.gap = None;
                    gap.on_page().to_owned()
                }
                None => names.text(value.parse().unwrap_or(Uuid::nil())),
            };
            Token {
                field,
                value: words,
                negated: false,
                remove_href: rest.href(),
                remove_word: "remove".into(),
            }
        })
        .collect()
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
        .map(|device| row(device, today, &ctx.org.name, (href(&device.tag), parts(device))))
        .collect();
    Table::new("Devices", columns(asked), rows).list().render()
}

pub(super) fn row(device: &Listed, today: Date, organisation: &str, (link, parts): (String, i64)) -> Row {
    let kind = DeviceGlyph::from_type_name(&device.type_name);
    let row = Row::new(vec![
        html! { (tag_link(&device.tag, &link)) @if parts > 0 { " " (parts_link(device, parts)) } },
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
    let more = Asked { text: asked.text.clone(), ..Asked::default() };
    let all = count(found.present());
    let (text, action) = if !asked.text.is_empty() && more != asked.first() {
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
    let title = if asked.text.is_empty() {
        "No device matches these filters.".to_owned()
    } else {
        format!("No device matches “{}”.", asked.text)
    };
    empty_state(&title, text, Some(&action.render()))
}
