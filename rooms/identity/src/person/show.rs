//! One person's page: who they are, what they may do where, and what happened to the account.

use axum::{extract::Path, response::Response};
use db::{Event, Tx};
use kernel::{Actor, Instant, PersonId, Problem, Result};
use maud::{Markup, html};
use serde_json::Value;
use web::{
    Ctx, Form, Reply, Stop, form,
    look::{
        self, Fact, Field, Section,
        icon::Icon,
        table::{Column, PhoneSlot, Row, Table},
    },
};

use super::{Fresh, Person, actions, list, pages, store};
use crate::{
    Sent,
    account::{self, generate},
    ask, department,
    filled::{Filled, Refused},
    grant::{self, Names, RoleGrant},
    life, permit, site,
};

const HISTORY: u32 = 50;

struct Shown {
    person: Person,
    held: Vec<RoleGrant>,
    names: Names,
    last: Option<Instant>,
    events: Vec<Event>,
    may_manage: bool,
}

/// The person, if the actor may see them.
pub(super) async fn see(tx: &mut Tx, who: &Actor, id: PersonId) -> Result<Person> {
    let seen = list::visible(tx, who).await?.is_none_or(|people| people.contains(&id));
    if seen { store::get(tx, who.org, id).await } else { Err(Problem::not_found("the person")) }
}

async fn read(tx: &mut Tx, who: &Actor, id: PersonId) -> Result<Shown> {
    let org = who.org;
    let person = see(tx, who, id).await?;
    let ever = grant::of_person_ever(tx, org, id).await?;
    let mut events = db::gate::life(tx, org, "person", id.uuid(), i64::MAX, HISTORY).await?;
    for given in ever.iter().take(HISTORY as usize) {
        events.extend(db::gate::life(tx, org, "role_grant", given.id.uuid(), i64::MAX, 2).await?);
    }
    events.sort_by_key(|event| std::cmp::Reverse((event.recorded_at, event.id)));
    let may_manage = match grant::need_over_all(tx, who, id).await {
        Ok(()) => true,
        Err(Problem::Forbidden { .. }) => false,
        Err(problem) => return Err(problem),
    };
    Ok(Shown {
        person,
        held: grant::of_person(tx, org, id).await?,
        names: Names::new(site::list(tx, org).await?, department::all(tx, org).await?),
        last: account::last_sign_in(tx, org, id).await?,
        events,
        may_manage,
    })
}

pub(super) async fn show(ctx: Ctx, Path(id): Path<String>) -> Reply {
    page(&ctx, &id, Filled::EMPTY).await
}

/// Shows the page again with what is wrong, or ends the request.
async fn back(ctx: &Ctx, id: &str, form: &Form, problem: Problem) -> Result<Response, Stop> {
    page(ctx, id, Filled::refused(form, &Refused::of(problem)?)).await
}

/// Shows the page as it stands now with why a step was refused, such as the last administrator's leaving.
async fn refused(ctx: &Ctx, id: &str, problem: Problem) -> Reply {
    page(ctx, id, Filled::noticed(&Refused::of(problem)?)).await
}

pub(super) async fn save(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, person) = (ctx.actor(), ask::id(&id, "the person")?);
    let typed = (form.text("person_name"), form.text("email"));
    let saved = db::write!(ctx.app.db(), who.org, |tx| {
        see(tx, who, person).await?;
        actions::change(tx, who, person, form.version(), typed, Sent::form(&form)).await
    });
    match saved {
        Ok(_) => Ok(ctx.done(&format!("/people/{id}"), "Saved.")),
        Err(problem) => back(&ctx, &id, &form, problem).await,
    }
}

pub(super) async fn set_active(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, person) = (ctx.actor(), ask::id(&id, "the person")?);
    let active = form.text("active") == "yes";
    let person = db::write!(ctx.app.db(), who.org, |tx| {
        see(tx, who, person).await?;
        actions::set_active(tx, who, person, form.version(), active, Sent::form(&form)).await
    });
    let person = match person {
        Ok(person) => person,
        Err(problem) => return refused(&ctx, &id, problem).await,
    };
    let words = if active { "can sign in again." } else { "is signed out everywhere and cannot sign in." };
    Ok(ctx.done(&format!("/people/{id}"), &format!("{} {words}", person.name)))
}

pub(super) async fn renew_password(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, person) = (ctx.actor(), ask::id(&id, "the person")?);
    let password = generate();
    let hash = pages::front(&ctx)?.hasher().hash(&password).await?;
    let (person, fresh) = db::write!(ctx.app.db(), who.org, |tx| {
        see(tx, who, person).await?;
        actions::renew_password(tx, who, person, hash.clone(), Sent::form(&form)).await
    })?;
    Ok(pages::one_time_page(&ctx, &person, (fresh == Fresh::Now).then_some(password.as_str())))
}

pub(super) async fn give_role(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, person) = (ctx.actor(), ask::id(&id, "the person")?);
    let (role, scope) = match pages::read_role(&form) {
        Ok(read) => read,
        Err(problem) => return back(&ctx, &id, &form, problem).await,
    };
    let given = db::write!(ctx.app.db(), who.org, |tx| {
        see(tx, who, person).await?;
        grant::give(tx, who, person, role, scope, Sent::form(&form)).await
    });
    match given {
        Ok(grant) => Ok(ctx.done(&format!("/people/{id}"), &format!("{} added.", grant.role.on_page()))),
        Err(problem) => back(&ctx, &id, &form, problem).await,
    }
}

pub(super) async fn end_role(ctx: Ctx, Path((id, grant)): Path<(String, String)>, form: Form) -> Reply {
    let (who, person) = (ctx.actor(), ask::id(&id, "the person")?);
    let grant = ask::id(&grant, "this role")?;
    let ended = db::write!(ctx.app.db(), who.org, |tx| {
        see(tx, who, person).await?;
        grant::end(tx, who, person, grant, Sent::form(&form)).await
    });
    let ended = match ended {
        Ok(ended) => ended,
        Err(problem) => return refused(&ctx, &id, problem).await,
    };
    Ok(ctx.done(&format!("/people/{id}"), &format!("{} taken away.", ended.role.on_page())))
}

async fn page(ctx: &Ctx, id: &str, filled: Filled<'_>) -> Result<Response, Stop> {
    let (who, id) = (ctx.actor(), ask::id(id, "the person")?);
    let shown = db::read!(ctx.app.db(), who.org, |tx| read(tx, who, id).await)?;
    let person = &shown.person;
    let record = html! {
        (Section::new("Roles", roles(ctx, &shown)))
        (Section::new("History", history(ctx, &shown)))
    };
    let main = html! {
        (look::answer(&sentence(&shown), Some(&person.email)))
        (filled.summary())
        (look::ledger::strip(&facts(ctx, &shown)))
        @if ctx.may(permit::PERSON_MANAGE) { (look::split(&record, &forms(ctx, &shown, filled))) } @else { (record) }
    };
    let page = ctx.page(person.name.clone(), "/people").status(filled.status());
    Ok(page.under([("People".to_owned(), "/people".to_owned())]).show(main))
}

fn sentence(shown: &Shown) -> String {
    let name = &shown.person.name;
    let roles = life::count(shown.held.len(), "role", "roles");
    match (shown.person.active, shown.held.len()) {
        (false, _) => format!("{name} is switched off and cannot sign in."),
        (true, 0) => format!("{name} can sign in but may do nothing yet: no role."),
        (true, _) if shown.last.is_none() => format!("{name} holds {roles} and has never signed in."),
        (true, _) => format!("{name} can sign in and holds {roles}."),
    }
}

fn facts(ctx: &Ctx, shown: &Shown) -> Vec<Fact> {
    let zone = &ctx.org.zone;
    let person = &shown.person;
    let when = |at: Option<Instant>| at.map_or("Never".to_owned(), |at| at.on_page(zone));
    let password = if person.must_change_password { "One-time, not changed yet" } else { "Chosen by them" };
    vec![
        Fact::new("State", html! { (if person.active { "Active" } else { "Switched off" }) }),
        Fact::new("Last signed in", html! { (when(shown.last)) }),
        Fact::new("Password", html! { (password) }).note(when(person.password_changed_at)),
    ]
}

fn roles(ctx: &Ctx, shown: &Shown) -> Markup {
    let columns = vec![
        Column::new("Role").row_head().phone(PhoneSlot::Title),
        Column::new("Where").phone(PhoneSlot::Tag),
        Column::new("Take away").unnamed().phone(PhoneSlot::Due),
    ];
    let rows = shown.held.iter().map(|grant| role_row(ctx, shown, grant)).collect();
    html! {
        @if shown.held.is_empty() { (look::empty_state("No role.", "Without one this person sees only their account.", None)) }
        @else { (Table::new("Roles", columns, rows)) }
    }
}

/// What may be done: add a role, change the account.
fn forms(ctx: &Ctx, shown: &Shown, filled: Filled<'_>) -> Markup {
    let role = html! {
        form method="post" action={ "/people/" (shown.person.id) "/roles" } {
            (form::once())
            div.fields { (pages::role_fields(ctx, &shown.names, filled)) }
            (look::form_foot(&html! { (look::button("Add role").icon(Icon::Plus).busy("Adding")) }))
        }
    };
    html! {
        (Section::new("Add a role", role))
        @if shown.may_manage { (Section::new("Account", account_forms(shown, filled))) }
    }
}

fn role_row(ctx: &Ctx, shown: &Shown, grant: &RoleGrant) -> Row {
    let department = match grant.scope {
        kernel::Scope::Department(id) => shown.names.departments.get(&id),
        _ => None,
    };
    let may = ctx.may(permit::PERSON_MANAGE) && grant::may_manage(ctx.actor(), grant.scope, department);
    let action = format!("/people/{}/roles/{}/end", shown.person.id, grant.id);
    Row::new(vec![
        html! { (grant.role.on_page()) },
        html! { (shown.names.scope(grant.scope)) },
        html! {
            @if may {
                form.inline method="post" action=(action) {
                    (form::once())
                    (look::button("Take away").small().busy("Taking away"))
                }
            }
        },
    ])
}

fn account_forms(shown: &Shown, filled: Filled<'_>) -> Markup {
    let person = &shown.person;
    let here = format!("/people/{}", person.id);
    let version = person.version.to_string();
    let (word, busy, active) = if person.active {
        ("Switch off", "Switching off", "no")
    } else {
        ("Switch on again", "Switching on", "yes")
    };
    html! {
        form method="post" action=(here) {
            (form::once())
            (look::hidden("version", &filled.version(person.version)))
            div.fields {
                (filled.field("person_name", Field::text("person_name", "Name").required().autocomplete("off"), &person.name))
                (filled.field("email", Field::email("email", "E-mail").required().autocomplete("off"), &person.email))
            }
            (look::form_foot(&html! { (look::button("Save account").busy("Saving")) }))
        }
        div.formfoot {
            form.inline method="post" action={ (here) "/password" } {
                (form::once())
                (look::button("New one-time password").icon(Icon::Key).busy("Making"))
            }
            form.inline method="post" action={ (here) "/active" } {
                (form::once())
                (look::hidden("version", &version))
                (look::hidden("active", active))
                @if person.active { (look::button(word).danger().busy(busy)) } @else { (look::button(word).busy(busy)) }
            }
        }
        p.hint { "Both end all sessions of this person at once." }
    }
}

fn history(ctx: &Ctx, shown: &Shown) -> Markup {
    let zone = &ctx.org.zone;
    life::history(&shown.events, zone, |field, value| match (field, value) {
        ("role", Value::String(code)) => code.parse::<kernel::Role>().ok().map(|r| r.on_page().to_owned()),
        ("scope", value) => serde_json::from_value(value.clone()).ok().map(|scope| shown.names.scope(scope)),
        ("password_changed_at" | "ended_at", Value::Number(at)) => {
            at.as_i64().map(|at| Instant::from_micros(at).on_page(zone))
        }
        _ => None,
    })
}
