//! The past as files: a list of one moment, or what differs between two.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    body::Body,
    extract::{Path, RawQuery},
    response::{IntoResponse as _, Redirect},
};
use db::Event;
use kernel::{Actor, Cursor, Instant, Keyset, Problem, Result, Slice};
use serde_json::Value;
use uuid::Uuid;

use super::{
    page::Asked,
    read::{self, Difference},
    words::Words,
};
use crate::{
    App, Ctx, Reply,
    api::{Sight, changes_shown, shown},
    download::{self, Lines},
};

/// Records of a batch.
const BATCH: u32 = 200;

/// `GET /past/{kind}/list.csv`: what the page of the same question shows, whole. It takes what seeing the page takes, as
/// every list of the past in the API does; devices, of which a hospital may not want copies to go about, have their own
/// permission to be exported ([`of_devices`]).
pub(super) async fn file(ctx: Ctx, Path(kind): Path<String>, RawQuery(query): RawQuery) -> Reply {
    let kind = read::kind(&ctx.app, ctx.actor(), &kind)?;
    let asked = Asked::read(query.as_deref());
    let (from, to) = asked.moments(&ctx).map_err(|fields| Problem::Invalid { fields })?;
    if kind.entity == "device" {
        return Ok(Redirect::to(&of_devices(&asked)).into_response());
    }
    let day = |at: Instant| at.date_in(&ctx.org.zone);
    let reader = Reader { app: ctx.app.clone(), who: ctx.actor().clone(), kind };
    let many = download::plain_name(kind.many).to_lowercase();
    let (name, body) = match to {
        None => (format!("{many}-as-of-{}.csv", day(from.at)), reader.known(from.at).await?),
        Some(to) => (
            format!("{many}-changes-{}-to-{}.csv", day(from.at), day(to.at)),
            reader.differing((from.at, to.at)).await?,
        ),
    };
    Ok(download::answer(&name, body))
}

/// Devices have files of their own.
fn of_devices(asked: &Asked) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if asked.to.is_empty() {
        return format!("/devices.csv?{}", query.append_pair("as-of", &asked.as_of).finish());
    }
    let query = query.append_pair("from", &asked.as_of).append_pair("to", &asked.to).finish();
    format!("/devices/changes.csv?{query}")
}

/// Columns that every list has before the fields of its records.
const FIRST: [&str; 4] = ["id", "version", "so_since", "by"];

#[derive(Clone)]
struct Reader {
    app: App,
    who: Actor,
    kind: Sight,
}

impl Reader {
    /// A line for each record. Every field that any of them has is a column, so the list is read twice.
    async fn known(self, at: Instant) -> Result<Body> {
        let (mut fields, mut next) = (BTreeSet::new(), Some(None));
        while let Some(after) = next {
            let (slice, _) = self.records(at, after).await?;
            let names =
                slice.rows.iter().filter_map(|event| event.after.as_object()).flat_map(|all| all.keys());
            fields.extend(names.cloned());
            next = slice.next.map(Some);
        }
        fields.retain(|field| !matches!(field.as_str(), "id" | "version"));
        let fields: Vec<String> = fields.into_iter().collect();
        let columns: Vec<String> =
            FIRST.map(str::to_owned).into_iter().chain(fields.iter().cloned()).collect();
        download::csv(columns, None, move |after, lines| {
            self.clone().lines_known(at, fields.clone(), after, lines)
        })
        .await
    }

    async fn lines_known(
        self,
        at: Instant,
        fields: Vec<String>,
        after: Option<Cursor>,
        mut lines: Lines,
    ) -> Result<(Lines, Option<Option<Cursor>>)> {
        let (slice, names) = self.records(at, after).await?;
        let words = Words { names, zone: None };
        for event in &slice.rows {
            let first = [
                event.entity_id.to_string(),
                event.version.to_string(),
                event.recorded_at.to_string(),
                event.actor_name.clone(),
            ];
            let rest = fields.iter().map(|field| words.of(field, &event.after[field.as_str()]));
            write(&mut lines, first.into_iter().chain(rest))?;
        }
        Ok((lines, slice.next.map(Some)))
    }

    async fn records(
        &self,
        at: Instant,
        after: Option<Cursor>,
    ) -> Result<(Slice<Event>, BTreeMap<Uuid, String>)> {
        let (who, kinds) = (&self.who, read::kinds(&self.app)?);
        let keyset = Keyset { after, limit: BATCH };
        db::read!(self.app.db(), who.org, |tx| {
            let mut slice = read::records(tx, who, (&self.kind, &kinds), at, &keyset).await?;
            for event in &mut slice.rows {
                event.after = shown(&event.after)?;
            }
            let values: Vec<&Value> = slice.rows.iter().map(|event| &event.after).collect();
            let names = read::names(tx, who.org, &kinds, &values, at).await?;
            Ok((slice, names))
        })
    }

    /// A line for each field of each record that differs.
    async fn differing(self, moments: (Instant, Instant)) -> Result<Body> {
        let columns = ["name", "id", "what", "first_at", "field", "before", "after"];
        download::csv(columns, None, move |after, lines| self.clone().lines_differing(moments, after, lines))
            .await
    }

    async fn lines_differing(
        self,
        moments: (Instant, Instant),
        after: Option<Cursor>,
        mut lines: Lines,
    ) -> Result<(Lines, Option<Option<Cursor>>)> {
        let (who, kinds) = (&self.who, read::kinds(&self.app)?);
        let keyset = Keyset { after, limit: BATCH };
        let (slice, names) = db::read!(self.app.db(), who.org, |tx| {
            let slice = read::differences(tx, who, (&self.kind, &kinds), moments, &keyset).await?;
            let values = slice.rows.iter().flat_map(|d| &d.fields).flat_map(|c| [&c.before, &c.after]);
            let names = read::names(tx, who.org, &kinds, &values.collect::<Vec<_>>(), moments.1).await?;
            Ok((slice, names))
        })?;
        let words = Words { names, zone: None };
        for difference in &slice.rows {
            self.lines_of(difference, &words, &mut lines)?;
        }
        Ok((lines, slice.next.map(Some)))
    }

    fn lines_of(&self, difference: &Difference, words: &Words<'_>, lines: &mut Lines) -> Result<()> {
        let what = if difference.before.is_none() { "added" } else { "changed" };
        for change in changes_shown(difference.fields.clone()) {
            let cells = [
                read::name(&self.kind, &difference.after.after),
                difference.after.entity_id.to_string(),
                what.to_owned(),
                difference.first_at.to_string(),
                words.of(&change.field, &change.before),
                words.of(&change.field, &change.after),
            ];
            let [name, id, what, first_at, before, after] = cells;
            write(lines, [name, id, what, first_at, change.field, before, after].into_iter())?;
        }
        Ok(())
    }
}

fn write(lines: &mut Lines, cells: impl Iterator<Item = String>) -> Result<()> {
    lines.write(cells.map(|cell| cell.replace('\0', ""))).map_err(Problem::bug)
}
