//! The list of models, and one model.

use axum::extract::{Path, RawQuery};
use kernel::{Cursor, Keyset, Problem};
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{
        Column, DeviceGlyph, Pager, PhoneSlot, QueryBar, Row, Tab, Table, answer, empty_state, glyph,
        link_button, list::list_page, quiet_answer, tabs,
    },
};

use super::{
    ModelId, entry,
    list::{self, Counts, Listed, Wanted},
};
use crate::{
    catalogue::history::From,
    device::pages::words::{count, risk_letter},
    permit,
};

/// The pages and actions of models.
pub(crate) fn routes() -> Vec<Route> {
    let view = Gate::Permit(permit::MODEL_VIEW);
    vec![
        Route::get("/models", view, page),
        Route::get("/models/{id}", view, show),
        Route::get("/models/{id}/edit", Gate::Permit(permit::MODEL_EDIT), edit),
        Route::post("/models/{id}/edit", Gate::Permit(permit::MODEL_EDIT), save),
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

/// `GET /models/{id}`, with `?below=…&before=…` for older events.
async fn show(ctx: Ctx, Path(id): Path<String>, RawQuery(query): RawQuery) -> Reply {
    super::show::page(ctx, entry::read_id(&id)?, From::read(query.as_deref())).await
}

/// `GET /models/{id}/edit`.
async fn edit(ctx: Ctx, Path(id): Path<String>) -> Reply {
    entry::page(ctx, entry::read_id(&id)?).await
}

/// `POST /models/{id}/edit`.
async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    entry::save(ctx, entry::read_id(&id)?, form).await
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
