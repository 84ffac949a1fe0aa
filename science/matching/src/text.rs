//! Texts without what case, accents and marks say.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Small letters without accents.
pub(crate) fn folded(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).map(plain).collect()
}

/// Letters that decompose into nothing.
const fn plain(c: char) -> char {
    match c {
        'ø' => 'o',
        'ł' => 'l',
        'đ' => 'd',
        'ı' => 'i',
        '’' => '\'',
        c => c,
    }
}

/// The runs of letters, digits and plus signs, folded. A plus sign tells models apart.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let folded = folded(text).replace('\'', "");
    folded
        .split(|c: char| !c.is_alphanumeric() && c != '+')
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Tokens written without anything between, but for a stroke where two digits meet: “VP 3” is “vp3”, and “20-1” is not
/// “201”.
pub(crate) fn joined(tokens: &[String]) -> String {
    let mut text = String::new();
    for token in tokens {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_numeric());
        if digit(text.chars().next_back()) && digit(token.chars().next()) {
            text.push('-');
        }
        text.push_str(token);
    }
    text
}

/// Whether a token is a word in which one wrong letter can be told: long enough, and of letters only.
pub(crate) fn is_word(token: &str) -> bool {
    token.chars().count() >= 5 && token.chars().all(char::is_alphabetic)
}

/// The one pair of words in which two texts of equally many tokens differ.
pub(crate) fn only_difference<'t>(one: &'t [String], other: &'t [String]) -> Option<(&'t str, &'t str)> {
    if one.len() != other.len() {
        return None;
    }
    let mut differing = one.iter().zip(other).filter(|(a, b)| a != b);
    let (a, b) = differing.next()?;
    differing.next().is_none().then_some((a.as_str(), b.as_str()))
}

/// Whether one letter is wrong, missing, too many, or two have changed places.
pub(crate) fn is_slip(one: &str, other: &str) -> bool {
    is_word(one)
        && is_word(other)
        && one.chars().count().abs_diff(other.chars().count()) <= 1
        && strsim::osa_distance(one, other) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stay_apart() {
        let joined = |text: &str| joined(&tokens(text));
        assert_eq!(joined("VP-3"), joined(" vp 3 "));
        assert_eq!(joined("Évita® V.500"), "evitav500");
        assert_ne!(joined("20-1"), joined("201"));
        assert_ne!(joined("Rev 1.0"), joined("Rev 10"));
        assert_ne!(joined("VP3+"), joined("VP3"));
    }

    #[test]
    fn a_slip_is_one_letter_of_a_long_word() {
        for (one, other, slip) in [
            ("infusomat", "infusomta", true),
            ("infusomat", "infusoma", true),
            ("infusomat", "infusomatic", false),
            ("vp3", "vp4", false),
            ("mx450", "mx550", false),
            ("ward", "card", false),
        ] {
            assert_eq!(is_slip(one, other), slip, "{one} {other}");
        }
    }
}
