//! The list of device types, on which their risk levels are decided.

use axum::extract::RawQuery;
use kernel::Problem;
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{DeviceGlyph, Icon, QueryBar, glyph, icon_sized, link_button, list::list_page, marks::risk_word},
};

use super::{DeviceType, DeviceTypeId, RiskLevel, Values, actions, show, store};
use crate::{
    catalogue::{Asked, Kind, Line, READ, form_id, table, wrong},
    device::pages::words::{count, devices, risk_of},
    model::{
        list::{self, Counts},
        pages::{changed, said, views},
    },
    permit,
    posted::{Done, Faults, once},
};

const KIND: Kind = Kind {
    path: "/types",
    page: "/types/",
    noun: "type",
    heads: ["Type", "Device types"],
    extra: Some("Risk level"),
};

/// The pages and actions of device types.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/types", Gate::Permit(permit::MODEL_VIEW), page),
        Route::post("/types", Gate::Permit(permit::MODEL_EDIT), save),
        Route::get("/types/{id}", Gate::Permit(permit::MODEL_VIEW), show::page),
        Route::post("/types/{id}", Gate::Permit(permit::MODEL_EDIT), show::save),
    ]
}

/// `GET /types`, with `?q=`, `?undecided=1`, and `?edit=` to change one.
async fn page(ctx: Ctx, query: RawQuery) -> Reply {
    draw(&ctx, &Asked::read(&query), &Form::default(), &Faults::default()).await
}

/// `POST /types`: one row.
async fn save(ctx: Ctx, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device_type.change", |tx, who| {
        let id: DeviceTypeId = form.text("id").parse().map_err(|_| Problem::not_found("this device type"))?;
        let mut errors = Vec::new();
        let risk = show::level(&form, &mut errors);
        web::form::check(errors)?;
        let before = store::get(tx, who.org, id).await?;
        let values = Values { name: form.text("name").to_owned(), risk, ..before.values() };
        let after = actions::change(tx, who, id, form.version(), &values, None).await?;
        let n = list::of_types(tx, who).await?.get(&id.uuid()).copied().unwrap_or(0);
        let level = after.risk.map_or("risk not decided yet".to_owned(), |risk| in_words(Some(risk)));
        Ok(Done::new(
            format!("/types#t-{id}"),
            format!("{}: {level}. It holds for {}.", after.name, devices(n)),
        ))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let faults = Faults::of_problem(problem)?;
            draw(&ctx, &Asked::again(&form), &form, &faults).await
        }
    }
}

async fn draw(ctx: &Ctx, asked: &Asked, typed: &Form, faults: &Faults) -> Reply {
    let open = asked.undecided;
    let who = ctx.actor();
    let (all, counts) = db::read!(ctx.app.db(), who.org, |tx| {
        Ok::<_, Problem>((store::list(tx, who.org, READ).await?, list::of_types(tx, who).await?))
    })?;
    let undecided = all.iter().filter(|t| t.risk.is_none()).count();
    let words = kernel::fold(&asked.text);
    let mut found: Vec<&DeviceType> =
        all.iter().filter(|t| t.answers(&words) && (!open || t.risk.is_none())).collect();
    // What somebody has to decide comes first; the sort keeps the order of names.
    found.sort_by_key(|t| t.risk.is_some());
    let lines: Vec<Line<'_>> = found.iter().map(|t| line(t, &counts, typed, faults)).collect();
    let mut bar = QueryBar::new("/types", "Search types", "Search")
        .query(&asked.text)
        .placeholder("A part of the name, or a code");
    if open {
        bar = bar.keep("undecided", "1");
    }
    let (href, word) =
        if open { ("/types", "Show all types") } else { ("/types?undecided=1", "Show only those") };
    let bar = bar.actions(html! { @if undecided > 0 || open { (link_button(word, href)) } });
    let sentence = match undecided {
        0 => "Every device type has its risk level.".to_owned(),
        1 => "1 device type has no risk level yet.".to_owned(),
        n => format!("{} device types have no risk level yet.", count(n as i64)),
    };
    let list = html! {
        (views("/types"))
        (said(&sentence, "A level holds for every device of the type that has none of its own."))
        (faults.summary())
        @if faults.stale().is_some() { (changed(&present(&all, typed))) }
        (bar)
        (table(&KIND, asked, &lines, &counts, who.may_everywhere(permit::MODEL_EDIT), (typed, faults)))
        (web::past::link("device_type"))
    };
    let crumbs = [("Models".to_owned(), "/models".to_owned())];
    let page = ctx.page("Types", "/models").under(crumbs);
    Ok(page.status(faults.status()).show(list_page(None, &list)))
}

/// A level within a sentence.
pub(super) fn in_words(risk: Option<RiskLevel>) -> String {
    risk.map_or("not decided yet", RiskLevel::on_page).to_lowercase()
}

/// What the row says now that somebody else has changed it.
fn present(all: &[DeviceType], typed: &Form) -> String {
    all.iter()
        .find(|t| t.id.to_string() == typed.text("id"))
        .map_or_else(String::new, |t| format!("It is now “{}”, {}.", t.name, in_words(t.risk)))
}

fn line<'n>(t: &'n DeviceType, counts: &Counts, typed: &Form, faults: &Faults) -> Line<'n> {
    let risk = risk_of(t.risk);
    Line {
        id: t.id.uuid(),
        version: t.version,
        name: &t.name,
        drawing: glyph(DeviceGlyph::from_type_name(&t.name), 17),
        read: risk_word(risk, risk.word()),
        fields: level(t, typed, faults),
        open: t.risk.is_none(),
        save: match counts.get(&t.id.uuid()) {
            Some(n) if *n > 0 => format!("Save for {}", devices(*n)),
            _ => "Save".to_owned(),
        },
    }
}

/// The choice of a level in the open row.
fn level(t: &DeviceType, typed: &Form, faults: &Faults) -> Markup {
    let mine = typed.text("id") == t.id.to_string();
    let level = if mine { typed.text("risk") } else { t.risk.map_or("", RiskLevel::code) };
    html! {
        span.selw {
            select.inp.w-m name="risk" form=(form_id(t.id.uuid())) aria-label={ "Risk level of " (t.name) } {
                @if t.risk.is_none() { option value="" { "Not decided yet" } }
                @for risk in RiskLevel::ALL {
                    option value=(risk.code()) selected[risk.code() == level] { (risk.on_page()) }
                }
            }
            (icon_sized(Icon::ChevronDown, 13, "mute"))
        }
        @if mine { (wrong(faults, "risk")) }
    }
}
