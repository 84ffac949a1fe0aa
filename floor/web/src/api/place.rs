//! Where a page of a list begins, and which list that place belongs to.
//!
//! A place is a row's sort key, so in another order or list it would mean other rows, and a program would skip some
//! unseen. So each carries a mark of its address and of all that shaped the list, and is refused anywhere else.

use kernel::{Problem, Result};
use sha2::{Digest as _, Sha256};

/// Parameters that do not shape a list.
const ASIDE: [&str; 3] = ["after", "limit", "count"];
/// The parameter that carries a place.
const AFTER: &str = "after";

/// A list: its address and what it was asked for.
pub(super) struct List<'c> {
    pub address: &'c str,
    pub query: &'c str,
}

impl List<'_> {
    fn mark(&self) -> String {
        let mut asked: Vec<(String, String)> = form_urlencoded::parse(self.query.as_bytes())
            .filter(|(name, _)| !ASIDE.contains(&name.as_ref()))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        asked.sort();
        let mut sha = Sha256::new();
        sha.update(self.address.as_bytes());
        for (name, value) in asked {
            // No name or value holds a NUL: queries with one are refused.
            sha.update(format!("\0{name}\0{value}").as_bytes());
        }
        sha.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A place in this list, for its sender.
    pub fn marked(&self, place: &str) -> String {
        format!("{place}.{}", self.mark())
    }

    /// The query with the bare place in it.
    ///
    /// # Errors
    /// [`Problem::Invalid`] for a place in another list.
    pub fn bare(&self) -> Result<String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(self.query.as_bytes()) {
            if name != AFTER {
                query.append_pair(&name, &value);
                continue;
            }
            let words = match value.rsplit_once('.') {
                Some((place, mark)) if mark == self.mark() => {
                    query.append_pair(AFTER, place);
                    continue;
                }
                Some((place, mark)) if !place.is_empty() && mark.len() == 12 => {
                    "This place belongs to another list, or to this one with other filters or in another order. Begin \
                     without `after`, and send `next` of the page before with all else as it was."
                }
                _ => "Send `next` of the page before, as it came.",
            };
            return Err(Problem::invalid(format!("?{AFTER}"), words));
        }
        Ok(query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_good_in_its_own_list_only() {
        fn list<'c>(address: &'c str, query: &'c str) -> List<'c> {
            List { address, query }
        }
        let place = list("/devices", "sort=since&state=a&limit=2").marked("id.key");
        let with = |address, query: &str| {
            let query = format!("{query}&after={place}");
            list(address, &query).bare()
        };
        let bare = with("/devices", "limit=9&state=a&sort=since&count=true").unwrap();
        assert!(bare.ends_with("&after=id.key"), "{bare}");
        for (address, query) in [
            ("/devices", "sort=tag&state=a"),
            ("/devices", "state=a"),
            ("/devices", "sort=since&state=a&as_of=2026-01-01T00:00:00Z"),
            ("/models", "sort=since&state=a"),
        ] {
            assert!(with(address, query).is_err(), "{address}?{query}");
        }
        assert!(list("/devices", "after=id.key").bare().is_err());
        assert_eq!(list("/devices", "q=a+b").bare().unwrap(), "q=a+b");
    }
}
