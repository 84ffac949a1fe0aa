//! Departments and units by the API.

use kernel::{DepartmentId, SiteId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, mended},
    carry_out,
};

use super::{Department, Draft, add, change as change_one};
use crate::{
    Sent,
    named::named,
    permit, site,
    tree::api::{self, Paths, address, answer, mine},
};

const TAG: &str = "departments";

/// A department to add, or a unit of one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// Its name.
    name: String,
    /// A short code.
    code: Option<String>,
    /// The cost centre its devices are charged to.
    cost_centre: Option<String>,
    /// For a unit, its department.
    parent: Option<DepartmentId>,
}

/// What is changed of a department.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// Its name.
    name: String,
    /// A short code.
    code: Option<String>,
    /// The cost centre its devices are charged to.
    cost_centre: Option<String>,
}

fn draft(fields: Fields) -> Draft {
    let text = |t: Option<String>| t.unwrap_or_default();
    Draft { name: fields.name, code: text(fields.code), cost_centre: text(fields.cost_centre) }
}

pub(crate) fn routes() -> Vec<Route> {
    let paths = Paths {
        all: "/api/v1/sites/{id}/departments",
        one: "/api/v1/sites/{id}/departments/{department}",
        history: "/api/v1/sites/{id}/departments/{department}/history",
        relocate: "/api/v1/sites/{id}/departments/{department}/move",
        close: "/api/v1/sites/{id}/departments/{department}/close",
        reopen: "/api/v1/sites/{id}/departments/{department}/reopen",
    };
    let manage = Gate::Permit(permit::SITE_MANAGE);
    let mut routes = api::routes::<Department>(&paths, TAG);
    routes.extend([
        Route::api(
            Operation::post(paths.all, TAG, "Add a department, or a unit of one")
                .takes::<New>()
                .adds()
                .gives_record::<Department>(),
            manage,
            new,
        ),
        Route::api(
            Operation::patch::<Fields>(paths.one, TAG, "Change its name, code or cost centre")
                .gives_record::<Department>(),
            manage,
            change,
        ),
    ]);
    routes
}

async fn new(call: Call) -> Result<Answer, Fault> {
    let (at, new): (SiteId, New) = (call.id("id", "the site")?, call.body()?);
    let parent = new.parent;
    let draft = draft(Fields { name: new.name, code: new.code, cost_centre: new.cost_centre });
    carry_out!(call, "identity.department.add", |tx, who| {
        site::see(tx, who, at).await?;
        let made = add(tx, who, at, parent, &draft, Sent::claimed()).await?;
        Ok(answer(&made)?.added(address(&made)))
    })
    .map_err(named)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes) = (call.seen()?, call.changes()?);
    carry_out!(call, "identity.department.change", |tx, who| {
        let now: Department = mine(tx, who, &call).await?;
        let (name, code) = (now.name.clone(), now.code.clone());
        let fields = mended(&Fields { name, code, cost_centre: now.cost_centre.clone() }, &changes)?;
        answer(&change_one(tx, who, now.id, seen.of(now.version), &draft(fields), Sent::claimed()).await?)
    })
    .map_err(named)
}
