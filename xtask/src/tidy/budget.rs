//! How large rooms and nouns have become.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Finding, TextFile};

const ROOM_NOUNS: usize = 8;
const ROOM_LINES: usize = 9_000;
const NOUN_FILES: usize = 6;
const NOUN_LINES: usize = 1_500;
const REMEDY: &str = "split it by noun, or say in an ADR why not";

/// One room, measured.
#[derive(Debug, Default)]
pub struct Room {
    name: String,
    lines: usize,
    nouns: BTreeMap<String, Noun>,
}

/// One noun: a folder of `src` with a `mod.rs`.
#[derive(Debug, Default)]
struct Noun {
    files: usize,
    lines: usize,
}

/// Counts the Rust lines below each `rooms/*/src`.
pub fn measure(files: &[TextFile]) -> Vec<Room> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut rooms: BTreeMap<&str, Room> = BTreeMap::new();
    for file in files.iter().filter(|file| file.is("rs")) {
        let mut parts = file.path.split('/');
        let (Some("rooms"), Some(name), Some("src")) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let lines = file.text.lines().count();
        let room = rooms.entry(name).or_insert_with(|| Room { name: name.to_owned(), ..Room::default() });
        room.lines += lines;
        let (Some(noun), Some(_)) = (parts.next(), parts.next()) else { continue };
        if paths.contains(format!("rooms/{name}/src/{noun}/mod.rs").as_str()) {
            let noun = room.nouns.entry(noun.to_owned()).or_default();
            noun.files += 1;
            noun.lines += lines;
        }
    }
    rooms.into_values().collect()
}

/// Rooms and nouns over budget, as warnings.
pub fn check(rooms: &[Room]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for room in rooms {
        let place = format!("rooms/{}", room.name);
        let mut over = |place: &str, what: &str, count: usize, limit: usize| {
            if count > limit {
                let what = format!("{count} {what}, the budget is {limit}");
                findings.push(Finding::warning(place, 0, "budget", what, REMEDY));
            }
        };
        over(&place, "nouns", room.nouns.len(), ROOM_NOUNS);
        over(&place, "lines", room.lines, ROOM_LINES);
        for (name, noun) in &room.nouns {
            let place = format!("{place}/src/{name}");
            over(&place, "files", noun.files, NOUN_FILES);
            over(&place, "lines", noun.lines, NOUN_LINES);
        }
    }
    findings
}

/// The same as a table.
pub fn table(rooms: &[Room]) -> String {
    let mut table = format!("{:<32} {:>12} {:>15}\n", "room / noun", "nouns, files", "lines");
    for room in rooms {
        let mut row = |name: &str, count: usize, limit: usize, lines: usize, most: usize| {
            let _ = writeln!(table, "{name:<32} {count:>7} of {limit} {lines:>7} of {most}");
        };
        row(&room.name, room.nouns.len(), ROOM_NOUNS, room.lines, ROOM_LINES);
        for (name, noun) in &room.nouns {
            row(&format!("  {name}"), noun.files, NOUN_FILES, noun.lines, NOUN_LINES);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_noun_is_a_folder_with_a_front() {
        let files = [
            sample("rooms/fleet/src/lib.rs", "a\nb\n"),
            sample("rooms/fleet/src/device/mod.rs", "a\n"),
            sample("rooms/fleet/src/device/store.rs", "a\n"),
            sample("rooms/fleet/src/import/lines.rs", "a\n"),
            sample("rooms/fleet/tests/it/main.rs", "a\n"),
        ];
        let rooms = measure(&files);
        let room = rooms.first().expect("one room");
        assert_eq!((rooms.len(), room.lines, room.nouns.len()), (1, 5, 1));
        assert_eq!(room.nouns.get("device").map(|noun| (noun.files, noun.lines)), Some((2, 2)));
        assert!(check(&rooms).is_empty());
    }

    #[test]
    fn too_large_is_a_warning() {
        let text = "a\n".repeat(NOUN_LINES + 1);
        let rooms = measure(&[sample("rooms/fleet/src/device/mod.rs", &text)]);
        assert_eq!(check(&rooms).len(), 1);
        assert!(table(&rooms).contains("1501 of 1500"));
    }
}
