//! Makers: one page on which a misspelt name is put right.

use axum::extract::RawQuery;
use kernel::Problem;
use maud::{Markup, Render as _, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{
        Column, Icon, PhoneSlot, QueryBar, Row, Table, button, empty_state, hidden, icon_sized, link_button,
        list::list_page,
    },
};

use super::{Company, CompanyId, actions, store};
use crate::{
    device::pages::words::count,
    model::{
        list::{self, Counts},
        pages::{changed, said, views},
    },
    permit,
    posted::{Done, Faults, once},
};

/// Makers read at once; a house has some hundreds.
const READ: u32 = 5_000;
/// Makers shown at once; the search finds the others.
const SHOWN: usize = 200;

/// The pages and actions of makers.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::get("/makers", Gate::Permit(permit::MODEL_VIEW), page),
        Route::post("/makers", Gate::Permit(permit::MODEL_EDIT), save),
    ]
}

/// What the page is asked.
#[derive(Default)]
struct Asked {
    text: String,
    /// The maker whose name may be typed.
    edit: Option<CompanyId>,
}

/// `GET /makers`, with `?q=`, and `?edit=` to rename one.
async fn page(ctx: Ctx, RawQuery(query): RawQuery) -> Reply {
    let mut asked = Asked::default();
    for (name, value) in form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes()) {
        match &*name {
            "q" => asked.text = value.trim().chars().take(200).collect(),
            "edit" => asked.edit = value.parse().ok(),
            _ => {}
        }
    }
    draw(&ctx, &asked, &Form::default(), &Faults::default()).await
}

/// `POST /makers`: one row.
async fn save(ctx: Ctx, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.company.rename", |tx, who| {
        let id: CompanyId = form.text("id").parse().map_err(|_| Problem::not_found("this maker"))?;
        let after = actions::rename(tx, who, id, form.version(), form.text("name")).await?;
        Ok(Done::new("/makers", format!("{} is saved.", after.name)))
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
    let who = ctx.actor();
    let (all, counts) = db::read!(ctx.app.db(), who.org, |tx| {
        Ok::<_, Problem>((store::list(tx, who.org, READ).await?, list::of_companies(tx, who).await?))
    })?;
    let words = kernel::fold(&asked.text);
    let found: Vec<&Company> = all.iter().filter(|c| words.split(' ').all(|w| c.key().contains(w))).collect();
    let now =
        all.iter().find(|c| c.id.to_string() == typed.text("id")).map(|c| format!("It is now “{}”.", c.name));
    let sentence = match all.len() {
        0 => "No makers are on record yet.".to_owned(),
        1 => "1 maker is on record.".to_owned(),
        n => format!("{} makers are on record.", count(n as i64)),
    };
    let list = html! {
        (views("/makers"))
        (said(&sentence, "A name put right here is put right on every model and found by it a moment later."))
        (faults.summary())
        @if faults.stale().is_some() { (changed(now.as_deref().unwrap_or_default())) }
        (QueryBar::new("/makers", "Search makers", "Search").query(&asked.text).placeholder("A part of the name"))
        @if found.is_empty() { (empty_state("No maker matches.", "Try a part of the name.", None)) }
        @else { (table(ctx, asked, &found, &counts, typed, faults)) }
        @if found.len() > SHOWN {
            p.sec.sm { "The first " (SHOWN) " of " (count(found.len() as i64)) ". Search to see the others." }
        }
    };
    Ok(ctx.page("Makers", "/models").status(faults.status()).show(list_page(None, &list)))
}

fn table(
    ctx: &Ctx,
    asked: &Asked,
    found: &[&Company],
    counts: &Counts,
    typed: &Form,
    faults: &Faults,
) -> Markup {
    let edit = ctx.actor().may_everywhere(permit::MODEL_EDIT);
    let mut columns = vec![
        Column::new("Maker").phone(PhoneSlot::Title),
        Column::new("Devices").num().phone(PhoneSlot::Due),
    ];
    if edit {
        columns.push(Column::new("Change").unnamed().num().phone(PhoneSlot::Place));
    }
    let rows = found
        .iter()
        .take(SHOWN)
        .map(|c| {
            let n = counts.get(&c.id.uuid()).copied().unwrap_or(0);
            let named = edit && asked.edit == Some(c.id);
            let mine = (typed.text("id") == c.id.to_string()).then_some(typed);
            let mut cells = vec![
                html! {
                    @if named { (row_form(c, mine, faults)) }
                    @else { a href={ "/models?maker=" (c.id) } { (c.name) } }
                },
                html! { @if n > 0 { a href={ "/devices?maker=" (c.id) } { (count(n)) } } @else { span.mute { "0" } } },
            ];
            if edit {
                let rename = link_button("Rename", format!("/makers?edit={}#row-{}", c.id, c.id)).small().ghost();
                let save = button("Save").small().busy("Saving").form(format!("row-{}", c.id));
                cells.push(if named { save.render() } else { rename.render() });
            }
            Row::new(cells)
        })
        .collect();
    Table::new("Makers", columns, rows).list().render()
}

fn row_form(company: &Company, typed: Option<&Form>, faults: &Faults) -> Markup {
    let name = typed.map_or(company.name.as_str(), |f| f.text("name"));
    html! {
        form method="post" action="/makers" id={ "row-" (company.id) } {
            (web::form::once())
            (hidden("id", &company.id.to_string()))
            (hidden("version", &company.version.to_string()))
            input.inp name="name" value=(name) aria-label={ "Name of " (company.name) } required;
            @if let Some(words) = typed.and_then(|_| faults.at("name")) {
                p.ferr id="f-name" { (icon_sized(Icon::CircleAlert, 13, "")) span { (words) } }
            }
        }
    }
}
