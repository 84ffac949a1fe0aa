//! What needs a look, what comes in with something left open, and what to do about each.

use std::collections::BTreeMap;

use maud::{Markup, html};
use web::look::{Icon, Section, Tone, item, items, ledger::Lead, link_button, message_with};

use super::{address, counted, mapping::date_name, n, names, words};
use crate::import::{
    Field,
    names::asked_field,
    run::{ImportRun, Tally, kind_words},
};

/// Beside the columns while the file is checked, and below the outcome once it ran.
pub(super) fn findings(run: &ImportRun) -> Markup {
    let counts = &run.counts;
    let list = |tallies: &BTreeMap<String, Tally>| {
        let mut sorted: Vec<_> = tallies.iter().collect();
        sorted.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
        let rows: Vec<Markup> = sorted.into_iter().map(|(kind, tally)| finding(run, kind, tally)).collect();
        items(&rows)
    };
    html! {
        @if counts.refused > 0 {
            (Section::new(format!("Needs a look, {}", n(counts.refused)), list(&counts.refusals)))
            (send_again(run))
        }
        @if counts.gaps > 0 {
            (Section::new("Comes in with something left open", list(&counts.warnings)))
        }
        p.links { a href=(address(run.id) + "/verdicts.csv") { "Download the verdict on every row" } }
        @if run.state.is_open() {
            (message_with(Tone::Plain, Icon::Undo, &html! {
                "An import can be undone as a whole as long as nobody changed one of its devices and none of them holds \
                 a device from elsewhere. " (NAMES_STAY)
            }))
        }
    }
}

/// What an undo leaves.
pub(super) const NAMES_STAY: &str = "Makers, types, models, sites, places and departments it added stay, because they \
                                     are only names; so does the record of what was there.";

/// One kind of finding: how many rows, examples, what to do.
fn finding(run: &ImportRun, kind: &str, tally: &Tally) -> Markup {
    let text = html! {
        (kind_words(kind))
        @for example in &tally.first { span.two { (capital(&example.message)) "." } }
        @if run.state.is_open() {
            @match choice(run, kind) {
                Some((href, words)) => span.two { a href=(href) { (words) } },
                None => @if let Some(words) = remedy(kind) { span.two { (words) } },
            }
        }
    };
    item(&Lead::Count(n(tally.count)), &text, None)
}

/// The rows that stay out, as a file to correct and send.
fn send_again(run: &ImportRun) -> Markup {
    let rows = counted(run.counts.refused, "row", "rows");
    html! {
        div.sec-b {
            div { (link_button(format!("Download these {rows}"), address(run.id) + "/rows.csv").icon(Icon::Download)) }
            p.hint {
                "Your own columns, and a last one that says what to correct. Correct the rows there and send that \
                 file: it is read as this one was."
            }
        }
    }
}

/// The choice on this page that settles a kind of finding for all rows at once.
fn choice(run: &ImportRun, kind: &str) -> Option<(String, &'static str)> {
    let words = || format!("#{}", words::ANCHOR);
    if asked_field(kind).is_some() {
        return Some((format!("#{}", names::ANCHOR), "Say once which is meant"));
    }
    match kind {
        "site_unknown" => Some((words(), "Choose which site is meant")),
        "site_missing" => Some(("#f-site".to_owned(), "Choose the site of rows that name none")),
        _ => match kind.parse::<Field>().ok()? {
            Field::State
            | Field::Tenure
            | Field::Risk
            | Field::TypeRisk
            | Field::Strategy
            | Field::SerialLess => Some((words(), "Say once what the words mean")),
            Field::Price if run.setup.currency.is_none() => {
                Some(("#f-currency".to_owned(), "Say in which currency, or how amounts are written"))
            }
            Field::Price => Some(("#f-amounts".to_owned(), "Say how amounts are written")),
            field if field.is_date() => Some((
                format!("#{}", web::look::field_id(&date_name(field))),
                "Say how the dates are written",
            )),
            _ => None,
        },
    }
}

/// What to do in the file or in Baton about a kind of finding that no choice here settles.
fn remedy(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "unreadable" => "Open the file at this line and look for a quote or a delimiter too many.",
        "tag_twice" | "serial_twice" => "Take one of the two rows out, or correct it.",
        "tag_taken" => "An import changes no device: correct the device on its page, or take the row out.",
        "serial_taken" => "Correct the serial number, or take the row out.",
        "site_reach" => "Leave these rows to somebody who may import there.",
        "parent_unknown" | "parent_circle" | "parent_site" => {
            "Name a system of the same site that is on record or among the rows that come in."
        }
        "too_long" => "Shorten the text in the file.",
        "rule" => "Correct the row in the file.",
        "type_differs" => "Correct the type of the model in Baton if the file is right.",
        _ => match kind.parse::<Field>().ok()? {
            Field::Serial => "Add it after the import, or mark the device as having none.",
            _ => return None,
        },
    })
}

fn capital(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}
