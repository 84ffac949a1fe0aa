//! The list of imports.

use axum::extract::RawQuery;
use kernel::Instant;
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Reply,
    look::{
        Column, Hide, Icon, Pager, PhoneSlot, Row, Table, Tone, answer, empty_state, link_button,
        marks::verdict,
    },
};

use super::{address, counted, n};
use crate::import::run::{ImportRun, RunState, actions};

/// Rows a page.
const ROWS: u32 = 50;

pub(super) async fn show(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let query = query.unwrap_or_default();
    let before = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "before")
        .and_then(|(_, id)| id.parse().ok());
    let mut runs =
        db::read!(ctx.app.db(), ctx.org.id, |tx| actions::list(tx, ctx.actor(), before, ROWS + 1).await)?;
    let more = runs.len() > ROWS as usize;
    runs.truncate(ROWS as usize);
    let next = runs.last().filter(|_| more).map(|last| format!("/devices/imports?before={}", last.id));
    let first = before.map(|_| "/devices/imports".to_owned());
    let main = html! {
        (answer(&sentence(&runs), None))
        @if runs.is_empty() {
            (empty_state("Nothing was imported here yet.", "Bring the list you have as a CSV file.", None))
        } @else {
            (table(&ctx, &runs))
            (Pager { summary: counted(runs.len() as u64, "import", "imports"), first, next, ..Pager::default() })
        }
    };
    let actions = html! { (link_button("Import devices", "/devices/import").icon(Icon::Upload).primary()) };
    Ok(ctx
        .page("Imports", "/devices")
        .under([("Devices".to_owned(), "/devices".to_owned())])
        .actions(actions)
        .show(main))
}

fn sentence(runs: &[ImportRun]) -> String {
    let busy = runs.iter().filter(|r| r.state.is_busy()).count() as u64;
    if busy > 0 {
        format!("{} under way.", counted(busy, "import is", "imports are"))
    } else {
        "Imports of devices".to_owned()
    }
}

fn table(ctx: &Ctx, runs: &[ImportRun]) -> Markup {
    let rows = runs.iter().map(|run| {
        Row::new(vec![
            html! { a href=(address(run.id)) { (run.file_name) } },
            state(run.state),
            html! { (n(run.counts.rows)) },
            html! { (n(run.counts.devices)) },
            html! { (run.by_name) },
            html! { (when(ctx, run.begun_at)) },
        ])
    });
    let columns = vec![
        Column::new("File").row_head().phone(PhoneSlot::Title),
        Column::new("State").phone(PhoneSlot::State),
        Column::new("Rows").num().hide(Hide::Narrow),
        Column::new("Devices in the fleet").num().phone(PhoneSlot::Due),
        Column::new("By").hide(Hide::Tablet),
        Column::new("Sent").phone(PhoneSlot::Place),
    ];
    Table::new("Imports, the newest first", columns, rows.collect()).list().render()
}

/// An instant in the organisation's zone.
pub(super) fn when(ctx: &Ctx, at: Instant) -> String {
    at.on_page(&ctx.org.zone)
}

fn state(state: RunState) -> Markup {
    let tone = match state {
        RunState::Done => Tone::Ok,
        RunState::Failed => Tone::Crit,
        RunState::Uploaded | RunState::Checked => Tone::Warn,
        RunState::Checking | RunState::Running | RunState::Undoing => Tone::Accent,
        RunState::Cancelled | RunState::Undone => Tone::Plain,
    };
    verdict(tone, state.on_page())
}
