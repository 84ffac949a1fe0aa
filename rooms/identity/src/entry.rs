//! Reading what people type: names, codes and numbers, with a sentence for whatever cannot be used.

use kernel::FieldError;

/// Longest name of an organisation, site, place, department or person, in characters.
pub(crate) const NAME_LIMIT: usize = 120;
/// Longest code of a site, place, department or cost centre.
pub(crate) const CODE_LIMIT: usize = 40;

/// Adds one field's error.
pub(crate) fn fault(errors: &mut Vec<FieldError>, field: &'static str, message: impl Into<String>) {
    errors.push(FieldError { field: field.into(), message: message.into() });
}

/// A name that must be there: trimmed, with single blanks.
pub(crate) fn name(field: &'static str, label: &str, text: &str, errors: &mut Vec<FieldError>) -> String {
    let name = clean(field, label, text, NAME_LIMIT, errors);
    if name.is_empty() && !errors.iter().any(|e| e.field == field) {
        fault(errors, field, format!("{label} is missing."));
    }
    name
}

/// A code that may be left out.
pub(crate) fn code(
    field: &'static str,
    label: &str,
    text: &str,
    errors: &mut Vec<FieldError>,
) -> Option<String> {
    Some(clean(field, label, text, CODE_LIMIT, errors)).filter(|code| !code.is_empty())
}

fn clean(field: &'static str, label: &str, text: &str, limit: usize, errors: &mut Vec<FieldError>) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(c) = text.chars().find(|c| is_invisible(*c)) {
        let code = u32::from(c);
        fault(
            errors,
            field,
            format!("{label} holds an invisible character (U+{code:04X}). Type it again by hand."),
        );
    } else if text.chars().count() > limit {
        fault(errors, field, format!("{label} is too long. Shorten it to {limit} characters."));
    } else if !text.is_empty() && kernel::fold(&text).is_empty() {
        fault(errors, field, format!("{label} needs at least one letter or digit."));
    }
    text
}

/// Characters that print nothing would let two names look the same that are not.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_must_print() {
        let mut errors = Vec::new();
        assert_eq!(name("name", "Name", "  St  Anne's ", &mut errors), "St Anne's");
        assert_eq!(errors, []);
        for bad in ["", "   ", "a\u{200b}b", "\u{301}", &"x".repeat(121)] {
            let mut errors = Vec::new();
            let _ = name("name", "Name", bad, &mut errors);
            assert_eq!(errors.len(), 1, "{bad:?}");
        }
    }
}
