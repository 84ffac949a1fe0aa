//! The page of a place or department: what it is and holds, and the forms that change, move, close and reopen it.

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use db::{Event, Tx};
use kernel::{Actor, Id, Instant, Problem, Result, SiteId, TimeZone};
use maud::{Markup, Render as _, html};
use serde_json::Value;
use web::{
    Ctx, Form, Reply, Stop, form,
    look::{self, Choice, Field, Section, Tone, Way, icon::Icon},
};

use super::{Node, actions, fault, homes, store};
use crate::{
    Sent, ask,
    filled::{Filled, Refused},
    life, permit,
    site::{self, Site},
    tally::Tally,
};

const HISTORY: u32 = 50;

/// What the page lets one do; one form stands on it at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Change,
    Inside,
    Move,
    Close,
    Reopen,
}

impl Act {
    fn asked(query: &RawQuery) -> Self {
        match ask::param(query, "do").as_str() {
            "inside" => Self::Inside,
            "move" => Self::Move,
            "close" => Self::Close,
            _ => Self::Change,
        }
    }
}

type At = Path<(String, String)>;

pub(crate) async fn show<N: Node>(ctx: Ctx, Path((site, id)): At, query: RawQuery) -> Reply {
    let (site, id) = ids::<N>(&site, &id)?;
    page::<N>(&ctx, site, id, Act::asked(&query), Filled::EMPTY).await
}

pub(crate) async fn save<N: Node>(ctx: Ctx, at: At, form: Form) -> Reply {
    act::<N>(ctx, at, form, Act::Change).await
}

pub(crate) async fn inside<N: Node>(ctx: Ctx, at: At, form: Form) -> Reply {
    act::<N>(ctx, at, form, Act::Inside).await
}

pub(crate) async fn relocate<N: Node>(ctx: Ctx, at: At, form: Form) -> Reply {
    act::<N>(ctx, at, form, Act::Move).await
}

pub(crate) async fn close<N: Node>(ctx: Ctx, at: At, form: Form) -> Reply {
    act::<N>(ctx, at, form, Act::Close).await
}

pub(crate) async fn reopen<N: Node>(ctx: Ctx, at: At, form: Form) -> Reply {
    act::<N>(ctx, at, form, Act::Reopen).await
}

fn ids<N: Node>(site: &str, id: &str) -> Result<(SiteId, Id<N::Mark>)> {
    Ok((ask::id(site, "the site")?, ask::id(id, "this page")?))
}

fn address<N: Node>(site: SiteId, id: Id<N::Mark>) -> String {
    format!("/sites/{site}/{}/{id}", N::TREE.path)
}

async fn act<N: Node>(ctx: Ctx, Path((site, id)): At, form: Form, act: Act) -> Reply {
    let (site, id) = ids::<N>(&site, &id)?;
    let who = ctx.actor();
    let tally = ctx.app.room::<Tally>().copied();
    let done = db::write!(ctx.app.db(), who.org, |tx| {
        site::see(tx, who, site).await?;
        let node: N = at_site(store::get(tx, who.org, id).await?, site)?;
        who.need(permit::SITE_MANAGE, N::reach(site, Some(id)))?;
        carry_out(tx, who, &node, act, &form, tally).await
    });
    match done {
        Ok(words) => Ok(ctx.done(&address::<N>(site, id), &words)),
        Err(problem) => page::<N>(&ctx, site, id, act, Filled::refused(&form, &Refused::of(problem)?)).await,
    }
}

async fn carry_out<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    node: &N,
    act: Act,
    form: &Form,
    tally: Option<Tally>,
) -> Result<String> {
    let (id, version, sent) = (node.core().id, form.version(), Sent::form(form));
    let (node, done) = match act {
        Act::Change => (node.change(tx, who, form).await?, "saved"),
        Act::Inside => (node.add(tx, who, form).await?, "added"),
        Act::Move => {
            let field = N::TREE.parent_field;
            let parent = form.some(field).map(|text| text.parse()).transpose();
            let parent = parent.map_err(|_| fault(field, "Choose one of the list."))?;
            (actions::move_to(tx, who, id, version, (parent, form.some("reason")), sent).await?, "moved")
        }
        Act::Close => {
            (actions::close(tx, who, id, version, (form.text("reason"), tally), sent).await?, "closed")
        }
        Act::Reopen => (actions::reopen(tx, who, id, version, sent).await?, "open again"),
    };
    let name = node.core().name;
    Ok(if act == Act::Reopen { format!("{name} is {done}.") } else { format!("{name} {done}.") })
}

/// A node is found under its own site's address only.
fn at_site<N: Node>(node: N, site: SiteId) -> Result<N> {
    if node.core().site == site { Ok(node) } else { Err(Problem::not_found(format!("the {}", N::TREE.noun))) }
}

/// What the page shows.
struct Shown<N> {
    site: Site,
    node: N,
    /// All of the site, for names and for where it may stand.
    all: Vec<N>,
    events: Vec<Event>,
    /// What keeps it from being closed.
    contents: Option<String>,
    may: bool,
    /// Whether the site itself may be chosen as its parent.
    may_top: bool,
    /// Where it may be moved by this person, with the way to each.
    homes: Vec<Choice>,
}

async fn read<N: Node>(
    tx: &mut Tx,
    who: &Actor,
    site: SiteId,
    id: Id<N::Mark>,
    tally: Option<Tally>,
) -> Result<Shown<N>> {
    let site = site::see(tx, who, site).await?;
    let node: N = at_site(store::get(tx, who.org, id).await?, site.id)?;
    let all: Vec<N> = store::list(tx, who.org, site.id).await?;
    let events = db::gate::life(tx, who.org, N::TREE.noun, id.uuid(), i64::MAX, HISTORY).await?;
    let reaches = |id| who.may(permit::SITE_MANAGE, N::reach(site.id, id));
    let mut choices: Vec<Choice> = homes(&all, &node)
        .into_iter()
        .filter(|above| reaches(Some(above.core().id)))
        .map(|above| Choice::new(above.core().id.to_string(), way(&all, above)))
        .collect();
    choices.sort_by_key(|choice| kernel::fold(&choice.label));
    Ok(Shown {
        contents: actions::contents(tx, who, &node, tally).await?,
        may: reaches(Some(id)),
        may_top: reaches(None) && node.core().parent.is_some() && node.misplaced(None, false).is_none(),
        homes: choices,
        site,
        node,
        all,
        events,
    })
}

/// What a node stands in, the innermost first.
fn above<'n, N: Node>(all: &'n [N], node: &N) -> Vec<&'n N> {
    let mut around: Vec<&N> = Vec::new();
    let mut at = node.core().parent;
    while let Some(up) = at.and_then(|id| all.iter().find(|n| n.core().id == id))
        && around.len() < all.len()
    {
        around.push(up);
        at = up.core().parent;
    }
    around
}

/// “Main building, Level 2”: a node with what it stands in.
fn way<N: Node>(all: &[N], node: &N) -> String {
    let outer = above(all, node);
    let names: Vec<&str> = outer.iter().rev().map(|n| n.core().name).chain([node.core().name]).collect();
    names.join(", ")
}

async fn page<N: Node>(
    ctx: &Ctx,
    site: SiteId,
    id: Id<N::Mark>,
    act: Act,
    filled: Filled<'_>,
) -> std::result::Result<Response, Stop> {
    let who = ctx.actor();
    let tally = ctx.app.room::<Tally>().copied();
    let shown: Shown<N> = db::read!(ctx.app.db(), who.org, |tx| read(tx, who, site, id, tally).await)?;
    let core = shown.node.core();
    let act = if core.closed_at.is_some() { Act::Reopen } else { act };
    let main = html! {
        (filled.summary())
        @if shown.may { (form_of(&shown, act, filled)) }
        (holds(&shown))
        (Section::new("History", history(&shown, &ctx.org.zone)))
    };
    let outer = above(&shown.all, &shown.node);
    let mut crumbs = vec![
        ("Sites and places".to_owned(), "/sites".to_owned()),
        (shown.site.name.clone(), format!("/sites/{site}")),
    ];
    crumbs.extend(outer.iter().rev().map(|n| (n.core().name.to_owned(), address::<N>(site, n.core().id))));
    let head = look::answer(&sentence(&shown, &ctx.org.zone), shown.node.note().as_deref());
    let page = ctx.page(core.name, "/sites").status(filled.status()).under(crumbs).head(head);
    Ok(page.actions(buttons(&shown, act)).show(main))
}

/// “ICU 2 West is a unit of Critical care, Lakeside.”
fn sentence<N: Node>(shown: &Shown<N>, zone: &TimeZone) -> String {
    let core = shown.node.core();
    let around = above(&shown.all, &shown.node);
    let outer: Vec<&str> = around.iter().map(|n| n.core().name).chain([shown.site.name.as_str()]).collect();
    let is = format!("{} is a {} of {}", core.name, shown.node.kind(), outer.join(", "));
    match core.closed_at {
        Some(at) => format!("{is}, closed since {}.", at.on_page(zone)),
        None => format!("{is}."),
    }
}

/// The other things one may do here, besides what the open form does.
fn buttons<N: Node>(shown: &Shown<N>, act: Act) -> Markup {
    let core = shown.node.core();
    let here = address::<N>(core.site, core.id);
    let to = |what: &str| format!("{here}?do={what}");
    html! {
        @if shown.may && core.closed_at.is_none() {
            @if act != Act::Change { (look::link_button("Edit", &here).icon(Icon::Pencil)) }
            @if act != Act::Inside && shown.node.fields_inside(Filled::EMPTY).is_some() {
                (look::link_button(N::TREE.add_inside, to("inside")).icon(Icon::Plus))
            }
            @if act != Act::Move { (look::link_button("Move", to("move")).icon(Icon::MapPin)) }
            @if act != Act::Close { (look::link_button("Close", to("close")).icon(Icon::Cross)) }
        }
    }
}

fn form_of<N: Node>(shown: &Shown<N>, act: Act, filled: Filled<'_>) -> Markup {
    let noun = N::TREE.noun;
    let node = &shown.node;
    match act {
        Act::Change => {
            let verb = format!("Save {noun}");
            form_around(
                shown,
                "",
                &N::fields(filled, node),
                look::button(verb).primary().busy("Saving"),
                filled,
            )
        }
        Act::Inside => {
            let fields = node.fields_inside(filled).unwrap_or_default();
            let title = format!("In {}", node.core().name);
            let button = look::button(N::TREE.add_inside).primary().busy("Adding");
            Section::new(title, form_around(shown, "/inside", &fields, button, filled)).render()
        }
        Act::Move => Section::new(format!("Move {}", node.core().name), move_form(shown, filled)).render(),
        Act::Close => Section::new(format!("Close {}", node.core().name), close_form(shown, filled)).render(),
        Act::Reopen => {
            let button = look::button(format!("Reopen {noun}")).primary().busy("Reopening");
            let why = shown.events.iter().find(|event| event.action == N::TREE.actions[2]);
            html! {
                (look::message(Tone::Plain, &html! {
                    b { "Nothing can be put here while it is closed." }
                    @if let Some(reason) = why.and_then(|event| event.reason.as_ref()) { " It was closed because: " (reason) }
                }))
                (form_around(shown, "/reopen", &Markup::default(), button, filled))
            }
        }
    }
}

fn form_around<N: Node>(
    shown: &Shown<N>,
    verb: &str,
    fields: &Markup,
    button: look::Button,
    filled: Filled<'_>,
) -> Markup {
    let core = shown.node.core();
    let here = address::<N>(core.site, core.id);
    html! {
        form id=(look::field_id(actions::CLOSE)) method="post" action={ (here) (verb) } {
            (form::once())
            (look::hidden("version", &filled.version(core.version)))
            div.fields { (fields) }
            (look::form_foot(&html! {
                (button)
                @if !verb.is_empty() && core.closed_at.is_none() { (look::link_button("Cancel", &here).ghost()) }
            }))
        }
    }
}

fn why(filled: Filled<'_>) -> Field {
    filled.field("reason", Field::text("reason", "Why"), "")
}

fn move_form<N: Node>(shown: &Shown<N>, filled: Filled<'_>) -> Markup {
    let field = N::TREE.parent_field;
    let mut choices = shown.homes.clone();
    if shown.may_top {
        choices.insert(0, Choice::new("", format!("{} itself", shown.site.name)));
    }
    if choices.is_empty() {
        let text = "Everything it could stand in is closed, out of your reach, or where it stands already.";
        return look::empty_state("There is nowhere else it may stand.", text, None);
    }
    let fields = html! {
        (filled.field(field, Field::select(field, "Under", choices)
            .hint("What is in it goes with it. Devices keep their place and owner."), ""))
        (why(filled).optional("optional"))
    };
    form_around(
        shown,
        "/move",
        &fields,
        look::button(format!("Move {}", N::TREE.noun)).primary().busy("Moving"),
        filled,
    )
}

fn close_form<N: Node>(shown: &Shown<N>, filled: Filled<'_>) -> Markup {
    if let Some(contents) = &shown.contents {
        return html! { div id=(look::field_id(actions::CLOSE)) { (look::message(Tone::Warn, &html! { (contents) })) } };
    }
    let reason = why(filled).required().hint("Its history stays, and it can be opened again.");
    let button = look::button(format!("Close {}", N::TREE.noun)).danger().busy("Closing");
    form_around(shown, "/close", &reason.render(), button, filled)
}

/// What stands directly in it.
fn holds<N: Node>(shown: &Shown<N>) -> Markup {
    let core = shown.node.core();
    let inside: Vec<Way> = shown
        .all
        .iter()
        .filter(|n| n.core().parent == Some(core.id))
        .map(|n| Way {
            title: n.core().name.to_owned(),
            note: if n.core().closed_at.is_some() { "Closed".to_owned() } else { capital(n.kind()) },
            href: Some(address::<N>(core.site, n.core().id)),
            ..Way::default()
        })
        .collect();
    html! { @if !inside.is_empty() { (Section::new("In it", look::ways(&inside))) } }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The history, with names where the record holds ids.
fn history<N: Node>(shown: &Shown<N>, zone: &TimeZone) -> Markup {
    life::history(&shown.events, zone, |field, value| match (field, value) {
        ("parent", Value::String(id)) => {
            shown.all.iter().find(|n| n.core().id.to_string() == *id).map(|n| way(&shown.all, n))
        }
        ("site", _) => Some(shown.site.name.clone()),
        ("kind", Value::String(kind)) => Some(capital(kind)),
        ("closed_at", Value::Number(at)) => at.as_i64().map(|at| Instant::from_micros(at).on_page(zone)),
        _ => None,
    })
}
