//! Editing what is known of a device. State, place, owner, system and hold have pages of their own.

use axum::extract::Path;
use kernel::{Currency, Problem, Result};
use maud::html;
use web::{Ctx, Form, Reply, form::check, look::Field};

use super::{
    around::{Seen, Sheet, foot, show},
    entry,
    words::{href, respelt, under},
};
use crate::{
    device::{Device, actions, rules},
    permit,
    posted::{Done, Faults, by_rule, form as posted_form, once},
};

/// `GET /d/{tag}/edit`.
pub(super) async fn page(ctx: Ctx, Path(tag): Path<String>) -> Reply {
    let seen = Seen::read(&ctx, &tag, permit::DEVICE_EDIT, None).await?;
    if let Some(there) = respelt(&tag, seen.device(), "edit", None) {
        return Ok(there);
    }
    let typed = entry::of(seen.device(), &seen.known);
    draw(&ctx, &seen, &typed, &Faults::default()).await
}

/// The currency a price is typed in: that of the price on record, else that of the site.
async fn currency(tx: &mut db::Tx, org: kernel::OrgId, device: &Device) -> Result<Currency> {
    match device.price {
        Some(price) => Ok(price.currency),
        None => Ok(identity::site::get(tx, org, device.site).await?.currency),
    }
}

/// `POST /d/{tag}/edit`.
pub(super) async fn save(ctx: Ctx, Path(tag): Path<String>, form: Form) -> Reply {
    let saved = once!(ctx, form, "fleet.device.edit", |tx, who| {
        let device = actions::visible_by_tag(tx, who, &tag).await?;
        who.need(permit::DEVICE_EDIT, device.reach())?;
        // An outdated form says so before it says what else is wrong with it.
        if device.version != form.version() {
            return Err(Problem::Stale { current: device.version });
        }
        let currency = currency(tx, who.org, &device).await?;
        let mut errors = Vec::new();
        let fields = entry::read(tx, who, &form, currency, &mut errors).await?;
        check(errors)?;
        let fields = fields.ok_or_else(|| Problem::invalid("form", "The form could not be read."))?;
        let reason = form.some("reason");
        let after = actions::edit(tx, who, device, form.version(), &fields, reason).await?;
        Ok(Done::new(href(&after.tag), format!("{} is saved.", after.tag)))
    });
    match saved {
        Ok(done) => Ok(done.go(&ctx)),
        Err(problem) => again(&ctx, &tag, &form, problem).await,
    }
}

/// The form again, with every rule that refused.
async fn again(ctx: &Ctx, tag: &str, form: &Form, problem: Problem) -> Reply {
    let ruled = by_rule(&problem);
    let mut faults = Faults::of_problem(problem)?;
    let from = faults.stale().map(|_| form.version());
    let seen = Seen::read(ctx, tag, permit::DEVICE_EDIT, from).await?;
    if ruled {
        let who = ctx.actor();
        // Read and thrown away: a model typed anew is recorded only when the form is carried out.
        let refusals = db::read!(ctx.app.db(), who.org, |tx| {
            let device = seen.device();
            let currency = currency(tx, who.org, device).await?;
            let fields = entry::read(tx, who, form, currency, &mut Vec::new()).await?;
            let Some(fields) = fields else { return Ok(Vec::new()) };
            let facts = actions::facts(tx, who, fields.model, device.site).await?;
            Ok(rules::edit(device, &facts, &fields).err().unwrap_or_default())
        });
        if let Ok(refusals) = refusals
            && !refusals.is_empty()
        {
            faults = Faults::refused(&refusals, entry::NAMES);
        }
    }
    draw(ctx, &seen, form, &faults).await
}

async fn draw(ctx: &Ctx, seen: &Seen, typed: &Form, faults: &Faults) -> Reply {
    let who = ctx.actor();
    let device = seen.device();
    let (known, currency) = db::read!(ctx.app.db(), who.org, |tx| {
        Ok((entry::Known::read(tx, who.org).await?, currency(tx, who.org, device).await?))
    })?;
    let sheet = Sheet {
        title: "Edit",
        sentence: format!("Edit {}", device.tag),
        sub: "What you change is kept in its history with your name.".to_owned(),
        faults,
    };
    let inside = posted_form(
        &under(&device.tag, "edit"),
        device.version,
        &html! {
            (entry::identity(typed, faults, &known))
            (entry::care(typed, faults, currency))
            div.fields { (Field::text("reason", "Why").value(typed.text("reason")).optional("optional")) }
            (foot("Save changes", "Saving", &device.tag))
        },
    );
    Ok(show(ctx, seen, &sheet, &inside))
}
