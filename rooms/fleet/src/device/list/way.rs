//! The way a list takes to its rows.
//!
//! SQLite plans without knowing how many rows a condition leaves, and a wrong way through a million devices takes
//! seconds where the right one takes milliseconds. The kept counts and a few counts that stop early say how many rows
//! each condition leaves; from them the cheapest way is chosen here. PostgreSQL has statistics and chooses itself.
//!
//! There are two kinds of ways. A list can be *walked* in its order by an index, looking at each row until a page is
//! full: quick when many fit. Or the rows that one condition leaves are all *fetched* and sorted: quick when it leaves
//! few.

/// Where a condition's count stops: what leaves more rows is never fetched whole.
pub const MOST: i64 = 30_000;

/// A walk is tried for so many rows before anything is counted for it. It costs some ten milliseconds with words.
pub const TRIED: i64 = 2_000;
/// A walk of fewer rows, such as those of one site, is done to its end.
const WALKED_WHOLE: i64 = 10_000;
/// The same where each row is asked for its words.
const ASKED_WHOLE: i64 = 6_000;

/// Microseconds for one row, measured on a machine of two cores with a million devices on record: walked in order,
/// fetched by a key, found by its words; and what it costs to ask a row for its words.
const WALKED: f64 = 2.0;
const FETCHED: f64 = 3.0;
const BY_WORDS: f64 = 5.0;
const ASKED: f64 = 3.5;

/// How rows are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the order of the list.
    Walk(Walk),
    /// The rows of one condition, all of them, sorted.
    Fetch(Set),
}

/// An index in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// All by tag.
    Tag,
    /// Those that have not left, by tag.
    Here,
    /// Those of the one site asked for, by tag.
    Site,
    /// Those of the one site asked for that have not left, by tag.
    HereAtSite,
    /// Those of the one state asked for, by tag.
    State,
    /// Those of the one state at the one site asked for, by tag.
    StateAtSite,
    /// All by how long they have been in their state.
    Since,
    /// Those of the one state asked for, by how long they have been in it.
    StateSince,
}

impl Walk {
    /// Its name on SQLite.
    pub const fn index(self) -> &'static str {
        match self {
            Self::Tag => "device_by_tag",
            Self::Here => "device_here",
            Self::Site => "device_by_site",
            Self::HereAtSite => "device_here_by_site",
            Self::State => "device_by_state",
            Self::StateAtSite => "device_by_site_state",
            Self::Since => "device_by_since",
            Self::StateSince => "device_by_state_since",
        }
    }

    /// Whether its index holds only what has not left.
    pub const fn is_here(self) -> bool {
        matches!(self, Self::Here | Self::HereAtSite)
    }

    /// Whether its index is entered by the one state asked for.
    pub const fn is_of_a_state(self) -> bool {
        matches!(self, Self::State | Self::StateSince | Self::StateAtSite)
    }

    /// Whether its index is entered by the one site asked for.
    pub const fn is_at_a_site(self) -> bool {
        matches!(self, Self::Site | Self::HereAtSite | Self::StateAtSite)
    }

    /// Whether its index holds nothing that no count knows: what an undone import brought.
    pub const fn is_counted(self) -> bool {
        self.is_here() || matches!(self, Self::StateAtSite)
    }
}

/// A condition that leaves few rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// The words looked for.
    Words,
    /// Sites.
    Sites,
    /// Owners.
    Departments,
    /// States.
    States,
    /// Models, whether named or through their type or maker.
    Models,
    /// What one import brought.
    Import,
    /// Held devices.
    Held,
    /// Devices that must not be used.
    Unusable,
    /// Devices without a strategy.
    NoStrategy,
    /// Devices of which something is not decided.
    Undecided,
    /// Places.
    Places,
    /// Tags that begin alike.
    Tags,
    /// Serial numbers that begin alike.
    Serials,
    /// Devices without a serial number.
    NoSerial,
    /// UDIs that begin alike.
    Udis,
    /// Days of acquisition.
    Acquired,
    /// Since when they are in their state.
    Since,
    /// Prices in one currency.
    Price,
    /// Maintenance strategies.
    Strategy,
    /// What is rented, borrowed or on trial.
    NotOwned,
    /// What is built into systems.
    Components,
}

impl Set {
    /// The index by which SQLite reaches them; the sets that are lists of ids go by the key.
    pub const fn index(self) -> &'static str {
        match self {
            Self::Words | Self::Unusable | Self::Undecided => "sqlite_autoindex_device_1",
            Self::Sites => "device_by_site",
            Self::Departments => "device_by_department",
            Self::States => "device_by_state",
            Self::Models => "device_by_model",
            Self::Import => "device_by_import",
            Self::Held => "device_held",
            Self::NoStrategy => "device_no_strategy",
            Self::Places => "device_by_place",
            Self::Tags => "device_by_tag",
            Self::Serials => "device_by_serial",
            Self::NoSerial => "device_no_serial",
            Self::Udis => "device_by_udi",
            Self::Acquired => "device_by_acquired",
            Self::Since => "device_by_since",
            Self::Price => "device_by_price",
            Self::Strategy => "device_by_strategy",
            Self::NotOwned => "device_not_owned",
            Self::Components => "device_by_parent",
        }
    }
}

/// What is known before the way is chosen.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// All devices on record, those that left included.
    pub all: i64,
    /// Those that have not left.
    pub here: i64,
    /// Whether the list holds only such.
    pub only_here: bool,
    /// Devices that fit everything the kept counts know: states, sites, owners, reach.
    pub kept: i64,
    /// How many rows each condition leaves, at most [`MOST`].
    pub sets: Vec<(Set, i64)>,
    /// Whether words are looked for, however many hold them.
    pub words: bool,
    /// Whether the list is sorted by state and not by tag.
    pub by_since: bool,
    /// Devices of the one site asked for, and those of them that have not left.
    pub one_site: Option<(i64, i64)>,
    /// Devices of the one state asked for.
    pub one_state: Option<i64>,
    /// Devices of the one state at the one site asked for.
    pub one_state_at_site: Option<i64>,
    /// Rows of a page.
    pub page: i64,
}

impl Known {
    /// Whether it is known how many hold the words.
    pub fn knows_words(&self) -> bool {
        self.sets.iter().any(|(set, _)| *set == Set::Words)
    }

    /// The share of all devices that fit, if the conditions have nothing to do with each other.
    fn density(&self) -> f64 {
        let all = self.all.max(1) as f64;
        let known_by_counts = |set: &Set| matches!(set, Set::Sites | Set::Departments | Set::States);
        let others = self.sets.iter().filter(|(set, _)| !known_by_counts(set));
        others.fold(self.kept as f64 / all, |share, (_, n)| share * (*n as f64 / all).min(1.0))
    }

    fn walk(&self, walk: Walk, rows: i64) -> (f64, Way) {
        // Within a site or a state, what fits there stands closer together.
        let share = self.density() * self.all.max(1) as f64 / rows.max(1) as f64;
        let looked_at = (self.page as f64 / share.max(1e-9)).min(rows as f64);
        let a_row = WALKED + if self.words { ASKED } else { 0.0 };
        (looked_at * a_row, Way::Walk(walk))
    }

    fn fetch(&self, set: Set, rows: i64) -> (f64, Way) {
        let a_row = match set {
            Set::Words => BY_WORDS,
            _ if self.words => FETCHED + ASKED,
            _ => FETCHED,
        };
        (rows as f64 * a_row, Way::Fetch(set))
    }

    /// The ways that walk.
    fn walks(&self) -> Vec<(f64, Way)> {
        let mut ways = Vec::new();
        match (self.by_since, self.only_here) {
            (true, _) => ways.push(self.walk(Walk::Since, self.all)),
            (false, true) => ways.push(self.walk(Walk::Here, self.here)),
            (false, false) => ways.push(self.walk(Walk::Tag, self.all)),
        }
        match (self.by_since, self.only_here, self.one_site) {
            (false, true, Some((_, here))) => ways.push(self.walk(Walk::HereAtSite, here)),
            (false, false, Some((all, _))) => ways.push(self.walk(Walk::Site, all)),
            _ => {}
        }
        if let Some(rows) = self.one_state {
            ways.push(self.walk(if self.by_since { Walk::StateSince } else { Walk::State }, rows));
        }
        if let (false, Some(rows)) = (self.by_since, self.one_state_at_site) {
            ways.push(self.walk(Walk::StateAtSite, rows));
        }
        ways
    }

    fn fetches(&self) -> Vec<(f64, Way)> {
        self.sets.iter().filter(|(_, n)| *n < MOST).map(|(set, n)| self.fetch(*set, *n)).collect()
    }

    /// The cheapest way. Of equal ones a fetch, which cannot turn out longer than it was counted.
    pub fn way(&self) -> Way {
        let ways = self.fetches().into_iter().chain(self.walks());
        ways.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(Way::Walk(Walk::Tag), |(_, way)| way)
    }

    /// How many rows a walk would look at to its end.
    pub fn rows(&self, walk: Walk) -> i64 {
        match walk {
            Walk::Tag | Walk::Since => self.all,
            Walk::Here => self.here,
            Walk::Site => self.one_site.map_or(self.all, |(all, _)| all),
            Walk::HereAtSite => self.one_site.map_or(self.here, |(_, here)| here),
            Walk::State | Walk::StateSince => self.one_state.unwrap_or(self.all),
            Walk::StateAtSite => self.one_state_at_site.unwrap_or(self.all),
        }
    }

    /// How many rows a walk looks at before anything else is asked: all of them where they are few, which answers for good.
    pub fn first_try(&self, walk: Walk) -> i64 {
        let rows = self.rows(walk);
        // One more than there are, so that looking at all of them shows.
        let whole = if self.words { ASKED_WHOLE } else { WALKED_WHOLE };
        if rows < whole { rows + 1 } else { TRIED }
    }

    /// How many rows to look at in a second try, after `found` of `tried` rows fitted; nothing when too few did to say.
    pub fn again(&self, found: i64, tried: i64) -> Option<i64> {
        // Twice what it would take at the same rate.
        let rows = 2 * tried * self.page / found.max(1);
        (found >= 26).then_some(rows)
    }

    /// The cheapest way after a walk was tried that did not fill its page: the conditions have to do with each other,
    /// or with the order of the list, and how long the walk would go on is not known.
    pub fn other_way(&self, walk: Walk) -> Way {
        let ways = self.fetches().into_iter();
        ways.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(Way::Walk(walk), |(_, way)| way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn million() -> Known {
        Known {
            all: 1_900_000,
            here: 1_000_000,
            only_here: true,
            kept: 1_000_000,
            page: 51,
            ..Known::default()
        }
    }

    #[test]
    fn what_fits_often_is_walked() {
        assert_eq!(million().way(), Way::Walk(Walk::Here));
        assert_eq!(Known { only_here: false, ..million() }.way(), Way::Walk(Walk::Tag));
        let broad = Known { words: true, sets: vec![(Set::Words, MOST)], ..million() };
        assert_eq!(broad.way(), Way::Walk(Walk::Here));
        assert_eq!(Known { by_since: true, ..broad }.way(), Way::Walk(Walk::Since));
    }

    #[test]
    fn what_fits_rarely_is_fetched() {
        for (set, n) in [(Set::Words, 900), (Set::Models, 2_000), (Set::Held, 12), (Set::Import, 0)] {
            let known = Known { words: set == Set::Words, sets: vec![(set, n)], ..million() };
            assert_eq!(known.way(), Way::Fetch(set), "{n}");
            assert_eq!(Known { by_since: true, ..known }.way(), Way::Fetch(set), "{n}");
        }
        let two = Known {
            words: true,
            sets: vec![(Set::Words, MOST), (Set::Departments, 400)],
            kept: 400,
            ..million()
        };
        assert_eq!(two.way(), Way::Fetch(Set::Departments));
    }

    #[test]
    fn one_site_is_walked_within_itself() {
        let kept = Known {
            kept: 5_000,
            one_site: Some((9_000, 5_000)),
            sets: vec![(Set::Sites, 9_000)],
            ..million()
        };
        assert_eq!(kept.way(), Way::Walk(Walk::HereAtSite));
        let since = Known { by_since: true, ..kept };
        assert_eq!(since.way(), Way::Fetch(Set::Sites), "one site is fetched sooner than found among all");
    }

    #[test]
    fn one_state_is_walked_in_either_order() {
        let kept =
            Known { kept: 17_000, one_state: Some(17_000), sets: vec![(Set::States, 17_000)], ..million() };
        assert_eq!(kept.way(), Way::Walk(Walk::State));
        assert_eq!(Known { by_since: true, ..kept }.way(), Way::Walk(Walk::StateSince));
    }

    #[test]
    fn one_state_at_one_site_is_walked_to_its_end() {
        let few = Known {
            kept: 36,
            one_site: Some((9_000, 5_000)),
            one_state: Some(17_000),
            one_state_at_site: Some(36),
            sets: vec![(Set::Sites, 9_000), (Set::States, 17_000)],
            ..million()
        };
        assert_eq!((few.way(), few.first_try(Walk::StateAtSite)), (Way::Walk(Walk::StateAtSite), 37));
        let since = Known { by_since: true, ..few };
        assert_ne!(since.way(), Way::Walk(Walk::StateAtSite), "its index is in the order of tags");
    }

    #[test]
    fn a_walk_that_went_wrong_is_given_up_where_a_fetch_is_bounded() {
        let known = Known { words: true, sets: vec![(Set::Words, 25_000)], ..million() };
        assert_eq!(
            (known.way(), known.other_way(Walk::Here)),
            (Way::Walk(Walk::Here), Way::Fetch(Set::Words))
        );
        assert_eq!(known.again(25, 2_000), None);
        assert_eq!(known.again(40, 2_000), Some(5_100));
        assert_eq!(known.first_try(Walk::Here), TRIED);
        let clinic = Known { one_site: Some((8_000, 2_000)), ..known.clone() };
        assert_eq!((clinic.first_try(Walk::HereAtSite), clinic.first_try(Walk::Site)), (2_001, TRIED));
        let wordless = Known { words: false, sets: Vec::new(), ..clinic };
        assert_eq!(wordless.first_try(Walk::Site), 8_001);
        let endless = Known { words: true, sets: vec![(Set::Words, MOST)], ..million() };
        assert_eq!(endless.other_way(Walk::Here), Way::Walk(Walk::Here));
    }

    /// Whatever is asked of a million devices, no way is chosen that would look at a tenth of them.
    #[test]
    fn no_way_is_long() {
        let counts = [0, 1, 40, 1_500, 6_000, 15_000, MOST];
        for (a, b) in counts.iter().flat_map(|a| counts.map(|b| (*a, b))) {
            for kept in [0, 300, 9_000, 200_000, 1_000_000] {
                let sets = vec![(Set::Words, a), (Set::Models, b)];
                let known = Known { words: true, sets, kept, ..million() };
                let cost = match known.way() {
                    Way::Fetch(Set::Words) => known.fetch(Set::Words, a).0,
                    Way::Fetch(set) => known.fetch(set, b).0,
                    Way::Walk(walk) => known.walk(walk, known.here).0,
                };
                // Two broad conditions that hardly ever meet must be looked through; all others are quick.
                let both_broad = a == MOST && b == MOST;
                assert!(cost < 100_000.0 || both_broad, "{a} {b} {kept}: {cost}");
            }
        }
    }
}
