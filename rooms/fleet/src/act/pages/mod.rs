//! The pages of acts: choosing what becomes of many devices, looking at it, making it so, undoing it.

mod choose;
mod show;

use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use kernel::{Problem, Result};
use maud::html;
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{Column, PhoneSlot, Row, Table, answer, empty_state},
};

use super::{Act, ActId, actions};
use crate::{
    device::{
        DeviceId,
        pages::{ask::Asked, words::count},
        search::Day,
    },
    permit,
    posted::{Done, once},
};

/// Bytes of a form with the ids of a page of devices.
const PICKED: usize = 256 * 1024;

/// Every route of acts.
pub fn routes() -> Vec<Route> {
    let gate = Gate::Permit(permit::DEVICE_EDIT);
    vec![
        Route::get("/devices/bulk", gate, list),
        Route::post("/devices/bulk", gate, prepare).body_limit(PICKED),
        Route::get("/devices/bulk/{id}", gate, page),
        Route::post("/devices/bulk/{id}", gate, choose::save),
        Route::post("/devices/bulk/{id}/begin", gate, choose::begin),
        Route::post("/devices/bulk/{id}/undo", gate, undo),
    ]
}

fn address(id: ActId) -> String {
    format!("/devices/bulk/{id}")
}

fn read_id(id: &str) -> Result<ActId> {
    id.parse().map_err(|_| Problem::not_found("this change"))
}

/// Devices put into a draft at once.
const AT_ONCE: usize = 1_000;

/// `POST /devices/bulk`: the ticked devices, or all that match, become a draft.
async fn prepare(ctx: Ctx, form: Form) -> Reply {
    form.printable()?;
    let who = ctx.actor();
    let asked = Asked::of(form.text("q"));
    let (ids, query) = if form.ticked("all") {
        let day = Day::of(ctx.now(), &ctx.org.zone);
        let ids = db::read!(ctx.app.db(), who.org, |tx| {
            let understood = asked.understood(tx, who, &day).await?;
            understood.sound("q")?;
            actions::found(tx, who, &understood.wanted).await
        })?;
        (ids, asked.text.as_str())
    } else {
        let ids = form.all("device").iter().filter_map(|id| id.parse::<DeviceId>().ok());
        (ids.collect(), "")
    };
    actions::must_fit(ids.len())?;
    let draft = db::write!(ctx.app.db(), who.org, |tx| actions::prepare(tx, who, query).await)?;
    let mut next = 0;
    for some in ids.chunks(AT_ONCE) {
        next = db::write!(ctx.app.db(), who.org, |tx| actions::put(tx, who, draft.id, next, some).await)?;
    }
    Ok(Redirect::to(&address(draft.id)).into_response())
}

/// `GET /devices/bulk/{id}`: a draft of one's own, or an act.
async fn page(ctx: Ctx, Path(id): Path<String>, query: axum::extract::RawQuery) -> Reply {
    let id = read_id(&id)?;
    let who = ctx.actor();
    let act = db::read!(ctx.app.db(), who.org, |tx| {
        match actions::visible(tx, who, id).await {
            Ok(act) => Ok(Some(act)),
            Err(Problem::NotFound { .. }) => Ok(None),
            Err(problem) => Err(problem),
        }
    })?;
    match act {
        Some(act) => show::page(&ctx, &act).await,
        None => choose::page(&ctx, id, query.0.as_deref()).await,
    }
}

/// `POST /devices/bulk/{id}/undo`.
async fn undo(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id = read_id(&id)?;
    let done = once!(&ctx, &form, "fleet.act.undo", |tx, who| {
        let act = actions::visible(tx, who, id).await?;
        actions::begin_undo(tx, who, &act).await?;
        Ok(Done::new(address(id), ""))
    });
    match done {
        Ok(done) => {
            show::hurry(&ctx, id).await?;
            Ok(done.go(&ctx))
        }
        Err(Problem::Conflict { message, .. }) => Ok(ctx.done(&address(id), &message)),
        Err(problem) => Err(problem.into()),
    }
}

/// Acts listed.
const LISTED: u32 = 100;

/// `GET /devices/bulk`: what was changed at once, the newest first.
async fn list(ctx: Ctx) -> Reply {
    let who = ctx.actor();
    let acts = db::read!(ctx.app.db(), who.org, |tx| actions::list(tx, who, None, LISTED).await)?;
    let sentence = match acts.len() {
        0 => "Nothing was changed at once yet.".to_owned(),
        1 => "1 change of many devices.".to_owned(),
        n => format!("{n} changes of many devices."),
    };
    let columns = vec![
        Column::new("What").phone(PhoneSlot::Title),
        Column::new("Devices").num().phone(PhoneSlot::Due),
        Column::new("Who").phone(PhoneSlot::Place),
        Column::new("When").phone(PhoneSlot::Tag),
        Column::new("State").phone(PhoneSlot::State),
    ];
    let row = |act: &Act| {
        Row::new(vec![
            html! { a href=(address(act.id)) { (act.reason) } },
            html! { (count(act.counts.devices)) },
            html! { (act.by_name) },
            html! { (act.begun_at.on_page(&ctx.org.zone)) },
            html! { (act.state.on_page()) },
        ])
    };
    let main = html! {
        (answer(&sentence, Some("Each can be opened, and undone for the devices that nobody changed since.")))
        @if acts.is_empty() {
            (empty_state("Tick devices in the list and choose Change.", "", None))
        } @else {
            (Table::new("Changes of many devices", columns, acts.iter().map(row).collect()).list())
        }
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned())];
    Ok(ctx.page("Changed at once", "/devices").under(crumbs).show(main))
}
