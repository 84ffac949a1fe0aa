//! Makers of the International Medical Devices Database (ICIJ), whose rows say which company each spelling belongs to: how
//! many are found, and how many of those found are right. Each spelling is looked for as if it were not known itself.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use matching::name::Register;

/// Spellings, each with the companies that rows give it to.
type Spellings = BTreeMap<String, BTreeSet<usize>>;

/// The companies by name, and their spellings.
fn spellings() -> Option<(Vec<String>, Spellings)> {
    let Some(folder) = std::env::var_os("BATON_CORPUS") else {
        eprintln!("SKIPPED: BATON_CORPUS names no folder with icij-imdd");
        return None;
    };
    let file = PathBuf::from(folder).join("icij-imdd/imdd_events_devices_manufacturers.csv");
    let mut rows = csv::Reader::from_path(file).unwrap();
    let column = |rows: &mut csv::Reader<_>, name: &str| {
        rows.headers().unwrap().iter().position(|c| c == name).unwrap()
    };
    let (name, parent) =
        (column(&mut rows, "manufacturer_name"), column(&mut rows, "manufacturer_parent_company"));
    let (mut companies, mut known): (Vec<String>, BTreeMap<String, usize>) = Default::default();
    let mut spellings = Spellings::new();
    for row in rows.byte_records().map(Result::unwrap) {
        let text = |n: usize| String::from_utf8_lossy(&row[n]).trim().to_owned();
        if text(parent) == "Unknown Parent Company" {
            continue;
        }
        // “Siemens Ag” and “Siemens AG” are one.
        let key: String =
            text(parent).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let company = *known.entry(key).or_insert_with(|| {
            companies.push(text(parent));
            companies.len() - 1
        });
        spellings.entry(text(name)).or_default().insert(company);
    }
    Some((companies, spellings))
}

/// What was said of one spelling: the score, whether it was taken, whether it is right.
struct Said {
    fold: usize,
    score: f64,
    sure: bool,
    right: bool,
}

/// Precision and recall from a score on.
fn measured<'s>(said: impl Iterator<Item = &'s Said> + Clone, from: f64) -> (f64, f64) {
    let all = said.clone().count() as f64;
    let taken: Vec<&Said> = said.filter(|one| one.score >= from).collect();
    let right = taken.iter().filter(|one| one.right).count() as f64;
    (right / taken.len().max(1) as f64, right / all)
}

#[test]
fn makers_are_found_by_names_that_were_not_known() {
    const FOLDS: usize = 5;
    let Some((companies, spellings)) = spellings() else { return };
    assert!(spellings.len() > 2_500 && companies.len() > 600);
    let parents = companies.iter().enumerate().map(|(n, name)| (n, name.as_str()));
    let names = spellings.iter().flat_map(|(name, of)| of.iter().map(move |n| (*n, name.as_str())));
    let register = Register::new(parents.chain(names));
    let mut said = Vec::new();
    for (name, of) in &spellings {
        let parents: Vec<&String> = of.iter().map(|n| &companies[*n]).collect();
        let found =
            register.find_without(name, |known| known == name && !parents.iter().any(|p| *p == known));
        let first = found.matches.first();
        said.push(Said {
            // A company is in one fold with all its spellings.
            fold: of.first().unwrap() * 7_919 % FOLDS,
            score: first.map_or(0.0, |first| first.score),
            sure: found.sure,
            right: first.is_some_and(|first| of.contains(&first.company)),
        });
    }
    // The score from which on a match is taken is chosen on four fifths of the companies and measured on the last.
    let mut held_out: Vec<bool> = Vec::new();
    let mut all = 0_usize;
    for fold in 0..FOLDS {
        let (rest, own): (Vec<&Said>, Vec<&Said>) = said.iter().partition(|one| one.fold != fold);
        let from = (0..100)
            .map(|n| f64::from(n) / 100.0)
            .find(|from| measured(rest.iter().copied(), *from).0 >= 0.96);
        let from = from.unwrap();
        let (precision, recall) = measured(own.iter().copied(), from);
        println!(
            "fold {fold}: from {from:.2}: precision {precision:.3}, recall {recall:.3} of {}",
            own.len()
        );
        all += own.len();
        held_out.extend(own.iter().filter(|one| one.score >= from).map(|one| one.right));
    }
    let right = held_out.iter().filter(|right| **right).count() as f64;
    let (precision, recall) = (right / held_out.len() as f64, right / all as f64);
    println!(
        "held out: precision {precision:.3}, recall {recall:.3} of {all} spellings of {} companies",
        companies.len()
    );
    let sure: Vec<&Said> = said.iter().filter(|one| one.sure).collect();
    let sure_right = sure.iter().filter(|one| one.right).count() as f64;
    println!(
        "as it is used: precision {:.3}, recall {:.3}",
        sure_right / sure.len() as f64,
        sure_right / said.len() as f64
    );
    assert!(precision >= 0.95 && recall >= 0.90, "precision {precision:.3}, recall {recall:.3}");
}
