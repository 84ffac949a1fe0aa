//! `cargo xtask tidy`: the house rules that neither rustc nor clippy knows.
//!
//! Each rule is a function from text to findings, so that it can be tested on a few inline lines. A finding names
//! the place, the rule and what to do. Errors fail the run; warnings are the soft limits.

mod budget;
mod functions;
mod layers;
mod markup;
mod names;
mod size;
mod source;
mod sql;
mod words;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

pub use names::says_nothing;

use crate::process;
use crate::workspace::Workspace;

/// How much is printed.
#[derive(clap::Args, Default)]
pub struct Args {
    /// Leave out warnings and the table of budgets
    #[arg(long)]
    quiet: bool,
}

/// Whether a finding fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// A soft limit.
    Warning,
    /// A rule.
    Error,
}

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    level: Level,
    file: String,
    /// From 1; 0 when the whole file is meant.
    line: usize,
    rule: &'static str,
    what: String,
    remedy: &'static str,
}

impl Finding {
    fn error(file: &str, line: usize, rule: &'static str, what: String, remedy: &'static str) -> Self {
        Self { level: Level::Error, file: file.to_owned(), line, rule, what, remedy }
    }

    fn warning(file: &str, line: usize, rule: &'static str, what: String, remedy: &'static str) -> Self {
        Self { level: Level::Warning, ..Self::error(file, line, rule, what, remedy) }
    }

    fn message(&self) -> String {
        let level = if self.level == Level::Error { "error" } else { "warning" };
        let place = if self.line == 0 { self.file.clone() } else { format!("{}:{}", self.file, self.line) };
        format!("{place}: {level}: [{}] {}; {}", self.rule, self.what, self.remedy)
    }
}

/// A file of the checkout that is text.
struct TextFile {
    /// Relative to the root, with `/` between the parts.
    path: String,
    text: String,
}

impl TextFile {
    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| own == extension)
    }

    /// Somebody else's file, kept as it came.
    fn vendored(&self) -> bool {
        self.path.split('/').any(|part| part == "vendor" || part == "vendored") || self.path.contains(".min.")
    }
}

/// Reads every file of the checkout and prints what breaks a rule. `Ok(false)` when an error was among it.
pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let files = read_files(&workspace.root)?;
    let mut findings: Vec<Finding> = files.iter().flat_map(|file| file_findings(workspace, file)).collect();
    findings.extend(layers::check(&workspace.members));
    let rooms = budget::measure(&files);
    findings.extend(budget::check(&rooms));
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let errors = findings.iter().filter(|finding| finding.level == Level::Error).count();
    for finding in &findings {
        if finding.level == Level::Error || !args.quiet {
            println!("{}", finding.message());
        }
    }
    if !args.quiet && !rooms.is_empty() {
        println!("{}", budget::table(&rooms));
    }
    println!("tidy: {} files, {errors} errors, {} warnings", files.len(), findings.len() - errors);
    Ok(errors == 0)
}

fn file_findings(workspace: &Workspace, file: &TextFile) -> Vec<Finding> {
    if file.vendored() {
        return Vec::new();
    }
    let mut findings = words::check(file, &workspace.root);
    if file.is("rs") {
        let source = source::Source::new(&file.text);
        findings.extend(size::check(file));
        findings.extend(names::check(file, &source));
        findings.extend(functions::check(file, &source));
        findings.extend(words::check_rust(file, &source));
        findings.extend(words::apostrophes(file, &source));
        findings.extend(markup::check_rust(file, &source));
    } else if file.is("html") || file.is("js") || file.is("mjs") {
        findings.extend(markup::check_page(file));
    } else if file.is("sql") {
        findings.extend(sql::check(file));
    }
    findings
}

/// What git tracks and what it would track: a new file is checked before its first commit.
fn read_files(root: &Path) -> Result<Vec<TextFile>> {
    let mut command = Command::new("git");
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let listed = process::read(&mut command).context("tidy needs a git checkout")?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        // A file may be tracked and deleted, or not be text; neither is ours to judge.
        if let Ok(text) = fs::read_to_string(root.join(path)) {
            files.push(TextFile { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

/// The line, from 1, of a byte offset.
fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// Every place where `word` stands alone: no letter, digit or underscore touches it where it begins or ends with
/// one itself.
fn find_word<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(word).map(|found| found.0).filter(move |&at| {
        let before = text.get(..at).and_then(|head| head.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|tail| tail.chars().next());
        let grown_left = part(word.chars().next()) && part(before);
        let grown_right = part(word.chars().next_back()) && part(after);
        !grown_left && !grown_right
    })
}

#[cfg(test)]
fn sample(path: &str, text: &str) -> TextFile {
    TextFile { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_place_rule_and_remedy() {
        let finding = Finding::error("a.rs", 3, "names", "bad".into(), "do good");
        assert_eq!(finding.message(), "a.rs:3: error: [names] bad; do good");
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(find_word("now() renow() now(1)", "now(").collect::<Vec<_>>(), [0, 14]);
        assert_eq!(find_word("a_unsafe unsafe_ unsafe", "unsafe").collect::<Vec<_>>(), [17]);
    }
}
