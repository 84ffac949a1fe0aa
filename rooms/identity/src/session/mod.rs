//! A session: one browser signed in as one person. It ends by itself, by signing out, when the password changes
//! or when the account is deactivated.

mod actions;
mod store;

use kernel::{Id, Instant, PersonId};
use sha2::{Digest as _, Sha256};

pub(crate) use actions::note_seen;
pub use actions::{Client, end, end_all, end_token, list, open};
pub(crate) use store::{ALL, Holder, holder};

/// Seconds without a request after which a session ends: twelve hours.
pub const IDLE: i64 = 12 * 3_600;
/// Seconds after which a session ends however much it is used: seven days.
pub const LIFE: i64 = 7 * 86_400;
/// Seconds between two notes of when a session was last seen.
pub(crate) const NOTE_EVERY: i64 = 60;

/// Marks the ids of sessions.
pub enum SessionMark {}

/// Identifies a session in lists. It is not the token, so a page may show it.
pub type SessionId = Id<SessionMark>;

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub seen_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// The browser's name for itself.
    pub browser: String,
    /// The network address it began from.
    pub address: String,
}

/// Whether a session is still good at an instant.
pub(crate) fn is_good(seen_at: Instant, expires_at: Instant, at: Instant) -> bool {
    at < expires_at && at < seen_at.plus_seconds(IDLE)
}

/// 32 random bytes as hexadecimal text: what the cookie holds. The store keeps its hash only, so whoever reads
/// the database cannot sign in with it.
pub(crate) fn new_token() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash under which a token is kept. The token is random, so a plain hash is enough.
pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A browser's name for itself in two words: "Firefox, Linux".
pub(crate) fn browser_in_words(agent: &str) -> String {
    // The order matters: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari.
    let browsers = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "Chromebook"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ];
    let find =
        |table: &[(&str, &'static str)]| table.iter().find(|(sign, _)| agent.contains(sign)).map(|t| t.1);
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_idling_and_by_age() {
        let begun = Instant::from_micros(0);
        let end = begun.plus_seconds(LIFE);
        assert!(is_good(begun, end, begun.plus_seconds(IDLE - 1)));
        assert!(!is_good(begun, end, begun.plus_seconds(IDLE)));
        assert!(is_good(begun.plus_seconds(LIFE - 60), end, begun.plus_seconds(LIFE - 1)));
        assert!(!is_good(begun.plus_seconds(LIFE - 60), end, end));
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (a, b) = (new_token(), new_token());
        assert_eq!(a.len(), 64);
        assert_ne!(a, b);
        assert_ne!(token_hash(&a), token_hash(&b));
    }

    #[test]
    fn browsers_are_named_in_two_words() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Safari/537.36 Edg/126.0";
        assert_eq!(browser_in_words(edge), "Edge, Windows");
        assert_eq!(browser_in_words("Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"), "Firefox, Linux");
        assert_eq!(browser_in_words("something else"), "Unknown browser");
    }
}
