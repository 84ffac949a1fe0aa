//! Which people a text mentions: `@Maya Okafor`, `@Maya` where there is one, `@maya.okafor`.

use crate::people::Known;

/// Words of a name that are looked at behind an `@`.
const WORDS: usize = 4;

/// The words behind each `@` that can begin a name, as they are written. An e-mail address mentions nobody.
pub(crate) fn asked(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        let rest = &text[at + 1..];
        if before.is_some_and(char::is_alphanumeric) || !rest.starts_with(char::is_alphabetic) {
            continue;
        }
        found.push(words(rest));
    }
    found
}

fn words(rest: &str) -> Vec<String> {
    let line = rest.lines().next().unwrap_or_default();
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '\'' | '’');
    let mut words = Vec::new();
    for part in line.split(' ').take(WORDS) {
        let end = part.find(|c| !of_name(c)).unwrap_or(part.len());
        let word = part[..end].trim_end_matches(['.', '-', '_', '\'', '’']);
        if word.is_empty() {
            break;
        }
        words.push(word.to_owned());
        if word.len() < part.len() {
            break;
        }
    }
    words
}

/// Whom words mean: the longest beginning of them that is somebody’s whole name, else a handle, else the longest that
/// begins one name only.
///
/// # Errors
/// Whom they could mean, or that nobody is called so, in words.
pub(crate) fn meant(words: &[String], people: &[Known]) -> Result<Known, String> {
    let keys: Vec<(String, &Known)> = people.iter().map(|known| (kernel::fold(&known.name), known)).collect();
    let beginnings = || (1..=words.len()).rev().map(|n| words[..n].join(" "));
    for beginning in beginnings() {
        let key = kernel::fold(&beginning);
        let exact: Vec<&Known> =
            keys.iter().filter(|(name, _)| *name == key).map(|(_, known)| *known).collect();
        match exact.as_slice() {
            [] => {}
            [only] => return Ok((*only).clone()),
            several => return Err(several_words(&beginning, several)),
        }
    }
    let handle = words.first().map(|word| word.to_lowercase()).unwrap_or_default();
    if let Some(known) = people.iter().find(|known| known.handle.to_lowercase() == handle) {
        return Ok(known.clone());
    }
    for beginning in beginnings() {
        let key = format!("{} ", kernel::fold(&beginning));
        let alike: Vec<&Known> =
            keys.iter().filter(|(name, _)| name.starts_with(&key)).map(|(_, known)| *known).collect();
        match alike.as_slice() {
            [] => {}
            [only] => return Ok((*only).clone()),
            several => return Err(several_words(&beginning, several)),
        }
    }
    let first = words.first().map_or("", String::as_str);
    Err(format!(
        "Nobody here is called “@{first}”. Write the name as it stands under People, or leave the @ out."
    ))
}

/// People named when several are meant.
const NAMED: usize = 4;

fn several_words(beginning: &str, several: &[&Known]) -> String {
    let mut names: Vec<String> =
        several.iter().take(NAMED).map(|known| format!("{} (@{})", known.name, known.handle)).collect();
    if several.len() > NAMED {
        names.push("others".to_owned());
    }
    let last = names.pop().unwrap_or_default();
    format!(
        "“@{beginning}” could be {} or {last}. Write the whole name, or the one in brackets.",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;

    fn person(name: &str, handle: &str) -> Known {
        Known { id: Id::new(), name: name.to_owned(), handle: handle.to_owned() }
    }

    fn one(text: &str) -> Vec<String> {
        asked(text).into_iter().next().unwrap_or_default()
    }

    #[test]
    fn names_stand_behind_an_at_sign() {
        assert_eq!(one("Please look, @Maya Okafor, today"), ["Maya", "Okafor"]);
        assert_eq!(one("@maya.okafor. Done"), ["maya.okafor"]);
        assert_eq!(one("(@José O’Brien-Lee)"), ["José", "O’Brien-Lee"]);
        assert_eq!(one("@Maya can you check it"), ["Maya", "can", "you", "check"]);
        assert_eq!(one("@Maya\nOkafor"), ["Maya"]);
        assert!(asked("maya@northfield.example 5 @ 12 V, @5V @").is_empty());
        assert_eq!(asked("@A and @B").len(), 2);
    }

    #[test]
    fn the_longest_name_is_meant() {
        let (maya, chen, raman) = (
            person("Maya Okafor", "maya.okafor"),
            person("Maya Chen", "mchen"),
            person("Priya Raman", "priya"),
        );
        let all = [maya.clone(), chen.clone(), raman.clone()];
        let of = |text: &str| meant(&one(text), &all).map(|known| known.id);
        assert_eq!(of("@maya okafor please"), Ok(maya.id));
        assert_eq!(of("@MAYA OKAFOR"), Ok(maya.id));
        assert_eq!(of("@mchen please"), Ok(chen.id));
        assert_eq!(of("@Priya please look"), Ok(raman.id));
        let words = of("@Maya please look").unwrap_err();
        assert!(words.contains("Maya Okafor (@maya.okafor) or Maya Chen (@mchen)"), "{words}");
        assert!(of("@Grace").unwrap_err().contains("Nobody here is called “@Grace”"));
        // Two of one name are told apart by their handles.
        let twins = [person("Ann Lee", "ann.lee"), person("Ann Lee", "ann.lee2")];
        assert!(meant(&one("@Ann Lee"), &twins).is_err());
        assert_eq!(meant(&one("@ann.lee2 hello"), &twins).unwrap().id, twins[1].id);
    }
}
