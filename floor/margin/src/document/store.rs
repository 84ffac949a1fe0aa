//! Documents in the database.

use db::{
    Row, Tx, Val,
    check::Report,
    seal::{Record, rebuilt},
    vals,
};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{OrgId, Problem, Result};
use uuid::Uuid;

use super::{Blob, Document, DocumentId, FileId, Kind, Picture, Stored, media::Media};

db::statements! {
    /// One document.
    GET = "SELECT id, version, noun, record_id, title, kind, file_id, file_name, sha256, valid_from, valid_until, \
           added_at, added_by, removed_at FROM document WHERE org_id = $1 AND id = $2";
    /// Those of a record that were not removed, the newest first.
    OF = "SELECT d.id, d.version, d.noun, d.record_id, d.title, d.kind, d.file_id, d.file_name, d.sha256, \
          d.valid_from, d.valid_until, d.added_at, d.added_by, d.removed_at, f.id AS f_id, f.sha256 AS f_sha256, \
          f.bytes, f.media, f.blob_id, f.shown_id, f.shown_bytes, f.shown_media, f.width, f.height, f.preview_id, \
          f.preview_bytes, f.preview_width, f.preview_height FROM document d \
          JOIN stored_file f ON f.org_id = d.org_id AND f.id = d.file_id \
          WHERE d.org_id = $1 AND d.noun = $2 AND d.record_id = $3 AND d.id < $4 AND d.removed_at IS NULL \
          ORDER BY d.id DESC LIMIT $5";
    /// How many a record has.
    COUNT = "SELECT COUNT(*) AS n FROM document WHERE org_id = $1 AND noun = $2 AND record_id = $3 \
             AND removed_at IS NULL";
    /// Adds one.
    ADD = "INSERT INTO document (org_id, id, version, noun, record_id, title, kind, file_id, file_name, sha256, \
           valid_from, valid_until, added_at, added_by, removed_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    /// Changes what is said of one if nobody changed it meanwhile.
    CHANGE = "UPDATE document SET version = $4, title = $5, kind = $6, valid_from = $7, valid_until = $8, \
              removed_at = $9 WHERE org_id = $1 AND id = $2 AND version = $3";
    /// A file by its id.
    FILE = "SELECT id AS f_id, sha256 AS f_sha256, bytes, media, blob_id, shown_id, shown_bytes, shown_media, width, height, preview_id, \
            preview_bytes, preview_width, preview_height FROM stored_file WHERE org_id = $1 AND id = $2";
    /// A file by its content.
    SAME = "SELECT id AS f_id, sha256 AS f_sha256, bytes, media, blob_id, shown_id, shown_bytes, shown_media, width, height, preview_id, \
            preview_bytes, preview_width, preview_height FROM stored_file WHERE org_id = $1 AND sha256 = $2";
    /// Keeps a file.
    KEEP = "INSERT INTO stored_file (org_id, id, sha256, bytes, media, blob_id, shown_id, shown_bytes, shown_media, \
            width, height, preview_id, preview_bytes, preview_width, preview_height) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    /// How many bytes are kept.
    SUM = "SELECT bytes FROM stored_sum WHERE org_id = $1";
    /// So many more.
    MORE = "INSERT INTO stored_sum (org_id, bytes) VALUES ($1, $2) \
            ON CONFLICT (org_id) DO UPDATE SET bytes = stored_sum.bytes + excluded.bytes";
}

/// What a document's row must be by its last event.
pub(crate) const RECORD: Record = Record {
    table: "document",
    key: "id",
    columns: &[
        "id",
        "version",
        "noun",
        "record_id",
        "title",
        "kind",
        "file_id",
        "file_name",
        "sha256",
        "valid_from",
        "valid_until",
        "added_at",
        "added_by",
        "removed_at",
    ],
    rebuild: |after| rebuilt(after, columns),
};

/// The bytes that files name, for the check of a database.
pub(crate) const FILES: &[&str] = &[
    "SELECT org_id, blob_id, bytes FROM stored_file",
    "SELECT org_id, shown_id AS blob_id, shown_bytes AS bytes FROM stored_file WHERE shown_id IS NOT NULL",
    "SELECT org_id, preview_id AS blob_id, preview_bytes AS bytes FROM stored_file WHERE preview_id IS NOT NULL",
];

const SUMS: db::Sql = db::Sql::new(
    "SELECT f.org_id, CAST(SUM(f.bytes + COALESCE(f.shown_bytes, 0) + COALESCE(f.preview_bytes, 0)) AS BIGINT) AS n, \
     CAST(COALESCE(MAX(s.bytes), 0) AS BIGINT) AS kept FROM stored_file f \
     LEFT JOIN stored_sum s ON s.org_id = f.org_id GROUP BY f.org_id",
);
const UNLIKE: db::Sql = db::Sql::new(
    "SELECT d.id FROM document d JOIN stored_file f ON f.org_id = d.org_id AND f.id = d.file_id \
     WHERE f.sha256 <> d.sha256 LIMIT 20",
);

/// The kept sums are those of the files, and documents name the files they were added with.
pub(crate) fn check<'t>(tx: &'t mut Tx, report: &'t mut Report) -> BoxFuture<'t, Result<()>> {
    async move {
        for row in tx.all(SUMS, &vals![]).await? {
            let (org, n, kept): (Uuid, i64, i64) = (row.get("org_id")?, row.get("n")?, row.get("kept")?);
            if n != kept {
                report.fault(
                    "files",
                    format!("organisation {org} keeps {n} bytes of files, and {kept} are noted"),
                );
            }
        }
        for row in tx.all(UNLIKE, &vals![]).await? {
            let id: DocumentId = row.get("id")?;
            report.fault(
                "files",
                format!("the document {id} names another file than the one it was added with"),
            );
        }
        report.looked("the files of documents and their sums");
        Ok(())
    }
    .boxed()
}

fn columns(noun: &Document) -> Vec<Val> {
    vals![
        noun.id,
        noun.version,
        &noun.noun,
        noun.record,
        &noun.title,
        noun.kind.code(),
        noun.file,
        &noun.file_name,
        &noun.sha256,
        noun.valid_from,
        noun.valid_until,
        noun.added_at,
        &noun.added_by,
        noun.removed_at
    ]
    .to_vec()
}

fn from_row(row: &Row) -> Result<Document> {
    let kind: String = row.get("kind")?;
    Ok(Document {
        id: row.get("id")?,
        version: row.get("version")?,
        noun: row.get("noun")?,
        record: row.get("record_id")?,
        title: row.get("title")?,
        kind: Kind::of_code(&kind).ok_or_else(|| Problem::bug(format!("a document of the kind “{kind}”")))?,
        file: row.get("file_id")?,
        file_name: row.get("file_name")?,
        sha256: row.get("sha256")?,
        valid_from: row.get("valid_from")?,
        valid_until: row.get("valid_until")?,
        added_at: row.get("added_at")?,
        added_by: row.get("added_by")?,
        removed_at: row.get("removed_at")?,
    })
}

fn file_from_row(row: &Row) -> Result<Stored> {
    let media = |text: String| {
        Media::of_mime(&text).ok_or_else(|| Problem::bug(format!("a file of the type “{text}”")))
    };
    let blob = |id: &str, bytes: &str| {
        let (id, bytes) = (row.get::<Option<_>>(id)?, row.get::<Option<_>>(bytes)?);
        Ok::<_, Problem>(id.zip(bytes).map(|(id, bytes)| Blob { id, bytes }))
    };
    let pictures = blob("shown_id", "shown_bytes")?.zip(blob("preview_id", "preview_bytes")?);
    let picture = match pictures {
        None => None,
        Some((shown, preview)) => Some(Picture {
            shown,
            media: media(row.get("shown_media")?)?,
            size: (row.get("width")?, row.get("height")?),
            preview,
            preview_size: (row.get("preview_width")?, row.get("preview_height")?),
        }),
    };
    Ok(Stored {
        id: row.get("f_id")?,
        sha256: row.get("f_sha256")?,
        media: media(row.get("media")?)?,
        sent: Blob { id: row.get("blob_id")?, bytes: row.get("bytes")? },
        picture,
    })
}

/// One document, removed or not.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn get(tx: &mut Tx, org: OrgId, id: DocumentId) -> Result<Document> {
    let row = tx.find(GET, &vals![org, id]).await?;
    row.as_ref().map(from_row).transpose()?.ok_or_else(|| Problem::not_found("this document"))
}

/// Documents of a record that were not removed, with their files, the newest first, after one of them, at most `limit`.
///
/// # Errors
/// As [`Tx::all`].
pub async fn of(
    tx: &mut Tx,
    org: OrgId,
    noun: &str,
    record: Uuid,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Document, Stored)>> {
    let after = after.unwrap_or(Uuid::max());
    let rows = tx.all(OF, &vals![org, noun, record, after, limit]).await?;
    rows.iter().map(|row| Ok((from_row(row)?, file_from_row(row)?))).collect()
}

/// How many documents a record has.
///
/// # Errors
/// As [`Tx::all`].
pub async fn count(tx: &mut Tx, org: OrgId, noun: &str, record: Uuid) -> Result<i64> {
    tx.one(COUNT, &vals![org, noun, record]).await?.get("n")
}

/// Adds one.
///
/// # Errors
/// As [`Tx::execute`].
pub(super) async fn add(tx: &mut Tx, org: OrgId, noun: &Document) -> Result<()> {
    let vals: Vec<Val> = vals![org].into_iter().chain(columns(noun)).collect();
    tx.execute(ADD, &vals).await.map(drop)
}

/// Writes the next version over the one it was made from.
///
/// # Errors
/// [`Problem::Stale`] when somebody else was faster.
pub(super) async fn change(tx: &mut Tx, org: OrgId, noun: &Document) -> Result<()> {
    let vals = vals![
        org,
        noun.id,
        noun.version - 1,
        noun.version,
        &noun.title,
        noun.kind.code(),
        noun.valid_from,
        noun.valid_until,
        noun.removed_at
    ];
    if tx.execute(CHANGE, &vals).await? == 1 {
        return Ok(());
    }
    Err(Problem::Stale { current: get(tx, org, noun.id).await?.version })
}

/// A file.
///
/// # Errors
/// [`Problem::NotFound`].
pub async fn file(tx: &mut Tx, org: OrgId, id: FileId) -> Result<Stored> {
    let row = tx.find(FILE, &vals![org, id]).await?;
    row.as_ref().map(file_from_row).transpose()?.ok_or_else(|| Problem::not_found("this file"))
}

/// The file with this content, if the organisation has it.
///
/// # Errors
/// As [`Tx::all`].
pub(super) async fn same(tx: &mut Tx, org: OrgId, sha256: &str) -> Result<Option<Stored>> {
    tx.find(SAME, &vals![org, sha256]).await?.as_ref().map(file_from_row).transpose()
}

/// Keeps a file, and counts its bytes.
///
/// # Errors
/// [`Problem::Busy`] when somebody keeps the same file at this moment: the write runs again and finds it.
pub(super) async fn keep(tx: &mut Tx, org: OrgId, file: &Stored) -> Result<()> {
    let picture = file.picture.as_ref();
    let vals = vals![
        org,
        file.id,
        &file.sha256,
        file.sent.bytes,
        file.media.mime(),
        file.sent.id,
        picture.map(|p| p.shown.id),
        picture.map(|p| p.shown.bytes),
        picture.map(|p| p.media.mime()),
        picture.map(|p| p.size.0),
        picture.map(|p| p.size.1),
        picture.map(|p| p.preview.id),
        picture.map(|p| p.preview.bytes),
        picture.map(|p| p.preview_size.0),
        picture.map(|p| p.preview_size.1)
    ];
    tx.execute(KEEP, &vals).await.map_err(|problem| match problem.code() {
        db::UNIQUE => Problem::Busy { retry_after: 1 },
        _ => problem,
    })?;
    tx.execute(MORE, &vals![org, file.bytes()]).await.map(drop)
}

/// How many bytes an organisation keeps.
///
/// # Errors
/// As [`Tx::all`].
pub async fn kept(tx: &mut Tx, org: OrgId) -> Result<i64> {
    tx.find(SUM, &vals![org]).await?.map_or(Ok(0), |row| row.get("bytes"))
}
