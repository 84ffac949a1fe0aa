//! A person with an account. An account belongs to one organisation, and its e-mail is unique there.

mod actions;
pub(crate) mod api;
mod list;
mod pages;
mod show;
mod store;

use std::fmt;

use kernel::{FieldError, Instant, PersonId};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

pub(crate) use actions::set_password;
pub use actions::{
    Add, Added, Fresh, add, add_by_cli, add_service, change, keep, renew_password, set_active,
};
pub(crate) use list::visible;
pub(crate) use pages::routes;
pub(crate) use store::{ALL, RECORD};
pub use store::{find_by_email, get};

use crate::entry::{self, fault};

/// A person as they stand on record. Written as JSON they carry no password hash, so the record of changes holds
/// none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// Their version on record, from 1.
    pub version: i64,
    /// Full name.
    pub name: String,
    /// E-mail, which is also how they sign in.
    pub email: String,
    /// Whether they may sign in.
    pub active: bool,
    /// They must choose a new password before anything else.
    pub must_change_password: bool,
    /// When the password was last set.
    pub password_changed_at: Option<Instant>,
    /// The password's hash; `None` cannot sign in. Written as JSON it is a hash of that hash, by which a changed row
    /// shows and from which no password can be tried.
    #[serde(rename = "password_mark", serialize_with = "mark", skip_deserializing)]
    #[schemars(skip)]
    pub password: Option<PasswordHash>,
}

/// An argon2id hash in PHC notation. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(crate) String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// SHA-256 of the password's hash, whose salt stays in the row.
fn mark<S: Serializer>(password: &Option<PasswordHash>, to: S) -> Result<S::Ok, S::Error> {
    let hash = |p: &PasswordHash| -> String {
        Sha256::digest(&p.0).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    password.as_ref().map(hash).serialize(to)
}

/// The key by which an e-mail is unique in its organisation.
pub(crate) fn email_key(email: &str) -> String {
    kernel::key(email)
}

/// Whom a comment may mention by a word: what the margin asks.
pub(crate) fn named<'a>(
    tx: &'a mut db::Tx,
    org: kernel::OrgId,
    word: &'a str,
) -> futures::future::BoxFuture<'a, kernel::Result<Vec<margin::Known>>> {
    Box::pin(store::named(tx, org, word))
}

/// Reads the fields `person_name` and `email`.
pub(crate) fn check(name: &str, email: &str, errors: &mut Vec<FieldError>) -> (String, String) {
    let name = entry::name("person_name", "The person’s name", name, errors);
    let email = email.trim().to_owned();
    if email.is_empty() {
        fault(errors, "email", "The e-mail address is missing.");
    } else if !is_email(&email) {
        fault(
            errors,
            "email",
            format!("“{email}” is not an e-mail address. Write one such as name@example.org."),
        );
    }
    (name, email)
}

/// Something on both sides of one `@`, nothing invisible, at most 254 characters (RFC 5321 §4.5.3).
fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let printable =
        text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>(),;:\"[]\\".contains(c));
    printable
        && !local.is_empty()
        && !host.is_empty()
        && !host.contains('@')
        && text.len() <= 254
        && !host.starts_with('.')
        && !host.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_e_mail_has_two_sides() {
        for good in ["maya@northfield.example", "m.o'brien+x@a.b", "root@localhost"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["maya", "@a.b", "a@", "a@b@c", "a b@c.d", "<a@b.c>", "a@.b", "a@b."] {
            assert!(!is_email(bad), "{bad}");
        }
        assert_eq!(email_key(" Maya@Northfield.Example "), "maya@northfield.example");
    }

    #[test]
    fn nothing_prints_or_records_the_hash() {
        let person = Person {
            id: PersonId::new(),
            version: 1,
            name: "Maya Okafor".into(),
            email: "maya@northfield.example".into(),
            active: true,
            must_change_password: false,
            password_changed_at: None,
            password: Some(PasswordHash("$argon2id$secret".into())),
        };
        assert!(!format!("{person:?}").contains("secret"));
        assert!(!serde_json::to_string(&person).unwrap().contains("secret"));
    }
}
