//! Published vectors: those of the GS1 syntax engine and of its syntax tests. They are read from the folder named by
//! `BATON_CORPUS`; without it these tests say so and do nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::path::PathBuf;

use udi::{
    Agency,
    gs1::{self, Link, Rules},
};

fn corpus(name: &str) -> Option<Vec<Vec<String>>> {
    let Some(folder) = std::env::var_os("BATON_CORPUS") else {
        eprintln!("SKIPPED: BATON_CORPUS names no folder with {name}");
        return None;
    };
    let file = PathBuf::from(folder).join("barcode-udi").join(name);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let rows = text.lines().skip(1).map(|line| line.split('\t').map(field).collect());
    Some(rows.collect())
}

/// A field as the file quotes it.
fn field(text: &str) -> String {
    match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

fn shown(elements: &[gs1::Element]) -> String {
    format!("^{}", gs1::joined(elements).replace(gs1::GS, "^"))
}

/// What a text is read as, if it is taken.
fn read(group: &str, input: &str, rules: Rules) -> Option<String> {
    let input = input.replace("\\\\", "\\");
    let read = match group {
        "test_parseAIdata" => gs1::in_brackets(&input, rules),
        "test_processAIdata" => {
            let rest = input.strip_prefix('^')?;
            gs1::elements(&rest.replace('^', "\u{1d}"), rules)
        }
        "test_parseDLuri" => gs1::of_link(&input, rules),
        other => panic!("{other} is not known"),
    };
    let elements = read.ok()?;
    elements.iter().all(|e| e.fault.is_none()).then(|| shown(&elements))
}

#[test]
fn gs1_syntax_engine() {
    let Some(rows) = corpus("gs1_syntax_engine_vectors.tsv") else { return };
    let loose = Rules { unknown: true, link: Link { words: true, short_gtin: true } };
    let mut faults = Vec::new();
    for row in &rows {
        let [_, group, verdict, input, expected, ..] = row.as_slice() else { panic!("{row:?}") };
        // The engine is asked some of them twice: as it is, and with what links of earlier years allowed.
        let again = rows.iter().any(|other| other[3] == *input && other[2] != *verdict);
        let short = group == "test_parseDLuri" && verdict == "true";
        let rules = if verdict == "true" && (again || short) { loose } else { Rules::default() };
        if group == "test_testGenerateDLuri" {
            let elements = gs1::in_brackets(expected, rules).unwrap();
            let link = gs1::link(input, &elements).unwrap();
            assert!(link.starts_with(input.as_str()) && gs1::of_link(&link, rules) == Ok(elements), "{link}");
            continue;
        }
        let got = read(group, input, rules);
        let fits = match verdict.as_str() {
            "true" if expected.is_empty() => got.is_some(),
            "true" => got.as_ref() == Some(expected),
            _ => got.is_none(),
        };
        if !fits {
            faults.push(format!("{group} {verdict} {input} → {got:?}, not {expected}"));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), rows.len(), faults.join("\n"));
}

/// What a vector says a symbol means, such as `LIC=J123;LOT=BC34567;EXP=2025-11-26`.
fn differs(udi: &udi::Udi, meaning: &str) -> Option<String> {
    for part in meaning.split(';') {
        let Some((name, value)) = part.trim().split_once('=') else { continue };
        let field = |code: &str| udi.fields.iter().find(|f| f.code == code).map(|f| f.value.clone());
        let value = value.split(' ').next().unwrap_or_default();
        let got = match name {
            "LIC" | "PCN" => field(name),
            "UOM" => field("U/M"),
            "LOT" => udi.lot.clone(),
            "SER" => udi.serial.clone(),
            "QTY" => udi.quantity.map(|n| n.to_string()),
            "DI" => udi.di.clone(),
            "DIN" => udi.donation.clone(),
            "EXP" => udi.expiry.map(|d| d.to_string()),
            "MFG" => udi.manufactured.map(|d| d.to_string()),
            _ => continue,
        };
        let day_of_year = value.len() == 8 && value.as_bytes()[4] == b'-';
        let fits = got.as_deref() == Some(value) || got.is_some() && (value.is_empty() || day_of_year);
        if !fits {
            return Some(format!("{name} is {got:?}, not {value}"));
        }
    }
    None
}

#[test]
fn hibcc_and_iccbba() {
    let Some(rows) = corpus("hibc_iccbba_udi_vectors.tsv") else { return };
    let mut faults = Vec::new();
    for row in &rows {
        let [input, verdict, meaning, ..] = row.as_slice() else { panic!("{row:?}") };
        let udi = udi::parse(input, 2026);
        // The best known example of all ends in C where its characters come to H; two GTINs of documents of the FDA
        // end in 5 and 8 where they come to 7 and 2.
        let known = input.starts_with("+H123PARTNO1234567890120/") && input.ends_with('C')
            || input.starts_with("(01)00208851107345")
            || input.starts_with("(01)00011954013448");
        let wanted = verdict == "valid" && !known;
        let printed = verdict.starts_with("valid_as_printed");
        if udi.ok != wanted && !printed {
            faults.push(format!("{verdict} {input} → {:?}", udi.warnings));
        }
        if (wanted || known)
            && let Some(what) = differs(&udi, meaning)
        {
            faults.push(format!("{input}: {what}"));
        }
        if known && udi.warnings != [udi::Warning::CheckDiffers] {
            faults.push(format!("{input}: {:?}", udi.warnings));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), rows.len(), faults.join("\n"));
}

/// The identifiers of a GUDID file, each with its agency.
fn gudid() -> Option<Vec<(String, String)>> {
    use std::io::Read as _;
    let Some(folder) = std::env::var_os("BATON_CORPUS") else {
        eprintln!("SKIPPED: BATON_CORPUS names no folder with gudid-fda");
        return None;
    };
    let file = PathBuf::from(folder).join("gudid-fda/gudid_devices.xml.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    let inner = |text: &str, tag: &str| {
        let rest = text.split_once(&format!("<{tag}>"))?.1;
        rest.split_once(&format!("</{tag}>")).map(|(value, _)| value.trim().to_owned())
    };
    let each = text.split("<identifier>").skip(1);
    Some(
        each.filter_map(|one| Some((inner(one, "deviceId")?, inner(one, "deviceIdIssuingAgency")?)))
            .collect(),
    )
}

/// What there is to say against an identifier of a register, and how it is to be known.
#[derive(Default)]
struct Register {
    /// GS1: the check digit is wrong.
    wrong: usize,
    /// HIBCC: the symbol's check character was left behind it.
    left: usize,
    /// HIBCC: another agency's number.
    others: usize,
    odd: Vec<String>,
}

impl Register {
    fn see(&mut self, agency: Agency, text: &str) {
        let udi = udi::identifier(agency, text);
        let (written, wanted) = match agency {
            Agency::Gs1 => (udi::gs1_written(&udi).map(|all| gs1::joined(&all)), format!("{text:0>14}")),
            _ => {
                let left = !udi.warnings.is_empty() && udi.ok;
                let wanted = if left { &text[..text.len() - 1] } else { text };
                (udi::hibc_written(&udi), wanted.to_owned())
            }
        };
        self.wrong += usize::from(agency == Agency::Gs1 && !udi.ok);
        self.left += usize::from(agency == Agency::Hibcc && udi.ok && wanted != text);
        self.others += usize::from(agency == Agency::Hibcc && !udi.ok);
        let valid = match agency {
            Agency::Gs1 => udi::check::digit_fits(text),
            _ => text.starts_with(|c: char| c.is_ascii_uppercase()),
        };
        // What is not valid is kept, and not written.
        let kept = udi.di.as_ref() == Some(&wanted) && udi.ok == valid && written.is_some() == valid;
        let back = written.as_deref().map(|text| udi::parse(text, 2026));
        let back = back.is_none_or(|back| back.ok && back.di == udi.di && back.agency == Some(agency));
        // Somebody who types it finds it, although nothing says whose it is.
        let typed = udi::parse(text, 2026);
        let found = [&typed].into_iter().chain(&typed.candidates).any(|read| read.di == udi.di);
        if !(kept && back && (found || !valid)) {
            self.odd.push(format!("{text} → {udi:?}, written {written:?}, typed {typed:?}"));
        }
    }
}

#[test]
fn every_identifier_of_gudid_is_read_and_written() {
    let Some(all) = gudid() else { return };
    assert!(all.len() > 38_000, "{}", all.len());
    let mut register = Register::default();
    for (text, agency) in &all {
        let agency = match agency.as_str() {
            "GS1" => Agency::Gs1,
            "HIBCC" => Agency::Hibcc,
            other => panic!("{other}"),
        };
        register.see(agency, text);
    }
    let Register { wrong, left, others, odd } = register;
    assert!(odd.is_empty(), "{} of {}:\n{}", odd.len(), all.len(), odd[..odd.len().min(5)].join("\n"));
    println!(
        "{} identifiers: {wrong} with a wrong check digit, {left} with their symbol's check character, {others} \
              of another agency",
        all.len()
    );
    assert!(wrong > 0 && wrong + left + others < all.len() / 50);
}
