//! An API token: what another program may do in a person's name, never more than the person may at that moment.
//!
//! **Invariant:** the token is shown once and kept nowhere; its SHA-256 is. It is 256 random bits, so a plain hash is
//! enough. What it opens is worked out anew with each request from what its owner holds then, cut down to the token's
//! permissions and places. A token makes no tokens and changes no password.

mod actions;
mod api;
mod limit;
mod pages;
mod store;

use kernel::{Id, Instant, PersonId, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use actions::note_used;
pub use actions::{Draft, Made, check_held, create, list, revoke};
pub(crate) use limit::limited;
pub(crate) use store::{ALL, RECORD, holder};

/// The routes of tokens.
pub(crate) fn routes() -> Vec<web::Route> {
    pages::routes().into_iter().chain(api::routes()).collect()
}

/// Marker: an API token.
pub enum TokenMark {}
/// Identifies a token. It is not the token, so a page may show it.
pub type TokenId = Id<TokenMark>;

/// What every token begins with, so that scanners of published files know one when they see it.
pub const PREFIX: &str = "baton_";
/// Most days a token lives.
pub const LONGEST_DAYS: i64 = 366;
/// Most tokens of one person that are good at one time.
pub const MOST: usize = 50;
/// Seconds between two notes of when a token was last used.
pub(crate) const NOTE_EVERY: i64 = 3_600;

/// A token as it stands on record: everything but itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Token")]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Its version on record: 1 made, 2 revoked.
    pub version: i64,
    /// Whose rights it carries.
    pub person: PersonId,
    /// What it is for, in its owner's words; stands beside their name on record.
    pub name: String,
    /// The permissions it is limited to; null for all that its owner holds.
    pub permits: Option<Vec<String>>,
    /// The sites and departments it is limited to; null for all that its owner reaches.
    pub scopes: Option<Vec<Scope>>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends by itself.
    pub expires_at: Instant,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// The SHA-256 of the token, in hexadecimal digits: by it a token that was found somewhere is known.
    pub sha256: String,
}

impl Token {
    /// Whether it opens anything at an instant.
    pub fn is_good(&self, at: Instant) -> bool {
        self.revoked_at.is_none() && at < self.expires_at
    }

    /// Whether it leaves its owner less than all of their rights.
    pub const fn is_limited(&self) -> bool {
        self.permits.is_some() || self.scopes.is_some()
    }
}

/// A token in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "TokenListed")]
pub struct Listed {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// Its owner's name.
    pub person_name: String,
    /// When it was last used, to the hour; null for never.
    pub used_at: Option<Instant>,
}

/// A new token: [`PREFIX`] and 256 random bits as hexadecimal text.
fn new_token() -> String {
    format!("{PREFIX}{}", crate::session::new_token())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_beginning_and_has_256_bits() {
        let token = new_token();
        let digits = token.strip_prefix(PREFIX).unwrap();
        assert_eq!(digits.len(), 64);
        assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(new_token(), token);
    }
}
