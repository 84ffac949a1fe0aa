//! The length of functions.

use super::source::Source;
use super::{Finding, TextFile, find_word, line_of};

const SOFT: usize = 60;
const HARD: usize = 100;
const REMEDY: &str = "split it where a sentence would end (warning above 60 lines, error above 100)";

/// A function, by where it begins and how many lines it takes, signature and closing brace included.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Functions above the limits.
pub fn check(file: &TextFile, source: &Source) -> Vec<Finding> {
    functions(&source.code)
        .into_iter()
        .filter(|function| function.lines > SOFT)
        .map(|function| {
            let what = format!("fn {} has {} lines", function.name, function.lines);
            if function.lines > HARD {
                Finding::error(&file.path, function.line, "function length", what, REMEDY)
            } else {
                Finding::warning(&file.path, function.line, "function length", what, REMEDY)
            }
        })
        .collect()
}

fn functions(code: &str) -> Vec<Function> {
    find_word(code, "fn").filter_map(|at| function(code, at)).collect()
}

/// `None` for a function without a body and for the type `fn(...)`.
fn function(code: &str, at: usize) -> Option<Function> {
    let after = code.get(at + 2..)?;
    let name: String =
        after.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    if name.is_empty() {
        return None;
    }
    let mut round = 0_i32;
    let mut curly = 0_i32;
    for (offset, byte) in after.bytes().enumerate() {
        match byte {
            b'(' | b'[' => round += 1,
            b')' | b']' => round -= 1,
            b';' if round == 0 && curly == 0 => return None,
            b'{' => curly += 1,
            b'}' => {
                curly -= 1;
                if curly == 0 && round == 0 {
                    let line = line_of(code, at);
                    return Some(Function { name, line, lines: line_of(code, at + 2 + offset) - line + 1 });
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Level, sample};
    use super::*;

    fn levels(lines: usize) -> Vec<Level> {
        let text = format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2));
        check(&sample("a.rs", &text), &Source::new(&text)).into_iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn sixty_lines_are_free_and_a_hundred_the_end() {
        assert_eq!(levels(60), []);
        assert_eq!(levels(61), [Level::Warning]);
        assert_eq!(levels(100), [Level::Warning]);
        assert_eq!(levels(101), [Level::Error]);
    }

    #[test]
    fn bodies_are_found_behind_arrays_and_declarations_have_none() {
        let text =
            "trait T { fn a(x: [u8; 3]); }\nfn b(x: [u8; 3]) -> fn(u8) -> u8 {\n  c\n}\ntype F = fn(u8);\n";
        assert_eq!(functions(text), [Function { name: "b".into(), line: 2, lines: 3 }]);
    }
}
