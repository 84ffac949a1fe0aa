//! Check characters.

/// The characters of ISO/IEC 646 that GS1 data may hold, each at the place of its value (GS1 General Specifications,
/// figure 7.11-1: character set 82).
pub const CSET_82: &[u8; 82] =
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// The characters of check pairs (figure 7.9.5-3): without those that are taken for others.
const CSET_32: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The characters of HIBC, each at the place of its value (ANSI/HIBC 2.6, appendix B).
const HIBC: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// The check digit that belongs behind some digits (GS1 General Specifications 7.9.1): weights 3 and 1 from the right.
/// None where something is no digit.
///
/// ```
/// assert_eq!(udi::check::digit("0084458801892"), Some(b'3'));
/// ```
pub fn digit(digits: &str) -> Option<u8> {
    let mut sum = 0;
    for (n, digit) in digits.bytes().rev().enumerate() {
        if !digit.is_ascii_digit() {
            return None;
        }
        sum += u32::from(digit - b'0') * if n % 2 == 0 { 3 } else { 1 };
    }
    u8::try_from((10 - sum % 10) % 10).ok().map(|digit| digit + b'0')
}

/// Whether the last of some digits is the check digit of the others.
pub fn digit_fits(digits: &str) -> bool {
    let Some((last, others)) = digits.as_bytes().split_last() else { return false };
    !others.is_empty() && str::from_utf8(others).ok().and_then(digit) == Some(*last)
}

/// The pair of check characters that belongs behind a global model number (GS1 General Specifications 7.9.5): prime
/// weights from the right, modulo 1021. None where something is not of [`CSET_82`], or the text is too long.
///
/// ```
/// assert_eq!(udi::check::pair("1987654Ad4X4bL5ttr2310c"), Some(*b"2K"));
/// ```
pub fn pair(text: &str) -> Option<[u8; 2]> {
    let mut sum = 0;
    let mut weights = primes();
    for byte in text.bytes().rev() {
        let value = CSET_82.iter().position(|known| *known == byte)?;
        sum += value * weights.next()?;
    }
    let rest = sum % 1021;
    Some([*CSET_32.get(rest / 32)?, *CSET_32.get(rest % 32)?])
}

/// As many as the longest text that the reference has weights for.
fn primes() -> impl Iterator<Item = usize> {
    const MOST: usize = 97;
    (2_usize..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)).take(MOST)
}

/// Whether the last two characters of a text are the check pair of the others.
pub fn pair_fits(text: &str) -> bool {
    let split = text.len().checked_sub(2).and_then(|at| text.split_at_checked(at));
    split.is_some_and(|(others, last)| {
        !others.is_empty() && pair(others).is_some_and(|pair| pair == last.as_bytes())
    })
}

/// The check character that belongs behind a HIBC symbol's text, flag included (ANSI/HIBC 2.6, appendix B): the sum of
/// the characters' values modulo 43. None where something is not of its characters.
///
/// ```
/// assert_eq!(udi::check::hibc("+A123BJC5D6E71"), Some(b'G'));
/// ```
pub fn hibc(text: &str) -> Option<u8> {
    let mut sum = 0;
    for byte in text.bytes() {
        sum += HIBC.iter().position(|known| *known == byte)?;
    }
    HIBC.get(sum % 43).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_check_characters() {
        assert!(digit_fits("1234567890128") && digit_fits("02345673") && digit_fits("10884521062856"));
        assert!(!digit_fits("1234567890129") && !digit_fits("") && !digit_fits("0") && !digit_fits("12a4"));
        assert!(pair_fits("12345_ABCDEFGHIJKLMCP") && pair_fits("!22") && pair_fits("00000!HV"));
        assert!(
            !pair_fits("33") && !pair_fits("2") && !pair_fits("") && !pair_fits(" 2345678901234567890123NT")
        );
        assert_eq!(hibc("+A99912345/$$52001510X3"), Some(b'3'));
        // The example of several guides, which end it in C.
        assert_eq!(
            hibc("+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202"),
            Some(b'H')
        );
        assert_eq!(hibc("+a"), None);
    }
}
