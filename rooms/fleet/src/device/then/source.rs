//! Through which table and index a list of the past comes to its rows.

use db::Val;
use uuid::Uuid;

use super::ask::{DEVICE_THEN, STATE_THEN};
use crate::device::State;

/// More ids than this in one condition are no way.
const NAMES: usize = 2_000;

/// Which of the two tables of spans a statement reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tables {
    pub device: bool,
    pub state: bool,
    /// Whether what is in no index of devices is looked up for those that fit all else. SQLite would look it up first,
    /// for every entry of the index, if it were asked of the same table.
    pub more: bool,
}

/// Through which table a source comes to its rows. Statements name it first: SQLite reads the tables in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Device,
    State,
    /// Devices as they stand today.
    Today,
}

impl Door {
    pub const fn alias(self) -> &'static str {
        match self {
            Self::Device => "s",
            Self::State => "f",
            Self::Today => "d",
        }
    }

    /// The tables in the order in which they are read.
    pub fn head(self, tables: Tables) -> &'static str {
        macro_rules! heads {
            ($columns:literal, $from:literal) => {
                match tables.more {
                    false => concat!("SELECT ", $columns, " FROM ", $from),
                    true => concat!("SELECT ", $columns, " FROM ", $from, " CROSS JOIN then_device w"),
                }
            };
        }
        match (self, tables.device, tables.state) {
            (Self::Device, _, false) => {
                heads!("s.device_id AS device_id, s.tag_key AS tag_key", "then_device s")
            }
            (Self::Device, _, true) => {
                heads!(
                    "s.device_id AS device_id, s.tag_key AS tag_key",
                    "then_device s CROSS JOIN then_state f"
                )
            }
            (Self::State, false, _) => {
                heads!("f.device_id AS device_id, f.tag_key AS tag_key", "then_state f")
            }
            (Self::State, true, _) => {
                heads!(
                    "f.device_id AS device_id, f.tag_key AS tag_key",
                    "then_state f CROSS JOIN then_device s"
                )
            }
            (Self::Today, _, false) => {
                heads!("s.device_id AS device_id, s.tag_key AS tag_key", "device d CROSS JOIN then_device s")
            }
            (Self::Today, _, true) => {
                heads!(
                    "s.device_id AS device_id, s.tag_key AS tag_key",
                    "device d CROSS JOIN then_device s CROSS JOIN then_state f"
                )
            }
        }
    }

    pub const fn then(self) -> (&'static str, &'static str) {
        match self {
            Self::State => STATE_THEN,
            _ => DEVICE_THEN,
        }
    }

    pub const fn order(self) -> (&'static str, &'static str) {
        match self {
            Self::State => ("f.tag_key", "f.device_id"),
            _ => ("s.tag_key", "s.device_id"),
        }
    }
}

/// A condition by which rows are reached.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Devices(Vec<Uuid>),
    Models(Vec<Uuid>),
    Sites(Vec<Uuid>),
    Departments(Vec<Uuid>),
    /// At places with a word in their names; the values of [`Asked::at_places_called`].
    PlacesCalled(Vec<Val>),
    /// Of owners with a word in their names.
    OwnersCalled(Vec<Val>),
    NoOwner,
    Import(Uuid),
    Rare(Vec<State>),
    Unusable,
    NoStrategy,
    /// Where the actor may look.
    Reach,
    /// What was on record; only walked.
    All,
}

impl Source {
    pub const fn door(&self) -> Door {
        match self {
            Self::Rare(_) | Self::Unusable | Self::NoStrategy => Door::State,
            Self::Reach => Door::Today,
            _ => Door::Device,
        }
    }

    /// The index by which it is reached; devices go by the key, and today's reach by what bounds it.
    pub const fn index(&self) -> Option<&'static str> {
        match self {
            Self::Models(_) => Some("then_device_model"),
            Self::Sites(_) => Some("then_device_site"),
            Self::Departments(_) | Self::OwnersCalled(_) | Self::NoOwner => Some("then_device_department"),
            Self::PlacesCalled(_) => Some("then_device_place"),
            Self::Import(_) => Some("then_device_import"),
            Self::Rare(_) => Some("then_state_rare"),
            Self::Unusable => Some("then_state_unusable"),
            Self::NoStrategy => Some("then_state_no_strategy"),
            Self::All => Some("then_device_walk"),
            Self::Devices(_) | Self::Reach => None,
        }
    }

    /// The rows of a walk. Unless more is asked of a state, they are read from the index alone.
    pub const fn rows(&self, asks_more: bool) -> &'static str {
        match (self, asks_more) {
            (Self::Rare(_), false) => {
                "SELECT f.org_id, f.device_id, f.tag_key, f.from_at, f.until_at, f.site_id, f.state FROM then_state f"
            }
            (Self::Unusable, false) => {
                "SELECT f.org_id, f.device_id, f.tag_key, f.from_at, f.until_at, f.site_id, f.state, f.held, \
                 f.unusable FROM then_state f"
            }
            (Self::NoStrategy, false) => {
                "SELECT f.org_id, f.device_id, f.tag_key, f.from_at, f.until_at, f.site_id, f.state, \
                 f.no_strategy FROM then_state f"
            }
            (Self::Rare(_) | Self::Unusable | Self::NoStrategy, true) => {
                "SELECT f.org_id, f.device_id, f.tag_key, f.from_at, f.until_at, f.site_id, f.state, f.held, \
                 f.unusable, f.no_risk, f.no_strategy FROM then_state f"
            }
            _ => {
                "SELECT s.org_id, s.device_id, s.tag_key, s.from_at, s.until_at, s.here, s.model_id, s.site_id, \
                 s.place_id, s.department_id FROM then_device s"
            }
        }
    }

    /// Whether it names more than one statement should.
    pub fn is_long(&self) -> bool {
        match self {
            Self::Models(ids) | Self::Sites(ids) | Self::Departments(ids) => ids.len() > NAMES,
            _ => false,
        }
    }
}
