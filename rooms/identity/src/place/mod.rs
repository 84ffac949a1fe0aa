//! A place below a site: building, floor or room.

mod actions;
pub(crate) mod api;
mod node;
pub(crate) mod pages;
mod store;

use std::{fmt, str::FromStr};

use kernel::{Id, Instant, SiteId};
use serde::{Deserialize, Serialize};

pub use actions::{Draft, add, find_or_add, rename};
pub(crate) use pages::routes;
pub(crate) use store::{ALL, RECORD};

crate::tree::doors!(Place, PlaceId);

/// Identifies a place.
pub type PlaceId = Id<Place>;

/// What kind of place it is. A building stands under its site, a floor under a building, a room under a floor,
/// a building or the site itself, because an exported list rarely knows floors.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A building.
    Building,
    /// A floor of a building.
    Floor,
    /// A room, bay or corridor.
    Room,
}

impl PlaceKind {
    /// All kinds from the outside in.
    pub const ALL: [Self; 3] = [Self::Building, Self::Floor, Self::Room];

    /// The stable name in the store.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Floor => "floor",
            Self::Room => "room",
        }
    }

    /// The word on a page.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::Building => "Building",
            Self::Floor => "Floor",
            Self::Room => "Room",
        }
    }

    /// Whether this kind may stand under that one; `None` is the site itself.
    pub const fn may_stand_under(self, parent: Option<Self>) -> bool {
        matches!(
            (self, parent),
            (Self::Building | Self::Room, None)
                | (Self::Floor | Self::Room, Some(Self::Building))
                | (Self::Room, Some(Self::Floor))
        )
    }
}

impl fmt::Display for PlaceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for PlaceKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == text)
            .ok_or_else(|| format!("“{text}” is not a kind of place; kinds are building, floor and room"))
    }
}

/// A place as it stands on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Place {
    /// Its id.
    pub id: PlaceId,
    /// Its version on record, from 1.
    pub version: i64,
    /// The site it belongs to.
    pub site: SiteId,
    /// The place it stands in; `None` stands directly under the site.
    pub parent: Option<PlaceId>,
    /// Building, floor or room.
    pub kind: PlaceKind,
    /// Its name, unique among places of its kind with the same parent when folded.
    pub name: String,
    /// A short code, if the hospital uses one.
    pub code: Option<String>,
    /// Since when nothing is put there any more; closed places stay on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kinds_are_ordered_from_the_outside_in() {
        for kind in PlaceKind::ALL {
            assert_eq!(kind.code().parse(), Ok(kind));
            for parent in PlaceKind::ALL {
                assert!(!kind.may_stand_under(Some(parent)) || parent < kind, "{kind} under {parent}");
            }
        }
        assert!(!PlaceKind::Floor.may_stand_under(None));
        assert!(PlaceKind::Room.may_stand_under(None));
    }

    proptest! {
        /// Whatever is tried, a tree grown by the rule has no cycle: each way up ends at the site within three
        /// steps, through ever larger kinds.
        #[test]
        fn a_tree_grown_by_the_rule_is_a_tree(
            tries in proptest::collection::vec((0_usize..3, proptest::option::of(0_usize..60)), 0..60)
        ) {
            let mut grown: Vec<(PlaceKind, Option<usize>)> = Vec::new();
            for (kind, parent) in tries {
                let kind = PlaceKind::ALL[kind];
                let parent = parent.filter(|p| *p < grown.len());
                if kind.may_stand_under(parent.map(|p| grown[p].0)) {
                    grown.push((kind, parent));
                }
            }
            for start in 0..grown.len() {
                let (mut kind, mut parent) = grown[start];
                let mut steps = 0;
                while let Some(up) = parent {
                    prop_assert!(grown[up].0 < kind);
                    (kind, parent) = grown[up];
                    steps += 1;
                    prop_assert!(steps <= 2);
                }
            }
        }
    }
}
