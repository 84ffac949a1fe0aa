//! Northfield Health: its sites with their buildings, floors and rooms, their departments and units.
//!
//! The number of beds follows the number of devices, ten devices a bed; wards and rooms follow the beds. A fleet for
//! one region stands at three sites; a larger one is a health system of as many regions as it needs, because no
//! hospital has ten thousand beds.

use std::collections::HashMap;

use identity::{
    department::{Department, DepartmentKind},
    org::Org,
    place::{Place, PlaceKind},
    site::{Calendar, Site},
};
use kernel::{Currency, Id, Instant, Problem, Result};

use crate::{chance::Chance, days::ZONE, facts::divide, towns};

/// What is done in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Area {
    Ward,
    Icu,
    Emergency,
    Theatre,
    Recovery,
    Nicu,
    Labour,
    Paediatrics,
    Oncology,
    Radiology,
    CathLab,
    Laboratory,
    Dialysis,
    Endoscopy,
    Sterile,
    Outpatient,
    Cardiology,
    Workshop,
    Store,
}

/// How an area is laid out.
struct Layout {
    area: Area,
    department: &'static str,
    /// Rooms or bays for a thousand beds of the site.
    rooms: u32,
    /// The word before a room's number.
    room: &'static str,
    floor: u32,
    /// Whether Lakeside, the smallest site, has it.
    lakeside: bool,
}

const fn l(
    area: Area,
    department: &'static str,
    rooms: u32,
    room: &'static str,
    floor: u32,
    lakeside: bool,
) -> Layout {
    Layout { area, department, rooms, room, floor, lakeside }
}

const LAYOUT: &[Layout] = &[
    l(Area::Ward, "Medicine and surgery", 330, "room", 4, true),
    l(Area::Icu, "Critical care", 100, "bay", 2, true),
    l(Area::Emergency, "Emergency", 70, "bay", 1, true),
    l(Area::Theatre, "Theatres", 30, "OR", 2, true),
    l(Area::Recovery, "Recovery", 30, "bay", 2, true),
    l(Area::Nicu, "NICU", 40, "bay", 3, false),
    l(Area::Labour, "Labour and delivery", 40, "room", 3, false),
    l(Area::Paediatrics, "Paediatrics", 40, "room", 3, false),
    l(Area::Oncology, "Oncology day unit", 30, "chair", 1, true),
    l(Area::Radiology, "Imaging", 22, "room", 1, true),
    l(Area::CathLab, "Catheter laboratory", 5, "lab", 2, false),
    l(Area::Laboratory, "Laboratory", 16, "bench", 0, true),
    l(Area::Dialysis, "Dialysis", 25, "station", 1, false),
    l(Area::Endoscopy, "Endoscopy", 8, "room", 2, true),
    l(Area::Sterile, "Sterile services", 6, "zone", 0, true),
    l(Area::Outpatient, "Outpatient clinics", 40, "clinic", 1, true),
    l(Area::Cardiology, "Cardiology", 8, "room", 1, false),
    l(Area::Workshop, "Biomed shop", 8, "shelf", 0, true),
    l(Area::Store, "Equipment store", 14, "shelf", 0, true),
];

/// Rooms in a full ward, and bays in a full intensive care unit.
const WARD_ROOMS: u32 = 16;
const ICU_BAYS: u32 = 16;
/// Floors with wards in one building.
const WARD_FLOORS: u32 = 9;

/// A department, or a unit of one, with its rooms.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Position of its site.
    pub site: usize,
    /// What is done there.
    pub area: Area,
    /// Its name.
    pub name: String,
    /// Position of its department or unit.
    pub department: usize,
    /// Positions of its rooms, never empty.
    pub rooms: Vec<usize>,
}

/// Everything that stands before the first device arrives.
#[derive(Clone, Debug)]
pub struct House {
    /// The organisation.
    pub org: Org,
    /// Its sites.
    pub sites: Vec<Site>,
    /// Places, parents before children.
    pub places: Vec<Place>,
    /// Departments, parents before units.
    pub departments: Vec<Department>,
    /// Departments and units that have rooms.
    pub units: Vec<Unit>,
    /// For each site the rooms of its workshop: receiving, the quarantine cage.
    pub docks: Vec<(usize, usize)>,
    /// The names of sites, places and departments by id.
    names: HashMap<uuid::Uuid, String>,
    /// The units of each area with the number of rooms up to and with each.
    by_area: HashMap<Area, Vec<(usize, u32)>>,
    /// The first unit of each area at each site.
    first: HashMap<(usize, Area), usize>,
}

/// Sites of one region: a general hospital, a smaller one, and the smallest, which lacks some departments.
pub const REGION: usize = 3;
/// Devices of a region.
pub const REGION_DEVICES: u32 = 14_000;
/// How large regions are beside each other, in turn.
const REGION_SIZES: &[u32] = &[100, 130, 75, 115, 60, 140, 90];

/// Builds the house for a fleet of this size.
///
/// # Errors
/// [`Problem::Bug`] if the currency's code is none.
pub fn build(devices: u32, at: Instant, chance: &mut Chance) -> Result<House> {
    let currency: Currency = "USD".parse().map_err(Problem::bug)?;
    let org = Org {
        id: Id::seeded(at, chance.bytes()),
        version: 1,
        name: "Northfield Health".to_owned(),
        base_url: None,
        host: None,
        time_zone: ZONE.to_owned(),
        currency,
        demo: true,
    };
    let mut house = House {
        org,
        sites: Vec::new(),
        places: Vec::new(),
        departments: Vec::new(),
        units: Vec::new(),
        docks: Vec::new(),
        names: HashMap::new(),
        by_area: HashMap::new(),
        first: HashMap::new(),
    };
    for (number, beds) in beds(devices).into_iter().enumerate() {
        let (name, code) = towns::site(number);
        house.sites.push(Site {
            id: Id::seeded(at, chance.bytes()),
            version: 1,
            name,
            code: Some(code),
            time_zone: ZONE.to_owned(),
            currency,
            beds: Some(i64::from(beds)),
            calendar: Calendar::default(),
        });
        Builder { house: &mut house, site: 0, buildings: Vec::new(), at, chance }.site(beds);
    }
    house.look_up();
    Ok(house)
}

/// How many regions a fleet of this size has.
pub fn regions(devices: u32) -> u32 {
    ((devices + REGION_DEVICES / 2) / REGION_DEVICES).max(1)
}

/// Beds of each site.
fn beds(devices: u32) -> Vec<u32> {
    let sizes: Vec<u32> = REGION_SIZES.iter().copied().cycle().take(regions(devices) as usize).collect();
    let regions = divide((devices / 10).max(3), &sizes);
    regions.into_iter().flat_map(|beds| divide(beds.max(3), &[58, 29, 13])).collect()
}

struct Builder<'a> {
    house: &'a mut House,
    site: usize,
    /// Each building with its floors by level.
    buildings: Vec<(usize, Vec<(u32, usize)>)>,
    at: Instant,
    chance: &'a mut Chance,
}

impl Builder<'_> {
    fn site(mut self, beds: u32) {
        self.site = self.house.sites.len() - 1;
        let smallest = self.site % REGION == REGION - 1;
        for layout in LAYOUT.iter().filter(|l| !smallest || l.lakeside) {
            let rooms = (beds * layout.rooms).div_ceil(1_000).max(1);
            match layout.area {
                Area::Ward => self.wards(layout, rooms, WARD_ROOMS),
                Area::Icu => self.wards(layout, rooms, ICU_BAYS),
                _ => self.whole(layout, rooms, smallest),
            }
        }
    }

    /// A department without units.
    fn whole(&mut self, layout: &Layout, rooms: u32, smallest: bool) {
        let name = match layout.area {
            Area::Theatre if smallest => "Day surgery",
            _ => layout.department,
        };
        let department = self.department(None, name);
        let floor = self.floor(0, layout.floor);
        self.unit(layout, name.to_owned(), department, floor, rooms);
        if layout.area == Area::Workshop {
            let mut room = |name: &str| self.place(Some(floor), PlaceKind::Room, name.to_owned());
            let dock = (room("Biomed shop, receiving"), room("Quarantine cage"));
            self.house.docks.push(dock);
        }
    }

    /// Wards or intensive care units: two to a floor, upwards, then into the next building.
    fn wards(&mut self, layout: &Layout, rooms: u32, full: u32) {
        let department = self.department(None, layout.department);
        let (count, icu) = (rooms.div_ceil(full), layout.area == Area::Icu);
        let floors = if icu { 2 } else { WARD_FLOORS };
        for (k, rooms) in (0..count).zip(divide(rooms, &vec![1; count as usize])) {
            let (building, level) = (k / 2 / floors, layout.floor + k / 2 % floors);
            let wing = if k % 2 == 0 { "West" } else { "East" };
            let tower = if building == 0 { String::new() } else { format!("{} ", letter(building)) };
            let word = if icu { "ICU" } else { "Med-surg" };
            let name = format!("{word} {tower}{level} {wing}");
            let unit = self.department(Some(department), &name);
            let floor = self.floor(building as usize, level);
            self.unit(layout, name, unit, floor, rooms.max(1));
        }
    }

    fn unit(&mut self, layout: &Layout, name: String, department: usize, floor: usize, rooms: u32) {
        let rooms = (1..=rooms)
            .map(|n| self.place(Some(floor), PlaceKind::Room, format!("{name}, {} {n}", layout.room)))
            .collect();
        self.house.units.push(Unit { site: self.site, area: layout.area, name, department, rooms });
    }

    fn floor(&mut self, building: usize, level: u32) -> usize {
        while self.buildings.len() <= building {
            let name = match self.buildings.len() {
                0 => "Main building".to_owned(),
                n => format!("Building {}", letter(u32::try_from(n).unwrap_or(0))),
            };
            let place = self.place(None, PlaceKind::Building, name);
            self.buildings.push((place, Vec::new()));
        }
        if let Some((_, floor)) = self.buildings[building].1.iter().find(|(l, _)| *l == level) {
            return *floor;
        }
        let name = if level == 0 { "Lower level".to_owned() } else { format!("Level {level}") };
        let floor = self.place(Some(self.buildings[building].0), PlaceKind::Floor, name);
        self.buildings[building].1.push((level, floor));
        floor
    }

    fn place(&mut self, parent: Option<usize>, kind: PlaceKind, name: String) -> usize {
        self.house.places.push(Place {
            id: Id::seeded(self.at, self.chance.bytes()),
            version: 1,
            site: self.house.sites[self.site].id,
            parent: parent.map(|p| self.house.places[p].id),
            kind,
            name,
            code: None,
            closed_at: None,
        });
        self.house.places.len() - 1
    }

    fn department(&mut self, parent: Option<usize>, name: &str) -> usize {
        let number = self.house.departments.len();
        self.house.departments.push(Department {
            id: Id::seeded(self.at, self.chance.bytes()),
            version: 1,
            site: self.house.sites[self.site].id,
            parent: parent.map(|p| self.house.departments[p].id),
            kind: DepartmentKind::under(parent.is_some()),
            name: name.to_owned(),
            code: None,
            cost_centre: Some(format!("{}", 4_100 + number * 10)),
            closed_at: None,
        });
        number
    }
}

/// The letter of a building: B for the second.
fn letter(building: u32) -> char {
    char::from_u32(u32::from('A') + building % 26).unwrap_or('Z')
}

impl House {
    /// Notes what is asked for a million times.
    fn look_up(&mut self) {
        let sites = self.sites.iter().map(|s| (s.id.uuid(), s.name.clone()));
        let places = self.places.iter().map(|p| (p.id.uuid(), p.name.clone()));
        let departments = self.departments.iter().map(|d| (d.id.uuid(), d.name.clone()));
        self.names = sites.chain(places).chain(departments).collect();
        for (number, unit) in self.units.iter().enumerate() {
            self.first.entry((unit.site, unit.area)).or_insert(number);
            let units = self.by_area.entry(unit.area).or_default();
            let before = units.last().map_or(0, |(_, rooms)| *rooms);
            units.push((number, before + u32::try_from(unit.rooms.len()).unwrap_or(1)));
        }
    }

    /// A unit of an area, larger ones more often; sites that lack the area are served by the others.
    pub fn unit_of(&self, area: Area, chance: &mut Chance) -> usize {
        let units = self.by_area.get(&area).map_or(&[][..], Vec::as_slice);
        let rooms = units.last().map_or(0, |(_, rooms)| *rooms);
        let drawn = chance.unit() * f64::from(rooms);
        let at = units.partition_point(|(_, until)| f64::from(*until) <= drawn);
        units.get(at).map_or(0, |(unit, _)| *unit)
    }

    /// The unit of an area at a site.
    pub fn unit_at(&self, site: usize, area: Area) -> Option<usize> {
        self.first.get(&(site, area)).copied()
    }

    /// The name of a site, place, department or unit.
    pub fn name_of(&self, id: uuid::Uuid) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }
}
