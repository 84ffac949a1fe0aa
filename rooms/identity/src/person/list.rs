//! The list of people.

use std::collections::BTreeSet;

use axum::extract::RawQuery;
use db::Tx;
use kernel::{Actor, Cursor, Keyset, PersonId, Result, Scope, ScopeSet, Slice};
use maud::{Markup, html};
use web::{
    Ctx, Reply,
    look::{
        self, Tone,
        icon::Icon,
        list::{Pager, QueryBar, list_page},
        table::{Column, Hide, PhoneSlot, Row, Table},
    },
};

use super::store::{self, Line};
use crate::{
    ask, department,
    grant::{self, Names, RoleGrant},
    life, permit,
};

/// The people an actor may see; `None` is everybody. Whoever sees people at a site or in a department sees those
/// who hold a role there, those who hold one everywhere, and themselves.
pub(crate) async fn visible(tx: &mut Tx, who: &Actor) -> Result<Option<Vec<PersonId>>> {
    let ScopeSet::Only { sites, departments } = who.scope(permit::PERSON_VIEW) else { return Ok(None) };
    let all = department::all(tx, who.org).await?;
    let here: BTreeSet<_> =
        all.iter().filter(|d| departments.contains(&d.id) || sites.contains(&d.site)).map(|d| d.id).collect();
    let grants = grant::active(tx, who.org).await?;
    let mut people: BTreeSet<PersonId> = grants
        .iter()
        .filter(|grant| match grant.scope {
            Scope::Org => true,
            Scope::Site(id) => sites.contains(&id),
            Scope::Department(id) => here.contains(&id),
        })
        .map(|grant| grant.person)
        .collect();
    people.extend(who.person);
    Ok(Some(people.into_iter().collect()))
}

struct Found {
    page: Slice<Line>,
    grants: Vec<RoleGrant>,
    names: Names,
    sentence: String,
}

pub(super) async fn show(ctx: Ctx, query: RawQuery) -> Reply {
    let (words, after) = (ask::param(&query, "q"), ask::param(&query, "after"));
    let keyset = Keyset { after: Cursor::decode(&after), ..Keyset::default() };
    let who = ctx.actor();
    let found = db::read!(ctx.app.db(), who.org, |tx| {
        let only = visible(tx, who).await?;
        let page = store::page(tx, who.org, &words, only.as_deref(), &keyset).await?;
        let ids: Vec<PersonId> = page.rows.iter().map(|line| line.id).collect();
        let grants = grant::of_people(tx, who.org, &ids).await?;
        let names = Names::of(tx, who.org, grants.iter().map(|grant| grant.scope)).await?;
        let sentence = match &only {
            Some(only) => format!("{} hold a role where yours reaches.", people(only.len())),
            None => everybody(store::tally(tx, who.org).await?),
        };
        Ok(Found { page, grants, names, sentence })
    })?;
    let actions = html! {
        @if ctx.may(permit::PERSON_MANAGE) {
            (look::link_button("Add person", "/people/new").primary().icon(Icon::UserPlus))
        }
    };
    let list = content(&ctx, &found, &words, keyset.after.is_some());
    let main = list_page(None, &maud::html! { (list) (web::past::link("person")) });
    let head = look::answer(&found.sentence, None);
    Ok(ctx.page("People", "/people").head(head).actions(actions).show(main))
}

fn people(n: usize) -> String {
    life::count(n, "person", "people")
}

/// "12 people can sign in; 2 have never done so."
fn everybody((able, seen): (i64, i64)) -> String {
    let number = |n: i64| usize::try_from(n).unwrap_or(0);
    let (able, never) = (number(able), number(able - seen));
    match never {
        0 => format!("{} can sign in, and all have done so.", people(able)),
        1 => format!("{} can sign in; 1 has never done so.", people(able)),
        n => format!("{} can sign in; {n} have never done so.", people(able)),
    }
}

fn content(ctx: &Ctx, found: &Found, words: &str, later: bool) -> Markup {
    let href = |after: &str| format!("/people?{}", ask::query(&[("q", words), ("after", after)]));
    let shown = found.page.rows.len();
    let pager = Pager {
        summary: life::count(shown, "person", "people")
            + if found.page.next.is_some() { ", more follow" } else { "" },
        first: later.then(|| href("")),
        previous: None,
        next: found.page.next.as_ref().map(|cursor| href(&cursor.encode())),
        ..Pager::default()
    };
    html! {
        (QueryBar::new("/people", "Search people", "Search").query(words).placeholder("Name or e-mail"))
        @if shown == 0 {
            (look::empty_state("Nobody fits.", "Search for a part of the name or of the e-mail address.", None))
        } @else {
            (table(ctx, found))
            (pager)
        }
    }
}

fn table(ctx: &Ctx, found: &Found) -> Table {
    let columns = vec![
        Column::new("Name").row_head().phone(PhoneSlot::Title),
        Column::new("E-mail").clip().phone(PhoneSlot::Tag),
        Column::new("Roles").phone(PhoneSlot::Place),
        Column::new("Where").faint().clip().hide(Hide::Tablet),
        Column::new("Last signed in").hide(Hide::Narrow),
        Column::new("State").phone(PhoneSlot::State),
    ];
    let rows = found.page.rows.iter().map(|line| row(ctx, found, line)).collect();
    Table::new("People", columns, rows).list()
}

fn row(ctx: &Ctx, found: &Found, line: &Line) -> Row {
    let held: Vec<&RoleGrant> = found.grants.iter().filter(|grant| grant.person == line.id).collect();
    let mut roles: Vec<&str> = held.iter().map(|grant| grant.role.on_page()).collect();
    let mut places: Vec<String> = held.iter().map(|grant| found.names.scope(grant.scope)).collect();
    roles.dedup();
    places.sort();
    places.dedup();
    let last = line.last_sign_in.map_or("Never".to_owned(), |at| at.on_page(&ctx.org.zone));
    let row = Row::new(vec![
        html! { a href={ "/people/" (line.id) } { (line.name) } },
        html! { (line.email) },
        html! { @if roles.is_empty() { "None" } @else { (roles.join(", ")) } },
        html! { (places.join("; ")) },
        html! { (last) },
        html! { @if line.active { "Active" } @else { (look::pill(Tone::Plain, "Switched off")) } },
    ]);
    if line.active { row } else { row.faint() }
}
