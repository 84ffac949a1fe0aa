//! A problem on its way to becoming a page.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::{Problem, RequestId};
use maud::{Markup, Render as _, html};

use crate::{
    Ctx,
    ctx::html_page,
    look::{self, Tone, layout::Bare},
};

/// A problem that ends a handler; the front door dresses it as a page.
#[derive(Debug)]
pub struct Stop(pub Problem);

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// Turns a response that carries a problem into a page that says what happened, what is kept and what to do.
pub(crate) fn dress(ctx: Option<&Ctx>, request: &RequestId, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    if let Problem::Bug { source } = &problem {
        tracing::error!(request = request.as_str(), error = %source, "a defect");
        metrics::counter!("baton_bugs_total").increment(1);
    }
    let (sentence, next) = words(&problem);
    let status = response.status();
    let mut page = match ctx {
        Some(ctx) => {
            let main = html! { (look::heading::answer(&sentence, Some(&next))) (after(&problem, request)) };
            ctx.page(title(&problem), "").status(status).show(main)
        }
        None => {
            let main = html! { p.sub { (next) } (after(&problem, request)) };
            html_page(status, &Bare::new(sentence, main).render())
        }
    };
    let wait = match problem {
        Problem::Busy { retry_after } => Some(retry_after.max(1)),
        Problem::Away { .. } => Some(5),
        _ => None,
    };
    if let Some(seconds) = wait {
        page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    page
}

fn title(problem: &Problem) -> &'static str {
    match problem {
        Problem::NotFound { .. } => "Not found",
        Problem::Invalid { .. } => "Please check",
        Problem::Conflict { .. } => "Not possible now",
        Problem::Stale { .. } => "Changed meanwhile",
        Problem::Forbidden { .. } => "Not allowed",
        Problem::Unauthenticated => "Sign in",
        Problem::Busy { .. } => "Busy",
        Problem::Away { .. } => "Out of reach",
        Problem::ReadOnly => "For reading only",
        Problem::Bug { .. } => "Our fault",
    }
}

fn words(problem: &Problem) -> (String, String) {
    match problem {
        Problem::NotFound { what } => (
            format!("{} was not found.", capital(what)),
            "It does not exist, or it lies outside what you may see. Check the spelling, or search."
                .to_owned(),
        ),
        Problem::Invalid { fields } => (
            "Some of the input cannot be used. Nothing was changed.".to_owned(),
            fields.iter().map(|f| f.message.clone()).collect::<Vec<_>>().join(" "),
        ),
        Problem::Conflict { message, .. } => ("Nothing was changed.".to_owned(), message.clone()),
        Problem::Stale { current } => (
            "Somebody else changed this record while you had it open. Nothing of yours was saved.".to_owned(),
            format!("Go back, reload the page to see version {current}, and repeat your change."),
        ),
        Problem::Forbidden { permit } => (
            "You may not do this here.".to_owned(),
            format!("It takes the permission {permit}. An administrator of your organisation can give it."),
        ),
        Problem::Unauthenticated => ("Sign in first.".to_owned(), "Your session has ended.".to_owned()),
        Problem::Busy { .. } => (
            "The database is busy. Nothing was changed.".to_owned(),
            "Go back and send it again in a moment. It will not be done twice.".to_owned(),
        ),
        // The organisation and with it its time zone lie in the database.
        Problem::Away { since } => (
            format!("The database cannot be reached since {} UTC.", since.on_page(&kernel::TimeZone::UTC)),
            "Nothing was changed by this. It is tried again with every page; whoever looks after Baton finds the \
             reason in its log. A form that you send again is not done twice."
                .to_owned(),
        ),
        Problem::ReadOnly => (
            "This server only shows things at the moment. Nothing was changed.".to_owned(),
            "Nothing can be changed here, and nobody can sign in anew. Whoever looks after Baton knows why and for how \
             long."
                .to_owned(),
        ),
        Problem::Bug { .. } => (
            "Something went wrong on our side. Nothing was changed.".to_owned(),
            "It is in the log. Try again; if it stays, tell your administrator the number below.".to_owned(),
        ),
    }
}

fn after(problem: &Problem, request: &RequestId) -> Markup {
    html! {
        @if matches!(problem, Problem::Bug { .. }) {
            (look::message::message(Tone::Plain, &html! { "Request " span.id { (request.as_str()) } }))
        }
        p.sub { a href="/" { "Go to the start page" } }
    }
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}
