//! From what a row says to the device it becomes. Pure.

use kernel::{DepartmentId, Instant, SiteId};

use super::known::{KnownSite, NO_MAKER, NO_TYPE};
use crate::{
    ModelId, Name, Refusal, RiskLevel, TextError,
    device::{self, Acceptance, Device, DeviceId, Edit, Facts, Hold, ImportId, Loan, PlaceId, baseline},
    export::described::Described,
    import::{Draft, When},
};

/// The reason of a device's own risk level when the file gives none.
const RISK_REASON: &str = "Taken over from the imported file.";
/// The test that lifts an imported hold when the file names none.
const HOLD_TEST: &str = "Safety and performance check";
/// Why an imported device is held when the file does not say.
const HOLD_REASON: &str = "Held when it was imported.";

/// The names of a row, with those that stand in for missing ones.
#[derive(Clone, Debug)]
pub(crate) struct RowNames {
    pub(crate) maker: Name,
    pub(crate) type_name: Name,
    pub(crate) model: Name,
}

impl RowNames {
    pub(crate) fn of(draft: &Draft) -> Result<Self, TextError> {
        let or = |name: &Option<Name>, instead: &str| name.clone().map_or_else(|| Name::parse(instead), Ok);
        let type_name = or(&draft.device_type, NO_TYPE)?;
        let model = draft.model.clone().unwrap_or_else(|| type_name.clone());
        Ok(Self { maker: or(&draft.maker, NO_MAKER)?, type_name, model })
    }
}

/// What a row refers to, once it is looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refs {
    pub(crate) id: DeviceId,
    pub(crate) model: ModelId,
    pub(crate) parent: Option<DeviceId>,
    pub(crate) site: SiteId,
    pub(crate) place: Option<PlaceId>,
    pub(crate) department: Option<DepartmentId>,
    pub(crate) import: ImportId,
    pub(crate) inherited_risk: Option<RiskLevel>,
}

fn moment(when: When, site: &KnownSite) -> Instant {
    match when {
        When::At(at) => at,
        When::On(day) => Instant::at_start_of(day, &site.zone),
    }
}

/// The device a row becomes.
///
/// # Errors
/// The rules it breaks.
pub(crate) fn device(
    draft: &Draft,
    refs: &Refs,
    site: &KnownSite,
    now: Instant,
) -> Result<Device, Vec<Refusal>> {
    let reason = draft.risk_reason.clone().or_else(|| draft.risk.map(|_| RISK_REASON.to_owned()));
    let fields = Edit {
        tag: draft.tag.clone(),
        serial: draft.serial.clone(),
        serial_less: draft.serial_less,
        udi: draft.udi.clone(),
        model: refs.model,
        risk: draft.risk,
        risk_reason: reason,
        strategy: draft.strategy,
        tenure: draft.tenure,
        agreement: draft.agreement.clone(),
        agreement_ends_on: draft.agreement_ends_on,
        acquired_on: draft.acquired_on,
        price: draft.price,
        notes: draft.notes.clone(),
    };
    let begun = device::Draft {
        id: refs.id,
        fields,
        parent: refs.parent,
        site: refs.site,
        place: refs.place,
        department: refs.department,
        import: Some(refs.import),
    };
    let facts = Facts {
        inherited_risk: refs.inherited_risk,
        lost_after_days: Facts::LOST_AFTER_DAYS,
        now,
        zone: site.zone.clone(),
    };
    let since = draft.state_since.or(draft.accepted_on).map_or(now, |when| moment(when, site));
    let mut device = baseline(&begun, &facts, draft.state, since.min(now))?;
    device.version = 1;
    take_over(&mut device, draft, site);
    Ok(device)
}

/// What the file says beyond the rules of a baseline.
fn take_over(device: &mut Device, draft: &Draft, site: &KnownSite) {
    let accepted = draft.accepted_on.map(|when| moment(when, site));
    let inspect = draft.inspect_after.map(|when| moment(when, site));
    if inspect.is_some() {
        device.inspect_after = inspect;
    }
    if accepted.is_some() {
        device.accepted_at = accepted;
        device.accepted_as = Some(Acceptance::Baseline);
    } else if inspect.is_some() && device.state != device::State::InService {
        // It awaits an inspection and none is on record: being imported is no inspection.
        device.accepted_at = None;
        device.accepted_as = None;
    }
    if draft.hold_reason.is_some() || draft.hold_released_by.is_some() {
        let or = |text: &Option<String>, instead: &str| text.clone().unwrap_or_else(|| instead.to_owned());
        device.hold = Some(Hold {
            reason: or(&draft.hold_reason, HOLD_REASON),
            released_by: or(&draft.hold_released_by, HOLD_TEST),
        });
    }
    if let (device::State::LoanedOut, Some(agreement), Some(ends_on)) =
        (device.state, &draft.lent_under, draft.lent_until)
    {
        device.loan = Some(Loan { agreement: agreement.clone(), ends_on });
    }
}

/// The row as an export would write it, for comparing it with what is on record.
pub(crate) fn described(
    draft: &Draft,
    names: &RowNames,
    site: &KnownSite,
    now: Instant,
) -> Result<Described, Vec<Refusal>> {
    let refs = Refs {
        id: DeviceId::from_uuid(uuid::Uuid::nil()),
        model: ModelId::from_uuid(uuid::Uuid::nil()),
        parent: None,
        site: site.id,
        place: None,
        department: None,
        import: ImportId::from_uuid(uuid::Uuid::nil()),
        inherited_risk: draft.type_risk,
    };
    let text = |name: &Option<Name>| name.as_ref().map(|n| n.as_str().to_owned());
    let building = match (&draft.building, &draft.floor) {
        (None, Some(_)) => Some(site.name.clone()),
        (building, _) => text(building),
    };
    let (department, unit) = owner(draft);
    Ok(Described {
        device: device(draft, &refs, site, now)?,
        maker: names.maker.as_str().to_owned(),
        type_name: names.type_name.as_str().to_owned(),
        type_risk: draft.type_risk,
        model_risk: None,
        model: names.model.as_str().to_owned(),
        site: site.name.clone(),
        building,
        floor: text(&draft.floor),
        room: text(&draft.room),
        department: department.map(|n| n.as_str().to_owned()),
        unit: unit.map(|n| n.as_str().to_owned()),
        cost_centre: draft.cost_centre.clone(),
        parent_tag: draft.parent_tag.as_ref().map(|t| t.as_str().to_owned()),
    })
}

/// Department and unit of a row; a unit without a department is one.
pub(crate) fn owner(draft: &Draft) -> (Option<&Name>, Option<&Name>) {
    match (&draft.department, &draft.unit) {
        (None, Some(unit)) => (Some(unit), None),
        (department, unit) => (department.as_ref(), unit.as_ref()),
    }
}
