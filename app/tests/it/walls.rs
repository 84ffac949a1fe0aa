//! Reads statements for the wall between organisations: every table that has an `org_id` must be bound by a condition
//! on it wherever it is read, changed or deleted from.

use std::collections::BTreeSet;

use db::{Engine, Sql, Tx, vals};
use fleet::{
    export::folder,
    import::{
        drive,
        run::{actions, upload::Receiver},
    },
};
use kernel::Clock;
use testkit::TEST_NOW;

use crate::hospital::{Hospital, system};

/// The tables of a database that belong to organisations.
pub async fn walled(tx: &mut Tx) -> kernel::Result<BTreeSet<String>> {
    const SQLITE: Sql = Sql::new(
        "SELECT m.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'org_id' \
         WHERE m.type = 'table'",
    );
    const POSTGRES: Sql = Sql::new(
        "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.columns \
         WHERE column_name = 'org_id' AND table_schema = current_schema()",
    );
    let tables = if tx.engine() == Engine::Sqlite { SQLITE } else { POSTGRES };
    tx.all(tables, &vals![]).await?.iter().map(|row| row.get("name")).collect()
}

/// The tables of a statement that no condition binds to an organisation.
pub fn unbound(sql: &str, walled: &BTreeSet<String>) -> Vec<String> {
    let words = words(sql);
    let mut missing = Vec::new();
    query(&group(&mut words.iter()), walled, &mut missing);
    missing
}

/// Words, names with their dots, and single marks; text in quotes is left out.
fn words(sql: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in sql.chars() {
        quoted ^= c == '\'';
        if !quoted && (c.is_alphanumeric() || "_.$".contains(c)) {
            if let Some(last) = words.last_mut() {
                last.push(c);
            }
        } else {
            words.push(if quoted || c.is_whitespace() || c == '\'' { String::new() } else { c.to_string() });
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A statement by its parentheses.
enum Part {
    Word(String),
    Group(Vec<Part>),
}

fn group<'w>(words: &mut impl Iterator<Item = &'w String>) -> Vec<Part> {
    let mut parts = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "(" => parts.push(Part::Group(group(words))),
            ")" => break,
            word => parts.push(Part::Word(word.to_owned())),
        }
    }
    parts
}

/// Reads one query; those inside it are queries of their own, with conditions of their own.
fn query(parts: &[Part], walled: &BTreeSet<String>, missing: &mut Vec<String>) {
    let mut flat = Vec::new();
    flatten(parts, walled, &mut flat, missing);
    let ends = |word: &String| ["UNION", "INTERSECT", "EXCEPT"].contains(&word.as_str());
    for one in flat.split(ends) {
        bound(one, walled, missing);
    }
}

fn flatten(parts: &[Part], walled: &BTreeSet<String>, flat: &mut Vec<String>, missing: &mut Vec<String>) {
    for part in parts {
        match part {
            Part::Word(word) => flat.push(word.clone()),
            Part::Group(inner) if matches!(inner.first(), Some(Part::Word(w)) if w == "SELECT" || w == "WITH") =>
            {
                flat.push("(query)".to_owned());
                query(inner, walled, missing);
            }
            Part::Group(inner) => {
                flat.push("(".to_owned());
                flatten(inner, walled, flat, missing);
                flat.push(")".to_owned());
            }
        }
    }
}

/// A table and the name it goes by.
struct Named<'q> {
    table: &'q str,
    alias: &'q str,
    /// Where it stands.
    at: usize,
    inserted: bool,
}

fn bound(words: &[String], walled: &BTreeSet<String>, missing: &mut Vec<String>) {
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    let tables = tables(words);
    let alone = tables.iter().filter(|t| walled.contains(t.table)).count() == 1;
    let conditions = words.iter().position(|w| w == "WHERE" || w == "ON").unwrap_or(words.len());
    let compared =
        |i: usize| i > conditions && (["=", "IN"].contains(&word(i + 1)) || (i > 0 && word(i - 1) == "="));
    for named in tables.iter().filter(|t| walled.contains(t.table)) {
        let qualified = [format!("{}.org_id", named.alias), format!("{}.org_id", named.table)];
        let names = |w: &str| qualified.iter().any(|q| q == w) || (alone && w == "org_id");
        let held = if named.inserted {
            words[named.at..].iter().take_while(|w| *w != ")").any(|w| w == "org_id")
        } else {
            (0..words.len()).any(|i| names(word(i)) && compared(i))
        };
        if !held {
            missing.push(named.table.to_owned());
        }
    }
}

fn tables(words: &[String]) -> Vec<Named<'_>> {
    const NO_ALIAS: &[&str] = &[
        "WHERE",
        "ON",
        "JOIN",
        "LEFT",
        "INNER",
        "CROSS",
        "SET",
        "ORDER",
        "GROUP",
        "LIMIT",
        "VALUES",
        "SELECT",
        "RETURNING",
        "USING",
        "HAVING",
        "INDEXED",
        "NOT",
        "(",
        ")",
        ",",
        "",
    ];
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    let mut found = Vec::new();
    for i in 0..words.len() {
        let begins = match word(i) {
            "FROM" => i == 0 || word(i - 1) != "DISTINCT",
            "JOIN" | "INTO" => true,
            "UPDATE" => word(i + 1) != "SET",
            _ => false,
        };
        if !begins {
            continue;
        }
        let mut at = i + 1;
        loop {
            let table = word(at);
            let after = if word(at + 1) == "AS" { at + 2 } else { at + 1 };
            let alias = if NO_ALIAS.contains(&word(after)) { table } else { word(after) };
            found.push(Named { table, alias, at, inserted: word(i) == "INTO" });
            let next = if alias == table { at + 1 } else { after + 1 };
            // Only FROM has a list of tables.
            if word(i) != "FROM" || word(next) != "," {
                break;
            }
            at = next + 1;
        }
    }
    found
}

#[test]
fn the_reader_finds_what_is_not_bound() {
    let walled: BTreeSet<String> = ["device", "site", "job"].map(str::to_owned).into();
    for (sql, missing) in [
        ("SELECT tag FROM device WHERE org_id = $1", &[][..]),
        ("SELECT org_id, tag FROM device WHERE id = $1", &["device"]),
        ("SELECT tag FROM device WHERE note = 'org_id = 1'", &["device"]),
        (
            "SELECT d.tag FROM device d JOIN site s ON s.org_id = d.org_id AND s.id = d.site WHERE d.org_id = $1",
            &[],
        ),
        ("SELECT d.tag FROM device d JOIN site s ON s.id = d.site WHERE d.org_id = $1", &["site"]),
        ("SELECT d.tag FROM device d, site s WHERE d.org_id = $1 AND org_id = $1", &["site"]),
        (
            "SELECT 1 FROM device AS d WHERE d.org_id = $1 AND EXISTS (SELECT 1 FROM site s WHERE s.id = d.site)",
            &["site"],
        ),
        ("SELECT 1 FROM (SELECT id FROM device WHERE org_id = $1) x", &[]),
        ("WITH x AS (SELECT id FROM device) SELECT id FROM x", &["device"]),
        ("SELECT id FROM device WHERE org_id = $1 UNION ALL SELECT id FROM site", &["site"]),
        ("UPDATE device SET org_id = $1 WHERE id = $2", &["device"]),
        ("UPDATE device SET tag = $2 WHERE org_id = $1", &[]),
        ("DELETE FROM job WHERE held_until_at < $1", &["job"]),
        (
            "INSERT INTO device (org_id, id) VALUES ($1, $2) ON CONFLICT (org_id, id) DO UPDATE SET tag = $3",
            &[],
        ),
        ("INSERT INTO device (id) VALUES ($1)", &["device"]),
        ("INSERT INTO device (org_id, id) SELECT org_id, id FROM site", &["site"]),
        ("SELECT name FROM sqlite_master", &[]),
    ] {
        assert_eq!(unbound(sql, &walled), missing, "{sql}");
    }
}

/// What jobs and commands do, which no page shows: a list goes in and out again, a folder goes out and in.
async fn work(hospital: &Hospital) {
    const LIST: &[u8] = b"tag,model,maker,type,site,building,room,department,part of\n\
        W-1,VP-9,Helion,Infusion rack,Here General,North,N1,Ward 9,\n\
        W-2,VP-3,Helion,Infusion pump,Here General,North,N1,Ward 9,W-1\n";
    let (db, org, who) = (&hospital.db, hospital.org, system(hospital.org));
    let mut receiver = Receiver::new(db, org);
    receiver.push(LIST).await.unwrap();
    let id = receiver.finish(&who, "work.csv").await.unwrap().id;
    let on = async || drive(db, &Clock::hand(TEST_NOW), org, id, |_, _| ()).await.unwrap();
    on().await;
    let run = db::read!(db, org, |tx| actions::visible(tx, &who, id).await).unwrap();
    assert_eq!(run.counts.new, 2, "{:?} {:?}", run.error, run.counts.refusals);
    db::write!(db, org, |tx| actions::begin_run(tx, &who, &run).await).unwrap();
    on().await;
    let bulk = hospital.records[&crate::hospital::Stands::Home].act;
    let carry = async || fleet::act::work::drive(db, &Clock::hand(TEST_NOW), org, bulk).await.unwrap();
    carry().await;
    db::write!(db, org, |tx| {
        let done = fleet::act::actions::visible(tx, &who, bulk).await?;
        fleet::act::actions::begin_undo(tx, &who, &done).await
    })
    .unwrap();
    carry().await;
    let folder = tempfile::tempdir().unwrap();
    folder::write(db, &who, folder.path(), None, |_, _| ()).await.unwrap();
    folder::read_names(db, &who, folder.path(), |_, _| ()).await.unwrap();
    let run = db::read!(db, org, |tx| actions::visible(tx, &who, id).await).unwrap();
    assert_eq!(run.counts.devices, 2);
    db::write!(db, org, |tx| actions::begin_undo(tx, &who, &run).await).unwrap();
    on().await;
}

#[tokio::test]
async fn what_jobs_and_commands_run_is_bound_to_an_organisation() {
    let hospitals = [Some(Hospital::new().await), Hospital::on_postgres().await];
    for hospital in hospitals.into_iter().flatten() {
        let plans = hospital.db.watch_plans();
        work(&hospital).await;
        let run = plans.noted();
        for told in [
            "INSERT INTO event (",
            "INSERT INTO device (",
            "INSERT INTO search_doc (",
            "INSERT INTO import_row (",
        ] {
            assert!(run.keys().any(|sql| sql.starts_with(told)), "{told} was not run");
        }
        crate::rules::read_all(&hospital.db, &plans).await;
        hospital.finish().await;
    }
}
