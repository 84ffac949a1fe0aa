//! What is on record about a device, as ledgers: what it is, and whose it is.

use maud::{Markup, html};
use web::{
    Ctx,
    look::{copy_button, ident, ledger},
};

use super::{
    known::Known,
    words::{day, day_of},
};
use crate::{
    device::{Acceptance, Device, State, Tenure},
    model::End,
    permit,
};

/// Tag, serial, UDI, type, maker, model, and what the maker of the model ends.
pub(super) fn identity(ctx: &Ctx, known: &Known) -> Markup {
    let device = &known.device;
    let mut rows = vec![(
        "Asset tag",
        html! { (ident(&device.tag)) (copy_button(&device.tag, "Copy asset tag", "Copied")) },
    )];
    rows.push(match (&device.serial, device.serial_less) {
        (Some(serial), _) => {
            ("Serial", html! { (ident(serial)) (copy_button(serial, "Copy serial", "Copied")) })
        }
        (None, true) => ("Serial", html! { "Has none" }),
        (None, false) => ("Serial", html! { span.mute { "Not known" } }),
    });
    if let Some(udi) = &device.udi {
        rows.push(("UDI", html! { (ident(udi)) (copy_button(udi, "Copy UDI", "Copied")) }));
    }
    // Ward staff see devices, and no pages of the catalogue.
    let (types, makers, models) = match ctx.may(permit::MODEL_VIEW) {
        true => ("/types/", "/makers/", "/models/"),
        false => ("/devices?type=", "/devices?maker=", "/devices?model="),
    };
    rows.push(("Type", html! { a href={ (types) (known.type_id) } { (known.type_name) } }));
    rows.push(("Maker", html! { a href={ (makers) (known.company_id) } { (known.company) } }));
    rows.push(("Model", html! { a href={ (models) (device.model) } { (known.model) } }));
    for end in End::ALL {
        rows.extend(known.about.end(end).map(|on| (end.on_page(), lines(&day(on.on), &on.source))));
    }
    ledger(&rows)
}

/// Owner, place, tenure, acquisition, acceptance.
pub(super) fn ownership(ctx: &Ctx, known: &Known) -> Markup {
    let device = &known.device;
    let mut owner = known.owner.clone();
    owner.reverse();
    let owner = if owner.is_empty() { "Not decided yet".to_owned() } else { owner.join(", ") };
    let mut rows = vec![
        ("Owner", html! { (owner) }),
        ("Location", super::show::place_link(known, &known.whole_place())),
    ];
    rows.push(("Tenure", lines(device.tenure.on_page(), &tenure(device))));
    let acquired = device.acquired_on.map_or("Not known".to_owned(), day);
    rows.push(("Acquired", html! { (acquired) @if let Some(price) = device.price { ", " (price) } }));
    if let Some(loan) = device.loan.as_ref().filter(|_| device.state == State::LoanedOut) {
        rows.push(("Lent under", html! { (loan.agreement) ", until " (day(loan.ends_on)) }));
    }
    rows.push(("Accepted", accepted(known)));
    if let Some(import) = device.import {
        rows.push((
            "Came by",
            if ctx.may(permit::IMPORT_RUN) {
                html! { a href={ "/devices/import/" (import) } { "An import" } }
            } else {
                html! { "An import" }
            },
        ));
    }
    ledger(&rows)
}

/// A value with a faint line under it.
fn lines(first: &str, second: &str) -> Markup {
    html! { (first) @if !second.is_empty() { br; span.mute.xs { (second) } } }
}

fn tenure(device: &Device) -> String {
    if device.tenure == Tenure::Owned && device.agreement.is_none() {
        return String::new();
    }
    let agreement = device.agreement.as_deref().unwrap_or("Agreement not on record");
    device
        .agreement_ends_on
        .map_or_else(|| agreement.to_owned(), |end| format!("{agreement}, until {}", day(end)))
}

fn accepted(known: &Known) -> Markup {
    let device = &known.device;
    let when = device.accepted_at.map(|at| day_of(at, &known.zone));
    html! {
        @match (device.accepted_as, when) {
            (Some(Acceptance::Baseline), Some(when)) => {
                (lines(Acceptance::Baseline.on_page(), &format!("Taken over on {when}; nobody here saw its inspection.")))
            },
            (Some(Acceptance::Inspection), Some(when)) => { "Inspected " (when) },
            _ => { span.mute { "Not yet" } },
        }
        @if device.accepted_at.is_some() && !device.is_accepted() { span.warn { " Inspect it again before use." } }
    }
}
