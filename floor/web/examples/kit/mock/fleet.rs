//! The fleet list.

use maud::{Markup, html};
use web::look::list::{FacetWords, list_page};
use web::look::marks::flags;
use web::look::{
    Column, Crumb, DeviceGlyph, Due, FacetGroup, FacetOption, Hide, Icon, Pager, PhoneSlot, QueryBar, Risk,
    Row, Sort, State, Tab, Table, Theme, Token, Tone, due, facets, glyph, link_button, quiet_answer,
    risk_mark, state_mark, tabs, tag_link,
};

/// Tag, kind, model, serial, place, site, due, age, signs. Invented.
const DEVICES: &str = "
NH-104198|Infusion pump|VP-3|VP3-4412070|Seen 4 East, 2 Aug|General|!12 days over|7.3|rv
NH-107730|Syringe pump|SP-2|SP2-0093118|NICU, bay 2|St Anne’s|!3 days over|5.1|
NH-104207|Infusion pump|VP-3|VP3-4412087|ICU 2 West, bay 6|General|window to 11 Nov|7.3|rv
NH-104211|Infusion pump|VP-3|VP3-4412091|ICU 2 West, bay 9|General|window to 11 Nov|7.3|rv
NH-104334|Infusion pump|VP-3|VP3-4412588|Biomed shop, shelf 3|General|~Today|6.8|v
NH-104340|Infusion pump|VP-3|VP3-4412594|Emergency, resus 1|General|~15 Oct|6.8|v
NH-108812|Syringe pump|SP-2|SP2-0104410|Theatres, OR 4|General|~16 Oct|3.2|
NH-101077|Infusion pump|VP-2|V2-882013|Store 4E-12|General|19 Oct|11.4|e
NH-101078|Infusion pump|VP-2|V2-882014|Med-surg 4 East|General|19 Oct|11.4|
NH-101093|Infusion pump|VP-2|V2-882061|Quarantine cage|General|19 Oct|11.4|re
NH-109954|Infusion pump|VP-3|VP3-4420177|Day surgery, recovery|Lakeside|20 Oct|4.0|
NH-109955|Infusion pump|VP-3|VP3-4420178|Day surgery, recovery|Lakeside|20 Oct|4.0|
NH-107741|Syringe pump|SP-2|SP2-0093131|NICU, bay 4|St Anne’s|21 Oct|5.1|
NH-104402|Infusion pump|VP-3|VP3-4413002|Oncology day unit|St Anne’s|21 Oct|6.5|
NH-120001|Ventilator|AX-5|AX5-10093|ICU 2 West, bay 1|General||0.1|
NH-120002|Defibrillator|D2|D2-77120|Goods in|General||0.0|
NH-120003|Monitor|M400|||General|||
NH-120004|CT scanner|Orbit 64|||Lakeside|||
NH-099871|Electric bed|B-300|B3-5512|Disposal bay|General||14.2|
NH-099870|Electric bed|B-300|B3-5511||General||14.2|
NH-098002|Ultrasound|U40|U40-0091||St Anne’s||3.0|
NH-101200|Anaesthesia machine|Anesta 7|A7-0042|Theatres, OR 1|General||8.8|
";

fn due_mark(text: &str) -> Markup {
    match text.split_at_checked(1) {
        Some(("!", words)) => due(Due::Late, words),
        Some(("~", words)) => due(Due::Soon, words),
        Some(_) => due(Due::Later, text),
        None => due(Due::None, "No PM"),
    }
}

fn row(n: usize, line: &str) -> Row {
    const RISKS: [Risk; 6] =
        [Risk::High, Risk::LifeSupport, Risk::Medium, Risk::High, Risk::Low, Risk::Undecided];
    let cells: Vec<&str> = line.split('|').collect();
    let [tag, kind, model, serial, place, site, pm, age, signs] = cells[..] else {
        return Row::new(Vec::new());
    };
    let risk = RISKS[n % 6];
    let state = if n < 6 { State::InService } else { State::ALL[(n - 6) % State::ALL.len()] };
    let signs: Vec<(Icon, Tone, &str)> = signs
        .chars()
        .map(|sign| match sign {
            'r' => (Icon::Megaphone, Tone::Crit, "Open recall"),
            'v' => (Icon::ShieldAlert, Tone::Warn, "Vulnerability"),
            _ => (Icon::Hourglass, Tone::Plain, "Past end of support"),
        })
        .collect();
    Row::new(vec![
        tag_link(tag, &format!("/d/{tag}")),
        html! { span.glc { (glyph(DeviceGlyph::from_type_name(kind), 17)) span { (kind) " " span.mute { (model) } } } },
        html! { (serial) },
        html! { (place) },
        html! { (site) },
        risk_mark(risk, &format!("{} risk", risk.word())),
        state_mark(state, state.word()),
        due_mark(pm),
        html! { (age) },
        flags(&signs),
    ])
    .key(tag, format!("Select {tag}"))
    .selected(n == 1)
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("Tag").sort("/devices?sort=tag", None).phone(PhoneSlot::Tag),
        Column::new("Device").sort("/devices?sort=type", None).clip().phone(PhoneSlot::Title),
        Column::new("Serial").ident().faint().hide(Hide::Narrow),
        Column::new("Location").clip().phone(PhoneSlot::Place),
        Column::new("Site").faint().hide(Hide::Medium),
        Column::new("Risk").sort("/devices?sort=risk", None),
        Column::new("State").phone(PhoneSlot::State),
        Column::new("PM due").sort("/devices?sort=-pm", Some(Sort::Up)).phone(PhoneSlot::Due),
        Column::new("Age, y").num().hide(Hide::Medium),
        Column::new("Flags").hide(Hide::Tablet).phone(PhoneSlot::Flags),
    ]
}

fn groups() -> Vec<FacetGroup> {
    let group = |title: &str, name: &str, options: &[(&str, &str, bool)]| FacetGroup {
        title: title.into(),
        name: name.into(),
        options: options
            .iter()
            .map(|(label, count, checked)| FacetOption {
                value: label.to_lowercase(),
                label: (*label).into(),
                count: (*count).into(),
                checked: *checked,
            })
            .collect(),
    };
    vec![
        group(
            "PM",
            "pm",
            &[("Overdue", "17", false), ("Due in 7 days", "86", false), ("Due in 30 days", "309", true)],
        ),
        group(
            "State",
            "state",
            &[
                ("In service", "389", false),
                ("Not located", "11", false),
                ("In repair", "9", false),
                ("Do not use", "3", false),
            ],
        ),
        group(
            "Site",
            "site",
            &[("Northfield General", "268", false), ("St Anne’s", "103", false), ("Lakeside", "41", false)],
        ),
        group(
            "Risk",
            "risk",
            &[
                ("Life support", "12", false),
                ("High", "251", false),
                ("Medium", "97", false),
                ("Low", "52", false),
                ("Not decided yet", "0", false),
            ],
        ),
        group(
            "Flags",
            "flag",
            &[
                ("Open recall", "148", false),
                ("Past end of support", "64", false),
                ("On contract", "0", false),
            ],
        ),
    ]
}

/// The list with views, query, filters and pages.
pub fn page(theme: Theme) -> Markup {
    let words = FacetWords { name: "Filters", apply: "Show results", close: "Close" };
    let tab = |label: &str, count: &str, current| Tab {
        label: label.into(),
        href: "/devices".into(),
        count: Some(count.into()),
        current,
    };
    let views = [
        tab("All", "14,012", false),
        tab("Infusion due", "412", true),
        tab("High risk overdue", "23", false),
        tab("Not located", "118", false),
        tab("Unsupported by 2028", "1,204", false),
    ];
    let token = |field: &str, value: &str, negated| Token {
        field: field.into(),
        value: value.into(),
        negated,
        remove_href: "/devices".into(),
        remove_word: "remove".into(),
    };
    let bar = QueryBar::new("/devices", "Filter devices", "Search")
        .placeholder("Tag, serial, model or place")
        .filter("Filter")
        .tokens(vec![
            token("type", "infusion pump", false),
            token("pm", "≤30d", false),
            token("state", "retired", true),
        ])
        .actions(html! { (link_button("Export", "/devices.csv").icon(Icon::Download)) });
    let rows = DEVICES.trim().lines().enumerate().map(|(n, line)| row(n, line)).collect();
    let table = Table::new("Devices", columns(), rows).list().selectable("device", "bulk", "Select all");
    let pager =
        Pager { summary: "1–50 of 412".into(), next: Some("/devices?after=x".into()), ..Pager::default() };
    let main = list_page(
        Some(&facets("/devices", &words, &[], &groups())),
        &html! { (tabs("Saved views", &views)) (bar) (table) (pager) form id="bulk" method="post" action="/devices/bulk" {} },
    );
    let head = quiet_answer("17 of 412 infusion devices are past their PM window.");
    let actions = html! {
        (link_button("Import", "/devices/import").icon(Icon::Upload))
        (link_button("Add device", "/devices/new").icon(Icon::Plus).primary())
    };
    super::shell(theme, "Devices", vec![Crumb::here("Devices")], (head, actions), main)
}
