//! The page of the first start. It exists until there is an organisation.

use axum::{
    extract::RawQuery,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderValue, header};
use kernel::{Problem, Via};
use maud::html;
use sha2::{Digest as _, Sha256};
use web::{
    Form, Gate, Guest, Reply, Route, cookie,
    look::{self, Field, Width, layout::Bare},
};

use super::{Draft, Origin, create};
use crate::{
    Front, ask,
    filled::Filled,
    org,
    session::{self, Client},
};

pub(crate) fn routes() -> Vec<Route> {
    vec![Route::get("/set-up", Gate::Public, show), Route::post("/set-up", Gate::Public, keep)]
}

fn open_only_before(guest: &Guest) -> kernel::Result<&Front> {
    if guest.org.is_some() {
        return Err(Problem::not_found("this page"));
    }
    guest.app.room::<Front>().ok_or_else(|| Problem::bug("no Front among the rooms"))
}

async fn show(guest: Guest, query: RawQuery) -> Reply {
    open_only_before(&guest)?;
    Ok(page(&guest, Filled::EMPTY, &ask::param(&query, "code")))
}

async fn keep(guest: Guest, form: Form) -> Reply {
    let front = open_only_before(&guest)?;
    match try_keep(&guest, front, &form).await {
        Ok(response) => Ok(response),
        Err(Problem::Invalid { fields }) => Ok(page(&guest, Filled::back(&form, &fields), "")),
        // Somebody else was faster, or this form was sent twice: from now on there is nothing here.
        Err(Problem::Conflict { code: "identity.setup.done", .. }) => {
            Err(Problem::not_found("this page").into())
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn try_keep(guest: &Guest, front: &Front, form: &Form) -> kernel::Result<Response> {
    // Hashes are compared, so the time taken tells nothing of the code.
    if Sha256::digest(form.text("code")) != Sha256::digest(front.set_up_code()) {
        let message = "This is not the code the server printed when it started. Copy it from there.";
        return Err(Problem::invalid("code", message));
    }
    let at = guest.app.now();
    let draft = Draft {
        org_name: form.text("org_name").to_owned(),
        base_url: form.text("base_url").to_owned(),
        site_name: form.text("site_name").to_owned(),
        time_zone: form.text("time_zone").to_owned(),
        currency: form.text("currency").to_owned(),
        beds: form.text("beds").to_owned(),
        person_name: form.text("person_name").to_owned(),
        email: form.text("email").to_owned(),
        password: form.exact("password").to_owned(),
        again: form.exact("again").to_owned(),
    };
    let prepared = draft.prepare(front.hasher(), at).await?;
    let client = Client { browser: guest.browser.clone(), address: guest.address.clone() };
    let origin = Origin { via: Via::Page, request: guest.request.clone(), at, client: Some(client) };
    let made = create(guest.app.db(), &prepared, &origin).await?;
    tracing::info!(request = guest.request.as_str(), org = %made.org, "set up");
    let mut response = Redirect::to("/devices").into_response();
    let secure = guest.app.secure_cookies();
    let cookie = cookie::session(&made.token.unwrap_or_default(), secure, session::LIFE);
    let cookie = HeaderValue::from_str(&cookie).map_err(Problem::bug)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

fn page(guest: &Guest, filled: Filled<'_>, code: &str) -> Response {
    let field = |name: &str, field: Field, present: &str| filled.field(name, field, present);
    let organisation = html! {
        (field("org_name", Field::text("org_name", "Name").required().autocomplete("organization"), ""))
        (field("base_url", Field::text("base_url", "Base address").optional("optional").inputmode("url")
            .hint("Where people will open Baton, such as https://baton.example.org. It will stand on labels, \
                so leave it blank until it is settled."), ""))
    };
    let site = html! {
        (field("site_name", Field::text("site_name", "Name").required(), ""))
        (org::zone_field(filled, ""))
        (org::currency_field(filled, "USD"))
        (field("beds", Field::number("beds", "Beds").optional("optional").inputmode("numeric"), ""))
    };
    let administrator = html! {
        (field("person_name", Field::text("person_name", "Your name").required().autocomplete("name"), ""))
        (field("email", Field::email("email", "E-mail").required().autocomplete("username"), ""))
        (field("password", Field::password("password", "Password").required().autocomplete("new-password")
            .hint("At least 12 characters. Four random words are easy to keep."), ""))
        (field("again", Field::password("again", "Password again").required().autocomplete("new-password"), ""))
    };
    let main = html! {
        (filled.summary())
        form method="post" action="/set-up" {
            (look::fieldset("Set-up code", Some("Printed by the server when it started."), &html! {
                (field("code", Field::text("code", "Code").required().identifier().width(Width::Medium)
                    .autocomplete("off"), code))
            }))
            (look::fieldset("Organisation", None, &organisation))
            (look::fieldset("First site", Some("More sites can be added later."), &site))
            (look::fieldset("Administrator",
                Some("You will be administrator and manager of all sites, so that you can add people and devices."),
                &administrator))
            (look::form_foot(&html! { (look::button("Set up Baton").primary().tall().wide().busy("Setting up")) }))
        }
    };
    let mut bare = Bare::new("Set up Baton", main);
    bare.sub =
        Some("Your organisation, its first site and yourself. Then bring your list of devices.".to_owned());
    bare.wide = true;
    guest.page(filled.status(), &bare)
}
