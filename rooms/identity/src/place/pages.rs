//! Adding a place from its site's page; its own page is that of every node.

use std::collections::BTreeMap;

use axum::extract::Path;
use kernel::Problem;
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{Choice, Field, Width},
};

use super::{Draft, Place, PlaceId, PlaceKind, add};
use crate::{
    Sent, ask,
    filled::Filled,
    permit,
    site::{self, Site},
    tree::pages as node,
};

pub(crate) fn routes() -> Vec<Route> {
    let see = Gate::Permit(permit::SITE_VIEW);
    let manage = Gate::Permit(permit::SITE_MANAGE);
    vec![
        Route::post("/sites/{id}/places", manage, keep),
        Route::get("/sites/{id}/places/{place}", see, node::show::<Place>),
        Route::post("/sites/{id}/places/{place}", manage, node::save::<Place>),
        Route::post("/sites/{id}/places/{place}/inside", manage, node::inside::<Place>),
        Route::post("/sites/{id}/places/{place}/move", manage, node::relocate::<Place>),
        Route::post("/sites/{id}/places/{place}/close", manage, node::close::<Place>),
        Route::post("/sites/{id}/places/{place}/reopen", manage, node::reopen::<Place>),
    ]
}

/// The fields for a new place at a site.
pub(crate) fn fields(site: &Site, places: &[Place], filled: Filled<'_>) -> Markup {
    let by_id: BTreeMap<PlaceId, &Place> = places.iter().map(|place| (place.id, place)).collect();
    let mut parents: Vec<Choice> = places
        .iter()
        .filter(|place| place.kind != PlaceKind::Room && place.closed_at.is_none())
        .map(|place| {
            let above = place.parent.and_then(|id| by_id.get(&id)).map(|above| format!("{}, ", above.name));
            Choice::new(place.id.to_string(), format!("{}{}", above.unwrap_or_default(), place.name))
        })
        .collect();
    parents.sort_by_key(|choice| kernel::fold(&choice.label));
    parents.insert(0, Choice::new("", format!("{} itself", site.name)));
    html! {
        (filled.field("place_name", Field::text("place_name", "Name").required(), ""))
        (kind_field(filled, &PlaceKind::ALL, PlaceKind::Building.code()))
        (filled.field("place_parent", Field::select("place_parent", "Under", parents), ""))
        (code_field(filled, ""))
    }
}

/// The kind of a new place, among those that may stand where it is added.
pub(super) fn kind_field(filled: Filled<'_>, kinds: &[PlaceKind], first: &str) -> Field {
    let kinds = kinds.iter().map(|kind| Choice::new(kind.code(), kind.on_page())).collect();
    filled.field(
        "place_kind",
        Field::select("place_kind", "Kind", kinds).required().width(Width::Medium),
        first,
    )
}

/// Name and code.
pub(super) fn own_fields(filled: Filled<'_>, present: Option<&Place>) -> Markup {
    let name = present.map_or("", |place| place.name.as_str());
    let code = present.and_then(|place| place.code.as_deref()).unwrap_or_default();
    html! {
        (filled.field("place_name", Field::text("place_name", "Name").required(), name))
        (code_field(filled, code))
    }
}

fn code_field(filled: Filled<'_>, present: &str) -> Field {
    let field = Field::text("place_code", "Code").optional("optional").identifier().width(Width::Short);
    filled.field("place_code", field, present)
}

async fn keep(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, id) = (ctx.actor(), ask::id(&id, "the site")?);
    let added = match draft(&form) {
        Err(problem) => Err(problem),
        Ok(draft) => db::write!(ctx.app.db(), who.org, |tx| {
            site::see(tx, who, id).await?;
            add(tx, who, id, &draft, Sent::form(&form)).await
        }),
    };
    site::back(&ctx, id, &form, added.map(|place| format!("{} added.", place.name))).await
}

/// What was typed about a new place.
pub(super) fn draft(form: &Form) -> kernel::Result<Draft> {
    let kind = form
        .text("place_kind")
        .parse()
        .map_err(|_| Problem::invalid("place_kind", "Choose building, floor or room."))?;
    let gone = || Problem::invalid("place_parent", "That place is not at this site. Choose another.");
    let parent = form.some("place_parent").map(|id| id.parse().map_err(|_| gone())).transpose()?;
    Ok(Draft {
        parent,
        kind,
        name: form.text("place_name").to_owned(),
        code: form.text("place_code").to_owned(),
    })
}
