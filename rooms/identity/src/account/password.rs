//! Passwords: which are taken, how they are hashed, and one-time ones.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};
use kernel::{FieldError, Problem, Result};
use tokio::sync::Semaphore;

use crate::{entry::fault, person::PasswordHash};

/// Fewest characters.
pub const SHORTEST: usize = 12;
/// Most characters, so that a hash costs no more than it must.
pub const LONGEST: usize = 200;
/// Hashes computed at the same time. One takes 19 MiB, so fifty people signing in at once do not take a gigabyte.
const AT_ONCE: usize = 2;

/// The hundred commonest passwords or stems of such, by published lists of leaked ones; folded to lower case.
const COMMON: &str = "123456 123456789 12345678 password qwerty 12345 1234567890 1234567 111111 123123 abc123 \
    password1 qwerty123 1q2w3e4r admin qwertyuiop 654321 555555 lovely 7777777 welcome 888888 princess dragon \
    123qwe 666666 1qaz2wsx sunshine iloveyou monkey football baseball master letmein superman batman trustno1 \
    hello freedom whatever qazwsx michael shadow ashley jordan hunter charlie jennifer michelle andrew joshua \
    thomas daniel jessica pepper ginger summer winter spring autumn soccer hockey killer george matthew robert \
    access flower starwars computer internet samsung google secret changeme default passw0rd p@ssw0rd p@ssword \
    administrator hospital clinical biomed engineering medical nursing doctor zaq12wsx asdfghjkl zxcvbnm \
    asdfgh qwe123 000000 112233 121212 159753 987654321 0987654321 q1w2e3r4t5 1q2w3e4r5t abcdef abcd1234 \
    letmeinnow correcthorsebatterystaple";

/// Refuses a password that is too short, too long, common, or made of what anybody knows about the person
/// (`known`: e-mail, name, organisation).
pub fn check_password(field: &'static str, password: &str, known: &[&str], errors: &mut Vec<FieldError>) {
    let length = password.chars().count();
    if length == 0 {
        fault(errors, field, "The password is missing.");
    } else if length < SHORTEST {
        let message = format!(
            "The password has {length} characters. Use at least {SHORTEST}; four random words are easy to keep."
        );
        fault(errors, field, message);
    } else if length > LONGEST {
        fault(errors, field, format!("The password is too long. Use at most {LONGEST} characters."));
    } else if is_common(password) {
        let message = "This password is among the first that are tried. Use several unrelated words instead.";
        fault(errors, field, message);
    } else if let Some(part) = known_part(password, known) {
        let message =
            format!("The password holds “{part}”, which others know about you. Use unrelated words.");
        fault(errors, field, message);
    }
}

/// A common password, one repeated, or one with only digits and marks put around it.
fn is_common(password: &str) -> bool {
    let folded = kernel::key(password);
    let core = folded.trim_matches(|c: char| !c.is_alphabetic());
    let one = folded.chars().next().is_none_or(|first| folded.chars().all(|c| c == first));
    one || COMMON.split_whitespace().any(|common| {
        folded == common || core == common || folded.replace(common, "").is_empty()
            // Little is left to guess when the common part makes up all but a few characters.
            || common.len() >= 8 && folded.contains(common) && folded.len() <= common.len() + 4
    })
}

/// The first word of four letters or more of what is known that the password holds.
fn known_part(password: &str, known: &[&str]) -> Option<String> {
    let folded = kernel::key(password);
    let words = known.iter().flat_map(|text| kernel::words(text));
    words.filter(|word| word.chars().count() >= 4).find(|word| folded.contains(word.as_str()))
}

/// A one-time password: sixteen characters that cannot be mistaken for one another, about 79 bits.
pub fn generate() -> String {
    const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut text = String::with_capacity(19);
    for n in 0..16 {
        if n > 0 && n % 4 == 0 {
            text.push('-');
        }
        let letter: usize = rand::random_range(0..LETTERS.len());
        text.push(LETTERS.get(letter).map_or('a', |l| char::from(*l)));
    }
    text
}

/// Hashes passwords with argon2id (19 MiB, two passes, one lane: OWASP Password Storage Cheat Sheet), two at a
/// time, away from the threads that answer requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hasher {
    turns: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Hasher {
    /// A hasher of its own; the server shares one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The hash of a password, with a random salt.
    ///
    /// # Errors
    /// [`Problem::Bug`] when the machine gives no randomness or memory.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash> {
        let password = password.to_owned();
        self.turn(move || hash(&password)).await
    }

    /// Whether a password fits a hash. Without a hash it costs the same and is false, so that the time taken
    /// does not tell whether an account exists.
    ///
    /// # Errors
    /// As [`Hasher::hash`].
    pub async fn verify(&self, password: &str, against: Option<&PasswordHash>) -> Result<bool> {
        // Nothing longer was ever taken as a password.
        let password: String = password.chars().take(LONGEST + 1).collect();
        let against = against.cloned();
        self.turn(move || match against {
            Some(known) => Ok(argon2()?.verify_password(password.as_bytes(), known.0.as_str()).is_ok()),
            None => hash(&password).map(|_| false),
        })
        .await
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Problem::bug)?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(Problem::bug)?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| Problem::bug(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<PasswordHash> {
    let hash = argon2()?.hash_password(password.as_bytes()).map_err(|e| Problem::bug(e.to_string()))?;
    Ok(PasswordHash(hash.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<String> {
        let mut errors = Vec::new();
        let known = ["maya.okafor@northfield.example", "Maya Okafor", "Northfield Health"];
        check_password("password", password, &known, &mut errors);
        errors.pop().map(|e| e.message)
    }

    #[test]
    fn weak_passwords_are_refused() {
        for weak in [
            "",
            "short",
            "elevenchars",
            "password1234!",
            "Password2026",
            "qwertyuiop12",
            "123456123456",
            "aaaaaaaaaaaa",
            "  111111111111",
            "!!administrator!!",
            "correcthorsebatterystaple",
            "okafor rides a bike",
            "northfield rules",
            "MAYA-and-the-sea",
        ] {
            assert!(refused(weak).is_some(), "{weak}");
        }
        assert!(refused(&"x1".repeat(101)).is_some(), "too long");
    }

    #[test]
    fn good_passwords_are_taken() {
        for good in ["teal anchor brisk moth", "k7mn-92qw-xr4t-hj3p", "ein sehr langer Satz"] {
            assert_eq!(refused(good), None);
        }
        for _ in 0..50 {
            let made = generate();
            assert_eq!((made.len(), refused(&made)), (19, None));
        }
        assert!(COMMON.split_whitespace().count() >= 100);
    }

    #[tokio::test]
    async fn hashes_are_salted_argon2id_and_verify() {
        let hasher = Hasher::new();
        let (a, b) = (hasher.hash("teal anchor").await.unwrap(), hasher.hash("teal anchor").await.unwrap());
        assert!(a.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", a.0);
        assert_ne!(a, b);
        assert!(hasher.verify("teal anchor", Some(&a)).await.unwrap());
        assert!(!hasher.verify("teal anchoR", Some(&a)).await.unwrap());
        assert!(!hasher.verify("teal anchor", None).await.unwrap());
    }
}
