//! A device as the API shows it: its record, and the names of what it refers to.

use db::Tx;
use kernel::{Actor, Problem, Result};
use schemars::JsonSchema;
use serde::Serialize;
use web::api::Answer;

use crate::{
    RiskLevel,
    device::{Device, DeviceId, Gap},
    export::described::{self, Described},
};

/// A device with the names of what it refers to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceShown")]
pub(crate) struct Shown {
    #[serde(flatten)]
    device: Device,
    /// Whether it may be used on a patient now: in service and not held.
    may_be_used: bool,
    /// Its own risk level, else that of its type.
    effective_risk: Option<RiskLevel>,
    /// What nobody has decided yet.
    undecided: Vec<Gap>,
    names: Names,
}

/// The names of what a device refers to, as they are now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeviceNames")]
struct Names {
    maker: String,
    model: String,
    #[serde(rename = "type")]
    type_name: String,
    site: String,
    building: Option<String>,
    floor: Option<String>,
    room: Option<String>,
    department: Option<String>,
    unit: Option<String>,
    /// The tag of the system it is a component of.
    parent: Option<String>,
}

impl From<Described> for Shown {
    fn from(described: Described) -> Self {
        let inherited = described.inherited_risk();
        let device = described.device;
        Self {
            may_be_used: device.may_be_used(),
            effective_risk: device.effective_risk(inherited),
            undecided: device.undecided(inherited),
            names: Names {
                maker: described.maker,
                model: described.model,
                type_name: described.type_name,
                site: described.site,
                building: described.building,
                floor: described.floor,
                room: described.room,
                department: described.department,
                unit: described.unit,
                parent: described.parent_tag,
            },
            device,
        }
    }
}

/// Devices in the order of their ids, which the caller has found for the actor.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn of(tx: &mut Tx, who: &Actor, ids: &[DeviceId]) -> Result<Vec<Shown>> {
    let mut found = described::by_ids(tx, who.org, ids).await?;
    let place = |d: &Described| ids.iter().position(|id| *id == d.device.id);
    found.sort_by_key(place);
    Ok(found.into_iter().map(Shown::from).collect())
}

/// One device as an answer.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn answer(tx: &mut Tx, who: &Actor, id: DeviceId) -> Result<Answer> {
    let one = of(tx, who, &[id]).await?.pop().ok_or_else(|| Problem::not_found("this device"))?;
    Answer::record(&one, one.device.version)
}
