//! What all lives share: the days, the house, the people, the catalogue on record.

use fleet::{Company, CompanyId, DeviceType, Model, Name, RiskLevel, company::Owner, device::PlaceId};
use identity::person::PasswordHash;
use jiff::civil::date;
use kernel::{Actor, Id, Instant, Problem, RequestId, Result};

use crate::{
    catalogue::{self, MAKERS, PRODUCTS},
    chance::Chance,
    days::Days,
    facts::{FACTS, UNDECIDED_TYPE},
    house::{self, House},
    nomenclature,
    people::Staff,
};

/// What all lives share.
pub struct World {
    /// The eight years.
    pub days: Days,
    /// Sites, places, departments.
    pub house: House,
    /// The people.
    pub staff: Staff,
    /// Makers in the order of [`MAKERS`].
    pub companies: Vec<Company>,
    /// Device types in the order of [`catalogue::types`].
    pub types: Vec<DeviceType>,
    /// Models in the order of [`PRODUCTS`].
    pub models: Vec<Model>,
    /// Where the streams of chance begin.
    pub root: Chance,
    request: RequestId,
}

impl World {
    /// Builds all that stands before the first device.
    ///
    /// # Errors
    /// [`Problem::Bug`] when a name of the catalogue would not be taken.
    pub fn build(devices: u32, days: Days, root: Chance, hash: &PasswordHash) -> Result<Self> {
        let at = days.beginning();
        let chance = &mut root.stream(0);
        let house = house::build(devices, at, chance)?;
        let staff = Staff::hire(&house, hash, at, chance);
        let name = |text: &str| Name::parse(text).map_err(Problem::bug);
        let mut companies = Vec::new();
        for maker in MAKERS {
            companies.push(Company::new(Id::seeded(at, chance.bytes()), name(maker)?));
        }
        let ids: Vec<CompanyId> = companies.iter().map(|company| company.id).collect();
        for known in catalogue::KNOWN_OF_MAKERS {
            let company = &mut companies[known.maker];
            company.aliases = known.names.iter().map(|name| (*name).to_owned()).collect();
            company.owners = known
                .owners
                .iter()
                .map(|(owner, from, until)| Owner {
                    company: ids[*owner],
                    from: from.map(|year| date(year, 1, 1)),
                    until: until.map(|year| date(year, 12, 31)),
                    source: Some("Press release of the owner".to_owned()),
                })
                .collect();
        }
        let mut types = Vec::new();
        for (kind, class) in catalogue::types() {
            let new = DeviceType::new(Id::seeded(at, chance.bytes()), name(kind)?, risk(kind, class));
            let useful_life = new.risk.map(|_| nomenclature::useful_life(&FACTS[class]));
            types.push(DeviceType { codes: nomenclature::codes(kind), useful_life, ..new });
        }
        let mut models = Vec::new();
        for product in PRODUCTS {
            let kind = catalogue::types().position(|(name, _)| name == product.device_type).unwrap_or(0);
            let id = Id::seeded(at, chance.bytes());
            models.push(Model::new(id, companies[product.maker].id, types[kind].id, name(product.name)?));
        }
        Ok(Self { days, house, staff, companies, types, models, root, request: RequestId::new() })
    }

    /// A person as the one who acts at a moment.
    pub fn actor(&self, person: usize, at: Instant) -> Actor {
        self.staff.actor(self.house.org.id, person, at, &self.request)
    }

    /// A place as the fleet names it.
    pub fn place(&self, position: usize) -> PlaceId {
        self.house.places[position].id.cast()
    }
}

/// The risk level of a type; nobody has decided that of [`UNDECIDED_TYPE`].
pub fn risk(kind: &str, class: usize) -> Option<RiskLevel> {
    (kind != UNDECIDED_TYPE).then(|| FACTS[class].risk)
}
