//! Adding one device: planned, ordered, or received.

use axum::extract::RawQuery;
use kernel::{Id, Problem, SiteId};
use maud::{Markup, html};
use web::{
    Ctx, Form, Reply,
    form::check,
    look::{Choice, Field, answer, button, fieldset, form_foot, link_button},
};

use super::{entry, evidence_fields as evidence, history::parameter, spot::Ground, words::href};
use crate::{
    device::{Device, Draft, Evidence, Move, State, actions, begin},
    permit,
    posted::{Done, Faults, by_rule, form as posted_form, once},
};

/// The states a device may begin in, each with what it stands on.
const BEGINNINGS: [(State, &str); 3] = [
    (State::Received, "It is here. Give the purchase order and line, or why there is none."),
    (State::Ordered, "It is on its way. Give the purchase order."),
    (State::Planned, "It is wanted. Give the budget request."),
];

/// `GET /devices/new`.
pub(super) async fn page(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let site = parameter(query.as_deref(), "site").and_then(|t| t.parse().ok());
    let find = parameter(query.as_deref(), "find").unwrap_or_default();
    draw(&ctx, &Form::default(), &Faults::default(), site, &find).await
}

/// `POST /devices/new`.
pub(super) async fn save(ctx: Ctx, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device.add", |tx, who| {
        let (draft, mv) = read(tx, who, &form).await?;
        let device: Device = actions::add(tx, who, &draft, &mv).await?;
        Ok(Done::new(href(&device.tag), format!("{} is on record.", device.tag)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => again(&ctx, &form, problem).await,
    }
}

async fn read(tx: &mut db::Tx, who: &kernel::Actor, form: &Form) -> kernel::Result<(Draft, Move)> {
    let ground = Ground::read(tx, who, permit::DEVICE_ADD, form.text("site").parse().ok()).await?;
    let mut errors = Vec::new();
    let fields = entry::read(tx, who, form, ground.site.currency, &mut errors).await?;
    let spot = ground.spot(form, &mut errors);
    let at = evidence::read_when(form, &ground.site.zone(), who.at, &mut errors);
    let to = form.parse("begins", "a state to begin in", &mut errors).unwrap_or(State::Received);
    check(errors)?;
    let fields = fields.ok_or_else(|| Problem::invalid("form", "The form could not be read."))?;
    let stands_on = form.some("stands_on");
    let evidence = Evidence {
        budget_request: stands_on.clone().filter(|_| to == State::Planned),
        purchase_order: stands_on.filter(|_| to != State::Planned),
        ..Evidence::default()
    };
    let draft = Draft {
        id: Id::new(),
        fields,
        parent: None,
        site: spot.site,
        place: spot.place,
        department: spot.department,
        import: None,
    };
    Ok((draft, Move { to, at, evidence }))
}

/// The form again, with every rule that refused.
async fn again(ctx: &Ctx, form: &Form, problem: Problem) -> Reply {
    let ruled = by_rule(&problem);
    let mut faults = Faults::of_problem(problem)?;
    if ruled {
        let who = ctx.actor();
        let refusals = db::read!(ctx.app.db(), who.org, |tx| {
            let (draft, mv) = read(tx, who, form).await?;
            let facts = actions::facts(tx, who, draft.fields.model, draft.site).await?;
            Ok(begin(&draft, &facts, &mv).err().unwrap_or_default())
        });
        if let Ok(refusals) = refusals
            && !refusals.is_empty()
        {
            faults = Faults::refused(&refusals, entry::NAMES);
            faults.rename(&["budget_request", "purchase_order"], "stands_on");
        }
    }
    let site = form.text("site").parse().ok();
    draw(ctx, form, &faults, site, "").await
}

async fn draw(ctx: &Ctx, typed: &Form, faults: &Faults, site: Option<SiteId>, find: &str) -> Reply {
    let who = ctx.actor();
    let (ground, known) = db::read!(ctx.app.db(), who.org, |tx| {
        let ground = Ground::read(tx, who, permit::DEVICE_ADD, site).await?;
        Ok::<_, Problem>((ground, entry::Known::read(tx, who.org).await?))
    })?;
    let main = html! {
        (answer("Add a device", Some("For more than a few, import the list you have.")))
        (faults.summary())
        (ground.chooser("/devices/new", find))
        (posted_form("/devices/new", 0, &html! {
            (entry::identity(typed, faults, &known))
            (fieldset(ground.site.name.as_str(), None, &ground.fields(typed, faults, find)))
            (beginning(typed, faults))
            (entry::care(typed, faults, ground.site.currency))
            (form_foot(&html! {
                (button("Add device").primary().busy("Adding"))
                (link_button("Cancel", "/devices").ghost())
            }))
        }))
    };
    let crumbs = [("Devices".to_owned(), "/devices".to_owned())];
    Ok(ctx.page("Add device", "/devices").under(crumbs).status(faults.status()).show(main))
}

fn beginning(typed: &Form, faults: &Faults) -> Markup {
    let choices = BEGINNINGS
        .iter()
        .map(|(state, hint)| Choice::new(state.code(), state.on_page()).hint(*hint))
        .collect();
    let begins = typed.some("begins").unwrap_or_else(|| State::Received.code().to_owned());
    fieldset(
        "Where it is in its life",
        None,
        &html! {
            (Field::radio("begins", "It is", choices).value(begins).error(faults.at("begins")))
            (Field::text("stands_on", "Purchase order or budget request").value(typed.text("stands_on"))
                .error(faults.at("stands_on")))
            (evidence::when(typed, faults))
        },
    )
}
