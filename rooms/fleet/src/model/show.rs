//! One model: how many devices there are, how long they are supported, what they are called.

use kernel::{Date, Result};
use margin::Margin;
use maud::{Markup, html};
use web::{
    Ctx, Reply,
    look::{
        Column, DeviceGlyph, Fact, Icon, PhoneSlot, Row, Section, Table, Tone, copy_button, empty_state,
        ident, ledger::ledger, link_button, marks::risk_word, record_head, split, strip,
    },
};

use super::{About, End, Identifier, Milestone, Model, ModelId, list, store};
use crate::{
    Company, DeviceType,
    catalogue::history::{From, History},
    company,
    device::pages::words::{count, day, devices, risk_of},
    device_type, noted, permit,
};

/// A model with what its page says about it.
struct Known {
    model: Model,
    company: Company,
    kind: DeviceType,
    devices: i64,
    today: Date,
    margin: Margin,
    history: History,
}

async fn known(ctx: &Ctx, id: ModelId, from: From) -> Result<Known> {
    let who = ctx.actor();
    let today = ctx.now().date_in(&ctx.org.zone);
    db::read!(ctx.app.db(), who.org, |tx| {
        let model = store::get(tx, who.org, id).await?;
        let subject = noted::of_model(who, &model);
        Ok(Known {
            company: company::store::get(tx, who.org, model.company).await?,
            kind: device_type::store::get(tx, who.org, model.device_type).await?,
            devices: list::of_models(tx, who, &[id]).await?.get(&id.uuid()).copied().unwrap_or(0),
            today,
            margin: Margin::of(tx, &subject).await?,
            history: History::read(tx, who.org, ("model", id.uuid()), Some(&subject), from).await?,
            model,
        })
    })
}

pub(super) async fn page(ctx: Ctx, id: ModelId, from: From) -> Reply {
    let known = known(&ctx, id, from).await?;
    Ok(draw(&ctx, &known))
}

/// How far a day is: `in 14 months`, `2 years ago`, `today`. Whole units, rounded down: nothing is nearer than it says.
pub(crate) fn distance(day: Date, today: Date) -> String {
    let (from, to) = if day < today { (day, today) } else { (today, day) };
    let span = from.until((jiff::Unit::Month, to));
    let (months, days) = span.map_or((0, 0), |span| (span.get_months(), span.get_days()));
    let amount = match (months, days) {
        (0, 0) => return "today".to_owned(),
        (0, 1) => "1 day".to_owned(),
        (0, days) => format!("{days} days"),
        (1, _) => "1 month".to_owned(),
        (months, _) if months < 24 => format!("{months} months"),
        (months, _) => format!("{} years", months / 12),
    };
    if day < today { format!("{amount} ago") } else { format!("in {amount}") }
}

/// Support that has ended is a danger, support that ends within this many months a warning.
const SOON: i32 = 18;

/// How bad it is that a day has come or comes soon.
pub(crate) fn tone(on: Date, today: Date) -> Tone {
    let soon = jiff::Span::new().try_months(SOON).and_then(|months| today.checked_add(months));
    match soon {
        _ if on < today => Tone::Crit,
        Ok(soon) if on <= soon => Tone::Warn,
        _ => Tone::Plain,
    }
}

/// The worst first: what nobody supports any more, then what there is.
fn sentence(known: &Known) -> String {
    let (n, today) = (known.devices, known.today);
    let here = match n {
        0 => "no device is here now".to_owned(),
        1 => "1 device is here".to_owned(),
        n => format!("{} are here", devices(n)),
    };
    let ended = |end: &Milestone, what: &str| {
        let verb = if end.on < today { "ended" } else { "ends" };
        format!("{what} {verb} {}; {here}.", distance(end.on, today))
    };
    let about = &known.model.about;
    match (&about.life_end, &about.support_end) {
        (Some(end), _) if end.on < today => ended(end, "Its maker’s end of life"),
        (_, Some(end)) => ended(end, "Support"),
        _ if n == 0 => format!("No device of the {} is here now.", known.model.name),
        _ => {
            format!("{} of the {} {} here.", devices(n), known.model.name, if n == 1 { "is" } else { "are" })
        }
    }
}

fn unknown() -> Markup {
    html! { span.mute { "Not known" } }
}

fn facts(known: &Known) -> Vec<Fact> {
    let Known { model, company, kind, today, .. } = known;
    let about = &model.about;
    let risk = risk_of(model.risk(kind.risk));
    let level = Fact::new("Risk", risk_word(risk, risk.word())).note(match &about.own_risk {
        Some(own) => format!("Its own: {}", own.reason),
        None if kind.risk.is_some() => format!("From its type, {}", kind.name),
        None => "Nobody has decided it yet".to_owned(),
    });
    let support = match &about.support_end {
        Some(end) => {
            let title = if end.on < *today { "Support ended" } else { "Support ends" };
            let fact = Fact::new(title, html! { (day(end.on)) }).note(end.source.clone());
            if known.devices > 0 { fact.tone(tone(end.on, *today)) } else { fact }
        }
        None => Fact::new("Support ends", unknown()),
    };
    let life = match (&about.useful_life, &kind.useful_life) {
        (Some(life), _) => Fact::new("Useful life", html! { (life.on_page()) }).note(life.source.clone()),
        (None, Some(life)) => Fact::new("Useful life", html! { (life.on_page()) })
            .note(format!("From its type, {}: {}", kind.name, life.source)),
        (None, None) => Fact::new("Useful life", unknown()),
    };
    let here = html! { a href={ "/devices?model=" (model.id) } { (count(known.devices)) } };
    vec![
        Fact::new("Maker", html! { a href={ "/makers/" (company.id) } { (company.name) } }),
        Fact::new("Type", html! { a href={ "/types/" (kind.id) } { (kind.name) } }),
        if model.risk(kind.risk).is_none() && known.devices > 0 { level.tone(Tone::Warn) } else { level },
        support,
        life,
        Fact::new("Devices", here).note("Retired, returned and cancelled ones left out"),
    ]
}

fn draw(ctx: &Ctx, known: &Known) -> axum::response::Response {
    let Known { model, company, kind, .. } = known;
    let may = ctx.actor().may_everywhere(permit::MODEL_EDIT);
    let href = format!("/models/{}", model.id);
    let edit = html! { @if may { a href={ (href) "/edit" } { "Edit" } } };
    let subject = noted::of_model(ctx.actor(), model);
    let main = html! {
        (strip(&facts(known)))
        (split(
            &html! {
                (Section::new("What its maker ends", ends(known, may)))
                (Section::new("UDI device identifiers", identifiers(&model.about.identifiers)))
                (known.margin.main(ctx, &subject))
                (known.history.section(ctx, &href))
            },
            &html! {
                (Section::new("Identity", identity(known)).actions(edit))
                (known.margin.aside(ctx, &subject))
                (web::past::link("model"))
            },
        ))
    };
    let actions = html! {
        @if may { (link_button("Edit", format!("{href}/edit")).icon(Icon::Pencil)) }
        (link_button("Show devices", format!("/devices?model={}", model.id)).icon(Icon::Devices))
    };
    let crumbs = [("Models".to_owned(), "/models".to_owned())];
    let page = ctx.page(format!("{} {}", company.name, model.name), "/models").under(crumbs);
    let head_line = html! { span { (kind.name) ". " (company.name) " " (model.name) } };
    let head = record_head(DeviceGlyph::from_type_name(&kind.name), &head_line, &sentence(known));
    page.head(head).actions(actions).show(main)
}

fn identity(known: &Known) -> Markup {
    let Known { model, company, kind, .. } = known;
    let About { catalogue_number, edition, list_price, .. } = &model.about;
    let mut rows = vec![
        ("Model", html! { (model.name) }),
        ("Maker", html! { a href={ "/makers/" (company.id) } { (company.name) } }),
        ("Type", html! { a href={ "/types/" (kind.id) } { (kind.name) } }),
    ];
    rows.push(match catalogue_number {
        Some(number) => (
            "Catalogue number",
            html! { (ident(number)) (copy_button(number, "Copy catalogue number", "Copied")) },
        ),
        None => ("Catalogue number", unknown()),
    });
    if let Some(edition) = edition {
        rows.push(("Version", html! { (edition) }));
    }
    rows.push(match list_price {
        Some(list) => ("List price", html! { (list.price) br; span.mute.xs { "As of " (day(list.on)) } }),
        None => ("List price", unknown()),
    });
    ledger(&rows)
}

/// The days, in their order, those that nobody knows named as such.
fn ends(known: &Known, may: bool) -> Markup {
    let about = &known.model.about;
    if End::ALL.iter().all(|end| about.end(*end).is_none()) {
        let button = link_button("Write them down", format!("/models/{}/edit#f-sale_end_on", known.model.id));
        let button = maud::Render::render(&button.small());
        return empty_state(
            "No end of sale, support or life is on record.",
            "Makers announce them by letter, years before; from then on they can be planned for.",
            may.then_some(&button),
        );
    }
    let columns = vec![
        Column::new("What").row_head().phone(PhoneSlot::Title),
        Column::new("Day").phone(PhoneSlot::Tag),
        Column::new("Where from").phone(PhoneSlot::Place),
        Column::new("Learnt on").phone(PhoneSlot::Due),
    ];
    let rows = End::ALL.into_iter().map(|end| match about.end(end) {
        Some(on) => Row::new(vec![
            html! { (end.on_page()) },
            html! { span.nw { (day(on.on)) } ", " (distance(on.on, known.today)) },
            html! { (on.source) },
            html! { span.nw { (day(on.learnt_on)) } },
        ]),
        None => Row::new(vec![html! { (end.on_page()) }, unknown(), html! {}, html! {}]),
    });
    html! { (Table::new("What its maker ends", columns, rows.collect())) }
}

fn identifiers(all: &[Identifier]) -> Markup {
    if all.is_empty() {
        return empty_state(
            "No identifier is on record.",
            "With its UDI device identifiers, a scan of a maker’s barcode finds the model.",
            None,
        );
    }
    let columns = vec![
        Column::new("Identifier").ident().row_head().phone(PhoneSlot::Title),
        Column::new("Stands on").phone(PhoneSlot::Tag),
        Column::new("Agency").phone(PhoneSlot::Place),
    ];
    let rows = all.iter().map(|one| {
        Row::new(vec![
            html! {
                (ident(&one.di)) (copy_button(&one.di, "Copy identifier", "Copied"))
                @if one.as_printed { " " span.warn { "Check digit wrong, as printed" } }
            },
            html! { (one.on_page()) },
            html! { (one.agency.on_page()) },
        ])
    });
    html! { (Table::new("UDI device identifiers", columns, rows.collect())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn distances_round_down() {
        let today = date(2026, 10, 13);
        for (day, words) in [
            (date(2026, 10, 13), "today"),
            (date(2026, 10, 14), "in 1 day"),
            (date(2026, 11, 12), "in 30 days"),
            (date(2026, 11, 13), "in 1 month"),
            (date(2027, 12, 31), "in 14 months"),
            (date(2028, 10, 12), "in 23 months"),
            (date(2028, 10, 13), "in 2 years"),
            (date(2026, 7, 1), "3 months ago"),
            (date(2020, 1, 1), "6 years ago"),
        ] {
            assert_eq!(distance(day, today), words, "{day}");
        }
    }

    #[test]
    fn ended_support_is_worse_than_ending() {
        let today = date(2026, 10, 13);
        assert_eq!(tone(date(2026, 10, 12), today), Tone::Crit);
        assert_eq!(tone(today, today), Tone::Warn);
        assert_eq!(tone(date(2028, 4, 13), today), Tone::Warn);
        assert_eq!(tone(date(2028, 4, 14), today), Tone::Plain);
    }
}
