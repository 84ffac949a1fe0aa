//! Choosing where a device stands and who owns it, without script and for places by the hundred.

use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use identity::{department, department::Department, place, place::Place, site, site::Site};
use kernel::{Actor, DepartmentId, FieldError, Permit, Problem, Reach, Result, ScopeSet, SiteId};
use maud::{Markup, Render as _, html};
use web::{
    Form,
    look::{Choice, Field, Icon, button, field_id, hidden, icon_sized},
};

use crate::{
    device::{PlaceId, Spot},
    posted::Faults,
};

/// More places than this are searched instead of listed.
const LISTED: usize = 300;
/// Places found by a search.
const FOUND: usize = 50;

/// The sites one may choose from, and what one of them holds.
pub(crate) struct Ground {
    sites: Vec<Site>,
    /// The chosen site.
    pub(crate) site: Site,
    places: Vec<Place>,
    departments: Vec<Department>,
    /// Whether a device of this site needs no owner to be in reach.
    whole_site: bool,
}

impl Ground {
    /// Reads the sites in reach of a permission, and the places and departments of the wanted one, else of the
    /// first.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] when no site is in reach.
    pub(crate) async fn read(
        tx: &mut Tx,
        who: &Actor,
        permit: Permit,
        wanted: Option<SiteId>,
    ) -> Result<Self> {
        let mut sites = site::list(tx, who.org).await?;
        let mut mine: Option<BTreeSet<DepartmentId>> = None;
        if let ScopeSet::Only { sites: whole, departments } = who.scope(permit) {
            let mut reached = whole;
            for id in &departments {
                reached.extend(department::find(tx, who.org, *id).await?.map(|d| d.site));
            }
            sites.retain(|s| reached.contains(&s.id));
            mine = Some(departments);
        }
        let site = wanted
            .and_then(|id| sites.iter().find(|s| s.id == id))
            .or_else(|| sites.first())
            .cloned()
            .ok_or(Problem::Forbidden { permit: permit.0 })?;
        let places = place::list(tx, who.org, site.id).await?;
        let mut departments = department::list(tx, who.org, site.id).await?;
        departments.retain(|d| d.closed_at.is_none());
        let whole_site = who.may(permit, Reach { site: Some(site.id), department: None });
        if let (false, Some(mine)) = (whole_site, mine) {
            departments.retain(|d| mine.contains(&d.id));
        }
        Ok(Self { sites, site, places, departments, whole_site })
    }

    /// The name of a place with what lies around it.
    pub(super) fn place_name(&self, id: PlaceId) -> Option<String> {
        let place = self.places.iter().find(|p| p.id == id.cast())?;
        let around = self.around(place);
        Some(if around.is_empty() { place.name.clone() } else { format!("{around}, {}", place.name) })
    }

    /// The places around a place, the outermost first; empty for one directly under the site.
    fn around(&self, place: &Place) -> String {
        let mut names = Vec::new();
        let mut at = place.parent;
        while let Some(up) = at.and_then(|id| self.places.iter().find(|p| p.id == id)) {
            names.push(up.name.as_str());
            at = up.parent;
        }
        names.reverse();
        names.join(", ")
    }

    /// Reads the site, place and owner of a posted form.
    pub(super) fn spot(&self, form: &Form, errors: &mut Vec<FieldError>) -> Spot {
        let place: Option<PlaceId> = form.parse("place", "a place", errors);
        let department: Option<DepartmentId> = form.parse("department", "a department", errors);
        self.chosen(form.text("site").parse().ok(), place, department, errors)
    }

    /// Whether a site, place and owner may be chosen together.
    pub(in crate::device) fn chosen(
        &self,
        site: Option<SiteId>,
        place: Option<PlaceId>,
        department: Option<DepartmentId>,
        errors: &mut Vec<FieldError>,
    ) -> Spot {
        let mut fault = |field: &'static str, message: &str| {
            errors.push(FieldError { field: field.into(), message: message.to_owned() });
        };
        if site != Some(self.site.id) {
            fault("site", "That site is not among those you may choose. Choose one from the list.");
        }
        if place.is_some_and(|id| !self.places.iter().any(|p| p.id == id.cast() && p.closed_at.is_none())) {
            fault("place", "That place is not at this site. Choose one from the list.");
        }
        if department.is_some_and(|id| self.departments.iter().all(|d| d.id != id)) {
            fault(
                "department",
                "That department is not among those you may choose. Choose one from the list.",
            );
        }
        if department.is_none() && !self.whole_site {
            fault("department", "Choose the department that owns it; you look after departments, not sites.");
        }
        Spot { site: self.site.id, place, department }
    }

    /// Whether a place and an owner are at the chosen site and may be chosen.
    pub(crate) fn offers(
        &self,
        place: Option<PlaceId>,
        department: Option<DepartmentId>,
        errors: &mut Vec<FieldError>,
    ) {
        let mut all = Vec::new();
        self.chosen(Some(self.site.id), place, department, &mut all);
        // That no owner was chosen leaves each device its own.
        errors.extend(all.into_iter().filter(|error| error.field != "department" || department.is_some()));
    }

    /// The places to choose from, by what lies around them.
    pub(crate) fn place_choices(&self, chosen: &str, find: &str) -> Vec<Choice> {
        let groups = self.offered(chosen, find);
        let choice = |around: &str, place: &Place| {
            let choice = Choice::new(place.id.to_string(), &place.name);
            if around.is_empty() { choice } else { choice.group(around) }
        };
        groups.iter().flat_map(|(around, places)| places.iter().map(|place| choice(around, place))).collect()
    }

    /// The owners to choose from.
    pub(crate) fn owner_choices(&self) -> Vec<Choice> {
        self.department_choices().into_iter().filter(|choice| !choice.value.is_empty()).collect()
    }

    /// The form that changes the site, and with it the places and departments to choose from. It stands before
    /// the form proper, because choosing a site asks for a new page.
    pub(crate) fn chooser(&self, action: &str, find: &str) -> Markup {
        let many = self.places.len() > LISTED;
        if self.sites.len() < 2 && !many {
            return Markup::default();
        }
        let sites = self.sites.iter().map(|s| Choice::new(s.id.to_string(), &s.name)).collect();
        // With script the choice of a site asks for its places at once; typed words wait for the button.
        html! {
            form.form.fs method="get" action=(action) data-autosubmit=[(!many).then_some("")] {
                @if self.sites.len() > 1 {
                    (Field::select("site", "Site", sites).value(self.site.id.to_string()).render())
                } @else { (hidden("site", &self.site.id.to_string())) }
                @if many {
                    (Field::text("find", "Find a place").value(find).hint(format!(
                        "{} places at this site. Type a part of a name, such as ICU 2.", self.places.len()
                    )).render())
                }
                div.nojs[!many] { (button(if many { "Show places" } else { "Change site" }).small()) }
            }
        }
    }

    /// The fields of the form proper.
    pub(super) fn fields(&self, form: &Form, faults: &Faults, find: &str) -> Markup {
        html! {
            (hidden("site", &self.site.id.to_string()))
            (self.place_field(form.text("place"), faults.at("place").as_deref(), find))
            (Field::select("department", "Owner", self.department_choices())
                .value(form.text("department")).error(faults.at("department")))
        }
    }

    fn department_choices(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        if self.whole_site {
            choices.push(Choice::new("", "Not decided yet"));
        }
        for top in self.departments.iter().filter(|d| d.parent.is_none()) {
            choices.push(Choice::new(top.id.to_string(), &top.name));
            for unit in self.departments.iter().filter(|d| d.parent == Some(top.id)) {
                choices.push(Choice::new(unit.id.to_string(), format!("{}, {}", top.name, unit.name)));
            }
        }
        // A unit whose department is out of reach stands by itself.
        for unit in &self.departments {
            if unit.parent.is_some_and(|up| self.departments.iter().all(|d| d.id != up)) {
                choices.push(Choice::new(unit.id.to_string(), &unit.name));
            }
        }
        choices
    }

    /// The places to list: all, or those a search found and the one chosen now.
    fn offered(&self, chosen: &str, find: &str) -> BTreeMap<String, Vec<&Place>> {
        let words = kernel::words(find);
        let all = self.places.len() <= LISTED;
        let mut groups: BTreeMap<String, Vec<&Place>> = BTreeMap::new();
        let mut shown = 0;
        for place in self.places.iter().filter(|p| p.closed_at.is_none()) {
            let around = self.around(place);
            let here = kernel::words(&format!("{around} {}", place.name));
            let matches =
                !words.is_empty() && words.iter().all(|w| here.iter().any(|h| h.starts_with(w.as_str())));
            let offer = all || place.id.to_string() == chosen || (matches && shown < FOUND);
            if offer {
                shown += 1;
                groups.entry(around).or_default().push(place);
            }
        }
        groups
    }

    /// A select grouped by what lies around each place, drawn like the component's own.
    fn place_field(&self, chosen: &str, error: Option<&str>, find: &str) -> Markup {
        let id = field_id("place");
        let option = |p: &Place| {
            let value = p.id.to_string();
            html! { option value=(value) selected[value == chosen] { (p.name) } }
        };
        html! {
            div.field {
                label.f for=(id) { "Location" }
                span.selw {
                    select.inp id=(id) name="place" aria-invalid=[error.map(|_| "true")]
                        aria-describedby=[error.map(|_| format!("{id}-error"))] {
                        option value="" { "Not known" }
                        @for (around, places) in self.offered(chosen, find) {
                            @if around.is_empty() { @for p in places { (option(p)) } }
                            @else { optgroup label=(around) { @for p in places { (option(p)) } } }
                        }
                    }
                    (icon_sized(Icon::ChevronDown, 13, "mute"))
                }
                @if let Some(error) = error {
                    p.ferr id={ (id) "-error" } { (icon_sized(Icon::CircleAlert, 13, "")) span { (error) } }
                }
            }
        }
    }
}
