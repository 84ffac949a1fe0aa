//! One device type: how many devices there are, how dangerous they are, how long they last.

use axum::extract::{Path, RawQuery};
use kernel::{FieldError, Keyset, Problem, Result};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form, Reply,
    look::{
        Choice, Column, DeviceGlyph, Fact, Field, Icon, PhoneSlot, Row, Section, Table, Tone, Width, button,
        empty_state, form_foot, ident, ledger::ledger, link_button, marks::risk_word, record_head, split,
        strip,
    },
};

use super::{Codes, DeviceType, DeviceTypeId, Nomenclature, RiskLevel, Values, actions, store};
use crate::{
    ModelId, UsefulLife,
    catalogue::history::{From, History},
    device::pages::words::{count, devices, risk_of},
    model::{
        list::{self, Counts, Listed, Wanted},
        pages::changed,
    },
    permit,
    posted::{Done, Faults, form as posted_form, once},
};

/// Models shown; the list of models has the others.
const MODELS: u32 = 20;

/// A type with what its page says about it.
struct Known {
    kind: DeviceType,
    devices: i64,
    models: Vec<Listed>,
    more: bool,
    counts: Counts,
    history: History,
}

async fn known(ctx: &Ctx, id: DeviceTypeId, from: From) -> Result<Known> {
    let who = ctx.actor();
    db::read!(ctx.app.db(), who.org, |tx| {
        let kind = store::get(tx, who.org, id).await?;
        let wanted = Wanted { device_type: Some(id), ..Wanted::default() };
        let slice = list::page(tx, who, &wanted, &Keyset { after: None, limit: MODELS }).await?;
        let ids: Vec<ModelId> = slice.rows.iter().map(|m| m.id).collect();
        Ok(Known {
            devices: list::of_types(tx, who).await?.get(&id.uuid()).copied().unwrap_or(0),
            counts: list::of_models(tx, who, &ids).await?,
            history: History::read(tx, who.org, ("device_type", id.uuid()), None, from).await?,
            more: slice.next.is_some(),
            models: slice.rows,
            kind,
        })
    })
}

fn read_id(text: &str) -> Result<DeviceTypeId> {
    text.parse().map_err(|_| Problem::not_found("this device type"))
}

/// `GET /types/{id}`.
pub(super) async fn page(ctx: Ctx, Path(id): Path<String>, RawQuery(query): RawQuery) -> Reply {
    let known = known(&ctx, read_id(&id)?, From::read(query.as_deref())).await?;
    let typed = filled(&known.kind);
    Ok(draw(&ctx, &known, &typed, &Faults::default()))
}

/// `POST /types/{id}`.
pub(super) async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id = read_id(&id)?;
    let saved = once!(ctx, form, "fleet.device_type.change", |tx, who| {
        let values = typed(&form)?;
        let kind = actions::change(tx, who, id, form.version(), &values, form.some("reason")).await?;
        Ok(Done::new(format!("/types/{id}"), format!("{} is saved.", kind.name)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let faults = Faults::of_problem(problem)?;
            Ok(draw(&ctx, &known(&ctx, id, From::newest()).await?, &form, &faults))
        }
    }
}

/// The risk level of a form, if one was chosen.
pub(super) fn level(form: &Form, errors: &mut Vec<FieldError>) -> Option<RiskLevel> {
    let code = form.some("risk")?;
    let fault = |e: crate::UnknownCode| FieldError { field: "risk".into(), message: format!("{e}.") };
    code.parse().map_err(|e| errors.push(fault(e))).ok()
}

/// What the form says. The name is read by the action.
fn typed(form: &Form) -> Result<Values> {
    let mut errors = Vec::new();
    let [years, source] = UsefulLife::FIELDS.map(|field| form.text(field));
    let values = Values {
        name: form.text("name").to_owned(),
        risk: level(form, &mut errors),
        codes: Codes::read(|of| form.text(of.field()), &mut errors),
        useful_life: UsefulLife::read(years, source, &mut errors),
    };
    web::form::check(errors).map(|()| values)
}

/// The form as it is before anybody types.
fn filled(kind: &DeviceType) -> Form {
    let life = kind.useful_life.as_ref();
    let years = life.map(|l| l.years.to_string()).unwrap_or_default();
    let [at_years, at_source] = UsefulLife::FIELDS;
    let mut pairs = vec![
        ("name", kind.name.as_str()),
        ("risk", kind.risk.map_or("", RiskLevel::code)),
        (at_years, &years),
        (at_source, life.map_or("", |l| &l.source)),
    ];
    pairs.extend(kind.codes.known().map(|(of, code)| (of.field(), code)));
    Form::from_pairs(&pairs)
}

/// The worst first: what nobody has decided, then what there is.
fn sentence(known: &Known) -> String {
    let n = known.devices;
    match (known.kind.risk, n) {
        (None, 0) => "Its risk level is not decided yet; no device of it is here.".to_owned(),
        (None, n) => {
            let wait = if n == 1 { "waits" } else { "wait" };
            format!("Its risk level is not decided yet; {} {wait} for it.", devices(n))
        }
        (Some(_), 0) => "No device of this type is here now.".to_owned(),
        (Some(risk), n) => {
            let are = if n == 1 { "is" } else { "are" };
            let how = match risk {
                RiskLevel::LifeSupport => "life support".to_owned(),
                other => format!("{} risk", other.on_page().to_lowercase()),
            };
            format!("{} {are} here, {how} unless their own record says otherwise.", devices(n))
        }
    }
}

fn facts(known: &Known) -> Vec<Fact> {
    let kind = &known.kind;
    let risk = risk_of(kind.risk);
    let high = match kind.risk {
        None => "Nobody has decided it yet",
        Some(RiskLevel::LifeSupport) => "Counts as high-risk",
        Some(RiskLevel::High) => "High-risk, not life support",
        Some(_) => "Not high-risk",
    };
    let level = Fact::new("Risk", risk_word(risk, risk.word())).note(high);
    let life = match &kind.useful_life {
        Some(life) => Fact::new("Useful life", html! { (life.on_page()) }).note(life.source.clone()),
        None => Fact::new("Useful life", html! { span.mute { "Not known" } }),
    };
    let here = html! { a href={ "/devices?type=" (kind.id) } { (count(known.devices)) } };
    let models = match known.more {
        true => format!("More than {MODELS}"),
        false => count(known.models.len() as i64),
    };
    vec![
        if kind.risk.is_none() && known.devices > 0 { level.tone(Tone::Warn) } else { level },
        life,
        Fact::new("Devices", here).note("Retired, returned and cancelled ones left out"),
        Fact::new("Models", html! { a href={ "/models?type=" (kind.id) } { (models) } }),
    ]
}

fn draw(ctx: &Ctx, known: &Known, typed: &Form, faults: &Faults) -> axum::response::Response {
    let kind = &known.kind;
    let edit = ctx.actor().may_everywhere(permit::MODEL_EDIT);
    let href = format!("/types/{}", kind.id);
    let main = html! {
        (strip(&facts(known)))
        (split(
            &html! {
                (Section::new("Models", models(known)))
                @if edit { (form(known, typed, faults)) }
                (known.history.section(ctx, &href))
            },
            &html! { (Section::new("Codes", codes(kind))) (web::past::link("device_type")) },
        ))
    };
    let actions = link_button("Show devices", format!("/devices?type={}", kind.id)).icon(Icon::Devices);
    let crumbs = [("Models".to_owned(), "/models".to_owned()), ("Types".to_owned(), "/types".to_owned())];
    let identity = html! { span { "Device type. " (kind.name) } };
    let head = record_head(DeviceGlyph::from_type_name(&kind.name), &identity, &sentence(known));
    let page = ctx.page(&kind.name, "/models").under(crumbs).head(head);
    page.actions(actions.render()).status(faults.status()).show(main)
}

fn models(known: &Known) -> Markup {
    if known.models.is_empty() {
        return empty_state(
            "No model is of this type.",
            "They come with the devices that are added or imported.",
            None,
        );
    }
    let columns = vec![
        Column::new("Model").row_head().phone(PhoneSlot::Title),
        Column::new("Maker").phone(PhoneSlot::Tag),
        Column::new("Devices").num().phone(PhoneSlot::State),
    ];
    let rows = known.models.iter().map(|model| {
        let n = known.counts.get(&model.id.uuid()).copied().unwrap_or(0);
        Row::new(vec![
            html! { a href={ "/models/" (model.id) } { (model.name) } },
            html! { (model.company) },
            html! { @if n > 0 { a href={ "/devices?model=" (model.id) } { (count(n)) } } @else { span.mute { "0" } } },
        ])
    });
    html! {
        (Table::new("Models", columns, rows.collect()))
        @if known.more { p.links { a href={ "/models?type=" (known.kind.id) } { "All models of this type" } } }
    }
}

fn codes(kind: &DeviceType) -> Markup {
    let rows: Vec<(&str, Markup)> = Nomenclature::ALL
        .into_iter()
        .map(|of| {
            let code = html! {
                @match kind.codes.get(of) { Some(code) => (ident(code)), None => span.mute { "Not known" } }
            };
            (of.on_page(), code)
        })
        .collect();
    ledger(&rows)
}

fn form(known: &Known, typed: &Form, faults: &Faults) -> Markup {
    let kind = &known.kind;
    let field =
        |name: &str, label: &str| Field::text(name, label).value(typed.text(name)).error(faults.at(name));
    let mut levels: Vec<Choice> =
        RiskLevel::ALL.iter().map(|risk| Choice::new(risk.code(), risk.on_page())).collect();
    if kind.risk.is_none() {
        levels.insert(0, Choice::new("", "Not decided yet"));
    }
    let [years, source] = UsefulLife::FIELDS;
    let code = |of: Nomenclature| {
        field(of.field(), of.on_page())
            .identifier()
            .width(Width::Medium)
            .hint(format!("{}.", capital(of.shape())))
    };
    let inside = html! {
        div.fields {
            (field("name", "Name").required())
            (Field::select("risk", "Risk level", levels).value(typed.text("risk")).error(faults.at("risk"))
                .hint(format!("Holds for {}, but those that have a level of their own.", devices(known.devices))))
            @for of in Nomenclature::ALL { (code(of)) }
            (Field::number(years, "Useful life").value(typed.text(years)).error(faults.at(years)).suffix("years")
                .inputmode("numeric").hint("From acquisition to the usual replacement."))
            (field(source, "Where the useful life is from").hint("The maker, a standard, your own records."))
            (field("reason", "Why").optional("optional"))
        }
        (form_foot(&html! { (button("Save changes").primary().busy("Saving")) }))
    };
    let body = html! {
        (faults.summary())
        @if faults.stale().is_some() {
            (changed(&format!("It is now “{}”, {}.", kind.name, super::pages::in_words(kind.risk))))
        }
        (posted_form(&format!("/types/{}", kind.id), kind.version, &inside))
    };
    Section::new("What is decided about it", body).render()
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
