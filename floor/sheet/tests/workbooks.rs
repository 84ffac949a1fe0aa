//! Workbooks as programs write them, and as nobody should.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::io::{Cursor, Write as _};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook as Made};
use sheet::{Reader, Workbook, workbook::Written};

fn text(bytes: Vec<u8>, sheet: Option<&str>) -> Result<(Written, String), String> {
    let mut book = Workbook::open(bytes).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    let written = book.write(sheet, &mut out).map_err(|e| e.to_string())?;
    Ok((written, String::from_utf8(out).unwrap()))
}

/// A record with its line.
type Line = (u64, Vec<String>);

/// The records that the reader makes of a sheet, with their lines.
fn records(bytes: Vec<u8>) -> (Written, Vec<String>, Vec<Line>) {
    let (written, text) = text(bytes, None).unwrap();
    let mut reader = Reader::open(text.as_bytes()).unwrap();
    let header = reader.header().to_vec();
    let mut layout = reader.layout().clone();
    layout.sheet = Some(written.sheet.clone());
    let at = reader.position();
    assert!(reader.next().is_some());
    let rest = &text.as_bytes()[usize::try_from(at.byte).unwrap()..];
    let all = Reader::at(rest, layout, at).map(|r| r.map(|r| (r.line, r.cells)).unwrap()).collect();
    (written, header, all)
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

#[test]
fn a_register_as_hospitals_keep_it() {
    let mut made = Made::new();
    made.add_worksheet().set_name("Cover").unwrap().write(0, 0, "Asset register").unwrap();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let list = made.add_worksheet().set_name("Inventory").unwrap();
    list.write(0, 0, "Asset register of Northfield, printed 3 March").unwrap();
    for (at, name) in ["CE_NO", "MODEL", "DEPT", "", "INSTALL", "ACQ$", "NOTES"].iter().enumerate() {
        if !name.is_empty() {
            list.write(3, u16::try_from(at).unwrap(), *name).unwrap();
        }
    }
    list.write(4, 0, "00123").unwrap().write(4, 1, 9).unwrap().write(4, 3, true).unwrap();
    let at = ExcelDateTime::from_ymd(2019, 6, 11).unwrap();
    list.write_with_format(4, 4, &at, &day).unwrap();
    list.write(4, 5, 4120.5).unwrap().write(4, 6, "two\nlines, and \"quotes\"").unwrap();
    list.merge_range(4, 2, 5, 2, "ICU", &Format::new()).unwrap();
    list.write(5, 0, 815_098_000_000_f64).unwrap();
    list.write(5, 1, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    list.write(8, 0, "NH-9").unwrap().write(8, 1, "=SUM(A1)").unwrap();
    let (written, header, rows) = records(made.save_to_buffer().unwrap());
    assert_eq!(written, Written { sheet: "Inventory".into(), header: 4, above: 1 });
    assert_eq!(header, row(&["CE_NO", "MODEL", "DEPT", "Column D", "INSTALL", "ACQ$", "NOTES"]));
    let wanted = [
        (5, row(&["00123", "9", "ICU", "TRUE", "2019-06-11", "4120.5", "two\nlines, and \"quotes\""])),
        (6, row(&["815098000000", "#DIV/0!", "ICU", "", "", "", ""])),
        (9, row(&["NH-9", "=SUM(A1)", "", "", "", "", ""])),
    ];
    assert_eq!(rows, wanted);
}

#[test]
fn the_sheet_that_is_asked_for_is_read() {
    let mut made = Made::new();
    for name in ["Main", "West"] {
        let list = made.add_worksheet().set_name(name).unwrap();
        list.write(0, 0, "Tag").unwrap().write(1, 0, format!("{name}-1")).unwrap();
    }
    let bytes = made.save_to_buffer().unwrap();
    assert!(text(bytes.clone(), None).unwrap().1.contains("Main-1"));
    assert!(text(bytes.clone(), Some("west ")).unwrap().1.contains("West-1"));
    let refused = text(bytes, Some("East")).unwrap_err();
    assert_eq!(refused, "there is no sheet “East”; the workbook has “Main”, “West”");
}

/// Days count from 1904 in workbooks of old Macintosh programs.
#[test]
fn both_ways_of_counting_days_are_read() {
    for (property, day) in [("", "2019-06-11"), ("<workbookPr date1904=\"1\"/>", "2023-06-12")] {
        let cells = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Day</t></is></c></row>\
                     <row r=\"2\"><c r=\"A2\" s=\"1\"><v>43627</v></c></row>";
        let (_, text) = text(raw(property, cells), None).unwrap();
        assert_eq!(text, format!("Day\r\n{day}\r\n"));
    }
}

const STYLES: &str = "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs count=\"2\">\
    <xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";

/// A workbook of one sheet, written by hand.
fn raw(property: &str, cells: &str) -> Vec<u8> {
    let ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "<workbook xmlns=\"{ns}\" xmlns:r=\"{rel}\">{property}<sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let links = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{rel}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let sheet = format!("<worksheet xmlns=\"{ns}\"><sheetData>{cells}</sheetData></worksheet>");
    let root = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{rel}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    zipped(&[
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", links.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn what_is_no_list_is_refused_with_a_remedy() {
    let ole = |rest: &[u8]| [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], rest].concat();
    let package: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let zeros = vec![0_u8; 100 << 20];
    let cell = |at: &str| format!("<row r=\"{at}\"><c r=\"A{at}\"><v>1</v></c></row>");
    let wide: String = "<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>".to_owned();
    let long = "x".repeat(30_000);
    let same = format!("<c t=\"inlineStr\"><is><t>{long}</t></is></c>");
    let row = format!("<row>{}</row>", same.repeat(100));
    let head = "<row><c t=\"inlineStr\"><is><t>Tag</t></is></c></row>";
    for (bytes, wanted) in [
        (ole(&[]), "an old Excel workbook (XLS); open it, save it as"),
        (ole(&package), "protected by a password; take the password away"),
        (zipped(&[("a.txt", b"x")]), "a ZIP archive without a workbook"),
        (zipped(&[("mimetype", b"x"), ("content.xml", b"x")]), "an OpenDocument file"),
        (zipped(&[("xl/workbook.bin", b"x")]), "a binary Excel workbook (XLSB)"),
        (zipped(&[("word/document.xml", b"x")]), "a text document (DOCX)"),
        (
            zipped(&[("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", &zeros)]),
            "unpacks to far more",
        ),
        (b"PK\x03\x04 and then nothing".to_vec(), "is damaged"),
        (raw("", ""), "“S”: no row of column names with rows below it"),
        (raw("", &cell("1")), "no row of column names with rows below it"),
        (raw("", &format!("{}{}", cell("4"), cell("2"))), "row 2 of sheet “S” stands after row 4"),
        (raw("", &cell("4000000000")), "is damaged"),
        (raw("", &wide), "sheet “S”, cell XFD1: more than 200 columns hold something"),
        (raw("", &format!("{head}{}", row.repeat(40))), "holds more than 100 MB of text"),
    ] {
        let refused = text(bytes, None).unwrap_err();
        assert!(refused.contains(wanted), "{refused} for {wanted}");
    }
}

/// Formatting alone is no value: 16,384 formatted columns are a narrow list.
#[test]
fn formatted_cells_without_a_value_count_for_nothing() {
    let mut made = Made::new();
    let bold = Format::new().set_bold();
    let list = made.add_worksheet();
    list.write(0, 0, "Tag").unwrap().write(1, 0, "NH-1").unwrap();
    for column in 1..16_384 {
        list.write_blank(1, column, &bold).unwrap();
    }
    let (_, text) = text(made.save_to_buffer().unwrap(), None).unwrap();
    assert_eq!(text, "Tag\r\nNH-1\r\n");
}

proptest::proptest! {
    /// Whatever texts stand in a sheet, the reader gives them back without the blanks around them.
    #[test]
    fn texts_come_back(rows in proptest::collection::vec(proptest::collection::vec("[^\u{0}-\u{1f}\u{2028}\u{fffe}\u{ffff}]{0,12}", 3), 1..20)) {
        let mut made = Made::new();
        let list = made.add_worksheet();
        for (at, name) in ["A", "B", "C"].iter().enumerate() {
            list.write(0, u16::try_from(at).unwrap(), *name).unwrap();
        }
        for (row, cells) in rows.iter().enumerate() {
            for (at, cell) in cells.iter().enumerate() {
                list.write_string(u32::try_from(row).unwrap() + 1, u16::try_from(at).unwrap(), cell).unwrap();
            }
        }
        let wanted: Vec<Line> = (2..).zip(&rows)
            .map(|(line, cells)| (line, cells.iter().map(|c| c.trim().to_owned()).collect::<Vec<_>>()))
            .filter(|(_, cells)| cells.iter().any(|c| !c.is_empty()))
            .collect();
        proptest::prop_assume!(!wanted.is_empty());
        let (_, _, read) = records(made.save_to_buffer().unwrap());
        proptest::prop_assert_eq!(read, wanted);
    }

    /// No bytes are too strange.
    #[test]
    fn damaged_workbooks_are_refused(at in 0_usize..3_000, byte: u8) {
        let mut made = Made::new();
        made.add_worksheet().write(0, 0, "Tag").unwrap().write(1, 0, "NH-1").unwrap();
        let mut bytes = made.save_to_buffer().unwrap();
        let at = at % bytes.len();
        bytes[at] ^= byte;
        let _ = text(bytes, None);
    }
}
