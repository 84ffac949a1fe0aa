//! Words that have no place in the repository, and constructs that have none in its code.

use std::path::Path;

use super::source::Source;
use super::{Finding, TextFile, find_word, line_of, size};

/// Kinds of file that people write. Data, lock files and pictures may contain any letters.
const WRITTEN: &[&str] =
    &["rs", "toml", "md", "sql", "js", "mjs", "css", "html", "ftl", "sh", "yml", "yaml", "typ", "run"];

/// Notes to oneself and paths of one machine.
pub fn check(file: &TextFile, root: &Path) -> Vec<Finding> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit('.').next().unwrap_or_default();
    if !WRITTEN.contains(&extension) {
        return Vec::new();
    }
    let mut findings = notes(file);
    findings.extend(paths(file, root));
    findings
}

/// Constructs that clippy either does not know or lets a crate switch on again.
pub fn check_rust(file: &TextFile, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut forbid = |word: &str, remedy: &'static str| {
        for at in find_word(&source.code, word) {
            let what = format!("`{}`", word.trim_end_matches('('));
            findings.push(Finding::error(&file.path, line_of(&source.code, at), "forbidden", what, remedy));
        }
    };
    forbid("unsafe", "there is a safe way, or a crate that has proved its own");
    for attribute in ["#[allow(", "#![allow("] {
        forbid(attribute, "use #[expect(…, reason = \"…\")], which ends when its cause does");
    }
    forbid("todo!(", "finish it, or leave it out");
    forbid("unimplemented!(", "finish it, or leave it out");
    forbid("dbg!(", "use tracing, or remove it");
    forbid("#[ignore", "a test that takes hours asks for BATON_LONG; one that fails is mended");
    findings
}

/// An apostrophe typed as on a typewriter, in words that people read. Tests at the end of a file may hold any text.
pub fn apostrophes(file: &TextFile, source: &Source) -> Vec<Finding> {
    let read =
        ["rooms/", "floor/web/", "floor/kernel/", "app/"].iter().any(|place| file.path.starts_with(place));
    if !read || size::is_test(&file.path) {
        return Vec::new();
    }
    let end = source.code.find("#[cfg(test)]\nmod ").unwrap_or(source.code.len());
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    let (code, text) = (source.code.as_bytes(), source.uncommented.as_bytes());
    (1..end.min(text.len()))
        .filter(|at| text.get(*at) == Some(&b'\'') && code.get(*at) == Some(&b' '))
        .filter(|at| letter(text.get(at - 1)) && letter(text.get(at + 1)))
        .map(|at| {
            let line = line_of(&source.uncommented, at);
            Finding::error(
                &file.path,
                line,
                "typography",
                "a straight apostrophe in words".to_owned(),
                "write ’ as in “today’s”",
            )
        })
        .collect()
}

fn notes(file: &TextFile) -> Vec<Finding> {
    // Put together here, so that this file does not find itself. The last one is also the code of no currency, so
    // it takes the colon to make it a note.
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat()];
    let found = marks.iter().flat_map(|mark| find_word(&file.text, mark).map(move |at| (at, mark)));
    found
        .map(|(at, mark)| {
            let remedy = "do it now, or open an issue";
            Finding::error(&file.path, line_of(&file.text, at), "left over", format!("`{mark}`"), remedy)
        })
        .collect()
}

/// Folders of the machine this checkout is on, and homes of people and administrators.
fn paths(file: &TextFile, root: &Path) -> Vec<Finding> {
    let mut places = vec![root.display().to_string()];
    if let Some(above) = root.parent().filter(|above| above.parent().is_some()) {
        places.push(format!("{}/shared", above.display()));
    }
    for home in ["root", "home", "Users"] {
        places.push(format!("/{home}/"));
    }
    let mut findings = Vec::new();
    for place in &places {
        for (at, _) in file.text.match_indices(place.as_str()) {
            if !begins_path(&file.text, at) || !names_something(&file.text, at + place.len(), place) {
                continue;
            }
            let what = format!("the path `{place}` is of one machine");
            let remedy = "make it relative, or read it from the configuration";
            findings.push(Finding::error(&file.path, line_of(&file.text, at), "machine path", what, remedy));
        }
    }
    findings
}

/// Not the middle of an address or of a relative path.
fn begins_path(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|head| head.chars().next_back());
    !before.is_some_and(|letter| letter.is_alphanumeric() || "._-}/".contains(letter))
}

/// The bare name of the folder may be a page; with somebody's name after it, it is a folder.
fn names_something(text: &str, end: usize, place: &str) -> bool {
    let next = text.get(end..).and_then(|tail| tail.chars().next());
    !place.ends_with('/') || next.is_some_and(|letter| letter.is_alphanumeric() || letter == '.')
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&sample(path, text), Path::new("/srv/checkout")).len()
    }

    fn rust(text: &str) -> usize {
        check_rust(&sample("a.rs", text), &Source::new(text)).len()
    }

    #[test]
    fn notes_to_oneself_are_found_where_people_write() {
        let note = ["TO", "DO"].concat();
        assert_eq!(count("a.rs", &format!("// {note}: later")), 1);
        assert_eq!(count("a.lock", &note), 0);
        assert_eq!(count("a.rs", &format!("MAS{note}S")), 0);
    }

    #[test]
    fn machine_paths_are_found_and_addresses_are_not() {
        let home = ["/ro", "ot/"].concat();
        assert_eq!(count("a.md", "see /srv/checkout/docs and /srv/shared/data"), 2);
        assert_eq!(count("a.sh", &format!("cd {home}x")), 1);
        assert_eq!(count("a.md", &format!("https://example.org{home}x")), 0);
        assert_eq!(count("a.md", "the page /home/ greets"), 0);
        assert_eq!(count("a.md", &["at /ho", "me/ann/x"].concat()), 1);
        assert_eq!(count("a.md", "../shared/data"), 0);
    }

    #[test]
    fn straight_apostrophes_are_found_in_words_only() {
        let found = |path: &str, text: &str| apostrophes(&sample(path, text), &Source::new(text)).len();
        assert_eq!(found("rooms/a/src/b.rs", "let a = \"the site's name\";"), 1);
        assert_eq!(found("rooms/a/src/b.rs", "let a = \"the site’s name\"; // it's a comment"), 0);
        assert_eq!(found("rooms/a/src/b.rs", "fn f<'a>(c: char) { c == 'x'; \"kind = 'org'\" }"), 0);
        assert_eq!(found("rooms/a/tests/b.rs", "\"the site's name\""), 0);
        assert_eq!(found("rooms/a/src/b.rs", "#[cfg(test)]\nmod tests { \"it's\" }"), 0);
    }

    #[test]
    fn forbidden_constructs_are_found_in_code_only() {
        assert_eq!(rust("unsafe { f() }"), 1);
        assert_eq!(rust("// unsafe\nlet a = \"unsafe\"; unsafe_code();"), 0);
        assert_eq!(rust("#[allow(dead_code)]\n#![allow(x)]"), 2);
        assert_eq!(rust("#[expect(dead_code, reason = \"x\")]"), 0);
        assert_eq!(rust("#[ignore]\nfn a() { todo!() }\nfn b() { dbg!(1); }"), 3);
    }
}
