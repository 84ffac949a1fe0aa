//! The keys by which text is compared and searched.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower-cased, accent-free, single-spaced text: `"  PHÍLIPS  Med "` → `"philips med"`.
///
/// Compatibility forms (NFKD) are folded, so full-width digits compare with plain ones, and so do the apostrophes that
/// programs set by themselves: `St Anne’s` is `St Anne's`.
pub fn fold(text: &str) -> String {
    let plain =
        text.nfkd().filter(|c| !is_combining_mark(*c)).map(|c| if matches!(c, '’' | 'ʼ') { '\'' } else { c });
    let flat: String = plain.flat_map(char::to_lowercase).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The key under which an asset tag or serial number is unique: folded and without blanks, so `NH-104207`,
/// `nh-104207` and `NH- 104207` are the same. Hyphens stay: `A-1` and `A1` may be two stickers.
pub fn key(text: &str) -> String {
    fold(text).replace(' ', "")
}

/// The words of a text for search: runs of letters and digits, folded, at most 40 characters each.
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(|w| w.chars().take(40).collect())
        .collect()
}

/// A whole number as people read it: `14,012`, `−3,400`.
pub fn thousands(n: i64) -> String {
    let grouped = grouped(&n.unsigned_abs().to_string());
    if n < 0 { format!("−{grouped}") } else { grouped }
}

/// Digits in threes from the end.
pub(crate) fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_case_accents_width_and_space() {
        assert_eq!(fold("  PHÍLIPS \u{a0} Méd. "), "philips med.");
        assert_eq!(key("ＮＨ－１０４"), key("nh-104"));
        assert_eq!(fold("St Anne’s"), fold("ST ANNE'S"));
        assert_eq!(words("VP3-4412087, bay 6"), ["vp3", "4412087", "bay", "6"]);
    }

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (14_012, "14,012"), (-1_234_567, "−1,234,567")]
        {
            assert_eq!(thousands(n), text);
        }
        assert_eq!(thousands(i64::MIN), "−9,223,372,036,854,775,808");
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
