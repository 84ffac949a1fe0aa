//! What a request asks for: parameters of its query, ids of its path, where to go next.

use axum::extract::RawQuery;
use kernel::{Id, Problem, Result};

/// The first value of a query parameter; empty when it was not given.
pub(crate) fn param(query: &RawQuery, name: &str) -> String {
    let text = query.0.as_deref().unwrap_or_default();
    let found = form_urlencoded::parse(text.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

/// An id of a path; anything else was not found.
pub(crate) fn id<T>(text: &str, what: &str) -> Result<Id<T>> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// A query string of pairs; blank ones are left out.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    text.finish()
}

/// Where to go after signing in: a path of this site, or the start page. Anything a browser could read as
/// another site's address (`//evil`, `/\evil`, a scheme, control characters) is the start page.
pub(crate) fn local_path(text: &str) -> &str {
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if text.starts_with('/') && !text.starts_with("//") && printable { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_paths_of_this_site_are_gone_to() {
        for (text, path) in [
            ("/d/NH-104207?x=1#y", "/d/NH-104207?x=1#y"),
            ("/", "/"),
            ("", "/"),
            ("devices", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("\\/evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("/\t/evil.example", "/"),
        ] {
            assert_eq!(local_path(text), path, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_local_path_never_leaves(text in any::<String>()) {
            let path = local_path(&text);
            prop_assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'));
        }
    }
}
