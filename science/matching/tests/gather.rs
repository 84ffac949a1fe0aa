//! Spellings of a file gathered into names.

use matching::gather::{How, Read, Spelling, codes, makers, models, terms};
use proptest::prelude::*;

fn spellings(all: &[(&str, u64)]) -> Vec<Spelling> {
    let one = |(text, rows): &(&str, u64)| Spelling { text: (*text).to_owned(), rows: *rows, settled: None };
    all.iter().map(one).collect()
}

fn settled(text: &str, rows: u64, name: &str) -> Spelling {
    Spelling { text: text.to_owned(), rows, settled: Some(name.to_owned()) }
}

fn known(names: &[&str]) -> Vec<(usize, String)> {
    names.iter().enumerate().map(|(n, name)| (n, (*name).to_owned())).collect()
}

fn said(all: &[Spelling], read: &[Read]) -> Vec<String> {
    all.iter().zip(read).map(|(s, r)| format!("{} → {} {:?}", s.text, r.name, r.how)).collect()
}

#[test]
fn makers_of_a_file_become_those_on_record_and_new_ones() {
    let known = known(&["Helion Medical", "Orrin & Sons", "Vantor Surgical", "Vantor Diagnostics"]);
    let all = spellings(&[
        ("HELION MEDICAL", 400),
        ("Helion Med. GmbH", 210),
        ("Hellion Medical Inc", 3),
        ("Orrin and Sons Ltd", 20),
        ("Vantor", 9),
        ("Corvidex", 80),
        ("CORVIDEX Systems", 30),
        ("Corvidexx", 2),
        ("Brightmoor", 12),
    ]);
    assert_eq!(
        said(&all, &makers(&known, &all)),
        [
            "HELION MEDICAL → Helion Medical OnRecord",
            "Helion Med. GmbH → Helion Medical Taken",
            "Hellion Medical Inc → Helion Medical Taken",
            "Orrin and Sons Ltd → Orrin & Sons Taken",
            "Vantor → Vantor Asked",
            "Corvidex → Corvidex New",
            "CORVIDEX Systems → Corvidex Taken",
            "Corvidexx → Corvidex Taken",
            "Brightmoor → Brightmoor New",
        ]
    );
    let asked = makers(&known, &all).swap_remove(4);
    let names: Vec<&str> = asked.candidates.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["Vantor Diagnostics", "Vantor Surgical"]);
    assert!(
        asked.candidates.iter().all(|c| c.on_record && c.score > 0.5 && !c.reason.is_empty()),
        "{asked:?}"
    );
}

/// However few makers are on record.
#[test]
fn the_only_maker_on_record_is_found() {
    let all = spellings(&[("HELION MED", 100), ("Helion Medical", 100), ("helion gmbh", 2)]);
    assert_eq!(
        said(&all, &makers(&known(&["Helion Medical"]), &all)),
        [
            "HELION MED → Helion Medical Taken",
            "Helion Medical → Helion Medical OnRecord",
            "helion gmbh → Helion Medical Taken"
        ]
    );
}

/// What a person said holds for all spellings that belong together, and is asked no more.
#[test]
fn an_answer_counts() {
    let known = known(&["Vantor Surgical", "Vantor Diagnostics"]);
    let to_record = [settled("Vantor", 9, "Vantor Diagnostics"), spellings(&[("VANTOR Inc.", 2)]).remove(0)];
    assert_eq!(
        said(&to_record, &makers(&known, &to_record)),
        ["Vantor → Vantor Diagnostics Settled", "VANTOR Inc. → Vantor Diagnostics Taken"]
    );
    let own = [settled("Vantor", 9, ""), spellings(&[("VANTOR Inc.", 2)]).remove(0)];
    assert_eq!(said(&own, &makers(&known, &own)), ["Vantor → Vantor Settled", "VANTOR Inc. → Vantor Taken"]);
    let other = [settled("Vantor", 9, "Brightmoor")];
    assert_eq!(said(&other, &makers(&known, &other)), ["Vantor → Brightmoor Settled"]);
}

#[test]
fn models_of_a_maker() {
    let known = ["VP3".to_owned(), "Infusor Space".to_owned()];
    let all = spellings(&[
        ("VP-3", 50),
        ("Helion VP 3", 4),
        ("VP4", 20),
        ("VP3+", 7),
        ("Infsuor Space", 2),
        ("VP3 Infusion Pump", 5),
        ("Lumenaire 20-1", 5),
        ("Lumenaire 201", 5),
    ]);
    assert_eq!(
        said(&all, &models("Helion Medical", &known, &all)),
        [
            "VP-3 → VP3 Taken",
            "Helion VP 3 → VP3 Taken",
            "VP4 → VP4 New",
            "VP3+ → VP3+ New",
            "Infsuor Space → Infusor Space Taken",
            "VP3 Infusion Pump → VP3 Infusion Pump Asked",
            "Lumenaire 20-1 → Lumenaire 20-1 New",
            "Lumenaire 201 → Lumenaire 201 New",
        ]
    );
}

/// Of two new spellings a slip is only read where one is far more frequent.
#[test]
fn a_slip_is_rare() {
    let all = spellings(&[("Infusor Space", 50), ("Infsuor Space", 2)]);
    let rare = models("Helion", &[], &all);
    assert_eq!((rare[1].name.as_str(), rare[1].how), ("Infusor Space", How::Taken));
    let all = spellings(&[("Infusor Space", 5), ("Infsuor Space", 4)]);
    let even = models("Helion", &[], &all);
    assert_eq!((even[1].name.as_str(), even[1].how), ("Infsuor Space", How::Asked));
}

#[test]
fn terms_and_codes() {
    let all = spellings(&[
        ("Infusion pump, volumetric", 214),
        ("VOLUMETRIC INFUSION PUMPS", 30),
        ("PUMP INF VOLUMETRIC", 12),
        ("Ward 1", 9),
        ("Ward 2", 8),
    ]);
    assert_eq!(
        said(&all, &terms(&[], &all)),
        [
            "Infusion pump, volumetric → Infusion pump, volumetric New",
            "VOLUMETRIC INFUSION PUMPS → Infusion pump, volumetric Taken",
            "PUMP INF VOLUMETRIC → PUMP INF VOLUMETRIC Asked",
            "Ward 1 → Ward 1 New",
            "Ward 2 → Ward 2 New",
        ]
    );
    let all = spellings(&[("G2W-06", 3), ("g2w06", 2), ("2-01", 4), ("20-1", 4)]);
    assert_eq!(
        said(&all, &codes(&[], &all)),
        ["G2W-06 → G2W-06 New", "g2w06 → G2W-06 Taken", "2-01 → 2-01 New", "20-1 → 20-1 New"]
    );
}

fn texts() -> impl Strategy<Value = Vec<(String, u64)>> {
    let text = prop_oneof![
        any::<String>(),
        "[A-Ca-c]{1,3}[ -]?[0-9]{0,2}",
        prop::collection::vec(
            prop::sample::select(
                &["Helion", "Helio", "Medical", "Vantor", "GmbH", "Orrin", "infusion", "pump", "3"][..]
            ),
            1..4
        )
        .prop_map(|words| words.join(" ")),
    ];
    prop::collection::btree_map(text, 1_u64..500, 0..12).prop_map(|map| map.into_iter().collect())
}

proptest! {
    /// Every spelling is read; what is on record to the letter stays itself; what is not asked and not new has a reason
    /// or was said; names lead nowhere else; the order of the file says nothing.
    #[test]
    fn every_spelling_has_one_name(of_file in texts(), on_record in texts(), answers in prop::collection::vec(prop::option::of("[A-C]{0,2}"), 12)) {
        let all: Vec<Spelling> = of_file.iter().zip(&answers)
            .map(|((text, rows), settled)| Spelling { text: text.clone(), rows: *rows, settled: settled.clone() })
            .collect();
        let names: Vec<String> = on_record.iter().map(|(text, _)| text.clone()).collect();
        let numbered: Vec<(usize, String)> = names.iter().cloned().enumerate().collect();
        type Reader<'r> = Box<dyn Fn(&[Spelling]) -> Vec<Read> + 'r>;
        let readers: [Reader<'_>; 4] = [
            Box::new(|all| makers(&numbered, all)),
            Box::new(|all| models("Helion", &names, all)),
            Box::new(|all| terms(&names, all)),
            Box::new(|all| codes(&names, all)),
        ];
        for reader in readers {
            let read = reader(&all);
            prop_assert_eq!(read.len(), all.len());
            for (spelling, one) in all.iter().zip(&read) {
                match one.how {
                    How::Taken => prop_assert!(one.reason.is_some(), "{spelling:?} {one:?}"),
                    How::Asked => prop_assert!(!one.candidates.is_empty(), "{spelling:?} {one:?}"),
                    How::Settled => prop_assert!(spelling.settled.is_some()),
                    How::New | How::OnRecord => prop_assert!(one.candidates.is_empty()),
                }
                if spelling.settled.is_none() && names.contains(&spelling.text) {
                    prop_assert!(one.how == How::OnRecord, "{spelling:?} {one:?}");
                }
            }
            let mut turned = all.clone();
            turned.reverse();
            let mut again = reader(&turned);
            again.reverse();
            prop_assert_eq!(&again, &read);
        }
    }
}
