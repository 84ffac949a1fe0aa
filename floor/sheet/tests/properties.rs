//! What holds for any file.

use std::io::Read;

use proptest::{collection::vec, prelude::*};
use sheet::{Error, Reader, Record, Writer};

/// Hands out a few bytes at a time, as a socket would.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.0.len().min(self.1).min(buffer.len());
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

fn outcome(item: Result<Record, Error>) -> Result<Record, String> {
    item.map_err(|e| e.to_string())
}

fn whole(bytes: &[u8]) -> Result<Vec<Result<Record, String>>, String> {
    Ok(Reader::open(bytes).map_err(|e| e.to_string())?.map(outcome).collect())
}

/// Reads `batch` records, drops the reader, and goes on from the position it was at.
fn in_batches(bytes: &[u8], batch: usize) -> Result<Vec<Result<Record, String>>, String> {
    let first = Reader::open(bytes).map_err(|e| e.to_string())?;
    let (layout, mut position) = (first.layout().clone(), first.position());
    let mut rows = Vec::new();
    loop {
        let before = rows.len();
        let rest = &bytes[position.byte as usize..];
        let mut reader = Reader::at(rest, layout.clone(), position);
        rows.extend(reader.by_ref().take(batch).map(outcome));
        position = reader.position();
        assert!(position.record as usize <= rows.len());
        let stopped = (position.record as usize) < rows.len();
        if rows.len() - before < batch || stopped {
            return Ok(rows);
        }
    }
}

/// Text that is rich in what matters to the grammar.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{0,12}", "['=+@\t\r\n\" ,;|0-9a-zé-]{0,10}", Just(String::new()),]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"tag,maker\n"[..],
        b"\"",
        b"\"\"",
        b",",
        b";",
        b"\n",
        b"\r\n",
        b"\r",
        b"A",
        b"\xC3\xA9",
        b"\xE9",
        b"\0",
        b"tag",
        b" ",
        b"x,y\n",
        b"\"a\nb\",c\n",
        b"\xFF\xFE",
        b"\xFE\xFF",
        b"\xEF\xBB\xBF",
        b"sep=;\n",
        b"1,\"2,3\n",
    ]);
    prop_oneof![vec(any::<u8>(), 0..400), vec(piece, 0..60).prop_map(|pieces| pieces.concat())]
}

fn utf16(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_without_panic_and_alike_in_drops_and_batches(
        bytes in bytes(), drop in 1..9_usize, batch in 1..5_usize, wide in any::<bool>(),
    ) {
        let bytes = if wide { utf16(&bytes) } else { bytes };
        let rows = whole(&bytes);
        let drops = Reader::open(Drops(&bytes, drop)).map_err(|e| e.to_string()).map(|r| r.map(outcome).collect());
        prop_assert_eq!(&drops, &rows);
        prop_assert_eq!(&in_batches(&bytes, batch), &rows);
        if let Ok(rows) = &rows {
            let lines: Vec<u64> = rows.iter().flatten().map(|r| r.line).collect();
            prop_assert!(lines.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn what_is_written_reads_back(
        rows in (1..6_usize).prop_flat_map(|n| vec(vec(cell(), n..=n), 0..12)),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
    ) {
        let columns = rows.first().map_or(2, Vec::len);
        let header: Vec<String> = (0..columns).map(|i| format!("column {i}")).collect();
        let mut writer = Writer::new(Vec::new()).delimiter(delimiter);
        writer.write(&header).unwrap();
        for row in &rows {
            writer.write(row).unwrap();
        }
        let bytes = writer.finish().unwrap();
        let reader = Reader::open(bytes.as_slice()).unwrap();
        prop_assert_eq!(reader.header(), &header);
        let back: Vec<Vec<String>> = reader.map(|r| r.unwrap().cells).collect();
        prop_assert_eq!(&back, &rows);
        // No cell of the file begins as a formula.
        let mut other = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes.as_slice());
        for cell in other.records().flat_map(|r| r.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
            let number = cell.parse::<f64>().is_ok();
            prop_assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{:?}", cell);
        }
    }

    #[test]
    fn well_formed_files_read_as_the_csv_crate_reads_them(
        rows in vec(vec("[a-z0-9 ,\"\n\ré]{0,8}", 3..=3), 1..12), crlf in any::<bool>(),
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
        writer.write_record(["tag", "maker", "notes"]).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let ours: Vec<Vec<String>> =
            Reader::open(bytes.as_slice()).unwrap().map(|r| r.unwrap().cells).collect();
        let theirs: Vec<Vec<String>> = csv::Reader::from_reader(bytes.as_slice())
            .records()
            .map(|r| r.unwrap().iter().map(str::to_owned).collect())
            .collect();
        prop_assert_eq!(ours, theirs);
    }
}
