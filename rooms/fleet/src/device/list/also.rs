//! Conditions beyond the filters that the list keeps counts for: any of them, or none of them.

use db::{Cond, Val};
use kernel::{Currency, Date, DepartmentId, Instant, OrgId, SiteId};

use super::{Wanted, narrow, way::Set};
use crate::{
    CompanyId, DeviceTypeId, ModelId, RiskLevel,
    device::{DeviceId, Gap, ImportId, PlaceId, State, Strategy, Tenure},
};

/// One more condition: one of these holds, or none of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Also {
    /// None of them holds.
    pub not: bool,
    /// What may hold; nothing here is a condition that never holds.
    pub any: Vec<Of>,
}

/// What may be so of a device.
#[derive(Clone, Debug, PartialEq)]
pub enum Of {
    /// It is in one of these states.
    State(Vec<State>),
    /// It is at one of these sites.
    Site(Vec<SiteId>),
    /// One of these owns it.
    Department(Vec<DepartmentId>),
    /// It stands in one of these places.
    Place(Vec<PlaceId>),
    /// It is one of these models.
    Model(Vec<ModelId>),
    /// It is of one of these types.
    Type(Vec<DeviceTypeId>),
    /// One of these made it.
    Company(Vec<CompanyId>),
    /// Its risk level, be it its own or its type's.
    Risk(Vec<RiskLevel>),
    /// How it is maintained.
    Strategy(Vec<Strategy>),
    /// Whose it is.
    Tenure(Vec<Tenure>),
    /// Its tag begins so; a key, as [`kernel::key`] makes it.
    Tag(String),
    /// Its serial number begins so; a key.
    Serial(String),
    /// Its UDI, as it was scanned, begins with one of these.
    Udi(Vec<String>),
    /// It was acquired in this range of days, its ends with it.
    Acquired(Option<Date>, Option<Date>),
    /// It came into its state from the first instant on and before the second.
    Since(Option<Instant>, Option<Instant>),
    /// It cost so much: for a currency, the least and the most in its minor units.
    Price(Vec<(Currency, Option<i64>, Option<i64>)>),
    /// This is not on record.
    Without(Blank),
    /// It is held.
    Held,
    /// It reads “Do not use”: held, or kept for investigation.
    Unusable,
    /// Something is not decided yet.
    Undecided,
    /// This is not decided yet.
    Gap(Gap),
    /// This import brought it.
    Import(ImportId),
    /// It is a component of a system.
    Component,
    /// It is a component, directly, of this one.
    PartOf(DeviceId),
}

/// What may not be on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// Owner.
    Department,
    /// Place.
    Place,
    /// Serial number.
    Serial,
    /// UDI.
    Udi,
    /// Day of acquisition.
    Acquired,
    /// Price.
    Price,
    /// Risk level, own and of the type.
    Risk,
    /// Maintenance strategy.
    Strategy,
}

impl Wanted {
    /// Adds that one of these holds, or that none does, where the list finds its rows best: the first of a kind among the
    /// filters it keeps counts for.
    pub fn keep(&mut self, not: bool, any: Vec<Of>) {
        match any.as_slice() {
            [Of::State(of)] if !not && self.states.is_empty() => self.states.clone_from(of),
            [Of::Site(ids)] if !not && self.sites.is_empty() => self.sites.clone_from(ids),
            [Of::Department(ids)] if !not && self.departments.is_empty() => self.departments.clone_from(ids),
            [Of::Model(ids)] if !not && self.models.is_empty() => self.models.clone_from(ids),
            [Of::Type(ids)] if !not && self.types.is_empty() => self.types.clone_from(ids),
            [Of::Company(ids)] if !not && self.companies.is_empty() => self.companies.clone_from(ids),
            [Of::Held] if !not => self.held = true,
            [Of::Unusable] if !not => self.unusable = true,
            [Of::Undecided] if !not => self.undecided = true,
            [Of::Gap(gap)] if !not && self.gap.is_none() => self.gap = Some(*gap),
            [Of::Import(id)] if !not && self.import.is_none() => {
                self.import = Some(*id);
                // Wherever in its life a device is now that an import brought.
                self.left_too = true;
            }
            _ => self.also.push(Also { not, any }),
        }
    }

    /// Adds that this holds too; an empty list of answers asks for nothing.
    pub fn and(&mut self, of: Of) {
        let asks = match &of {
            Of::State(all) => !all.is_empty(),
            Of::Site(ids) => !ids.is_empty(),
            Of::Department(ids) => !ids.is_empty(),
            Of::Model(ids) => !ids.is_empty(),
            Of::Type(ids) => !ids.is_empty(),
            Of::Company(ids) => !ids.is_empty(),
            _ => true,
        };
        if asks {
            self.keep(false, vec![of]);
        }
    }

    /// Whether it is known that nothing fits.
    pub fn is_nothing(&self) -> bool {
        self.also.iter().any(|also| !also.not && also.any.is_empty())
    }
}

impl Also {
    /// The condition that one of these holds.
    pub fn one(any: Vec<Of>) -> Self {
        Self { not: false, any }
    }

    /// As the database is asked.
    pub(super) fn condition(&self, org: OrgId) -> Cond {
        let any = Cond::Any(self.any.iter().map(|of| of.condition(org)).collect());
        if self.not { Cond::Not(Box::new(any)) } else { any }
    }

    /// The set of rows it leaves, where an index leads to them.
    pub(super) fn set(&self) -> Option<Set> {
        match self.any.as_slice() {
            [one] if !self.not => one.set(),
            _ => None,
        }
    }
}

fn vals<T: Copy>(all: &[T]) -> Vec<Val>
where
    Val: From<T>,
{
    all.iter().map(|one| Val::from(*one)).collect()
}

fn codes<T: Copy>(all: &[T], code: fn(T) -> &'static str) -> Vec<Val> {
    all.iter().map(|one| code(*one).into()).collect()
}

/// Past every text that begins with a key: texts sort by code point.
fn past(beginning: &str) -> String {
    format!("{beginning}\u{10ffff}")
}

impl Of {
    fn condition(&self, org: OrgId) -> Cond {
        match self {
            Self::State(states) => Cond::In("d.state", codes(states, State::code)),
            Self::Site(ids) => Cond::In("d.site_id", vals(ids)),
            Self::Department(ids) => Cond::In("d.department_id", vals(ids)),
            Self::Place(ids) => Cond::In("d.place_id", vals(ids)),
            Self::Model(ids) => Cond::In("d.model_id", vals(ids)),
            Self::Type(ids) => Cond::Those(
                "d.model_id",
                "SELECT m.id FROM model m WHERE m.org_id = {} AND m.type_id",
                vals(ids),
            ),
            Self::Company(ids) => Cond::Those(
                "d.model_id",
                "SELECT m.id FROM model m WHERE m.org_id = {} AND m.company_id",
                vals(ids),
            ),
            Self::Risk(levels) => {
                let levels = codes(levels, RiskLevel::code);
                let of_type = "SELECT m.id FROM model m JOIN device_type t ON t.org_id = m.org_id \
                    AND t.id = m.type_id WHERE m.org_id = {} AND COALESCE(m.risk, t.risk)";
                let inherited = Cond::Those("d.model_id", of_type, levels.clone());
                let inherited = Cond::All(vec![Cond::Part("d.risk IS NULL", vec![]), inherited]);
                Cond::Any(vec![Cond::In("d.risk", levels), inherited])
            }
            Self::Strategy(all) => Cond::In("d.strategy", codes(all, Strategy::code)),
            Self::Tenure(all) => Cond::In("d.tenure", codes(all, Tenure::code)),
            Self::Tag(begins) => begins_with("d.tag_key >= {} AND d.tag_key < {}", begins),
            Self::Serial(begins) => begins_with("d.serial_key >= {} AND d.serial_key < {}", begins),
            Self::Udi(all) => {
                Cond::Any(all.iter().map(|udi| begins_with("d.udi >= {} AND d.udi < {}", udi)).collect())
            }
            Self::Acquired(from, to) => ends(
                ("d.acquired_on >= {}", from.map(Val::from)),
                ("d.acquired_on <= {}", to.map(Val::from)),
                "d.acquired_on IS NOT NULL",
            ),
            Self::Since(from, until) => ends(
                ("d.state_since_at >= {}", from.map(Val::from)),
                ("d.state_since_at < {}", until.map(Val::from)),
                "1 = 1",
            ),
            Self::Price(each) => Cond::Any(each.iter().map(priced).collect()),
            Self::Without(blank) => Cond::Part(blank.condition(), blank.vals(org)),
            Self::Held => Cond::Part("d.hold_reason IS NOT NULL", vec![]),
            Self::Unusable => {
                let kept = State::Quarantined.code().into();
                Cond::Part("(d.hold_reason IS NOT NULL OR d.state = {})", vec![kept])
            }
            Self::Undecided => on_inventory(Cond::Part(narrow::ANY_GAP, vec![org.into()])),
            Self::Gap(gap) => on_inventory(narrow::gap(*gap, org)),
            Self::Import(id) => Cond::Part("d.import_id = {}", vec![(*id).into()]),
            Self::Component => Cond::Part("d.parent_id IS NOT NULL", vec![]),
            Self::PartOf(id) => Cond::Part("d.parent_id = {}", vec![(*id).into()]),
        }
    }

    /// The index that leads to the rows, where there is one that few rows may stand in.
    fn set(&self) -> Option<Set> {
        Some(match self {
            Self::Place(_) => Set::Places,
            Self::Department(_) => Set::Departments,
            Self::Model(_) | Self::Type(_) | Self::Company(_) => Set::Models,
            Self::Strategy(_) => Set::Strategy,
            Self::Tenure(all) if !all.contains(&Tenure::Owned) => Set::NotOwned,
            Self::Tag(_) => Set::Tags,
            Self::Serial(_) => Set::Serials,
            Self::Udi(all) if all.len() == 1 => Set::Udis,
            Self::Acquired(..) => Set::Acquired,
            Self::Since(..) => Set::Since,
            Self::Price(each) if each.len() == 1 => Set::Price,
            Self::Held => Set::Held,
            Self::Without(blank) => return blank.set(),
            Self::Import(_) => Set::Import,
            Self::PartOf(_) | Self::Component => Set::Components,
            _ => return None,
        })
    }
}

impl Blank {
    const fn condition(self) -> &'static str {
        match self {
            Self::Department => "d.department_id IS NULL",
            Self::Place => "d.place_id IS NULL",
            Self::Serial => "d.serial_key IS NULL",
            Self::Udi => "d.udi IS NULL",
            Self::Acquired => "d.acquired_on IS NULL",
            Self::Price => "d.price_currency IS NULL",
            Self::Risk => narrow::NO_RISK,
            Self::Strategy => "d.strategy IS NULL",
        }
    }

    const fn set(self) -> Option<Set> {
        Some(match self {
            Self::Department => Set::Departments,
            Self::Place => Set::Places,
            Self::Serial => Set::NoSerial,
            Self::Acquired => Set::Acquired,
            Self::Price => Set::Price,
            Self::Risk => Set::Models,
            Self::Strategy => Set::NoStrategy,
            // Most have none, and those that have are the few.
            Self::Udi => return None,
        })
    }

    fn vals(self, org: OrgId) -> Vec<Val> {
        if self == Self::Risk { vec![org.into()] } else { Vec::new() }
    }
}

fn begins_with(part: &'static str, beginning: &str) -> Cond {
    Cond::Part(part, vec![beginning.into(), past(beginning).as_str().into()])
}

/// The ends of a range that are known; `always` where none is.
fn ends(
    (from, least): (&'static str, Option<Val>),
    (to, most): (&'static str, Option<Val>),
    always: &'static str,
) -> Cond {
    let ends = [least.map(|val| Cond::Part(from, vec![val])), most.map(|val| Cond::Part(to, vec![val]))];
    let ends: Vec<Cond> = ends.into_iter().flatten().collect();
    if ends.is_empty() { Cond::Part(always, vec![]) } else { Cond::All(ends) }
}

fn priced((currency, least, most): &(Currency, Option<i64>, Option<i64>)) -> Cond {
    let range = ends(
        ("d.price_minor >= {}", least.map(Val::from)),
        ("d.price_minor <= {}", most.map(Val::from)),
        "d.price_minor IS NOT NULL",
    );
    Cond::All(vec![Cond::Part("d.price_currency = {}", vec![currency.as_str().into()]), range])
}

/// What is not decided about a device that is not on the inventory is no gap.
fn on_inventory(gap: Cond) -> Cond {
    Cond::All(vec![Cond::In("d.state", narrow::inventory().collect()), gap])
}
