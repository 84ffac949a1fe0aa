//! The past as pages: which kinds there are, a list, a record, the differences between two days.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, RawQuery},
    response::{IntoResponse as _, Redirect},
};
use db::Event;
use kernel::{AsOf, Cursor, FieldError, Keyset, Problem, Result, Slice};
use maud::{Markup, Render as _, html};
use serde_json::Value;
use uuid::Uuid;

use super::read::{self, Difference};
use crate::{
    Ctx, Reply,
    api::{Sight, changes_shown, shown},
    look::{
        Change, Column, Entry, Field, Icon, Pager, PhoneSlot, Row, Section, Table, Tone, answer, button,
        empty_state,
        ledger::ledger,
        link_button, message, quiet_answer,
        timeline::{Words, timeline},
    },
};

/// What was asked: a moment as it was written, and perhaps a later one.
struct Asked {
    as_of: String,
    to: String,
    after: Option<Cursor>,
}

impl Asked {
    fn read(query: Option<&str>) -> Self {
        let all: BTreeMap<String, String> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        let text = |name: &str| all.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        Self { as_of: text("as-of"), to: text("to"), after: all.get("after").and_then(|c| Cursor::decode(c)) }
    }

    fn query(&self, after: Option<&Cursor>) -> String {
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
    fn moments(&self, ctx: &Ctx) -> Result<(AsOf, Option<AsOf>), Vec<FieldError>> {
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
    let main = html! {
        p.links { @for kind in kinds.0.iter() { a href=(list_of(kind)) { (kind.many) } } }
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
    let kind = read::kind(&ctx.app, &kind)?;
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
    Ok(page.head(head).show(html! { (main) (Section::new("Another day", form(&ctx, &kind, &asked, &[]))) }))
}

async fn known(ctx: &Ctx, kind: &Sight, asked: &Asked, as_of: AsOf) -> Result<Markup> {
    let (who, at) = (ctx.actor(), as_of.at);
    let keyset = Keyset { after: asked.after.clone(), limit: 200 };
    let slice = db::read!(ctx.app.db(), who.org, |tx| read::records(tx, who, kind, at, &keyset).await)?;
    if slice.rows.is_empty() && slice.next.is_none() && asked.after.is_none() {
        let text = "The record begins later, or they are where you may not look.";
        return Ok(empty_state("Nothing was on record then.", text, None));
    }
    Ok(
        html! { (table(ctx, kind, asked, &slice)) (pager(kind, asked, slice.rows.len(), slice.next.as_ref())) },
    )
}

fn table(ctx: &Ctx, kind: &Sight, asked: &Asked, slice: &Slice<Event>) -> Markup {
    let mut rows: Vec<(String, &Event)> =
        slice.rows.iter().map(|event| (read::name(kind, &event.after), event)).collect();
    rows.sort_by_key(|(name, event)| (kernel::fold(name), event.entity_id));
    let row = |(name, event): &(String, &Event)| {
        let href = format!("/past/{}/{}?{}", kind.entity, event.entity_id, asked.query(None));
        Row::new(vec![
            html! { a href=(href) { (name) } },
            html! { (event.recorded_at.on_page(&ctx.org.zone)) },
            html! { (event.actor_name) },
            html! { (event.version) },
        ])
    };
    let columns = vec![
        Column::new("Name").row_head().phone(PhoneSlot::Title),
        Column::new("So since").phone(PhoneSlot::Place),
        Column::new("By").faint(),
        Column::new("Version").num(),
    ];
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
        let slice = read::differences(tx, who, kind, (from.at, to.at), &keyset).await?;
        let values = slice.rows.iter().flat_map(|d| &d.fields).flat_map(|c| [&c.before, &c.after]);
        let names = read::names(tx, who, &kinds, &values.collect::<Vec<_>>(), to.at).await?;
        Ok((slice, names))
    })?;
    if slice.rows.is_empty() && asked.after.is_none() {
        return Ok(empty_state("Nothing differs.", "What was changed and changed back is the same.", None));
    }
    let entries: Vec<Entry> = slice.rows.iter().map(|d| entry(ctx, kind, d, &names)).collect();
    Ok(html! {
        (timeline(&entries, &Words::default()))
        (pager(kind, asked, slice.rows.len(), slice.next.as_ref()))
    })
}

fn entry(ctx: &Ctx, kind: &Sight, difference: &Difference, names: &BTreeMap<Uuid, String>) -> Entry {
    let zone = &ctx.org.zone;
    let added = difference.before.is_none();
    let side = |value: &Value| (!value.is_null()).then(|| text(value, names));
    let line = |change: kernel::FieldChange| Change {
        field: label(&change.field),
        before: side(&change.before),
        after: side(&change.after),
    };
    Entry {
        when: format!("first on {}", difference.first_at.on_page(zone)),
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
    let kind = read::kind(&ctx.app, &kind)?;
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
        let event = read::record(tx, who, &kind, id, as_of.at).await?;
        let names = read::names(tx, who, &kinds, &[&event.after], as_of.at).await?;
        Ok((event, names))
    })?;
    let name = read::name(&kind, &event.after);
    let fields = shown(&event.after)?;
    let rows: Vec<(String, Markup)> = fields
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, _)| !matches!(field.as_str(), "id" | "version"))
        .map(|(field, value)| (label(field), html! { (text(value, &names)) }))
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

/// `password_changed_at` as people read it: `Password changed at`.
fn label(field: &str) -> String {
    let words = field.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A value in words; an id is the name of what it leads to.
fn text(value: &Value, names: &BTreeMap<Uuid, String>) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => {
            let name = text.parse::<Uuid>().ok().and_then(|id| names.get(&id).cloned());
            name.unwrap_or_else(|| text.clone())
        }
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(|v| text(v, names)).collect::<Vec<_>>().join(", "),
        Value::Object(all) => {
            let part =
                |(field, value): (&String, &Value)| format!("{}: {}", label(field), text(value, names));
            all.iter().map(part).collect::<Vec<_>>().join("; ")
        }
        Value::Number(n) => n.to_string(),
    }
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
