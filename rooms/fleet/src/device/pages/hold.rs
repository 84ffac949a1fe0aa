//! “Do not use”: putting a hold on a device, and lifting it by the test it names.

use axum::extract::Path;
use maud::html;
use web::{
    Ctx, Form, Reply,
    look::{Field, Tone, hidden, message},
};

use super::{
    around::{Seen, Sheet, foot, show},
    words::{href, respelt, under},
};
use crate::{
    device::{Hold, HoldTest, actions, rules},
    permit,
    posted::{Done, Faults, by_rule, form as posted_form, once},
};

/// `GET /d/{tag}/hold`.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>) -> Reply {
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_STATE, None).await?;
    let elsewhere = respelt(&tag, seen.device(), "hold", None);
    Ok(elsewhere.unwrap_or_else(|| draw(&ctx, &seen, &Form::default(), &Faults::default())))
}

fn hold_of(form: &Form) -> Hold {
    Hold { reason: form.text("reason").to_owned(), released_by: form.text("test").to_owned() }
}

/// `POST /d/{tag}/hold`.
pub(super) async fn save(ctx: Ctx, Path(tag): Path<String>, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device.hold", |tx, who| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        let held = actions::hold(tx, who, device, form.version(), hold_of(&form)).await?;
        Ok(Done::new(href(&held.tag), format!("{} must not be used now.", held.tag)))
    });
    let problem = match saved {
        Ok(done) => return Ok(done.go(&ctx)),
        Err(problem) => problem,
    };
    let ruled = by_rule(&problem);
    let mut faults = Faults::of_problem(problem)?;
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_STATE, faults.stale().map(|_| form.version())).await?;
    if ruled && let Err(refusals) = rules::set_hold(seen.device(), hold_of(&form)) {
        faults = Faults::refused(&refusals, &["reason", "test"]);
    }
    Ok(draw(&ctx, &seen, &form, &faults))
}

fn draw(ctx: &Ctx, seen: &Seen, typed: &Form, faults: &Faults) -> axum::response::Response {
    let tag = &seen.device().tag;
    let sheet = Sheet {
        title: "Do not use",
        sentence: format!("Why must {tag} not be used?"),
        sub: "Everybody who opens or scans it reads this first. Nothing but the test you name lifts it."
            .to_owned(),
        faults,
    };
    let inside = posted_form(
        &under(tag, "hold"),
        seen.device().version,
        &html! {
            div.fields {
                (Field::text("reason", "Reason").value(typed.text("reason")).required().autofocus()
                    .hint("What is wrong, in a few words: flow above limit.").error(faults.at("reason")))
                (Field::text("test", "Lifted by").value(typed.text("test")).required()
                    .hint("The test that must pass before it may be used again: flow test.").error(faults.at("test")))
            }
            (foot("Mark as do not use", "Saving", tag))
        },
    );
    show(ctx, seen, &sheet, &inside)
}

/// `GET /d/{tag}/lift-hold`.
pub(super) async fn lift_page(ctx: Ctx, Path(tag): Path<String>) -> Reply {
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_STATE, None).await?;
    let elsewhere = respelt(&tag, seen.device(), "lift-hold", None);
    Ok(elsewhere.unwrap_or_else(|| draw_lift(&ctx, &seen, &Form::default(), &Faults::default())))
}

fn test_of(form: &Form) -> HoldTest {
    HoldTest {
        test: form.text("test").to_owned(),
        passed: form.ticked("passed"),
        result: form.text("result").to_owned(),
    }
}

/// `POST /d/{tag}/lift-hold`.
pub(super) async fn lift(ctx: Ctx, Path(tag): Path<String>, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device.lift_hold", |tx, who| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        let free = actions::lift_hold(tx, who, device, form.version(), &test_of(&form)).await?;
        Ok(Done::new(href(&free.tag), format!("The hold on {} is lifted.", free.tag)))
    });
    let problem = match saved {
        Ok(done) => return Ok(done.go(&ctx)),
        Err(problem) => problem,
    };
    let ruled = by_rule(&problem);
    let mut faults = Faults::of_problem(problem)?;
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_STATE, faults.stale().map(|_| form.version())).await?;
    if ruled && let Err(refusals) = rules::release_hold(seen.device(), &test_of(&form)) {
        faults = Faults::refused(&refusals, &["passed", "result"]);
    }
    Ok(draw_lift(&ctx, &seen, &form, &faults))
}

fn draw_lift(ctx: &Ctx, seen: &Seen, typed: &Form, faults: &Faults) -> axum::response::Response {
    let tag = &seen.device().tag;
    let hold = seen.device().hold.as_ref();
    let sheet = Sheet {
        title: "Lift hold",
        sentence: match hold {
            Some(hold) => format!("Has it passed: {}?", hold.released_by.trim_end_matches('.')),
            None => format!("{tag} is not on hold."),
        },
        sub: hold
            .map_or_else(String::new, |h| format!("It is held because: {}.", h.reason.trim_end_matches('.'))),
        faults,
    };
    let inside = html! {
        @match hold {
            None => (message(Tone::Plain, &html! { "Nothing needs to be lifted. " a href=(href(tag)) { "Back to " (tag) } })),
            Some(hold) => (posted_form(&under(tag, "lift-hold"), seen.device().version, &html! {
                (hidden("test", &hold.released_by))
                div.fields {
                    (Field::checkbox("passed", format!("{}: passed", hold.released_by)).value("yes")
                        .checked(typed.ticked("passed")).error(faults.at("passed")))
                    (Field::area("result", "Result", 3).value(typed.text("result")).required()
                        .hint("What was measured, with unit and instrument, or the number of the order.")
                        .error(faults.at("result")))
                }
                (foot("Lift hold", "Lifting", tag))
            })),
        }
    };
    show(ctx, seen, &sheet, &inside)
}
