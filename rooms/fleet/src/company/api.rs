//! Makers by the API. They are added with the first model that names them.

use kernel::{Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, Page, Paged, Version, keyset, mended, versions},
    carry_out,
};

use super::{Company, Owner, Values, actions, store};
use crate::{catalogue::READ, model::list, permit};

const TAG: &str = "makers";

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Asked {
    /// A part of the name, or of another name.
    q: Option<String>,
    /// Where the page begins: `next` of the page before.
    after: Option<String>,
    /// Rows a page.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// One of the list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CompanyListed")]
struct Listed {
    #[serde(flatten)]
    one: Company,
    /// Devices of it in sight that have not left.
    devices: i64,
}

/// What is changed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CompanyFields")]
struct Fields {
    /// Its name.
    name: String,
    /// Other names under which people and files know it; changed whole.
    aliases: Vec<String>,
    /// To whom it belonged and belongs; changed whole.
    owners: Vec<Owner>,
    /// Why it is changed; no field of the maker.
    reason: Option<String>,
}

/// What is wrong with the owner at a position: `owner_until_3` of a form is `owners.3.until` of a body.
fn of_body(problem: Problem) -> Problem {
    let Problem::Invalid { mut fields } = problem else { return problem };
    for field in &mut fields {
        let place = field.field.strip_prefix("owner_").and_then(|rest| {
            let (part, n) = rest.rsplit_once('_').unwrap_or(("company", rest));
            n.parse::<usize>().ok().map(|n| format!("owners.{n}.{part}"))
        });
        if let Some(place) = place {
            field.field = place.into();
        }
    }
    Problem::Invalid { fields }
}

pub(crate) fn routes() -> Vec<Route> {
    let (view, edit) = (Gate::Permit(permit::MODEL_VIEW), Gate::Permit(permit::MODEL_EDIT));
    vec![
        Route::api(
            Operation::get("/api/v1/makers", TAG, "The makers, by name")
                .query::<Asked>()
                .gives::<Page<Listed>>(),
            view,
            all,
        ),
        Route::api(
            Operation::get("/api/v1/makers/{id}", TAG, "One maker").gives_record::<Company>(),
            view,
            one,
        ),
        Route::api(
            Operation::patch::<Fields>("/api/v1/makers/{id}", TAG, "Change what is on record about it")
                .gives_record::<Company>(),
            edit,
            change,
        ),
        Route::api(
            Operation::get("/api/v1/makers/{id}/history", TAG, "Its versions, newest first")
                .query::<Paged>()
                .gives::<Page<Version>>(),
            view,
            history,
        ),
    ]
}

async fn all(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let keyset = keyset(asked.after.as_deref(), asked.limit)?;
    let who = call.actor();
    let (all, counts) = db::read!(call.app.db(), who.org, |tx| {
        Ok((store::list(tx, who.org, READ).await?, list::of_companies(tx, who).await?))
    })?;
    let words = kernel::fold(asked.q.as_deref().unwrap_or_default());
    let fits = |one: &Company| {
        let names = one.keys().join(" ");
        words.split(' ').all(|word| names.contains(word))
    };
    let listed = |one: Company| {
        let devices = counts.get(&one.id.uuid()).copied().unwrap_or(0);
        Listed { one, devices }
    };
    let found = all.into_iter().filter(fits).map(listed).collect();
    Ok(Page::cut(found, &keyset, |listed| listed.one.id.uuid()).answer(&call)?)
}

async fn one(call: Call) -> Result<Answer, Fault> {
    let (who, id) = (call.actor(), call.id("id", "this maker")?);
    let found = db::read!(call.app.db(), who.org, |tx| store::get(tx, who.org, id).await)?;
    Ok(Answer::record(&found, found.version)?)
}

async fn history(call: Call) -> Result<Answer, Fault> {
    let who = call.actor();
    let (id, asked) = (call.id("id", "this maker")?, call.query::<Paged>()?);
    let page = db::read!(call.app.db(), who.org, |tx| {
        store::get(tx, who.org, id).await?;
        versions(tx, who.org, ("company", id.uuid()), &asked).await
    })?;
    Ok(page.answer(&call)?)
}

async fn change(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "this maker")?);
    carry_out!(call, "fleet.company.change", |tx, who| {
        who.need_everywhere(permit::MODEL_EDIT)?;
        let now = store::get(tx, who.org, id).await?;
        let seen = seen.of(now.version);
        let Values { name, aliases, owners } = now.values();
        let fields: Fields = mended(&Fields { name, aliases, owners, reason: None }, &changes)?;
        let values = Values { name: fields.name, aliases: fields.aliases, owners: fields.owners };
        let after = actions::change(tx, who, id, seen, &values, fields.reason).await?;
        Answer::record(&after, after.version)
    })
    .map_err(|problem| of_body(problem).into())
}
