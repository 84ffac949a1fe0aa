//! The list of models, and one model.

use axum::extract::{Path, RawQuery};
use kernel::{Cursor, Keyset, Problem};
use margin::Margin;
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{
        Column, DeviceGlyph, Fact, Field, Icon, Pager, PhoneSlot, QueryBar, Row, Section, Tab, Table, answer,
        button, empty_state, glyph, link_button, list::list_page, marks::risk_word, quiet_answer,
        record_head, split, strip, tabs,
    },
};

use super::{
    Model, ModelId, actions,
    list::{self, Counts, Listed, Wanted},
    store,
};
use crate::{
    Company, DeviceType, company,
    device::pages::words::{count, devices, risk_letter, risk_of},
    device_type, noted, permit,
    posted::{Done, Faults, form as posted_form, once, suggesting},
};

/// The pages and actions of models.
pub(crate) fn routes() -> Vec<Route> {
    let view = Gate::Permit(permit::MODEL_VIEW);
    vec![
        Route::get("/models", view, page),
        Route::get("/models/{id}", view, show),
        Route::post("/models/{id}", Gate::Permit(permit::MODEL_EDIT), save),
    ]
}

/// The three lists beside each other.
pub(crate) fn views(current: &str) -> Markup {
    let tab = |label: &str, href: &str| Tab {
        label: label.to_owned(),
        href: href.to_owned(),
        count: None,
        current: href == current,
    };
    tabs("Catalogue", &[tab("Models", "/models"), tab("Types", "/types"), tab("Makers", "/makers")])
}

struct Asked {
    wanted: Wanted,
    after: Option<Cursor>,
}

impl Asked {
    fn read(query: &str) -> Self {
        let mut asked = Self { wanted: Wanted::default(), after: None };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" => asked.wanted.text = value.trim().chars().take(200).collect(),
                "type" => asked.wanted.device_type = value.parse().ok(),
                "maker" => asked.wanted.company = value.parse().ok(),
                "after" => asked.after = Cursor::decode(&value),
                _ => {}
            }
        }
        asked
    }

    fn filters(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        pairs.extend(self.wanted.device_type.map(|id| ("type", id.to_string())));
        pairs.extend(self.wanted.company.map(|id| ("maker", id.to_string())));
        pairs
    }

    fn href(&self, after: Option<&Cursor>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.wanted.text.is_empty() {
            query.append_pair("q", &self.wanted.text);
        }
        query.extend_pairs(self.filters());
        if let Some(after) = after {
            query.append_pair("after", &after.encode());
        }
        let query = query.finish();
        if query.is_empty() { "/models".to_owned() } else { format!("/models?{query}") }
    }
}

/// `GET /models`.
async fn page(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let asked = Asked::read(query.as_deref().unwrap_or_default());
    let who = ctx.actor();
    let (slice, counts) = db::read!(ctx.app.db(), who.org, |tx| {
        let keyset = Keyset { after: asked.after.clone(), ..Keyset::default() };
        let slice = list::page(tx, who, &asked.wanted, &keyset).await?;
        let ids: Vec<ModelId> = slice.rows.iter().map(|m| m.id).collect();
        let counts = list::of_models(tx, who, &ids).await?;
        Ok::<_, Problem>((slice, counts))
    })?;
    let mut bar = QueryBar::new("/models", "Search models", "Search")
        .query(&asked.wanted.text)
        .placeholder("Model, maker or type");
    for (name, value) in asked.filters() {
        bar = bar.keep(name, value);
    }
    let shown = slice.rows.len();
    let pager = Pager {
        summary: if shown == 1 { "1 model".to_owned() } else { format!("{shown} models on this page") },
        first: asked.after.is_some().then(|| asked.href(None)),
        next: slice.next.as_ref().map(|next| asked.href(Some(next))),
        ..Pager::default()
    };
    let list = html! {
        (quiet_answer("Models by name, with their maker, type and number of devices."))
        (views("/models"))
        (bar)
        @if slice.rows.is_empty() { (nothing(&asked)) } @else { (table(&slice.rows, &counts)) (pager) }
        (web::past::link("model"))
    };
    Ok(ctx.page("Models", "/models").show(list_page(None, &list)))
}

fn nothing(asked: &Asked) -> Markup {
    if asked.href(None) == "/models" {
        return empty_state(
            "No models are on record yet.",
            "They come with the devices that are added or imported.",
            None,
        );
    }
    let all = link_button("Show all models", "/models").render();
    empty_state("No model matches.", "Try a part of the name, the maker or the type.", Some(&all))
}

fn table(rows: &[Listed], counts: &Counts) -> Markup {
    let columns = vec![
        Column::new("Model").phone(PhoneSlot::Title),
        Column::new("Maker").phone(PhoneSlot::Tag),
        Column::new("Type").phone(PhoneSlot::Place),
        Column::new("Risk").phone(PhoneSlot::Due),
        Column::new("Devices").num().phone(PhoneSlot::State),
    ];
    let rows = rows
        .iter()
        .map(|model| {
            let n = counts.get(&model.id.uuid()).copied().unwrap_or(0);
            Row::new(vec![
                html! {
                    span.glc {
                        (glyph(DeviceGlyph::from_type_name(&model.type_name), 17))
                        a href={ "/models/" (model.id) } { (model.name) }
                    }
                },
                html! { (model.company) },
                html! { (model.type_name) },
                risk_letter(model.risk),
                html! { @if n > 0 { a href={ "/devices?model=" (model.id) } { (count(n)) } } @else { span.mute { "0" } } },
            ])
        })
        .collect();
    Table::new("Models", columns, rows).list().render()
}

/// A model with what its page says about it.
struct Known {
    model: Model,
    company: Company,
    device_type: DeviceType,
    devices: i64,
    types: Vec<String>,
    margin: Margin,
}

async fn known(ctx: &Ctx, id: ModelId) -> kernel::Result<Known> {
    let who = ctx.actor();
    db::read!(ctx.app.db(), who.org, |tx| {
        let model = store::get(tx, who.org, id).await?;
        let types = device_type::store::list(tx, who.org, 500).await?;
        Ok(Known {
            company: company::store::get(tx, who.org, model.company).await?,
            device_type: device_type::store::get(tx, who.org, model.device_type).await?,
            devices: list::of_models(tx, who, &[id]).await?.get(&id.uuid()).copied().unwrap_or(0),
            types: types.into_iter().map(|t| t.name).collect(),
            margin: Margin::of(tx, &noted::of_model(who, &model)).await?,
            model,
        })
    })
}

fn read_id(text: &str) -> Result<ModelId, Problem> {
    text.parse().map_err(|_| Problem::not_found("this model"))
}

/// `GET /models/{id}`.
async fn show(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let known = known(&ctx, read_id(&id)?).await?;
    let (name, type_name) = (known.model.name.clone(), known.device_type.name.clone());
    let typed = Form::from_pairs(&[("name", name.as_str()), ("type", type_name.as_str())]);
    Ok(draw(&ctx, &known, &typed, &Faults::default()))
}

/// `POST /models/{id}`.
async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let id = read_id(&id)?;
    let saved = once!(ctx, form, "fleet.model.change", |tx, who| {
        let fields = (form.text("name"), form.text("type"));
        let model = actions::change(tx, who, id, form.version(), fields, form.some("reason")).await?;
        Ok(Done::new(format!("/models/{id}"), format!("{} is saved.", model.name)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let faults = Faults::of_problem(problem)?;
            Ok(draw(&ctx, &known(&ctx, id).await?, &form, &faults))
        }
    }
}

fn draw(ctx: &Ctx, known: &Known, typed: &Form, faults: &Faults) -> axum::response::Response {
    let Known { model, company, device_type, .. } = known;
    let risk = risk_of(device_type.risk);
    let identity = html! { span { (device_type.name) ". " (company.name) } };
    let facts = [
        Fact::new("Maker", html! { a href={ "/models?maker=" (company.id) } { (company.name) } }),
        Fact::new("Type", html! { a href={ "/models?type=" (device_type.id) } { (device_type.name) } }),
        Fact::new("Risk", risk_word(risk, risk.word())).note("By its type"),
        Fact::new("Devices", html! { a href={ "/devices?model=" (model.id) } { (count(known.devices)) } })
            .note("Retired, returned and cancelled ones left out"),
    ];
    let sentence = match known.devices {
        0 => format!("No device of the {} is here now.", model.name),
        n => format!("{} of the {} {} here.", devices(n), model.name, if n == 1 { "is" } else { "are" }),
    };
    let edit = ctx.actor().may_everywhere(permit::MODEL_EDIT);
    let main = html! {
        (strip(&facts))
        (split(
            &html! {
                @if edit { (form(known, typed, faults)) }
                (known.margin.main(ctx, &noted::of_model(ctx.actor(), model)))
            },
            &known.margin.aside(ctx, &noted::of_model(ctx.actor(), model)),
        ))
    };
    let actions = html! {
        (link_button("Show devices", format!("/devices?model={}", model.id)).icon(Icon::Devices))
    };
    let crumbs = [("Models".to_owned(), "/models".to_owned())];
    let page = ctx.page(format!("{} {}", company.name, model.name), "/models").under(crumbs);
    let head = record_head(DeviceGlyph::from_type_name(&device_type.name), &identity, &sentence);
    page.head(head).actions(actions).status(faults.status()).show(main)
}

fn form(known: &Known, typed: &Form, faults: &Faults) -> Markup {
    let model = &known.model;
    let field =
        |name: &str, label: &str| Field::text(name, label).value(typed.text(name)).error(faults.at(name));
    let inside = html! {
        div.fields {
            (field("name", "Model").required().hint("As it stands on the nameplate."))
            (suggesting(
                &field("type", "Type").required().autocomplete("off")
                    .hint(format!("Another type gives {} its risk level.", devices(known.devices))),
                "type",
                &known.types,
            ))
            (field("reason", "Why").optional("optional"))
        }
        (web::look::form_foot(&html! { (button("Save changes").primary().busy("Saving")) }))
    };
    let body = html! {
        (faults.summary())
        @if faults.stale().is_some() {
            (changed(&format!("It is now “{}”, of the type “{}”.", model.name, known.device_type.name)))
        }
        (posted_form(&format!("/models/{}", model.id), model.version, &inside))
    };
    Section::new("Name and type", body).render()
}

/// Somebody else was faster; what they wrote stands here, what was typed stands in the fields.
pub(crate) fn changed(now: &str) -> Markup {
    web::look::message(
        web::look::Tone::Warn,
        &html! {
            b { "Somebody else changed this while you had it open. Nothing of yours was saved." }
            " " (now) " What you typed is kept. Check it, and send it again."
        },
    )
}

/// The answer line of a catalogue page.
pub(crate) fn said(sentence: &str, sub: &str) -> Markup {
    answer(sentence, Some(sub))
}
