//! The list of devices as a file: the same question as the list page, all of its answers.

use axum::{body::Body, extract::RawQuery};
use kernel::{Actor, AsOf, Cursor, Instant, Keyset, Problem, Result, TimeZone};
use sheet::Writer;
use web::{
    App, Ctx, Gate, Reply, Route,
    download::{self, Lines},
};

use super::described;
use crate::{
    device::{
        list::{Wanted, page},
        pages::ask::Asked,
        search::Day,
        then,
    },
    permit,
};

/// Every route of exports.
pub fn routes() -> Vec<Route> {
    let mut routes = super::api::routes();
    routes.push(Route::get("/devices.csv", Gate::Permit(permit::EXPORT_RUN), file));
    routes
}

/// Devices of one batch; nothing more is held.
pub(super) const BATCH: u32 = 500;

async fn file(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let (zone, who) = (&ctx.org.zone, ctx.actor());
    let asked = Asked::read(&query.unwrap_or_default());
    let day = Day::of(ctx.now(), zone);
    let understood = db::read!(ctx.app.db(), who.org, |tx| {
        let asked = asked.clone().written(tx, who, &day).await?;
        asked.understood(tx, who, &day).await
    })?;
    understood.sound("q")?;
    let at = match asked.as_of.as_str() {
        "" => None,
        text => {
            let read = AsOf::read(text, zone).and_then(|as_of| as_of.come(ctx.now(), zone));
            Some(read.map_err(|message| Problem::invalid("as-of", message))?.at)
        }
    };
    let body = body(ctx.app.clone(), ctx.actor().clone(), understood.wanted, at).await?;
    Ok(download::answer(&file_name(at, ctx.now(), zone), body))
}

/// `devices-2026-03-01.csv`, or `devices-as-of-2025-12-31.csv`.
pub(super) fn file_name(at: Option<Instant>, now: Instant, zone: &TimeZone) -> String {
    match at {
        None => format!("devices-{}.csv", now.date_in(zone)),
        Some(at) => format!("devices-as-of-{}.csv", at.date_in(zone)),
    }
}

/// The file, batch by batch.
pub(super) async fn body(app: App, who: Actor, wanted: Wanted, at: Option<Instant>) -> Result<Body> {
    if let Some(at) = at {
        then::ready(&app, &who, at).await?;
    }
    let columns = described::fields().map(|field| field.code());
    download::csv(columns, None, move |after: Option<Cursor>, lines| {
        some(app.clone(), who.clone(), (wanted.clone(), at), after, lines)
    })
    .await
}

async fn some(
    app: App,
    who: Actor,
    (wanted, at): (Wanted, Option<Instant>),
    after: Option<Cursor>,
    mut lines: Lines,
) -> Result<(Lines, Option<Option<Cursor>>)> {
    let keyset = Keyset { after, limit: BATCH };
    let next = db::read!(app.db(), who.org, |tx| match at {
        None => rows(tx, &who, &wanted, &keyset, &mut lines).await.map(|(_, next)| next),
        Some(at) => rows_then(tx, &who, (&wanted, at), &keyset, &mut lines).await,
    })?;
    Ok((lines, next.map(Some)))
}

/// Writes one batch of devices that the actor may take out; says how many, and where the next one begins.
pub(super) async fn rows<W: std::io::Write>(
    tx: &mut db::Tx,
    who: &Actor,
    wanted: &Wanted,
    keyset: &Keyset,
    writer: &mut Writer<W>,
) -> Result<(u64, Option<Cursor>)> {
    let listed = page(tx, who, wanted, keyset).await?;
    let ids: Vec<_> = listed.rows.iter().map(|row| row.id).collect();
    let mut found: std::collections::HashMap<_, _> =
        described::by_ids(tx, who.org, &ids).await?.into_iter().map(|d| (d.device.id, d)).collect();
    let mut count = 0;
    for id in ids {
        let Some(row) = found.remove(&id) else { continue };
        if who.may(permit::EXPORT_RUN, row.device.reach()) {
            writer.write(row.cells()).map_err(Problem::bug)?;
            count += 1;
        }
    }
    Ok((count, listed.next))
}

/// The same as it was known at an instant.
async fn rows_then<W: std::io::Write>(
    tx: &mut db::Tx,
    who: &Actor,
    (wanted, at): (&Wanted, Instant),
    keyset: &Keyset,
    writer: &mut Writer<W>,
) -> Result<Option<Cursor>> {
    let found = then::list::page(tx, who, wanted, at, then::list::TO_TAKE_OUT, keyset).await?;
    for row in found.described(tx, who.org, at).await? {
        writer.write(row.cells()).map_err(Problem::bug)?;
    }
    Ok(found.slice.next)
}
