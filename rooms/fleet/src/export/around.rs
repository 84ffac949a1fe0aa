//! The names around devices, all of them: as they are, or as they were known at an instant.

use std::collections::{BTreeSet, HashMap};

use db::Tx;
use identity::{
    department::{self, Department},
    place::{self, Place, PlaceId, PlaceKind},
    site::{self, Site},
};
use kernel::{DepartmentId, Instant, OrgId, Problem, Result, SiteId};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::described::Described;
use crate::{
    Company, CompanyId, DeviceType, DeviceTypeId, Model, ModelId, company,
    device::{Device, DeviceId},
    device_type, model,
};

/// Most makers, types or models of an organisation.
const MOST: u32 = 1_000_000;
/// Records of a kind read at a time as they were.
pub(super) const AT_ONCE: u32 = 1_000;

/// Everything that devices refer to, in the order of lists.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) sites: Vec<Site>,
    pub(super) places: Vec<Place>,
    pub(super) departments: Vec<Department>,
    pub(super) companies: Vec<Company>,
    pub(super) types: Vec<DeviceType>,
    pub(super) models: Vec<Model>,
}

impl Around {
    /// As it is.
    pub(super) async fn now(tx: &mut Tx, org: OrgId) -> Result<Self> {
        let sites = site::list(tx, org).await?;
        let (mut places, mut departments) = (Vec::new(), Vec::new());
        for site in &sites {
            places.extend(place::list(tx, org, site.id).await?);
            departments.extend(department::list(tx, org, site.id).await?);
        }
        let companies = company::store::list(tx, org, MOST).await?;
        let types = device_type::store::list(tx, org, MOST).await?;
        let models = model::store::list(tx, org, MOST).await?;
        Ok(Self { sites, places, departments, companies, types, models })
    }

    /// As it was known at an instant.
    pub(super) async fn then(tx: &mut Tx, org: OrgId, at: Instant) -> Result<Self> {
        let mut then = Self {
            sites: all_then(tx, org, "site", at).await?,
            places: all_then(tx, org, "place", at).await?,
            departments: all_then(tx, org, "department", at).await?,
            companies: all_then(tx, org, "company", at).await?,
            types: all_then(tx, org, "device_type", at).await?,
            models: all_then(tx, org, "model", at).await?,
        };
        then.sites.sort_by_key(|s| (kernel::fold(&s.name), s.id));
        // Site by site, as they are listed.
        let turn: HashMap<SiteId, usize> = then.sites.iter().enumerate().map(|(n, s)| (s.id, n)).collect();
        let turn = |site| turn.get(&site).copied();
        then.places.sort_by_key(|p| (turn(p.site), p.kind.code(), kernel::fold(&p.name), p.id));
        then.departments.sort_by_key(|d| (turn(d.site), d.kind.code(), kernel::fold(&d.name), d.id));
        then.companies.sort_by_key(Company::key);
        then.types.sort_by_key(DeviceType::key);
        then.models.sort_by_key(|m| (m.key(), m.id));
        Ok(then)
    }

    /// What these devices referred to, as it was known at an instant.
    async fn of_these(tx: &mut Tx, org: OrgId, devices: &[Device], at: Instant) -> Result<Self> {
        let ids =
            |of: &dyn Fn(&Device) -> Option<Uuid>| devices.iter().filter_map(of).collect::<BTreeSet<_>>();
        let models: Vec<Model> = these_then(tx, org, "model", ids(&|d| Some(d.model.uuid())), at).await?;
        let types = models.iter().map(|m| m.device_type.uuid()).collect();
        let companies = models.iter().map(|m| m.company.uuid()).collect();
        let mut around = Self {
            sites: these_then(tx, org, "site", ids(&|d| Some(d.site.uuid())), at).await?,
            types: these_then(tx, org, "device_type", types, at).await?,
            companies: these_then(tx, org, "company", companies, at).await?,
            models,
            ..Self::default()
        };
        let mut wanted = ids(&|d| d.place.map(|id| id.uuid()));
        while !wanted.is_empty() {
            let found: Vec<Place> = these_then(tx, org, "place", wanted, at).await?;
            let known: BTreeSet<Uuid> = around.places.iter().map(|p| p.id.uuid()).collect();
            wanted = found.iter().filter_map(|p| p.parent.map(|id| id.uuid())).collect();
            wanted.retain(|id| !known.contains(id));
            around.places.extend(found);
        }
        let owners: Vec<Department> =
            these_then(tx, org, "department", ids(&|d| d.department.map(|id| id.uuid())), at).await?;
        let above = owners.iter().filter_map(|d| d.parent.map(|id| id.uuid())).collect();
        around.departments = these_then(tx, org, "department", above, at).await?;
        around.departments.extend(owners);
        Ok(around)
    }

    /// For finding by id.
    pub(super) fn by_id(&self) -> ById<'_> {
        ById {
            sites: self.sites.iter().map(|s| (s.id, s)).collect(),
            places: self.places.iter().map(|p| (p.id, p)).collect(),
            departments: self.departments.iter().map(|d| (d.id, d)).collect(),
            companies: self.companies.iter().map(|c| (c.id, c)).collect(),
            types: self.types.iter().map(|t| (t.id, t)).collect(),
            models: self.models.iter().map(|m| (m.id, m)).collect(),
        }
    }
}

/// Every record of a kind as it was known at an instant.
async fn all_then<T: DeserializeOwned>(tx: &mut Tx, org: OrgId, entity: &str, at: Instant) -> Result<Vec<T>> {
    let (mut all, mut last) = (Vec::new(), None);
    loop {
        let events = db::gate::all_as_of(tx, org, entity, at, last, AT_ONCE).await?;
        let Some(end) = events.last() else { return Ok(all) };
        last = Some(end.entity_id);
        for event in events {
            all.push(serde_json::from_value(event.after).map_err(Problem::bug)?);
        }
    }
}

/// These records of a kind as they were known at an instant.
async fn these_then<T: DeserializeOwned>(
    tx: &mut Tx,
    org: OrgId,
    entity: &str,
    ids: BTreeSet<Uuid>,
    at: Instant,
) -> Result<Vec<T>> {
    let events = db::gate::these_as_of(tx, org, entity, ids, at).await?;
    events.into_iter().map(|event| serde_json::from_value(event.after).map_err(Problem::bug)).collect()
}

/// These devices, in their order, as they were known at an instant, with the names that were known.
///
/// # Errors
/// As [`Tx::all`].
pub(crate) async fn described_then(
    tx: &mut Tx,
    org: OrgId,
    ids: &[Uuid],
    at: Instant,
) -> Result<Vec<Described>> {
    let devices: Vec<Device> = these_then(tx, org, "device", ids.iter().copied().collect(), at).await?;
    let around = Around::of_these(tx, org, &devices, at).await?;
    let parents: BTreeSet<Uuid> = devices.iter().filter_map(|d| d.parent.map(DeviceId::uuid)).collect();
    let parents: Vec<Device> = these_then(tx, org, "device", parents, at).await?;
    let parents: HashMap<DeviceId, String> = parents.into_iter().map(|d| (d.id, d.tag)).collect();
    let (by_id, mut described) = (around.by_id(), HashMap::new());
    for device in devices {
        let parent = device.parent.and_then(|id| parents.get(&id).cloned());
        described.insert(device.id.uuid(), by_id.describe(device, parent)?);
    }
    Ok(ids.iter().filter_map(|id| described.remove(id)).collect())
}

/// [`Around`] by id.
pub(super) struct ById<'a> {
    sites: HashMap<SiteId, &'a Site>,
    places: HashMap<PlaceId, &'a Place>,
    departments: HashMap<DepartmentId, &'a Department>,
    companies: HashMap<CompanyId, &'a Company>,
    types: HashMap<DeviceTypeId, &'a DeviceType>,
    models: HashMap<ModelId, &'a Model>,
}

impl ById<'_> {
    /// A device with the names it had then. `parent_tag` is the tag of the system it was part of.
    ///
    /// # Errors
    /// [`Problem::Bug`] when it refers to what was not on record then, which no device does.
    pub(super) fn describe(&self, device: Device, parent_tag: Option<String>) -> Result<Described> {
        let lost =
            |what: &str| Problem::bug(format!("the {what} of device {} was not on record", device.tag));
        let model = self.models.get(&device.model).ok_or_else(|| lost("model"))?;
        let kind = self.types.get(&model.device_type).ok_or_else(|| lost("type"))?;
        let maker = self.companies.get(&model.company).ok_or_else(|| lost("maker"))?;
        let site = self.sites.get(&device.site).ok_or_else(|| lost("site"))?;
        let way = |wanted: PlaceKind| {
            let mut at = device.place.map(|id| PlaceId::from_uuid(id.uuid()));
            while let Some(here) = at.and_then(|id| self.places.get(&id)) {
                if here.kind == wanted {
                    return Some(here.name.clone());
                }
                at = here.parent;
            }
            None
        };
        let owner = device.department.and_then(|id| self.departments.get(&id));
        let above = owner.and_then(|d| d.parent).and_then(|id| self.departments.get(&id));
        let name = |d: Option<&&Department>| d.map(|d| d.name.clone());
        Ok(Described {
            maker: maker.name.clone(),
            type_name: kind.name.clone(),
            type_risk: kind.risk,
            model_risk: model.about.own_risk.as_ref().map(|own| own.level),
            model: model.name.clone(),
            site: site.name.clone(),
            building: way(PlaceKind::Building),
            floor: way(PlaceKind::Floor),
            room: way(PlaceKind::Room),
            department: name(above.or(owner)),
            unit: above.and_then(|_| name(owner)),
            cost_centre: owner.and_then(|d| d.cost_centre.clone()),
            parent_tag,
            device,
        })
    }
}

/// The devices on record at an instant, in id order after one: those that an undone import had brought are left out.
/// Each with its id and, if it was part of a system, that system's tag then. Nothing when there are no more.
pub(super) async fn devices_then(
    tx: &mut Tx,
    org: OrgId,
    at: Instant,
    after: Option<Uuid>,
) -> Result<Option<(Uuid, Vec<(Device, Option<String>)>)>> {
    let events = db::gate::all_as_of(tx, org, "device", at, after, AT_ONCE).await?;
    let Some(last) = events.last().map(|event| event.entity_id) else { return Ok(None) };
    let mut tags: HashMap<DeviceId, Option<String>> = HashMap::new();
    let mut devices = Vec::with_capacity(events.len());
    for event in events {
        let device: Device = serde_json::from_value(event.after).map_err(Problem::bug)?;
        if device.removed_at.is_some() {
            continue;
        }
        let parent = match device.parent {
            Some(parent) if !tags.contains_key(&parent) => {
                let event = db::gate::as_of(tx, org, "device", parent.uuid(), at).await?;
                let tag = event.and_then(|e| e.after.get("tag")?.as_str().map(str::to_owned));
                tags.entry(parent).or_insert(tag).clone()
            }
            Some(parent) => tags.get(&parent).cloned().flatten(),
            None => None,
        };
        devices.push((device, parent));
    }
    Ok(Some((last, devices)))
}
