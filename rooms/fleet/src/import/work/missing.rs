//! Names a row needs that are not on record, and whether the import may add them.

use std::collections::{HashMap, HashSet};

use db::Tx;
use identity::place::{Place, PlaceId, PlaceKind};
use kernel::{DepartmentId, OrgId, Reach, Result, SiteId};

use super::{build, build::RowNames, known::KnownSite};
use crate::{
    Name,
    import::{
        Draft,
        run::{Flaw, ImportRun, Within},
    },
};

/// A department with what a row may say of it.
struct Owner {
    id: DepartmentId,
    has_cost_centre: bool,
}

/// Places and departments on record by the keys of the ways to them. Read only for an import that is kept to some of
/// them: one that reaches everything and may add everything asks for none.
#[derive(Default)]
pub(crate) struct Ground {
    owners: HashMap<(SiteId, String, String), Owner>,
    places: HashSet<(SiteId, [String; 3])>,
}

impl Ground {
    pub(crate) async fn read(
        tx: &mut Tx,
        org: OrgId,
        run: &ImportRun,
        sites: &HashMap<String, KnownSite>,
    ) -> Result<Self> {
        let mut ground = Self::default();
        if run.within == Within::Everywhere && run.may_add.places == Within::Everywhere {
            return Ok(ground);
        }
        for site in sites.values() {
            let all = identity::department::list(tx, org, site.id).await?;
            let names: HashMap<DepartmentId, String> =
                all.iter().map(|d| (d.id, kernel::fold(&d.name))).collect();
            for department in &all {
                let own = kernel::fold(&department.name);
                let key = match department.parent {
                    Some(above) => (site.id, names.get(&above).cloned().unwrap_or_default(), own),
                    None => (site.id, own, String::new()),
                };
                let owner = Owner { id: department.id, has_cost_centre: department.cost_centre.is_some() };
                ground.owners.insert(key, owner);
            }
            if !run.may_add.places.holds(Reach { site: Some(site.id), department: None }) {
                let all = identity::place::list(tx, org, site.id).await?;
                ground.places.extend(ways(&all).into_iter().map(|way| (site.id, way)));
            }
        }
        Ok(ground)
    }

    /// The owner department of a row, if it is on record.
    pub(crate) fn owner(&self, site: SiteId, draft: &Draft) -> Option<DepartmentId> {
        Some(self.owner_of(site, draft)?.id)
    }

    fn owner_of(&self, site: SiteId, draft: &Draft) -> Option<&Owner> {
        let (Some(department), unit) = build::owner(draft) else { return None };
        self.owners.get(&(site, department.key(), unit.map(Name::key).unwrap_or_default()))
    }

    /// Refuses a row whose place or department is not on record and that the import may not add.
    pub(crate) fn check(
        &self,
        line: u64,
        draft: &Draft,
        site: &KnownSite,
        run: &ImportRun,
    ) -> Result<Option<Flaw>, Flaw> {
        let adds = |department| run.may_add.places.holds(Reach { site: Some(site.id), department });
        if adds(None) {
            return Ok(None);
        }
        let way = [&draft.building, &draft.floor, &draft.room].map(Option::as_ref);
        if way.iter().any(Option::is_some) && !self.places.contains(&(site.id, way_key(way, &site.name))) {
            let words: Vec<&str> = way.into_iter().flatten().map(Name::as_str).collect();
            return Err(new("place_new", line, "a place", &words.join(", "), site));
        }
        let (Some(department), unit) = build::owner(draft) else { return Ok(None) };
        let Some(owner) = self.owner_of(site.id, draft) else {
            // A unit may be added by whoever manages the department above it.
            let above = unit.and_then(|_| self.owners.get(&(site.id, department.key(), String::new())));
            if above.is_some_and(|above| adds(Some(above.id))) {
                return Ok(None);
            }
            let words = [Some(department), unit].into_iter().flatten().map(Name::as_str).collect::<Vec<_>>();
            return Err(new("department_new", line, "a department", &words.join(", "), site));
        };
        // What a department costs is said by whoever manages it; the device comes in without it.
        Ok((draft.cost_centre.is_some() && !owner.has_cost_centre && !adds(Some(owner.id))).then(|| {
            let what = format!(
                "the cost centre is left out: {} has none on record and you may not change it",
                unit.unwrap_or(department).as_str()
            );
            Flaw::warning(line, "cost_centre", what)
        }))
    }
}

/// A name that somebody else must add.
fn new(kind: &str, line: u64, noun: &str, name: &str, site: &KnownSite) -> Flaw {
    let what = format!(
        "“{name}” is not on record as {noun} of {} and you may not add it; choose one that is, or have it added by \
         a manager of the site",
        site.name
    );
    Flaw::refusal(line, kind, what)
}

/// Refuses a row whose model is not on record and that the import may not add.
pub(super) fn model_may_be_added(line: u64, names: &RowNames, run: &ImportRun) -> Result<(), Flaw> {
    if run.may_add.models {
        return Ok(());
    }
    let what = format!(
        "“{} {}” is not on record as a model and you may not add it; choose one that is, or have it added by a lead \
         or manager of the whole organisation",
        names.maker.as_str(),
        names.model.as_str()
    );
    Err(Flaw::refusal(line, "model_new", what))
}

/// The keys of building, floor and room, as [`identity::place::find_or_add`] looks them up: a floor without a building
/// stands in one named like the site.
fn way_key(way: [Option<&Name>; 3], site: &str) -> [String; 3] {
    let [building, floor, room] = way.map(|name| name.map(Name::key).unwrap_or_default());
    let building = if building.is_empty() && !floor.is_empty() { kernel::fold(site) } else { building };
    [building, floor, room]
}

/// The ways to all places of a site.
fn ways(places: &[Place]) -> Vec<[String; 3]> {
    let by_id: HashMap<PlaceId, &Place> = places.iter().map(|p| (p.id, p)).collect();
    let way = |place: &Place| {
        let mut way = [const { String::new() }; 3];
        let mut at = Some(place);
        // Building, floor, room: no way is longer.
        for _ in 0..way.len() {
            let Some(here) = at else { break };
            let [building, floor, room] = &mut way;
            let slot = match here.kind {
                PlaceKind::Building => building,
                PlaceKind::Floor => floor,
                PlaceKind::Room => room,
            };
            *slot = kernel::fold(&here.name);
            at = here.parent.and_then(|id| by_id.get(&id)).copied();
        }
        way
    };
    places.iter().map(way).collect()
}
