//! A device with the names its page needs, as it is or as it was known at an instant.

use db::{Tx, vals};
use kernel::{Instant, OrgId, Problem, Result, TimeZone};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    CompanyId, DeviceType, DeviceTypeId, Model, RiskLevel, UsefulLife,
    device::{Device, Facts},
    device_type,
    model::{self, About},
};

db::statements! {
    /// The names around a device: model, maker, type, site, the way to its place and its owner, its system.
    ABOUT = "SELECT m.name AS model, c.id AS company_id, c.name AS company, t.id AS type_id, t.name AS type_name, \
             s.name AS site, s.time_zone, p.name AS place_1, p2.name AS place_2, p3.name AS place_3, \
             o.name AS owner_1, o2.name AS owner_2, u.tag AS parent FROM model m \
             JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
             JOIN company c ON c.org_id = m.org_id AND c.id = m.company_id \
             JOIN site s ON s.org_id = m.org_id AND s.id = $3 \
             LEFT JOIN place p ON p.org_id = m.org_id AND p.id = $4 \
             LEFT JOIN place p2 ON p2.org_id = m.org_id AND p2.id = p.parent_id \
             LEFT JOIN place p3 ON p3.org_id = m.org_id AND p3.id = p2.parent_id \
             LEFT JOIN department o ON o.org_id = m.org_id AND o.id = $5 \
             LEFT JOIN department o2 ON o2.org_id = m.org_id AND o2.id = o.parent_id \
             LEFT JOIN device u ON u.org_id = m.org_id AND u.id = $6 \
             WHERE m.org_id = $1 AND m.id = $2";
}

/// A record as it was known at an instant.
async fn recorded(
    tx: &mut Tx,
    org: OrgId,
    (entity, id): (&'static str, Uuid),
    at: Instant,
) -> Result<Option<Value>> {
    Ok(db::gate::as_of(tx, org, entity, id, at).await?.map(|event| event.after))
}

fn name(record: &Value) -> String {
    record["name"].as_str().unwrap_or_default().to_owned()
}

fn id(record: &Value, field: &str) -> Option<Uuid> {
    record[field].as_str()?.parse().ok()
}

/// The names from a record up, the innermost first, no more than so many.
async fn way_up(
    tx: &mut Tx,
    org: OrgId,
    (entity, mut next): (&'static str, Option<Uuid>),
    most: usize,
    at: Instant,
) -> Result<Vec<String>> {
    let mut names = Vec::new();
    while let Some(at_id) = next.filter(|_| names.len() < most) {
        let Some(record) = recorded(tx, org, (entity, at_id), at).await? else { break };
        names.push(name(&record));
        next = id(&record, "parent");
    }
    Ok(names)
}

/// A device and its names.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) device: Device,
    pub(super) model: String,
    pub(super) company_id: CompanyId,
    pub(super) company: String,
    pub(super) type_id: DeviceTypeId,
    pub(super) type_name: String,
    /// What else is known of its model.
    pub(super) about: About,
    /// The risk level of its type.
    pub(super) type_risk: Option<RiskLevel>,
    /// How long devices of its type last.
    pub(super) type_life: Option<UsefulLife>,
    pub(super) site: String,
    pub(super) zone: TimeZone,
    /// Its place, the innermost first.
    pub(super) place: Vec<String>,
    /// Its owner, the innermost first.
    pub(super) owner: Vec<String>,
    /// The tag of the system it is a component of.
    pub(super) parent: Option<String>,
}

impl Known {
    /// Reads the names around a device.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub(super) async fn of(tx: &mut Tx, org: OrgId, device: Device) -> Result<Self> {
        let vals = vals![org, device.model, device.site, device.place, device.department, device.parent];
        let row = tx.one(ABOUT, &vals).await?;
        let about = model::store::get(tx, org, device.model).await?.about;
        let kind = device_type::store::get(tx, org, row.get("type_id")?).await?;
        let zone: String = row.get("time_zone")?;
        let named = |columns: &[&str]| -> Result<Vec<String>> {
            let mut names = Vec::new();
            for column in columns {
                names.extend(row.get::<Option<String>>(column)?);
            }
            Ok(names)
        };
        Ok(Self {
            model: row.get("model")?,
            company_id: row.get("company_id")?,
            company: row.get("company")?,
            about,
            type_id: kind.id,
            type_name: kind.name,
            type_risk: kind.risk,
            type_life: kind.useful_life,
            site: row.get("site")?,
            zone: TimeZone::get(&zone).map_err(Problem::bug)?,
            place: named(&["place_1", "place_2", "place_3"])?,
            owner: named(&["owner_1", "owner_2"])?,
            parent: row.get("parent")?,
            device,
        })
    }

    /// The names as they were known at an instant, for the record of then.
    ///
    /// # Errors
    /// As [`Tx::all`].
    pub(super) async fn then(tx: &mut Tx, org: OrgId, device: Device, at: Instant) -> Result<Self> {
        let mut known = Self::of(tx, org, device).await?;
        let (model, site) = (known.device.model.uuid(), known.device.site.uuid());
        if let Some(model) = recorded(tx, org, ("model", model), at).await? {
            let model: Model = serde_json::from_value(model).map_err(Problem::bug)?;
            (known.model, known.about) = (model.name, model.about);
            (known.company_id, known.type_id) = (model.company, model.device_type);
            let company = recorded(tx, org, ("company", known.company_id.uuid()), at).await?;
            known.company = company.as_ref().map_or(known.company, name);
            if let Some(kind) = recorded(tx, org, ("device_type", known.type_id.uuid()), at).await? {
                let kind: DeviceType = serde_json::from_value(kind).map_err(Problem::bug)?;
                (known.type_name, known.type_risk) = (kind.name, kind.risk);
                known.type_life = kind.useful_life;
            }
        }
        let site = recorded(tx, org, ("site", site), at).await?;
        known.site = site.as_ref().map_or(known.site, name);
        let (place, owner) = (known.device.place, known.device.department);
        known.place = way_up(tx, org, ("place", place.map(|id| id.uuid())), 3, at).await?;
        known.owner = way_up(tx, org, ("department", owner.map(|id| id.uuid())), 2, at).await?;
        if let Some(system) = known.device.parent {
            let system = recorded(tx, org, ("device", system.uuid()), at).await?;
            known.parent = system.and_then(|system| Some(system["tag"].as_str()?.to_owned()));
        }
        Ok(known)
    }

    /// Where it stands, in the fewest words: its place, else its site.
    pub(super) fn place_name(&self) -> &str {
        self.place.first().unwrap_or(&self.site)
    }

    /// What lies around its place, the innermost first: “Level 2, Main building, Northfield General”.
    pub(super) fn around(&self) -> String {
        let mut around: Vec<&str> = self.place.iter().skip(1).map(String::as_str).collect();
        if !self.place.is_empty() {
            around.push(&self.site);
        }
        around.join(", ")
    }

    /// The whole way to where it stands.
    pub(super) fn whole_place(&self) -> String {
        let around = self.around();
        if around.is_empty() { self.site.clone() } else { format!("{}, {around}", self.place_name()) }
    }

    /// The risk level in force.
    pub(super) fn risk(&self) -> Option<RiskLevel> {
        self.device.effective_risk(self.inherited_risk())
    }

    /// The risk level of its model, else that of its type.
    pub(super) fn inherited_risk(&self) -> Option<RiskLevel> {
        self.about.own_risk.as_ref().map(|own| own.level).or(self.type_risk)
    }

    /// Where the risk level in force is from.
    pub(super) fn risk_origin(&self) -> String {
        match (&self.device.risk, &self.about.own_risk, self.type_risk) {
            (Some(_), ..) => self.device.risk_reason.clone().unwrap_or_else(|| "Its own".to_owned()),
            (None, Some(own), _) => format!("From its model, {}: {}", self.model, own.reason),
            (None, None, Some(_)) => format!("From its type, {}", self.type_name),
            (None, None, None) => "Decide it for its type".to_owned(),
        }
    }

    /// How long such a device lasts, and where that is from.
    pub(super) fn useful_life(&self) -> Option<(&UsefulLife, String)> {
        match (&self.about.useful_life, &self.type_life) {
            (Some(life), _) => Some((life, format!("from its model, {}", self.model))),
            (None, Some(life)) => Some((life, format!("from its type, {}", self.type_name))),
            (None, None) => None,
        }
    }

    /// What the rules must know about it.
    pub(super) fn facts(&self, now: Instant) -> Facts {
        Facts {
            inherited_risk: self.inherited_risk(),
            lost_after_days: Facts::LOST_AFTER_DAYS,
            now,
            zone: self.zone.clone(),
        }
    }
}
