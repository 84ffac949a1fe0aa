//! Documents: files and photos that people add to a record.
//!
//! **Invariant:** what a file is, is told by its bytes ([`media`]); a picture is handed out only as it was written anew
//! ([`picture`]), and every file only after its record was found for whoever asks ([`serve`]).

pub mod actions;
pub(crate) mod api;
pub(crate) mod history;
pub mod intake;
pub mod media;
pub(crate) mod pages;
mod picture;
mod section;
mod serve;
pub mod store;
mod upload;

use db::blob::BlobId;
use kernel::{Date, FieldError, Id, Instant, Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use media::Media;

pub(crate) use section::{Few, few, section};

/// Identifies a document.
pub type DocumentId = Id<Document>;

/// Marks the ids of files.
pub enum FileMark {}

/// Identifies a file that is kept.
pub type FileId = Id<FileMark>;

/// What a document is to the people who look for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// How it is used or mended.
    Manual,
    /// A proof by somebody who may give it.
    Certificate,
    /// A picture of the thing itself.
    Photo,
    /// What was found.
    Report,
    /// Something else.
    Other,
}

impl Kind {
    /// All kinds, as forms list them.
    pub const ALL: [Self; 5] = [Self::Manual, Self::Certificate, Self::Photo, Self::Report, Self::Other];

    /// As the record and forms write it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Certificate => "certificate",
            Self::Photo => "photo",
            Self::Report => "report",
            Self::Other => "other",
        }
    }

    /// On a page.
    pub const fn on_page(self) -> &'static str {
        match self {
            Self::Manual => "Manual",
            Self::Certificate => "Certificate",
            Self::Photo => "Photo",
            Self::Report => "Report",
            Self::Other => "Other",
        }
    }

    /// The reverse of [`Kind::code`].
    pub fn of_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == text)
    }
}

/// A file or photo that was added to a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Its identifier.
    pub id: DocumentId,
    /// 1 when it was added, one more with each change.
    pub version: i64,
    /// The kind of record it was added to: `device`.
    pub noun: String,
    /// Which record.
    pub record: Uuid,
    /// What people call it.
    pub title: String,
    /// What it is to them.
    pub kind: Kind,
    /// The file, which other documents may name too.
    pub file: FileId,
    /// The file's name, with an ending that says what it is.
    pub file_name: String,
    /// SHA-256 of the file as it was sent, in hexadecimal digits.
    pub sha256: String,
    /// The day from which it holds.
    pub valid_from: Option<Date>,
    /// The last day on which it holds.
    pub valid_until: Option<Date>,
    /// When it was added.
    pub added_at: Instant,
    /// Who added it.
    pub added_by: String,
    /// When it was removed; it and its file stay on record.
    pub removed_at: Option<Instant>,
}

/// A file as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its identifier.
    pub id: FileId,
    /// SHA-256 of it, in hexadecimal digits.
    pub sha256: String,
    /// Its type, by its content.
    pub media: Media,
    /// The file as it was sent.
    pub sent: Blob,
    /// Of a picture: how it is shown.
    pub picture: Option<Picture>,
}

/// Bytes in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Which.
    pub id: BlobId,
    /// How many.
    pub bytes: i64,
}

/// A picture as it is shown, and its preview.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Turned upright, with nothing hidden in it.
    pub shown: Blob,
    /// The type of that: JPEG or PNG.
    pub media: Media,
    /// Its width and height in points.
    pub size: (i64, i64),
    /// A small JPEG of it.
    pub preview: Blob,
    /// The width and height of the preview in points.
    pub preview_size: (i64, i64),
}

impl Stored {
    /// All bytes that are kept for it.
    pub fn bytes(&self) -> i64 {
        self.sent.bytes + self.picture.as_ref().map_or(0, |p| p.shown.bytes + p.preview.bytes)
    }
}

/// What is said of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What people call it; empty for the name of the file.
    pub title: String,
    /// What it is; none for a photo where it is a picture, and else for another thing.
    pub kind: Option<Kind>,
    /// The day from which it holds.
    pub valid_from: Option<Date>,
    /// The last day on which it holds.
    pub valid_until: Option<Date>,
}

/// Most characters of a title.
pub const TITLE: usize = 120;

impl Draft {
    /// The rules of what is said of a file of a type.
    ///
    /// # Errors
    /// [`Problem::Invalid`] at each field.
    pub fn check(&self, media: Media) -> Result<()> {
        let mut fields = Vec::new();
        let mut fault = |field: &'static str, message: String| {
            fields.push(FieldError { field: field.into(), message });
        };
        let long = self.title.chars().count();
        if long > TITLE {
            fault("title", format!("The title has {long} characters; at most {TITLE} fit."));
        }
        if self.title.chars().any(char::is_control) {
            fault("title", "The title holds an invisible character. Type it again by hand.".to_owned());
        }
        if self.kind == Some(Kind::Photo) && !media.is_picture() {
            let words =
                format!("A photo is a picture, and this is a {}. Choose another kind.", media.on_page());
            fault("kind", words);
        }
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && until < from
        {
            fault("valid_until", "This day is before the one from which it holds.".to_owned());
        }
        if fields.is_empty() { Ok(()) } else { Err(Problem::Invalid { fields }) }
    }

    /// The kind it has when nobody chose one.
    pub fn kind(&self, media: Media) -> Kind {
        self.kind.unwrap_or(if media.is_picture() { Kind::Photo } else { Kind::Other })
    }
}

impl Document {
    /// What is said of it now.
    pub fn draft(&self) -> Draft {
        Draft {
            title: self.title.clone(),
            kind: Some(self.kind),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        }
    }

    /// Its page.
    pub fn href(&self) -> String {
        format!("/documents/{}", self.id)
    }
}

/// A size as people read it: `412 KB`, `3.4 MB`.
pub fn size_on_page(bytes: i64) -> String {
    if bytes < 1_000 {
        return format!("{bytes} bytes");
    }
    if bytes < 1_000_000 {
        return format!("{} KB", (bytes + 500) / 1_000);
    }
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft { title: "Manual".into(), kind: None, valid_from: None, valid_until: None }
    }

    #[test]
    fn a_photo_is_a_picture() {
        assert_eq!(draft().kind(Media::Jpeg), Kind::Photo);
        assert_eq!(draft().kind(Media::Pdf), Kind::Other);
        let photo = Draft { kind: Some(Kind::Photo), ..draft() };
        assert!(photo.check(Media::Webp).is_ok());
        let Err(Problem::Invalid { fields }) = photo.check(Media::Pdf) else { panic!("it was taken") };
        assert_eq!(fields[0].field, "kind");
    }

    #[test]
    fn days_stand_in_their_order_and_titles_fit() {
        let day = |text: &str| text.parse::<Date>().ok();
        let wrong = Draft {
            title: "é".repeat(TITLE + 1),
            valid_from: day("2026-05-02"),
            valid_until: day("2026-05-01"),
            ..draft()
        };
        let Err(Problem::Invalid { fields }) = wrong.check(Media::Pdf) else { panic!("it was taken") };
        assert_eq!(fields.iter().map(|f| &*f.field).collect::<Vec<_>>(), ["title", "valid_until"]);
        let same = Draft { valid_from: day("2026-05-02"), valid_until: day("2026-05-02"), ..draft() };
        assert!(same.check(Media::Pdf).is_ok());
    }

    #[test]
    fn sizes_are_read_by_people() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_499, "1 KB"),
            (412_000, "412 KB"),
            (3_449_999, "3.4 MB"),
            (50_000_000, "50.0 MB"),
        ] {
            assert_eq!(size_on_page(bytes), words);
        }
    }

    #[test]
    fn kinds_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_code(kind.code()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.code());
        }
    }
}
