//! Files as they come: what is read, and what is said about what cannot be.
#![expect(clippy::unwrap_used, reason = "shared steps of the tests")]

use std::io::Read;

use sheet::{Error, FileError, Limits, Reader, RowFault};

fn rows(bytes: &[u8]) -> (Vec<String>, Vec<Result<Vec<String>, String>>) {
    let reader = Reader::open(bytes).unwrap();
    let header = reader.header().to_vec();
    (header, reader.map(|r| r.map(|r| r.cells).map_err(|e| e.to_string())).collect())
}

fn good(text: &str) -> Vec<Vec<String>> {
    rows(text.as_bytes()).1.into_iter().map(|r| r.unwrap()).collect()
}

fn refused(bytes: &[u8]) -> String {
    match Reader::open(bytes) {
        Err(error) => error.to_string(),
        Ok(reader) => reader.filter_map(Result::err).find(Error::is_fatal).unwrap().to_string(),
    }
}

#[test]
fn marks_delimiters_line_ends_and_blank_lines() {
    for text in [
        "tag,maker\nA,Helion\nB,Orrin\n",
        "\u{feff}tag,maker\r\nA,Helion\r\nB,Orrin",
        "\n\ntag;maker\r\rA;Helion\r \rB;Orrin\r",
        "sep=|\r\ntag|maker\nA|Helion\n\nB|Orrin\n\n",
        "tag\tmaker\t\t\nA\tHelion\t\t\n\"B\"\t\"Orrin\"\t\t\n",
    ] {
        assert_eq!(good(text), [["A", "Helion"], ["B", "Orrin"]], "{text:?}");
    }
}

#[test]
fn quotes_hold_delimiters_line_ends_and_quotes() {
    let text = "tag,notes,maker\nA,\"one, \"\"two\"\"\r\nthree\",Helion\nB,5\" hose,Orrin\n";
    assert_eq!(good(text), [["A", "one, \"two\"\r\nthree", "Helion"], ["B", "5\" hose", "Orrin"]]);
    let lines: Vec<u64> = Reader::open(text.as_bytes()).unwrap().map(|r| r.unwrap().line).collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn utf16_is_decoded_and_its_halves_refused() {
    let text = "tag,maker\nA,Hélion 🩺\nB,Orrin\n";
    for little in [true, false] {
        let unit = |u: u16| if little { u.to_le_bytes() } else { u.to_be_bytes() };
        let encode = |units: &[u16]| units.iter().flat_map(|u| unit(*u)).collect::<Vec<u8>>();
        let units: Vec<u16> = std::iter::once(0xFEFF).chain(text.encode_utf16()).collect();
        assert_eq!(rows(&encode(&units)).1[0], Ok(vec!["A".to_owned(), "Hélion 🩺".to_owned()]));
        let mut broken = units.clone();
        broken[13] = 0xDC00;
        assert_eq!(
            refused(&encode(&broken)),
            "line 2, column maker: half of a UTF-16 character; save the file as “CSV UTF-8” and try again"
        );
        let mut odd = encode(&units[..units.len() - 1]);
        odd.push(b'x');
        assert!(refused(&odd).starts_with("line 3, column maker: half"), "{}", refused(&odd));
    }
}

/// Exports of old programs, and files that two programs wrote.
#[test]
fn what_is_no_utf_8_is_read_as_windows_1252() {
    let read = |bytes: &[u8]| {
        let reader = Reader::open(bytes).unwrap();
        let header = reader.header().join("|");
        let rows: Vec<(u64, String, Option<usize>)> =
            reader.map(|r| r.map(|r| (r.line, r.cells.join("|"), r.recoded)).unwrap()).collect();
        (header, rows)
    };
    let (header, rows) = read(b"Tag,M\xE4ker\nA,Hel\xC3\xA9on\nB,H\xE9lion \x80\x96\nC\xF6,Dr\xC3\xA4ger\n");
    assert_eq!(header, "Tag|Mäker");
    let wanted = [(2, "A|Heléon", None), (3, "B|Hélion €–", Some(1)), (4, "Cö|Dräger", Some(0))];
    assert_eq!(rows, wanted.map(|(line, text, recoded)| (line, text.to_owned(), recoded)));
}

#[test]
fn files_that_are_no_tables_are_refused() {
    for (bytes, words) in [
        (&b""[..], "the file is empty"),
        (b"\xEF\xBB\xBF\r\n \r\n", "the file is empty"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"\xD0\xCF\x11\xE0", "old Excel workbook"),
        (b"  <HTML><table>", "a web page"),
        (b"Tag,Maker\nA,B\0\n", "line 2: a NUL byte"),
        (b"Tag,Maker\nA,\"x\ny\0\"\n", "line 3: a NUL byte"),
        (b"12,2024-01-01,\n1,2,3\n", "line 1: no column names"),
        (b",,\n1,2,3\n", "line 1: no column names"),
        (b"Tag,Maker,tag \n1,2,3\n", "columns A and C are both named “tag”"),
        (b"Tag,,Maker\n1,,3\n2,left,3\n", "line 3: column B has the value “left” but no name"),
        (b"Tag,\"Ma\"ker\nA,B\n", "the header cannot be read: column B: text after a closing quote"),
    ] {
        assert!(refused(bytes).contains(words), "{}", refused(bytes));
    }
    let wide =
        vec!["c"; 201].iter().enumerate().map(|(i, c)| format!("{c}{i}")).collect::<Vec<_>>().join(",");
    assert!(refused(wide.as_bytes()).contains("more than 200 columns"));
}

#[test]
fn a_bad_row_costs_itself_only() {
    let long = "x".repeat(64 * 1024 + 1);
    let text = format!(
        "tag,maker,notes\nA,Helion\nB,Orrin,ok,\nC,Orrin,ok,more\nD,\"Big\" pump,x\nE,{long},x\nF,\"{long}\",x\nG,Orrin,ok\n"
    );
    let (_, rows) = rows(text.as_bytes());
    let words: Vec<String> = rows.into_iter().map(|r| r.unwrap_or_else(|e| vec![e]).join(",")).collect();
    assert_eq!(words[0], "line 2: 2 cells where the header has 3; add the missing ones");
    assert_eq!(words[1], "B,Orrin,ok");
    assert!(words[2].starts_with("line 4: 4 cells where the header has 3;"));
    assert!(words[3].starts_with("line 5: column maker: text after a closing quote;"));
    assert!(words[4].starts_with("line 6: column maker: the cell is longer than 65536 bytes;"));
    assert!(words[5].starts_with("line 7: column maker: the cell is longer"));
    assert_eq!((words[6].as_str(), words.len()), ("G,Orrin,ok", 7));
}

#[test]
fn an_open_quote_costs_one_row_and_names_its_line() {
    for tail in
        ["C,Orrin,ok\nD,Orrin,ok", "C,Orrin,19\"\nD,Orrin,ok\n", "C,Orrin,\"5 inch\"\nD,Orrin,\"a\"\n"]
    {
        let text = format!("tag,maker,notes\nA,Helion,x\nB,\"Orrin,y\n{tail}");
        let (_, rows) = rows(text.as_bytes());
        assert_eq!(rows.len(), 4, "{tail}: {rows:?}");
        let words = rows[1].as_ref().unwrap_err();
        assert!(words.starts_with("line 3: "), "{words}");
        assert_eq!(
            (&rows[2].as_ref().unwrap()[0], &rows[3].as_ref().unwrap()[0]),
            (&"C".into(), &"D".into())
        );
    }
    let mut reader = Reader::open(&b"tag,maker\nA,\"Hel"[..]).unwrap();
    let Some(Err(Error::Row(error))) = reader.next() else { panic!() };
    assert_eq!((error.line, error.fault), (2, RowFault::OpenQuote { column: "maker".into() }));
    assert!(reader.next().is_none());
}

#[test]
fn a_chosen_delimiter_is_kept() {
    let reader = Reader::open_with(&b"tag;a,maker\n1;2,3\n"[..], Some(b','), Limits::default()).unwrap();
    assert_eq!(reader.header(), ["tag;a", "maker"]);
}

/// A header and then one line of 200 MB, made as it is read.
struct Endless {
    given: u64,
    head: &'static [u8],
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = (200_000_000 - self.given.min(200_000_000)) as usize;
        let n = if self.head.is_empty() { buffer.len().min(left) } else { self.head.len().min(buffer.len()) };
        if self.head.is_empty() {
            buffer[..n].fill(b'x');
        } else {
            buffer[..n].copy_from_slice(&self.head[..n]);
            self.head = &self.head[n..];
        }
        self.given += n as u64;
        Ok(n)
    }
}

#[test]
fn a_200_mb_line_is_refused_early() {
    for head in [&b"tag,maker\nA,B\nC,"[..], b"tag,maker\nA,B\nC,\""] {
        let mut input = Endless { given: 0, head };
        let errors: Vec<Error> = Reader::open(&mut input).unwrap().filter_map(Result::err).collect();
        assert!(matches!(errors[..], [Error::File(FileError::LongRecord { line: 3, .. })]), "{errors:?}");
        assert!(input.given < 3 * 1024 * 1024, "{} bytes were read", input.given);
    }
    let mut input = Endless { given: 0, head: b"tag," };
    assert!(matches!(Reader::open(&mut input), Err(FileError::LongRecord { line: 1, .. })));
    assert!(input.given < 3 * 1024 * 1024, "{} bytes were read", input.given);
}

#[test]
fn a_failing_input_is_an_error_of_the_file() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let mut reader = Reader::at(
        b"A,B\nC".chain(Failing),
        sheet::Layout {
            delimiter: b',',
            encoding: sheet::Encoding::Utf8,
            header: vec!["t".into(), "m".into()],
            sheet: None,
        },
        sheet::Position { byte: 10, line: 2, record: 0 },
    );
    assert!(reader.next().unwrap().is_ok());
    assert_eq!(
        reader.next().unwrap().unwrap_err().to_string(),
        "line 3: reading the file failed: the disk is gone"
    );
    assert!(reader.next().is_none());
}
