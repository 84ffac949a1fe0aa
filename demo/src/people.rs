//! The people of Northfield Health, all invented, with the roles they hold and where.

use identity::{
    grant::RoleGrant,
    person::{PasswordHash, Person},
};
use kernel::{Actor, Id, Instant, OrgId, RequestId, Role, Scope, Via};

use std::collections::HashMap;

use crate::{
    chance::Chance,
    house::{Area, House, REGION},
};

/// The password of every account of the demonstration. `baton serve` refuses it.
pub const PASSWORD: &str = "demo-northfield-2026";

/// Where a role holds.
#[derive(Clone, Copy)]
enum Where {
    Everywhere,
    Site(usize),
    /// The first unit of an area at a site, with its department.
    Unit(usize, Area),
}
use Role::{Administrator, Auditor, Executive, Lead, Manager, Requester, SecurityAnalyst, Technician};
use Where::{Everywhere, Site, Unit};

/// One person: the first eight are the sign-ins to try the eight roles with.
const PEOPLE: &[(&str, Role, Where)] = &[
    ("Grace Whitfield", Manager, Everywhere),
    ("Maya Okafor", Technician, Site(0)),
    ("Daniel Reyes", Lead, Everywhere),
    ("Priya Raman", Administrator, Everywhere),
    ("Omar Haddad", SecurityAnalyst, Everywhere),
    ("Ruth Lindqvist", Auditor, Everywhere),
    ("Helen Marsh", Executive, Everywhere),
    ("Tom Becker", Requester, Unit(0, Area::Icu)),
    ("Luis Ortega", Technician, Site(0)),
    ("Anna Kowalska", Technician, Site(0)),
    ("Kwame Mensah", Technician, Site(0)),
    ("Ines Duarte", Technician, Site(0)),
    ("Peter Novak", Technician, Site(0)),
    ("Sarah Lind", Technician, Site(0)),
    ("Viktor Hahn", Technician, Site(0)),
    ("Chloe Tran", Technician, Site(0)),
    ("Ben Adeyemi", Technician, Site(1)),
    ("Mei Zhang", Technician, Site(1)),
    ("Jonas Weber", Technician, Site(1)),
    ("Fatima Noor", Technician, Site(1)),
    ("Erik Sand", Technician, Site(2)),
    ("Lucy Harlow", Technician, Site(2)),
    ("Carmen Ibarra", Lead, Site(1)),
    ("Stephen Doyle", Lead, Site(2)),
    ("Nadia Farouk", Manager, Site(1)),
    ("Walter Finch", Manager, Site(2)),
    ("Olivia Stone", Requester, Unit(0, Area::Emergency)),
    ("Marcus Bell", Requester, Unit(0, Area::Theatre)),
    ("Hana Sato", Requester, Unit(0, Area::Nicu)),
    ("Ellen Fraser", Requester, Unit(0, Area::Ward)),
    ("Diego Marin", Requester, Unit(0, Area::Oncology)),
    ("Rosa Keller", Requester, Unit(1, Area::Icu)),
    ("Aisha Bello", Requester, Unit(1, Area::Emergency)),
    ("Paul Renner", Requester, Unit(1, Area::Dialysis)),
    ("Julia Moreau", Requester, Unit(1, Area::Ward)),
    ("Samuel Ekström", Requester, Unit(2, Area::Ward)),
    ("Nora Quinn", Requester, Unit(2, Area::Theatre)),
    ("Leo Papadakis", Requester, Unit(0, Area::Laboratory)),
    ("Ivy Chambers", Executive, Site(1)),
    ("Henry Osei", SecurityAnalyst, Site(0)),
    ("Clara Voss", Auditor, Site(2)),
];

/// How many of them are printed as sign-ins: one for each role.
pub const SHOWN: usize = 8;

/// Who works at each further region of a large health system, by site within it.
const REGION_STAFF: &[(Role, Where)] = &[
    (Technician, Site(0)),
    (Technician, Site(0)),
    (Technician, Site(0)),
    (Technician, Site(0)),
    (Technician, Site(0)),
    (Technician, Site(1)),
    (Technician, Site(1)),
    (Technician, Site(1)),
    (Technician, Site(2)),
    (Lead, Site(0)),
    (Lead, Site(1)),
    (Lead, Site(2)),
    (Manager, Site(0)),
    (Manager, Site(1)),
    (Requester, Unit(0, Area::Icu)),
    (Requester, Unit(0, Area::Emergency)),
    (Requester, Unit(0, Area::Ward)),
    (Requester, Unit(1, Area::Ward)),
];

const FIRST_NAMES: &[&str] = &[
    "Adele", "Bruno", "Celia", "Dario", "Edith", "Felix", "Greta", "Hugo", "Irene", "Jasper", "Katya",
    "Lamar", "Mira", "Nils", "Odile", "Pavel", "Rhea", "Soren", "Talia", "Uri", "Vera", "Wim", "Yara",
    "Zeno",
];
const LAST_NAMES: &[&str] = &[
    "Abbott", "Brandt", "Castell", "Dimas", "Eklund", "Farrow", "Galli", "Hollis", "Imhof", "Jansen", "Kerr",
    "Lasko", "Mercer", "Nowak", "Orban", "Pryor", "Quist", "Rowan", "Salas", "Thorne", "Usher", "Varga",
    "Whelan", "Yates", "Zeller",
];

/// The name of the person with this number among those of further regions; six hundred differ, then a middle initial.
fn name(number: usize) -> String {
    let (first, last) = (FIRST_NAMES[number % FIRST_NAMES.len()], LAST_NAMES[number % LAST_NAMES.len()]);
    match number / (FIRST_NAMES.len() * LAST_NAMES.len()) {
        0 => format!("{first} {last}"),
        round => format!("{first} {} {last}", char::from(b'A' + u8::try_from(round % 26).unwrap_or(0))),
    }
}

/// The people with their grants.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Accounts.
    pub people: Vec<Person>,
    /// One grant each.
    pub grants: Vec<RoleGrant>,
    /// Who of a role works at a site, those who work everywhere among them.
    at: HashMap<(Role, usize), Vec<usize>>,
}

impl Staff {
    /// Takes everybody on.
    pub fn hire(house: &House, hash: &PasswordHash, at: Instant, chance: &mut Chance) -> Self {
        let mut staff = Self { people: Vec::new(), grants: Vec::new(), at: HashMap::new() };
        for (name, role, place) in PEOPLE {
            staff.take_on(house, hash, at, (name, *role, *place), chance);
        }
        let regions = house.sites.len() / REGION;
        let further = (1..regions).flat_map(|region| REGION_STAFF.iter().map(move |who| (region, who)));
        for (number, (region, (role, place))) in further.enumerate() {
            let place = match *place {
                Everywhere => Everywhere,
                Site(site) => Site(region * REGION + site),
                Unit(site, area) => Unit(region * REGION + site, area),
            };
            staff.take_on(house, hash, at, (&name(number), *role, place), chance);
        }
        staff
    }

    fn take_on(
        &mut self,
        house: &House,
        hash: &PasswordHash,
        at: Instant,
        (name, role, place): (&str, Role, Where),
        chance: &mut Chance,
    ) {
        let number = self.people.len();
        let id = Id::seeded(at, chance.bytes());
        self.people.push(Person {
            id,
            version: 1,
            name: name.to_owned(),
            email: email(name),
            active: true,
            must_change_password: false,
            password_changed_at: Some(at),
            password: Some(hash.clone()),
        });
        let scope = match place {
            Everywhere => Scope::Org,
            Site(site) => Scope::Site(house.sites[site].id),
            Unit(site, area) => house.unit_at(site, area).map_or(Scope::Site(house.sites[site].id), |unit| {
                Scope::Department(house.departments[house.units[unit].department].id)
            }),
        };
        let sites = match place {
            Everywhere => 0..house.sites.len(),
            Site(site) => site..site + 1,
            Unit(..) => 0..0,
        };
        for site in sites {
            self.at.entry((role, site)).or_default().push(number);
        }
        let id = Id::seeded(at, chance.bytes());
        self.grants.push(RoleGrant {
            id,
            version: 1,
            person: self.people[number].id,
            role,
            scope,
            ended_at: None,
        });
    }

    /// Somebody of this role who works at a site.
    pub fn somebody(&self, role: Role, site: usize, chance: &mut Chance) -> usize {
        let there = self.at.get(&(role, site)).map_or(&[][..], Vec::as_slice);
        there.get(chance.below(there.len())).copied().unwrap_or(0)
    }

    /// A person as the one who acts.
    pub fn actor(&self, org: OrgId, person: usize, at: Instant, request: &RequestId) -> Actor {
        let person = &self.people[person];
        Actor {
            org,
            person: Some(person.id),
            name: person.name.clone(),
            grants: Vec::new(),
            via: Via::Demo,
            request: request.clone(),
            at,
        }
    }

    /// The role of each person shown, with e-mail and name.
    pub fn shown(&self) -> impl Iterator<Item = (&Person, Role)> {
        self.people.iter().zip(PEOPLE).take(SHOWN).map(|(person, (_, role, _))| (person, *role))
    }
}

/// `maya.okafor@northfield.example`.
fn email(name: &str) -> String {
    format!("{}@northfield.example", kernel::words(name).join("."))
}
