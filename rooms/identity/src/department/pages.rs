//! Adding a department from its site's page, and a department's own page.

use axum::{extract::Path, response::Response};
use kernel::{DepartmentId, Problem, Reach, SiteId};
use maud::{Markup, html};
use web::{
    Ctx, Form, Gate, Reply, Route, Stop, form,
    look::{self, Choice, Field, Section, Width},
};

use super::{Department, Draft, add, change, store};
use crate::{
    Sent, ask,
    filled::Filled,
    life, permit,
    site::{self, Site},
};

const HISTORY: u32 = 50;

pub(crate) fn routes() -> Vec<Route> {
    let see = Gate::Permit(permit::SITE_VIEW);
    let manage = Gate::Permit(permit::SITE_MANAGE);
    vec![
        Route::post("/sites/{id}/departments", manage, keep),
        Route::get("/sites/{id}/departments/{department}", see, show),
        Route::post("/sites/{id}/departments/{department}", manage, save),
    ]
}

/// The fields for a new department or unit at a site.
pub(crate) fn fields(site: &Site, departments: &[Department], filled: Filled<'_>) -> Markup {
    let mut parents = vec![Choice::new("", format!("{} itself, as a department", site.name))];
    let tops = departments.iter().filter(|d| d.parent.is_none());
    parents.extend(tops.map(|d| Choice::new(d.id.to_string(), format!("{}, as a unit", d.name))));
    html! {
        (filled.field("department_name", Field::text("department_name", "Name").required(), ""))
        (filled.field("department_parent",
            Field::select("department_parent", "Under", parents), ""))
        (code_fields(filled, None))
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

fn draft(form: &Form) -> Draft {
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

async fn show(ctx: Ctx, Path((id, department)): Path<(String, String)>) -> Reply {
    page(&ctx, ask::id(&id, "the site")?, ask::id(&department, "the department")?, Filled::EMPTY).await
}

async fn save(ctx: Ctx, Path((id, department)): Path<(String, String)>, form: Form) -> Reply {
    let (who, site) = (ctx.actor(), ask::id(&id, "the site")?);
    let id: DepartmentId = ask::id(&department, "the department")?;
    let draft = draft(&form);
    let saved = db::write!(ctx.app.db(), who.org, |tx| {
        site::see(tx, who, site).await?;
        at_site(store::get(tx, who.org, id).await?, site)?;
        change(tx, who, id, form.version(), &draft, Sent::form(&form)).await
    });
    match saved {
        Ok(_) => Ok(ctx.done(&format!("/sites/{site}/departments/{id}"), "Saved.")),
        Err(Problem::Invalid { fields }) => page(&ctx, site, id, Filled::back(&form, &fields)).await,
        Err(problem) => Err(problem.into()),
    }
}

/// A department is found under its own site's address only.
fn at_site(department: Department, site: SiteId) -> kernel::Result<Department> {
    if department.site == site { Ok(department) } else { Err(Problem::not_found("the department")) }
}

async fn page(ctx: &Ctx, site: SiteId, id: DepartmentId, filled: Filled<'_>) -> Result<Response, Stop> {
    let who = ctx.actor();
    let (site, way, here, events) = db::read!(ctx.app.db(), who.org, |tx| {
        let site = site::see(tx, who, site).await?;
        let here = at_site(store::get(tx, who.org, id).await?, site.id)?;
        let way = store::path(tx, who.org, id).await?;
        let events = db::gate::life(tx, who.org, "department", id.uuid(), i64::MAX, HISTORY).await?;
        Ok((site, way, here, events))
    })?;
    let above: Vec<&Department> = way.iter().filter(|d| d.id != id).collect();
    let outer: Vec<&str> = above.iter().map(|d| d.name.as_str()).chain([site.name.as_str()]).collect();
    let sentence = format!("{} is a {} of {}.", here.name, here.kind, outer.join(", "));
    let sub = here.cost_centre.as_ref().map(|centre| format!("Cost centre {centre}"));
    let may = who.may(permit::SITE_MANAGE, Reach { site: Some(site.id), department: Some(id) });
    let main = html! {
        (look::answer(&sentence, sub.as_deref()))
        (filled.summary())
        @if may {
            form method="post" action={ "/sites/" (site.id) "/departments/" (id) } {
                (form::once())
                (look::hidden("version", &filled.text("version", &here.version.to_string())))
                div.fields {
                    (filled.field("department_name", Field::text("department_name", "Name").required(), &here.name))
                    (code_fields(filled, Some(&here)))
                }
                (look::form_foot(&html! { (look::button("Save department").primary().busy("Saving")) }))
            }
        }
        (Section::new("History", life::history(&events, &ctx.org.zone, |_, _| None)))
    };
    let mut crumbs = vec![
        ("Sites and places".to_owned(), "/sites".to_owned()),
        (site.name.clone(), format!("/sites/{}", site.id)),
    ];
    let links = above.iter().map(|d| (d.name.clone(), format!("/sites/{}/departments/{}", site.id, d.id)));
    crumbs.extend(links);
    Ok(ctx.page(here.name.clone(), "/sites").status(filled.status()).under(crumbs).show(main))
}
