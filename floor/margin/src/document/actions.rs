//! What people do with documents: permit, rule, store, record.

use db::{
    Claim, Tx, blob,
    command::{self, CommandId},
};
use kernel::{Actor, Change, Id, Problem, Result};

use super::{Document, DocumentId, Draft, Stored, intake::Arrived, store};
use crate::{Limits, Nouns, Subject, permit};

impl Document {
    fn change(&self, action: &'static str, before: Option<&Self>, reason: Option<String>) -> Result<Change> {
        Ok(Change {
            action,
            entity: "document",
            id: self.id.uuid(),
            version: self.version,
            before: before.map(serde_json::to_value).transpose().map_err(Problem::bug)?,
            after: serde_json::to_value(self).map_err(Problem::bug)?,
            valid_at: None,
            reason,
        })
    }
}

/// A document with its record and its file.
#[derive(Clone, Debug)]
pub struct Found {
    /// The document.
    pub document: Document,
    /// The record it was added to.
    pub subject: Subject,
    /// Its file.
    pub file: Stored,
}

/// A document whose record somebody sees, removed or not.
///
/// # Errors
/// [`Problem::NotFound`] for one that does not exist or whose record is out of sight.
pub async fn visible(tx: &mut Tx, who: &Actor, nouns: &Nouns, id: DocumentId) -> Result<Found> {
    let document = store::get(tx, who.org, id).await?;
    let subject = match nouns.find(tx, who, &document.noun, document.record).await {
        Err(Problem::NotFound { .. }) => return Err(Problem::not_found("this document")),
        found => found?,
    };
    let file = store::file(tx, who.org, document.file).await?;
    Ok(Found { document, subject, file })
}

/// A file that was sent: with which command, to which address, with what.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The id its sender gave the command.
    pub command: CommandId,
    /// The address, which names the record.
    pub record: String,
    /// What came beside the file.
    pub content: Vec<u8>,
}

/// What adding came to.
#[derive(Clone, Debug)]
pub struct Added {
    /// The document.
    pub document: Document,
    /// Whether the bytes that arrived are in use now. If not they must be thrown away ([`Arrived::forget`]).
    pub kept: bool,
}

/// Adds a file to a record. Sent again with the same command, it is the document of the first time; a file that the
/// organisation has already is not kept twice.
///
/// # Errors
/// [`Problem::Forbidden`] without [`permit::DOCUMENT_ADD`]; [`Problem::Invalid`] by [`Draft::check`], and at `file` when
/// the organisation’s files become too many.
pub async fn add(
    tx: &mut Tx,
    who: &Actor,
    subject: &Subject,
    (draft, arrived, limits): (&Draft, &Arrived, Limits),
    sent: &Sent,
) -> Result<Added> {
    let content = [sent.content.as_slice(), &[0], arrived.file.sha256.as_bytes()].concat();
    let claim = command::claim(tx, who, sent.command, "margin.document.add", &sent.record, &content).await?;
    if let Claim::Done(first) = claim {
        let id = first.parse().map_err(Problem::bug)?;
        return Ok(Added { document: store::get(tx, who.org, id).await?, kept: false });
    }
    subject.need(who, permit::DOCUMENT_ADD)?;
    let (file, kept) = match store::same(tx, who.org, &arrived.file.sha256).await? {
        Some(file) => (file, false),
        None => {
            limits.check(store::kept(tx, who.org).await?, arrived.file.bytes())?;
            store::keep(tx, who.org, &arrived.file).await?;
            for blob in arrived.blobs() {
                blob::settle(tx, who.org, blob).await?;
            }
            (arrived.file.clone(), true)
        }
    };
    draft.check(file.media)?;
    let document = Document {
        id: Id::new(),
        version: 1,
        noun: subject.noun.to_owned(),
        record: subject.id,
        title: titled(&draft.title, &arrived.name),
        kind: draft.kind(file.media),
        file: file.id,
        file_name: arrived.name.clone(),
        sha256: file.sha256,
        valid_from: draft.valid_from,
        valid_until: draft.valid_until,
        added_at: who.at,
        added_by: who.name.clone(),
        removed_at: None,
    };
    store::add(tx, who.org, &document).await?;
    tx.record(who, document.change("margin.document.add", None, None)?).await?;
    command::answer(tx, who, sent.command, &document.id.to_string()).await?;
    Ok(Added { document, kept })
}

/// The title, or the name of the file without its ending.
fn titled(title: &str, file_name: &str) -> String {
    let title = title.trim();
    if !title.is_empty() {
        return title.to_owned();
    }
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    stem.chars().take(super::TITLE).collect()
}

/// A document somebody may change, still at the version they saw.
async fn mine(tx: &mut Tx, who: &Actor, nouns: &Nouns, id: DocumentId, seen: i64) -> Result<Found> {
    let found = visible(tx, who, nouns, id).await?;
    found.subject.need(who, permit::DOCUMENT_ADD)?;
    if found.document.version != seen {
        return Err(Problem::Stale { current: found.document.version });
    }
    if found.document.removed_at.is_some() {
        let words = "This document was removed. It stays on record and is not changed any more.";
        return Err(Problem::conflict("margin.document.removed", words));
    }
    Ok(found)
}

/// Changes what is said of a document; its file stays.
///
/// # Errors
/// As [`add`]; [`Problem::Stale`]; a conflict for one that was removed.
pub async fn change(
    tx: &mut Tx,
    who: &Actor,
    nouns: &Nouns,
    (id, seen): (DocumentId, i64),
    draft: &Draft,
) -> Result<Document> {
    let found = mine(tx, who, nouns, id, seen).await?;
    draft.check(found.file.media)?;
    let before = found.document;
    let after = Document {
        version: before.version + 1,
        title: titled(&draft.title, &before.file_name),
        kind: draft.kind(found.file.media),
        valid_from: draft.valid_from,
        valid_until: draft.valid_until,
        ..before.clone()
    };
    if after.draft() == before.draft() {
        return Ok(before);
    }
    store::change(tx, who.org, &after).await?;
    tx.record(who, after.change("margin.document.change", Some(&before), None)?).await?;
    Ok(after)
}

/// Removes a document from its record. It and its file stay on record.
///
/// # Errors
/// As [`change`].
pub async fn remove(
    tx: &mut Tx,
    who: &Actor,
    nouns: &Nouns,
    (id, seen): (DocumentId, i64),
    reason: Option<String>,
) -> Result<Found> {
    let found = mine(tx, who, nouns, id, seen).await?;
    crate::posted::check_reason(reason.as_ref())?;
    let before = found.document;
    let document = Document { version: before.version + 1, removed_at: Some(who.at), ..before.clone() };
    store::change(tx, who.org, &document).await?;
    tx.record(who, document.change("margin.document.remove", Some(&before), reason)?).await?;
    Ok(Found { document, ..found })
}
