//! The people of Northfield Health, all invented, with the roles they hold and where.

use identity::{
    grant::RoleGrant,
    person::{PasswordHash, Person},
};
use kernel::{Actor, Id, Instant, OrgId, RequestId, Role, Scope, Via};

use crate::{
    chance::Chance,
    house::{Area, House},
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

/// The people with their grants.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Accounts.
    pub people: Vec<Person>,
    /// One grant each.
    pub grants: Vec<RoleGrant>,
}

impl Staff {
    /// Takes everybody on.
    pub fn hire(house: &House, hash: &PasswordHash, at: Instant, chance: &mut Chance) -> Self {
        let mut staff = Self { people: Vec::new(), grants: Vec::new() };
        for (name, role, place) in PEOPLE {
            let id = Id::seeded(at, chance.bytes());
            staff.people.push(Person {
                id,
                version: 1,
                name: (*name).to_owned(),
                email: email(name),
                active: true,
                must_change_password: false,
                password_changed_at: Some(at),
                password: Some(hash.clone()),
            });
            let scope = match *place {
                Everywhere => Scope::Org,
                Site(site) => Scope::Site(house.sites[site].id),
                Unit(site, area) => {
                    house.unit_at(site, area).map_or(Scope::Site(house.sites[site].id), |unit| {
                        Scope::Department(house.departments[house.units[unit].department].id)
                    })
                }
            };
            let id = Id::seeded(at, chance.bytes());
            staff.grants.push(RoleGrant {
                id,
                version: 1,
                person: staff.people[staff.people.len() - 1].id,
                role: *role,
                scope,
                ended_at: None,
            });
        }
        staff
    }

    /// Somebody of this role who works at a site.
    pub fn somebody(&self, role: Role, site: usize, chance: &mut Chance) -> usize {
        let fits = |(_, r, place): &(&str, Role, Where)| {
            *r == role && matches!(place, Everywhere) | matches!(place, Site(s) if *s == site)
        };
        chance.weighted(PEOPLE.iter().map(|person| u32::from(fits(person))))
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
