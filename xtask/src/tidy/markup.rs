//! Markup that the content policy would refuse: inline styles, handlers and scripts.

use super::source::Source;
use super::{Finding, TextFile, find_word, line_of, size};

/// Attributes that hold script. The policy runs none, so such a page would look right and do nothing.
const HANDLERS: &[&str] = &[
    "onabort",
    "onblur",
    "onchange",
    "onclick",
    "onclose",
    "oncopy",
    "ondblclick",
    "ondrag",
    "ondrop",
    "onerror",
    "onfocus",
    "oninput",
    "oninvalid",
    "onkeydown",
    "onkeypress",
    "onkeyup",
    "onload",
    "onmousedown",
    "onmouseover",
    "onpaste",
    "onpointerdown",
    "onreset",
    "onscroll",
    "onselect",
    "onsubmit",
    "ontoggle",
    "ontouchstart",
];

/// Pages written in Rust. Tests, in their own files or at the end of one, may hold such markup, to see that it is
/// escaped.
pub fn check_rust(file: &TextFile, source: &Source) -> Vec<Finding> {
    if !makes_pages(&file.path) || size::is_test(&file.path) {
        return Vec::new();
    }
    let end = source.code.find("#[cfg(test)]\nmod ").unwrap_or(source.code.len());
    let (code, text) = (source.code.get(..end), source.uncommented.get(..end));
    let (code, text) = (code.unwrap_or_default(), text.unwrap_or_default());
    let mut findings = attributes(file, text);
    // maud writes a script element as `script src="…" {}`; one that opens at once has its text inside.
    let inline = find_word(code, "script")
        .filter(|at| code.get(at + 6..).is_some_and(|rest| rest.trim_start().starts_with('{')));
    findings.extend(inline.map(|at| script(file, line_of(text, at))));
    findings
}

/// Pages and scripts as files.
pub fn check_page(file: &TextFile) -> Vec<Finding> {
    if makes_pages(&file.path) { attributes(file, &file.text) } else { Vec::new() }
}

fn makes_pages(path: &str) -> bool {
    ["rooms/", "floor/web/", "app/"].iter().any(|place| path.starts_with(place))
}

fn attributes(file: &TextFile, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for at in find_word(text, "style=").filter(|at| attribute(text, *at, "style=")) {
        let remedy = "use a class; for a measure that varies use an SVG or data attribute";
        let what = "inline style".to_owned();
        findings.push(Finding::error(&file.path, line_of(text, at), "content policy", what, remedy));
    }
    for handler in HANDLERS {
        let written = format!("{handler}=");
        for (at, _) in text.match_indices(&written).filter(|found| attribute(text, found.0, &written)) {
            let remedy = "make it a form post, or listen in the page's script";
            let what = format!("inline handler `{handler}`");
            findings.push(Finding::error(&file.path, line_of(text, at), "content policy", what, remedy));
        }
    }
    findings.extend(find_word(text, "<script>").map(|at| script(file, line_of(text, at))));
    findings
}

/// An attribute of an element: after white space, before a value of HTML or of maud.
fn attribute(text: &str, at: usize, written: &str) -> bool {
    let before = text.get(..at).and_then(|head| head.chars().next_back());
    let after = text.get(at + written.len()..).and_then(|tail| tail.chars().next());
    before.is_some_and(char::is_whitespace) && after.is_some_and(|letter| "\"'({[".contains(letter))
}

fn script(file: &TextFile, line: usize) -> Finding {
    let remedy = "put it into a file under assets and name that as src";
    Finding::error(&file.path, line, "content policy", "inline script".into(), remedy)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check_rust(&sample(path, text), &Source::new(text)).len()
    }

    #[test]
    fn inline_styles_handlers_and_scripts_are_found() {
        let page = "rooms/fleet/src/device/pages.rs";
        assert_eq!(count(page, "div style=\"color:red\" { }"), 1);
        assert_eq!(count(page, "button onclick=(go) { }"), 1);
        assert_eq!(count(page, "script { (PreEscaped(x)) }"), 1);
        assert_eq!(count(page, "let s = \"<script>\";"), 1);
        assert_eq!(check_page(&sample("floor/web/assets/a.html", "<b style=\"x\">")).len(), 1);
    }

    #[test]
    fn what_only_looks_alike_is_free() {
        let page = "floor/web/src/layout.rs";
        assert_eq!(count(page, "script src=(url) defer {}"), 0);
        assert_eq!(count(page, "text font-style=\"italic\" { } // style=\"x\""), 0);
        assert_eq!(count(page, "let style = \"x\";"), 0);
        assert_eq!(count("floor/web/tests/it/page.rs", "\"<b style='x'> <script>\""), 0);
        assert_eq!(count(page, "fn a() {}\n#[cfg(test)]\nmod tests { \"<script>\" }"), 0);
        assert_eq!(count("science/udi/src/lib.rs", "\"<script>\""), 0);
    }
}
