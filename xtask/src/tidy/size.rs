//! The length of files.

use super::{Finding, TextFile};

const SOFT: usize = 400;
const HARD: usize = 600;
const HARD_TESTS: usize = 900;
const REMEDY: &str = "split it by noun, never by layer (400 lines soft, 600 hard, tests 900)";

/// Rust files above the limits.
pub fn check(file: &TextFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    let (soft, hard) = if is_test(&file.path) { (HARD_TESTS, HARD_TESTS) } else { (SOFT, HARD) };
    let what = format!("{lines} lines");
    if lines > hard {
        return Some(Finding::error(&file.path, 0, "file length", what, REMEDY));
    }
    (lines > soft).then(|| Finding::warning(&file.path, 0, "file length", what, REMEDY))
}

/// A file of tests only, by its place or its name.
pub fn is_test(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let stem = parts.next().unwrap_or_default().trim_end_matches(".rs");
    stem == "tests"
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || parts.any(|part| part == "tests")
}

#[cfg(test)]
mod tests {
    use super::super::{Level, sample};
    use super::*;

    fn level(path: &str, lines: usize) -> Option<Level> {
        check(&sample(path, &"x\n".repeat(lines))).map(|finding| finding.level)
    }

    #[test]
    fn files_have_two_limits_and_tests_one() {
        assert_eq!(level("rooms/fleet/src/device/store.rs", 400), None);
        assert_eq!(level("rooms/fleet/src/device/store.rs", 401), Some(Level::Warning));
        assert_eq!(level("rooms/fleet/src/device/store.rs", 601), Some(Level::Error));
        assert_eq!(level("rooms/fleet/tests/it/device.rs", 900), None);
        assert_eq!(level("floor/db/src/outbox_test.rs", 901), Some(Level::Error));
    }
}
