//! Taking back a retirement that was an error: one person asks, another approves.

use axum::{extract::Path, response::Response};
use kernel::Problem;
use maud::{Markup, html};
use web::{
    Ctx, Form, Reply,
    look::{Field, Tone, button, empty_state, form_foot, link_button, message},
};

use super::{
    around::{Seen, Sheet, foot, show},
    words::{href, respelt, under},
};
use crate::{
    device::{
        State, actions,
        unretire::{self, Asked},
    },
    permit,
    posted::{Done, Faults, by_rule, form as posted_form, once},
};

/// `GET /d/{tag}/unretire`.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>) -> Reply {
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_END, None).await?;
    if let Some(there) = respelt(&tag, seen.device(), "unretire", None) {
        return Ok(there);
    }
    draw(&ctx, &seen, &Form::default(), &Faults::default()).await
}

/// `POST /d/{tag}/unretire`. The button pressed says whether it is asked for, approved or declined.
pub(super) async fn save(ctx: Ctx, Path(tag): Path<String>, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device.unretire", |tx, who| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        let (id, seen) = (device.id, form.version());
        let (tag, words) = match form.text("do") {
            "approve" => {
                let back = unretire::approve(tx, who, id, seen).await?;
                let words = format!("{} is back and awaits an inspection.", back.tag);
                (back.tag, words)
            }
            "decline" => {
                let gone = unretire::decline(tx, who, id, seen, form.some("reason")).await?;
                let words = format!("{} stays retired.", gone.tag);
                (gone.tag, words)
            }
            _ => {
                let asked = unretire::ask(tx, who, id, seen, form.text("reason")).await?;
                (asked.tag, "Somebody else can approve it now.".to_owned())
            }
        };
        Ok(Done::new(href(&tag), words))
    });
    let problem = match saved {
        Ok(done) => return Ok(done.go(&ctx)),
        Err(problem) => problem,
    };
    let asking = by_rule(&problem) && !matches!(form.text("do"), "approve" | "decline");
    let mut faults = Faults::of_problem(problem)?;
    let from = faults.stale().map(|_| form.version());
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_END, from).await?;
    if asking {
        let waiting = waiting(&ctx, &seen).await?;
        if let Err(unmet) = unretire::check_ask(seen.device(), waiting.as_ref(), form.text("reason")) {
            faults = Faults::refused(&unmet, &["reason"]);
        }
    }
    draw(&ctx, &seen, &form, &faults).await
}

async fn waiting(ctx: &Ctx, seen: &Seen) -> Result<Option<Asked>, Problem> {
    let org = ctx.org.id;
    db::read!(ctx.app.db(), org, |tx| unretire::asked(tx, org, seen.device()).await)
}

async fn draw(ctx: &Ctx, seen: &Seen, typed: &Form, faults: &Faults) -> Reply {
    let waiting = waiting(ctx, seen).await?;
    let tag = &seen.device().tag;
    let sheet = Sheet {
        title: "Retired in error",
        sentence: match &waiting {
            Some(asked) => format!("{} says that {tag} was retired in error.", asked.name),
            None => format!("Why was the retirement of {tag} an error?"),
        },
        sub: "Taking it back needs a second person. The device then awaits an inspection before it is used; the \
              retirement stays in its history."
            .to_owned(),
        faults,
    };
    let inside = match &waiting {
        _ if seen.device().state != State::Retired => not_retired(seen),
        None => ask(seen, typed, faults),
        Some(asked) => decide(ctx, seen, typed, asked),
    };
    Ok::<Response, _>(show(ctx, seen, &sheet, &inside))
}

fn not_retired(seen: &Seen) -> Markup {
    let device = seen.device();
    let back = maud::Render::render(&link_button(format!("Back to {}", device.tag), href(&device.tag)));
    let title = format!("{} is not retired; it is “{}”.", device.tag, device.state.on_page());
    empty_state(&title, "There is nothing to take back.", Some(&back))
}

fn ask(seen: &Seen, typed: &Form, faults: &Faults) -> Markup {
    let device = seen.device();
    posted_form(
        &under(&device.tag, "unretire"),
        device.version,
        &html! {
            div.fields {
                (Field::area("reason", "Why", 3).value(typed.text("reason")).required()
                    .hint("How the error was noticed, and where the device is.").error(faults.at("reason")))
            }
            (foot("Ask for approval", "Asking", &device.tag))
        },
    )
}

fn decide(ctx: &Ctx, seen: &Seen, typed: &Form, asked: &Asked) -> Markup {
    let device = seen.device();
    let may = ctx.actor().may(permit::DEVICE_UNRETIRE, device.reach()) && asked.may_approve(ctx.actor());
    let when = asked.at.on_page(&seen.known.zone);
    let decline = if may { "Decline" } else { "Withdraw the request" };
    html! {
        (message(Tone::Warn, &html! {
            b { (asked.name) ", " (when) ": " } (asked.reason)
            @if !may { " It waits for the approval of a manager other than " (asked.name) "." }
        }))
        (posted_form(&under(&device.tag, "unretire"), device.version, &html! {
            div.fields {
                (Field::text("reason", if may { "Why it is declined" } else { "Why it is withdrawn" }).value(typed.text("reason")).optional("optional"))
            }
            (form_foot(&html! {
                @if may { (button("Approve: it comes back").primary().sends("do", "approve").busy("Saving")) }
                (button(decline).sends("do", "decline").busy("Saving"))
                (link_button("Cancel", href(&device.tag)).ghost())
            }))
        }))
    }
}
