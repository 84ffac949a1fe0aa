//! Rust text with the parts blanked that a rule must not read: comments, and the insides of strings.
//!
//! Offsets and lines stay those of the file. A full parser would know more, but it would be the largest thing this
//! tool compiles, and these rules only ask where a word stands.

/// Two views of one Rust file, each as long as the file itself.
pub struct Source {
    /// Comments and the insides of strings and characters are blanks.
    pub code: String,
    /// Only comments are blanks.
    pub uncommented: String,
}

/// What the bytes from here on are, with their number.
enum Piece {
    Comment(usize),
    Quoted(usize),
    Code,
}

impl Source {
    /// Reads the file once.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut code = Vec::with_capacity(bytes.len());
        let mut uncommented = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let inside_word = at > 0 && bytes.get(at - 1).is_some_and(|byte| is_word(*byte));
            let (length, in_code, in_uncommented) = match piece(rest, inside_word) {
                Piece::Comment(length) => (length, false, false),
                Piece::Quoted(length) => (length, false, true),
                Piece::Code => (1, true, true),
            };
            for byte in rest.iter().take(length) {
                code.push(if in_code || *byte == b'\n' { *byte } else { b' ' });
                uncommented.push(if in_uncommented || *byte == b'\n' { *byte } else { b' ' });
            }
            at += length;
        }
        let string = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: string(code), uncommented: string(uncommented) }
    }
}

fn piece(rest: &[u8], inside_word: bool) -> Piece {
    if rest.starts_with(b"//") {
        return Piece::Comment(rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return Piece::Comment(block_comment(rest));
    }
    if !inside_word && let Some(length) = raw_string(rest) {
        return Piece::Quoted(length);
    }
    if rest.starts_with(b"\"") {
        return Piece::Quoted(quoted(rest));
    }
    character(rest).map_or(Piece::Code, Piece::Quoted)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Block comments nest.
fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of `r"…"`, `r#"…"#`, `br"…"` and the like, quotes and all.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let prefix = if rest.starts_with(b"r") { 1 } else { 2 };
    if prefix == 2 && !rest.starts_with(b"br") && !rest.starts_with(b"cr") {
        return None;
    }
    let hashes = rest.iter().skip(prefix).take_while(|byte| **byte == b'#').count();
    let opening = prefix + hashes;
    if rest.get(opening) != Some(&b'"') {
        return None;
    }
    let mut closing = vec![b'"'];
    closing.resize(hashes + 1, b'#');
    let inside = rest.get(opening + 1..)?;
    let end = inside.windows(closing.len()).position(|window| window == closing);
    Some(end.map_or(rest.len(), |end| opening + 1 + end + closing.len()))
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a character literal; `None` for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if !rest.starts_with(b"'") {
        return None;
    }
    if rest.get(1) == Some(&b'\\') {
        let close = rest.iter().skip(3).position(|byte| *byte == b'\'')?;
        return Some(close + 4);
    }
    let text = std::str::from_utf8(rest.get(1..6.min(rest.len()))?).map_or_else(
        |error| rest.get(1..1 + error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()),
        Some,
    )?;
    let first = text.chars().next()?;
    let width = first.len_utf8();
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blanked_and_lines_kept() {
        let text = "let a = \"x // y\"; // gone\n/* a /* b */ c */ let b = 'q';\n";
        let source = Source::new(text);
        assert_eq!(source.code.len(), text.len());
        assert_eq!(source.code.lines().count(), 2);
        assert!(!source.code.contains("gone") && !source.code.contains('y') && !source.code.contains('q'));
        assert!(source.uncommented.contains("x // y") && !source.uncommented.contains("gone"));
    }

    #[test]
    fn raw_strings_lifetimes_and_quotes_in_characters_do_not_confuse() {
        let text = "fn f<'a>(x: &'a str) { r#\"un\"safe\"#; '\"'; '\\''; 'é'; for_r\"s\"; end }";
        let source = Source::new(text);
        assert!(!source.code.contains("safe"));
        assert!(source.code.contains("fn f<'a>(x: &'a str)"));
        assert!(source.code.contains("end }"));
    }
}
