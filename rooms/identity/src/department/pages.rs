//! Adding a department from its site's page; its own page is that of every node.

use axum::extract::Path;
use kernel::{DepartmentId, Problem};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route,
    look::{Choice, Field, Width},
};

use super::{Department, Draft, add};
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
        Route::post("/sites/{id}/departments", manage, keep),
        Route::get("/sites/{id}/departments/{department}", see, node::show::<Department>),
        Route::post("/sites/{id}/departments/{department}", manage, node::save::<Department>),
        Route::post("/sites/{id}/departments/{department}/inside", manage, node::inside::<Department>),
        Route::post("/sites/{id}/departments/{department}/move", manage, node::relocate::<Department>),
        Route::post("/sites/{id}/departments/{department}/close", manage, node::close::<Department>),
        Route::post("/sites/{id}/departments/{department}/reopen", manage, node::reopen::<Department>),
    ]
}

/// The fields for a new department or unit at a site.
pub(crate) fn fields(site: &Site, departments: &[Department], filled: Filled<'_>) -> Markup {
    let mut parents = vec![Choice::new("", format!("{} itself, as a department", site.name))];
    let tops = departments.iter().filter(|d| d.parent.is_none() && d.closed_at.is_none());
    parents.extend(tops.map(|d| Choice::new(d.id.to_string(), format!("{}, as a unit", d.name))));
    html! {
        (filled.field("department_name", Field::text("department_name", "Name").required(), ""))
        (filled.field("department_parent",
            Field::select("department_parent", "Under", parents), ""))
        (code_fields(filled, None))
    }
}

/// Name, code and cost centre.
pub(super) fn own_fields(filled: Filled<'_>, present: Option<&Department>) -> Markup {
    let name = present.map_or("", |d| d.name.as_str());
    html! {
        (filled.field("department_name", Field::text("department_name", "Name").required(), name))
        (code_fields(filled, present))
    }
}

fn code_fields(filled: Filled<'_>, present: Option<&Department>) -> Markup {
    let code = present.and_then(|d| d.code.as_deref()).unwrap_or_default();
    let centre = present.and_then(|d| d.cost_centre.as_deref()).unwrap_or_default();
    let field = |name, label| Field::text(name, label).optional("optional").identifier().width(Width::Short);
    html! {
        (filled.field("department_code", field("department_code", "Code"), code))
        (filled.field("cost_centre", field("cost_centre", "Cost centre"), centre))
    }
}

/// What was typed about one.
pub(super) fn draft(form: &Form) -> Draft {
    Draft {
        name: form.text("department_name").to_owned(),
        code: form.text("department_code").to_owned(),
        cost_centre: form.text("cost_centre").to_owned(),
    }
}

async fn keep(ctx: Ctx, Path(id): Path<String>, form: Form) -> Reply {
    let (who, id) = (ctx.actor(), ask::id(&id, "the site")?);
    let parent = form.some("department_parent").map(|id| id.parse::<DepartmentId>()).transpose();
    let draft = draft(&form);
    let added = match parent {
        Err(_) => Err(Problem::invalid("department_parent", "That department is not at this site.")),
        Ok(parent) => db::write!(ctx.app.db(), who.org, |tx| {
            site::see(tx, who, id).await?;
            add(tx, who, id, parent, &draft, Sent::form(&form)).await
        }),
    };
    site::back(&ctx, id, &form, added.map(|department| format!("{} added.", department.name))).await
}
