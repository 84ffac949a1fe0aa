//! Statements as data, so that tests can read and prepare every one of them.

use std::borrow::Cow;

/// One statement in the text both engines understand, with `$1` placeholders.
#[derive(Clone, Debug)]
pub struct Sql {
    text: Cow<'static, str>,
    /// Whether connections keep it prepared.
    kept: bool,
}

impl Sql {
    /// A statement written in the source.
    pub const fn new(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), kept: true }
    }

    /// A statement put together by [`crate::Select`] from written parts; values are always bound, never pasted.
    pub(crate) const fn built(text: String) -> Self {
        Self { text: Cow::Owned(text), kept: true }
    }

    /// The same for one question: it is long and hardly ever asked again to the letter, and keeping a hundred such prepared
    /// on each connection takes a hundred megabytes.
    pub(crate) fn once(self) -> Self {
        Self { kept: false, ..self }
    }

    pub(crate) const fn is_kept(&self) -> bool {
        self.kept
    }

    /// The statement's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The verb and the table of a statement that changes rows.
    pub(crate) fn written_table(&self) -> Option<&str> {
        let mut words = self.text.split_whitespace();
        match words.next()? {
            "INSERT" => words.nth(1),
            "UPDATE" => words.next(),
            "DELETE" => words.nth(1),
            _ => None,
        }
        .map(|t| t.split('(').next().unwrap_or(t))
    }
}

/// A statement with its name, as tests list them.
pub type Named = (&'static str, Sql);

/// Declares a noun's statements as constants and lists them in `ALL`, which the room hands to the tests that
/// prepare every statement on both engines and check that it names `org_id`.
///
/// ```
/// db::statements! {
///     /// One organisation's name.
///     NAME = "SELECT name FROM org WHERE org_id = $1";
/// }
/// assert_eq!(ALL.len(), 1);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: $crate::Sql = $crate::Sql::new($text);)+
        /// Every statement of this noun with its name.
        pub(crate) const ALL: &[$crate::Named] = &[$((stringify!($name), $name)),+];
    };
}

#[cfg(test)]
mod tests {
    use super::Sql;

    #[test]
    fn knows_which_table_a_statement_writes() {
        for (text, table) in [
            ("INSERT INTO device (org_id) VALUES ($1)", Some("device")),
            ("INSERT INTO device(org_id) VALUES ($1)", Some("device")),
            ("UPDATE device SET tag = $1", Some("device")),
            ("DELETE FROM session WHERE org_id = $1", Some("session")),
            ("SELECT 1", None),
            ("WITH x AS (SELECT 1) SELECT * FROM x", None),
        ] {
            assert_eq!(Sql::new(text).written_table(), table, "{text}");
        }
    }
}
