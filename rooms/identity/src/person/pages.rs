//! Adding a person, and showing a one-time password once.

use axum::response::Response;
use kernel::{Problem, Result, Role, Scope};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route, Stop, form,
    look::{self, Choice, Field, Tone, Width},
};

use super::{Add, Fresh, Person, add, list, show};
use crate::{
    Front, Sent,
    account::generate,
    department,
    filled::{Filled, Refused},
    grant::{self, Names},
    permit, site,
};

pub(crate) fn routes() -> Vec<Route> {
    let see = Gate::Permit(permit::PERSON_VIEW);
    let manage = Gate::Permit(permit::PERSON_MANAGE);
    vec![
        Route::get("/people", see, list::show),
        Route::get("/people/new", manage, new),
        Route::post("/people/new", manage, keep),
        Route::get("/people/{id}", see, show::show),
        Route::post("/people/{id}", manage, show::save),
        Route::post("/people/{id}/active", manage, show::set_active),
        Route::post("/people/{id}/password", manage, show::renew_password),
        Route::post("/people/{id}/roles", manage, show::give_role),
        Route::post("/people/{id}/roles/{grant}/end", manage, show::end_role),
    ]
}

/// The hasher all requests share.
pub(super) fn front(ctx: &Ctx) -> Result<&Front> {
    ctx.app.room::<Front>().ok_or_else(|| Problem::bug("no Front among the rooms"))
}

async fn new(ctx: Ctx) -> Reply {
    new_page(&ctx, Filled::EMPTY).await
}

async fn keep(ctx: Ctx, form: Form) -> Reply {
    match try_keep(&ctx, &form).await {
        Ok(done) => Ok(done),
        Err(problem) => new_page(&ctx, Filled::refused(&form, &Refused::of(problem)?)).await,
    }
}

async fn try_keep(ctx: &Ctx, form: &Form) -> Result<Response> {
    let (role, scope) = read_role(form)?;
    let person = Add {
        name: form.text("person_name").to_owned(),
        email: form.text("email").to_owned(),
        role,
        scope,
        password: None,
    };
    let (who, password) = (ctx.actor(), generate());
    let hash = front(ctx)?.hasher().hash(&password).await?;
    let (person, fresh) = db::write!(ctx.app.db(), who.org, |tx| {
        add(tx, who, &person, hash.clone(), true, Sent::form(form)).await
    })?;
    Ok(one_time_page(ctx, &person, (fresh == Fresh::Now).then_some(password.as_str())))
}

/// Reads the fields `role` and `scope`.
pub(super) fn read_role(form: &Form) -> Result<(Role, Scope)> {
    let role: Role =
        form.text("role").parse().map_err(|_| Problem::invalid("role", "Choose a role from the list."))?;
    let scope = grant::scope_from_code(form.text("scope"))
        .ok_or_else(|| Problem::invalid("scope", "Choose from the list where the role holds."))?;
    Ok((role, scope))
}

/// The fields of a role and of the places where this person may give roles.
pub(super) fn role_fields(ctx: &Ctx, names: &Names, filled: Filled<'_>) -> Markup {
    let roles = Role::ALL.into_iter().map(|role| Choice::new(role.code(), role.on_page())).collect();
    let places = reachable(ctx, names);
    let first = places.first().map(|choice| choice.value.clone()).unwrap_or_default();
    let role = Field::select("role", "Role", roles).required().width(Width::Medium);
    let scope = Field::select("scope", "Where", places)
        .required()
        .hint("A role at a site or department reaches everything below it.");
    html! {
        (filled.field("role", role, Role::Technician.code()))
        (filled.field("scope", scope, &first))
    }
}

fn reachable(ctx: &Ctx, names: &Names) -> Vec<Choice> {
    let who = ctx.actor();
    let scopes = names
        .sites
        .iter()
        .map(|site| (Scope::Site(site.id), None))
        .chain(names.departments.values().map(|d| (Scope::Department(d.id), Some(d))));
    let mut choices: Vec<Choice> = scopes
        .filter(|(scope, department)| grant::may_manage(who, *scope, *department))
        .map(|(scope, _)| Choice::new(grant::scope_code(scope), names.scope(scope)))
        .collect();
    choices.sort_by_key(|choice| (choice.value.starts_with("department"), kernel::fold(&choice.label)));
    if grant::may_manage(who, Scope::Org, None) {
        choices.insert(0, Choice::new(grant::scope_code(Scope::Org), names.scope(Scope::Org)));
    }
    choices
}

async fn new_page(ctx: &Ctx, filled: Filled<'_>) -> Result<Response, Stop> {
    let org = ctx.org.id;
    let names = db::read!(ctx.app.db(), org, |tx| {
        Ok(Names::new(site::list(tx, org).await?, department::all(tx, org).await?))
    })?;
    let main = html! {
        (look::answer("Add a person.", Some("They get a password that they must change at the first sign-in.")))
        (filled.summary())
        form method="post" action="/people/new" {
            (form::once())
            div.fields {
                (filled.field("person_name", Field::text("person_name", "Name").required().autocomplete("off"), ""))
                (filled.field("email", Field::email("email", "E-mail").required().autocomplete("off")
                    .hint("They sign in with it. It must be theirs alone."), ""))
                (role_fields(ctx, &names, filled))
            }
            (look::form_foot(&html! {
                (look::button("Add person").primary().busy("Adding"))
                (look::link_button("Cancel", "/people").ghost())
            }))
        }
    };
    let page = ctx.page("Add person", "/people").status(filled.status());
    Ok(page.under([("People".to_owned(), "/people".to_owned())]).show(main))
}

/// Shows a one-time password, once; `None` when the form was sent again after it had been shown.
pub(super) fn one_time_page(ctx: &Ctx, person: &Person, password: Option<&str>) -> Response {
    let sentence = match password {
        Some(_) => format!("Give {} this password now. It is not shown again.", person.name),
        None => format!("The password of {} was already shown.", person.name),
    };
    let back = format!("/people/{}", person.id);
    let main = html! {
        (look::answer(&sentence, Some("It must be changed at the first sign-in.")))
        @if let Some(password) = password {
            (look::ledger::ledger(&[
                ("E-mail", html! { span.id { (person.email) } }),
                ("Password", html! {
                    b.id { (password) } " " (look::copy_button(password, "Copy the password", "Copied"))
                }),
            ]))
        } @else {
            (look::message(Tone::Accent, &html! { "This form was sent twice. If nobody noted the password, make a new one." }))
        }
        (look::form_foot(&html! { (look::link_button("Done", &back).primary()) }))
    };
    let page = ctx.page("One-time password", "/people");
    page.under([("People".to_owned(), "/people".to_owned()), (person.name.clone(), back.clone())]).show(main)
}
