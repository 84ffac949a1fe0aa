//! One import: what was found, what to do, how it goes, what it came to.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use identity::site::Site;
use kernel::Reach;
use maud::{Markup, html};
use web::{
    Ctx, Reply,
    look::{
        Icon, Section, Tone, answer, button, hidden, link_button, message, message_with, post_button,
        refresh_region, split,
    },
};

use super::{
    address, counted,
    findings::{NAMES_STAY, findings},
    list::when,
    mapping::{self, Shown},
    n, names,
    progress::under_way,
    read_id, words,
};
use crate::{
    device::{ImportId, pages::words::href},
    import::run::{
        Counts, ImportRun, Phase, Progress, RunState,
        actions::{self, InTheWay},
    },
    permit,
};

pub(super) async fn show(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let id = read_id(&id)?;
    let seen = Seen::read(&ctx, id).await?;
    Ok(page(&ctx, &seen, Shown::default(), StatusCode::OK))
}

/// An import and what its page needs.
pub(super) struct Seen {
    pub(super) run: ImportRun,
    at: Option<Progress>,
    sites: Vec<Site>,
    /// Sites the person may import into.
    mine: Vec<Site>,
    /// Why the work on it waits.
    trouble: Option<String>,
    /// What keeps it from being undone, for whoever may undo it.
    in_the_way: Option<InTheWay>,
    /// Names that are worth a look, while that counts.
    names: names::Names,
    /// Why the last step was refused.
    pub(super) notice: Option<String>,
}

impl Seen {
    pub(super) async fn read(ctx: &Ctx, id: ImportId) -> kernel::Result<Self> {
        let (run, at, sites, waits, in_the_way, names) = db::read!(ctx.app.db(), ctx.org.id, |tx| {
            let run = actions::visible(tx, ctx.actor(), id).await?;
            let at = actions::progress(tx, ctx.actor(), id).await?;
            let waits = db::job::why_waiting(tx, ctx.org.id, &id.to_string()).await?;
            let in_the_way = actions::look_before_undo(tx, ctx.actor(), &run).await?;
            let names = match run.state {
                RunState::Checked => names::Names::read(tx, ctx.org.id, id).await?,
                _ => names::Names::default(),
            };
            Ok((run, at, identity::site::list(tx, ctx.org.id).await?, waits, in_the_way, names))
        })?;
        let mine =
            |s: &&Site| ctx.actor().may(permit::IMPORT_RUN, Reach { site: Some(s.id), department: None });
        let mine = sites.iter().filter(mine).cloned().collect();
        // Other errors are for the log; this one people can mend.
        let waits = waits.filter(|words| words.starts_with(db::DISK_WORDS));
        let trouble = ctx.app.db().trouble().or(waits);
        Ok(Self { run, at, sites, mine, trouble, in_the_way, names, notice: None })
    }
}

/// The page of an import; `shown` carries a form that came back.
pub(super) fn page(ctx: &Ctx, seen: &Seen, shown: Shown<'_>, status: StatusCode) -> Response {
    let (run, at) = (&seen.run, seen.at.as_ref());
    let main = match run.state {
        RunState::Uploaded | RunState::Checked => checked(seen, shown),
        state if state.is_busy() => busy(ctx, run, at, seen.trouble.as_deref()),
        _ => ended(ctx, seen),
    };
    let main = html! {
        @if let Some(words) = &seen.notice {
            div role="alert" tabindex="-1" data-errors { (message(Tone::Crit, &html! { (words) })) }
        }
        (main)
    };
    let crumbs = [("Devices", "/devices"), ("Imports", "/devices/imports")];
    ctx.page(run.file_name.clone(), "/devices")
        .under(crumbs.map(|(label, href)| (label.to_owned(), href.to_owned())))
        .actions(buttons(seen))
        .status(status)
        .show(main)
}

/// One of the steps as a form of one button.
fn step(run: &ImportRun, verb: &str, button: &web::look::Button) -> Markup {
    let command = db::command::CommandId::new().to_string();
    post_button(&format!("{}/{verb}", address(run.id)), &[("command", &command)], button)
}

fn buttons(seen: &Seen) -> Markup {
    let run = &seen.run;
    let ready = run.counts.new;
    html! {
        @match run.state {
            RunState::Uploaded => (step(run, "cancel", &button("Start over").busy("Clearing"))),
            RunState::Checked => {
                (step(run, "cancel", &button("Start over").busy("Clearing")))
                @if ready > 0 {
                    // Sent with the choices: those that are new are checked first. Enter in a field checks.
                    button.vh type="submit" form=(mapping::FORM) tabindex="-1" aria-hidden="true" { "Check again" }
                    (button(format!("Import {}", counted(ready, "device", "devices")))
                        .form(mapping::FORM).sends("then", "run").primary().busy("Starting"))
                }
            }
            RunState::Checking => (step(run, "cancel", &button("Start over").busy("Clearing"))),
            RunState::Running => (step(run, "cancel", &button("Stop").danger().busy("Stopping"))),
            RunState::Failed if run.counts.devices == 0 => {
                (step(run, "cancel", &button("Start over").primary().busy("Clearing")))
            }
            RunState::Done | RunState::Cancelled | RunState::Failed
                if seen.in_the_way.as_ref().is_some_and(InTheWay::is_free) =>
            {
                (step(run, "undo", &button("Undo import").danger().icon(Icon::Undo).busy("Undoing")))
            }
            _ => (link_button("Import another file", "/devices/import").icon(Icon::Upload)),
        }
    }
}

/// What was found in the file, and what its columns become.
fn checked(seen: &Seen, shown: Shown<'_>) -> Markup {
    let run = &seen.run;
    let used = run.setup.columns.len() as u64;
    let mut note = format!("{} found, {} used", n(run.layout.header.len() as u64), n(used));
    if let Some(like) = &run.setup.like {
        note.push_str(&format!(", read as “{like}” was"));
    }
    if let Some(sheet) = &run.layout.sheet {
        note.push_str(&format!(", of sheet “{sheet}”"));
    }
    if run.start.line > 2 {
        note.push_str(&format!(", named in row {}", n(run.start.line - 1)));
    }
    let check = address(run.id) + "/check";
    let form = html! {
        (shown.summary())
        form.form id=(mapping::FORM) method="post" action=(check) {
            (web::form::once())
            (hidden("version", &run.version.to_string()))
            (Section::new("Your columns", mapping::table(run, shown)).note(note).id(mapping::ANCHOR))
            (words::section(run, &seen.sites, &seen.mine, shown))
            (names::sections(&seen.names, run, shown))
            (Section::new("How it is read", mapping::choices(run, &seen.mine, shown)))
            div {
                (button("Check again").busy("Checking"))
                p.hint { "Choices you change count once the rows were checked again." }
            }
        }
    };
    if run.state == RunState::Uploaded {
        let why = run.mapping().check().err().map(|e| e.to_string()).unwrap_or_default();
        return html! {
            (answer("Say what the columns are.", Some(&why)))
            (form)
        };
    }
    let counts = &run.counts;
    split(&html! { (answer(&found(counts), Some(next_step(counts)))) (form) }, &findings(run))
}

/// The answer: how many rows are ready.
fn found(counts: &Counts) -> String {
    if counts.rows == 0 {
        return "The file holds no rows.".to_owned();
    }
    let ready = if counts.refused == 0 && counts.same == 0 {
        let all = if counts.rows == 1 { "The only row is" } else { "All rows are" };
        return format!("{all} ready: {}.", counted(counts.new, "device", "devices"));
    } else {
        format!("{} of {} rows are ready.", n(counts.new), n(counts.rows))
    };
    let mut text = ready;
    if counts.refused > 0 {
        let need = if counts.refused == 1 { "needs" } else { "need" };
        text.push_str(&format!(" {} {need} a look.", n(counts.refused)));
    }
    if counts.same > 0 {
        text.push_str(&format!(" {} on record already.", counted(counts.same, "is", "are")));
    }
    text
}

const fn next_step(counts: &Counts) -> &'static str {
    if counts.rows == 0 {
        "Send a file with a line of column names and at least one row."
    } else if counts.new == 0 {
        "Nothing new to import. Choose other columns and check again, or correct the file and send it once more."
    } else if counts.refused > 0 {
        "You can import the ready rows now and send the rest again once they are corrected."
    } else {
        "Nothing is saved until you import."
    }
}

/// Work under way.
fn busy(ctx: &Ctx, run: &ImportRun, at: Option<&Progress>, trouble: Option<&str>) -> Markup {
    let sentence = match run.state {
        RunState::Checking => "Checking every row. Nothing is saved.".to_owned(),
        RunState::Undoing => format!("Taking out {}", counted(run.counts.devices, "device", "devices")),
        _ => format!("Importing {}", counted(run.counts.new, "device", "devices")),
    };
    let sub = format!("Sent {} by {}.", when(ctx, run.begun_at), run.by_name);
    let body = html! {
        (answer(&sentence, Some(&sub)))
        @if let Some(words) = trouble {
            (message(Tone::Crit, &html! {
                "The work waits. " (words) " It then goes on by itself, from where it stands."
            }))
        }
        (under_way(run, at))
    };
    html! { div.narrow { (refresh_region("import", &address(run.id), Some(2), "Refresh", &body)) } }
}

/// What it came to.
fn ended(ctx: &Ctx, seen: &Seen) -> Markup {
    let run = &seen.run;
    let undoing = seen.at.as_ref().filter(|at| at.phase == Phase::Undo);
    let counts = &run.counts;
    let devices = counted(counts.devices, "device", "devices");
    let sentence = match run.state {
        RunState::Done => format!("{devices} imported."),
        RunState::Cancelled if counts.devices > 0 => format!("Stopped after {devices}."),
        RunState::Cancelled => "Stopped. Nothing was imported.".to_owned(),
        RunState::Undone => match undoing.map_or(0, |at| at.done) {
            0 => "Undone. Nothing of this import is left in the fleet.".to_owned(),
            1 => "Undone. Its device was taken out; nothing of this import is left in the fleet.".to_owned(),
            n => format!(
                "Undone. Its {} devices were taken out; nothing of this import is left in the fleet.",
                super::n(n)
            ),
        },
        RunState::Failed if counts.devices > 0 && undoing.is_some() => {
            let stay = if counts.devices == 1 { "stays" } else { "stay" };
            format!("The undo had to stop: {devices} of this import {stay} in the fleet.")
        }
        RunState::Failed if counts.devices > 0 => format!("It could not go on after {devices}."),
        _ => "The file could not be read. Nothing was imported.".to_owned(),
    };
    let sub = format!("Sent {} by {}.", when(ctx, run.begun_at), run.by_name);
    let links = html! {
        p.links {
            @if counts.devices > 0 { a href={ "/devices?import=" (run.id) } { "Show the devices" } }
            // Beside the findings it stands there.
            @if counts.rows > 0 && run.state == RunState::Undone {
                a href=(address(run.id) + "/verdicts.csv") { "Download the verdict on every row" }
            }
            a href="/devices/imports" { "All imports" }
        }
    };
    html! {
        (answer(&sentence, Some(&sub)))
        @if let Some(error) = &run.error { (message(Tone::Crit, &html! { (error) })) }
        (links)
        @if let Some(in_the_way) = &seen.in_the_way { (before_undo(run, in_the_way)) }
        @if run.state == RunState::Undone { p.hint { (NAMES_STAY) } }
        @if counts.rows > 0 && run.state != RunState::Undone { (findings(run)) }
    }
}

/// What an undo would take out and leave, or what keeps it from being done.
fn before_undo(run: &ImportRun, in_the_way: &InTheWay) -> Markup {
    let devices = counted(run.counts.devices, "device", "devices");
    if in_the_way.is_free() {
        return message_with(
            Tone::Plain,
            Icon::Undo,
            &html! {
                "Undo takes out the " (devices) " this import brought: nobody changed them since. Their tags and serial \
                 numbers are free again. " (NAMES_STAY)
            },
        );
    }
    let named = |tags: &[String]| {
        let most = actions::NAMED as usize;
        html! {
            @for (place, tag) in tags.iter().take(most).enumerate() {
                @if place > 0 { ", " }
                a href=(href(tag)) { (tag) }
            }
            @if tags.len() > most { " and more" }
            ". "
        }
    };
    message_with(
        Tone::Plain,
        Icon::Undo,
        &html! {
            "This import cannot be undone any more; it comes out as a whole or not at all. "
            @if !in_the_way.changed.is_empty() { "Changed since the import: " (named(&in_the_way.changed)) }
            @if !in_the_way.holding.is_empty() {
                "Systems that now hold devices from elsewhere: " (named(&in_the_way.holding))
            }
            "Correct or retire its devices one by one."
        },
    )
}
