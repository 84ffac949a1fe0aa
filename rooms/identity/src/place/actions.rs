//! What is done to places.

use db::Tx;
use kernel::{Actor, FieldError, Id, Problem, Reach, Result, SiteId};

use super::{Place, PlaceId, PlaceKind, keep, store};
use crate::{Sent, entry, permit, site, trace, tree};

/// What people type about a place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The place it stands in; `None` is the site itself.
    pub parent: Option<PlaceId>,
    /// Building, floor or room.
    pub kind: PlaceKind,
    /// Its name.
    pub name: String,
    /// A short code; may be blank.
    pub code: String,
}

/// Adds a place to a site.
///
/// # Errors
/// [`Problem::Forbidden`] without `identity.site.manage` at the site; [`Problem::Invalid`] when the name is
/// missing or taken, or the kind may not stand there.
pub async fn add(tx: &mut Tx, who: &Actor, at: SiteId, draft: &Draft, sent: Sent<'_>) -> Result<Place> {
    let site = site::get(tx, who.org, at).await?;
    who.need(permit::SITE_MANAGE, Reach { site: Some(site.id), department: None })?;
    if let Some(done) = sent.before(tx, who, "identity.place.add").await? {
        return Ok(done);
    }
    let all: Vec<Place> = tree::list(tx, who.org, site.id).await?;
    let mut errors = Vec::new();
    let (name, code) = read(&draft.name, &draft.code, &mut errors);
    match tree::open_parent(&all, draft.parent) {
        Err(Problem::Invalid { fields }) => errors.extend(fields),
        Err(other) => return Err(other),
        Ok(parent) if !draft.kind.may_stand_under(parent.map(|p| p.kind)) => {
            entry::fault(&mut errors, "place_kind", misplaced(draft.kind, parent));
        }
        Ok(_) => {}
    }
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    let place = Place {
        id: Id::new(),
        version: 1,
        site: site.id,
        parent: draft.parent,
        kind: draft.kind,
        name,
        code,
        closed_at: None,
    };
    keep(tx, who, &place).await?;
    sent.after(tx, who, &place).await?;
    Ok(place)
}

/// Gives a place another name and code; the old ones stay in its history.
///
/// # Errors
/// As [`add`], and [`Problem::Stale`] when somebody changed it since `version`.
pub async fn rename(
    tx: &mut Tx,
    who: &Actor,
    id: PlaceId,
    version: i64,
    (name, code): (&str, &str),
    sent: Sent<'_>,
) -> Result<Place> {
    const ACTION: &str = "identity.place.rename";
    let before: Place = tree::get(tx, who.org, id).await?;
    who.need(permit::SITE_MANAGE, Reach { site: Some(before.site), department: None })?;
    if let Some(done) = sent.before(tx, who, ACTION).await? {
        return Ok(done);
    }
    let mut errors = Vec::new();
    let (name, code) = read(name, code, &mut errors);
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    trace::must_be_current(before.version, version)?;
    let after = Place { version: before.version + 1, name, code, ..before.clone() };
    tree::save(tx, who, ACTION, (&before, &after), None).await?;
    trace::renamed(tx, who, "identity.place.renamed", id.uuid(), before.name != after.name).await?;
    sent.after(tx, who, &after).await?;
    Ok(after)
}

/// Finds the innermost named place, adding and recording whatever is missing on the way. `None` when nothing is
/// named (blank text counts as nothing). What was closed is open again, because it is in use. A floor without a building is put into a building with the site's name.
/// For imports: asks no permission, so the caller has asked its own for this site.
///
/// # Errors
/// [`Problem::NotFound`] for an unknown site; [`Problem::Invalid`] for a name that cannot be used.
pub async fn find_or_add(
    tx: &mut Tx,
    who: &Actor,
    site: SiteId,
    building: Option<&str>,
    floor: Option<&str>,
    room: Option<&str>,
) -> Result<Option<PlaceId>> {
    let named = |text: Option<&str>| text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let (mut building, floor, room) = (named(building), named(floor), named(room));
    if building.is_none() && floor.is_some() {
        building = Some(site::get(tx, who.org, site).await?.name);
    }
    let mut at = None;
    for (kind, name) in [(PlaceKind::Building, building), (PlaceKind::Floor, floor), (PlaceKind::Room, room)]
    {
        if let Some(name) = name {
            at = Some(find_or_add_one(tx, who, site, at, kind, &name).await?);
        }
    }
    Ok(at)
}

async fn find_or_add_one(
    tx: &mut Tx,
    who: &Actor,
    site: SiteId,
    parent: Option<PlaceId>,
    kind: PlaceKind,
    name: &str,
) -> Result<PlaceId> {
    if let Some(found) = store::by_name(tx, who.org, site, parent, kind, name).await? {
        tree::open_again(tx, who, &found).await?;
        return Ok(found.id);
    }
    let mut errors = Vec::new();
    let (name, code) = read(name, "", &mut errors);
    if !errors.is_empty() {
        return Err(Problem::Invalid { fields: errors });
    }
    let place = Place { id: Id::new(), version: 1, site, parent, kind, name, code, closed_at: None };
    keep(tx, who, &place).await?;
    Ok(place.id)
}

fn read(name: &str, code: &str, errors: &mut Vec<FieldError>) -> (String, Option<String>) {
    let name = entry::name("place_name", "The place’s name", name, errors);
    (name, entry::code("place_code", "The place’s code", code, errors))
}

/// Why a place of this kind may not stand there.
pub(super) fn misplaced(kind: PlaceKind, parent: Option<&Place>) -> String {
    let under = parent.map_or_else(|| "the site".to_owned(), |p| format!("the {} {}", p.kind, p.name));
    match kind {
        PlaceKind::Building => format!("A building stands directly under the site, not under {under}."),
        PlaceKind::Floor => format!("A floor belongs to a building, not to {under}. Choose a building."),
        PlaceKind::Room => {
            format!("A room belongs to a floor, a building or the site, not to {under}. Choose one of those.")
        }
    }
}
