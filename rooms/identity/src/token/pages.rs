//! The page of one's API tokens: what there is, and making and revoking them.

use axum::{extract::Path, response::Response};
use kernel::{Problem, Result, Scope};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route, Stop, form,
    look::{
        self, Choice, Field, Section, Tone, Width,
        table::{Column, Hide, PhoneSlot, Row, Table},
    },
};

use super::{Draft, Listed, Made, actions, api};
use crate::{
    Sent, ask, department,
    filled::{Filled, Refused},
    grant::{Names, scope_from_code},
    site,
};

/// Days a token may be given on the page.
const DAYS: [(i64, &str); 4] = [(30, "30 days"), (90, "90 days"), (180, "Half a year"), (365, "A year")];
/// What it takes to read and nothing else.
const READS: [&str; 2] = ["view", "history"];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/me/tokens", Gate::SignedIn, show),
        Route::post("/me/tokens", Gate::SignedIn, create),
        Route::post("/me/tokens/{id}/revoke", Gate::SignedIn, revoke),
    ]
}

async fn show(ctx: Ctx) -> Reply {
    page(&ctx, Filled::EMPTY).await
}

async fn create(ctx: Ctx, form: Form) -> Reply {
    match try_create(&ctx, &form).await {
        Ok(made) => Ok(once_page(&ctx, &made)),
        Err(problem) => page(&ctx, Filled::refused(&form, &Refused::of(problem)?)).await,
    }
}

async fn try_create(ctx: &Ctx, form: &Form) -> Result<Made> {
    let who = ctx.actor();
    let draft = Draft {
        person: who.person.ok_or(Problem::Unauthenticated)?,
        name: form.text("token_name").to_owned(),
        permits: permits(ctx, form),
        scopes: scopes(form)?,
        days: form.text("days").parse().unwrap_or(0),
    };
    let known = api::known(&ctx.app);
    db::write!(ctx.app.db(), who.org, |tx| {
        actions::create(tx, who, &draft, &known, Sent::form(form)).await
    })
}

/// The permissions that were chosen; `None` for all.
fn permits(ctx: &Ctx, form: &Form) -> Option<Vec<String>> {
    match form.text("rights") {
        "read" => Some(
            held(ctx)
                .into_iter()
                .filter(|p| p.rsplit('.').next().is_some_and(|verb| READS.contains(&verb)))
                .map(str::to_owned)
                .collect(),
        ),
        "some" => Some(form.all("permit").to_vec()),
        _ => None,
    }
}

fn scopes(form: &Form) -> Result<Option<Vec<Scope>>> {
    let read = |code: &String| {
        let words = "Choose the place from the list.";
        scope_from_code(code).ok_or_else(|| Problem::invalid("scope", words))
    };
    let all: Vec<Scope> =
        form.all("scope").iter().filter(|c| !c.is_empty()).map(read).collect::<Result<_>>()?;
    Ok((!all.is_empty()).then_some(all))
}

/// The permissions this person holds anywhere, by name.
fn held(ctx: &Ctx) -> Vec<&'static str> {
    let mut all: Vec<&str> = ctx.actor().grants.iter().flat_map(|g| g.permits.iter().map(|p| p.0)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

async fn revoke(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, id) = (ctx.actor(), ask::id(&id, "this token")?);
    let done = db::write!(ctx.app.db(), who.org, |tx| {
        actions::revoke(tx, who, id, form.version(), Sent::form(&form)).await
    });
    match done {
        Ok(token) => Ok(ctx.done("/me/tokens", &format!("{} is revoked.", token.name))),
        // Somebody else was faster; the page shows it.
        Err(Problem::Stale { .. }) => Ok(ctx.done("/me/tokens", "It was revoked already.")),
        Err(problem) => Err(problem.into()),
    }
}

async fn page(ctx: &Ctx, filled: Filled<'_>) -> Result<Response, Stop> {
    let who = ctx.actor();
    let (tokens, names) = db::read!(ctx.app.db(), who.org, |tx| {
        let names = Names::new(site::list(tx, who.org).await?, department::all(tx, who.org).await?);
        Ok((actions::list(tx, who).await?, names))
    })?;
    let good = tokens.iter().filter(|t| t.token.is_good(ctx.now())).count();
    let sentence = match good {
        0 => "No program works in your name.".to_owned(),
        1 => "1 token is good.".to_owned(),
        n => format!("{n} tokens are good."),
    };
    let sub = "A token lets another program do what you may do, and never more than you may at that moment. Whoever \
               has it needs no password.";
    let main = html! {
        (look::answer(&sentence, Some(sub)))
        (filled.summary())
        @if !tokens.is_empty() { (Section::new("Tokens", table(ctx, &tokens, &names))) }
        (Section::new("New token", new_form(ctx, &names, filled)))
        p.links { a href="/api" { "What can be called" } }
    };
    let page = ctx.page("API tokens", "/me").status(filled.status());
    Ok(page.under([("Your account".to_owned(), "/me".to_owned())]).show(main))
}

fn table(ctx: &Ctx, tokens: &[Listed], names: &Names) -> Markup {
    let columns = vec![
        Column::new("For").row_head().phone(PhoneSlot::Title),
        Column::new("Of").phone(PhoneSlot::Tag),
        Column::new("May").hide(Hide::Narrow),
        Column::new("Last used").hide(Hide::Tablet),
        Column::new("Ends").phone(PhoneSlot::Place),
        Column::new("Revoke").unnamed().phone(PhoneSlot::State),
    ];
    let rows = tokens.iter().map(|listed| row(ctx, listed, names)).collect();
    html! { (Table::new("API tokens", columns, rows)) }
}

fn row(ctx: &Ctx, listed: &Listed, names: &Names) -> Row {
    let (token, zone) = (&listed.token, &ctx.org.zone);
    let good = token.is_good(ctx.now());
    let end = html! {
        @if token.revoked_at.is_some() { (look::pill(Tone::Plain, "Revoked")) }
        @else if !good { (look::pill(Tone::Plain, "Ended")) }
        @else {
            (look::post_button(
                &format!("/me/tokens/{}/revoke", token.id),
                &[("version", &token.version.to_string())],
                &look::button("Revoke").small().busy("Revoking"),
            ))
        }
    };
    let row = Row::new(vec![
        html! { (token.name) },
        html! { (listed.person_name) },
        html! { (may(listed, names)) },
        html! { (listed.used_at.map_or("Never".to_owned(), |at| at.on_page(zone))) },
        html! { (token.expires_at.on_page(zone)) },
        end,
    ]);
    if good { row } else { row.faint() }
}

/// What a token may, in words.
fn may(listed: &Listed, names: &Names) -> String {
    let token = &listed.token;
    let what = match token.permits.as_deref() {
        None => "All that they may".to_owned(),
        Some([one]) => one.clone(),
        Some(many) => format!("{} permissions", many.len()),
    };
    match &token.scopes {
        None => what,
        Some(scopes) => {
            format!("{what}; {}", scopes.iter().map(|s| names.scope(*s)).collect::<Vec<_>>().join("; "))
        }
    }
}

fn new_form(ctx: &Ctx, names: &Names, filled: Filled<'_>) -> Markup {
    let days = DAYS.iter().map(|(days, words)| Choice::new(days.to_string(), *words)).collect();
    let rights = vec![
        Choice::new("all", "All that I may"),
        Choice::new("read", "Only look").hint("Lists, records and their history."),
        Choice::new("some", "Only these"),
    ];
    let mut places = vec![Choice::new("", "Wherever I reach")];
    places.extend(names.sites.iter().map(|s| Choice::new(format!("site:{}", s.id), s.name.clone())));
    html! {
        form method="post" action="/me/tokens" {
            (form::once())
            div.fields {
                (filled.field("token_name", Field::text("token_name", "What it is for").required().autocomplete("off")
                    .hint("Stands on record beside your name: CMMS bridge."), ""))
                (filled.field("days", Field::select("days", "It ends after", days).required().width(Width::Medium), "90"))
                (filled.field("rights", Field::radio("rights", "It may", rights), "all"))
                details {
                    summary { "Permissions to choose from" }
                    @for permit in held(ctx) {
                        (Field::checkbox("permit", permit).value(permit).one_of_several())
                    }
                }
                @if let Some(error) = filled.error("permit") { p.err { (error) } }
                (filled.field("scope", Field::select("scope", "Where", places).width(Width::Medium), ""))
            }
            (look::form_foot(&html! { (look::button("Make token").primary().busy("Making")) }))
        }
    }
}

/// Shows a token, once; without it when the form was sent again after it had been shown.
fn once_page(ctx: &Ctx, made: &Made) -> Response {
    let sentence = match &made.secret {
        Some(_) => format!("Copy the token for {} now. It is not shown again.", made.token.name),
        None => format!("The token for {} was already shown.", made.token.name),
    };
    let main = html! {
        (look::answer(&sentence, Some("Whoever has it can do what it may; keep it like a password.")))
        @if let Some(secret) = &made.secret {
            (look::ledger::ledger(&[
                ("Token", html! { b.id { (secret) } " " (look::copy_button(secret, "Copy the token", "Copied")) }),
                ("Ends", html! { (made.token.expires_at.on_page(&ctx.org.zone)) }),
            ]))
        } @else {
            (look::message(Tone::Accent, &html! { "This form was sent twice. If nobody noted the token, revoke it and make a new one." }))
        }
        (look::form_foot(&html! { (look::link_button("Done", "/me/tokens").primary()) }))
    };
    let crumbs =
        [("Your account".to_owned(), "/me".to_owned()), ("API tokens".to_owned(), "/me/tokens".to_owned())];
    ctx.page("New token", "/me").under(crumbs).show(main)
}
