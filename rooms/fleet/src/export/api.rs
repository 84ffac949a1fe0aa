//! The list of devices as a file, by the API: the same filters as the list, all of its answers.

use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation},
};

use super::list;
use crate::{
    device::api::{Asked, instant, wanted},
    permit,
};

/// Every route of exports by the API.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::api(
        Operation::get("/api/v1/devices.csv", "devices", "The list of devices as a file that imports back")
            .about("`after`, `limit` and `count` are left aside: the file holds all rows that fit.")
            .query::<Asked>()
            .gives_csv(),
        Gate::Permit(permit::EXPORT_RUN),
        download,
    )]
}

async fn download(call: Call) -> Result<Answer, Fault> {
    let asked: Asked = call.query()?;
    let at = instant(&call, &asked)?;
    let wanted = wanted(&call, &asked).await?;
    let body = list::body(call.app.clone(), call.actor().clone(), wanted, at).await?;
    Ok(Answer::csv(body, list::file_name(at, call.now(), &call.org.zone)))
}
