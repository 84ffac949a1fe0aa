//! A device with the names around it, as one row of a file: what an export writes and an import compares.

use db::{Row, Select, Tx, Val};
use kernel::{Instant, Money, OrgId, Result};

use crate::{
    RiskLevel,
    device::{Device, DeviceId, Hold, Loan},
    import::Field,
};

/// A device and the names of what it refers to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Described {
    pub(crate) device: Device,
    pub(crate) maker: String,
    pub(crate) type_name: String,
    pub(crate) type_risk: Option<RiskLevel>,
    pub(crate) model_risk: Option<RiskLevel>,
    pub(crate) model: String,
    pub(crate) site: String,
    pub(crate) building: Option<String>,
    pub(crate) floor: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) cost_centre: Option<String>,
    pub(crate) parent_tag: Option<String>,
}

impl Described {
    /// The risk level of its model, else that of its type: what counts for a device without one of its own.
    pub(crate) fn inherited_risk(&self) -> Option<RiskLevel> {
        self.model_risk.or(self.type_risk)
    }
}

const HEAD: &str = "SELECT d.id, d.version, d.tag, d.serial, d.serial_less, d.udi, d.model_id, d.parent_id, \
    d.site_id, d.place_id, d.department_id, d.state, d.state_since_at, d.inspect_after_at, d.accepted_at, \
    d.accepted_as, d.hold_reason, d.hold_released_by, d.loan_agreement, d.loan_ends_on, d.risk, d.risk_reason, \
    d.strategy, d.tenure, d.agreement, d.agreement_ends_on, d.acquired_on, d.price_minor, d.price_currency, \
    d.notes, d.import_id, d.removed_at, c.name AS maker, t.name AS type_name, t.risk AS type_risk, m.risk AS model_risk, \
    m.name AS model, s.name AS site, p.kind AS kind0, p.name AS name0, p1.kind AS kind1, p1.name AS name1, \
    p2.kind AS kind2, p2.name AS name2, o.name AS owner, o.cost_centre AS cost_centre, o1.name AS above, \
    u.tag AS parent_tag \
    FROM device d JOIN model m ON m.org_id = d.org_id AND m.id = d.model_id \
    JOIN device_type t ON t.org_id = m.org_id AND t.id = m.type_id \
    JOIN company c ON c.org_id = m.org_id AND c.id = m.company_id \
    JOIN site s ON s.org_id = d.org_id AND s.id = d.site_id \
    LEFT JOIN place p ON p.org_id = d.org_id AND p.id = d.place_id \
    LEFT JOIN place p1 ON p1.org_id = p.org_id AND p1.id = p.parent_id \
    LEFT JOIN place p2 ON p2.org_id = p1.org_id AND p2.id = p1.parent_id \
    LEFT JOIN department o ON o.org_id = d.org_id AND o.id = d.department_id \
    LEFT JOIN department o1 ON o1.org_id = o.org_id AND o1.id = o.parent_id \
    LEFT JOIN device u ON u.org_id = d.org_id AND u.id = d.parent_id";

/// The devices with these keys of tags that were not removed, in any order.
pub(crate) async fn by_tags(tx: &mut Tx, org: OrgId, keys: &[String]) -> Result<Vec<Described>> {
    read(tx, org, "d.tag_key", keys.iter().map(Val::from)).await
}

/// The devices with these ids that were not removed, in any order.
pub(crate) async fn by_ids(tx: &mut Tx, org: OrgId, ids: &[DeviceId]) -> Result<Vec<Described>> {
    read(tx, org, "d.id", ids.iter().map(|id| Val::from(*id))).await
}

async fn read(
    tx: &mut Tx,
    org: OrgId,
    column: &'static str,
    vals: impl Iterator<Item = Val>,
) -> Result<Vec<Described>> {
    let mut select = Select::new(HEAD, "d", org);
    select.one_of(column, vals).filter("d.removed_at IS NULL", []);
    select.all(tx).await?.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Described> {
    let (mut building, mut floor, mut room) = (None, None, None);
    for (kind, name) in [("kind0", "name0"), ("kind1", "name1"), ("kind2", "name2")] {
        let name: Option<String> = row.get(name)?;
        match row.get::<Option<String>>(kind)?.as_deref() {
            Some("building") => building = name,
            Some("floor") => floor = name,
            Some("room") => room = name,
            _ => {}
        }
    }
    let (owner, above): (Option<String>, Option<String>) = (row.get("owner")?, row.get("above")?);
    let (department, unit) = if above.is_some() { (above, owner) } else { (owner, None) };
    Ok(Described {
        device: device(row)?,
        maker: row.get("maker")?,
        type_name: row.get("type_name")?,
        type_risk: row.parse_opt("type_risk")?,
        model_risk: row.parse_opt("model_risk")?,
        model: row.get("model")?,
        site: row.get("site")?,
        building,
        floor,
        room,
        department,
        unit,
        cost_centre: row.get("cost_centre")?,
        parent_tag: row.get("parent_tag")?,
    })
}

fn device(row: &Row) -> Result<Device> {
    let both = |a: Option<String>, b: Option<String>| a.zip(b);
    let hold = both(row.get("hold_reason")?, row.get("hold_released_by")?);
    let loan: (Option<String>, Option<kernel::Date>) = (row.get("loan_agreement")?, row.get("loan_ends_on")?);
    let price: (Option<i64>, Option<kernel::Currency>) =
        (row.get("price_minor")?, row.get("price_currency")?);
    Ok(Device {
        id: row.get("id")?,
        version: row.get("version")?,
        tag: row.get("tag")?,
        serial: row.get("serial")?,
        serial_less: row.get("serial_less")?,
        udi: row.get("udi")?,
        model: row.get("model_id")?,
        parent: row.get("parent_id")?,
        site: row.get("site_id")?,
        place: row.get("place_id")?,
        department: row.get("department_id")?,
        state: row.parse("state")?,
        state_since: row.get("state_since_at")?,
        inspect_after: row.get("inspect_after_at")?,
        accepted_at: row.get("accepted_at")?,
        accepted_as: row.parse_opt("accepted_as")?,
        hold: hold.map(|(reason, released_by)| Hold { reason, released_by }),
        loan: loan.0.zip(loan.1).map(|(agreement, ends_on)| Loan { agreement, ends_on }),
        risk: row.parse_opt("risk")?,
        risk_reason: row.get("risk_reason")?,
        strategy: row.parse_opt("strategy")?,
        tenure: row.parse("tenure")?,
        agreement: row.get("agreement")?,
        agreement_ends_on: row.get("agreement_ends_on")?,
        acquired_on: row.get("acquired_on")?,
        price: price.0.zip(price.1).map(|(minor, currency)| Money { minor, currency }),
        notes: row.get("notes")?,
        import: row.get("import_id")?,
        removed_at: row.get("removed_at")?,
    })
}

/// The fields of a file in the order an export writes them.
pub(crate) fn fields() -> impl Iterator<Item = Field> {
    Field::ALL.iter().copied().filter(|f| *f != Field::Ignore)
}

impl Described {
    /// The device as one row, in the order of [`fields`].
    pub(crate) fn cells(&self) -> Vec<String> {
        fields().map(|field| self.cell(field)).collect()
    }

    /// One cell of that row: codes and ISO dates, so that it reads back as it is.
    pub(crate) fn cell(&self, field: Field) -> String {
        let d = &self.device;
        let text = |t: &Option<String>| t.as_deref().unwrap_or_default().replace('\0', "");
        let instant = |at: Option<Instant>| at.map(|at| at.to_string()).unwrap_or_default();
        let date = |on: Option<kernel::Date>| on.map(|on| on.to_string()).unwrap_or_default();
        let hold = |of: fn(&Hold) -> &String| d.hold.as_ref().map(of).cloned();
        match field {
            Field::Tag => d.tag.clone(),
            Field::Serial => text(&d.serial),
            Field::SerialLess => if d.serial_less { "yes" } else { "" }.to_owned(),
            Field::Udi => text(&d.udi),
            Field::Maker => self.maker.clone(),
            Field::Type => self.type_name.clone(),
            Field::TypeRisk => self.type_risk.map(|r| r.code()).unwrap_or_default().to_owned(),
            Field::Model => self.model.clone(),
            Field::CatalogueNumber | Field::Ignore => String::new(),
            Field::Site => self.site.clone(),
            Field::Building => text(&self.building),
            Field::Floor => text(&self.floor),
            Field::Room => text(&self.room),
            Field::Department => text(&self.department),
            Field::Unit => text(&self.unit),
            Field::CostCentre => text(&self.cost_centre),
            Field::State => d.state.code().to_owned(),
            Field::StateSince => instant(Some(d.state_since)),
            Field::HoldReason => text(&hold(|h| &h.reason)),
            Field::HoldReleasedBy => text(&hold(|h| &h.released_by)),
            Field::LentUnder => text(&d.loan.as_ref().map(|l| l.agreement.clone())),
            Field::LentUntil => date(d.loan.as_ref().map(|l| l.ends_on)),
            Field::InspectAfter => instant(d.inspect_after),
            Field::Risk => d.risk.map(|r| r.code()).unwrap_or_default().to_owned(),
            Field::RiskReason => text(&d.risk_reason),
            Field::Strategy => d.strategy.map(|s| s.code()).unwrap_or_default().to_owned(),
            Field::Tenure => d.tenure.code().to_owned(),
            Field::Agreement => text(&d.agreement),
            Field::AgreementEndsOn => date(d.agreement_ends_on),
            Field::AcquiredOn => date(d.acquired_on),
            Field::AcceptedOn => instant(d.accepted_at),
            Field::Price => d.price.map(Money::plain).unwrap_or_default(),
            Field::Currency => d.price.map(|p| p.currency.to_string()).unwrap_or_default(),
            Field::ParentTag => text(&self.parent_tag),
            Field::Notes => text(&d.notes),
        }
    }

    /// Whether two rows say the same in a field: names by their keys, the rest to the letter.
    pub(crate) fn agrees(&self, other: &Self, field: Field) -> bool {
        let (mine, theirs) = (self.cell(field), other.cell(field));
        mine == theirs
            || match field {
                Field::Tag | Field::Serial | Field::ParentTag => kernel::key(&mine) == kernel::key(&theirs),
                Field::Maker
                | Field::Type
                | Field::Model
                | Field::Site
                | Field::Building
                | Field::Floor
                | Field::Room
                | Field::Department
                | Field::Unit => kernel::fold(&mine) == kernel::fold(&theirs),
                _ => false,
            }
    }
}
