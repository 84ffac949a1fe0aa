//! An organisation without devices: how to begin.

use axum::response::Response;
use maud::{Markup, Render as _, html};
use web::{
    Ctx,
    look::{
        Drop, Icon, Section, Step, StepState, answer, button, dropzone, empty_state, icon_sized, link_button,
        steps,
    },
};

use crate::permit;

/// The first page of an empty fleet, by what the person may do about it.
pub(super) fn page(ctx: &Ctx) -> Response {
    let add = ctx.may(permit::DEVICE_ADD);
    let main = if ctx.may(permit::IMPORT_RUN) { import() } else { waiting(add) };
    let actions = html! {
        @if add && ctx.may(permit::IMPORT_RUN) { (link_button("Add one device", "/devices/new").icon(Icon::Plus)) }
    };
    ctx.page("Devices", "/devices").actions(actions).show(main)
}

fn waiting(add: bool) -> Markup {
    let action = link_button("Add device", "/devices/new").icon(Icon::Plus).primary().render();
    let text = if add {
        "Add the first one here, or ask a lead or manager to import the list you have."
    } else {
        "They appear here once somebody in clinical engineering has imported or added them."
    };
    html! {
        (answer("There are no devices on record yet.", None))
        (empty_state("Nothing to show.", text, add.then_some(&action)))
    }
}

fn import() -> Markup {
    let drop = Drop {
        action: "/devices/import",
        name: "list",
        accept: ".xlsx,.csv,.txt,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        title: "Drop a spreadsheet (XLSX) or CSV file here",
        text: "An export from your old system is fine.",
        choose: "Choose file",
        error: None,
    };
    html! {
        div.narrow {
            (answer("Import your fleet", Some("Bring the list you have. Spreadsheet columns do not need to match; you check them next. Nothing is saved until you say so, and one click undoes the whole import.")))
            (dropzone(&drop, &button("Send file").primary().busy("Reading the file")))
            p.links {
                a href="/devices/import/template.csv" { (icon_sized(Icon::Download, 14, "")) " Blank template" }
            }
            (Section::new("What happens next", steps(&ahead(), "Done")))
        }
    }
}

fn ahead() -> Vec<Step> {
    let step = |title: &str, text: &str, note: &str, state| Step {
        title: title.to_owned(),
        text: text.to_owned(),
        note: html! { (note) },
        state,
    };
    vec![
        step(
            "Import devices",
            "Tag, type, maker, model, serial, location. About 10 minutes.",
            "You are here",
            StepState::Current,
        ),
        step(
            "Check the rows",
            "Every row gets a verdict before anything is saved: new, to be checked, or left out and why.",
            "About 15 minutes",
            StepState::Later,
        ),
        step(
            "Decide what is missing",
            "Owner, risk level and maintenance strategy. Nothing stops until they are decided; they are listed.",
            "When ready",
            StepState::Later,
        ),
        step(
            "Invite technicians",
            "They see the devices of their sites and departments.",
            "When ready",
            StepState::Later,
        ),
    ]
}
