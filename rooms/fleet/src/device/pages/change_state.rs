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
    look::{Choice, Field, Tone, Way, empty_state, hidden, link_button, message, ways},
};

use super::{
    around::{Seen, Sheet, foot, show},
    evidence_fields as evidence,
    history::parameter,
    sentence,
    words::{href, respelt, under},
};
use crate::{
    device::{Device, Facts, Move, Need, OutFor, Possible, State, actions, moves, plan},
    permit,
    posted::{Done, Faults, by_rule, form as posted_form, once},
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
        Some(chosen) => draw(&ctx, &seen, &possible, chosen, &Form::default(), &Faults::default()),
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
        let after = actions::change_state(tx, who, device, form.version(), &mv).await?;
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
    let ruled = by_rule(&problem);
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
        Some(chosen) => draw(ctx, &seen, &possible, chosen, form, &faults),
        // Somebody else moved it meanwhile, and this move is not open any more.
        None => draw_closed(ctx, &seen, &possible, &faults),
    })
}

fn sheet<'a>(ctx: &Ctx, seen: &Seen, sentence: String, faults: &'a Faults) -> Sheet<'a> {
    let (now, _) = sentence::answer(&seen.known, ctx.now());
    Sheet { title: "Change state", sentence, sub: now, faults }
}

fn draw(
    ctx: &Ctx,
    seen: &Seen,
    possible: &[Possible],
    chosen: &Possible,
    typed: &Form,
    faults: &Faults,
) -> Response {
    let device = seen.device();
    let sheet = sheet(ctx, seen, format!("{}: {}", chosen.name, device.tag), faults);
    let inside = html! {
        @if !chosen.unmet.is_empty() { (in_the_way(chosen)) }
        (posted_form(&under(&device.tag, "state"), device.version, &html! {
            div.fields {
                (target(possible, chosen, faults))
                (evidence::fields(&chosen.needs, typed, faults))
            }
            @if chosen.needs.contains(&Need::Disposal) { (evidence::disposal(typed, faults)) }
            div.fields.two-up { (evidence::when(typed, faults)) }
            (foot(chosen.name, "Saving", &device.tag))
        }))
        p.links { a href=(under(&device.tag, "state")) { "Something else happened" } }
    };
    show(ctx, seen, &sheet, &inside)
}

/// The state the move leads to: sent unseen, or asked where one move leads to several.
fn target(possible: &[Possible], chosen: &Possible, faults: &Faults) -> Markup {
    let siblings: Vec<Choice> = possible.iter().filter(|p| same_move(p, chosen)).map(answer).collect();
    if siblings.len() < 2 {
        return hidden("to", chosen.to.code());
    }
    Field::radio("to", "It is then", siblings)
        .value(chosen.to.code())
        .required()
        .error(faults.at("to"))
        .render()
}

/// Whether two ways lead by the same move, to the same state with another reason.
fn same_move(one: &Possible, other: &Possible) -> bool {
    one.to.kind() == other.to.kind()
}

fn answer(possible: &Possible) -> Choice {
    let choice = Choice::new(possible.to.code(), possible.to.on_page());
    match possible.to {
        State::OutOfService(OutFor::Repair) => choice.hint("Broken, or being worked on."),
        State::OutOfService(OutFor::Stored) => choice.hint("On the shelf, ready to go."),
        State::OutOfService(OutFor::Seasonal) => choice.hint("Put away for a part of the year."),
        _ => choice,
    }
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

/// Every legal move with what it leads to, what it asks for and what is in its way.
fn choices(ctx: &Ctx, device: &Device, possible: &[Possible]) -> Markup {
    if possible.is_empty() {
        if device.state == State::Retired {
            let error = link_button("Retired in error", under(&device.tag, "unretire")).render();
            let next = "If that was an error, say so; somebody else approves it.";
            return empty_state("“Retired” is an end state; nothing follows it.", next, Some(&error));
        }
        let back = link_button(format!("Back to {}", device.tag), href(&device.tag)).render();
        let title = format!("“{}” is an end state; nothing follows it.", device.state.on_page());
        return empty_state(&title, "If it is here after all, record it again under a new tag.", Some(&back));
    }
    let offers = possible.chunk_by(same_move).filter_map(|offer| way(ctx, device, offer));
    ways(&offers.collect::<Vec<_>>())
}

/// One move, with the states it may lead to.
fn way(ctx: &Ctx, device: &Device, offer: &[Possible]) -> Option<Way> {
    let first = offer.first()?;
    let needed = actions::permit_for(device.state, first.to);
    let may = ctx.actor().may(needed, device.reach());
    let page = || format!("{}?to={}", under(&device.tag, "state"), first.to.code());
    Some(Way {
        title: first.name.to_owned(),
        note: format!("{}.{}", leads_to(offer), asks_for(first)),
        href: may.then(page),
        hurdles: first.unmet.iter().map(|rule| format!("{} {}", rule.message, rule.remedy)).collect(),
        only: (!may).then(|| held_by(needed)),
    })
}

/// “In repair, spare or stored”.
fn leads_to(offer: &[Possible]) -> String {
    let states: Vec<&str> = offer.iter().map(|p| p.to.on_page()).collect();
    match states.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            let (first, more) = rest.split_at(1);
            let listed: Vec<String> =
                first.iter().map(|s| (*s).to_owned()).chain(more.iter().map(|s| s.to_lowercase())).collect();
            format!("{} or {}", listed.join(", "), last.to_lowercase())
        }
        Some((only, _)) => (*only).to_owned(),
        None => String::new(),
    }
}

/// “ Asks for incident, custodian, what was preserved with it.”
fn asks_for(possible: &Possible) -> String {
    let asks: Vec<String> = possible.needs.iter().map(|n| n.on_page().to_lowercase()).collect();
    if asks.is_empty() { String::new() } else { format!(" Asks for {}.", asks.join(", ")) }
}

/// “Lead or Manager only”: who holds a permission.
fn held_by(permit: Permit) -> String {
    let roles: &[Role] = permit::ALL.iter().find(|(p, _)| *p == permit).map_or(&[], |(_, roles)| roles);
    let names: Vec<&str> = roles.iter().map(|r| r.on_page()).collect();
    format!("{} only", names.join(" or "))
}
