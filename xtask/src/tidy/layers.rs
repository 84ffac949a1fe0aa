//! Who may depend on whom: only downwards.
//!
//! ```text
//! app → exchange, insight, capital → compliance, alerts, security, workforce, supply → pm → work → fleet → identity → floor
//! science ← anyone; science → nothing of ours
//! ```

use super::Finding;
use crate::workspace::{Dependency, Member};

/// Rooms by height; those of one line do not know each other.
const ROOMS: &[&[&str]] = &[
    &["identity"],
    &["fleet"],
    &["work"],
    &["pm"],
    &["compliance", "alerts", "security", "workforce", "supply"],
    &["exchange", "insight", "capital"],
];
/// The floor: a crate and the crates of the floor it may use.
const FLOOR: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("db", &["kernel"]),
    ("print", &["kernel"]),
    ("sheet", &["kernel"]),
    ("web", &["kernel", "db", "sheet"]),
    ("margin", &["kernel", "db", "web"]),
    ("testkit", &["kernel", "db", "print", "sheet", "web"]),
];
const UNKNOWN: &str = "give it its place in xtask/src/tidy/layers.rs, with the reason in ARCHITECTURE.md";
const DOWNWARDS: &str =
    "let the upper room register a guard or listener, or move the fact lower (ARCHITECTURE.md)";

/// A crate's place in the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    Floor(&'a str),
    Testkit,
    Science,
    /// With its height.
    Room(usize),
    Demo,
    App,
    Tool,
}

/// Dependencies that point up or sideways, crates without a place, and SQL outside `floor/db`.
pub fn check(members: &[Member]) -> Vec<Finding> {
    members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let manifest = format!("{}/Cargo.toml", member.folder);
    let Some(place) = place(&member.folder) else {
        return vec![Finding::error(&manifest, 0, "layers", "this crate has no place".into(), UNKNOWN)];
    };
    let mut findings = Vec::new();
    for dependency in &member.dependencies {
        if is_sql(&dependency.name) && member.folder != "floor/db" {
            let what = format!("depends on {}", dependency.name);
            let remedy = "only floor/db knows SQL drivers; use db";
            findings.push(Finding::error(&manifest, 0, "layers", what, remedy));
        }
        let Some(folder) = &dependency.folder else { continue };
        if !self::place(folder).is_some_and(|below| may_use(place, below, dependency)) {
            let what = format!("{} may not depend on {folder}", member.folder);
            findings.push(Finding::error(&manifest, 0, "layers", what, DOWNWARDS));
        }
    }
    findings
}

fn is_sql(name: &str) -> bool {
    ["sqlx", "libsqlite3-sys", "rusqlite", "tokio-postgres", "postgres"].contains(&name)
        || name.starts_with("sqlx-")
}

fn place(folder: &str) -> Option<Place<'_>> {
    match folder.split_once('/').unwrap_or((folder, "")) {
        ("floor", "testkit") => Some(Place::Testkit),
        ("floor", name) => FLOOR.iter().any(|(known, _)| *known == name).then_some(Place::Floor(name)),
        ("science", _) => Some(Place::Science),
        ("rooms", name) => ROOMS.iter().position(|line| line.contains(&name)).map(Place::Room),
        ("demo", "") => Some(Place::Demo),
        ("app", "") => Some(Place::App),
        ("xtask", "") => Some(Place::Tool),
        _ => None,
    }
}

fn may_use(upper: Place<'_>, lower: Place<'_>, dependency: &Dependency) -> bool {
    match (upper, lower) {
        (Place::Science | Place::Tool, _) => false,
        (_, Place::Science) => true,
        // Whatever a crate ships must not contain test doubles.
        (_, Place::Testkit) => dependency.dev,
        (Place::Floor(name), Place::Floor(below)) => floor_uses(name, below),
        (Place::Testkit, Place::Floor(below)) => floor_uses("testkit", below),
        (Place::Room(_) | Place::Demo | Place::App, Place::Floor(_)) => true,
        (Place::Room(height), Place::Room(below)) => below < height,
        (Place::Demo | Place::App, Place::Room(_)) => true,
        (Place::App, Place::Demo) => true,
        _ => false,
    }
}

fn floor_uses(name: &str, below: &str) -> bool {
    FLOOR.iter().any(|(known, uses)| *known == name && uses.contains(&below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(folder: &str, dependency: &str, dev: bool) -> usize {
        let own = dependency.contains('/').then(|| dependency.to_owned());
        let name = dependency.rsplit('/').next().unwrap_or_default().to_owned();
        let dependencies = vec![Dependency { name, dev, folder: own }];
        check(&[Member { name: folder.to_owned(), folder: folder.to_owned(), dependencies }]).len()
    }

    #[test]
    fn downwards_is_free() {
        for (upper, lower) in [
            ("rooms/fleet", "rooms/identity"),
            ("rooms/insight", "rooms/pm"),
            ("rooms/fleet", "floor/web"),
            ("rooms/alerts", "science/matching"),
            ("floor/web", "floor/db"),
            ("floor/db", "floor/kernel"),
            ("floor/testkit", "floor/web"),
            ("demo", "rooms/fleet"),
            ("app", "rooms/capital"),
        ] {
            assert_eq!(faults(upper, lower, false), 0, "{upper} → {lower}");
        }
        assert_eq!(faults("floor/db", "sqlx", false), 0);
    }

    #[test]
    fn upwards_and_sideways_are_not() {
        for (lower, upper) in [
            ("rooms/identity", "rooms/fleet"),
            ("rooms/alerts", "rooms/supply"),
            ("rooms/capital", "rooms/insight"),
            ("floor/kernel", "floor/db"),
            ("floor/db", "floor/web"),
            ("floor/web", "rooms/fleet"),
            ("floor/testkit", "rooms/fleet"),
            ("science/udi", "floor/kernel"),
            ("science/udi", "science/matching"),
            ("rooms/fleet", "sqlx"),
            ("rooms/garden", "anyhow"),
        ] {
            assert_eq!(faults(lower, upper, false), 1, "{lower} → {upper}");
            assert_eq!(faults(lower, upper, true), 1, "{lower} → {upper} in tests");
        }
    }

    #[test]
    fn testkit_is_for_tests() {
        assert_eq!(faults("rooms/fleet", "floor/testkit", true), 0);
        assert_eq!(faults("rooms/fleet", "floor/testkit", false), 1);
        assert_eq!(faults("floor/db", "floor/testkit", true), 0);
        assert_eq!(faults("floor/db", "floor/testkit", false), 1);
    }
}
