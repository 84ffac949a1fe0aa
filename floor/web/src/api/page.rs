//! The page of the API for people: every address, and what its problems mean.

use std::collections::BTreeMap;

use axum::response::Response;
use maud::{Render as _, html};
use serde_json::Value;

use super::document::Document;
use crate::{
    Guest, Reply,
    ctx::html_page,
    look::{Section, layout::Bare},
};

/// `GET /api`.
pub(super) async fn show(guest: Guest) -> Reply {
    let document: Value =
        guest.app.room::<Document>().and_then(|d| serde_json::from_str(d.text()).ok()).unwrap_or_default();
    Ok(page(&document))
}

fn page(document: &Value) -> Response {
    let main = html! {
        p.sub {
            "For other programs. The whole document is " a href="/api/openapi.json" { "openapi.json" }
            " (OpenAPI 3.1). A call carries an API token: " code { "Authorization: Bearer baton_…" } "."
        }
        @for (group, addresses) in groups(document) {
            (Section::new(capital(group), html! {
                dl.addresses {
                    @for (path, method, summary) in addresses {
                        dt.id.wrap { (method.to_uppercase()) " " (path) }
                        dd { (summary) }
                    }
                }
            }).render())
        }
        (Section::new("Problems", html! {
            dl.addresses {
                @for (kind, meaning) in KINDS { dt.id id=(kind) { (kind) } dd { (meaning) } }
            }
        }).render())
    };
    html_page(http::StatusCode::OK, &Bare { wide: true, ..Bare::new("The API".to_owned(), main) }.render())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The addresses with their methods and what they do, by what they are about.
fn groups(document: &Value) -> BTreeMap<&str, Vec<(&str, &str, &str)>> {
    let mut groups: BTreeMap<&str, Vec<(&str, &str, &str)>> = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            let group = operation["tags"][0].as_str().unwrap_or("Other");
            groups.entry(group).or_default().push((path, method, summary));
        }
    }
    groups
}

/// What each kind of problem means: the last part of its type leads here.
const KINDS: [(&str, &str); 13] = [
    ("bad-request", "The request cannot be read: no JSON, or a header in another form than asked for."),
    ("unauthorized", "No token, or one that has ended or was revoked."),
    ("forbidden", "The token lacks a permission here."),
    (
        "not-found",
        "It does not exist, or lies outside what the token reaches; the two are told apart nowhere.",
    ),
    ("method-not-allowed", "The address takes other methods; Allow names them."),
    (
        "conflict",
        "A rule forbids it in the present state; the code names the rule, the detail what would satisfy it.",
    ),
    (
        "precondition-failed",
        "Somebody else changed the record; read it again. ETag carries its present version.",
    ),
    ("payload-too-large", "The body is larger than is taken."),
    ("unsupported-media-type", "The body is not of the media type asked for."),
    ("unprocessable-entity", "Fields or parameters cannot be used; each is named."),
    ("precondition-required", "A change of a record needs If-Match."),
    ("too-many-requests", "The token has sent too many requests; Retry-After says when to go on."),
    ("service-unavailable", "The database is busy or away; send it again."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fault::kind;

    #[test]
    fn every_kind_of_problem_is_explained() {
        for status in [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 503] {
            let kind = kind(http::StatusCode::from_u16(status).unwrap());
            assert!(KINDS.iter().any(|(known, _)| *known == kind), "{kind}");
        }
    }
}
