//! The form of a maker.

use db::Tx;
use kernel::{Actor, FieldError, Id, OrgId, Problem, Result};
use maud::{Markup, html};
use web::{
    Ctx, Form, Reply,
    look::{Column, Field, Row, Table, answer, button, fieldset, form_foot, link_button},
};

use super::{Company, CompanyId, MOST, Owner, Values, actions, store};
use crate::{
    catalogue::READ,
    model::pages::changed,
    permit,
    posted::{Done, Faults, form as posted_form, once, suggesting},
};

/// Rows for further owners.
const MORE: usize = 2;
/// The names of the fields of owners, each followed by its position.
const OWNER: [&str; 4] = ["owner", "owner_from", "owner_until", "owner_source"];

/// What the form shows beside what is typed.
struct Known {
    company: Company,
    others: Vec<Company>,
}

async fn known(tx: &mut Tx, org: OrgId, id: CompanyId) -> Result<Known> {
    let company = store::get(tx, org, id).await?;
    let mut others = store::list(tx, org, READ).await?;
    others.retain(|one| one.id != id);
    Ok(Known { company, others })
}

/// Reads an id of an address.
pub(super) fn read_id(text: &str) -> Result<CompanyId> {
    text.parse::<Id<Company>>().map_err(|_| Problem::not_found("this maker"))
}

/// `GET /makers/{id}/edit`.
pub(super) async fn page(ctx: Ctx, id: CompanyId) -> Reply {
    ctx.actor().need_everywhere(permit::MODEL_EDIT)?;
    let org = ctx.actor().org;
    let known = db::read!(ctx.app.db(), org, |tx| known(tx, org, id).await)?;
    let typed = filled(&known);
    Ok(draw(&ctx, &known, &typed, &Faults::default()))
}

/// `POST /makers/{id}/edit`.
pub(super) async fn save(ctx: Ctx, id: CompanyId, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.company.change", |tx, who| {
        who.need_everywhere(permit::MODEL_EDIT)?;
        let (values, rows) = typed(tx, who, &form).await?;
        let after = actions::change(tx, who, id, form.version(), &values, form.some("reason"));
        let after = after.await.map_err(|problem| in_rows(problem, &rows))?;
        Ok(Done::new(format!("/makers/{id}"), format!("{} is saved.", after.name)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => {
            let org = ctx.actor().org;
            let mut faults = Faults::of_problem(problem)?;
            faults.rename(&["owners"], "owner_0");
            let known = db::read!(ctx.app.db(), org, |tx| known(tx, org, id).await)?;
            Ok(draw(&ctx, &known, &form, &faults))
        }
    }
}

/// A position among owners, as the name of a field.
fn at(field: &str, n: usize) -> String {
    format!("{field}_{n}")
}

/// Names the fields of owners by the rows in which they were typed, between which some may be empty.
fn in_rows(problem: Problem, rows: &[usize]) -> Problem {
    let Problem::Invalid { mut fields } = problem else { return problem };
    for field in &mut fields {
        let row = field.field.rsplit_once('_').filter(|(part, _)| OWNER.contains(part));
        let row = row.and_then(|(part, n)| Some(at(part, *rows.get(n.parse::<usize>().ok()?)?)));
        if let Some(row) = row {
            field.field = row.into();
        }
    }
    Problem::Invalid { fields }
}

/// What the form says, and in which rows the owners stand. An owner that is not on record yet is recorded with it.
async fn typed(tx: &mut Tx, who: &Actor, form: &Form) -> Result<(Values, Vec<usize>)> {
    let mut errors = Vec::new();
    let mut owners = Vec::new();
    for n in 0..MOST + MORE {
        let [name, from, until, source] = OWNER.map(|field| form.text(&at(field, n)));
        if [name, from, until, source].iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        let mut day = |field: &str, text: &str| {
            let wrong = |message| FieldError { field: at(field, n).into(), message };
            let some = Some(text).filter(|text| !text.trim().is_empty())?;
            kernel::read_day(some).map_err(|e| errors.push(wrong(e))).ok()
        };
        let (from, until) = (day(OWNER[1], from), day(OWNER[2], until));
        if name.trim().is_empty() {
            let message = "The owner is missing. Write it, or leave the whole row empty.".to_owned();
            errors.push(FieldError { field: at(OWNER[0], n).into(), message });
            continue;
        }
        match actions::find_or_add(tx, who, name).await {
            Ok(owner) => {
                let source = Some(source.to_owned()).filter(|text| !text.trim().is_empty());
                owners.push((n, Owner { company: owner.id, from, until, source }));
            }
            Err(Problem::Invalid { fields }) => errors.extend(
                fields.into_iter().map(|field| FieldError { field: at(OWNER[0], n).into(), ..field }),
            ),
            Err(other) => return Err(other),
        }
    }
    web::form::check(errors)?;
    let aliases = form.text("aliases").lines().map(str::to_owned).collect();
    let (rows, owners) = owners.into_iter().unzip();
    Ok((Values { name: form.text("name").to_owned(), aliases, owners }, rows))
}

/// The form as it is before anybody types.
fn filled(known: &Known) -> Form {
    let company = &known.company;
    let mut pairs =
        vec![("name".to_owned(), company.name.clone()), ("aliases".to_owned(), company.aliases.join("\n"))];
    for (n, owner) in company.owners.iter().enumerate() {
        let name = known.others.iter().find(|one| one.id == owner.company).map(|one| one.name.clone());
        let day = |day: Option<kernel::Date>| day.map(|day| day.to_string());
        let values = [name, day(owner.from), day(owner.until), owner.source.clone()];
        let some = OWNER.into_iter().zip(values);
        pairs.extend(some.filter_map(|(field, value)| value.map(|value| (at(field, n), value))));
    }
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    Form::from_pairs(&pairs)
}

fn draw(ctx: &Ctx, known: &Known, typed: &Form, faults: &Faults) -> axum::response::Response {
    let company = &known.company;
    let href = format!("/makers/{}", company.id);
    let inside = html! {
        (names(typed, faults))
        (owners(known, typed, faults))
        div.fields { (text(typed, faults, "reason", "Why").optional("optional")) }
        (form_foot(&html! {
            (link_button("Cancel", href.clone()))
            (button("Save changes").primary().busy("Saving"))
        }))
    };
    let body = html! {
        (answer(&format!("What is known of {}", company.name), None))
        (faults.summary())
        @if faults.stale().is_some() { (changed(&format!("It is now “{}”.", company.name))) }
        (posted_form(&format!("{href}/edit"), company.version, &inside))
    };
    let crumbs = [
        ("Models".to_owned(), "/models".to_owned()),
        ("Makers".to_owned(), "/makers".to_owned()),
        (company.name.clone(), href),
    ];
    ctx.page("Edit", "/models").under(crumbs).status(faults.status()).show(body)
}

fn text(typed: &Form, faults: &Faults, name: &str, label: &str) -> Field {
    Field::text(name, label).value(typed.text(name)).error(faults.at(name))
}

fn names(typed: &Form, faults: &Faults) -> Markup {
    let aliases =
        Field::area("aliases", "Other names", 4).value(typed.text("aliases")).error(faults.at("aliases"));
    fieldset(
        "Names",
        None,
        &html! {
            (text(typed, faults, "name", "Name").required().hint("As it stands on its products."))
            (aliases.optional("optional").hint(
                "One a line: former names, names of its parts, common misspellings. Files and searches that say one of them mean \
                 this maker."
            ))
        },
    )
}

/// A row each for the owners that are there, and some more.
fn owners(known: &Known, typed: &Form, faults: &Faults) -> Markup {
    let used = (0..MOST).rev().find(|n| OWNER.iter().any(|field| !typed.text(&at(field, *n)).is_empty()));
    let rows = used.map_or(0, |n| n + 1).max(known.company.owners.len()) + MORE;
    let columns =
        ["Owner", "First day", "Last day", "Where from"].into_iter().map(Column::new).collect::<Vec<_>>();
    let offered: Vec<String> = known.others.iter().map(|one| one.name.clone()).collect();
    let rows = (0..rows)
        .map(|n| {
            let [name, from, until, source] = OWNER.map(|field| at(field, n));
            let nth = n + 1;
            let field = |name: &str, label: &str| text(typed, faults, name, &format!("{label} {nth}")).bare();
            let day = |name: &str, label: &str| {
                Field::date(name, format!("{label} {nth}"))
                    .value(typed.text(name))
                    .error(faults.at(name))
                    .bare()
            };
            Row::new(vec![
                html! { (suggesting(&field(&name, "Owner").autocomplete("off"), &name, &offered)) },
                html! { (day(&from, "First day of owner")) },
                html! { (day(&until, "Last day of owner")) },
                html! { (field(&source, "Where it is known from, owner")) },
            ])
        })
        .collect();
    fieldset(
        "Owners",
        Some(
            "To whom it belonged, and since when. Empty days mean that nobody knows since when, or that it lasts.",
        ),
        &html! { (Table::new("Owners", columns, rows)) },
    )
}
