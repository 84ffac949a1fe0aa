//! One device, and the form that edits it.

use maud::{Markup, Render, html};
use web::look::ledger::Lead;
use web::look::marks::risk_word;
use web::look::table::two;
use web::look::timeline::{Words, timeline};
use web::look::{
    Change, Choice, Column, Crumb, DeviceGlyph, Due, Entry, Fact, Field, Icon, Lane, LaneMark, LifeLine,
    MarkKind, Risk, Row, Section, State, Table, Theme, Tone, Width, asset_tag, button, copy_button, due,
    error_summary, field_id, fieldset, form_foot, ident, item, items, ledger, link_button, post_button,
    record_head, split, state_mark, strip,
};

fn facts() -> Markup {
    let facts = [
        Fact::new("State", state_mark(State::InService, "In service")).note("Since 18 May 2026"),
        Fact::new("Risk", risk_word(Risk::High, "High")).note("Therapy, not life support"),
        Fact::new("Next PM", html! { "12 Oct 2026" }).note("window to 11 Nov"),
        Fact::new("Location", html! { "ICU 2 West, bay 6" }).note("Seen 08:52, M. Okafor"),
        Fact::new("Age", html! { "7.3 of 10 years" }).note("In-house, no contract"),
        Fact::new("Network", html! { "Med-IoT, segmented" }).note("Software 2.1.4, fix is 2.1.7"),
    ];
    strip(&facts)
}

fn head() -> Markup {
    record_head(
        DeviceGlyph::InfusionPump,
        &html! {
            (asset_tag("NH-104207"))
            span { "Infusion pump, volumetric. Helion Medical " a href="/models/helion-vp-3" { "VP-3" } ", serial " (ident("VP3-4412087")) }
        },
        "The annual PM is due, and an open recall needs the battery latch checked by 30 Oct.",
    )
}

fn life() -> LifeLine {
    let mark = |at, kind, tone, label: &str| LaneMark { at, kind, tone, label: label.into() };
    let checks = [2019.44, 2020.4, 2021.4, 2022.5, 2024.8, 2025.78];
    let mut pm: Vec<LaneMark> = checks.iter().map(|&at| mark(at, MarkKind::Check, Tone::Plain, "")).collect();
    pm.push(mark(2023.6, MarkKind::Check, Tone::Crit, "Flow high"));
    LifeLine {
        name: "Life of NH-104207 from commissioning in June 2019 to planned replacement in 2028".into(),
        from: 2018.9,
        to: 2030.2,
        ticks: Vec::new(),
        today: (2026.78, "Today".into()),
        plans: vec![(2028.5, "Planned replacement".into()), (2029.4, "End of support".into())],
        lanes: vec![
            Lane {
                name: "Where".into(),
                spans: vec![
                    (2019.45, 2022.1, "Med-surg 4 East".into()),
                    (2022.1, 2024.3, "Emergency".into()),
                    (2024.3, 2026.78, "ICU 2 West".into()),
                ],
                marks: Vec::new(),
            },
            Lane { name: "PM".into(), spans: Vec::new(), marks: pm },
            Lane {
                name: "Repairs".into(),
                spans: Vec::new(),
                marks: vec![
                    mark(2021.2, MarkKind::Repair, Tone::Plain, "Keypad"),
                    mark(2023.9, MarkKind::Repair, Tone::Plain, "Battery"),
                    mark(2025.05, MarkKind::NoFault, Tone::Plain, ""),
                    mark(2026.38, MarkKind::Repair, Tone::Plain, ""),
                ],
            },
            Lane {
                name: "Notices".into(),
                spans: Vec::new(),
                marks: vec![
                    mark(2021.9, MarkKind::Notice, Tone::Plain, "Recall 2021-064, closed in 19 days"),
                    mark(2026.67, MarkKind::Notice, Tone::Crit, "Recall 2026-117, open"),
                ],
            },
        ],
    }
}

fn open_items() -> Table {
    let columns = vec![
        Column::new("What").row_head(),
        Column::new("Why it matches"),
        Column::new("Due"),
        Column::new("Owner"),
        Column::new("Do").unnamed().num(),
    ];
    let rows = vec![
        Row::new(vec![
            two(&html! { "Recall FSN-2026-117, class II" }, "Battery latch may release in transport"),
            two(&html! { "Serial in range 4410000–4419999" }, "UDI-DI exact"),
            due(Due::Soon, "30 Oct"),
            html! { "M. Okafor" },
            html! { (link_button("Check latch", "/wo/1").small()) },
        ]),
        Row::new(vec![
            two(&html! { "Annual PM, WO-48213" }, "Procedure HEL-VP3-PM rev 4"),
            html! { "Due 12 Oct, window to 11 Nov" },
            due(Due::Later, "window to 11 Nov"),
            html! { "M. Okafor" },
            html! { (link_button("Open", "/wo/48213").small()) },
        ]),
    ];
    Table::new("Open on this device", columns, rows)
}

fn history() -> Markup {
    let entry =
        |when: &str, iso: &str, what: &str, icon, changes: &[(&str, &str, &str)], reason: Option<&str>| {
            Entry {
                when: when.into(),
                when_iso: iso.into(),
                what: what.into(),
                changes: changes
                    .iter()
                    .map(|(field, before, after)| Change {
                        field: (*field).into(),
                        before: (!before.is_empty()).then(|| (*before).into()),
                        after: (!after.is_empty()).then(|| (*after).into()),
                    })
                    .collect(),
                who: Some("M. Okafor".into()),
                reason: reason.map(Into::into),
                link: None,
                tone: Tone::Plain,
                icon: Some(icon),
            }
        };
    let entries = [
        entry(
            "18 May 2026, 09:41",
            "2026-05-18T09:41",
            "State changed",
            Icon::Wrench,
            &[("State", "In repair", "In service")],
            Some("Door latch replaced, PM passed"),
        ),
        entry(
            "2 Apr 2024, 14:10",
            "2024-04-02T14:10",
            "Moved",
            Icon::MapPin,
            &[("Location", "Emergency, resus 2", "ICU 2 West, bay 6"), ("Owner", "Emergency", "ICU")],
            None,
        ),
        entry(
            "11 Jun 2019, 11:02",
            "2019-06-11T11:02",
            "Added by import",
            Icon::Upload,
            &[("Serial", "", "VP3-4412087")],
            None,
        ),
    ];
    timeline(&entries, &Words::default())
}

/// The record of one device.
pub fn page(theme: Theme) -> Markup {
    let identity = ledger(&[
        (
            "UDI-DI",
            html! { (ident("00812345067899")) (copy_button("00812345067899", "Copy UDI-DI", "Copied")) },
        ),
        ("UDI-PI", ident("(21)VP34412087 (11)190502")),
        ("Type", html! { "Infusion pump, general" }),
        ("Owner", html! { "ICU, cost centre 4410" }),
        ("Bought", html! { "11 Jun 2019, $4,120" }),
        ("MAC", ident("00:1E:C0:4A:7B:12")),
    ]);
    let documents =
        items(&["Service manual rev F", "PM certificate 2025", "Incoming inspection"].map(|name| {
            item(
                &Lead::Icon(Icon::FileText, Tone::Plain),
                &html! { a href="/files/1" { (name) } " " span.mute.xs { "Signed 10 Oct 2025" } },
                None,
            )
        }));
    let main = html! {
        (facts())
        (Section::new("Life", life().render()).note("31 events. Filled triangle: repair. Hollow: no fault found.").actions(html! { a href="/d/NH-104207/history" { "History as a list" } }))
        (split(
            &html! {
                (Section::new("Open on this device", open_items().render()))
                (Section::new("History", history()).actions(html! { a href="/d/NH-104207/history" { "All 31 events" } }))
            },
            &html! {
                (Section::new("Identity", identity).actions(html! { a href="/d/NH-104207/edit" { "Edit" } }))
                (Section::new("Documents", documents).actions(html! { a href="/d/NH-104207/files/new" { "Add" } }))
            },
        ))
    };
    let actions = html! {
        (link_button("Label", "/d/NH-104207/label").icon(Icon::Printer))
        (link_button("Move", "/d/NH-104207/move").icon(Icon::MapPin))
        (link_button("Change state", "/d/NH-104207/state").icon(Icon::Circle))
        (post_button("/d/NH-104207/pm", &[], &button("Start PM").primary().busy("Starting")))
    };
    let crumbs = vec![
        Crumb::link("Devices", "/devices"),
        Crumb::link("Infusion pumps", "/devices"),
        Crumb::here("NH-104207"),
    ];
    super::shell(theme, "NH-104207", crumbs, (head(), actions), main)
}

/// The form that edits it, with two problems.
pub fn edit(theme: Theme) -> Markup {
    let sites = vec![
        Choice::new("g", "Northfield General"),
        Choice::new("a", "St Anne’s"),
        Choice::new("l", "Lakeside"),
    ];
    let tenure = vec![
        Choice::new("owned", "Owned"),
        Choice::new("rented", "Rented").hint("Give the agreement and its end."),
        Choice::new("loan", "Loaned in"),
    ];
    let errors = [
        (field_id("serial"), "Serial: VP-3 serials are 7 digits after the dash.".to_owned()),
        (field_id("bought"), "Bought: choose a date that is not in the future.".to_owned()),
    ];
    let main = html! {
        (web::look::answer("Edit NH-104207", Some("What you change is kept in the history with your name.")))
        (error_summary("There are 2 problems. Nothing was saved.", &errors))
        form method="post" action="/d/NH-104207/edit" id="edit" {
            (fieldset("Identity", None, &html! {
                (Field::text("tag", "Asset tag").value("NH-104207").identifier().required().width(Width::Medium))
                (Field::text("serial", "Serial").value("VP3-44120B7").identifier().width(Width::Medium).hint("On the plate at the back.").error(Some("VP-3 serials are 7 digits after the dash.")))
                (Field::select("site", "Site", sites).value("g").width(Width::Medium))
            }))
            (fieldset("Ownership", None, &html! {
                (Field::radio("tenure", "Whose is it?", tenure).value("owned"))
                (Field::date("bought", "Bought").value("2031-01-01").optional("optional").error(Some("Choose a date that is not in the future.")))
                (Field::number("price", "Price").value("4120").suffix("USD").optional("optional"))
                (Field::number("life", "Expected life").value("10").suffix("years"))
                (Field::checkbox("network", "Connects to a network"))
                (Field::area("note", "Note", 3).optional("optional"))
            }))
            (form_foot(&html! { (button("Save changes").primary().busy("Saving")) (link_button("Cancel", "/d/NH-104207").ghost()) }))
        }
    };
    let crumbs = vec![
        Crumb::link("Devices", "/devices"),
        Crumb::link("NH-104207", "/d/NH-104207"),
        Crumb::here("Edit"),
    ];
    super::shell(theme, "Edit NH-104207", crumbs, (Markup::default(), Markup::default()), main)
}
