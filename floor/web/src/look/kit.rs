//! The kit: one page with every component in every state. Tests render it, designers look at it.

use maud::{Markup, Render, html};

use super::ledger::Lead;
use super::list::{FacetWords, PagerNames, list_page};
use super::marks::{flags, risk_word, verdict};
use super::table::{blank, two};
use super::*;

/// Every sample word of the kit goes through this, so that a test can make all of them hostile.
pub type Words<'a> = &'a dyn Fn(&str) -> String;

/// The kit with its sample words as they are.
pub fn page() -> Markup {
    page_with(&str::to_owned, Theme::Auto)
}

/// The kit with each sample word passed through `t`, in a theme.
pub fn page_with(t: Words<'_>, theme: Theme) -> Markup {
    let nav = nav(t);
    let phone_nav = phone_nav(t);
    Shell {
        crumbs: vec![Crumb::link(t("Devices"), "/devices"), Crumb::here(t("Kit"))],
        head: answer(&t("Baton kit: every part, in every state."), Some(&t("Colour says state. Blue says you can act."))),
        actions: html! { (link_button(t("Import"), "/devices/import").icon(Icon::Upload)) (link_button(t("Add device"), "/devices/new").icon(Icon::Plus).primary()) },
        nav: &nav,
        current: "/devices",
        person: Some(PersonChip::new(t("Grace Whitfield"), t("GW"))),
        site_note: Some(t("All sites")),
        clock_note: Some(t("13 Oct 2026, 08:00")),
        flash: Some(moved(t)),
        main: main(t),
        phone_nav: &phone_nav,
        theme,
        ..Shell::new(t("Kit"), t("Northfield Health"))
    }
    .render()
}

/// A bare page with its states.
pub fn bare_page(t: Words<'_>, theme: Theme) -> Markup {
    let main = html! {
        (error_summary(&t("There is a problem"), &[(field_id("password"), t("Check the e-mail and password."))]))
        form method="post" action="/sign-in" {
            div.fields {
                (Field::email("email", t("Work e-mail")).value(t("maya.okafor@northfield.example")).autocomplete("username").required())
                (Field::password("password", t("Password")).autocomplete("current-password").required().error(Some(t("Check the e-mail and password."))))
            }
            (form_foot(&html! { (button(t("Sign in")).primary().tall().wide().busy(t("Signing in"))) }))
        }
        p.or { span { (t("or")) } }
    };
    Bare {
        sub: Some(t("Clinical Engineering")),
        foot: vec![t("Reporting a problem? Scan the label on the device."), t("Biomed 2299")],
        flash: Some(Flash { tone: Tone::Plain, text: t("You were signed out."), undo: None }),
        theme,
        ..Bare::new(t("Sign in to Northfield Health"), main)
    }
    .render()
}

fn moved(t: Words<'_>) -> Flash {
    Flash { tone: Tone::Ok, text: t("Moved to ICU 3 East."), undo: Some(("/undo".into(), t("Undo"))) }
}

fn nav(t: Words<'_>) -> Vec<NavGroup> {
    vec![
        NavGroup {
            title: t("Fleet"),
            items: vec![
                NavItem::new("/devices", t("Devices"), Icon::Devices).count(t("14,012")),
                NavItem::new("/models", t("Models"), Icon::Layers),
            ],
        },
        NavGroup { title: t("Settings"), items: vec![NavItem::new("/people", t("People"), Icon::Users)] },
    ]
}

fn phone_nav(t: Words<'_>) -> Vec<NavItem> {
    vec![
        NavItem::new("/devices", t("Find"), Icon::Search).count(t("6")),
        NavItem::new("/me", t("Me"), Icon::User),
    ]
}

fn main(t: Words<'_>) -> Markup {
    html! {
        (record(t))
        div.g3 {
            (Section::new(t("Buttons"), buttons(t)))
            (Section::new(t("Marks"), marks(t)))
            (Section::new(t("Messages"), messages(t)))
            (Section::new(t("Fields"), fields(t)))
            (Section::new(t("Facts"), facts(t)).note(t("a ledger and items")).actions(html! { a href="/edit" { (t("Edit")) } }))
            (Section::new(t("Waiting"), waiting(t)))
            (Section::new(t("Ways on"), ways_on(t)))
        }
        (rule())
        (split(
            &html! { (Section::new(t("History"), history(t)).id("history")) },
            &html! { (Section::new(t("Steps"), step_list(t))) (Section::new(t("Import"), drop_form(t))) },
        ))
        (list(t))
    }
}

fn record(t: Words<'_>) -> Markup {
    let facts = [
        Fact::new(t("State"), state_mark(State::InService, &t("In service"))).note(t("Since 18 May 2026")),
        Fact::new(t("Risk"), risk_word(Risk::High, &t("High"))).note(t("Therapy, not life support")),
        Fact::new(t("Next PM"), html! { (t("12 Oct 2026")) }).note(t("Window closed")).tone(Tone::Crit),
        Fact::new(t("Location"), html! { (t("ICU 2 West, bay 6")) }),
    ];
    html! {
        (record_head(
            DeviceGlyph::from_type_name("infusion pump"),
            &html! { (asset_tag(&t("NH-104207"))) span { (t("Infusion pump, serial")) " " (ident(&t("VP3-4412087"))) } },
            &t("The annual PM is 1 day over, and an open recall needs the battery latch checked."),
        ))
        (strip(&facts))
        (Section::new(t("Life"), life(t).render()))
    }
}

fn life(t: Words<'_>) -> LifeLine {
    let mark = |at, kind, tone, label: &str| LaneMark { at, kind, tone, label: t(label) };
    LifeLine {
        name: t("Life of NH-104207 from 2019 to today"),
        from: 2018.9,
        to: 2030.2,
        ticks: Vec::new(),
        today: (2026.78, t("Today")),
        plans: vec![(2028.5, t("Planned replacement"))],
        lanes: vec![
            Lane {
                name: t("Where"),
                spans: vec![(2019.4, 2022.1, t("Med-surg 4 East")), (2022.1, 2026.78, t("ICU 2 West"))],
                marks: Vec::new(),
            },
            Lane {
                name: t("Events"),
                spans: Vec::new(),
                marks: vec![
                    mark(2019.4, MarkKind::Check, Tone::Plain, ""),
                    mark(2020.5, MarkKind::Check, Tone::Crit, "Flow high"),
                    mark(2021.9, MarkKind::Repair, Tone::Plain, "Keypad"),
                    mark(2023.6, MarkKind::NoFault, Tone::Plain, ""),
                    mark(2026.6, MarkKind::Notice, Tone::Crit, "Recall, open"),
                ],
            },
        ],
    }
}

fn buttons(t: Words<'_>) -> Markup {
    html! {
        div.stack {
            div.row.wrap {
                (button(t("Save changes")).primary().busy(t("Saving")))
                (button(t("Retire")).danger().icon(Icon::OctagonX).sends("act", "retire"))
                (button(t("Choose month")).ghost())
            }
            div.row.wrap {
                (link_button(t("Move"), "/move").icon(Icon::MapPin))
                (link_button(t("Not for us"), "/n").key("n"))
                (link_button(t("Check"), "/c").small())
                (link_button(t("More"), "/more").icon_only(Icon::More))
                (Button::script(t("Keys")).icon(Icon::Keyboard))
            }
            (button(t("Merge")).disabled(t("Choose a second model first.")))
            (post_button("/restore", &[("id", &t("7"))], &button(t("Restore")).tall().form("other").icon(Icon::Undo)))
        }
    }
}

fn marks(t: Words<'_>) -> Markup {
    let risks = [Risk::LifeSupport, Risk::High, Risk::Medium, Risk::Low, Risk::Undecided];
    html! {
        div.stack {
            div.row.wrap { (asset_tag(&t("NH-104207"))) (tag_link(&t("NH-104198"), "/d/NH-104198")) (ident(&t("VP3-4412087 0O 1Il"))) }
            div.row.wrap { @for state in State::ALL { (state_mark(state, &t(state.word()))) } }
            div.row.wrap { @for risk in risks { (risk_word(risk, &t(risk.word()))) (risk_mark(risk, &t(risk.word()))) } }
            div.row.wrap {
                (due(Due::Late, &t("4 days over"))) (due(Due::Soon, &t("Today")))
                (due(Due::Later, &t("19 Oct"))) (due(Due::None, &t("No PM")))
            }
            div.row.wrap {
                @for tone in [Tone::Crit, Tone::Warn, Tone::Plain, Tone::Ok, Tone::Accent] { (pill(tone, &t("Class I"))) (verdict(tone, &t("Check"))) }
                (flags(&[(Icon::Megaphone, Tone::Crit, &t("Open recall")), (Icon::ShieldAlert, Tone::Warn, &t("Vulnerability"))]))
            }
            div.row.wrap.sec { @for kind in DeviceGlyph::ALL { (glyph(kind, 22)) } }
            div.row.wrap.sec { @for sign in Icon::ALL { (icon(*sign)) } }
        }
    }
}

fn messages(t: Words<'_>) -> Markup {
    html! {
        div.stack.tight {
            (message(Tone::Crit, &html! { b { (t("Do not use.")) } " " (t("Flow was above its limit.")) " " a href="/wo" { (t("WO-48213")) } }))
            @for tone in [Tone::Warn, Tone::Plain, Tone::Ok, Tone::Accent] { (message(tone, &html! { (t("Calibration of TE-014 ends in 6 days.")) })) }
            (message_with(Tone::Plain, Icon::Undo, &html! { (t("Undo is open for 30 days.")) }))
            (empty_state(&t("No device matches."), &t("Try without the site, or search all."), Some(&html! { (link_button(t("Search all"), "/devices").small()) })))
        }
    }
}

fn fields(t: Words<'_>) -> Markup {
    let sites = vec![Choice::new("", t("Choose a site")), Choice::new("g", t("Northfield General"))];
    let ways = vec![
        Choice::new("yes", t("It may be used")).hint(t("Nothing is open.")),
        Choice::new("no", t("Do not use")),
    ];
    html! {
        form method="post" action="/kit" id="kit-form" {
            (error_summary(&t("There are 2 problems."), &[(field_id("serial"), t("Enter 7 digits")), (field_id("way"), t("Choose one"))]))
            (hidden("version", &t("3")))
            (fieldset(&t("Identity"), Some(&t("As on the label.")), &html! {
                (Field::text("tag", t("Asset tag")).value(t("NH-104207")).identifier().required().width(Width::Medium))
                (Field::text("serial", t("Serial")).value(t("VP3-44120B7")).identifier().hint(t("On the back.")).error(Some(t("Serials for VP-3 are 7 digits."))))
                (Field::select("site", t("Site"), sites).value("g").width(Width::Medium))
                (Field::number("interval", t("Interval")).value(t("12")).suffix(t("months")))
                (Field::date("bought", t("Bought")).value("2019-06-11").optional(t("optional")))
                (Field::area("note", t("Note"), 3).value(t("Two\nlines")).hint(t("For colleagues.")))
                (Field::checkbox("owned", t("Owned by us")).checked(true).hint(t("Else say whose.")))
                (Field::radio("way", t("Can it be used?"), ways).value("yes").error(Some(t("Choose one."))))
                (Field::file("file", t("Photo"), "image/*"))
            }))
            (form_foot(&html! { (button(t("Save")).busy(t("Saving"))) (link_button(t("Cancel"), "/back").ghost()) }))
        }
    }
}

fn facts(t: Words<'_>) -> Markup {
    html! {
        (ledger(&[
            (&t("UDI-DI"), html! { (ident(&t("00812345067899"))) (copy_button(&t("00812345067899"), &t("Copy UDI-DI"), &t("Copied"))) }),
            (&t("Owner"), html! { (t("ICU, cost centre 4410")) }),
        ]))
        (items(&[
            item(&Lead::Icon(Icon::FileText, Tone::Plain), &html! { a href="/manual" { (t("Service manual rev F")) } }, None),
            item(&Lead::Count(t("62")), &html! { (t("Same serial on two rows")) }, Some(&html! { a href="/merge" { (t("Merge or keep both")) } })),
        ]))
    }
}

fn waiting(t: Words<'_>) -> Markup {
    let note = t("You can leave this page.");
    html! {
        (refresh_region("import", "/import/1", Some(2), &t("Refresh"), &progress(8210, 13871, &t("Importing devices"), &t("8,210 of 13,871"), Some(&note))))
        (refresh_region("import-done", "/import/1", None, &t("Refresh"), &progress(5, 0, &t("Done"), &t("5 of 5"), None)))
    }
}

fn ways_on(t: Words<'_>) -> Markup {
    let way = |title: &str, href: Option<&str>| Way {
        title: t(title),
        note: t("Asks for a reason."),
        href: href.map(str::to_owned),
        ..Way::default()
    };
    ways(&[
        way("Take out of service", Some("/d/1/state?to=repair")),
        Way {
            hurdles: vec![t("It is on hold. Lift the hold first.")],
            ..way("Lend", Some("/d/1/state?to=lent"))
        },
        Way { only: Some(t("Manager only")), ..way("Retire", None) },
    ])
}

fn history(t: Words<'_>) -> Markup {
    let entry = Entry {
        when: t("18 May 2026, 09:41"),
        when_iso: "2026-05-18T09:41:00-05:00".into(),
        what: t("Moved"),
        changes: vec![
            Change { field: t("Location"), before: Some(t("Emergency")), after: Some(t("ICU 2 West")) },
            Change { field: t("Owner"), before: None, after: Some(t("ICU")) },
        ],
        who: Some(t("M. Okafor")),
        reason: Some(t("Needed for the new bay")),
        link: Some((t("WO-48213"), "/wo/48213".into())),
        tone: Tone::Plain,
        icon: Some(Icon::MapPin),
    };
    let failed = Entry {
        what: t("PM failed"),
        when: t("2 May 2026"),
        when_iso: "2026-05-02".into(),
        tone: Tone::Crit,
        ..Entry::default()
    };
    timeline::timeline(&[entry, failed], &timeline::Words::default())
}

fn step_list(t: Words<'_>) -> Markup {
    let step = |title: &str, state| Step {
        title: t(title),
        text: t("About 10 minutes."),
        note: html! { (t("You are here")) },
        state,
    };
    steps(
        &[
            step("Sites", StepState::Done),
            step("Import devices", StepState::Current),
            step("Invite people", StepState::Later),
        ],
        &t("Done"),
    )
}

fn drop_form(t: Words<'_>) -> Markup {
    let (title, text, choose, error) = (
        t("Drop a CSV file here"),
        t("Up to 200,000 rows."),
        t("Choose file"),
        t("That was not a CSV file."),
    );
    let drop = Drop {
        action: "/devices/import",
        name: "list",
        accept: ".csv,text/csv",
        title: &title,
        text: &text,
        choose: &choose,
        error: Some(&error),
    };
    dropzone(&drop, &button(t("Send file")).primary().busy(t("Sending")))
}

fn list(t: Words<'_>) -> Markup {
    let option = |value: &str, label: &str, count: &str, checked| FacetOption {
        value: value.into(),
        label: t(label),
        count: t(count),
        checked,
    };
    let groups = [FacetGroup {
        title: t("State"),
        name: "state".into(),
        options: vec![
            option("in_service", "In service", "389", true),
            option("lost", "Not located", "0", false),
        ],
    }];
    let names = (t("Filters"), t("Show results"), t("Close"));
    let words = FacetWords { name: &names.0, apply: &names.1, close: &names.2 };
    let tab = |label: &str, current| Tab {
        label: t(label),
        href: "/devices".into(),
        count: Some(t("412")),
        current,
    };
    let token = |negated| Token {
        field: t("state"),
        value: t("retired"),
        negated,
        remove_href: "/devices".into(),
        remove_word: t("remove"),
    };
    let bar = QueryBar::new("/devices", t("Filter devices"), t("Search"))
        .query(t("pump"))
        .placeholder(t("Tag, serial, model"))
        .filter(t("Filter"))
        .tokens(vec![token(false), token(true)])
        .keep("sort", t("tag"))
        .actions(html! { (link_button(t("Export"), "/devices.csv").icon(Icon::Download)) });
    let pager = Pager {
        summary: t("51–100 of 412"),
        first: Some("/devices".into()),
        previous: Some("/devices?before=a".into()),
        next: Some("/devices?after=b".into()),
        names: PagerNames::default(),
        lead: None,
    };
    let kept = [("q".to_owned(), t("pump"))];
    list_page(
        Some(&facets("/devices", &words, &kept, &groups)),
        &html! { (tabs(&t("Saved views"), &[tab("All", false), tab("Infusion due", true)])) (bar) (table(t)) (pager) },
    )
}

fn table(t: Words<'_>) -> Markup {
    let columns = vec![
        Column::new(&t("Tag")).sort("/devices?sort=tag", Some(Sort::Up)).phone(PhoneSlot::Tag),
        Column::new(&t("Device")).row_head().phone(PhoneSlot::Title),
        Column::new(&t("Serial")).ident().faint().hide(Hide::Narrow),
        Column::new(&t("Location")).clip().phone(PhoneSlot::Place),
        Column::new(&t("Site")).faint().hide(Hide::Medium).sort("/devices?sort=site", None),
        Column::new(&t("State")).phone(PhoneSlot::State),
        Column::new(&t("PM due")).phone(PhoneSlot::Due),
        Column::new(&t("Age, y")).num().hide(Hide::Tablet).sort("/devices?sort=age", Some(Sort::Down)),
        Column::new(&t("Flags")).unnamed().phone(PhoneSlot::Flags),
    ];
    let row = |tag: &str| {
        let tag = t(tag);
        Row::new(vec![
            tag_link(&tag, "/d/1"),
            two(&html! { (t("Infusion pump")) }, &t("VP-3")),
            html! { (t("VP3-4412070")) },
            html! { (t("Med-surg 4 East")) },
            html! { (t("General")) },
            state_mark(State::NotLocated, &t("Not located")),
            due(Due::Late, &t("12 days over")),
            html! { (t("7.3")) },
            flags(&[(Icon::Megaphone, Tone::Crit, &t("Open recall"))]),
        ])
        .key(tag.clone(), t("Select this row"))
    };
    let plain = vec![
        Row::new(vec![html! { (t("CE_NO")) }, blank()]),
        Row::new(vec![html! { (t("MFR")) }, verdict(Tone::Ok, &t("Sure"))]).faint(),
    ];
    html! {
        (Table::new(t("Devices"), columns, vec![row("NH-104198"), row("NH-107730").selected(true)]).list().selectable("device", "kit-form", t("Select all")))
        (Table::new(t("Your columns"), vec![Column::new(&t("In your file")).row_head(), Column::new(&t("Match"))], plain).scroll())
    }
}
