//! What is on record and what an import added to it: names looked up once for each distinct value.

use std::collections::HashMap;

use db::Tx;
use kernel::{Actor, Change, Currency, DepartmentId, Id, OrgId, Problem, Reach, Result, SiteId, TimeZone};
use serde::Serialize;

use super::missing::Ground;
use crate::{
    Company, CompanyId, DeviceType, DeviceTypeId, Model, ModelId, Name, RiskLevel, company, device::PlaceId,
    device_type, import::run::ImportRun, model,
};

/// The maker of rows that name none.
pub(crate) const NO_MAKER: &str = "Maker not known";
/// The type of rows that name none.
pub(crate) const NO_TYPE: &str = "Type not known";

/// A site as rows need it.
#[derive(Clone, Debug)]
pub(crate) struct KnownSite {
    pub(crate) id: SiteId,
    pub(crate) name: String,
    pub(crate) zone: TimeZone,
    pub(crate) currency: Currency,
}

/// A model with the type it is on record under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownModel {
    pub(crate) id: ModelId,
    pub(crate) risk: Option<RiskLevel>,
}

/// Names already looked up, by their keys. Only what was committed is in here: a batch works on a copy of its own
/// and hands it back once it is kept.
#[derive(Clone, Default)]
pub(crate) struct Known {
    pub(crate) sites: Option<HashMap<String, KnownSite>>,
    companies: HashMap<String, CompanyId>,
    types: HashMap<String, (DeviceTypeId, Option<RiskLevel>)>,
    models: HashMap<(CompanyId, String), KnownModel>,
    places: HashMap<(SiteId, String), PlaceId>,
    departments: HashMap<(SiteId, String), DepartmentId>,
}

/// What a batch adds to [`Known`]; thrown away when the batch must run again.
#[derive(Default)]
pub(crate) struct Fresh(Known);

impl Known {
    /// Takes over what a batch that was kept had found.
    pub(crate) fn absorb(&mut self, fresh: Fresh) {
        let Fresh(found) = fresh;
        self.sites = found.sites.or_else(|| self.sites.take());
        self.companies.extend(found.companies);
        self.types.extend(found.types);
        self.models.extend(found.models);
        self.places.extend(found.places);
        self.departments.extend(found.departments);
    }
}

fn added<T: Serialize>(
    action: &'static str,
    entity: &'static str,
    id: uuid::Uuid,
    noun: &T,
    run: &ImportRun,
) -> Result<Change> {
    Ok(Change {
        action,
        entity,
        id,
        version: 1,
        before: None,
        after: serde_json::to_value(noun).map_err(Problem::bug)?,
        valid_at: None,
        reason: Some(format!("Named in the import {} ({})", run.id, run.file_name)),
    })
}

/// The names one row needs.
pub(crate) struct Names<'a> {
    pub(crate) maker: &'a Name,
    pub(crate) type_name: &'a Name,
    pub(crate) type_risk: Option<RiskLevel>,
    pub(crate) model: &'a Name,
}

/// A look-up that sees what is committed and what this batch added.
pub(crate) struct Lookup<'a> {
    pub(crate) known: &'a Known,
    pub(crate) fresh: &'a mut Fresh,
    pub(crate) run: &'a ImportRun,
    pub(crate) who: &'a Actor,
}

/// The sites of an organisation by the keys of their names.
pub(crate) async fn sites(tx: &mut Tx, org: OrgId) -> Result<HashMap<String, KnownSite>> {
    let sites = identity::site::list(tx, org).await?;
    let known = |site: identity::site::Site| {
        let zone = site.zone();
        let key = kernel::fold(&site.name);
        (key, KnownSite { id: site.id, name: site.name, zone, currency: site.currency })
    };
    Ok(sites.into_iter().map(known).collect())
}

impl Lookup<'_> {
    async fn sites(&mut self, tx: &mut Tx) -> Result<&HashMap<String, KnownSite>> {
        if self.fresh.0.sites.is_none() {
            let known = match &self.known.sites {
                Some(sites) => sites.clone(),
                None => sites(tx, self.who.org).await?,
            };
            self.fresh.0.sites = Some(known);
        }
        self.fresh.0.sites.as_ref().ok_or_else(|| Problem::bug("sites"))
    }

    /// What an import that is kept to some places may not add to.
    pub(crate) async fn ground(&mut self, tx: &mut Tx) -> Result<Ground> {
        let (org, run) = (self.who.org, self.run);
        let sites = self.sites(tx).await?;
        Ground::read(tx, org, run, sites).await
    }

    /// Whether the import may change departments of a site, such as their cost centres.
    pub(crate) fn may_manage(&self, site: SiteId) -> bool {
        self.run.may_add.places.holds(Reach { site: Some(site), department: None })
    }

    /// The site of a name, added when that was chosen; else the site chosen for rows without one.
    pub(crate) async fn site(&mut self, tx: &mut Tx, name: Option<&Name>) -> Result<Option<KnownSite>> {
        let (default, may_add) = (self.run.setup.site, self.run.setup.create_sites);
        let sites = self.sites(tx).await?;
        let by_id = || default.and_then(|id| sites.values().find(|s| s.id == id)).cloned();
        let Some(name) = name else { return Ok(by_id()) };
        if let Some(site) = sites.get(&name.key()) {
            return Ok(Some(site.clone()));
        }
        if !may_add {
            return Ok(None);
        }
        let model = by_id().or_else(|| sites.values().min_by(|a, b| a.name.cmp(&b.name)).cloned());
        let site = self.new_site(tx, name, model.as_ref()).await?;
        if let Some(sites) = &mut self.fresh.0.sites {
            sites.insert(name.key(), site.clone());
        }
        Ok(Some(site))
    }

    /// A new site in the time zone and currency of another, or of the organisation.
    async fn new_site(&self, tx: &mut Tx, name: &Name, like: Option<&KnownSite>) -> Result<KnownSite> {
        let org = identity::org::get(tx, self.who.org).await?;
        let zone = like.and_then(|s| s.zone.iana_name()).unwrap_or(&org.time_zone).to_owned();
        let site = identity::site::Site {
            id: Id::new(),
            version: 1,
            name: name.as_str().to_owned(),
            code: None,
            time_zone: zone,
            currency: like.map_or(org.currency, |s| s.currency),
            beds: None,
            calendar: identity::site::Calendar::default(),
        };
        identity::site::keep(tx, self.who, &site).await?;
        let zone = site.zone();
        Ok(KnownSite { id: site.id, name: site.name, zone, currency: site.currency })
    }

    async fn company(&mut self, tx: &mut Tx, name: &Name) -> Result<Option<CompanyId>> {
        let key = name.key();
        if let Some(id) = self.known.companies.get(&key).or_else(|| self.fresh.0.companies.get(&key)) {
            return Ok(Some(*id));
        }
        let org = self.who.org;
        let id = match company::store::find_by_name(tx, org, name.as_str()).await? {
            Some(found) => found.id,
            None if !self.run.may_add.models => return Ok(None),
            None => {
                let new = Company::new(CompanyId::new(), name.clone());
                company::store::add(tx, org, &new).await?;
                let change = added("fleet.company.add", "company", new.id.uuid(), &new, self.run)?;
                tx.record(self.who, change).await?;
                new.id
            }
        };
        self.fresh.0.companies.insert(key, id);
        Ok(Some(id))
    }

    async fn device_type(
        &mut self,
        tx: &mut Tx,
        name: &Name,
        risk: Option<RiskLevel>,
    ) -> Result<(DeviceTypeId, Option<RiskLevel>)> {
        let key = name.key();
        if let Some(found) = self.known.types.get(&key).or_else(|| self.fresh.0.types.get(&key)) {
            return Ok(*found);
        }
        let org = self.who.org;
        let found = match device_type::store::find_by_name(tx, org, name.as_str()).await? {
            Some(found) => (found.id, found.risk),
            None => {
                let new = DeviceType::new(DeviceTypeId::new(), name.clone(), risk);
                device_type::store::add(tx, org, &new).await?;
                let change = added("fleet.device_type.add", "device_type", new.id.uuid(), &new, self.run)?;
                tx.record(self.who, change).await?;
                (new.id, new.risk)
            }
        };
        self.fresh.0.types.insert(key, found);
        Ok(found)
    }

    /// The model of a row, with maker and type; what is missing is added, or there is none where the import may not.
    pub(crate) async fn model(&mut self, tx: &mut Tx, names: &Names<'_>) -> Result<Option<KnownModel>> {
        let Some(maker) = self.company(tx, names.maker).await? else { return Ok(None) };
        let key = (maker, names.model.key());
        if let Some(found) = self.known.models.get(&key).or_else(|| self.fresh.0.models.get(&key)) {
            return Ok(Some(*found));
        }
        let org = self.who.org;
        let known = match model::store::find_by_name(tx, org, maker, names.model.as_str()).await? {
            Some(found) => {
                let kind = device_type::store::get(tx, org, found.device_type).await?;
                let risk = found.risk(kind.risk);
                KnownModel { id: found.id, risk }
            }
            None if !self.run.may_add.models => return Ok(None),
            None => {
                let (kind, risk) = self.device_type(tx, names.type_name, names.type_risk).await?;
                let new = Model::new(ModelId::new(), maker, kind, names.model.clone());
                model::store::add(tx, org, &new).await?;
                let change = added("fleet.model.add", "model", new.id.uuid(), &new, self.run)?;
                tx.record(self.who, change).await?;
                KnownModel { id: new.id, risk }
            }
        };
        self.fresh.0.models.insert(key, known);
        Ok(Some(known))
    }

    /// The place of a row.
    pub(crate) async fn place(
        &mut self,
        tx: &mut Tx,
        site: SiteId,
        way: [Option<&str>; 3],
    ) -> Result<Option<PlaceId>> {
        if way.iter().all(Option::is_none) {
            return Ok(None);
        }
        let key = (site, path_key(&way));
        if let Some(id) = self.known.places.get(&key).or_else(|| self.fresh.0.places.get(&key)) {
            return Ok(Some(*id));
        }
        let [building, floor, room] = way;
        let found = identity::place::find_or_add(tx, self.who, site, building, floor, room).await?;
        let Some(id) = found.map(Id::cast) else { return Ok(None) };
        self.fresh.0.places.insert(key, id);
        Ok(Some(id))
    }

    /// The owner of a row.
    pub(crate) async fn department(
        &mut self,
        tx: &mut Tx,
        site: SiteId,
        (department, unit): (&str, Option<&str>),
        cost_centre: Option<&str>,
    ) -> Result<DepartmentId> {
        let key = (site, path_key(&[Some(department), unit]));
        if let Some(id) = self.known.departments.get(&key).or_else(|| self.fresh.0.departments.get(&key)) {
            return Ok(*id);
        }
        let id = identity::department::find_or_add(tx, self.who, site, department, unit, cost_centre).await?;
        self.fresh.0.departments.insert(key, id);
        Ok(id)
    }
}

/// One key for a way of names. The separator is no text that folding leaves.
fn path_key(way: &[Option<&str>]) -> String {
    way.iter().map(|name| name.map(kernel::fold).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}
