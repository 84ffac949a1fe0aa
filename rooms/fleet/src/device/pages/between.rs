//! What changed between two days, as a page and as a file.

use axum::extract::RawQuery;
use kernel::{Actor, AsOf, Cursor, FieldError, Instant, Keyset, Problem, Result, Slice};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Reply,
    download::{self, Lines},
    look::{
        Entry, Field, Icon, Pager, Tone, answer, button, link_button,
        timeline::{Words, timeline},
    },
};

use super::{
    changed,
    history::parameter,
    names::Names,
    words::{href, machine_time},
};
use crate::{
    device::between::{self, Difference, Fate},
    permit,
};

/// Devices a page.
const PAGE: u32 = 50;
/// Devices a batch of the file.
const BATCH: u32 = 200;

/// What was asked: two moments as they were written.
struct Asked {
    from: String,
    to: String,
    after: Option<Cursor>,
}

impl Asked {
    fn read(query: Option<&str>) -> Self {
        let text = |name| parameter(query, name).unwrap_or_default();
        Self {
            from: text("from"),
            to: text("to"),
            after: parameter(query, "after").and_then(|code| Cursor::decode(&code)),
        }
    }

    fn is_blank(&self) -> bool {
        self.from.trim().is_empty() && self.to.trim().is_empty()
    }

    /// The two moments in the organisation's time zone.
    fn moments(&self, ctx: &Ctx) -> Result<(AsOf, AsOf)> {
        let mut errors = Vec::new();
        let mut read = |field: &'static str, text: &str| {
            let zone = &ctx.org.zone;
            let read = AsOf::read(text, zone).and_then(|as_of| as_of.come(ctx.now(), zone));
            read.map_err(|message| errors.push(FieldError { field: field.into(), message })).ok()
        };
        let (from, to) = (read("from", &self.from), read("to", &self.to));
        match (from, to) {
            (Some(from), Some(to)) if from.at < to.at => Ok((from, to)),
            (Some(_), Some(_)) => Err(Problem::invalid("to", "This must be later than the beginning.")),
            _ => Err(Problem::Invalid { fields: errors }),
        }
    }

    fn address(&self, page: &str, after: Option<&Cursor>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("from", &self.from).append_pair("to", &self.to);
        if let Some(after) = after {
            query.append_pair("after", &after.encode());
        }
        format!("{page}?{}", query.finish())
    }
}

/// `GET /devices/changes`
pub(super) async fn page(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let asked = Asked::read(query.as_deref());
    if asked.is_blank() {
        let head = answer("What changed between two days?", Some(ABOUT));
        return Ok(ctx.page("Changes", "/devices").under(crumbs()).head(head).show(form(&ctx, &asked, &[])));
    }
    let (from, to) = match asked.moments(&ctx) {
        Ok(moments) => moments,
        Err(Problem::Invalid { fields }) => {
            let head = answer("What changed between two days?", Some(ABOUT));
            let page = ctx.page("Changes", "/devices").under(crumbs()).head(head);
            let page = page.status(http::StatusCode::UNPROCESSABLE_ENTITY);
            return Ok(page.show(form(&ctx, &asked, &fields)));
        }
        Err(other) => return Err(other.into()),
    };
    let who = ctx.actor();
    let keyset = Keyset { after: asked.after.clone(), limit: PAGE };
    let (slice, names) = read(&ctx, who, (from.at, to.at), &keyset).await?;
    let entries: Vec<Entry> = slice.rows.iter().map(|d| entry(&ctx, d, &names)).collect();
    let pager = Pager {
        summary: summary(entries.len(), slice.next.is_some(), asked.after.is_some()),
        first: asked.after.is_some().then(|| asked.address("/devices/changes", None)),
        next: slice.next.as_ref().map(|next| asked.address("/devices/changes", Some(next))),
        ..Pager::default()
    };
    let (zone, none) = (&ctx.org.zone, entries.is_empty() && asked.after.is_none());
    let bare = |moment: AsOf| {
        let words = moment.words(zone);
        words.trim_start_matches("at ").trim_start_matches("on ").to_owned()
    };
    let when = format!("{} and {}", bare(from), bare(to));
    let sentence = match none {
        true => format!("No device differs between {when}."),
        false => format!("What differs between {when}."),
    };
    let main = html! {
        @if !none { (timeline(&entries, &Words::default())) (pager) }
        (form(&ctx, &asked, &[]))
    };
    let may_take = ctx.may(permit::EXPORT_RUN) && !none;
    let file = html! {
        @if may_take { (link_button("Download as CSV", asked.address("/devices/changes.csv", None))) }
    };
    let head = answer(&sentence, Some(ABOUT));
    Ok(ctx.page("Changes", "/devices").under(crumbs()).head(head).actions(file).show(main))
}

const ABOUT: &str =
    "As the record knew each device at the two moments. What was changed and changed back does not differ.";

fn crumbs() -> [(String, String); 1] {
    [("Devices".to_owned(), "/devices".to_owned())]
}

fn summary(shown: usize, more: bool, later: bool) -> String {
    match (shown, more || later) {
        (1, false) => "1 device".to_owned(),
        (n, false) => format!("{n} devices"),
        (n, true) => format!("{n} devices on this page"),
    }
}

fn form(ctx: &Ctx, asked: &Asked, errors: &[FieldError]) -> Markup {
    let error = |name: &str| errors.iter().find(|e| e.field == name).map(|e| e.message.clone());
    let today = ctx.now().date_in(&ctx.org.zone);
    let usual = [today.first_of_month().to_string(), today.to_string()];
    let field = |name: &'static str, label, typed: &str, usual: &String| {
        let value = if typed.is_empty() { usual.clone() } else { typed.to_owned() };
        Field::date(name, label).value(value).hint("The end of that day.").error(error(name))
    };
    let [first, last] = &usual;
    html! {
        form.form method="get" action="/devices/changes" {
            (field("from", "From", &asked.from, first).render())
            (field("to", "To", &asked.to, last).render())
            div { (button("Show the differences")) }
        }
    }
}

fn entry(ctx: &Ctx, difference: &Difference, names: &Names) -> Entry {
    let (what, icon) = match difference.fate() {
        Fate::Added => ("added", Icon::Plus),
        Fate::Removed => ("taken out with its import", Icon::Undo),
        Fate::Changed => ("changed", Icon::Pencil),
    };
    let zone = &ctx.org.zone;
    Entry {
        when: format!("first on {}", difference.first_at.on_page(zone)),
        when_iso: machine_time(difference.first_at, zone),
        what: format!("{} {what}", difference.tag),
        changes: changed::lines(&difference.fields, names, zone),
        who: None,
        reason: None,
        link: Some(("Open the device".to_owned(), href(&difference.tag))),
        tone: Tone::Plain,
        icon: Some(icon),
    }
}

/// `GET /devices/changes.csv`
pub(super) async fn file(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    if !ctx.may(permit::EXPORT_RUN) {
        return Err(Problem::Forbidden { permit: permit::EXPORT_RUN.0 }.into());
    }
    let (from, to) = Asked::read(query.as_deref()).moments(&ctx)?;
    let name = format!("changes-{}-to-{}.csv", from.at.date_in(&ctx.org.zone), to.at.date_in(&ctx.org.zone));
    let columns = ["tag", "what", "first_at", "field", "before", "after"];
    let body =
        download::csv(columns, None, move |after, lines| some(ctx.clone(), (from.at, to.at), after, lines));
    Ok(download::answer(&name, body.await?))
}

/// One batch of the file: a line for each field that differs, in the words of the page.
async fn some(
    ctx: Ctx,
    moments: (Instant, Instant),
    after: Option<Cursor>,
    mut lines: Lines,
) -> Result<(Lines, Option<Option<Cursor>>)> {
    let (who, keyset) = (ctx.actor(), Keyset { after, limit: BATCH });
    let (slice, names) = read(&ctx, who, moments, &keyset).await?;
    for difference in &slice.rows {
        for change in changed::lines(&difference.fields, &names, &ctx.org.zone) {
            let row = [
                difference.tag.clone(),
                difference.fate().code().to_owned(),
                difference.first_at.to_string(),
                change.field,
                change.before.unwrap_or_default(),
                change.after.unwrap_or_default(),
            ];
            lines.write(row.map(|cell| cell.replace('\0', ""))).map_err(Problem::bug)?;
        }
    }
    Ok((lines, slice.next.map(Some)))
}

/// Devices that differ, and the names that stand in their changes.
async fn read(
    ctx: &Ctx,
    who: &Actor,
    moments: (Instant, Instant),
    keyset: &Keyset,
) -> Result<(Slice<Difference>, Names)> {
    db::read!(ctx.app.db(), who.org, |tx| {
        let slice = between::page(tx, who, moments, keyset).await?;
        let fields = slice.rows.iter().flat_map(|difference| &difference.fields);
        let names = Names::read(tx, who.org, &changed::ids_of(fields)).await?;
        Ok((slice, names))
    })
}
