//! What a file is, told by its bytes and never by its name.

/// The types that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A WebP picture.
    Webp,
    /// A GIF picture.
    Gif,
    /// A PDF document.
    Pdf,
    /// Text without form.
    Text,
    /// A table as text.
    Csv,
    /// A spreadsheet of Office Open XML.
    Xlsx,
    /// A text document of Office Open XML.
    Docx,
}

/// What is taken, in words.
pub(crate) const TAKEN: &str =
    "Pictures (JPEG, PNG, WebP, GIF), PDF, plain text, CSV, XLSX and DOCX are taken.";

/// Bytes at each end of a file by which it is recognised.
pub(crate) const LOOKED_AT: usize = 64 * 1024;

impl Media {
    const ALL: [Self; 9] = [
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Gif,
        Self::Pdf,
        Self::Text,
        Self::Csv,
        Self::Xlsx,
        Self::Docx,
    ];

    /// As `Content-Type` says it, and as the database keeps it.
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// The reverse of [`Media::mime`].
    pub fn of_mime(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.mime() == text)
    }

    /// On a page.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG picture",
            Self::Png => "PNG picture",
            Self::Webp => "WebP picture",
            Self::Gif => "GIF picture",
            Self::Pdf => "PDF",
            Self::Text => "Text",
            Self::Csv => "CSV table",
            Self::Xlsx => "XLSX spreadsheet",
            Self::Docx => "DOCX document",
        }
    }

    /// Whether it is a picture, which is shown and previewed.
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Gif)
    }

    /// The endings a file of this type may have; the first is given where it has none of them.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Webp => &["webp"],
            Self::Gif => &["gif"],
            Self::Pdf => &["pdf"],
            Self::Text => &["txt", "log", "md", "ini", "json"],
            Self::Csv => &["csv", "tsv", "txt"],
            Self::Xlsx => &["xlsx"],
            Self::Docx => &["docx"],
        }
    }

    /// The name of a file of this type: the last part of what its sender called it, without what no file system keeps,
    /// with an ending that says what it is.
    pub fn name(self, sent: &str) -> String {
        let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let plain = |c: &char| !c.is_control() && !"\"<>:|?*\u{202a}\u{202b}\u{202d}\u{202e}".contains(*c);
        let last: String = last.chars().filter(plain).take(120).collect();
        let last = last.trim().trim_matches('.');
        let (stem, ending) = last.rsplit_once('.').unwrap_or((last, ""));
        if !stem.is_empty() && self.endings().contains(&ending.to_ascii_lowercase().as_str()) {
            return last.to_owned();
        }
        // An ending is short; what stands behind another full stop belongs to the name.
        let is_ending =
            !ending.is_empty() && ending.len() <= 5 && ending.bytes().all(|b| b.is_ascii_alphanumeric());
        let stem = if is_ending { stem } else { last };
        let stem = if stem.is_empty() { "file" } else { stem };
        format!("{stem}.{}", self.endings()[0])
    }
}

/// Follows a file as it comes and remembers whether it can be text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    binary: bool,
}

impl Plain {
    pub fn see(&mut self, bytes: &[u8]) {
        let control = |byte: &u8| matches!(byte, 0..=8 | 11 | 14..=31 | 127);
        self.binary = self.binary || bytes.iter().any(control);
    }
}

/// Tells what a file is by its first and last bytes. `plain` has seen all of it.
///
/// # Errors
/// Why it is not taken, and what is.
pub(crate) fn tell(head: &[u8], tail: &[u8], plain: &Plain) -> Result<Media, String> {
    if let Some(picture) = picture(head) {
        return Ok(picture);
    }
    if head.is_empty() {
        return Err("The file is empty. Choose another one.".to_owned());
    }
    if head.starts_with(b"%PDF-") {
        return Ok(Media::Pdf);
    }
    if head.starts_with(b"PK\x03\x04") {
        return office(head, tail);
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Err(format!(
            "This is a picture or film in a format of phones (HEIC, AVIF or MP4), which browsers do not show \
             everywhere. Set the camera to “Most compatible”, or send a JPEG. {TAKEN}"
        ));
    }
    if plain.binary {
        return Err(format!("This file is of a type that is not kept here. {TAKEN}"));
    }
    let start = String::from_utf8_lossy(head.get(..4096.min(head.len())).unwrap_or_default()).to_lowercase();
    let start = start.trim_start_matches('\u{feff}').trim_start();
    if start.contains("<svg") {
        return Err(format!(
            "This is a drawing in SVG, which can hold programs, so it is not kept. Save it as PNG or PDF. {TAKEN}"
        ));
    }
    if ["<!doctype", "<html", "<head", "<body", "<script", "<iframe"].iter().any(|part| start.contains(part))
    {
        return Err(format!(
            "This is a web page (HTML), whatever its name says; it can hold programs, so it is not kept. Print it to \
             a PDF. {TAKEN}"
        ));
    }
    if start.starts_with('<') {
        return Err(format!("This is XML, which is not kept here. {TAKEN}"));
    }
    Ok(if is_table(start) { Media::Csv } else { Media::Text })
}

/// A picture by its first bytes.
pub(crate) fn picture(head: &[u8]) -> Option<Media> {
    if head.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some(Media::Jpeg);
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Media::Png);
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Some(Media::Gif);
    }
    (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP")).then_some(Media::Webp)
}

/// Which document of Office Open XML a ZIP is: the names of its parts stand before each part and again at its end.
fn office(head: &[u8], tail: &[u8]) -> Result<Media, String> {
    let names = |name: &[u8]| [head, tail].iter().any(|bytes| bytes.windows(name.len()).any(|w| w == name));
    if names(b"vbaProject.bin") {
        return Err(
            "This document holds macros, which are programs. Save it without them (XLSX or DOCX).".to_owned()
        );
    }
    if names(b"[Content_Types].xml") {
        if names(b"xl/workbook.xml") {
            return Ok(Media::Xlsx);
        }
        if names(b"word/document.xml") {
            return Ok(Media::Docx);
        }
    }
    Err(format!("This is an archive of other files. Send the files in it one by one. {TAKEN}"))
}

/// Whether the lines of a text have the same number of cells.
fn is_table(start: &str) -> bool {
    let mut lines: Vec<&str> = start.lines().collect();
    if lines.len() > 2 {
        // The last one may be cut.
        lines.pop();
    }
    // A comma with a blank behind it is one of a sentence.
    let cells = |line: &str, mark: char| {
        let (mut quoted, mut found, mut letters) = (false, 0, line.chars().peekable());
        while let Some(letter) = letters.next() {
            quoted ^= letter == '"';
            found += usize::from(letter == mark && !quoted && letters.peek() != Some(&' '));
        }
        found
    };
    lines.len() >= 2
        && [',', ';', '\t', '|'].into_iter().any(|mark| {
            let first = cells(lines[0], mark);
            first > 0 && lines.iter().all(|line| cells(line, mark) == first)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Result<Media, String> {
        let mut plain = Plain::default();
        plain.see(bytes);
        tell(bytes, bytes, &plain)
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (bytes, wanted) in [
            (&b"\xff\xd8\xff\xe0rest"[..], Media::Jpeg),
            (b"\x89PNG\r\n\x1a\nrest", Media::Png),
            (b"GIF89arest", Media::Gif),
            (b"RIFF\x00\x00\x00\x00WEBPrest", Media::Webp),
            (b"%PDF-1.7\n", Media::Pdf),
            (b"Read on 4 May: 21.5 \xc2\xb0C\n", Media::Text),
            (b"K\xfchlschrank 4\n", Media::Text),
            (b"Checked on Monday, all good.\nChecked on Tuesday, all good.\n", Media::Text),
            (b"tag,model\nNH-1,VP-3\n", Media::Csv),
            (b"tag;note\nNH-1;\"a;b\"\n", Media::Csv),
            (b"PK\x03\x04[Content_Types].xml..xl/workbook.xml", Media::Xlsx),
            (b"PK\x03\x04[Content_Types].xml..word/document.xml", Media::Docx),
        ] {
            assert_eq!(told(bytes), Ok(wanted), "{bytes:?}");
        }
    }

    #[test]
    fn what_can_hold_programs_is_refused_in_words() {
        for (bytes, word) in [
            (&b"<!DOCTYPE html><title>x"[..], "web page"),
            (b"\xef\xbb\xbf  <HTML><script>alert(1)</script>", "web page"),
            (b"GIF <script>alert(1)</script>", "web page"),
            (b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG"),
            (b"<?xml version=\"1.0\"?><a/>", "XML"),
            (b"PK\x03\x04[Content_Types].xml..xl/workbook.xml..xl/vbaProject.bin", "macros"),
            (b"PK\x03\x04photos/1.jpg", "archive"),
            (b"MZ\x90\x00\x03", "not kept"),
            (b"\x7fELF\x02", "not kept"),
            (b"\x00\x00\x00\x18ftypheic", "HEIC"),
            (b"", "empty"),
        ] {
            let words = told(bytes).unwrap_err();
            assert!(words.contains(word), "{bytes:?}: {words}");
        }
    }

    #[test]
    fn a_file_is_named_by_what_it_is() {
        for (media, sent, wanted) in [
            (Media::Jpeg, "label.png", "label.jpg"),
            (Media::Jpeg, "IMG_1.JPEG", "IMG_1.JPEG"),
            (Media::Png, "C:\\photos\\back side.jpg", "back side.png"),
            (Media::Pdf, "../../etc/Manual rev. F", "Manual rev. F.pdf"),
            (Media::Text, "run.html", "run.txt"),
            (Media::Text, ".htaccess", "htaccess.txt"),
            (Media::Csv, "", "file.csv"),
            (Media::Pdf, "a\"b\r\nc.pdf", "abc.pdf"),
            (Media::Pdf, "\u{202e}fdp.exe", "fdp.pdf"),
        ] {
            assert_eq!(media.name(sent), wanted, "{sent}");
        }
    }

    #[test]
    fn types_read_back() {
        for media in Media::ALL {
            assert_eq!(Media::of_mime(media.mime()), Some(media));
        }
    }
}
