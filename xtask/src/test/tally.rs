//! Counting what the runners report, so that one line at the end speaks for all of them.

/// The sums, and the runners' own closing lines.
#[derive(Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    closing: Vec<String>,
}

impl Tally {
    /// A line of `cargo test`: `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; ...`.
    pub fn read_cargo(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        let mut ran = 0;
        for count in counts.split("; ") {
            let Some((number, word)) = count.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => continue,
            }
            ran += number;
        }
        // A crate without tests reports too; repeating that says nothing.
        if ran > 0 {
            self.closing.push(line.to_owned());
        }
    }

    /// A line of Node's runner: `# pass 12`. What it cancelled did not pass, so it counts as failed.
    pub fn read_node(&mut self, line: &str) {
        let Some((word, number)) = line.strip_prefix("# ").and_then(|rest| rest.split_once(' ')) else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else { return };
        match word {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            "tests" => {}
            _ => return,
        }
        self.closing.push(line.to_owned());
    }

    /// How many tests failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// The runners' closing lines, then the sum on a line of its own.
    pub fn print(&self) {
        for line in &self.closing {
            println!("{line}");
        }
        println!("{}", self.sum());
    }

    fn sum(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_summed() {
        let mut tally = Tally::default();
        tally.read_cargo("running 3 tests");
        tally.read_cargo(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 1s",
        );
        tally.read_cargo("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.read_cargo("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        for line in
            ["# tests 5", "# pass 3", "# fail 0", "# cancelled 1", "# skipped 1", "# duration_ms 12.5"]
        {
            tally.read_node(line);
        }
        assert_eq!(tally.sum(), "8 passed, 2 failed, 2 skipped");
        assert_eq!(tally.closing.len(), 7);
    }

    #[test]
    fn a_line_of_a_test_that_looks_alike_is_not_counted() {
        let mut tally = Tally::default();
        tally.read_cargo("the test result: ok. 3 passed; 0 failed");
        tally.read_node("# pass marks are awarded");
        assert_eq!(tally.sum(), "0 passed, 0 failed, 0 skipped");
    }
}
