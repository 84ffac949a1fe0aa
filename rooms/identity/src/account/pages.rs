//! One's own account: who I am, what I may do where, how pages look, where I am signed in.

use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kernel::{FieldError, Instant, Problem, Result};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route, cookie, form,
    look::{
        self, Choice, Field, Section, Tone,
        icon::Icon,
        layout::{Density, Theme},
        ledger::Lead,
        table::{Column, PhoneSlot, Row, Table},
    },
};

use super::{
    Changed, Look, Typed, change_password, density_code, density_from_code, enter, look as keep_look,
};
use crate::{
    Front, Sent, ask,
    filled::Filled,
    grant::{self, Names, RoleGrant},
    session::{self, Session},
};

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = enter::routes();
    routes.extend([
        Route::get("/me", Gate::SignedIn, me),
        Route::post("/me/theme", Gate::SignedIn, set_theme),
        Route::post("/me/look", Gate::SignedIn, set_look),
        Route::get("/me/password", Gate::SignedIn, password),
        Route::post("/me/password", Gate::SignedIn, set_password),
        Route::post("/me/sessions/end", Gate::SignedIn, end_sessions),
    ]);
    routes
}

fn token<'h>(ctx: &Ctx, headers: &'h HeaderMap) -> &'h str {
    cookie::read(headers, cookie::session_name(ctx.app.secure_cookies())).unwrap_or_default()
}

async fn me(ctx: Ctx, headers: HeaderMap) -> Reply {
    let org = ctx.org.id;
    let me = ctx.actor().person.ok_or(Problem::Unauthenticated)?;
    let token = token(&ctx, &headers);
    let (held, names, sessions) = db::read!(ctx.app.db(), org, |tx| {
        let held = grant::of_person(tx, org, me).await?;
        let names = Names::of(tx, org, held.iter().map(|grant| grant.scope)).await?;
        let sessions = session::list(tx, org, me, token, ctx.now()).await?;
        Ok((held, names, sessions))
    })?;
    let sentence = match sessions.len() {
        0 | 1 => "You are signed in here and nowhere else.".to_owned(),
        n => format!("You are signed in on {n} browsers."),
    };
    let identity = look::ledger::ledger(&[
        ("Name", html! { (ctx.visitor.name) }),
        ("E-mail", html! { (ctx.visitor.email) }),
        ("Roles", roles(&held, &names)),
        ("API tokens", html! { a href="/me/tokens" { "For other programs" } }),
        ("Password", html! { a href="/me/password" { "Change password" } }),
    ]);
    let main = html! {
        (look::answer(&sentence, None))
        (Section::new("You", identity))
        (Section::new("Look", look_form(&ctx)))
        (sessions_section(&ctx, &sessions))
        (Section::new("Pages", menu(&ctx)))
    };
    let actions = html! {
        form.inline method="post" action="/sign-out" {
            (look::button("Sign out").icon(Icon::SignOut).busy("Signing out"))
        }
    };
    Ok(ctx.page("Your account", "/me").actions(actions).show(main))
}

/// The whole menu: a phone's bar has no room for pages that are mostly used at a desk.
fn menu(ctx: &Ctx) -> Markup {
    let entries = ctx.app.menu().iter().filter(|item| ctx.may(item.permit));
    let rows: Vec<Markup> = entries
        .map(|item| {
            let link = html! { a href=(item.href) { (item.label) } };
            look::item(&Lead::Icon(item.icon, Tone::Plain), &link, None)
        })
        .collect();
    html! {
        @if rows.is_empty() { p.sec { "Your roles show no other page yet." } } @else { (look::items(&rows)) }
    }
}

/// Roles with where they hold, one a line.
fn roles(held: &[RoleGrant], names: &Names) -> Markup {
    html! {
        @if held.is_empty() { "None yet. An administrator can give you one." }
        @for grant in held { div { (grant.role.on_page()) span.sec { ", " (names.scope(grant.scope)) } } }
    }
}

fn look_form(ctx: &Ctx) -> Markup {
    let visitor = &ctx.visitor;
    let themes = [(Theme::Auto, "As the system"), (Theme::Light, "Light"), (Theme::Dark, "Dark")];
    let themes = themes.iter().map(|(theme, word)| Choice::new(theme.value(), *word)).collect();
    let densities = [(Density::Normal, "Normal"), (Density::Compact, "Compact")];
    let densities = densities.iter().map(|(d, word)| Choice::new(density_code(*d), *word)).collect();
    html! {
        form method="post" action="/me/look" {
            div.fields {
                (Field::radio("theme", "Theme", themes).value(visitor.theme.value()))
                (Field::radio("density", "Rows", densities).value(density_code(visitor.density)))
                (Field::checkbox("single_keys", "Single-key shortcuts").checked(visitor.single_keys)
                    .hint("Turn them off if you dictate or if keys are pressed by accident."))
            }
            (look::form_foot(&html! { (look::button("Save look").busy("Saving")) }))
        }
    }
}

fn sessions_section(ctx: &Ctx, sessions: &[(Session, bool)]) -> Section {
    let columns = vec![
        Column::new("Browser").row_head().phone(PhoneSlot::Title),
        Column::new("Address").ident().phone(PhoneSlot::Tag),
        Column::new("Signed in").phone(PhoneSlot::Place),
        Column::new("Last seen").phone(PhoneSlot::State),
        Column::new("End").unnamed().phone(PhoneSlot::Due),
    ];
    let zone = &ctx.org.zone;
    let rows = sessions
        .iter()
        .map(|(session, here)| {
            let name = session::browser_in_words(&session.browser);
            let end = html! {
                @if *here { span.sec { "This one" } }
                @else { (end_button(&session.id.to_string(), "Sign out")) }
            };
            Row::new(vec![
                html! { (name) },
                html! { (session.address) },
                html! { (session.created_at.on_page(zone)) },
                html! { (session.seen_at.on_page(zone)) },
                end,
            ])
        })
        .collect();
    let everywhere = html! { (end_button("all", "Sign out everywhere")) };
    Section::new("Signed in", html! { (Table::new("Where you are signed in", columns, rows)) })
        .note("Ends after twelve hours without use, or seven days")
        .actions(everywhere)
        .id("sessions")
}

fn end_button(which: &str, word: &str) -> Markup {
    look::post_button(
        "/me/sessions/end",
        &[("which", which)],
        &look::button(word).small().busy("Signing out"),
    )
}

async fn end_sessions(ctx: Ctx, headers: HeaderMap, form: Form) -> Reply {
    let org = ctx.org.id;
    let me = ctx.actor().person.ok_or(Problem::Unauthenticated)?;
    if form.text("which") == "all" {
        db::write!(ctx.app.db(), org, |tx| session::end_all(tx, org, me, None).await)?;
        let response = Redirect::to("/sign-in").into_response();
        return enter::with_cookie(response, &cookie::no_session(ctx.app.secure_cookies()));
    }
    let id = ask::id(form.text("which"), "this session")?;
    let own = token(&ctx, &headers);
    let mine = db::write!(ctx.app.db(), org, |tx| {
        let sessions = session::list(tx, org, me, own, ctx.now()).await?;
        session::end(tx, org, me, id).await?;
        Ok(sessions.iter().any(|(session, here)| *here && session.id == id))
    })?;
    let response = ctx.done("/me#sessions", "Signed out there.");
    if mine {
        enter::with_cookie(response, &cookie::no_session(ctx.app.secure_cookies()))
    } else {
        Ok(response)
    }
}

fn present_look(ctx: &Ctx) -> Look {
    let visitor = &ctx.visitor;
    Look { theme: visitor.theme, density: visitor.density, single_keys: visitor.single_keys }
}

async fn save_look(ctx: &Ctx, look: Look) -> Result<()> {
    let who = ctx.actor();
    db::write!(ctx.app.db(), who.org, |tx| keep_look(tx, who, look).await)
}

/// The theme menu stands on every page, so it goes back to where it was used.
async fn set_theme(ctx: Ctx, headers: HeaderMap, form: Form) -> Reply {
    save_look(&ctx, Look { theme: Theme::from_value(form.text("theme")), ..present_look(&ctx) }).await?;
    let from = headers.get(header::REFERER).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let path = from.split_once("://").and_then(|(_, rest)| rest.strip_prefix(host)).unwrap_or("/me");
    let to = ask::local_path(path).to_owned();
    Ok(Redirect::to(&to).into_response())
}

async fn set_look(ctx: Ctx, form: Form) -> Reply {
    let look = Look {
        theme: Theme::from_value(form.text("theme")),
        density: density_from_code(form.text("density")),
        single_keys: form.ticked("single_keys"),
    };
    save_look(&ctx, look).await?;
    Ok(ctx.done("/me", "Saved."))
}

async fn password(ctx: Ctx) -> Reply {
    Ok(password_page(&ctx, Filled::EMPTY, StatusCode::OK))
}

async fn set_password(ctx: Ctx, headers: HeaderMap, form: Form) -> Reply {
    let front = ctx.app.room::<Front>().ok_or_else(|| Problem::bug("no Front among the rooms"))?;
    let typed = Typed {
        current: form.exact("current"),
        new: form.exact("password"),
        again: form.exact("again"),
        org: &ctx.org.name,
    };
    let (who, token) = (ctx.actor(), token(&ctx, &headers));
    match change_password(ctx.app.db(), front.hasher(), who, typed, token, Sent::secret(&form)).await {
        Ok(Changed::Done) => Ok(ctx.done("/me", "Password changed. All other browsers are signed out.")),
        Ok(Changed::Wait { until }) => Ok(wait(&ctx, &form, until)),
        Err(Problem::Invalid { fields }) => {
            let filled = Filled::back(&form, &fields);
            Ok(password_page(&ctx, filled, filled.status()))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Too many failures: when to come back, in words and for machines.
fn wait(ctx: &Ctx, form: &Form, until: Instant) -> Response {
    let (seconds, how_long) = enter::until_then(until, ctx.now());
    let words = format!("Too many wrong passwords. Nothing was checked. Try again in {how_long}.");
    let errors = [FieldError { field: "current".into(), message: words }];
    let mut response = password_page(ctx, Filled::back(form, &errors), StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn password_page(ctx: &Ctx, filled: Filled<'_>, status: StatusCode) -> Response {
    let must = ctx.visitor.must_change_password;
    let sentence =
        if must { "Choose a password of your own before you go on." } else { "Change your password." };
    let current = if must { "One-time password" } else { "Present password" };
    let field = |name: &str, field: Field| filled.field(name, field.required(), "");
    let main = html! {
        (look::answer(sentence, Some("All other browsers will be signed out.")))
        (filled.summary())
        @if must && status == StatusCode::OK {
            (look::message(Tone::Accent, &html! { "Somebody else gave you this password. The new one is known to you alone." }))
        }
        form method="post" action="/me/password" {
            (form::once())
            div.fields {
                (field("current", Field::password("current", current).autocomplete("current-password")))
                (field("password", Field::password("password", "New password").autocomplete("new-password")
                    .hint("At least 12 characters. Four random words are easy to keep.")))
                (field("again", Field::password("again", "New password again").autocomplete("new-password")))
            }
            (look::form_foot(&html! { (look::button("Change password").primary().busy("Changing")) }))
        }
    };
    let page = ctx.page("Password", "/me").status(status);
    page.under([("Your account".to_owned(), "/me".to_owned())]).show(main)
}
