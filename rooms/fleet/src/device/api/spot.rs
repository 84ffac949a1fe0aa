//! Moving a device, and building it into a system.

use db::Tx;
use kernel::{Actor, DepartmentId, Permit, Problem, Result, SiteId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{
    Gate, Route,
    api::{Answer, Call, Fault, Operation, mended},
    carry_out,
    form::check,
};

use super::{Shown, TAG, shown};
use crate::{
    device::{Device, DeviceId, PlaceId, Spot, actions, pages::Ground},
    permit,
};

/// Where a device stands and who owns it. What is left out stays as it is; null is none.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct To {
    /// The site.
    site: SiteId,
    /// The place in that site.
    place: Option<PlaceId>,
    /// The owner department.
    department: Option<DepartmentId>,
    /// Why.
    reason: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Built {
    /// The system.
    parent: DeviceId,
    /// Why.
    reason: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    /// Why.
    reason: Option<String>,
}

pub(super) fn routes() -> Vec<Route> {
    let transfer = Gate::Permit(permit::DEVICE_TRANSFER);
    vec![
        Route::api(
            Operation::post("/api/v1/devices/{id}/move", TAG, "Move it to another place or owner")
                .about("Its components go with it. What the request leaves out stays; null is none.")
                .takes_some_of::<To>()
                .checked()
                .gives_record::<Shown>(),
            transfer,
            relocate,
        ),
        Route::api(
            Operation::post("/api/v1/devices/{id}/attach", TAG, "Build it into a system")
                .about("A component takes over the place and owner of its system, and moves with it.")
                .takes::<Built>()
                .checked()
                .gives_record::<Shown>(),
            transfer,
            attach,
        ),
        Route::api(
            Operation::post("/api/v1/devices/{id}/detach", TAG, "Take it out of its system")
                .takes::<Why>()
                .checked()
                .gives_record::<Shown>(),
            transfer,
            detach,
        ),
    ]
}

/// A site, place and owner that the actor may choose: the place and the department belong to the site and are open.
///
/// # Errors
/// [`Problem::Invalid`] at `site`, `place` or `department`; forbidden for whoever reaches no site.
pub(super) async fn chosen(
    tx: &mut Tx,
    who: &Actor,
    permit: Permit,
    (site, place, department): (Option<SiteId>, Option<PlaceId>, Option<DepartmentId>),
) -> Result<Spot> {
    let ground = Ground::read(tx, who, permit, site).await?;
    let mut errors = Vec::new();
    let spot = ground.chosen(site, place, department, &mut errors);
    check(errors)?;
    Ok(spot)
}

/// A device in sight that the actor may move.
async fn mine(tx: &mut Tx, who: &Actor, id: DeviceId) -> Result<Device> {
    let device = actions::visible(tx, who, id).await?;
    who.need(permit::DEVICE_TRANSFER, device.reach())?;
    Ok(device)
}

async fn relocate(call: Call) -> Result<Answer, Fault> {
    let (seen, changes, id) = (call.seen()?, call.changes()?, call.id("id", "this device")?);
    Ok(carry_out!(call, "fleet.device.transfer", |tx, who| {
        let now = mine(tx, who, id).await?;
        let seen = seen.of(now.version);
        if now.version != seen {
            return Err(Problem::Stale { current: now.version });
        }
        let stands = To { site: now.site, place: now.place, department: now.department, reason: None };
        let to: To = mended(&stands, &changes)?;
        let spot = chosen(tx, who, permit::DEVICE_TRANSFER, (Some(to.site), to.place, to.department)).await?;
        actions::transfer(tx, who, now, seen, spot, to.reason).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn attach(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Built>()?, call.id("id", "this device")?);
    Ok(carry_out!(call, "fleet.device.attach", |tx, who| {
        let now = mine(tx, who, id).await?;
        if let Err(Problem::NotFound { .. }) = actions::visible(tx, who, asked.parent).await {
            return Err(Problem::invalid("parent", "No such device is in sight."));
        }
        let (seen, reason) = (seen.of(now.version), asked.reason.clone());
        actions::attach(tx, who, now, seen, Some(asked.parent), reason).await?;
        shown::answer(tx, who, id).await
    })?)
}

async fn detach(call: Call) -> Result<Answer, Fault> {
    let (seen, asked, id) = (call.seen()?, call.body::<Why>()?, call.id("id", "this device")?);
    Ok(carry_out!(call, "fleet.device.detach", |tx, who| {
        let now = mine(tx, who, id).await?;
        let seen = seen.of(now.version);
        actions::attach(tx, who, now, seen, None, asked.reason.clone()).await?;
        shown::answer(tx, who, id).await
    })?)
}
