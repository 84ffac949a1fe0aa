//! What people do with comments: permit, rule, store, record.

use db::Tx;
use kernel::{Actor, Change, Id, Problem, Result};

use super::{Comment, CommentId, Mention, names, store, tidy};
use crate::{Nouns, People, Subject, permit};

impl Comment {
    fn change(&self, action: &'static str, before: Option<&Self>, reason: Option<String>) -> Result<Change> {
        Ok(Change {
            action,
            entity: "comment",
            id: self.id.uuid(),
            version: self.version,
            before: before.map(serde_json::to_value).transpose().map_err(Problem::bug)?,
            after: serde_json::to_value(self).map_err(Problem::bug)?,
            valid_at: None,
            reason,
        })
    }
}

/// A comment with its record.
#[derive(Clone, Debug)]
pub struct Found {
    /// The comment.
    pub comment: Comment,
    /// The record it is about.
    pub subject: Subject,
}

/// A comment whose record somebody sees, retracted or not.
///
/// # Errors
/// [`Problem::NotFound`] for one that does not exist or whose record is out of sight.
pub async fn visible(tx: &mut Tx, who: &Actor, nouns: &Nouns, id: CommentId) -> Result<Found> {
    let comment = store::get(tx, who.org, id).await?;
    let subject = match nouns.find(tx, who, &comment.noun, comment.record).await {
        Err(Problem::NotFound { .. }) => return Err(Problem::not_found("this comment")),
        found => found?,
    };
    Ok(Found { comment, subject })
}

/// Whom a text mentions.
///
/// # Errors
/// [`Problem::Invalid`] at `words` for names that nobody has, or several.
async fn mentioned(tx: &mut Tx, who: &Actor, people: People, text: &str) -> Result<Vec<Mention>> {
    let (mut all, mut faults): (Vec<Mention>, Vec<String>) = (Vec::new(), Vec::new());
    for words in names::asked(text) {
        let first = words.first().map(|word| kernel::fold(word)).unwrap_or_default();
        let known = (people.0)(tx, who.org, &first).await?;
        match names::meant(&words, &known) {
            Ok(known) if all.iter().any(|mention| mention.person == known.id) => {}
            Ok(known) => all.push(Mention { person: known.id, name: known.name }),
            Err(fault) if faults.contains(&fault) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(all) } else { Err(Problem::invalid("words", faults.join(" "))) }
}

/// Says something about a record.
///
/// # Errors
/// [`Problem::Forbidden`] without [`permit::COMMENT_WRITE`]; [`Problem::Invalid`] by [`tidy`], and for a mention of nobody or
/// of several.
pub async fn write(
    tx: &mut Tx,
    who: &Actor,
    people: People,
    subject: &Subject,
    text: &str,
) -> Result<Comment> {
    subject.need(who, permit::COMMENT_WRITE)?;
    let words = tidy(text)?;
    let comment = Comment {
        id: Id::new(),
        version: 1,
        noun: subject.noun.to_owned(),
        record: subject.id,
        author_id: who.person,
        author: who.name.clone(),
        mentions: mentioned(tx, who, people, &words).await?,
        words,
        written_at: who.at,
        edited_at: None,
        retracted_at: None,
    };
    store::add(tx, who.org, &comment).await?;
    tx.record(who, comment.change("margin.comment.write", None, None)?).await?;
    Ok(comment)
}

/// A comment still at the version somebody saw.
async fn still(tx: &mut Tx, who: &Actor, nouns: &Nouns, (id, seen): (CommentId, i64)) -> Result<Found> {
    let found = visible(tx, who, nouns, id).await?;
    found.subject.need(who, permit::COMMENT_WRITE)?;
    if found.comment.version != seen {
        return Err(Problem::Stale { current: found.comment.version });
    }
    if found.comment.retracted_at.is_some() {
        let words = "This comment was retracted and is not changed any more.";
        return Err(Problem::conflict("margin.comment.retracted", words));
    }
    Ok(found)
}

/// Changes what a comment says; its earlier versions stay.
///
/// # Errors
/// As [`write`]; a conflict for somebody else’s comment, and after an hour; [`Problem::Stale`].
pub async fn edit(
    tx: &mut Tx,
    who: &Actor,
    (nouns, people): (&Nouns, People),
    which: (CommentId, i64),
    text: &str,
) -> Result<Found> {
    let Found { comment: before, subject } = still(tx, who, nouns, which).await?;
    if before.author_id.is_none() || before.author_id != who.person {
        let words = "Only its author changes a comment. Write one of your own.";
        return Err(Problem::conflict("margin.comment.author", words));
    }
    if !before.is_open_to(who.person, who.at) {
        let words = "A comment is changed within an hour of its writing. Retract it, or write another one.";
        return Err(Problem::conflict("margin.comment.too_late", words));
    }
    let words = tidy(text)?;
    if words == before.words {
        return Ok(Found { comment: before, subject });
    }
    let comment = Comment {
        version: before.version + 1,
        mentions: mentioned(tx, who, people, &words).await?,
        words,
        edited_at: Some(who.at),
        ..before.clone()
    };
    store::change(tx, who.org, &comment).await?;
    tx.record(who, comment.change("margin.comment.edit", Some(&before), None)?).await?;
    Ok(Found { comment, subject })
}

/// Takes a comment back. That there was one, whose, and its earlier versions stay.
///
/// # Errors
/// A conflict for somebody else’s comment, unless one holds [`permit::COMMENT_RETRACT`]; [`Problem::Stale`].
pub async fn retract(
    tx: &mut Tx,
    who: &Actor,
    nouns: &Nouns,
    which: (CommentId, i64),
    reason: Option<String>,
) -> Result<Found> {
    let Found { comment: before, subject } = still(tx, who, nouns, which).await?;
    let own = before.author_id.is_some() && before.author_id == who.person;
    if !own && !subject.allows(who, permit::COMMENT_RETRACT) {
        let words = "Only its author or a manager retracts a comment.";
        return Err(Problem::conflict("margin.comment.author", words));
    }
    crate::posted::check_reason(reason.as_ref())?;
    let comment = Comment {
        version: before.version + 1,
        words: String::new(),
        mentions: Vec::new(),
        retracted_at: Some(who.at),
        ..before.clone()
    };
    store::change(tx, who.org, &comment).await?;
    tx.record(who, comment.change("margin.comment.retract", Some(&before), reason)?).await?;
    Ok(Found { comment, subject })
}
