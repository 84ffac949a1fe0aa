//! The room as the front door sees it: tables, routes, menu, jobs.

use web::{MenuGroup, MenuItem, Room, Route, look::Icon};

use crate::{
    SCHEMA, act, company, device, device_type, export, import, model, noted, permit, reindex, sight, stand,
    view,
};

/// The fleet, for the list of rooms.
pub fn room() -> Room {
    let routes: Vec<Route> = [
        act::pages::routes(),
        act::api::routes(),
        device::pages::routes(),
        device::api::routes(),
        model::pages::routes(),
        model::api::routes(),
        device_type::pages::routes(),
        device_type::api::routes(),
        company::pages::routes(),
        company::api::routes(),
        view::pages::routes(),
        view::api::routes(),
        import::routes(),
        export::routes(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let jobs = [act::work::jobs(), reindex::jobs(), import::jobs()].concat();
    Room {
        name: "fleet",
        schema: SCHEMA,
        routes,
        permits: permit::ALL,
        menu: menu(),
        jobs,
        duties: [act::work::duties(), device::then::duties()].concat(),
        sights: sight::sights(),
        answers: |kept| {
            kept.insert(stand::TALLY);
            margin::Nouns::join(kept, noted::NOUNS);
        },
    }
}

fn menu() -> Vec<MenuItem> {
    vec![
        MenuItem {
            group: MenuGroup::Fleet,
            label: "Devices",
            href: "/devices",
            icon: Icon::Devices,
            permit: permit::DEVICE_VIEW,
            on_phone: true,
            count: None,
        },
        MenuItem {
            group: MenuGroup::Fleet,
            label: "Models",
            href: "/models",
            icon: Icon::Layers,
            permit: permit::MODEL_VIEW,
            on_phone: false,
            count: None,
        },
    ]
}
