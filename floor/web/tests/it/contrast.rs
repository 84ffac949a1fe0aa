//! The contrast table of the design as a test, read from the stylesheet itself.

use std::collections::HashMap;

use web::assets;

type Tokens = HashMap<String, [f64; 3]>;

fn css() -> String {
    let css = assets::all().iter().find(|asset| asset.name == "baton.css").unwrap();
    String::from_utf8(css.bytes.to_vec()).unwrap()
}

/// The colours of one block, from its selector to its first closing brace.
fn block(css: &str, selector: &str) -> Tokens {
    let from = css.find(selector).unwrap_or_else(|| panic!("no {selector}")) + selector.len();
    let body = css[from..].split('}').next().unwrap();
    let mut tokens = Tokens::new();
    for part in body.split("--").skip(1) {
        let Some((name, value)) = part.split_once(':') else { continue };
        let hex = value.split(';').next().unwrap().trim();
        if hex.len() == 7 && hex.starts_with('#') {
            let channel = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            tokens.insert(name.to_owned(), [channel(1), channel(3), channel(5)]);
        }
    }
    tokens
}

fn themes() -> [(&'static str, Tokens); 3] {
    let css = css();
    [
        ("light", block(&css, "\n:root{")),
        ("dark by system", block(&css, ":root:not([data-theme=light]){")),
        ("dark by choice", block(&css, ":root[data-theme=dark]{")),
    ]
}

/// The WCAG contrast ratio of two colours.
fn ratio(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Text and the grounds it is set on.
const TEXT: &[(&str, &[&str])] = &[
    ("ink", &["surface", "ground", "sunk", "hover", "press", "accent-bg", "crit-bg", "warn-bg", "ok-bg"]),
    ("ink-2", &["surface", "ground", "sunk", "hover", "press", "accent-bg"]),
    ("ink-3", &["surface", "ground", "sunk", "hover", "accent-bg"]),
    ("accent", &["surface", "ground", "sunk", "hover", "accent-bg", "crit-bg", "warn-bg", "ok-bg"]),
    ("on-accent", &["accent", "accent-h"]),
    ("crit", &["surface", "sunk", "hover", "crit-bg", "accent-bg"]),
    ("warn", &["surface", "sunk", "hover", "warn-bg", "accent-bg"]),
    ("ok", &["surface", "sunk", "hover", "ok-bg", "accent-bg"]),
    ("on-off", &["off"]),
    ("surface", &["ink"]),
    ("axis", &["surface", "sunk"]),
];

/// Edges of controls, marks and lines that carry meaning.
const MARKS: &[(&str, &[&str])] = &[
    ("ctl", &["surface", "sunk", "ground"]),
    ("crit-fill", &["surface"]),
    ("warn-fill", &["surface"]),
    ("ok-fill", &["surface"]),
    ("c1", &["surface", "press"]),
    ("accent", &["surface", "ground", "accent-bg"]),
    ("on-brand", &["brand"]),
];

fn check(pairs: &[(&str, &[&str])], least: f64) {
    let mut bad = Vec::new();
    for (theme, tokens) in themes() {
        for (front, grounds) in pairs {
            for ground in *grounds {
                let got = ratio(tokens[*front], tokens[*ground]);
                if got < least {
                    bad.push(format!("{theme}: {front} on {ground} is {got:.2}, needs {least}"));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn text_has_four_and_a_half_to_one() {
    check(TEXT, 4.5);
}

#[test]
fn controls_and_marks_have_three_to_one() {
    check(MARKS, 3.0);
}

/// The ratios the design states, so that a token cannot drift unseen: (token, light, dark).
#[test]
fn ratios_are_those_of_the_design() {
    let stated = [
        ("ctl", 3.8, 4.5),
        ("ink", 17.8, 14.6),
        ("ink-2", 8.7, 9.2),
        ("ink-3", 5.4, 6.2),
        ("accent", 7.3, 8.0),
        ("crit", 6.5, 8.7),
        ("warn", 7.0, 10.3),
        ("ok", 6.8, 9.6),
        ("crit-fill", 5.1, 4.9),
        ("warn-fill", 3.5, 7.2),
        ("ok-fill", 4.3, 6.0),
    ];
    let [(_, light), (_, dark), _] = themes();
    for (token, on_light, on_dark) in stated {
        for (tokens, stated) in [(&light, on_light), (&dark, on_dark)] {
            let got = ratio(tokens[token], tokens["surface"]);
            assert!((got - stated).abs() < 0.1, "{token} is {got:.2}, the design says {stated}");
        }
    }
}

#[test]
fn both_ways_into_the_dark_are_the_same() {
    let [(_, light), (_, by_system), (_, by_choice)] = themes();
    assert_eq!(by_system, by_choice);
    for name in light.keys() {
        assert!(by_system.contains_key(name), "{name} has no dark value");
    }
}
