//! Comments: what people say about a record, and to whom.

pub mod actions;
pub(crate) mod api;
pub(crate) mod history;
mod mentioned;
mod names;
pub(crate) mod pages;
mod section;
pub mod store;

use kernel::{Id, Instant, PersonId, Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use mentioned::{routes as mention_routes, unread};
pub(crate) use section::{Few, few, section};

/// Identifies a comment.
pub type CommentId = Id<Comment>;

/// Most characters of a comment.
pub const LONGEST: usize = 4_000;
/// Seconds in which its author may change a comment.
pub const EDIT_FOR: i64 = 3_600;

/// Somebody whom a comment mentions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mention {
    /// Who.
    pub person: PersonId,
    /// Their name when they were mentioned.
    pub name: String,
}

/// What somebody said about a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// Its identifier.
    pub id: CommentId,
    /// 1 when it was written, one more with each change.
    pub version: i64,
    /// The kind of record it is about: `device`.
    pub noun: String,
    /// Which record.
    pub record: Uuid,
    /// Who wrote it, if a person.
    pub author_id: Option<PersonId>,
    /// Their name then.
    pub author: String,
    /// What it says; empty since it was retracted. Earlier versions keep it.
    pub words: String,
    /// Whom it mentions.
    pub mentions: Vec<Mention>,
    /// When it was written.
    pub written_at: Instant,
    /// When it was last changed.
    pub edited_at: Option<Instant>,
    /// When it was retracted.
    pub retracted_at: Option<Instant>,
}

impl Comment {
    /// Its page.
    pub fn href(&self) -> String {
        format!("/comments/{}", self.id)
    }

    /// Whether this person may still change it.
    pub fn is_open_to(&self, person: Option<PersonId>, now: Instant) -> bool {
        self.retracted_at.is_none()
            && self.author_id.is_some()
            && self.author_id == person
            && now <= self.written_at.plus_seconds(EDIT_FOR)
    }
}

/// What a comment may say: plain text of one to [`LONGEST`] characters, as it is kept.
///
/// # Errors
/// [`Problem::Invalid`] at `words`.
pub fn tidy(text: &str) -> Result<String> {
    let fault = |words: String| Err(Problem::invalid("words", words));
    let text = text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned();
    let long = text.chars().count();
    if text.is_empty() {
        return fault("Write something first.".to_owned());
    }
    if long > LONGEST {
        return fault(format!(
            "This has {} characters; at most {} fit. Shorten it, or add it as a file.",
            kernel::thousands(long as i64),
            kernel::thousands(LONGEST as i64)
        ));
    }
    if let Some(hidden) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        let code = u32::from(hidden);
        return fault(format!("It holds an invisible character (U+{code:04X}). Type it again by hand."));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_something_and_not_too_much() {
        assert_eq!(tidy("  Battery\r\nlatch  ").unwrap(), "Battery\nlatch");
        assert!(tidy(&"é".repeat(LONGEST)).is_ok());
        for wrong in ["", " \n ", "a\0b", &"é".repeat(LONGEST + 1)] {
            assert!(tidy(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn its_author_changes_it_for_an_hour() {
        let (author, at) = (Id::new(), Instant::from_micros(1_000_000));
        let comment = Comment {
            id: Id::new(),
            version: 1,
            noun: "device".into(),
            record: Uuid::nil(),
            author_id: Some(author),
            author: "Maya".into(),
            words: "x".into(),
            mentions: Vec::new(),
            written_at: at,
            edited_at: None,
            retracted_at: None,
        };
        assert!(comment.is_open_to(Some(author), at.plus_seconds(EDIT_FOR)));
        assert!(!comment.is_open_to(Some(author), at.plus_seconds(EDIT_FOR + 1)));
        assert!(!comment.is_open_to(Some(Id::new()), at) && !comment.is_open_to(None, at));
        let retracted = Comment { retracted_at: Some(at), ..comment.clone() };
        assert!(!retracted.is_open_to(Some(author), at));
        let by_nobody = Comment { author_id: None, ..comment };
        assert!(!by_nobody.is_open_to(None, at));
    }
}
