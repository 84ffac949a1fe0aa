//! `cargo xtask new`: skeletons that pass tidy and clippy as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{process, tidy};

/// What is to be new.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(clap::Subcommand)]
enum Kind {
    /// A noun in a room: its folder, its rules, SQL, actions and pages, and its migration
    Noun {
        /// Where and what: fleet/accessory
        #[arg(value_name = "ROOM/NOUN")]
        path: String,
    },
}

/// The noun's files and where they come from.
const FILES: &[(&str, &str)] = &[
    ("mod.rs", include_str!("mod.rs.template")),
    ("store.rs", include_str!("store.rs.template")),
    ("actions.rs", include_str!("actions.rs.template")),
    ("pages.rs", include_str!("pages.rs.template")),
];
const MIGRATION: &str = include_str!("migration.sql.template");

/// Writes the skeleton and says what remains to be done by hand.
pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let Kind::Noun { path } = &args.kind;
    let (room, noun) = parse(path)?;
    let folder = workspace.root.join("rooms").join(room);
    if !folder.join("src").is_dir() {
        bail!(
            "there is no room `{room}`; a room is a crate of the workspace, and begins with its first noun"
        );
    }
    let (number, written) = write(&folder, room, noun)?;
    for file in &written {
        println!("wrote {}", file.strip_prefix(&workspace.root).unwrap_or(file).display());
    }
    print_remaining(room, noun, number);
    Ok(true)
}

/// What a skeleton cannot know: where the room lists its parts, and who may do what.
fn print_remaining(room: &str, noun: &str, number: u32) {
    println!("\nStill by hand, where rooms/{room}/src says what the room has:");
    println!("  module      pub mod {noun};");
    let file = format!("../migrations/{number:04}_{noun}.sql");
    println!("  files       File::both({number}, \"{noun}\", include_str!(\"{file}\"))");
    println!("  statements  {noun}::store::ALL");
    println!("  routes      {noun}::pages::routes()");
    for (verb, what) in [("view", "See"), ("edit", "Add and change")] {
        let (name, words) = (format!("{noun}_{verb}").to_uppercase(), noun.replace('_', " "));
        println!("  permit.rs   /// {what}: {words}.");
        println!(
            "              pub const {name}: Permit = Permit(\"{room}.{noun}.{verb}\"); and its roles in ALL"
        );
    }
    println!("and, in the matrix of the tests, who may do what.");
}

fn parse(path: &str) -> Result<(&str, &str)> {
    let (room, noun) = path.split_once('/').context("give it as ROOM/NOUN, such as fleet/accessory")?;
    for word in [room, noun] {
        let snake = word
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
        if !snake || !word.starts_with(|letter: char| letter.is_ascii_lowercase()) {
            bail!("`{word}` is no name for a folder here: small letters, digits and _, a letter first");
        }
        if tidy::says_nothing(word) {
            bail!("`{word}` says nothing about what is inside");
        }
    }
    Ok((room, noun))
}

fn write(folder: &Path, room: &str, noun: &str) -> Result<(u32, Vec<PathBuf>)> {
    let source = folder.join("src").join(noun);
    if source.exists() || source.with_extension("rs").exists() {
        bail!("{} is there already, and nothing was written", source.display());
    }
    let migrations = folder.join("migrations");
    fs::create_dir_all(&migrations)?;
    let number = next_number(&migrations)?;
    fs::create_dir(&source)?;
    let mut written = Vec::new();
    for (name, template) in FILES {
        written.push(source.join(name));
        fs::write(source.join(name), fill(template, room, noun))?;
    }
    let migration = migrations.join(format!("{number:04}_{noun}.sql"));
    fs::write(&migration, fill(MIGRATION, room, noun))?;
    written.push(migration);
    format(&written);
    Ok((number, written))
}

/// A long noun makes long lines. Without rustfmt the files are as good, and `check` says what to do.
fn format(files: &[PathBuf]) {
    let sources = files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs"));
    let _ = process::succeeds(Command::new("rustfmt").args(["--edition", "2024"]).args(sources));
}

/// One more than the highest: numbers of released files never change and gaps are never filled.
fn next_number(migrations: &Path) -> Result<u32> {
    let mut highest = 0;
    for entry in fs::read_dir(migrations)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let number = name.split('_').next().and_then(|number| number.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    Ok(highest + 1)
}

fn fill(template: &str, room: &str, noun: &str) -> String {
    let words = noun.replace('_', " ");
    template
        .replace("__room__", room)
        .replace("__noun__", noun)
        .replace("__NOUN__", &noun.to_uppercase())
        .replace("__Noun__", &noun.split('_').map(capital).collect::<String>())
        .replace("__Title__", &capital(&words))
        .replace("__words__", &words)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folders_and_say_something() {
        assert_eq!(parse("fleet/device_type").unwrap(), ("fleet", "device_type"));
        for bad in ["fleet", "fleet/Device", "fleet/../x", "/x", "fleet/1st", "fleet/helpers"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_placeholder_is_filled() {
        for (name, template) in FILES.iter().chain(&[("sql", MIGRATION)]) {
            let text = fill(template, "supply", "purchase_order");
            assert!(!text.contains("__"), "{name}: {text}");
        }
        let text = fill("__Noun__ __noun__ __words__ __Title__", "supply", "purchase_order");
        assert_eq!(text, "PurchaseOrder purchase_order purchase order Purchase order");
    }

    #[test]
    fn a_noun_is_written_once() {
        let folder = std::env::temp_dir().join(format!("xtask-scaffold-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("migrations")).unwrap();
        fs::write(folder.join("migrations/0007_x.sql"), "").unwrap();
        let (number, written) = write(&folder, "supply", "order").unwrap();
        assert_eq!((number, written.len()), (8, 5));
        assert!(write(&folder, "supply", "order").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
