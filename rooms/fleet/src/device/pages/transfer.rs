//! Moving a device to another place or owner.

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use kernel::{Problem, Result, SiteId};
use maud::html;
use web::{
    Ctx, Form, Reply,
    form::check,
    look::{Field, Section, empty_state, link_button},
};

use super::{
    around::{Seen, Sheet, foot, show},
    history::parameter,
    spot::Ground,
    words::{href, respelt, under},
};
use crate::{
    device::{actions, rules},
    permit,
    posted::{Done, Faults, by_rule, form as posted_form, once},
};

/// `GET /d/{tag}/move`.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>, RawQuery(query): RawQuery) -> Reply {
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_TRANSFER, None).await?;
    if let Some(there) = respelt(&tag, seen.device(), "move", query.as_deref()) {
        return Ok(there);
    }
    let device = seen.device();
    let text = |id: Option<String>| id.unwrap_or_default();
    let typed = Form::from_pairs(&[
        ("place", &text(device.place.map(|p| p.to_string()))),
        ("department", &text(device.department.map(|d| d.to_string()))),
    ]);
    let site = parameter(query.as_deref(), "site").and_then(|t| t.parse().ok()).unwrap_or(device.site);
    let find = parameter(query.as_deref(), "find").unwrap_or_default();
    draw(&ctx, &seen, &typed, &Faults::default(), site, &find).await
}

/// `POST /d/{tag}/move`.
pub(super) async fn save(ctx: Ctx, Path(tag): Path<String>, form: Form) -> Reply {
    let site: Option<SiteId> = form.text("site").parse().ok();
    let saved = once!(ctx, form, "fleet.device.transfer", |tx, who| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        let ground = Ground::read(tx, who, permit::DEVICE_TRANSFER, site).await?;
        let mut errors = Vec::new();
        let to = ground.spot(&form, &mut errors);
        check(errors)?;
        let reason = form.some("reason");
        let moved = actions::transfer(tx, who, device, form.version(), to, reason).await?;
        let place = to.place.and_then(|id| ground.place_name(id)).unwrap_or_else(|| ground.site.name.clone());
        Ok(Done::new(href(&moved.tag), format!("Moved to {place}.")))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => again(&ctx, &tag, &form, site, problem).await,
    }
}

/// The form again, with everything that was typed and every rule that refused.
async fn again(ctx: &Ctx, tag: &str, form: &Form, site: Option<SiteId>, problem: Problem) -> Reply {
    let ruled = by_rule(&problem);
    // A component that would lose its owner does so by the owner chosen for its system.
    let problem = match problem {
        Problem::Conflict { code: "fleet.device.parent_owner", message } => {
            Problem::invalid("department", message)
        }
        other => other,
    };
    let mut faults = Faults::of_problem(problem)?;
    let from = faults.stale().map(|_| form.version());
    let seen = Seen::read(ctx, tag, permit::DEVICE_TRANSFER, from).await?;
    let device = seen.device();
    if ruled {
        let to = rules::Spot {
            site: site.unwrap_or(device.site),
            place: form.text("place").parse().ok(),
            department: form.text("department").parse().ok(),
        };
        if let Err(refusals) = rules::transfer(device, to) {
            faults = Faults::refused(&refusals, &["place", "department"]);
        }
    }
    draw(ctx, &seen, form, &faults, site.unwrap_or(device.site), "").await
}

async fn draw(ctx: &Ctx, seen: &Seen, typed: &Form, faults: &Faults, site: SiteId, find: &str) -> Reply {
    let who = ctx.actor();
    let device = seen.device();
    let sheet = Sheet {
        title: "Move",
        sentence: format!("Where is {} now, and who owns it?", device.tag),
        sub: format!("It is on record at {}.", seen.known.whole_place()),
        faults,
    };
    if let Some(parent) = &seen.known.parent {
        let link = maud::Render::render(&link_button(format!("Move {parent}"), under(parent, "move")));
        let inside = empty_state(
            &format!("{} is a component of {parent} and stands where that stands.", device.tag),
            "Move the system, or take the device out of it first.",
            Some(&link),
        );
        return Ok(show(ctx, seen, &sheet, &inside));
    }
    let ground: Result<Ground> =
        db::read!(ctx.app.db(), who.org, |tx| Ground::read(tx, who, permit::DEVICE_TRANSFER, Some(site))
            .await);
    let ground = ground?;
    let action = under(&device.tag, "move");
    let inside = html! {
        (ground.chooser(&action, find))
        (posted_form(&action, device.version, &html! {
            (Section::new(ground.site.name.as_str(), html! {
                div.fields {
                    (ground.fields(typed, faults, find))
                    (Field::text("reason", "Why").value(typed.text("reason")).optional("optional"))
                }
            }))
            (foot("Move", "Moving", &device.tag))
        }))
    };
    let page: Response = show(ctx, seen, &sheet, &inside);
    Ok(page)
}
