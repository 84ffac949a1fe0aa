//! Names that say nothing about what is inside.

use super::source::Source;
use super::{Finding, TextFile, find_word, line_of};

const DRAWERS: &[&str] = &[
    "util",
    "utils",
    "utility",
    "utilities",
    "helper",
    "helpers",
    "manager",
    "managers",
    "service",
    "services",
    "common",
    "misc",
    "base",
];
/// These are as empty at the end of a name: `device_service`. `common` and `base` are not: `knowledge_base`.
const ENDINGS: &[&str] = &["_util", "_utils", "_helper", "_helpers", "_manager", "_service", "_misc"];
const REMEDY: &str = "name it after what it holds or does";

/// Folders, files and inline modules with such a name.
pub fn check(file: &TextFile, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in file.path.split('/') {
        let stem = part.trim_end_matches(".rs");
        if says_nothing(stem) {
            let what = format!("`{stem}` says nothing");
            findings.push(Finding::error(&file.path, 0, "names", what, REMEDY));
        }
    }
    for at in find_word(&source.code, "mod") {
        let rest = source.code.get(at + 3..).unwrap_or_default().trim_start();
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        // A module in a file of its own is found by the file's name.
        if says_nothing(name) && after.trim_start().starts_with('{') {
            let what = format!("`mod {name}` says nothing");
            findings.push(Finding::error(&file.path, line_of(&source.code, at), "names", what, REMEDY));
        }
    }
    findings
}

/// Whether a folder, file or module of that name would be a drawer.
pub fn says_nothing(name: &str) -> bool {
    DRAWERS.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&sample(path, text), &Source::new(text)).len()
    }

    #[test]
    fn drawers_are_found_as_folder_file_and_module() {
        assert_eq!(count("floor/util/src/lib.rs", ""), 1);
        assert_eq!(count("rooms/fleet/src/device_service.rs", ""), 1);
        assert_eq!(count("rooms/fleet/src/lib.rs", "mod order {}\nmod helpers { fn a() {} }"), 1);
        assert_eq!(count("rooms/fleet/src/common.rs", "mod misc;"), 1);
    }

    #[test]
    fn names_that_only_contain_such_a_word_are_free() {
        assert_eq!(count("floor/web/src/database.rs", "mod baseline { }\nlet service = 1;"), 0);
        assert_eq!(count("rooms/work/src/knowledge_base.rs", ""), 0);
    }
}
