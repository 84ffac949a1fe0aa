//! Migrations: one text for two databases, and every row belongs to an organisation.

use super::{Finding, TextFile, find_word, line_of};

/// Words that one of the two databases lacks, or that hide what a row was given.
const FORBIDDEN: &[(&str, &str)] = &[
    ("now(", "pass the instant from Rust"),
    ("current_timestamp", "pass the instant from Rust"),
    ("current_date", "pass the date from Rust"),
    ("current_time", "pass the instant from Rust"),
    ("savepoint", "make it one transaction"),
    ("create trigger", "do it in Rust, in the same transaction"),
    ("bigserial", "ids are UUIDv7 made in Rust; human numbers come from a counter row"),
    ("smallserial", "ids are UUIDv7 made in Rust; human numbers come from a counter row"),
    ("autoincrement", "ids are UUIDv7 made in Rust; human numbers come from a counter row"),
    ("deferrable", "order the statements so that each leaves the data whole"),
];
/// A comment with this and a reason exempts its statement from the rule of the first column.
const EXEMPT: &str = "-- reference table:";
const FIRST: &str = "begin with org_id, or say in the statement `-- reference table: reason`";

/// Judges `migrations/*.sql`.
pub fn check(file: &TextFile) -> Vec<Finding> {
    if !file.path.split('/').any(|part| part == "migrations") {
        return Vec::new();
    }
    let lower = file.text.to_ascii_lowercase();
    let code = without_comments(&lower);
    let mut findings = forbidden(file, &code);
    let mut at = 0;
    for statement in code.split_inclusive(';') {
        let original = lower.get(at..at + statement.len()).unwrap_or_default();
        if !exempt(original) {
            findings.extend(owner(file, statement, at, &code));
        }
        at += statement.len();
    }
    findings
}

fn forbidden(file: &TextFile, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (word, remedy) in FORBIDDEN {
        for at in find_word(code, word) {
            let what = format!("`{}` in a migration", word.trim_end_matches('('));
            findings.push(Finding::error(&file.path, line_of(code, at), "portable SQL", what, remedy));
        }
    }
    for at in find_word(code, "serial").filter(|at| is_type(code, *at)) {
        let remedy = "ids are UUIDv7 made in Rust; human numbers come from a counter row";
        let what = "`serial` as a type in a migration".to_owned();
        findings.push(Finding::error(&file.path, line_of(code, at), "portable SQL", what, remedy));
    }
    findings
}

/// Devices have a serial number, so `serial` may be a column: as a type it follows a column's name.
fn is_type(code: &str, at: usize) -> bool {
    let (before, after) = code.split_at(at);
    let previous = before.trim_end().rsplit(|letter: char| !is_word(letter)).next().unwrap_or_default();
    let next: String = after
        .get(6..)
        .unwrap_or_default()
        .trim_start()
        .chars()
        .take_while(|letter| is_word(*letter))
        .collect();
    let ends = after.get(6..).unwrap_or_default().trim_start().starts_with([',', ')']);
    let names_column =
        ["", "column", "add", "where", "and", "or", "not", "on", "by", "set", "select", "when", "then"];
    let after_type = ["primary", "not", "unique", "null", "references", "default", "check"];
    !names_column.contains(&previous) && (ends || after_type.contains(&next.as_str()))
}

/// The rule of the first column, for one statement that begins at `start` of the file.
fn owner(file: &TextFile, statement: &str, start: usize, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fault = |offset: usize, what: String| {
        let line = line_of(code, start + offset);
        // The floor's own tables serve the installation too; its tests know them one by one.
        let make = if file.path.starts_with("floor/") { Finding::warning } else { Finding::error };
        findings.push(make(&file.path, line, "organisation", what, FIRST));
    };
    let indent = statement.len() - statement.trim_start().len();
    let words: Vec<&str> = statement.split_whitespace().take(3).collect();
    if let ["create", "table", ..] = words.as_slice() {
        if find_word(statement, "org_id").next().is_none() {
            fault(indent, "a table without org_id".into());
        }
        for key in ["primary key", "unique"] {
            for offset in find_word(statement, key) {
                match first_column(statement.get(offset + key.len()..).unwrap_or_default()) {
                    Some(column) if column == "org_id" => {}
                    Some(column) => fault(offset, format!("{key} begins with {column}")),
                    None if column_of(statement, offset) == "org_id" => {}
                    None => {
                        fault(offset, format!("{key} on the column {} alone", column_of(statement, offset)))
                    }
                }
            }
        }
    } else if matches!(words.as_slice(), ["create", "index", _] | ["create", "unique", "index"]) {
        let after = find_word(statement, "on").next().and_then(|at| statement.get(at..)).unwrap_or_default();
        let listed = after.find('(').and_then(|at| after.get(at..)).and_then(first_column);
        if listed.as_deref() != Some("org_id") {
            fault(indent, format!("an index begins with {}", listed.unwrap_or_else(|| "no column".into())));
        }
    }
    findings
}

/// The first name in the brackets that follow at once; `None` when none follow.
fn first_column(after: &str) -> Option<String> {
    let inside = after.trim_start().strip_prefix('(')?.trim_start();
    let name: String = inside.chars().take_while(|letter| is_word(*letter) || *letter == '"').collect();
    Some(name.trim_matches('"').to_owned())
}

/// The column in whose definition the offset lies: the first word after the last comma or bracket on its level.
fn column_of(statement: &str, offset: usize) -> &str {
    let before = statement.get(..offset).unwrap_or_default();
    let mut depth = 0;
    let begin = before.char_indices().rev().find(|(_, letter)| match letter {
        ')' => {
            depth += 1;
            false
        }
        '(' if depth > 0 => {
            depth -= 1;
            false
        }
        '(' => true,
        ',' => depth == 0,
        _ => false,
    });
    let definition = before.get(begin.map_or(0, |found| found.0 + 1)..).unwrap_or_default().trim_start();
    definition.split(|letter: char| !is_word(letter)).next().unwrap_or_default()
}

fn exempt(statement: &str) -> bool {
    statement.lines().filter_map(|line| line.split_once(EXEMPT)).any(|(_, reason)| reason.trim().len() > 3)
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Comments and the insides of strings become blanks, so that offsets and lines stay. The split at semicolons
/// relies on it.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, keep) = if rest.starts_with("--") {
            (rest.find('\n').unwrap_or(rest.len()), false)
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), false)
        } else if first == '\'' {
            (rest.get(1..).and_then(|inside| inside.find('\'')).map_or(rest.len(), |end| end + 2), false)
        } else {
            (first.len_utf8(), true)
        };
        let (piece, after) = rest.split_at(length);
        if keep {
            kept.push_str(piece);
        } else {
            kept.extend(piece.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
        rest = after;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn faults(sql: &str) -> Vec<String> {
        check(&sample("rooms/fleet/migrations/0001_a.sql", sql))
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_table_of_an_organisation_is_free() {
        let sql = "-- A device; now() and SERIAL are words here.\n\
            CREATE TABLE device (\n  org_id TEXT NOT NULL,\n  id TEXT NOT NULL,\n  serial TEXT CHECK (serial <> ';'),\n\
            tag TEXT NOT NULL,\n  PRIMARY KEY (org_id, id),\n  UNIQUE (org_id, tag),\n\
            FOREIGN KEY (org_id, id) REFERENCES x (org_id, id)\n);\n\
            CREATE INDEX device_serial ON device (org_id, serial) WHERE serial IS NOT NULL;\n\
            CREATE UNIQUE INDEX IF NOT EXISTS d ON device (org_id, tag);";
        assert_eq!(faults(sql), [""; 0]);
    }

    #[test]
    fn the_organisation_comes_first() {
        assert_eq!(faults("CREATE TABLE a (id TEXT)"), ["a table without org_id"]);
        assert_eq!(
            faults("CREATE TABLE a (org_id TEXT, id TEXT PRIMARY KEY)"),
            ["primary key on the column id alone"]
        );
        assert_eq!(
            faults("CREATE TABLE a (org_id TEXT, PRIMARY KEY (id, org_id))"),
            ["primary key begins with id"]
        );
        assert_eq!(faults("CREATE TABLE a (org_id TEXT, b TEXT, UNIQUE (b))"), ["unique begins with b"]);
        assert_eq!(faults("CREATE UNIQUE INDEX i ON a (lower(b))"), ["an index begins with lower"]);
        assert_eq!(faults("CREATE TABLE settings (org_id TEXT PRIMARY KEY)"), [""; 0]);
    }

    #[test]
    fn a_written_reason_exempts_its_own_statement() {
        let sql = "-- reference table: maker names are the same for all\nCREATE TABLE a (id TEXT);\nCREATE TABLE b (id TEXT);";
        assert_eq!(faults(sql), ["a table without org_id"]);
        assert_eq!(faults("-- reference table:\nCREATE TABLE a (id TEXT)").len(), 1);
        assert_eq!(check(&sample("docs/example.sql", "CREATE TABLE a (id TEXT)")).len(), 0);
    }

    #[test]
    fn what_one_database_lacks_is_found() {
        for sql in [
            "SELECT now()",
            "INSERT INTO a VALUES (CURRENT_TIMESTAMP)",
            "SAVEPOINT x",
            "CREATE TRIGGER x",
            "CREATE TABLE a (org_id TEXT, n SERIAL, PRIMARY KEY (org_id, n))",
            "CREATE TABLE a (org_id TEXT, n SERIAL NOT NULL)",
            "CREATE TABLE a (org_id TEXT, n INTEGER AUTOINCREMENT)",
            "ALTER TABLE a ADD CONSTRAINT c DEFERRABLE",
        ] {
            assert_eq!(faults(sql).len(), 1, "{sql}");
        }
        assert_eq!(faults("ALTER TABLE device ADD COLUMN serial TEXT"), [""; 0]);
        assert_eq!(faults("CREATE TABLE a (org_id TEXT, known TEXT)"), [""; 0]);
    }
}
