//! The one error type that reaches a page, a command or the API.

use std::{borrow::Cow, error::Error, sync::Arc};

use crate::Instant;

/// What went wrong, in the few shapes a caller can act on.
///
/// Each has an HTTP status and a stable code. Rooms have their own errors and turn them into these; the chain
/// behind [`Problem::Bug`] is logged once at the edge with the request id and never shown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    /// The thing does not exist, or is not in the actor's reach: the two are told apart nowhere.
    #[error("{what} was not found")]
    NotFound {
        /// What was looked for, in words.
        what: String,
    },
    /// The input has errors; each names its field.
    #[error("{}", join(.fields))]
    Invalid {
        /// The errors, in the order of the form.
        fields: Vec<FieldError>,
    },
    /// A rule forbids it in the present state.
    #[error("{message}")]
    Conflict {
        /// Stable code, `room.noun.rule`.
        code: &'static str,
        /// What the rule is and what would satisfy it.
        message: String,
    },
    /// Somebody else changed the record first.
    #[error("somebody else changed this record meanwhile (it is now at version {current})")]
    Stale {
        /// The record's present version.
        current: i64,
    },
    /// The actor lacks a permission here.
    #[error("this needs the permission {permit}")]
    Forbidden {
        /// The permission.
        permit: &'static str,
    },
    /// Nobody is signed in.
    #[error("sign in first")]
    Unauthenticated,
    /// Too much at once, or a dependency is away for a moment.
    #[error("busy; try again in {retry_after} s")]
    Busy {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// The database server cannot be reached.
    #[error("the database cannot be reached since {since}")]
    Away {
        /// When that was first noticed.
        since: Instant,
    },
    /// This server only shows things at the moment.
    #[error("this server only shows things: nothing can be changed here, and nobody can sign in anew")]
    ReadOnly,
    /// A defect of ours or of the machine; the source goes to the log only.
    #[error("something went wrong on our side")]
    Bug {
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
}

/// One field's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The form field.
    pub field: Cow<'static, str>,
    /// What is wrong and what would be right, in one sentence.
    pub message: String,
}

/// A result whose error is a [`Problem`].
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A missing thing, in words: `Problem::not_found("device NH-104207")`.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// One field's error.
    pub fn invalid(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::Invalid { fields: vec![FieldError { field: field.into(), message: message.into() }] }
    }

    /// A rule that forbids.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// A defect with its cause.
    pub fn bug(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Bug { source: Arc::from(source.into()) }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound { .. } => 404,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } | Self::Stale { .. } => 409,
            Self::Forbidden { .. } => 403,
            Self::Unauthenticated => 401,
            Self::Busy { .. } | Self::Away { .. } | Self::ReadOnly => 503,
            Self::Bug { .. } => 500,
        }
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::Invalid { .. } => "invalid",
            Self::Conflict { code, .. } => code,
            Self::Stale { .. } => "stale",
            Self::Forbidden { .. } => "forbidden",
            Self::Unauthenticated => "unauthenticated",
            Self::Busy { .. } => "busy",
            Self::Away { .. } => "away",
            Self::ReadOnly => "read_only",
            Self::Bug { .. } => "bug",
        }
    }
}

fn join(fields: &[FieldError]) -> String {
    fields.iter().map(|f| format!("{}: {}", f.field, f.message)).collect::<Vec<_>>().join("; ")
}
