//! First run and import: drop a file, check it, watch it.

use maud::{Markup, Render, html};
use web::look::ledger::Lead;
use web::look::marks::verdict;
use web::look::progress::{Drop, Step, StepState, dropzone, refresh_region, steps};
use web::look::{
    Choice, Column, Crumb, Field, Icon, Row, Section, Table, Theme, Tone, answer, button, icon_sized, item,
    items, link_button, message_with, post_button, progress, split,
};

/// An empty fleet.
pub fn first_run(theme: Theme) -> Markup {
    let drop = Drop {
        action: "/devices/import",
        name: "list",
        accept: ".csv,.xlsx",
        title: "Drop a CSV or Excel file here",
        text: "Up to 200,000 rows. An export from your old CMMS is fine, work-order history too.",
        choose: "Choose file",
        error: None,
    };
    let step = |title: &str, text: &str, note: &str, state| Step {
        title: title.into(),
        text: text.into(),
        note: html! { (note) },
        state,
    };
    let ahead = [
        step("Set up your sites", "3 sites, 41 departments.", "Done", StepState::Done),
        step(
            "Import devices",
            "Tag, type, maker, model, serial, location. About 10 minutes.",
            "You are here",
            StepState::Current,
        ),
        step(
            "Check the matches",
            "Makers and models are matched to a shared list, so recalls and PM plans can find them.",
            "About 15 minutes",
            StepState::Later,
        ),
        step(
            "Invite technicians and print labels",
            "Labels can be printed by department, in walking order.",
            "When ready",
            StepState::Later,
        ),
    ];
    let main = html! {
        div.narrow {
            (answer("Import your fleet", Some("Bring the list you have. Spreadsheet columns do not need to match; you check them next. Nothing is saved until you say so, and one click undoes the whole import.")))
            (dropzone(&drop, &button("Send file").primary().busy("Reading the file")))
            p.links {
                a href="/devices/import/template.csv" { (icon_sized(Icon::Download, 14, "")) " Blank template" }
                a href="/help/import" { "Export guides" }
            }
            (Section::new("What happens next", steps(&ahead, "Done")))
        }
    };
    let actions = html! { (link_button("Add one device", "/devices/new").icon(Icon::Plus)) };
    super::shell(theme, "Import your fleet", vec![Crumb::here("Devices")], (Markup::default(), actions), main)
}

const COLUMNS: [(&str, &str, &str, Tone, &str); 8] = [
    ("CE_NO", "104207, 104211, 104198", "tag", Tone::Ok, "100%"),
    ("DESC", "PUMP INF VOLUMETRIC, VENT ICU", "type", Tone::Ok, "99.9%"),
    ("MFR", "HELION, HELION MED, Helion", "maker", Tone::Ok, "99.8%"),
    ("MODEL", "VP3, VP-3, VP 3", "model", Tone::Ok, "99.4%"),
    ("SN", "VP34412087, VP3-4412091", "serial", Tone::Ok, "98.7%"),
    ("LOC_CD", "G2W06, G2W09, A1NIC", "location", Tone::Warn, "97.2%"),
    ("INSTALL", "06/11/19, 6/11/2019", "bought", Tone::Warn, "94.0%"),
    ("TECH_INIT", "MO, DR, LS", "", Tone::Plain, "71.0%"),
];

/// The columns of the file and what they become.
fn mapping() -> Table {
    let targets = || {
        [
            ("", "Do not import"),
            ("tag", "Asset tag"),
            ("type", "Type"),
            ("maker", "Maker"),
            ("model", "Model"),
            ("serial", "Serial"),
            ("location", "Location"),
            ("bought", "Bought, month first"),
        ]
        .map(|(value, label)| Choice::new(value, label))
        .to_vec()
    };
    let rows = COLUMNS.iter().map(|(name, values, target, tone, filled)| {
        let word = match tone {
            Tone::Ok => "Sure",
            Tone::Warn => "Check",
            _ => "Not used",
        };
        Row::new(vec![
            html! { (name) },
            html! { (values) },
            html! { (Field::select(format!("col-{name}"), format!("{name} becomes"), targets()).value(*target).bare()) },
            verdict(*tone, word),
            html! { (filled) },
        ])
    });
    let columns = vec![
        Column::new("In your file").row_head().ident(),
        Column::new("First values").faint(),
        Column::new("Becomes"),
        Column::new("Match"),
        Column::new("Filled").num(),
    ];
    Table::new("Your columns", columns, rows.collect())
}

/// What was found in the file.
pub fn check(theme: Theme) -> Markup {
    let look = [
        ("62", "Same serial on two rows", "Merge or keep both"),
        ("41", "Location code not known", "Add 3 locations"),
        ("1,123", "No model", "Choose from list"),
        ("4", "Tag used twice", "Choose which is right"),
    ]
    .map(|(count, text, act)| {
        item(
            &Lead::Count(count.into()),
            &html! { (text) },
            Some(&html! { a href="/devices/import/1/gaps" { (act) } }),
        )
    });
    let know = [
        (Icon::Layers, "588 models from 61 makers"),
        (Icon::Hourglass, "1,204 devices are older than 10 years"),
        (Icon::MapPin, "318 places at 3 sites"),
    ]
    .map(|(sign, text)| item(&Lead::Icon(sign, Tone::Plain), &html! { (text) }, None));
    let main = split(
        &html! {
            (answer("13,871 of 14,012 rows are ready. 141 need a look.", Some("You can import the ready rows now and fix the rest later; they wait in a list.")))
            form id="mapping" method="post" action="/devices/import/1" {
                (Section::new("Your columns", mapping().render()).note("19 found, 15 used").actions(html! { a href="#" { "Save as a mapping" } }))
            }
        },
        &html! {
            (Section::new("Needs a look, 141", items(&look)))
            (Section::new("What we will know at once", items(&know)))
            (Section::new("If it goes wrong", message_with(Tone::Plain, Icon::Undo, &html! { "Undo is open for 30 days. It removes only what this import added." })))
        },
    );
    let actions = html! {
        (post_button("/devices/import/1/cancel", &[], &button("Start over").busy("Clearing")))
        (button("Import 13,871 devices").primary().form("mapping").busy("Starting"))
    };
    let crumbs = vec![
        Crumb::link("Devices", "/devices"),
        Crumb::link("Import", "/devices/import"),
        Crumb::here("biomed_export_2026-10.xlsx"),
    ];
    super::shell(theme, "Check the import", crumbs, (Markup::default(), actions), main)
}

/// While it runs.
pub fn running(theme: Theme) -> Markup {
    let body = html! {
        (answer("Importing 13,871 devices", Some("Started 07:58 by Grace Whitfield.")))
        (progress(8210, 13871, "Importing devices", "8,210 of 13,871", Some("You can leave this page. It goes on without you.")))
    };
    let main =
        html! { div.narrow { (refresh_region("import", "/devices/import/1", Some(2), "Refresh", &body)) } };
    let actions = html! { (post_button("/devices/import/1/cancel", &[], &button("Stop and undo").danger().busy("Stopping"))) };
    let crumbs = vec![
        Crumb::link("Devices", "/devices"),
        Crumb::link("Import", "/devices/import"),
        Crumb::here("biomed_export_2026-10.xlsx"),
    ];
    super::shell(theme, "Importing", crumbs, (Markup::default(), actions), main)
}
