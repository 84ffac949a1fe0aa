//! An export of 50,000 rows whose makers and models are misspelt by known operations: how many rows get back the name
//! that was meant, how many are asked about, and how many get another one.

use std::collections::{BTreeMap, HashMap, HashSet};

use matching::gather::{How, Read, Spelling, makers, models};

const ROWS: usize = 50_000;

/// Numbers from a seed (splitmix64): the same everywhere, and no dependency.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % n as u64).unwrap_or(0)
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

const FIRST: [&str; 20] = [
    "Bel", "Cor", "Dra", "El", "Fen", "Gal", "Hel", "Ist", "Jur", "Kes", "Lum", "Mar", "Nor", "Or", "Pel",
    "Quan", "Ros", "Sol", "Tal", "Van",
];
const MIDDLE: [&str; 12] =
    ["a", "edi", "ova", "ion", "uri", "ax", "emi", "obri", "ista", "ango", "ecta", "ulo"];
const LAST: [&str; 14] = [
    "dyne", "med", "ra", "ton", "vex", "lis", "gard", "core", "this", "mont", "wick", "zan", "phor", "bridge",
];
const TRADE: [&str; 8] =
    ["Medical", "Healthcare", "Systems", "Surgical", "Technologies", "Diagnostics", "Instruments", ""];
const SERIES: [&str; 10] = [
    "Infusor",
    "Lumenaire",
    "Vitalis",
    "Pulmova",
    "Cardion",
    "Sonara",
    "Thermax",
    "Ventara",
    "Oxylor",
    "Monitrex",
];

/// A word with one slip inside: two letters changed places, one missing, one doubled. The first and the last stay.
fn slip(dice: &mut Dice, word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < 6 {
        return word.to_owned();
    }
    let at = 1 + dice.below(letters.len() - 3);
    let mut out = letters.clone();
    match dice.below(3) {
        0 => out.swap(at, at + 1),
        1 => drop(out.remove(at)),
        _ => out.insert(at, letters[at]),
    }
    out.into_iter().collect()
}

fn misspelt_maker(dice: &mut Dice, name: &str) -> String {
    let (own, rest) = name.split_once(' ').unwrap_or((name, ""));
    match dice.below(9) {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => format!("{name}{}", dice.of(&[" Inc.", " GmbH", ", Inc", " Ltd", " S.A.", " Co., Ltd."])),
        3 => own.to_owned(),
        4 => format!("{} {}", own.to_uppercase(), dice.of(&["MED", "MED SYS", "USA", "CORP"])),
        5 => format!("{} {rest}", slip(dice, own)).trim_end().to_owned(),
        6 => slip(dice, own).to_uppercase(),
        7 => name.replacen('e', "é", 1),
        _ => format!("  {} ", name.replace(' ', "  ")),
    }
}

fn misspelt_model(dice: &mut Dice, maker: &str, name: &str) -> String {
    let own = maker.split(' ').next().unwrap_or(maker);
    match dice.below(8) {
        0 => name.to_uppercase(),
        1 => name.replace(' ', "-"),
        2 => name.replace([' ', '-'], ""),
        3 => name.replace('-', " "),
        4 => format!("{own} {name}"),
        5 => format!("Model {name}"),
        6 => {
            let mut words: Vec<String> = name.split(' ').map(str::to_owned).collect();
            words[0] = slip(dice, &words[0]);
            words.join(" ")
        }
        _ => format!(" {}", name.to_lowercase()),
    }
}

/// Makers with their models.
fn world(dice: &mut Dice) -> Vec<(String, Vec<String>)> {
    let mut own = HashSet::new();
    let mut world = Vec::new();
    while world.len() < 120 {
        let name = format!("{}{}{}", dice.of(&FIRST), dice.of(&MIDDLE), dice.of(&LAST));
        if !own.insert(name.clone()) {
            continue;
        }
        let mut all = HashSet::new();
        let mut of_maker = Vec::new();
        for _ in 0..(3 + dice.below(20)) {
            let model = match dice.below(4) {
                0 => format!("{}{}", dice.of(&["VP", "MX", "CT", "QR"]), 1 + dice.below(90)),
                1 => format!("{} {}", dice.of(&SERIES), 100 * (1 + dice.below(9))),
                2 => format!("{} {}", dice.of(&SERIES), dice.of(&["Space", "Compact", "Plus", "Mobile"])),
                _ => format!("{}-{}", dice.of(&["LT", "SR", "AX"]), 10 * (1 + dice.below(40))),
            };
            if all.insert(model.clone()) {
                of_maker.push(model);
            }
        }
        world.push((format!("{name} {}", dice.of(&TRADE)).trim_end().to_owned(), of_maker));
    }
    world
}

fn counted<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<Spelling> {
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    texts.for_each(|text| *rows.entry(text.trim()).or_default() += 1);
    rows.into_iter().map(|(text, rows)| Spelling { text: text.to_owned(), rows, settled: None }).collect()
}

/// What became of the rows.
#[derive(Debug, Default)]
struct Account {
    right: usize,
    asked: usize,
    /// Another name than that which was meant, with examples.
    wrong: usize,
    examples: HashSet<String>,
}

impl Account {
    fn add(&mut self, meant: &str, written: &str, read: &Read, of_meant: Option<&Read>) {
        if read.how == How::Asked {
            self.asked += 1;
        } else if of_meant.is_some_and(|right| right.name == read.name) {
            self.right += 1;
        } else {
            self.wrong += 1;
            self.examples.insert(format!("{written:?} is {meant:?}, read as {:?}", read.name));
        }
    }
}

#[test]
fn misspelt_makers_and_models_are_recovered() {
    let mut dice = Dice(20_261_124);
    let world = world(&mut dice);
    let rows: Vec<(usize, usize, String, String)> = (0..ROWS)
        .map(|_| {
            // Some makers have many devices, most have few.
            let maker = dice.below(world.len()).min(dice.below(world.len()));
            let (name, of_maker) = &world[maker];
            let model = dice.below(of_maker.len()).min(dice.below(of_maker.len()));
            let mut written = (name.clone(), of_maker[model].clone());
            if dice.below(4) == 0 {
                written.0 = misspelt_maker(&mut dice, name);
            }
            if dice.below(4) == 0 {
                written.1 = misspelt_model(&mut dice, name, &of_maker[model]);
            }
            (maker, model, written.0, written.1)
        })
        .collect();

    let spellings = counted(rows.iter().map(|(.., maker, _)| maker));
    let read = makers::<usize>(&[], &spellings);
    let of_text: HashMap<&str, &Read> = spellings.iter().map(|s| s.text.as_str()).zip(&read).collect();
    let mut of_makers = Account::default();
    for (maker, _, written, _) in &rows {
        let meant = world[*maker].0.as_str();
        of_makers.add(meant, written, of_text[written.trim()], of_text.get(meant).copied());
    }
    let mut of_models = Account::default();
    for (at, (maker, _)) in world.iter().enumerate() {
        let own: Vec<_> = rows.iter().filter(|row| row.0 == at).collect();
        let spellings = counted(own.iter().map(|(.., model)| model));
        let read = models(maker, &[], &spellings);
        let of_text: HashMap<&str, &Read> = spellings.iter().map(|s| s.text.as_str()).zip(&read).collect();
        for (_, model, _, written) in own {
            let meant = world[at].1[*model].as_str();
            of_models.add(meant, written, of_text[written.trim()], of_text.get(meant).copied());
        }
    }
    for (what, account) in [("makers", &of_makers), ("models", &of_models)] {
        let share = |n: usize| 100.0 * n as f64 / ROWS as f64;
        println!(
            "{what}: {:.2} % right, {:.2} % asked, {:.2} % wrong of {ROWS} rows",
            share(account.right),
            share(account.asked),
            share(account.wrong)
        );
        account.examples.iter().take(12).for_each(|example| println!("  {example}"));
        assert_eq!(account.right + account.asked + account.wrong, ROWS);
        assert!(share(account.right) >= 98.0 && share(account.wrong) <= 0.5, "{what}: {account:?}");
    }
}
