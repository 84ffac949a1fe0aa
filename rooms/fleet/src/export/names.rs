//! The names around devices as files: sites, places, departments; what makes a model stands in [`nouns`].

use std::{collections::HashMap, path::Path};

use db::Tx;
use identity::{
    department::{self, Department, DepartmentKind},
    place::{self, Place, PlaceId, PlaceKind},
    site::{self, Site},
};
use kernel::{Actor, DepartmentId, Id, Instant, Problem, Result};
use sheet::Reader;

use super::{around::Around, nouns};
use crate::stand::TALLY;

pub(super) type Cells = Vec<String>;

pub(super) fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// One file: its name, its columns, its rows.
pub(super) struct Table {
    pub(super) file: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Vec<Cells>,
}

const SITES: &[&str] = &["name", "code", "time_zone", "currency", "beds", "calendar"];
const PLACES: &[&str] = &["site", "building", "floor", "room", "code", "closed_at"];
const DEPARTMENTS: &[&str] = &["site", "department", "unit", "code", "cost_centre", "closed_at"];

/// Every file of names, in the order in which they come in again.
pub(super) fn tables(around: &Around) -> Result<Vec<Table>> {
    let sites = &around.sites;
    let mut all = vec![Table {
        file: "sites.csv",
        columns: SITES,
        rows: sites.iter().map(site_cells).collect::<Result<_>>()?,
    }];
    let (mut places, mut departments) = (Vec::new(), Vec::new());
    for site in sites {
        places.extend(place_rows(site, &around.places));
        departments.extend(department_rows(site, &around.departments));
    }
    all.push(Table { file: "places.csv", columns: PLACES, rows: places });
    all.push(Table { file: "departments.csv", columns: DEPARTMENTS, rows: departments });
    all.extend(nouns::tables(around));
    Ok(all)
}

fn site_cells(site: &Site) -> Result<Cells> {
    Ok(vec![
        site.name.clone(),
        text(site.code.as_deref()),
        site.time_zone.clone(),
        site.currency.to_string(),
        site.beds.map(|b| b.to_string()).unwrap_or_default(),
        serde_json::to_string(&site.calendar).map_err(Problem::bug)?,
    ])
}

fn instant(at: Option<Instant>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// Building, floor and room of a place.
fn way_to(place: &Place, by_id: &HashMap<PlaceId, &Place>) -> [String; 3] {
    let mut way: [String; 3] = Default::default();
    let mut at = Some(place);
    while let Some(here) = at {
        way[here.kind as usize] = here.name.clone();
        at = here.parent.and_then(|id| by_id.get(&id).copied());
    }
    way
}

/// The places of a site from the outside in, so that each comes after the one it stands in.
fn place_rows(site: &Site, places: &[Place]) -> Vec<Cells> {
    let places: Vec<&Place> = places.iter().filter(|p| p.site == site.id).collect();
    let by_id: HashMap<_, _> = places.iter().map(|p| (p.id, *p)).collect();
    let row = |place: &Place| {
        let [building, floor, room] = way_to(place, &by_id);
        let (code, closed) = (text(place.code.as_deref()), instant(place.closed_at));
        vec![site.name.clone(), building, floor, room, code, closed]
    };
    let mut sorted = places;
    sorted.sort_by_key(|p| p.kind);
    sorted.into_iter().map(row).collect()
}

/// Department and unit.
fn unit_of(d: &Department, names: &HashMap<DepartmentId, String>) -> [String; 2] {
    match d.parent.and_then(|id| names.get(&id).cloned()) {
        Some(above) => [above, d.name.clone()],
        None => [d.name.clone(), String::new()],
    }
}

fn department_rows(site: &Site, departments: &[Department]) -> Vec<Cells> {
    let departments: Vec<&Department> = departments.iter().filter(|d| d.site == site.id).collect();
    let names: HashMap<_, _> = departments.iter().map(|d| (d.id, d.name.clone())).collect();
    let row = |d: &Department| {
        let [department, unit] = unit_of(d, &names);
        let (code, cost_centre) = (text(d.code.as_deref()), text(d.cost_centre.as_deref()));
        vec![site.name.clone(), department, unit, code, cost_centre, instant(d.closed_at)]
    };
    let mut sorted = departments;
    sorted.sort_by_key(|d| d.parent.is_some());
    sorted.into_iter().map(row).collect()
}

/// The rows of one of our own files; none when the folder does not hold it.
pub(super) fn read(folder: &Path, file: &'static str) -> Result<Vec<(u64, Cells)>> {
    let wrong = |what: &dyn std::fmt::Display| {
        Problem::conflict("fleet.import.folder", format!("{file}: {what}. Nothing of this file came in."))
    };
    let path = folder.join(file);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let input = std::fs::File::open(&path).map_err(|e| wrong(&e))?;
    let reader = Reader::open(input).map_err(|e| wrong(&e))?;
    let columns = columns_of(file);
    // An earlier version wrote fewer columns; later ones only ever add some at the end.
    let header = reader.header();
    if header.len() < columns.first
        || !columns.all.iter().zip(header).all(|(a, b)| a == b)
        || header.len() > columns.all.len()
    {
        return Err(wrong(&format_args!("the columns must be {}", columns.all.join(", "))));
    }
    let rows = reader.map(|item| {
        let record = item.map_err(|e| wrong(&e))?;
        if record.recoded.is_some() {
            // We wrote UTF-8: another program has saved the file since, and nothing is guessed about names.
            let words =
                format!("line {}: letters that are no UTF-8; save the file as “CSV UTF-8”", record.line);
            return Err(wrong(&words));
        }
        Ok((record.line, record.cells))
    });
    rows.collect()
}

/// The columns of a file, and how many of them its first version had.
struct Columns {
    all: &'static [&'static str],
    first: usize,
}

fn columns_of(file: &str) -> Columns {
    let of = |all: &'static [&'static str], first: usize| Columns { all, first };
    match file {
        "sites.csv" => of(SITES, SITES.len()),
        "places.csv" => of(PLACES, PLACES.len()),
        "departments.csv" => of(DEPARTMENTS, DEPARTMENTS.len()),
        "companies.csv" => of(nouns::COMPANIES, 1),
        "owners.csv" => of(nouns::OWNERS, nouns::OWNERS.len()),
        "types.csv" => of(nouns::TYPES, 2),
        _ => of(nouns::MODELS, 3),
    }
}

/// What a row of a file of names is refused with.
pub(super) fn at(file: &str, line: u64, what: impl std::fmt::Display) -> Problem {
    Problem::conflict("fleet.import.folder", format!("{file}, line {line}: {what}"))
}

pub(super) fn cell(cells: &Cells, index: usize) -> &str {
    cells.get(index).map_or("", String::as_str)
}

pub(super) fn some(cells: &Cells, index: usize) -> Option<String> {
    Some(cell(cells, index).to_owned()).filter(|t| !t.is_empty())
}

/// Brings the rows of one file in; those already on record are left alone. Returns how many were added.
pub(super) async fn bring(
    tx: &mut Tx,
    who: &Actor,
    file: &'static str,
    rows: &[(u64, Cells)],
) -> Result<u64> {
    let mut added = 0;
    let mut sites = HashMap::new();
    for (line, cells) in rows {
        let new = match file {
            "sites.csv" => bring_site(tx, who, *line, cells).await?,
            "places.csv" => bring_place(tx, who, *line, cells, &mut sites).await?,
            "departments.csv" => bring_department(tx, who, *line, cells, &mut sites).await?,
            _ => nouns::bring(tx, who, file, *line, cells).await?,
        };
        added += u64::from(new);
    }
    Ok(added)
}

async fn bring_site(tx: &mut Tx, who: &Actor, line: u64, cells: &Cells) -> Result<bool> {
    let wrong = |what: String| at("sites.csv", line, what);
    let name = cell(cells, 0);
    if site::find_by_name(tx, who.org, name).await?.is_some() {
        return Ok(false);
    }
    let draft = site::Draft {
        name: name.to_owned(),
        code: cell(cells, 1).to_owned(),
        time_zone: cell(cells, 2).to_owned(),
        currency: cell(cells, 3).to_owned(),
        beds: cell(cells, 4).to_owned(),
    };
    let mut errors = Vec::new();
    if draft.check(&mut errors).is_none() {
        return Err(wrong(Problem::Invalid { fields: errors }.to_string()));
    }
    let calendar = cell(cells, 5);
    let new = Site {
        id: Id::new(),
        version: 1,
        name: draft.name,
        code: some(cells, 1),
        time_zone: draft.time_zone,
        currency: draft.currency.parse().map_err(|e: kernel::MoneyError| wrong(e.to_string()))?,
        beds: draft.beds.parse().ok(),
        calendar: if calendar.is_empty() {
            site::Calendar::default()
        } else {
            serde_json::from_str(calendar).map_err(|e| wrong(format!("the calendar cannot be read ({e})")))?
        },
    };
    site::keep(tx, who, &new).await?;
    Ok(true)
}

/// A site by the name in a row.
async fn known_site(
    tx: &mut Tx,
    who: &Actor,
    name: &str,
    known: &mut HashMap<String, kernel::SiteId>,
) -> Result<Option<kernel::SiteId>> {
    if let Some(id) = known.get(name) {
        return Ok(Some(*id));
    }
    let found = site::find_by_name(tx, who.org, name).await?.map(|s| s.id);
    known.extend(found.map(|id| (name.to_owned(), id)));
    Ok(found)
}

async fn bring_place(
    tx: &mut Tx,
    who: &Actor,
    line: u64,
    cells: &Cells,
    sites: &mut HashMap<String, kernel::SiteId>,
) -> Result<bool> {
    let wrong = |what: &str| at("places.csv", line, what);
    let site =
        known_site(tx, who, cell(cells, 0), sites).await?.ok_or_else(|| wrong("the site is not known"))?;
    let way = [some(cells, 1), some(cells, 2), some(cells, 3)];
    let Some(depth) = way.iter().rposition(Option::is_some) else { return Err(wrong("no place is named")) };
    let kind = PlaceKind::ALL[depth];
    let above = match &way[..depth] {
        [] => None,
        [building] => place::find_or_add(tx, who, site, building.as_deref(), None, None).await?,
        [building, floor, ..] => {
            place::find_or_add(tx, who, site, building.as_deref(), floor.as_deref(), None).await?
        }
    };
    let name = way[depth].clone().unwrap_or_default();
    let there = place::list(tx, who.org, site).await?;
    let same =
        |p: &&Place| p.parent == above && p.kind == kind && kernel::fold(&p.name) == kernel::fold(&name);
    if there.iter().any(|p| same(&p)) {
        return Ok(false);
    }
    let new = Place {
        id: Id::new(),
        version: 1,
        site,
        parent: above,
        kind,
        name,
        code: some(cells, 4),
        closed_at: None,
    };
    place::keep(tx, who, &new).await?;
    Ok(true)
}

async fn bring_department(
    tx: &mut Tx,
    who: &Actor,
    line: u64,
    cells: &Cells,
    sites: &mut HashMap<String, kernel::SiteId>,
) -> Result<bool> {
    let wrong = |what: &str| at("departments.csv", line, what);
    let site =
        known_site(tx, who, cell(cells, 0), sites).await?.ok_or_else(|| wrong("the site is not known"))?;
    let name = some(cells, 1).ok_or_else(|| wrong("no department is named"))?;
    let unit = some(cells, 2);
    let parent = match &unit {
        Some(_) => Some(department::find_or_add(tx, who, site, &name, None, None).await?),
        None => None,
    };
    let name = unit.unwrap_or(name);
    let there = department::list(tx, who.org, site).await?;
    if there.iter().any(|d| d.parent == parent && kernel::fold(&d.name) == kernel::fold(&name)) {
        return Ok(false);
    }
    let new = Department {
        id: Id::new(),
        version: 1,
        site,
        parent,
        kind: DepartmentKind::under(parent.is_some()),
        name,
        code: some(cells, 3),
        cost_centre: some(cells, 4),
        closed_at: None,
    };
    department::keep(tx, who, &new).await?;
    Ok(true)
}

/// Closes what the rows of a file say is closed, from the inside out. What was changed since it came in, or holds
/// something, is left open.
pub(super) async fn close(tx: &mut Tx, who: &Actor, file: &'static str, rows: &[(u64, Cells)]) -> Result<()> {
    let mut sites = HashMap::new();
    let closed_at = if file == "places.csv" { PLACES.len() - 1 } else { DEPARTMENTS.len() - 1 };
    for (line, cells) in rows.iter().rev() {
        let Some(closed) = some(cells, closed_at) else { continue };
        let read: jiff::Timestamp = closed.parse().map_err(|_| {
            at(file, *line, format!("“{closed}” is not an instant such as 2026-11-22T08:00:00Z"))
        })?;
        let closed = Instant::from_micros(read.as_microsecond());
        let Some(site) = known_site(tx, who, cell(cells, 0), &mut sites).await? else { continue };
        let wanted = |way: &[String]| {
            way.iter().zip(&cells[1..]).all(|(mine, cell)| kernel::fold(mine) == kernel::fold(cell))
        };
        if file == "places.csv" {
            let all = place::list(tx, who.org, site).await?;
            let by_id = all.iter().map(|p| (p.id, p)).collect();
            if let Some(place) = all.iter().find(|p| p.version == 1 && wanted(&way_to(p, &by_id))) {
                place::close_as_listed(tx, who, place, closed, TALLY).await?;
            }
        } else {
            let all = department::list(tx, who.org, site).await?;
            let names = all.iter().map(|d| (d.id, d.name.clone())).collect();
            if let Some(department) = all.iter().find(|d| d.version == 1 && wanted(&unit_of(d, &names))) {
                department::close_as_listed(tx, who, department, closed, TALLY).await?;
            }
        }
    }
    Ok(())
}
