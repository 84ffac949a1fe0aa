//! Mock-ups: the main pages with invented data, to look at before the real ones exist.

use maud::{Markup, Render};
use web::look::{Crumb, Icon, NavGroup, NavItem, PersonChip, Shell, Theme};

pub mod device;
pub mod doors;
pub mod fleet;
pub mod import;

/// A page inside the shell: its answer with the buttons that belong to it, and its content.
pub fn shell(
    theme: Theme,
    title: &str,
    crumbs: Vec<Crumb>,
    (head, actions): (Markup, Markup),
    main: Markup,
) -> Markup {
    let nav = [
        NavGroup {
            title: "Fleet".into(),
            items: vec![
                NavItem::new("/devices", "Devices", Icon::Devices),
                NavItem::new("/models", "Models", Icon::Layers),
            ],
        },
        NavGroup {
            title: "Organisation".into(),
            items: vec![
                NavItem::new("/sites", "Sites and places", Icon::Building),
                NavItem::new("/people", "People", Icon::Users),
                NavItem::new("/history", "History", Icon::History),
            ],
        },
    ];
    let phone_nav = [
        NavItem::new("/devices", "Devices", Icon::Devices),
        NavItem::new("/models", "Models", Icon::Layers),
        NavItem::new("/sites", "Places", Icon::Building),
        NavItem::new("/me", "Me", Icon::User),
    ];
    Shell {
        crumbs,
        head,
        actions,
        nav: &nav,
        current: "/devices",
        person: Some(PersonChip::new("Grace Whitfield", "GW")),
        site_note: Some("All sites".into()),
        clock_note: Some("Tue 13 Oct 2026, 08:00".into()),
        main,
        phone_nav: &phone_nav,
        theme,
        ..Shell::new(title, "Northfield Health")
    }
    .render()
}
