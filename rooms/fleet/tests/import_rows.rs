//! Mapping of columns and reading of rows, from the bytes of a file to verdicts.
#![expect(clippy::unwrap_used, reason = "shared steps of the tests")]

use std::collections::BTreeMap;

use fleet::{
    RiskLevel,
    device::{OutFor, State, Strategy, Tenure},
    import::{Draft, Field, Mapping, MappingError, Match, RowVerdict, Seen, Severity, Survey, When, parse},
};
use kernel::Date;
use sheet::Reader;

fn today() -> Date {
    "2026-10-31".parse().unwrap()
}

fn mapping(header: &str, rows: &[&str]) -> Mapping {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    Mapping::propose(&cells(header), &rows.iter().map(|row| cells(row)).collect::<Vec<_>>())
}

fn fields(mapping: &Mapping) -> Vec<Field> {
    mapping.columns().iter().map(|c| c.field).collect()
}

fn read(text: &str) -> Vec<RowVerdict> {
    let records: Vec<_> = Reader::open(text.as_bytes()).unwrap().map(|r| r.unwrap()).collect();
    let samples: Vec<_> = records.iter().map(|r| r.cells.clone()).collect();
    let mapping = Mapping::propose(Reader::open(text.as_bytes()).unwrap().header(), &samples);
    mapping.check().unwrap();
    let mut survey = Survey::new(&mapping);
    samples.iter().for_each(|cells| survey.see(cells));
    let options = survey.options(today(), "USD".parse().ok());
    records.iter().map(|record| parse(record, &mapping, &options)).collect()
}

fn one(header: &str, row: &str) -> RowVerdict {
    read(&format!("{header}\n{row}\n")).remove(0)
}

fn draft(header: &str, row: &str) -> Draft {
    let verdict = one(header, row);
    verdict.draft.clone().unwrap_or_else(|| panic!("{verdict:?}"))
}

/// The problem of the only row, as severity and words.
fn problem(header: &str, row: &str) -> (Severity, String) {
    let mut problems = one(header, row).problems;
    problems.retain(|p| p.field != Field::Serial || header.contains("serial"));
    assert_eq!(problems.len(), 1, "{problems:?}");
    (problems[0].severity, problems[0].message.clone())
}

#[test]
fn the_headers_of_other_systems_are_known() {
    let header = "CE_NO,DESC,MFR,MODEL,SN,LOC_CD,INSTALL,RISK,PM_FREQ,ACQ$,GTIN,TECH_INIT";
    let rows = [
        "104207,PUMP,HELION,VP3,A1,G2W06,2019-11-06,14,12,4120,812345067899,MO",
        "104211,VENT,Helion,VP-3,A2,A1NIC,2019-06-11,9,6,38500,,DR",
    ];
    let mapping = mapping(header, &rows);
    use Field::{AcceptedOn, Ignore, Maker, Model, Price, Risk, Room, Serial, Tag, Type, Udi};
    let expected = [Tag, Type, Maker, Model, Serial, Room, AcceptedOn, Risk, Ignore, Price, Udi, Ignore];
    assert_eq!(fields(&mapping), expected);
    let doubtful: Vec<&str> =
        mapping.columns().iter().filter(|c| c.certainty == Match::Check).map(|c| c.header.as_str()).collect();
    assert_eq!(doubtful, ["LOC_CD", "RISK"]);
}

#[test]
fn our_own_codes_and_other_languages_are_known() {
    let codes: Vec<String> = Field::ALL.iter().map(|f| f.code().to_owned()).collect();
    let own = Mapping::propose(&codes, &[]);
    assert_eq!(fields(&own), Field::ALL);
    let words: Vec<String> = Field::ALL.iter().map(|f| f.on_page().to_owned()).collect();
    assert_eq!(fields(&Mapping::propose(&words, &[])), Field::ALL);
    use Field::{AcquiredOn, Department, Maker, Model, Room, Serial, State, Tag, Type};
    for header in [
        "Inventar-Nr.,Gerätetyp,Hersteller,Modell,Serien-Nr.,Abteilung,Raum,Zustand,Kaufdatum",
        "N° d'inventaire,Appareil,Fabricant,Modèle,N° de série,Service,Salle,État,Date d'achat",
        "Número de inventario,Equipo,Fabricante,Modelo,Número de serie,Servicio,Sala,Estado,Fecha de compra",
        "AssetTag,DeviceType,Manufacturer Name,Model #,Serial #,Dept,Room No.,Status,PurchaseDate",
    ] {
        let expected = [Tag, Type, Maker, Model, Serial, Department, Room, State, AcquiredOn];
        assert_eq!(fields(&mapping(header, &[])), expected, "{header}");
    }
}

#[test]
fn no_field_stands_twice_and_a_person_has_the_last_word() {
    let mut found = mapping("Asset tag,Equipment ID,Model,Description,Device", &[]);
    assert_eq!(fields(&found), [Field::Tag, Field::Ignore, Field::Model, Field::Ignore, Field::Type]);
    assert_eq!(found.set(1, Field::Tag), Some(0));
    assert_eq!(fields(&found)[..2], [Field::Ignore, Field::Tag]);
    let saved = serde_json::to_string(&found).unwrap();
    assert!(saved.contains(r#""Equipment ID":"tag""#), "{saved}");
    let saved: BTreeMap<String, Field> = serde_json::from_str(&saved).unwrap();
    let header: Vec<String> = found.columns().iter().map(|c| c.header.clone()).collect();
    assert_eq!(fields(&Mapping::saved(&header, &saved)), fields(&found));
}

#[test]
fn a_file_without_tag_or_model_is_refused_with_what_was_found() {
    let error = mapping("Model,Colour", &[]).check().unwrap_err();
    assert_eq!(error, MappingError::NoTag { found: "“Model”, “Colour”".into() });
    assert!(
        mapping("Asset tag,Colour", &[]).check().unwrap_err().to_string().contains("“Asset tag”, “Colour”")
    );
    let guessed = mapping("Thing,Colour,Model", &["N1,red,A", "N2,red,A", "N3,blue,B"]);
    assert_eq!((fields(&guessed)[0], guessed.columns()[0].certainty), (Field::Tag, Match::Check));
}

#[test]
fn a_full_row_becomes_a_draft() {
    let header = "tag,serial,udi,maker,type,model,department,unit,state,risk,strategy,tenure,acquired_on,price,currency,parent_tag,notes";
    let row = "NH-1,S1,(01)00614141000036,Helion  Medical,Infusion pump,VP-3,ICU,North,Out for repair,HIGH,OEM,Leased,2019-11-06,\"4,120.00\",EUR,NH-2,none";
    let draft = draft(header, row);
    assert_eq!((draft.tag.as_str(), draft.maker.unwrap().as_str()), ("NH-1", "Helion Medical"));
    assert_eq!((draft.state, draft.risk), (State::OutOfService(OutFor::Repair), Some(RiskLevel::High)));
    assert_eq!((draft.strategy, draft.tenure), (Some(Strategy::Oem), Tenure::Rental));
    assert_eq!(draft.price.unwrap().to_string(), "€4,120.00");
    assert_eq!(draft.acquired_on, "2019-11-06".parse().ok());
    assert_eq!((draft.parent_tag.unwrap().as_str(), draft.notes.as_deref()), ("NH-2", Some("none")));
}

#[test]
fn blanks_mean_what_they_should() {
    let bare = draft(
        "tag,model,serial,department,ref,price,udi",
        "\"=\"\"0012\"\"\",N/A,NULL,-,VX 9,#REF!,8.15098E+11",
    );
    assert_eq!((bare.tag.as_str(), bare.model.unwrap().as_str()), ("0012", "VX 9"));
    assert_eq!((bare.state, bare.tenure), (State::InService, Tenure::Owned));
    assert!(bare.serial.is_none() && bare.department.is_none() && bare.price.is_none() && bare.udi.is_none());
    let verdict = one("tag,model,serial", " ,, ");
    assert!(verdict.is_blank());
    let (severity, words) = problem("tag,model,price", "A1,M,#REF!");
    assert_eq!((severity, words.contains("failed formula")), (Severity::Warn, true));
    assert_eq!(problem("tag,model,serial", "A1,M,n/a").0, Severity::Warn);
    assert!(one("tag,model,serial,serial_less", "A1,M,,yes").problems.is_empty());
}

#[test]
fn what_cannot_be_taken_is_refused_with_place_and_remedy() {
    for (header, row, words) in [
        ("CE_NO,model", ",M", "line 2, column CE_NO: no asset tag; write the number on the sticker"),
        ("tag,model", "A/1,M", "leave out / ? #"),
        ("tag,model", "8.15E+11,M", "has shortened the number"),
        ("tag,model,type", "A1,,", "neither a model nor a type"),
        (
            "tag,model,state",
            "A1,M,Wobbly",
            "“Wobbly” is not known; say what it means, or correct it in the file",
        ),
        ("tag,model,install date", "A1,M,06/11/2019", "choose the date order for this column"),
        ("tag,model,install date", "A1,M,2019-02-31", "does not exist"),
        ("tag,model,purchase date", "A1,M,2031-01-01", "after today"),
        ("tag,model,price", "A1,M,\"4,120\"", "choose the decimal sign"),
        ("tag,model,price", "A1,M,cheap", "is not an amount"),
        ("tag,model,currency", "A1,M,dollars", "is not a currency of ISO 4217"),
        ("tag,model,parent_tag", "A1,M,a1", "its own system"),
        ("tag,model,tenure", "A1,M,stolen", "“stolen” is not known; say what it means"),
    ] {
        let (severity, message) = problem(header, row);
        assert!(message.contains(words), "{row}: {message}");
        assert_eq!(severity, Severity::Refuse, "{row}");
        assert!(one(header, row).draft.is_none(), "{row}");
    }
}

#[test]
fn what_is_doubtful_comes_in_with_a_warning() {
    for (header, row, words) in [
        ("tag,model,risk", "A1,M,14", "left undecided"),
        ("tag,model,strategy", "A1,M,whenever", "left undecided"),
        ("tag,model,install date", "A1,M,1900-01-01", "when they have no date; left blank"),
    ] {
        let (severity, message) = problem(header, row);
        assert!(message.contains(words), "{row}: {message}");
        assert_eq!(severity, Severity::Warn);
        assert!(draft(header, row).accepted_on.is_none());
    }
}

#[test]
fn a_column_settles_the_order_of_its_dates_and_its_decimal_sign() {
    let rows = read("tag;model;installed;price\nA1;M;06/11/2019;4.120\nA2;M;13/11/2019;3,20\n");
    let first = rows[0].draft.as_ref().unwrap();
    assert_eq!(first.accepted_on, Some(When::On("2019-11-06".parse().unwrap())));
    assert_eq!(first.price.unwrap().plain(), "4120.00");
}

#[test]
fn of_two_rows_alike_the_first_stands() {
    let rows = read(
        "tag,model,maker,serial\nNH-1,V1,Helion,S1\nnh-1,V1,Helion,S2\nNH-3,V1,HELION,s1\nNH-4,V2,Helion,S1\n",
    );
    let mut seen = Seen::default();
    let words: Vec<String> = rows
        .iter()
        .map(|r| {
            seen.take(r.line, r.draft.as_ref().unwrap()).first().map_or(String::new(), |p| p.message.clone())
        })
        .collect();
    assert_eq!(words[0], "");
    assert_eq!(words[1], "line 3: asset tag nh-1 is already on line 2; keep one");
    assert!(words[2].contains("serial number s1 of the same maker and model is already on line 2"));
    assert_eq!(words[3], "");
}

#[test]
fn the_clinic_inventory_of_the_corpus_is_read() {
    let Some(folder) = std::env::var_os("BATON_CORPUS") else {
        println!("skipped: BATON_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&folder).join("hospital-inventory");
    let mut files = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if path.extension().is_none_or(|e| e != "csv") {
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(path).unwrap();
        let header: Vec<String> = Reader::open(text.as_bytes()).unwrap().header().to_vec();
        let samples: Vec<_> = Reader::open(text.as_bytes()).unwrap().map(|r| r.unwrap().cells).collect();
        use Field::{CatalogueNumber, Department, Ignore, Maker, Model, Serial, Tag, Type, Udi};
        let expected = [Tag, Department, Maker, Type, Model, CatalogueNumber, Udi, Serial, Ignore, Ignore];
        assert_eq!(fields(&Mapping::propose(&header, &samples)), expected);
        let rows = read(&text);
        assert_eq!((rows.len(), rows.iter().filter(|r| r.draft.is_some()).count()), (20, 20));
        assert!(rows.iter().all(|r| r.draft.as_ref().unwrap().maker.is_some()));
    }
    assert!(files > 0, "no CSV file in the corpus");
}
