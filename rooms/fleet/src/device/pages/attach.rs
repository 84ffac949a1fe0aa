//! Making a device a component of a system, or taking it out of one.

use axum::extract::Path;
use db::Tx;
use kernel::{Actor, Problem, Result};
use maud::html;
use web::{
    Ctx, Form, Reply,
    look::{Field, Width, button, link_button},
};

use super::{
    around::{Seen, Sheet, show},
    words::{href, respelt, under},
};
use crate::{
    device::{DeviceId, actions},
    permit,
    posted::{Done, Faults, form as posted_form, once},
};

/// `GET /d/{tag}/parent`.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>) -> Reply {
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_TRANSFER, None).await?;
    let elsewhere = respelt(&tag, seen.device(), "parent", None);
    Ok(elsewhere.unwrap_or_else(|| draw(&ctx, &seen, &Form::default(), &Faults::default())))
}

/// The system that was named by its tag.
async fn named(tx: &mut Tx, who: &Actor, tag: &str) -> Result<DeviceId> {
    if tag.is_empty() {
        return Err(Problem::invalid("parent", "Write the asset tag of the system."));
    }
    match actions::visible_by_tag(tx, who, tag).await {
        Ok(parent) => Ok(parent.id),
        Err(Problem::NotFound { .. }) => {
            let words = format!("No device {tag} is in your sight. Check the tag on its sticker.");
            Err(Problem::invalid("parent", words))
        }
        Err(other) => Err(other),
    }
}

/// `POST /d/{tag}/parent`. The button pressed says which way.
pub(super) async fn save(ctx: Ctx, Path(tag): Path<String>, form: Form) -> Reply {
    let out = form.text("do") == "detach";
    let saved = once!(ctx, form, "fleet.device.attach", |tx, who| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        let parent = if out { None } else { Some(named(tx, who, form.text("parent")).await?) };
        let after = actions::attach(tx, who, device, form.version(), parent, form.some("reason")).await?;
        let words = if out {
            format!("{} stands by itself now.", after.tag)
        } else {
            format!("{} is a component now and goes where its system goes.", after.tag)
        };
        Ok(Done::new(href(&after.tag), words))
    });
    let problem = match saved {
        Ok(done) => return Ok(done.go(&ctx)),
        Err(problem) => problem,
    };
    // A rule about systems is always about the system that was named.
    let problem = match problem {
        Problem::Conflict { code, message } if code.starts_with("fleet.device.parent_") => {
            Problem::invalid("parent", message)
        }
        other => other,
    };
    let faults = Faults::of_problem(problem)?;
    let from = faults.stale().map(|_| form.version());
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_TRANSFER, from).await?;
    Ok(draw(&ctx, &seen, &form, &faults))
}

fn draw(ctx: &Ctx, seen: &Seen, typed: &Form, faults: &Faults) -> axum::response::Response {
    let tag = &seen.device().tag;
    let parent = seen.known.parent.as_deref();
    let sheet = Sheet {
        title: "Component of",
        sentence: format!("Which system is {tag} built into?"),
        sub: match parent {
            Some(parent) => format!("It is a component of {parent} now."),
            None => {
                "A component takes over the place and the owner of its system, and moves with it.".to_owned()
            }
        },
        faults,
    };
    let inside = posted_form(
        &under(tag, "parent"),
        seen.device().version,
        &html! {
            div.fields {
                (Field::text("parent", "System").value(typed.text("parent")).identifier().width(Width::Medium)
                    .hint("Its asset tag, on the same site.").error(faults.at("parent")))
                (Field::text("reason", "Why").value(typed.text("reason")).optional("optional"))
            }
            (web::look::form_foot(&html! {
                (button("Make it a component").primary().busy("Saving"))
                @if let Some(parent) = parent {
                    (button(format!("Take it out of {parent}")).sends("do", "detach").busy("Saving"))
                }
                (link_button("Cancel", href(tag)).ghost())
            }))
        },
    );
    show(ctx, seen, &sheet, &inside)
}
