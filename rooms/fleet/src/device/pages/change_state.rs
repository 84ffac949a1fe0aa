//! Moving a device from state to state: what is possible, what each move asks for, what is still in the way.

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use kernel::{Permit, Problem, Role};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form, Reply,
    form::check,
    look::{
        Column, Icon, Row, Section, Table, Tone, empty_state, hidden, icon_sized, link_button, message,
        table::two,
    },
};

use super::{
    around::{Seen, Sheet, foot, show},
    evidence_fields as evidence,
    history::parameter,
    sentence,
    words::{href, respelt, under},
};
use crate::{
    device::{Device, Facts, Kind, Move, Need, Possible, State, actions, moves, plan},
    permit,
    posted::{Done, Faults, form as posted_form, once},
};

/// `GET /d/{tag}/state`, with `?to=` the form of one move.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>, RawQuery(query): RawQuery) -> Reply {
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_STATE, None).await?;
    if let Some(there) = respelt(&tag, seen.device(), "state", query.as_deref()) {
        return Ok(there);
    }
    let facts = seen.known.facts(ctx.now());
    let to: Option<State> = parameter(query.as_deref(), "to").and_then(|t| t.parse().ok());
    let possible = moves(seen.device(), &facts);
    Ok(match to.and_then(|to| possible.iter().find(|p| p.to == to)) {
        Some(chosen) => draw(&ctx, &seen, chosen, &Form::default(), &Faults::default()),
        None => draw_choices(&ctx, &seen, &possible, to),
    })
}

/// `POST /d/{tag}/state`.
pub(super) async fn save(ctx: Ctx, Path(tag): Path<String>, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device.state", |tx, who| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        let facts = actions::facts(tx, who, device.model, device.site).await?;
        let (mv, errors) = read(&form, &device, &facts);
        check(errors)?;
        let mv = mv.ok_or_else(|| Problem::invalid("to", "Choose what happens to it."))?;
        let after = actions::change_state(tx, who, device.id, form.version(), &mv).await?;
        Ok(Done::new(href(&after.tag), format!("{}: {}.", after.tag, after.on_page().to_lowercase())))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => again(&ctx, &tag, &form, problem).await,
    }
}

/// The move that was asked for, with what could not be read.
fn read(form: &Form, device: &Device, facts: &Facts) -> (Option<Move>, Vec<kernel::FieldError>) {
    let mut errors = Vec::new();
    let to: Option<State> = form.parse("to", "a state", &mut errors);
    let at = evidence::read_when(form, &facts.zone, facts.now, &mut errors);
    let Some(to) = to else { return (None, errors) };
    let needs = moves(device, facts).into_iter().find(|p| p.to == to).map(|p| p.needs).unwrap_or_default();
    let evidence = evidence::read(&needs, form, &mut errors);
    (Some(Move { to, at, evidence }), errors)
}

/// The form again, with every rule that refused.
async fn again(ctx: &Ctx, tag: &str, form: &Form, problem: Problem) -> Reply {
    let ruled = matches!(problem, Problem::Conflict { .. });
    let mut faults = Faults::of_problem(problem)?;
    let from = faults.stale().map(|_| form.version());
    let seen = Seen::read(ctx, tag, permit::DEVICE_STATE, from).await?;
    let facts = seen.known.facts(ctx.now());
    let possible = moves(seen.device(), &facts);
    let (mv, _) = read(form, seen.device(), &facts);
    if let (true, Some(mv)) = (ruled, &mv)
        && let Err(mut refusals) = plan(seen.device(), &facts, mv)
    {
        // Unanswered questions of disposal are better said one by one, each at its field.
        let open = refusals.iter().any(|r| r.rule == "fleet.device.disposal_answer");
        refusals.retain(|r| r.rule != "fleet.device.disposal_answer");
        faults = Faults::refused(&refusals, evidence::NAMES);
        if open {
            faults.add(evidence::unanswered(form));
        }
    }
    let chosen = mv.and_then(|mv| possible.iter().find(|p| p.to == mv.to));
    Ok(match chosen {
        Some(chosen) => draw(ctx, &seen, chosen, form, &faults),
        // Somebody else moved it meanwhile, and this move is not open any more.
        None => draw_closed(ctx, &seen, &possible, &faults),
    })
}

/// “Take out of service: In repair”: the verb, and which of several states it leads to.
fn name(possible: &Possible) -> String {
    match possible.to.kind() {
        Kind::OutOfService => format!("{}: {}", possible.name, possible.to.on_page().to_lowercase()),
        _ => possible.name.to_owned(),
    }
}

fn sheet<'a>(ctx: &Ctx, seen: &Seen, sentence: String, faults: &'a Faults) -> Sheet<'a> {
    let (now, _) = sentence::answer(&seen.known, ctx.now());
    Sheet { title: "Change state", sentence, sub: format!("Now: {now}"), faults }
}

fn draw(ctx: &Ctx, seen: &Seen, chosen: &Possible, typed: &Form, faults: &Faults) -> Response {
    let device = seen.device();
    let sheet = sheet(ctx, seen, format!("{}: {}", name(chosen), device.tag), faults);
    let inside = html! {
        @if !chosen.unmet.is_empty() { (in_the_way(chosen)) }
        (posted_form(&under(&device.tag, "state"), device.version, &html! {
            (hidden("to", chosen.to.code()))
            div.fields { (evidence::fields(&chosen.needs, typed, faults)) }
            @if chosen.needs.contains(&Need::Disposal) { (evidence::disposal(typed, faults)) }
            div.fields.two-up { (evidence::when(typed, faults)) }
            (foot(chosen.name, "Saving", &device.tag))
        }))
        p.links { a href=(under(&device.tag, "state")) { "Something else happened" } }
    };
    show(ctx, seen, &sheet, &inside)
}

/// Rules the device does not meet as it stands, with what would satisfy each.
fn in_the_way(chosen: &Possible) -> Markup {
    message(
        Tone::Warn,
        &html! {
            b { "Not possible yet." }
            ul { @for rule in &chosen.unmet { li { (rule.message) " " (rule.remedy) } } }
        },
    )
}

fn draw_choices(ctx: &Ctx, seen: &Seen, possible: &[Possible], asked: Option<State>) -> Response {
    let device = seen.device();
    let faults = Faults::default();
    let sheet = sheet(ctx, seen, format!("What happens to {}?", device.tag), &faults);
    let inside = html! {
        @if let Some(to) = asked {
            (message(Tone::Warn, &html! { "It cannot go to “" (to.on_page()) "” from here. These moves are open." }))
        }
        (choices(ctx, device, possible))
    };
    show(ctx, seen, &sheet, &inside)
}

fn draw_closed(ctx: &Ctx, seen: &Seen, possible: &[Possible], faults: &Faults) -> Response {
    let device = seen.device();
    let sheet = sheet(ctx, seen, format!("What happens to {}?", device.tag), faults);
    show(ctx, seen, &sheet, &choices(ctx, device, possible))
}

/// Every legal move with what it asks for and what is in its way.
fn choices(ctx: &Ctx, device: &Device, possible: &[Possible]) -> Markup {
    if possible.is_empty() {
        let back = link_button(format!("Back to {}", device.tag), href(&device.tag)).render();
        let title = format!("“{}” is an end state; nothing follows it.", device.state.on_page());
        return empty_state(&title, "If it is here after all, record it again under a new tag.", Some(&back));
    }
    let columns = vec![
        Column::new("Move").row_head(),
        Column::new("Asks for"),
        Column::new("In the way"),
        Column::new("Choose").unnamed().num(),
    ];
    let rows = possible.iter().map(|p| choice(ctx, device, p)).collect();
    Section::new("Possible now", Table::new("Moves", columns, rows).render()).render()
}

fn choice(ctx: &Ctx, device: &Device, possible: &Possible) -> Row {
    let needed = actions::permit_for(device.state, possible.to);
    let may = ctx.actor().may(needed, device.reach());
    let asks = asks_for(possible);
    let open =
        link_button("Choose", format!("{}?to={}", under(&device.tag, "state"), possible.to.code())).small();
    let row = Row::new(vec![
        two(&html! { (possible.name) }, &format!("Then: {}", possible.to.on_page())),
        html! { (asks) },
        html! {
            @if possible.unmet.is_empty() { span.mute { "Nothing" } }
            @for rule in &possible.unmet {
                div.warn { (icon_sized(Icon::Triangle, 13, "")) " " (rule.message) " " (rule.remedy) }
            }
        },
        html! { @if may { (open) } @else { span.mute { (held_by(needed)) } } },
    ]);
    if may { row } else { row.faint() }
}

/// “Incident, custodian, what was preserved with it”.
fn asks_for(possible: &Possible) -> String {
    let asks: Vec<&str> = possible.needs.iter().map(|n| n.on_page()).collect();
    match asks.split_first() {
        None => "Nothing".to_owned(),
        Some((first, [])) => (*first).to_owned(),
        Some((first, rest)) => format!("{first}, {}", rest.join(", ").to_lowercase()),
    }
}

/// “Lead or Manager only”: who holds a permission.
fn held_by(permit: Permit) -> String {
    let roles: &[Role] = permit::ALL.iter().find(|(p, _)| *p == permit).map_or(&[], |(_, roles)| roles);
    let names: Vec<&str> = roles.iter().map(|r| r.on_page()).collect();
    format!("{} only", names.join(" or "))
}
