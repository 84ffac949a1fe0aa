//! The past as pages: which kinds there are, a list, a record, the differences between two days.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, RawQuery},
    response::{IntoResponse as _, Redirect},
};
use db::Event;
use kernel::{AsOf, Cursor, FieldChange, FieldError, Keyset, Problem, Result, Slice};
use maud::{Markup, Render as _, html};
use serde_json::Value;
use uuid::Uuid;

use super::{
    read::{self, Difference},
    words::{Words, label},
};
use crate::{
    Ctx, Reply,
    api::{Sight, changes_shown, shown},
    look::{
        Change, Column, Entry, Field, Icon, Pager, PhoneSlot, Row, Section, Table, Tone, answer, button,
        empty_state,
        ledger::ledger,
        link_button, message, quiet_answer,
        timeline::{self, timeline},
    },
};

/// What was asked: a moment as it was written, and perhaps a later one.
pub(super) struct Asked {
    pub as_of: String,
    pub to: String,
    after: Option<Cursor>,
}

impl Asked {
    pub(super) fn read(query: Option<&str>) -> Self {
        let all: BTreeMap<String, String> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        let text = |name: &str| all.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        Self { as_of: text("as-of"), to: text("to"), after: all.get("after").and_then(|c| Cursor::decode(c)) }
    }

    pub(super) fn query(&self, after: Option<&Cursor>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("as-of", &self.as_of);
        if !self.to.is_empty() {
            query.append_pair("to", &self.to);
        }
        if let Some(after) = after {
            query.append_pair("after", &after.encode());
        }
        query.finish()
    }

    /// The moments in the organisation's time zone.
    pub(super) fn moments(&self, ctx: &Ctx) -> Result<(AsOf, Option<AsOf>), Vec<FieldError>> {
        let read = |field: &'static str, text: &str| {
            let read = AsOf::read(text, &ctx.org.zone).and_then(|as_of| as_of.come(ctx.now(), &ctx.org.zone));
            read.map_err(|message| FieldError { field: field.into(), message })
        };
        let from = read("as-of", &self.as_of);
        let to = if self.to.is_empty() { Ok(None) } else { read("to", &self.to).map(Some) };
        match (from, to) {
            (Ok(from), Ok(Some(to))) if to.at <= from.at => Err(vec![FieldError {
                field: "to".into(),
                message: "This must be later than the first day.".into(),
            }]),
            (Ok(from), Ok(to)) => Ok((from, to)),
            (from, to) => Err(from.err().into_iter().chain(to.err()).collect()),
        }
    }
}

/// `GET /past`
pub(super) async fn kinds(ctx: Ctx) -> Reply {
    let kinds = read::kinds(&ctx.app)?;
    let seen = kinds.0.iter().filter(|kind| kind.is_open_to(ctx.actor()));
    let main = html! {
        p.links { @for kind in seen { a href=(list_of(kind)) { (kind.many) } } }
    };
    let head = answer(
        "What was on record on an earlier day?",
        Some("As it was known then: nothing is ever overwritten."),
    );
    Ok(ctx.page("Past", "").head(head).show(main))
}

fn list_of(kind: &Sight) -> String {
    if kind.entity == "device" { "/devices#look-back".to_owned() } else { format!("/past/{}", kind.entity) }
}

fn crumbs() -> (String, String) {
    ("Past".to_owned(), "/past".to_owned())
}

/// `GET /past/{kind}`
pub(super) async fn list(ctx: Ctx, Path(kind): Path<String>, RawQuery(query): RawQuery) -> Reply {
    let kind = read::kind(&ctx.app, ctx.actor(), &kind)?;
    if kind.entity == "device" {
        return Ok(Redirect::to("/devices#look-back").into_response());
    }
    let asked = Asked::read(query.as_deref());
    let page = ctx.page(kind.many, "").under([crumbs()]);
    let question = format!("{} on an earlier day", kind.many);
    if asked.as_of.is_empty() && asked.to.is_empty() {
        let about = "With one day, what was on record then. With two, what differs between them.";
        return Ok(page.head(answer(&question, Some(about))).show(form(&ctx, &kind, &asked, &[])));
    }
    let (from, to) = match asked.moments(&ctx) {
        Ok(moments) => moments,
        Err(errors) => {
            let page = page.head(quiet_answer(&question)).status(http::StatusCode::UNPROCESSABLE_ENTITY);
            return Ok(page.show(form(&ctx, &kind, &asked, &errors)));
        }
    };
    let main = match to {
        None => known(&ctx, &kind, &asked, from).await?,
        Some(to) => differing(&ctx, &kind, &asked, (from, to)).await?,
    };
    let file = format!("/past/{}/list.csv?{}", kind.entity, asked.query(None));
    let file = link_button("Download as CSV", file).icon(Icon::Download).render();
    let zone = &ctx.org.zone;
    let when = match to {
        None => format!("{} as known {}.", kind.many, from.words(zone)),
        Some(to) => format!(
            "{}: what differs {} from what was known {}.",
            kind.many,
            to.words(zone),
            from.words(zone)
        ),
    };
    let head = html! {
        (message(Tone::Warn, &html! { b { (when) } " Names and fields are those of then." }))
        (quiet_answer(&when))
    };
    Ok(page
        .head(head)
        .actions(file)
        .show(html! { (main) (Section::new("Another day", form(&ctx, &kind, &asked, &[]))) }))
}

async fn known(ctx: &Ctx, kind: &Sight, asked: &Asked, as_of: AsOf) -> Result<Markup> {
    let (who, at) = (ctx.actor(), as_of.at);
    let keyset = Keyset { after: asked.after.clone(), limit: 200 };
    let kinds = read::kinds(&ctx.app)?;
    let (slice, names) = db::read!(ctx.app.db(), who.org, |tx| {
        let slice = read::records(tx, who, (kind, &kinds), at, &keyset).await?;
        let beside = kind.beside.iter();
        let values = beside.flat_map(|(field, _)| slice.rows.iter().map(|event| &event.after[*field]));
        let values: Vec<&Value> = values.collect();
        let names = read::names(tx, who.org, &kinds, &values, at).await?;
        Ok((slice, names))
    })?;
    let words = Words { names, zone: Some(&ctx.org.zone) };
    if slice.rows.is_empty() && slice.next.is_none() && asked.after.is_none() {
        let text = "The record begins later, or they are where you may not look.";
        return Ok(empty_state("Nothing was on record then.", text, None));
    }
    Ok(
        html! { (table(ctx, kind, asked, &slice, &words)) (pager(kind, asked, slice.rows.len(), slice.next.as_ref())) },
    )
}

fn table(ctx: &Ctx, kind: &Sight, asked: &Asked, slice: &Slice<Event>, words: &Words<'_>) -> Markup {
    let mut rows: Vec<(String, &Event)> =
        slice.rows.iter().map(|event| (read::name(kind, &event.after), event)).collect();
    rows.sort_by_key(|(name, event)| (kernel::fold(name), event.entity_id));
    let row = |(name, event): &(String, &Event)| {
        let href = format!("/past/{}/{}?{}", kind.entity, event.entity_id, asked.query(None));
        let mut cells = vec![html! { a href=(href) { (name) } }];
        cells.extend(kind.beside.iter().map(|(field, _)| html! { (words.of(field, &event.after[*field])) }));
        cells.extend([
            html! { (event.recorded_at.on_page(&ctx.org.zone)) },
            html! { (event.actor_name) },
            html! { (event.version) },
        ]);
        Row::new(cells)
    };
    let mut columns = vec![Column::new("Name").row_head().phone(PhoneSlot::Title)];
    // A phone has room for one thing beside the name: the first of these, or since when it is so.
    let mut place = Some(PhoneSlot::Place);
    for heading in kind.beside.iter().map(|(_, heading)| *heading).chain(["So since"]) {
        let column = Column::new(heading);
        columns.push(match place.take() {
            Some(slot) => column.phone(slot),
            None => column,
        });
    }
    columns.extend([Column::new("By").faint(), Column::new("Version").num()]);
    Table::new(kind.many, columns, rows.iter().map(row).collect()).render()
}

fn pager(kind: &Sight, asked: &Asked, shown: usize, next: Option<&Cursor>) -> Pager {
    let there = |after: Option<&Cursor>| format!("/past/{}?{}", kind.entity, asked.query(after));
    Pager {
        summary: if shown == 1 { "1 on this page".to_owned() } else { format!("{shown} on this page") },
        first: asked.after.is_some().then(|| there(None)),
        next: next.map(|next| there(Some(next))),
        ..Pager::default()
    }
}

async fn differing(ctx: &Ctx, kind: &Sight, asked: &Asked, (from, to): (AsOf, AsOf)) -> Result<Markup> {
    let who = ctx.actor();
    let keyset = Keyset { after: asked.after.clone(), ..Keyset::default() };
    let kinds = read::kinds(&ctx.app)?;
    let (slice, names) = db::read!(ctx.app.db(), who.org, |tx| {
        let slice = read::differences(tx, who, (kind, &kinds), (from.at, to.at), &keyset).await?;
        let values = slice.rows.iter().flat_map(|d| &d.fields).flat_map(|c| [&c.before, &c.after]);
        let names = read::names(tx, who.org, &kinds, &values.collect::<Vec<_>>(), to.at).await?;
        Ok((slice, names))
    })?;
    if slice.rows.is_empty() && asked.after.is_none() {
        return Ok(empty_state("Nothing differs.", "What was changed and changed back is the same.", None));
    }
    let words = Words { names, zone: Some(&ctx.org.zone) };
    let entries: Vec<Entry> = slice.rows.iter().map(|d| entry(kind, d, &words)).collect();
    Ok(html! {
        (timeline(&entries, &timeline::Words::default()))
        (pager(kind, asked, slice.rows.len(), slice.next.as_ref()))
    })
}

fn entry(kind: &Sight, difference: &Difference, words: &Words<'_>) -> Entry {
    let added = difference.before.is_none();
    let line = |change: FieldChange| {
        let side = |value: &Value| (!value.is_null()).then(|| words.of(&change.field, value));
        Change { field: label(&change.field), before: side(&change.before), after: side(&change.after) }
    };
    Entry {
        when: format!("first on {}", words.at(difference.first_at)),
        when_iso: difference.first_at.to_string(),
        what: format!(
            "{} {}",
            read::name(kind, &difference.after.after),
            if added { "added" } else { "changed" }
        ),
        changes: changes_shown(difference.fields.clone()).into_iter().map(line).collect(),
        who: None,
        reason: None,
        link: None,
        tone: Tone::Plain,
        icon: Some(if added { Icon::Plus } else { Icon::Pencil }),
    }
}

/// `GET /past/{kind}/{id}`
pub(super) async fn record(
    ctx: Ctx,
    Path((kind, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Reply {
    let kind = read::kind(&ctx.app, ctx.actor(), &kind)?;
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("a record of this"))?;
    let mut asked = Asked::read(query.as_deref());
    if asked.as_of.is_empty() {
        asked.as_of = ctx.now().date_in(&ctx.org.zone).to_string();
    }
    let as_of =
        AsOf::read(&asked.as_of, &ctx.org.zone).and_then(|as_of| as_of.come(ctx.now(), &ctx.org.zone));
    let as_of = as_of.map_err(|message| Problem::invalid("as-of", message))?;
    let (who, kinds) = (ctx.actor(), read::kinds(&ctx.app)?);
    let (event, names) = db::read!(ctx.app.db(), who.org, |tx| {
        let event = read::record(tx, who, (&kind, &kinds), id, as_of.at).await?;
        let names = read::names(tx, who.org, &kinds, &[&event.after], as_of.at).await?;
        Ok((event, names))
    })?;
    let name = read::name(&kind, &event.after);
    let words = Words { names, zone: Some(&ctx.org.zone) };
    let fields = shown(&event.after)?;
    let rows: Vec<(String, Markup)> = fields
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| !matches!(field.as_str(), "id" | "version"))
        .map(|(field, value)| {
            (label(field), html! { @if value.is_null() { "—" } @else { (words.of(field, value)) } })
        })
        .collect();
    let rows: Vec<(&str, Markup)> =
        rows.iter().map(|(label, value)| (label.as_str(), value.clone())).collect();
    let zone = &ctx.org.zone;
    let head = html! {
        (message(Tone::Warn, &html! { b { "As known " (as_of.words(zone)) "." } " Version " (event.version) "." }))
        (quiet_answer(&format!("So since {}, by {}.", event.recorded_at.on_page(zone), event.actor_name)))
    };
    let back = format!("/past/{}?{}", kind.entity, asked.query(None));
    let all = link_button("The whole list of that day", back.clone()).icon(Icon::Layers);
    let crumbs = [crumbs(), (kind.many.to_owned(), back)];
    let page = ctx.page(&name, "").under(crumbs).head(head).actions(all.render());
    Ok(page.show(html! { (Section::new("Record", ledger(&rows))) }))
}

fn form(ctx: &Ctx, kind: &Sight, asked: &Asked, errors: &[FieldError]) -> Markup {
    let error = |name: &str| errors.iter().find(|e| e.field == name).map(|e| e.message.clone());
    let today = ctx.now().date_in(&ctx.org.zone).to_string();
    let first = if asked.as_of.is_empty() { today } else { asked.as_of.clone() };
    let (day, later) = (
        Field::date("as-of", "As known on")
            .value(first)
            .hint("At the end of that day.")
            .error(error("as-of")),
        Field::date("to", "Compared with a later day")
            .value(&asked.to)
            .optional("optional")
            .error(error("to")),
    );
    html! {
        form.form method="get" action={ "/past/" (kind.entity) } {
            (day.render())
            (later.render())
            div { (button("Show")) }
        }
    }
}
