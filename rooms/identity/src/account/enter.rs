//! The sign-in page, signing in and signing out.

use axum::{
    extract::RawQuery,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel::{Instant, Problem};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Guest, OrgFacts, Reply, Route, cookie,
    look::{self, Field, field_id, layout::Bare},
};

use super::{Attempt, SignIn, sign_in};
use crate::{
    Front, ask,
    session::{self, Client},
};

/// The same sentence whichever was wrong, so that it does not tell which addresses have accounts.
const WRONG: &str = "The e-mail address or the password is wrong.";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/sign-in", Gate::Public, show),
        Route::post("/sign-in", Gate::Public, enter),
        Route::post("/sign-out", Gate::SignedIn, leave),
    ]
}

async fn show(guest: Guest, query: RawQuery) -> Reply {
    let next = ask::param(&query, "next");
    let next = ask::local_path(&next);
    match &guest.org {
        None => Ok(Redirect::to("/set-up").into_response()),
        Some(_) if guest.signed_in => Ok(Redirect::to(next).into_response()),
        Some(org) => Ok(page(&guest, org, StatusCode::OK, &html! {}, "", next)),
    }
}

async fn enter(guest: Guest, form: Form) -> Reply {
    let Some(org) = &guest.org else { return Ok(Redirect::to("/set-up").into_response()) };
    let front = guest.app.room::<Front>().ok_or_else(|| Problem::bug("no Front among the rooms"))?;
    let client = Client { browser: guest.browser.clone(), address: guest.address.clone() };
    let (email, next) = (form.text("email"), ask::local_path(form.text("next")));
    let attempt = Attempt {
        org: org.id,
        email,
        password: form.exact("password"),
        client: &client,
        at: guest.app.now(),
        request: &guest.request,
    };
    // No account has an address with such characters: it is wrong as any other, and asks no database.
    let tried = match form.printable() {
        Ok(()) => sign_in(guest.app.db(), front.hasher(), &attempt).await?,
        Err(_) => SignIn::Wrong,
    };
    match tried {
        SignIn::In { token } => {
            let cookie = cookie::session(&token, guest.app.secure_cookies(), session::LIFE);
            with_cookie(Redirect::to(next).into_response(), &cookie)
        }
        SignIn::Wrong => {
            let line = (
                field_id("email"),
                "Check both and try again. Capital letters count in passwords.".to_owned(),
            );
            let summary = look::error_summary(WRONG, &[line]);
            Ok(page(&guest, org, StatusCode::UNPROCESSABLE_ENTITY, &summary, email, next))
        }
        SignIn::Wait { until } => Ok(wait(&guest, org, until, email, next)),
    }
}

/// Too many failures: when to come back, in words and for machines.
fn wait(guest: &Guest, org: &OrgFacts, until: Instant, email: &str, next: &str) -> Response {
    let (seconds, how_long) = until_then(until, guest.app.now());
    let line = (field_id("email"), format!("Try again in {how_long}."));
    let summary = look::error_summary("Too many failed sign-ins. Nothing was checked.", &[line]);
    let mut response = page(guest, org, StatusCode::TOO_MANY_REQUESTS, &summary, email, next);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// How long it is until then, in seconds and in words.
pub(super) fn until_then(until: Instant, now: Instant) -> (i64, String) {
    let seconds = ((until.micros() - now.micros()) / 1_000_000).max(1);
    let how_long = if seconds < 90 {
        format!("{seconds} seconds")
    } else {
        format!("{} minutes", seconds.div_euclid(60) + 1)
    };
    (seconds, how_long)
}

async fn leave(ctx: Ctx, headers: HeaderMap) -> Reply {
    let secure = ctx.app.secure_cookies();
    if let Some(token) = cookie::read(&headers, cookie::session_name(secure)) {
        let org = ctx.org.id;
        match db::write!(ctx.app.db(), org, |tx| session::end_token(tx, org, token).await) {
            // This browser forgets it all the same; the session ends by its age, or on the server that writes.
            Ok(()) | Err(Problem::ReadOnly) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    with_cookie(Redirect::to("/sign-in").into_response(), &cookie::no_session(secure))
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Reply {
    let cookie = HeaderValue::from_str(cookie).map_err(Problem::bug)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

fn page(
    guest: &Guest,
    org: &OrgFacts,
    status: StatusCode,
    summary: &Markup,
    email: &str,
    next: &str,
) -> Response {
    let email_field = Field::email("email", "Work e-mail").value(email).required().autocomplete("username");
    let password = Field::password("password", "Password").required().autocomplete("current-password");
    // With an address already typed, the password is what one types next.
    let (email_field, password) = if !email.is_empty() || status != StatusCode::OK {
        (email_field, password)
    } else {
        (email_field.autofocus(), password)
    };
    let main = html! {
        (summary)
        form method="post" action="/sign-in" {
            @if next != "/" { (look::hidden("next", next)) }
            div.fields { (email_field) (password) }
            (look::form_foot(&html! { (look::button("Sign in").primary().tall().wide().busy("Signing in")) }))
        }
    };
    let mut bare = Bare::new(format!("Sign in to {}", org.name), main);
    bare.foot =
        vec!["No account, or the password is lost? An administrator can give you a new one.".to_owned()];
    guest.page(status, &bare)
}
