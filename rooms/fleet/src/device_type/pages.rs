//! Device types: one page on which their risk levels are decided.

use axum::{extract::RawQuery, response::Response};
use kernel::Problem;
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{
        Column, DeviceGlyph, Icon, PhoneSlot, QueryBar, Row, Table, button, empty_state, glyph, hidden,
        icon_sized, link_button, list::list_page,
    },
};

use super::{DeviceType, DeviceTypeId, RiskLevel, actions, store};
use crate::{
    device::pages::words::{count, devices, risk_letter},
    model::{
        list::{self, Counts},
        pages::{changed, said, views},
    },
    permit,
    posted::{Done, Faults, once},
};

/// Types read at once; a house has some hundreds.
const READ: u32 = 5_000;
/// Types shown at once; the search finds the others.
const SHOWN: usize = 200;

/// The pages and actions of device types.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/types", Gate::Permit(permit::MODEL_VIEW), page),
        Route::post("/types", Gate::Permit(permit::MODEL_EDIT), save),
    ]
}

/// What the page is asked.
#[derive(Default)]
struct Asked {
    text: String,
    /// Only types without a risk level.
    undecided: bool,
    /// The type whose name may be typed.
    edit: Option<DeviceTypeId>,
}

/// `GET /types`, with `?q=`, `?undecided=1`, and `?edit=` to rename one.
async fn page(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let mut asked = Asked::default();
    for (name, value) in form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes()) {
        match &*name {
            "q" => asked.text = value.trim().chars().take(200).collect(),
            "undecided" => asked.undecided = value == "1",
            "edit" => asked.edit = value.parse().ok(),
            _ => {}
        }
    }
    draw(&ctx, &asked, &Form::default(), &Faults::default()).await
}

/// `POST /types`: one row.
async fn save(ctx: Ctx, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device_type.change", |tx, who| {
        let id: DeviceTypeId = form.text("id").parse().map_err(|_| Problem::not_found("this device type"))?;
        let risk = match form.some("risk") {
            Some(code) => {
                Some(code.parse::<RiskLevel>().map_err(|e| Problem::invalid("risk", format!("{e}.")))?)
            }
            None => None,
        };
        let after = actions::change(tx, who, id, form.version(), (form.text("name"), risk), None).await?;
        let n = list::of_types(tx, who).await?.get(&id.uuid()).copied().unwrap_or(0);
        let level = after.risk.map_or("risk not decided yet", RiskLevel::on_page).to_lowercase();
        Ok(Done::new(
            format!("/types#t-{id}"),
            format!("{}: {level}. It holds for {}.", after.name, devices(n)),
        ))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let faults = Faults::of_problem(problem)?;
            let asked = Asked { edit: form.text("id").parse().ok(), ..Asked::default() };
            draw(&ctx, &asked, &form, &faults).await
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
    let found: Vec<&DeviceType> = all
        .iter()
        .filter(|t| words.split(' ').all(|w| t.key().contains(w)) && (!open || t.risk.is_none()))
        .collect();
    let mut bar = QueryBar::new("/types", "Search types", "Search")
        .query(&asked.text)
        .placeholder("A part of the name");
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
        @if found.is_empty() { (empty_state("No type matches.", "Try a part of its name.", None)) }
        @else { (table(ctx, asked, &found, &counts, typed, faults)) }
        @if found.len() > SHOWN {
            p.sec.sm { "The first " (SHOWN) " of " (count(found.len() as i64)) ". Search to see the others." }
        }
    };
    let page: Response = ctx.page("Types", "/models").status(faults.status()).show(list_page(None, &list));
    Ok(page)
}

/// What the row says now that somebody else has changed it.
fn present(all: &[DeviceType], typed: &Form) -> String {
    all.iter().find(|t| t.id.to_string() == typed.text("id")).map_or_else(String::new, |t| {
        format!(
            "It is now “{}”, {}.",
            t.name,
            t.risk.map_or("not decided yet", RiskLevel::on_page).to_lowercase()
        )
    })
}

fn table(
    ctx: &Ctx,
    asked: &Asked,
    found: &[&DeviceType],
    counts: &Counts,
    typed: &Form,
    faults: &Faults,
) -> Markup {
    let edit = ctx.actor().may_everywhere(permit::MODEL_EDIT);
    let mut columns = vec![
        Column::new("Type").phone(PhoneSlot::Title),
        Column::new("Devices").num().phone(PhoneSlot::Due),
        Column::new("Risk level").phone(PhoneSlot::Tag),
    ];
    if edit {
        columns.push(Column::new("Change").unnamed().num().phone(PhoneSlot::Place));
    }
    let rows = found
        .iter()
        .take(SHOWN)
        .map(|t| {
            let n = counts.get(&t.id.uuid()).copied().unwrap_or(0);
            let mine = (typed.text("id") == t.id.to_string()).then_some(typed);
            let named = edit && asked.edit == Some(t.id);
            let mut cells = vec![
                name_cell(t, named, mine, faults),
                html! { @if n > 0 { a href={ "/devices?type=" (t.id) } { (count(n)) } } @else { span.mute { "0" } } },
                if edit { risk_cell(t, mine, faults) } else { risk_letter(t.risk) },
            ];
            if edit {
                cells.push(save_cell(t, n, named));
            }
            Row::new(cells)
        })
        .collect();
    Table::new("Device types", columns, rows).list().render()
}

/// The id of a row's form; its fields stand in several cells.
fn form_id(t: &DeviceType) -> String {
    format!("row-{}", t.id)
}

fn wrong(faults: &Faults, field: &str) -> Markup {
    html! {
        @if let Some(words) = faults.at(field) {
            p.ferr id={ "f-" (field) } { (icon_sized(Icon::CircleAlert, 13, "")) span { (words) } }
        }
    }
}

fn name_cell(t: &DeviceType, named: bool, typed: Option<&Form>, faults: &Faults) -> Markup {
    let name = typed.map_or(t.name.as_str(), |f| f.text("name"));
    html! {
        span.glc id={ "t-" (t.id) } {
            (glyph(DeviceGlyph::from_type_name(&t.name), 17))
            @if !named { a href={ "/models?type=" (t.id) } { (t.name) } }
        }
        @if named {
            input.inp name="name" value=(name) form=(form_id(t)) aria-label={ "Name of " (t.name) } required;
            (wrong(faults, "name"))
        }
    }
}

fn risk_cell(t: &DeviceType, typed: Option<&Form>, faults: &Faults) -> Markup {
    let level = typed.map_or(t.risk.map_or("", RiskLevel::code), |f| f.text("risk"));
    html! {
        span.selw {
            select.inp.w-m name="risk" form=(form_id(t)) aria-label={ "Risk level of " (t.name) } {
                @if t.risk.is_none() { option value="" { "Not decided yet" } }
                @for risk in RiskLevel::ALL {
                    option value=(risk.code()) selected[risk.code() == level] { (risk.on_page()) }
                }
            }
            (icon_sized(Icon::ChevronDown, 13, "mute"))
        }
        @if typed.is_some() { (wrong(faults, "risk")) }
    }
}

/// The form itself, and what saving it touches.
fn save_cell(t: &DeviceType, n: i64, named: bool) -> Markup {
    let save = if n > 0 { format!("Save for {}", devices(n)) } else { "Save".to_owned() };
    html! {
        form.inline method="post" action="/types" id=(form_id(t)) {
            (web::form::once())
            (hidden("id", &t.id.to_string()))
            (hidden("version", &t.version.to_string()))
            @if !named {
                (hidden("name", &t.name))
                (link_button("Rename", format!("/types?edit={}#t-{}", t.id, t.id)).small().ghost())
                " "
            }
            (button(save).small().busy("Saving"))
        }
    }
}
