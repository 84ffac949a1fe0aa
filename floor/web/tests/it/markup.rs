//! Structure and safety: the kit holds every component in every state, so what is true of the kit
//! is true of the pages.

use std::collections::{HashMap, HashSet};

use web::look::{Theme, kit};

const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)> style=x &amp;";

/// One start tag: its name and attributes.
struct Tag {
    name: String,
    attrs: HashMap<String, String>,
    /// The text up to the next tag.
    after: String,
}

impl Tag {
    fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.get(name).map(String::as_str)
    }
}

/// Reads the start tags of a page made by maud: attributes are double-quoted or bare.
fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with('/') || rest.starts_with('!') {
            continue;
        }
        let (tag, after) = read_tag(rest);
        rest = after;
        let text = after.split('<').next().unwrap_or("").to_owned();
        found.push(Tag { after: text, ..tag });
    }
    found
}

fn read_tag(text: &str) -> (Tag, &str) {
    let end = text.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap();
    let (name, mut rest) = text.split_at(end);
    let mut attrs = HashMap::new();
    loop {
        rest = rest.trim_start().trim_start_matches('/');
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name: name.to_owned(), attrs, after: String::new() }, after);
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '>').unwrap();
        let (attr, after) = rest.split_at(end);
        if let Some(value) = after.strip_prefix("=\"") {
            let (value, after) = value.split_once('"').unwrap();
            attrs.insert(attr.to_owned(), value.to_owned());
            rest = after;
        } else {
            assert!(!after.starts_with('='), "an unquoted attribute: {attr}");
            attrs.insert(attr.to_owned(), String::new());
            rest = after;
        }
    }
}

fn pages() -> Vec<(&'static str, String)> {
    let plain: kit::Words<'_> = &str::to_owned;
    let hostile: kit::Words<'_> = &|text| format!("{text}{HOSTILE}");
    let empty: kit::Words<'_> = &|_| String::new();
    vec![
        ("kit", kit::page().into_string()),
        ("dark kit", kit::page_with(plain, Theme::Dark).into_string()),
        ("bare page", kit::bare_page(plain, Theme::Light).into_string()),
        ("hostile kit", kit::page_with(hostile, Theme::Auto).into_string()),
        ("hostile bare page", kit::bare_page(hostile, Theme::Auto).into_string()),
        ("empty kit", kit::page_with(empty, Theme::Auto).into_string()),
    ]
}

#[test]
fn no_inline_style_script_or_handler() {
    for (page, html) in pages() {
        for tag in tags(&html) {
            assert!(tag.attr("style").is_none(), "{page}: style on {}", tag.name);
            assert_ne!(tag.name, "style", "{page}: a style element");
            for name in tag.attrs.keys() {
                assert!(!name.starts_with("on"), "{page}: {name} on {}", tag.name);
            }
            if tag.name == "script" {
                assert!(tag.attr("src").is_some_and(|src| src.starts_with("/assets/")), "{page}");
                assert!(tag.after.trim().is_empty(), "{page}: a script with a body");
            }
        }
    }
}

#[test]
fn hostile_words_stay_words() {
    for (page, html) in pages() {
        assert!(!html.contains("<script>"), "{page}: a script got in");
        assert!(!html.contains("<img"), "{page}: an element got in");
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, 1, "{page}: only our own script");
    }
    let (_, hostile) = &pages()[3];
    let count = hostile.matches("&lt;script&gt;alert(1)").count();
    assert!(count > 250, "the hostile words are in the page, escaped: {count}");
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    for (page, html) in pages() {
        let tags = tags(&html);
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|tag| tag.attr("id")) {
            assert!(ids.insert(id), "{page}: id {id} twice");
            assert!(!id.contains(char::is_whitespace), "{page}: id {id:?}");
        }
        for tag in &tags {
            for name in ["for", "form", "aria-describedby", "aria-labelledby"] {
                let known = ["other"];
                for id in tag.attr(name).unwrap_or("").split_whitespace() {
                    assert!(ids.contains(id) || known.contains(&id), "{page}: {name}={id} leads nowhere");
                }
            }
            if let Some(id) = tag.attr("href").and_then(|href| href.strip_prefix('#')) {
                assert!(ids.contains(id), "{page}: #{id} leads nowhere");
            }
        }
    }
}

#[test]
fn everything_has_a_name() {
    for (page, html) in pages().into_iter().filter(|(page, _)| *page != "empty kit") {
        let tags = tags(&html);
        let labels: HashSet<&str> = tags.iter().filter_map(|tag| tag.attr("for")).collect();
        for tag in &tags {
            let named = tag.attr("aria-label").is_some_and(|name| !name.is_empty());
            match tag.name.as_str() {
                "th" => assert!(tag.attr("scope").is_some(), "{page}: th without scope"),
                "svg" => assert!(tag.attr("aria-hidden").is_some() || named, "{page}: svg without a name"),
                "nav" | "aside" | "progress" => {
                    let plain_aside = tag.name == "aside" && tag.attrs.is_empty();
                    assert!(named || plain_aside, "{page}: {} without a name", tag.name);
                }
                "input"
                    if ["text", "email", "password", "date", "file"]
                        .contains(&tag.attr("type").unwrap_or("")) =>
                {
                    let labelled = tag.attr("id").is_some_and(|id| labels.contains(id));
                    assert!(labelled || named, "{page}: an input without a label: {:?}", tag.attrs);
                }
                "select" | "textarea" => {
                    assert!(tag.attr("id").is_some_and(|id| labels.contains(id)), "{page}: {}", tag.name);
                }
                "img" => assert!(tag.attr("alt").is_some(), "{page}: img without alt"),
                _ => {}
            }
        }
        assert_eq!(tags.iter().filter(|tag| tag.name == "main").count(), 1, "{page}: one main");
        let lang = tags.iter().find(|tag| tag.name == "html").and_then(|tag| tag.attr("lang"));
        assert_eq!(lang, Some("en"), "{page}");
    }
}

#[test]
fn the_skip_link_comes_first() {
    let html = kit::page().into_string();
    let first = tags(&html).into_iter().find(|tag| tag.name == "a").unwrap();
    assert_eq!(first.attr("href"), Some("#main"));
}

#[test]
fn passwords_are_never_written_into_the_page() {
    use maud::Render;
    let field = web::look::Field::password("password", "Password").value("correct horse");
    assert!(!field.render().into_string().contains("correct"));
}

#[test]
fn every_class_is_in_the_stylesheet() {
    let css = web::assets::all().iter().find(|asset| asset.name == "baton.css").unwrap();
    let css = std::str::from_utf8(&css.bytes).unwrap();
    // Named only to be found: by script, by tests, or as a state without a look of its own.
    let silent = ["m", "form"];
    let mut missing: Vec<String> = Vec::new();
    for (_, html) in pages().into_iter().filter(|(page, _)| !page.starts_with("hostile")) {
        for tag in tags(&html) {
            for class in tag.attr("class").unwrap_or("").split_whitespace() {
                let known = css.match_indices(&format!(".{class}")).any(|(at, text)| {
                    !css[at + text.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_')
                });
                if !known && !silent.contains(&class) && !missing.iter().any(|m| m == class) {
                    missing.push(class.to_owned());
                }
            }
        }
    }
    assert!(missing.is_empty(), "classes without a rule: {missing:?}");
}
