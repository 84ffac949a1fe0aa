//! A generator of ugly exports that knows the truth about every row, and the proof that each is accounted for.
//!
//! Other tests take the generator with `#[path = "ugly.rs"] mod ugly;`.
#![expect(clippy::unwrap_used, reason = "shared steps of the tests")]

use std::{collections::BTreeMap, fmt::Write, io::Cursor};

use fleet::import::{Field, Mapping, RowVerdict, Seen, Severity, Survey, parse};
use sheet::{Error, Reader};

/// What must become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expect {
    /// It becomes a device.
    Ready,
    /// It becomes a device and this field is warned about.
    Warned(Field),
    /// This field keeps it out.
    Refused(Field),
    /// It repeats this field of an earlier row that became a device.
    Duplicate(Field),
    /// Its cells cannot be told apart.
    Unreadable,
    /// It holds delimiters only.
    Blank,
}

/// The truth about one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Its first physical line.
    pub line: u64,
    /// What must become of it.
    pub expect: Expect,
}

/// The day on which the export is read.
pub const TODAY: &str = "2026-10-31";
/// Rows of one batch when an export is read in batches.
const BATCH: usize = 1_000;
const HEADER: [&str; 11] =
    ["CE_NO", "DESC", "MFR", "MODEL", "SN", "DEPT", "STATUS", "RISK", "INSTALL", "ACQ$", "NOTES"];
const MAKERS: [&str; 8] = [
    "Helion Medical",
    "HELION",
    "Helion Med.",
    "Hellion Medical",
    "Orrin & Sons",
    "Orin and Sons",
    "Vantor",
    "Vanntor",
];
const TYPES: [&str; 4] = ["PUMP INF VOLUMETRIC", "Vent ICU", "monitor, bedside", "Défibrillateur"];

/// Numbers from a seed (splitmix64): the same everywhere, and no dependency.
pub struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }
}

/// How the dates of one export are ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dates {
    DayFirst,
    MonthFirst,
    /// Two programs wrote the file.
    Both,
}

struct Export {
    dice: Dice,
    delimiter: char,
    ending: &'static str,
    dates: Dates,
    decimal: char,
    number: u64,
    text: String,
    line: u64,
    /// Cells of rows that became devices.
    ready: Vec<[String; 11]>,
    truths: Vec<Truth>,
}

/// An export of a hospital's old system, and what must become of each of its rows.
pub fn ugly(seed: u64, rows: usize) -> (Vec<u8>, Vec<Truth>) {
    let mut dice = Dice(seed);
    let delimiter = dice.of(&[',', ';', '\t']);
    let mut export = Export {
        delimiter,
        ending: dice.of(&["\n", "\r\n"]),
        dates: dice.of(&[Dates::DayFirst, Dates::MonthFirst, Dates::Both]),
        decimal: if delimiter == ';' { ',' } else { '.' },
        text: if dice.below(2) == 0 { "\u{feff}".to_owned() } else { String::new() },
        dice,
        number: 100_000,
        line: 1,
        ready: Vec::new(),
        truths: Vec::new(),
    };
    export.write(&HEADER.map(str::to_owned));
    // The first two rows prove how the columns are written, as some row of any large export does.
    for first in [Dates::DayFirst, Dates::MonthFirst] {
        let mut cells = export.good();
        let day_first =
            export.dates == Dates::DayFirst || export.dates == Dates::Both && first == Dates::DayFirst;
        cells[8] = if day_first { "25/12/2019" } else { "12/25/2019" }.to_owned();
        cells[9] = format!("12{}50", export.decimal);
        export.row(cells, Expect::Ready);
    }
    while export.truths.len() < rows {
        export.next();
    }
    (export.text.into_bytes(), export.truths)
}

impl Export {
    /// A row that nothing is wrong with.
    fn good(&mut self) -> [String; 11] {
        self.number += 1;
        let number = self.number;
        let day = self.dice.below(12) + 1;
        let month = self.dice.below(12) + 1;
        let year = 2001 + self.dice.below(25);
        let date = match (self.dice.below(4), self.dates) {
            (0, _) => format!("{year}-{month:02}-{day:02}"),
            (1, _) => format!("{day}-{}-{year}", ["Jan", "Mar", "Dec", "okt"][self.dice.below(4) as usize]),
            (2, Dates::Both) => format!("{}/{month}/{year}", month),
            (2, Dates::DayFirst) => format!("{}/{month}/{:02}", day + 12, year % 100),
            (2, Dates::MonthFirst) => format!("{month}/{}/{year} 00:00", day + 12),
            (_, Dates::Both) => "NULL".to_owned(),
            _ => format!("{day:02}/{month:02}/{year}"),
        };
        let thousands = if self.decimal == '.' { ',' } else { '.' };
        let price = match self.dice.below(5) {
            0 => String::new(),
            1 => format!("{}{thousands}120{}00", self.dice.below(99) + 1, self.decimal),
            2 => format!("${}{thousands}{}", self.dice.below(99) + 1, self.dice.below(900) + 100),
            3 => format!("{}{}5", self.dice.below(9999), self.decimal),
            _ => self.dice.below(50_000).to_string(),
        };
        [
            format!("{}{number}", self.dice.of(&["NH-", "nh ", ""])),
            self.dice.of(&TYPES).to_owned(),
            self.dice.of(&MAKERS).to_owned(),
            self.dice.of(&["VP3", "VP-3", "VP 3", "Lumen 9", "N/A"]).to_owned(),
            format!("S/{number}"),
            self.dice.of(&["ICU", "Ward 2", "O.R.", "", "unknown"]).to_owned(),
            self.dice
                .of(&["Active", "IN USE", "Out for repair", "Spare", "Missing", "", "Disposed"])
                .to_owned(),
            self.dice.of(&["HIGH", "low", "M", ""]).to_owned(),
            date,
            price,
            self.dice
                .of(&["", "5\" hose", "see file; twice, or more", "says \"fine\"", "one\ntwo"])
                .to_owned(),
        ]
    }

    fn next(&mut self) {
        let mut cells = self.good();
        let mut expect = Expect::Ready;
        match self.dice.below(40) {
            0 | 1 => (cells[4], expect) = (String::new(), Expect::Warned(Field::Serial)),
            2 => (cells[7], expect) = ("14".into(), Expect::Warned(Field::Risk)),
            3 => (cells[8], expect) = ("1900-01-01".into(), Expect::Warned(Field::AcceptedOn)),
            4 => (cells[9], expect) = ("#REF!".into(), Expect::Warned(Field::Price)),
            5 => {
                (cells[0], expect) =
                    (self.dice.of(&["", "n/a", "#N/A", "1.0E+5"]).into(), Expect::Refused(Field::Tag))
            }
            6 => (cells[0], expect) = ("9".repeat(41), Expect::Refused(Field::Tag)),
            7 => {
                (cells[1], cells[3]) = ("-".into(), "NULL".into());
                expect = Expect::Refused(Field::Model);
            }
            8 => (cells[6], expect) = ("Wobbly".into(), Expect::Refused(Field::State)),
            9 => {
                let bad =
                    ["31/02/2019", "2019-13-01", "2031-01-01", "1912-03-04", "43775", "soon", "02/30/2019"];
                (cells[8], expect) = (self.dice.of(&bad).into(), Expect::Refused(Field::AcceptedOn));
            }
            10 if self.dates == Dates::Both => {
                let bad = ["06/11/2019", "1/2/2003", "25/12/19"];
                (cells[8], expect) = (self.dice.of(&bad).into(), Expect::Refused(Field::AcceptedOn));
            }
            11 => {
                (cells[9], expect) = (
                    self.dice.of(&["-5", "about 5", "12 euro and change"]).into(),
                    Expect::Refused(Field::Price),
                )
            }
            12 => return self.repeated_tag(cells),
            13 => return self.repeated_serial(cells),
            14 => return self.unreadable(&cells),
            15 => {
                self.text.push_str(self.ending);
                self.line += 1;
                return;
            }
            16 => {
                cells = Default::default();
                expect = Expect::Blank;
            }
            _ => {}
        }
        self.row(cells, expect);
    }

    fn repeated_tag(&mut self, mut cells: [String; 11]) {
        let earlier = self.dice.below(self.ready.len() as u64) as usize;
        cells[0] = format!(" {} ", self.ready[earlier][0].to_uppercase());
        self.row(cells, Expect::Duplicate(Field::Tag));
    }

    fn repeated_serial(&mut self, mut cells: [String; 11]) {
        let earlier = self.dice.below(self.ready.len() as u64) as usize;
        for column in [1, 2, 3, 4] {
            cells[column] = self.ready[earlier][column].to_lowercase();
        }
        let expect = if cells[4].is_empty() {
            Expect::Warned(Field::Serial)
        } else {
            Expect::Duplicate(Field::Serial)
        };
        self.row(cells, expect);
    }

    /// A row whose cells cannot be told apart.
    fn unreadable(&mut self, cells: &[String; 11]) {
        let mut encoded: Vec<String> = cells[..10].iter().map(|cell| self.encoded(cell)).collect();
        encoded.push("ok".to_owned());
        match self.dice.below(40) {
            0..10 => encoded.truncate(7),
            10..20 => encoded.extend(["left".to_owned(), "over".to_owned()]),
            20..26 => encoded[2] = "\"Helion".to_owned(),
            26..32 => encoded[10] = "\"see overleaf".to_owned(),
            32..39 => encoded[1] = "\"Big\" pump".to_owned(),
            _ => encoded[10] = "x".repeat(70_000),
        }
        self.truths.push(Truth { line: self.line, expect: Expect::Unreadable });
        self.text.push_str(&encoded.join(&self.delimiter.to_string()));
        self.text.push_str(self.ending);
        self.line += 1;
    }

    fn row(&mut self, cells: [String; 11], expect: Expect) {
        self.truths.push(Truth { line: self.line, expect });
        self.write(&cells);
        if matches!(expect, Expect::Ready | Expect::Warned(_)) {
            self.ready.push(cells);
        }
    }

    fn write(&mut self, cells: &[String]) {
        let encoded: Vec<String> = cells.iter().map(|cell| self.encoded(cell)).collect();
        let mut row = encoded.join(&self.delimiter.to_string());
        if self.line > 1 && self.dice.below(10) == 0 {
            write!(row, "{0}{0} {0}", self.delimiter).unwrap();
        }
        self.line += 1 + cells.iter().filter(|cell| cell.contains('\n')).count() as u64;
        self.text.push_str(&row);
        self.text.push_str(self.ending);
    }

    /// The cell as careless programs write it: quotes only where the row would break.
    fn encoded(&self, cell: &str) -> String {
        let needed = cell.contains([self.delimiter, '\n']) || cell.starts_with('"');
        if needed { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
    }
}

/// What became of each row: two passes over the file as the import makes them, the second in batches that know
/// only the position where the one before ended.
fn outcomes(bytes: &[u8]) -> BTreeMap<u64, Expect> {
    let first = Reader::open(bytes).unwrap();
    let (layout, mut position) = (first.layout().clone(), first.position());
    let samples: Vec<Vec<String>> =
        first.filter_map(Result::ok).take(200).map(|record| record.cells).collect();
    let mapping = Mapping::propose(&layout.header, &samples);
    mapping.check().unwrap();
    let mut survey = Survey::new(&mapping);
    Reader::open(bytes).unwrap().filter_map(Result::ok).for_each(|record| survey.see(&record.cells));
    let options = survey.options(TODAY.parse().unwrap(), "USD".parse().ok());
    let mut seen = Seen::default();
    let mut found = BTreeMap::new();
    loop {
        let mut input = Cursor::new(bytes);
        input.set_position(position.byte);
        let mut reader = Reader::at(input, layout.clone(), position);
        let mut count = 0;
        for item in reader.by_ref().take(BATCH) {
            count += 1;
            let (line, outcome) = match item {
                Ok(record) => (record.line, outcome(&parse(&record, &mapping, &options), &mut seen)),
                Err(Error::Row(error)) => (error.line, Expect::Unreadable),
                Err(Error::File(error)) => panic!("{error}"),
            };
            assert!(found.insert(line, outcome).is_none(), "line {line} has two verdicts");
        }
        position = reader.position();
        if count < BATCH {
            return found;
        }
    }
}

fn outcome(verdict: &RowVerdict, seen: &mut Seen) -> Expect {
    let of = |severity| verdict.problems.iter().find(|p| p.severity == severity).map(|p| p.field);
    match (&verdict.draft, of(Severity::Refuse)) {
        (Some(draft), None) => match seen.take(verdict.line, draft).first() {
            Some(problem) => Expect::Duplicate(problem.field),
            None => of(Severity::Warn).map_or(Expect::Ready, Expect::Warned),
        },
        (None, Some(field)) => Expect::Refused(field),
        (None, None) if verdict.is_blank() => Expect::Blank,
        _ => panic!("{verdict:?}"),
    }
}

#[test]
fn every_row_of_an_ugly_export_is_accounted_for() {
    for seed in 0..12 {
        let (bytes, truths) = ugly(seed, 5_000);
        assert_eq!(truths.len(), 5_000);
        let found = outcomes(&bytes);
        for truth in &truths {
            let text =
                || String::from_utf8_lossy(&bytes).lines().nth(truth.line as usize - 1).map(str::to_owned);
            let outcome = found.get(&truth.line);
            assert_eq!(outcome, Some(&truth.expect), "seed {seed}, line {}: {:?}", truth.line, text());
        }
        assert_eq!(found.len(), truths.len(), "seed {seed}: rows that are not in the file");
        let kinds: std::collections::BTreeSet<Expect> = truths.iter().map(|t| t.expect).collect();
        assert!(kinds.len() >= 14, "seed {seed}: {kinds:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_file() {
    assert_eq!(ugly(7, 300), ugly(7, 300));
    assert_ne!(ugly(7, 300).0, ugly(8, 300).0);
}

#[test]
fn every_one_of_many_rows_is_accounted_for() {
    let rows = if std::env::var_os("BATON_LONG").is_some() { 100_000 } else { 5_000 };
    let (bytes, truths) = ugly(1, rows);
    let begun = std::time::Instant::now();
    let found = outcomes(&bytes);
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(found.len(), truths.len());
    println!("{} rows, {:.1} MB: two passes in {seconds:.2} s", found.len(), bytes.len() as f64 / 1e6);
}
